"""Every address: each area brings its own pages; the interface for programs is at /api/v1/."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from django.urls import URLPattern, URLResolver, include, path

from . import guide, health, journal, morning, pages, settings_pages
from . import wiring as wiring
from .api import api

handler400 = handler403 = handler404 = "shouwen.kernel.web.failed"
handler500 = "shouwen.kernel.web.crashed"

AREAS: Final = {
    "org": "org/", "estate": "estate/", "notices": "notices/", "papers": "papers/", "duty": "duty/", "portal": "r/", "fees": "fees/", "custody": "custody/", "rounds": "rounds/", "premises": "premises/", "procedures": "",
}
"""Areas with pages, and below which address each has them. Tickets are what one works on: theirs stand at the root."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", api.urls),
    path("", pages.home, name="home"),
    path("community", pages.switch, name="switch"),
    path("guide", guide.page, name="guide"),
    path("morning", morning.page, name="morning"),
    path("journal", journal.JOURNAL.page, name="journal"),
    path("settings", settings_pages.hub, name="settings"),
    path("settings/communities", settings_pages.communities, name="settings_communities"),
    path("settings/figures", settings_pages.figures, name="settings_figures"),
    path("settings/calendar", settings_pages.calendar, name="settings_calendar"),
    path("settings/skills", settings_pages.skills, name="skills"),
    path("settings/retention", settings_pages.keeping, name="settings_retention"),
]
urlpatterns += [
    path(prefix, include(f"shouwen.{area}.urls")) for area, prefix in AREAS.items() if find_spec(f"shouwen.{area}.urls")
]
