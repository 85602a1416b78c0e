"""The start page: what waits for whoever signed in, and why."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.choices import Role
from accounts.demo import offered_demo_accounts
from accounts.models import User
from accounts.rights import rights_of
from history import clock
from permits.domain import worklist
from permits.workflow import ANALYSTS
from reports.domain.first_task import first_tasks
from reports.domain.waiting import sections


@require_safe
@login_required
def show(request: HttpRequest) -> HttpResponse:
    """What waits; in a demonstration also a first task. Context: `templates/reports/start.html`."""
    roles = rights_of(request)
    who = worklist.viewer(cast("User", request.user), roles, clock.today())
    context = {
        "sections": sections(who),
        "tasks": first_tasks(who) if offered_demo_accounts() else [],
        "roles": sorted(str(role.label) for role in roles),
        "today": who.on,
        "administration": reverse("admin:index") if roles & {*ANALYSTS, Role.ADMINISTRATOR} else "",
    }
    return render(request, "reports/start.html", context)
