"""Supervisors at the posts: when each post was last looked at, and every such patrol by date and post. E14.01, E14.09.

Read out of the tickets of 主管巡查; which post it was follows from whom the supervisor found there, and when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.urls import reverse

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.kernel.access import Actor
from shouwen.kernel.zone import CHINA
from shouwen.procedures import queries as tickets
from shouwen.procedures import store
from shouwen.procedures.models import Ticket

from .queries import day_bounds

PROCEDURE: Final = "supervisor_patrol"
UNTOUCHED: Final = 7
"""A post that no supervisor came to for so many days is listed."""
BACK: Final = 90
"""Days looked back for the last patrol of a post."""
MOST: Final = 500
HEADS: Final = 40
"""From this rank on people patrol rather than are patrolled."""


@dataclass(frozen=True, slots=True)
class Patrol:
    """One visit of a supervisor to a post; `posts` are slugs."""

    number: str
    at: datetime
    where: str
    posts: tuple[str, ...]
    post: str
    inspected: str
    by: str
    problem: bool
    closed: bool
    url: str


@dataclass(frozen=True, slots=True)
class Covered:
    """A post with its last patrol (None = none in 90 days)."""

    post: str
    title: str
    last: Patrol | None
    days: int | None

    @property
    def untouched(self) -> bool:
        return self.days is None or self.days >= UNTOUCHED


def patrols(actor: Actor, community_id: int, first: date, last: date, post: str = "") -> list[Patrol]:
    """Those between two days (inclusive), newest first, of one post if given; at most 500. One statement."""
    start, end = day_bounds(first)[0], day_bounds(last)[1]
    rows = tickets.tickets(actor).filter(procedure=PROCEDURE, community=community_id).exclude(status=Ticket.Status.WITHDRAWN)
    here = duty.current_directory(community_id)
    found = [_patrol(row, here) for row in rows.filter(filed_at__gte=start, filed_at__lt=end + timedelta(2)).order_by("-id")[:MOST]]
    kept = [one for one in found if start <= one.at < end and (not post or post in one.posts)]
    return sorted(kept, key=lambda one: one.at, reverse=True)


def coverage(actor: Actor, community_id: int, at: datetime) -> list[Covered]:
    """Every post that is rostered here, the longest untouched first."""
    here = duty.current_directory(community_id)
    today = at.astimezone(CHINA).date()
    found = patrols(actor, community_id, today - timedelta(BACK), today)
    rows = []
    for slug in sorted({turn.post for turn in here.turns if turn.starts_on <= today <= turn.ends_on and turn.post in here.posts}):
        if here.posts[slug].rank >= HEADS:
            continue
        last = next((one for one in found if slug in one.posts), None)
        rows.append(Covered(slug, here.posts[slug].title, last, (today - last.at.astimezone(CHINA).date()).days if last else None))
    return sorted(rows, key=lambda row: (row.days is not None, -(row.days or 0), row.title))


def _patrol(row: Ticket, here: Directory) -> Patrol:
    answers = store.decoded(row.state).answers
    said = answers.get("seen_at")
    at = said if isinstance(said, datetime) else datetime.fromisoformat(str(said)) if said else row.filed_at
    at = at if at.tzinfo else at.replace(tzinfo=CHINA)
    whom = str(answers.get("inspected", ""))
    user = int(whom) if whom.isdigit() else 0
    posts = tuple(sorted({span.post for span in here.running(at) if here.acting(span.user, at) == user} or here.posts_of(user, at)))
    title = "、".join(here.posts[slug].title for slug in posts if slug in here.posts)
    return Patrol(
        row.number, at, str(answers.get("inspected_post", "")), posts, title, here.name(user) if user else "", row.first_asked,
        answers.get("has_problem") in (True, "yes"), row.status == Ticket.Status.CLOSED, reverse("procedures:ticket", args=[row.pk]),
    )  # fmt: skip
