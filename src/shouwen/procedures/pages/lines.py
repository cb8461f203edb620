"""Tasks as lines of a list: what, where, with whom, until when, and how far it has already been escalated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse

from shouwen.duty.directory import Directory
from shouwen.kernel.access import Actor

from .. import queries
from ..editions import procedure_of
from ..engine.difference import rung_said
from ..models import Task, Ticket


@dataclass(frozen=True, slots=True)
class Line:
    """One open task. `rungs` = times it was escalated, `told` = what the last time meant; `holder` is "" while it lies open."""

    task: Task
    ticket: Ticket
    url: str
    procedure: str
    holder: str
    pool: str
    branch: str
    rungs: int
    told: str
    mine: bool

    @property
    def paused(self) -> bool:
        return self.ticket.status == Ticket.Status.PAUSED

    @property
    def key(self) -> str:
        """Names the row in the page, so that a refreshed list finds it again."""
        return f"t{self.task.ticket_id}-{self.task.number}"

    @property
    def essence(self) -> tuple[object, ...]:
        """What the row shows, but for the time left, which the browser counts itself."""
        task, ticket = self.task, self.ticket
        return (
            self.key, task.due_at, self.holder, self.pool, task.taken_at, self.rungs, ticket.status, ticket.summary,
            ticket.place, ticket.grade,
        )  # fmt: skip


def lines(actor: Actor, tasks: Sequence[Task], directories: Mapping[int, Directory]) -> list[Line]:
    """The lines of these tasks: one statement for all of them; procedures and people are remembered by the process."""
    climbed = queries.climbed(actor, tasks) if tasks else {}
    return [_line(actor, task, directories.get(task.community_id), climbed.get((task.ticket_id, task.number), 0)) for task in tasks]


def _line(actor: Actor, task: Task, people: Directory | None, climbed: int) -> Line:
    rules = procedure_of(task.ticket.edition_id)
    step = rules.every_step.get(task.step)
    after = [rung for rung in step.ladder[:climbed] if not rung.ahead] if step else []
    return Line(
        task, task.ticket, reverse("procedures:ticket", args=[task.ticket_id]), rules.title, task.holder_name,
        pool_title(task.pool, people), department_title(task.branch, people), len(after), rung_said(rules, after[-1]) if after else "",
        actor.id is not None and task.holder_id == actor.id,
    )  # fmt: skip


def pool_title(pool: str, people: Directory | None) -> str:
    """post:receptionist → 前台接待员; dept:engineering → 工程部; head:engineering → 工程部负责人."""
    kind, _, name = pool.partition(":")
    if not people or not name:
        return "待分派"
    if kind == "post":
        return people.posts[name].title if name in people.posts else name
    title = people.departments.get(name, name)
    return f"{title}负责人" if kind == "head" else title


def department_title(branch: str, people: Directory | None) -> str:
    """A branch of a step is mostly a department; anything else stands as it is."""
    return people.departments.get(branch, branch) if people else branch
