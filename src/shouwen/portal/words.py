"""How things are called towards residents: never a step, never a colleague's whole name, never a number of theirs."""

from __future__ import annotations

from datetime import datetime, time
from typing import Final

from shouwen.duty.directory import Directory
from shouwen.estate.queries import mask_name
from shouwen.notices.quiet import quiet_until
from shouwen.procedures.calendars import local
from shouwen.procedures.engine import Procedure

MATTERS: Final = {
    "repair": ("报修", "水电、门窗、家电、墙面坏了", "tools"),
    "complaint": ("投诉", "对服务、噪音、环境不满意", "message-report"),
    "consultation": ("咨询", "想问一件事", "help"),
    "suggestion": ("建议", "您觉得可以更好的地方", "bulb"),
    "appointment": ("预约", "约个时间上门帮忙", "calendar-event"),
    "special_service": ("特约服务", "家政、代办等有偿服务", "heart-handshake"),
    "help_request": ("求助", "遇到困难，需要人帮一把", "sos"),
}
"""Procedure → what residents call it, what it is for, its icon. Others go by their title."""

MASTERS: Final = frozenset({"engineer", "cleaner", "gardener", "guard", "gate-guard", "driver"})
"""Posts whose holders are spoken of as 王师傅; everybody else goes by the title of the post."""


def matter_of(rules: Procedure) -> str:
    """报修, 投诉… as residents say it."""
    return MATTERS[rules.procedure][0] if rules.procedure in MATTERS else rules.title


def colleague(directory: Directory, user: int, at: datetime) -> str:
    """王师傅（维修工）, or only 前台接待员."""
    held = sorted(directory.posts_of(user, at), key=lambda slug: -directory.posts[slug].rank)
    title = directory.posts[held[0]].title.partition("（")[0] if held else ""
    if held and held[0] in MASTERS:
        return f"{mask_name(directory.name(user)).rstrip('*')}师傅（{title}）"
    return title or "工作人员"


def moment(at: datetime, now: datetime) -> str:
    """今天 14:05, 明天 09:00, 11月25日 14:05; with the year when it is another."""
    there, here = local(at), local(now)
    days = (there.date() - here.date()).days
    day = {-1: "昨天", 0: "今天", 1: "明天", 2: "后天"}.get(days, f"{there.month}月{there.day}日")
    if there.year != here.year and not -1 <= days <= 2:
        day = f"{there.year}年{day}"
    return f"{day} {there:%H:%M}"


def waking(at: datetime) -> datetime:
    """The moment itself, or 08:00 after the quiet hours from 22:00 to 08:00 in which it falls."""
    return quiet_until(at, time(22), time(8)) or at
