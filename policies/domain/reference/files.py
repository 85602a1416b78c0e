"""Reading the reference files: bytes, text, JSON, and their JSON Schemas.

Whatever is wrong raises MalformedReference; nothing here knows the database.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from django.utils.translation import gettext, pgettext_lazy
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import relevance

from history import canonical
from policies.domain.reference.faults import MalformedReference

PACKAGED = Path(__file__).resolve().parents[2] / "data"
SCHEMAS = PACKAGED / "schemas"

STATUTE = "statute.json"
REGULATIONS = "regulations.json"
ECL = "export_control_list.json"
BCL = "brokering_control_list.json"
ACL = "area_control_list.json"
AFCCL = "automatic_firearms_country_control_list.json"
PERMITS = "general_permits.json"
DESTINATIONS = "destinations.json"
POLICIES = "policies.json"
NOTES_FR = "notes_fr.json"
CALENDAR = "calendar.json"
FILES = (
    DESTINATIONS,
    STATUTE,
    REGULATIONS,
    ECL,
    BCL,
    ACL,
    AFCCL,
    PERMITS,
    POLICIES,
    NOTES_FR,
    CALENDAR,
)

# What names a row, in the order of preference; and the lists and objects within a row whose
# members are rows of their own.
_NATURAL_KEYS = ("key", "id", "provision", "code", "iso_alpha2", "instrument")
_NESTED_ROWS = {"children", "guide_items", "guide_numbers_named_in_law", "end_uses", "sub"}
_KEYED_OBJECTS = {"sub_regions", "lists", "standard_questions", "standard_exceptions"}

Steps = tuple[str | int, ...]
"""The fields and places that lead to a value within a document."""

# A control character other than a line end or tab, half of a surrogate pair, or a sign that is
# drawn as nothing: marks of direction and width, fillers, tags. No-break spaces are none of these.
UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# Of several forms that a value may have, these say that another one is meant.
_OTHER = {"type", "const", "enum"}

LARGEST_FILE = 64 << 20
"""Bytes; two hundred times what the largest packaged file has."""

_DEEPEST = 40
_LONGEST_QUOTE = 120


@dataclass(frozen=True, slots=True)
class Files:
    """The files as read: their documents, and the SHA-256 of their bytes."""

    documents: Mapping[str, Any]
    digests: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.documents[name]


def read_files(directory: Path) -> Files:
    """Every reference file of `directory`, each valid by its schema."""
    documents: dict[str, Any] = {}
    digests: dict[str, str] = {}
    for name in FILES:
        raw = _read(directory, name)
        documents[name] = _parse(name, raw)
        digests[name] = hashlib.sha256(raw).hexdigest()
        _refuse_bad_text(name, documents[name])
    for name, document in documents.items():
        _refuse_bad_shape(name, document)
    return Files(documents, digests)


def parse_one(name: str, raw: bytes) -> Any:
    """The document of one file from its bytes. Raises MalformedReference."""
    if len(raw) > LARGEST_FILE:
        raise MalformedReference(name, "", "", _too_large())
    return _parse(name, raw)


def faults_of(name: str, document: Any) -> Iterator[tuple[Steps, MalformedReference]]:
    """Everything in which a document is not as its schema says, with the path that leads there.

    Raises MalformedReference for one that is nested too deeply.
    """
    yield from _bad_texts(name, document)
    told = set()
    for error in _validator(name).iter_errors(document):
        for path, reason in _explain_all(error):
            # Of two fields that are missing, each is told of both.
            if (path, reason) not in told:
                told.add((path, reason))
                yield path, MalformedReference(name, *locate(name, document, path), reason)


def _read(directory: Path, name: str) -> bytes:
    try:
        # Without waiting, as a pipe would make us, for someone to write it.
        with open(os.open(directory / name, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise MalformedReference(name, "", "", "is not a regular file")
            raw = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise MalformedReference(name, "", "", "the file is missing") from None
    except OSError as error:
        raise MalformedReference(
            name, "", "", f"the file cannot be read: {error.strerror}"
        ) from error
    if len(raw) > LARGEST_FILE:
        raise MalformedReference(name, "", "", _too_large())
    return raw


def _too_large() -> str:
    return gettext("is larger than %(megabytes)d MB") % {"megabytes": LARGEST_FILE >> 20}


def _parse(name: str, raw: bytes) -> Any:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise MalformedReference(name, "", "", gettext("begins with a byte order mark"))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = gettext("not UTF-8 at byte %(place)d") % {"place": error.start}
        raise MalformedReference(name, "", "", reason) from error

    def no_constant(word: str) -> None:
        reason = gettext("%(word)s is not a JSON number") % {"word": word}
        raise MalformedReference(name, "", "", reason)

    def no_fraction(number: str) -> NoReturn:
        """The history holds integers alone, and a schema takes 1.0 for one."""
        if math.isinf(float(number)):
            reason = gettext("the number %(number)s is too large")
        else:
            reason = gettext("the number %(number)s is not written as a whole number")
        raise MalformedReference(name, "", "", reason % {"number": _shortened(number)})

    def exact(digits: str) -> int:
        """The history holds integers that every reader of JSON reads alike."""
        value = int(digits)
        if abs(value) > canonical.LARGEST:
            reason = gettext("the number %(number)s is too large")
            raise MalformedReference(name, "", "", reason % {"number": _shortened(digits)})
        return value

    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key, count in counts.items() if count > 1)
            raise MalformedReference(name, natural_key(found), twice, gettext("is given twice"))
        return found

    try:
        return json.loads(
            text,
            object_pairs_hook=no_duplicates,
            parse_constant=no_constant,
            parse_float=no_fraction,
            parse_int=exact,
        )
    except json.JSONDecodeError as error:
        reason = gettext("not JSON at line %(line)d, column %(column)d") % {
            "line": error.lineno,
            "column": error.colno,
        }
        raise MalformedReference(name, "", "", reason) from error
    except ValueError as error:  # An integer of thousands of digits.
        reason = gettext("not JSON: a number has too many digits")
        raise MalformedReference(name, "", "", reason) from error
    except RecursionError:
        raise MalformedReference(name, "", "", gettext("is nested too deeply")) from None


def _refuse_bad_text(name: str, document: Any) -> None:
    for _path, fault in _bad_texts(name, document):
        raise fault


def _bad_texts(name: str, document: Any) -> Iterator[tuple[Steps, MalformedReference]]:
    """What one of the databases cannot hold, and characters that nobody sees."""
    for path, text in texts(name, document):
        fault = UNFIT.search(text)
        if fault:
            reason = gettext("holds the character %(code)s") % {"code": f"U+{ord(fault[0]):04X}"}
            yield path, MalformedReference(name, *locate(name, document, path), reason)


def texts(name: str, document: Any) -> Iterator[tuple[Steps, str]]:
    """Every string of a document, keys too, with its path."""
    waiting: list[tuple[Steps, Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > _DEEPEST:
            raise MalformedReference(name, "", "", gettext("is nested too deeply"))
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, list):
            waiting.extend(((*path, index), member) for index, member in enumerate(value))
        elif isinstance(value, dict):
            for key, member in value.items():
                yield path, key
                waiting.append(((*path, key), member))


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{Path(name).stem}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _refuse_bad_shape(name: str, document: Any) -> None:
    error = max(_validator(name).iter_errors(document), key=relevance, default=None)
    if error is not None:
        path, reason = _explain(error)
        row, field = locate(name, document, path)
        raise MalformedReference(name, row, field, reason)


def check_policy(document: Mapping[str, Any]) -> str:
    """What is wrong with the form of one policy without its versions; nothing if it is right."""
    error = max(_policy_validator().iter_errors(document), key=relevance, default=None)
    if error is None:
        return ""
    path, reason = _explain(error)
    return gettext("%(place)s: %(reason)s") % {
        "place": locate(POLICIES, document, path)[1],
        "reason": reason,
    }


@cache
def _policy_validator() -> Draft202012Validator:
    of_the_file: Any = _validator(POLICIES).schema
    policy: dict[str, Any] = {**of_the_file["$defs"]["policy"]}
    policy["required"] = [name for name in policy["required"] if name != "versions"]
    schema = {"$defs": of_the_file["$defs"], **policy}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _explain_all(error: ValidationError) -> Iterator[tuple[Steps, str]]:
    """Where the faults are, and what they are, in words: each field that is missing or too many."""
    path = tuple(error.absolute_path)
    rule: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    match error.validator:
        case "required":
            for field in rule:
                if field not in instance:
                    yield (*path, field), gettext("is missing")
        case "additionalProperties":
            for field in instance:
                if field not in schema["properties"]:
                    yield (*path, field), gettext("is not a known field")
        case _:
            yield _explain_value(error)


def _explain(error: ValidationError) -> tuple[Steps, str]:
    """The first of these."""
    return next(_explain_all(error))


def _explain_value(error: ValidationError) -> tuple[Steps, str]:
    path = tuple(error.absolute_path)
    rule: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    value = {"value": _quoted(instance), "rule": rule}
    match error.validator:
        case "format":
            return path, gettext("%(value)s is not a calendar date (YYYY-MM-DD)") % value
        case "type":
            return path, _of_kinds([rule] if isinstance(rule, str) else rule, instance)
        case "enum":
            known = ", ".join(str(one) for one in rule)
            return path, gettext("%(value)s is none of %(rule)s") % {**value, "rule": known}
        case "pattern" if schema.get("format") == "date":
            return path, gettext("%(value)s is not a calendar date (YYYY-MM-DD)") % value
        case "pattern":
            return path, gettext("%(value)s has not the form %(rule)s") % value
        case "anyOf" | "oneOf":
            return _explain_choice(error)
        case "minLength" | "minItems" | "minProperties":
            return path, gettext("%(value)s should be non-empty") % value
        case "uniqueItems":
            return path, gettext("%(value)s has something in it twice") % value
        case "minimum":
            return path, gettext("%(value)s is less than %(rule)s") % value
        case "maximum":
            return path, gettext("%(value)s is more than %(rule)s") % value
        case "const":
            return path, gettext("%(value)s is not %(rule)s") % {**value, "rule": _quoted(rule)}
        case "dependentRequired":
            return path, gettext("%(value)s lacks what belongs to it") % value
    return path, _shortened(error.message)


_KINDS = {
    "object": pgettext_lazy("JSON", "object"),
    "array": pgettext_lazy("JSON", "array"),
    "string": pgettext_lazy("JSON", "string"),
    "integer": pgettext_lazy("JSON", "integer"),
    "boolean": pgettext_lazy("JSON", "boolean"),
}


def _of_kinds(kinds: Iterable[str], value: Any) -> str:
    wanted = gettext(" or ").join(str(_KINDS.get(one, one)) for one in kinds)
    return gettext("must be %(wanted)s, not %(value)s") % {
        "wanted": wanted,
        "value": _quoted(value),
    }


def _explain_choice(error: ValidationError) -> tuple[Steps, str]:
    """Of several forms, what is wrong with the one meant: of the right type, with least wrong."""
    forms: dict[str | int, list[ValidationError]] = {}
    for one in error.context or ():
        forms.setdefault(one.relative_schema_path[0], []).append(one)
    meant = [form for form in forms.values() if not any(one.validator in _OTHER for one in form)]
    if meant:
        return _explain(min(meant, key=len)[0])
    kinds = [str(form[0].validator_value) for form in forms.values() if form[0].validator == "type"]
    if kinds:
        reason = _of_kinds(kinds, error.instance)
    else:
        reason = gettext("is of no form allowed here: %(value)s") % {
            "value": _quoted(error.instance)
        }
    return tuple(error.absolute_path), reason


def _quoted(value: Any) -> str:
    return _shortened(json.dumps(value, ensure_ascii=False))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def natural_key(value: Any) -> str:
    """What names a JSON object as a row; empty if nothing does."""
    if isinstance(value, dict):
        for name in _NATURAL_KEYS:
            if isinstance(value.get(name), str):
                return str(value[name])
    return ""


def locate(name: str, document: Any, path: Sequence[str | int]) -> tuple[str, str]:
    """The natural key of the row that `path` leads into, and the field within that row."""
    row, field = "", ""
    value, container = document, ""
    for step in path:
        inside = value[step] if _has(value, step) else None
        opens = not row or container in _NESTED_ROWS
        key = ""
        if opens and isinstance(step, int):
            key = natural_key(inside)
        elif opens and (container in _KEYED_OBJECTS or name == NOTES_FR):
            key = str(step)
        if key:
            row, field = key, ""
        else:
            field += f"[{step}]" if isinstance(step, int) else f".{step}" if field else str(step)
        value, container = inside, str(step) if isinstance(step, str) else container
    return row, field


def _has(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value
