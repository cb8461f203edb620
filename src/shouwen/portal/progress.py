"""A ticket as its resident sees it: one of five states, what happened in plain words, and what may be done now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.kernel.access import RESIDENT, SYSTEM
from shouwen.notices import queries as notices
from shouwen.procedures import engine, store
from shouwen.procedures.calendars import CHINA, calendar_for, local
from shouwen.procedures.editions import procedure_of
from shouwen.procedures.models import Event, Link, Ticket
from shouwen.procedures.store import Row, stored_event

from .hearing import assigned, for_resident, moments_changed
from .hearing import promised as promised_ahead
from .models import Rating
from .words import colleague, matter_of, moment

STATES: Final = {
    "received": ("已收到", "我们已经收到，正在安排。"),
    "sent": ("已派人", "已经安排人员，很快与您联系。"),
    "working": ("正在处理", "工作人员正在处理。"),
    "asked": ("等您确认", "请您确认一下，我们好继续。"),
    "paused": ("暂缓办理", "暂时不能办理，原因见下方。"),
    "closed": ("已办结", "这件事已经办完。"),
    "withdrawn": ("已撤销", "这件事已经撤销。"),
}
TONES: Final = {
    "received": "info", "sent": "info", "working": "info", "asked": "warning", "paused": "neutral", "closed": "success",
    "withdrawn": "neutral",
}  # fmt: skip
ROAD: Final = ("received", "sent", "working", "closed")
MOST_EVENTS: Final = 200
"""Of a story longer than this the latest are shown."""

SAID: Final = ("filed", "finished", "amended", "urged", "noted", "paused", "resumed", "withdrawn", "reopened")
"""Kinds of events that a resident's story is made of; the others, which the clock brings by the hundred, are not read."""

ADDED: Final = ("扫码位置：", "自述房号：")
"""How notes begin that the program adds when a resident files (actions.py): not the resident's words."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the story. `own`: the resident's own deed."""

    at: datetime
    text: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that waits for the resident: a task of the ticket, or of one it has opened."""

    row: Row
    task: engine.Task
    title: str
    step: engine.Step
    signature: bool
    possible: bool


@dataclass(frozen=True, slots=True)
class Progress:
    number: str
    matter: str
    content: str
    place: str
    filed_at: datetime
    state: str
    title: str
    says: str
    tone: str
    road: list[tuple[str, bool]]
    who: str
    appointments: list[tuple[str, str, str]]
    """(answer, its name, when) of the times agreed."""
    movable: list[tuple[str, str, str]]
    """Those that may still be moved."""
    promised: datetime | None
    late: bool
    story: list[Happening]
    wanted: list[Wanted]
    may: frozenset[str]
    urge_again: datetime | None
    rated: Rating | None
    asks: list[tuple[str, str]] = field(default_factory=list)


def state_of(rules: engine.Procedure, ticket: engine.Ticket, waits: bool = False) -> str:
    """One of STATES."""
    if ticket.status in ("closed", "withdrawn", "paused"):
        return ticket.status
    if waits or any(for_resident(rules, task) for task in ticket.open_tasks):
        return "asked"
    own = {rules.first}
    hands = {key for key, person in rules.people.items() if person.answer}
    chosen = any(ticket.answers.get(rules.people[key].answer) for key in hands)
    others = [task for task in ticket.tasks if task.step not in own and not for_resident(rules, task)]
    touched = [task for task in others if task.taken or task.outcome == "done"]
    tried = any(task.outcome == "done" and for_resident(rules, task) for task in ticket.tasks)
    if tried or any(task.role in hands for task in touched) or (not hands and touched):
        return "working"
    return "sent" if touched or chosen else "received"


def progress(link_ticket: Ticket, row: Row, at: datetime) -> Progress:
    """Everything the page shows, in six statements whatever the ticket's age."""
    rules, ticket = procedure_of(row.edition_id), row.state
    directory = duty.directory(row.community_id, row.people_version)
    wanted = _wanted(row, rules)
    wanted += [one for child in _children(row) for one in _wanted(child, procedure_of(child.edition_id))]
    state = state_of(rules, ticket, bool(wanted))
    title, says = STATES[state]
    if state == "paused" and ticket.pause:
        says = f"因“{rules.pauses[ticket.pause.reason].title}”暂缓，最迟{moment(ticket.pause.until, at)}继续办理。"
    promised, late = _promised(ticket, at)
    rated = Rating.objects.filter(ticket_id=row.id, round=ticket.reopened).first()
    again = ticket.urged_at + timedelta(minutes=rules.urge.minutes) if ticket.urged_at else None
    return Progress(
        number=row.number, matter=matter_of(rules), content=str(ticket.answers.get("content", "")), place=row.place,
        filed_at=ticket.filed_at or at, state=state, title=title, says=says, tone=TONES[state], road=_road(state, ticket),
        who=_who(rules, ticket, directory, at) if state not in ("closed", "withdrawn") else "",
        appointments=_appointments(rules, ticket, at) if ticket.closed_at is None else [], movable=_movable(rules, ticket, at),
        promised=promised, late=late, story=_story(row, rules, directory, at), wanted=wanted,
        may=_may(row, rules, at, rated), urge_again=again if again and again > at else None, rated=rated,
        asks=_filled(rules, ticket, at),
    )  # fmt: skip


def _children(row: Row) -> list[Row]:
    """Open tickets that this one has opened: what they want from the resident is asked here."""
    found = Link.objects.filter(to_id=row.id, ticket__status="open").exclude(key="").values_list("ticket_id", flat=True)[:5]
    return [store.load(pk) for pk in found]


def _wanted(row: Row, rules: engine.Procedure) -> list[Wanted]:
    found = []
    for task in row.state.open_tasks:
        if not for_resident(rules, task) or row.state.status != "open":
            continue
        step = rules.every_step[task.step]
        signs = any(need.startswith("signature of ") for need in step.needs)
        others = [need for need in step.needs if not need.startswith("signature of ")]
        mine = all(ask.public or ask.optional for ask in step.asks.values())
        found.append(Wanted(row, task, step.title, step, signs, mine and not others))
    return found


def _promised(ticket: engine.Ticket, at: datetime) -> tuple[datetime | None, bool]:
    """The nearest moment by which something should have happened, and whether one has passed. Promises before limits of steps."""
    running = [c for c in ticket.clocks if not c.stopped and not c.superseded and c.due]
    steps = [c.due for c in running if c.kind == "step"]
    if ticket.status != "open":
        return None, False
    late = any(c.due < at for c in running if not c.soft)
    return promised_ahead(ticket, at) or min((due for due in steps if due >= at), default=None), late


def _road(state: str, ticket: engine.Ticket) -> list[tuple[str, bool]]:
    """The four stations of every matter, each with whether it is reached."""
    reached = {"received": 0, "sent": 1, "working": 2, "asked": 2, "closed": 3, "paused": 1, "withdrawn": 0}[state]
    return [(STATES[name][0], place <= reached) for place, name in enumerate(ROAD)]


def _who(rules: engine.Procedure, ticket: engine.Ticket, directory: Directory, at: datetime) -> str:
    """Who looks after it now: the colleagues chosen, else whoever holds a task, else the one who was asked first."""
    chosen = assigned(rules, engine.Ticket(), ticket)
    held = [int(task.holder) for task in ticket.open_tasks if task.holder.isdigit()]
    asked = [int(ticket.first_asked)] if ticket.first_asked.isdigit() else []
    return "、".join(dict.fromkeys(colleague(directory, user, at) for user in (chosen or held or asked)[:3]))


def _appointments(rules: engine.Procedure, ticket: engine.Ticket, at: datetime) -> list[tuple[str, str, str]]:
    first = rules.steps[rules.first].asks
    return [
        (name, ask.plain, _said(ask.kind, str(ticket.answers[name]), at)) for name, ask in rules.asks.items()
        if ask.public and ask.kind in ("date", "datetime") and name not in first and isinstance(ticket.answers.get(name), str)
    ]  # fmt: skip


def _movable(rules: engine.Procedure, ticket: engine.Ticket, at: datetime) -> list[tuple[str, str, str]]:
    """Appointments to come; also past ones, while the work has not begun. What was kept is not moved afterwards."""
    if ticket.status != "open":
        return []
    waits, present = state_of(rules, ticket) in ("received", "sent"), f"{local(at):%Y-%m-%d %H:%M}"
    agreed = [(one, str(ticket.answers[one[0]])) for one in _appointments(rules, ticket, at)]
    return [one for one, moment_ in agreed if waits or moment_ >= present[: len(moment_)]]


def _said(kind: str, value: str, at: datetime) -> str:
    """A moment as people say it; anything else as it is."""
    try:
        return moment(datetime.strptime(value, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA), at) if kind == "datetime" else value
    except ValueError:
        return value


def _filled(rules: engine.Procedure, ticket: engine.Ticket, at: datetime) -> list[tuple[str, str]]:
    """What the resident wrote, but for names and phones."""
    found = []
    for name, ask in rules.steps[rules.first].asks.items():
        value = ticket.answers.get(name)
        if ask.public and not ask.private and name != "content" and isinstance(value, str) and value:
            found.append((ask.plain, ask.pick.get(value, {"yes": "是", "no": "否"}.get(value, value) if ask.kind == "yes_no" else _said(ask.kind, value, at))))
    return found


def _may(row: Row, rules: engine.Procedure, at: datetime, rated: Rating | None) -> frozenset[str]:
    """What the resident may do now; the engine is asked where it has the say."""
    ticket, may = row.state, {"write"}
    if ticket.status in ("open", "paused"):
        may.add("urge")
        if _movable(rules, ticket, at):
            may.add("move")
    if ticket.status == "closed":
        if rated is None:
            may.add("rate")
        directory = duty.directory(row.community_id, row.people_version)
        try:
            engine.decide(
                rules, ticket, engine.Reopened(at=at, by=RESIDENT, reason="?"), calendar_for(row.community_id, directory, at)
            )
            may.add("reopen")
        except engine.Refused:
            pass
    return frozenset(may)


def _story(row: Row, rules: engine.Procedure, directory: Directory, at: datetime) -> list[Happening]:
    """What happened, oldest first: from the events, and what was said to the resident in answer."""
    told: list[Happening] = []
    before: dict[str, Any] = {}
    latest = Event.objects.filter(ticket_id=row.id, kind__in=SAID).order_by("-seq")[:MOST_EVENTS]
    for event in list(latest)[::-1]:
        told += _told(stored_event(event.kind, event.payload), event, rules, before, directory, at)
    answers = notices.about(SYSTEM, f"ticket:{row.id}", row.community_id).filter(party="requester", why="told")
    told += [Happening(one.at, f"服务中心：{one.body}") for one in answers.order_by("-id")[:30] if not one.body.startswith(row.number)]
    if row.state.closed_at and row.state.status == "closed":
        told.append(Happening(row.state.closed_at, "已办结"))
    return sorted(told, key=lambda one: one.at)


def _told(
    event: engine.Event, row: Event, rules: engine.Procedure, before: dict[str, Any], directory: Directory, at: datetime
) -> list[Happening]:
    """An event in plain words. `before` holds the answers so far and is brought up to date."""
    own = event.by == RESIDENT
    found: list[Happening] = []
    answers = dict(getattr(event, "answers", {}) or {})
    was, now = engine.Ticket(answers=dict(before)), engine.Ticket(answers={**before, **answers})
    before.update(answers)

    def tell(text: str) -> None:
        found.append(Happening(event.at, text, own))

    match event:
        case engine.Filed():
            tell("您提交了这件事" if own else "服务中心已受理")
        case engine.Finished():
            if who := assigned(rules, was, now):
                tell(f"已安排{'、'.join(colleague(directory, user, at) for user in who)}处理")
            if own:
                tell("您已确认")
            found += [Happening(event.at, one) for one in moments_changed(rules, was, now)]
        case engine.Amended():
            found += [Happening(event.at, f"{'您提出改约：' if own else '改约：'}{one}", own) for one in moments_changed(rules, was, now)]
            if own and not moments_changed(rules, was, now):
                tell("您更正了内容")
        case engine.Urged() if own:
            tell(f"您催办了一次{f'：{event.reason}' if event.reason else ''}")
        case engine.Noted() if own and not event.text.startswith(ADDED):
            tell(f"您留言：{event.text}" if not event.text.startswith("住户评价") else event.text.replace("住户评价", "您的评价"))
        case engine.Paused() if not rules.pauses[event.reason].approval:
            tell(f"暂缓办理：{rules.pauses[event.reason].title}")
        case engine.Resumed():
            tell("继续办理")
        case engine.Withdrawn():
            tell("已撤销")
        case engine.Reopened():
            tell(f"您要求重新办理：{event.reason}" if own else "重新办理")
        case engine.Handed() | engine.Taken():
            pass
    return found


def summaries(tickets: Sequence[Ticket]) -> list[tuple[Ticket, str, str, str]]:
    """(ticket, matter, state, tone) for a list."""
    found = []
    for ticket in tickets:
        rules = procedure_of(ticket.edition_id)
        state = state_of(rules, store.decoded(ticket.state))
        found.append((ticket, matter_of(rules), STATES[state][0], TONES[state]))
    return found
