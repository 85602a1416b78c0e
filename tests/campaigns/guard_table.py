"""Every guard that `./dev campaign guards` takes out of a copy of the tree, and who is to notice.

A guard is a rule, a refusal, a comparison, a constraint or a trigger. Refusals, constraints and
triggers are found where they stand, so that none is forgotten; what is no statement of its own is
named here by its words. Words that are not there any more are a `LookupError`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BOTH = ("sqlite", "postgresql")

Edit = Callable[[str], str]


@dataclass(frozen=True)
class Guard:
    """A guard, the file in which it stands, what the file is without it, and the tests of it."""

    kind: str
    name: str
    path: str
    without: Edit
    tests: tuple[str, ...]
    engines: tuple[str, ...] = ("sqlite",)

    @property
    def is_of_the_program(self) -> bool:
        """Whether the database is the same without it."""
        return self.engines == ("sqlite",)

    def taken_out(self, root: Path = ROOT) -> str:
        """The text of the file without the guard. Raises LookupError where it is not there."""
        path = root / self.path
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = self.without(before)
        if after == before:
            raise LookupError(f"{self.name}: taking it out changes nothing")
        return after


# Ways of taking a guard out


def instead(old: str, new: str) -> Edit:
    """Other words in the place of these, which stand once."""

    def edit(text: str) -> str:
        if text.count(old) != 1:
            raise LookupError(f"{old!r} stands there {text.count(old)} times")
        return text.replace(old, new)

    return edit


def emptied(function: str, gives: str = "None") -> Edit:
    """The function returns at once: it finds nothing and refuses nothing."""

    def edit(text: str) -> str:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name == function:
                first = node.body[0]
                lines = text.splitlines(keepends=True)
                lines.insert(first.lineno - 1, f"{' ' * first.col_offset}return None\n")
                return "".join(lines)
        raise LookupError(f"there is no function {function}")

    return edit


def _passed(raised: ast.stmt) -> Edit:
    """The statement does nothing."""

    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        lines[raised.lineno - 1 : raised.end_lineno] = [f"{' ' * raised.col_offset}pass\n"]
        return "".join(lines)

    return edit


# The rules of the gate

GATE = "permits/domain/gate.py"
OF_THE_GATE = ("tests/permits/domain/test_gate.py",)


def rules() -> Iterator[Guard]:
    """Every rule of the gate, and the parts of those that have several."""
    from permits.domain.gate import RULES  # noqa: PLC0415 - after Django is set up

    for rule in RULES:
        function = rule.against.__name__
        name = f"{rule.code} {function}"
        yield Guard("rules of the gate", name, GATE, emptied(function), OF_THE_GATE)
    for name, old, new in (
        ("G2 for an export", "if counted(outlook.file).eligibility != RESIDENT:", "if False:"),
        ("G3 without a line", "if not outlook.ruling.lines:", "if False:"),
        ("G4 without a party", "if not outlook.file.parties:", "if False:"),
        ("G5 without a line", "if not lines:", "if False:"),
        ("G4 nobody screened", "if party_key(party.pk) not in screened:", "if False:"),
        ("G4 listed", "for policy in stated.listed_under(party.pk):", "for policy in ():"),
        ("G6 open questions", "for key in outlook.ruling.open_questions:", "for key in ():"),
        ("G6 gone stale", "if one.is_stale and one", "if False and one"),
        ("G9 two people", "if not state.is_signed_twice:", "if False:"),
        ("G9 today's basis", "        if state.is_stale:\n", "        if False:\n"),
        ("G12 who proposed", "if by.pk in outlook.proposers:", "if False:"),
        (
            "G12 who recommended",
            "if by.pk in _people_who_recommended(outlook.file):",
            "if False:",
        ),
        ("G12 who reviewed", "if by.pk in people_on_cards(outlook.file):", "if False:"),
        ("G12 who excepted", "if by.pk in _people_on_exceptions(outlook.file):", "if False:"),
        (
            "G12 who let a listed party through",
            "(StatementKind.EXCEPTION, StatementKind.AUTHORIZATION)",
            "(StatementKind.EXCEPTION,)",
        ),
        (
            "G12 who said that goods are no arms",
            'return said["value"] == NO and',
            "return False and",
        ),
        (
            "G12 conflicts",
            "if any(one.person_id == by.pk for one in outlook.file.conflicts):",
            "if False:",
        ),
        ("G12 who wrote a policy", "if by.pk in people_behind(met):", "if False:"),
        (
            "G12 who changed a policy since it was filed",
            " | _policies_met_when_filed(outlook)",
            "",
        ),
        ("G13 with this power", "any(outlook.power in one.powers for", "any(True for"),
        (
            "a rule on the person, before there is one",
            "return all(one.state in (PASS, NOT_LAW, NOT_APPLICABLE)",
            "return all(one.state != FAIL",
        ),
        (
            "G8 whatever the goods are",
            "if any(no_substantial_risk_remains(outlook)):",
            "if False:",
        ),
        (
            "G8 until two people sign otherwise",
            "one.number in _signed_as_risks(file):",
            "False:",
        ),
        (
            "G8 on today's basis",
            "card.second_by_id is not None and one.number not in stale",
            "card.second_by_id is not None",
        ),
        (
            "G8 while a consideration says nothing of what remains",
            "return TO_COME if applies == PASS and is_open else applies",
            "return applies",
        ),
        (
            "G5 while the stance hangs on an answer",
            "return TO_COME if is_open and not any(",
            "return TO_COME if False and not any(",
        ),
    ):
        yield Guard("parts of rules", name, GATE, instead(old, new), (*OF_THE_GATE, *_OF_ACTS))


# Refusals

_D = "tests/permits/domain/"
_A = "tests/accounts/"
_PEOPLE = (
    f"{_A}test_who_may.py",
    f"{_A}test_roles.py",
    f"{_A}test_delegations.py",
    f"{_A}test_accounts.py",
)

REFUSING: dict[str, tuple[str, ...]] = {
    "permits/workflow.py": ("tests/permits/test_workflow.py",),
    "permits/domain/casework.py": (f"{_D}test_casework.py", f"{_D}test_story.py"),
    "permits/domain/statements.py": (
        f"{_D}test_statements.py",
        f"{_D}test_policy_changes.py",
        f"{_D}test_gate.py",
    ),
    "permits/domain/assessment.py": (f"{_D}test_assessment.py",),
    "permits/domain/sources.py": (f"{_D}test_sources.py",),
    "permits/domain/consultations.py": (f"{_D}test_consultations.py",),
    "permits/domain/recommendation.py": (
        f"{_D}test_recommendation.py",
        f"{_D}test_story.py",
        f"{_D}test_gate.py",
    ),
    "permits/domain/conditions.py": ("tests/permits/test_conditions.py",),
    "permits/domain/decision.py": (
        f"{_D}test_decision.py",
        f"{_D}test_last_day.py",
        f"{_D}test_story.py",
        *OF_THE_GATE,
    ),
    "permits/domain/acts.py": (f"{_D}test_acts.py", f"{_D}test_story.py"),
    "permits/domain/policy_changes.py": (f"{_D}test_policy_changes.py",),
    "policies/domain/drafting.py": (f"{_D}test_policy_changes.py",),
    "policies/domain/entering.py": (f"{_D}test_policy_changes.py",),
    "permits/domain/sweeps.py": (f"{_D}test_sweeps.py",),
    "permits/domain/use.py": (
        f"{_D}test_acts.py",
        f"{_D}test_reversals.py",
        f"{_D}test_story.py",
    ),
    "permits/domain/intake.py": (f"{_D}test_intake.py",),
    "permits/domain/faults.py": (f"{_D}test_intake.py", f"{_D}test_recommendation.py"),
    "permits/domain/documents.py": (f"{_D}test_documents.py",),
    "permits/domain/letters.py": (f"{_D}test_letters.py",),
    "accounts/domain/two_people.py": _PEOPLE,
    "accounts/domain/roles.py": _PEOPLE,
    "accounts/domain/delegations.py": _PEOPLE,
    "accounts/domain/people.py": _PEOPLE,
    "accounts/domain/requests.py": _PEOPLE,
    "history/domain/door.py": ("tests/history/test_door.py",),
    "history/refusal.py": ("tests/history/test_door.py",),
}
"""The files whose every refusal is taken out, with their tests."""

_RAISED = {
    "Conflict",
    "GateClosed",
    "NotPermitted",
    "OutsideTheDoor",
    "Refused",
    "ValidationError",
    "WrongLog",
}


def refusals() -> Iterator[Guard]:
    """Every statement that refuses."""
    for path, tests in REFUSING.items():
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            found = [one for one in ast.walk(function) if isinstance(one, ast.Raise)]
            for number, raised in enumerate(_refusing(found), start=1):
                name = f"{path}, {function.name} {number}: {_words(raised)}"
                yield Guard("refusals", name, path, _passed(raised), tests)
            for number, said in enumerate(_faults(function), start=1):
                name = f"{path}, {function.name} fault {number}: {_words(said)}"
                yield Guard("refusals", name, path, _passed(said), tests)


def _refusing(found: list[ast.Raise]) -> Iterator[ast.Raise]:
    for raised in sorted(found, key=lambda one: one.lineno):
        what = raised.exc.func if isinstance(raised.exc, ast.Call) else raised.exc
        if isinstance(what, ast.Name) and what.id in _RAISED:
            yield raised


def _faults(function: ast.FunctionDef) -> list[ast.Expr]:
    """Every `faults.fault(...)` in the function: what is refused with all else that is wrong."""
    found = [
        one
        for one in ast.walk(function)
        if isinstance(one, ast.Expr)
        and isinstance(one.value, ast.Call)
        and isinstance(one.value.func, ast.Attribute)
        and one.value.func.attr == "fault"
    ]
    return sorted(found, key=lambda one: one.lineno)


def _words(raised: ast.stmt) -> str:
    """The first words of what is said, or else the statement."""
    for node in ast.walk(raised):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            return node.value[:60]
    return ast.unparse(raised)[:60]


def grounds() -> Iterator[Guard]:
    """Every reason for which a ground of a refusal or a return does not hold."""
    path = "permits/domain/recommendation.py"
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or not function.name.startswith("_why_no"):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and "_(" in ast.unparse(node):
                name = f"{function.name}, line {node.lineno - function.lineno}: {_words(node)}"
                yield Guard("grounds of a refusal", name, path, _passed(node), REFUSING[path])


# What is neither a rule nor a refusal by itself


def comparisons() -> Iterator[Guard]:
    """What decides whether something is refused, counts or is stale."""
    for kind, name, path, old, new, tests in _COMPARISONS:
        yield Guard(kind, name, path, instead(old, new), tests)
    digests, sources = "permits/domain/digests.py", (f"{_D}test_sources.py", *_OF_CARDS)
    for name, path, edit, tests in (
        ("evidence past its review day", digests, emptied("is_past_review", "False"), sources),
        ("measures not available", digests, emptied("is_available", "True"), sources),
        (
            "what loosens a permit",
            "permits/domain/standing.py",
            emptied("loosens", "False"),
            _OF_ACTS,
        ),
    ):
        yield Guard(_STALE, name, path, edit, tests)


_RIGHTS, _STALE, _TWO, _DOORS = (
    "who may",
    "what is stale",
    "what takes two people",
    "doors to the gate",
)
_ASSESSMENT = "permits/domain/assessment.py"
_STATEMENTS = "permits/domain/statements.py"
_DECISION = "permits/domain/decision.py"
_ACTS = "permits/domain/acts.py"
_SWEEPS = "permits/domain/sweeps.py"
_OF_SWEEPS = (f"{_D}test_sweeps.py",)
_OF_CARDS = (f"{_D}test_assessment.py",)
_OF_STATEMENTS = (f"{_D}test_statements.py",)
_OF_DECISIONS = (f"{_D}test_decision.py", *OF_THE_GATE, f"{_D}test_story.py")
_OF_ACTS = (f"{_D}test_acts.py", f"{_D}test_story.py")
_OF_PERMITS = {
    "_gate_": (f"{_D}test_gate_in_the_database.py",),
    "_never_changed": ("tests/permits/test_constraints.py",),
}
"""The triggers of `permits.guards`, by a part of their names, and the tests of them."""

_COMPARISONS: list[tuple[str, str, str, str, str, tuple[str, ...]]] = [
    (
        _RIGHTS,
        "an act asks the table of the workflow",
        "permits/domain/casework.py",
        "role = require(action, now.status, now.outcome, roles_of(by))",
        "role = Role.ANALYST",
        (f"{_D}test_story.py",),
    ),
    (
        _RIGHTS,
        "a row of the table: who signs",
        "permits/workflow.py",
        "Action.SIGN: Transition(ANALYSTS,",
        "Action.SIGN: Transition(CASE_ROLES,",
        ("tests/permits/test_workflow.py",),
    ),
    (
        _RIGHTS,
        "a row of the table: from where it is decided",
        "permits/workflow.py",
        "Action.ISSUE: Transition(DECISION_MAKERS, _RECOMMENDED,",
        "Action.ISSUE: Transition(DECISION_MAKERS, _REVIEW | _RECOMMENDED,",
        ("tests/permits/test_workflow.py",),
    ),
    (
        _RIGHTS,
        "opening an application",
        "permits/domain/intake.py",
        "role = role_for(Action.OPEN, roles_of(by))",
        "role = list(roles_of(by))[0]",
        (f"{_D}test_intake.py",),
    ),
    (
        _RIGHTS,
        "a temporary password gives no role",
        "accounts/rules.py",
        "if one.is_in_force(day) and not one.person.must_change_password",
        "if one.is_in_force(day)",
        (f"{_A}test_roles.py",),
    ),
    (
        _RIGHTS,
        "a role on its days only",
        "accounts/rules.py",
        "if one.is_in_force(day) and not one.person.must_change_password",
        "if not one.person.must_change_password",
        (f"{_A}test_roles.py",),
    ),
    (
        _RIGHTS,
        "a delegation gives nothing without the role",
        "accounts/domain/delegations.py",
        "filter(Exists(decides), person=person)",
        "filter(person=person)",
        (f"{_A}test_delegations.py",),
    ),
    (
        _RIGHTS,
        "a delegation on its days only",
        "accounts/domain/delegations.py",
        "return Delegation.objects.in_force(on).filter(",
        "return Delegation.objects.filter(",
        (f"{_A}test_delegations.py",),
    ),
    (
        _RIGHTS,
        "the table of access",
        "config/access.py",
        '    if may(request, name, request.method or ""):',
        "    if True:",
        ("tests/test_access.py",),
    ),
    (
        _RIGHTS,
        "an address without a row",
        "config/access.py",
        "    if name not in ACCESS:\n        logger",
        "    if False:\n        logger",
        ("tests/test_access.py",),
    ),
    (
        _RIGHTS,
        "a request that is larger than its address takes",
        "config/bodies.py",
        "int(said) > TAKE_FILES.get(name, usual)",
        "False",
        ("tests/test_access.py",),
    ),
    (
        _RIGHTS,
        "a request without a length",
        "config/bodies.py",
        'if "HTTP_TRANSFER_ENCODING" in request.META:',
        "if False:",
        ("tests/test_access.py",),
    ),
    (
        _RIGHTS,
        "a file from who may not send it",
        "config/bodies.py",
        "return access.refusal(request) if int(said) > usual else None",
        "return None",
        ("tests/test_access.py",),
    ),
    (
        _RIGHTS,
        "the password is changed first",
        "config/access.py",
        "if name not in OPEN_BEFORE_CHANGE and _must_change_password(request):",
        "if False:",
        ("tests/test_access.py",),
    ),
    (
        _RIGHTS,
        "an account is refused by who manages it",
        "accounts/domain/two_people.py",
        "    if row.person_id != by.pk:\n        with administering(by)",
        "    if False:\n        with administering(by)",
        _PEOPLE,
    ),
    *(
        (_STALE, f"a card: {name}", _ASSESSMENT, old, new, _OF_CARDS)
        for name, old, new in (
            (
                "the digest is compared",
                "card.first_by_id and card.basis != basis_of(now[card.pk])",
                "False",
            ),
            ("the ruling", 'digest({"outcome": ruling.outcome()})', '""'),
            ("the lines", 'found[f"line:{line.number}"] = digest(line_content(line))', "pass"),
            ("the parties", 'found[f"party:{party.pk}"] = digest(party_content(party))', "pass"),
            ("the flags", "stated.flag(line.number, flag) for flag in Flag", '"" for flag in Flag'),
            (
                "the transaction",
                'if name not in ("lines", "parties")',
                "if False",
            ),
            (
                "its answers",
                "digest({name: getattr(card, name) for name in CARD_FIELDS})",
                'digest("")',
            ),
            ("its evidence", "digest(evidence_content(source, on))", '""'),
            ("its measures", "digest(measure_content(measure, on))", '""'),
            ("an edit clears the signatures", "**changed, **NO_SIGNATURES", "**changed"),
            (
                "a second signature is on the same basis",
                "card.second_by_id is None and card.basis == basis",
                "card.second_by_id is None",
            ),
        )
    ),
    (
        _STALE,
        "a statement on another basis counts for nothing",
        _STATEMENTS,
        "return not self.is_stale or counts_alone(self.statement.kind, self.statement.value)",
        "return True",
        _OF_STATEMENTS,
    ),
    (
        _STALE,
        "a row that was seen in another version",
        "permits/domain/casework.py",
        "if now.version != (row.version if seen is None else seen):",
        "if False:",
        (f"{_D}test_casework.py", f"{_D}test_sources.py"),
    ),
    (
        _TWO,
        "what loosens counts once it is countersigned",
        _STATEMENTS,
        "if self.statement.countersigned_at is None:",
        "if False:",
        _OF_STATEMENTS,
    ),
    (
        _TWO,
        "a listing under fewer instruments takes a second person",
        _STATEMENTS,
        'return set(before.listed_under(int(said.key.split(":")[1]))) <= set(said.policies)',
        "return True",
        _OF_STATEMENTS,
    ),
    (
        _TWO,
        "of what is stricter the less strict takes a second person",
        _STATEMENTS,
        "return now not in order or order.index(now) <= order.index(said.value)",
        "return True",
        _OF_STATEMENTS,
    ),
    (
        _TWO,
        "a raised flag outlives its line",
        _STATEMENTS,
        "return True if flag.value in self._of_removed else None",
        "return None",
        _OF_STATEMENTS,
    ),
    (
        _STALE,
        "words of later tell no decision otherwise",
        "permits/domain/casefile.py",
        "(by is None or at <= by)",
        "True",
        (f"{_D}test_policy_changes.py",),
    ),
    (
        _STALE,
        "an answer does not outlive the words of its question",
        "permits/domain/casefile.py",
        "return any(statement.made_at <= at and",
        "return any(False and",
        (f"{_D}test_policy_changes.py",),
    ),
    (
        _TWO,
        "what two people narrowed counts when it is stale",
        _STATEMENTS,
        "return not self.is_stale or counts_alone(self.statement.kind, self.statement.value)",
        "return not self.is_stale",
        _OF_STATEMENTS,
    ),
    (
        _TWO,
        "only what is stricter counts alone",
        _STATEMENTS,
        "return (kind, value) in STRICTER",
        "return True",
        _OF_STATEMENTS,
    ),
    (
        _TWO,
        "of two statements the stricter counts",
        _STATEMENTS,
        "if known is None or one.counts_alone:",
        "if True:",
        _OF_STATEMENTS,
    ),
    (
        _TWO,
        "a consideration takes a second signature",
        _ASSESSMENT,
        "card.second_by_id is not None,\n                is_stale,",
        "True,\n                is_stale,",
        _OF_CARDS,
    ),
    (
        _TWO,
        "a shipment counts until another person agrees that it is taken back",
        "permits/querysets.py",
        "reversals__agreed_at__isnull=False",
        "reversals__isnull=False",
        (f"{_D}test_reversals.py",),
    ),
    (
        _DOORS,
        "issuing looks at the gate",
        _DECISION,
        "if not gate.is_open or delegation is None",
        "if delegation is None",
        _OF_DECISIONS,
    ),
    (
        _DOORS,
        "what loosens passes the gate",
        _ACTS,
        "    if loosening:\n        _pass_the_gate(act, by, delegation)\n",
        "",
        _OF_ACTS,
    ),
    (
        _DOORS,
        "who loosens signs the Minister's exceptions",
        _ACTS,
        '            check_exceptions_signed(now, {"exceptions_signed": exceptions_signed})\n',
        "",
        _OF_DECISIONS,
    ),
    (
        _DOORS,
        "loosening is compared again when it is done",
        _ACTS,
        "loosening = loosens(before, after)",
        "loosening = act.loosens",
        _OF_ACTS,
    ),
    (
        _DOORS,
        "the gate looks at who proposed the act",
        _ACTS,
        "        proposers=_proposers(act),\n",
        "",
        _OF_ACTS,
    ),
    (
        _DOORS,
        "the gate asks for the power to act",
        _ACTS,
        "        power=Power.ACT,\n",
        "",
        _OF_ACTS,
    ),
    (
        _DOORS,
        "an act asks for the power to act",
        _ACTS,
        "if Power.ACT in one.powers:",
        "if True:",
        _OF_ACTS,
    ),
    (
        _DOORS,
        "a permit of a sweep that another worker settled is left",
        _SWEEPS,
        "if SweepItem.objects.filter(sweep=group.sweep, permit=permit).exists():",
        "if False:",
        _OF_SWEEPS,
    ),
    (
        _DOORS,
        "a permit of a sweep that is over is left",
        _SWEEPS,
        "return status in OVER or (",
        "return False and (",
        _OF_SWEEPS,
    ),
    (
        _DOORS,
        "a permit of a sweep that left its group, or that the policy meets no more, is left",
        _SWEEPS,
        "or group_under(group.sweep.policy, permit) != group.code",
        "or False",
        _OF_SWEEPS,
    ),
    (
        _DOORS,
        "a yes in a sweep stands while its giver may act",
        _SWEEPS,
        "if one.pk == group.delegation_id and _stands(group):",
        "if True:",
        _OF_SWEEPS,
    ),
    (
        _DOORS,
        "a permit of a sweep is left where who said yes declared a conflict since",
        _SWEEPS,
        "or has_conflict(permit.application, group.agreed_by)",
        "or False",
        _OF_SWEEPS,
    ),
    (
        _DOORS,
        "a sweep that is stopped does nothing more",
        _SWEEPS,
        "if _is_stopped(sweep):",
        "if False:",
        _OF_SWEEPS,
    ),
    (
        _DOORS,
        "a decision asks for the power to decide",
        _DECISION,
        "if Power.DECIDE in one.powers), None)",
        "), None)",
        _OF_DECISIONS,
    ),
    (
        _DOORS,
        "a refusal looks at whose work it is",
        _DECISION,
        "if found.rule.is_personal and",
        'if found.rule.code == "G13" and',
        _OF_DECISIONS,
    ),
    (
        _DOORS,
        "a refusal looks at the delegation",
        _DECISION,
        "if found.rule.is_personal and",
        'if found.rule.code == "G12" and',
        _OF_DECISIONS,
    ),
    (
        _DOORS,
        "the grounds are looked at again when it is refused or returned",
        _DECISION,
        'checked_grounds(file, ruling, outcome, values["grounds"])',
        "pass",
        _OF_DECISIONS,
    ),
    (
        _DOORS,
        "the limit of a permit is not waived",
        "permits/domain/requirements.py",
        "line.total_value is not None,\n        may_be_waived=False,",
        "line.total_value is not None,",
        _OF_STATEMENTS,
    ),
    (
        _DOORS,
        "an item of another form is not waived",
        "permits/domain/requirements.py",
        "            False,\n            may_be_waived=False,",
        "            False,",
        _OF_STATEMENTS,
    ),
    (
        _DOORS,
        "nobody records a wait for a reply by hand",
        "permits/domain/consultations.py",
        "if kind != WaitKind.REPLY)",
        "if True)",
        (f"{_D}test_recommendation.py",),
    ),
    (
        _DOORS,
        "the database asks for the day of the decision",
        "permits/guards.py",
        ' AND d.decided_on = NEW.issued_on"',
        '"',
        _OF_PERMITS["_gate_"],
    ),
    (
        _DOORS,
        "the database asks for the day of the event",
        "permits/guards.py",
        '" AND e.sequence = NEW.version AND e.occurred_on = NEW.issued_on)"',
        '" AND e.sequence = NEW.version)"',
        _OF_PERMITS["_gate_"],
    ),
    (
        _DOORS,
        "the database asks for the days of the case",
        "permits/guards.py",
        '" AND e.occurred_on > NEW.issued_on)"',
        '" AND 1 = 0)"',
        _OF_PERMITS["_gate_"],
    ),
    (
        _DOORS,
        "the database asks its own clock",
        "permits/guards.py",
        "NEW.issued_on NOT BETWEEN {yesterday} AND {today}",
        "1 = 0",
        _OF_PERMITS["_gate_"],
    ),
    (
        _DOORS,
        "a permit is not valid before its day, for the database",
        "permits/guards.py",
        '" AND NEW.valid_from >= NEW.issued_on AND',
        '" AND',
        _OF_PERMITS["_gate_"],
    ),
    (
        _RIGHTS,
        "what was looked at is told",
        "accounts/forms.py",
        "if seen is None and",
        "if False and",
        ("tests/permits/views/test_what_was_seen.py",),
    ),
]


def locks() -> Iterator[Guard]:
    """What waits for another transaction. SQLite has one writer at a time."""
    races = ("tests/permits/test_locks.py",)
    for name, path, old, new in (
        (
            "an act waits for the one before",
            "permits/domain/casework.py",
            "Application.objects.select_for_update().filter(pk__in=keys)",
            "Application.objects.filter(pk__in=keys)",
        ),
        (
            "an act on a sweep waits for the one before",
            _SWEEPS,
            "PermitSweep.objects.select_for_update().get(pk=sweep.pk)\n        yield entries",
            "yield entries",
        ),
        (
            "a yes to a sweep shares the register",
            _SWEEPS,
            "        share_register()\n        now = afresh(group, seen)",
            "        now = afresh(group, seen)",
        ),
        (
            "a load waits for a decision",
            "policies/domain/reference/load.py",
            'cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOAD_LOCK])',
            "pass",
        ),
        (
            "loads of policies one at a time",
            "policies/domain/reference/load.py",
            'cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOAD_LOCK])',
            "pass",
        ),
        (
            "issuing shares the register",
            _DECISION,
            "work:\n        share_register()\n        file, ruling, recommendation = _look(work,"
            " Outcome.ISSUED)",
            "work:\n        file, ruling, recommendation = _look(work, Outcome.ISSUED)",
        ),
        (
            "loosening shares the register",
            _ACTS,
            "        share_register()\n        held = hold_delegations(",
            "        held = hold_delegations(",
        ),
        (
            "a delegation is not ended meanwhile",
            "accounts/domain/delegations.py",
            '.select_for_update(of=("self",))',
            "",
        ),
        (
            "numbers are given out one at a time",
            "permits/domain/intake.py",
            'cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBER_LOCK])',
            "pass",
        ),
    ):
        yield Guard("locks", name, path, instead(old, new), races, ("postgresql",))


# The database

CONSTRAINTS = {
    "permits": ("tests/permits/test_constraints.py",),
    "accounts": (f"{_A}test_constraints.py", f"{_A}test_models.py"),
}


def constraints() -> Iterator[Guard]:
    """Every constraint of these packages, taken away by one more migration."""
    from django.apps import apps  # noqa: PLC0415 - after Django is set up

    for label, tests in CONSTRAINTS.items():
        migrations = sorted((ROOT / label / "migrations").glob("[0-9]*.py"))
        for model in apps.get_app_config(label).get_models():
            for one in model._meta.constraints:
                text = (
                    "from django.db import migrations\n\n\n"
                    "class Migration(migrations.Migration):\n"
                    f"    dependencies = [({label!r}, {migrations[-1].stem!r})]\n"
                    "    operations = [migrations.RemoveConstraint("
                    f"{model._meta.model_name!r}, {one.name!r})]\n"
                )
                yield Guard(
                    "constraints",
                    one.name,
                    f"{label}/migrations/9999_without.py",
                    lambda _nothing, text=text: text,  # type: ignore[misc]
                    tests,
                    BOTH,
                )


def triggers() -> Iterator[Guard]:
    """Every trigger of this engine; those that every tracked table has, on all at once."""
    from django.db import connection  # noqa: PLC0415 - after Django is set up

    from history.guards import EVENTS, TEXTS, _wanted  # noqa: PLC0415

    names: dict[str, str] = {}
    for guard in _wanted(connection):
        if not guard.table:
            continue
        of_one = guard.table in (EVENTS, TEXTS) or any(one in guard.name for one in _OF_PERMITS)
        tail = guard.name.removeprefix(guard.table)
        names.setdefault(guard.name if of_one else tail, guard.table)
    for name in sorted(names):
        of_permits = [tests for one, tests in _OF_PERMITS.items() if one in name]
        yield Guard(
            "triggers",
            name if not name.startswith("_") else f"{name[1:]} of every tracked table",
            "history/guards.py",
            instead(
                "def _wanted(",
                "def _wanted(connection):\n"
                f"    return [one for one in _all(connection) if not one.name.endswith({name!r})]"
                "\n\n\ndef _all(",
            ),
            of_permits[0] if of_permits else ("tests/history/test_guards.py",),
            BOTH,
        )


def guards() -> list[Guard]:
    """All of them, for either engine. Needs a database with its tables."""
    found = [
        *rules(),
        *comparisons(),
        *refusals(),
        *grounds(),
        *locks(),
        *constraints(),
        *triggers(),
    ]
    names = [one.name for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise LookupError(f"named twice: {', '.join(sorted(twice))}")
    return found
