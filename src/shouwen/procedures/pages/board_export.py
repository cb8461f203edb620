"""The board as .xlsx: every open task and every ticket that waits, as narrowed, lane after lane."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.registers import EXPORT_LIMIT

from .. import actions, lanes, queries
from ..editions import procedure_of
from ..lanes import Item, Waiting
from .board import Chosen, chosen_in
from .lines import department_title, pool_title

HEADS = ["栏", "时限", "任务", "工单", "规程", "地点", "摘要", "部门", "办理人", "接单时间", "等待原因"]


@require_safe
def board_export(request: HttpRequest) -> HttpResponseBase:
    """`lane` and the filters as on the board."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
    people = duty.directory(community.pk, community.people_version)
    chosen, lane = chosen_in(request, people), request.GET.get("lane", "")
    wanted = [lane] if lane in lanes.LANES else list(lanes.LANES)
    rows: list[list[Any]] = []
    for key in wanted:
        if key == "waiting":
            rows += [_standing(one, people) for one in lanes.waiting(actor, community.pk, chosen, EXPORT_LIMIT + 1)]
        room = max(EXPORT_LIMIT + 1 - len(rows), 0)
        rows += [_task(item, people) for item in lanes.items_of(key, lanes.queryset(actor, community.pk, at, key, chosen)[:room])]

    def log(_: object, **facts: Any) -> None:
        actions.export_tickets(actor, community.pk, at=at, **facts)

    filters = _said(actor, community.pk, chosen, people, lane)
    return export(actor, title="工作台", heads=HEADS, rows=rows, filters=filters, log=log, note=community.name)


def _task(item: Item, people: Directory) -> list[Any]:
    who = item.holder_name or ("等外部人员" if item.pool.startswith("party:") else f"{pool_title(item.pool, people)}（待接单）")
    return [
        lanes.LANES[item.lane], item.due_at, item.title, item.serial, procedure_of(item.edition).title, item.place, _summary(item),
        department_title(item.department, people) if item.department else "", who, item.taken_at, "",
    ]  # fmt: skip


def _standing(one: Waiting, people: Directory) -> list[Any]:
    rules = procedure_of(one.edition)
    pause = rules.pauses.get(one.why)
    why = "等子工单 " + "、".join(number for number, *_ in one.children) if one.why == "child" else f"{pause.title if pause else '已挂起'} {one.remark}"
    name = people.names.get(int(one.by), "") if one.by.isdigit() else ""
    return [lanes.LANES["waiting"], one.until, rules.title, one.serial, rules.title, one.place, _summary(one), "", name, None, why.strip()]


def _summary(one: Item | Waiting) -> str:
    return ("【保密】" if one.confidential else "") + one.summary


def _said(actor: Any, community_id: int, chosen: Chosen, people: Directory, lane: str) -> dict[str, str]:
    """The filters in words, for the file and the journal."""
    return {
        "栏": lanes.LANES.get(lane, ""), "部门": people.departments.get(chosen.department, ""), "办理人": people.names.get(chosen.holder, "") if chosen.holder is not None else "",
        "规程": dict(queries.titles(actor, community_id)).get(chosen.procedure, "") if chosen.procedure else "",
        "楼栋": str(chosen.building or ""),
    }  # fmt: skip
