"""The spellings under which units, people and vehicles are found, put on file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from .bulk import insert
from .codes import plate_terms, room_terms
from .models import Person, SearchTerm, Unit, Vehicle
from .names import name_terms

_COLUMNS: Final = ("community_id", "kind", "term", "unit_id", "person_id", "vehicle_id")


def file_units(units: Iterable[Unit]) -> None:
    insert(SearchTerm, _COLUMNS, (
        (unit.community_id, kind, term, unit.pk, None, None) for unit in units for kind, term in room_terms(unit.code)
    ))


def file_people(people: Iterable[Person]) -> None:
    insert(SearchTerm, _COLUMNS, _of_people(people))


def _of_people(people: Iterable[Person]) -> Iterator[tuple[Any, ...]]:
    spelt: dict[str, list[tuple[str, str]]] = {}
    for person in people:
        if person.name not in spelt:
            spelt[person.name] = name_terms(person.name)
        for kind, term in spelt[person.name]:
            yield person.community_id, kind, term, None, person.pk, None
        if person.phone_tail:
            yield person.community_id, "phone", person.phone_tail, None, person.pk, None


def file_vehicles(vehicles: Iterable[Vehicle]) -> None:
    insert(SearchTerm, _COLUMNS, (
        (vehicle.community_id, kind, term, None, None, vehicle.pk)
        for vehicle in vehicles for kind, term in plate_terms(vehicle.plate)
    ))
