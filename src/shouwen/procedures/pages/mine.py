"""My tasks: what lies with me, what I may take, and what others do of the tickets I follow; made for a phone in one hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import Page, flash, page_of, render, wants_part
from shouwen.kernel.words import number_in
from shouwen.org import queries as org

from .. import actions, queries, standing
from .board import ICONS, TONES
from .lines import Line, lines

SIZE = 60
WHOSE = {"": "全部", "held": "在我手上", "open": "待接单", "followed": "我跟进的"}


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    title: str
    tone: str
    icon: str
    lines: list[Line]


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """?whose=held is what lies with me, ?whose=open what I may take, ?whose=followed what others do of the tickets I follow."""
    return render(request, "procedures/mine.html", _state(request), part="mine")


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take a task out of a pool and stay in the list."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    ticket, _, task = request.POST.get("task", "").partition("-")
    if number_in(ticket) is None or number_in(task) is None:
        raise Refused("没有选中任务。请刷新页面后重试。")
    row = queries.row(actor, int(ticket))
    actions.take(actor, row, task=int(task), at=at)
    said = f"已接单：{row.number}"
    if wants_part(request):
        return flash(render(request, "procedures/mine.html", _state(request), part="mine"), said)
    whose = request.GET.get("whose", "")
    kept = f"?whose={whose}" if whose and whose in WHOSE else ""
    return flash(redirect(reverse("procedures:mine") + kept), said)


def _state(request: HttpRequest) -> dict[str, Any]:
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    if actor.places("tickets.work") == frozenset():
        raise NotFound
    whose = request.GET.get("whose", "")
    whose = whose if whose in WHOSE else ""
    rows = queries.followed(actor, at) if whose == "followed" else queries.my_tasks(actor, at)
    if whose in ("held", "open"):
        rows = rows.filter(holder_id__isnull=whose == "open")
    page = page_of(rows, request.GET.get("after"), SIZE)
    shown = lines(actor, queries.by_priority(page.rows), _directories(actor, page))
    return {
        "groups": _groups(shown, at), "page": Page([], page.next, page.previous), "whose": whose, "tabs": WHOSE.items(),
        "now": at, "several": len({line.task.community_id for line in shown}) > 1, "count": len(shown),
        "standing": standing.today(actor, at),
    }  # fmt: skip


def _directories(actor: Actor, page: Page) -> dict[int, Any]:
    wanted = {task.community_id for task in page}
    return {one.pk: duty.directory(one.pk, one.people_version) for one in org.places_of(actor) if one.pk in wanted}


def _groups(shown: list[Line], at: datetime) -> list[Group]:
    sorted_: dict[str, list[Line]] = {key: [] for key in queries.LANES}
    for line in shown:
        sorted_[queries.lane_at(line.task.due_at, at, paused=line.paused)].append(line)
    return [Group(key, title, TONES[key], ICONS[key], sorted_[key]) for key, title in queries.LANES.items() if sorted_[key]]
