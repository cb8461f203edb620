"""Visits: how much of the day's round of households is done, who needs special care, one visit, the records, the months."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import EXPORT_LIMIT, Column, Filter, Register
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.words import number_in
from shouwen.kernel.zone import CHINA

from .. import actions, queries
from ..forms import VisitForm
from ..models import Visit
from .desk import communities, day_of, exported, here_of

MOST = 100
"""Households listed on the page; the .xlsx has all."""

VISITS = Register(
    "premises:visits", queries.visits, title="巡访、回访记录",
    columns=[
        Column("unit", title="房号", value=lambda row: row.unit.code), Column("kind", "badge", tones={"visit": "success", "follow_up": "info"}), Column("at", "when"), Column("way"),
        Column("met"), Column("content"), Column("service", title="关照服务"), Column("opinion"), Column("ticket_number"), Column("satisfied", title="满意", value=lambda row: {True: "满意", False: "不满意"}.get(row.satisfied, "")),
        Column("by_name"), Column("recorded_at", "when"),
    ],
    filters=["kind", "met", "at", Filter("community_id", "小区", communities)], search=["unit__code", "content", "opinion", "by_name"], search_hint="房号、内容或记录人", may="premises.view",
    exported=exported, template="premises/register.html", opens=lambda row: reverse("premises:visit_new", args=[row.unit_id]), new=("记一次巡访", "/premises/visits/new", "premises.work"),
    empty=("还没有巡访记录", "上门以后在这里记一户一条；没有记录不算巡访。"),
)  # fmt: skip


@require_safe
def coverage(request: HttpRequest) -> HttpResponseBase:
    """?day= ?steward= ?building= ?show=all ?format=xlsx. Visited of all by building, and whom to visit: special care first. D3.99, D3.103."""
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    day, today = day_of(request.GET.get("day", "")), localdate(now(), CHINA)
    here = duty.current_directory(place)
    rows = queries.coverage(place.pk, day)
    by = sorted({row.steward for row in rows if row.steward}, key=here.name)
    wanted = request.GET.get("steward", str(actor.id) if actor.id in by else "")
    steward, building = number_in(wanted), number_in(request.GET.get("building", ""))
    shown = [row for row in rows if (not steward or row.steward == steward) and (not building or row.building.pk == building)]
    every = request.GET.get("show") == "all"
    units = queries.plan_of_day(actor, place.pk, day, [row.building.pk for row in shown], left_only=not every)
    if request.GET.get("format") == "xlsx":
        return _xlsx(request, place, day, units, here.name(steward) if steward else "")
    listed = list(units[: MOST + 1])
    care = queries.cared_for([one.pk for one in listed])
    total, seen = sum(row.households for row in shown), sum(row.visited for row in shown)
    return render(request, "premises/coverage.html", {
        "place": place, "day": day, "is_today": day == today, "before": day - timedelta(1), "after": day + timedelta(1) if day < today else None,
        "rows": [(row, here.name(row.steward) if row.steward else "") for row in shown], "all_rows": rows, "stewards": [(user, here.name(user)) for user in by], "steward": steward,
        "building": building, "every": every, "total": total, "seen": seen, "left": total - seen, "share": 100 * seen // total if total else 100,
        "cared": (cared := sum(row.cared for row in shown)), "care_note": f"已访 {sum(row.cared_for for row in shown)} 户" if cared else "", "more": len(listed) > MOST,
        "units": [(one, care.get(one.pk, [])) for one in listed[:MOST]], "may_work": actor.may("premises.work", place.pk), "may_edit": actor.may("premises.edit", place.pk),
    }, part="day")  # fmt: skip


def _xlsx(request, place, day, units, steward):  # type: ignore[no-untyped-def]
    rows = list(units[: EXPORT_LIMIT + 1])
    care = queries.cared_for([one.pk for one in rows])
    lines = [[one.code, "已访" if one.seen else "敲门无人" if one.knocked else "未访", "、".join(sorted({each.person.care for each in care.get(one.pk, [])})), one.last_at] for one in rows]
    return export(
        request.actor, title=f"{place.name}巡访情况-{day}", heads=["房号", "情况", "特别关照", "上次巡访"], rows=lines, filters={"日期": str(day), "管理员": steward}, log=exported
    )


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """?room=: which household? What is typed as people write rooms leads to its form."""
    actor, place = request.actor, here_of(request, "premises.work")  # type: ignore[attr-defined]
    text = request.GET.get("room", "")[:40]
    found = estate.unit_by_code(place.pk, text) if text.strip() else None
    if found is not None:
        return redirect("premises:visit_new", found.pk)
    missing = f"本小区没有房号「{text}」，请核对，写成 3-1-1201 这样。" if text.strip() else ""
    return render(request, "premises/find.html", {"place": place, "text": text, "missing": missing, "actor": actor}, status=422 if missing else 200)


def visit(request: HttpRequest, unit: int) -> HttpResponse:
    """One household: who needs care, what was said lately, and the form of a visit."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found = estate.unit(actor, unit)
    queries.place(actor, found.community_id)
    may_work = actor.may("premises.work", found.community_id)
    initial = {"kind": "visit", "way": "home", "happened_at": at.astimezone(CHINA)}
    form = VisitForm(request.POST or None, initial=initial)
    if request.method == "POST":
        if not may_work:
            raise NotFound
        if form.is_valid():
            try:
                row = actions.record_visit(actor, found, what=form.given(request.POST.get("idempotency_key", "")), at=at)
                said = f"已记下 {found.code} 的{row.get_kind_display()}。" + (f"意见已转建议 {row.ticket_number}。" if row.ticket_number else "")
                return flash(redirect("premises:coverage"), said)
            except Refused as no:
                if no.status not in (409, 422):
                    raise
                blame(form, no)
    rows = list(Visit.objects.filter(unit=found).order_by("-at")[:10])
    return render(request, "premises/visit.html", {
        "unit": found, "form": form, "visits": rows, "care": queries.cared_for([found.pk]).get(found.pk, []), "may_work": may_work,
    }, status=422 if form.errors else 200)  # fmt: skip


@require_safe
def months(request: HttpRequest) -> HttpResponse:
    """The routine follow-up of the last months: figures from the records, summary, receipt; a month without any is named. D2.75, D2.76."""
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    found = queries.months(actor, place.pk, localdate(now(), CHINA))
    return render(request, "premises/months.html", {"place": place, "months": found, "may_work": actor.may("premises.work", place.pk)})
