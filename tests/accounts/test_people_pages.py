"""The pages of people: who opens which, what a form leads to, what is kept when it does not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.choices import RequestedAct, Role
from accounts.domain.delegations import confirm_delegation, propose_delegation
from accounts.domain.people import close_account
from accounts.domain.requests import propose_request
from accounts.domain.roles import decline_role, end_role, propose_role
from accounts.models import AccountRequest, Delegation, RoleGrant, User
from accounts.rules import roles_of
from history import clock
from history.models import Event
from tests.accounts.last_event import last_event
from tests.people import PASSWORD, TERMS, Cast, make_cast, make_person, make_person_with
from tests.sending import send
from tests.unlogged import unlogged

pytestmark = pytest.mark.django_db

WHY = "Because the test says so"
NEW_PASSWORD = "quite another word"


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@dataclass(frozen=True)
class Office:
    """The cast, a closed account, and one proposal of each kind by the first administrator."""

    cast: Cast
    closed: User
    role: RoleGrant
    delegation: Delegation
    own_delegation: Delegation
    request: AccountRequest


@pytest.fixture
def office(cast: Cast) -> Office:
    closed = make_person("closed", name="Closed")
    close_account(closed, by=cast.admin, reason=WHY)
    today = clock.today()
    proposed = propose_delegation(cast.decision, TERMS, by=cast.admin, reason=WHY, starts_on=today)
    return Office(
        cast,
        closed,
        propose_role(cast.analyst, Role.DECISION_MAKER, by=cast.admin, reason=WHY, starts_on=today),
        propose_delegation(cast.analyst, TERMS, by=cast.admin, reason=WHY, starts_on=today),
        confirm_delegation(proposed, by=cast.admin_b),
        propose_request(cast.senior, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY),
    )


def address(name: str, office: Office) -> str:
    """The page of that name, about somebody or something of the office."""
    if name in ("account", "change_password", "people", "new_person", "pending"):
        return reverse(f"accounts:{name}")
    subject = {
        "propose_reopening": office.closed,
        "give_up_role": RoleGrant.objects.get(
            person=office.cast.analyst, confirmed_at__isnull=False
        ),
        "give_up_delegation": office.own_delegation,
        "end_role": RoleGrant.objects.get(person=office.cast.auditor),
        "end_delegation": office.own_delegation,
        "confirm_role": office.role,
        "decline_role": office.role,
        "confirm_delegation": office.delegation,
        "decline_delegation": office.delegation,
        "confirm_request": office.request,
        "decline_request": office.request,
    }.get(name, office.cast.analyst)
    return reverse(f"accounts:{name}", args=[subject.pk])


FORMS: dict[str, dict[str, Any]] = {
    "new_person": {"username": "newcomer", "name": "Newcomer", "reason": WHY},
    "close_account": {"reason": WHY},
    "propose_reopening": {"reason": WHY},
    "propose_reset": {"reason": WHY},
    "propose_role": {"role": "administrator", "starts_on": "2099-01-01", "reason": WHY},
    "propose_delegation": {
        **{name: name for name in ("number", "instrument_en", "instrument_fr")},
        **{name: name for name in ("capacity_en", "capacity_fr")},
        "powers": ["decide", "act"],
        "starts_on": "2099-01-01",
        "ends_on": "2099-02-01",
        "reason": WHY,
    },
    "confirm_role": {},
    "decline_role": {"reason": WHY},
    "end_role": {"on": "2099-01-01", "reason": WHY},
    "confirm_delegation": {},
    "decline_delegation": {"reason": WHY},
    "end_delegation": {"on": "2099-01-01", "reason": WHY},
    "confirm_request": {"reason": "A note"},
    "decline_request": {"reason": WHY},
    "give_up_role": {"on": "2099-01-01", "reason": WHY},
    "give_up_delegation": {"on": "2099-01-01", "reason": WHY},
    "change_password": {"current": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD},
}
READ_ONLY = {"account", "people", "pending", "person"}
PEOPLE = ["anonymous", "nobody", "analyst", "senior", "decision", "admin", "admin_b", "auditor"]
OWN = {"account", "change_password"}
ANSWERS_WITH_A_PAGE = {"new_person", "confirm_request"}
"""A temporary password is shown, and nowhere kept: no redirect."""


def client_of(who: str, office: Office) -> Client:
    client = Client()
    if who == "nobody":
        client.force_login(make_person("nobody", name="Nobody"))
    elif who != "anonymous":
        client.force_login(getattr(office.cast, who))
    return client


def may_open(who: str, name: str) -> bool:
    if name in OWN:
        return True
    if name.startswith("give_up"):
        return who == {"give_up_role": "analyst", "give_up_delegation": "decision"}[name]
    if name in READ_ONLY:
        return who in ("admin", "admin_b", "auditor")
    return who in ("admin", "admin_b")


@pytest.mark.one_engine
@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", [*sorted(READ_ONLY), *FORMS])
def test_who_opens_which_page(office: Office, name: str, who: str) -> None:
    response = client_of(who, office).get(address(name, office))
    if who == "anonymous":
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/sign-in/?next=")
    elif may_open(who, name):
        assert response.status_code == 200
        assert "no-store" in response.headers["Cache-Control"]
    else:
        assert response.status_code == (404 if name.startswith("give_up") else 403)


@pytest.mark.one_engine
@pytest.mark.parametrize("who", [one for one in PEOPLE if one != "admin"])
@pytest.mark.parametrize("name", FORMS)
def test_who_may_send_which_form(office: Office, name: str, who: str) -> None:
    """The first administrator proposed what waits: the second one confirms."""
    client, url = client_of(who, office), address(name, office)
    before = Event.objects.count()
    response = send(client, url, FORMS[name])
    if who != "anonymous" and may_open(who, name):
        assert response.status_code == (200 if name in ANSWERS_WITH_A_PAGE else 302)
        assert Event.objects.count() == before + 1
    else:
        assert response.status_code in (302, 403, 404)
        assert Event.objects.count() == before


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("confirm")])
def test_who_proposed_is_refused_and_told_why(office: Office, name: str) -> None:
    client, url = client_of("admin", office), address(name, office)
    page = client.get(url).content.decode()
    assert re.search(r"<button[^>]* disabled", page)
    assert "You proposed this yourself. Another administrator must confirm it." in page
    before = Event.objects.count()
    response = send(client, url, {"reason": "What I typed"})
    assert response.status_code == 403
    assert "What I typed" in response.content.decode()
    assert "You proposed this yourself" in response.content.decode()
    assert Event.objects.count() == before


def test_every_address_is_in_these_tables() -> None:
    names = {name for name in get_resolver("accounts.urls").reverse_dict if isinstance(name, str)}
    assert names == READ_ONLY | FORMS.keys() | {"sign_in", "sign_out"}


@pytest.mark.parametrize("name", ["person", "close_account", "confirm_role", "end_delegation"])
@pytest.mark.parametrize("number", [0, 999, 2**70])
def test_what_is_not_there_is_not_found(office: Office, name: str, number: int) -> None:
    url = reverse(f"accounts:{name}", args=[number])
    assert client_of("admin", office).get(url).status_code == 404
    assert client_of("analyst", office).get(url).status_code == 403


@pytest.mark.one_engine
@pytest.mark.parametrize("name", [name for name in FORMS if "reason" in FORMS[name]])
@pytest.mark.parametrize("reason", ["", " . ", "\u200b"])
def test_a_form_without_a_reason_keeps_the_rest(office: Office, name: str, reason: str) -> None:
    if name == "confirm_request" and reason == "":
        reason = " - "
    who = {"give_up_role": "analyst", "give_up_delegation": "decision"}.get(name, "admin_b")
    before = Event.objects.count()
    response = client_of(who, office).post(address(name, office), FORMS[name] | {"reason": reason})
    page = response.content.decode()
    assert response.status_code == 200
    assert "<title>Error: " in page
    assert "There is a problem" in page
    for value in FORMS[name].values():
        if isinstance(value, str) and value != WHY and "note" not in value:
            assert f'value="{value}"' in page
    assert Event.objects.count() == before


# Conflicts


def test_a_stale_form_says_who_did_what_and_keeps_the_words(office: Office) -> None:
    client, url = client_of("admin_b", office), address("confirm_role", office)
    seen = office.role.version
    decline_role(office.role, by=office.cast.admin, reason="Not needed")
    response = client.post(url, {"seen": str(seen), "reason": "What I typed"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody else changed this" in page
    assert "Declined by Administrator E.," in page
    assert "What I typed" in page
    assert roles_of(office.cast.analyst) == {Role.ANALYST}


def test_who_has_seen_the_change_may_go_on(office: Office) -> None:
    grant = RoleGrant.objects.get(person=office.cast.auditor)
    url = reverse("accounts:end_role", args=[grant.pk])
    form = {"seen": str(grant.version), "on": "2098-01-01", "reason": "What I typed"}
    end_role(grant, by=office.cast.admin, reason=WHY, on=clock.today().replace(year=2099))
    client = client_of("admin_b", office)
    response = client.post(url, form)
    assert response.status_code == 409
    assert "Administrator E. let it end on" in response.content.decode()
    (seen,) = re.findall(r'name="seen" value="(\d+)"', response.content.decode())
    assert client.post(url, form | {"seen": seen}).status_code == 302
    assert last_event().reason == "What I typed"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("propose_role", "holds no other role"),
        ("close_account", "two administrators every day"),
        ("end_role", "two administrators every day"),
        ("propose_reset", "proposed already"),
    ],
)
def test_what_cannot_be_as_things_stand_is_409_with_words(
    office: Office, name: str, words: str
) -> None:
    cast = office.cast
    subject: Any = {
        "propose_role": cast.auditor,
        "close_account": cast.admin,
        "end_role": RoleGrant.objects.get(person=cast.admin),
        "propose_reset": cast.senior,
    }[name]
    client = client_of("admin_b", office)
    url = reverse(f"accounts:{name}", args=[subject.pk])
    response = send(client, url, FORMS[name] | {"reason": "What I typed"})
    assert response.status_code == 409
    assert words in response.content.decode()
    assert "What I typed" in response.content.decode()


# What the pages show


def test_the_temporary_password_is_shown_once(office: Office, client: Client) -> None:
    response = client_of("admin", office).post(reverse("accounts:new_person"), FORMS["new_person"])
    (password,) = re.findall(r'"handed-over">([^<]+)<', response.content.decode())
    assert "no-store" in response.headers["Cache-Control"]
    newcomer = User.objects.get(username="newcomer")
    page = client_of("admin", office).get(newcomer.get_absolute_url()).content.decode()
    assert password not in page
    assert "Temporary password" in page
    answer = client.post("/sign-in/", {"username": "newcomer", "password": password})
    assert answer.headers["Location"] == "/account/password/"
    form = {"current": password, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert client.post("/account/password/", form).headers["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    newcomer.refresh_from_db()
    assert not newcomer.must_change_password


def test_passwords_that_differ_change_nothing(office: Office) -> None:
    form = FORMS["change_password"] | {"again": "something else here"}
    response = client_of("analyst", office).post("/account/password/", form)
    assert "The two are not the same." in response.content.decode()
    assert NEW_PASSWORD not in response.content.decode()


def test_a_person_shows_all_that_was_ever_given(office: Office) -> None:
    page = client_of("auditor", office).get(office.cast.analyst.get_absolute_url())
    shown = page.context
    assert [one.state for one in shown["grants"]] == ["proposed", "in_force"]
    assert [one.state for one in shown["delegations"]] == ["proposed"]
    assert shown["why_none"] == "Only an administrator may do this."
    assert TERMS.instrument_en in page.content.decode()


def test_a_delegation_without_the_role_says_so(office: Office) -> None:
    confirm_delegation(office.delegation, by=office.cast.admin_b)
    page = client_of("admin", office).get(office.cast.analyst.get_absolute_url())
    assert [one.state for one in page.context["delegations"]] == ["needs_role"]
    own = client_of("analyst", office).get("/account/")
    assert [one.state for one in own.context["delegations"]] == ["needs_role"]


def test_what_waits_is_listed_with_its_reason(office: Office) -> None:
    page = client_of("admin_b", office).get(reverse("accounts:pending"))
    rows = page.context["rows"]
    assert [type(one.row) for one in rows] == [RoleGrant, Delegation, AccountRequest]
    assert {one.reason for one in rows} == {WHY}
    assert {one.why_not for one in rows} == {""}
    own = client_of("admin", office).get(reverse("accounts:pending")).context["rows"]
    assert all("proposed this yourself" in one.why_not for one in own)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 8),
        ("q=ANALYST", 3),
        ("q=elodie", 1),
        ("q=ÉLO", 1),
        ("q=b+analyst", 1),
        ("q=nobody-like-this", 0),
        ("role=auditor", 1),
        ("role=minister", 8),
        ("state=closed", 0),
        ("state=temporary", 1),
        ("state=open&role=analyst", 2),
        ("page=99", 8),
    ],
)
def test_whom_the_list_finds(cast: Cast, client: Client, query: str, found: int) -> None:
    person = make_person("e.lodi", name="Élodie Ğ.")
    with unlogged():
        User.objects.filter(pk=person.pk).update(must_change_password=True)
    client.force_login(cast.auditor)
    response = client.get(f"/people/?{query}")
    assert response.status_code == 200
    assert response.context["count"] == len(response.context["rows"]) == found


def test_fifty_stand_on_a_page(cast: Cast, client: Client) -> None:
    for number in range(50):
        make_person(f"p{number:02}", name=f"Person {number:02}")
    client.force_login(cast.admin)
    assert len(client.get("/people/").context["rows"]) == 50
    last = client.get("/people/?page=2")
    assert len(last.context["rows"]) == 7
    assert "Page 2 of 2" in last.content.decode()


# The navigation


@pytest.mark.parametrize(
    ("who", "people", "history"),
    [
        ("anonymous", False, False),
        ("nobody", False, False),
        ("analyst", False, True),
        ("decision", False, True),
        ("admin", True, True),
        ("auditor", True, True),
    ],
)
def test_the_navigation_offers_what_opens(
    office: Office, who: str, people: bool, history: bool
) -> None:
    page = client_of(who, office).get("/law/").content.decode()
    assert ('href="/people/"' in page) == people
    assert ('href="/history/"' in page) == history


# Cost


def queries(client: Client, url: str, count: Any) -> int:
    with count(20) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_number_of_queries_does_not_grow(
    cast: Cast, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.admin)
    today = clock.today()

    def propose(person: User) -> None:
        propose_role(person, Role.ADMINISTRATOR, by=cast.admin, reason=WHY, starts_on=today)
        propose_delegation(person, TERMS, by=cast.admin, reason=WHY, starts_on=today)
        propose_request(person, RequestedAct.RESET_PASSWORD, by=cast.admin, reason=WHY)

    propose(cast.analyst)
    urls = ["/people/", "/people/pending/", cast.analyst.get_absolute_url()]
    few = [queries(client, url, django_assert_max_num_queries) for url in urls]
    for number in range(30):
        propose(make_person_with(f"p{number}", Role.ANALYST, Role.SENIOR_ANALYST))
    for number in range(30):
        day = today.replace(year=2030 + number)
        propose_role(
            cast.analyst,
            Role.DECISION_MAKER,
            by=cast.admin,
            reason=WHY,
            starts_on=day,
            ends_on=day.replace(year=day.year + 1),
        )
    many = [queries(client, url, django_assert_max_num_queries) for url in urls]
    assert many == few
