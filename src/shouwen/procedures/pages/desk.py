"""Where the counter stands: the community, the caller and the matter chosen so far, and the call they are kept under."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.screens import flash, wants_part
from shouwen.kernel.web import here
from shouwen.kernel.words import number_in


@dataclass(frozen=True, slots=True)
class Desk:
    community: Community
    unit_id: int | None
    person_id: int | None
    slug: str
    call: int | None = None


def place(request: HttpRequest) -> Community:
    """The community one is looking at, where one may file; otherwise the first where one may."""
    actor = request.actor  # type: ignore[attr-defined]
    chosen = here(request)
    known = list(estate.communities(actor))
    for community in sorted(known, key=lambda one: one.pk != chosen):
        if actor.may("tickets.file", community.pk):
            return community
    raise NotFound("没有这个页面，或您的岗位不受理事项。请转告前台登记。")


def desk_of(request: HttpRequest) -> Desk:
    """All of it stands in the address, or in the form that is sent."""
    data = request.POST if request.method == "POST" else request.GET
    return Desk(
        place(request), number_in(data.get("at_unit")), number_in(data.get("at_person")), data.get("procedure", "")[:40],
        number_in(data.get("call")),
    )  # fmt: skip


def leads_to(request: HttpRequest, url: str, said: str, kind: str = "success") -> HttpResponse:
    """Go on to a page, saying what was done; a request by htmx is told so by a header."""
    if wants_part(request):
        response: HttpResponse = HttpResponse(content_type="text/plain")
        response["HX-Redirect"] = url
    else:
        response = redirect(url)
    return flash(response, said, kind)
