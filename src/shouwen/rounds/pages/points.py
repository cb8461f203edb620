"""Points: the register, one point with its history, many from a spreadsheet, labels to print."""

from __future__ import annotations

from typing import Any, Final

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.estate import spreadsheets
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Register
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.words import number_in

from .. import actions, queries
from ..actions.plans import CheckSpec, PointSpec
from ..forms import PointForm, checks_of, specs_in
from ..models import Check, Point, Reading
from .phone import here_of
from .today import _exported

SHEET: Final = 120
SCOPES: Final = {label: value for value, label in Point.Scope.choices}
HEADS: Final = ("名称", "位置", "范围", "房号", "NFC 标签号", "检查项")

POINTS = Register(
    "rounds:points", lambda actor: queries.points(actor).filter(retired_at=None), title="巡查点位",
    columns=[Column("number"), Column("title"), Column("place"), Column("scope"), Column("tag"), Column("community", title="小区", value=lambda one: one.community.name)],
    filters=["scope"], search=["number", "title", "place"], search_hint="编号、名称或位置", may="rounds.view", exported=_exported, template="rounds/points.html",
    opens=lambda one: reverse("rounds:point", args=[one.pk]), new=("登记点位", "/rounds/points/new", "rounds.edit"),
    empty=("还没有点位", "把要巡的地方登记成点位，打印二维码贴上，再排进路线。"),
)  # fmt: skip


@require_safe
def point(request: HttpRequest, pk: int) -> HttpResponse:
    """One point: what is asked there, its code, who was there last."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.point(actor, pk)
    rows = list(Reading.objects.filter(point=found).select_related("run__plan").order_by("-at")[:30])
    return render(request, "rounds/point.html", {
        "point": found, "checks": list(found.checks.all()), "readings": rows, "picture": _picture(found),
        "routes": [stop.route for stop in found.stops.select_related("route")], "may_edit": actor.may("rounds.edit", found.community_id),
    })  # fmt: skip


def edit_point(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """A new point (pk 0) or a change of one; `do=retire` takes it out of use."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.point(actor, pk) if pk else None
    place = found.community if found else here_of(request, "rounds.edit")
    if not actor.may("rounds.edit", place.pk):
        raise NotFound
    initial: dict[str, Any] = {name: getattr(found, name) for name in ("title", "place", "scope", "tag")} | {"unit": found.unit.code if found.unit else ""} if found else {}
    form = PointForm(request.POST or None, initial=initial)
    checks = checks_of(request.POST) if request.method == "POST" else tuple(specs_in(found.checks.all())) if found else ()
    if request.method == "POST" and found and request.POST.get("do") == "retire":
        actions.retire_point(actor, found, at=now())
        return flash(redirect("rounds:points"), f"已停用「{found.title}」，并从路线中取下。")
    if request.method == "POST" and form.is_valid():
        try:
            spec = form.spec(checks)
            row = actions.edit_point(actor, found, spec=spec, at=now()) if found else actions.add_point(actor, place, spec=spec, at=now())
            return flash(redirect("rounds:point", row.pk), f"已保存点位 {row.number} {row.title}。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            blame(form, no)
    context = {"form": form, "point": found, "place": place, "checks": checks, "kinds": Check.Kind.choices}
    return render(request, "rounds/point_edit.html", context, status=422 if form.errors else 200)


def import_points(request: HttpRequest) -> HttpResponse:
    """Points from a spreadsheet: shown with what is wrong in which row, taken in whole or not at all."""
    actor, place = request.actor, here_of(request, "rounds.edit")  # type: ignore[attr-defined]
    problems: list[tuple[int, str]] = []
    upload = request.FILES.get("file")
    if request.method == "POST":
        try:
            if upload is None:
                raise Refused("没有收到文件，请选择填好的表格。")
            sheet = spreadsheets.read(upload.read(spreadsheets.MOST_BYTES + 1), upload.name or "")
            specs, problems = _specs(sheet)
            if not problems:
                made = actions.add_points(actor, place, specs=specs, at=now())
                return flash(redirect("rounds:points"), f"已登记 {len(made)} 个点位，可以打印二维码了。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            problems = [(0, no.message)]
    return render(request, "rounds/import.html", {"place": place, "problems": problems[:50], "heads": HEADS, "scopes": list(SCOPES)}, status=422 if problems else 200)


def _specs(sheet: spreadsheets.Sheet) -> tuple[list[PointSpec], list[tuple[int, str]]]:
    at = {head: n for n, head in enumerate(sheet.headers)}
    if "名称" not in at:
        return [], [(1, "第一行没有「名称」这一列，请照页面上列出的表头填写。")]
    specs, problems = [], []
    for number, cells in sheet.rows:
        said = {head: str(cells[at[head]]).strip() if head in at else "" for head in HEADS}
        if not said["名称"]:
            problems.append((number, "没有名称。"))
        if said["范围"] and said["范围"] not in SCOPES:
            problems.append((number, f"范围「{said['范围'][:20]}」不在列表里。"))
        checks = tuple(CheckSpec(title) for title in said["检查项"].replace("；", "、").replace("，", "、").split("、") if title.strip())
        specs.append(PointSpec(said["名称"], said["位置"], SCOPES.get(said["范围"], Point.Scope.PUBLIC), said["房号"], said["NFC 标签号"], checks))
    return specs, problems


@require_safe
def labels(request: HttpRequest) -> HttpResponse:
    """Codes to cut out, twelve on an A4: of a route (?route=), of one point (?point=), or of all."""
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    rows = queries.points(actor).filter(community=place.pk, retired_at=None)
    route, one = number_in(request.GET.get("route")), number_in(request.GET.get("point"))
    if route:
        rows = rows.filter(stops__route=route).order_by("stops__position")
    if one:
        rows = rows.filter(pk=one)
    found = list(rows[: SHEET + 1])
    shown = [(point, _picture(point)) for point in found[:SHEET]]
    sheets = [shown[start : start + 12] for start in range(0, len(shown), 12)]
    return render(request, "rounds/labels.html", {"sheets": sheets, "place": place, "more": len(found) > SHEET})


def _picture(point: Point) -> str:
    base = settings.SHOUWEN["BASE_URL"].rstrip("/")
    return str(segno.make(f"{base}/rounds/p/{point.key}", error="m", micro=False).svg_data_uri(scale=4, border=1))


