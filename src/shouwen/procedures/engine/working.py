"""The work itself: filing, finishing, taking, handing over, starting what is offered."""

from __future__ import annotations

from collections.abc import Mapping

from . import clocks, path
from .answers import NOTE, check_answers, check_given, check_text, holds
from .draft import Draft
from .events import Answers, Evidence, Evidenced, Filed, Finished, Handed, Started, Taken
from .procedure import OWN_CLASS, Procedure, Step
from .refusals import Refused
from .ticket import Task, Value


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


def filed(d: Draft, event: Filed) -> None:
    if d.filed_at is not None:
        raise Refused("工单已经受理过了")
    if not event.by:
        raise Refused("要写明是谁受理的")
    d.filed_at = d.at
    d.first_asked = event.first_asked or event.by
    d.tracker = event.tracker or d.first_asked
    if event.first_asked and not event.opened:
        d.tell(("first_asked",), None, "told")
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


def finished(d: Draft, event: Finished) -> None:
    d.running()
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


def evidenced(d: Draft, event: Evidenced) -> None:
    """Keep it with the task. Done by whom the task lies with, when the step asks nothing else and lacks nothing."""
    d.running()
    task = _task(d, event.task)
    step = d.step_of(task)
    if task.lead or not event.evidence:
        raise Refused(f"「{step.title}」这里不收凭证")
    task = d.change(task, evidence={**task.evidence, **check_evidence(event.evidence)})
    by = task.holder or d.by
    if step.asks or step.two_people or any(not task.evidence.get(need) for need in step.needs):
        return
    try:
        _may_do(d, task, by)
    except Refused:
        return
    path.task_done(d, d.change(task, done=d.at, done_by=by, outcome="done", holder=by))


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
    if evidence == found:
        return found
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


def taken(d: Draft, event: Taken) -> None:
    d.running()
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


def handed(d: Draft, event: Handed) -> None:
    d.running(paused=True)
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


def started(d: Draft, event: Started) -> None:
    d.running()
    step = d.p.steps.get(event.step)
    if step is None or not step.offered:
        raise Refused("没有这个可选步骤")
    if step.offered == "when_offered" and step.name not in d.offered:
        raise Refused(f"现在还不能办「{step.title}」")
    if d.busy(step):
        raise Refused(f"「{step.title}」正在办")
    if not holds(d.p, step.when, d.answers):
        raise Refused(f"这张工单不需要「{step.title}」")
    if not path.open_step(d, step):
        raise Refused(f"「{step.title}」现在没有要办的内容")
