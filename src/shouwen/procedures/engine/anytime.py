"""What can be done to any ticket: note, urge, amend, withdraw, reopen, link; and what becomes of its children."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from . import clocks, path
from .answers import NOTE, check_answer, check_text, chosen, holds
from .draft import Draft
from .events import Amended, ChildClosed, Linked, Noted, Reopened, Urged, Withdrawn
from .procedure import LINKS, OWN_CLASS, Step
from .refusals import Refused
from .ticket import Child


def noted(d: Draft, event: Noted) -> None:
    if d.filed_at is None:
        raise Refused("工单还没有受理")
    if not check_text(event.text, "备注", NOTE, lines=True):
        raise Refused("备注是空的，请写上内容")


def urged(d: Draft, event: Urged) -> None:
    d.running(paused=True)
    check_text(event.reason, "催单原因", NOTE, lines=True)
    gap = timedelta(minutes=d.p.urge.minutes)
    if d.urged_at and d.at < d.urged_at + gap:
        raise Refused(f"刚催过，请过 {d.p.urge.minutes} 分钟再催")
    d.urges, d.urged_at = d.urges + 1, d.at
    for task in d.open_tasks():
        d.tell(("holder", "superior"), task, "urged")
    if not d.open_tasks():
        d.tell(("tracker",), None, "urged")


def amended(d: Draft, event: Amended) -> None:
    d.running()
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
        _open_to_change(d, ask.step, ask.title)
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


def _open_to_change(d: Draft, step: str, title: str) -> None:
    """What somebody has signed stays as it was signed: it changes only by doing its step again, and being signed again. D14.38."""
    last = max((t.id for t in d.tasks if t.step == step), default=0)
    seal = next((d.p.every_step[t.step] for t in d.tasks if d.p.every_step[t.step].seals and t.outcome == "done" and t.id >= last), None)
    if seal is not None:
        raise Refused(f"「{title}」已经「{seal.title}」定稿，不能再改；要改的，另出新版，重新{seal.title}")


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


def withdrawn(d: Draft, event: Withdrawn) -> None:
    d.running(paused=True)
    if not check_text(event.reason, "撤销原因", NOTE, lines=True):
        raise Refused("请写明为什么撤销")
    for task in d.open_tasks():
        d.tell(("holder",), task, "withdrawn")
        d.change(task, done=d.at, outcome="dropped")
    for clock in [c for c in d.clocks if not c.stopped]:
        clocks.stop(d, clock, dropped=True)
    d.status, d.closed_at, d.pause, d.waiting, d.held = "withdrawn", d.at, None, (), ""
    d.tell(("first_asked", "tracker"), None, "withdrawn")


def reopened(d: Draft, event: Reopened) -> None:
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


def linked(d: Draft, event: Linked) -> None:
    if d.filed_at is None:
        raise Refused("工单还没有受理")
    other = check_text(event.other, "关联的工单")
    if not other or event.kind not in LINKS:
        raise Refused("请选择要关联的工单" if not other else "关联方式应是：同一件事、其中一部分、由它引起")
    if (other, event.kind) in d.links:
        raise Refused("已经关联过了")
    d.links = (*d.links, (other, event.kind))


def child_closed(d: Draft, event: ChildClosed) -> None:
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
