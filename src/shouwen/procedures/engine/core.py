"""The rule: `decide(procedure, ticket, event, calendar) -> (ticket, effects)`. No I/O, no clock of its own, no people resolved.

Before an event is applied, every rung whose moment has come is climbed, each once and in order of time; so a ticket does not
depend on how often somebody ticked. Afterwards the ticket's `wake` always lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from . import clocks, path
from .answers import NOTE, check_answer, check_answers, check_given, check_text, chosen, holds
from .calendar import TZ, Calendar
from .draft import Draft
from .events import (
    Amended,
    Answers,
    Approved,
    ChildClosed,
    Effect,
    Event,
    Evidence,
    Filed,
    Finished,
    Handed,
    Linked,
    Log,
    Noted,
    Paused,
    Reopened,
    Resumed,
    Started,
    Taken,
    Tell,
    Ticked,
    Urged,
    Withdrawn,
)  # fmt: skip
from .procedure import END, LINKS, OWN_CLASS, Procedure, Step
from .refusals import Refused
from .ticket import Child, Clock, Pause, Task, Ticket, Value

ANYONE = ("holder", "superior", "lead")  # names that mean nothing without a task


def decide(procedure: Procedure, ticket: Ticket, event: Event, calendar: Calendar) -> tuple[Ticket, tuple[Effect, ...]]:
    """Apply one event. Raises Refused (Chinese) when it does not fit; the ticket given is never changed."""
    if event.at.tzinfo is None:
        raise Refused("时间缺少时区")
    if not 2000 <= event.at.year <= 2100:
        raise Refused("时间不对：年份应在 2000 到 2100 之间")
    at = event.at if event.at.tzinfo is TZ else event.at.astimezone(TZ)
    if ticket.last and at < ticket.last:  # clocks of two machines may differ a little; the ticket's time never runs back
        at = ticket.last
    if ticket.edition and (ticket.procedure, ticket.edition) != (procedure.procedure, procedure.edition):
        raise Refused(f"工单按 {ticket.edition} 版办理，不能用 {procedure.edition} 版")
    d = Draft(procedure, ticket, at, event.by, calendar)
    pass_time(d, at)
    d.at = at
    HANDLERS[type(event)](d, event)
    pass_time(d, at)  # work that opens already late is late at once
    return d.ticket_after(at), tuple(d.effects)


# Time -----------------------------------------------------------------------------------


def pass_time(d: Draft, until: datetime) -> None:
    while True:
        first: Clock | None = None
        for c in d.clocks:
            if c.wake is not None and c.wake <= until and (first is None or first.wake is None or c.wake < first.wake):
                first = c
        if d.pause and d.pause.since and d.pause.until <= until:
            d.at = d.pause.until
            _resume(d)
        elif first is None or first.wake is None:
            return
        else:
            d.at = max(first.wake, d.at if first.wake > d.at else first.wake)
            _climb(d, first)


def _climb(d: Draft, clock: Clock) -> None:
    rung = clocks.climb(d, clock)
    late = -rung.after.rough if rung.ahead else rung.after.rough
    why = "remind" if rung.ahead else "late"
    tasks = [d.tasks[clock.task - 1]] if clock.task else d.open_tasks()
    if clock.task:
        _tell(d, rung.tell, tasks[0], why, late, clock.soft)
    else:
        _tell(d, tuple(w for w in rung.tell if w not in ANYONE), None, why, late, clock.soft)
        for task in tasks:
            _tell(d, tuple(w for w in rung.tell if w in ANYONE), task, why, late, clock.soft)
    step = d.step_of(tasks[0]) if tasks else None
    if rung.log:
        d.effects.append(Log(rung.log, d.p.post_of(tasks[0].role if tasks else ""), clock.task))
    for task in tasks if rung.hand_to else ():
        role = d.step_of(task).lead if rung.hand_to == "lead" else rung.hand_to
        if role and (task.role, task.holder) != (role, ""):
            handed = d.change(task, role=role, holder="", taken=None)
            _tell(d, (role,), handed, "handed", late, clock.soft)
    d.offer(rung.offer)
    for opening in rung.open:
        d.open_child(opening, step, tasks[0] if clock.task else None, False, late)
    for name in rung.must:
        d.offer((name,))
        if not _busy(d, d.p.steps[name]):
            path.open_step(d, d.p.steps[name])


def _tell(d: Draft, who: tuple[str, ...], task: Task | None, why: str, late: timedelta, soft: bool) -> None:
    if who:
        d.effects.append(Tell(who, task.id if task else 0, why, late, "", (task.holder or task.role) if task else "", soft))


def _busy(d: Draft, step: Step) -> bool:
    return any(t.done is None for t in d.this_visit(step)) or any(w == step.name or w in step.together for w in d.waiting)


def _ticked(d: Draft, event: Ticked) -> None:
    """Time has passed already."""


# Working --------------------------------------------------------------------------------


def _running(d: Draft, *, paused: bool = False) -> None:
    if d.filed_at is None:
        raise Refused("工单还没有受理")
    if d.status == "closed":
        raise Refused("工单已经办结；如果没有解决，请重新打开")
    if d.status == "withdrawn":
        raise Refused("工单已经撤销")
    if d.status == "paused" and not paused:
        raise Refused("工单已经暂停，请先恢复再办")


def _task(d: Draft, number: int) -> Task:
    if not 1 <= number <= len(d.tasks):
        raise Refused("工单里没有这项任务，请刷新后再看")
    task = d.tasks[number - 1]
    if task.done:
        raise Refused(f"「{d.step_of(task).title}」已经办完或不用办了，请刷新后再看")
    return task


def _may_do(d: Draft, task: Task, person: str) -> None:
    for name in d.step_of(task).not_by:
        names = d.p.every_step[name].together or (name,)
        if any(t.step in names and t.outcome == "done" and person in (t.done_by, t.signed) for t in d.tasks):
            raise Refused(f"「{d.p.every_step[name].title}」由谁办的，就不能再由他办「{d.step_of(task).title}」，请换一个人")


def _filed(d: Draft, event: Filed) -> None:
    if d.filed_at is not None:
        raise Refused("工单已经受理过了")
    if not event.by:
        raise Refused("要写明是谁受理的")
    d.filed_at = d.at
    d.first_asked, d.tracker = event.by, event.tracker or event.by
    clocks.start_promises(d, "filed")
    first = d.p.steps[d.p.first]
    if event.opened:
        d.answers = check_given(d.p, first.name, event.answers, d.at)
        path.open_step(d, first, forced=True)
        return
    d.visits = {**d.visits, first.name: 1}
    d.tasks.append(Task(1, first.name, first.who, d.at, holder=event.by, taken=d.at))
    d.offer(first.offers)
    _finish(d, d.tasks[0], event.answers, event.evidence, filing=True)


def _finished(d: Draft, event: Finished) -> None:
    _running(d)
    if not event.by:
        raise Refused("要写明是谁办的")
    _finish(d, _task(d, event.task), event.answers, event.evidence)


def _finish(d: Draft, task: Task, answers: Answers, evidence: Evidence, *, filing: bool = False) -> None:
    step = d.step_of(task)
    _may_do(d, task, d.by)
    if step.two_people and task.signed == d.by and not task.lead:
        raise Refused(f"「{step.title}」要两个人办：您已经签过，请由另一个人再签")
    changed: set[str] = set()
    if not task.lead:
        given = {**{n: v for n in step.asks if (v := d.seen(task.branch).get(n))}, **answers} if task.signed else answers
        changed = _record(d, step, task, check_answers(d.p, step.name, given, d.seen(task.branch), d.at))
        if filing:  # its limit may count from an answer of the form itself: when the matter was first heard of
            clocks.open_clock(d, step, task)
        kept = {**task.evidence, **check_evidence(evidence)}
        if missing := [_need(d.p, n) for n in step.needs if not kept.get(n)]:
            raise Refused(f"「{step.title}」还缺凭证：{'、'.join(missing)}")
        task = d.change(task, evidence=kept) if kept else task
    elif answers:
        raise Refused(f"「{step.title}」的统筹签字不用填表")
    if step.two_people and not task.signed and not task.lead:
        d.change(task, signed=d.by)
        d.tell((task.role,), task, "second")
    else:
        task = d.change(task, done=d.at, done_by=d.by, outcome="done", holder=task.holder or d.by)
        path.task_done(d, task)
    if changed and d.status == "open":
        clocks.refresh(d, changed)


def _record(d: Draft, step: Step, task: Task, found: dict[str, Value]) -> set[str]:
    """Keep the answers (each branch's own as `name/branch` too); returns the names of those that changed."""
    if not found and not step.asks:
        return set()
    kept = dict(d.answers)
    for name, ask in step.asks.items():
        value = found.get(name)
        keys = [name, f"{name}/{task.branch}"] if task.branch else [name]
        for key in (*keys, OWN_CLASS) if ask.classes and value else keys:
            if value:
                kept[key] = value
            elif key in kept and (key != name or not task.branch):
                del kept[key]  # left empty this time
    before, d.answers = d.answers, kept
    names = (*step.asks, OWN_CLASS)
    return {n for n in names if before.get(n) != kept.get(n)}


def check_evidence(evidence: Evidence) -> dict[str, str | list[str]]:
    """Need → opaque text, or a list of such; at most 50 of each."""
    found: dict[str, str | list[str]] = {}
    if not isinstance(evidence, Mapping) or len(evidence) > 50:
        raise Refused("凭证应写成「名称: 内容」，最多 50 项")
    for key, raw in evidence.items():
        name = check_text(key, "凭证名称")
        if isinstance(raw, list | tuple):
            if len(raw) > 50:
                raise Refused(f"凭证「{name}」最多 50 份")
            found[name] = [check_text(x, name) for x in raw]
        elif value := check_text(raw, name):
            found[name] = value
    return found


def _need(p: Procedure, need: str) -> str:
    if need.startswith("signature of "):
        role = need.removeprefix("signature of ")
        return (p.people[role].title if role in p.people else {"requester": "申请人"}.get(role, "经办人")) + "签名"
    return {"photo": "照片", "scan": "扫码"}.get(need, need.removeprefix("paper "))


def _taken(d: Draft, event: Taken) -> None:
    _running(d)
    task = _task(d, event.task)
    title = d.step_of(task).title
    if not event.by:
        raise Refused("要写明是谁接的")
    if task.taken and task.holder == event.by:
        raise Refused(f"「{title}」您已经接了")
    if task.holder and task.holder != event.by:
        raise Refused(f"「{title}」已经由别人接手，要换人请转办")
    _may_do(d, task, event.by)
    d.change(task, holder=event.by, taken=d.at)


def _handed(d: Draft, event: Handed) -> None:
    _running(d, paused=True)
    to = check_text(event.to, "转给谁")
    reason = check_text(event.reason, "转办原因", NOTE, lines=True)
    if not to or not reason:
        raise Refused("请写明转给谁" if not to else "请写明转办原因")
    if not event.task:
        if to == d.tracker:
            raise Refused("他已经是这张工单的跟踪人")
        d.tracker = to
        d.tell((to,), None, "handed", "")
        return
    task = _task(d, event.task)
    if task.holder == to:
        raise Refused(f"「{d.step_of(task).title}」已经在他手上")
    _may_do(d, task, to)
    task = d.change(task, holder=to, taken=None)
    d.tell((to,), task, "handed")


def _started(d: Draft, event: Started) -> None:
    _running(d)
    step = d.p.steps.get(event.step)
    if step is None or not step.offered:
        raise Refused("没有这个可选步骤")
    if step.offered == "when_offered" and step.name not in d.offered:
        raise Refused(f"现在还不能办「{step.title}」")
    if _busy(d, step):
        raise Refused(f"「{step.title}」正在办")
    if not holds(d.p, step.when, d.answers):
        raise Refused(f"这张工单不需要「{step.title}」")
    if not path.open_step(d, step):
        raise Refused(f"「{step.title}」现在没有要办的内容")


# Always available -----------------------------------------------------------------------


def _noted(d: Draft, event: Noted) -> None:
    if d.filed_at is None:
        raise Refused("工单还没有受理")
    if not check_text(event.text, "备注", NOTE, lines=True):
        raise Refused("备注是空的，请写上内容")


def _urged(d: Draft, event: Urged) -> None:
    _running(d, paused=True)
    check_text(event.reason, "催单原因", NOTE, lines=True)
    gap = timedelta(minutes=d.p.urge.minutes)
    if d.urged_at and d.at < d.urged_at + gap:
        raise Refused(f"刚催过，请过 {d.p.urge.minutes} 分钟再催")
    d.urges, d.urged_at = d.urges + 1, d.at
    for task in d.open_tasks():
        d.tell(("holder", "superior"), task, "urged")
    if not d.open_tasks():
        d.tell(("tracker",), None, "urged")


def _amended(d: Draft, event: Amended) -> None:
    _running(d)
    reason = check_text(event.reason, "更改原因", NOTE, lines=True)
    if not reason:
        raise Refused("请写明为什么更改")
    if not event.answers:
        raise Refused("没有要更改的内容")
    kept, changed = dict(d.answers), set[str]()
    for key, raw in event.answers.items():
        name, _, branch = str(key).partition("/")
        ask = d.p.asks.get(name)
        if ask is None or (branch and str(key) not in kept):
            raise Refused(f"这张工单没有「{check_text(str(key), '更改')}」这一项")
        if name not in kept and not any(t.step == ask.step and t.outcome == "done" for t in d.tasks):
            raise Refused(f"「{ask.title}」还没有填过，请在「{d.p.every_step[ask.step].title}」里填")
        value = check_answer(ask, raw, kept, d.at)
        if not value and not ask.optional:
            raise Refused(f"还没有填「{ask.title}」", {name: f"还没有填「{ask.title}」"})
        for each in (str(key), *((OWN_CLASS,) if ask.classes else ())):
            if kept.get(each, "") != value:
                changed.add(each.partition("/")[0])
                if value:
                    kept[each] = value
                else:
                    del kept[each]
    if not changed:
        raise Refused("内容和原来一样，没有更改")
    d.answers = kept
    clocks.refresh(d, changed)
    for task in d.open_tasks():  # whoever is at work has to know, whether a limit moved or only the content
        d.tell(("holder",), task, "amended")
    for step in [s for s in d.p.steps.values() if s.each in changed and d.open_tasks(s.name)]:
        _regroup(d, step)


def _regroup(d: Draft, step: Step) -> None:
    """The branches of a step at work have changed: open the new, drop those no longer wanted."""
    wanted = chosen(d.p, step.each, d.answers)
    present = [t for t in d.this_visit(step) if not t.lead]
    for branch in dict.fromkeys(wanted):
        if not any(t.branch == branch and t.outcome != "dropped" for t in present):
            path.add_task(d, step, branch)
    for task in present:
        if task.done is None and task.branch not in wanted:
            path.drop(d, task)
    path.joined_or_wait(d, step, d.tasks[-1])


def _paused(d: Draft, event: Paused) -> None:
    _running(d)
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


def _approved(d: Draft, event: Approved) -> None:
    _running(d, paused=True)
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


def _resumed(d: Draft, event: Resumed) -> None:
    if d.status != "paused":
        _running(d)
        raise Refused("工单没有暂停")
    _resume(d)


def _resume(d: Draft) -> None:
    assert d.pause is not None and d.pause.since is not None
    since, d.pause, d.status = d.pause.since, None, "open"
    clocks.resume_clocks(d, since)
    for task in d.open_tasks():
        d.tell(("holder",), task, "resumed")


def _withdrawn(d: Draft, event: Withdrawn) -> None:
    _running(d, paused=True)
    if not check_text(event.reason, "撤销原因", NOTE, lines=True):
        raise Refused("请写明为什么撤销")
    for task in d.open_tasks():
        d.tell(("holder",), task, "withdrawn")
        d.change(task, done=d.at, outcome="dropped")
    for clock in [c for c in d.clocks if not c.stopped]:
        clocks.stop(d, clock, dropped=True)
    d.status, d.closed_at, d.pause, d.waiting, d.held = "withdrawn", d.at, None, (), ""
    d.tell(("first_asked", "tracker"), None, "withdrawn")


def _reopened(d: Draft, event: Reopened) -> None:
    if d.filed_at is None or d.closed_at is None or d.status not in ("closed", "withdrawn"):
        raise Refused("工单还在办理，不用重新打开")
    if not check_text(event.reason, "重新打开的原因", NOTE, lines=True):
        raise Refused("请写明为什么重新打开")
    rule = d.p.reopen
    if rule.within and d.at > d.calendar.add(d.closed_at, rule.within):
        raise Refused("办结已久，不能再重新打开，请另开一张工单并关联")
    go = rule.go
    if rule.at_most and d.reopened >= rule.at_most:
        if not rule.then:
            raise Refused(f"已经重新打开过 {d.reopened} 次，请另开一张工单并关联")
        go = rule.then
    d.reopened += 1
    d.status, d.closed_at, d.ended, d.waiting, d.held = "open", None, False, (), ""
    d.children = tuple(replace(c, before="") for c in d.children)
    for promise in d.p.promises.values():
        if "closed" in promise.until:
            clocks.open_promise(d, promise, d.at)
    d.tell(tuple(dict.fromkeys((*rule.tell, "tracker"))), None, "reopened")
    for name in filter(None, (go, *_second(d))):
        if path.open_step(d, d.p.every_step[name], forced=True):
            return


def _second(d: Draft) -> tuple[str, ...]:
    """Where a ticket starts again when nothing is said: the first step after filing that applies; failing all, filing itself."""
    later = [n for n in d.p.path[1:] if holds(d.p, d.p.steps[n].when, d.answers)]
    return (*later, d.p.first)


def _linked(d: Draft, event: Linked) -> None:
    if d.filed_at is None:
        raise Refused("工单还没有受理")
    other = check_text(event.other, "关联的工单")
    if not other or event.kind not in LINKS:
        raise Refused("请选择要关联的工单" if not other else "关联方式应是：同一件事、其中一部分、由它引起")
    if (other, event.kind) in d.links:
        raise Refused("已经关联过了")
    d.links = (*d.links, (other, event.kind))


def _child_closed(d: Draft, event: ChildClosed) -> None:
    found = next((c for c in d.children if c.key == event.child), None)
    if found is None or found.closed:
        raise Refused("没有在等这张子工单")
    d.children = tuple(replace(c, closed=d.at) if c is found else c for c in d.children)
    if d.status not in ("open", "paused"):
        return
    if found.step in d.waiting and not _awaited(d, found):
        d.waiting = tuple(w for w in d.waiting if w != found.step)
        step = d.p.every_step[found.step]
        path.leave(d, step, next(t for t in reversed(d.tasks) if t.step in (step.together or (step.name,))))
    if d.held and not any(c.before == d.held and not c.closed for c in d.children):
        name, d.held = d.held, ""
        path.enter(d, name)


def _awaited(d: Draft, child: Child) -> bool:
    return any(c.step == child.step and c.waits and not c.closed for c in d.children)


HANDLERS: dict[type[Event], Callable[[Draft, Any], None]] = {
    Filed: _filed,
    Finished: _finished,
    Taken: _taken,
    Handed: _handed,
    Noted: _noted,
    Urged: _urged,
    Amended: _amended,
    Paused: _paused,
    Approved: _approved,
    Resumed: _resumed,
    Withdrawn: _withdrawn,
    Reopened: _reopened,
    Started: _started,
    Linked: _linked,
    ChildClosed: _child_closed,
    Ticked: _ticked,
}

__all__ = ["END", "Refused", "Ticket", "decide"]
