"""One text for one value, the same whoever writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history.canonical import DEEPEST, LARGEST, NotCanonical, decode, encode

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def by_the_standard_library(value: Any) -> bytes:
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


@settings(max_examples=500, deadline=None)
@given(VALUES)
def test_another_encoder_writes_the_same_bytes(value: Any) -> None:
    assert encode(value) == by_the_standard_library(value)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1.0, "the value"),
        ({"a": [1, 2.5]}, r"a\[1\]"),
        ({"a": float("nan")}, "a"),
        (LARGEST + 1, "the value"),
        ({"é": 1}, "é"),
        ({"": 1}, "''"),
        ({1: 1}, "1"),
        ({"a": "x\0y"}, "a"),
        ({"a": b"x"}, "a"),
        ({"a": (1, 2)}, "a"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value: Any, place: str) -> None:
    with pytest.raises(NotCanonical, match=place):
        encode(value)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(NotCanonical):
        encode({"a": "\ud800"})


def test_depth_has_a_limit() -> None:
    value: Any = 1
    for _ in range(DEEPEST):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(NotCanonical, match="deeper"):
        encode([value])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b"[1.5]",
        b'["a",2.5]',
        b'{"a":9007199254740992}',
        b'{"a":123456789012345678901234567890}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"\xc3\xa9":1}',
        b'{"\x7f":1}',
        b'{"":1}',
        b'{"a":1}\n',
        b'\xef\xbb\xbf{"a":1}',
        b"NaN",
        b"[" * 65 + b"]" * 65,
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_any_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode(data)


def test_numbers_in_texts_are_no_floats() -> None:
    value = {"a": "1.5", "b": ["x,1.5", ":2e3"]}
    assert decode(encode(value)) == value
