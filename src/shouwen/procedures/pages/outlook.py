"""What filing would bring about, said before it is saved: the engine decides on what is typed, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Refused
from shouwen.org.standard import POSTS

from .. import engine, privacy
from ..answers import settled
from ..calendars import calendar_for, local
from ..clauses import sentence
from ..editions import edition_in_force
from ..engine.difference import anchored, limit_said
from ..engine.procedure import Limit
from ..engine.spans import Span, parse, spoken_whole
from ..recipients import Finder

PARTIES = {"requester": "业主（来电人）", "developer": "开发商"}
NOT_YET = "还没有填"
_POSTS = {post.slug: post.title for post in POSTS}


@dataclass(frozen=True, slots=True)
class Reason:
    """A clause behind a limit: its number and its sentence ("" for a whole section)."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Coming:
    """A task, or a promise, that would begin: who gets it, by when, and why."""

    title: str
    who: str
    due: datetime | None
    rule: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Outlook:
    """`missing` and `wrong` say what still keeps it from being saved; otherwise the rest says what follows."""

    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    tasks: list[Coming] = field(default_factory=list)
    promises: list[Coming] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    opens: list[str] = field(default_factory=list)
    grade: str = ""
    closed: bool = False

    @property
    def ready(self) -> bool:
        return not self.missing and not self.wrong

    @property
    def says(self) -> str:
        """All of it in one line: who does what by when, and who else hears of it."""
        parts = [
            f"{one.title}交给{one.who}" + (f"，{local(one.due):%m-%d %H:%M} 以前" if one.due else "") for one in self.tasks[:2]
        ] or ["即办结，没有后续任务" if self.closed else "等关联的事项办完"]
        if len(self.tasks) > 2:
            parts.append(f"另有 {len(self.tasks) - 2} 项任务")
        if self.told:
            parts.append(f"同时告知{'、'.join(self.told[:3])}" + (f"等 {len(self.told)} 人" if len(self.told) > 3 else ""))
        if self.opens:
            parts.append(f"同时打开{'、'.join(self.opens)}")
        return "；".join(parts) + "。"


def outlook(actor: Actor, community_id: int, slug: str, answers: dict[str, Any], at: datetime) -> Outlook:
    """Decide on these answers of the first step as if they were filed now. Reads the registers, writes nothing."""
    _, rules = edition_in_force(slug, community_id, at)
    directory = duty.directory(community_id, estate.people_version(community_id))
    try:
        given = settled(rules, rules.first, answers, {}, community_id, directory, at)
        shown, _ = privacy.hidden(rules, given.answers)
        event = engine.Filed(at=at, by=actor.ref, answers=shown, evidence=dict.fromkeys(rules.steps[rules.first].needs, "?"))
        after, effects = engine.decide(rules, engine.Ticket(), event, calendar_for(community_id, directory, at))
    except (Refused, engine.Refused) as no:
        texts = list(no.fields.values()) or [str(no)]
        asks = rules.steps[rules.first].asks
        missing = [asks[n].title for n, text in no.fields.items() if text.startswith(NOT_YET) and n in asks]
        return Outlook(missing=missing, wrong=[text for text in texts if not text.startswith(NOT_YET)])
    finder = Finder(directory, rules, after, at)
    tells = [e for e in effects if isinstance(e, engine.Tell) and e.why != "opened"]
    opens = [edition_in_force(e.procedure, community_id, at)[1].title for e in effects if isinstance(e, engine.Open)]
    grade = rules.classes.get(str(after.answers.get("class", "")))
    tasks = {t.id: t for t in after.tasks}
    return Outlook(
        tasks=[_task(finder, task) for task in after.open_tasks],
        promises=[_promise(rules, clock) for clock in after.clocks if clock.kind == "promise" and not clock.stopped],
        told=list(dict.fromkeys(n for e in tells for n in names_of(finder, e.who, tasks.get(e.task), e.holder))),
        opens=opens, grade=grade.title if grade else "", closed=after.closed_at is not None,
    )  # fmt: skip


def names_of(finder: Finder, who: tuple[str, ...], task: engine.Task | None, holder: str = "") -> list[str]:
    """The people behind roles, by name, as things stand now."""
    found = finder.find(who, task, holder)
    return [finder.directory.name(u) for u in found.users] + [PARTIES.get(p, "外部人员") for p in found.parties]


def rule_said(rules: engine.Procedure, rule: str) -> str:
    """The text of a running clock in Chinese: 「受理」后 20 分钟."""
    span = _posted(parse(rule))
    return _of_a_post(spoken_whole(span, "受理" if span.anchor == "filed" else anchored(rules, span.anchor) if span.anchor else ""))


def whole_limit(rules: engine.Procedure, limit: Limit) -> str:
    """A limit in Chinese, the post of an `end of shift of POST` by its title."""
    return _of_a_post(limit_said(rules, replace(limit, cases={key: tuple(map(_posted, spans)) for key, spans in limit.cases.items()})))


def _posted(span: Span) -> Span:
    return replace(span, post=_POSTS.get(span.post, span.post)) if span.post else span


def _of_a_post(said: str) -> str:
    return said.replace(" 岗本班内", "当班结束前")


def reasons_of(*ids: str) -> list[Reason]:
    return [Reason(one, sentence(one)) for one in dict.fromkeys(ids)]


def _task(finder: Finder, task: engine.Task) -> Coming:
    rules = finder.procedure
    step = rules.every_step[task.step]
    clock = finder.ticket.clock_of(task.id)
    names = names_of(finder, (task.holder or task.role,), task)
    branch = finder.directory.departments.get(task.branch, task.branch)
    basis = reasons_of(*(step.within_basis or step.basis[:3])) if clock else []
    return Coming(
        f"{step.title}（{branch}）" if branch else step.title, "、".join(names[:6]) + (f" 等 {len(names)} 人" if len(names) > 6 else ""),
        clock.due if clock else None, rule_said(rules, clock.rule) if clock else "", basis,
    )  # fmt: skip


def _promise(rules: engine.Procedure, clock: engine.Clock) -> Coming:
    promise = rules.promises[clock.name]
    return Coming(promise.title, "", clock.due, rule_said(rules, clock.rule), reasons_of(*promise.basis))
