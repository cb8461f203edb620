"""One act on several tasks of the board: each stands for itself, and what became of each is told. And the views people keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now, separately
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.words import clean_text, number_in

from .. import actions, displays, lanes, queries
from ..editions import procedure_of
from .board import GROUPS

MOST: Final = 100
"""Tasks of one act."""
_KEPT: Final = ("group", "department", "holder", "procedure", "building", "lane")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one task."""

    serial: str
    title: str
    url: str
    ok: bool
    said: str


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """act=hand gives the chosen tasks to one colleague, act=urge reminds whoever has them; one reason for all.

    Task 0 stands for a ticket that waits as a whole: its open tasks are handed over, or, when it has none, the following of it;
    urging it urges the child tickets that it waits for, too.
    """
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
    act, to = request.POST.get("act", ""), number_in(request.POST.get("to"))
    reason = clean_text(request.POST.get("reason", ""), "原因", 200, field="reason")
    chosen = _chosen(request.POST.getlist("task"))
    if act not in ("hand", "urge"):
        raise Refused("请选择要转派还是催办。")
    if not reason:
        raise Refused("请写明原因，对方会看到。", {"reason": "请写明原因"})
    name = ""
    if act == "hand":
        people = duty.directory(community.pk, community.people_version)
        if to is None or not people.knows(to):
            raise Refused("请选择转给哪位同事。", {"to": "请选择同事"})
        name = people.name(to)
    results = []
    with separately():
        for ticket, tasks in chosen.items():
            results += _hand(actor, ticket, tasks, to, name, reason, at) if to is not None and act == "hand" else _urge(actor, ticket, tasks, reason, at)
    done = sum(result.ok for result in results)
    verb = f"转给 {name}" if act == "hand" else "催办"
    return render(request, "procedures/board_done.html", {
        "title": "批量转派" if act == "hand" else "批量催办", "results": results, "done": done, "failed": len(results) - done, "verb": verb,
        "reason": reason, "back": back(request.POST.get("back", "")),
    })  # fmt: skip


def _chosen(given: list[str]) -> dict[int, list[int]]:
    """Ticket → the numbers of its tasks, in the order of the list."""
    found: dict[int, list[int]] = {}
    for key in dict.fromkeys(given):
        ticket, _, task = key.partition("-")
        if (pk := number_in(ticket)) is None or (one := number_in(task)) is None:
            raise Refused("选中的任务不对。请刷新页面后重新选择。")
        found.setdefault(pk, []).append(one)
    if not found:
        raise Refused("还没有选中任务。请先勾选，再转派或催办。")
    if sum(map(len, found.values())) > MOST:
        raise Refused(f"一次最多处理 {MOST} 项，请分几次。")
    return found


def _hand(actor: Actor, ticket: int, tasks: list[int], to: int, name: str, reason: str, at: datetime) -> list[Result]:
    results = []
    for task in _of_waiting(actor, ticket, tasks):
        serial, title, url = "", "", ""
        try:
            row = queries.row(actor, ticket)  # anew for each: the one before has changed the ticket
            serial, title, url = row.number, _title(row, task), reverse("procedures:ticket", args=[ticket])
            actions.hand(actor, row, task=task, to=to, reason=reason, at=at)
            results.append(Result(serial, title, url, True, f"已转给 {name}，时限不变" if task else f"没有办着的任务，跟进已转给 {name}"))
        except Refused as no:
            results.append(Result(serial or "（看不到的工单）", title, url, False, no.message))
    return results


def _urge(actor: Actor, ticket: int, tasks: list[int], reason: str, at: datetime) -> list[Result]:
    """A ticket is urged once, however many of its tasks are chosen."""
    serial, title, url = "", "", ""
    try:
        row = queries.row(actor, ticket)
        serial, url = row.number, reverse("procedures:ticket", args=[ticket])
        title = "、".join(filter(None, (_title(row, task) for task in tasks)))
        actions.urge(actor, row, reason=reason, at=at)
        done = [Result(serial, title, url, True, "已提醒每位办理人" if row.state.open_tasks else "没有办着的任务，已提醒跟进人")]
    except Refused as no:
        return [Result(serial or "（看不到的工单）", title, url, False, no.message)]
    children = lanes.children_of([ticket]).get(ticket, []) if 0 in tasks else []
    return done + [result for _, child, *_ in children for result in _urge(actor, child, [], reason, at)]


def _of_waiting(actor: Actor, ticket: int, tasks: list[int]) -> list[int]:
    """The tasks themselves; for a ticket as a whole its open tasks, or 0 (its following) when there are none."""
    if 0 not in tasks:
        return tasks
    try:
        opened = [one.id for one in queries.row(actor, ticket).state.open_tasks]
    except Refused:
        return tasks
    return list(dict.fromkeys([*(task for task in tasks if task), *opened])) or [0]


def _title(row: Any, task: int) -> str:
    step = next((one.step for one in row.state.tasks if one.id == task), "")
    rules = procedure_of(row.edition_id)
    return rules.every_step[step].title if step else f"{rules.title}（整张）"


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    community = request.community  # type: ignore[attr-defined]
    if community is None:
        raise NotFound
    query = kept(request.POST.get("query", ""))
    view = displays.save_view(request.actor, community, name=request.POST.get("name", ""), query=query, at=now())  # type: ignore[attr-defined]
    return flash(redirect(back(view.query)), f"已保存视图「{view.name}」")


@require_POST
def drop_view(request: HttpRequest, pk: int) -> HttpResponse:
    community = request.community  # type: ignore[attr-defined]
    if community is None:
        raise NotFound
    displays.drop_view(request.actor, community, view=pk, at=now())  # type: ignore[attr-defined]
    return flash(redirect(reverse("procedures:board")), "已删除视图")


def kept(query: str) -> str:
    """Only what the board itself puts into its address, in its own spelling."""
    given = dict(parse_qsl(query[:500])) if "\x00" not in query else {}
    known = {name: given[name][:40] for name in _KEPT if name in given}
    if known.get("group", "") not in GROUPS:
        known.pop("group", None)
    return urlencode(known)


def back(query: str) -> str:
    """The board with these filters."""
    found = kept(query)
    return reverse("procedures:board") + (f"?{found}" if found else "")
