"""Who may send which request: the table is complete, and every row is kept by real requests."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.apps import apps
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, reverse
from pytest_django import Settings
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from accounts.choices import Role
from accounts.models import User
from config.access import ACCESS, PUBLIC, SIGNED_IN, Who, methods_of, names_of_addresses, who_may
from config.bodies import ASKS_ITSELF, TAKE_FILES
from config.start import refuse_open_addresses
from history.models import Event
from tests.people import make_person, make_person_with
from tests.permits.factories import make_draft
from tests.unlogged import unlogged

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
PEOPLE = ["anonymous", "without a role", *Role]

# What stands in an address that names something. Whether it is there does not matter here: who may
# not open it is told so before it is looked for.
ACTS_ON_A_CHANGE = ("edit", "close", "preview", "propose", "approve", "return", "withdraw")
ARGUMENTS: dict[str, dict[str, object]] = {
    "policies:policy": {"key": "TR-2020-04-16-presumptive"},
    "policies:destination": {"code": "TR"},
    "policies:destination_csv": {"code": "TR"},
    "policies:list": {"code": "BCL"},
    "policies:api_policy": {"key": "TR-2020-04-16-presumptive"},
    "policies:instrument": {"code": "SOR-2019-220"},
    "history:checkpoint": {"size": 1},
    **{
        f"permits:{name}": {"reference": "E-2026-000001", **more}
        for name, more in dict[str, dict[str, object]](
            {
                "case": {},
                "in_full": {},
                "form": {},
                "new_line": {},
                "line": {"number": 1},
                "remove_line": {"number": 1},
                "new_party": {},
                "new_document": {},
                "make_letter": {"kind": "permit"},
                "party": {"number": 1},
                "remove_party": {"number": 1},
                "do": {"action": "submit"},
                "reply": {},
                "new_condition": {},
                "state": {"kind": "eligibility", "key": "applicant"},
                "card": {"slug": "a"},
                "draft": {"slug": "a"},
                "drop_draft": {"slug": "a"},
                "sign": {"slug": "a"},
                "new_source": {"kind": "evidence"},
            }
        ).items()
    },
    "admin:app_list": {"app_label": "permits"},
    **{
        name: {"object_id": "1"}
        for name in ACCESS
        if name.startswith("admin:") and name.endswith(("_change", "_history"))
    },
    "permits:source": {"kind": "evidence", "number": 1},
    "permits:drop_source": {"kind": "evidence", "number": 1},
    "permits:permit": {"number": "EP-2026-000001"},
    "permits:propose": {"number": "EP-2026-000001"},
    "permits:tighten": {"number": "EP-2026-000001"},
    "permits:use": {"number": "EP-2026-000001", "line": 1},
    **{
        f"permits:{name}": {"number": "SW-2026-000001"}
        for name in ("sweep", "carry_out_sweep", "resume_sweep", "stop_sweep")
    },
    "permits:except_permit": {"number": "SW-2026-000001", "permit": "EP-2026-000001"},
    **{
        f"permits:{name}": {"number": "PC-2026-001"}
        for name in ("policy_change", *(f"{act}_policy_change" for act in ACTS_ON_A_CHANGE))
    },
    "permits:close_policy_change": {"number": "PC-2026-001", "key": "TR-2020-04-16-presumptive"},
}


def address(name: str) -> str:
    """An address of that name; where it needs a number, the first."""
    if name in ARGUMENTS:
        return reverse(name, kwargs=ARGUMENTS[name])
    needs_number = any(
        found == name and "<int:number>" in route for found, route in names_of_addresses()
    )
    return reverse(name, kwargs={"number": 1} if needs_number else {})


def may_send(name: str, method: str, person: str) -> bool:
    """As the table says, for someone of that kind."""
    who = who_may(name, method)
    assert who is not None
    if not who.signed_in:
        return True
    if person == "anonymous":
        return False
    return who.roles is None or person in who.roles


def as_person(client: Client, kind: str) -> Client:
    if kind != "anonymous":
        roles = [] if kind == "without a role" else [Role(kind)]
        client.force_login(make_person_with("person", *roles))
    return client


# The table


def test_every_address_is_declared_once_and_nothing_else() -> None:
    names = [name for name, _ in names_of_addresses()]
    assert sorted(names) == sorted(ACCESS)


def test_the_rows_are_what_the_office_agreed_on() -> None:
    """Written out a second time, so that a slip in the table is seen."""

    def rows(prefix: str, who: Who) -> set[str]:
        return {
            f"{method} {name.removeprefix(prefix)}"
            for name, row in ACCESS.items()
            for method, each in row.items()
            if name.startswith(prefix) and each == who
        }

    acts = {
        *("new_person", "close_account", "propose_reopening", "propose_reset", "propose_role"),
        *("propose_delegation", "confirm_role", "decline_role", "end_role", "confirm_delegation"),
        *("decline_delegation", "end_delegation", "confirm_request", "decline_request"),
    }
    administrators = Who(roles=frozenset({Role.ADMINISTRATOR}))
    readers = Who(roles=frozenset({Role.ADMINISTRATOR, Role.AUDITOR}))
    own = {"change_password", "give_up_role", "give_up_delegation"}
    assert rows("accounts:", PUBLIC) == {"GET sign_in", "POST sign_in", "POST sign_out"}
    assert rows("accounts:", SIGNED_IN) == {
        "GET account",
        *(f"{method} {name}" for name in own for method in ("GET", "POST")),
    }
    assert rows("accounts:", readers) == {"GET people", "GET person", "GET pending"}
    assert rows("accounts:", administrators) == {
        f"{method} {name}" for name in acts for method in ("GET", "POST")
    }
    analysts = {Role.ANALYST, Role.SENIOR_ANALYST}
    case_roles = analysts | {Role.DECISION_MAKER}
    readable = {
        "worklist",
        "case",
        "in_full",
        "card",
        "download",
        "letter",
        "permits",
        "permit",
        "rebuttals",
    }
    readable |= {"policy_change", "policy_changes", "sweep", "sweeps"}
    drafted = {f"{act}_policy_change" for act in (*ACTS_ON_A_CHANGE, "new")} | {"new_policy_set"}
    assert rows("permits:", administrators) == {
        f"{method} {name}" for name in drafted for method in ("GET", "POST")
    } - {"GET preview_policy_change"}
    decided = {"tighten", "perform", "agree_group", "return_group"}
    proposed = {"propose", "decline", "new_sweep", "propose_group", "except_permit", "stop_sweep"}
    sent_by_proposers = {"make_letter", "carry_out_sweep", "resume_sweep"}
    shared = {"do", "notice", "new_condition", "condition", "remove_condition"}
    assert rows("permits:", Who(roles=frozenset(Role))) == {f"GET {name}" for name in readable}
    for names, roles in (
        (decided, {Role.DECISION_MAKER}),
        (proposed, case_roles | {Role.ADMINISTRATOR}),
        (shared, case_roles),
    ):
        both_ways = {f"{method} {name}" for name in names for method in ("GET", "POST")}
        sent = {f"POST {name}" for name in sent_by_proposers} if names is proposed else set()
        assert rows("permits:", Who(roles=frozenset(roles))) == both_ways | sent
    of_analysts = rows("permits:", Who(roles=frozenset(analysts)))
    every = {name[8:] for name in ACCESS if name.startswith("permits:")}
    only_sent = {"assign", "draft", "drop_draft"}
    others = readable | drafted | decided | proposed | shared | only_sent | sent_by_proposers
    assert of_analysts == {"POST card", *(f"POST {name}" for name in only_sent)} | {
        f"{method} {name}" for name in every - others for method in ("GET", "POST")
    }
    assert {
        who for name, row in ACCESS.items() if name[:8] == "history:" for who in row.values()
    } == {Who(roles=frozenset(Role))}
    assert {
        who for name, row in ACCESS.items() if name[:9] == "policies:" for who in row.values()
    } == {PUBLIC}


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("opened")


urlpatterns = [
    path("", include("config.urls")),
    path("forgotten/", nothing, name="forgotten"),
    path("nameless/", nothing),
]
handler403 = "config.errors.permission_denied"


@pytest.fixture
def forgotten(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.mark.usefixtures("forgotten")
def test_an_address_without_a_row_is_an_error() -> None:
    found = [fault for fault in run_checks() if fault.id == "config.E001"]
    assert [fault.msg for fault in found] == [
        "/forgotten/ (forgotten) is not in the table of access.",
        "/nameless/ (without a name) is not in the table of access.",
    ]
    with pytest.raises(ImproperlyConfigured, match=r"/forgotten/ .* is not in the table"):
        refuse_open_addresses()


@pytest.mark.usefixtures("forgotten", "db")
@pytest.mark.parametrize("where", ["/forgotten/", "/nameless/"])
def test_an_address_without_a_row_opens_to_nobody(client: Client, where: str) -> None:
    client.force_login(make_person_with("admin", Role.ADMINISTRATOR))
    assert client.get(where).status_code == 403


def test_the_product_starts_with_every_address_declared() -> None:
    refuse_open_addresses()


# Every row, by real requests


@pytest.mark.one_engine
@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ACCESS))
@pytest.mark.parametrize("person", PEOPLE)
def test_the_row_is_kept(client: Client, name: str, person: str) -> None:
    where = address(name)
    client = as_person(client, person)
    for method in METHODS:
        response = client.generic(method, where)
        told = f"{method} {where} as {person}: {response.status_code}"
        if who_may(name, method) is None:
            assert response.status_code == 405, told
            assert response["Allow"].split(", ") == methods_of(name), told
        elif may_send(name, method, person):
            assert response.status_code not in (403, 405, 500), told
            assert not response.headers.get("Location", "").startswith("/sign-in/?"), told
        elif person == "anonymous":
            back = f"?next={where}" if "GET" in ACCESS[name] else ""
            assertRedirects(response, f"/sign-in/{back}", fetch_redirect_response=False)
        else:
            assert response.status_code == 403, told
        if name == "accounts:sign_out" and person != "anonymous" and method == "POST":
            client.force_login(User.objects.get())


# What is sent and writes nothing: anyone may send it from anywhere.
WITHOUT_A_TOKEN = {"policies:api_resolve"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    sorted(name for name, row in ACCESS.items() if "POST" in row and name not in WITHOUT_A_TOKEN),
)
def test_a_form_without_its_token_is_refused(name: str) -> None:
    """Whoever sends it, whatever they may do."""
    client = Client(enforce_csrf_checks=True)
    where, before = address(name), Event.objects.count()
    anonymous = client.post(where)
    client.force_login(make_person_with("admin", Role.ADMINISTRATOR))
    signed_in = client.post(where)
    for response in (anonymous, signed_in):
        assert response.status_code == 403
        assertTemplateUsed(response, "403_csrf.html")
    assert Event.objects.count() == before + 2  # The account and its role.


ANNOUNCED = {
    "REQUEST_METHOD": "POST",
    "CONTENT_TYPE": "multipart/form-data; boundary=b",
    # As a script: no page is to be drawn.
    "HTTP_ACCEPT": "application/json",
}
HUGE = "700000000"
LITTLE_MORE = str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)


@pytest.mark.parametrize(
    ("names", "carries", "status"),
    [
        (set(ACCESS) - {ASKS_ITSELF}, {"CONTENT_LENGTH": HUGE}, 413),
        (set(ACCESS) - {ASKS_ITSELF}, {"CONTENT_LENGTH": "9" * 30}, 413),
        (set(ACCESS) - {ASKS_ITSELF}, {"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        (set(ACCESS) - {ASKS_ITSELF, *TAKE_FILES}, {"CONTENT_LENGTH": LITTLE_MORE}, 413),
        ({ASKS_ITSELF}, {"CONTENT_LENGTH": HUGE, "CONTENT_TYPE": "application/json"}, 413),
        # Who may not send it is told so before anything is read.
        (set(TAKE_FILES), {"CONTENT_LENGTH": LITTLE_MORE}, 302),
    ],
    ids=["huge", "endless", "chunked", "a little more", "the api", "signed out"],
)
def test_nothing_is_read_of_more_than_an_address_takes(
    names: set[str], carries: dict[str, str], status: int, db: None
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/sign-in/")
    for name in sorted(names):
        sent = {**ANNOUNCED, "PATH_INFO": address(name), **carries}
        response = client.request(**sent)
        assert response.status_code == status, name
        assert not getattr(response.wsgi_request, "_read_started", True), name


def test_too_much_is_refused_in_the_words_of_who_asks(client: Client, db: None) -> None:
    sent = {**ANNOUNCED, "PATH_INFO": "/language/", "CONTENT_LENGTH": HUGE}
    assert list(client.request(**sent).json()) == ["words"]
    sent |= {"HTTP_ACCEPT": "text/html", "HTTP_ACCEPT_LANGUAGE": "fr-ca"}
    assert "trop volumineux" in client.request(**sent).text


def test_who_may_send_a_file_is_told_at_its_field_what_is_wrong(client: Client, db: None) -> None:
    client.force_login(make_person_with("analyst", Role.ANALYST))
    make_draft(User.objects.get())
    large = SimpleUploadedFile("a.pdf", b"MZ\0" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    response = client.post(address("permits:new_document"), {"file": large})
    assert response.status_code == 200
    assert "no file of a kind that is taken" in response.text


@pytest.fixture
def everything(client: Client, db: None) -> Iterator[Client]:
    """A client of someone with every role at once, which the office gives nobody."""
    person = make_person("everyone")
    with patch("accounts.rights.roles_of", return_value=frozenset(Role)):
        client.force_login(person)
        yield client


@pytest.mark.parametrize("name", sorted(name for name, row in ACCESS.items() if "GET" in row))
def test_reading_writes_nothing(everything: Client, name: str) -> None:
    def rows() -> dict[str, int]:
        return {
            model._meta.label: model._default_manager.count()
            for model in apps.get_models()
            if model._meta.managed
        }

    before = rows()
    for method in ("GET", "HEAD"):
        everything.generic(method, address(name))
    assert rows() == before


def test_roles_are_looked_up_once_a_request(client: Client, db: None) -> None:
    client.force_login(make_person_with("admin", Role.ADMINISTRATOR))
    with patch("accounts.rights.roles_of", return_value=frozenset({Role.ADMINISTRATOR})) as asked:
        assert client.get(reverse("accounts:people")).status_code == 200
    assert asked.call_count == 1


def test_a_role_that_ended_gives_nothing_at_the_next_request(client: Client, db: None) -> None:
    person = make_person_with("auditor", Role.AUDITOR)
    client.force_login(person)
    assert client.get("/people/").status_code == 200
    grant = person.rolegrants.get()
    with unlogged():
        grant.delete()
    assert client.get("/people/").status_code == 403


def test_signing_in_leads_back(client: Client, db: None) -> None:
    response = client.get("/people/?q=a b")
    assertRedirects(
        response, "/sign-in/?next=/people/%3Fq%3Da%2520b", fetch_redirect_response=False
    )


# A temporary password


@pytest.fixture
def newcomer(client: Client, db: None) -> Client:
    person = make_person_with("newcomer", Role.ADMINISTRATOR)
    with unlogged():
        User.objects.filter(pk=person.pk).update(must_change_password=True)
    client.force_login(User.objects.get(pk=person.pk))
    return client


@pytest.mark.parametrize("where", ["/", "/policies/", "/people/", "/account/", "/sign-in/"])
def test_a_temporary_password_is_changed_first(newcomer: Client, where: str) -> None:
    response = newcomer.get(where)
    assertRedirects(response, "/account/password/", fetch_redirect_response=False)


def test_nothing_is_done_with_a_temporary_password(newcomer: Client) -> None:
    before = Event.objects.count()
    response = newcomer.post("/people/new/", {"username": "x", "name": "X", "reason": "y"})
    assertRedirects(response, "/account/password/", fetch_redirect_response=False)
    assert Event.objects.count() == before


def test_with_a_temporary_password_one_can_change_it_read_french_and_leave(
    newcomer: Client,
) -> None:
    assert newcomer.get("/account/password/").status_code == 200
    assert newcomer.get("/health/").status_code == 200
    assert newcomer.post("/language/", {"language": "fr-ca"}).status_code == 302
    left = newcomer.post("/sign-out/")
    assertRedirects(left, "/sign-in/", fetch_redirect_response=False)
