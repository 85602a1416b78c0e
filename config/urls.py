"""Every address of the product."""

from django.urls import include, path
from django.views.i18n import set_language

from config import views
from config.admin import site

urlpatterns = [
    path("", views.home, name="home"),
    path("health/", views.health, name="health"),
    path("language/", set_language, name="set_language"),
    path("admin/", site.urls),
    path("", include("accounts.urls")),
    path("", include("permits.urls")),
    path("", include("policies.urls")),
    path("", include("history.urls")),
    path("", include("reports.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"
