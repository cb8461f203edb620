"""Logging in and out, passwords, one-time codes, sessions, API tokens.

Whoever is logged in may do these things to their own account: `themself` is the actor for that. What an
administrator does to somebody else's account needs the permission to manage people.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pyotp
from axes.utils import reset as axes_reset
from django.db.models import F

from shouwen.kernel.access import EVERYWHERE, PERMISSIONS, Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.secrets import open_text, seal_text

from ..models import ApiToken, Session, User
from ..queries import logins
from .people import checked_password, must_manage, wanted

MOST_DAYS = 365
"""An API token lives at most a year."""

_STEP = 30
"""Seconds of one one-time code."""


def digest_of(key: str) -> str:
    """What the database holds of a session key or token."""
    return hashlib.sha256(key.encode()).hexdigest()


def themself(actor: Actor) -> Actor:
    """The actor as master of their own account and of nothing else."""
    return replace(actor, grants={"org.view": frozenset({EVERYWHERE})}, scope=None)


def _own(actor: Actor, user: User) -> None:
    if user.pk != actor.id:
        raise NotFound


# --- logging in ----------------------------------------------------------------------------------------------------


def log_in(user: User, *, agent: str, address: str, at: datetime) -> str:
    """Begin a session of somebody whose password (and code) was right; returns the key for the cookie."""
    key = secrets.token_urlsafe(32)
    actor = themself(Actor(id=user.pk, name=user.name))
    _log_in(actor, None, user=user, digest=digest_of(key), agent=agent, address=address, at=at)
    return key


@action("session.started", may="org.view", says="{name}登录（{address}）")
def _log_in(actor: Actor, place: None, /, *, user: User, digest: str, agent: str, address: str, at: datetime) -> Done:
    _own(actor, user)
    session = Session.objects.create(
        digest=digest, user=user, epoch=user.epoch, started_at=at, seen_at=at, agent=agent[:200], address=address[:60]
    )
    User.objects.filter(pk=user.pk).update(last_login=at)
    return Done(session, {"name": user.name, "address": address})


@action("session.locked", may="system", says="登录被锁定：{username}（{address}）连续输错")
def note_lock(actor: Actor, place: None, /, *, username: str, address: str, at: datetime | None = None) -> Done:
    """Somebody guessed too often; the lock itself is axes' work."""
    return Done("org.session:locked", {"username": username, "address": address})


def end_session(actor: Actor, session: Session, *, at: datetime) -> None:
    """Log out here, or end one of one's own sessions elsewhere."""
    _end_session(themself(actor), None, session=session, at=at)


@action("session.ended", may="org.view", says="{name}退出登录")
def _end_session(actor: Actor, place: None, /, *, session: Session, at: datetime) -> Done:
    if session.user_id != actor.id:
        raise NotFound
    Session.objects.filter(pk=session.pk, ended_at=None).update(ended_at=at)
    logins.forget(session.digest)
    return Done(session, {"name": actor.name})


def end_other_sessions(actor: Actor, keep: Session, *, at: datetime) -> int:
    """End all of one's own sessions but this one; returns how many there were."""
    return _end_other_sessions(themself(actor), None, keep=keep, at=at)


@action("session.others_ended", may="org.view", says="{name}结束了其他 {count} 个登录")
def _end_other_sessions(actor: Actor, place: None, /, *, keep: Session, at: datetime) -> Done:
    count = Session.objects.filter(user=actor.id, ended_at=None).exclude(pk=keep.pk).update(ended_at=at)
    logins.forget()
    return Done(keep, {"name": actor.name, "count": count}, result=count)


# --- passwords -----------------------------------------------------------------------------------------------------


def change_password(actor: Actor, user: User, *, old: str, new: str, session: Session | None = None, at: datetime) -> None:
    """Change one's own password: every other session and token of the account is dead, `session` goes on."""
    _change_password(themself(actor), None, user=user, old=old, new=new, session=session, at=at)


@action("user.password_changed", may="org.view", says="{name}修改了登录密码，其他登录已失效")
def _change_password(actor: Actor, place: None, /, *, user: User, old: str, new: str, session: Session | None, at: datetime) -> Done:
    _own(actor, user)
    if len(old) > 128 or not user.check_password(old):
        raise Refused("原密码不正确，请重新输入。", {"old": "原密码不正确。"})
    if new == old:
        raise Refused("新密码不能与原密码相同，请另设一个。", {"new": "不能与原密码相同。"})
    _set_password(user, checked_password(new, user, "new"), must_change=False)
    if session is not None:
        Session.objects.filter(pk=session.pk).update(epoch=user.epoch)
    return Done(user, {"name": user.name})


@action("user.password_reset", may="org.edit", says="重设 {username}（{name}）的密码")
def reset_password(actor: Actor, place: Any, /, *, user: User, password: str, at: datetime | None = None) -> Done:
    """Give somebody a new first password, to be changed at the next login; all of their sessions end."""
    must_manage(actor, user)
    _set_password(user, checked_password(password, user), must_change=True)
    return Done(user, {"username": user.username, "name": user.name})


def _set_password(user: User, password: str, *, must_change: bool) -> None:
    user.set_password(password)
    user.must_change_password, user.epoch = must_change, user.epoch + 1
    user.save(update_fields=["password", "must_change_password", "epoch"])
    logins.forget()


@action("user.unlocked", may="org.edit", says="解除 {username}（{name}）的登录锁定")
def unlock(actor: Actor, place: Any, /, *, user: User, at: datetime | None = None) -> Done:
    """Forget the failed attempts of an account, from wherever they came."""
    must_manage(actor, user)
    axes_reset(username=user.username)
    return Done(user, {"username": user.username, "name": user.name})


# --- one-time codes ------------------------------------------------------------------------------------------------


def enable_totp(actor: Actor, user: User, *, secret: str, code: str, at: datetime) -> None:
    """Turn one-time codes on; the first code proves that the app has the secret."""
    _enable_totp(themself(actor), None, user=user, secret=secret, code=code, at=at)


@action("user.totp_on", may="org.view", says="{name}启用了动态口令")
def _enable_totp(actor: Actor, place: None, /, *, user: User, secret: str, code: str, at: datetime) -> Done:
    _own(actor, user)
    if user.totp_sealed:
        raise Refused("动态口令已经启用。如要更换设备，请先停用再重新启用。")
    window = _window(secret, code, at)
    if window is None:
        raise Refused("动态口令不正确。请核对手机时间后输入最新的 6 位数字。", {"code": "不正确，请输入最新的 6 位数字。"})
    user.totp_sealed, user.totp_last = seal_text(secret), window
    user.save(update_fields=["totp_sealed", "totp_last"])
    return Done(user, {"name": user.name})


def disable_totp(actor: Actor, user: User, *, password: str, at: datetime) -> None:
    """Turn one-time codes off, with the password."""
    _disable_totp(themself(actor), None, user=user, password=password, at=at)


@action("user.totp_off", may="org.view", says="{name}停用了动态口令")
def _disable_totp(actor: Actor, place: None, /, *, user: User, password: str, at: datetime) -> Done:
    _own(actor, user)
    if len(password) > 128 or not user.check_password(password):
        raise Refused("密码不正确，请重新输入。", {"password": "密码不正确。"})
    _drop_totp(user)
    return Done(user, {"name": user.name})


@action("user.totp_cleared", may="org.edit", says="为 {username}（{name}）清除动态口令：{reason}")
def clear_totp(actor: Actor, place: Any, /, *, user: User, reason: str, at: datetime | None = None) -> Done:
    """Somebody lost their phone: an administrator takes the code away, all sessions end."""
    must_manage(actor, user)
    reason = wanted(reason, "原因", 200, "reason")
    _drop_totp(user)
    User.objects.filter(pk=user.pk).update(epoch=F("epoch") + 1)
    logins.forget()
    return Done(user, {"username": user.username, "name": user.name, "reason": reason})


def _drop_totp(user: User) -> None:
    user.totp_sealed = b""
    user.save(update_fields=["totp_sealed"])


def use_code(user: User, code: str, at: datetime) -> bool:
    """Whether the code is right now and was never used; using it up is one compare-and-set, so two logins cannot share it."""
    window = _window(open_text(user.totp_sealed), code, at)
    if window is None:
        return False
    return bool(User.objects.filter(pk=user.pk, totp_last__lt=window).update(totp_last=window))


def _window(secret: str, code: str, at: datetime) -> int | None:
    """The 30-second window whose code this is: the present one or its neighbours (clocks differ)."""
    code = "".join(code.split())
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    present = int(at.timestamp()) // _STEP
    generator = pyotp.TOTP(secret)
    for window in (present, present - 1, present + 1):
        if secrets.compare_digest(generator.generate_otp(window), code):
            return window
    return None


# --- API tokens ----------------------------------------------------------------------------------------------------


@action("token.created", may="api.tokens", says="创建接口令牌「{name}」（{scope}），{days} 天有效")
def create_token(
    actor: Actor, place: Any, /, *, user: User, name: str, scope: list[str], days: int, per_minute: int = 120, at: datetime
) -> Done:
    """Make a token that acts as the actor within `scope`; returns (ApiToken, key). The key is shown once."""
    if user.pk != actor.id:
        raise Forbidden("只能为自己的账号创建接口令牌。")
    name = wanted(name, "用途", 60, "name")
    held = {p for p in scope if p in PERMISSIONS and actor.grants.get(p)}
    if not held or held != set(scope) or "api.tokens" in held or "system" in held:
        raise Refused("请从自己拥有的权限中选择令牌的范围。", {"scope": "请至少选择一项自己拥有的权限。"})
    if not 1 <= days <= MOST_DAYS:
        raise Refused(f"有效期应为 1 至 {MOST_DAYS} 天。", {"days": f"应为 1 至 {MOST_DAYS} 天。"})
    if not 1 <= per_minute <= 6000:
        raise Refused("每分钟次数应为 1 至 6000。", {"per_minute": "应为 1 至 6000。"})
    key = "sw_" + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        digest=digest_of(key), user=user, name=name, scope=sorted(held), per_minute=per_minute,
        created_at=at, expires_at=at + timedelta(days=days), epoch=user.epoch,
    )  # fmt: skip
    shown = "、".join(PERMISSIONS[p] for p in sorted(held))
    return Done(token, {"name": name, "scope": shown, "days": days}, result=(token, key))


@action("token.revoked", may="api.tokens", says="吊销接口令牌「{name}」")
def revoke_token(actor: Actor, place: Any, /, *, token: ApiToken, at: datetime) -> Done:
    """End a token before its time: one's own, or anybody's for who manages tokens everywhere."""
    if token.user_id != actor.id and not actor.may("api.tokens", None):
        raise NotFound
    if token.revoked_at is not None:
        raise Refused("该令牌已经吊销。")
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    logins.forget(token.digest)
    return Done(token, {"name": token.name})
