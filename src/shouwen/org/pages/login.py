"""Logging in and out. One message for whatever was wrong, at one speed, and a lock after five tries per user and address."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from shouwen.kernel.journal import now
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import render

from .. import actions
from ..forms import LoginForm
from ..middleware import before_password, forget_cookie, public, safe_next, set_cookie
from ..models import Session

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
        user = actions.proven(request, **form.cleaned_data, at=at)
        if user is not None:
            key = actions.log_in(user, agent=request.headers.get("User-Agent", ""), address=request.META.get("REMOTE_ADDR", ""), at=at)
            response = redirect(reverse("org:password") if user.must_change_password else back)
            set_cookie(response, key)
            rotate_token(request)
            return response
        locked = getattr(request, "axes_locked_out", False)
        form.add_error(None, actions.locked_words(form.cleaned_data["username"], request) if locked else WRONG)
        return render(request, "org/login.html", {"form": form, "next": back}, status=429 if locked else 422)
    return render(request, "org/login.html", {"form": form, "next": back}, status=422)


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
