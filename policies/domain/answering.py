"""Questions put as JSON and answered as JSON: one text in, one object out.

`manage.py resolve_policy` and `POST /api/resolve` answer by the same functions. The command takes
answers that nobody asked for as they come; the address refuses (`strictly`) those under a key that
the register does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import isinf
from typing import Any

from policies.domain.explain import texts
from policies.domain.queries import BadQuery, Query, parse_query
from policies.domain.register import Register
from policies.domain.resolve import Ruling, resolve


def as_json(value: dict[str, Any]) -> str:
    """`value` on one line: readable accents, escaped only where UTF-8 can't carry what was sent."""
    text = json.dumps(value, ensure_ascii=False)
    return text if _is_utf8(text) else json.dumps(value)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def answer(line: str, register: Register) -> dict[str, Any]:
    """The answer to one query written as JSON; where it can't be answered, `id` and `error`."""
    try:
        query = read_json(line)
    except BadQuery as bad:
        return {"id": None, "error": str(bad)}
    return answer_to(query, register)


def answer_to(query: object, register: Register, *, strictly: bool = False) -> dict[str, Any]:
    """The answer to one query that was read; where it can't be answered, `id` and `error`."""
    try:
        return ruled(query, register, strictly=strictly)
    except BadQuery as bad:
        return {"id": _identity(query), "error": str(bad)}


def ruled(query: object, register: Register, *, strictly: bool = False) -> dict[str, Any]:
    """The answer to one query that was read. Raises BadQuery naming the first field at fault."""
    read = parse_query(query, register.vocabulary)
    if strictly and isinstance(query, dict):
        _refuse_unknown_keys(query, register)
    ruling = resolve(read.facts, register.rulebook, on=read.on, known_at=read.known_at)
    return {"id": _identity(query), **_written(ruling, read, register)}


def _refuse_unknown_keys(query: dict[str, Any], register: Register) -> None:
    """Raises BadQuery for an answer or an exception, well formed, that no policy has."""
    for key in query.get("answers") or {}:
        if not register.has_question(key):
            raise BadQuery(f"answers.{key}", "the key of a question in the register is needed")
    for place, one in enumerate(query.get("exceptions") or ()):
        if register.exception(one["policy"], one["code"]) is None:
            raise BadQuery(f"exceptions[{place}]", "an exception of that policy is needed")


def read_json(text: str) -> Any:
    """A text of JSON, strictly: no name twice, no number that is none. Raises BadQuery."""
    if not _is_utf8(text):
        raise BadQuery("query", "not UTF-8")
    try:
        return json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_no_such_number,
            parse_float=_finite,
        )
    except BadQuery:
        raise
    except (ValueError, RecursionError):
        raise BadQuery("query", "not JSON") from None


def _identity(query: object) -> object:
    return query.get("id") if isinstance(query, dict) else None


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadQuery(name, "given twice")
        found[name] = value
    return found


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise BadQuery("query", f"{text} is too large a number")
    return number


def _no_such_number(name: str) -> None:
    raise BadQuery("query", f"{name} is not a JSON number")


def _written(ruling: Ruling, query: Query, register: Register) -> dict[str, Any]:
    english, french = texts(ruling, query.facts, register, on=query.on, known_at=query.known_at)
    return {
        "requirement": ruling.requirement,
        "stance": ruling.stance,
        "stance_if_open": ruling.stance_if_open,
        "governing": list(ruling.governing),
        "matched": list(ruling.matched),
        "not_applied": [
            {"policy": one.policy, "why": f"{one.because}: {one.detail}"}
            for one in ruling.not_applied
        ],
        "needs_answer": [
            {
                "policy": one.policy,
                "code": one.code,
                "question_en": register.question(one.key).en,
                "question_fr": register.question(one.key).fr,
                "if_yes": one.if_yes._asdict(),
                "if_no": one.if_no._asdict(),
            }
            for one in ruling.needs_answer
        ],
        "exceptions_open": [
            {"policy": policy, "code": code} for policy, code in ruling.exceptions_open
        ],
        "text_en": english,
        "text_fr": french,
    }
