"""What residents and other parties are told of: hears of every change of a ticket and queues messages in the same action.

A message keeps what happened, not its words: those are made when it is sent (chores.py), and a phone is looked up only then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from shouwen.kernel.access import RESIDENT, Actor
from shouwen.kernel.batch import later
from shouwen.kernel.secrets import seal_text
from shouwen.procedures import engine
from shouwen.procedures.effects import filled
from shouwen.procedures.handing import EMERGENCIES
from shouwen.procedures.recipients import Finder
from shouwen.procedures.store import Row, priority_of

from . import phones, sms
from .words import colleague, waking

EVENTS: Final = {
    "filed": "受理", "assigned": "派工", "moved": "改期", "paused": "暂缓", "asked": "请确认", "told": "答复", "closed": "办结，请评价",
    "late": "晚了，改约", "withdrawn": "撤销", "code": "验证码",
}  # fmt: skip
"""The kinds of message, as the manager sees them."""

SHORTEST: Final = timedelta(minutes=15)
"""A promise shorter than this is between colleagues (「五分钟内电话通知服务部门」): the resident never had it."""

_PUT: Final = (
    "INSERT INTO portal_message (key, community_id, ticket_id, party, event, facts, urgent, phone_masked, sealed, state,"
    " attempts, at, next_at, error) VALUES (%s, %s, %s, %s, %s, %s, %s, '', %s, 'pending', 0, %s, %s, '')"
    " ON CONFLICT (key) DO NOTHING"
)


def hear(
    actor: Actor, row: Row, before: engine.Ticket, event: engine.Event, effects: tuple[engine.Effect, ...], finder: Finder
) -> None:
    """Queue what this change means to those outside. Nothing is queued while no messages are sent, nor for invented history."""
    if actor.channel == "demo":
        return
    anew = phones.corrected(row, before, event)
    if sms.chosen() == "off":
        return
    found: dict[tuple[str, str], dict[str, Any]] = {}
    tasks = {task.id: task for task in row.state.tasks}
    for effect in effects:
        if isinstance(effect, engine.Tell) and (effect.text or effect.why == "told"):
            task = tasks.get(effect.task)
            for party in finder.find(effect.who, task, effect.holder).parties:
                said = filled(row, finder, effect.text, task)
                if said or party != "requester":
                    text = said or f"{finder.procedure.title} {row.number} {row.place} {row.summary}".strip()
                    earlier = found.get((party, "told"), {}).get("text", "")  # two things said at once are one message
                    found[party, "told"] = {"text": f"{earlier}\n{text}" if earlier and text not in earlier else earlier or text}
    if "public" in finder.procedure.opened_by and row.state.first_asked != "system":
        for name, facts in _for_resident(row, before, event, finder):
            if name != "assigned" or ("requester", "told") not in found:
                found["requester", name] = facts
        if anew and row.state.closed_at is None:
            found["requester", "filed"] = {}
        if (late := apology(row.state, event.at)) and ("requester", "moved") not in found:
            found["requester", "late"] = late
    for (party, name), facts in found.items():
        urgent = emergency(finder)
        mark = facts.get("ahead", row.state.seq) if name == "late" else row.state.seq  # a new time is told once
        later(_PUT, (
            f"t{row.id}.{mark}.{party}.{name}"[:80], row.community_id, row.id, party, name,
            msgspec.json.encode(facts).decode(), urgent, b"", event.at, event.at if urgent else waking(event.at),
        ))  # fmt: skip


def emergency(finder: Finder) -> bool:
    """What quiet hours do not hold back: the emergency procedures, 急修, and what stands first among the priorities."""
    urgent = finder.ticket.answers.get(engine.procedure.OWN_CLASS) == "urgent"
    return urgent or finder.procedure.procedure in EMERGENCIES or priority_of(finder) == 0


def _for_resident(row: Row, before: engine.Ticket, event: engine.Event, finder: Finder) -> list[tuple[str, dict[str, Any]]]:
    rules, after = finder.procedure, row.state
    found: list[tuple[str, dict[str, Any]]] = []
    match event:
        case engine.Filed():
            found.append(("filed", {}))
        case engine.Amended() if moved := moments_changed(rules, before, after):
            if event.by != RESIDENT:
                found.append(("moved", {"moments": moved}))
        case engine.Paused() | engine.Approved() if after.status == "paused" and after.pause:
            found.append(("paused", {"why": rules.pauses[after.pause.reason].title, "until": after.pause.until.isoformat()}))
        case engine.Withdrawn():
            found.append(("withdrawn", {}))
    if who := assigned(rules, before, after):
        found.append(("assigned", {"who": "、".join(colleague(finder.directory, user, event.at) for user in who),
                                   "moments": moments_changed(rules, before, after)}))  # fmt: skip
    waiting = {task.id for task in after.open_tasks if for_resident(rules, task)}
    if waiting - {task.id for task in before.open_tasks} and event.by != RESIDENT:  # who is on the page sees it there
        found.append(("asked", {}))
    if after.status == "closed" and before.status != "closed" and not isinstance(event, engine.Filed):
        found.append(("closed", {}))
    return found


def apology(ticket: engine.Ticket, at: datetime) -> dict[str, Any] | None:
    """A promise that was broken and the time that holds now; None while nothing is late or nobody has said a new time."""
    broken = [c.due for c in _promises(ticket) if c.due < at and c.due - c.start >= SHORTEST]
    ahead = promised(ticket, at)
    return {"due": max(broken).isoformat(), "ahead": ahead.isoformat()} if broken and ahead else None


def promised(ticket: engine.Ticket, at: datetime) -> datetime | None:
    """The nearest moment that was promised and is still to come."""
    return min((c.due for c in _promises(ticket) if c.due >= at), default=None)


def _promises(ticket: engine.Ticket) -> list[engine.Clock]:
    return [c for c in ticket.clocks if c.kind == "promise" and not (c.stopped or c.superseded or c.soft)] if ticket.status == "open" else []


def for_resident(rules: engine.Procedure, task: engine.Task) -> bool:
    """Whether a task waits for the resident."""
    person = rules.people.get(task.role)
    return person is not None and person.party == "requester"


def assigned(rules: engine.Procedure, before: engine.Ticket, after: engine.Ticket) -> list[int]:
    """Colleagues newly chosen to do the work: the answers behind which a role stands."""
    names = {person.answer for person in rules.people.values() if person.answer}
    fresh: list[int] = []
    for name in names & set(after.answers):
        value, old = after.answers[name], before.answers.get(name)
        if value != old:
            fresh += [int(ref) for ref in ([value] if isinstance(value, str) else value) if ref.isdigit()]
    return list(dict.fromkeys(fresh))


def moments_changed(rules: engine.Procedure, before: engine.Ticket, after: engine.Ticket) -> list[str]:
    """Appointments that residents see and that are new or another now: 上门时间 2026-11-22 14:00."""
    own = rules.steps[rules.first].asks
    return [
        f"{ask.plain} {after.answers[name]}" for name, ask in rules.asks.items()
        if ask.public and ask.kind in ("date", "datetime") and name not in own
        and isinstance(after.answers.get(name), str) and after.answers.get(name) != before.answers.get(name)
    ]  # fmt: skip


def send_code(phone: str, code: str, key: str, at: datetime) -> None:
    """Queue a code; inside bookkeeping or an action. It waits for nothing."""
    text = f"验证码 {code}，10 分钟内有效。工作人员不会向您索要，请勿告诉他人。"
    later(_PUT, (
        f"code.{key}"[:80], None, None, "requester", "code", "{}", True,
        seal_text(msgspec.json.encode({"phone": phone, "text": text}).decode()), at, at,
    ))  # fmt: skip
