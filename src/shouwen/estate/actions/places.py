"""Communities, buildings, units and vehicles."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import IntegrityError

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.words import clean_text

from .. import terms
from ..checks import no, unit_details
from ..codes import plate_number, room_code, room_parts, sort_key
from ..models import Building, Community, Person, Unit, Vehicle

UNIT_DETAILS: Final = ("kind", "state", "area", "delivered_on", "structure", "condition")


@action("estate.community_added", may="settings.edit", says="新增小区「{name}」")
def add_community(
    actor: Actor, place: None, /, *, slug: str, name: str, address: str = "", phone: str = "", at: datetime | None = None
) -> Done:
    """A new community; only who may change settings everywhere. `slug` is a-z, digits, `-`."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,39}", slug):
        raise no("slug", "小区代号应为 2 至 40 个小写字母、数字或 -，以字母开头。")
    if Community.objects.filter(slug=slug).exists():
        raise Conflict(f"代号「{slug}」已有小区使用，请换一个。", {"slug": "已被使用"})
    community = Community(slug=slug, **_community_details(name, address, phone))
    try:
        community.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"代号「{slug}」刚被使用，请换一个。") from None
    return Done(community, {"name": community.name, "slug": slug}, community=community.pk)


@action("estate.community_edited", may="settings.edit", says="修改小区资料：{changes}")
def edit_community(actor: Actor, community: Community, /, *, name: str, address: str, phone: str, at: datetime | None = None) -> Done:
    changes = put(community, _community_details(name, address, phone))
    return Done(community, {"changes": changes})


def _community_details(name: str, address: str, phone: str) -> dict[str, str]:
    details = {
        "name": clean_text(name, "小区名称", 60, field="name"),
        "address": clean_text(address, "地址", 200, field="address"),
        "phone": clean_text(phone, "服务电话", 30, field="phone"),
    }
    if not details["name"]:
        raise no("name", "请填写小区名称。")
    return details


@action("estate.building_added", may="estate.edit", says="新增楼栋 {name}（{code}）")
def add_building(actor: Actor, community: Community, /, *, code: str, name: str = "", at: datetime | None = None) -> Done:
    normal = room_code(clean_text(code, "栋号", 60, field="code"))
    if not normal or "-" in normal or len(normal) > 20:
        raise no("code", "栋号应为 1 至 20 个字母、数字或汉字，例如 3 或 A。")
    if Building.objects.filter(community=community, code=normal).exists():
        raise Conflict(f"已有 {normal} 栋，请核对。", {"code": "栋号重复"})
    building = Building(community=community, code=normal, name=clean_text(name, "楼栋名称", 60, field="name") or f"{normal}栋")
    try:
        building.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"{normal} 栋刚被登记，请刷新后核对。") from None
    return Done(building, {"code": normal, "name": building.name})


@action("estate.unit_added", may="estate.edit", says="新增房屋 {code}")
def add_unit(
    actor: Actor, community: Community, /, *, code: str, kind: str = "home", state: str = "vacant",
    area: Decimal | None = None, delivered_on: date | None = None, structure: str = "", condition: str = "",
    at: datetime | None = None,
) -> Done:
    """A unit by its code as people write it; its building must be there."""
    normal = room_code(code)
    parts = room_parts(normal) if normal else None
    if parts is None:
        raise no("code", "房号看不懂，请写成 3-1-1201（栋-单元-室）或 3栋1单元1201。")
    building = Building.objects.filter(community=community, code=parts.building).first()
    if building is None:
        raise no("code", f"还没有 {parts.building} 栋，请先登记楼栋，或核对房号。")
    if Unit.objects.filter(community=community, code=normal).exists():
        raise Conflict(f"房屋 {normal} 已登记，请勿重复新增。", {"code": "房号重复"})
    unit = Unit(
        community=community, building=building, code=normal, order=sort_key(normal), entrance=parts.entrance,
        room=parts.room, floor=parts.floor,
        **unit_details(kind=kind, state=state, area=area, delivered_on=delivered_on, structure=structure, condition=condition),
    )
    try:
        unit.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"房屋 {normal} 刚被登记，请刷新后核对。") from None
    terms.file_units([unit])
    return Done(unit, {"code": normal})


@action("estate.unit_edited", may="estate.edit", says="修改房屋 {code}：{changes}")
def edit_unit(actor: Actor, unit: Unit, /, *, at: datetime | None = None, **details: Any) -> Done:
    """Change what is known of a unit: any of kind, state, area, delivered_on, structure, condition."""
    current = {name: getattr(unit, name) for name in UNIT_DETAILS}
    changes = put(unit, unit_details(**(current | details)))
    return Done(unit, {"code": unit.code, "changes": changes})


@action("estate.vehicle_added", may="estate.edit", says="登记车辆 {plate}")
def add_vehicle(
    actor: Actor, community: Community, /, *, plate: str, unit: Unit | None = None, person: Person | None = None,
    at: datetime | None = None,
) -> Done:
    number = plate_number(plate)
    if not number:
        raise no("plate", "车牌看不懂，请写成 粤B12345；新能源车牌为 8 位，如 粤BD12345。")
    for owner in (unit, person):
        same_community(community.pk, owner)
    if Vehicle.objects.filter(community=community, plate=number).exists():
        raise Conflict(f"车牌 {number} 已登记，请核对。", {"plate": "车牌重复"})
    vehicle = Vehicle(community=community, plate=number, unit=unit, person=person)
    try:
        vehicle.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"车牌 {number} 刚被登记，请刷新后核对。") from None
    terms.file_vehicles([vehicle])
    return Done(vehicle, {"plate": number, "unit": unit.code if unit else ""})


@action("estate.vehicle_removed", may="estate.edit", says="注销车辆 {plate}")
def remove_vehicle(actor: Actor, vehicle: Vehicle, /, *, at: datetime | None = None) -> Done:
    subject = f"estate.vehicle:{vehicle.pk}"
    deleted, _ = Vehicle.objects.filter(pk=vehicle.pk).delete()
    if not deleted:
        raise Conflict(f"车辆 {vehicle.plate} 刚被注销，请刷新后核对。")
    return Done(subject, {"plate": vehicle.plate})


def put(record: Any, values: dict[str, Any]) -> str:
    """Set what differs, save it, and say in words what changed (label：before→after); Refused if nothing did."""
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    if not changed:
        raise Refused("没有任何改动，无需保存。")
    said = []
    for name, value in changed.items():
        label = record._meta.get_field(name).verbose_name
        before = _shown(record, name)
        setattr(record, name, value)
        said.append(f"{label}：{before}→{_shown(record, name)}")
    record.save(update_fields=list(changed))
    return "；".join(said)


def _shown(record: Any, name: str) -> str:
    show = getattr(record, f"get_{name}_display", None)
    value = show() if show else getattr(record, name)
    return "空" if value in (None, "") else str(value)


def same_community(community_id: int, thing: Any) -> None:
    """What belongs to another community does not exist here."""
    if thing is not None and thing.community_id != community_id:
        raise NotFound
