"""The named records: a list of them, and each as a sheet to be read, printed or saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.screens import render
from shouwen.kernel.templatetags.ui import when_text

from .. import actions, queries
from ..records import MOST, RECORDS, updated
from .desk import here_of

LONGEST = 366


@require_safe
def records(request: HttpRequest) -> HttpResponseBase:
    """Which sheets there are."""
    place = here_of(request)
    return render(request, "custody/records.html", {"records": list(RECORDS.items()), "place": place})


@require_safe
def record(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One sheet of a span of days (this month, unless chosen); `?format=xlsx` saves it."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place, sheet = here_of(request), RECORDS.get(slug)
    if sheet is None:
        raise NotFound
    today = at.astimezone(queries.CHINA).date()
    first = _day(request.GET.get("since", "")) or today.replace(day=1)
    last = _day(request.GET.get("until", "")) or today
    wrong = "" if first <= last <= first + timedelta(days=LONGEST) else "请选择一年以内的起止日期，止日不早于起日。"
    rows = [] if wrong else sheet.rows(actor, place.pk, _start(first), _start(last + timedelta(days=1)))
    span = "" if sheet.now else f"{first} 至 {last}"
    if request.GET.get("format") == "xlsx" and not wrong:
        said = {"小区": place.name, "时间": span}
        return export(actor, title=sheet.title, heads=sheet.heads, rows=[[_text(cell) for cell in row] for row in rows], filters=said, log=lambda who, **given: actions.export_register(who, place.pk, at=at, **given))
    return render(request, "custody/record.html", {
        "sheet": sheet, "slug": slug, "place": place, "shown": min(len(rows), MOST), "body": _body(sheet.heads, rows[:MOST]), "more": len(rows) > MOST, "most": MOST, "since": first, "until": last,
        "span": span, "wrong": wrong, "at": at, "updated": updated(place.pk) if sheet.now else None, "xlsx": f"{reverse('custody:record', args=[slug])}?since={first}&until={last}&format=xlsx",
    }, status=422 if wrong else 200)  # fmt: skip


def _body(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> SafeString:
    """The rows, drawn here rather than by the template: a sheet has many cells."""
    labels = [f' class="lead" data-label="{escape(head)}"' if number == 0 else f' data-label="{escape(head)}"' for number, head in enumerate(heads)]
    drawn = ("".join(f"<td{label}>{escape(_text(cell))}</td>" for label, cell in zip(labels, row, strict=True)) for row in rows)
    return SafeString("".join(f"<tr>{cells}</tr>" for cells in drawn))


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2100 else None


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), queries.CHINA)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return when_text(cell) if isinstance(cell, datetime) else str(cell)
