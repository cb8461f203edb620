"""The spellings under which units, people and vehicles are found, as rows not yet stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .codes import plate_terms, room_terms
from .models import Person, SearchTerm, Unit, Vehicle
from .names import name_terms


def of_units(units: Iterable[Unit]) -> Iterator[SearchTerm]:
    for unit in units:
        for kind, term in room_terms(unit.code):
            yield SearchTerm(community_id=unit.community_id, kind=kind, term=term, unit_id=unit.pk)


def of_people(people: Iterable[Person]) -> Iterator[SearchTerm]:
    for person in people:
        for kind, term in name_terms(person.name):
            yield SearchTerm(community_id=person.community_id, kind=kind, term=term, person_id=person.pk)
        if person.phone_tail:
            yield SearchTerm(community_id=person.community_id, kind="phone", term=person.phone_tail, person_id=person.pk)


def of_vehicles(vehicles: Iterable[Vehicle]) -> Iterator[SearchTerm]:
    for vehicle in vehicles:
        for kind, term in plate_terms(vehicle.plate):
            yield SearchTerm(community_id=vehicle.community_id, kind=kind, term=term, vehicle_id=vehicle.pk)
