"""What all pages of residents share: who asks, never kept by a browser, never found by a search engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, TooMany
from shouwen.kernel.screens import render
from shouwen.kernel.web import refusal_of
from shouwen.org.middleware import public

from .. import limits
from ..residents import resident_of

LARGE: Final = "large"
View = Callable[..., HttpResponse]


def for_residents(view: View) -> View:
    """A public page of this area: guesses are counted and, beyond a few, no longer answered; refusals come in our own frame."""

    @public
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        at, address = now(), limits.address_of(request)
        try:
            limits.check("guess-address", address, at)
            response = view(request, *args, **kwargs)
        except (NotFound, TooMany) as no:
            if isinstance(no, NotFound):
                _guessed(address, at)
            refusal = refusal_of(no)
            response = draw(request, "portal/refused.html", {"refusal": refusal}, status=refusal.status)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return shown


def _guessed(address: str, at: Any) -> None:
    try:
        limits.hit("guess-address", address, at)
    except TooMany:
        pass  # said at the next try


def draw(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of residents: with who is signed in, and the size of its letters."""
    if not hasattr(request, "resident"):
        request.resident = resident_of(request, now())  # type: ignore[attr-defined]
    common = {"resident": request.resident, "large": request.COOKIES.get("size") == LARGE}  # type: ignore[attr-defined]
    return render(request, template, common | context, status=status)


def secretly(response: HttpResponse) -> HttpResponse:
    """Mark an answer whose address is a secret: what is kept of it for a second sending is sealed."""
    response.secret = True  # type: ignore[attr-defined]
    return response


def who(request: HttpRequest) -> Any:
    """The resident signed in on this browser, or None; asked once a request."""
    if not hasattr(request, "resident"):
        request.resident = resident_of(request, now())  # type: ignore[attr-defined]
    return request.resident  # type: ignore[attr-defined]
