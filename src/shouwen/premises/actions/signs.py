"""Signs: they come from an approved list, are put up by the steward, looked at twice a day, and taken down with a reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict
from shouwen.kernel.words import clean_text
from shouwen.kernel.zone import CHINA

from ..kinds import CATEGORIES, TARGETS
from ..models import Sign
from . import planning
from .words import building_of, given, no, number_of


@action("sign.placed", may="system", says="标识 {number} {words} 按清单 {list} {verb}：{place}")
def place_listed(
    actor: Actor, community: Any, /, *, ticket: int, list_number: str, category: str, target: str, words: str, building: str, place: str,
    quantity: int, standing: bool, drafted_by: str, reviewed_by: str, reviewed_on: date, placed_by: str, placed_at: datetime, at: datetime,
) -> Done:  # fmt: skip
    """The last step of 《标识使用清单》: what was approved enters the register, in use, or (常备) ready to be. D3.82, D3.86."""
    if not reviewed_by:
        raise no("list", "这张《标识使用清单》还没有审核通过，标识不能启用。")
    row = _new(community, category=category, target=target, words=words, building=building, place=place, quantity=quantity)
    row.standing, row.state = standing, Sign.State.STANDBY
    row.ticket_id, row.list_number, row.drafted_by, row.reviewed_by, row.reviewed_on = ticket, list_number, drafted_by, reviewed_by, reviewed_on
    row.save()
    if not standing:
        _up(row, community, placed_by, placed_at, at)
    return Done(row, _said(row) | {"list": list_number, "verb": "备用" if standing else "启用"})


@action("sign.recorded", may="premises.edit", says="登记原有标识 {number} {words}（纸质清单 {list}）：{place}")
def record_sign(
    actor: Actor, community: Any, /, *, category: str, target: str, words: str, building: str, place: str, quantity: int, list_number: str,
    drafted_by: str, reviewed_by: str, reviewed_on: date, at: datetime,
) -> Done:  # fmt: skip
    """A sign that hung before this register began: with its list on paper, else it must be listed anew. D3.84."""
    if reviewed_on > at.astimezone(CHINA).date():
        raise no("reviewed_on", "审核日期不能晚于今天。")
    row = _new(community, category=category, target=target, words=words, building=building, place=place, quantity=quantity)
    row.list_number = given(list_number, "纸质清单编号", 40, "list_number")
    row.drafted_by = given(drafted_by, "拟定人", 60, "drafted_by")
    row.reviewed_by = given(reviewed_by, "审核人", 60, "reviewed_by")
    row.reviewed_on, row.state = reviewed_on, Sign.State.STANDBY
    row.save()
    _up(row, community, actor.name, at, at)
    return Done(row, _said(row) | {"list": row.list_number})


@action("sign.put_up", may="premises.work", says="放置常备标识 {number} {words}：{place}")
def put_up(actor: Actor, sign: Sign, /, *, place: str, building: str = "", at: datetime) -> Done:
    """A temporary or emergency sign goes up at once: its kind was approved beforehand. D3.73, D3.81."""
    row = _locked(sign)
    if row.state != Sign.State.STANDBY:
        raise Conflict(f"标识 {row.number} 现在是「{row.get_state_display()}」，不能再放置。请刷新页面。")
    row.place, row.building = given(place, "位置", 120, "place"), building_of(row.community_id, building)
    _up(row, row.community, actor.name, at, at)
    return Done(row, _said(row))


@action("sign.edited", may="premises.work", says="标识 {number} 移位：{before} → {place}")
def edit_sign(actor: Actor, sign: Sign, /, *, place: str, building: str = "", at: datetime) -> Done:
    """It hangs elsewhere now; its point and its code go with it."""
    row = _locked(sign)
    if row.state == Sign.State.REMOVED:
        raise Conflict(f"标识 {row.number} 已撤除，不能移位。")
    before = row.place
    row.place, row.building = given(place, "位置", 120, "place"), building_of(row.community_id, building)
    row.save(update_fields=["place", "building"])
    if row.point is not None:
        planning.move(row.point, _title(row), row.place, at)
    return Done(row, _said(row) | {"before": before})


@action("sign.removed", may="premises.work", says="撤除标识 {number} {words}：{reason}")
def remove_sign(actor: Actor, sign: Sign, /, *, reason: str, at: datetime) -> Done:
    """Taken down: a standing one waits for its next use, any other is gone from the register's list and keeps its history."""
    row = _locked(sign)
    if row.state != Sign.State.UP:
        raise Conflict(f"标识 {row.number} 现在是「{row.get_state_display()}」，不用撤除。请刷新页面。")
    why, point = given(reason, "撤除原因", 200, "reason"), row.point
    row.state = Sign.State.STANDBY if row.standing else Sign.State.REMOVED
    row.removed_at, row.removed_why, row.point = at, why, None
    row.save(update_fields=["state", "removed_at", "removed_why", "point"])
    if point is not None:
        planning.retire([point], at)
    _lay(row.community, at)
    return Done(row, _said(row) | {"reason": why})


def _new(community: Any, *, category: str, target: str, words: str, building: str, place: str, quantity: int) -> Sign:
    if category not in CATEGORIES:
        raise no("category", "请从列表里选标识类别。")
    if target not in TARGETS:
        raise no("target", "请从列表里选使用对象。")
    if not 1 <= quantity <= 999:
        raise no("quantity", "数量应在 1 到 999 之间。")
    return Sign(
        community=community, category=category, target=target, words=given(words, "内容", 200, "words"), quantity=quantity,
        place=given(place, "位置", 120, "place"), building=building_of(community.pk, clean_text(building, "楼栋", 60, field="building")),
        number=number_of(community.pk, "BS"),
    )  # fmt: skip


def _up(row: Sign, community: Any, by: str, placed_at: datetime, at: datetime) -> None:
    row.state, row.placed_by, row.placed_at, row.removed_at, row.removed_why = Sign.State.UP, by[:60], placed_at, None, ""
    row.point = planning.points_for(community, planning.SIGNS, [(_title(row), row.place, "")], at)[0]
    row.save()
    _lay(community, at)


def _lay(community: Any, at: datetime) -> None:
    """The route of all signs in use: building by building, in the order of their numbers."""
    rows = Sign.objects.filter(community=community, state=Sign.State.UP).order_by("building__code", "number")
    planning.lay(community, planning.SIGNS, [point for point in rows.values_list("point", flat=True) if point], at)


def _locked(sign: Sign) -> Sign:
    return Sign.objects.select_for_update(of=("self",)).select_related("community", "point", "building").get(pk=sign.pk)


def _title(row: Sign) -> str:
    return f"{row.number} {row.words}"


def _said(row: Sign) -> dict[str, Any]:
    return {"number": row.number, "words": row.words, "place": row.place}
