"""Tags of the pages of policy changes."""

from __future__ import annotations

from typing import Any

from django import template

from policies.choices import ChangeStatus
from policies.models import PolicyChange

register = template.Library()

TONES = {
    ChangeStatus.DRAFT: ("info", "half"),
    ChangeStatus.PROPOSED: ("warn", "pause"),
    ChangeStatus.RETURNED: ("warn", "alert"),
    ChangeStatus.APPROVED: ("good", "check"),
    ChangeStatus.WITHDRAWN: ("", ""),
}


@register.inclusion_tag("components/tag.html")
def change_tag(change: PolicyChange) -> dict[str, Any]:
    """How far a change has come."""
    tone, icon = TONES[ChangeStatus(change.status)]
    return {"label": change.get_status_display(), "tone": tone, "icon": icon}
