from __future__ import annotations

from django.urls import path

from reports.views import start

app_name = "reports"

urlpatterns = [path("start/", start.show, name="start")]
