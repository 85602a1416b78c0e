"""Text search over the register that knows no accents and no capitals, the same on any database.

The register is a few hundred short texts: they are folded here rather than by a database, whose
ways of folding differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from policies.domain.register import Register
from policies.models import Policy

_SAME = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "«": '"', "»": '"', "“": '"', "”": '"',
                       "‐": "-", "‑": "-", "–": "-", "—": "-", "ı": "i", "ø": "o", "ł": "l",
                       "œ": "oe", "æ": "ae"})  # fmt: skip

_LATIN = "".join(chr(code) for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)))
"""Every letter of Latin script beyond the first 128 signs."""

_NO_PUNCTUATION = str.maketrans("", "", "!\"#%&'()*,-./:;?@[\\]_{}§·…")


def folded(text: str) -> str:
    """Text without accents, capitals and typographic signs: "turkiye" for "Türkiye"."""
    if text.isascii():
        return text.lower()
    return "".join(map(_bare, text.casefold().translate(_SAME))).casefold()


@lru_cache(maxsize=4096)
def _bare(sign: str) -> str:
    """A sign without its marks. One by one: a whole text is brought into its normal form in the
    square of the longest run of marks, and U+034F is a mark that is not said to combine.
    """
    parts = unicodedata.normalize("NFKD", sign)
    return "".join(one for one in parts if not unicodedata.combining(one) and one != "\u034f")


def _spelt() -> dict[str, str]:
    """For each letter, sign, or pair of them, such as "oe", the signs that fold to it."""
    found: dict[str, str] = {}
    for sign in (*_LATIN, *map(chr, _SAME)):
        plain = folded(sign)
        found[plain] = found.get(plain, "") + sign
    return found


_SPELT = _spelt()
_PARTS = re.compile("|".join([*(re.escape(one) for one in _SPELT if len(one) > 1), "."]))


def matches(wanted: str, texts: Iterable[str]) -> bool:
    """Whether every word of `wanted` is somewhere in the texts.

    A word with a letter is found with or without its punctuation: "daesh" in "Da’esh",
    "non-lethal" in "nonlethal". A number is not: 992 is no part of "No. 99-2".
    """
    found = folded("\n".join(texts))
    bare = found.translate(_NO_PUNCTUATION)

    def is_found(word: str) -> bool:
        letters = word.translate(_NO_PUNCTUATION)
        return word in found or (letters in bare and any(sign.isalpha() for sign in letters))

    return all(is_found(word) for word in _words(wanted))


@lru_cache(maxsize=64)
def _words(wanted: str) -> tuple[str, ...]:
    """Folded once for the many texts in which they are looked for."""
    return tuple(folded(wanted).split())


def pattern(text: str) -> str:
    """A regular expression by which either database finds the text whatever its accents.

    Asked with `iregex`: for what is too much to be folded here.
    """
    return "".join(_any_of(part) + "[\u0300-\u036f]*" for part in _PARTS.findall(folded(text)))


def _any_of(part: str) -> str:
    if len(part) == 1:
        return f"[{re.escape(part + _SPELT.get(part, ''))}]"
    return f"(?:{''.join(map(_any_of, part))}|[{_SPELT[part]}])"


def policies_about(wanted: str, register: Register) -> list[str]:
    """Keys of the policies whose words hold every word wanted, in either language. Two queries.

    Their words are the key, title, instrument, notes, questions, exceptions, what they say of
    existing permits, and the names that the destinations they name have or had.
    """
    policies = Policy.objects.prefetch_related("exceptions")
    return [policy.key for policy in policies if matches(wanted, _words_of(policy, register))]


def destinations_called(wanted: str, register: Register) -> list[str]:
    """Codes of the destinations with such a name, past or present, or such a code. No query."""
    return [
        code for code in register.destinations if matches(wanted, [code, *_names(code, register)])
    ]


def _names(code: str, register: Register) -> list[str]:
    dated = (name for _span, name in register.dated_names.get(code, ()))
    return [word for name in (register.destinations[code], *dated) for word in (name.en, name.fr)]


def _words_of(policy: Policy, register: Register) -> list[str]:
    words = [
        policy.key,
        policy.title_en,
        policy.title_fr,
        policy.instrument_en,
        policy.instrument_fr,
        policy.citation_en,
        policy.citation_fr,
        policy.section,
        policy.notes_en,
        policy.notes_fr,
        policy.existing_permits_en,
        policy.existing_permits_fr,
    ]
    for exception in policy.exceptions.all():
        words += [exception.text_en, exception.text_fr]
        words += [exception.evidence_en, exception.evidence_fr]
    row = register.rulebook.row[policy.key]
    for question in row.questions:
        asked = register.question(question.key)
        words += [asked.en, asked.fr]
    for code in row.scope.destinations or ():
        words += _names(code, register)
    return words
