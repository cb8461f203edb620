"""大屏: a screen on a wall, opened by a link of its own; and the page on which such links are made and stopped.

Nobody is named on it: no names, no numbers to call, no room, none of the caller's words.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.estate import queries as estate
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import now
from shouwen.kernel.kept import Kept
from shouwen.kernel.models import Heartbeat
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.words import number_in
from shouwen.org.middleware import public

from .. import displays, tallies
from .. import lanes as reads
from ..calendars import local
from ..charts import Series, bars
from ..editions import procedure_of
from ..lanes import Item, Lane, Narrowed
from .board import TONES, changes, still
from .lines import pool_title

LISTED: Final = 8
"""Rows that can be read from across a room."""
_DAYS: Final = {30: "30 天", 90: "90 天", 180: "半年", 365: "一年"}
_beats: Final[Kept[datetime | None]] = Kept(10)
_houses: Final[Kept[dict[int, str]]] = Kept(300)


@dataclass(frozen=True, slots=True)
class Row:
    """One task as a wall shows it."""

    serial: str
    procedure: str
    title: str
    place: str
    whose: str
    due_at: datetime | None
    tone: str


@public
@require_safe
def wall(request: HttpRequest, key: str) -> HttpResponse:
    """The screen; with ?seen= only its contents, or 204 when nothing has changed."""
    at = now()
    screen = displays.screen_of(key, at)
    community, seen = screen.wall.community, request.GET.get("seen", "")
    polled = "seen" in request.GET
    if polled and still(seen, community.pk, community.people_version, at):
        return _private(HttpResponse(status=204))
    people = duty.directory(community.pk, community.people_version)
    items = reads.grouped(screen.actor, community.pk, at, Narrowed())
    figures = reads.figures(screen.actor, community.pk, at)
    tally = tallies.tally(screen.actor, community.pk, at)
    late = _engine_late(at)
    digest = hashlib.blake2b(repr((items, figures[:2], tally, late)).encode(), digest_size=10).hexdigest()
    token = f"{figures.mark}.{community.people_version}.{int(changes([Lane('', items)], at).timestamp())}.{digest}"
    by_lane = {lane: [item for item in items if item.lane == lane] for lane in reads.LANES}
    listed = (by_lane["overdue"] + by_lane["soon"] + by_lane["today"] + by_lane["later"])[:LISTED]
    today = local(at)
    context = {
        "wall": screen.wall, "community": community, "seen": token, "now": at, "late": late, "rows": [_row(item, people) for item in listed],
        "over": _many(by_lane["overdue"]), "soon": _many(by_lane["soon"]), "running": figures.running, "filed": figures.filed,
        "closed": sum(tally.closed_today), "calm": not by_lane["overdue"], "unlisted": max(len(by_lane["overdue"]) - LISTED, 0),
        "day": bars("今天", [str(hour) if hour % 3 == 0 else "" for hour in range(24)], [
            Series("受理", "filed", tally.filed_today), Series("办结", "closed", tally.closed_today)], today.hour),
        "month": bars(f"{today.month} 月", [str(day) if day == 1 or day % 5 == 0 else "" for day in range(1, len(tally.filed_month) + 1)], [
            Series("受理", "filed", tally.filed_month), Series("办结", "closed", tally.closed_month)], today.day - 1),
        "filed_month": sum(tally.filed_month), "closed_month": sum(tally.closed_month), "month_name": f"{today.month} 月", "today": today,
        "weekday": "一二三四五六日"[today.weekday()], "part": polled,
    }  # fmt: skip
    response = render(request, "procedures/wall_part.html" if polled else "procedures/wall.html", context)
    response.headers["X-Seen"] = token
    return _private(response)


def _row(item: Item, people: Directory) -> Row:
    """A holder is shown as their department."""
    houses = _houses.get(people.community, lambda: {one.pk: one.name or one.code for one in estate.buildings(SYSTEM, people.community)})
    whose = people.departments.get(item.department, "") or ("" if item.pool.startswith("party:") else pool_title(item.pool, people))
    rules = procedure_of(item.edition)
    place = houses.get(item.building, "") if item.building else ""
    return Row(item.serial, rules.title, item.title, place, whose, item.due_at, TONES[item.lane])


def _many(items: list[Item]) -> str:
    return f"{reads.GROUPED}+" if len(items) > reads.GROUPED else str(len(items))


def _engine_late(at: datetime) -> int:
    """Minutes since the worker last gave a sign of life, when that is more than one: limits may pass unnoticed."""
    last = _beats.get("last", lambda: Heartbeat.objects.exclude(worker__startswith="chore:").aggregate(last=Max("at"))["last"])
    silent = (at - last).total_seconds() if last else 60
    return 0 if silent < 60 else max(int(silent // 60), 1)


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def walls(request: HttpRequest) -> HttpResponse:
    """The screens of this community; POST makes a link and shows it once."""
    actor, community, at = request.actor, request.community, now()  # type: ignore[attr-defined]
    if community is None or not actor.may("settings.edit", community.pk):
        raise NotFound
    context: dict[str, Any] = {"days": _DAYS.items(), "given": {"name": "", "days": "365"}, "now": at}
    status = 200
    if request.method == "POST":
        context["given"] = {"name": request.POST.get("name", "")[:60], "days": request.POST.get("days", "")}
        try:
            key = displays.make_wall(actor, community, name=request.POST.get("name", ""), days=number_in(request.POST.get("days")) or 0, at=at)
            context["link"] = request.build_absolute_uri(reverse("procedures:wall", args=[key]))
            context["made"] = context["given"]["name"]
            context["given"] = {"name": "", "days": "365"}
        except Refused as no:
            if no.status != 422:
                raise
            context["wrong"], status = no, 422
    context["walls"] = [
        {"wall": one, "state": "revoked" if one.revoked_at else "expired" if one.expires_at <= at else "good"}
        for one in displays.walls(actor, community.pk)
    ]
    return _private(render(request, "procedures/walls.html", context, status=status))


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a link; the screen says so within seconds."""
    community = request.community  # type: ignore[attr-defined]
    if community is None:
        raise NotFound
    displays.revoke_wall(request.actor, community, wall=pk, at=now())  # type: ignore[attr-defined]
    return flash(redirect(reverse("procedures:walls")), "已停用，大屏几秒内会显示链接已失效")
