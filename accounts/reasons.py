"""What counts as a reason: something that a person can read."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST_REASON = 2000


def checked_reason(given: str) -> str:
    """The reason without blanks around it.

    Raises ValidationError for one that is too long, or has no letter or digit: blanks, also those
    without width, and full stops give no reason.
    """
    reason = given.strip()
    if not any(character.isalnum() for character in reason):
        raise ValidationError(_("Say why, in words."), code="no_reason")
    if len(reason) > LONGEST_REASON:
        raise ValidationError(
            _("Give the reason in %(longest)d characters or fewer.") % {"longest": LONGEST_REASON},
            code="long_reason",
        )
    return reason
