"""The nightly audit: did every rung that should have fired fire, and do the stored tickets follow from their events?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.notices import actions as notices

from . import store
from .calendars import calendar_for
from .editions import procedure_of
from .models import Clock, Ticket

GRACE = timedelta(minutes=10)
"""A clock that is due for longer than this was missed, whatever the reason."""

SAMPLE = 200
"""How many of the latest changed tickets are replayed each night; the whole history is never walked."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Numbers of tickets with a missed clock, and of those whose stored state does not follow from their events."""

    missed: tuple[str, ...]
    differing: tuple[str, ...]


def examine(at: datetime) -> Findings:
    """Look, without writing anything."""
    late = Clock.objects.filter(Q(wake_at__lt=at - GRACE) | Q(failures__gt=0, wake_at__isnull=False))
    missed = tuple(late.order_by("wake_at").values_list("ticket__number", flat=True).distinct()[:100])
    differing = []
    for pk in Ticket.objects.order_by("-pk").values_list("pk", flat=True)[:SAMPLE]:
        row = store.load(pk)
        calendar = calendar_for(row.community_id, duty.directory(row.community_id, row.people_version), at)
        if not store.follows(row, calendar, procedure_of(row.edition_id)):
            differing.append(row.number)
    return Findings(missed, tuple(differing))


@action("clocks.audited", may="system", says="夜间核对：漏升级 {missed} 张，状态不符 {differing} 张")
def audit(actor: Actor, place: None, /, *, at: datetime) -> Done:
    """Examine, write the result, and tell the guaranteed person of head office when anything was found."""
    found = examine(at)
    if found.missed or found.differing:
        text = "、".join(found.missed[:10] + found.differing[:10])
        notices.tell([
            notices.News(
                key=f"audit.{at:%Y%m%d%H%M}.{user}", user_id=user, why="late", title="时钟核对发现异常", body=text,
                url="/board", urgent=True, at=at, about="audit", community_id=None,
            )
            for user in duty.guaranteed_people()
        ])  # fmt: skip
    return Done("procedures.clock:all", {"missed": len(found.missed), "differing": len(found.differing)}, result=found)
