"""Every address: each area brings its own pages; the interface for programs is at /api/v1/."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from django.urls import URLPattern, URLResolver, include, path

from . import health, pages
from .api import api

handler400 = handler403 = handler404 = "shouwen.kernel.web.failed"
handler500 = "shouwen.kernel.web.crashed"

AREAS: Final = ("org", "estate", "notices", "papers", "duty", "procedures")
"""Areas with pages. Each owns the addresses below its own name; `org` also has /login and the like (its urls.py)."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", api.urls),
    path("", pages.home, name="home"),
    path("community", pages.switch, name="switch"),
]
urlpatterns += [
    path(f"{area}/", include(f"shouwen.{area}.urls")) for area in AREAS if find_spec(f"shouwen.{area}.urls")
]
