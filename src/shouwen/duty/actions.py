"""Shifts, the roster, and lines in the book of a post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import later
from shouwen.kernel.journal import Done, action, running
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.actions import people_changed
from shouwen.org.models import Assignment, Post, User

from . import queries
from .models import LogLine, Roster, Shift

Gaps = tuple[tuple[datetime, datetime], ...]
WEEKDAYS = "一二三四五六日"

_INSERT = (
    "INSERT INTO duty_logline (community_id, post, event_at, recorded_at, by_id, by_name, text, about)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the book of a post, as other areas hand it over. `recorded_at` is the moment of writing (default: `event_at`)."""

    community_id: int
    post: str
    event_at: datetime
    text: str
    by_id: int | None = None
    by_name: str = "系统"
    about: str = ""
    recorded_at: datetime | None = None


def record(lines: Sequence[Line]) -> None:
    """Write lines into books as part of the running action (they are stored with its journal line, at its end)."""
    if not running.get():
        raise RuntimeError("duty.actions.record needs a running action")
    for line in lines:
        later(_INSERT, (
            line.community_id, line.post, line.event_at, line.recorded_at or line.event_at, line.by_id,
            line.by_name[:60], line.text, line.about[:80],
        ))  # fmt: skip


@action("duty.written", may="duty.write", says="值班日志（{post}）：{text}")
def write(actor: Actor, community: Any, /, *, post: str, text: str, event_at: datetime | None = None, at: datetime) -> Done:
    """Write a line by hand; an `event_at` before `at` makes it a late entry (补记), shown as such. Returns the LogLine."""
    line = _line(actor, community, post, text, event_at or at, at)
    return Done(line, {"post": _title(post), "text": line.text, "event_at": line.event_at.isoformat()})


@action("duty.corrected", may="duty.write", says="更正值班日志 {old}：{text}")
def correct(actor: Actor, community: Any, /, *, line: LogLine, text: str, event_at: datetime | None = None, at: datetime) -> Done:
    """Put a right line beside a wrong one. The old line stays readable; only the newest line can be corrected."""
    if line.community_id != community.pk:
        raise NotFound
    if LogLine.objects.filter(corrects=line).exists():
        raise Refused("这一行已被更正过。请刷新后对最新的更正行再作更正。")
    right = _line(actor, community, line.post, text, event_at or line.event_at, at, corrects=line)
    return Done(right, {"old": line.pk, "post": _title(line.post), "text": right.text})


def _line(actor: Actor, community: Any, post: str, text: str, event_at: datetime, at: datetime, corrects: LogLine | None = None) -> LogLine:
    words = clean_text(text, "内容", 2000, field="text")
    if not words:
        raise Refused("请填写日志内容。", {"text": "请填写日志内容。"})
    if not Post.objects.filter(slug=post).exists():
        raise Refused("请选择岗位。", {"post": "没有这个岗位，请重新选择。"})
    if event_at > at:
        raise Refused("发生时间不能晚于现在，请更正。", {"event_at": "发生时间不能晚于现在。"})
    return LogLine.objects.create(
        community_id=community.pk, post=post, event_at=event_at, recorded_at=at, by_id=actor.id, by_name=actor.name[:60],
        text=words, about=corrects.about if corrects else "", corrects=corrects,
    )  # fmt: skip


def _title(post: str) -> str:
    return Post.objects.filter(slug=post).values_list("title", flat=True).first() or post


@action("duty.shift_set", may="duty.edit", says="设置班次 {title} {starts}–{ends}")
def set_shift(
    actor: Actor, community: Any, /, *, slug: str, title: str, starts: time, ends: time, workdays_only: bool = False,
    at: datetime | None = None,
) -> Done:  # fmt: skip
    """Make a shift or change it. An end at or before the start is on the next day. Returns the Shift."""
    title = clean_text(title, "班次名称", 40, field="title")
    if not title:
        raise Refused("请填写班次名称。", {"title": "请填写班次名称。"})
    if not slug or len(slug) > 20 or not slug.replace("-", "").replace("_", "").isalnum() or not slug.isascii():
        raise Refused("班次代号应为 20 个以内的字母、数字或连字符。", {"slug": "应为 20 个以内的字母、数字或连字符。"})
    shift, _ = Shift.objects.update_or_create(
        community_id=community.pk, slug=slug,
        defaults={"title": title, "starts": starts, "ends": ends, "workdays_only": workdays_only},
    )  # fmt: skip
    people_changed(community.pk)
    return Done(shift, {"title": title, "starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}", "workdays_only": workdays_only})


@action("duty.rostered", may="duty.edit", says="排班：{name} {post} {shift} 星期{weekdays}，{starts_on} 起")
def roster(
    actor: Actor, community: Any, /, *, user: User, post: str, shift: Shift, weekdays: str = "1234567",
    starts_on: date, ends_on: date | None = None, at: datetime | None = None,
) -> Done:  # fmt: skip
    """Put somebody on a post in a shift, from–to. They must hold the post here. Returns the Roster line."""
    days = "".join(sorted(set(weekdays)))
    if not days or not set(days) <= set("1234567"):
        raise Refused("请选择星期几上班。", {"weekdays": "请至少选择一天。"})
    if ends_on is not None and ends_on < starts_on:
        raise Refused("结束日期早于开始日期，请更正。", {"ends_on": "不能早于开始日期。"})
    if shift.community_id != community.pk:
        raise NotFound
    holds = Assignment.objects.filter(Q(community=community.pk) | Q(community=None), user=user, post__slug=post)
    if not user.is_active or not holds.filter(Q(ends_on=None) | Q(ends_on__gte=starts_on)).exists():
        raise Refused(f"{user.name}在本小区没有担任{_title(post)}，不能排此岗位。请先在「人员」登记任职。", {"user": "此人未担任该岗位。"})
    clashing = Roster.objects.filter(community=community.pk, user=user, post=post, shift=shift, starts_on__lte=ends_on or date.max)
    for other in clashing.filter(Q(ends_on=None) | Q(ends_on__gte=starts_on)):
        if set(other.weekdays) & set(days):
            raise Refused(f"{user.name}在这个岗位和班次上已有排班（{other.starts_on} 起），请先结束原排班或改选日期。")
    line = Roster.objects.create(
        community_id=community.pk, user=user, post=post, shift=shift, weekdays=days, starts_on=starts_on, ends_on=ends_on
    )
    people_changed(community.pk)
    return Done(line, {
        "name": user.name, "user": user.pk, "post": _title(post), "shift": shift.title, "starts_on": starts_on.isoformat(),
        "ends_on": ends_on and ends_on.isoformat(), "weekdays": "".join(WEEKDAYS[int(day) - 1] for day in days),
    })  # fmt: skip


def _fresh(before: Gaps, after: Gaps) -> Gaps:
    """The gaps that were not there before, or are longer now."""
    return tuple(gap for gap in after if not any(old[0] <= gap[0] and gap[1] <= old[1] for old in before))


@action("duty.roster_ended", may="duty.edit", says="结束排班：{name} {post} {shift}，至 {ends_on}")
def end_roster(actor: Actor, line: Roster, /, *, ends_on: date, knowing: bool = False, at: datetime | None = None) -> Done:
    """End a roster line after this day (a day before its start: it never was).

    One that would leave an hour of the following week without anybody on the hotline takes effect only `knowing`ly. C1.01.
    """
    if line.ends_on is not None and line.ends_on < ends_on:
        raise Refused("这条排班在所选日期之前已经结束，无需再改。")
    watched = line.post == queries.HOTLINE and not knowing and date(2000, 1, 1) <= ends_on <= date(2200, 1, 1)
    before = queries.hotline_gaps(line.community_id, ends_on + timedelta(1)) if watched else ()
    line.ends_on = ends_on
    line.save(update_fields=["ends_on"])
    if watched and (fresh := _fresh(before, queries.hotline_gaps(line.community_id, ends_on + timedelta(1)))):
        raise Refused(
            f"这样排，服务热线（{_title(line.post)}）在 {queries.gaps_said(fresh)} 没有人。请先排好接替的人；确要留空，请勾选“允许空档”再提交。",
            {"knowing": "热线会有空档"},
        )
    people_changed(line.community_id)
    return Done(line, {
        "name": line.user.name, "post": _title(line.post), "shift": line.shift.title, "ends_on": ends_on.isoformat(),
    })  # fmt: skip
