"""What counts as a reason: something that a person can read."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST_REASON = 2000


_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters, by their class, that show nothing."""


def is_readable(text: str) -> bool:
    """Whether a person can read a letter or a digit there."""
    return any(character.isalnum() and character not in _UNSEEN for character in text)


def checked_reason(given: str) -> str:
    """The reason without blanks around it.

    Raises ValidationError for one that is too long, or has no letter or digit: blanks, also those
    without width, and full stops give no reason.
    """
    reason = given.strip()
    if not is_readable(reason):
        raise ValidationError(_("Say why, in words."), code="no_reason")
    if len(reason) > LONGEST_REASON:
        raise ValidationError(
            _("Give the reason in %(longest)d characters or fewer.") % {"longest": LONGEST_REASON},
            code="long_reason",
        )
    return reason
