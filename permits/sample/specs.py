"""What is applied for in the sample office. Every firm, person and document is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

SAMPLE = "Sample"
"""Every party's name begins with this word: none can be taken for a real one."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What a line is of. `unit_value` in dollars."""

    items: tuple[str, ...]
    description: str
    quantity: int
    unit_value: int
    is_arms: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """What is done to the permit on a day."""

    on: date
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Spec:
    """One application and its fate.

    `stop` is the stage at which it is left: draft, submitted, returned, in_review, consulted,
    stated, answered, signed_once, signed, recommended, put; empty: worked on until it is decided.
    `exception` is claimed with a document. `answers` are given to policy questions, by key.
    `residual` is what remains by consideration, where it is not "no substantial risk".
    `ground` is why it is refused, where it is not for a substantial risk.
    `related`: the goods are arms and related material. `promise` is an assurance that was promised
    and is not in force: it is on file, and no consideration counts it.
    `hurry` is how many times faster than usual the office works; below 1 it is slower.
    """

    filed: date
    destination: str
    goods: tuple[Goods, ...]
    applicant: str
    end_user: str
    activity: str = "export"
    end_user_kind: str = "government"
    end_use: str = "Use by the end-user named, and by nobody else"
    stop: str = ""
    exception: str = ""
    exception_reason: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    residual: Mapping[str, str] = field(default_factory=dict)
    ground: str = ""
    related: bool = False
    promise: str = ""
    returned: bool = False
    withdrawn: bool = False
    consulted: str = ""
    not_needed: str = ""
    acts: tuple[Act, ...] = ()
    uses: int = 0
    decide_after: date | None = None
    valid_years: int = 2
    review_by: date | None = None
    hurry: float = 1


SENSOR = Goods(
    ("2-15.d",), "Electro-optical and infrared imaging turret for aircraft, stabilised", 6, 410_000
)
SENSORS = Goods(("2-15.d",), "Infrared imaging cores for airborne turrets", 24, 38_500)
OPTICS = Goods(("2-5.b",), "Laser rangefinder and target designation module", 12, 96_000)
SPARES = Goods(("2-10.c",), "Spare parts for training aircraft engines", 140, 2_150)
RADAR = Goods(("2-5.b",), "Ground surveillance radar", 3, 640_000)
VEHICLE = Goods(("2-6.a",), "Armoured vehicle, wheeled, without weapons", 20, 1_150_000)
RIFLES = Goods(("2-1.a",), "Semi-automatic rifles for the police, with spare magazines", 60, 1_900)
BODY_ARMOUR = Goods(("2-13.d",), "Body armour, level III, with plates", 450, 980)
SIMULATOR = Goods(("2-14",), "Marksmanship training simulator", 2, 285_000)
CAMERA = Goods(
    ("1-6.A.3.b.4.b",), "Uncooled thermal camera for industrial inspection", 15, 8_900, False
)
CRYPTO = Goods(("1-5.A.2.a",), "Network encryption appliance", 40, 6_200, False)
CHEMICAL = Goods(("7-3.2",), "Corrosion-resistant valves for a chemical plant", 30, 5_400, False)
INERTIAL = Goods(("1-7.A.3",), "Inertial measurement unit for survey vessels", 4, 61_000, False)
SONAR = Goods(("1-6.A.1.a.1",), "Seabed survey sonar", 2, 128_000, False)
