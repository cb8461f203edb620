"""Who is in arrears: the list for who keeps it, a new list from a file, one unit."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from shouwen.estate import queries as estate
from shouwen.estate import spreadsheets
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import flash, render
from shouwen.kernel.web import here

from .. import actions, lists, queries
from ..forms import ArrearsForm, ClearForm, blame

SHOWN = 100
"""Problems named on the page; whoever has more has a file of another kind."""


def _exported(actor: Actor, *, title: str, rows: int, filters: dict[str, str]) -> None:
    places = actor.places("fees.debts")
    where = actor.community if places is None or actor.community in places else next(iter(sorted(places)), None)
    actions.export_arrears(actor, where, title=title, rows=rows, filters="，".join(filters.values()) or "未筛选", at=now())


ARREARS = Register(
    "fees:arrears", queries.arrears, title="欠费名单",
    columns=[
        Column("unit", title="房号", value=lambda one: one.unit.code), Column("amount", "money"), Column("as_of"), Column("since"),
        Column("by_name"), Column("at"), Column("community", title="小区", value=lambda one: one.community.name),
    ],
    filters=[Filter("community_id", "小区", lambda actor: [(one.pk, one.name) for one in estate.communities(actor)])],
    search=["unit__code"], search_hint="房号", may="fees.debts", exported=_exported,
    opens=lambda one: reverse("fees:arrears_unit", args=[one.unit_id]), new=("登记名单", "/fees/arrears/import", "fees.debts"),
    empty=("没有欠费的房屋", "收费系统导出名单后在这里登记，前台来电时就能看到「欠费」标记；金额只有收费和管理的人看得到。"),
)  # fmt: skip


def take_list(request: HttpRequest) -> HttpResponse:
    """A list of the billing system: taken in whole, or shown with all that is wrong in it."""
    actor, place = request.actor, _place(request)  # type: ignore[attr-defined]
    form = ArrearsForm(request.POST or None, request.FILES or None, initial={"as_of": localdate(now())})
    problems: list[tuple[int, str, str]] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            content = given["file"].read(spreadsheets.MOST_BYTES + 1)
            reading = lists.read(place.pk, content, given["file"].name or "", given["as_of"])
            problems = reading.problems
            if not problems:
                made = actions.take_list(
                    actor, place, filename=given["file"].name or "名单", lines=reading.lines, as_of=given["as_of"],
                    whole=given["scope"] == "whole", sure=given["sure"], at=now(),
                )  # fmt: skip
                return flash(redirect("fees:arrears"), f"已登记：新欠费 {made.added} 户，消除 {made.cleared} 户，现在共 {made.owing} 户欠费。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            blame(form, no)
    context = {
        "form": form, "place": place, "problems": problems[:SHOWN], "many": len(problems), "columns": lists.COLUMNS,
        "lists": queries.arrears_lists(actor, place.pk)[:12], "asks_sure": "sure" in form.errors or form["sure"].value(),
    }
    return render(request, "fees/arrears_import.html", context, status=422 if form.errors or problems else 200)


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """The empty form to fill in."""
    _place(request)
    response = HttpResponse(lists.template(), content_type=spreadsheets.XLSX)
    response["Content-Disposition"] = content_disposition_header(True, "欠费名单模板.xlsx") or ""
    return response


def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """The flag of one unit; POST: it has paid."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = estate.unit(actor, pk)
    if not actor.may("fees.debts", found.community_id):
        raise NotFound
    form = ClearForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.clear(actor, found, remark=form.cleaned_data["remark"], at=now())
            return flash(redirect("fees:arrears"), f"{found.code} 已消除欠费标记。")
        except Refused as no:
            if no.status != 422:
                raise
            blame(form, no)
    context: dict[str, Any] = {"unit": found, "arrears": queries.arrears_of(actor, found), "form": form}
    return render(request, "fees/arrears_unit.html", context, status=422 if form.errors else 200)


def _place(request: HttpRequest) -> Community:
    """The community one is looking at, where one keeps the list; otherwise the first where one does."""
    actor, chosen = request.actor, here(request)  # type: ignore[attr-defined]
    for community in sorted(estate.communities(actor), key=lambda one: one.pk != chosen):
        if actor.may("fees.debts", community.pk):
            return community
    raise NotFound
