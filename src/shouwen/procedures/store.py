"""How a ticket is read and written: the only place that touches the rows of tickets, tasks, clocks and events.

The engine's ticket is kept whole as JSON in `Ticket.state`; tasks and clocks are projections of it. A write is
a compare-and-set on `revision` plus the event row, queued with everything else of the action (kernel.batch).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import ask, later, rows_sql
from shouwen.kernel.refusals import NotFound

from .engine import Calendar, Clock, Event, Procedure, Task, Ticket, decide
from .engine.core import HANDLERS
from .engine.procedure import OWN_CLASS
from .models import Event as Stored
from .recipients import Finder

BUSY = "这张工单刚刚被别人处理过，您的内容没有保存。请刷新页面，看过最新情况后再提交。"

_encode = msgspec.json.Encoder().encode
_decode_ticket = msgspec.json.Decoder(Ticket).decode


def decoded(state: str) -> Ticket:
    """The engine's ticket out of `Ticket.state`."""
    return _decode_ticket(state)


@dataclass(slots=True)
class Row:
    """A ticket as stored: what the engine does not know (number, place…) and the engine's state."""

    id: int
    number: str
    community_id: int
    edition_id: int
    procedure: str
    unit_id: int | None
    place: str
    summary: str
    confidential: bool
    revision: int
    state: Ticket
    people_version: int
    fresh: dict[str, Any] = field(default_factory=dict)
    """Private answers given in the running action, not yet written."""

    received: datetime | None = None
    """When the server heard of the event now applied, if that was later than it happened (pages/onsite, replay)."""


_LOAD = (
    "SELECT t.id, t.number, t.community_id, t.edition_id, t.procedure, t.unit_id, t.place, t.summary, t.confidential,"
    " t.revision, t.state, c.people_version FROM procedures_ticket t JOIN estate_community c ON c.id = t.community_id"
    " WHERE t.id = %s"
)


def load(ticket_id: int) -> Row:
    """The stored ticket, decoded; NotFound if there is none."""
    found = ask(_LOAD, (ticket_id,))
    if not found:
        raise NotFound("没有这张工单，或您无权查看。请核对编号。")
    row = found[0]
    return Row(*row[:8], bool(row[8]), row[9], _decode_ticket(row[10]), row[11])


def begun(
    *, number: str, community_id: int, edition_id: int, procedure: str, unit_id: int | None, place: str, summary: str,
    people_version: int,
) -> Row:  # fmt: skip
    """A ticket that is not stored yet (id 0); its first `save` inserts it."""
    return Row(
        0, number, community_id, edition_id, procedure, unit_id, place, summary, False, 0, Ticket(), people_version
    )


_INSERT_TICKET = (
    "INSERT INTO procedures_ticket (number, community_id, edition_id, procedure, unit_id, place, summary, confidential,"
    " first_asked_id, first_asked, filed_at, revision, state, status, grade, tracker_id, due_at, closed_at, waits)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
_UPDATE_TICKET = (
    "UPDATE procedures_ticket SET revision = revision + 1, state = %s, status = %s, grade = %s, tracker_id = %s,"
    " due_at = %s, closed_at = %s, waits = %s, confidential = %s WHERE id = %s AND revision = %s"
)
_INSERT_EVENT = (
    "INSERT INTO procedures_event (ticket_id, seq, at, by_id, by_name, kind, text, payload, received_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_PUT_TASK = (
    "INSERT INTO procedures_task (ticket_id, number, community_id, step, title, branch, role, pool, department,"
    " holder_id, holder_name, opened_at, taken_at, due_at, done_at, done_by, priority)",
    "ON CONFLICT (ticket_id, number) DO UPDATE SET role = excluded.role, pool = excluded.pool,"
    " department = excluded.department, holder_id = excluded.holder_id, holder_name = excluded.holder_name,"
    " taken_at = excluded.taken_at, due_at = excluded.due_at, done_at = excluded.done_at, done_by = excluded.done_by,"
    " priority = excluded.priority"
)
_PUT_CLOCK = (
    "INSERT INTO procedures_clock (ticket_id, number, community_id, name, kind, task, rule, start_at, due_at, wake_at,"
    " rung, stopped_at, verdict, failures, error)",
    "ON CONFLICT (ticket_id, number) DO UPDATE SET due_at = excluded.due_at, wake_at = excluded.wake_at,"
    " rung = excluded.rung, stopped_at = excluded.stopped_at, verdict = excluded.verdict,"
    " lease_until = NULL, failures = 0, error = ''"
)

PAUSE = 0
"""Number of the clock that is a pause; those of limits count from 1."""

_PUT_PAUSE = (
    "INSERT INTO procedures_clock (ticket_id, number, community_id, name, kind, task, rule, start_at, due_at, wake_at,"
    " rung, stopped_at, verdict, failures, error) VALUES (%s, %s, %s, 'pause', 'pause', 0, %s, %s, %s, %s, 0, NULL, '', 0, '')"
    " ON CONFLICT (ticket_id, number) DO UPDATE SET rule = excluded.rule, start_at = excluded.start_at, due_at = excluded.due_at,"
    " wake_at = excluded.wake_at, stopped_at = NULL, lease_until = NULL, failures = 0, error = ''"
)
_END_PAUSE = (
    "UPDATE procedures_clock SET wake_at = NULL, stopped_at = %s, lease_until = NULL, failures = 0, error = ''"
    " WHERE ticket_id = %s AND number = %s"
)


def save(row: Row, after: Ticket, event: Event, text: str, actor: Actor, finder: Finder) -> None:
    """Queue the ticket's new state, the event, and the tasks and clocks that changed. A new ticket is inserted at once,
    because the rest needs its id. It is confidential from the answer that says so until that is corrected."""
    before = row.state
    row.confidential = after.answers.get("confidential") == "yes"
    running = [c for c in after.clocks if not c.stopped and not c.superseded]
    dues = [c.due for c in running if c.due]
    state = (
        _encode(after).decode(), after.status, grade_of(after), _user(after.tracker), min(dues, default=None),
        after.closed_at, after.status == "paused" or bool(after.waiting or after.held),
    )  # fmt: skip
    if row.id:
        later(_UPDATE_TICKET, (*state, row.confidential, row.id, row.revision), must=BUSY)
    else:
        asked = _user(after.first_asked) if actor.channel == "resident" else None
        first = (asked, finder.directory.name(asked)) if asked else (actor.id, actor.name)
        row.id = ask(_INSERT_TICKET, (
            row.number, row.community_id, row.edition_id, row.procedure, row.unit_id, row.place, row.summary,
            row.confidential, *first, event.at, *state,
        ))[0][0]  # fmt: skip
    kind = type(event).__name__.lower()
    later(_INSERT_EVENT, (row.id, after.seq, event.at, actor.id, actor.name, kind, text, _encode(event).decode(), row.received))
    old_tasks, old_clocks = before.tasks, before.clocks  # the n-th has id n, so a change is seen by place
    moved = {c.task for n, c in enumerate(after.clocks) if c.task and (n >= len(old_clocks) or c != old_clocks[n])}
    due_of = {c.task: c.due for c in running if c.kind == "step"}
    reordered = before.answers.get("priority") != after.answers.get("priority")
    tasks = [
        t for n, t in enumerate(after.tasks)
        if n >= len(old_tasks) or t != old_tasks[n] or t.id in moved or (reordered and not t.done)
    ]  # fmt: skip
    clocks = [c for n, c in enumerate(after.clocks) if n >= len(old_clocks) or c != old_clocks[n]]
    if tasks:
        _put(_PUT_TASK, [_task_values(row, task, due_of.get(task.id), finder) for task in tasks])
    if clocks:
        _put(_PUT_CLOCK, [_clock_values(row, clock) for clock in clocks])
    _put_pause(row, before, after, event.at)
    row.state, row.revision = after, row.revision + 1


def _put_pause(row: Row, before: Ticket, after: Ticket, at: datetime) -> None:
    """A paused ticket has no limit that would wake it: the end of the pause is a clock of its own, so that it resumes by itself."""
    was, pause = (ticket.pause if ticket.status == "paused" else None for ticket in (before, after))
    if pause and pause != was:
        later(_PUT_PAUSE, (row.id, PAUSE, row.community_id, pause.reason[:120], pause.since, pause.until, pause.until))
    elif was and not pause:
        later(_END_PAUSE, (at, row.id, PAUSE))


def _put(sql: tuple[str, str], rows: list[tuple[Any, ...]]) -> None:
    """One statement for all rows of a kind."""
    head, tail = sql
    later(rows_sql(head, len(rows[0]), len(rows), tail), [value for values in rows for value in values])


def _task_values(row: Row, task: Task, due: datetime | None, finder: Finder) -> tuple[Any, ...]:
    holder = _user(task.holder) or (None if task.done else finder.assigned(task.role, task.branch))
    pool = finder.pool(task.role, task.branch)
    names = finder.directory
    return (
        row.id, task.id, row.community_id, task.step, finder.procedure.every_step[task.step].title[:60], task.branch,
        task.role, pool, task.branch or (names.department_of(holder) if holder else "") or _department(pool),
        holder, names.name(holder) if holder else "", task.opened, task.taken, due, task.done,
        names.name(int(task.done_by)) if task.done_by.isdigit() else task.done_by, priority_of(finder),
    )  # fmt: skip


ORDINARY = 99


def priority_of(finder: Finder) -> int:
    """How far up the options of `priority` the ticket stands (0 = first); ORDINARY for the last option and without one."""
    ask = finder.procedure.asks.get("priority")
    given = finder.ticket.answers.get("priority")
    if ask is None or given not in ask.pick:
        return ORDINARY
    place = list(ask.pick).index(str(given))
    return place if place < len(ask.pick) - 1 else ORDINARY


def _clock_values(row: Row, clock: Clock) -> tuple[Any, ...]:
    return (
        row.id, clock.id, row.community_id, clock.name, clock.kind, clock.task, clock.rule[:120], clock.start,
        clock.due, None if clock.stopped else clock.wake, clock.rung, clock.stopped, clock.verdict, 0, "",
    )  # fmt: skip


def _user(ref: str) -> int | None:
    return int(ref) if ref.isdigit() else None


def _department(pool: str) -> str:
    kind, _, name = pool.partition(":")
    return name if kind in ("dept", "head") else ""


def grade_of(ticket: Ticket) -> str:
    """The ticket's class, "" while it has none."""
    grade = ticket.answers.get(OWN_CLASS, "")
    return grade[:40] if isinstance(grade, str) else ""


_KINDS = {kind.__name__.lower(): kind for kind in HANDLERS}


def stored_event(kind: str, payload: str) -> Event:
    """An event as it was written."""
    event: Event = msgspec.json.decode(payload, type=_KINDS[kind])
    return event


def replayed(row: Row, calendar: Calendar, procedure: Procedure) -> Ticket:
    """The ticket rebuilt from its stored events alone, with the calendar as it stands now."""
    state = Ticket()
    for kind, payload in Stored.objects.filter(ticket_id=row.id).order_by("seq").values_list("kind", "payload"):
        state, _ = decide(procedure, state, stored_event(kind, payload), calendar)
    return state


def follows(row: Row, calendar: Calendar, procedure: Procedure) -> bool:
    """Whether the stored state follows from the stored events: the same tasks, done by the same people, the same answers.

    Due times are not compared: shifts and holidays entered since then would move them, the frozen ones are the record.
    """

    def essence(ticket: Ticket) -> Any:
        tasks = [(t.id, t.step, t.branch, t.holder, t.done, t.done_by, t.outcome) for t in ticket.tasks]
        return ticket.status, ticket.answers, tasks, ticket.seq

    return bool(essence(replayed(row, calendar, procedure)) == essence(row.state))
