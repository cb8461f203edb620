"""Reading notices: everybody their own; channels for those who may change settings."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from .models import Channel, Delivery, Notice

MANY: Final = 100


def inbox(actor: Actor, unread_only: bool = False) -> QuerySet[Notice]:
    """This person's notices, newest first."""
    mine = Notice.objects.filter(user_id=actor.id).order_by("-id") if actor.id is not None else Notice.objects.none()
    return mine.filter(read_at=None) if unread_only else mine


def notice(actor: Actor, pk: Any) -> Notice:
    """One of this person's notices; anybody else's does not exist."""
    found = inbox(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def unread(actor: Actor) -> int:
    """How many are unread, counted to MANY (the badge says 99+)."""
    return inbox(actor, unread_only=True).order_by()[:MANY].count()


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
