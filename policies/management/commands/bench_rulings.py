"""How fast the engine rules on lines. `./dev bench rulings` runs it."""

from __future__ import annotations

import platform
import random
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand

from policies.choices import Activity, EndUserKind, PlaceRole
from policies.domain.register import Register, read_register
from policies.domain.resolve import resolve
from policies.domain.timeline import rows_naming
from policies.facts import LineFacts, OtherPlace
from policies.models import ControlListItem

FIRST_DAY = date(2015, 1, 1)
DAYS = 12 * 365


class Command(BaseCommand):
    help = "Measures line rulings a second on one core, words aside."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lines", type=int, default=200_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--rounds", type=int, default=3)

    def handle(self, *args: Any, **options: Any) -> None:
        lines = list(random_lines(options["lines"], options["seed"], read_register()))
        self.stdout.write(
            f"{len(lines)} different random lines, seed {options['seed']}, "
            f"Python {platform.python_version()}, {platform.machine()}"
        )
        for number in range(1, options["rounds"] + 1):
            book = read_register().rulebook
            asked = 0
            wall, cpu = time.perf_counter(), time.process_time()
            for facts, on in lines:
                asked += bool(resolve(facts, book, on=on).needs_answer)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            self.stdout.write(
                f"round {number}: {len(lines) / wall:,.0f} rulings a second"
                f" ({len(lines) / cpu:,.0f} a second of processor time);"
                f" {asked / len(lines):.0%} of the lines raise a question"
            )


def random_lines(number: int, seed: int, register: Register) -> Iterator[tuple[LineFacts, date]]:
    """Lines as an office meets them: mostly to places that policies name, some with more places.

    Every round starts with a new rulebook, so that nothing is remembered from the one before.
    """
    pick = random.Random(seed)  # noqa: S311 - a benchmark
    everywhere = sorted(register.destinations)
    named = [code for code in everywhere if rows_naming(register, code)]
    codes = list(
        ControlListItem.objects.filter(selectable=True)
        .values_list("code", flat=True)
        .order_by("pk")
    )
    designating = register.rulebook.keys_of(
        register.rulebook.rows_where(lambda r: r.scope.designated)
    )
    for _line in range(number):
        other = pick.random() < 0.2
        yield (
            LineFacts(
                activity=pick.choices(Activity.values, (4, 1))[0],
                destination=pick.choice(named if pick.random() < 0.8 else everywhere),
                items=tuple(pick.sample(codes, pick.choice((1, 1, 1, 2, 3)))),
                eipa_4_1=pick.random() < 0.05,
                wmd_end_use=pick.random() < 0.05,
                end_user=pick.choice(EndUserKind.values),
                designated_under=frozenset(
                    [pick.choice(designating)] if pick.random() < 0.02 else ()
                ),
                other_destinations=(
                    (OtherPlace(pick.choice(PlaceRole.values), pick.choice(everywhere)),)
                    if other
                    else ()
                ),
            ),
            FIRST_DAY + timedelta(days=pick.randrange(DAYS)),
        )
