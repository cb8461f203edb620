"""Helpers of these tests: a short procedure, and a ticket played through it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shouwen.procedures.engine import (
    TZ,
    Calendar,
    Effect,
    Event,
    Faulty,
    Filed,
    Finished,
    Procedure,
    Task,
    Tell,
    Ticked,
    Ticket,
    decide,
    read,
)

COMPLAINT = (Path(__file__).parent / "complaint.yaml").read_text("utf-8")
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=TZ)  # a Monday
CALENDAR = Calendar(confirmed=frozenset({2026}), shifts={"desk": ((NINE.replace(hour=8), NINE.replace(hour=16)),)})
HEAD = """
procedure: short
title: 短规程
edition: 2026-11
people:
  desk:    {title: 前台, on_duty: desk}
  boss:    {title: 经理, post: manager}
  worker:  {title: 办理人, member: branch}
"""
ASK = "{title: 内容}"


def short(steps: str, more: str = "") -> Procedure:
    """A procedure whose first step files {what}; `steps` follow it, indented by two."""
    return read(f"{HEAD}{more}\nsteps:\n  file: {{title: 填单, who: desk, asks: {{what: {{title: 事由, optional: yes}}}}}}\n{steps}")


def faults(text: str) -> list[tuple[int, str]]:
    try:
        read(text)
    except Faulty as e:
        return e.faults
    return []


def at(minutes: float = 0, **more: float) -> datetime:
    return NINE + timedelta(minutes=minutes, **more)


class Play:
    """One ticket; `told` and `effects` since the last event."""

    def __init__(self, procedure: Procedure, calendar: Calendar = CALENDAR) -> None:
        self.p, self.calendar = procedure, calendar
        self.ticket = Ticket()
        self.effects: tuple[Effect, ...] = ()
        self.all: list[Effect] = []
        self.events: list[Event] = []

    def do(self, event: Event) -> Play:
        self.ticket, self.effects = decide(self.p, self.ticket, event, self.calendar)
        self.events.append(event)
        self.all += self.effects
        return self

    def file(self, by: str = "1", minute: float = 0, **answers: Any) -> Play:
        return self.do(Filed(at=at(minute), by=by, answers=answers))

    def finish(self, step: str, minute: float = 0, by: str = "1", evidence: Any = None, **answers: Any) -> Play:
        return self.do(Finished(at=at(minute), by=by, task=self.task(step).id, answers=answers, evidence=evidence or {}))

    def tick(self, minute: float) -> Play:
        return self.do(Ticked(at=at(minute)))

    def task(self, step: str) -> Task:
        name, _, branch = step.partition("/")
        return next(t for t in self.ticket.open_tasks if t.step == name and t.branch == branch)

    @property
    def open(self) -> list[str]:
        return [f"{t.step}/{t.branch}" if t.branch else t.step for t in self.ticket.open_tasks]

    @property
    def status(self) -> str:
        return self.ticket.status

    def due(self, step: str) -> str:
        clock = self.ticket.clock_of(self.task(step).id)
        return f"{clock.due:%m-%d %H:%M:%S}" if clock else ""

    def told(self, why: str) -> list[str]:
        return [w for e in self.effects if isinstance(e, Tell) and e.why == why for w in e.who]

    def verdict(self, name: str) -> str:
        return [c.verdict for c in self.ticket.clocks if c.name == name and not c.superseded][-1]
