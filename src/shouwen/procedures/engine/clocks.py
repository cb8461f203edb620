"""Clocks: when a limit is due, when its ladder wants attention next, what a pause does to it.

Due is a minute, and that minute is still on time: due 09:20 is late from 09:21:00, due 23:59:59 from midnight. A rung `0 minutes`
wakes when lateness begins; any other rung so long after the due minute (10 minutes after 09:20 is 09:30). In ladders and reminders
a day is 24 hours, a workday the same time on the n-th workday after.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from .answers import chosen
from .calendar import LAST, MINUTE, TZ
from .draft import Draft
from .procedure import Limit, Promise, Rung, Step
from .spans import Span, parse
from .ticket import Clock, Task, Verdict

ZERO = timedelta(0)


def late_from(due: datetime) -> datetime:
    """The first moment that is no longer on time."""
    return due.replace(second=0, microsecond=0) + MINUTE


def _lateness(d: Draft, due: datetime, after: Span) -> datetime:
    if not after.amount:
        return late_from(due)
    base = due + timedelta(seconds=1) if due.second else due
    if after.unit in ("minute", "hour", "service minute", "service hour"):
        return d.calendar.add(base, after, serviced=d.p.serviced)
    if after.unit == "workday":
        return datetime.combine(d.calendar.workdays_after(base.date(), after.amount), base.time(), base.tzinfo)
    return base + after.rough


def _wake(d: Draft, ladder: tuple[Rung, ...], rung: int, due: datetime, start: datetime) -> tuple[int, datetime | None]:
    """The next rung and its moment; a reminder that would come no later than the start is passed over."""
    while rung < len(ladder):
        step = ladder[rung]
        if not step.ahead:
            return rung, _lateness(d, due, step.after)
        if (moment := due - step.after.rough) > start:
            return rung, moment
        rung += 1
    return rung, None


def _ladder(d: Draft, clock: Clock) -> tuple[Rung, ...]:
    return d.p.promises[clock.name].ladder if clock.kind == "promise" else d.p.every_step[clock.name].ladder


def _answered(d: Draft, name: str, branch: str, opened: datetime) -> datetime | None:
    """The moment of a date, time or datetime answer; a bare time is on the day the clock was opened."""
    value = d.answers.get(f"{name}/{branch}" if branch and name in d.p.branched else name)
    if not isinstance(value, str) or not value:
        return None
    match d.p.asks[name].kind:
        case "date":
            return datetime.fromisoformat(value).replace(tzinfo=TZ)
        case "time":
            return datetime.fromisoformat(f"{opened:%Y-%m-%d} {value}").replace(tzinfo=TZ)
    return datetime.fromisoformat(value).replace(tzinfo=TZ)


def _finished(d: Draft, anchor: str, step: str, visit: int, opened: datetime) -> datetime:
    """The last finish of `anchor` since `step` was opened the time before this; this opening itself if there is none."""
    before = max((t.opened for t in d.tasks if t.step == step and t.visit == visit - 1), default=None)
    names = (d.p.every_step[anchor].together or (anchor,)) if anchor in d.p.every_step else ()
    found = [
        t.done
        for t in d.tasks
        if t.step in names and t.done and t.outcome == "done" and t.done <= opened and (before is None or t.done > before)
    ]
    return max(found, default=opened)


def _did(d: Draft, role: str) -> str:
    """The person behind a role that means who did an earlier step; "" for every other role."""
    person = d.p.people.get(role)
    if person is None or not person.did:
        return ""
    return next((t.done_by for t in reversed(d.tasks) if t.step == person.did and t.outcome == "done"), "")


def _due(d: Draft, limit: Limit, opened: datetime, step: str, task: Task | None) -> tuple[datetime, datetime, Span] | None:
    """(start, due, the span that is due first); None while no span applies."""
    branch = task.branch if task else ""
    if not limit.by:
        spans = limit.cases.get("", ())
    else:
        value = d.answers.get(f"{limit.by}/{branch}") if branch and limit.by in d.p.branched else None
        keys = (value,) if isinstance(value, str) else chosen(d.p, limit.by, d.answers)
        spans = tuple(s for k in keys for s in limit.cases.get(k, ()))
    best: tuple[datetime, datetime, Span] | None = None
    for span in spans:
        start: datetime | None = opened
        if span.anchor == "filed":
            start = d.filed_at
        elif span.anchor in d.p.asks:
            start = _answered(d, span.anchor, branch, opened)
        elif span.anchor:
            start = _finished(d, span.anchor, step, task.visit if task else 1, opened)
        if start is None:
            continue
        if span.before:
            due = d.calendar.back(start, span)
        else:
            who = (task.holder or _did(d, task.role), d.p.shift_of(task.role, branch)) if task else ()
            due = d.calendar.add(start, span, serviced=d.p.serviced, shift_of=who)
        if best is None or due < best[1]:
            best = (start, due, span)
    return best


def _add(d: Draft, name: str, kind: str, task: int, found: tuple[datetime, datetime, Span], opened: datetime) -> None:
    start, due, span = found
    clock = Clock(
        id=len(d.clocks) + 1,
        name=name,
        kind="promise" if kind == "promise" else "step",
        task=task,
        rule=span.text,
        start=start,
        due=due,
        soft=span.unit == "promptly",
        calendar=d.calendar.edition,
    )
    if d.status != "paused":
        rung, wake = _wake(d, _ladder(d, clock), 0, due, opened)
        clock = replace(clock, rung=rung, wake=wake)
    d.clocks.append(clock)


def open_clock(d: Draft, step: Step, task: Task) -> None:
    if step.within and (found := _due(d, step.within, task.opened, step.name, task)):
        _add(d, step.name, "step", task.id, found, task.opened)


def open_promise(d: Draft, promise: Promise, start: datetime) -> None:
    if found := _due(d, promise.within, start, promise.since, None):
        _add(d, promise.name, "promise", 0, found, d.at)


def start_promises(d: Draft, event: str) -> None:
    """A promise from `event` begins, unless it is running: doing the step again does not reset it."""
    for promise in d.p.since.get(event, ()):
        running = any(c.name == promise.name and c.kind == "promise" and not c.stopped for c in d.clocks)
        if not running and not (event == "filed" and _spent(d, promise)):
            open_promise(d, promise, d.at)


def _spent(d: Draft, promise: Promise) -> bool:
    return any(c.name == promise.name and c.kind == "promise" and not c.superseded for c in d.clocks)


def stop(d: Draft, clock: Clock, *, dropped: bool = False) -> None:
    """Freeze the verdict. Work dropped before its limit was neither met nor breached."""
    late = d.at > clock.due and d.at >= late_from(clock.due) and d.status != "paused"
    verdict: Verdict = "breached" if late else "" if dropped else "met"
    if d.status == "paused" and d.ticket.pause and d.ticket.pause.since and d.ticket.pause.since >= late_from(clock.due):
        verdict = "breached"
    d.clocks[clock.id - 1] = replace(clock, stopped=d.at, wake=None, verdict=verdict)


def stop_task(d: Draft, task: int, *, dropped: bool = False) -> None:
    for clock in [c for c in d.clocks if c.task == task and c.kind == "step" and not c.stopped]:
        stop(d, clock, dropped=dropped)


def stop_promises(d: Draft, event: str) -> None:
    """Those that end with `event`; whatever still runs ends when the ticket closes."""
    names = d.p.until.get(event, frozenset())
    for clock in [c for c in d.clocks if c.kind == "promise" and not c.stopped and (c.name in names or event == "closed")]:
        stop(d, clock)
        made = {name for rung in d.p.promises[clock.name].ladder for name in rung.offer}
        d.offered = tuple(name for name in d.offered if name not in made)  # what its lateness offered ends with it


# Answers that change -------------------------------------------------------------------


def refresh(d: Draft, changed: set[str]) -> list[Task]:
    """Limits reckon anew from changed answers. The clock that ran is kept, superseded. Returns the tasks whose limit moved."""
    if not changed & d.p.moved_by:
        return []
    moved = []
    for task in d.open_tasks():
        step = d.p.every_step[task.step]
        if step.within and step.within.inputs & changed and not task.lead:
            running = next((c for c in d.clocks if c.task == task.id and c.kind == "step" and not c.stopped), None)
            if _replace(d, running, step.name, "step", _due(d, step.within, task.opened, step.name, task), task.id, task.opened):
                moved.append(task)
    for promise in d.p.promises.values():
        if promise.within.inputs & changed:
            began = _began(d, promise)
            running = next((c for c in d.clocks if c.name == promise.name and c.kind == "promise" and not c.stopped), None)
            if began and (running or not _spent(d, promise)):
                found = _due(d, promise.within, began, promise.since, None)
                _replace(d, running, promise.name, "promise", found, 0, began)
    return moved


def _began(d: Draft, promise: Promise) -> datetime | None:
    if promise.since == "filed":
        return d.filed_at
    names = d.p.every_step[promise.since].together or (promise.since,)
    return max((t.done for t in d.tasks if t.step in names and t.done and t.outcome == "done"), default=None)


def _replace(
    d: Draft, old: Clock | None, name: str, kind: str, found: tuple[datetime, datetime, Span] | None, task: int, opened: datetime
) -> bool:
    pauses = old.pauses if old else ()
    if found:
        start, due, span = found
        for began, ended in pauses:
            due = _shifted(d, due, span, began, ended)
        if old and old.due == due and old.rule == span.text:
            return False
        _add(d, name, kind, task, (start, due, span), max(opened, d.at))
        d.clocks[-1] = replace(d.clocks[-1], pauses=pauses)
    if old:
        d.clocks[old.id - 1] = replace(old, stopped=d.at, wake=None, superseded=True)
    return bool(found or old)


# Pauses ---------------------------------------------------------------------------------


def pause_clocks(d: Draft) -> None:
    d.clocks = [replace(c, wake=None) if c.wake else c for c in d.clocks]


def resume_clocks(d: Draft, since: datetime) -> None:
    """Every running clock moves on by as much of its own time as the pause took."""
    for clock in [c for c in d.clocks if not c.stopped]:
        began = max(since, _opened(d, clock))
        due = _shifted(d, clock.due, _span(d, clock), began, d.at)
        pauses = (*clock.pauses, (began, d.at)) if d.at > began else clock.pauses
        rung, wake = _wake(d, _ladder(d, clock), clock.rung, due, began)
        d.clocks[clock.id - 1] = replace(clock, due=due, rung=rung, wake=wake, pauses=pauses)


def _opened(d: Draft, clock: Clock) -> datetime:
    return d.tasks[clock.task - 1].opened if clock.task else clock.start


def _span(d: Draft, clock: Clock) -> Span:
    return parse(clock.rule)


def _shifted(d: Draft, due: datetime, span: Span, began: datetime, ended: datetime) -> datetime:
    """Where a pause moves a limit. A moment agreed in an answer stays; so does a limit already passed."""
    if ended <= began or began >= late_from(due) or span.anchor in d.p.asks:
        return due
    if span.serviced or (d.p.serviced and span.unit in ("minute", "hour")):
        took = d.calendar.service_between(began.replace(second=0, microsecond=0), ended.replace(second=0, microsecond=0))
        return d.calendar.service_add(due, took) if took else due
    if due.time() != LAST:
        return due + (ended.replace(second=0, microsecond=0) - began.replace(second=0, microsecond=0))
    if span.unit == "workday":
        return datetime.combine(
            d.calendar.workdays_after(due.date(), d.calendar.workdays_between(began.date(), ended.date())), LAST, due.tzinfo
        )
    return due + timedelta(days=(ended.date() - began.date()).days)


def climb(d: Draft, clock: Clock) -> Rung:
    """Take the rung whose moment has come, and set the next."""
    ladder = _ladder(d, clock)
    rung, wake = _wake(d, ladder, clock.rung + 1, clock.due, d.at)
    d.clocks[clock.id - 1] = replace(clock, rung=rung, wake=wake)
    return ladder[clock.rung]
