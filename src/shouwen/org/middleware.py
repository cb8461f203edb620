"""Who is asking: puts `request.actor` (and `request.community`, `request.login`) on every request.

A session cookie holds a random key, the database its digest. What was read is kept five seconds in this process, so
a busy desk costs no query for its session, and an ended session is dead everywhere within five seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from shouwen.estate.models import Community
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.prefix import root
from shouwen.kernel.refusals import NotFound, TooMany
from shouwen.kernel.web import Handler, Refusal, answer, here, say

from . import tokens
from .actions.accounts import digest_of
from .models import Session
from .queries import actor_for, all_communities, logins

COOKIE: Final = "shouwen_session"
_SEEN_EVERY: Final = timedelta(minutes=1)
_LONGEST_KEY: Final = 100
_PROBES: Final = frozenset({"/healthz", "/readyz"})
"""Asked by machines every few seconds: open to all, and never a reason to look for a session."""


@dataclass(frozen=True, slots=True)
class Login:
    """A session as the middleware needs it."""

    pk: int
    user: int
    started_at: datetime
    seen_at: datetime
    must_change_password: bool


def before_password(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that is open to somebody who must change the password first."""
    view.before_password = True  # type: ignore[attr-defined]
    return view


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that answers people who are not logged in (by setting `view.public`)."""
    view.public = True  # type: ignore[attr-defined]
    return view


def actor(get_response: Handler) -> Handler:
    """Middleware: who asks, by token or session; anonymous requests get no further than public views."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor, request.login, request.community = None, None, None  # type: ignore[attr-defined]
        if request.path_info in _PROBES:
            return get_response(request)
        key = request.COOKIES.get(COOKIE, "")
        given = request.META.get("HTTP_AUTHORIZATION", "")
        try:
            if given and _is_api(request):
                request.actor = tokens.actor_of(given, now())  # type: ignore[attr-defined]
            elif key and (login := login_of(key, now())):
                request.login, request.actor = login, actor_for(login.user)  # type: ignore[attr-defined]
        except TooMany as much:
            response = answer(request, much)
            response["Retry-After"] = "1"
            return response
        except NotFound:
            pass  # the account was stopped a moment ago
        request.community = _community(request)  # type: ignore[attr-defined]
        response = get_response(request)
        if key and request.actor is None and COOKIE not in response.cookies:  # type: ignore[attr-defined]
            forget_cookie(response)
        return response

    def process_view(request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        login: Login | None = request.login  # type: ignore[attr-defined]
        if request.actor is None:  # type: ignore[attr-defined]
            return None if getattr(view, "public", False) or request.path_info in _PROBES else _who_are_you(request)
        if login and login.must_change_password and not getattr(view, "before_password", False):
            return _change_first(request)
        return None

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def login_of(key: str, at: datetime) -> Login | None:
    """The session behind a cookie's key, if it is still good: not ended, not idle too long, account active, epoch same."""
    if len(key) > _LONGEST_KEY:
        return None
    digest = digest_of(key)
    login: Login | None = logins.get(digest, lambda: _read(digest))
    if login is None:
        logins.forget(digest)  # what is unknown is not remembered, or strangers could fill the store
        return None
    idle = timedelta(minutes=settings.SHOUWEN["SESSION_IDLE_MINUTES"])
    longest = timedelta(hours=settings.SHOUWEN["SESSION_MAX_HOURS"])
    if at - login.seen_at > idle or at - login.started_at > longest:
        return None
    if at - login.seen_at > _SEEN_EVERY:
        with bookkeeping("a session was seen"):
            Session.objects.filter(pk=login.pk).update(seen_at=at)
        logins.forget(digest)
    return login


def _read(digest: str) -> Login | None:
    row = (
        Session.objects.filter(digest=digest, ended_at=None, user__is_active=True)
        .values_list("pk", "user_id", "started_at", "seen_at", "user__must_change_password", "epoch", "user__epoch")
        .first()
    )
    return Login(*row[:5]) if row and row[5] == row[6] else None


def set_cookie(response: HttpResponse, key: str) -> None:
    """Give the browser its session key."""
    response.set_cookie(
        COOKIE, key, max_age=settings.SHOUWEN["SESSION_MAX_HOURS"] * 3600, path=_path(), httponly=True,
        secure=settings.HTTPS, samesite="Lax",
    )  # fmt: skip


def forget_cookie(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path=_path(), samesite="Lax")


def _path() -> str:
    return root()


def safe_next(given: str) -> str:
    """An address of ours to go on to, or the front page."""
    plain = given.startswith("/") and len(given) < 1000 and given.isprintable()
    if plain and url_has_allowed_host_and_scheme(given, allowed_hosts=None):
        return given
    return _path()


def _community(request: HttpRequest) -> Community | None:
    """Where this person works now: chosen in the frame among the places they may see, else their own."""
    chosen = here(request)
    return None if chosen is None else next((place for place in all_communities() if place.pk == chosen), None)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _who_are_you(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        response = say(request, Refusal(401, "unauthenticated", "请先登录", "请先登录，或在请求头中带上有效的接口令牌。"))
        response["WWW-Authenticate"] = 'Bearer realm="shouwen"'
        return response
    if request.headers.get("HX-Request") == "true":
        shown = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = shown.path + (f"?{shown.query}" if shown.query else "")
        response = HttpResponse("登录已失效，请重新登录。", status=401, content_type="text/plain; charset=utf-8")
        if request.method == "GET":  # what somebody was about to send stays on their screen
            response["HX-Redirect"] = _login_url(safe_next(back))
        return response
    return redirect(_login_url(request.get_full_path() if request.method == "GET" else _path()))


def _login_url(back: str) -> str:
    return reverse("org:login") + (f"?next={quote(back)}" if back != _path() else "")


def _change_first(request: HttpRequest) -> HttpResponse:
    if _is_api(request):
        return say(request, Refusal(403, "forbidden", "须先修改密码", "首次登录须先在网页上修改密码。"))
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse("请先修改密码。", status=403, content_type="text/plain; charset=utf-8")
        response["HX-Redirect"] = reverse("org:password")
        return response
    return redirect("org:password")
