"""晨间一览: for those who arrange the duty, on one sheet: what the night left, what is missing, who signed, who is on each post.

It stands above all areas, because it reads duty, tickets, custody and rounds; each of them says by itself what it has to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.custody import morning as custody
from shouwen.duty import queries as duty
from shouwen.duty.books import REVIEWS
from shouwen.duty.directory import Directory
from shouwen.duty.models import Handover, SignOff
from shouwen.duty.queries.night import Night, night
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.screens import render
from shouwen.procedures import morning as tickets
from shouwen.rounds import queries as rounds

EVENING: Final = time(18)
MORNING: Final = time(8)
SHOWN: Final = 12
"""Lines of one list; the page behind it has the others."""

LEFT: Final = (
    ("urgent", "紧急、重大", "danger", "urgent"), ("overdue", "已超时的工单", "danger", "alert-triangle"), ("night", "夜里受理、还没办结", "info", "moon"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: what, a quieter line below it, since when or until when, where it leads."""

    what: str
    text: str
    at: datetime | None
    url: str
    tone: str = "neutral"
    over: bool = False
    """`at` is a limit: how far it is over is said in words."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with its title, and where the whole of it is."""

    title: str
    tone: str
    icon: str
    rows: list[Row]
    count: int
    url: str = ""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The sheet of this morning; in the evening and by night, of the night so far."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = request.community  # type: ignore[attr-defined]
    if community is None or not (actor.may("duty.edit", community.pk) and actor.may("duty.view", community.pk)):
        raise NotFound
    here = duty.directory(community.pk, community.people_version)
    since, until = span(at, here)
    left_by = night(actor, here, since, min(until, at), at)
    left = _left(actor, here, since, at) if actor.may("tickets.view", community.pk) else []
    missing = [one for one in _missing(actor, community, here, left_by, since, until, at) if one.rows]
    return render(request, "config/morning.html", {
        "since": since, "until": min(until, at), "running": at < until, "left": left, "missing": missing, "posts": left_by.posts, "now": at,
        "sheets": [_sheet(one, here, at) for one in left_by.sheets], "signed": _signatures(left_by.signed),
        "urgent": _count(left, 0), "over": _count(left, 1), "lacking": sum(one.count for one in missing),
        "given": sum(one.state == Handover.State.DONE for one in left_by.sheets) + len(left_by.signed),
        "unmanned": [one for one in left_by.posts if one.state not in ("here", "rostered")],
    })  # fmt: skip


def span(at: datetime, here: Directory) -> tuple[datetime, datetime]:
    """The night that is meant: the one that runs, or the last one. 18:00 to 08:00."""
    local = at.astimezone(here.zone)
    evening = local.date() if local.time() >= EVENING else local.date() - timedelta(1)
    return datetime.combine(evening, EVENING, here.zone), datetime.combine(evening + timedelta(1), MORNING, here.zone)


def _left(actor: Actor, here: Directory, since: datetime, at: datetime) -> list[Listed]:
    rows = tickets.left(actor, here, since, at)
    urls = {"overdue": f"{reverse('procedures:board')}?lane=overdue", "urgent": reverse("procedures:board"), "night": f"{reverse('procedures:tickets')}?status=open"}
    found = []
    for why, title, tone, icon in LEFT:
        own = [one for one in rows if one.why == why]
        lines = [Row(f"{one.number} {one.what}", one.who, one.due_at, one.url, tone, one.due_at is not None) for one in own]
        found.append(Listed(title, tone, icon, lines[:SHOWN], len(own), urls[why]))
    return found


def _missing(actor: Actor, community: Any, here: Directory, left_by: Night, since: datetime, until: datetime, at: datetime) -> list[Listed]:
    found = []
    if actor.may("custody.view", community.pk):
        rows = [Row(one.what, one.text, one.at, one.url, one.tone) for one in custody.lacking(actor, community.pk, since - timedelta(hours=10), at)]
        found.append(_listed("钥匙与保管", "key", rows, reverse("custody:out")))
    if actor.may("rounds.view", community.pk):
        missed = [Row(f"{one.state}：{one.plan} {_clock(one.due_at, here)}", f"{one.post}，{one.what}", None, one.url, "danger")
                  for one in rounds.missed_last_night(actor, community, since, min(until, at))]
        found.append(_listed("巡查", "walk", missed, reverse("rounds:missing")))
    return [*found, _listed("交接班与签阅", "signature", _unsigned(here, left_by), reverse("duty:reviews"))]


def _unsigned(here: Directory, left_by: Night) -> list[Row]:
    """Shifts nobody has handed over, the book that did not pass, days of logs nobody has signed."""
    rows = [
        Row(f"{here.posts[shift.post].title} {_clock(shift.ends_at, here)} 没有交接", f"{here.name(shift.user)}（{shift.title}）应交给{here.name(after.user)}（{after.title}）",
            None, reverse("duty:handover"), "danger")
        for shift, after in left_by.late
    ]  # fmt: skip
    rows += [Row(f"工作交接本 {_clock(due, here)} 没有交接", f"{day:%m-%d} {way}", None, reverse("duty:handover"), "danger") for day, way, due in left_by.books]
    for slug, title, days in left_by.unsigned:
        more = f"，最早 {days[0]:%m-%d}" if len(days) > 1 else ""
        rows.append(Row(f"《{title}》{len(days)} 天没有签阅", f"最近 {days[-1]:%m-%d}{more}", None, reverse("duty:review", args=[slug, days[-1].isoformat()]), "warning"))
    return rows


def _listed(title: str, icon: str, rows: list[Row], url: str) -> Listed:
    return Listed(title, "danger" if any(row.tone == "danger" for row in rows) else "warning", icon, rows[:SHOWN], len(rows), url)


def _sheet(row: Handover, here: Directory, at: datetime) -> dict[str, Any]:
    """A hand-over of the night as a line: which post, who to whom, when signed or why not."""
    other = row.to_post != row.post
    posts = [here.posts[slug].title if slug in here.posts else slug for slug in (row.post, row.to_post)]
    late = int((row.finished_at - row.due_at).total_seconds() // 60) if row.finished_at else 0
    return {
        "what": " → ".join(posts) if other else posts[0], "who": f"{row.giver_name} → {row.receiver_name or '待定'}", "due": row.due_at, "row": row,
        "tone": "success" if row.finished_at else "danger" if at > row.due_at or row.state == Handover.State.REFUSED else "info",
        "state": f"双方已签{f'，晚 {late} 分钟' if late > 0 else ''}" if row.finished_at else row.get_state_display(),
        "refusal": row.refusal, "url": reverse("duty:handing", args=[row.pk]),
    }  # fmt: skip


def _signatures(rows: list[SignOff]) -> list[dict[str, Any]]:
    """Signatures of logs, one line for all days of a book that somebody signed, by the latest of them."""
    found: dict[tuple[str, str], list[SignOff]] = {}
    for row in rows:
        if row.book in REVIEWS:
            found.setdefault((row.book, row.by_name), []).append(row)
    return [
        {
            "title": f"《{REVIEWS[book].title}》", "who": who, "last": max(own, key=lambda one: one.day), "first": min(one.day for one in own), "count": len(own), "days": f"{len(own)} 天",
            "remark": own[-1].remark,
        }
        for (book, who), own in found.items()
    ]  # fmt: skip


def _count(left: list[Listed], place: int) -> int:
    return left[place].count if left else 0


def _clock(at: datetime, here: Directory) -> str:
    return f"{at.astimezone(here.zone):%H:%M}"
