"""Letters: both languages, the same bytes for ever, and a proof that holds."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf
import pytest
from django.core.exceptions import ValidationError

from accounts.days import day_in_words
from accounts.exceptions import NotPermitted, Refused
from history import canonical, clock
from history.domain.checkpoints import key_in_force
from history.domain.verify import verify
from history.merkle import includes
from history.models import Event
from history.notes import verify_note
from permits.choices import LetterKind, PartyRole
from permits.domain import acts, intake, letters
from permits.domain.casefile import read_file
from permits.domain.decision import issue, refuse, return_without_action
from permits.domain.letters import file_name, letter_bytes, make_letter, papers
from permits.domain.recommendation import put_to_applicant, recommend, record_reply, send_back
from permits.filestore import Altered, path_of
from permits.models import Application, Letter, Permit, PermitAct, PermitLine
from permits.printing import refuse_unprintable
from permits.verbs import Verb
from policies.domain.register import forget_kept
from policies.models import Policy
from tests.people import Cast
from tests.permits.factories import (
    LINE,
    WHY,
    answer_cards,
    clear_parties,
    in_a_year,
    make_draft,
    make_in_review,
    make_permit,
    make_ready,
    make_recommended,
    sign_cards,
)
from tests.policies.changes import INSTRUMENT, approved, draft, in_days
from tests.unlogged import unlogged


def reader(letter: Letter) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(letter_bytes(letter)))


def words_of(letter: Letter) -> str:
    pages = (page.extract_text() for page in reader(letter).pages)
    return " ".join(" ".join(pages).split())


@pytest.fixture
def permit(office: Cast) -> Permit:
    return make_permit(office.analyst, office.analyst_b, office.decision)


@pytest.fixture
def put(office: Cast) -> Application:
    """An intended refusal that the applicant may reply to."""
    application = make_in_review(office.analyst)
    clear_parties(application, by=office.analyst, second=office.analyst_b)
    answer_cards(application, by=office.analyst, residual="substantial_risk")
    sign_cards(application, by=office.analyst, second=office.analyst_b)
    made = recommend(
        application, outcome="refused", grounds=["7.4"], reasons=WHY, by=office.analyst
    )
    put_to_applicant(made, reply_by=clock.today() + timedelta(days=20), by=office.analyst)
    return application


def test_a_permit_says_in_both_languages_what_is_permitted(permit: Permit, office: Cast) -> None:
    letter = make_letter(permit.application, "permit", by=office.analyst)
    words = words_of(letter)
    for wanted in (
        permit.number,
        "Permit / Licence",
        "Türkiye",
        "Fictional Optics Inc. consignee",
        "2-15.d",
        "2 500 000",
        "Under subsection 7(1)",
        "En vertu du paragraphe 7(1)",
        "1. Report use every quarter.",
        "1. Déclarer l’utilisation chaque trimestre.",
        "SYNTHETIC",
        "FICTIF",
        office.decision.name,
    ):
        assert wanted in words.replace("\u00a0", " ").replace("\u202f", " "), wanted


def test_a_letter_can_be_read_by_a_reader_of_the_screen(permit: Permit, office: Cast) -> None:
    paper = reader(make_letter(permit.application, "permit", by=office.analyst))
    root: Any = paper.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en-CA"
    assert paper.metadata is not None
    assert paper.metadata.title == f"Permit / Licence {permit.number}"
    assert b"pdfuaid:part" in root["/Metadata"].get_data()


def test_a_letter_is_made_once_and_stays_the_same(permit: Permit, office: Cast) -> None:
    letter = make_letter(permit.application, "permit", by=office.analyst)
    before = letter_bytes(letter)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    again = make_letter(permit.application, "permit", by=office.senior)
    assert again.pk == letter.pk
    assert letter_bytes(again) == before
    # Gone from the folder, it is made anew from what it says: the same bytes.
    path_of(letter.sha256).unlink()
    assert letter_bytes(again) == before
    path_of(letter.sha256).write_bytes(b"%PDF-1.7 another")
    assert letter_bytes(again) == before
    assert verify(deep=True).good


def test_another_content_is_never_handed_out_for_what_went_out(
    permit: Permit, office: Cast
) -> None:
    letter = make_letter(permit.application, "permit", by=office.analyst)
    path_of(letter.sha256).unlink()
    letter.content = letter.content.replace("Türkiye", "Germany")
    with pytest.raises(Altered):
        letter_bytes(letter)


def test_the_proof_on_a_letter_holds_against_the_checkpoint_that_its_event_pins(
    permit: Permit, office: Cast
) -> None:
    letter = make_letter(permit.application, "permit", by=office.analyst)
    proof = canonical.decode(letter.content.encode())["proof"]
    told = Event.objects.get(stream=letter.stream, verb=Verb.LETTER_MADE)
    data = canonical.decode(bytes(told.body))["data"]
    assert (told.actor, data["sha256"], data["event"]) == ("system", letter.sha256, letter.event)
    said = verify_note(data["checkpoint"], key_in_force())
    assert data["checkpoint"] == proof["note"]
    about = Event.objects.get(number=letter.event)
    assert about.verb == Verb.ISSUED
    assert said.size == letter.checkpoint_size >= letter.event
    assert includes(
        bytes(about.leaf),
        letter.event - 1,
        said.size,
        [bytes.fromhex(one) for one in proof["path"]],
        said.root,
    )
    # The names are not in the log.
    assert b"Fictional Optics" not in bytes(told.body)


def test_an_intended_refusal_is_a_letter_once_it_was_put(put: Application, office: Cast) -> None:
    letter = make_letter(put, "intended_refusal", by=office.analyst)
    words = words_of(letter)
    assert "It is intended to refuse the application" in words
    assert "Il est envisagé de refuser la demande" in words
    assert "s. 7.4" in words
    assert WHY in words
    assert "You may reply in writing by" in words


def test_an_intended_refusal_that_is_put_anew_has_a_paper_of_its_own(
    put: Application, office: Cast
) -> None:
    first = make_letter(put, "intended_refusal", by=office.analyst)
    made = read_file(put).recommendation
    assert made is not None
    send_back(made, reason="Weigh it.", by=office.decision)
    # No paper is made of what was sent back; the one that went out stays.
    with pytest.raises(Refused):
        make_letter(put, "intended_refusal", by=office.analyst)
    assert [one.letter for one in papers(read_file(put))] == [first]
    anew = recommend(
        put, outcome="refused", grounds=["discretion"], reasons="Anew.", by=office.analyst
    )
    put_to_applicant(anew, reply_by=clock.today() + timedelta(days=30), by=office.analyst)
    assert [one.letter for one in papers(read_file(put))] == [first, None]
    second = make_letter(put, "intended_refusal", by=office.analyst)
    assert second.event == Event.objects.filter(verb=Verb.PUT_TO_APPLICANT).latest("number").number
    words = words_of(second)
    for grounds, reasons, of_it in (("s. 7.4", WHY, False), ("Other relevant", "Anew.", True)):
        assert ((grounds in words), (reasons in words)) == (of_it, of_it)
    found = papers(read_file(put))
    assert [(one.letter, one.is_of_before) for one in found] == [(first, True), (second, False)]
    assert len({file_name(first), file_name(second)}) == 2


def test_a_paper_that_was_never_made_is_not_made_of_what_was_sent_back(
    put: Application, office: Cast
) -> None:
    made = read_file(put).recommendation
    assert made is not None
    send_back(made, reason=WHY, by=office.decision)
    assert papers(read_file(put)) == []


def test_a_refusal_follows_and_has_a_letter_of_its_own(put: Application, office: Cast) -> None:
    made = read_file(put).recommendation
    assert made is not None
    record_reply(made, reply="No.", replied_on=clock.today(), by=office.analyst)
    refuse(put, grounds=["7.4"], reasons=WHY, by=office.decision)
    put.refresh_from_db()
    kinds = [one.kind for one in papers(read_file(put))]
    assert kinds == [LetterKind.INTENDED_REFUSAL, LetterKind.REFUSAL]
    words = words_of(make_letter(put, "refusal", by=office.analyst))
    assert "The application is refused" in words
    assert "La demande est refusée" in words


def test_a_refusal_names_for_ever_the_instrument_that_barred_it(office: Cast) -> None:
    line = {**LINE, "items": ["2-1.a"]}
    barred = make_in_review(office.analyst, destination="RU", lines=[line])
    refusal: dict[str, Any] = {"grounds": ["regulation"], "reasons": WHY}
    recommend(barred, outcome="refused", by=office.analyst, **refusal)
    refuse(barred, by=office.decision, **refusal)
    with unlogged():
        Policy.objects.filter(key="RU-2023-07-19-arms").update(instrument_en="E", section="s. 9")
    forget_kept()
    barred.refresh_from_db()
    words = words_of(make_letter(barred, "refusal", by=office.analyst))
    assert "a regulation: Special Economic Measures (Russia) Regulations, s. 3.13" in words
    assert "Règlement sur les mesures économiques spéciales visant la Russie, art. 3.13" in words


def test_a_return_without_action_has_a_letter(office: Cast) -> None:
    line = {"items": [], "description": "Office chairs", "quantity": 1, "unit_value": 1}
    application = make_in_review(office.analyst, destination="US", lines=[line])
    recommend(
        application,
        outcome="returned",
        grounds=["no_permit_needed"],
        reasons=WHY,
        by=office.analyst,
    )
    return_without_action(application, ground="no_permit_needed", reasons=WHY, by=office.decision)
    application.refresh_from_db()
    words = words_of(make_letter(application, "return", by=office.analyst))
    assert "No permit is needed" in words


def test_each_act_on_a_permit_has_a_letter(permit: Permit, office: Cast) -> None:
    act = acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    letter = make_letter(permit.application, "act", by=office.analyst, act=act)
    words = words_of(letter)
    assert "The permit is suspended from" in words
    assert "La licence est suspendue" in words
    assert letter.event != Event.objects.get(verb=Verb.ISSUED).number


@pytest.mark.parametrize(
    ("kind", "english", "french"),
    [
        ("suspend", "Line 1 of the permit is suspended", "L’article 1 de la licence est suspendu"),
        ("cancel", "Line 1 of the permit is cancelled", "L’article 1 de la licence est annulé"),
    ],
)
def test_the_paper_of_an_act_on_a_line_is_about_that_line(
    permit: Permit, office: Cast, kind: str, english: str, french: str
) -> None:
    line = PermitLine.objects.get(permit=permit, number=1)
    act = acts.act_at_once(permit, kind=kind, line=line, reason=WHY, by=office.decision)
    words = words_of(make_letter(permit.application, "act", by=office.analyst, act=act))
    assert english in words
    assert french in words
    assert "The permit is" not in words


def test_the_paper_of_an_amendment_says_what_was_before_and_what_is_added(
    permit: Permit, office: Cast
) -> None:
    last = permit.valid_to
    condition = {"en": "Report monthly.", "fr": "Rendre compte chaque mois."}
    first = {"lines": {"1": {"quantity": "4.5", "value": "1000"}}}
    both = {**first, "valid_to": clock.today(), "conditions_added": [condition]}
    line = PermitLine.objects.get(permit=permit, number=1)
    made = []
    for change in (first, {**both, "lines": {"1": {"quantity": "4"}}}):
        act = acts.propose_act(
            permit, kind="amend", change=change, line=line, reason=WHY, by=office.analyst
        )
        made.append(acts.perform_act(act, by=office.decision))
    # Of the first, asked for after the second: what was before it all the same.
    for act, wanted in (
        (
            made[0],
            (
                "Line 1: quantity 4.5 each (before: 10 each).",
                "Article 1 : quantité de 4,5 each (auparavant : 10 each).",
                "Line 1: value CAD 1 000 (before: CAD 2 500 000).",
                "Of Line 1",
            ),
        ),
        (
            made[1],
            (
                "Line 1: quantity 4 each (before: 4.5 each).",
                f"inclusive (before: to {day_in_words(last)}).",
                "Condition added, beside those that the permit has: Report monthly.",
                "Condition ajoutée à celles de la licence : Rendre compte chaque mois.",
                "Of The whole permit, and line 1",
            ),
        ),
    ):
        words = words_of(make_letter(permit.application, "act", by=office.analyst, act=act))
        words = words.replace("\u00a0", " ").replace("\u202f", " ")
        for one in wanted:
            assert one in words, one
        assert "1. Report monthly." not in words


def test_the_paper_of_a_reinstatement_says_which_lines_come_back_and_which_do_not(
    office: Cast,
) -> None:
    people = office.analyst, office.senior, office.decision
    permit = make_permit(*people, lines=[LINE, LINE, LINE])
    second = PermitLine.objects.get(permit=permit, number=2)
    acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    acts.act_at_once(permit, kind="cancel", line=second, reason=WHY, by=office.decision)
    proposed = acts.propose_act(permit, kind="reinstate", reason=WHY, by=office.analyst)
    act = acts.perform_act(proposed, by=office.decision)
    words = words_of(make_letter(permit.application, "act", by=office.analyst, act=act))
    words = words.replace("\u00a0", " ")
    for wanted in (
        "Lines that are reinstated: 1, 3.",
        "Lines that stay cancelled: 2.",
        "Articles rétablis : 1, 3.",
        "Articles qui demeurent annulés : 2.",
    ):
        assert wanted in words, wanted
    assert "suspended:" not in words


def test_the_papers_of_a_permit_without_figures_say_that_it_has_no_limit(office: Cast) -> None:
    people = office.analyst, office.senior, office.decision
    line = {**LINE, "quantity": None, "unit_value": None}
    permit = make_permit(*people, activity="brokering", lines=[line])
    paper = make_letter(permit.application, "permit", by=office.analyst)
    assert words_of(paper).count("no limit / sans limite") == 2
    change = {"lines": {"1": {"quantity": "4"}}}
    held = PermitLine.objects.get(permit=permit)
    act = acts.act_at_once(
        permit, kind="amend", change=change, line=held, reason=WHY, by=office.decision
    )
    words = words_of(make_letter(permit.application, "act", by=office.analyst, act=act))
    assert "(before: no limit)" in words
    assert "(auparavant : sans limite)" in words.replace("\u00a0", " ")


@pytest.mark.parametrize("kind", [*LetterKind.values, "poem", ""])
def test_there_is_no_letter_about_nothing(office: Cast, kind: str) -> None:
    with pytest.raises(Refused):
        make_letter(make_draft(office.analyst), kind, by=office.analyst)


def test_a_recommendation_alone_goes_out_to_nobody(office: Cast) -> None:
    application = make_recommended(office.analyst, office.analyst_b)
    assert papers(read_file(application)) == []
    issue(application, reasons=WHY, adopts_determination=True, by=office.decision)
    application.refresh_from_db()
    assert [one.kind for one in papers(read_file(application))] == [LetterKind.PERMIT]


def test_who_does_not_work_on_cases_makes_no_letter(permit: Permit, office: Cast) -> None:
    with pytest.raises(NotPermitted):
        make_letter(permit.application, "permit", by=office.auditor)
    assert not Letter.objects.exists()


def test_nothing_that_was_typed_is_run(office: Cast) -> None:
    """What people type is data for the paper and never its markup."""
    application = make_draft(office.analyst)
    party = read_file(application).parties[0]
    typed = '#read("/etc/passwd") *bold* $x$ <script> @cite \\ // -- "'
    intake.edit_party(party, {"name": typed}, by=office.analyst)
    intake.submit(application, by=office.analyst)
    application = intake.take_up(application, by=office.analyst)
    clear_parties(application, by=office.analyst, second=office.analyst_b)
    answer_cards(application, by=office.analyst)
    sign_cards(application, by=office.analyst, second=office.analyst_b)
    recommend(
        application,
        outcome="issued",
        reasons=WHY,
        valid_to=clock.today() + timedelta(days=90),
        by=office.analyst,
    )
    permit = issue(application, reasons=WHY, adopts_determination=True, by=office.decision)
    words = words_of(make_letter(permit.application, "permit", by=office.analyst))
    assert "*bold*" in words
    assert "<script>" in words
    assert "root:" not in words


@pytest.mark.parametrize("signs", ["天津港", "a bell \a"])
def test_a_letter_with_signs_that_its_fonts_do_not_have_is_refused_in_words(
    permit: Permit, office: Cast, signs: str
) -> None:
    """Of a row of before such signs were refused where they are typed."""
    act = acts.act_at_once(permit, kind="suspend", reason=WHY, by=office.decision)
    with unlogged():
        PermitAct.objects.filter(pk=act.pk).update(reason=f"Seen at {signs}.")
    act.refresh_from_db()
    with pytest.raises(Refused, match="fonts"):
        make_letter(permit.application, "act", by=office.analyst, act=act)


def test_an_intended_refusal_names_what_was_put_also_once_another_policy_decided(
    office: Cast,
) -> None:
    """The paper of what was put is that day's, whenever it is first asked for."""
    first = approved(draft(office.admin), by=office.admin_b)
    began = clock.now()
    with clock.simulated(began + timedelta(days=3)):
        case = make_in_review(office.analyst)
        answer_cards(case, by=office.analyst)
        made = recommend(
            case, outcome="refused", grounds=["policy"], reasons=WHY, by=office.analyst
        )
        put_to_applicant(made, reply_by=clock.today() + timedelta(days=20), by=office.analyst)
    with clock.simulated(began + timedelta(days=5)):
        end = draft(office.admin, kind="end", policy=first.keys[0], ends=in_days(2))
        approved(end, by=office.admin_b)
        title = {"title_en": "Another notice", "title_fr": "Autre avis"}
        other = {"key": "TR-9998-another", "instrument": {**INSTRUMENT, **title}}
        approved(draft(office.admin, of_policy=other, starts=in_days(1)), by=office.admin_b)
    with clock.simulated(began + timedelta(days=40)):
        refuse(case, grounds=["policy"], reasons=WHY, by=office.decision)
        put, refused = (
            words_of(make_letter(case, kind, by=office.analyst))
            for kind in ("intended_refusal", "refusal")
        )
    for words, named, other_one in ((put, INSTRUMENT, title), (refused, title, INSTRUMENT)):
        assert str(named["title_en"]) in words
        assert str(other_one["title_en"]) not in words


def test_a_paper_that_would_be_too_large_is_refused_in_words(
    permit: Permit, office: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As large as two thousand pages: many lines, each of many items and a long description."""
    monkeypatch.setattr(letters, "_MOST", 1000)
    with pytest.raises(Refused, match="it would have more than"):
        make_letter(permit.application, "permit", by=office.analyst)
    assert not Letter.objects.exists()


IDEOGRAMS, FACE = "株式会社", "\U0001f600"


def test_a_name_that_no_paper_can_print_is_told_while_it_can_be_written_otherwise(
    office: Cast,
) -> None:
    case = make_ready(office.analyst, office.senior)
    (user,) = read_file(case).parties_as(PartyRole.END_USER)
    user = intake.edit_party(user, {"name": IDEOGRAMS}, by=office.analyst)
    told: dict[str, Any] = {"reasons": WHY, "valid_to": in_a_year(), "by": office.analyst}
    with pytest.raises(ValidationError) as fault:
        recommend(case, outcome="issued", **told)
    assert "End-user. Papers can’t print “株”: write it otherwise." in str(
        fault.value.message_dict["outcome"]
    )
    told["reasons"] = f"Looked at {FACE}"
    with pytest.raises(ValidationError) as fault:
        recommend(case, outcome="issued", **told)
    assert set(fault.value.message_dict) == {"outcome", "reasons"}


@pytest.mark.parametrize("text", ["Ğazi Żółć", "Ελληνική", "Верфь", "חברה", "شركة", "Việt Nam"])
def test_a_name_that_papers_can_print_is_taken(text: str) -> None:
    refuse_unprintable(text)


def test_what_is_typed_for_a_paper_is_refused_at_its_field_where_it_cannot_be_printed(
    office: Cast,
) -> None:
    permit = make_permit(office.analyst, office.senior, office.decision)
    said: dict[str, Any] = {"kind": "suspend", "by": office.decision}
    for act in (acts.propose_act, acts.act_at_once):
        with pytest.raises(ValidationError) as fault:
            act(permit, reason=f"For a while {FACE}", **said)
        assert set(fault.value.message_dict) == {"reason"}
    change = {"conditions_added": [{"en": "Report it.", "fr": f"Le déclarer {FACE}."}]}
    with pytest.raises(ValidationError) as fault:
        acts.propose_act(permit, kind="amend", change=change, reason=WHY, by=office.analyst)
    assert set(fault.value.message_dict) == {"text_fr"}
    assert not PermitAct.objects.exists()
