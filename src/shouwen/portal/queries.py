"""Reads of this area: for residents, by what they have proven; for the staff, by their permission."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final

from django.db.models import Q, QuerySet

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import NotFound
from shouwen.procedures import queries as procedures
from shouwen.procedures.calendars import CHINA
from shouwen.procedures.engine import Procedure
from shouwen.procedures.models import Ticket
from shouwen.procedures.slots import Rated

from .models import Message, PartyContact, PlaceCode, Rating, TicketLink
from .residents import Resident
from .words import MATTERS

LARGEST: Final = 2**63 - 1


def place(code: str) -> PlaceCode:
    """The place behind a code in use; NotFound for all others."""
    text = code.strip().lower()
    found = None
    if text.isascii() and text.isalnum() and len(text) <= 12:
        found = PlaceCode.objects.select_related("community", "unit").filter(code=text, retired_at=None).first()
    if found is None:
        raise NotFound("没有这个二维码，或它已经停用。请换一个附近的二维码，或致电服务中心。")
    return found


def ratings(community_id: int, since: datetime, until: datetime) -> tuple[frozenset[int], list[Rated]]:
    """Of the tickets closed in that time: which a resident was asked to rate (they have a link), and every rating given."""
    closed = Q(ticket__community_id=community_id, ticket__closed_at__gte=since, ticket__closed_at__lt=until)
    asked = frozenset(TicketLink.objects.filter(closed).values_list("ticket_id", flat=True))
    rows = Rating.objects.filter(closed).order_by("-at", "-id").values_list("ticket_id", "stars", "words", "at")
    return asked, [Rated(*row) for row in rows]


def matters(community_id: int, at: datetime) -> list[Procedure]:
    """What residents may bring by themselves, the usual first."""
    order = {slug: place for place, slug in enumerate(MATTERS)}
    found = [rules for _, rules in procedures.procedures(SYSTEM, community_id, at) if "public" in rules.opened_by]
    return sorted(found, key=lambda rules: (order.get(rules.procedure, len(order)), rules.title))


def matter(community_id: int, slug: str, at: datetime) -> Procedure:
    found = next((rules for rules in matters(community_id, at) if rules.procedure == slug), None)
    if found is None:
        raise NotFound("没有这项业务，或暂不能自助办理。请联系服务中心。")
    return found


def own(resident: Resident, at: datetime) -> QuerySet[Ticket]:
    """Tickets of this resident's units since they live there, and those they filed themselves; newest first.

    What is confidential only to whoever filed it; what is internal, to nobody.
    """
    mine = Q(resident_link__phone_digest=resident.phone_digest)
    for home in resident.homes:
        since = datetime.combine(home.since, time(0), CHINA)
        mine |= Q(  # what the system opened (first asked: nobody) belongs to a ticket of theirs
            first_asked_id__isnull=False, unit_id=home.unit_id, confidential=False, filed_at__gte=since, procedure__in=_public(home.community_id, at),
        )
    return Ticket.objects.filter(mine).select_related("community").order_by("-id")


def _public(community_id: int, at: datetime) -> list[str]:
    return [rules.procedure for rules in matters(community_id, at)]


def own_ticket(resident: Resident, pk: int, at: datetime) -> Ticket:
    found = own(resident, at).filter(pk=pk).first() if 0 < pk <= LARGEST else None
    if found is None:
        raise NotFound("没有这件事，或它不是您家的。请从「我的报事」里打开。")
    return found


# --- of the staff ----------------------------------------------------------------------------------------------------


def _here(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    places = actor.places("settings.edit")
    return rows if places is None else rows.filter(community_id__in=places)


def codes(actor: Actor) -> QuerySet[PlaceCode]:
    """Codes of the communities whose settings this person may change."""
    return _here(PlaceCode.objects.select_related("unit", "community"), actor)


def code(actor: Actor, pk: int) -> PlaceCode:
    found = codes(actor).filter(pk=pk).first() if 0 < pk <= LARGEST else None
    if found is None:
        raise NotFound
    return found


def messages(actor: Actor) -> QuerySet[Message]:
    """Messages to residents and parties; those with codes belong to no community and are seen by head office only."""
    return _here(Message.objects.select_related("ticket"), actor)


def message(actor: Actor, pk: int) -> Message:
    found = messages(actor).filter(pk=pk).first() if 0 < pk <= LARGEST else None
    if found is None:
        raise NotFound
    return found


def contacts(actor: Actor, community_id: int) -> QuerySet[PartyContact]:
    return _here(PartyContact.objects.filter(community_id=community_id), actor)
