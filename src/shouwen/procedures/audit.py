"""The nightly audit: did every rung fire and every recurring duty open, do the stored tickets follow from their events, can workdays be reckoned?"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from shouwen.duty import queries as duty
from shouwen.kernel import calendars
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.notices import actions as notices

from . import schedules, store
from .calendars import calendar_for, local
from .editions import edition_in_force, procedure_of
from .models import Clock, ScheduleRun, Ticket

log = logging.getLogger("shouwen.procedures")

GRACE = timedelta(minutes=10)
"""A clock that is due for longer than this was missed, whatever the reason."""

SAMPLE = 200
"""How many of the latest changed tickets are replayed each night; the whole history is never walked."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Numbers of tickets with a missed clock, and of those whose stored state does not follow from their events; recurring duties
    of the last day that nobody opened (title and moment); years whose holidays must be confirmed soon."""

    missed: tuple[str, ...]
    differing: tuple[str, ...]
    unopened: tuple[str, ...] = ()
    years: tuple[int, ...] = ()


def examine(at: datetime) -> Findings:
    """Look, without writing anything."""
    late = Clock.objects.filter(Q(wake_at__lt=at - GRACE) | Q(failures__gt=0, wake_at__isnull=False))
    missed = tuple(late.order_by("wake_at").values_list("ticket__number", flat=True).distinct()[:100])
    sample = Ticket.objects.order_by("-pk").values_list("pk", "number")[:SAMPLE]
    differing = tuple(number for pk, number in sample if not _follows(pk, at))
    return Findings(missed, differing, _unopened(at), tuple(calendars.unconfirmed(local(at).date())))


def _follows(pk: int, at: datetime) -> bool:
    """Whether the ticket's state follows from its events; one that cannot even be read does not, and hides no other."""
    try:
        row = store.load(pk)
        calendar = calendar_for(row.community_id, duty.directory(row.community_id, row.people_version), at)
        return store.follows(row, calendar, procedure_of(row.edition_id))
    except Exception:
        log.exception("ticket %s could not be examined", pk)
        return False


def _unopened(at: datetime) -> tuple[str, ...]:
    """Moments of the last day for which no ticket was opened, nor for a later one of the same rule (the latest alone is caught up)."""
    due = schedules.scheduled_between(at - timedelta(days=1), at - GRACE)
    runs = ScheduleRun.objects.filter(due_at__gte=at - timedelta(days=1), due_at__lte=at)
    opened: dict[tuple[int, str, str], datetime] = {}
    for community, slug, rule, moment in runs.values_list("community_id", "procedure", "rule", "due_at"):
        opened[community, slug, rule] = max(moment, opened.get((community, slug, rule), moment))
    lacking = [
        (moment, community, slug) for moment, community, slug, rule in due
        if opened.get((community, slug, rule), moment - GRACE) < moment and schedules.began(community, slug, rule, moment)
    ]  # fmt: skip
    return tuple(f"{edition_in_force(slug, community, at)[1].title} {local(moment):%m-%d %H:%M}" for moment, community, slug in lacking)


@action("clocks.audited", may="system", says="夜间核对：漏升级 {missed} 张，状态不符 {differing} 张，漏开定期工单 {unopened} 张")
def audit(actor: Actor, place: None, /, *, at: datetime) -> Done:
    """Examine, write the result, and tell the guaranteed person of head office when anything was found."""
    found = examine(at)
    counts = {"missed": len(found.missed), "differing": len(found.differing), "unopened": len(found.unopened)}
    if any(counts.values()):
        text = "、".join(found.missed[:10] + found.differing[:10] + found.unopened[:10])
        _tell(at, f"audit.{at:%Y%m%d%H%M}", "时钟核对发现异常", text, "/board")
    for year in found.years:  # once a week: without it, limits in workdays that reach into the year are refused
        text = f"{year} 年的节假日还没有确认，跨入该年的工作日时限推算不出来，有关的事会办不下去。请按国务院办公厅的通知录入并确认。"
        _tell(at, f"calendar.{year}.{local(at):%G%V}", f"请确认 {year} 年节假日", text, "/settings/calendar")
    return Done("procedures.clock:all", counts, result=found)


def _tell(at: datetime, key: str, title: str, text: str, url: str) -> None:
    notices.tell([
        notices.News(
            key=f"{key}.{user}", user_id=user, why="late", title=title, body=text, url=url, urgent=True, at=at, about="audit", community_id=None,
        )
        for user in duty.guaranteed_people()
    ])  # fmt: skip
