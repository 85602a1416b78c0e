"""Who acts: the system, or a person by the number of their account, in a role."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is `system` or `person:` and a number; `role` is the right that was used, if any."""

    id: str
    role: str | None = None

    @classmethod
    def person(cls, number: int, role: str | None = None) -> Actor:
        return cls(f"person:{number}", role)


SYSTEM = Actor("system")

NameLookup = Callable[[Iterable[int]], Mapping[int, str]]


def _nobody(numbers: Iterable[int]) -> Mapping[int, str]:
    return {}


_lookup: NameLookup = _nobody


def name_people_by(lookup: NameLookup) -> None:
    """Tells how to find people's names; the package that keeps accounts calls this once."""
    global _lookup
    _lookup = lookup


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The names of the people among the actors, by actor id. One query."""
    numbers = {int(one.removeprefix("person:")) for one in actors if one.startswith("person:")}
    return {f"person:{number}": name for number, name in _lookup(numbers).items()}
