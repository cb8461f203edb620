"""Reading notices: everybody their own; channels for those who may change settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Final, NamedTuple

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import ask
from shouwen.kernel.refusals import NotFound

from .models import Channel, Delivery, Notice, Quiet
from .quiet import send_at

MANY: Final = 100


def inbox(actor: Actor, unread_only: bool = False) -> QuerySet[Notice]:
    """This person's notices, newest first."""
    mine = Notice.objects.filter(user_id=actor.id).order_by("-id") if actor.id is not None else Notice.objects.none()
    return mine.filter(read_at=None) if unread_only else mine


def threads(actor: Actor, show: str = "") -> QuerySet[Notice]:
    """The newest notice of each matter this person was told about, newest first; `show`: "" all, unread, urgent."""
    rows = inbox(actor, unread_only=show == "unread")
    later = Notice.objects.filter(user_id=OuterRef("user_id"), subject=OuterRef("subject"), pk__gt=OuterRef("pk"))
    if show == "unread":
        later = later.filter(read_at=None)
    if show == "urgent":
        rows, later = rows.filter(urgent=True), later.filter(urgent=True)
    return rows.filter(~Exists(later))


def counts(actor: Actor, subjects: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(all, unread) of this person's notices about these matters."""
    rows = inbox(actor).filter(subject__in=subjects).order_by().values("subject")
    counted = rows.annotate(every=Count("id"), new=Count("id", filter=Q(read_at=None)))
    return {row["subject"]: (row["every"], row["new"]) for row in counted}


def fresh(actor: Actor, after: int, at: datetime) -> tuple[int, list[Notice]]:
    """(number of the newest notice, those unread after `after` that may be shown now, oldest first, at most 5).

    In this person's quiet hours only what cannot wait is shown.
    """
    mine = inbox(actor).order_by()
    last: int = mine.aggregate(last=Max("id"))["last"] or 0
    if last <= after:
        return last, []
    rows = list(mine.filter(pk__gt=after, read_at=None).order_by("-id")[:20])
    hours = quiet_hours(actor)
    shown = [row for row in rows if send_at(at, hours, urgent=row.urgent, due=row.due_at) == at]
    return last, shown[:5][::-1]


def quiet_hours(actor: Actor) -> tuple[time, time] | None:
    """This person's own quiet hours."""
    found = Quiet.objects.filter(user_id=actor.id).values_list("starts", "ends").first() if actor.id is not None else None
    return tuple(found) if found else None  # type: ignore[return-value]


def own_mail(actor: Actor) -> Channel | None:
    """The channel by which this person gets mail, if they want it."""
    return Channel.objects.filter(user_id=actor.id, kind="email", is_active=True).first() if actor.id is not None else None


def notice(actor: Actor, pk: Any) -> Notice:
    """One of this person's notices; anybody else's does not exist."""
    found = inbox(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def unread(actor: Actor) -> int:
    """How many are unread, counted to MANY (the badge says 99+)."""
    if actor.id is None:
        return 0
    some = f"SELECT 1 FROM notices_notice WHERE user_id = %s AND read_at IS NULL LIMIT {MANY}"
    return int(ask(f"SELECT count(*) FROM ({some}) AS unread", (actor.id,))[0][0])


def about(actor: Actor, subject: str, community_id: int) -> QuerySet[Notice]:
    """Who was told what about a ticket, oldest first, for those who may see its community's tickets."""
    if not actor.may("tickets.view", community_id):
        return Notice.objects.none()
    mine = Q(about=subject) | Q(about__startswith=f"{subject}/")
    return Notice.objects.filter(mine, community_id=community_id).select_related("user").order_by("id")


def channels(actor: Actor) -> QuerySet[Channel]:
    """Channels of the communities whose settings this person may change."""
    places = actor.places("settings.edit")
    rows = Channel.objects.select_related("user").order_by("-is_active", "id")
    return rows if places is None else rows.filter(community_id__in=places)


def channel(actor: Actor, pk: Any) -> Channel:
    found = channels(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def troubled(actor: Actor) -> QuerySet[Delivery]:
    """Deliveries that failed or wait for another attempt, newest first."""
    rows = Delivery.objects.filter(Q(state="failed") | Q(attempts__gt=0, state="pending"), channel__in=channels(actor))
    return rows.select_related("notice", "channel").order_by("-id")


def forgettable(community_id: int | None, before: datetime) -> QuerySet[Notice]:
    """Notices of a community that were read before a moment, the oldest first."""
    return Notice.objects.filter(community_id=community_id, read_at__lt=before, at__lt=before).order_by("id")


def last_deliveries(channels: Sequence[Channel]) -> dict[int, Delivery]:
    """The latest delivery over each of these channels. One statement."""
    newest = Delivery.objects.filter(channel__in=[c.pk for c in channels]).order_by().values("channel").annotate(last=Max("pk")).values("last")
    return {d.channel_id: d for d in Delivery.objects.filter(pk__in=newest).select_related("notice") if d.channel_id}


class Told(NamedTuple):
    """One notice about a ticket: `name` of the employee, or "" and the `party` outside."""

    key: str
    why: str
    about: str
    party: str
    name: str


def told(actor: Actor, abouts: Sequence[str], community_id: int, since: datetime, until: datetime, most: int) -> list[Told]:
    """As `about`, of what is named exactly (a ticket, its steps) and in a stretch of time, for pages that are opened all day."""
    if not actor.may("tickets.view", community_id):
        return []
    rows = ask(
        "SELECT n.key, n.why, n.about, n.party, u.name FROM notices_notice n LEFT JOIN org_user u ON u.id = n.user_id"
        f" WHERE n.about IN ({', '.join(['%s'] * len(abouts))}) AND n.community_id = %s AND n.at >= %s AND n.at <= %s"
        f" ORDER BY n.id LIMIT {int(most)}", (*abouts, community_id, since, until),
    )  # fmt: skip
    return [Told(*row[:4], row[4] or "") for row in rows]
