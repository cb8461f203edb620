"""Pausing for a reason the procedure allows, with approval where it says so; resuming, by hand or when the time is up."""

from __future__ import annotations

from msgspec.structs import replace

from . import clocks
from .answers import NOTE, check_text
from .calendar import TZ
from .draft import Draft
from .events import Approved, Paused, Resumed
from .refusals import Refused
from .ticket import Pause


def paused(d: Draft, event: Paused) -> None:
    d.running()
    reason = d.p.pauses.get(event.reason)
    if reason is None:
        known = "、".join(r.title for r in d.p.pauses.values())
        raise Refused(f"不能因此暂停，可以暂停的原因：{known}" if known else "这类工单不能暂停")
    if d.pause:
        raise Refused("已经申请暂停，正在等批准")
    if not event.by:
        raise Refused("要写明是谁暂停的")
    latest = d.calendar.add(d.at, reason.at_most, serviced=d.p.serviced)
    until = event.until.astimezone(TZ) if event.until else latest
    if until > latest:
        raise Refused(f"「{reason.title}」最多暂停到 {latest:%m月%d日 %H:%M}")
    if until < d.at:
        raise Refused("恢复时间已经过去了，请填以后的时间")
    remark = check_text(event.remark, "暂停说明", NOTE, lines=True)
    d.pause = Pause(event.reason, d.at, event.by, until, remark)
    if reason.approval:
        d.tell((reason.approval,), None, "approve")
    else:
        _pause(d)


def _pause(d: Draft) -> None:
    assert d.pause is not None
    d.pause = replace(d.pause, since=d.at)
    d.status = "paused"
    clocks.pause_clocks(d)
    for task in d.open_tasks():
        d.tell(("holder",), task, "paused")


def approved(d: Draft, event: Approved) -> None:
    d.running(paused=True)
    if d.pause is None or d.pause.since:
        raise Refused("没有等待批准的暂停申请")
    if event.by == d.pause.by:
        raise Refused("不能批准自己的申请，请由别人批准")
    check_text(event.remark, "批准意见", NOTE, lines=True)
    asked = d.pause
    if not event.ok:
        d.pause = None
        d.tell((asked.by,), None, "refused")
    elif asked.until <= d.at:
        raise Refused("申请的恢复时间已经过去了，请重新申请")
    else:
        _pause(d)


def resumed(d: Draft, event: Resumed) -> None:
    if d.status != "paused":
        d.running()
        raise Refused("工单没有暂停")
    resume(d)


def resume(d: Draft) -> None:
    assert d.pause is not None and d.pause.since is not None
    since, d.pause, d.status = d.pause.since, None, "open"
    clocks.resume_clocks(d, since)
    for task in d.open_tasks():
        d.tell(("holder",), task, "resumed")
