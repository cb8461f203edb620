"""The lists: units, people, vehicles, incomplete files; buildings at a glance; the search box."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.web import here

from .. import actions, queries
from ..forms import BuildingForm
from ..models import Community, Unit
from ..private import mask_name

STATES = {"occupied": "success", "vacant": "neutral", "renovating": "info", "undelivered": "warning"}


@dataclass
class Spelt(Register):
    """A register whose search box asks the index of spellings instead of columns: as fast at a million rows."""

    column: str = "unit_id"

    def _searched(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        return queries.spelt(rows, self.column, words) if words else rows


def _communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in queries.communities(actor)]


def _exported(actor: Actor, *, title: str, rows: int, filters: dict[str, str]) -> None:
    """The journal line of an export, in the community that this person works in."""
    places = actor.places("estate.edit")
    where = actor.community if places is None or actor.community in places else next(iter(sorted(places)), None)
    said = "，".join(f"{name}：{value}" for name, value in filters.items()) or "未筛选"
    actions.export_register(actor, where, title=title, rows=rows, filters=said, at=now())


def _residents(unit: Unit) -> str:
    names = [f"{mask_name(one.person.name)}（{one.get_kind_display()}）" for one in unit.living]
    return "、".join(names[:3]) + (f" 等 {len(names)} 人" if len(names) > 3 else "")


def _homes(person: Any) -> str:
    return "、".join(f"{one.unit.code}（{one.get_kind_display()}）" for one in person.living[:3]) or "已迁出"


_PLACE = Filter("community_id", "小区", _communities)
_SHARED: dict[str, Any] = {"may": "estate.view", "may_export": "estate.edit", "exported": _exported, "template": "estate/register.html"}

UNITS = Spelt(
    "estate:units", queries.units_with_people, title="房屋",
    columns=[
        Column("code", title="房号"), Column("community__name", title="小区"), Column("kind"),
        Column("residents", title="住户", value=_residents), Column("area", "number"), Column("state", "badge", tones=STATES),
    ],
    filters=[_PLACE, "kind", "state"], search=["code"], search_hint="房号，如 3-1-1201 或 1201",
    opens=lambda unit: reverse("estate:unit", args=[unit.pk]), new=("登记房屋", "/estate/units/new", "estate.edit"),
    empty=("还没有房屋", "先登记楼栋和房屋，或用表格批量导入。"), column="unit_id", **_SHARED,
)  # fmt: skip
PEOPLE = Spelt(
    "estate:people", queries.people_with_homes, title="住户",
    columns=[
        Column("name", title="姓名", value=lambda person: mask_name(person.name)), Column("community__name", title="小区"),
        Column("homes", title="房屋", value=_homes), Column("phone_masked"), Column("care"),
    ],
    filters=[_PLACE], search=["name"], search_hint="姓名、拼音首字母、手机后四位",
    opens=lambda person: reverse("estate:person", args=[person.pk]),
    empty=("还没有住户", "在房屋页登记住户，或用表格批量导入。"), column="person_id", **_SHARED,
)  # fmt: skip
VEHICLES = Spelt(
    "estate:vehicles", queries.vehicles, title="车辆",
    columns=[
        Column("plate"), Column("unit__code", title="房屋"),
        Column("owner", title="车主", value=lambda vehicle: mask_name(vehicle.person.name) if vehicle.person else ""),
    ],
    filters=[_PLACE], search=["plate"], search_hint="车牌，如 粤B12345 或 12345",
    opens=lambda vehicle: reverse("estate:unit", args=[vehicle.unit_id]) if vehicle.unit_id else "",
    empty=("还没有车辆", "在房屋页登记车辆，或用表格批量导入。"), column="vehicle_id", **_SHARED,
)  # fmt: skip


def gaps(request: HttpRequest) -> Any:
    """Files that lack something every file must have, in the community one is looking at (D7.08)."""
    community = place(request)
    listed = replace(GAPS, query=lambda actor: queries.incomplete_units(actor, community.pk))
    return listed.page(request)


GAPS = Spelt(
    "estate:gaps", queries.units, title="档案缺项",
    columns=[
        Column("code", title="房号"), Column("kind"),
        Column("gaps", title="缺少", value=lambda unit: "、".join(queries.gaps_listed(unit))),
    ],
    search=["code"], search_hint="房号", opens=lambda unit: reverse("estate:unit", args=[unit.pk]),
    empty=("没有缺项", "本小区每户档案的必填资料都齐全。"), column="unit_id", **_SHARED,
)  # fmt: skip


def areas(request: HttpRequest) -> HttpResponse:
    """Buildings with their households (D3.90); a form for a new building."""
    actor, community = request.actor, place(request)
    form = BuildingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            building = actions.add_building(actor, community, **form.cleaned_data, at=now())
            return flash(redirect("estate:areas"), f"已登记楼栋：{building.name}。")
        except Refused as refused:
            blame(form, refused)
    listed = queries.areas(actor, community.pk)
    return render(request, "estate/areas.html", {
        "areas": listed, "form": form, "may_edit": actor.may("estate.edit", community.pk), "place": community,
        "units": sum(area.units for area in listed), "households": sum(area.households for area in listed),
    }, status=422 if form.errors else 200)  # fmt: skip


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """The one search box, answered while one types."""
    actor = request.actor
    if not _sees_any(actor):
        raise NotFound
    text = request.GET.get("q", "")[:64]
    found = queries.find(actor, text, limit=20)
    names = dict(_communities(actor)) if found else {}
    return render(request, "estate/find.html", {
        "q": text.replace("\x00", ""), "found": [(one, names.get(one.community_id, "")) for one in found], "asked": bool(text.strip()),
    }, part="hits")  # fmt: skip


def place(request: HttpRequest, permission: str = "estate.view") -> Community:
    """The community one is looking at, if one may; else the first where one may."""
    actor = request.actor
    chosen = here(request)
    if chosen is not None and actor.may(permission, chosen):
        return queries.community(actor, chosen)
    for community in queries.communities(actor):
        if actor.may(permission, community.pk):
            return community
    raise NotFound


def _sees_any(actor: Actor) -> bool:
    places = actor.places("estate.view")
    return places is None or bool(places)
