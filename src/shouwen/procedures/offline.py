"""What was done on a phone without a signal, told afterwards: through the same rules, at its own time, once.

The phone says when by its own clock and how far that clock is from ours (by the `Date` of our last answer). Such a moment
counts if it lies within the last WINDOW and not ahead of us; both times are kept, on the event and in the journal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from django.http import QueryDict

from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.words import clean_text

from . import actions, attachments
from .calendars import local
from .deciding import facts_of, finder_for
from .editions import procedure_of
from .engine import Procedure, Task
from .engine.clocks import late_from
from .forms import StepForm, colleagues
from .pages.sheet import step_form
from .store import Row

WINDOW: Final = timedelta(hours=24)
"""How far back a phone may date what it tells."""

AHEAD: Final = timedelta(minutes=2)
"""A clock so little ahead of ours is taken for a clock that is a little wrong."""

PROMPT: Final = timedelta(minutes=1)
"""Told within this, it happened now: one time is enough."""

ON_THE_WAY: Final = "已出发，正在路上"
KINDS: Final = {"take": "接单", "coming": "出发", "finish": "办结", "note": "备注"}
_SPOT = re.compile(r"-?\d{1,2}\.\d{1,6},-?\d{1,3}\.\d{1,6} ±\d{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done on a phone. `fields` are those of the step's form as a browser sends them (name → values)."""

    ticket: int
    kind: Literal["take", "coming", "finish", "note"]
    acted_at: datetime
    offset: timedelta = timedelta(0)
    task: int = 0
    fields: dict[str, list[str]] = field(default_factory=dict)
    text: str = ""


def moment(acted_at: datetime, offset: timedelta, now: datetime) -> datetime:
    """When it happened by our clock; Refused when that is ahead of us or before the window."""
    if acted_at.tzinfo is None:
        raise Refused("手机时间缺少时区，请在手机上打开「自动设置时间」后重试。", {"acted_at": "缺少时区"})
    try:
        at = acted_at + offset
    except OverflowError:
        raise Refused("手机时间不对，请校准后重试。", {"acted_at": "时间不对"}) from None
    if at > now + AHEAD:
        raise Refused("手机时间比服务器快，不能登记还没有发生的事。请校准手机时间后重新操作。", {"acted_at": "时间在未来"})
    if at < now - WINDOW:
        said = local(at).strftime("%m-%d %H:%M")
        raise Refused(f"这是 24 小时以前（{said}）的操作，不能再补传。请核对工单，用备注写明当时的情况。", {"acted_at": "超过 24 小时"})
    return now if at > now - PROMPT else at


def told_moment(text: str, now: datetime) -> datetime | None:
    """When a phone says it took a picture; None unless that is believable. Nothing rests on it but a line below the picture."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None and now - 7 * WINDOW < at <= now + AHEAD else None


def told_spot(text: str) -> str:
    """Where a phone says it took a picture, in the form of Attachment.spot; "" for anything else."""
    return text if _SPOT.fullmatch(text) else ""


def replay(actor: Actor, row: Row, act: Act, now: datetime) -> str:
    """Do it, at its own time; returns what to say. Raises Conflict when somebody was faster, or whatever the rule refuses."""
    at = moment(act.acted_at, act.offset, now)
    if at == now:
        return _carried_out(actor, row, act, at)
    row.received = now
    return str(_told_later(actor, row, act=act, happened=at, at=now))


@action("offline.replayed", may="tickets.work", says="{number} 补传离线操作「{what}」：手机时间 {acted}，折合 {happened}，送达 {received}")
def _told_later(actor: Actor, row: Row, /, *, act: Act, happened: datetime, at: datetime) -> Done:
    said = _carried_out(actor, row, act, happened)
    facts = facts_of(
        row, what=KINDS[act.kind], acted=f"{act.acted_at:%m-%d %H:%M:%S}", happened=_said(happened), received=_said(at),
        acted_at=act.acted_at.isoformat(), offset=act.offset.total_seconds(),
    )  # fmt: skip
    return Done(f"procedures.ticket:{row.id}", facts, result=said, community=row.community_id)


def _carried_out(actor: Actor, row: Row, act: Act, at: datetime) -> str:
    if act.kind == "note":
        actions.note(actor, row, text=act.text, at=at)
        return "已记下。"
    task, title = _open(actor, row, act, at)
    if act.kind == "take":
        actions.take(actor, row, task=task.id, at=at)
        return "已接单。"
    if act.kind == "coming":
        actions.note(actor, row, text=f"{ON_THE_WAY}（{title}）", at=at)
        return "已记下：出发。"
    form = _form(row, task, act, at)
    attachments.check(actor, row, form.uploads())
    late = clean_text(act.text, "迟到原因", 400)
    if needs_reason(row, task, at) and not late:
        raise Refused("已经超过时限，请写明原因后再提交。", {"late": "请写明为什么没有按时"})
    if late:
        actions.note(actor, row, text=f"没有按时的原因（{title}）：{late}", at=at)
    why = next(iter(act.fields.get("on_behalf", ())), "")
    actions.finish(actor, row, task=task.id, answers=form.answers(), evidence=form.evidence(), on_behalf=why, at=at)
    return f"已办结「{title}」。" + ("工单已办结归档。" if row.state.status == "closed" else "")


def needs_reason(row: Row, task: Task, at: datetime) -> bool:
    """Whether whoever finishes the task now has to say why it is late: past its limit, where lateness is explained."""
    clock = row.state.clock_of(task.id)
    return bool(clock and explains(row, task) and at >= late_from(clock.due))


def explains(row: Row, task: Task) -> bool:
    """Whether lateness of this task is explained to the resident: a hard limit, in a procedure in which somebody calls
    to say why (it asks `late_reason`). The front desk needs the reason from whoever was late. D2.58-60."""
    clock = row.state.clock_of(task.id)
    return bool(clock and not clock.soft and "late_reason" in procedure_of(row.edition_id).asks)


def _open(actor: Actor, row: Row, act: Act, at: datetime) -> tuple[Task, str]:
    """The task and its title, while it is still to be done by this person; Conflict says who was faster, and when."""
    rules = procedure_of(row.edition_id)
    task = next((t for t in row.state.tasks if t.id == act.task), None)
    if task is None:
        raise NotFound("工单里没有这项任务。请刷新后再看。")
    title = rules.every_step[task.step].title
    directory = duty.directory(row.community_id, row.people_version)
    if task.done:
        raise Conflict(done_said(row, task, actor.ref))
    if row.state.status != "open":
        raise Conflict("工单" + {"paused": "已挂起，恢复后才能办理。", "closed": "已办结。"}.get(row.state.status, "已撤销。"))
    if act.kind == "take" and task.holder and task.holder != actor.ref:
        raise Conflict(f"「{title}」已由{directory.name(int(task.holder))}接单。" if task.holder.isdigit() else f"「{title}」已由别人接单。")
    if at < task.opened:
        raise Conflict(f"「{title}」{_said(task.opened)} 才开始，比这次操作晚。请看过工单再办。")
    return task, title


def done_said(row: Row, task: Task, reader: str = "") -> str:
    """By whom and when a task that is over was finished."""
    title = procedure_of(row.edition_id).every_step[task.step].title
    assert task.done is not None
    if task.outcome in ("dropped", "skipped"):
        return f"「{title}」已于 {_said(task.done)} 取消，不用办了。"
    directory = duty.directory(row.community_id, row.people_version)
    who = "您" if task.done_by == reader else directory.name(int(task.done_by)) if task.done_by.isdigit() else "系统"
    return f"「{title}」已由{who}于 {_said(task.done)} 办结。"


def _form(row: Row, task: Task, act: Act, at: datetime) -> StepForm:
    data = QueryDict(mutable=True)
    for name, values in act.fields.items():
        data.setlist(name, values)
    people = colleagues(finder_for(row, procedure_of(row.edition_id), at).directory, at)
    return step_form(row, task, at, people, row.community_id, data)


def _said(at: datetime) -> str:
    return local(at).strftime("%m-%d %H:%M")


def form_names(rules: Procedure, task: Task, problems: dict[str, str]) -> dict[str, str]:
    """Refused answers by the names that their fields have in the form of this task."""
    asked = rules.every_step[task.step].asks
    return {f"t{task.id}-{name}" if name in asked else name: text for name, text in problems.items()}

