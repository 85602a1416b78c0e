"""A first task for each role in a demonstration: its steps lead through what the product is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.choices import Role
from permits.choices import OPEN, Status
from permits.considerations import BY_NUMBER
from permits.domain import worklist
from permits.models import Application, Card
from permits.workflow import ANALYSTS


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, where, and what is to be seen there."""

    words: str
    url: str
    see: str


@dataclass(frozen=True, slots=True)
class Task:
    title: str
    steps: tuple[Step, ...]


def first_tasks(who: worklist.Viewer) -> list[Task]:
    """The first tasks of the roles that the person holds; none where nothing is left to do."""
    roles = set(who.roles)
    makers: list[tuple[bool, Callable[[worklist.Viewer], Task | None]]] = [
        (bool(ANALYSTS & roles), _finish_a_card),
        (Role.DECISION_MAKER in roles, _decide),
        (Role.ADMINISTRATOR in roles, _read_a_change),
        (Role.AUDITOR in roles, _audit),
    ]
    made = [make(who) for holds, make in makers if holds]
    return [task for task in made if task is not None]


def _finish_a_card(who: worklist.Viewer) -> Task | None:
    there = Card.objects.filter(application__status=Status.IN_REVIEW).select_related(
        "application__destination"
    )
    signed_once = there.filter(first_by__isnull=False, second_by__isnull=True)
    for_a_second = signed_once.exclude(first_by=who.by).exclude(edited_by=who.by)
    card = for_a_second.order_by("application_id", "id").first()
    sign_it = _("Sign it as the second person")
    if card is None:
        answered = there.filter(first_by__isnull=True).exclude(residual="")
        card = answered.order_by("application_id", "id").first()
        sign_it = _("Sign it as the first person")
    if card is None:
        return None
    one, case = BY_NUMBER[card.consideration], card.application
    return Task(
        _("Finish a consideration"),
        (
            Step(
                _("Open %(case)s") % {"case": case.reference},
                case.get_absolute_url(),
                _("What applies to each line today and why, what is missing, and the gate."),
            ),
            Step(
                _("Read consideration %(number)s, %(name)s")
                % {"number": one.short, "name": one.name},
                card.get_absolute_url(),
                _("Finding, evidence and measures, and what remains after them."),
            ),
            Step(
                sign_it,
                reverse("permits:sign", args=[case.reference, one.slug]),
                _("The gate of the case counts it from then on; the history tells who signed."),
            ),
        ),
    )


def _decide(who: worklist.Viewer) -> Task | None:
    case = (
        Application.objects.filter(status=Status.RECOMMENDED, recommendations__outcome="issued")
        .filter(recommendations__set_aside_at__isnull=True)
        .order_by("pk")
        .first()
    )
    if case is None:
        return None
    return Task(
        _("Decide on an application"),
        (
            Step(
                _("Open %(case)s") % {"case": case.reference},
                case.get_absolute_url(),
                _("What was recommended, by whom, and each rule of the gate with its provision."),
            ),
            Step(
                _("Issue the permit"),
                reverse("permits:do", args=[case.reference, "issue"]),
                _("The gate is looked at once more; what the decision rests on is frozen."),
            ),
        ),
    )


def _read_a_change(who: worklist.Viewer) -> Task:
    return Task(
        _("Read what a policy change did"),
        (
            Step(
                _("Türkiye on 29 January 2024"),
                reverse("policies:destination", args=["TR"]) + "?on=2024-01-29",
                _("The lanes tell each stance since 2019. Choose the day before to compare."),
            ),
            Step(
                _("The policy that ended that day"),
                reverse("policies:policy", args=["TR-2020-04-16-presumptive"]),
                _("Its versions: what was in force, and since when that was known."),
            ),
            Step(
                _("When the log learned of it"),
                reverse("history:events") + "?subject=policy:TR-2020-04-16-presumptive",
                _("Each entry with its day, and the words before and after."),
            ),
            Step(
                _("The applications whose ruling has changed since filing"),
                reverse("permits:worklist") + "?view=moved",
                _("Open cases on which the change is still to be acted upon."),
            ),
        ),
    )


def _audit(who: worklist.Viewer) -> Task:
    exception = (
        Application.objects.exclude(status__in=OPEN)
        .filter(
            destination__code="TR",
            statements__key="TR-2020-04-16-presumptive:exceptional",
            statements__countersigned_at__isnull=False,
        )
        .order_by("pk")
        .first()
    )
    steps = [
        Step(
            _("Verify the log"),
            reverse("history:events"),
            _("Choose Verify now: every entry is read and compared with the signed checkpoints."),
        ),
    ]
    if exception is not None:
        steps += [
            Step(
                _("The exception of May 2020"),
                exception.get_absolute_url(),
                _("On what it was approved, who signed, and that the assurance was only promised."),
            ),
            Step(
                _("Its history"),
                reverse("history:events") + f"?subject=application:{exception.reference}",
                _("Each act on its day, by its person, with its reason."),
            ),
        ]
    return Task(_("Verify the log and find an exception"), tuple(steps))
