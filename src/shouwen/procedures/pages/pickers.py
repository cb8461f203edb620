"""What the search fields of forms ask for while somebody types."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from shouwen.estate import queries as estate
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.web import here


@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """Rooms that ?q= names (room, resident's name or initials), of the community one is in, as JSON; names are masked."""
    actor, text, place = request.actor, request.GET.get("q", "").strip()[:40], here(request)  # type: ignore[attr-defined]
    if place is None or not actor.may("estate.view", place):
        raise NotFound
    found: dict[str, str] = {}
    for one in estate.find(actor, text, place, 12) if text else []:
        if one.unit_code:
            found.setdefault(one.unit_code, one.detail if one.kind == "unit" else f"{one.title} {one.detail}")
    return JsonResponse([{"value": code, "title": code, "detail": detail} for code, detail in found.items()], safe=False)
