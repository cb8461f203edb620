"""统计 · 住户评价: what residents thought of what was done, and whom that concerns; the low ones to be looked into."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import render
from shouwen.org import queries as org

from .. import actions, queries
from ..calendars import local
from ..ratings import Ratings
from ..ratings import ratings as counted
from .reports import day_of

SHOWN: Final = 50
"""Low ratings on the page; the workbook has them all."""


@require_safe
def ratings(request: HttpRequest) -> HttpResponseBase:
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
    procedures, departments = queries.titles(actor, community.pk), org.departments(community.pk)
    wrong: Refused | None = None
    found: Ratings | None = None
    since, until = _usual(at)
    given = {"procedure": request.GET.get("procedure", ""), "department": request.GET.get("department", "")}
    given = {name: value if value in dict(known) else "" for (name, value), known in zip(given.items(), (procedures, departments), strict=True)}
    try:
        since, until = day_of(request.GET.get("since"), since), day_of(request.GET.get("until"), until)
        found = counted(actor, community.pk, since=since, until=until, **given)
    except Refused as no:
        if no.status != 422:
            raise
        wrong = no
    if found is not None and request.GET.get("format") == "xlsx":
        said = {"办结日期": f"{since} 至 {until}", "规程": dict(procedures).get(given["procedure"], ""), "部门": dict(departments).get(given["department"], "")}
        return _workbook(actor, community, found, {name: value for name, value in said.items() if value}, at)
    query = urlencode({"since": since, "until": until} | given)
    return render(request, "procedures/ratings.html", {
        "found": found, "wrong": wrong, "procedures": procedures, "departments": departments, "since": since, "until": until, **given,
        "low": found.low[:SHOWN] if found else [], "more": max(len(found.low) - SHOWN, 0) if found else 0,
        "most": max((count for _, count in found.spread), default=0) or 1 if found else 1,
        "share": f"{found.whole.share:.0%}" if found else "", "share_note": f"评了 {found.whole.answered} / 请评 {found.whole.asked} 张" if found else "",
        "export": f"?{query}&format=xlsx" if found and found.voices else "",
    }, part="list", status=422 if wrong else 200)  # fmt: skip


def _usual(at: datetime) -> tuple[date, date]:
    """This month and the five before it."""
    today = local(at).date()
    first = today.replace(day=1)
    for _ in range(5):
        first = (first - timedelta(days=1)).replace(day=1)
    return first, today


def _workbook(actor: Any, community: Any, found: Ratings, filters: dict[str, str], at: datetime) -> FileResponse:
    """Every rating of the period as the page counts them."""
    heads = ["工单", "规程", "地点", "办理部门", "评分", "意见", "评价时间"]
    rows = [[one.number, one.procedure, one.place, one.departments, one.stars, one.words, one.at] for one in found.voices]
    share = f"{community.name}，请评 {found.whole.asked} 张，回收 {found.whole.answered} 张"
    log = partial(actions.export_tickets, actor, community.pk, at=at)
    return export(actor, title="住户评价", heads=heads, rows=rows, filters=filters, log=lambda _, **facts: log(**facts), note=share)
