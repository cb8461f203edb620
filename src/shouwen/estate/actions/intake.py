"""Many units, people, occupancies and vehicles in one action: the import, and whoever builds a world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.timezone import localdate

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Refused

from .. import private, terms
from ..bulk import create, insert
from ..codes import room_parts, sort_key
from ..intake import Ground, look, problems
from ..lines import Line, normal
from ..models import Building, Community, Occupancy, Person, PersonPrivate, Unit, Vehicle
from ..names import initials

EMPTY = (Unit.State.VACANT, Unit.State.UNDELIVERED)


@action("estate.taken_in", may="estate.import", says="批量登记：{summary}")
def take_in(actor: Actor, community: Community, /, *, lines: Sequence[Line], at: datetime) -> Done:
    """Take in all lines or none; Refused names the first lines that do not fit. Returns counts of what is new."""
    ready = [normal(line) for line in lines]
    ground = look(community.pk, ready)
    if wrong := problems(ready, ground, lambda index: f"第 {index + 1} 条"):
        shown = "；".join(f"第 {problem.index + 1} 条：{problem.message}" for problem in wrong[:5])
        raise Refused(f"有 {len(wrong)} 处问题，全部没有登记。{shown}。")
    counts = put_lines(community, ready, ground, localdate(at))
    return Done(community, {"summary": in_words(counts), **counts}, result=counts)


def put_lines(community: Community, lines: Sequence[Line], ground: Ground, today: date) -> dict[str, int]:
    """The writing itself, inside an action; `lines` must be normal and without problems on this ground.

    Whoever has no starting day starts on the day of delivery, or else today.
    """
    counts = dict.fromkeys(("buildings", "units", "people", "occupancies", "vehicles"), 0)
    new_units = _units(community, lines, ground, counts)
    people = _people(community, lines, ground, counts)
    _occupancies(community, lines, ground, people, today, counts)
    vehicles = [
        Vehicle(community=community, plate=plate, unit=ground.units[line.code], person_id=people[index])
        for index, line in enumerate(lines) for plate in line.plates
    ]
    create(vehicles)
    counts["vehicles"] = len(vehicles)
    terms.file_units(new_units)
    terms.file_vehicles(vehicles)
    return counts


def _units(community: Community, lines: Sequence[Line], ground: Ground, counts: dict[str, int]) -> list[Unit]:
    said: dict[str, dict[str, Any]] = {}
    inhabited: set[str] = set()
    for line in lines:
        details = said.setdefault(line.code, {})
        for name in ("kind", "state", "area", "delivered_on", "structure"):
            if (value := getattr(line, name)) not in ("", None):
                details.setdefault(name, value)
        if line.name:
            inhabited.add(line.code)
    missing = {parts.building for code in said if code not in ground.units and (parts := room_parts(code))} - ground.buildings.keys()
    made = create([Building(community=community, code=code, name=f"{code}栋") for code in sorted(missing)])
    ground.buildings |= {building.code: building.pk for building in made}
    counts["buildings"] = len(made)
    units, filled = [], []
    for code, details in said.items():
        if unit := ground.units.get(code):
            blank = {name: value for name, value in details.items() if getattr(unit, name) in ("", None)}
            if code in inhabited and unit.state in EMPTY:
                blank["state"] = Unit.State.OCCUPIED
            if blank:
                for name, value in blank.items():
                    setattr(unit, name, value)
                filled.append(unit)
            continue
        parts = room_parts(code)
        assert parts is not None  # noqa: S101  check() has seen it
        details.setdefault("state", Unit.State.OCCUPIED if code in inhabited else Unit.State.VACANT)
        units.append(Unit(
            community=community, building_id=ground.buildings[parts.building], code=code, order=sort_key(code),
            entrance=parts.entrance, room=parts.room, floor=parts.floor, **details,
        ))
    create(units)
    if filled:
        Unit.objects.bulk_update(filled, ["kind", "state", "area", "delivered_on", "structure"], 400)
    ground.units |= {unit.code: unit for unit in units}
    counts["units"] = len(units)
    return units


def _people(community: Community, lines: Sequence[Line], ground: Ground, counts: dict[str, int]) -> dict[int, int | None]:
    """The person of each line: known by name and phone, or by name in the same unit, or new."""
    found: dict[int, int | None] = {}
    new: dict[tuple[str, str], tuple[Person, dict[str, str]]] = {}
    waiting: list[tuple[int, tuple[str, str]]] = []
    for index, line in enumerate(lines):
        if not line.name:
            found[index] = None
            continue
        digest = ground.digests.get(line.phone, "")
        known = ground.residents.get((line.code, line.name), [])
        person_id = next((one for one, other in known if other == digest or not digest), None)
        if person_id is None and digest:
            person_id = ground.people.get((line.name, digest))
        if person_id is not None:
            found[index] = person_id
            continue
        key = (line.name, digest or f"room {line.code}")
        if key not in new:
            new[key] = (_new_person(community, line), {"phone": line.phone, "id_number": line.id_number})
        waiting.append((index, key))
    people = create([person for person, _ in new.values()])
    insert(PersonPrivate, ("person_id", "sealed", "phone_digest"), (
        (person.pk, private.seal(values), ground.digests.get(values["phone"], "")) for person, values in new.values()
    ))
    terms.file_people(people)
    found |= {index: new[key][0].pk for index, key in waiting}
    counts["people"] = len(people)
    return found


def _new_person(community: Community, line: Line) -> Person:
    return Person(
        community=community, name=line.name, initials=initials(line.name), care=line.care,
        phone_tail=private.phone_tail(line.phone), phone_masked=private.mask_phone(line.phone),
        id_masked=private.mask_id(line.id_number),
    )


def _occupancies(
    community: Community, lines: Sequence[Line], ground: Ground, people: dict[int, int | None], today: date, counts: dict[str, int]
) -> None:
    rows: list[tuple[Any, ...]] = []
    for index, line in enumerate(lines):
        person_id = people[index]
        if person_id is None or (line.code, person_id, line.as_) in ground.living:
            continue
        ground.living.add((line.code, person_id, line.as_))
        starts_on = line.starts_on or line.delivered_on or today
        rows.append((community.pk, ground.units[line.code].pk, person_id, line.as_, line.relation, line.rent, starts_on))
    columns = ("community_id", "unit_id", "person_id", "kind", "relation", "rent", "starts_on")
    counts["occupancies"] = insert(Occupancy, columns, rows)


def in_words(counts: dict[str, int]) -> str:
    """新增楼栋 2、房屋 300、住户 412、居住关系 420、车辆 88."""
    titles = {"buildings": "楼栋", "units": "房屋", "people": "住户", "occupancies": "居住关系", "vehicles": "车辆"}
    said = "、".join(f"{title} {counts[name]}" for name, title in titles.items() if counts.get(name))
    return f"新增{said}" if said else "没有新增"


