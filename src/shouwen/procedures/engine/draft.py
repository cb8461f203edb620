"""The ticket while one event is being applied to it: a mutable copy, and the effects gathered so far."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from .answers import fill_raw, holds
from .calendar import Calendar
from .events import Effect, Open, Tell
from .procedure import Opening, Procedure, Step
from .refusals import Refused
from .ticket import Child, Clock, Pause, Status, Task, Ticket, Value


class Draft:
    """Tasks and clocks are found by id: the n-th has id n."""

    __slots__ = (
        "answers", "at", "bends", "by", "calendar", "children", "clocks", "closed_at", "effects", "ended", "filed_at",
        "first_asked", "held", "links", "offered", "p", "pause", "reopened", "status", "tasks", "ticket", "tracker", "urged_at",
        "urges", "visits", "waiting",
    )  # fmt: skip

    def __init__(self, p: Procedure, ticket: Ticket, at: datetime, by: str, calendar: Calendar) -> None:
        self.p, self.ticket, self.at, self.by, self.calendar = p, ticket, at, by, calendar
        self.effects: list[Effect] = []
        self.status: Status = ticket.status
        self.answers: dict[str, Value] = ticket.answers  # replaced, never changed in place
        self.tasks: list[Task] = list(ticket.tasks)
        self.clocks: list[Clock] = list(ticket.clocks)
        self.children: tuple[Child, ...] = ticket.children
        self.links = ticket.links
        self.first_asked, self.tracker, self.offered = ticket.first_asked, ticket.tracker, ticket.offered
        self.visits: dict[str, int] = ticket.visits
        self.bends: dict[str, int] = ticket.bends
        self.waiting, self.held, self.ended = ticket.waiting, ticket.held, ticket.ended
        self.pause: Pause | None = ticket.pause
        self.filed_at, self.closed_at = ticket.filed_at, ticket.closed_at
        self.reopened, self.urges, self.urged_at = ticket.reopened, ticket.urges, ticket.urged_at

    def ticket_after(self, last: datetime) -> Ticket:
        return Ticket(
            procedure=self.p.procedure,
            edition=self.p.edition,
            status=self.status,
            answers=self.answers,
            tasks=tuple(self.tasks),
            clocks=tuple(self.clocks),
            children=self.children,
            links=self.links,
            first_asked=self.first_asked,
            tracker=self.tracker,
            offered=self.offered,
            visits=self.visits,
            bends=self.bends,
            waiting=self.waiting,
            held=self.held,
            ended=self.ended,
            pause=self.pause,
            filed_at=self.filed_at,
            closed_at=self.closed_at,
            reopened=self.reopened,
            urges=self.urges,
            urged_at=self.urged_at,
            last=last,
            seq=self.ticket.seq + 1,
        )

    # The ticket ---

    def running(self, *, paused: bool = False) -> None:
        """Refused unless the ticket is under way (`paused`: or paused)."""
        if self.filed_at is None:
            raise Refused("工单还没有受理")
        if self.status == "closed":
            raise Refused("工单已经办结；如果没有解决，请重新打开")
        if self.status == "withdrawn":
            raise Refused("工单已经撤销")
        if self.status == "paused" and not paused:
            raise Refused("工单已经暂停，请先恢复再办")

    # Tasks ------------------------------------------------------------------------------

    def change(self, task: Task, **changes: Any) -> Task:
        task = replace(task, **changes)
        self.tasks[task.id - 1] = task
        return task

    def open_tasks(self, step: str = "") -> list[Task]:
        return [t for t in self.tasks if t.done is None and (not step or t.step == step)]

    def this_visit(self, step: Step) -> list[Task]:
        """Every task of the latest opening of a step, or of the sub-steps of a group."""
        visit = self.visits.get(step.name, 0)
        names = step.together or (step.name,)
        return [t for t in self.tasks if t.visit == visit and t.step in names]

    def step_of(self, task: Task) -> Step:
        return self.p.every_step[task.step]

    def busy(self, step: Step) -> bool:
        """Whether a step is at work, or finished but waiting for its children."""
        working = any(t.done is None for t in self.this_visit(step))
        return working or any(w == step.name or w in step.together for w in self.waiting)

    # Effects ----------------------------------------------------------------------------

    def tell(self, who: tuple[str, ...], task: Task | None, why: str, text: str = "") -> None:
        if who:
            holder = (task.holder or task.role) if task else ""
            self.effects.append(Tell(who, task.id if task else 0, why, text=text, holder=holder))

    def offer(self, names: tuple[str, ...]) -> None:
        self.offered += tuple(n for n in names if n not in self.offered)

    def seen(self, branch: str) -> dict[str, Value]:
        """The answers as one branch sees them: its own where there are such."""
        if not branch:
            return self.answers
        own = {n: self.answers[k] for n in self.p.branched if (k := f"{n}/{branch}") in self.answers}
        return {**self.answers, **own} if own else self.answers

    def open_child(self, opening: Opening, step: Step | None, task: Task | None, waits: bool, rung: Any = None) -> None:
        branch = task.branch if task else ""
        answers = self.seen(branch)
        if not holds(self.p, opening.when, answers):
            return
        key = str(len(self.children) + 1)
        filled = {k: value for k, t in opening.answers.items() if (value := fill_raw(t, answers, branch)) not in ("", [], {})}
        child = Child(key, opening.procedure, opening.kind, step.name if step else "", waits, opening.before)
        self.children = (*self.children, child)
        self.effects.append(Open(opening.procedure, filled, opening.kind, waits, key, rung, task.id if task else 0))
