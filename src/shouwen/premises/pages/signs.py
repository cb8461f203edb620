"""The register of signs, one sign, and the two checks of a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.words import number_in
from shouwen.kernel.zone import CHINA
from shouwen.rounds.models import Reading

from .. import actions, queries
from ..forms import SignForm
from .desk import buildings, communities, day_of, exported, here_of, stewards

TONES = {"standby": "info", "up": "success", "removed": "neutral"}

SIGNS = Register(
    "premises:signs", queries.signs, title="标识台账",
    columns=[
        Column("number"), Column("state", "badge", tones=TONES), Column("words"), Column("category"), Column("target"), Column("place"), Column("quantity", "number"),
        Column("steward_name", title="管理员"), Column("list_number"), Column("placed_by"), Column("placed_at", "when"), Column("last_at", "when", title="上次检查"),
    ],
    filters=["category", "target", "state", Filter("building_id", "楼栋", buildings), Filter("steward", "管理员", stewards), Filter("community_id", "小区", communities)],
    search=["number", "words", "place", "list_number"], search_hint="编号、内容、位置或清单号", may="premises.view", exported=exported, template="premises/signs.html",
    opens=lambda row: reverse("premises:sign", args=[row.pk]), new=("登记原有标识", "/premises/signs/new", "premises.edit"),
    empty=("还没有标识", "增设标识：由管理员在「受理」里填《标识使用清单》，审核通过、放好后自动入册。原来就挂着的可以补登。"),
)  # fmt: skip


def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """One sign: its list, who drafted, approved and placed it, who looked at it; up, elsewhere, down."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found: Any = queries.sign(actor, pk)
    may_work = actor.may("premises.work", found.community_id)
    given, refused = request.POST, None
    if request.method == "POST":
        if not may_work:
            raise NotFound
        try:
            match given.get("do"):
                case "up":
                    actions.put_up(actor, found, place=given.get("place", ""), building=given.get("building", ""), at=at)
                    said = f"{found.number} 已放置，今天起每天检查两遍。"
                case "move":
                    actions.edit_sign(actor, found, place=given.get("place", ""), building=given.get("building", ""), at=at)
                    said = f"{found.number} 已移位。"
                case "remove":
                    actions.remove_sign(actor, found, reason=given.get("reason", ""), at=at)
                    said = f"{found.number} 已撤除。"
                case _:
                    raise Refused("没有这个操作。请刷新页面后再试。")
            return flash(redirect("premises:sign", pk), said)
        except Refused as no:
            if no.status not in (409, 422):
                raise
            refused = no
    readings = list(Reading.objects.filter(point=found.point_id).select_related("run__plan").order_by("-at")[:30]) if found.point_id else []
    return render(request, "premises/sign.html", {
        "sign": found, "tone": TONES[found.state], "steward": found.steward_name, "readings": readings, "refused": refused, "typed": given, "may_work": may_work,
    }, status=refused.status if refused else 200)  # fmt: skip


def record(request: HttpRequest) -> HttpResponse:
    """A sign that hung before the register began."""
    actor, place = request.actor, here_of(request, "premises.edit")  # type: ignore[attr-defined]
    form = SignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.record_sign(actor, place, **form.cleaned_data, at=now())
            return flash(redirect("premises:sign", row.pk), f"已登记 {row.number}，编入每天的标识检查。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            blame(form, no)
    return render(request, "premises/sign_new.html", {"form": form, "place": place}, status=422 if form.errors else 200)


@require_safe
def checks(request: HttpRequest) -> HttpResponseBase:
    """?day= ?steward= ?format=xlsx. Each sign on a day: 0/2, 1/2, 2/2, by whom, and what was missed. D3.87, D3.88."""
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    day, today = day_of(request.GET.get("day", "")), localdate(now(), CHINA)
    here = duty.current_directory(place)
    rows = queries.checks_of_day(actor, place.pk, day)
    by = sorted({row.sign.steward for row in rows if row.sign.steward}, key=here.name)  # type: ignore[attr-defined]
    steward = number_in(request.GET.get("steward", ""))
    if steward:
        rows = [row for row in rows if row.sign.steward == steward]  # type: ignore[attr-defined]
    names = {user: here.name(user) for user in by}
    if request.GET.get("format") == "xlsx":
        lines: list[list[Any]] = [
            [row.sign.number, row.sign.words, row.sign.place, names.get(row.sign.steward, ""), f"{row.count}/2", *(_said(row.readings, n) for n in (0, 1))]  # type: ignore[attr-defined]
            for row in rows
        ]  # fmt: skip
        heads = ["编号", "内容", "位置", "管理员", "次数", "第一遍", "第二遍"]
        return export(actor, title=f"{place.name}标识检查-{day}", heads=heads, rows=lines, filters={"日期": str(day), "管理员": names.get(steward or 0, "")}, log=exported)
    order = {"short": 0, "open": 1, "whole": 2}
    return render(request, "premises/checks.html", {
        "place": place, "day": day, "is_today": day == today, "before": day - timedelta(1), "after": day + timedelta(1) if day < today else None,
        "rows": [(row, names.get(row.sign.steward, "")) for row in sorted(rows, key=lambda row: (order[row.state], row.sign.number))],  # type: ignore[attr-defined]
        "whole": sum(row.state == "whole" for row in rows), "short": sum(row.state == "short" for row in rows), "bad": sum(row.bad is not None for row in rows), "total": len(rows),
        "stewards": list(names.items()), "steward": steward,
    }, part="day")  # fmt: skip


def _said(readings: list[Reading], n: int) -> str:
    if n >= len(readings):
        return ""
    one = readings[n]
    return f"{one.at.astimezone(CHINA):%H:%M} {one.by_name} {'正常' if one.good else f'异常 {one.ticket_number}'}"
