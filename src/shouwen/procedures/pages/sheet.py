"""What the page of a ticket shows, put together from the engine's state: tasks, promises, answers, what can be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from shouwen.kernel.access import Actor

from .. import engine
from ..calendars import local
from ..deciding import finder_for, owner_of, standing
from ..editions import procedure_of
from ..effects import filled, said, spoken
from ..engine import Clock, Procedure, Step, Task
from ..engine.answers import holds
from ..engine.clocks import late_from
from ..engine.difference import who_said
from ..engine.procedure import END, OWN_CLASS, Ask
from ..forms import UPLOADS, StepForm, colleagues
from ..models import Phrase
from ..phrases import beside_step
from ..recipients import Finder
from ..store import Row
from .outlook import names_of, reasons_of, rule_said, whole_limit
from .reading import File

OUTCOMES = {"skipped": "不用办", "dropped": "已取消"}


@dataclass(frozen=True, slots=True)
class Open:
    """A task to be done: `workable` for who may do it (`behalf`: as the superior of whom it lies with), else with why not.

    The form of all but the first is fetched when it is opened.
    """

    task: Task
    title: str
    who: str
    role: str
    taken: bool
    do: str
    says: str
    phrases: list[tuple[Phrase, str]]
    due: datetime | None
    rule: str
    soft: bool
    over: bool
    why: SafeString
    form: StepForm | None
    workable: bool
    behalf: str
    why_not: str
    can_take: bool
    lead: bool
    second: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A task that is over: by whom, how long it took, and whether in time ("" = no limit)."""

    number: int
    step: str
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
    """`took`: from its beginning to its end, as on the clock, pauses not counted; "" while it runs."""

    title: str
    due: datetime
    stopped: datetime | None
    took: str
    verdict: str
    rule: str
    why: SafeString


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as people read it; `field` is set when it is private, and `asked` is one's request to see it in the clear."""

    title: str
    text: str
    field: str
    files: list[File]
    asked: Any = None


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one step (of one department, where each has its own)."""

    step: str
    title: str
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Side:
    """One of several who work at the same time: `state` is done, open, late, soft (past a time only advised); `took` how long it took, or has lasted."""

    number: int
    title: str
    who: str
    state: str
    due: datetime | None
    done: datetime | None
    took: str
    why: SafeString
    answers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Parallel:
    """A step worked on by several departments, or several things done at once; `lead` puts it together."""

    title: str
    rule: str
    lead: str
    lead_done: bool
    sides: list[Side]

    @property
    def ready(self) -> int:
        return sum(side.state == "done" for side in self.sides)


@dataclass(frozen=True, slots=True)
class Coming:
    """A step that follows on what is being done: who will do it, and how long they will have."""

    step: str
    title: str
    who: str
    limit: str


@dataclass(frozen=True, slots=True)
class Sheet:
    tasks: list[Open]
    finished: list[Finished]
    promises: list[Promised]
    groups: list[Group]
    sides: list[Parallel]
    coming: list[Coming]
    did: dict[str, str]
    tracker: str
    pause: str
    pause_until: datetime | None
    pause_waits: bool
    approver: str
    may_approve: bool
    waits: bool


def sheet(actor: Actor, row: Row, at: datetime, files: Mapping[str, File], sent: Any = None, task: int = 0,
          asked: Mapping[str, Any] | None = None) -> Sheet:  # fmt: skip
    """`sent` is a form (of task number `task`) that was refused; it is shown in place of that task's fresh one.
    `asked`: one's requests to see private answers, by field."""
    rules, state = procedure_of(row.edition_id), row.state
    finder = finder_for(row, rules, at)
    pause = state.pause
    approval = rules.pauses[pause.reason].approval if pause and not pause.since else ""
    open_ones = [opened(actor, row, finder, t, at) for t in state.open_tasks]
    tasks = sorted(open_ones, key=_first)
    own = [one for one in tasks if (one.task.id == task if sent is not None else one.workable and not one.behalf)]
    if own:
        form = sent if sent is not None else step_form(row, own[0].task, at, colleagues(finder.directory, at), row.community_id)
        tasks = [replace(one, form=form) if one is own[0] else one for one in tasks]
    finished = [_finished(finder, t) for t in reversed(state.tasks) if t.done and t.outcome != "skipped"]
    return Sheet(
        tasks=tasks, finished=finished,
        promises=[
            Promised(rules.promises[c.name].title, c.due, c.stopped, _took(c), c.verdict, rule_said(rules, c.rule), why(*rules.promises[c.name].basis))
            for c in state.clocks if c.kind == "promise" and not c.superseded
        ],
        groups=list(_groups(row, finder, files, asked or {})),
        sides=_parallels(finder, open_ones, at), coming=_coming(finder), did=_did(finder, open_ones, finished),
        tracker=finder.directory.name(int(state.tracker)) if state.tracker.isdigit() else "",
        pause=rules.pauses[pause.reason].title if pause else "", pause_until=pause.until if pause else None,
        pause_waits=bool(pause and not pause.since), approver=rules.people[approval].title if approval in rules.people else "",
        may_approve=bool(approval) and actor.id in finder.find((approval,)).users and bool(pause) and pause.by != actor.ref,
        waits=bool(state.waiting or state.held),
    )  # fmt: skip


@cache
def why(*ids: str) -> SafeString:
    """The clauses behind a limit, as pages show them: their numbers, and under them what they say (click, hover or key)."""
    said = [(one.id, one.text or "见规程该章") for one in reasons_of(*ids)]
    if not said:
        return SafeString("")
    return format_html(
        '<details class="why"><summary title="{}">依据 {}</summary><div class="why-said">{}</div></details>',
        "\n".join(f"{number} {text}" for number, text in said), "、".join(number for number, _ in said),
        format_html_join("", '<p><b class="mono">{}</b> {}</p>', said),
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


def _first(one: Open) -> tuple[bool, bool, datetime, int]:
    """One's own work first, then that of those below one, then by urgency."""
    return (not one.workable, bool(one.behalf), one.due or one.task.opened.replace(year=2100), one.task.id)


def titled(finder: Finder, step: Step, branch: str) -> str:
    department = finder.directory.departments.get(branch, branch)
    return f"{step.title}（{department}）" if department else step.title


def opened(actor: Actor, row: Row, finder: Finder, task: Task, at: datetime) -> Open:
    """An open task as it stands to this person, without its form."""
    rules, directory = finder.procedure, finder.directory
    step = rules.every_step[task.step]
    clock = row.state.clock_of(task.id)
    stands = ""
    if not actor.may("tickets.work", row.community_id):
        why_not = "您没有办理工单的权限。"
    else:
        stands = standing(actor.id, finder, task) if actor.id is not None else "own"
        why_not = "" if stands else f"这项任务由{owner_of(finder, task)}办理。如需您来办，请由对方或其上级转派给您。"
    works = not why_not and row.state.status == "open"
    names = names_of(finder, (task.holder or task.role,), task)
    person = rules.people.get(task.role)
    second = directory.name(int(task.signed)) if task.signed.isdigit() else ""
    return Open(
        task=task, title=titled(finder, step, task.branch) + ("·统筹签字" if task.lead else ""),
        who="、".join(names[:5]) + (f" 等 {len(names)} 人" if len(names) > 5 else ""), role=person.title if person else "",
        taken=task.taken is not None, do=filled(row, finder, step.do, task), says=filled(row, finder, step.says, task),
        phrases=beside_step(actor, row.community_id, rules.procedure, task.step, at=at) if works else [],
        due=clock.due if clock else None, rule=rule_said(rules, clock.rule) if clock else "", soft=bool(clock and clock.soft),
        over=bool(clock and at >= late_from(clock.due)), why=why(*((step.within_basis or step.basis) if clock else step.basis)),
        form=None, workable=works, behalf=owner_of(finder, task) if stands == "above" else "", why_not=why_not,
        can_take=works and not task.taken and task.holder in ("", actor.ref), lead=task.lead, second=second,
    )  # fmt: skip


def _finished(finder: Finder, task: Task) -> Finished:
    assert task.done is not None
    clock = next((c for c in finder.ticket.clocks if c.task == task.id and c.kind == "step" and not c.superseded), None)
    names = [finder.directory.name(int(ref)) for ref in (task.signed, task.done_by) if ref.isdigit()]
    late = task.done - clock.due if clock and clock.verdict == "breached" else None
    return Finished(
        task.id, task.step, titled(finder, finder.procedure.every_step[task.step], task.branch), "、".join(dict.fromkeys(names)) or "系统", task.done,
        spoken(task.done - task.opened), clock.verdict if clock else "", spoken(late) if late else "", bool(clock and clock.soft), OUTCOMES.get(task.outcome, ""),
    )  # fmt: skip


def _took(clock: Clock) -> str:
    if clock.stopped is None:
        return ""
    return spoken(clock.stopped - clock.start - sum(((ended - began) for began, ended in clock.pauses), timedelta()))


def _groups(row: Row, finder: Finder, files: Mapping[str, File], asked: Mapping[str, Any]) -> Iterator[Group]:
    rules, answers = finder.procedure, row.state.answers
    for step in rules.every_step.values():
        branches = sorted({key.partition("/")[2] for key in answers if "/" in key and key.partition("/")[0] in step.asks})
        for branch in branches or [""]:
            here = seen(rules, answers, branch)
            rows = [_answer(finder, ask, here, files, asked) for ask in step.asks.values() if here.get(ask.name)]
            if rows:
                yield Group(step.name, titled(finder, step, branch), rows)


def _answer(
    finder: Finder, ask: Ask, answers: Mapping[str, Any], files: Mapping[str, File], asked: Mapping[str, Any],
) -> Answer:  # fmt: skip
    value = answers[ask.name]
    keys = [value] if isinstance(value, str) else list(value)
    text = engine.fill(finder.procedure, f"{{{ask.name}}}", answers, label=lambda kind, one: said(finder, kind, one))
    if ask.kind in UPLOADS:
        found = [files[key] for key in keys if key in files]
        return Answer(ask.title, "" if found else text, "", found)
    if ask.name == OWN_CLASS or ask.classes:
        grade = finder.procedure.classes.get(str(value))
        text = grade.title if grade else text
    return Answer(ask.title, text, ask.name if ask.private else "", [], asked.get(ask.name))


def _parallels(finder: Finder, tasks: list[Open], at: datetime) -> list[Parallel]:
    """Where several work at the same time, as far as it has begun: the latest round of each such step."""
    p, ticket = finder.procedure, finder.ticket
    by_number = {one.task.id: one for one in tasks}
    found = []
    for step in p.steps.values():
        names = step.together or ((step.name,) if step.each else ())
        rounds = [t for t in ticket.tasks if t.step in names and t.outcome not in ("skipped", "dropped")]
        last = max((t.visit for t in rounds), default=0)
        mine = [t for t in rounds if t.visit == last]
        sides = [_side(finder, by_number.get(t.id), t, at, bool(step.each)) for t in mine if not t.lead]
        if len(sides) < 2:
            continue
        lead = names_of(finder, (step.lead,), mine[0]) if step.lead else []
        rule = "办完一项即可" if step.first else "全部办完" + ("，统筹人签字后继续" if step.lead_signs else "后继续")
        found.append(Parallel(step.title, rule, "、".join(lead[:3]), any(t.lead and t.done for t in mine), sides))
    return found


def _side(finder: Finder, one: Open | None, task: Task, at: datetime, by_department: bool) -> Side:
    step = finder.procedure.every_step[task.step]
    title = finder.directory.departments.get(task.branch, task.branch) if by_department else step.title
    if one is not None:
        state = ("soft" if one.soft else "late") if one.over else "open"
        return Side(task.id, title, one.who or one.role, state, one.due, None, spoken(at - task.opened), one.why, [])
    done = _finished(finder, task)
    here = seen(finder.procedure, finder.ticket.answers, task.branch)
    asks = [ask for ask in step.asks.values() if here.get(ask.name) and not ask.private and ask.kind not in UPLOADS]
    answers = [(ask.title, _answer(finder, ask, here, {}, {}).text) for ask in asks[:3]]
    return Side(task.id, title, done.by, "done", None, done.at, done.took, why(*(step.within_basis or step.basis)), answers)


def _coming(finder: Finder) -> list[Coming]:
    """What the path leads to after the furthest step now open: the next three that this ticket will need, as far as is known."""
    p, ticket = finder.procedure, finder.ticket
    open_steps = {p.every_step[t.step].inside or t.step for t in ticket.open_tasks}
    here = [name for name in p.path if name in open_steps]
    found: list[Coming] = []
    name = p.following.get(here[-1], END) if here else END
    while name != END and len(found) < 3:
        step = p.steps[name]
        if step.when is None or holds(p, step.when, ticket.answers) or not set(step.when.names) <= ticket.answers.keys():
            who = who_said(p, (step.who,)) if step.who and not step.together else ""
            limit = whole_limit(p, step.within) if step.within and len(step.within.cases) == 1 else ""
            found.append(Coming(name, step.title, who, limit))
        name = p.following.get(name, END)
    return found


def _did(finder: Finder, tasks: list[Open], finished: list[Finished]) -> dict[str, str]:
    """A short line for each step of the flowchart: who did it and how long it took, or who has it and until when."""
    found: dict[str, str] = {}
    for done in reversed(finished):
        if not done.outcome:
            found[done.step] = f"{done.by} · 用时 {done.took}" + (f" · 迟 {done.late_by}" if done.late_by else "")
    for one in tasks:
        until = f" · 限 {local(one.due):%m-%d %H:%M}" if one.due else ""
        found[one.task.step] = f"{one.who or one.role}{until}"
    for step in finder.procedure.steps.values():
        if step.each and (mine := [t for t in finder.ticket.tasks if t.step == step.name and t.branch]):
            last = max(t.visit for t in mine)
            now = [t for t in mine if t.visit == last and t.outcome not in ("skipped", "dropped")]
            found[step.name] = f"{sum(t.outcome == 'done' for t in now)}/{len(now)} 个部门已办"
    return found
