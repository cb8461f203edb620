"""The state of one ticket: small, frozen, and the same after every replay of its events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Value = str | list[str] | dict[str, str]  # as answers.check_answers leaves it
Status = Literal["open", "paused", "closed", "withdrawn"]
Outcome = Literal["", "done", "skipped", "dropped"]
Verdict = Literal["", "met", "breached"]


class Task(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of work. `id` counts from 1. `holder` "" means whoever fills the role; otherwise a person ref.

    `visit` is the how-manieth opening of its step it belongs to. `signed` is the first of two persons.
    """

    id: int
    step: str
    role: str
    opened: datetime
    branch: str = ""
    holder: str = ""
    visit: int = 1
    lead: bool = False  # the coordinator's sign-off
    taken: datetime | None = None
    signed: str = ""
    done: datetime | None = None
    done_by: str = ""
    outcome: Outcome = ""
    evidence: dict[str, str | list[str]] = {}


class Clock(msgspec.Struct, frozen=True, omit_defaults=True):
    """A limit running. `wake` is its next moment of attention; `rung` how many rungs are climbed.

    Stopping freezes the verdict ("" when it was dropped in time). An amendment leaves the old clock as `superseded`.
    """

    id: int
    name: str  # of the step or the promise
    kind: Literal["step", "promise"]
    task: int  # 0 for a promise
    rule: str
    start: datetime
    due: datetime
    wake: datetime | None = None
    rung: int = 0
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    stopped: datetime | None = None
    verdict: Verdict = ""
    superseded: bool = False
    soft: bool = False
    calendar: str = ""  # edition of the calendar it was reckoned with


class Child(msgspec.Struct, frozen=True, omit_defaults=True):
    key: str
    procedure: str
    kind: str
    step: str = ""
    waits: bool = False
    before: str = ""
    closed: datetime | None = None


class Pause(msgspec.Struct, frozen=True, omit_defaults=True):
    """A pause asked for (`since` None while it awaits approval) or under way."""

    reason: str
    asked: datetime
    by: str
    until: datetime
    remark: str = ""
    since: datetime | None = None


class Ticket(msgspec.Struct, frozen=True, omit_defaults=True):
    procedure: str = ""
    edition: str = ""
    status: Status = "open"
    answers: dict[str, Value] = {}
    tasks: tuple[Task, ...] = ()
    clocks: tuple[Clock, ...] = ()
    children: tuple[Child, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # (other, kind)
    first_asked: str = ""
    tracker: str = ""
    offered: tuple[str, ...] = ()
    visits: dict[str, int] = {}  # step → how often opened
    bends: dict[str, int] = {}  # "step>go" → how often gone
    waiting: tuple[str, ...] = ()  # steps finished whose children are not
    held: str = ""  # the step that may not open before its children are closed
    ended: bool = False  # the path has reached its end
    pause: Pause | None = None
    filed_at: datetime | None = None
    closed_at: datetime | None = None
    reopened: int = 0
    urges: int = 0
    urged_at: datetime | None = None
    last: datetime | None = None  # moment of the last event
    seq: int = 0  # number of events applied

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        return tuple(t for t in self.tasks if not t.done)

    @property
    def wake(self) -> datetime | None:
        """The next moment at which the ticket needs a Ticked."""
        moments = [c.wake for c in self.clocks if c.wake]
        if self.pause and self.pause.since:
            moments.append(self.pause.until)
        return min(moments, default=None)

    def clock_of(self, task: int) -> Clock | None:
        """The clock of a task that counts (not a superseded one)."""
        return next((c for c in self.clocks if c.task == task and c.kind == "step" and not c.superseded), None)


def who_did(ticket: Ticket, step: str) -> str:
    """Who last finished a step; "" when nobody has."""
    return next((t.done_by for t in reversed(ticket.tasks) if t.step == step and t.outcome == "done"), "")
