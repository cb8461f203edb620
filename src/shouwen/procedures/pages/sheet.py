"""What the page of a ticket shows, put together from the engine's state: tasks, promises, answers, what can be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Forbidden

from .. import engine
from ..calendars import calendar_for
from ..deciding import finder_for, must_hold
from ..editions import procedure_of
from ..effects import filled, said, spoken
from ..engine import Procedure, Step, Task
from ..engine.answers import holds
from ..engine.clocks import late_from
from ..engine.procedure import OWN_CLASS, Ask
from ..forms import UPLOADS, StepForm, colleagues
from ..models import Attachment
from ..recipients import Finder
from ..store import Row
from .outlook import Reason, names_of, reasons_of, rule_said

OUTCOMES = {"skipped": "不用办", "dropped": "已取消"}


@dataclass(frozen=True, slots=True)
class Open:
    """A task to be done: with its form for who may do it, else with why not."""

    task: Task
    title: str
    who: str
    role: str
    taken: bool
    do: str
    says: str
    due: datetime | None
    rule: str
    soft: bool
    over: bool
    reasons: list[Reason]
    form: StepForm | None
    why_not: str
    can_take: bool
    lead: bool
    second: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A task that is over: by whom, how long it took, and whether in time ("" = no limit)."""

    title: str
    by: str
    at: datetime
    took: str
    verdict: str
    late_by: str
    soft: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Promised:
    title: str
    due: datetime
    stopped: datetime | None
    verdict: str
    rule: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as people read it; `field` is set when it is private and may be asked for in the clear."""

    title: str
    text: str
    field: str
    files: list[Attachment]


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one step (of one department, where each has its own)."""

    step: str
    title: str
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Offer:
    step: str
    title: str
    do: str


@dataclass(frozen=True, slots=True)
class Sheet:
    tasks: list[Open]
    finished: list[Finished]
    promises: list[Promised]
    groups: list[Group]
    offers: list[Offer]
    tracker: str
    pause: str
    pause_until: datetime | None
    pause_waits: bool
    approver: str
    may_approve: bool
    waits: bool


def sheet(actor: Actor, row: Row, at: datetime, files: Mapping[str, Attachment], sent: Any = None, task: int = 0) -> Sheet:
    """`sent` is a form (of task number `task`) that was refused; it is shown in place of that task's fresh one."""
    rules, state = procedure_of(row.edition_id), row.state
    finder = finder_for(row, rules, at)
    people = colleagues(finder.directory, at)
    pause = state.pause
    approval = rules.pauses[pause.reason].approval if pause and not pause.since else ""
    return Sheet(
        tasks=sorted((_open(actor, row, finder, t, at, people, sent if t.id == task else None) for t in state.open_tasks), key=_first),
        finished=[_finished(finder, t) for t in reversed(state.tasks) if t.done and t.outcome != "skipped"],
        promises=[
            Promised(rules.promises[c.name].title, c.due, c.stopped, c.verdict, rule_said(rules, c.rule),
                     reasons_of(*rules.promises[c.name].basis))
            for c in state.clocks if c.kind == "promise" and not c.superseded
        ],
        groups=list(_groups(row, finder, files)),
        offers=list(_offers(row, finder, at)) if state.status == "open" else [],
        tracker=finder.directory.name(int(state.tracker)) if state.tracker.isdigit() else "",
        pause=rules.pauses[pause.reason].title if pause else "", pause_until=pause.until if pause else None,
        pause_waits=bool(pause and not pause.since), approver=rules.people[approval].title if approval in rules.people else "",
        may_approve=bool(approval) and actor.id in finder.find((approval,)).users and bool(pause) and pause.by != actor.ref,
        waits=bool(state.waiting or state.held),
    )  # fmt: skip


def step_form(row: Row, task: Task, at: datetime, people: Any, community_id: int, data: Any = None) -> StepForm:
    """The form of a task; begun ones (a first step filled in by a schedule, a second signature) hold what is there."""
    rules, state = procedure_of(row.edition_id), row.state
    begun = task.signed or (task.step == rules.first and not any(t.step == rules.first and t.outcome == "done" for t in state.tasks))
    return StepForm(
        rules, task.step, data, community_id=community_id, colleagues=people, at=at, earlier=seen(rules, state.answers, task.branch),
        given=state.answers if begun else None, prefix=f"t{task.id}", auto_id="%s",
    )  # fmt: skip


def seen(rules: Procedure, answers: Mapping[str, Any], branch: str) -> dict[str, Any]:
    """The answers as one department sees them: its own where there are such."""
    own = {name: answers[key] for name in rules.branched if branch and (key := f"{name}/{branch}") in answers}
    return {**answers, **own}


def amend_form(row: Row, step: str, at: datetime, data: Any = None) -> StepForm:
    """The given answers of a step, to be corrected."""
    rules = procedure_of(row.edition_id)
    finder = finder_for(row, rules, at)
    return StepForm(
        rules, step, data, community_id=row.community_id, colleagues=colleagues(finder.directory, at), at=at,
        given=row.state.answers, amending=True, prefix="amend", auto_id="%s",
    )  # fmt: skip


def _first(one: Open) -> tuple[bool, datetime, int]:
    """One's own work first, then by urgency."""
    return (one.form is None, one.due or one.task.opened.replace(year=2100), one.task.id)


def _titled(finder: Finder, step: Step, branch: str) -> str:
    department = finder.directory.departments.get(branch, branch)
    return f"{step.title}（{department}）" if department else step.title


def _open(actor: Actor, row: Row, finder: Finder, task: Task, at: datetime, people: Any, sent: Any) -> Open:
    rules, directory = finder.procedure, finder.directory
    step = rules.every_step[task.step]
    clock = row.state.clock_of(task.id)
    why_not = "您没有办理工单的权限。" if not actor.may("tickets.work", row.community_id) else _why_not(actor, row, task, at)
    works = not why_not and row.state.status == "open"
    names = names_of(finder, (task.holder or task.role,), task)
    person = rules.people.get(task.role)
    second = directory.name(int(task.signed)) if task.signed.isdigit() else ""
    return Open(
        task=task, title=_titled(finder, step, task.branch) + ("·统筹签字" if task.lead else ""),
        who="、".join(names[:5]) + (f" 等 {len(names)} 人" if len(names) > 5 else ""), role=person.title if person else "",
        taken=task.taken is not None, do=filled(row, finder, step.do, task), says=filled(row, finder, step.says, task),
        due=clock.due if clock else None, rule=rule_said(rules, clock.rule) if clock else "", soft=bool(clock and clock.soft),
        over=bool(clock and at >= late_from(clock.due)),
        reasons=reasons_of(*(step.within_basis or step.basis)) if clock else reasons_of(*step.basis),
        form=(sent or step_form(row, task, at, people, row.community_id)) if works else None, why_not=why_not,
        can_take=works and not task.taken and task.holder in ("", actor.ref), lead=task.lead, second=second,
    )  # fmt: skip


def _why_not(actor: Actor, row: Row, task: Task, at: datetime) -> str:
    try:
        must_hold(actor, row, task, at)
    except Forbidden as no:
        return no.message
    return ""


def _finished(finder: Finder, task: Task) -> Finished:
    assert task.done is not None
    clock = next((c for c in finder.ticket.clocks if c.task == task.id and c.kind == "step" and not c.superseded), None)
    names = [finder.directory.name(int(ref)) for ref in (task.signed, task.done_by) if ref.isdigit()]
    late = task.done - clock.due if clock and clock.verdict == "breached" else None
    return Finished(
        _titled(finder, finder.procedure.every_step[task.step], task.branch), "、".join(dict.fromkeys(names)) or "系统", task.done,
        spoken(task.done - task.opened), clock.verdict if clock else "", spoken(late) if late else "", bool(clock and clock.soft), OUTCOMES.get(task.outcome, ""),
    )  # fmt: skip


def _groups(row: Row, finder: Finder, files: Mapping[str, Attachment]) -> Iterator[Group]:
    rules, answers = finder.procedure, row.state.answers
    for step in rules.every_step.values():
        branches = sorted({key.partition("/")[2] for key in answers if "/" in key and key.partition("/")[0] in step.asks})
        for branch in branches or [""]:
            here = seen(rules, answers, branch)
            rows = [_answer(finder, ask, here, files) for ask in step.asks.values() if here.get(ask.name)]
            if rows:
                yield Group(step.name, _titled(finder, step, branch), rows)


def _answer(finder: Finder, ask: Ask, answers: Mapping[str, Any], files: Mapping[str, Attachment]) -> Answer:
    value = answers[ask.name]
    keys = [value] if isinstance(value, str) else list(value)
    text = engine.fill(finder.procedure, f"{{{ask.name}}}", answers, label=lambda kind, one: said(finder, kind, one))
    if ask.kind in UPLOADS:
        found = [files[key] for key in keys if key in files]
        return Answer(ask.title, "" if found else text, "", found)
    if ask.name == OWN_CLASS or ask.classes:
        grade = finder.procedure.classes.get(str(value))
        text = grade.title if grade else text
    return Answer(ask.title, text, ask.name if ask.private else "", [])


def _offers(row: Row, finder: Finder, at: datetime) -> Iterator[Offer]:
    """Offered steps that could be started now; the engine itself is asked, and nothing is kept of its answer."""
    calendar = calendar_for(row.community_id, finder.directory, at)
    for step in finder.procedure.steps.values():
        if not step.offered or not holds(finder.procedure, step.when, row.state.answers):
            continue
        try:
            engine.decide(finder.procedure, row.state, engine.Started(at=at, by="0", step=step.name), calendar)
        except engine.Refused:
            continue
        yield Offer(step.name, step.title, filled(row, finder, step.do, None))


