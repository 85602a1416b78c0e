"""Which applications the sample office has: a told part, and a part drawn by chance.

The days and instruments of policy are the register's; the applications are made up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from permits.choices import RefusalGround, ReturnGround
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
        date(2020, 4, 22),
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
    yield Spec(
        date(2021, 6, 1), "TR", (SENSORS,), BOREAL, turkish, ground=RefusalGround.POLICY.value
    )
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
        ground=RefusalGround.REGULATION.value,
        related=True,
    )
    yield Spec(
        date(2021, 2, 8),
        "BY",
        (OPTICS,),
        BOREAL,
        f"{SAMPLE} Border Committee, Belarus",
        ground=RefusalGround.POLICY.value,
    )
    yield Spec(
        date(2024, 4, 15),
        "IL",
        (OPTICS,),
        BOREAL,
        f"{SAMPLE} Procurement Mission, Israel",
        answers={"IL-2024-01-08:gaza": "yes"},
        ground=RefusalGround.POLICY.value,
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
        ground=RefusalGround.POLICY.value,
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


# The first eight in the order of the value of military exports in 2019 (Ploughshares: C$m 152 to
# Belgium, 116 UK, 61 Australia, 40 Singapore, 39 Germany, 37 UAE, 36 Japan, 25 Spain).
PLACES: tuple[tuple[str, str, int], ...] = (
    ("BE", f"{SAMPLE} Achats de la Défense, Belgium", 10),
    ("GB", f"{SAMPLE} Defence Stores, United Kingdom", 9),
    ("AU", f"{SAMPLE} Materiel Group, Australia", 7),
    ("SG", f"{SAMPLE} Air Logistics, Singapore", 5),
    ("DE", f"{SAMPLE} Beschaffungsamt, Germany", 5),
    ("AE", f"{SAMPLE} Coastal Authority, United Arab Emirates", 5),
    ("JP", f"{SAMPLE} Air Materials, Japan", 5),
    ("ES", f"{SAMPLE} Material Naval, Spain", 4),
    ("FR", f"{SAMPLE} Service des achats, France", 4),
    ("KR", f"{SAMPLE} Training Command, Republic of Korea", 3),
    ("NO", f"{SAMPLE} Forsvarslager, Norway", 3),
    ("UA", f"{SAMPLE} Border Guard, Ukraine", 3),
    ("IN", f"{SAMPLE} Mountain Brigade Depot, India", 3),
    ("PH", f"{SAMPLE} National Police Logistics, Philippines", 2),
    ("BR", f"{SAMPLE} Escola de Aviação, Brazil", 2),
    ("CL", f"{SAMPLE} Academia Aérea, Chile", 2),
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

SAUDI_ARABIA = ("SA", f"{SAMPLE} National Guard, Saudi Arabia", 4)
ISRAEL = ("IL", f"{SAMPLE} Procurement Mission, Israel", 4)
BETWEEN: tuple[tuple[date, date, tuple[str, str, int]], ...] = (
    (date(2020, 4, 14), date.max, SAUDI_ARABIA),
    (BEGAN, date(2023, 6, 30), ISRAEL),
)
"""Where only those days saw applications that met no policy but case by case."""

LOWER_RISK = frozenset({"AU", "BE", "DE", "ES", "FR", "GB", "JP", "KR", "NO"})
"""Those of our places that all four export control regimes have as members."""

MUNITIONS = 0.58
WITHDRAWN, RETURNED_WITHOUT_ACTION, DENIED = 0.076, 0.051, 0.01
LATE = 0.1


def drawn(number: int, seed: int, today: date) -> Iterator[Spec]:
    """So many cases by chance, up to today; the same for the same seed and day.

    The mix follows what is published of the whole: in 2016, 6,855 applications for military,
    dual-use and strategic goods, of which 522 withdrawn, 348 returned without action, 7 denied, and
    3,203 of 5,526 permits for munitions (annual report under the Act); in 2020, 58 denied, most of
    them cameras and sensors to China (Janes); 199 to Israel authorised in 2022; Saudi Arabia,
    mainly vehicles, 42 % to 75 % of the value of military exports (Ploughshares); 90 % decided
    within 10 business days, or 40 where others are consulted, as they usually are on destinations
    that are not considered lower-risk (Export and Brokering Controls Handbook). How many go back to
    the applicant first is our guess.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    for _turn in range(number):
        filed = BEGAN + timedelta(days=chance.randrange((today - BEGAN).days))
        yield _fate(chance, _wanted(chance, filed))


def _one_of(chance: random.Random, choices: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return chance.choices(choices, [one[-1] for one in choices])[0]


def _wanted(chance: random.Random, filed: date) -> Spec:
    """What somebody applies for on that day."""
    is_arms = chance.random() < MUNITIONS
    if is_arms:
        then = [place for since, until, place in BETWEEN if since <= filed <= until]
        place = _one_of(chance, [*PLACES, *then])
        goods: Goods = VEHICLE if place is SAUDI_ARABIA else _one_of(chance, WARES)[0]
    else:
        place, goods = _one_of(chance, MARKETS), _one_of(chance, DUAL_USE)[0]
    # Most are small; a few make up most of the value.
    amount = max(1, round(goods.quantity * chance.lognormvariate(-1.2, 1)))
    return Spec(
        filed,
        place[0],
        (replace(goods, quantity=amount),),
        chance.choice(FIRMS),
        place[1],
        end_user_kind="government" if is_arms else "private",
        end_use="Use by the end-user named, and by nobody else"
        if is_arms
        else "Civil use at the end-user's own site",
        uses=chance.choice((0, 1, 2, 3)),
    )


def _fate(chance: random.Random, spec: Spec) -> Spec:
    """How it fares, and how long that takes."""
    is_lower_risk = spec.destination in LOWER_RISK
    is_consulted = chance.random() < (0.05 if is_lower_risk else 0.8)
    is_late, is_returned = chance.random() < LATE, chance.random() < 0.08
    spec = replace(
        spec,
        hurry=0.4 if is_late else 1 if is_consulted else 3,
        consulted="Department of National Defence" if is_consulted else "",
        returned=is_returned,
    )
    fate = chance.random()
    if fate < WITHDRAWN:
        return replace(spec, withdrawn=True)
    fate -= WITHDRAWN
    if fate < RETURNED_WITHOUT_ACTION:
        return _needless(chance, spec)
    if fate < RETURNED_WITHOUT_ACTION + DENIED:
        if spec.goods[0].is_arms:
            return replace(spec, residual={"7.3(1)(b)(iii)": "substantial_risk"})
        return replace(
            spec,
            destination="CN",
            goods=(CAMERA,),
            end_user=f"{SAMPLE} Imaging Works, China",
            ground=RefusalGround.DISCRETION.value,
        )
    return spec


def _needless(chance: random.Random, spec: Spec) -> Spec:
    """The same day and firm, for what needs no individual permit."""
    spec = replace(spec, end_user_kind="private", end_use="Inspection of the end-user's own plant")
    if chance.random() < 0.5:
        return replace(
            spec,
            destination="US",
            goods=(CRYPTO,),
            end_user=f"{SAMPLE} Data Centers LLC, United States",
            not_needed=ReturnGround.NO_PERMIT_NEEDED.value,
        )
    return replace(
        spec,
        destination="DE",
        goods=(CAMERA,),
        end_user=f"{SAMPLE} Prüftechnik GmbH, Germany",
        answers={"GEP41:range_300": "yes", "GEP41:schedule": "yes"},
        not_needed=ReturnGround.GENERAL_PERMIT.value,
    )
