"""Whoever sends a form says what they looked at: nothing is done where that is left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import resolve, reverse

from history.models import Event
from permits.choices import StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import intake
from permits.domain.sources import add_evidence
from permits.domain.statements import APPLICANT_KEY, RESIDENT, party_key
from permits.domain.sweeps import propose_group
from permits.models import Line, Party, Statement, SweepGroup
from permits.urls import urlpatterns
from policies.models import Policy
from tests.people import Cast
from tests.permits.factories import (
    WHY,
    answer_cards,
    attached,
    make_draft,
    make_in_review,
    say,
)
from tests.permits.pages import filled, typed
from tests.permits.views.test_offers import what_is_typed
from tests.permits.views.test_one_round import (
    FORMS,
    Made,
    drafted,
    group,
    proposed,
    proposed_change,
    taken_back,
)
from tests.policies.changes import POLICY

LEFT_OUT = "What was looked at is not told. Open the page again."
FIRST = CONSIDERATIONS[0]


def a_draft(office: Cast) -> Made:
    return office.analyst, [make_draft(office.analyst).reference]


def submitted(office: Cast) -> Made:
    case = intake.submit(make_draft(office.analyst), by=office.analyst)
    return office.analyst, [case.reference]


def line(office: Cast) -> Made:
    case = make_draft(office.analyst)
    return office.analyst, [case.reference, Line.objects.get(application=case).number]


def party(office: Cast) -> Made:
    case = make_draft(office.analyst)
    return office.analyst, [case.reference, Party.objects.filter(application=case)[0].pk]


def document(office: Cast) -> Made:
    return office.analyst, [attached(make_draft(office.analyst), office.analyst).pk]


def source(office: Cast) -> Made:
    values = {"title": "Report", "source": "An office", "reliability": "high"}
    row = add_evidence(make_in_review(office.analyst), values, by=office.analyst)
    return office.analyst, ["evidence", row.pk]


def statement(office: Cast) -> Made:
    case = make_in_review(office.analyst)
    key = APPLICANT_KEY
    made = say(case, StatementKind.ELIGIBILITY, key, RESIDENT, by=office.analyst)
    return office.senior, [made.pk]


def card(office: Cast) -> Made:
    return office.analyst, [make_in_review(office.analyst).reference, FIRST.slug]


def to_sign(office: Cast) -> Made:
    case = make_in_review(office.analyst)
    answer_cards(case, by=office.analyst)
    return office.senior, [case.reference, FIRST.slug]


def to_perform(office: Cast) -> Made:
    return proposed(office)


def proposed_group(office: Cast) -> Made:
    group(office)
    row = SweepGroup.objects.get()
    propose_group(row, action="keep", reason_en=WHY, reason_fr=WHY, by=office.analyst)
    return office.decision, [row.pk]


def to_close(office: Cast) -> Made:
    person, where = drafted(office)
    return person, [*where, Policy.objects.exclude(key=POLICY["key"])[0].key]


TOLD: list[tuple[str, Callable[[Cast], Made], tuple[object, ...]]] = [
    ("do", a_draft, ("submit",)),
    ("do", submitted, ("take_up",)),
    ("line", line, ()),
    ("remove_line", line, ()),
    ("party", party, ()),
    ("remove_party", party, ()),
    ("document", document, ()),
    ("remove_document", document, ()),
    ("source", source, ()),
    ("drop_source", source, ()),
    ("countersign", statement, ()),
    ("set_aside", statement, ()),
    ("card", card, ()),
    ("sign", to_sign, ()),
    ("perform", to_perform, ()),
    ("agree_reversal", taken_back, ()),
    ("agree_group", proposed_group, ()),
    ("return_group", proposed_group, ()),
    ("close_policy_change", to_close, ()),
    ("propose_policy_change", drafted, ()),
    ("approve_policy_change", proposed_change, ()),
]
"""Forms that say what was looked at, beside those of the round."""
COMPARE_NOTHING = {
    *("new", "new_line", "new_party", "new_source", "new_document"),
    *("propose", "tighten", "use", "new_sweep", "new_policy_change"),
    *("new_policy_set", "do consult", "do wait"),
}
"""Forms that add something, whatever else there is."""
TOLD += [
    (one.name, one.made, one.where)
    for one in FORMS
    if " ".join(map(str, (one.name, *one.where))) not in COMPARE_NOTHING
    and one.name not in COMPARE_NOTHING
]
READ = {
    *(
        "case",
        "in_full",
        "worklist",
        "permits",
        "permit",
        "rebuttals",
        "sweeps",
        "sweep",
        "download",
    ),
    *("letter", "policy_changes", "policy_change"),
}
HAVE_NO_FORM = {
    *("assign", "make_letter", "drop_draft", "except_permit"),
    *("carry_out_sweep", "stop_sweep", "resume_sweep"),
    *("notice", "draft", "preview_policy_change"),
}
"""Buttons, of which the last two are looked at below."""


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("name", "made", "where"), TOLD, ids=[" ".join(map(str, (n, *w))) for n, _m, w in TOLD]
)
def test_nothing_is_done_where_what_was_looked_at_is_left_out(
    office: Cast, name: str, made: Callable[[Cast], Made], where: tuple[object, ...]
) -> None:
    person, found = made(office)
    client = Client()
    client.force_login(person)
    address = reverse(f"permits:{name}", args=[*found, *where])
    form = client.get(address).context["form"]
    assert form["seen"].value() is not None
    given = {field: value for field, value in filled(form).items() if field != "seen"}
    before = Event.objects.count()
    for sent in (given, given | {"seen": ""}):
        response = client.post(address, sent)
        assert response.status_code == 200
        assert LEFT_OUT in response.context["form"].non_field_errors()
        assert LEFT_OUT in response.content.decode()
    assert Event.objects.count() == before


TYPED: dict[str, dict[str, object]] = {
    "refuse": {"reasons": WHY, "grounds": ["discretion"]},
    "return_without_action": {"reasons": WHY, "grounds": ["ineligible"]},
    "propose_group": {"action": "keep", "reason_en": WHY, "reason_fr": WHY},
    "return_group": {"reason": WHY},
    "return_policy_change": {"reason": WHY},
    "withdraw_policy_change": {"reason": WHY},
}
"""What is typed into a form that `what_is_typed` leaves as it is."""
ELSEWHERE = {"do declare_conflict", "edit_policy_change"}
"""A declaration adds to whatever else there is; of a draft kept in two windows there is a test."""
OLD = [row for row in TOLD if " ".join(map(str, (row[0], *row[2]))) not in ELSEWHERE]


@pytest.mark.parametrize(
    ("name", "made", "where"), OLD, ids=[" ".join(map(str, (n, *w))) for n, _m, w in OLD]
)
def test_nothing_is_done_on_what_has_changed_since_it_was_looked_at(
    office: Cast, name: str, made: Callable[[Cast], Made], where: tuple[object, ...]
) -> None:
    person, found = (to_sign if made is card else made)(office)
    client = Client()
    client.force_login(person)
    address = reverse(f"permits:{name}", args=[*found, *where])
    form, match = client.get(address).context["form"], resolve(address)
    values = what_is_typed(match.url_name or "", match.kwargs, None)[0]
    values = TYPED.get(match.kwargs.get("action", name), values)
    sent = filled(form) | {field: typed(value) for field, value in values.items()}
    before = Event.objects.count()
    response = client.post(address, sent | {"seen": int(form["seen"].value()) - 1})
    assert response.status_code == 409
    assert Event.objects.count() == before
    if name == "do":
        # Who did what meanwhile, and when.
        assert "Last: " in response.content.decode()


def test_a_preview_and_a_draft_are_told_too(office: Cast) -> None:
    client = Client()
    client.force_login(office.admin)
    [number] = drafted(office)[1]
    response = client.post(reverse("permits:preview_policy_change", args=[number]))
    assert LEFT_OUT in response.context["form"].non_field_errors()
    client.force_login(office.analyst)
    case = make_in_review(office.analyst)
    address = reverse("permits:draft", args=[case.reference, FIRST.slug])
    for sent in ({"finding": "x"}, {"finding": "x", "seen": ""}):
        response = client.post(address, sent)
        assert (response.status_code, response.json()["words"]) == (422, f"{LEFT_OUT}")


def test_every_address_is_looked_at() -> None:
    there = {one.name for one in urlpatterns} - READ - HAVE_NO_FORM
    assert there == {name for name, _made, _where in TOLD} | (
        COMPARE_NOTHING - {"do consult", "do wait"}
    )


def test_nobody_stands_by_a_party_that_was_renamed_under_the_open_page(office: Cast) -> None:
    """Who renamed it would be the second person, and the only one who saw that name."""
    case = make_in_review(office.analyst)
    [one] = Party.objects.filter(application=case, role="end_user")
    address = reverse("permits:state", args=[case.reference, "screening", party_key(one.pk)])
    client = Client()
    client.force_login(office.analyst)
    seen = client.get(address).context["form"]["seen"].value()
    intake.edit_party(one, {"name": "Another Name Ltd."}, by=office.senior)
    typed_in = {"value": "clear", "source": "The consolidated list", "reason": WHY}
    told = client.post(address, typed_in | {"seen": seen})
    assert told.status_code == 409
    assert not Statement.objects.exists()
    words = told.content.decode()
    for wanted in ("Somebody else changed this", "Senior", "Another Name Ltd.", WHY):
        assert wanted in words
    assert told.context["form"]["source"].value() == "The consolidated list"
    # What others state meanwhile is beside it.
    say(case, StatementKind.ELIGIBILITY, APPLICANT_KEY, RESIDENT, by=office.senior)
    again = client.post(address, typed_in | {"seen": told.context["form"]["seen"].value()})
    assert again.status_code == 302
    assert Statement.objects.filter(key=party_key(one.pk)).exists()
