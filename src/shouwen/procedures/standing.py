"""What a post does every day, week or month whether anybody asks or not, and which of it is still open today. D2.03."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.kept import Kept

from .calendars import CHINA, calendar_for, local
from .editions import all_in_force
from .engine import Refused
from .engine.schedule import next_time
from .models import ScheduleRun, Ticket


@dataclass(frozen=True, slots=True)
class Duty:
    """One occasion of a recurring procedure today. `state`: open, done, coming."""

    title: str
    at: datetime
    state: str
    ticket: int | None = None


Rules = tuple[tuple[str, str, str, tuple[str, ...]], ...]
_kept: Final[Kept[Rules]] = Kept(60)


def _recurring(community_id: int, at: datetime) -> Rules:
    """(procedure, title, post that begins it, rules of time) of what recurs in a community; up to a minute old."""
    return _kept.get((community_id, local(at).date()), lambda: tuple(
        (slug, rules.title, rules.post_of(rules.steps[rules.first].who), rules.every)
        for slug, rules in all_in_force(community_id, at).items() if rules.every
    ))  # fmt: skip


def today(actor: Actor, at: datetime) -> list[Duty]:
    """The standing duties of this person's posts today where they work, in order of time. One statement when nothing is stale."""
    here = actor.community
    if here is None or not actor.may("tickets.view", here):
        return []
    mine = {slug: (title, every) for slug, title, post, every in _recurring(here, at) if post in actor.posts}
    if not mine:
        return []
    since = datetime.combine(local(at).date(), time(0), CHINA)
    runs = ScheduleRun.objects.filter(community_id=here, procedure__in=mine, due_at__gte=since, due_at__lte=at)
    found = [
        Duty(mine[slug][0], due, "open" if status in (Ticket.Status.OPEN, Ticket.Status.PAUSED) else "done", ticket)
        for slug, due, ticket, status in runs.values_list("procedure", "due_at", "ticket_id", "ticket__status")
    ]
    calendar = calendar_for(here, duty.current_directory(here), at)
    for title, every in mine.values():
        for rule in every:
            try:
                due = next_time(rule, at, calendar)
            except Refused:
                continue
            if due < since + timedelta(days=1):
                found.append(Duty(title, due, "coming"))
    return sorted(found, key=lambda one: (one.at, one.title))
