"""统计: the figures of a period, chosen by procedure and by what is counted, on a page and as a workbook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import quote, urlencode

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import write_workbook
from shouwen.kernel.screens import render
from shouwen.org import queries as org

from .. import actions, queries
from ..calendars import local
from ..editions import edition_in_force
from ..reports import Report, countable, report, satisfaction_by_person

USUAL = "complaint"
"""The procedure whose figures are shown first."""


@dataclass(frozen=True, slots=True)
class Chosen:
    procedure: str
    since: date
    until: date
    by: str

    def link(self) -> str:
        return urlencode({"procedure": self.procedure, "since": self.since, "until": self.until, "by": self.by})


@require_safe
def reports(request: HttpRequest) -> HttpResponseBase:
    """A period that makes no sense is said above the form; the rest of the page stays."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
    known = [(rules.procedure, rules.title) for _, rules in queries.procedures(actor, community.pk, at)]
    if not known:
        raise NotFound
    wrong: Refused | None = None
    found: Report | None = None
    people: list[tuple[str, float, int]] = []
    chosen = _usual(known, at)
    try:
        chosen = _chosen(request, known, chosen)
        found = report(
            actor, community.pk, procedure=chosen.procedure, since=chosen.since, until=chosen.until, by=chosen.by, at=at
        )
        if found.satisfaction is not None:
            people = _people(actor, community.pk, chosen, at)
    except Refused as no:
        if no.status != 422:
            raise
        wrong = no
    if found is not None and request.GET.get("format") == "xlsx":
        return _workbook(actor, community, found, people, at)
    asks = countable(edition_in_force(chosen.procedure, community.pk, at)[1])
    by = chosen.by if any(ask.name == chosen.by for ask in asks) else next((a.name for a in asks if a.classes), "")
    given = {"community_id": community.pk, "procedure": chosen.procedure, "filed_at_from": chosen.since, "filed_at_to": chosen.until}
    which = f"{reverse('procedures:tickets')}?{urlencode(given)}"
    return render(request, "procedures/reports.html", {
        "all_of_them": which, "closed_of_them": f"{which}&status=closed",
        "report": found, "people": people, "wrong": wrong, "procedures": known, "asks": asks, "chosen": chosen, "by": by,
        "most": max((row.count for row in found.rows), default=1) if found else 1,
        "export": f"?{chosen.link()}&format=xlsx" if found and found.total else "",
    }, part="list", status=422 if wrong else 200)  # fmt: skip


def _usual(known: list[tuple[str, str]], at: datetime) -> Chosen:
    """This month so far."""
    today = local(at).date()
    slugs = [slug for slug, _ in known]
    return Chosen(USUAL if USUAL in slugs else slugs[0], today.replace(day=1), today, "")


def _chosen(request: HttpRequest, known: list[tuple[str, str]], usual: Chosen) -> Chosen:
    given = request.GET
    procedure = given.get("procedure") or usual.procedure
    if procedure not in dict(known):
        raise Refused("没有这个规程，请重新选择。", {"procedure": "请重新选择"})
    by = given.get("by", "") if given.get("was", procedure) == procedure else ""  # another procedure asks other things
    return Chosen(procedure, day_of(given.get("since"), usual.since), day_of(given.get("until"), usual.until), by)


def day_of(text: str | None, usual: date) -> date:
    if not text:
        return usual
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("日期不对，请重新选择，格式如 2026-11-23。", {"since": "请重新选择"}) from None


def _people(actor: Actor, community_id: int, chosen: Chosen, at: datetime) -> list[tuple[str, float, int]]:
    """(name, mean rating, how many), the most often rated first. C8.09."""
    marks = satisfaction_by_person(
        actor, community_id, procedure=chosen.procedure, since=chosen.since, until=chosen.until, at=at
    )
    names = {str(pk): name for pk, name in org.staff(actor).filter(pk__in=[int(p) for p in marks]).values_list("pk", "name")}
    rows = [(names.get(person, f"员工 {person}"), mean, count) for person, (mean, count) in marks.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def _workbook(actor: Actor, community: Any, found: Report, people: list[tuple[str, float, int]], at: datetime) -> FileResponse:
    title = f"{found.title}统计"
    period = f"{found.since} 至 {found.until}"
    rows: list[list[Any]] = [[row.title, row.count, row.closed, row.late, round(row.share * 100, 1)] for row in found.rows]
    rows.append(["合计", found.total, found.closed, found.late, 100 if found.total else 0])
    rows += [[], ["重新打开", found.reopened], ["平均满意度", "未评" if found.satisfaction is None else round(found.satisfaction, 2)]]
    rows += [[f"满意度：{name}", round(mean, 2), f"{count} 次评价"] for name, mean, count in people]
    actions.export_tickets(
        actor, community.pk, title=title, rows=found.total, filters=f"{period}，按{found.by or '全部'}", at=at
    )
    file = TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    note = f"{community.name} {period}，{actor.name} 于 {local(at):%Y-%m-%d %H:%M} 导出"
    write_workbook(file, title, [found.by or "全部", "件数", "已办结", "超时", "占比（%）"], rows, note)
    file.seek(0)
    response = FileResponse(file, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    name = quote(f"{title}-{found.since}-{found.until}.xlsx")
    response["Content-Disposition"] = f"attachment; filename=\"report.xlsx\"; filename*=UTF-8''{name}"
    return response
