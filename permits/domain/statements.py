"""What people state on a case, and what of it counts.

Whatever makes a ruling or the gate less strict counts only after a second person countersigned it,
and only while what it was said about is as it was. What makes them stricter counts at once, and
until it is replaced by something that counts. An answer and an exception are said of the words that
their policy had: other words under the same key make them stale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, cast

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.exceptions import NotPermitted, Refused
from accounts.models import RoleGrant, User
from accounts.reasons import checked_reason, is_readable
from history import clock
from history.domain.door import Conflict
from permits.choices import STRICTER, Flag, PartyRole, Screened, StatementKind
from permits.domain.casefile import CaseFile, once, read_file, reworded_since
from permits.domain.casework import Work, acting, afresh, last_edit_of
from permits.domain.digests import digest, line_content, party_content, transaction_content
from permits.models import Application, Document, Statement
from permits.verbs import Verb
from permits.workflow import TRANSITIONS, Action
from policies.choices import Answer, EndUserKind
from policies.domain.by_hand import people_behind
from policies.domain.register import current_register
from policies.facts import YesNo

YES, NO = Answer.YES.value, Answer.NO.value
CLAIMED = "claimed"
RESIDENT, NOT_RESIDENT = "resident", "not_resident"
ON_FILE = "on_file"
WAIVED = "waived"
RAISED, NOT_PREJUDICIAL, PREJUDICIAL = "raised", "not_prejudicial", "prejudicial"

VALUES: Mapping[str, frozenset[str]] = {
    StatementKind.ANSWER: frozenset({YES, NO}),
    StatementKind.EXCEPTION: frozenset({CLAIMED}),
    StatementKind.FLAG: frozenset({YES, NO}),
    StatementKind.END_USER: frozenset(EndUserKind.values),
    StatementKind.ELIGIBILITY: frozenset({RESIDENT, NOT_RESIDENT}),
    StatementKind.SCREENING: frozenset(Screened.values),
    StatementKind.AUTHORIZATION: frozenset({ON_FILE}),
    StatementKind.WAIVER: frozenset({WAIVED}),
    StatementKind.STATE_SAFETY: frozenset({RAISED, NOT_PREJUDICIAL, PREJUDICIAL}),
}
"""What can be said, by kind."""

_ORDERED: Mapping[str, tuple[str, ...]] = {
    StatementKind.END_USER: (EndUserKind.UNKNOWN, EndUserKind.PRIVATE),
    StatementKind.STATE_SAFETY: (RAISED, PREJUDICIAL),
}
"""Of `STRICTER`, what comes first is the less strict of what is stricter than all else."""


def counts_alone(kind: str, value: str) -> bool:
    """Whether a statement can count with one signature."""
    return (kind, value) in STRICTER


def is_stricter(file: CaseFile, said: Said) -> bool:
    """Whether a statement counts with one signature on this case.

    One that says less than what counts now loosens: a party listed under fewer instruments, a
    private end-user who is now unknown.
    """
    if not counts_alone(said.kind, said.value):
        return False
    before = counted(file)
    if said.kind == StatementKind.SCREENING:
        return set(before.listed_under(int(said.key.split(":")[1]))) <= set(said.policies)
    now = before.value(said.kind, said.key)
    if said.kind == StatementKind.END_USER and now is None:
        now = file.application.end_user_kind
    order = _ORDERED.get(said.kind, ())
    return now not in order or order.index(now) <= order.index(said.value)


# Keys


def flag_key(line: int, flag: Flag) -> str:
    return f"line:{line}:{flag.value}"


def party_key(party: int) -> str:
    return f"party:{party}"


def authorization_key(party: int, policy: str) -> str:
    return f"party:{party}:{policy}"


END_USER_KEY = "end_user"
APPLICANT_KEY = "applicant"
STATE_SAFETY_KEY = "7.2"


# What a statement is about


def basis_of(file: CaseFile, kind: str, key: str) -> str:
    """The digest of what a statement of that kind and key is about, as it is now."""
    return digest({"kind": kind, "key": key, "about": _about(file, kind, key)})


def _about(file: CaseFile, kind: str, key: str) -> dict[str, object]:
    match kind:
        case StatementKind.FLAG if key.endswith(f":{Flag.WMD_END_USE.value}"):
            # It is about who uses the goods, where and for what.
            return transaction_content(file)
        case StatementKind.FLAG:
            line = file.line(int(key.split(":")[1]))
            return line_content(line) if line else {}
        case StatementKind.SCREENING:
            number = int(key.split(":")[1])
            party = next((one for one in file.parties if one.pk == number), None)
            return party_content(party) if party else {}
        case StatementKind.ELIGIBILITY:
            return {"parties": [party_content(one) for one in file.parties_as(PartyRole.APPLICANT)]}
        case StatementKind.END_USER:
            return {
                "declared": file.application.end_user_kind,
                "parties": [party_content(one) for one in file.parties_as(PartyRole.END_USER)],
            }
        case StatementKind.WAIVER:
            from permits.domain import requirements  # noqa: PLC0415 - it asks here what is waived

            # What is waived of a party is what it lacked then, and no more.
            lacking = requirements.lacking_of(file, key)
            return {**transaction_content(file), **({"lacking": lacking} if lacking else {})}
        case _:
            return transaction_content(file)


# What counts


@dataclass(frozen=True, slots=True)
class Standing:
    """A statement and how it stands: whether it counts, waits for a second person, or is stale."""

    statement: Statement
    is_stale: bool

    @property
    def counts(self) -> bool:
        if self.statement.counts_alone:
            return True
        if self.statement.countersigned_at is None:
            return False
        return not self.is_stale or counts_alone(self.statement.kind, self.statement.value)

    @property
    def waits(self) -> bool:
        return not self.statement.counts_alone and self.statement.countersigned_at is None

    @property
    def takes_a_second(self) -> bool:
        """Whether a second person can stand by it: also by one that lists a party, which counts at
        once but screens nobody with one signature."""
        return self.waits or (
            self.statement.kind == StatementKind.SCREENING
            and self.statement.countersigned_at is None
        )


@once
def standing(file: CaseFile) -> tuple[Standing, ...]:
    """Every statement on file and how it stands, in the order in which they were made."""
    return _standing(file, None)


def _standing(file: CaseFile, at: datetime | None) -> tuple[Standing, ...]:
    bases: dict[tuple[str, str], str] = {}
    found = []
    for statement in file.statements:
        about = statement.kind, statement.key
        if about not in bases:
            bases[about] = basis_of(file, *about)
        is_stale = statement.basis != bases[about] or reworded_since(file, statement, by=at)
        found.append(Standing(statement, is_stale))
    return tuple(found)


class Counted:
    """The statements that count, asked by what they are about.

    Where one that was countersigned and one that counts alone stand for the same key, the one that
    counts alone is the stricter, and counts. A raised flag of a line that was removed stands for
    every line of which two people say nothing else: the same goods may be entered anew.
    """

    def __init__(self, statements: Collection[Statement], lines: Collection[int]) -> None:
        self._of_removed: set[str] = set()
        self._said: dict[tuple[str, str], Statement] = {}
        for one in statements:
            known = self._said.get((one.kind, one.key))
            if one.kind == StatementKind.FLAG and one.value == YES:
                _line, number, flag = one.key.split(":")
                if int(number) not in lines:
                    self._of_removed.add(flag)
            # Of two, the stricter: it counts alone until it is set aside.
            if known is None or one.counts_alone:
                self._said[one.kind, one.key] = one

    def value(self, kind: str, key: str) -> str | None:
        found = self._said.get((kind, key))
        return found.value if found else None

    def flag(self, line: int, flag: Flag) -> bool | None:
        said = self.value(StatementKind.FLAG, flag_key(line, flag))
        if said is None:
            return True if flag.value in self._of_removed else None
        return said == YES

    @property
    def end_user(self) -> str | None:
        return self.value(StatementKind.END_USER, END_USER_KEY)

    @property
    def eligibility(self) -> str | None:
        return self.value(StatementKind.ELIGIBILITY, APPLICANT_KEY)

    @property
    def state_safety(self) -> str | None:
        return self.value(StatementKind.STATE_SAFETY, STATE_SAFETY_KEY)

    @cached_property
    def answers(self) -> Mapping[str, YesNo]:
        """By question's key."""
        return {
            key: cast("YesNo", one.value)
            for (kind, key), one in self._said.items()
            if kind == StatementKind.ANSWER
        }

    @cached_property
    def exceptions(self) -> frozenset[tuple[str, str]]:
        """Accepted exceptions: policy and code."""
        keys = (key for kind, key in self._said if kind == StatementKind.EXCEPTION)
        return frozenset((key.rpartition(":")[0], key.rpartition(":")[2]) for key in keys)

    def listed_under(self, party: int) -> tuple[str, ...]:
        """The keys of the policies whose instruments list the party."""
        found = self._said.get((StatementKind.SCREENING, party_key(party)))
        return tuple(found.policies) if found and found.value == Screened.LISTED else ()

    @property
    def listed(self) -> list[Statement]:
        """The statements by which a party is listed, also of one that was removed since."""
        return [
            one
            for (kind, _key), one in self._said.items()
            if kind == StatementKind.SCREENING and one.value == Screened.LISTED
        ]

    def is_authorised(self, party: int, policy: str) -> bool:
        key = authorization_key(party, policy)
        return self.value(StatementKind.AUTHORIZATION, key) is not None

    def is_waived(self, fact: str) -> bool:
        return self.value(StatementKind.WAIVER, fact) is not None


@once
def counted(file: CaseFile) -> Counted:
    """What counts of the statements on file."""
    return _counted(file, standing(file))


def counted_at(file: CaseFile, at: datetime | None) -> Counted:
    """The same as it was known at an instant: words that a policy was given since make nothing
    stale then."""
    if at is None or not any(
        reworded_since(file, one) and not reworded_since(file, one, by=at)
        for one in file.statements
    ):
        return counted(file)
    return _counted(file, _standing(file, at))


def _counted(file: CaseFile, found: Iterable[Standing]) -> Counted:
    lines = {line.number for line in file.lines}
    return Counted([one.statement for one in found if one.counts], lines)


@once
def screened_by_two(file: CaseFile) -> frozenset[str]:
    """The keys of the parties that two people screened, as they are now; one that is listed too."""
    return frozenset(
        one.statement.key
        for one in standing(file)
        if one.statement.kind == StatementKind.SCREENING
        and one.statement.countersigned_at is not None
        and not one.is_stale
    )


def as_stated_now(file: CaseFile) -> CaseFile:
    """The file without what still counts although it was said of what is otherwise now; the file
    itself where nothing is.

    It keeps the gate shut until it is stated anew; whoever refuses names what is so today.
    """
    gone = {one.statement for one in standing(file) if one.is_stale and one.counts}
    kept = tuple(one for one in file.statements if one not in gone)
    return replace(file, statements=kept) if gone else file


@once
def contradictions(file: CaseFile) -> tuple[Statement, ...]:
    """Answers that say otherwise than the one that counts, and wait for a second person.

    Which of yes and no is stricter, only the policy knows: neither is passed over.
    """
    stated = counted(file)
    return tuple(
        one.statement
        for one in standing(file)
        if one.waits
        and one.statement.kind == StatementKind.ANSWER
        and stated.value(one.statement.kind, one.statement.key) not in (None, one.statement.value)
    )


@once
def left_behind(file: CaseFile) -> frozenset[Statement]:
    """Of the answers that wait, those whose maker works on no case any more, or not on this one,
    for a conflict of interest.

    A password that is still to be changed takes no role away. At most one query.
    """
    found = [
        one.statement
        for one in standing(file)
        if one.waits and one.statement.kind == StatementKind.ANSWER
    ]
    if not found:
        return frozenset()
    grants = RoleGrant.objects.in_force(clock.today()).filter(
        person__in={one.made_by_id for one in found}, role__in=TRANSITIONS[Action.STATE].roles
    )
    here = set(grants.values_list("person", flat=True))
    here -= {one.person_id for one in file.conflicts}
    return frozenset(one for one in found if one.made_by_id not in here)


# Acts


@dataclass(frozen=True, slots=True)
class Said:
    """A statement to be made. `policies`: the instruments that list a party."""

    kind: StatementKind
    key: str
    value: str
    reason: str
    source: str = ""
    document: Document | None = None
    policies: tuple[str, ...] = ()


def state(application: Application, said: Said, *, by: User, seen: int | None = None) -> Statement:
    """Makes a statement. One that loosens waits for a second person.

    It takes the place of one that waits for the same key; one that counts alone takes the place of
    all. `seen` is the last edit of the application that was looked at (`last_edit_of`): nobody
    stands by what was edited since. Raises ValidationError for what cannot be said, NotPermitted
    (also where somebody else's other answer waits for that key and is not theirs to drop), Refused,
    Conflict.
    """
    reason = checked_reason(said.reason)
    with acting(Action.STATE, application, by=by) as work:
        if seen is not None and (edited := last_edit_of(work.application)) != seen:
            raise Conflict(application, head=edited)
        file = read_file(work.application)
        check_said(file, said)
        alone = is_stricter(file, said)
        now = clock.now()
        entry = work.record(
            Verb.STATED, reason=reason, data={"kind": said.kind.value, "key": said.key}
        )
        for old in _of_key(file, said.kind, said.key):
            if alone or Standing(old, is_stale=False).waits:
                _refuse_to_drop(file, old, by=by, said_instead=said.value)
                entry.set(old, set_aside_by=by, set_aside_at=now)
        made = Statement(
            application=work.application,
            kind=said.kind,
            key=said.key,
            value=said.value,
            policies=sorted(said.policies),
            reason=reason,
            source=said.source.strip(),
            document=said.document,
            basis=basis_of(file, said.kind, said.key),
            counts_alone=alone,
            made_by=by,
            made_at=now,
        )
        entry.add(made)
    return made


def check_said(file: CaseFile, said: Said) -> None:
    """Raises ValidationError, by field, for what cannot be said on this case."""
    faults: dict[str, str] = {}
    if said.value not in VALUES[said.kind]:
        faults["value"] = _("Choose one of the values offered.")
    if not is_there(file, said.kind, said.key):
        faults["key"] = _("This is about nothing on this application.")
    if said.document is not None and said.document not in file.documents:
        faults["document"] = _("Choose a document of this application.")
    needs_source = said.kind in (StatementKind.SCREENING, StatementKind.ELIGIBILITY)
    if needs_source and not is_readable(said.source):
        faults["source"] = _("Name the source that was looked at.")
    needs_evidence = said.kind in (StatementKind.EXCEPTION, StatementKind.AUTHORIZATION)
    if needs_evidence and said.document is None:
        faults["document"] = _("Attach the evidence as a document and choose it here.")
    if said.kind == StatementKind.SCREENING:
        listed = said.value == Screened.LISTED
        if listed and not said.policies:
            faults["policies"] = _("Name the instrument under which the party is listed.")
        elif said.policies and not listed:
            faults["policies"] = _("Only a listed party has instruments.")
        elif not set(said.policies) <= listing_policies():
            faults["policies"] = _("Choose instruments that list persons.")
    if faults:
        raise ValidationError(faults)


def listing_policies() -> frozenset[str]:
    """The keys of the policies whose instruments list persons."""
    return frozenset(row.key for row in current_register().rulebook.rows if row.scope.designated)


def is_there(file: CaseFile, kind: str, key: str) -> bool:
    """Whether the key names something on this case that a statement of that kind can be about.

    What a line was stated to be, or of a party, can be stated anew once it is gone: that may be all
    that the gate waits for.
    """
    if kind in (StatementKind.FLAG, StatementKind.SCREENING) and _of_key(file, kind, key):
        return True
    match kind:
        case StatementKind.ANSWER:
            return current_register().has_question(key)
        case StatementKind.FLAG:
            head, _colon, flag = key.rpartition(":")
            return flag in Flag.values and any(head == f"line:{one.number}" for one in file.lines)
        case StatementKind.SCREENING:
            return any(key == party_key(one.pk) for one in file.parties)
        case StatementKind.AUTHORIZATION:
            party, _colon, policy = key.rpartition(":")
            known = policy in current_register().policies
            return known and any(party == party_key(one.pk) for one in file.parties)
        case StatementKind.EXCEPTION:
            policy, _colon, code = key.rpartition(":")
            return current_register().exception(policy, code) is not None
        case StatementKind.END_USER:
            return key == END_USER_KEY
        case StatementKind.ELIGIBILITY:
            return key == APPLICANT_KEY
        case StatementKind.STATE_SAFETY:
            return key == STATE_SAFETY_KEY
        case _:
            from permits.domain import requirements  # noqa: PLC0415 - it asks here what is waived

            facts = requirements.required_facts(file, clock.today())
            return any(key == fact.key and fact.may_be_waived for fact in facts)


def _of_key(file: CaseFile, kind: str, key: str) -> list[Statement]:
    return [one for one in file.statements if (one.kind, one.key) == (kind, key)]


def refuse_to_countersign(file: CaseFile, statement: Statement, *, by: User) -> None:
    """Raises NotPermitted where this person may not countersign it, Refused where nobody may."""
    if statement.set_aside_at is not None:
        raise Refused(_("This statement was set aside."))
    if statement.counts_alone and statement.kind != StatementKind.SCREENING:
        raise Refused(_("This makes the case stricter and counts without a second person."))
    if statement.countersigned_at is not None:
        raise Refused(_("This statement is countersigned already."))
    if statement.made_by_id == by.pk:
        raise NotPermitted(_("You made this statement. A second person must countersign it."))
    policies = _policies_of(statement)
    if policies and by.pk in people_behind(policies):
        raise NotPermitted(
            _(
                "You drafted or approved this policy: another person countersigns answers,"
                " exceptions and authorizations to it."
            )
        )
    if statement.basis != basis_of(file, statement.kind, statement.key) or reworded_since(
        file, statement
    ):
        raise Refused(_("What it is about has changed since. It must be stated anew."))


def _policies_of(statement: Statement) -> set[str]:
    """The policy that a statement answers, or takes out; none where it is about the case."""
    policy, _colon, last = statement.key.rpartition(":")
    match statement.kind:
        case StatementKind.EXCEPTION | StatementKind.ANSWER:
            return {policy}
        case StatementKind.AUTHORIZATION:
            return {last}
        case _:
            return set()


def countersign(statement: Statement, *, by: User, seen: int | None = None) -> Statement:
    """Stands by another's statement, which counts from now on and sets aside what stood before.

    Raises NotPermitted for one's own, Refused when it is set aside, countersigned or stale,
    Conflict.
    """
    with acting(Action.COUNTERSIGN, statement.application, by=by) as work:
        now = afresh(statement, seen)
        file = read_file(work.application)
        refuse_to_countersign(file, now, by=by)
        instant = clock.now()
        entry = work.record(Verb.COUNTERSIGNED, data={"kind": now.kind, "key": now.key})
        for old in _of_key(file, now.kind, now.key):
            if old.pk != now.pk:
                entry.set(old, set_aside_by=by, set_aside_at=instant)
        entry.set(now, countersigned_by=by, countersigned_at=instant)
    return now


def set_aside(statement: Statement, *, by: User, reason: str, seen: int | None = None) -> Statement:
    """Takes back a statement that waits, or one that loosens: the case can only get stricter.

    Raises Refused for one that counts alone: only its opposite, countersigned, replaces it;
    ValidationError, NotPermitted, Conflict.
    """
    reason = checked_reason(reason)
    with acting(Action.STATE, statement.application, by=by) as work:
        now = afresh(statement, seen)
        refuse_to_set_aside(read_file(work.application), now, by=by)
        _set_aside(work, now, by=by, reason=reason)
    return now


def refuse_to_set_aside(file: CaseFile, statement: Statement, *, by: User) -> None:
    """Raises Refused for one that is set aside, or that only another replaces; NotPermitted for
    somebody else's answer that waits and is not theirs to drop. Two queries.
    """
    if statement.set_aside_at is not None:
        raise Refused(_("This statement was set aside."))
    _refuse_to_drop(file, statement, by=by)
    if statement.counts_alone or (
        statement.countersigned_at is not None and counts_alone(statement.kind, statement.value)
    ):
        raise Refused(
            _(
                "This makes the case stricter. State the opposite, and let a second person"
                " countersign it: that sets this aside."
            )
        )
    stricter = Statement.objects.filter(
        application=statement.application_id,
        kind=statement.kind,
        key=statement.key,
        counts_alone=True,
    )
    if statement.countersigned_at is not None and stricter.exists():
        raise Refused(
            _(
                "This took the place of something stricter, which would not come back. State what"
                " holds now: that sets this aside once it counts."
            )
        )


def _refuse_to_drop(
    file: CaseFile, statement: Statement, *, by: User, said_instead: str = ""
) -> None:
    """Raises NotPermitted for somebody else's answer that waits, unless the same is said instead.

    Whatever counts beside it now: what counts today can be made stale, and fresh again, by one
    person. Where its maker is on no case any more, who signed no answer is a third person.
    """
    if (
        statement.kind != StatementKind.ANSWER
        or not Standing(statement, is_stale=False).waits
        or statement.made_by_id == by.pk
        or statement.value == said_instead
    ):
        return
    if statement in left_behind(file):
        for one in _of_key(file, statement.kind, statement.key):
            if by.pk in (one.made_by_id, one.countersigned_by_id):
                raise NotPermitted(
                    _(
                        "Who gave this answer works on no case any more: a second person"
                        " countersigns it, or somebody who signed no answer to this question sets"
                        " it aside."
                    )
                )
    else:
        raise NotPermitted(
            _(
                "Somebody else’s answer waits here: a second person countersigns it, or who made it"
                " takes it back."
            )
        )


def _set_aside(work: Work, statement: Statement, *, by: User, reason: str) -> None:
    work.record(
        Verb.SET_ASIDE, reason=reason, data={"kind": statement.kind, "key": statement.key}
    ).set(statement, set_aside_by=by, set_aside_at=clock.now())


Verdict = Literal["counts", "waits", "stale"]


def verdict(one: Standing) -> Verdict:
    """How a statement stands, in one word, for pages."""
    if one.waits:
        return "waits"
    return "counts" if one.counts else "stale"


def exception_in_words(key: str) -> str:
    """What an exception is called, with its policy; `key` is `POLICY:code`."""
    policy, _colon, code = key.rpartition(":")
    words = current_register().exception(policy, code)
    return f"{words[get_language() or '']} ({policy})" if words else key
