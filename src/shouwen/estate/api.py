"""The JSON interface of this area, below /api/v1/estate/. Everything private is masked; reveals happen on pages only."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Forbidden
from shouwen.kernel.screens import page_of

from . import actions, queries
from .models import Occupancy, Person, Unit
from .private import mask_name

router = Router()


class FoundOut(Schema):
    kind: str = Field(title="类别：unit 房屋、person 住户、vehicle 车辆")
    title: str = Field(title="名称（姓名已脱敏）")
    detail: str = Field(title="说明（已脱敏）")
    matched: str = Field(title="按什么找到")
    community_id: int = Field(title="小区编号")
    unit_id: int | None = Field(title="房屋编号")
    unit_code: str = Field(title="房号")
    person_id: int | None = Field(title="住户编号")
    vehicle_id: int | None = Field(title="车辆编号")


class CommunityOut(Schema):
    id: int = Field(title="编号")
    slug: str = Field(title="代号")
    name: str = Field(title="名称")


class UnitOut(Schema):
    id: int = Field(title="编号")
    community_id: int = Field(title="小区编号")
    code: str = Field(title="房号")
    kind: str = Field(title="用途")
    state: str = Field(title="状态")
    area: str | None = Field(title="建筑面积")


class ResidentOut(Schema):
    person_id: int = Field(title="住户编号")
    name: str = Field(title="姓名（已脱敏）")
    kind: str = Field(title="身份")
    phone: str = Field(title="手机（已脱敏）")
    starts_on: str = Field(title="开始日期")


class UnitFileOut(UnitOut):
    residents: list[ResidentOut] = Field(title="住户")
    vehicles: list[str] = Field(title="车牌")
    gaps: list[str] = Field(title="档案缺项")


class PersonOut(Schema):
    id: int = Field(title="编号")
    community_id: int = Field(title="小区编号")
    name: str = Field(title="姓名（已脱敏）")
    phone: str = Field(title="手机（已脱敏）")
    units: list[str] = Field(title="房号")


class UnitsPage(Schema):
    items: list[UnitOut] = Field(title="房屋")
    next: str | None = Field(title="下一页的 after，空为没有")


class PeoplePage(Schema):
    items: list[PersonOut] = Field(title="住户")
    next: str | None = Field(title="下一页的 after，空为没有")


def _viewer(request: HttpRequest) -> Actor:
    """Who asks, if they may look into files somewhere."""
    actor: Actor = request.actor
    if actor.places("estate.view") == frozenset():
        raise Forbidden(f"{actor.name}没有「查看房产与住户」权限。")
    return actor


@router.get("/communities", response=list[CommunityOut], summary="小区")
def communities(request: HttpRequest) -> Any:
    """Communities that the caller may see."""
    return list(queries.communities(_viewer(request)))


@router.get("/find", response=list[FoundOut], summary="查找房屋、住户、车辆")
def find(
    request: HttpRequest, q: str = Query(..., max_length=64, title="房号、姓名、拼音首字母、手机后四位或车牌"),
    community_id: int | None = Query(None, ge=1, le=queries.LARGEST, title="小区编号"),
    limit: int = Query(12, ge=1, le=50, title="条数"),
) -> Any:  # fmt: skip
    """The same box as on the page, best answers first."""
    return queries.find(_viewer(request), q, community_id, limit)


@router.get("/units", response=UnitsPage, summary="房屋")
def units(
    request: HttpRequest, q: str = Query("", max_length=64, title="房号"),
    community_id: int | None = Query(None, ge=1, le=queries.LARGEST, title="小区编号"),
    after: str = Query("", max_length=500, title="上一页给出的 next"), limit: int = Query(50, ge=1, le=200, title="条数"),
) -> Any:  # fmt: skip
    rows = queries.units(_viewer(request)).filter(Q(community_id=community_id) if community_id else Q())
    page = page_of(queries.spelt(rows, "unit_id", q) if q.strip() else rows, after or None, limit)
    return {"items": [_unit(one) for one in page], "next": page.next}


@router.get("/units/{int:pk}", response=UnitFileOut, summary="房屋档案")
def unit(request: HttpRequest, pk: int) -> Any:
    """The file of a unit, masked. That it was looked at stands in the journal."""
    actor = _viewer(request)
    found = queries.unit(actor, pk)
    actions.view_file(actor, found, at=now())
    profile = queries.profile(actor, found)
    return _unit(found) | {
        "residents": [_resident(one) for one in profile.residents], "vehicles": [car.plate for car in profile.vehicles],
        "gaps": profile.gaps,
    }


@router.get("/people", response=PeoplePage, summary="住户")
def people(
    request: HttpRequest, q: str = Query("", max_length=64, title="姓名、拼音首字母或手机后四位"),
    community_id: int | None = Query(None, ge=1, le=queries.LARGEST, title="小区编号"),
    after: str = Query("", max_length=500, title="上一页给出的 next"), limit: int = Query(50, ge=1, le=200, title="条数"),
) -> Any:  # fmt: skip
    rows = queries.people_with_homes(_viewer(request)).filter(Q(community_id=community_id) if community_id else Q())
    page = page_of(queries.spelt(rows, "person_id", q) if q.strip() else rows, after or None, limit)
    return {"items": [_person(one) for one in page], "next": page.next}


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.pk, "community_id": unit.community_id, "code": unit.code, "kind": unit.kind, "state": unit.state,
        "area": None if unit.area is None else str(unit.area),
    }


def _resident(one: Occupancy) -> dict[str, Any]:
    return {
        "person_id": one.person_id, "name": mask_name(one.person.name), "kind": one.kind, "phone": one.person.phone_masked,
        "starts_on": one.starts_on.isoformat(),
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.pk, "community_id": person.community_id, "name": mask_name(person.name), "phone": person.phone_masked,
        "units": [one.unit.code for one in person.living],
    }
