"""Every read of tickets, tasks and procedures. Each starts with who is asking; what they may not see is not found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from . import store
from .calendars import local
from .editions import procedure_of
from .engine import Procedure
from .models import Attachment, Clock, Edition, Event, Task, Ticket

LANE = 50
"""Rows of one lane of the board; a lane that has more says so."""


def tickets(actor: Actor) -> QuerySet[Ticket]:
    """Every ticket this person may see. There is no other way out of this area."""
    return _visible(Ticket.objects.all(), actor, "community_id", "")


def register(actor: Actor) -> QuerySet[Ticket]:
    """The same, newest first, for the register and its export."""
    return tickets(actor).select_related("community").defer("state").order_by("-id")


def tasks(actor: Actor) -> QuerySet[Task]:
    """Every task of the tickets this person may see."""
    return _visible(Task.objects.all(), actor, "community_id", "ticket__")


def _visible(rows: QuerySet[Any], actor: Actor, community: str, ticket: str) -> QuerySet[Any]:
    places = actor.places("tickets.view")
    if places is not None:
        rows = rows.filter(**{f"{community}__in": places})
    secret = actor.places("tickets.confidential")
    if secret is not None:
        open_to_all = Q(**{f"{ticket}confidential": False})
        own = Q(**{f"{ticket}first_asked_id": actor.id}) | Q(**{f"{ticket}tracker_id": actor.id})
        rows = rows.filter(open_to_all | own | Q(**{f"{community}__in": secret}))
    return rows


def ticket(actor: Actor, pk: int) -> Ticket:
    """One ticket with community and edition; NotFound when it is not there for this person."""
    rows = tickets(actor).select_related("community", "edition").defer("state", "edition__text")
    found = rows.filter(pk=pk).order_by().first()
    if found is None:
        raise NotFound("没有这张工单，或您无权查看。请核对编号。")
    return found


def _sees(actor: Actor, one: store.Row | Ticket, own: bool) -> bool:
    """Whether a ticket in hand is there for this person: the same rule as `_visible`, without asking the database."""
    return actor.may("tickets.view", one.community_id) and (
        not one.confidential or own or actor.may("tickets.confidential", one.community_id)
    )


def row(actor: Actor, pk: int) -> store.Row:
    """The stored form of one ticket, for the actions, if this person may see it. One statement."""
    found = store.load(pk)
    if not _sees(actor, found, actor.ref in (found.state.first_asked, found.state.tracker)):
        raise NotFound("没有这张工单，或您无权查看。请核对编号。")
    return found


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane of the board: at most LANE tasks, the most urgent first; `more` when there are others."""

    key: str
    title: str
    tasks: Sequence[Task]
    more: bool


@dataclass(frozen=True, slots=True)
class Board:
    lanes: list[Lane]
    at: datetime

    @property
    def quiet(self) -> bool:
        """Nothing overdue and nothing due soon."""
        return not any(lane.tasks for lane in self.lanes if lane.key in ("overdue", "soon"))


LANES = {
    "overdue": "已超时", "soon": "30 分钟内到时", "today": "今天到时", "later": "以后到时", "open": "没有时限", "paused": "已挂起",
}  # fmt: skip
"""The lanes of the board in order. A paused ticket's clocks stand still, so its tasks are in no other lane."""


def lane_of(
    actor: Actor, at: datetime, key: str, *, community_id: int | None = None, department: str = "",
    holder: int | None = None, procedure: str = "", building: int | None = None,
) -> QuerySet[Task]:  # fmt: skip
    """Open tasks of one of LANES, the most urgent first: one range of the index of open tasks."""
    rows = tasks(actor).filter(done_at__isnull=True)
    if community_id is not None:
        rows = rows.filter(community_id=community_id)
    if department:
        rows = rows.filter(department=department)
    if holder is not None:
        rows = rows.filter(holder_id=holder)
    if procedure:
        rows = rows.filter(ticket__procedure=procedure)
    if building is not None:
        rows = rows.filter(ticket__unit__building_id=building)
    rows = rows.filter(_range(key, at)).select_related("ticket").defer("ticket__state")
    return rows.order_by(F("due_at").asc(nulls_last=True) if key == "paused" else "due_at", "id")


def _range(key: str, at: datetime) -> Q:
    if key == "paused":
        return Q(ticket__status=Ticket.Status.PAUSED)
    minute, soon, midnight = _bounds(at)
    ranges = {
        "overdue": Q(due_at__lt=minute),
        "soon": Q(due_at__gte=minute, due_at__lt=soon),
        "today": Q(due_at__gte=soon, due_at__lt=midnight),
        "later": Q(due_at__gte=max(soon, midnight)),
        "open": Q(due_at__isnull=True),
    }
    return ranges[key] & ~Q(ticket__status=Ticket.Status.PAUSED)


def lane_at(due_at: datetime | None, at: datetime, *, paused: bool = False) -> str:
    """The lane of one task, without asking the database."""
    if paused or due_at is None:
        return "paused" if paused else "open"
    minute, soon, midnight = _bounds(at)
    return "overdue" if due_at < minute else "soon" if due_at < soon else "today" if due_at < midnight else "later"


def _bounds(at: datetime) -> tuple[datetime, datetime, datetime]:
    """Overdue before the first: the minute in which a task is due is still on time. Soon before the second, today before the third."""
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return at.replace(second=0, microsecond=0), at + timedelta(minutes=30), midnight


def board(
    actor: Actor, at: datetime, *, community_id: int | None = None, department: str = "", holder: int | None = None,
    procedure: str = "", building: int | None = None, lane: str = "",
) -> Board:  # fmt: skip
    """Open tasks by urgency. Every lane is one index range of at most LANE + 1 rows, whatever the size of the tables."""
    lanes = []
    for key, title in LANES.items():
        if lane and key != lane:
            continue
        rows = lane_of(
            actor, at, key, community_id=community_id, department=department, holder=holder, procedure=procedure,
            building=building,
        )  # fmt: skip
        found = list(rows[: LANE + 1])
        lanes.append(Lane(key, title, by_priority(found[:LANE]), len(found) > LANE))
    return Board(lanes, at)


def by_priority(found: Sequence[Task]) -> list[Task]:
    """The tasks of one lane, those of a higher `priority` first (the order of its options), else as they were. C2.04."""
    return sorted(found, key=lambda task: task.priority)


def climbed(actor: Actor, found: Sequence[Task]) -> dict[tuple[int, int], int]:
    """(ticket id, task number) → rungs of its ladder already climbed, reminders among them; none = not in it. One statement."""
    rows = Clock.objects.filter(
        ticket__in={t.ticket_id for t in found}, kind="step", stopped_at__isnull=True, rung__gt=0
    ).values_list("ticket_id", "task", "rung")
    return {(ticket_id, task): rung for ticket_id, task, rung in rows}


COUNTED = 1000
"""A figure of the board is counted no further than this."""


def figures(actor: Actor, community_id: int, at: datetime) -> tuple[int, int]:
    """(tickets open, tickets filed today) in a community, each counted up to COUNTED."""
    rows = tickets(actor).filter(community_id=community_id)
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    running = rows.filter(status__in=[Ticket.Status.OPEN, Ticket.Status.PAUSED])[:COUNTED].count()
    newest = rows.order_by("-id").values("pk")[:COUNTED]  # numbers rise with time: today's stand first in the register
    return running, Ticket.objects.filter(pk__in=newest, filed_at__gte=midnight).count()


def pools(actor: Actor, at: datetime) -> list[tuple[int, str]]:
    """(community id, pool) of every queue this person takes work from."""
    found: list[tuple[int, str]] = []
    if actor.id is None:
        return found
    communities = estate.communities(actor).values_list("pk", "people_version")
    for community_id, version in communities:
        directory = duty.directory(community_id, version)
        if not directory.knows(actor.id):
            continue
        found += [(community_id, f"post:{post}") for post in directory.posts_of(actor.id)]
        if department := directory.department_of(actor.id):
            found.append((community_id, f"dept:{department}"))
        headed = {h.department for h in directory.held if h.user == actor.id and h.heads and h.on(local(at).date())}
        found += [(community_id, f"head:{department}") for department in headed]
    return found


def my_tasks(actor: Actor, at: datetime) -> QuerySet[Task]:
    """Open tasks that lie with this person or in their pools, the most urgent first."""
    return _most_urgent(tasks(actor).filter(_mine(actor, at)))


def followed(actor: Actor, at: datetime) -> QuerySet[Task]:
    """Open tasks of the tickets that this person follows to the end, while they lie with others, the most urgent first. A7.06."""
    return _most_urgent(tasks(actor).filter(ticket__tracker_id=actor.id).exclude(_mine(actor, at)))


def _mine(actor: Actor, at: datetime) -> Q:
    mine = Q(holder_id=actor.id, holder_id__isnull=False)
    for community_id, pool in pools(actor, at):
        mine |= Q(holder_id__isnull=True, community_id=community_id, pool=pool)
    return mine


def _most_urgent(rows: QuerySet[Task]) -> QuerySet[Task]:
    rows = rows.filter(done_at__isnull=True).select_related("ticket").defer("ticket__state")
    return rows.order_by(F("due_at").asc(nulls_last=True), "id")


def timeline(actor: Actor, ticket_: Ticket) -> QuerySet[Event]:
    """What happened to a ticket, in order; nothing of one that this person may not see."""
    seen = _sees(actor, ticket_, actor.id is not None and actor.id in (ticket_.first_asked_id, ticket_.tracker_id))
    return Event.objects.filter(ticket_id=ticket_.pk).order_by("seq") if seen else Event.objects.none()


def attachment(actor: Actor, key: str) -> Attachment:
    """One attached file, if this person may see its ticket (or uploaded it and it has none yet)."""
    found = Attachment.objects.filter(key=key).select_related("ticket").first()
    if found is None or (found.ticket is None and found.by_id != actor.id):
        raise NotFound("没有这个附件，或您无权查看。")
    if found.ticket is not None:
        ticket(actor, found.ticket.pk)
    return found


def procedures(actor: Actor, community_id: int, at: datetime) -> list[tuple[int, Procedure]]:
    """(edition id, procedure) in force in a community, by title."""
    if not actor.may("procedures.view", community_id):
        raise NotFound("没有这个小区，或您无权查看它的规程。")
    rows = Edition.objects.filter(Q(community_id=community_id) | Q(community__isnull=True), starts_at__lte=at, recall=None)
    known = rows.order_by("starts_at", "pk").values_list("procedure", "pk", "community_id")
    in_force = {slug: pk for slug, pk, own in sorted(known, key=lambda row: row[2] is not None)}  # the own edition wins
    return sorted(((pk, procedure_of(pk)) for pk in in_force.values()), key=lambda e: e[1].title)


def editions(actor: Actor, community_id: int, slug: str) -> QuerySet[Edition]:
    """Every edition of a procedure adopted for a community or for all, recalled ones too, without its text, the latest start first."""
    if not actor.may("procedures.view", community_id):
        raise NotFound("没有这个小区，或您无权查看它的规程。")
    rows = Edition.objects.filter(Q(community_id=community_id) | Q(community__isnull=True), procedure=slug)
    return rows.select_related("community", "recall").defer("text").order_by("-starts_at", "-pk")


def titles(actor: Actor, community_id: int | None = None) -> list[tuple[str, str]]:
    """(slug, title) of every procedure ever adopted here (None = anywhere this person may look): for filters. One statement."""
    places = actor.places("tickets.view")
    if community_id is not None:
        places = frozenset({community_id}) if places is None else places & {community_id}
    rows = Edition.objects.order_by("pk")
    if places is not None:
        rows = rows.filter(Q(community__in=places) | Q(community__isnull=True))
    return sorted(dict(rows.values_list("procedure", "title")).items(), key=lambda one: one[1])


def fileable(actor: Actor, community_id: int, at: datetime) -> list[Procedure]:
    """Procedures that this person may open by hand in a community."""
    if actor.id is None or not actor.may("tickets.file", community_id):
        return []
    directory = duty.directory(community_id, estate.people_version(community_id))
    posts = directory.posts_of(actor.id)
    return [
        p for _, p in procedures(actor, community_id, at)
        if "staff" in p.opened_by or set(p.opened_by) & posts
    ]  # fmt: skip


def edition(actor: Actor, pk: int) -> tuple[Edition, Procedure]:
    """One adopted edition; a community's own edition only for those who may see that community's procedures."""
    found = Edition.objects.filter(pk=pk).select_related("community").first()
    if found is None or (found.community_id and not actor.may("procedures.view", found.community_id)):
        raise NotFound("没有这个规程版本，或您无权查看。")
    return found, procedure_of(pk)
