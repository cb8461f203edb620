"""One task on a phone, on the spot: what, where, who waits, what to say, and one big button that is the next step."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import render
from shouwen.org.middleware import public

from .. import actions, offline, queries
from ..deciding import finder_for
from ..editions import procedure_of
from ..engine import Procedure
from ..forms import colleagues
from ..models import Event, Ticket
from ..store import Row
from .sheet import Open, sheet, step_form

LARGEST = 2**63 - 1
CALL_REASON: Final = "现场联系报事人"
SHOWS_FOR: Final = 60
"""Seconds that a number to be dialled stays on the screen."""

REASONS: Final = ("上一单还没完", "等配件或工具", "进不了门、联系不上人", "路上耽搁")
RECENT: Final = 6
CODE: Final = re.compile(r"(\d+)-(\d+)-(\d+)", re.ASCII)
ARRIVES: Final = re.compile("到场|到户|到达|到位|赶到|到现场|抵达")
"""A step of which the title says so is an arrival: before it stands 「出发」."""


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody on this ticket who can be rung: the private answer that holds the number, its mask, whose it is; whether this
    person sees it `at_once`, and their last request to see it."""

    field: str
    mask: str
    name: str
    at_once: bool
    asked: Reveal | None


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the task stands on the way: `key` take, coming, do or none (not this person's); the stages for the eye."""

    key: str
    finish: str
    finish_icon: str
    passed: list[tuple[str, str]]


@require_safe
def onsite(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A task that is over or another's is told as such, with the way to the ticket."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = _row(actor, pk)
    if not actor.may("tickets.work", row.community_id):
        raise NotFound
    rules, state = procedure_of(row.edition_id), row.state
    task = next((t for t in state.tasks if t.id == number), None)
    if task is None:
        raise NotFound("工单里没有这项任务，可能编号不对。请从「我的任务」里打开。")
    told = _recent(row)
    context: dict[str, Any] = {
        "pk": row.id, "row": row, "number": number, "rules": rules, "state": state, "now": at, "told": told,
        "key": f"{row.id}-{number}", "title": rules.every_step[task.step].title, "place": _place(actor, row),
    }  # fmt: skip
    if task.done:
        context |= {"over": offline.done_said(row, task), "done_at": task.done}
        return render(request, "procedures/onsite.html", context, part="onsite")
    files = {one.key: one for one in Ticket(pk=row.id).attachments.order_by("id")[:200]}
    page = sheet(actor, row, at, files)
    one = next(open_one for open_one in page.tasks if open_one.task.id == number)
    if one.workable:
        people = colleagues(finder_for(row, rules, at).directory, at)
        one = replace(one, form=one.form or step_form(row, task, at, people, row.community_id))
    earlier = [group for group in page.groups if group.step != task.step]
    context |= {
        "one": one, "stage": _stage(actor, one, told), "call": _call(actor, rules, row, at),
        "first": next((g for g in earlier if g.step == rules.first), None),
        "earlier": [g for g in earlier if g.step != rules.first], "late": bool(one.form) and offline.needs_reason(row, task, at),
        "explains": offline.explains(row, task),
        "reasons_offered": REASONS, "others": [t for t in page.tasks if t.task.id != number and t.workable and not t.behalf],
    }  # fmt: skip
    return render(request, "procedures/onsite.html", context, part="onsite")


@require_POST
@unkeyed  # the answer holds the number: it must not be kept with the key of the request
def call(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The number of whoever waits, to be dialled, by the rule of all private values: who may approve sees it at once, others
    ask, wait, and look once. The look stands in the journal with the task it was for."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = _row(actor, pk)
    rules = procedure_of(row.edition_id)
    task = next((t for t in row.state.tasks if t.id == number), None)
    whom = _call(actor, rules, row, at)
    if task is None or whom is None:
        raise NotFound
    asked = whom.asked
    if asked is None or asked.state not in (Reveal.State.OPEN, Reveal.State.ASKED):
        asked = actions.ask_reveal(actor, row, field=whom.field, reason=f"{CALL_REASON}（{rules.every_step[task.step].title}）", at=at)
    value = actions.reveal(actor, row, request=asked, at=at) if asked.state == Reveal.State.OPEN else None
    context = {"call": replace(whom, asked=asked), "pk": pk, "number": number, "value": value, "seconds": SHOWS_FOR}
    response = render(request, "procedures/onsite_call.html", context)
    response["Cache-Control"] = "no-store"
    return response


@public
@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    """What a phone without a signal opens instead of any page: empty, the same for everybody; the tasks are the phone's own."""
    response = render(request, "procedures/onsite_shell.html", {"timeless": True})
    response["Cache-Control"] = "no-cache"
    return response


def _row(actor: Actor, pk: int) -> Row:
    if pk > LARGEST:
        raise NotFound
    return queries.row(actor, pk)


def _recent(row: Row) -> list[Event]:
    """The last things that people did; ticks of the clock are left out."""
    rows = Event.objects.filter(ticket_id=row.id).exclude(kind="ticked").order_by("-seq")
    return list(rows[:RECENT])


def _stage(actor: Actor, one: Open, told: list[Event]) -> Stage:
    arrives = bool(ARRIVES.search(one.title))
    coming = next((e for e in told if e.kind == "noted" and e.by_id == actor.id and offline.ON_THE_WAY in e.text and e.at >= one.task.opened), None)
    taken = one.task.taken is not None
    if one.form is None:
        key = "none"
    elif one.can_take and not one.behalf:
        key = "take"
    else:
        key = "coming" if arrives and not coming else "do"
    label = "我到了" if arrives else "确认签字" if one.lead else "核对无误，签字" if one.second else "办好了"
    steps = ["接单", *(["在路上", "到场"] if arrives else ["办结"])]
    at = 0 if not taken else 2 if coming and arrives else 1
    passed = [(name, "done" if n < at else "now" if n == at else "next") for n, name in enumerate(steps)]
    return Stage(key, label, "map-pin" if arrives else "check", passed)


def _call(actor: Actor, rules: Procedure, row: Row, at: datetime) -> Call | None:
    """Who waits: the first private number given on the ticket, with the private name beside it."""
    given = row.state.answers
    phone = next((a for a in rules.asks.values() if a.private and a.kind == "phone" and given.get(a.name)), None)
    if phone is None:
        return None
    name = next((a for a in rules.asks.values() if a.private and a.kind in ("text", "person") and given.get(a.name)), None)
    asked = [one for one in estate.reveals_about(actor, f"ticket:{row.id}", at) if one.field == phone.name]
    at_once = actor.may("estate.approve_reveal", row.community_id)
    return Call(phone.name, str(given[phone.name]), str(given[name.name]) if name else "", at_once, asked[-1] if asked else None)


def _place(actor: Actor, row: Row) -> tuple[str, str]:
    """(room in words, community and floor) where the room is known and may be seen, else (the place as written, "")."""
    if not row.unit_id:
        return row.place, ""
    try:
        unit = estate.unit(actor, row.unit_id) if actor.may("estate.view", row.community_id) else None
    except NotFound:
        unit = None
    if unit is None:  # the room as it stands on the ticket, said as people say it
        found = CODE.fullmatch(row.place)
        return ("{} 栋 {} 单元 {}".format(*found.groups()) if found else row.place), ""
    parts = [unit.building.name, f"{unit.entrance} 单元" if unit.entrance.isdigit() else unit.entrance, unit.room]
    floor = f" · {unit.floor} 层" if unit.floor is not None else ""
    return " ".join(part for part in parts if part), f"{unit.community.name}{floor}"
