"""The pages that belong to no area: the front door, the switch between communities, figures and calendar."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST

from shouwen.kernel import calendars, queries
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.web import COMMUNITY_COOKIE, here, sees

from .forms import DayForm, FiguresForm, WindowsForm, as_lines


def home(request: HttpRequest) -> HttpResponse:
    """To the board of what is open; to the login when nobody is signed in."""
    for name in ("procedures:board", "notices:inbox") if getattr(request, "actor", None) else ("org:login",):
        try:
            return redirect(reverse(name))
        except NoReverseMatch:
            continue
    raise NotFound


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Work in another community from now on (a cookie of this browser; what one may see is checked anew each time)."""
    actor = getattr(request, "actor", None)
    chosen = request.POST.get("community", "")
    if actor is None or not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19 and sees(actor, int(chosen))):
        raise NotFound
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    response.set_cookie(
        COMMUNITY_COOKIE, chosen, max_age=180 * 86400, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return response


def settings(request: HttpRequest) -> HttpResponse:
    """Figures, service hours and calendar of the community one is looking at; one form a section, named by `part`."""
    actor, community_id = request.actor, here(request)
    everywhere = actor.may("settings.edit", None)
    if not (everywhere or (community_id is not None and actor.may("settings.edit", community_id))):
        raise NotFound
    year = _year(request.GET.get("year", ""))
    data = calendars.calendar_data(community_id)
    part = request.POST.get("part", "") if request.method == "POST" else ""
    sections: dict[str, forms.Form] = {
        "figures": FiguresForm(request.POST if part == "figures" else None, initial=data.figures),
        "windows": WindowsForm(request.POST if part == "windows" else None, initial={"windows": as_lines(data.weekly)}),
        "day": DayForm(request.POST if part == "day" else None),
    }
    if part:
        try:
            if said := _save(actor, community_id, part, request.POST, sections.get(part)):
                return flash(redirect(f"{reverse('settings')}?year={year}"), said)
        except Forbidden:
            raise
        except Refused as refused:
            form = sections.get(part)
            if form is None:
                raise
            form.add_error(next((name for name in refused.fields if name in form.fields), None), refused.message)
    return render(
        request, "config/settings.html",
        sections | {
            "days": queries.exceptions(actor, community_id, year), "year": year, "years": range(year - 1, year + 2),
            "confirmed": year in data.confirmed, "official": year in calendars.OFFICIAL_YEARS, "everywhere": everywhere,
        },
        status=422 if any(form.errors for form in sections.values()) else 200,
    )  # fmt: skip


def _save(actor: Any, community_id: int | None, part: str, given: Any, form: forms.Form | None) -> str:
    """Carry out one section; "" when its form does not fit. Days and years hold everywhere if one may change everywhere."""
    at = now()
    place = None if actor.may("settings.edit", None) and given.get("scope") == "all" else community_id
    if part in ("confirm", "seed"):
        year = _year(given.get("year", ""))
        if part == "confirm":
            calendars.confirm_year(actor, None, year=year, at=at)
        else:
            calendars.seed_calendar(actor, None, years=[year], at=at)
        return f"{year} 年的节假日已确认。"
    if part == "clear":
        try:
            day = forms.DateField().clean(given.get("day"))
        except forms.ValidationError:
            raise Refused("请选择要恢复的日期，格式如 2026-11-23。", {"day": "请选择日期"}) from None
        calendars.clear_day(actor, None if given.get("where") == "all" else community_id, day=day, at=at)
        return f"{day:%Y-%m-%d} 已恢复为平常日。"
    if form is None:
        raise Refused("没有这一项设置。请刷新页面后重试。")
    if not form.is_valid():
        return ""
    values = form.cleaned_data
    if part == "figures":
        current = calendars.calendar_data(community_id).figures
        for name, value in values.items():
            if value != current[name]:
                calendars.set_figure(actor, place, name=name, value=value, at=at)
        return "参数已保存。"
    if part == "windows":
        calendars.set_windows(actor, place, windows=values["windows"], at=at)
        return "服务时间已保存。"
    calendars.set_day(actor, place, day=values["day"], works=values["works"] == "1", name=values["name"], at=at)
    return f"{values['day']:%Y-%m-%d} 已保存。"


def _year(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:5]) <= 2100 else localdate(now()).year
