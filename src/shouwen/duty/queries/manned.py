"""Who was missing: hours in which nobody was in the office, shifts without a check record, key work nobody was told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from django.db.models import F

from shouwen.kernel.access import Actor
from shouwen.kernel.words import number_in

from .. import handover as rule
from ..attendance import follower
from ..books import FOCUS
from ..models import Handover, LogLine, Presence
from .people import current_directory, place

OFFICE: Final = ("duty-manager", "steward")
"""Posts that keep the office manned. D12.38."""

OFFICE_HOURS: Final = (time(8, 30), time(17, 30))

FOCUS_SENT: Final = "focus-sent:"
"""`about` of the line that says so much key work was reported, with the last line of it."""


@dataclass(frozen=True, slots=True)
class Unmanned:
    """From–to, and why: nobody was rostered, or these were and did not check in."""

    starts_at: datetime
    ends_at: datetime
    why: str


def unmanned(actor: Actor, community_id: int, day: date, at: datetime) -> list[Unmanned]:
    """The office hours of a day, up to now, in which no manager was checked in, in order of time. D12.38.

    Who has not said when they left counts until the end of their shift.
    """
    place(actor, community_id)
    here = current_directory(community_id)
    start, end = (datetime.combine(day, hour, here.zone) for hour in OFFICE_HOURS)
    end = min(end, at)
    spans = [s for s in here.spans(day - timedelta(1), 2) if s.post in OFFICE and s.ends_at > start and s.starts_at < end]
    rows = Presence.objects.filter(community=community_id, post__in=OFFICE, arrived_at__lt=end, starts_at__gte=start - timedelta(days=2))
    there = [(row.arrived_at, row.left_at or row.ends_at) for row in rows if (row.left_at or row.ends_at) > start]
    edges = {start, end} | {moment for s in spans for moment in (s.starts_at, s.ends_at)} | {moment for pair in there for moment in pair}
    cuts = sorted(moment for moment in edges if start <= moment <= end)
    found: list[Unmanned] = []
    for begin, until in pairwise(cuts):
        if any(came <= begin < left for came, left in there):
            continue
        names = [here.name(here.acting(s.user, begin) or s.user) for s in spans if s.starts_at <= begin < s.ends_at]
        why = "、".join(dict.fromkeys(names)) + "没有在岗登记" if names else "没有排班"
        if found and found[-1].ends_at == begin and found[-1].why == why:
            found[-1] = Unmanned(found[-1].starts_at, until, why)
        else:
            found.append(Unmanned(begin, until, why))
    return found


def unrecorded(actor: Actor, community_id: int, days: tuple[date, ...], at: datetime) -> list[tuple[str, str, datetime, str]]:
    """Shifts that ended on these days without a recorder or without a check record: (post, shift, end, why). D13.15.

    Of posts that have a check list, since the first hand-over within a week: where nobody uses the sheet, nobody is asked for it.
    """
    place(actor, community_id)
    here = current_directory(community_id)
    first, last = min(days), max(days)
    rows = list(
        Handover.objects.filter(
            community=community_id, post=F("to_post"), state=Handover.State.DONE, due_at__gte=at - timedelta(days=7)
        ).values_list("post", "due_at")
    )  # fmt: skip
    done = set(rows)
    begun = {post: min(due for other, due in rows if other == post) for post in {post for post, _ in rows} & set(rule.DEFAULTS)}
    found = []
    for span in here.spans(first - timedelta(1), (last - first).days + 2):
        if span.post not in begun or not begun[span.post] < span.ends_at <= at or span.ends_at.astimezone(here.zone).date() not in days:
            continue
        if (span.post, span.ends_at) in done or follower(here, span.post, span.ends_at, but=span.user) is None:
            continue
        who = here.acting(span.user, span.starts_at)
        why = f"{here.name(who)}没有交接班检查记录" if who else "没有专人记录"
        found.append((here.posts[span.post].title, span.title, span.ends_at, why))
    return found


def unsent_focus(community_id: int, post: str) -> list[LogLine]:
    """The key work of a post that has not been reported, oldest first; a corrected line counts as its correction. D2.54."""
    rows = LogLine.objects.filter(community=community_id, post=post)
    sent = rows.filter(about__startswith=FOCUS_SENT).order_by("-pk").values_list("about", flat=True).first()
    upto = number_in((sent or "").removeprefix(FOCUS_SENT)) or 0
    return list(rows.filter(about=FOCUS, pk__gt=upto, corrected_by=None).order_by("pk")[:50])
