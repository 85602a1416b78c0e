"""The administration at `/admin/`: which screens there are. Who may open them is in `access.py`."""

from __future__ import annotations

from typing import Any

from django.db.models.options import Options
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _

from accounts.admin import PersonScreen
from accounts.models import User
from config.access import may
from history.admin import AskedSite, EventScreen
from history.models import Event
from permits.admin import ApplicationScreen, DecisionScreen, PermitScreen
from permits.models import Application, Decision, Permit
from policies.admin import (
    ControlListItemScreen,
    CountryListScreen,
    DestinationScreen,
    PolicyScreen,
)
from policies.models import ControlListItem, CountryList, Destination, Policy

ADDRESSES = {"index", "jsi18n", "app_list"}


class OfficeSite(AskedSite):
    """Screens for analysts and administrators. `config.access` sends everyone else away first."""

    site_title = _("Administration")
    site_header = _("Administration")
    index_title = _("Records of the office")
    empty_value_display = "—"
    final_catch_all_view = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            one
            for one in super().get_urls()
            if isinstance(one, URLResolver) or one.name in ADDRESSES
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        return may(request, "admin:index", "GET")

    def may(self, request: HttpRequest, opts: Options[Any], method: str) -> bool:
        return may(request, f"admin:{opts.app_label}_{opts.model_name}_change", method)


site = OfficeSite()
site.register(Application, ApplicationScreen)
site.register(Decision, DecisionScreen)
site.register(Permit, PermitScreen)
site.register(Policy, PolicyScreen)
site.register(Destination, DestinationScreen)
site.register(CountryList, CountryListScreen)
site.register(ControlListItem, ControlListItemScreen)
site.register(User, PersonScreen)
site.register(Event, EventScreen)
