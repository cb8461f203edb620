"""Proving who one is by password, at the login page or at a colleague's screen: one speed, one lock."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset as axes_reset
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping

from ..models import User
from .accounts import note_lock, use_code


def proven(request: HttpRequest, *, username: str, password: str, code: str, at: datetime) -> User | None:
    """The user whose password (and one-time code, if turned on) is right. Unknown names cost the same time.

    Tries are counted and locked per user and address. The calling view must be `unkeyed`, so that a failed try is kept.
    """
    username = username.lower()
    if not AxesProxyHandler.is_allowed(request, {"username": username}):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        return None  # tries while locked neither count nor prolong the lock
    with bookkeeping("a try to log in"):  # axes counts it, and an old hash may be made anew
        user = authenticate(request, username=username, password=password)
        if user is None:
            _note_lock(request, username)
            return None
        if user.totp_sealed and not use_code(user, code, at):
            user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)
            _note_lock(request, username)
            return None
        axes_reset(username=username, ip=request.META.get("REMOTE_ADDR"))
    return user


def _note_lock(request: HttpRequest, username: str) -> None:
    """The journal hears of the try that locked."""
    if getattr(request, "axes_locked_out", False):
        note_lock(SYSTEM, None, username=username, address=request.META.get("REMOTE_ADDR", ""))


def locked_words(username: str, request: HttpRequest) -> str:
    """What somebody is told who has tried too often."""
    last = (
        AccessAttempt.objects.filter(username=username.lower(), ip_address=request.META.get("REMOTE_ADDR"))
        .order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    )  # fmt: skip
    left = (last + get_cool_off() - datetime.now(last.tzinfo)) if last else timedelta(0)
    minutes = max(1, math.ceil(left.total_seconds() / 60))
    return f"尝试次数过多，已暂时锁定。请在 {minutes} 分钟后再试；如急用，请联系系统管理员解锁。"
