"""Our addresses and two that do nothing: one plain, one through the JSON interface."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI

from shouwen.config import urls
from shouwen.config.api import signed_in
from shouwen.procedures.api import FinishIn, Receipt

ANSWER = {
    "id": 1, "number": "BS-20261123-001", "status": "open", "revision": 2,
    "open_tasks": [{"number": 3, "step": "handle", "title": "处理", "branch": ""}],
}  # fmt: skip


def view(request: HttpRequest) -> HttpResponse:
    """Reads the body, does nothing."""
    return HttpResponse(request.body[:0] + b'{"id": 1}', content_type="application/json")


api = NinjaAPI(auth=signed_in, urls_namespace="layers", docs_url=None, openapi_url=None)


@api.post("/finish", response=Receipt)
def finish(request: HttpRequest, data: FinishIn) -> dict[str, object]:
    return ANSWER


urlpatterns = [*urls.urlpatterns, path("bench/view", view), path("bench/api/", api.urls)]
