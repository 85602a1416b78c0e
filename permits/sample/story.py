"""Which applications the sample office has: a told part, and a part drawn by chance.

The days and instruments of policy are the register's; the applications are made up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from permits.choices import ReturnGround
from permits.domain.clock import BusinessDays
from permits.sample.specs import (
    BODY_ARMOUR,
    CAMERA,
    CHEMICAL,
    CRYPTO,
    INERTIAL,
    OPTICS,
    RADAR,
    RIFLES,
    SAMPLE,
    SENSOR,
    SENSORS,
    SIMULATOR,
    SONAR,
    SPARES,
    VEHICLE,
    Act,
    Goods,
    Spec,
)

NORTHLIGHT = f"{SAMPLE} Northlight Optics Inc."
CASCADIA = f"{SAMPLE} Cascadia Avionics Ltd."
BOREAL = f"{SAMPLE} Boréal Capteurs inc."
FUNDY = f"{SAMPLE} Fundy Trade Partners"
PRAIRIE = f"{SAMPLE} Prairie Vehicles Corp."
LAURENT = f"{SAMPLE} Saint-Laurent Protection inc."
FIRMS = (NORTHLIGHT, CASCADIA, BOREAL, PRAIRIE, LAURENT)

TR_SUSPENDED = date(2020, 10, 5)
MINISTER = "minister"


def told(instruments: Mapping[str, str]) -> Iterator[Spec]:
    """The cases that tell how policy moved. `instruments` are the register's words, by policy."""
    suspension = (
        f"Synthetic act of the demonstration, after: {instruments['TR-2020-10-05-suspension']}"
    )
    suspended = (Act(TR_SUSPENDED, "suspend", suspension),)
    turkish = f"{SAMPLE} Air Systems Command, Türkiye"
    # Issued before the first freeze of October 2019, valid in 2020: with the exception below they
    # are the 29 that were cancelled, by the sweep of `permits.sample.sweep`.
    wares = (SENSOR, SENSORS, SENSOR, OPTICS)
    makers = (NORTHLIGHT, NORTHLIGHT, BOREAL, CASCADIA)
    for turn in range(28):
        goods = replace(wares[turn % 4], quantity=wares[turn % 4].quantity + turn // 4)
        filed = date(2019, 9, (3, 4, 5, 6)[turn % 4])
        yield Spec(
            filed, "TR", (goods,), makers[turn % 4], turkish, hurry=3, uses=turn % 3, acts=suspended
        )
    # Approved in May 2020 as an exception, on an assurance that was only promised.
    yield Spec(
        date(2020, 4, 17),
        "TR",
        (SENSOR,),
        NORTHLIGHT,
        turkish,
        hurry=4,
        exception="TR-2020-04-16-presumptive:exceptional",
        exception_reason="A promised assurance on the end use is taken as exceptional.",
        promise="The goods will not be used outside the territory of the end-user.",
        acts=suspended,
    )
    yield Spec(date(2021, 6, 1), "TR", (SENSORS,), BOREAL, turkish, on_policy=True)
    yield Spec(
        date(2022, 3, 14),
        "TR",
        (OPTICS,),
        CASCADIA,
        turkish,
        exception="TR-2020-04-16-presumptive:nato",
        exception_reason="The goods are for a cooperation program; its office confirms it.",
        hurry=2,
    )
    # Filed under presumptive denial, decided case by case after 29 January 2024.
    for month, goods in ((10, SENSOR), (11, SENSORS)):
        yield Spec(
            date(2023, month, 8),
            "TR",
            (goods,),
            NORTHLIGHT,
            turkish,
            decide_after=date(2024, 2, 5),
            uses=1,
        )
    yield Spec(
        date(2021, 3, 9), "TR", (SENSORS,), FUNDY, turkish, activity="brokering", withdrawn=True
    )
    yield Spec(
        date(2024, 5, 6),
        "TR",
        (SENSOR,),
        NORTHLIGHT,
        turkish,
        residual={"7.3(1)(b)(i)": "substantial_risk"},
    )
    # Saudi Arabia: the moratorium ended on 9 April 2020.
    yield Spec(
        date(2019, 11, 4),
        "SA",
        (VEHICLE,),
        PRAIRIE,
        f"{SAMPLE} National Guard, Saudi Arabia",
        decide_after=date(2020, 4, 20),
        consulted="Department of National Defence",
        uses=3,
    )
    yield Spec(
        date(2022, 9, 12),
        "SA",
        (RIFLES,),
        LAURENT,
        f"{SAMPLE} Special Forces, Saudi Arabia",
        residual={"7.3(1)(b)(ii)": "substantial_risk"},
    )
    # Russia, Belarus, Israel, Hong Kong.
    yield Spec(
        date(2023, 9, 5),
        "RU",
        (SPARES,),
        CASCADIA,
        f"{SAMPLE} Aero Works, Russia",
        end_user_kind="private",
        legal_bar=True,
        related=True,
    )
    yield Spec(
        date(2021, 2, 8),
        "BY",
        (OPTICS,),
        BOREAL,
        f"{SAMPLE} Border Committee, Belarus",
        on_policy=True,
    )
    yield Spec(
        date(2024, 4, 15),
        "IL",
        (OPTICS,),
        BOREAL,
        f"{SAMPLE} Procurement Mission, Israel",
        answers={"IL-2024-01-08:gaza": "yes"},
        on_policy=True,
    )
    yield Spec(
        date(2024, 9, 3),
        "IL",
        (BODY_ARMOUR,),
        LAURENT,
        f"{SAMPLE} Home Front Depot, Israel",
        answers={"IL-2024-01-08:gaza": "no"},
    )
    yield Spec(
        date(2021, 9, 7),
        "HK",
        (CRYPTO,),
        CASCADIA,
        f"{SAMPLE} Police Technology, Hong Kong",
        answers={"HK-2020-07-03:sensitive": "yes"},
        on_policy=True,
    )
    # What needs no individual permit goes back.
    yield Spec(
        date(2023, 5, 2),
        "FR",
        (CAMERA,),
        CASCADIA,
        f"{SAMPLE} Inspection thermique SA, France",
        end_user_kind="private",
        answers={"GEP41:range_300": "yes", "GEP41:schedule": "yes"},
        not_needed=ReturnGround.GENERAL_PERMIT.value,
    )


def open_today(today: date, calendar: BusinessDays) -> Iterator[Spec]:
    """Cases that are still open, one at every stage."""

    def ago(days: int) -> date:
        day, back = today, 0
        while back < days:
            day -= timedelta(days=1)
            back += calendar.is_business_day(day)
        return day

    ukraine = f"{SAMPLE} Border Guard, Ukraine"
    philippines = f"{SAMPLE} National Police Logistics, Philippines"
    turkish = f"{SAMPLE} Coast Guard Command, Türkiye"
    yield Spec(ago(2), "PH", (BODY_ARMOUR,), LAURENT, philippines, stop="draft")
    yield Spec(
        ago(3),
        "DE",
        (SIMULATOR,),
        CASCADIA,
        f"{SAMPLE} Ausbildungszentrum, Germany",
        stop="submitted",
    )
    yield Spec(ago(9), "UA", (RADAR,), BOREAL, ukraine, stop="in_review")
    yield Spec(ago(14), "TR", (SENSOR, SENSORS), NORTHLIGHT, turkish, stop="signed_once")
    yield Spec(ago(21), "TR", (SENSORS,), BOREAL, turkish, stop="signed")
    yield Spec(
        ago(30),
        "AE",
        (OPTICS,),
        CASCADIA,
        f"{SAMPLE} Coastal Authority, United Arab Emirates",
        stop="recommended",
        consulted="Department of National Defence",
    )
    yield Spec(
        ago(26),
        "SA",
        (RIFLES,),
        LAURENT,
        f"{SAMPLE} Interior Supply, Saudi Arabia",
        stop="put",
        residual={"7.3(1)(b)(ii)": "substantial_risk"},
    )
    yield Spec(
        ago(46),
        "IN",
        (RADAR,),
        BOREAL,
        f"{SAMPLE} Mountain Brigade Depot, India",
        stop="answered",
        consulted="Department of National Defence",
    )
    yield Spec(
        ago(13),
        "BR",
        (SPARES,),
        CASCADIA,
        f"{SAMPLE} Escola de Aviação, Brazil",
        stop="signed_once",
    )
    yield Spec(
        ago(17),
        "AE",
        (SENSOR,),
        NORTHLIGHT,
        f"{SAMPLE} Maritime Patrol, United Arab Emirates",
        residual={"7.3(1)(b)(i)": "not_enough_information"},
    )
    yield Spec(
        ago(24),
        "PH",
        (RIFLES,),
        LAURENT,
        philippines,
        stop="signed",
        review_by=today - timedelta(days=2),
    )
    yield Spec(
        ago(11),
        "IL",
        (OPTICS,),
        FUNDY,
        f"{SAMPLE} Procurement Mission, Israel",
        activity="brokering",
        stop="stated",
    )
    yield Spec(
        ago(12),
        "HK",
        (CAMERA,),
        BOREAL,
        f"{SAMPLE} Instruments Ltd., Hong Kong",
        end_user_kind="private",
        stop="in_review",
    )
    yield Spec(
        ago(10),
        "KR",
        (SIMULATOR,),
        CASCADIA,
        f"{SAMPLE} Training Command, Republic of Korea",
        stop="consulted",
        consulted="Department of National Defence",
    )
    yield Spec(
        ago(16),
        "CL",
        (SPARES,),
        CASCADIA,
        f"{SAMPLE} Academia Aérea, Chile",
        stop="returned",
        returned=True,
    )


PLACES: tuple[tuple[str, str, int], ...] = (
    ("DE", f"{SAMPLE} Beschaffungsamt, Germany", 9),
    ("FR", f"{SAMPLE} Service des achats, France", 8),
    ("GB", f"{SAMPLE} Defence Stores, United Kingdom", 9),
    ("AU", f"{SAMPLE} Materiel Group, Australia", 6),
    ("KR", f"{SAMPLE} Training Command, Republic of Korea", 5),
    ("JP", f"{SAMPLE} Air Materials, Japan", 4),
    ("AE", f"{SAMPLE} Coastal Authority, United Arab Emirates", 5),
    ("BR", f"{SAMPLE} Escola de Aviação, Brazil", 3),
    ("CL", f"{SAMPLE} Academia Aérea, Chile", 2),
    ("IN", f"{SAMPLE} Mountain Brigade Depot, India", 4),
    ("PH", f"{SAMPLE} National Police Logistics, Philippines", 3),
    ("UA", f"{SAMPLE} Border Guard, Ukraine", 5),
    ("NO", f"{SAMPLE} Forsvarslager, Norway", 3),
)
WARES: tuple[tuple[Goods, int], ...] = (
    (SPARES, 8),
    (SENSORS, 4),
    (SENSOR, 2),
    (SIMULATOR, 3),
    (BODY_ARMOUR, 4),
    (OPTICS, 3),
    (RADAR, 2),
    (RIFLES, 2),
)
# Dual-use goods go to firms, in places to which no general permit opens the way.
MARKETS: tuple[tuple[str, str, int], ...] = (
    ("SG", f"{SAMPLE} Harbour Systems Pte., Singapore", 8),
    ("MX", f"{SAMPLE} Ensayos Industriales, Mexico", 7),
    ("AE", f"{SAMPLE} Desalination Works, United Arab Emirates", 7),
    ("IN", f"{SAMPLE} Process Engineering, India", 7),
    ("BR", f"{SAMPLE} Pesquisa Oceânica, Brazil", 5),
    ("CL", f"{SAMPLE} Minera del Norte, Chile", 5),
    ("MY", f"{SAMPLE} Offshore Surveys, Malaysia", 4),
    ("TH", f"{SAMPLE} Chemical Plants, Thailand", 4),
    ("ZA", f"{SAMPLE} Hydrographic Services, South Africa", 4),
    ("PH", f"{SAMPLE} Island Networks, Philippines", 3),
)
DUAL_USE: tuple[tuple[Goods, int], ...] = (
    (CRYPTO, 9),
    (CAMERA, 7),
    (CHEMICAL, 6),
    (INERTIAL, 4),
    (SONAR, 4),
)
BEGAN = date(2019, 9, 3)
SETTLED = 110
"""Days before today after which no case is drawn any more: those of today are told."""


def drawn(number: int, seed: int, today: date) -> Iterator[Spec]:
    """So many cases by chance, spread over the years; the same for the same seed and day.

    Three of four are for dual-use goods, as most of the office's work is.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    span = (today - BEGAN).days - SETTLED

    def one_of(choices: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
        return chance.choices(choices, [one[-1] for one in choices])[0]

    for turn in range(number):
        is_arms = turn % 4 == 0
        code, end_user, _weight = one_of(PLACES if is_arms else MARKETS)
        goods: Goods = one_of(WARES if is_arms else DUAL_USE)[0]
        amount = max(1, round(goods.quantity * chance.uniform(0.3, 1.8)))
        spec = Spec(
            BEGAN + timedelta(days=chance.randrange(span)),
            code,
            (replace(goods, quantity=amount),),
            chance.choice(FIRMS),
            end_user,
            end_user_kind="government" if is_arms else "private",
            end_use="Use by the end-user named, and by nobody else"
            if is_arms
            else "Civil use at the end-user's own site",
            uses=chance.choice((0, 1, 2, 3)),
        )
        fate = chance.random()
        if fate < 0.08:
            spec = replace(spec, returned=True)
        elif fate < 0.13:
            spec = replace(spec, withdrawn=True)
        elif fate < 0.30:
            spec = replace(spec, consulted="Department of National Defence")
        yield spec
