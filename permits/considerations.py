"""The considerations of s. 7.3(1) of the Act in its order, and the days on which they are law.

The statutory text itself is in the register (`policies.models.Provision`), under `key`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from policies.domain.scope import provision, section

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LAW_FROM = date(2019, 9, 1)
"""ss. 7.3 and 7.4 came into force: S.C. 2018, c. 26; SI/2019-41."""


@dataclass(frozen=True, slots=True)
class Consideration:
    """One consideration. `slug` stands in addresses; `questions` guide the review and are ours."""

    number: str
    slug: str
    name: _StrPromise
    questions: tuple[_StrPromise, ...]

    @property
    def key(self) -> str:
        """The provision's key in the register."""
        return f"EIPA:{self.number}"

    @property
    def short(self) -> str:
        """Its number as the active language writes it: 7.3(1)(b)(i); 7.3(1)b)(i)."""
        return section(self.number)

    @property
    def cited(self) -> str:
        """As the active language cites it: EIPA, s. 7.3(1)(a); LLEI, al. 7.3(1)a)."""
        return provision(f"EIPA, s. {self.number}")


CONSIDERATIONS: tuple[Consideration, ...] = (
    Consideration(
        "7.3(1)(a)",
        "a",
        _("Peace and security"),
        (
            _("Is the destination in or near an armed conflict, an occupation or border tension?"),
            _("What would the goods add: defence, or offensive and cross-border action?"),
            _("Over which period and which region was this looked at, and why not a wider one?"),
        ),
    ),
    Consideration(
        "7.3(1)(b)(i)",
        "b-i",
        _("International humanitarian law"),
        (
            _("Is the recipient, or a force it supplies, party to a conflict now or foreseeably?"),
            _("What is the record of the unit, and were earlier violations stopped and punished?"),
            _("Would sensors, spares, transport or data of this kind make a violation easier?"),
        ),
    ),
    Consideration(
        "7.3(1)(b)(ii)",
        "b-ii",
        _("International human rights law"),
        (
            _("Who uses the goods: military, police, interior, intelligence, prisons?"),
            _("Was this or similar equipment used for repression, in peace or war?"),
            _("Which courts, oversight and media could hold the user to account?"),
        ),
    ),
    Consideration(
        "7.3(1)(b)(iii)",
        "b-iii",
        _("Terrorism"),
        (
            _("Are listed entities active in the area, or tolerated or supported by the state?"),
            _("Have stocks of this kind leaked or been stolen, and how are they guarded?"),
            _("How attractive are the goods to such groups?"),
        ),
    ),
    Consideration(
        "7.3(1)(b)(iv)",
        "b-iv",
        _("Transnational organized crime"),
        (
            _("Which trafficking routes, gangs or corruption around procurement are known?"),
            _("Can the goods be marked and traced, and were earlier ones found diverted?"),
            _("Is any broker unknown, or a commission out of line?"),
        ),
    ),
    Consideration(
        "7.3(1)(b)(v)",
        "b-v",
        _("Gender-based violence; violence against women and children"),
        (
            _("How common is armed violence of this kind, and is it by the user or those it arms?"),
            _("Are there laws, prosecutions, vetting and storage rules, or impunity?"),
            _("Which effect on schools, hospitals and the recruitment of children is known?"),
        ),
    ),
)

BY_NUMBER = {one.number: one for one in CONSIDERATIONS}
BY_SLUG = {one.slug: one for one in CONSIDERATIONS}


def are_law(on: date) -> bool:
    """Whether ss. 7.3 and 7.4 were in force on a day."""
    return on >= LAW_FROM
