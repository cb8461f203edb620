"""Parking permits: issued to a unit for a vehicle, changed, taken back, reported lost; every change dated and kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from shouwen.estate import queries as estate
from shouwen.estate.models import Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text
from shouwen.kernel.zone import CHINA

from ..models import Permit, PermitEvent
from .words import given, no, number_of

LONGEST: Final = timedelta(days=3660)
"""Ten years: a longer permit is a slip of the pen."""


@action("permit.issued", may="premises.work", says="发停车证 {number}：{unit} {plate}，{since} 至 {until}")
def issue_permit(actor: Actor, unit: Unit, /, *, plate: str, starts_on: date, ends_on: date, remark: str = "", at: datetime) -> Done:
    """A permit of its own number. One that ran out for the same vehicle is closed by it; one still in use is changed instead. D2.81."""
    car = _car(plate, unit)
    _until(starts_on, ends_on, at)
    before = _of_car(unit.community_id, car)
    if before is not None and before.ends_on >= _today(at):
        raise no("plate", f"{car} 已有停车证 {before.number}，到 {before.ends_on}。续期、换车请在那张证上变更；丢了请先挂失。")
    words = clean_text(remark, "备注", 200, field="remark")
    number = number_of(unit.community_id, "TC")
    if before is not None:
        before.state = Permit.State.RENEWED
        before.save(update_fields=["state"])
        _note(actor, before, PermitEvent.Kind.RENEWED, f"{before.ends_on} 到期，换发 {number}", at)
    row = Permit(
        community_id=unit.community_id, unit=unit, plate=car, number=number, starts_on=starts_on, ends_on=ends_on, remark=words, issued_by=actor.name[:60], issued_at=at
    )
    _kept(row)
    _note(actor, row, PermitEvent.Kind.ISSUED, f"{unit.code} {car}，{starts_on} 至 {ends_on}", at)
    return Done(row, _said(row) | {"since": starts_on.isoformat(), "until": ends_on.isoformat()})


@action("permit.changed", may="premises.work", says="停车证 {number} 变更：{changes}（{reason}）")
def change_permit(actor: Actor, permit: Permit, /, *, plate: str, ends_on: date, reason: str, at: datetime) -> Done:
    """Another vehicle of the same unit, another last day; what it was before stays in its history. D2.82."""
    row = _in_use(permit)
    car, why = _car(plate, row.unit), given(reason, "变更原因", 200, "reason")
    changes = []
    if car != row.plate:
        other = _of_car(row.community_id, car)
        if other is not None:
            raise no("plate", f"{car} 已有停车证 {other.number}，到 {other.ends_on}，请核对。")
        changes.append(f"车牌 {row.plate} → {car}")
    if ends_on != row.ends_on:
        _until(row.starts_on, ends_on, at)
        changes.append(f"有效期至 {row.ends_on} → {ends_on}")
    if not changes:
        raise Refused("车牌和有效期都没有改动，无需保存。")
    row.plate, row.ends_on = car, ends_on
    _kept(row)
    _note(actor, row, PermitEvent.Kind.CHANGED, f"{'；'.join(changes)}。原因：{why}", at)
    return Done(row, _said(row) | {"changes": "；".join(changes), "reason": why})


@action("permit.ended", may="premises.work", says="停车证 {number} {how}：{reason}")
def end_permit(actor: Actor, permit: Permit, /, *, how: str, reason: str, at: datetime) -> Done:
    """Taken back, or lost: it is no longer valid from now on. For a lost one another is issued, with another number. D2.82."""
    if how not in (Permit.State.WITHDRAWN, Permit.State.LOST):
        raise no("how", "请选收回还是挂失。")
    row, why = _in_use(permit), given(reason, "原因", 200, "reason")
    row.state = Permit.State(how)
    row.save(update_fields=["state"])
    _note(actor, row, PermitEvent.Kind(how), why, at)
    return Done(row, _said(row) | {"how": PermitEvent.Kind(how).label, "reason": why})


def _car(plate: str, unit: Unit) -> str:
    """The plate as it is spelt in the register; Refused where it is none, or that of another unit's car."""
    car, whose = estate.car(unit.community_id, plate)
    if not car:
        raise no("plate", "车牌看不懂，请写成 粤B12345；新能源车牌为 8 位，如 粤BD12345。")
    if whose is not None and whose.pk != unit.pk:
        raise no("plate", f"{car} 登记为 {whose.code} 的车，不是 {unit.code} 的，请核对车牌和房号。")
    return car


def _until(starts_on: date, ends_on: date, at: datetime) -> None:
    if ends_on < starts_on:
        raise no("ends_on", "有效期至不能早于有效期自。")
    if ends_on < _today(at):
        raise no("ends_on", "有效期至已经过去，请核对日期；不再使用的请收回。")
    if ends_on - starts_on > LONGEST:
        raise no("ends_on", "有效期最长十年，请核对日期。")


def _of_car(community_id: int, car: str) -> Permit | None:
    return Permit.objects.select_for_update().filter(community=community_id, plate=car, state=Permit.State.VALID).first()


def _in_use(permit: Permit) -> Permit:
    row = Permit.objects.select_for_update(of=("self",)).select_related("unit").get(pk=permit.pk)
    if row.state != Permit.State.VALID:
        raise Conflict(f"停车证 {row.number} 现在是「{row.get_state_display()}」，不能再办。请刷新页面。")
    return row


def _kept(row: Permit) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(f"{row.plate} 刚刚有人办了停车证。请刷新页面后核对。") from None


def _note(actor: Actor, row: Permit, kind: PermitEvent.Kind, words: str, at: datetime) -> None:
    PermitEvent.objects.create(permit=row, kind=kind, words=words[:400], at=at, by_name=actor.name[:60])


def _today(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def _said(row: Permit) -> dict[str, Any]:
    return {"number": row.number, "unit": row.unit.code, "plate": row.plate}
