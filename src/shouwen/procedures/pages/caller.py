"""Who is calling: the unit they live in, who else lives there (masked), their vehicles, and their tickets."""

from __future__ import annotations

from dataclasses import dataclass

from shouwen.estate import queries as estate
from shouwen.estate.models import Occupancy, Unit, Vehicle
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound

from .. import queries, slots
from ..models import Ticket

OPEN = ("open", "paused")
SHOWN, CLOSED = 12, 5
"""Open and closed tickets shown of one unit."""


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
class Caller:
    unit: Unit
    residents: list[Resident]
    vehicles: list[Vehicle]
    open: list[Ticket]
    closed: list[Ticket]
    name: str
    """The chosen resident's whole name for the form, "" when nobody is chosen or this person may not know it."""
    dials: int | None
    """The chosen resident's id when this person may bring the whole phone number into the form (D1.07)."""
    asks: bool
    """Whether this person may at least ask for that number; the supervisor then decides."""
    cards: list[slots.Card]
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
    return Caller(
        unit, [_resident(one, person_id, knows) for one in people], list(estate.vehicles(actor).filter(unit=unit)),
        list(rows.filter(status__in=OPEN)[:SHOWN]), list(rows.exclude(status__in=OPEN)[:CLOSED]),
        chosen.name if chosen and knows else "",
        chosen.pk if chosen and chosen.phone_masked and actor.may("estate.approve_reveal", unit.community_id) else None,
        bool(chosen and chosen.phone_masked and knows), slots.caller_cards(actor, unit, now()),
    )  # fmt: skip


def _resident(one: Occupancy, person_id: int | None, knows: bool) -> Resident:
    person, chosen = one.person, one.person_id == person_id
    return Resident(
        person.pk, person.name if chosen and knows else estate.mask_name(person.name), one.get_kind_display(),
        person.phone_masked, person.care, chosen,
    )  # fmt: skip
