"""One written form for each user name.

"Analyst", "ANALYST" and "analyst" in full-width letters are one account. Names are kept in their
canonical form, so that the two database engines, whose own notions of upper and lower case
differ, have nothing to decide.
"""

from __future__ import annotations

import unicodedata

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 150
_TOO_LONG = "?" * (LONGEST_NAME + 1)

# Plain letters only: accented or foreign look-alikes would allow an account that reads as
# another's. The display name takes any script.
validate_username = RegexValidator(
    r"\A[a-z0-9][a-z0-9._@+-]*\Z",
    _("Use letters without accents, digits and . _ @ + -, with a letter or digit first."),
    code="invalid_username",
)


def canonical_username(given: str) -> str:
    """The form under which a name is kept and looked up: NFKC, case folded, no blanks around.

    One that is too long for any account stands for all of them: the normal form of a text takes the
    square of its length, and anybody may try one.
    """
    given = given.strip()
    if len(given) > LONGEST_NAME:
        return _TOO_LONG
    folded = unicodedata.normalize("NFKC", given).casefold()
    # Folding can undo the normal form, so it is made once more.
    return unicodedata.normalize("NFKC", folded).strip()
