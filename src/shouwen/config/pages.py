"""The pages that belong to no area: the front door, and the switch between communities."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from shouwen.kernel.prefix import root
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.web import COMMUNITY_COOKIE, here, sees
from shouwen.kernel.words import number_in

HOMES: Final = (("tickets.view", "procedures:board"), ("org.edit", "org:staff"), ("", "notices:inbox"))
"""Where somebody begins: the first page that their permissions open in the community they look at."""


def home(request: HttpRequest) -> HttpResponse:
    """To the board of what is open, or where else one's work begins; to the login when nobody is signed in."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return redirect("org:login")
    place = here(request)
    return redirect(next(page for may, page in HOMES if not may or actor.may(may, place)))


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Work in another community from now on (a cookie of this browser; what one may see is checked anew each time)."""
    actor = getattr(request, "actor", None)
    chosen = number_in(request.POST.get("community"))
    if actor is None or chosen is None or not sees(actor, chosen):
        raise NotFound
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = root()
    response = HttpResponseRedirect(back)
    response.set_cookie(
        COMMUNITY_COOKIE, str(chosen), max_age=180 * 86400, httponly=True, samesite="Lax", secure=settings.HTTPS, path=root(),
    )
    return response
