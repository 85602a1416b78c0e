"""Cards: what makes a signature stand, and what makes it stale."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.days import short_day
from accounts.exceptions import NotPermitted, Refused
from history import clock
from history.actors import SYSTEM
from history.domain.door import Conflict, door
from history.models import Event
from permits.choices import Flag, PartyRole, Screened, StatementKind
from permits.considerations import CONSIDERATIONS
from permits.domain import assessment, intake
from permits.domain.assessment import (
    ANSWERS,
    card_states,
    determination,
    edit_card,
    missing_answers,
    sign_card,
)
from permits.domain.casefile import read_file
from permits.domain.casework import head_of
from permits.domain.ruling import rule_on
from permits.domain.sources import add_evidence, add_measure, edit_source, remove_source
from permits.domain.statements import END_USER_KEY, flag_key, party_key
from permits.models import Application, Card
from tests.people import Cast, make_cast
from tests.permits import factories
from tests.permits.factories import answer_cards, make_in_review, say, sign_cards

FIRST = CONSIDERATIONS[0].number


def test_each_part_of_a_basis_has_words(office: Cast) -> None:
    case = make_in_review(office.analyst)
    [card, *_others] = answer_cards(case, by=office.analyst)
    file = read_file(case)
    parts = assessment.basis_parts(file, card, rule_on(file, on=clock.today()))
    told = {part: Card.in_words["basis"](part, lambda _label, number: number) for part in parts}
    assert not [part for part, words in told.items() if part == words]


@pytest.fixture
def case(office: Cast) -> Application:
    return make_in_review(office.analyst)


@pytest.fixture
def card(case: Application, office: Cast) -> Card:
    evidence = add_evidence(
        case,
        {
            "title": "Report",
            "source": "A panel of experts",
            "reliability": "high",
            "review_by": clock.today() + timedelta(days=30),
        },
        by=office.analyst,
    )
    measure = add_measure(
        case,
        {
            "kind": "end_use_certificate",
            "giver": "Ministry",
            "form": "Signed",
            "wording": "No re-export",
            "is_in_force": True,
        },
        by=office.analyst,
    )
    values = {**factories.ANSWERS, "evidence": [evidence.pk], "measures": [measure.pk]}
    return edit_card(case, FIRST, values, by=office.analyst)


def state_of(application: Application) -> tuple[bool, tuple[str, ...]]:
    application.refresh_from_db()
    file = read_file(application)
    found = card_states(file, rule_on(file, on=clock.today(), known_at=clock.now()))[0]
    return found.is_good, found.stale_because


def test_two_people_make_a_card_good(card: Card, case: Application, office: Cast) -> None:
    sign_card(card, by=office.analyst)
    assert state_of(case)[0] is False
    sign_card(card, by=office.senior)
    assert state_of(case) == (True, ())


def test_who_signed_first_does_not_sign_second(card: Card, office: Cast) -> None:
    sign_card(card, by=office.senior)
    with pytest.raises(NotPermitted, match="signed this first"):
        sign_card(card, by=office.senior)


def test_who_edited_last_does_not_sign_second(card: Card, office: Cast) -> None:
    sign_card(card, by=office.senior)
    with pytest.raises(NotPermitted, match="edited this last"):
        sign_card(card, by=office.analyst)
    sign_card(card, by=office.analyst_b)


@pytest.mark.parametrize("missing", ANSWERS)
def test_a_card_with_an_answer_missing_is_not_signed(
    case: Application, office: Cast, missing: str
) -> None:
    values = {name: value for name, value in factories.ANSWERS.items() if name != missing}
    if missing == "measures_considered":
        with pytest.raises(ValidationError, match="before saying what remains"):
            edit_card(case, FIRST, values, by=office.analyst)
        return
    card = edit_card(case, FIRST, values, by=office.analyst)
    with pytest.raises(Refused, match="Still to be answered"):
        sign_card(card, by=office.analyst)


def test_an_edit_clears_the_signatures_and_the_same_values_do_not(
    card: Card, case: Application, office: Cast
) -> None:
    sign_card(card, by=office.analyst)
    sign_card(card, by=office.senior)
    events = Event.objects.count()
    edit_card(case, FIRST, factories.ANSWERS, by=office.analyst_b)
    assert Event.objects.count() == events
    assert state_of(case)[0]
    edited = edit_card(case, FIRST, {"finding": "Another finding"}, by=office.analyst_b)
    assert (edited.first_by, edited.second_by, edited.basis) == (None, None, "")


Change = Callable[[Application, Cast], object]
STALES: dict[str, tuple[Change, *tuple[str, ...]]] = {
    "a line": (
        lambda case, office: intake.edit_line(
            read_file(case).lines[0], {"unit_value": 3}, by=office.analyst
        ),
        "Line 1 has changed.",
    ),
    "a party": (
        lambda case, office: intake.edit_party(
            read_file(case).parties[0], {"name": "Another Ltd."}, by=office.analyst
        ),
        "The party Another Ltd. has changed.",
    ),
    "the end use": (
        lambda case, office: intake.edit_application(
            case, {"end_use": "Border patrol"}, by=office.analyst
        ),
        "Destination, transit or end use has changed.",
    ),
    "a flag": (
        lambda case, office: say(
            case, StatementKind.FLAG, flag_key(1, Flag.EIPA_4_1), "yes", by=office.analyst
        ),
        "What a line is (arms, goods of s. 4.1) has changed.",
        "The ruling has moved.",
    ),
    "cited evidence": (
        lambda case, office: edit_source(
            read_file(case).evidence[0], {"says": "More"}, by=office.analyst
        ),
        "Evidence that it cites has changed or was removed.",
    ),
    "cited evidence removed": (
        lambda case, office: remove_source(read_file(case).evidence[0], by=office.analyst),
        "Evidence that it cites has changed or was removed.",
    ),
    "a later review day": (
        lambda case, office: edit_source(
            read_file(case).evidence[0],
            {"review_by": clock.today() + timedelta(days=900)},
            by=office.analyst,
        ),
        "Evidence that it cites has changed or was removed.",
    ),
    "a party that is listed": (
        lambda case, office: say(
            case,
            StatementKind.SCREENING,
            party_key(read_file(case).parties_as(PartyRole.CONSIGNEE)[0].pk),
            Screened.LISTED,
            by=office.analyst,
            policies=("RU-listing",),
        ),
        "A party is listed, or is so no more.",
        "The ruling has moved.",
    ),
    "what the end-user is": (
        lambda case, office: say(
            case, StatementKind.END_USER, END_USER_KEY, "private", by=office.analyst
        ),
        "What the end-user is stated to be has changed.",
    ),
    "a measure that ended": (
        lambda case, office: edit_source(
            read_file(case).measures[0], {"is_in_force": False}, by=office.analyst
        ),
        "A mitigating measure that it cites is not available any more.",
    ),
    "a measure that holds longer": (
        lambda case, office: edit_source(
            read_file(case).measures[0],
            {"expires_on": clock.today() + timedelta(days=900)},
            by=office.analyst,
        ),
        "A mitigating measure that it cites has changed or was removed.",
    ),
}
LEAVES: dict[str, Change] = {
    "a telephone number": lambda case, office: intake.edit_party(
        read_file(case).parties[0], {"telephone": "1"}, by=office.analyst
    ),
    "evidence that is not cited": lambda case, office: add_evidence(
        case, {"title": "Other", "source": "Other", "reliability": "low"}, by=office.analyst
    ),
    "the assignment": lambda case, office: intake.assign(case, None, by=office.senior),
}


def test_what_an_earlier_version_did_not_look_at_is_not_called_changed(
    office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make_in_review(office.analyst)
    common = assessment._common_parts
    with monkeypatch.context() as earlier:
        earlier.setattr(
            assessment,
            "_common_parts",
            lambda *given: {part: one for part, one in common(*given).items() if part != "listed"},
        )
        answer_cards(case, by=office.analyst)
        sign_cards(case, by=office.analyst, second=office.senior)
    file = read_file(case)
    because = {state.stale_because for state in card_states(file, rule_on(file, on=clock.today()))}
    assert because == {
        ("It was signed when signatures did not rest yet on all that they rest on now.",)
    }


@pytest.mark.parametrize("name", STALES)
def test_what_a_card_rests_on_makes_it_stale_and_says_so(
    card: Card, case: Application, office: Cast, name: str
) -> None:
    sign_card(card, by=office.analyst)
    sign_card(card, by=office.senior)
    change, *words = STALES[name]
    change(case, office)
    assert state_of(case) == (False, tuple(words))


@pytest.mark.parametrize("name", LEAVES)
def test_what_does_not_matter_leaves_it_fresh(
    card: Card, case: Application, office: Cast, name: str
) -> None:
    sign_card(card, by=office.analyst)
    sign_card(card, by=office.senior)
    LEAVES[name](case, office)
    assert state_of(case)[0]


def test_evidence_past_its_review_day_makes_a_card_stale_and_bars_signing(
    card: Card, case: Application, office: Cast
) -> None:
    sign_card(card, by=office.analyst)
    sign_card(card, by=office.senior)
    later = datetime.now(UTC) + timedelta(days=60)
    with clock.simulated(later):
        good, because = state_of(case)
        assert not good
        day = short_day(read_file(case).evidence[0].review_by or later.date())
        assert because == (f"The evidence “Report” is past its review day, {day}.",)
        with pytest.raises(Refused, match="past its review day: Report"):
            sign_card(card, by=office.analyst)


def test_considerations_that_say_the_same_each_say_what_changed(
    case: Application, office: Cast
) -> None:
    """Their bases are one digest while they cite nothing of their own."""
    answer_cards(case, by=office.analyst)
    sign_cards(case, by=office.analyst, second=office.senior)
    intake.edit_line(read_file(case).lines[0], {"unit_value": 3}, by=office.analyst)
    file = read_file(case)
    states = card_states(file, rule_on(file, on=clock.today(), known_at=clock.now()))
    assert [one.stale_because for one in states] == [("Line 1 has changed.",)] * 6


def test_another_stance_makes_a_card_stale_and_another_day_does_not(db: None) -> None:
    """For Türkiye, case by case again from 29 January 2024."""
    with clock.simulated(datetime(2024, 1, 25, 15, tzinfo=UTC)):
        office = make_cast()
        case = make_in_review(office.analyst)
        card = edit_card(case, FIRST, factories.ANSWERS, by=office.analyst)
        sign_card(sign_card(card, by=office.analyst), by=office.senior)
    with clock.simulated(datetime(2024, 1, 28, 15, tzinfo=UTC)):
        assert state_of(case) == (True, ())
    with clock.simulated(datetime(2024, 1, 30, 15, tzinfo=UTC)):
        assert state_of(case) == (False, ("The ruling has moved.",))


def test_a_measure_that_reaches_its_last_day_makes_a_card_stale(
    card: Card, case: Application, office: Cast
) -> None:
    ends = clock.today() + timedelta(days=10)
    edit_source(read_file(case).measures[0], {"expires_on": ends}, by=office.analyst)
    sign_card(sign_card(card, by=office.analyst), by=office.senior)
    with clock.simulated(clock.now() + timedelta(days=10)):
        assert state_of(case) == (
            False,
            ("A mitigating measure that it cites is not available any more.",),
        )


def test_a_measure_only_promised_may_be_cited(case: Application, office: Cast) -> None:
    promised = add_measure(
        case,
        {"kind": "end_use_certificate", "giver": "Ministry", "form": "Oral", "wording": "To come"},
        by=office.analyst,
    )
    values = {**factories.ANSWERS, "measures": [promised.pk]}
    card = edit_card(case, FIRST, values, by=office.analyst)
    sign_card(sign_card(card, by=office.analyst), by=office.senior)
    assert state_of(case)[0]


def test_who_decides_does_not_sign(card: Card, office: Cast) -> None:
    with pytest.raises(NotPermitted, match="for the roles"):
        sign_card(card, by=office.decision)


def test_a_card_signed_by_two_is_not_signed_again(card: Card, office: Cast) -> None:
    sign_card(sign_card(card, by=office.analyst), by=office.senior)
    with pytest.raises(Refused, match="Two people"):
        sign_card(Card.objects.get(pk=card.pk), by=office.analyst_b)


@pytest.mark.parametrize("kind", ["evidence", "measures"])
def test_a_card_cites_only_what_is_on_its_application(
    card: Card, case: Application, office: Cast, kind: str
) -> None:
    other = make_in_review(office.analyst)
    with pytest.raises(ValidationError, match="on this application"):
        edit_card(other, FIRST, {kind: getattr(card, kind)}, by=office.analyst)
    (source,) = getattr(read_file(case), kind)
    remove_source(source, by=office.analyst)
    with pytest.raises(ValidationError, match="on this application"):
        edit_card(case, FIRST, {kind: getattr(card, kind)}, by=office.analyst)
    assert not Card.objects.filter(application=other).exists()


def test_a_stale_first_signature_is_replaced(card: Card, case: Application, office: Cast) -> None:
    sign_card(card, by=office.analyst)
    intake.edit_line(read_file(case).lines[0], {"unit": "sets"}, by=office.analyst)
    signed = sign_card(card, by=office.analyst)
    assert (signed.first_by, signed.second_by) == (office.analyst, None)
    sign_card(card, by=office.senior)
    assert state_of(case)[0]


def test_stale_signatures_of_two_are_both_replaced(
    card: Card, case: Application, office: Cast
) -> None:
    sign_card(sign_card(card, by=office.analyst), by=office.senior)
    intake.edit_line(read_file(case).lines[0], {"unit": "sets"}, by=office.analyst)
    signed = sign_card(Card.objects.get(pk=card.pk), by=office.senior)
    assert (signed.first_by, signed.second_by) == (office.senior, None)


def test_a_signature_compares_the_whole_case(card: Card, case: Application, office: Cast) -> None:
    head = head_of(case)
    intake.assign(case, None, by=office.senior)
    with pytest.raises(Conflict):
        sign_card(card, by=office.senior, seen_head=head)


def test_an_edit_of_what_was_not_seen_is_a_conflict(
    card: Card, case: Application, office: Cast
) -> None:
    edit_card(case, FIRST, {"finding": "Mine"}, by=office.senior)
    with pytest.raises(Conflict):
        edit_card(case, FIRST, {"finding": "Theirs"}, by=office.analyst, seen=card.version - 1)


@pytest.mark.parametrize(
    ("residual", "wanted"),
    [
        ("no_substantial_risk", True),
        ("substantial_risk", False),
        ("not_enough_information", False),
    ],
)
def test_one_answer_of_six_decides_what_follows_for_s_7_4(
    case: Application, office: Cast, residual: str, wanted: bool
) -> None:
    answer_cards(case, by=office.analyst)
    edit_card(case, CONSIDERATIONS[5].number, {"residual": residual}, by=office.analyst)
    sign_cards(case, by=office.analyst, second=office.senior)
    file = read_file(case)
    found = determination(card_states(file, rule_on(file, on=clock.today())))
    assert found.is_no_substantial_risk is wanted


def test_the_six_are_read_in_a_constant_number_of_queries(case: Application, office: Cast) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            file = read_file(case)
            card_states(file, rule_on(file, on=clock.today()))
        return len(queries)

    count()
    edit_card(case, FIRST, factories.ANSWERS, by=office.analyst)
    one = count()
    answer_cards(case, by=office.analyst)
    assert count() == one


def test_a_card_that_was_changed_past_the_program_is_stale(
    card: Card, case: Application, office: Cast
) -> None:
    """An edit clears the signatures; where they stayed, the digest tells."""
    signed = sign_card(sign_card(card, by=office.analyst), by=office.senior)
    with door(by=SYSTEM) as entries:
        entries.record("test.edited", stream=case.stream, subject="test:1").set(
            signed, finding="Another finding"
        )
    assert state_of(case) == (False, ("The consideration itself has changed.",))


@pytest.mark.parametrize("text", ["\u200b", "\u3164", "\u2060 .", "…"])
def test_what_shows_nothing_answers_nothing(text: str) -> None:
    answered = Card(**dict.fromkeys(ANSWERS, "Words"))
    assert missing_answers(answered) == []
    answered.finding = text
    assert len(missing_answers(answered)) == 1
