"""Screens of people: their accounts, roles and delegations. What is done is done on their pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Delegation, RoleGrant, User
from history.admin import ShownInline, ShownScreen

DAYS_AND_HANDS = ("starts_on", "ends_on", "proposed_by", "confirmed_by", "declined_by", "ended_by")
HANDS = DAYS_AND_HANDS[2:]


class RoleInline(ShownInline):
    model = RoleGrant
    fk_name = "person"
    fields = ("role", *DAYS_AND_HANDS)
    related = HANDS
    verbose_name_plural = _("Roles")


class DelegationInline(ShownInline):
    model = Delegation
    fk_name = "person"
    fields = ("number", "may_decide", "may_act", *DAYS_AND_HANDS)
    related = HANDS
    verbose_name_plural = _("Delegations")


class PersonScreen(ShownScreen):
    """An account. Its password is nowhere."""

    list_display = ("name", "username", "is_active", "must_change_password", "created_at", "page")
    list_filter = ("is_active", "must_change_password")
    search_fields = ("name", "username")
    ordering = ("name",)
    fields = ("username", "name", "is_active", "must_change_password", "created_at")
    inlines = (RoleInline, DelegationInline)

    def history_subject(self, row: User) -> str:
        return f"person:{row.pk}"
