"""The register of parking permits, one permit with its history, and a new one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate

from shouwen.estate import queries as estate
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.zone import CHINA

from .. import actions, queries
from ..forms import PermitChangeForm, PermitEndForm, PermitForm
from ..models import Permit
from .desk import communities, exported, here_of

TONES = {"使用中": "success", "已到期": "warning", "到期换发": "neutral", "已收回": "neutral", "已挂失": "danger"}


def _today() -> date:
    return localdate(now(), CHINA)


def standing(row: Any) -> str:
    """Its state in words; one that is in use and ran out is 已到期."""
    return "已到期" if row.state == Permit.State.VALID and not row.current else row.get_state_display()


PERMITS = Register(
    "premises:permits", lambda actor: queries.permits(actor, _today()), title="停车证",
    columns=[
        Column("number"), Column("standing", "badge", title="状态", value=standing, tones=TONES), Column("unit", title="房号", value=lambda row: row.unit.code), Column("plate"),
        Column("starts_on", "date"), Column("ends_on", "date"), Column("remark"), Column("issued_by"), Column("issued_at", "when"),
    ],
    filters=[Filter("current", "效力", [(True, "现行"), (False, "以往")]), Filter("state", "状态"), Filter("ends_on", "有效期至"), Filter("community_id", "小区", communities)],
    search=["number", "plate", "unit__code"], search_hint="停车证号、车牌或房号", may="premises.view", exported=exported, template="premises/permits.html",
    opens=lambda row: reverse("premises:permit", args=[row.pk]), new=("发停车证", "/premises/permits/new", "premises.work"),
    empty=("还没有停车证", "业户来办停车证时，在这里按房号和车牌发证，编号自动排。"),
)  # fmt: skip


def issue(request: HttpRequest) -> HttpResponse:
    """To which unit, for which car, from when to when. `?room=` is filled in."""
    actor, place, today = request.actor, here_of(request, "premises.work"), _today()  # type: ignore[attr-defined]
    initial = {"room": request.GET.get("room", "")[:40], "starts_on": today, "ends_on": today + timedelta(days=364)}
    form = PermitForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        room = data.pop("room")
        unit = estate.unit_by_code(place.pk, room)
        if unit is None:
            form.add_error("room", f"本小区没有房号「{room}」，请核对，写成 3-1-1201 这样。")
        else:
            try:
                row = actions.issue_permit(actor, unit, **data, at=now())
                return flash(redirect("premises:permit", row.pk), f"已发停车证 {row.number}。")
            except Refused as no:
                if no.status not in (409, 422):
                    raise
                blame(form, no)
    return render(request, "premises/permit_new.html", {"form": form, "place": place}, status=422 if form.errors else 200)


def permit(request: HttpRequest, pk: int) -> HttpResponse:
    """One permit: whose it is, until when, everything that happened to it; change, withdraw, report lost."""
    actor = request.actor  # type: ignore[attr-defined]
    found: Any = queries.permit(actor, pk, _today())
    may_work = actor.may("premises.work", found.community_id)
    change, end = PermitChangeForm(initial={"plate": found.plate, "ends_on": found.ends_on}), PermitEndForm()
    tried: forms.Form | None = None
    if request.method == "POST":
        if not may_work:
            raise NotFound
        if request.POST.get("do") == "end":
            tried = end = PermitEndForm(request.POST)
        else:
            tried = change = PermitChangeForm(request.POST)
        if tried.is_valid():
            try:
                run = actions.end_permit if tried is end else actions.change_permit
                run(actor, found, **tried.cleaned_data, at=now())
                return flash(redirect("premises:permit", pk), f"已登记，停车证 {found.number}。")
            except Refused as no:
                if no.status not in (409, 422):
                    raise
                blame(tried, no)
    said = standing(found)
    return render(request, "premises/permit.html", {
        "permit": found, "said": said, "tone": TONES[said], "events": list(found.events.order_by("-id")[:100]), "change": change, "end": end,
        "may_work": may_work, "open": found.state == Permit.State.VALID,
    }, status=422 if tried is not None and tried.errors else 200)  # fmt: skip
