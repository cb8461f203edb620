"""Shifts and the roster."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.actions import people_changed
from shouwen.org.models import Assignment, User

from .. import queries
from ..models import Roster, Shift
from .book import title_of

Gaps = tuple[tuple[datetime, datetime], ...]
WEEKDAYS = "一二三四五六日"


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
        raise Refused(f"{user.name}在本小区没有担任{title_of(post)}，不能排此岗位。请先在「人员」登记任职。", {"user": "此人未担任该岗位。"})
    clashing = Roster.objects.filter(community=community.pk, user=user, post=post, shift=shift, starts_on__lte=ends_on or date.max)
    for other in clashing.filter(Q(ends_on=None) | Q(ends_on__gte=starts_on)):
        if set(other.weekdays) & set(days):
            raise Refused(f"{user.name}在这个岗位和班次上已有排班（{other.starts_on} 起），请先结束原排班或改选日期。")
    if other := _overlapping(community.pk, user, shift, days, starts_on, ends_on):
        raise Refused(f"{user.name}同一天已排{other.shift.title}（{title_of(other.post)}），时间重叠，不能再排{shift.title}。", {"shift": "与已有班次时间重叠。"})
    line = Roster.objects.create(
        community_id=community.pk, user=user, post=post, shift=shift, weekdays=days, starts_on=starts_on, ends_on=ends_on
    )
    people_changed(community.pk)
    return Done(line, {
        "name": user.name, "user": user.pk, "post": title_of(post), "shift": shift.title, "starts_on": starts_on.isoformat(),
        "ends_on": ends_on and ends_on.isoformat(), "weekdays": "".join(WEEKDAYS[int(day) - 1] for day in days),
    })  # fmt: skip


def _overlapping(community_id: int, user: User, shift: Shift, days: str, starts_on: date, ends_on: date | None) -> Roster | None:
    """Another line of this person at the same hours of the same days. D7.17."""
    others = Roster.objects.filter(community=community_id, user=user, starts_on__lte=ends_on or date.max).exclude(shift=shift)
    for other in others.filter(Q(ends_on=None) | Q(ends_on__gte=starts_on)).select_related("shift"):
        for day in range(7):
            if str(day + 1) not in days:
                continue
            for near in (-1, 0, 1):
                if str((day + near) % 7 + 1) in other.weekdays and _meets(_hours(shift, 0), _hours(other.shift, near)):
                    return other
    return None


def _hours(shift: Shift, day: int) -> tuple[int, int]:
    """Minutes since the midnight of day 0 from which to which a shift of that day lasts."""
    starts, ends = (day * 1440 + each.hour * 60 + each.minute for each in (shift.starts, shift.ends))
    return starts, ends + 1440 * (ends <= starts)


def _meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


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
            f"这样排，服务热线（{title_of(line.post)}）在 {queries.gaps_said(fresh)} 没有人。请先排好接替的人；确要留空，请勾选“允许空档”再提交。",
            {"knowing": "热线会有空档"},
        )
    people_changed(line.community_id)
    return Done(line, {
        "name": line.user.name, "post": title_of(line.post), "shift": line.shift.title, "ends_on": ends_on.isoformat(),
    })  # fmt: skip
