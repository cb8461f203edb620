"""The register of vacant units, and one of them with everything that was seen in it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from shouwen.custody import queries as custody
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.zone import CHINA
from shouwen.rounds.models import Reading

from .. import actions, queries
from ..forms import VacancyForm
from ..models import Vacancy
from .desk import buildings, communities, exported, stewards

VACANT = Register(
    "premises:vacant", queries.vacancies, title="空置房",
    columns=[
        Column("unit", title="房号", value=lambda row: row.unit.code),
        Column("last_good", "badge", title="上次结果", value=lambda row: {True: "正常", False: "异常", None: "还没查过"}[row.last_good], tones={"正常": "success", "异常": "danger", "还没查过": "warning"}),
        Column("building", title="楼栋", value=lambda row: row.unit.building.name), Column("since", "date"), Column("days", "number", title="空置天数", value=lambda row: (now().astimezone(CHINA).date() - row.since).days),
        Column("condition"), Column("steward_name", title="管理员"), Column("last_at", "when", title="上次巡查"), Column("last_by", title="巡查人"),
    ],
    filters=[Filter("unit__building_id", "楼栋", buildings), Filter("steward", "管理员", stewards), Filter("last_good", "上次结果", [(True, "正常"), (False, "异常")]), Filter("community_id", "小区", communities)],
    search=["unit__code", "condition"], search_hint="房号或状况", may="premises.view", exported=exported, template="premises/vacant.html",
    opens=lambda row: reverse("premises:vacancy", args=[row.pk]),
    empty=("没有空置房", "房屋状态改成「空置」后，十分钟内自动登记在这里，并编入空置房巡查。"),
)  # fmt: skip


def vacancy(request: HttpRequest, pk: int) -> HttpResponse:
    """One vacant unit: since when, its key, every inspection."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found: Vacancy = queries.vacancy(actor, pk)
    may_work = actor.may("premises.work", found.community_id)
    form = VacancyForm(request.POST or None, initial={"since": found.since, "condition": found.condition})
    if request.method == "POST":
        if not may_work:
            raise NotFound
        if form.is_valid():
            try:
                actions.edit_vacancy(actor, found, **form.cleaned_data, at=at)
                return flash(redirect("premises:vacancy", pk), f"已保存 {found.unit.code}。")
            except Refused as no:
                if no.status not in (409, 422):
                    raise
                blame(form, no)
    readings = list(Reading.objects.filter(point=found.point_id).select_related("run__plan").order_by("-at")[:30])
    keys = list(custody.things(actor).filter(unit=found.unit_id, kind="vacant", gone_at=None)[:5])
    return render(request, "premises/vacancy.html", {
        "vacancy": found, "form": form, "readings": readings, "keys": keys, "may_work": may_work, "days": (at.astimezone(CHINA).date() - found.since).days,
    }, status=422 if form.errors else 200)  # fmt: skip
