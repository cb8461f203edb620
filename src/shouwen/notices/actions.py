"""Telling people: rows written in the transaction of what caused them; delivery happens after (chores.py)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import time as Clock
from typing import Any, Final

from django.db import connection, transaction

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import later, rows_sql
from shouwen.kernel.journal import Done, action, bookkeeping, community_of
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.secrets import open_text, seal_text
from shouwen.kernel.words import clean_text
from shouwen.org.models import User

from .channels import checked_address
from .models import Channel, Delivery, Notice, Quiet
from .queries import forgettable
from .quiet import send_at

_FRESH: Final = 5.0
LATE: Final = ("late", "urged", "remind")
"""What somebody who wants to hear only of what is late hears of."""

_PUT: Final = (
    "INSERT INTO notices_notice (key, community_id, user_id, party, why, title, body, about, subject, url, urgent, due_at, at)"
)
_ONCE: Final = "ON CONFLICT (key) DO NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing to tell one person (`user_id`) or one outside party. `key` makes it once, for ever.

    `due` is when it has to be done, if it has to: quiet hours do not hold back what cannot wait for their end.
    """

    key: str
    community_id: int | None
    why: str
    title: str
    at: datetime
    user_id: int | None = None
    party: str = ""
    body: str = ""
    about: str = ""
    url: str = ""
    urgent: bool = False
    due: datetime | None = None

    @property
    def subject(self) -> str:
        return self.about.split("/")[0] or self.key


@dataclass(frozen=True, slots=True)
class Route:
    """A channel as `tell` needs it: whom it hears about, for which reasons (none = all), and when not."""

    pk: int
    community_id: int | None
    user_id: int | None
    whys: frozenset[str]
    quiet: tuple[Clock, Clock] | None = None

    def hears(self, news: News) -> bool:
        if self.whys and news.why not in self.whys:
            return False
        if self.user_id is not None:
            return self.user_id == news.user_id
        return news.user_id is not None and self.community_id in (None, news.community_id)


_routes: tuple[float, tuple[Route, ...]] | None = None


def forget() -> None:
    """Read the channels anew at the next telling."""
    global _routes
    _routes = None


def tell(news: Sequence[News]) -> None:
    """Tell people, inside an action: one INSERT for all; what was told before under the same key stays as it was.

    A group hears the same thing once, however many people are told it.
    """
    fresh = list({each.key: each for each in news}.values())
    if not fresh:
        return
    values = [
        (each.key, each.community_id, each.user_id, each.party, each.why, each.title[:200], each.body, each.about[:80],
         each.subject, each.url[:200], each.urgent, each.due, each.at)
        for each in fresh
    ]  # fmt: skip
    later(rows_sql(_PUT, len(values[0]), len(values), _ONCE), [value for line in values for value in line])
    if routed := _routed(fresh):
        part = "SELECT id, %s, 'pending', 0, %s, '' FROM notices_notice WHERE key = %s"
        sql = (
            "INSERT INTO notices_delivery (notice_id, channel_id, state, attempts, next_at, error) "
            + " UNION ALL ".join([_typed(part)] * len(routed))
            + " ON CONFLICT (notice_id, channel_id) DO NOTHING"
        )
        later(sql, [value for line in routed for value in line])


def _typed(part: str) -> str:
    """PostgreSQL must be told the types of parameters in a SELECT list; SQLite needs an ON clause kept apart by WHERE."""
    if connection.vendor == "postgresql":
        return part.replace("%s, 'pending'", "%s::bigint, 'pending'").replace("0, %s", "0, %s::timestamptz")
    return part


def _routed(fresh: Sequence[News]) -> list[tuple[int, datetime, str]]:
    """Which channel hears which news; a group's channel hears equal news once."""
    found: dict[tuple[Any, ...], tuple[int, datetime, str]] = {}
    for route in routes():
        for each in fresh:
            if route.hears(each):
                same = (route.pk, each.key) if route.user_id else (route.pk, each.about, each.why, each.title, each.body)
                when = send_at(each.at, route.quiet, urgent=each.urgent, due=each.due)
                found.setdefault(same, (route.pk, when, each.key))
    return list(found.values())


def routes() -> tuple[Route, ...]:
    """The active channels, believed for five seconds."""
    global _routes
    moment = time.monotonic()
    if _routes is None or moment - _routes[0] > _FRESH:
        rows = Channel.objects.filter(is_active=True).values_list(
            "pk", "community_id", "user_id", "whys", "user__quiet__starts", "user__quiet__ends"
        )
        _routes = (moment, tuple(
            Route(pk, place, user, frozenset(whys), (starts, ends) if starts and ends else None)
            for pk, place, user, whys, starts, ends in rows
        ))  # fmt: skip
    return _routes[1]


def mark_read(actor: Actor, at: datetime, pks: Sequence[int] | None = None, subject: str = "") -> int:
    """Note that a person has read these notices of theirs (None = all, or all of one subject); returns how many were unread."""
    mine = Notice.objects.filter(user_id=actor.id, read_at=None)
    if subject:
        mine = mine.filter(subject=subject)
    if actor.id is None:
        return 0
    with bookkeeping("somebody has read their notices"):
        return (mine if pks is None else mine.filter(pk__in=pks)).update(read_at=at)


@action("notice.sent", may="notices.send", says="向 {count} 人发出通知「{title}」")
def announce(actor: Actor, place: Any, /, *, users: Sequence[int], title: str, body: str, key: str, at: datetime) -> Done:
    """Tell colleagues something by hand; `key` (of the form) makes it once."""
    title = clean_text(title, "标题", 100, field="title")
    body = clean_text(body, "内容", 2000, field="body")
    if not title:
        raise Refused("请填写标题。", {"title": "请填写标题"})
    known = set(User.objects.filter(pk__in=users, is_active=True).values_list("pk", flat=True))
    if not known:
        raise Refused("请至少选择一位在职员工。", {"users": "请选择收件人"})
    community = community_of(place)
    tell([
        News(key=f"hand.{key}.{user}"[:120], community_id=community, user_id=user, why="told", title=title, body=body, at=at)
        for user in sorted(known)
    ])  # fmt: skip
    return Done(f"notices.notice:hand.{key}"[:80], {"count": len(known), "title": title})


@action("notice.expired", may="system", says="按保存期限清除 {count} 条已读通知")
def forget_notices(actor: Actor, place: Any, /, *, before: datetime, at: datetime) -> Done:
    """Delete notices that were read before a moment, up to a thousand; returns how many."""
    old = list(forgettable(community_of(place), before).values_list("pk", flat=True)[:1000])
    Notice.objects.filter(pk__in=old).delete()
    return Done(f"notices.notice:{before:%Y-%m-%d}", {"count": len(old), "before": before.isoformat()}, result=len(old))


@action("channel.tested", may="settings.edit", says="向通知渠道「{title}」发出测试消息")
def test_channel(actor: Actor, place: Any, /, *, channel: int, at: datetime) -> Done:
    """Send a word over one channel, as any notice goes: the worker delivers it and notes what came of it."""
    row = Channel.objects.filter(pk=channel, community_id=community_of(place)).first()
    if row is None:
        raise NotFound
    if not row.is_active:
        raise Refused("这个渠道已停用，请先启用再测试。")
    notice = Notice.objects.create(
        key=f"test.{row.pk}.{at:%Y%m%d%H%M%S%f}", community_id=row.community_id, user_id=actor.id, why="told", title=f"测试消息：渠道「{row.title}」可以收到",
        body=f"{actor.name}在「通知渠道」里发出。", url="/notices/channels", at=at,
    )  # fmt: skip
    Delivery.objects.create(notice=notice, channel=row, next_at=at)
    return Done(row, {"title": row.title})


@action("channel.added", may="settings.edit", says="增加通知渠道「{title}」（{kind}）")
def add_channel(
    actor: Actor, place: Any, /, *, kind: str, title: str, address: str, whys: Sequence[str] = (), user: int | None = None,
    at: datetime,
) -> Done:  # fmt: skip
    """Let a chat group hear about a community (place None: about all), or a person get mail about their notices."""
    if kind not in Channel.Kind.values:
        raise Refused("请选择渠道种类。", {"kind": "请选择"})
    title = clean_text(title, "名称", 60, field="title")
    if not title:
        raise Refused("请填写渠道名称。", {"title": "请填写名称"})
    row = Channel.objects.create(
        community_id=community_of(place), user_id=user, kind=kind, title=title, whys=sorted(set(whys)),
        address_sealed=seal_text(checked_address(kind, address)),
    )
    _changed()
    return Done(row, {"title": title, "kind": Channel.Kind(kind).label})


@action("channel.switched", may="settings.edit", says="通知渠道「{title}」{state}")
def switch_channel(actor: Actor, place: Any, /, *, channel: int, active: bool, at: datetime) -> Done:
    """Stop a channel, or start it again."""
    row = Channel.objects.filter(pk=channel, community_id=community_of(place)).first()
    if row is None:
        raise NotFound
    row.is_active = active
    row.save(update_fields=["is_active"])
    _changed()
    return Done(row, {"title": row.title, "state": "已启用" if active else "已停用"})


@action("notices.own_changed", may="org.view", says="{name}更改了自己的通知设置：邮件{mail}，免打扰{quiet}")
def set_own(
    actor: Actor, place: Any, /, *, mail: bool, late_only: bool, quiet: tuple[Clock, Clock] | None, at: datetime,
) -> Done:  # fmt: skip
    """One's own notices: also by mail to the address of the account (all, or only late and urged), and one's quiet hours."""
    user = User.objects.get(pk=actor.id)
    if mail and not user.email:
        raise Refused("您的账号里没有登记邮箱。请联系系统管理员登记后再启用。", {"mail": "账号里没有邮箱"})
    if quiet and quiet[0] == quiet[1]:
        raise Refused("免打扰的开始和结束不能相同。", {"quiet_to": "请重新选择"})
    if mail:
        address = seal_text(checked_address("email", user.email))
        wanted = {"title": "本人邮箱", "whys": sorted(LATE) if late_only else [], "address_sealed": address, "is_active": True}
        Channel.objects.update_or_create(user=user, kind="email", defaults=wanted)
    else:
        Channel.objects.filter(user=user, kind="email").update(is_active=False)
    Quiet.objects.filter(user=user).delete()
    if quiet:
        Quiet.objects.create(user=user, starts=quiet[0], ends=quiet[1])
    _changed()
    said = f"{quiet[0]:%H:%M}–{quiet[1]:%H:%M}" if quiet else "不设"
    return Done(user, {"name": user.name, "mail": ("只收超时与催单" if late_only else "接收") if mail else "不接收", "quiet": said})


def address_of(channel: Channel) -> str:
    """The secret address of a channel, for the sender only."""
    return open_text(channel.address_sealed)


def _changed() -> None:
    forget()
    transaction.on_commit(forget)


@action("notices.exported", may="org.view", says="导出自己的{title}（{rows} 行；{filters}）")
def export_own(actor: Actor, place: Any, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export of one's own inbox."""
    return Done(f"org.user:{actor.id}", {"title": title, "rows": rows, "filters": filters})
