"""The register: every policy as it stands on a day, and one policy with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from policies.choices import Activity, ChangeKind, GoodsKind, Layer
from policies.domain.by_hand import Made, changes_to
from policies.domain.changes import row_changes
from policies.domain.queries import OTTAWA
from policies.domain.register import Register, current_register
from policies.domain.resolve import GENERAL_PERMIT, MINISTER
from policies.domain.scope import ScopeWords, joined, scope_in_words, section
from policies.domain.search import folded
from policies.domain.sources import source_for_reader
from policies.domain.standing import Standing, is_known, standing, standing_of
from policies.facts import GoodsScope, PolicyRow, Scope
from policies.filters import PolicyFilter
from policies.models import ControlListItem, Policy, PolicyException, PolicyVersion
from policies.templatetags.policy_tags import in_language
from policies.views.asof import AsOf, read_as_of, refuse_unread
from policies.views.spreadsheet import csv_response

LAYERS = {
    Layer.NOTICE: gettext_lazy("Notices and other decisions"),
    Layer.REGULATION: gettext_lazy("Regulations"),
    Layer.COUNTRY_LIST: gettext_lazy("Country lists"),
    Layer.GENERAL_PERMIT: gettext_lazy("General permits"),
    Layer.STATUTE: gettext_lazy("Statute and control lists"),
}
"""What changes most often comes first."""


class Row(NamedTuple):
    """A policy with the version that tells how it stands on the day looked at.

    `questions`: it applies only where each is answered as it says.
    """

    policy: Policy
    version: PolicyVersion
    standing: Standing
    scope: ScopeWords
    questions: tuple[str, ...]

    @property
    def citation(self) -> str:
        return citation(self.policy)


class WayOn(NamedTuple):
    """A link from an empty table to one with rows."""

    url: str
    words: str


@dataclass(frozen=True, slots=True)
class LayerGroup:
    label: str
    rows: tuple[Row, ...]


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """The table of policies; with `format=csv`, the same rows as a file."""
    known = current_register()
    as_of = read_as_of(request)
    chosen = PolicyFilter(request.GET, register=known, on=as_of.on, known_at=as_of.known_at)
    rows = _rows(chosen, known, as_of)
    if request.GET.get("format") == "csv":
        refuse_unread(as_of.form, chosen.form)
        return _register_csv(rows, as_of)
    return render(
        request,
        "policies/register.html",
        {
            "as_of": as_of,
            "filter": chosen,
            "groups": _by_layer(rows),
            "ways_on": [] if rows else _ways_on(request, chosen),
            "coming": _coming(known, as_of),
            "unread": joined(chosen.unread) if chosen.unread else "",
            "count": len(rows),
            "known_count": sum(
                standing(row.spans, on=as_of.on, known_at=as_of.known_at) is not None
                for row in known.rulebook.rows
            ),
        },
    )


class Coming(NamedTuple):
    """A policy that begins or ends after the day looked at."""

    on: date
    key: str
    title: str
    begins: bool


MOST_COMING = 10


def _coming(known: Register, as_of: AsOf) -> list[Coming]:
    """What is known to begin or end after the day looked at, the next first."""
    language = get_language() or ""
    last = date.max
    return [
        Coming(
            change.on, change.policy, known.policies[change.policy].title[language], change.begins
        )
        for change in sorted(row_changes(known, (as_of.on, last), as_of.known_at))
    ][:MOST_COMING]


def _rows(chosen: PolicyFilter, known: Register, as_of: AsOf) -> list[Row]:
    """The policies found, by key. Two queries."""
    rows = []
    language = get_language() or ""
    for policy in chosen.qs.order_by("key").prefetch_related("versions"):
        found = standing(policy.versions.all(), on=as_of.on, known_at=as_of.known_at)
        if found:
            row = known.rulebook.row[policy.key]
            scope = scope_in_words(row.scope, known)
            questions = tuple(known.question(one.key)[language] for one in row.questions)
            rows.append(Row(policy, found[0], found[1], scope, questions))
    return rows


def _ways_on(request: HttpRequest, chosen: PolicyFilter) -> list[WayOn]:
    """From an empty table to rows: without what can't be read, or with another status."""
    if chosen.form.errors:
        words = ngettext("Clear this filter", "Clear these filters", len(chosen.form.errors))
        return [WayOn(_address_with(request, dict.fromkeys(chosen.form.errors, "")), words)]
    return [
        WayOn(_address_with(request, {"status": stands.value}), _rows_of(stands, count))
        for stands, count in chosen.with_other_status().items()
    ]


def _rows_of(stands: Standing, count: int) -> str:
    """3 ended rows match: show them."""
    words = {
        Standing.IN_FORCE: ngettext(
            "%(count)d row in force matches: show it",
            "%(count)d rows in force match: show them",
            count,
        ),
        Standing.ENDED: ngettext(
            "%(count)d ended row matches: show it",
            "%(count)d ended rows match: show them",
            count,
        ),
        Standing.NOT_YET: ngettext(
            "%(count)d row not yet in force matches: show it",
            "%(count)d rows not yet in force match: show them",
            count,
        ),
    }[stands]
    return words % {"count": count}


def _address_with(request: HttpRequest, changed: Mapping[str, str]) -> str:
    """The address of the page with other values; an empty one takes its parameter away."""
    query = request.GET.copy()
    for name, value in changed.items():
        query[name] = value
        if not value:
            del query[name]
    return f"{request.path}?{query.urlencode()}"


def _by_layer(rows: Sequence[Row]) -> list[LayerGroup]:
    groups = (
        LayerGroup(str(label), tuple(row for row in rows if row.policy.layer == layer))
        for layer, label in LAYERS.items()
    )
    return [group for group in groups if group.rows]


def _register_csv(rows: Sequence[Row], as_of: AsOf) -> HttpResponse:
    header = (
        _("Policy"), _("Title"), _("Layer"), _("Goods and activity"), _("Where"), _("Conditions"),
        _("Stance"), _("Permit requirement"), _("Applies only by the answer to"), _("Status"),
        _("In force from"), _("Until"), _("Known from"),
        _("Instrument"), _("Citation"), _("Sources"),
    )  # fmt: skip
    return csv_response(
        f"policies-{as_of.file_days}.csv",
        header,
        (
            (
                row.policy.key,
                in_language(row.policy, "title"),
                row.policy.get_layer_display(),
                row.scope.what,
                row.scope.where,
                "; ".join(row.scope.only),
                row.policy.get_stance_display() if row.policy.stance else "",
                row.policy.get_requirement_display() if row.policy.requirement else "",
                " ".join(row.questions),
                row.standing.label,
                row.version.effective_from,
                row.version.effective_to,
                row.version.known_from and row.version.known_from.astimezone(OTTAWA).isoformat(),
                in_language(row.policy, "instrument"),
                citation(row.policy),
                " ".join(source_for_reader(source["url"]).url for source in row.policy.sources),
            )
            for row in rows
        ),
    )


def citation(policy: Policy) -> str:
    """SOR/2014-58, s. 3.13."""
    return ", ".join(
        part for part in (in_language(policy, "citation"), section(policy.section)) if part
    )


# One policy


class Place(NamedTuple):
    """A destination with its page, or a region of one."""

    name: str
    code: str


class ItemFact(NamedTuple):
    """A control list item of a scope; `title` is empty for one that no edition describes."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class QuestionFact:
    """A question of a row and what its answers do. `asked_by` is another policy's key."""

    text: str
    asked_by: str
    applies_if_yes: bool
    only_if_end_user_unknown: bool


@dataclass(frozen=True, slots=True)
class VersionFact:
    version: PolicyVersion
    is_known: bool
    standing: Standing
    is_shown: bool
    assumed: tuple[str, ...]


@require_safe
def policy(request: HttpRequest, key: str) -> HttpResponse:
    """One policy. 404 for a key that the register does not hold; keys are case-sensitive."""
    known = current_register()
    if key not in known.rulebook.row:
        raise Http404
    as_of = read_as_of(request)
    found = get_object_or_404(
        Policy.objects.select_related("replaces").prefetch_related(
            "versions", "exceptions", "permit_acts__destination", "replaced_by"
        ),
        key=key,
    )
    row = known.rulebook.row[key]
    scope, goods = row.scope, row.scope.goods
    stands = standing(found.versions.all(), on=as_of.on, known_at=as_of.known_at)
    made = changes_to(found.key)
    return render(
        request,
        "policies/policy.html",
        {
            "as_of": as_of,
            "policy": found,
            "standing": stands[1] if stands else None,
            "version": stands[0] if stands else None,
            "words": scope_in_words(scope, known),
            "citation": citation(found),
            "scope": scope,
            "goods_rule": _goods_rule(goods),
            "goods_label": GoodsKind(goods.kind).label,
            "activities": [Activity(one).label for one in Activity if one in scope.activities],
            "places": _named(scope.destinations or (), known),
            "left_out": _named(scope.except_destinations, known),
            "regions": _regions(scope, known),
            "items": _items(goods),
            "left_out_items": (*goods.not_items, *goods.excluded),
            "questions": list(_questions(row, known)),
            "standard": _standard_words(row, known),
            "covers": sorted(row.covers),
            "made": made,
            "called_off": _called_off(list(found.versions.all()), made, as_of.known_at),
            "versions": _versions(found, as_of, stands[0] if stands else None),
        },
    )


def _called_off(
    versions: Sequence[PolicyVersion], made: Sequence[Made], known_at: datetime | None
) -> PolicyVersion | None:
    """The version that an approved change called off before it began, if no other is known."""
    known_to = [one.known_to for one in versions]
    if not made or made[0].change.kind != ChangeKind.END or None in known_to:
        return None
    if known_at is not None and any(one is not None and one > known_at for one in known_to):
        return None
    return next((one for one in versions if one.pk == made[0].change.replaced_id), None)


def _goods_rule(goods: GoodsScope) -> tuple[str, str] | None:
    """The list and the section of it that say which items are meant, if the row refers to one."""
    if not goods.rule:
        return None
    control, provision = goods.rule.split(":", 1)
    return control, section(f"s. {provision}")


def _named(codes: Iterable[str], known: Register) -> list[Place]:
    language = get_language() or ""
    places = (Place(known.destinations[code][language], code) for code in codes)
    return sorted(places, key=lambda place: folded(place.name))


def _regions(scope: Scope, known: Register) -> list[Place]:
    language = get_language() or ""
    return [
        Place(known.sub_regions[code][language], known.vocabulary.sub_regions[code])
        for code in sorted(scope.sub_regions)
    ]


def _items(goods: GoodsScope) -> list[ItemFact]:
    """The items that a row names, with their titles in the newest edition. One query."""
    field = "title_fr" if (get_language() or "").startswith("fr") else "title_en"
    titles = dict(
        ControlListItem.objects.filter(code__in=goods.items, edition__instrument__code="ECL")
        .order_by("edition__consolidated_to")
        .values_list("code", field)
    )
    return [ItemFact(code, titles.get(code, "")) for code in goods.items]


def _questions(row: PolicyRow, known: Register) -> Iterator[QuestionFact]:
    language = get_language() or ""
    for question in row.questions:
        yield QuestionFact(
            text=known.question(question.key)[language],
            asked_by="" if question.policy == row.key else question.policy,
            applies_if_yes=question.applies_if == "yes",
            only_if_end_user_unknown=question.only_if_end_user_unknown,
        )


def _standard_words(row: PolicyRow, known: Register) -> dict[str, str]:
    """What every notice stricter than case by case has besides its own text."""
    if not known.rulebook.bit[row.key] & known.rulebook.strict_notices:
        return {}
    language = get_language() or ""
    return {
        "question": known.standard_questions[GENERAL_PERMIT][language],
        "exception": known.standard_exceptions[MINISTER][language],
        "evidence": _standard_evidence(),
    }


def _standard_evidence() -> str:
    """What exceptional circumstances are shown with. One query."""
    return in_language(PolicyException.objects.get(policy=None, code=MINISTER), "evidence")


ASSUMED_FIELDS = {
    "from": gettext_lazy("in force from"),
    "to": gettext_lazy("in force until"),
    "known_from": gettext_lazy("known from"),
}


def _versions(found: Policy, as_of: AsOf, shown: PolicyVersion | None) -> list[VersionFact]:
    """All versions, newest knowledge first."""
    return [
        VersionFact(
            version,
            is_known=is_known(version, as_of.known_at),
            standing=standing_of(version, as_of.on),
            is_shown=version == shown,
            assumed=tuple(str(ASSUMED_FIELDS[name]) for name in version.assumed),
        )
        for version in reversed(found.versions.all())
    ]
