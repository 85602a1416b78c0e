from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """What is read across cases, policies and history; it holds no rows of its own."""

    name = "reports"
    verbose_name = _("Reports")
