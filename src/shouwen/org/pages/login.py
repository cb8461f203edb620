"""Logging in and out. One message for whatever was wrong, at one speed, and a lock after five tries per user and address."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset as axes_reset
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import render

from .. import actions
from ..forms import LoginForm
from ..middleware import before_password, forget_cookie, public, safe_next, set_cookie
from ..models import Session, User

WRONG = f"用户名、密码或动态口令不正确。连续输错 {settings.AXES_FAILURE_LIMIT} 次将锁定 {int(settings.AXES_COOLOFF_TIME * 60)} 分钟。"


@public
@unkeyed
def login(request: HttpRequest) -> HttpResponse:
    """The login page. Failed tries are kept although the login is refused, so the page has its own transactions."""
    back = safe_next(request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        if request.actor is not None:  # type: ignore[attr-defined]
            return redirect(back)
        return render(request, "org/login.html", {"form": LoginForm(), "next": back})
    form = LoginForm(request.POST)
    at = now()
    if form.is_valid():
        user = _proven(request, **form.cleaned_data, at=at)
        if user is not None:
            key = actions.log_in(user, agent=request.headers.get("User-Agent", ""), address=request.META.get("REMOTE_ADDR", ""), at=at)
            response = redirect(reverse("org:password") if user.must_change_password else back)
            set_cookie(response, key)
            rotate_token(request)
            return response
        locked = getattr(request, "axes_locked_out", False)
        form.add_error(None, _locked(form.cleaned_data["username"], request) if locked else WRONG)
        return render(request, "org/login.html", {"form": form, "next": back}, status=429 if locked else 422)
    return render(request, "org/login.html", {"form": form, "next": back}, status=422)


def _proven(request: HttpRequest, *, username: str, password: str, code: str, at: datetime) -> User | None:
    """The user whose password (and one-time code, if turned on) is right. Unknown names cost the same time."""
    username = username.lower()
    if not AxesProxyHandler.is_allowed(request, {"username": username}):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        return None  # tries while locked neither count nor prolong the lock
    with bookkeeping("a try to log in"):  # axes counts it, and an old hash may be made anew
        user = authenticate(request, username=username, password=password)
        if user is None:
            _note_lock(request, username)
            return None
        if user.totp_sealed and not actions.accounts.use_code(user, code, at):
            user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)
            _note_lock(request, username)
            return None
        axes_reset(username=username, ip=request.META.get("REMOTE_ADDR"))
    return user


def _note_lock(request: HttpRequest, username: str) -> None:
    """The journal hears of the try that locked."""
    if getattr(request, "axes_locked_out", False):
        actions.note_lock(SYSTEM, None, username=username, address=request.META.get("REMOTE_ADDR", ""))


def _locked(username: str, request: HttpRequest) -> str:
    last = (
        AccessAttempt.objects.filter(username=username.lower(), ip_address=request.META.get("REMOTE_ADDR"))
        .order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    )  # fmt: skip
    left = (last + get_cool_off() - datetime.now(last.tzinfo)) if last else timedelta(0)
    minutes = max(1, math.ceil(left.total_seconds() / 60))
    return f"尝试次数过多，已暂时锁定。请在 {minutes} 分钟后再试；如急用，请联系系统管理员解锁。"


@require_POST
@before_password
def logout(request: HttpRequest) -> HttpResponse:
    """End this session."""
    login = request.login  # type: ignore[attr-defined]
    if login is not None:
        actions.end_session(request.actor, Session.objects.get(pk=login.pk), at=now())  # type: ignore[attr-defined]
    response = redirect("org:login")
    forget_cookie(response)
    return response
