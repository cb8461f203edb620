"""The rule: `decide(procedure, ticket, event, calendar) -> (ticket, effects)`. No I/O, no clock of its own, no people resolved.

Before an event is applied, every rung whose moment has come is climbed, each once and in order of time; so a ticket does not
depend on how often somebody ticked. Afterwards the ticket's `wake` always lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from . import clocks, path
from .anytime import amended, child_closed, linked, noted, reopened, urged, withdrawn
from .calendar import TZ, Calendar
from .draft import Draft
from .events import (
    Amended,
    Approved,
    ChildClosed,
    Effect,
    Event,
    Evidenced,
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
from .pausing import approved, paused, resume, resumed
from .procedure import Procedure
from .refusals import Refused
from .ticket import Clock, Task, Ticket
from .working import evidenced, filed, finished, handed, started, taken

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
    # A tick is nobody's act: what was done before it, and is told after it (a phone without a signal), keeps its own time.
    return d.ticket_after(ticket.last if ticket.last and isinstance(event, Ticked) else at), tuple(d.effects)


# Time -----------------------------------------------------------------------------------


def pass_time(d: Draft, until: datetime) -> None:
    while True:
        first: Clock | None = None
        for c in d.clocks:
            if c.wake is not None and c.wake <= until and (first is None or first.wake is None or c.wake < first.wake):
                first = c
        if d.pause and d.pause.since and d.pause.until <= until:
            d.at = d.pause.until
            resume(d)
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
        if not d.busy(d.p.steps[name]):
            path.open_step(d, d.p.steps[name])


def _tell(d: Draft, who: tuple[str, ...], task: Task | None, why: str, late: timedelta, soft: bool) -> None:
    if who:
        d.effects.append(Tell(who, task.id if task else 0, why, late, "", (task.holder or task.role) if task else "", soft))


def _ticked(d: Draft, event: Ticked) -> None:
    """Time has passed already."""


HANDLERS: dict[type[Event], Callable[[Draft, Any], None]] = {
    Filed: filed,
    Finished: finished,
    Evidenced: evidenced,
    Taken: taken,
    Handed: handed,
    Noted: noted,
    Urged: urged,
    Amended: amended,
    Paused: paused,
    Approved: approved,
    Resumed: resumed,
    Withdrawn: withdrawn,
    Reopened: reopened,
    Started: started,
    Linked: linked,
    ChildClosed: child_closed,
    Ticked: _ticked,
}
