"""Where the tile of a destination stands on the map: all of one size, and no border drawn.

The picture below is the map. Neighbours are near each other as far as a grid allows; it says
nothing of areas or borders. Destinations that are not in it are listed beside the map.
"""

from __future__ import annotations

from typing import NamedTuple

PICTURE = """
.. .. .. .. .. GL .. .. .. IS .. .. SJ .. .. .. .. .. .. .. .. .. .. .. .. .. .. .. .. .. .. ..
CA .. .. .. .. .. .. .. .. .. FO .. NO SE FI EE .. .. .. RU .. .. .. .. .. .. .. .. .. .. .. ..
US .. PM .. .. .. .. .. .. IE GB .. DK .. LT LV BY .. .. .. .. .. .. .. .. .. .. .. .. .. .. ..
MX .. .. BM BS .. .. .. .. .. .. NL DE PL .. UA .. .. .. KZ .. .. .. MN .. .. .. .. .. .. .. ..
GT BZ .. CU HT DO .. .. .. .. BE LU CZ SK .. RO MD .. GE UZ KG .. .. .. .. KP .. .. .. .. .. ..
SV HN .. JM .. PR .. .. .. .. FR LI AT HU RS BG .. AM AZ TM TJ .. .. CN .. KR JP .. .. .. .. ..
.. NI .. .. KN AG DM .. PT ES AD CH SI HR XK MK TR SY .. IR AF PK NP BT .. .. .. .. .. .. .. ..
.. CR PA .. .. LC VC .. .. GI MC SM IT BA ME AL CY LB IQ .. .. IN BD MM LA HK TW .. .. .. .. ..
.. .. CO VE .. GD BB .. .. .. .. VA MT .. GR .. IL JO KW BH .. MV LK TH VN MO PH .. GU MP .. ..
.. .. EC .. GY SR TT .. EH MA DZ TN LY .. EG .. PS SA QA AE .. .. .. .. KH .. .. PW FM MH .. ..
.. .. PE .. BR GF .. CV .. MR ML NE TD SD ER .. .. YE OM .. .. .. .. MY .. BN .. .. .. NR KI ..
.. .. .. BO .. .. .. .. GM SN BF NG CF SS ET DJ .. .. .. .. .. .. .. SG ID TL PG .. SB .. TV ..
.. .. CL PY .. .. .. .. GW GN GH BJ CM UG KE SO .. .. .. .. .. .. .. .. .. .. .. .. VU FJ WS ..
.. .. .. AR UY .. .. .. .. SL CI TG CG CD RW .. .. SC .. .. .. .. .. .. .. .. .. .. NC TO .. CK
.. .. .. .. FK .. .. .. .. .. LR ST GA ZM BI TZ KM .. .. .. .. .. .. .. .. .. AU .. .. .. NU PF
.. .. .. .. .. .. .. .. .. .. .. GQ AO ZW MW MZ MG MU .. .. .. .. .. .. .. .. .. .. NZ .. .. ..
.. .. .. .. .. .. .. .. .. .. .. .. NA BW SZ .. .. RE .. .. .. .. .. .. .. .. .. .. .. .. .. ..
.. .. .. .. .. .. .. .. .. .. .. .. .. ZA LS .. .. .. .. .. .. .. .. .. .. .. .. .. .. .. .. ..
"""


class Position(NamedTuple):
    """Row and column of a tile, from 1, as the style sheet numbers them."""

    row: int
    column: int


POSITIONS: dict[str, Position] = {
    code: Position(row, column)
    for row, line in enumerate(PICTURE.strip().splitlines(), start=1)
    for column, code in enumerate(line.split(), start=1)
    if code != ".."
}
"""By code, in the order of reading: row by row, each from the left."""
