"""The demo communities, built through actions; the tests and `shouwen demo` use the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password

from shouwen.config import wiring as wiring  # effects that procedures name must be there before they are adopted
from shouwen.config.communities import begin
from shouwen.duty import actions as duty
from shouwen.duty.models import Shift
from shouwen.estate import actions as estate
from shouwen.estate.intake import Line
from shouwen.estate.models import Community
from shouwen.kernel import calendars
from shouwen.kernel.access import SYSTEM
from shouwen.org import actions as org
from shouwen.procedures import adoption, editions, phrases

from . import cast
from .prices import price_list

SINCE = date(2026, 1, 1)
"""From when posts, shifts and occupancies of the demo hold."""


@dataclass(frozen=True, slots=True)
class World:
    liyuan: Community
    yunxi: Community


def build(at: datetime, password: str, *, buildings: int = 12, library: bool = True, whole: bool = True) -> World:
    """Build both communities. Each building has two entrances of 22 floors with four rooms: 176 units.

    Not `whole`: only the units of which the cast speaks, for tests.
    """
    calendars.seed_calendar(SYSTEM, None, at=at)
    org.load_standard(SYSTEM, None, at=at)
    liyuan = begin(
        SYSTEM, slug="liyuan", name="荔园", address="南山区荔香路 88 号", phone="0755-26000000", at=at
    )
    yunxi = begin(
        SYSTEM, slug="yunxi", name="云溪", address="南山区云溪街 6 号", phone="0755-26000001", at=at
    )
    hashed = make_password(password)
    for community, people in ((liyuan, cast.LIYUAN), (yunxi, cast.YUNXI)):
        shifts = {shift.slug: shift for shift in Shift.objects.filter(community=community)}
        for person in people:
            _staff(person, community, (password, hashed), shifts, at)
    for person in cast.HEAD_OFFICE:
        _staff(person, None, (password, hashed), {}, at)
    estate.take_in(SYSTEM, liyuan, lines=_lines(buildings, Random(7)) if whole else _known(), at=at)
    estate.take_in(SYSTEM, yunxi, lines=_neighbours(Random(8)), at=at)
    price_list(at)
    phrases.load_standard(SYSTEM, None, at=at)
    if library:
        start = datetime.combine(SINCE, time(0), at.tzinfo)
        for _name, text in editions.library_files():
            adoption.adopt(SYSTEM, None, text=text, starts_at=start, at=at)
    return World(liyuan, yunxi)


def found() -> World:
    """The communities of a database in which they have been built."""
    return World(Community.objects.get(slug="liyuan"), Community.objects.get(slug="yunxi"))


def _staff(
    person: cast.Staff, community: Community | None, password: tuple[str, str], shifts: dict[str, Any], at: datetime
) -> None:
    user = org.add_user(
        SYSTEM, None, username=person.username, name=person.name, password=password[0], hashed=password[1],
        must_change_password=False, at=at,
    )  # fmt: skip
    org.assign(
        SYSTEM, community, user=user, post=person.post, department=person.department, heads=person.heads,
        starts_on=SINCE, at=at,
    )  # fmt: skip
    if person.shift and community is not None:
        duty.roster(
            SYSTEM, community, user=user, post=person.post, shift=shifts[person.shift], starts_on=SINCE, at=at
        )


def _lines(buildings: int, random: Random) -> list[Line]:
    """Every unit of 荔园 with whoever lives there: owners in most, tenants in some, one in twelve vacant."""
    known: dict[str, list[tuple[str, str, str, str]]] = {}
    for code, name, kind, phone, care in cast.RESIDENTS:
        known.setdefault(code, []).append((name, kind, phone, care))
    lines: list[Line] = []
    serial = 100
    for building in range(1, buildings + 1):
        for entrance in (1, 2):
            for floor in range(1, 23 if building != 12 else 25):
                for room in range(1, 5):
                    code = f"{building}-{entrance}-{floor:02d}{room:02d}"
                    serial += 1
                    area = Decimal((89, 117, 125, 143)[room - 1])
                    common: dict[str, Any] = {"code": code, "kind": "home", "area": area, "delivered_on": SINCE}
                    if code in known:
                        lines += [
                            Line(**common, state="occupied", name=name, as_=kind, phone=phone, care=care, starts_on=SINCE)
                            for name, kind, phone, care in known[code]
                        ]
                    elif code in cast.VACANT or random.random() < 1 / 12:
                        lines.append(Line(**common, state="vacant"))
                    else:
                        name = random.choice(cast.SURNAMES) + random.choice(cast.GIVEN)
                        plates = (f"粤B{random.choice('ABCDEFGH')}{serial:04d}",) if random.random() < 0.4 else ()
                        phone = f"139{serial:08d}"
                        lines.append(
                            Line(**common, state="occupied", name=name, phone=phone, starts_on=SINCE, plates=plates)
                        )
                        if random.random() < 0.15:
                            tenant = random.choice(cast.SURNAMES) + random.choice(cast.GIVEN)
                            lines.append(
                                Line(**common, state="occupied", name=tenant, as_="tenant", phone=f"137{serial:08d}", starts_on=SINCE)
                            )
    return lines


def _known() -> list[Line]:
    homes = [
        Line(code=code, kind="home", state="occupied", name=name, as_=kind, phone=phone, care=care, starts_on=SINCE)
        for code, name, kind, phone, care in cast.RESIDENTS
    ]
    return homes + [Line(code=code, kind="home", state="vacant") for code in sorted(cast.VACANT)]


def _neighbours(random: Random) -> list[Line]:
    return [
        Line(
            code=f"{building}-1-{floor:02d}{room:02d}", kind="home", state="occupied", area=Decimal(96), delivered_on=SINCE,
            name=random.choice(cast.SURNAMES) + random.choice(cast.GIVEN),
            phone=f"136{building:02d}{floor:02d}{room:04d}", starts_on=SINCE,
        )
        for building in (1, 2) for floor in range(1, 11) for room in (1, 2)
    ]  # fmt: skip
