"""Vacant units: the register follows the state of the units, and its round follows the register."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Max

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict
from shouwen.kernel.words import clean_text
from shouwen.kernel.zone import CHINA

from .. import queries
from ..models import Vacancy
from . import planning
from .words import no


@action("vacancy.followed", may="premises.work", says="空置房登记：新登记 {new} 户，销记 {gone} 户")
def follow_units(actor: Actor, community: Any, /, *, at: datetime) -> Done:
    """Register every unit that stands vacant and close what no longer does; the round of vacant units holds exactly those. D3.02, D3.113.

    `since` is the day after the last resident left where one is known, else today; the steward puts it right. Returns (new, gone).
    """
    found, ended = queries.vacant_unlisted(community.pk), queries.listed_not_vacant(community.pk)
    points = planning.points_for(community, planning.VACANT, [(f"空置房 {unit.code}", unit.code, unit.code) for unit in found], at)
    today = at.astimezone(CHINA).date()
    Vacancy.objects.bulk_create([
        Vacancy(community=community, unit=unit, since=min(unit.left or today, today), found_at=at, point=point)  # type: ignore[attr-defined]
        for unit, point in zip(found, points, strict=True)
    ])  # fmt: skip
    if ended:
        Vacancy.objects.filter(pk__in=[row.pk for row in ended]).update(ended_at=at)
        planning.retire([row.point for row in ended], at)
    if found or ended:
        rows = Vacancy.objects.filter(community=community, ended_at=None).order_by("unit__order")
        planning.lay(community, planning.VACANT, list(rows.values_list("point", flat=True)), at)
    return Done(f"estate.community:{community.pk}", {"new": len(found), "gone": len(ended)}, result=(len(found), len(ended)), community=community.pk)


@action("vacancy.edited", may="premises.work", says="空置房 {unit}：空置起 {since}，房屋状况：{condition}")
def edit_vacancy(actor: Actor, vacancy: Vacancy, /, *, since: date, condition: str, at: datetime) -> Done:
    """What the register says of a unit besides what is read there."""
    row = Vacancy.objects.select_for_update(of=("self",)).select_related("unit").get(pk=vacancy.pk)
    if row.ended_at is not None:
        raise Conflict(f"{row.unit.code} 已经销记，不能再改。")
    if since > at.astimezone(CHINA).date():
        raise no("since", "空置起的日期不能晚于今天。")
    last = Vacancy.objects.filter(unit=row.unit_id, ended_at__isnull=False).aggregate(last=Max("ended_at"))["last"]
    if last is not None and since < last.astimezone(CHINA).date():
        raise no("since", f"这户 {last.astimezone(CHINA):%Y-%m-%d} 才销记过，空置起不能更早。")
    row.since, row.condition = since, clean_text(condition, "房屋状况", 200, field="condition")
    row.save(update_fields=["since", "condition"])
    return Done(row, {"unit": row.unit.code, "since": row.since.isoformat(), "condition": row.condition or "未写"})


@action("premises.exported", may="premises.view", says="导出{title}（{rows} 行；{filters}）")
def export_register(actor: Actor, community_id: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export of a register."""
    return Done(f"estate.community:{community_id or 0}", {"title": title, "rows": rows, "filters": filters})
