"""Canonical JSON: one text for one value (docs/history-format.md, section 1).

RFC 8785 narrowed to what every encoder writes alike: no floats, integers that JavaScript can
hold, printable ASCII keys.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import orjson

LARGEST = 2**53 - 1
DEEPEST = 64

_STRICT = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER


class NotCanonical(ValueError):
    """A value that has no canonical form, or bytes that are not in it."""


def _refuse_number(text: str) -> None:
    raise NotCanonical(f"{text} is no integer")


# The standard library's, since it tells floats from integers while it reads.
_reader = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
_read = _reader.scan_once  # type: ignore[attr-defined]


def encode(value: Any) -> bytes:
    """The canonical bytes of a value. Raises NotCanonical, naming the place."""
    if not _is_fit(value, 0):
        _refuse_unfit(value, "", 0)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as fault:  # Lone surrogates.
        raise NotCanonical(str(fault)) from fault


def decode(data: bytes) -> Any:
    """The value of canonical bytes. Raises NotCanonical for bytes in any other form."""
    try:
        value, _end = _read(data.decode(), 0)
        # Other spellings and orders, second keys, large integers and what follows come out as other
        # bytes.
        again = orjson.dumps(value, option=_STRICT)
    except RecursionError:
        raise NotCanonical(f"nested deeper than {DEEPEST}") from None
    except StopIteration:
        raise NotCanonical("it is no JSON") from None
    except (ValueError, orjson.JSONEncodeError) as fault:
        raise NotCanonical(str(fault)) from fault
    if again != data:
        raise NotCanonical("it is not written canonically")
    if _may_be_unfit(data) and not _is_fit(value, 0):
        _refuse_unfit(value, "", 0)
    return value


def _may_be_unfit(data: bytes) -> bool:
    """Whether only a walk of the value can tell: a quick look at the bytes, as there are many."""
    return (
        not data.isascii()
        or b"\\" in data
        or b"\x7f" in data
        or b'"":' in data
        or data.count(b"{") + data.count(b"[") > DEEPEST
    )


def _is_fit(value: Any, depth: int) -> bool:
    """Whether `_refuse_unfit` would find nothing, without keeping track of the place.

    Every event is walked so: loops, as generators take twice the time, and what most values are,
    text or nothing, looked at without a call for each.
    """
    kind = type(value)
    if kind is dict:
        if depth == DEEPEST:
            return False
        for key, inner in value.items():
            if type(key) is not str or not _is_fit_key(key):
                return False
            if type(inner) is str:
                if "\0" in inner:
                    return False
            elif inner is not None and not _is_fit(inner, depth + 1):
                return False
        return True
    if kind is list:
        if depth == DEEPEST:
            return False
        for inner in value:
            if type(inner) is str:
                if "\0" in inner:
                    return False
            elif inner is not None and not _is_fit(inner, depth + 1):
                return False
        return True
    if kind is str:
        return "\0" not in value
    if kind is int:
        return bool(-LARGEST <= value <= LARGEST)
    return value is None or kind is bool


@lru_cache(maxsize=4096)
def _is_fit_key(key: str) -> bool:
    return key != "" and key.isascii() and key.isprintable()


def _refuse_unfit(value: Any, place: str, depth: int) -> None:
    """Raises NotCanonical for what has no canonical form, naming the place."""
    kind = type(value)
    if kind is str:
        if "\0" in value:
            raise NotCanonical(f"{place or 'the value'}: NUL")
    elif kind is dict:
        if depth == DEEPEST:
            raise NotCanonical(f"{place}: nested deeper than {DEEPEST}")
        for key, inner in value.items():
            if type(key) is not str or not (key.isascii() and key.isprintable() and key):
                raise NotCanonical(
                    f"{place or 'the value'}: the key {key!r} is not printable ASCII"
                )
            _refuse_unfit(inner, f"{place}.{key}" if place else key, depth + 1)
    elif kind is list:
        if depth == DEEPEST:
            raise NotCanonical(f"{place}: nested deeper than {DEEPEST}")
        for position, inner in enumerate(value):
            _refuse_unfit(inner, f"{place}[{position}]", depth + 1)
    elif kind is int:
        if not -LARGEST <= value <= LARGEST:
            raise NotCanonical(f"{place or 'the value'}: {value} is too large")
    elif value is not None and kind is not bool:
        raise NotCanonical(f"{place or 'the value'}: a {kind.__name__} has no canonical form")
