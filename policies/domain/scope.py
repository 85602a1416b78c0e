"""A scope in words, in the active language: "Group 2, export"; "Türkiye"; "only if …".

Written for tables: short, with every part of the scope in it. The exact scope stands on the page
of the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from policies.choices import Activity, EndUserKind, GoodsKind
from policies.domain.citations import section_in_french
from policies.domain.codes import parts
from policies.domain.register import Bilingual, Register
from policies.facts import GoodsScope, ListTest, Scope, Unless

_DASH = re.compile(" [—–] ")

MOST_ITEMS_NAMED = 4
"""Where a row names more items, a table says how many, by group."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A further test of a scope. `list` is the code of the country list that it asks about.

    A test that says which destinations are meant is said in `ScopeWords.where` too.
    """

    words: str
    list: str = ""
    is_said_in_where: bool = False


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """`what`: goods and activity. `where`: destinations. `conditions`: every further test."""

    what: str
    where: str
    conditions: tuple[Condition, ...]

    @property
    def only(self) -> tuple[str, ...]:
        """The further tests that `where` does not say."""
        return tuple(one.words for one in self.conditions if not one.is_said_in_where)

    @property
    def of_lists(self) -> tuple[Condition, ...]:
        """The tests that ask about a country list."""
        return tuple(one for one in self.conditions if one.list)

    @property
    def of_facts(self) -> tuple[str, ...]:
        """The tests that ask about no list."""
        return tuple(one.words for one in self.conditions if not one.list)


def scope_in_words(scope: Scope, register: Register) -> ScopeWords:
    """What a row speaks of, where, and under which further conditions."""
    return _Writer(register).scope(scope)


def joined(words: Sequence[str]) -> str:
    """1, 3 and 4."""
    if len(words) == 1:
        return words[0]
    return _("%(first)s and %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def groups_in_words(groups: Sequence[str]) -> str:
    """Group 2; Groups 1 and 3 to 7."""
    return ngettext("Group %(groups)s", "Groups %(groups)s", len(groups)) % {
        "groups": joined(_runs(sorted(groups)))
    }


def items_in_words(items: Sequence[str]) -> str:
    """Items 7-2 and 7-12; 14 items of Group 1."""
    if len(items) <= MOST_ITEMS_NAMED:
        return ngettext("Item %(items)s", "Items %(items)s", len(items)) % {"items": joined(items)}
    groups = sorted({parts(item)[0] for item in items})
    return _("%(count)d items of %(groups)s") % {
        "count": len(items),
        "groups": groups_in_words(groups),
    }


def activities_in_words(activities: frozenset[str]) -> str:
    """export; export and brokering."""
    return joined([lowered(str(one.label)) for one in Activity if one in activities])


def lowered(words: str) -> str:
    """Words for the middle of a sentence."""
    return words[:1].lower() + words[1:]


def section(cited: str) -> str:
    """A section as the active language cites it: s. 2(a); art. 2a)."""
    return section_in_french(cited) if _in_french() else cited


def provision(cited: str) -> str:
    """A provision of the Act as the active language cites it: EIPA s. 10(1); LLEI par. 10(1)."""
    return section(cited).replace("EIPA", _("EIPA"))


def _in_french() -> bool:
    return (translation.get_language() or "").startswith("fr")


def _runs(groups: list[str]) -> list[str]:
    """1, 3 to 7, 9: three or more that follow each other are one run."""
    runs: list[list[str]] = []
    for group in groups:
        if runs and int(group) == int(runs[-1][-1]) + 1:
            runs[-1].append(group)
        else:
            runs.append([group])
    return [
        word
        for run in runs
        for word in (
            [_("%(first)s to %(last)s") % {"first": run[0], "last": run[-1]}]
            if len(run) > 2
            else run
        )
    ]


class _Writer:
    def __init__(self, register: Register) -> None:
        self.register = register
        self.language = translation.get_language() or ""

    def scope(self, scope: Scope) -> ScopeWords:
        what = _("%(goods)s, %(activity)s") % {
            "goods": self._goods(scope.goods),
            "activity": activities_in_words(scope.activities),
        }
        return ScopeWords(what, self._where(scope), tuple(self._conditions(scope)))

    def _goods(self, goods: GoodsScope) -> str:
        if goods.kind != GoodsKind.ITEMS:
            return {
                GoodsKind.EVERYTHING: _("All goods and technology"),
                GoodsKind.LISTED: _("All controlled goods and technology"),
                GoodsKind.RELATED_MATERIAL: _("Arms and related material"),
                GoodsKind.EIPA_4_1: _("Goods of s. 4.1"),
            }[GoodsKind(goods.kind)]
        if goods.rule:
            control, provision = goods.rule.split(":", 1)
            named = _("Items of %(list)s %(provision)s") % {
                "list": self._control(control),
                "provision": section(f"s. {provision}"),
            }
        else:
            named = self._items(goods.items)
        left_out = (*goods.not_items, *goods.excluded)
        if left_out:
            return _("%(items)s, except %(left_out)s") % {
                "items": named,
                "left_out": lowered(self._items(left_out)),
            }
        return named

    def _control(self, code: str) -> str:
        return {"ECL": _("ECL"), "BCL": _("BCL")}.get(code, code)

    def _items(self, items: Sequence[str]) -> str:
        groups = [item for item in items if len(parts(item)) == 1]
        others = [item for item in items if len(parts(item)) > 1]
        named = [groups_in_words(groups)] if groups else []
        if others:
            words = items_in_words(others)
            named.append(lowered(words) if named else words)
        return joined(named)

    def _where(self, scope: Scope) -> str:
        if scope.sub_regions:
            return joined(self._named(self.register.sub_regions, scope.sub_regions))
        if scope.destinations is not None:
            return joined(self._named(self.register.destinations, scope.destinations))
        where = self._any(scope)
        if scope.except_destinations:
            return _("%(where)s, except %(left_out)s") % {
                "where": where,
                "left_out": joined(
                    self._named(self.register.destinations, scope.except_destinations)
                ),
            }
        return where

    def _any(self, scope: Scope) -> str:
        tests = [test for test in scope.lists if not test.only_for_eipa_4_1]
        on = [self._list(test.list) for test in tests if test.listed]
        off = [self._list(test.list) for test in tests if not test.listed]
        if on and off:
            return _("Any destination on: %(on)s; not on: %(off)s") % {
                "on": joined(on),
                "off": joined(off),
            }
        if on:
            return _("Any destination on: %(on)s") % {"on": joined(on)}
        if off:
            return _("Any destination not on: %(off)s") % {"off": joined(off)}
        return _("Any destination")

    def _named(self, words: Mapping[str, Bilingual], codes: frozenset[str]) -> list[str]:
        return sorted(words[code][self.language] for code in codes)

    def _list(self, code: str) -> str:
        """A list by its name; a general permit's title says after a dash what it is for."""
        return _DASH.split(self.register.lists[code][self.language])[0]

    def _conditions(self, scope: Scope) -> Iterator[Condition]:
        yield from map(Condition, self._of_facts(scope))
        names_places = scope.destinations is not None
        for test in scope.lists:
            in_where = not (names_places or test.only_for_eipa_4_1)
            yield Condition(self._test(test), test.list, is_said_in_where=in_where)
        if scope.unless:
            yield Condition(self._unless(scope.unless), scope.unless.list)

    def _of_facts(self, scope: Scope) -> list[str]:
        only = []
        if scope.goods.broader:
            only.append(_("a code above a named one counts too"))
        if scope.designated:
            only.append(_("only where a party is a listed or designated person"))
        if scope.wmd_end_use:
            only.append(_("only for a weapon of mass destruction or missile end-use"))
        if scope.wmd_end_use is False:
            only.append(_("not for a weapon of mass destruction or missile end-use"))
        if scope.eipa_4_1:
            only.append(_("only goods of s. 4.1"))
        if scope.eipa_4_1 is False:
            only.append(_("not goods of s. 4.1"))
        if scope.end_user_kinds:
            only.append(
                _("only for these end-users: %(kinds)s")
                % {"kinds": self._kinds(scope.end_user_kinds)}
            )
        return only

    def _test(self, test: ListTest) -> str:
        said = {"list": self._list(test.list)}
        if test.only_for_eipa_4_1:
            if test.listed:
                return _("goods of s. 4.1: only to a country on: %(list)s") % said
            return _("goods of s. 4.1: only to a country not on: %(list)s") % said
        if test.listed:
            return _("while on: %(list)s") % said
        return _("while not on: %(list)s") % said

    def _unless(self, unless: Unless) -> str:
        said = {"list": self._list(unless.list), "kinds": self._kinds(unless.end_user_kinds)}
        if unless.listed:
            return _("unless the end-user is: %(kinds)s; and the country is on: %(list)s") % said
        return _("unless the end-user is: %(kinds)s; and the country is not on: %(list)s") % said

    def _kinds(self, kinds: frozenset[str]) -> str:
        return ", ".join(lowered(str(kind.label)) for kind in EndUserKind if kind in kinds)
