"""One's own account: password, one-time codes, sessions, API tokens."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import segno
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import blame, flash, render

from .. import actions, queries
from ..forms import CodeForm, ConfirmForm, PasswordForm, TokenForm
from ..middleware import before_password
from ..models import Session, User

_SALT = "org.totp"
_BROWSERS = (
    ("MicroMessenger", "微信"), ("wxwork", "企业微信"), ("DingTalk", "钉钉"), ("Edg", "Edge"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "安卓"), ("OpenHarmony", "鸿蒙"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def account(request: HttpRequest) -> HttpResponse:
    """What one may do about one's own account."""
    actor = request.actor  # type: ignore[attr-defined]
    user = get_object_or_404(User, pk=actor.id)
    return render(request, "org/account.html", {
        "user": user, "sessions": [(row, device(row.agent)) for row in queries.sessions(actor)], "login": request.login,  # type: ignore[attr-defined]
        "held": queries.assignments_of(actor, user), "may_tokens": bool(actor.grants.get("api.tokens")),
    })  # fmt: skip


def device(agent: str) -> str:
    """A browser's own description in a few words: Chrome · Windows."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    return " · ".join(filter(None, (browser, system))) or agent[:40] or "未知设备"


@before_password
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; everybody else on this account is logged out."""
    user = get_object_or_404(User, pk=request.actor.id)  # type: ignore[attr-defined]
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        session = Session.objects.filter(pk=request.login.pk).first() if request.login else None  # type: ignore[attr-defined]
        try:
            actions.change_password(
                request.actor,
                user,
                old=form.cleaned_data["old"],
                new=form.cleaned_data["new"],
                session=session,
                at=now(),  # type: ignore[attr-defined]
            )
            return flash(redirect("home"), "密码已修改，其他设备上的登录已失效。")
        except Refused as no:
            blame(form, no)
    return render(request, "org/password.html", {"form": form, "first": user.must_change_password}, status=422 if form.errors else 200)


def totp(request: HttpRequest) -> HttpResponse:
    """Turn one-time codes on (scan, then prove it with a code) or off (with the password)."""
    actor = request.actor  # type: ignore[attr-defined]
    user = get_object_or_404(User, pk=actor.id)
    if user.totp_sealed:
        return _totp_off(request, user)
    secret = _secret(request.POST.get("secret", "")) or pyotp.random_base32()
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.enable_totp(actor, user, secret=secret, code=form.cleaned_data["code"], at=now())
            return flash(redirect("org:account"), "动态口令已启用，下次登录时须输入。")
        except Refused as no:
            blame(form, no)
    address = pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name="首问")
    return render(request, "org/totp.html", {
        "form": form, "secret": signing.dumps([user.pk, secret], salt=_SALT), "shown": secret,
        "picture": segno.make(address, micro=False).png_data_uri(scale=5, border=2),
    }, status=422 if form.errors else 200)  # fmt: skip


def _secret(signed: str) -> str:
    """The secret shown a moment ago, as the form brings it back; it is stored only once a code has proven it."""
    try:
        return str(signing.loads(signed, salt=_SALT, max_age=timedelta(hours=1))[1]) if signed else ""
    except signing.BadSignature:
        return ""


def _totp_off(request: HttpRequest, user: User) -> HttpResponse:
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.disable_totp(request.actor, user, password=form.cleaned_data["password"], at=now())  # type: ignore[attr-defined]
            return flash(redirect("org:account"), "动态口令已停用。")
        except Refused as no:
            blame(form, no)
    return render(request, "org/totp_off.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Log out one of one's other devices."""
    actions.end_session(request.actor, _own(request, pk), at=now())  # type: ignore[attr-defined]
    return flash(redirect("org:account"), "该设备已退出登录。")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Log out everywhere but here."""
    count = actions.end_other_sessions(request.actor, _own(request, request.login.pk), at=now())  # type: ignore[attr-defined]
    return flash(redirect("org:account"), f"已退出其他 {count} 个登录。")


def _own(request: HttpRequest, pk: int) -> Session:
    session = Session.objects.filter(pk=pk, user=request.actor.id).first()  # type: ignore[attr-defined]
    if session is None:
        raise NotFound
    return session


def tokens(request: HttpRequest) -> HttpResponse:
    """API tokens: list, make (the key is shown this once)."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.grants.get("api.tokens"):
        raise NotFound
    form, key = TokenForm(request.POST or None, actor=actor), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, key = actions.create_token(actor, queries.tokens_made_in(actor), user=get_object_or_404(User, pk=actor.id), at=now(), **form.cleaned_data)
            form = TokenForm(actor=actor)
        except Refused as no:
            blame(form, no)
    rows = queries.tokens(actor)
    return render(request, "org/tokens.html", {"form": form, "key": key, "tokens": rows, "now": now()}, status=422 if form.errors else 200)


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token."""
    actor = request.actor  # type: ignore[attr-defined]
    token = queries.tokens(actor).filter(pk=pk).first()
    if token is None or not actor.grants.get("api.tokens"):
        raise NotFound
    actions.revoke_token(actor, queries.tokens_made_in(actor), token=token, at=now())
    return flash(redirect("org:tokens"), f"接口令牌「{token.name}」已吊销。")
