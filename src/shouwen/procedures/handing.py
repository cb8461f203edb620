"""Tickets at the hand-over of a shift: what somebody follows, and how it passes on. Put into its slot by config/wiring.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from shouwen.duty.handover import Item
from shouwen.kernel.access import Actor

from . import actions, store
from .editions import procedure_of
from .models import PrivateAnswers, Task, Ticket

ABOUT = "ticket:"
EMERGENCIES = frozenset({"emergency_notice", "fire", "fire_notice", "medical_emergency", "major_emergency"})
"""Procedures whose tickets are major while they are open. D5.26."""

ASSIGNED = "assigned_work"
"""What a leader gave somebody to do: its leader follows it, and whoever has it does it or hands it over. D2.04."""

_WEIGHTS = {"major": "major", "difficult": "important"}
_OPEN = (Ticket.Status.OPEN, Ticket.Status.PAUSED)


def open_items(community_id: int, users: Sequence[int], since: datetime) -> list[Item]:
    """What these people track and is not finished, what they were given to do, and the major matters they closed since. A5.08, D2.04, D5.05, D5.06."""
    given = Task.objects.filter(holder_id__in=users, done_at__isnull=True, community_id=community_id, ticket__procedure=ASSIGNED)
    heavy = Q(status=Ticket.Status.CLOSED, closed_at__gte=since) & (Q(grade="major") | Q(procedure__in=EMERGENCIES))
    rows = (
        Ticket.objects.filter(
            (Q(status__in=_OPEN) | heavy) & Q(tracker_id__in=users) | Q(pk__in=list(given.values_list("ticket_id", flat=True))), community=community_id
        )
        .annotate(answered=Exists(PrivateAnswers.objects.filter(ticket=OuterRef("pk"))))
        .order_by("due_at", "pk")
        .only("number", "edition_id", "procedure", "place", "summary", "grade", "status", "due_at", "confidential", "state")
    )
    return [
        Item(
            f"{ABOUT}{row.pk}", row.number, _what(row), row.due_at, reverse("procedures:ticket", args=[row.pk]),
            "major" if row.procedure in EMERGENCIES else _WEIGHTS.get(row.grade, "ordinary"), row.status not in _OPEN,
            row.place or ("来电人" if row.answered else ""),
        )
        for row in rows
    ]  # fmt: skip


def _what(row: Ticket) -> str:
    title = procedure_of(row.edition_id).title
    matter = "（保密）" if row.confidential else row.summary
    return " ".join(part for part in (title, row.place, matter) if part)


def pass_on(actor: Actor, community_id: int, *, abouts: Sequence[str], to: int, reason: str, at: datetime) -> None:
    """These tickets are followed by `to`; tasks that the giver holds go along. Who was asked first stays. A5.12, E22.12."""
    for about in abouts:
        if not about.startswith(ABOUT):
            continue
        row = store.load(int(about.removeprefix(ABOUT)))
        if row.community_id != community_id or row.state.status not in ("open", "paused"):
            continue
        mine = {task.id for task in row.state.open_tasks if task.holder == actor.ref}
        if row.procedure == ASSIGNED:  # it was laid on this person by name; its leader goes on following it
            mine |= set(Task.objects.filter(ticket=row.id, done_at__isnull=True, holder_id=actor.id).values_list("number", flat=True))
        if row.state.tracker != str(to) and not (mine and row.procedure == ASSIGNED):
            actions.hand(actor, row, task=0, to=to, reason=reason, at=at)
        for task in row.state.open_tasks:
            if task.id in mine:
                actions.hand(actor, row, task=task.id, to=to, reason=reason, at=at)
