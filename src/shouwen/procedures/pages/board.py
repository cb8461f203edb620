"""The board: every open task of a community by urgency. It refreshes itself, and says so when it cannot."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.screens import Page, page_of, render, wants_part

from .. import queries
from ..forms import colleagues
from .lines import Line, lines

TONES = {"overdue": "danger", "soon": "warning", "today": "info", "later": "neutral", "open": "neutral", "paused": "neutral"}
ICONS = {
    "overdue": "alert-triangle", "soon": "alarm", "today": "clock", "later": "calendar", "open": "circle-dashed",
    "paused": "player-pause",
}  # fmt: skip
MINE = "me"


@dataclass(frozen=True, slots=True)
class Shown:
    """A lane with its lines; `count` as people read it, 50+ when there are more."""

    key: str
    title: str
    tone: str
    icon: str
    lines: list[Line]
    more: bool

    @property
    def count(self) -> str:
        return f"{len(self.lines)}+" if self.more else str(len(self.lines))


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters in the address; whatever does not exist here is as if it had not been said."""

    department: str = ""
    holder: int | None = None
    procedure: str = ""
    building: int | None = None

    def narrows(self) -> dict[str, Any]:
        return {
            "department": self.department, "holder": self.holder, "procedure": self.procedure, "building": self.building,
        }  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self.department or self.procedure or self.holder is not None or self.building is not None)


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The lanes, 50 tasks each; ?lane=overdue is one lane whole, page by page. htmx gets the lanes, or 204 if nothing changed."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
    people = duty.directory(community.pk, community.people_version)
    chosen = _chosen(request, people)
    key = request.GET.get("lane", "")
    if key in queries.LANES:
        return _lane(request, key, people, chosen, at)
    found = queries.board(actor, at, community_id=community.pk, **chosen.narrows())
    every = lines(actor, [task for lane in found.lanes for task in lane.tasks], {community.pk: people})
    shown, start = [], 0
    for lane in found.lanes:
        shown.append(Shown(lane.key, lane.title, TONES[lane.key], ICONS[lane.key], every[start : start + len(lane.tasks)], lane.more))
        start += len(lane.tasks)
    running, filed = queries.figures(actor, community.pk, at)
    seen = _digest(shown, running, filed)
    if wants_part(request) and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    context = {
        "lanes": [lane for lane in shown if lane.lines], "by_key": {lane.key: lane for lane in shown}, "seen": seen, "now": at,
        "quiet": found.quiet, "any": bool(every), "chosen": chosen, "kept": _kept(request), "running": _counted(running),
        "filed": _counted(filed), "may_file": actor.may("tickets.file", community.pk),
    }  # fmt: skip
    if not wants_part(request):
        context |= _choices(actor, community.pk, people, chosen, at)
    return render(request, "procedures/board.html", context, part="board")


def _lane(request: HttpRequest, key: str, people: Directory, chosen: Chosen, at: datetime) -> HttpResponse:
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    rows = queries.lane_of(actor, at, key, community_id=community.pk, **chosen.narrows())
    page = page_of(rows, request.GET.get("after"), queries.LANE)
    shown = Shown(key, queries.LANES[key], TONES[key], ICONS[key], lines(actor, page.rows, {community.pk: people}), False)
    context = {
        "lane": shown, "page": Page([], page.next, page.previous), "now": at, "chosen": chosen, "kept": _kept(request),
        **_choices(actor, community.pk, people, chosen, at),
    }  # fmt: skip
    return render(request, "procedures/board_lane.html", context, part="board")


def _chosen(request: HttpRequest, people: Directory) -> Chosen:
    get = request.GET.get
    holder, actor = get("holder", ""), request.actor  # type: ignore[attr-defined]
    who = actor.id if holder == MINE else number(holder)
    department = get("department", "")
    return Chosen(
        department if department in people.departments else "",
        who if who is not None and (who == actor.id or people.knows(who)) else None,
        plain(get("procedure", "")), number(get("building", "")),
    )  # fmt: skip


def _choices(actor: Actor, community_id: int, people: Directory, chosen: Chosen, at: datetime) -> dict[str, Any]:
    """What the filters offer."""
    return {
        "departments": sorted(people.departments.items()), "colleagues": colleagues(people, at), "me": actor.id,
        "holder": str(chosen.holder) if chosen.holder not in (None, actor.id) else "",
        "procedures": queries.titles(actor, community_id),
        "buildings": [(one.pk, one.name or one.code) for one in _buildings(actor, community_id)],
    }  # fmt: skip


def _buildings(actor: Actor, community_id: int) -> list[Any]:
    rows = list(estate.buildings(actor, community_id))
    return sorted(rows, key=lambda one: (not one.code.isdigit(), int(one.code) if one.code.isdigit() else 0, one.code))


def _kept(request: HttpRequest) -> str:
    """The filters as they go on into links, "" or beginning with &."""
    query = request.GET.copy()
    for name in ("lane", "after", "seen"):
        query.pop(name, None)
    return f"&{query.urlencode()}" if query else ""


def _digest(shown: list[Shown], *figures: int) -> str:
    content = [(lane.key, lane.more, [line.essence for line in lane.lines]) for lane in shown]
    return hashlib.blake2b(repr((content, figures)).encode(), digest_size=12).hexdigest()


def _counted(number: int) -> str:
    return f"{number - 1}+" if number >= queries.COUNTED else str(number)


def number(text: str | None) -> int | None:
    """An id from an address; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def plain(text: str) -> str:
    """A slug from an address; "" for anything that cannot be one."""
    return text if len(text) <= 40 and text.isascii() and text.replace("_", "").replace("-", "").isalnum() else ""


