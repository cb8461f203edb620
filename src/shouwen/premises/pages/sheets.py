"""Forms that the SOP names and that are a view of a register: opened, narrowed by days, printed. D3.136, D3.143–D3.145."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from shouwen.custody import queries as custody
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.screens import render
from shouwen.kernel.templatetags.ui import when_text
from shouwen.kernel.zone import CHINA

from .. import queries
from ..forms import DaysForm
from .desk import here_of

MOST: Final = 500
"""Lines of one sheet; more is asked for in parts."""
Lines = Callable[[Actor, int, date, date], list[list[str]]]


@dataclass(frozen=True, slots=True)
class Sheet:
    title: str
    heads: tuple[str, ...]
    lines: Lines
    signs: tuple[str, ...]
    back: str
    dated: bool = True


def _visits(actor: Actor, community: int, first: date, last: date) -> list[list[str]]:
    start, end = queries.bounds(first, last + timedelta(1))
    rows = queries.visits(actor).filter(community=community, at__gte=start, at__lt=end)[: MOST + 1]
    asked = {True: "满意", False: "不满意", None: ""}
    return [
        [row.get_kind_display(), row.unit.code, when_text(row.at), row.by_name, row.get_met_display(), row.content, row.service, row.opinion + (f"（{row.ticket_number}）" if row.ticket_number else ""), asked[row.satisfied]]
        for row in rows
    ]  # fmt: skip


def _register(actor: Actor, community: int, first: date, last: date) -> list[list[str]]:
    rows = list(queries.vacancies(actor).filter(community=community)[: MOST + 1])
    keys: dict[int, str] = {}
    for thing in custody.things(actor).filter(community=community, kind="vacant", gone_at=None):
        keys.setdefault(thing.unit_id, f"{thing.number}（{thing.store.title}{f' {thing.hook} 号' if thing.hook else ''}）")
    return [[row.unit.building.name, row.unit.code, f"{row.since}", row.condition, keys.get(row.unit_id, ""), row.steward_name or ""] for row in rows]


def _points(actor: Actor, community: int) -> dict[int, str]:
    rows = queries.ever_vacant(actor, community)
    return {row.point_id: row.unit.code for row in rows}


def _sign_in(actor: Actor, community: int, first: date, last: date) -> list[list[str]]:
    codes = _points(actor, community)
    rows = queries.readings_at(codes, first, last)[: MOST + 1]
    return [[codes[row.point_id or 0], f"{row.at.astimezone(CHINA):%Y-%m-%d}", f"{row.at.astimezone(CHINA):%H:%M}", row.by_name, row.get_evidence_display() + (f"（{row.doubt}）" if row.doubt else "")] for row in rows]


def _record(actor: Actor, community: int, first: date, last: date) -> list[list[str]]:
    codes = _points(actor, community)
    rows = queries.readings_at(codes, first, last)[: MOST + 1]
    said = lambda row: "；".join([*(f"{one['title']}：{one['value']}{one['unit']}" for one in row.answers), *([row.note] if row.note else [])])  # noqa: E731
    return [[codes[row.point_id or 0], when_text(row.at), said(row), f"已开单 {row.ticket_number}" if row.ticket_number else "正常", row.by_name] for row in rows]


def _checks(actor: Actor, community: int, first: date, last: date) -> list[list[str]]:
    """Day by day, the latest first, until the sheet is full."""
    found: list[list[str]] = []
    oldest = queries.hanging_since(community)
    if oldest is None:
        return found
    day, first, today = last, max(first, oldest), localdate(now(), CHINA)
    while day >= first and len(found) <= MOST:
        for row in queries.checks_of_day(actor, community, day):
            for n, one in enumerate(row.readings, 1):
                found.append([row.sign.number, row.sign.words, row.sign.place, f"第 {n} 遍", when_text(one.at), "正常" if one.good else f"异常，{one.ticket_number}", one.by_name])
            if row.count < queries.TWICE:
                said = "漏检" if row.missed else "待检" if row.still or day >= today else "没有安排"
                found.append([row.sign.number, row.sign.words, row.sign.place, f"{row.count}/2", f"{day}", said, ""])
        day -= timedelta(1)
    return found


SHEETS: Final[dict[str, Sheet]] = {
    "visits": Sheet("巡访、回访记录表", ("类别", "房号", "时间", "记录人", "见到谁", "情况", "关照服务", "意见和建议", "满意"), _visits, ("管理员", "客服部主管"), "premises:visits"),
    "vacant-register": Sheet("空置房屋登记表", ("楼栋", "房号", "空置起", "房屋状况", "钥匙", "管理员"), _register, ("管理员", "客服部主管"), "premises:vacant", dated=False),
    "vacant-sign-in": Sheet("空置房屋巡查签到表", ("房号", "日期", "时间", "巡查人签到", "凭据"), _sign_in, ("管理员",), "premises:vacant"),
    "vacant-record": Sheet("空置房屋巡查记录表", ("房号", "时间", "检查情况", "处理", "巡查人"), _record, ("管理员", "客服部主管"), "premises:vacant"),
    "sign-checks": Sheet("标识检查记录", ("编号", "内容", "位置", "第几遍", "时间", "结果", "检查人"), _checks, ("管理员",), "premises:checks"),
}
"""By the word in their address."""


@require_safe
def sheet(request: HttpRequest, form: str) -> HttpResponse:
    """?first= ?last=: the form as a page that prints; without days the last seven."""
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    found = SHEETS.get(form)
    if found is None:
        raise NotFound("没有这张表。")
    today = localdate(now(), CHINA)
    days = DaysForm({"first": request.GET.get("first") or today - timedelta(6), "last": request.GET.get("last") or today})
    valid = days.is_valid() and days.cleaned_data["first"] <= days.cleaned_data["last"] and days.cleaned_data["first"].year >= 2000
    first, last = (days.cleaned_data["first"], days.cleaned_data["last"]) if valid else (today, today)
    lines: list[list[Any]] = found.lines(actor, place.pk, first, last) if valid else []
    return render(request, "premises/sheet.html", {
        "sheet": found, "place": place, "days": days, "first": first, "last": last, "lines": lines[:MOST], "more": len(lines) > MOST, "most": MOST, "valid": valid, "at": now(),
        "by": actor.name,
    }, status=200 if valid else 422)  # fmt: skip
