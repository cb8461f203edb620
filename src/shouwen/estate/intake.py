"""Many units and people at once: what a line says, what is wrong with it, what is already there.

Read by the bulk action and by the spreadsheet plan, so that both refuse the same things. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from . import private
from .bulk import batches
from .checks import check
from .lines import Line
from .models import Building, Occupancy, PersonPrivate, Unit, Vehicle


class Problem(NamedTuple):
    """What is wrong: the line's place in the sequence, the field of Line, a Chinese sentence without private values."""

    index: int
    field: str
    message: str


@dataclass(slots=True)
class Ground:
    """What the community already holds of what the lines speak of."""

    buildings: dict[str, int]
    units: dict[str, Unit]
    residents: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)
    """(room code, name) → [(person, phone digest)], current residents only."""
    living: set[tuple[str, int, str]] = field(default_factory=set)
    """(room code, person, kind) of open occupancies."""
    people: dict[tuple[str, str], int] = field(default_factory=dict)
    """(name, phone digest) → person."""
    plates: set[str] = field(default_factory=set)
    digests: dict[str, str] = field(default_factory=dict)
    """phone as written → its digest; only phones that have one."""


def look(community_id: int, lines: Sequence[Line]) -> Ground:
    """Gather it in a handful of queries a thousand lines; `lines` must be normal."""
    codes = list(dict.fromkeys(line.code for line in lines))
    ground = Ground(
        buildings=dict(Building.objects.filter(community_id=community_id).values_list("code", "id")),
        units={
            unit.code: unit
            for some in batches(codes) for unit in Unit.objects.filter(community_id=community_id, code__in=some)
        },
    )
    names = {unit.pk: code for code, unit in ground.units.items()}
    for some in batches(names):
        rows = Occupancy.objects.filter(unit_id__in=some, ends_on=None).values_list(
            "unit_id", "person_id", "kind", "person__name", "person__private__phone_digest"
        )
        for unit_id, person_id, kind, name, digest in rows:
            code = names[unit_id]
            ground.living.add((code, person_id, kind))
            known = ground.residents.setdefault((code, name), [])
            if (person_id, digest or "") not in known:
                known.append((person_id, digest or ""))
    phones = {line.phone for line in lines if line.phone}
    ground.digests = {phone: digest for phone in phones if (digest := private.phone_digest(phone))}
    for some in batches(set(ground.digests.values())):
        found = PersonPrivate.objects.filter(phone_digest__in=some, person__community_id=community_id)
        for person_id, name, digest in found.order_by("-id").values_list("person_id", "person__name", "phone_digest"):
            ground.people[name, digest] = person_id
    plates = {plate for line in lines for plate in line.plates}
    for some in batches(plates):
        ground.plates.update(Vehicle.objects.filter(community_id=community_id, plate__in=some).values_list("plate", flat=True))
    return ground


def problems(
    lines: Sequence[Line], ground: Ground, where: Callable[[int], str]
) -> list[Problem]:
    """Everything that keeps the lines from being taken in. `where(index)` names another line in a message."""
    found: list[Problem] = []
    first_of_unit: dict[str, int] = {}
    first_of_person: dict[tuple[str, str, str, str], int] = {}
    first_of_plate: dict[str, int] = {}
    for index, line in enumerate(lines):
        alone = [Problem(index, name, message) for name, message in check(line)]
        found += alone
        if any(problem.field == "code" for problem in alone):
            continue
        earlier = first_of_unit.setdefault(line.code, index)
        if earlier != index:
            found += _differs(index, line, lines[earlier], where(earlier))
        if unit := ground.units.get(line.code):
            found += _registered(index, line, unit)
        if line.name:
            digest = ground.digests.get(line.phone, "")
            key = (line.code, line.name, digest, line.as_)
            earlier = first_of_person.setdefault(key, index)
            if earlier != index:
                found.append(Problem(index, "name", f"与{where(earlier)}重复：同一房屋、同一人、同一身份只写一行"))
            known = ground.residents.get((line.code, line.name), [])
            if digest and known and all(other != digest for _, other in known):
                found.append(Problem(
                    index, "phone", "该户已登记同名住户但电话不同；如是同一人请在住户页「更换电话」，如是两人请在姓名后加以区分"
                ))
        for plate in line.plates:
            earlier = first_of_plate.setdefault(plate, index)
            if earlier != index:
                found.append(Problem(index, "plates", f"车牌与{where(earlier)}重复"))
            if plate in ground.plates:
                found.append(Problem(index, "plates", f"车牌 {plate[:12]} 已登记，请删去或先注销原登记"))
    return found


_SHOWN = {"kind": "用途", "state": "状态", "area": "建筑面积", "delivered_on": "交付日期", "structure": "房屋结构"}


def _differs(index: int, line: Line, earlier: Line, where: str) -> Iterator[Problem]:
    for name, title in _SHOWN.items():
        mine, other = getattr(line, name), getattr(earlier, name)
        if mine not in ("", None) and other not in ("", None) and mine != other:
            yield Problem(index, name, f"同一房屋的{title}与{where}不一致，请改成一样或只填一处")


def _registered(index: int, line: Line, unit: Unit) -> Iterator[Problem]:
    for name, title in _SHOWN.items():
        mine, kept = getattr(line, name), getattr(unit, name)
        if mine in ("", None) or mine == kept or kept in ("", None):
            continue
        if name == "state" and line.name and mine == Unit.State.OCCUPIED and kept in (Unit.State.VACANT, Unit.State.UNDELIVERED):
            continue  # somebody moves in
        yield Problem(index, name, f"与已登记的{title}不同；请在房屋页修改，或清空此格")
