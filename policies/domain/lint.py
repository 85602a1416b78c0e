"""What is to be settled about a change before, or by, its approval.

A finding that blocks keeps a change from being proposed and approved. `field` is the field of the
form in which it is mended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.days import short_day
from accounts.reasons import is_readable
from history import clock
from policies.choices import (
    Activity,
    ChangeKind,
    EndUserKind,
    ExistingPermits,
    GoodsKind,
    Layer,
    Requirement,
    Stance,
)
from policies.domain.codes import is_written_code
from policies.domain.composing import (
    ALL,
    Composed,
    compose,
    days_ahead,
    days_moved,
    document_of,
    imagine,
    is_another_policy,
    key_of,
    parts_of,
)
from policies.domain.drafting import PENDING, heads_of
from policies.domain.easing import Eased, eased
from policies.domain.items import of_no_list
from policies.domain.parity import Fact, differences
from policies.domain.policy_sets import fault_beside_the_register
from policies.domain.reference.days import day
from policies.domain.reference.files import check_policy
from policies.domain.register import Register, current_register, kept_until_loaded
from policies.domain.resolve import GENERAL_PERMIT, MINISTER, resolve
from policies.domain.scope import joined, lowered
from policies.domain.timeline import GROUPS, items_of_group
from policies.facts import LineFacts, PolicyRow, Scope
from policies.models import Policy, PolicyChange

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `title` says of what kind it is, `words` what was found.

    `part` is the key of that policy of a set which it is about; `policy` and `change` are another
    policy and another change that it names. `closes` is the policy that the draft can be made to
    end, which settles it.
    """

    code: str
    blocks: bool
    title: str
    words: str
    field: str = ""
    closes: str = ""
    part: str = ""
    policy: str = ""
    change: str = ""

    @property
    def anchor(self) -> str:
        """Where on the form that is; a part with several rows is an anchor of its own."""
        return (
            self.field
            if self.field in ("questions", "exceptions", "sources")
            else f"id_{self.field}"
        )


_Claim = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A text in both languages, and the figures in which they differ."""

    name: str
    field: str
    en: str
    fr: str
    differences: tuple[Fact, ...]


def findings(change: PolicyChange, register: Register | None = None) -> list[Finding]:
    """What there is to settle, what blocks first. Fixed queries for a set of any size."""
    found = list(_rationale(change))
    is_set = change.kind == ChangeKind.SET
    parts = parts_of(change)
    taken, unknown = _taken(parts), of_no_list(_codes_named(parts))
    may_compose = True
    for part in parts:
        of_it = [*_shape(part, taken, unknown), *_languages(part, is_checked=_is_checked(change))]
        if any(one.blocks and one.code not in ("retroactive", "languages") for one in of_it):
            may_compose = False
        found += [_named(one, part) for one in of_it] if is_set else of_it
    if may_compose:
        found += _in_the_register(change, parts, register or current_register())
    return sorted(found, key=lambda one: not one.blocks)


MOST_KEPT = 50
"""Drafts, by language, of which the findings are kept."""


@kept_until_loaded
def _kept() -> dict[tuple[Any, ...], list[Finding]]:
    return {}


def findings_shown(change: PolicyChange, register: Register) -> list[Finding]:
    """The findings for a page: of one draft they are found once in a process, until the draft, the
    register, the day or what else is under way is another. Nothing is decided on them. Two queries
    for what is found already.
    """
    pending = PolicyChange.objects.filter(status__in=PENDING).values_list("pk", flat=True)
    of = (
        change.pk,
        change.version,
        change.drafted_at,
        change.status,
        clock.today(),
        get_language(),
        frozenset(pending),
    )
    kept = _kept()
    found = kept.get(of)
    if found is None:
        found = findings(change, register)
        if len(kept) >= MOST_KEPT:
            kept.clear()
        kept[of] = found
    return found


def _is_checked(change: PolicyChange) -> bool:
    """Whether its author says that the figures of both languages were compared by a person."""
    return bool(change.content.get("parity_checked"))


def _named(finding: Finding, part: PolicyChange) -> Finding:
    """A finding about one policy of a set, whose key it names.

    A set may tell of days that have passed: its rationale says why.
    """
    blocks = finding.blocks and finding.code != "retroactive"
    key = key_of(part)
    return replace(finding, words=f"{key}: {finding.words}", field="", part=key, blocks=blocks)


def _block(code: str, title: str, words: str, field: str = "") -> Finding:
    return Finding(code, True, title, words, field)


def _warn(code: str, title: str, words: str, field: str = "") -> Finding:
    return Finding(code, False, title, words, field)


# What the content must hold


def _rationale(change: PolicyChange) -> Iterator[Finding]:
    if not (is_readable(change.rationale_en) and is_readable(change.rationale_fr)):
        yield _block(
            "rationale",
            _("Rationale"),
            _("Say in English and in French why."),
            "rationale_fr" if is_readable(change.rationale_en) else "rationale_en",
        )
    rationale = _pair(_("Rationale"), "rationale_fr", change.rationale_en, change.rationale_fr)
    yield from _figures([rationale], blocks=not _is_checked(change))


def _taken(parts: Iterable[PolicyChange]) -> frozenset[str]:
    """The keys of these contents that a policy has already. One query."""
    keys = [part.content["policy"]["key"] for part in parts if "policy" in part.content]
    return frozenset(Policy.objects.filter(key__in=keys).values_list("key", flat=True))


def _codes_named(parts: Iterable[PolicyChange]) -> Iterator[str]:
    for part in parts:
        goods = part.content.get("policy", {}).get("scope", {}).get("goods", {})
        yield from (*goods.get("items", ()), *goods.get("not_items", ()))


def _shape(
    change: PolicyChange, taken: Collection[str], unknown: Collection[str]
) -> Iterator[Finding]:
    content = change.content
    yield from _days(change)
    if "policy" not in content:
        yield from _instrument(content["instrument"], "")
        return
    policy = content["policy"]
    yield from _policy(change, policy, taken, unknown)
    yield from _instrument(policy["instrument"], policy["layer"])


def _days(change: PolicyChange) -> Iterator[Finding]:
    content, old, today = change.content, change.replaced, clock.today()
    first, last = day(content.get("from")), day(content.get("to"))
    announced = day(content.get("announced_on"))
    title = _("Days")
    if change.kind in (ChangeKind.IMPOSE, ChangeKind.AMEND) and first is None:
        yield _block("days", title, _("Say from which day it applies."), "starts_on")
    if change.kind == ChangeKind.END and last is None:
        yield _block("days", title, _("Say on which day the policy ends."), "ends_on")
    start = None if change.kind in _MOVES_THE_END else first
    if old and old.effective_from and old.effective_from <= today:
        # A policy that has not begun can be called off: it ends before it begins.
        start = old.effective_from if change.kind in _MOVES_THE_END else first
    if start and last and last <= start:
        words = _("The end, %(last)s, must be after the first day, %(first)s.")
        yield _block(
            "days", title, words % {"last": short_day(last), "first": short_day(start)}, "ends_on"
        )
    if change.kind == ChangeKind.AMEND and old and first:
        if old.effective_from and first <= old.effective_from:
            words = _("The policy begins on %(day)s: before that day it is corrected, not amended.")
            yield _block("days", title, words % {"day": short_day(old.effective_from)}, "starts_on")
        if old.effective_to and first >= old.effective_to:
            words = _("The policy ends on %(day)s already: impose a new one instead.")
            yield _block("days", title, words % {"day": short_day(old.effective_to)}, "starts_on")
    if change.kind in _MOVES_THE_END and old:
        yield from _end(change.kind, old.effective_to, last)
    if change.kind == ChangeKind.CORRECT and old and old.effective_from and first is None:
        words = _("Say from which day it applies: it was recorded from %(day)s.")
        yield _block("days", title, words % {"day": short_day(old.effective_from)}, "starts_on")
    yield from _retroactive(change, first, last, today)
    effect = last if change.kind in _MOVES_THE_END else first
    if announced and effect and announced > effect:
        words = _("It takes effect on %(effect)s, before it is announced on %(announced)s.")
        said = {"effect": short_day(effect), "announced": short_day(announced)}
        yield _warn("announced", _("Announced late"), words % said, "announced_on")


def _end(kind: str, before: date | None, last: date | None) -> Iterator[Finding]:
    """An end comes earlier than the one before, an extension later."""
    title = _("Days")
    if last == before:
        yield _block("days", title, _("That is the last day already."), "ends_on")
    elif kind == ChangeKind.EXTEND and (before is None or (last is not None and last < before)):
        yield _block("days", title, _("That would end it earlier: choose to end it."), "ends_on")
    elif kind == ChangeKind.END and before is not None and last is not None and last > before:
        yield _block("days", title, _("That would extend it: choose to extend it."), "ends_on")


_MOVES_THE_END = (ChangeKind.END, ChangeKind.EXTEND)


def _retroactive(
    change: PolicyChange, first: date | None, last: date | None, today: date
) -> Iterator[Finding]:
    old = change.replaced
    if change.kind == ChangeKind.CORRECT:
        starts = min((old and old.effective_from) or date.min, first or date.min)
        if starts < today and is_another_policy(change):
            words = _(
                "Scope or effect would be another for days that have passed, %(days)s. Correct only"
                " what was recorded wrongly; anything else begins today or later."
            )
            days = _("without a first day")
            if starts > date.min:
                days = _("from %(day)s on") % {"day": short_day(starts)}
            yield _warn("retroactive", _("Retroactive"), words % {"days": days}, "starts_on")
        return
    effect, field = first, "starts_on"
    if change.kind in _MOVES_THE_END:
        ends = [one for one in (last, old.effective_to if old else None) if one]
        effect, field = min(ends, default=None), "ends_on"
    if effect is not None and effect < today:
        yield _block(
            "retroactive",
            _("Retroactive"),
            _(
                "It would apply from %(day)s, which has passed. What was recorded wrongly is"
                " corrected, with a reason; anything else begins today or later."
            )
            % {"day": short_day(effect)},
            field,
        )


def _instrument(instrument: Json, layer: str) -> Iterator[Finding]:
    title = _("Instrument")
    for language in ("en", "fr"):
        if not is_readable(instrument.get(f"title_{language}") or ""):
            yield _block(
                "instrument",
                title,
                _("Name the instrument in English and in French."),
                f"instrument_{language}",
            )
            return
    cited = [f"citation_{one}" for one in ("en", "fr") if instrument.get(f"citation_{one}")]
    if len(cited) == 1:
        words = _("It is cited in one language only.")
        missing = "citation_fr" if cited == ["citation_en"] else "citation_en"
        yield _warn("instrument", title, words, missing)
    if layer != Layer.STATUTE and not (cited or instrument.get("url")):
        yield _warn(
            "instrument", title, _("It has neither a citation nor an address yet."), "citation_en"
        )


def _policy(
    change: PolicyChange, policy: Json, taken: Collection[str], unknown: Collection[str]
) -> Iterator[Finding]:
    missing = _("Missing")
    for field, value, words in (
        ("title_en", policy["title_en"], _("Give the policy a title in English.")),
        ("title_fr", policy["title_fr"], _("Give the policy a title in French.")),
        ("activities", policy["scope"]["activities"], _("Choose at least one activity.")),
        (
            "destinations",
            policy["scope"]["destinations"],
            _("Choose destinations, or say that any is meant."),
        ),
        (
            "stance",
            policy["effect"],
            _("Choose the stance on new applications, or the permit requirement."),
        ),
        (
            "existing_en",
            policy["existing_permits"]["en"],
            _("Say in English what it says of permits already issued."),
        ),
        (
            "existing_fr",
            policy["existing_permits"]["fr"],
            _("Say in French what it says of permits already issued."),
        ),
        ("sources", policy["sources"], _("Cite a source: its address, and its words.")),
    ):
        if not value or (isinstance(value, str) and not is_readable(value)):
            yield _block("missing", missing, words, field)
    goods = policy["scope"]["goods"]
    if goods["kind"] == GoodsKind.ITEMS and not goods.get("items") and not goods.get("from"):
        yield _block("missing", missing, _("Name the items of the lists that are meant."), "items")
    for code in (*goods.get("items", ()), *goods.get("not_items", ())):
        if not is_written_code(code):
            words = _("%(code)s has not the form of an item.") % {"code": code}
            yield _block("items", _("Items"), words, "items")
        elif code in unknown:
            words = _("%(code)s is no item of a control list: no application can name it.")
            yield _warn("items", _("Items"), words % {"code": code}, "items")
    for kind, field in (("questions", "questions"), ("exceptions", "exceptions")):
        for one in policy[kind]:
            if "of" not in one and not all(
                is_readable(one.get(name) or "") for name in _WORDS[kind]
            ):
                yield _block(
                    "missing",
                    missing,
                    _("Write each question and exception in English and in French, with the"
                      " evidence that an exception takes."),
                    field,
                )  # fmt: skip
    yield from _requirement(policy["effect"])
    if policy["existing_permits"]["action"] == ExistingPermits.UNSTATED:
        yield _warn(
            "existing",
            _("Existing permits"),
            _("It is not stated what happens to permits already issued."),
            "existing_action",
        )
    if bool(policy["notes"]) is not bool(change.content.get("notes_fr")):
        field = "notes_en" if change.content.get("notes_fr") else "notes_fr"
        yield _warn("note", _("Note"), _("The note is in one language only."), field)
    if change.kind == ChangeKind.AMEND and not is_another_policy(change):
        yield _block(
            "nothing",
            _("No change"),
            _("Scope and effect are as they were: extend, end or correct the policy instead."),
            "stance",
        )
    yield from _key(change, policy["key"], taken)


def _requirement(effect: Json) -> Iterator[Finding]:
    """A requirement comes from a list; a general permit from none, and it stands in for others."""
    requirement, control = effect.get("requirement"), effect.get("control")
    is_general = requirement == Requirement.GENERAL_PERMIT and not control
    title = _("Permit requirement")
    if control and not requirement:
        words = _("Choose the permit that the list requires, or no list.")
        yield _block("requirement", title, words, "requirement")
    if requirement and not control and not is_general:
        words = _("Say from which list the requirement comes: without one it has no effect.")
        yield _block("requirement", title, words, "control")
    if is_general and not effect.get("covers"):
        words = _("Say for which permits the general permit stands in.")
        yield _block("requirement", title, words, "covers")
    if effect.get("covers") and not is_general:
        words = _("Only a general permit, which comes from no list, stands in for others.")
        yield _block("requirement", title, words, "covers")


_WORDS = {"questions": ("en", "fr"), "exceptions": ("en", "fr", "evidence_en", "evidence_fr")}


def _key(change: PolicyChange, key: str, taken: Collection[str]) -> Iterator[Finding]:
    title = _("Key")
    if change.kind == ChangeKind.CORRECT and not is_another_policy(change):
        if change.policy and key != change.policy.key:
            words = _("What keeps its scope and effect keeps its key, %(key)s.")
            yield _block("key", title, words % {"key": change.policy.key}, "key")
        return
    if not key:
        yield _block("key", title, _("Give it a key, such as TR-2020-10-05-suspension."), "key")
    elif key in taken:
        words = _("There is a policy with the key %(key)s already.")
        yield _block("key", title, words % {"key": key}, "key")


# Both languages


def pairs(change: PolicyChange, some: slice = ALL) -> Iterator[Pair]:
    """Every text of the change in both languages; of a set, that of some of its policies."""
    yield _pair(_("Rationale"), "rationale_fr", change.rationale_en, change.rationale_fr)
    for part in parts_of(change, some):
        for pair in _pairs_of_policy(part.content):
            yield pair if part is change else replace(pair, name=f"{key_of(part)}: {pair.name}")


def _pairs_of_policy(content: Json) -> Iterator[Pair]:
    instrument = content.get("policy", content)["instrument"]
    yield _pair(_("Instrument"), "instrument_fr", *_both(instrument, "title"))
    yield _pair(_("Citation"), "citation_fr", *_both(instrument, "citation"))
    policy = content.get("policy")
    if policy is None:
        return
    yield _pair(_("Title"), "title_fr", *_both(policy, "title"))
    existing = policy["existing_permits"]
    yield _pair(_("Existing permits"), "existing_fr", existing["en"], existing["fr"])
    yield _pair(_("Note"), "notes_fr", policy["notes"], content.get("notes_fr"))
    for one in policy["questions"]:
        if "of" not in one:
            yield _pair(_("Question"), "questions", one.get("en"), one.get("fr"))
    for one in policy["exceptions"]:
        yield _pair(_("Exception"), "exceptions", one.get("en"), one.get("fr"))
        yield _pair(_("Evidence"), "exceptions", one.get("evidence_en"), one.get("evidence_fr"))


def _both(row: Json, name: str) -> tuple[str | None, str | None]:
    return row.get(f"{name}_en"), row.get(f"{name}_fr")


def _pair(name: str, field: str, english: str | None, french: str | None) -> Pair:
    en, fr = english or "", french or ""
    return Pair(name, field, en, fr, tuple(differences(en, fr)) if en and fr else ())


def _languages(change: PolicyChange, *, is_checked: bool) -> Iterator[Finding]:
    """What the register says already, and what a person compared, only warns."""
    known: set[tuple[str, str]] = set()
    if change.policy is not None:
        now = {"policy": document_of(change.policy), "notes_fr": change.policy.notes_fr}
        known = {(one.en, one.fr) for one in _pairs_of_policy(now)}
    texts = list(_pairs_of_policy(change.content))
    new = (one for one in texts if (one.en, one.fr) not in known)
    yield from _figures(new, blocks=not is_checked)
    yield from _figures((one for one in texts if (one.en, one.fr) in known), blocks=False)


def _figures(texts: Iterable[Pair], *, blocks: bool) -> Iterator[Finding]:
    """Figures that only one of two texts has."""
    for pair in texts:
        if not pair.differences:
            continue
        one = pair.differences[0]
        words = (
            _("%(name)s: %(value)s is in the English text and not in the French one.")
            if one.missing_in == "fr"
            else _("%(name)s: %(value)s is in the French text and not in the English one.")
        )
        said = words % {"name": pair.name, "value": one.value}
        yield Finding("languages", blocks, _("Languages differ"), said, pair.field)


# Beside the other policies


def _in_the_register(
    change: PolicyChange, parts: Sequence[PolicyChange], register: Register
) -> Iterator[Finding]:
    """What the change says beside the policies that there are. Nothing after what blocks."""
    faults = list(_faults(parts, is_set=change.kind == ChangeKind.SET))
    if faults:
        yield from faults
        return
    composed = compose(change, at=clock.now())
    if any(one.writes_nothing for one in composed):
        yield _block("nothing", _("No change"), _("Nothing in it differs from the register."))
        return
    try:
        after = imagine(register, composed)
    except ValueError as fault:
        yield _unfit(str(fault))
        return
    days = days_ahead(composed, clock.today(), after.rulebook.calendar.days)
    pending = _pending(change, parts)
    claims = _by_claim(after.rulebook.rows)
    is_set = change.kind == ChangeKind.SET
    for part, one in zip(parts, composed, strict=True):
        found = list(_beside_others(change, part, one, (register, after), claims, days))
        if part.policy is not None:
            found = [*pending[part.policy.pk], *found]
        yield from (replace(of, part=key_of(part)) for of in found) if is_set else found
    corrections = [
        one for part, one in zip(parts, composed, strict=True) if part.kind == ChangeKind.CORRECT
    ]
    if any(one.corrected for one in corrections):
        yield _warn(
            "words",
            _("Correction"),
            _(
                "Words are put right where they stand: the register gives the new ones also as"
                " known before today. What they were is told by this change and by the history."
            ),
        )
    if any(one.closes for one in corrections):
        yield _warn(
            "correction",
            _("Correction"),
            _(
                "What was believed stays readable as known before today. Decisions made in the"
                " corrected days, and what loosened a permit or was done in a sweep on them, are"
                " listed below, and stay as they are."
            ),
        )
    if corrections:
        # What has passed can become less strict by a correction alone.
        days = days_ahead(composed, _first_moved(composed), after.rulebook.calendar.days)
    yield from _less_strict(change, eased(composed, register, after, days))


def _beside_others(
    change: PolicyChange,
    part: PolicyChange,
    composed: Composed,
    registers: tuple[Register, Register],
    claims: Mapping[_Claim, Sequence[PolicyRow]],
    days: Sequence[date],
) -> Iterator[Finding]:
    """What one policy of the change says beside the others, in the registers before and after."""
    register, after = registers
    for row in _written(composed, after):
        for other, on in _contradicted(row, claims[_claim(row)], register):
            found = _overlap(change, other, on)
            yield replace(found, policy=other.key) if other.key in register.policies else found
    if composed.enters is not None:
        row = after.rulebook.row[composed.enters.key]
        yield from _regions(row.scope, register)
        if composed.closes is not None:
            before = register.rulebook.row[composed.closes.policy.key]
            yield from _ways_out(before, row, after)
        if days and not any(_governs(row.key, after, on) for on in days):
            yield _warn(
                "idle",
                _("No effect"),
                _(
                    "Other policies are as strict wherever %(key)s applies: it decides nothing"
                    " by itself."
                )
                % {"key": row.key},
                "stance",
            )
    yield from _of_the_law(part)


def _first_moved(parts: Iterable[Composed]) -> date:
    return min((start or date.min for start, _end in days_moved(parts)), default=clock.today())


def _faults(parts: Sequence[PolicyChange], *, is_set: bool) -> Iterator[Finding]:
    """What the reference loader would refuse, of the register with the change in it."""
    documents = [part.content["policy"] for part in parts if "policy" in part.content]
    for document in documents:
        key = document["key"]
        fault = check_policy(document)
        if fault:
            yield _unfit(f"{key}, {fault}", key if is_set else "")
        taken = _codes(document["questions"]) & {GENERAL_PERMIT}
        taken |= _codes(document["exceptions"]) & {MINISTER}
        for code in sorted(taken):
            words = _("every notice has the code %(code)s") % {"code": code}
            yield _unfit(words, key if is_set else "")
    if documents:
        fault = fault_beside_the_register(documents)
        if fault:
            yield _unfit(fault)
    heads = heads_of(part.policy for part in parts if part.policy is not None)
    words = (
        _(
            "%(key)s was changed since the file was compared with it. Withdraw this change, and"
            " take in a file that begins from what the policy says now."
        )
        if is_set
        else _(
            "%(key)s was changed since this was drafted. Edit the draft, compare it with"
            " what the policy says now, and keep it again."
        )
    )
    for part in parts:
        if part.policy is not None and part.content.get("head") != heads[part.policy.stream]:
            key = part.policy.key
            found = _block("moved", _("Changed since"), words % {"key": key})
            yield replace(found, policy=key, part=key if is_set else "")


def _codes(rows: Iterable[Json]) -> set[str]:
    return {one["code"] for one in rows}


def _unfit(fault: str, part: str = "") -> Finding:
    words = _("The register could not hold it: %(fault)s.") % {"fault": fault}
    return replace(_block("form", _("Form"), words), part=part)


def _of_the_law(part: PolicyChange) -> Iterator[Finding]:
    """A change to a row that is law by itself, and not a policy of the Minister."""
    layers = {
        layer
        for layer in (
            part.policy.layer if part.policy else "",
            part.content.get("policy", {}).get("layer", ""),
        )
        if layer and layer != Layer.NOTICE
    }
    for layer in sorted(layers):
        words = _("This row is of the layer “%(layer)s”: only its own instrument changes it.")
        said = {"layer": str(Layer(layer).label).lower()}
        field = "layer" if "policy" in part.content else ""
        yield replace(
            _warn("law", _("Law"), words % said, field),
            policy=part.policy.key if part.policy else "",
        )


def _pending(change: PolicyChange, parts: Iterable[PolicyChange]) -> dict[int, list[Finding]]:
    """Other changes to the same policies that are under way, by policy. One query."""
    found: dict[int, list[Finding]] = defaultdict(list)
    policies = {part.policy.key: part.policy.pk for part in parts if part.policy is not None}
    others = PolicyChange.objects.filter(
        Q(policy__in=policies.values()) | Q(kind=ChangeKind.SET), status__in=PENDING
    )
    for number, key, content in (
        others.exclude(pk=change.pk).order_by("pk").values_list("number", "policy__key", "content")
    ):
        keys = [key] if key else [row["key"] for row in content["changes"]]
        for policy in (policies[one] for one in keys if one in policies):
            if len(found[policy]) < MOST_NAMED:
                words = _("%(number)s is to change the same policy.") % {"number": number}
                told = _warn("pending", _("Another change"), words)
                found[policy].append(replace(told, change=number))
    return found


def _claim(row: PolicyRow) -> _Claim:
    """What a row speaks to, but for activities."""
    scope = row.scope
    return (
        row.layer,
        scope.goods,
        scope.destinations,
        scope.sub_regions,
        scope.lists,
        scope.end_user_kinds,
        scope.designated,
        scope.eipa_4_1,
        scope.wmd_end_use,
    )


def _by_claim(rows: Iterable[PolicyRow]) -> dict[_Claim, list[PolicyRow]]:
    found: dict[_Claim, list[PolicyRow]] = defaultdict(list)
    for row in rows:
        found[_claim(row)].append(row)
    return found


def _written(part: Composed, after: Register) -> Iterator[PolicyRow]:
    """The rows to which a part gives days: the one that it enters, and the one whose days move."""
    for policy in (part.enters, part.follows.policy if part.follows else None):
        if policy is not None:
            yield after.rulebook.row[policy.key]


def _contradicted(
    row: PolicyRow, alike: Iterable[PolicyRow], before: Register
) -> Iterator[tuple[PolicyRow, date]]:
    """Rows that claim the same as one of their layer and say something else on any of its days.

    With each the first such day. Stretches in which both stood against each other before are left
    out.
    """
    known = before.rulebook.row
    for other in alike:
        if (
            other.key != row.key
            and other.scope.activities & row.scope.activities
            and (other.stance, other.requirement) != (row.stance, row.requirement)
            and not other.questions
            and not row.questions
        ):
            were = [*_together(known.get(row.key), known.get(other.key))]
            new = (
                start
                for start, end in _together(row, other)
                if not any(first <= start and end <= last for first, last in were)
            )
            on = next(new, None)
            if on is not None:
                yield other, on


def _together(row: PolicyRow | None, other: PolicyRow | None) -> Iterator[tuple[date, date]]:
    """The stretches of days, half open, on which both are in force as known now."""
    both = [[] if one is None else [*_stretches(one)] for one in (row, other)]
    for (start, end), (first, last) in product(*both):
        if max(start, first) < min(end, last):
            yield max(start, first), min(end, last)


def _stretches(row: PolicyRow) -> Iterator[tuple[date, date]]:
    for span in row.spans:
        if span.known_to is None:
            yield span.effective_from or date.min, span.effective_to or date.max


def _overlap(change: PolicyChange, other: PolicyRow, on: date) -> Finding:
    """The draft of a new policy can be made to end one that has begun before."""
    words = _("From %(day)s, %(key)s claims the same and says something else. Amend or end it.")
    said = {"day": short_day(on), "key": other.key}
    found = _block("overlap", _("Overlap"), words % said, "destinations")
    has_begun = any(
        span.known_to is None and (span.effective_from or date.min) < on for span in other.spans
    )
    if change.kind == ChangeKind.IMPOSE and has_begun:
        return replace(found, closes=other.key)
    return found


def _ways_out(before: PolicyRow, row: PolicyRow, after: Register) -> Iterator[Finding]:
    """Exceptions that a policy did not have, or not for so long."""
    had = {one.code: one.until or date.max for one in before.exceptions}
    for one in row.exceptions:
        named = after.exception(row.key, one.code)
        if named and (one.until or date.max) > had.get(one.code, date.min):
            words = _(
                "The exception “%(words)s” is new, or lasts longer: where it is accepted, the"
                " policy does not apply. Say in the rationale that this is meant."
            )
            said = {"words": named[get_language() or ""]}
            yield _warn("gap", _("Less strict"), words % said, "exceptions")


def _regions(scope: Scope, register: Register) -> Iterator[Finding]:
    for region in sorted(scope.sub_regions):
        country = register.vocabulary.sub_regions[region]
        if scope.destinations is not None and country not in scope.destinations:
            words = _("%(region)s is not a region of the destinations chosen.")
            named = register.sub_regions[region][get_language() or ""]
            yield _block("region", _("Regions"), words % {"region": named}, "sub_regions")


MOST_NAMED = 3


def _less_strict(change: PolicyChange, found: Iterable[Eased]) -> Iterator[Finding]:
    """Goods to places that nothing restricts any more, or less than before, from which day."""
    field = "ends_on" if change.kind in _MOVES_THE_END else "items"
    for one in found:
        places = list(one.where[:MOST_NAMED])
        if len(one.where) > MOST_NAMED:
            places.append(_("%(count)d more") % {"count": len(one.where) - MOST_NAMED})
        said = {
            "what": _what(one),
            "activity": str(Activity(one.activity).label).lower(),
            "where": joined(places),
            "met": _met(one),
            "day": short_day(one.on),
        }
        words = _(
            "From %(day)s, %(where)s, %(activity)s, %(what)s: less strict, %(met)s."
            " Say in the rationale that this is meant."
        )
        told = _warn("gap", _("Less strict"), words % said, field)
        is_set = change.kind == ChangeKind.SET
        yield replace(told, part=one.policies[0] if is_set else "")


def _what(eased: Eased) -> str:
    """The goods, and under which circumstances."""
    under = list(eased.only)
    if eased.end_users:
        kinds = joined([lowered(str(EndUserKind(one).label)) for one in eased.end_users])
        under.insert(0, _("end-user: %(kinds)s") % {"kinds": kinds})
    goods = joined(eased.what)
    return f"{goods} ({'; '.join(under)})" if under else goods


def _met(eased: Eased) -> str:
    words = f"{Stance(eased.stance).label}, {Requirement(eased.requirement).label}".lower()
    if eased.stance_if_open != eased.stance:
        words += " " + _("(if a question is answered so: %(stance)s)") % {
            "stance": str(Stance(eased.stance_if_open).label).lower()
        }
    return words


def _governs(key: str, after: Register, on: date) -> bool:
    """Whether a row decides the stance anywhere. Only where it names places is that looked at."""
    row = after.rulebook.row[key]
    if row.scope.destinations is None or row.stance is None or row.scope.goods.kind == "eipa_4_1":
        return True
    items = [items_of_group(after, group) for group in GROUPS]
    items += [(code,) for code in row.scope.goods.items]
    regions: list[str | None] = [None, *sorted(row.scope.sub_regions)]
    kinds = sorted(row.scope.end_user_kinds) or ["private"]
    return any(
        key in resolve(
            LineFacts(activity, code, region, codes, end_user=kind,
                      answers={one.key: one.applies_if for one in row.questions},
                      designated_under=frozenset({key}) if row.scope.designated else frozenset()),
            after.rulebook, on=on,
        ).governing
        for activity in sorted(row.scope.activities)
        for code in sorted(row.scope.destinations)
        for region in regions
        for codes in items
        for kind in kinds
    )  # fmt: skip
