"""Tickets on a morning page: what is urgent, what is over its limit, what came in by night and is still open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from shouwen.duty.directory import Directory
from shouwen.kernel.access import Actor

from . import queries
from .editions import procedure_of
from .handing import EMERGENCIES
from .lanes import bounds
from .models import Ticket
from .pages.lines import pool_title

MOST = 200
"""Open tasks that are looked at, the soonest due first."""


@dataclass(frozen=True, slots=True)
class Left:
    """An open ticket. `why`: urgent, overdue or night (it came in then); `who` has its most pressing task."""

    why: str
    number: str
    what: str
    who: str
    due_at: datetime | None
    url: str


def left(actor: Actor, here: Directory, since: datetime, at: datetime) -> list[Left]:
    """What is open and urgent, overdue, or has come in since: each ticket once, in this order. One statement, bounded."""
    minute, _, _ = bounds(at)
    urgent = Q(priority=0) | Q(ticket__procedure__in=EMERGENCIES) | Q(ticket__grade="major")
    rows = (
        queries.tasks(actor).filter(urgent | Q(due_at__lt=minute) | Q(ticket__filed_at__gte=since), community_id=here.community)
        .filter(done_at__isnull=True, ticket__status=Ticket.Status.OPEN).select_related("ticket").defer("ticket__state").order_by("due_at", "id")
    )  # fmt: skip
    found: dict[int, Left] = {}
    for task in rows[:MOST]:
        ticket = task.ticket
        if ticket.pk in found:
            continue
        heavy = task.priority == 0 or ticket.procedure in EMERGENCIES or ticket.grade == "major"
        late = task.due_at is not None and task.due_at < minute
        title = procedure_of(ticket.edition_id).title
        matter = "（保密）" if ticket.confidential else ticket.summary if ticket.summary != title else ""
        found[ticket.pk] = Left(
            "urgent" if heavy else "overdue" if late else "night", ticket.number,
            " ".join(part for part in (title, ticket.place, matter) if part),
            f"{task.title}：{task.holder_name or pool_title(task.pool, here) or '待接单'}", task.due_at, reverse("procedures:ticket", args=[ticket.pk]),
        )  # fmt: skip
    order = ("urgent", "overdue", "night")
    return sorted(found.values(), key=lambda one: order.index(one.why))
