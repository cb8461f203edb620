"""Recurring procedures (`every`): which moments fall due, and opening a ticket for each exactly once."""

from __future__ import annotations

import logging
from collections.abc import Container
from datetime import datetime, timedelta

from django.db.utils import IntegrityError

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import Done, action

from . import actions, music
from .calendars import calendar_for
from .editions import all_in_force, procedure_of
from .engine import Refused as EngineRefused
from .engine.schedule import next_time
from .models import ScheduleRun

log = logging.getLogger("shouwen.procedures")

Moment = tuple[datetime, int, str, str]
"""(due, community id, procedure, rule)."""

CATCH_UP = timedelta(days=3)
"""How far back a worker looks; the latest missed moment of each rule is opened once, earlier ones are not."""

OUTAGE = timedelta(days=35)
"""How far back its first look goes, for what has been opened before: a month's duty outlives a fortnight without a machine."""

_looked = False


def scheduled_between(after: datetime, until: datetime, *, community_id: int | None = None, only: Container[str] | None = None) -> list[Moment]:
    """Every moment in (after, until] at which a recurring procedure opens, or a play of an approved plan, in order of time.

    With `only`, of these procedures."""
    found: list[Moment] = music.moments(after, until, community_id)
    for community, version in estate.every_community():
        if community_id not in (None, community):
            continue
        calendar = calendar_for(community, duty.directory(community, version), until)
        for slug, rules in all_in_force(community, until).items():
            if only is not None and slug not in only:
                continue
            for rule in rules.every:
                at = after
                while True:
                    try:
                        at = next_time(rule, at, calendar)
                    except EngineRefused as no:
                        log.warning("schedule of %s: %s", slug, no)
                        break
                    if at > until:
                        break
                    found.append((at, community, slug, rule))
    return sorted(found if only is None else [each for each in found if each[2] in only])


@action("procedure.scheduled", may="system", says="按期开出「{title}」{number}")
def open_scheduled(
    actor: Actor, community: int, /, *, procedure: str, rule: str, due: datetime, at: datetime
) -> Done:
    """Open the ticket of one moment; a moment that is already open is refused, so two workers never double it."""
    answers = music.answers(rule, due) if procedure == music.PLAY else {}
    row = actions.file_ticket(SYSTEM, community, procedure=procedure, answers=answers, at=at, opened=True)
    ScheduleRun.objects.create(
        community_id=community, procedure=procedure, rule=rule, due_at=due, ticket_id=row.id, opened_at=at
    )
    return Done(f"procedures.ticket:{row.id}", {"procedure": procedure, "title": procedure_of(row.edition_id).title, "number": row.number, "due": f"{due:%Y-%m-%d %H:%M}"}, result=row)


def began(community: int, procedure: str, rule: str, due: datetime) -> bool:
    """Whether the rule held here when its moment came: an edition with another time opens nothing for before it was in force."""
    rules = all_in_force(community, due).get(procedure)
    return rules is not None and (rule in rules.every or procedure == music.PLAY)


def open_due(now: datetime) -> int:
    """Open what fell due since the last look (the latest moment of each rule, see CATCH_UP and OUTAGE); how many."""
    global _looked
    latest: dict[tuple[int, str, str], datetime] = {}
    for due, community, procedure, rule in scheduled_between(now - (CATCH_UP if _looked else OUTAGE), now):
        latest[community, procedure, rule] = due
    opened = 0
    for (community, procedure, rule), due in latest.items():
        runs = ScheduleRun.objects.filter(community_id=community, procedure=procedure, rule=rule)
        if runs.filter(due_at__gte=due).exists() or not began(community, procedure, rule, due):
            continue
        if due < now - CATCH_UP and not runs.exists():
            continue
        try:
            open_scheduled(SYSTEM, community, procedure=procedure, rule=rule, due=due, at=now)
            opened += 1
        except IntegrityError:
            continue  # another worker opened it a moment ago
        except Exception:
            log.exception("schedule %s %s could not be opened; tried again at the next look", procedure, rule)
    _looked = True
    return opened
