"""Forms say everything that is wrong in one round, each at its field, and keep what was typed.

What a field cannot hold, and what only the office's own rules refuse, are told together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from history import clock
from history.models import Event
from permits.choices import WaitKind
from permits.domain.acts import propose_act
from permits.domain.casefile import read_file
from permits.domain.conditions import add_condition
from permits.domain.consultations import consult, open_wait
from permits.domain.policy_changes import propose_change
from permits.domain.recommendation import put_to_applicant, recommend
from permits.domain.sweeps import begin_sweep
from permits.domain.use import propose_reversal, report_use
from permits.models import Application, Permit, Recommendation, SweepGroup, Use
from permits.urls import urlpatterns
from permits.views.buttons import BUTTONS
from permits.workflow import Action
from policies.models import Policy
from tests.people import Cast
from tests.permits.factories import (
    WHY,
    answer_cards,
    clear_parties,
    country,
    make_in_review,
    make_permit,
    make_recommended,
)
from tests.policies.changes import POLICY, approved, draft

NO_WORDS = "..."
LATE, EARLY = "2199-01-01", "2019-01-01"

Made = tuple[User, list[object]]


def in_review(office: Cast) -> Made:
    return office.analyst, [make_in_review(office.analyst).reference]


def anything(office: Cast) -> Made:
    return office.analyst, []


def asked(office: Cast) -> Made:
    due_on = clock.today() + timedelta(days=1)
    case = make_in_review(office.analyst)
    row = consult(case, body="DND", question="Any view?", due_on=due_on, by=office.analyst)
    return office.analyst, [row.pk]


def waiting(office: Cast) -> Made:
    case = make_in_review(office.analyst)
    today, kind = clock.today(), WaitKind.OTHER
    return office.analyst, [
        open_wait(case, kind=kind, reason=WHY, from_on=today, by=office.analyst).pk
    ]


def for_the_decision(office: Cast) -> Made:
    return office.decision, [make_recommended(office.analyst, office.senior).reference]


def for_conditions(office: Cast) -> Made:
    return office.analyst, [make_recommended(office.analyst, office.senior).reference]


def _to_refuse(office: Cast) -> tuple[Application, Recommendation]:
    case = make_in_review(office.analyst)
    clear_parties(case, by=office.analyst, second=office.senior)
    answer_cards(case, by=office.analyst)
    made = recommend(
        case, outcome="refused", grounds=["discretion"], reasons=WHY, by=office.analyst
    )
    return case, made


def to_refuse(office: Cast) -> Made:
    return office.analyst, [_to_refuse(office)[0].reference]


def put(office: Cast) -> Made:
    case, made = _to_refuse(office)
    put_to_applicant(made, reply_by=clock.today() + timedelta(days=9), by=office.analyst)
    return office.analyst, [case.reference]


def _permit(office: Cast) -> Permit:
    return make_permit(office.analyst, office.senior, office.decision)


def permit(office: Cast) -> Made:
    return office.analyst, [_permit(office).number]


def to_tighten(office: Cast) -> Made:
    return office.decision, [_permit(office).number]


def line_of_a_permit(office: Cast) -> Made:
    return office.analyst, [_permit(office).number, 1]


def _shipped(office: Cast) -> Use:
    line, one, today = _permit(office).lines.get(), Decimal(1), clock.today()
    return report_use(line, used_on=today, quantity=one, value=one, by=office.analyst)


def shipped(office: Cast) -> Made:
    return office.analyst, [_shipped(office).pk]


def taken_back(office: Cast) -> Made:
    """Once another person agrees."""
    made = propose_reversal(_shipped(office), reason=WHY, by=office.analyst)
    return office.senior, [made.pk]


def proposed(office: Cast) -> Made:
    act = propose_act(_permit(office), kind="suspend", reason=WHY, by=office.analyst)
    return office.decision, [act.pk]


def group(office: Cast) -> Made:
    _permit(office)
    change = approved(draft(office.admin), by=office.admin_b)
    begin_sweep(Policy.objects.get(key=POLICY["key"]), change=change, by=office.analyst)
    return office.analyst, [SweepGroup.objects.get().pk]


def drafting(office: Cast) -> Made:
    return office.admin, []


def drafted(office: Cast) -> Made:
    return office.admin, [draft(office.admin).number]


def proposed_change(office: Cast) -> Made:
    return office.admin_b, [propose_change(draft(office.admin), by=office.admin).number]


def condition(office: Cast) -> Made:
    made = read_file(make_recommended(office.analyst, office.senior)).recommendation
    assert made is not None
    return office.analyst, [add_condition(made, ("One", "Un"), by=office.analyst).pk]


@dataclass(frozen=True)
class Form:
    """A page's form: `typed` is all wrong, at `wrong`; nothing typed is wrong at `needed`.

    `given` is what else a browser sends.
    """

    name: str
    made: Callable[[Cast], Made]
    where: tuple[object, ...]
    typed: dict[str, str]
    wrong: set[str]
    needed: set[str]
    given: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join(map(str, (self.name, *self.where)))


def doing(
    action: Action,
    made: Callable[[Cast], Made],
    typed: dict[str, str],
    *needed: str,
    also: str = "",
) -> Form:
    return Form("do", made, (action.value,), typed, {*typed, *also.split()}, set(needed))


REASON = {"reason": NO_WORDS}
CHANGE = {
    "kind": "amend",
    "valid_to": EARLY,
    "quantity": "-1",
    "value": "many",
    "reason": NO_WORDS,
}

FORMS = [
    Form("new", anything, (), {"activity": "smuggling"}, {"activity"}, {"activity"}),
    Form(
        "form",
        in_review,
        (),
        {"form_date": "2020-13-99", "transit": "ZZ", "sub_region": "UA-CRIMEA", "end_use": "Kept"},
        {"form_date", "transit", "sub_region"},
        set(),
        {"destination": "TR", "end_user_kind": "government"},
    ),
    Form(
        "new_line",
        in_review,
        (),
        {
            "items": "banana",
            "quantity": "many",
            "unit_value": "-1",
            "us_origin_percent": "101",
            "description": "Kept",
        },
        {"items", "quantity", "unit_value", "us_origin_percent"},
        {"description"},
    ),
    Form(
        "new_party",
        in_review,
        (),
        {
            "role": "applicant",
            "name": "",
            "email": "no address",
            "address": "Kept",
            "contact_name": "x" * 301,
        },
        {"role", "name", "email", "contact_name"},
        {"role", "name"},
    ),
    Form(
        "new_source",
        in_review,
        ("evidence",),
        {"title": " ", "source": "Kept", "dated": "yesterday", "reliability": ""},
        {"title", "dated", "reliability"},
        {"title", "source", "reliability"},
    ),
    Form(
        "new_source",
        in_review,
        ("measures",),
        {"kind": "hope", "giver": "Kept", "form": " ", "wording": "", "expires_on": "never"},
        {"kind", "form", "wording", "expires_on"},
        {"kind", "giver", "form", "wording"},
    ),
    Form(
        "new_document",
        in_review,
        (),
        {"title": "Kept", "kind": "", "dated": LATE},
        {"kind", "dated", "file"},
        {"kind", "title", "file"},
    ),
    Form(
        "state",
        in_review,
        ("eligibility", "applicant"),
        {"value": "resident", "source": "", "reason": ""},
        {"source", "reason"},
        {"value", "source", "reason"},
    ),
    doing(Action.RETURN, in_review, REASON, "reason"),
    doing(Action.WITHDRAW, in_review, REASON, "reason"),
    doing(Action.DECLARE_CONFLICT, in_review, REASON, "reason"),
    doing(Action.ASSIGN, in_review, {"to": "0"}),
    doing(
        Action.CONSULT,
        in_review,
        {"body": NO_WORDS, "question": NO_WORDS, "due_on": EARLY},
        *("body", "question", "due_on"),
    ),
    doing(
        Action.WAIT,
        in_review,
        {"kind": "nobody", "from_on": LATE, "reason": NO_WORDS},
        *("kind", "from_on", "reason"),
    ),
    Form(
        "answer",
        asked,
        (),
        {"answer": NO_WORDS, "answered_on": LATE},
        {"answer", "answered_on"},
        {"answer", "answered_on"},
    ),
    Form(
        "move_day",
        asked,
        (),
        {"due_on": EARLY, **REASON},
        {"due_on", "reason"},
        {"due_on", "reason"},
    ),
    Form("silence", asked, (), REASON, {"reason"}, {"reason"}),
    Form("end_wait", waiting, (), {"to_on": LATE}, {"to_on"}, {"to_on"}),
    Form(
        "do",
        in_review,
        ("recommend",),
        {"outcome": "issued", "reasons": NO_WORDS, "valid_to": EARLY, "text_en": "Kept"},
        {"outcome", "reasons", "valid_to", "text_fr"},
        {"outcome", "reasons"},
    ),
    Form(
        "do",
        in_review,
        ("recommend",),
        {"outcome": "refused", "reasons": NO_WORDS, "valid_to": LATE, "grounds": "policy"},
        {"valid_to", "reasons", "grounds"},
        {"outcome", "reasons"},
    ),
    doing(Action.PUT, to_refuse, {"reply_by": EARLY}, "reply_by"),
    doing(Action.SEND_BACK, for_the_decision, REASON, "reason"),
    Form(
        "reply",
        put,
        (),
        {"reply": NO_WORDS, "replied_on": LATE},
        {"reply", "replied_on"},
        {"reply", "replied_on"},
    ),
    doing(
        Action.ISSUE,
        for_the_decision,
        {"reasons": NO_WORDS},
        *("reasons", "adopts_determination"),
        also="adopts_determination",
    ),
    doing(
        Action.REFUSE,
        for_the_decision,
        {"reasons": NO_WORDS},
        *("reasons", "grounds"),
        also="grounds",
    ),
    doing(
        Action.RETURN_WITHOUT_ACTION,
        for_the_decision,
        {"reasons": NO_WORDS, "grounds": "general_permit"},
        *("reasons", "grounds"),
    ),
    Form(
        "new_condition",
        for_conditions,
        (),
        {"text_en": " ", "text_fr": "\t"},
        {"text_en", "text_fr"},
        {"text_en", "text_fr"},
    ),
    Form(
        "condition",
        condition,
        (),
        {"text_en": " ", "text_fr": "Gardé"},
        {"text_en"},
        {"text_en", "text_fr"},
    ),
    Form("remove_condition", condition, (), REASON, {"reason"}, {"reason"}),
    Form(
        "propose",
        permit,
        (),
        {**CHANGE, "text_en": "Kept"},
        {*CHANGE, "line", "text_fr"} - {"kind"},
        {"kind", "reason"},
    ),
    Form("tighten", to_tighten, (), CHANGE, {*CHANGE, "line"} - {"kind"}, {"kind", "reason"}),
    Form("decline", proposed, (), REASON, {"reason"}, {"reason"}),
    Form(
        "use",
        line_of_a_permit,
        (),
        {"used_on": LATE, "quantity": "0", "value": "-1"},
        {"used_on", "quantity", "value"},
        {"used_on", "quantity", "value"},
    ),
    Form("take_back", shipped, (), REASON, {"reason"}, {"reason"}),
    Form("decline_reversal", taken_back, (), REASON, {"reason"}, {"reason"}),
    Form("new_sweep", anything, (), {"policy": "NONE"}, {"policy"}, {"policy"}),
    Form(
        "propose_group",
        group,
        (),
        {"action": "burn", "reason_en": NO_WORDS, "reason_fr": NO_WORDS},
        {"action", "reason_en", "reason_fr"},
        {"action", "reason_en", "reason_fr"},
    ),
    Form("new_policy_change", drafting, (), {"kind": "end", "policy": ""}, {"policy"}, {"kind"}),
    Form("new_policy_set", drafting, (), {}, {"file"}, {"file"}),
    Form(
        "edit_policy_change",
        drafted,
        (),
        {
            "key": "no key",
            "layer": "rumour",
            "stance": "maybe",
            "destinations": "Atlantis",
            "items": "banana",
            "starts_on": "soon",
            "url": "nowhere",
            "title_en": "Kept",
        },
        {"key", "layer", "stance", "destinations", "items", "starts_on", "url"},
        set(),
        {
            **{
                f"{part}-{count}_FORMS": "0"
                for part in ("questions", "exceptions", "sources")
                for count in ("TOTAL", "INITIAL")
            },
            "goods": "items",
            "existing_action": "review",
            "confidence": "verified_official",
        },
    ),
    Form("return_policy_change", proposed_change, (), REASON, {"reason"}, {"reason"}),
    Form("withdraw_policy_change", drafted, (), REASON, {"reason"}, {"reason"}),
]


THE_SAME_FORM = {
    *("line", "party", "document", "source", "return_group", "except_permit", "set_aside"),
}
"""Of another row, or a reason alone."""
ASK_NOTHING = {
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
        "letter",
    ),
    *("assign", "card", "draft", "drop_draft", "sign", "countersign", "make_letter", "perform"),
    "agree_reversal",
    *("remove_line", "remove_party", "remove_document", "drop_source", "notice"),
    *("carry_out_sweep", "resume_sweep", "stop_sweep", "agree_group"),
    *("policy_changes", "policy_change", "preview_policy_change", "propose_policy_change"),
    *("approve_policy_change", "close_policy_change"),
}
"""Pages to be read, and forms of which every answer is one: a consideration is saved as it is."""


def sent(office: Cast, form: Form, typed: dict[str, str]) -> tuple[dict[str, list[str]], str]:
    """The errors by field, and the page. What was typed stays, and there is no event of it."""
    person, where = form.made(office)
    client = Client()
    client.force_login(person)
    values = {**form.given, **typed}
    if "destination" in values:
        values["destination"] = str(country(values["destination"]).pk)
    before = Event.objects.count()
    address = reverse(f"permits:{form.name}", args=[*where, *form.where])
    page = client.get(address)
    assert "maxlength" not in page.content.decode()  # A browser would cut what is pasted.
    shown = page.context["form"]
    if "seen" in shown.fields and shown["seen"].value() is not None:
        values["seen"] = str(shown["seen"].value())
    response = client.post(address, values)
    found = response.context["form"]
    assert Event.objects.count() == before
    for name, words in typed.items():
        if words.strip():
            assert words in (found[name].value(), *found[name].value())
    return found.errors, response.content.decode()


@pytest.mark.one_engine
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_everything_wrong_is_said_in_one_round_each_at_its_field(office: Cast, form: Form) -> None:
    errors, page = sent(office, form, form.typed)
    assert set(errors) == form.wrong
    for name in form.wrong:
        assert f'id="id_{name}_error"' in page
        assert f'href="#id_{name}' in page


@pytest.mark.one_engine
@pytest.mark.parametrize("form", [one for one in FORMS if one.needed], ids=str)
def test_nothing_typed_is_answered_by_all_that_is_needed(office: Cast, form: Form) -> None:
    assert set(sent(office, form, {})[0]) == form.needed


def test_every_form_is_walked() -> None:
    """But for those that ask for nothing, or for the same as another."""
    acts = {one for one in BUTTONS if one not in (Action.SUBMIT, Action.TAKE_UP)}
    assert {Action(str(one.where[0])) for one in FORMS if one.name == "do"} == acts
    assert {one.name for one in urlpatterns} - {
        one.name for one in FORMS
    } == ASK_NOTHING | THE_SAME_FORM
