"""Who is calling: the unit they live in, who else lives there (masked), their vehicles, and their tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shouwen.estate import queries as estate
from shouwen.estate.cards import Card, cards_of
from shouwen.estate.models import Occupancy, Unit, Vehicle
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound

from .. import queries
from ..models import Event, Ticket

OPEN: Final = ("open", "paused")
SHOWN: Final = 12
CLOSED: Final = 5
"""Open and closed tickets shown of one unit."""
VISITS: Final = ("reception", "visitor_intake", "follow_up", "call_intake")
"""Procedures by which somebody of the unit was met or rung without there being a matter of its own."""
TOLD: Final = 4
"""Visits and notes shown: the latest."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody of the unit; `name` is whole only for who may ask for private values, else masked."""

    person_id: int
    name: str
    kind: str
    phone: str
    care: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A visit, a call, a note or an urging: when, what, by whom, and on which ticket."""

    at: datetime
    what: str
    text: str
    by: str
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Caller:
    unit: Unit
    residents: list[Resident]
    vehicles: list[Vehicle]
    open: list[Ticket]
    closed: list[Ticket]
    told: list[Told]
    name: str
    """The chosen resident's whole name for the form, "" when nobody is chosen or this person may not know it."""
    dials: int | None
    """The chosen resident's id when this person may bring the whole phone number into the form (D1.07)."""
    asks: bool
    """Whether this person may at least ask for that number; the supervisor then decides."""
    cards: list[Card]
    """What other areas know of the unit: arrears, parking, visits."""

    @property
    def care(self) -> list[Resident]:
        return [one for one in self.residents if one.care]


def caller(actor: Actor, unit_id: int | None, person_id: int | None = None) -> Caller | None:
    """Everything the desk needs while somebody is on the line; None without a unit or where it may not be seen."""
    if not unit_id:
        return None
    try:
        unit = estate.unit(actor, unit_id)
    except NotFound:
        return None
    people = estate.people_of(actor, unit)
    knows = actor.may("estate.reveal", unit.community_id)
    chosen = next((one.person for one in people if one.person_id == person_id), None)
    rows = queries.tickets(actor).filter(unit_id=unit.pk).select_related("edition").order_by("-id")
    current, past = list(rows.filter(status__in=OPEN)[:SHOWN]), list(rows.exclude(status__in=OPEN)[:CLOSED])
    return Caller(
        unit, [_resident(one, person_id, knows) for one in people], list(estate.vehicles(actor).filter(unit=unit)),
        current, past, _told([*current, *past], list(rows.filter(procedure__in=VISITS)[:TOLD])),
        chosen.name if chosen and knows else "",
        chosen.pk if chosen and chosen.phone_masked and actor.may("estate.approve_reveal", unit.community_id) else None,
        bool(chosen and chosen.phone_masked and knows), cards_of(actor, unit, now()),
    )  # fmt: skip


def _resident(one: Occupancy, person_id: int | None, knows: bool) -> Resident:
    person, chosen = one.person, one.person_id == person_id
    return Resident(
        person.pk, person.name if chosen and knows else estate.mask_name(person.name), one.get_kind_display(),
        person.phone_masked, person.care, chosen,
    )  # fmt: skip


def _told(tickets: list[Ticket], visits: list[Ticket]) -> list[Told]:
    """The latest visits, and notes and urgings on the tickets shown; one statement."""
    of = {one.pk: one for one in tickets}
    events = Event.objects.filter(ticket__in=list(of), kind__in=("noted", "urged")).order_by("-at")[:TOLD]
    found = [Told(e.at, "催单" if e.kind == "urged" else "备注", _words(e), e.by_name, of[e.ticket_id]) for e in events]
    found += [Told(one.filed_at, one.edition.title, one.summary, one.first_asked, one) for one in visits]
    return sorted(found, key=lambda one: one.at, reverse=True)[:TOLD]


def _words(event: Event) -> str:
    """「李静 备注：……」 without what stands beside it."""
    return event.text.partition("：")[2].strip() or event.text
