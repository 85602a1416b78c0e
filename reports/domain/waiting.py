"""What waits for a person, by the roles that they hold, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import Role
from accounts.days import instant_in_words, short_day
from accounts.models import AccountRequest, Delegation, RoleGrant, User
from history import clock
from history.domain.inspection import last_inspection
from permits.choices import OPEN, StatementKind
from permits.domain import acts, overview, sweeps, worklist
from permits.figures import figure
from permits.models import Application, PermitAct, Statement, UseReversal
from permits.workflow import CASE_ROLES, PROPOSERS
from policies.choices import ChangeStatus
from policies.domain.drafting import EDITABLE
from policies.models import PolicyChange, PolicyVersion
from policies.templatetags.policy_tags import in_language

SHOWN = 6
"""Rows of a list before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits: what, where it is done, and why it waits."""

    what: str
    url: str
    why: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A list of what waits. `count` of all there are; `url` leads to all of them."""

    code: str
    title: str
    empty: str
    items: tuple[Item, ...]
    count: int
    url: str

    @property
    def more(self) -> int:
        return self.count - len(self.items)


def sections(who: worklist.Viewer) -> list[Section]:
    """The lists for this person, what presses first. Queries do not grow with the rows."""
    return list(_sections(who))


def _sections(who: worklist.Viewer) -> Iterator[Section]:
    if PROPOSERS & set(who.roles):
        overview.refresh()
    if CASE_ROLES & set(who.roles):
        yield from _cases(who)
        notices = _notices(who)
        if notices.count:
            yield notices
    if who.is_analyst:
        reversals = _reversals(who)
        if reversals.count:
            yield reversals
    if PROPOSERS & set(who.roles):
        yield from _permits(who)
    if Role.DECISION_MAKER in who.roles:
        yield _acts(who)
        swept = _sweeps(who)
        if swept.count:
            yield swept
    if {Role.SENIOR_ANALYST, Role.ADMINISTRATOR} & set(who.roles):
        for stuck in (_left_to_nobody(who), _acts_left_to_nobody(who)):
            if stuck.count:
                yield stuck
    if Role.ADMINISTRATOR in who.roles:
        yield _proposals()
        yield _policy_changes(who)
        yield _news()
    if Role.AUDITOR in who.roles:
        yield _verification()
        yield _exceptions()


def _cases(who: worklist.Viewer) -> Iterator[Section]:
    open_ones = Application.objects.visible_to(who.by).filter(worklist.of_view("open", who))
    found = worklist.pressing(open_ones, who, most=SHOWN)
    rows = worklist.rows_of([one for some in found.values() for one in some.rows])
    for group, title, empty in (
        (worklist.TODAY, _("Act today"), _("Nothing presses today.")),
        (worklist.YOURS, _("Yours to move"), _("No next step is yours.")),
    ):
        items = tuple(
            Item(
                row.application.reference,
                row.application.get_absolute_url(),
                row.why,
                ", ".join(
                    str(part) for part in (row.application.destination, *row.applicants) if part
                ),
            )
            for row in rows
            if row.group == group
        )
        yield Section(group, title, empty, items, found[group].count, reverse("permits:worklist"))


def _permits(who: worklist.Viewer) -> Iterator[Section]:
    """What waits once a permit is issued: a risk, a signature without which no act loosens it."""
    parts = [("risk", _("Permits at risk"))]
    if who.is_analyst:
        parts.append(("second", _("Permits that wait for a second signature")))
    for view, title in parts:
        rows = (
            Application.objects.visible_to(who.by)
            .filter(worklist.of_view(view, who))
            .exclude(status__in=OPEN)
        )
        found = worklist.with_reason(rows, who).order_by("-pk")
        count = rows.count()
        if not count:
            continue
        items = tuple(
            Item(
                str(one.permit),
                one.permit.get_absolute_url() if view == "risk" else one.get_absolute_url(),
                worklist.still_to_do(one),
                f"{one.destination}, {one.reference}",
            )
            for one in found.select_related("permit", "destination", "overview")[:SHOWN]
        )
        url = f"{reverse('permits:worklist')}?view={view}"
        yield Section(f"permits_{view}", title, "", items, count, url)


def _left_to_nobody(who: worklist.Viewer) -> Section:
    """Applications that nobody with the power to decide today may decide."""
    rows = Application.objects.visible_to(who.by).filter(worklist.left_to_nobody(who.on))
    return Section(
        "left_to_nobody",
        _("Recommended, and nobody can decide"),
        "",
        tuple(
            Item(
                row.reference,
                row.get_absolute_url(),
                _somebody_else(),
                str(row.destination or ""),
            )
            for row in rows.select_related("destination").order_by("pk")[:SHOWN]
        ),
        rows.count(),
        f"{reverse('permits:worklist')}?view=recommended",
    )


def _notices(who: worklist.Viewer) -> Section:
    rows = acts.to_be_seen(who.by).select_related("act__permit", "act__line")
    return Section(
        "notices",
        _("You are to be told"),
        "",
        tuple(
            Item(
                f"{row.act.permit}: {row.act.in_full}",
                reverse("permits:notice", args=[row.pk]),
                row.get_kind_display(),
                row.act.reason,
            )
            for row in rows[:SHOWN]
        ),
        rows.count(),
        reverse("permits:permits"),
    )


def _reversals(who: worklist.Viewer) -> Section:
    """Shipments that another person proposes to take back, where this one may agree."""
    rows = (
        UseReversal.objects.filter(agreed_at__isnull=True, declined_at__isnull=True)
        .exclude(proposed_by=who.by)
        .exclude(use__permit_line__permit__application__conflicts__person=who.by)
        .select_related("use__permit_line__permit", "proposed_by")
    )
    return Section(
        "reversals",
        _("Shipments that wait to be taken back"),
        "",
        tuple(
            Item(
                f"{row.use.permit_line.permit}: {short_day(row.use.used_on)},"
                f" {figure(row.use.quantity)} {row.use.permit_line.unit}".strip(),
                reverse("permits:agree_reversal", args=[row.pk]),
                _proposed(row.proposed_by, row.proposed_at),
                row.reason,
            )
            for row in rows[:SHOWN]
        ),
        rows.count(),
        reverse("permits:permits"),
    )


def _of_act(act: PermitAct, url: str, why: str) -> Item:
    return Item(f"{act.permit}: {act.in_full}", url, why, act.reason)


def _proposed(by: User | None, at: datetime) -> str:
    return _("Proposed by %(name)s, %(at)s") % {"name": by, "at": instant_in_words(at)}


def _somebody_else() -> str:
    return _(
        "Two administrators give the role of a decision-maker and a delegation to somebody else."
    )


def _acts(who: worklist.Viewer) -> Section:
    rows = worklist.acts_to_decide(who.by, who.on)
    return Section(
        "acts",
        _("Acts on permits that wait for a decision"),
        _("Nothing is proposed on any permit."),
        tuple(
            _of_act(
                row,
                reverse("permits:perform", args=[row.pk]),
                _proposed(row.proposed_by, row.proposed_at),
            )
            for row in rows[:SHOWN]
        ),
        len(rows),
        reverse("permits:permits"),
    )


def _acts_left_to_nobody(who: worklist.Viewer) -> Section:
    """Acts on permits that nobody with the power to act today may do."""
    rows = worklist.acts_left_to_nobody(who.on)
    return Section(
        "acts_left_to_nobody",
        _("Proposed on a permit, and nobody can decide"),
        "",
        tuple(
            _of_act(row, row.permit.get_absolute_url(), _somebody_else()) for row in rows[:SHOWN]
        ),
        len(rows),
        reverse("permits:permits"),
    )


def _sweeps(who: worklist.Viewer) -> Section:
    """Groups of sweeps to which this person may say yes now."""
    rows = sweeps.waiting_for(who.by)
    return Section(
        "sweeps",
        _("Permit sweeps that wait for a yes"),
        "",
        tuple(
            Item(
                f"{row}: {row.get_action_display()}",
                reverse("permits:agree_group", args=[row.pk]),
                _proposed(row.proposed_by, row.proposed_at),
                str(in_language(row, "reason")),
            )
            for row in rows[:SHOWN]
            if row.proposed_at is not None
        ),
        len(rows),
        reverse("permits:sweeps"),
    )


def _proposals() -> Section:
    url, why = reverse("accounts:pending"), _("Waits for a second administrator")
    roles, delegations, accounts = (
        model.objects.waiting().count() for model in (RoleGrant, Delegation, AccountRequest)
    )
    found = (
        (roles, ngettext("%(n)d role", "%(n)d roles", roles)),
        (delegations, ngettext("%(n)d delegation", "%(n)d delegations", delegations)),
        (accounts, ngettext("%(n)d account", "%(n)d accounts", accounts)),
    )
    items = tuple(Item(words % {"n": number}, url, why) for number, words in found if number)
    return Section(
        "proposals",
        _("Proposals about people"),
        _("No proposal about people waits."),
        items,
        len(items),
        url,
    )


def _policy_changes(who: worklist.Viewer) -> Section:
    """Changes that this administrator may approve, and drafts of their own."""
    rows = (
        PolicyChange.objects.filter(
            Q(status=ChangeStatus.PROPOSED) & ~Q(drafted_by=who.by)
            | Q(status__in=EDITABLE, drafted_by=who.by)
        )
        .select_related("policy", "drafted_by")
        .defer("found")
    )
    return Section(
        "policy_changes",
        _("Policy changes"),
        _("No policy change waits for you."),
        tuple(
            Item(
                f"{row.number}: {row.get_kind_display()}",
                row.get_absolute_url(),
                _change_waits(row, who),
                row.policy.key if row.policy else "",
            )
            for row in rows[:SHOWN]
        ),
        rows.count(),
        reverse("permits:policy_changes"),
    )


def _change_waits(row: PolicyChange, who: worklist.Viewer) -> str:
    if row.drafted_by_id != who.by.pk:
        return _("Waits for a second administrator")
    if row.status == ChangeStatus.RETURNED:
        return _("Returned to you: %(reason)s") % {"reason": row.returned_for}
    return _("Your draft")


def _news() -> Section:
    """What became known of the policies last, and what is still to come."""
    rows = PolicyVersion.objects.select_related("policy").order_by("-known_from", "-pk")
    return Section(
        "news",
        _("What the register learned last"),
        _("The register is empty."),
        tuple(
            Item(
                str(in_language(row.policy, "title")),
                row.policy.get_absolute_url(),
                _when(row),
                _known(row),
            )
            for row in rows[:SHOWN]
        ),
        rows.count(),
        reverse("policies:register"),
    )


def _known(row: PolicyVersion) -> str:
    if row.known_from is None:
        return ""
    day = row.known_from.astimezone(clock.OTTAWA).date()
    return _("Known from %(day)s") % {"day": short_day(day)}


def _when(row: PolicyVersion) -> str:
    begins, ends = row.effective_from, row.effective_to
    if begins and begins > clock.today():
        return _("Coming: in force from %(day)s") % {"day": short_day(begins)}
    if ends:
        return _("Ended on %(day)s") % {"day": short_day(ends)}
    if begins:
        return _("In force from %(day)s") % {"day": short_day(begins)}
    return _("In force, without a first day")


def _verification() -> Section:
    last, url = last_inspection(), reverse("history:events")
    if last is None:
        item = Item(_("Verify the log"), url, _("Nobody has verified it yet."))
    else:
        said = _("Good when last verified") if last.good else _("NOT good when last verified")
        item = Item(_("Verify the log"), url, said, instant_in_words(last.at))
    return Section("verification", _("The history"), "", (item,), 1, url)


def _exceptions() -> Section:
    """Exceptions to a restrictive policy that somebody claims, the newest first."""
    rows = (
        Statement.objects.filter(kind=StatementKind.EXCEPTION)
        .select_related("application", "made_by")
        .order_by("-made_at", "-pk")
    )
    return Section(
        "exceptions",
        _("Exceptions that were claimed"),
        _("No exception was ever claimed."),
        tuple(
            Item(
                row.application.reference,
                f"{row.application.get_absolute_url()}#statements",
                row.key,
                f"{row.made_by}, {instant_in_words(row.made_at)}",
            )
            for row in rows[:SHOWN]
        ),
        rows.count(),
        reverse("permits:worklist") + "?view=all",
    )
