"""The one search box: room, name, pinyin initials, last four of the phone, plate. Everything by prefix, each kind by index.

Each kind of spelling is asked for its first few rows in order, so the cost is that of a few index descents whether the
prefix matches ten rows or a hundred thousand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Q

from . import private
from .codes import TERM_LENGTH, fold, room_code
from .models import Occupancy, Person, PersonPrivate, Unit, Vehicle

END: Final = "\U0010ffff"
"""Sorts after anything that may follow a prefix."""

MANY: Final = 40
LOOK_AHEAD: Final = 200

RANKS: Final = ("room", "number", "initials", "name", "phone", "plate")
INITIALS: Final = RANKS.index("initials")


@dataclass(frozen=True, slots=True)
class Found:
    """One answer: what it is, how it is called, more about it (masked), and where to go."""

    kind: str
    """unit, person or vehicle."""
    title: str
    detail: str
    matched: str
    """Under which spelling: room, number, initials, name, phone, plate."""
    community_id: int
    unit_id: int | None
    unit_code: str
    person_id: int | None = None
    vehicle_id: int | None = None


class _Hit(NamedTuple):
    rank: int
    inexact: bool
    term: str
    community_id: int
    unit_id: int | None
    person_id: int | None
    vehicle_id: int | None


def find(text: str, places: Sequence[int] | None, limit: int) -> list[Found]:
    """Answers in these communities (None = all), best first: exact room, room, initials, name, phone tail, plate."""
    if places is not None and not places:
        return []
    if (number := whole_phone(text)) is not None:
        return _described(_by_phone(number, places, limit), limit)
    asked = _asked(text)
    if not asked:
        return []
    hits = [_Hit(*row) for row in _rows(asked, places, limit)]
    hits.sort(key=lambda hit: (hit.rank, hit.inexact, hit.term, hit.community_id))
    return _described(hits, limit, asked.get("initials", ""))


def _asked(text: str) -> dict[str, str]:
    """Kind of spelling → prefix to look for."""
    folded = fold(text)
    if not folded:
        return {}
    code = fold(room_code(text))
    asked = {"room": code or folded}
    if folded.isascii():
        asked["initials"] = folded
        asked["number"] = folded
        if len(folded) == 4 and folded.isdigit():
            asked["phone"] = folded
    else:
        asked["name"] = folded
    asked["plate"] = folded.replace("-", "")
    return {kind: prefix[:TERM_LENGTH] for kind, prefix in asked.items() if prefix}


def _rows(asked: dict[str, str], places: Sequence[int] | None, limit: int) -> list[tuple[Any, ...]]:
    """The first rows of each kind, in order."""
    if places is None or len(places) <= MANY:
        return _walk(asked, places, limit)
    # Somebody with very many communities, but not all: what is first anywhere is mostly first for them too. Only the
    # kinds for which it is not are walked community by community.
    allowed = frozenset(places)
    rows: list[tuple[Any, ...]] = []
    left = dict(asked)
    everywhere = _walk(asked, None, LOOK_AHEAD)
    for kind in asked:
        rank = RANKS.index(kind)
        first = [row for row in everywhere if row[0] == rank]
        mine = [row for row in first if row[3] in allowed][: limit * 2]
        if len(mine) >= limit or len(first) < LOOK_AHEAD * 2:
            rows += mine
            del left[kind]
    return rows + (_walk(left, places, limit) if left else [])


def _walk(asked: dict[str, str], places: Sequence[int] | None, limit: int) -> list[tuple[Any, ...]]:
    """One statement: every arm is one ordered walk of one index, twice `limit` long as some rows name the same thing."""
    arms, values = [], []
    several = places is not None and len(places) > 1
    for kind, prefix in asked.items():
        walk = (
            f"SELECT {RANKS.index(kind)} AS rank, term <> %s AS inexact, term, community_id, unit_id, person_id, vehicle_id"
            " FROM estate_searchterm WHERE kind = %s AND term >= %s AND term < %s"
        )
        bound: list[Any] = [prefix, kind, prefix, prefix + END]
        if places is None:
            arm = f"{walk} ORDER BY term LIMIT %s"
        elif several and connection.vendor == "postgresql":
            # one walk a community, because an ordered walk cannot skip between them
            arm = (
                "SELECT hit.* FROM unnest(%s::bigint[]) AS place CROSS JOIN LATERAL"
                f" ({walk} AND community_id = place ORDER BY term LIMIT %s) AS hit ORDER BY term LIMIT %s"
            )
            bound = [list(places), *bound, limit]
        else:
            marks = ", ".join(["%s"] * len(places))
            arm = f"{walk} AND community_id IN ({marks}) ORDER BY term LIMIT %s"
            bound += places
        arms.append(f"SELECT * FROM ({arm}) AS {kind}_hits")
        values += [*bound, limit * 2]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(arms), values)
        return list(cursor.fetchall())


def whole_phone(text: str) -> str | None:
    """The digest of a number typed whole (a caller's), else None. Parts of a number find nothing but its last four."""
    folded = fold(text)
    if not re.fullmatch(r"\+?[\d\-()]{7,20}", folded) or room_code(folded).count("-") > 1:
        return None
    return private.phone_digest(folded) if len(private.digits(folded)) >= 10 else None


def _by_phone(digest: str, places: Sequence[int] | None, limit: int) -> list[_Hit]:
    held = PersonPrivate.objects.filter(phone_digest=digest)
    if places is not None:
        held = held.filter(person__community_id__in=places)
    rows = held.order_by("person_id").values_list("person__community_id", "person_id")[:limit]
    return [_Hit(RANKS.index("phone"), False, "", community_id, None, person_id, None) for community_id, person_id in rows]


def _described(hits: list[_Hit], limit: int, letters: str = "") -> list[Found]:
    """Each unit, person and vehicle once, with what may be shown of it; three short queries whatever was found.

    Who is found by a rare reading of their name stands behind those whose name is mostly read so: dx is 董欣 before 单雄信.
    """
    once: dict[tuple[int | None, int | None, int | None], _Hit] = {}
    for hit in hits:
        once.setdefault((hit.unit_id, hit.person_id, hit.vehicle_id), hit)
    people = Person.objects.in_bulk([hit.person_id for hit in once.values() if hit.person_id])

    def rare(hit: _Hit) -> bool:
        return hit.rank == INITIALS and hit.person_id in people and not people[hit.person_id].initials.startswith(letters)

    chosen = sorted(once.values(), key=lambda hit: (hit.rank, rare(hit)))[:limit]
    people = {hit.person_id: people[hit.person_id] for hit in chosen if hit.person_id in people}
    vehicles = Vehicle.objects.select_related("unit", "person").in_bulk([hit.vehicle_id for hit in chosen if hit.vehicle_id])
    living = _living(list(people), [hit.unit_id for hit in chosen if hit.unit_id])
    units = Unit.objects.in_bulk([hit.unit_id for hit in chosen if hit.unit_id])
    found = []
    for hit in chosen:
        if hit.unit_id and (unit := units.get(hit.unit_id)):
            found.append(_unit(hit, unit, living))
        elif hit.person_id and (person := people.get(hit.person_id)):
            found.append(_person(hit, person, living))
        elif hit.vehicle_id and (vehicle := vehicles.get(hit.vehicle_id)):
            found.append(_vehicle(hit, vehicle))
    return found


def _living(people: list[int], units: list[int | None]) -> list[Occupancy]:
    if not people and not units:
        return []
    open_now = Occupancy.objects.filter(Q(person_id__in=people) | Q(unit_id__in=units), ends_on=None)
    return list(open_now.select_related("unit", "person").order_by("id")[:200])


def _unit(hit: _Hit, unit: Unit, living: list[Occupancy]) -> Found:
    names = [f"{private.mask_name(one.person.name)} {one.get_kind_display()}" for one in living if one.unit_id == unit.pk]
    detail = "、".join(names[:3]) + (" 等" if len(names) > 3 else "") or unit.get_state_display()
    return Found("unit", unit.code, detail, RANKS[hit.rank], unit.community_id, unit.pk, unit.code)


def _person(hit: _Hit, person: Person, living: list[Occupancy]) -> Found:
    homes = [one for one in living if one.person_id == person.pk]
    where = "、".join(f"{one.unit.code} {one.get_kind_display()}" for one in homes[:3]) or "已迁出"
    first = homes[0].unit if homes else None
    detail = " · ".join(part for part in (where, person.phone_masked) if part)
    return Found(
        "person", private.mask_name(person.name), detail, RANKS[hit.rank], person.community_id,
        first.pk if first else None, first.code if first else "", person_id=person.pk,
    )


def _vehicle(hit: _Hit, vehicle: Vehicle) -> Found:
    unit = vehicle.unit
    owner = private.mask_name(vehicle.person.name) if vehicle.person else ""
    detail = " · ".join(part for part in (unit.code if unit else "", owner) if part) or "未关联房屋"
    return Found(
        "vehicle", vehicle.plate, detail, RANKS[hit.rank], vehicle.community_id, unit.pk if unit else None,
        unit.code if unit else "", person_id=vehicle.person_id, vehicle_id=vehicle.pk,
    )

