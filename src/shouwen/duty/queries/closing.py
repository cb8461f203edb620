"""Posts that nobody follows on, guards who assemble, volumes that are full."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from .. import attendance
from .. import handover as rule
from ..directory import Directory, Span
from ..models import Closing, Handover, LogLine, Muster, Presence, Volume
from .handover import item_list
from .people import current_directory, place

GUARDS = "security"
"""The department that assembles before its shifts."""

AROUND = timedelta(hours=12)


# --- closing a post ------------------------------------------------------------------------------------------------


def closes(row: Presence, here: Directory | None = None) -> bool:
    """Whether this shift ends with closing the post: nobody follows, and there are things to put away."""
    here = here or current_directory(row.community_id)
    if attendance.follower(here, row.post, row.ends_at, but=row.user_id) is not None:
        return False
    return row.post in rule.DEFAULTS and any(kind in rule.COUNTED for kind, _, _ in item_list(row.community_id, row.post))


def closing_of(row: Presence) -> Closing | None:
    """What has been done of closing the post."""
    return Closing.objects.filter(presence=row).first()


def careless(community_id: int, post: str, at: datetime) -> Presence | None:
    """The last shift of a post that ended without its things put away or handed over; None if it was in order. D1.19."""
    row = Presence.objects.filter(community=community_id, post=post, ends_at__lte=at).select_related("user", "closing").order_by("-ends_at").first()
    if row is None:
        return None
    closing = getattr(row, "closing", None)
    passed = Handover.objects.filter(community=community_id, post=post, giver=row.user_id, due_at=row.ends_at, state=Handover.State.DONE)
    return None if (closing and closing.stored_at) or passed.exists() else row


# --- guards who assemble -------------------------------------------------------------------------------------------


def assembling(community_id: int, starts_at: datetime) -> list[Span]:
    """The guards' shifts that begin at this moment."""
    here = current_directory(community_id)
    day = starts_at.astimezone(here.zone).date()
    return [s for s in here.spans(day, 1) if s.starts_at == starts_at and s.post in here.posts and here.posts[s.post].department == GUARDS]


def changes_of_guard(community_id: int, at: datetime) -> list[tuple[datetime, str]]:
    """(moment, title) of the guards' changes of shift within half a day, soonest first."""
    here = current_directory(community_id)
    first = (at - AROUND).astimezone(here.zone).date()
    found = {
        s.starts_at: s.title for s in here.spans(first, 3)
        if abs(s.starts_at - at) <= AROUND and s.post in here.posts and here.posts[s.post].department == GUARDS
    }  # fmt: skip
    return sorted(found.items())


def unrelieved(row: Muster) -> list[str]:
    """Titles of the posts whose hand-over at this change of guard is not complete. E22.15."""
    here = current_directory(row.community_id)
    day = row.starts_at.astimezone(here.zone).date()
    ending = {
        s.post for s in here.spans(day - timedelta(1), 2)
        if s.ends_at == row.starts_at and s.post in here.posts and here.posts[s.post].department == GUARDS
    }  # fmt: skip
    done = set(
        Handover.objects.filter(community=row.community_id, due_at=row.starts_at, state=Handover.State.DONE).values_list("post", flat=True)
    )
    begins = {guard.post for guard in row.guards.all()}
    return [here.posts[post].title for post in sorted(ending & begins - done)]


def musters(actor: Actor, community_id: int) -> QuerySet[Muster]:
    """The assemblies of a community, newest first."""
    place(actor, community_id)
    return Muster.objects.filter(community=community_id).order_by("-starts_at")


def muster(actor: Actor, pk: int) -> Muster:
    """One assembly where the actor may look, or NotFound."""
    places = actor.places("duty.view")
    rows = Muster.objects.select_related("community").prefetch_related("guards")
    found = (rows if places is None else rows.filter(community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def leader_of(community_id: int, post: str, due_at: datetime) -> Muster | None:
    """Who led the relief of a guards' post at this hour. E22.05."""
    return Muster.objects.filter(community=community_id, starts_at=due_at, guards__post=post).first()


# --- volumes -------------------------------------------------------------------------------------------------------


def volumes(actor: Actor, community_id: int, post: str = "") -> QuerySet[Volume]:
    """The closed volumes of the books here, newest first. D2.37."""
    place(actor, community_id)
    rows = Volume.objects.filter(community=community_id)
    return (rows.filter(post=post) if post else rows).order_by("-at", "-pk")


def volume(actor: Actor, pk: int) -> Volume:
    """One closed volume where the actor may look, or NotFound."""
    places = actor.places("duty.view")
    found = (Volume.objects.all() if places is None else Volume.objects.filter(community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def running_volume(community_id: int, post: str) -> tuple[int, int, QuerySet[LogLine]]:
    """(number, line after which it begins, its lines) of the volume that is being written."""
    last = Volume.objects.filter(community=community_id, post=post).order_by("-number").first()
    after = last.upto if last else 0
    return (last.number + 1 if last else 1), after, LogLine.objects.filter(community=community_id, post=post, pk__gt=after)


def settled(line: LogLine) -> Volume | None:
    """The closed volume in which this line stands, if it does."""
    return Volume.objects.filter(community=line.community_id, post=line.post, after__lt=line.pk, upto__gte=line.pk).first()
