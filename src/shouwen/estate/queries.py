"""Every read of the estate. It begins with who is asking; what that person may not see does not exist."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, Exists, Model, OuterRef, Prefetch, Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import ask
from shouwen.kernel.journal import now
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import NotFound, TooMany

from . import search
from .bulk import batches
from .codes import fold, plate_number, room_code, room_parts, without_zeros
from .models import Building, Community, Import, Occupancy, Person, Reveal, SearchTerm, Unit, Vehicle
from .private import digits, mask_id, mask_name, mask_phone, phone_digest
from .search import Found

__all__ = ["Found", "digits", "mask_id", "mask_name", "mask_phone", "phone_digest"]
"""What other areas take from here beside the functions below."""

M = TypeVar("M", bound=Model)
LARGEST = 2**63 - 1
LOOKUPS = 20
ASKED_FOR = timedelta(hours=8)


def _scoped(actor: Actor, rows: QuerySet[M], permission: str = "estate.view", column: str = "community_id") -> QuerySet[M]:
    places = actor.places(permission)
    return rows if places is None else rows.filter(**{f"{column}__in": places})


def _one(rows: QuerySet[M], pk: Any) -> M:
    """The row of this id, or NotFound: unknown, not a number and foreign all look the same."""
    try:
        number = int(pk)
    except (TypeError, ValueError):
        raise NotFound from None
    found = rows.filter(pk=number).first() if 0 < number <= LARGEST else None
    if found is None:
        raise NotFound
    return found


# --- places ----------------------------------------------------------------------------------------------------------


def communities(actor: Actor) -> QuerySet[Community]:
    """Communities this person works in or may look into."""
    places = actor.places("estate.view")
    if places is None:
        return Community.objects.all()
    return Community.objects.filter(pk__in=places | ({actor.community} - {None}))


def community(actor: Actor, pk: Any) -> Community:
    return _one(communities(actor), pk)


def buildings(actor: Actor, community_id: int | None = None) -> QuerySet[Building]:
    rows = _scoped(actor, Building.objects.order_by("code"))
    return rows if community_id is None else rows.filter(community_id=community_id)


def units(actor: Actor) -> QuerySet[Unit]:
    """In the order of their rooms, community by community; an index covers it."""
    return _scoped(actor, Unit.objects.select_related("building").order_by("community_id", "order"))


def units_with_people(actor: Actor) -> QuerySet[Unit]:
    """The same, each with its open occupancies in `living`: two queries a page."""
    return units(actor).select_related("community").prefetch_related(_living("occupancies", "person"))


def _living(path: str, *related: str) -> Prefetch[Any]:
    return Prefetch(path, Occupancy.objects.filter(ends_on=None).select_related(*related).order_by("id"), to_attr="living")


def unit(actor: Actor, pk: Any) -> Unit:
    return _one(units(actor).select_related("building", "community"), pk)


def unit_ref(community_id: int, text: str) -> tuple[int, str] | None:
    """(id, code) of what `unit_by_code` finds; one plain statement when it is written as in the register."""
    if exact := ask("SELECT id, code FROM estate_unit WHERE community_id = %s AND code = %s", (community_id, room_code(text))):
        return exact[0][0], exact[0][1]
    unit = unit_by_code(community_id, text)
    return (unit.pk, unit.code) if unit else None


def unit_by_code(community_id: int, text: str) -> Unit | None:
    """The unit a person means by 3-1-1201, 3栋1单元1201, ３－１－１２０１; without entrance or leading zeros if that is
    unambiguous. For rules and forms that have their community already; pages use `unit`."""
    code = room_code(text)
    if not code:
        return None
    here = Unit.objects.filter(community_id=community_id)
    if exact := here.filter(code=code).first():
        return exact
    spelling = SearchTerm.objects.filter(
        community_id=community_id, kind="room", term__in={fold(code), without_zeros(fold(code))}, unit__isnull=False
    )
    found = list(here.filter(pk__in=spelling.values("unit_id"))[:2])
    parts = room_parts(code)
    if not found and parts is not None and not parts.entrance:
        found = list(here.filter(building__code=parts.building, room=parts.room)[:2])
    return found[0] if len(found) == 1 else None


def car(community_id: int, text: str) -> tuple[str, Unit | None]:
    """A plate as the register spells it, "" if it is none, and the unit whose car it is. For rules and forms that have their community already."""
    plate = plate_number(text)
    found = Vehicle.objects.filter(community_id=community_id, plate=plate).select_related("unit").first() if plate else None
    return plate, found.unit if found else None


MISSES = 50
"""Rooms of a file that are not spelt as in the register are looked for one by one; so many at most."""


def unit_ids(community_id: int, texts: Iterable[str]) -> dict[str, int]:
    """Room as written → id, of a whole file at once; what is not found is not in it. As `unit_by_code`, two statements a thousand rooms."""
    wanted = {text: room_code(text) for text in dict.fromkeys(texts)}
    known: dict[str, int] = {}
    for some in batches(dict.fromkeys(wanted.values())):
        known |= dict(Unit.objects.filter(community_id=community_id, code__in=some).values_list("code", "id"))
    found = {text: known[code] for text, code in wanted.items() if code in known}
    for text in [text for text in wanted if text not in found][:MISSES]:
        if unit := unit_by_code(community_id, text):
            found[text] = unit.pk
    return found


@dataclass(frozen=True, slots=True)
class Area:
    """A building at a glance (D3.90): households are occupied units."""

    building: Building
    units: int
    households: int


def areas(actor: Actor, community_id: int) -> list[Area]:
    """Each building with its number of units and households."""
    rows = buildings(actor, community_id).annotate(
        all_units=Count("unit"), households=Count("unit", filter=Q(unit__state__in=(Unit.State.OCCUPIED, Unit.State.RENOVATING)))
    )
    return sorted((Area(one, one.all_units, one.households) for one in rows), key=lambda area: _natural(area.building.code))


def _natural(code: str) -> tuple[int, str]:
    return (int(code), "") if code.isascii() and code.isdigit() else (10**6, code)


# --- the search box --------------------------------------------------------------------------------------------------


def find(actor: Actor, text: str, community_id: int | None = None, limit: int = 12) -> list[Found]:
    """What somebody means by a room, name, initials, last four of the phone, or plate; only where they may look.

    With `community_id` only there; a foreign one is NotFound. At most 50 answers. Whole phone numbers may be looked up
    20 times a minute: a mask hides four digits, and nobody is to try them out.
    """
    _slow_down(actor, str(text))
    places = actor.places("estate.view")
    if community_id is not None:
        if places is not None and community_id not in places:
            raise NotFound
        places = frozenset({community_id})
    return search.find(str(text), None if places is None else sorted(places), max(1, min(limit, 50)))


def spelt(rows: QuerySet[M], column: str, text: str) -> QuerySet[M]:
    """Those of `rows` that a spelling beginning with `text` names; `column` is unit_id, person_id or vehicle_id."""
    prefix = fold(room_code(text)) if column == "unit_id" else fold(text)
    prefix = prefix or fold(text)
    if not prefix:
        return rows.none()
    terms = SearchTerm.objects.filter(term__gte=prefix, term__lt=prefix + search.END, **{f"{column}__isnull": False})
    kinds = {"unit_id": ("room", "number"), "person_id": ("name", "initials", "phone"), "vehicle_id": ("plate",)}[column]
    return rows.filter(pk__in=terms.filter(kind__in=kinds).values(column))


_lookups: dict[int | None, deque[datetime]] = {}
"""When each person lately looked up whole numbers, in this process."""


def _slow_down(actor: Actor, text: str) -> None:
    if search.whole_phone(text) is None:
        return
    moment, seen = now(), _lookups.setdefault(actor.id, deque(maxlen=LOOKUPS))
    if len(seen) == LOOKUPS and seen[0] > moment - timedelta(minutes=1):
        raise TooMany("一分钟内查了太多电话号码，请稍后再试。")
    seen.append(moment)


def forget() -> None:
    """Forget what this process remembers (tests)."""
    _lookups.clear()


# --- people ----------------------------------------------------------------------------------------------------------


def people(actor: Actor) -> QuerySet[Person]:
    """Newest first; erased people are not among them."""
    return _scoped(actor, Person.objects.filter(erased_at=None).order_by("-id"))


def people_with_homes(actor: Actor) -> QuerySet[Person]:
    """The same, each with its open occupancies in `living`."""
    return people(actor).select_related("community").prefetch_related(_living("occupancies", "unit"))


def person(actor: Actor, pk: Any) -> Person:
    return _one(people(actor).select_related("community"), pk)


def people_of(actor: Actor, unit: Unit) -> list[Occupancy]:
    """Open occupancies of a unit with their people, owners first."""
    if not actor.may("estate.view", unit.community_id):
        raise NotFound
    rows = unit.occupancies.filter(ends_on=None).select_related("person").order_by("id")
    order = {kind: place for place, kind in enumerate(Occupancy.Kind.values)}
    return sorted(rows, key=lambda one: order[one.kind])


def occupancy(actor: Actor, pk: Any) -> Occupancy:
    return _one(_scoped(actor, Occupancy.objects.select_related("unit", "person")), pk)


def occupancies_of(actor: Actor, people: Iterable[Person]) -> dict[int, list[Occupancy]]:
    """Person → open occupancies with their units, in one query."""
    found: dict[int, list[Occupancy]] = {one.pk: [] for one in people}
    rows = _scoped(actor, Occupancy.objects.filter(person_id__in=list(found), ends_on=None).select_related("unit"))
    for one in rows.order_by("id"):
        found[one.person_id].append(one)
    return found


def vehicles(actor: Actor) -> QuerySet[Vehicle]:
    return _scoped(actor, Vehicle.objects.select_related("unit", "person").order_by("community_id", "plate"))


def vehicle(actor: Actor, pk: Any) -> Vehicle:
    return _one(vehicles(actor), pk)


@dataclass(frozen=True, slots=True)
class Profile:
    """The file of a unit: who is in it now, who was, their vehicles, and what is still missing (D3.90–D3.98, D7.08)."""

    unit: Unit
    residents: list[Occupancy]
    former: list[Occupancy]
    vehicles: list[Vehicle]
    gaps: list[str]
    shows_rent: bool

    @property
    def owners(self) -> list[Person]:
        return [one.person for one in self.residents if one.kind == Occupancy.Kind.OWNER]

    @property
    def let_to(self) -> list[Person]:
        return [one.person for one in self.residents if one.kind == Occupancy.Kind.TENANT]


def profile(actor: Actor, unit: Unit) -> Profile:
    """Everything known of a unit, phones masked. A page that shows it also writes the view down (actions.view_file)."""
    residents = people_of(actor, unit)
    former = unit.occupancies.exclude(ends_on=None).select_related("person").order_by("-ends_on", "-id")[:50]
    cars = Vehicle.objects.filter(unit=unit).select_related("person").order_by("plate")
    return Profile(
        unit, residents, list(former), list(cars), gaps_of(unit, residents), actor.may("estate.edit", unit.community_id)
    )


HEAD_FIELDS = ("speciality", "hobby", "occupation", "employer")


def gaps_of(unit: Unit, residents: list[Occupancy]) -> list[str]:
    """What the steward still has to find out (D3.92, D3.97, D3.98, D7.08), in words."""
    gaps = [str(Unit._meta.get_field(name).verbose_name) for name in ("area", "structure", "condition") if not getattr(unit, name)]
    owners = [one.person for one in residents if one.kind == Occupancy.Kind.OWNER]
    if not owners:
        return [*gaps, "业主"]
    head = owners[0]
    if not head.phone_masked:
        gaps.append("业主电话")
    gaps += [f"户主{Person._meta.get_field(name).verbose_name}" for name in HEAD_FIELDS if not getattr(head, name)]
    gaps += ["家庭成员与户主关系"] * any(one.kind == Occupancy.Kind.FAMILY and not one.relation for one in residents)
    gaps += ["租金"] * any(one.kind == Occupancy.Kind.TENANT and one.rent is None for one in residents)
    return gaps


def gaps_listed(unit: Unit) -> list[str]:
    """The same for a row of `incomplete_units`, whose people came with it."""
    return gaps_of(unit, unit.living)


def incomplete_units(actor: Actor, community_id: int) -> QuerySet[Unit]:
    """Files that lack something every file must have: area, structure, an owner, the owner's phone (D7.08)."""
    if not actor.may("estate.view", community_id):
        raise NotFound
    owner = Occupancy.objects.filter(unit=OuterRef("pk"), kind=Occupancy.Kind.OWNER, ends_on=None)
    lacking = Q(area=None) | Q(structure="") | ~Exists(owner) | ~Exists(owner.exclude(person__phone_masked=""))
    rows = Unit.objects.filter(lacking, community_id=community_id).prefetch_related(_living("occupancies", "person"))
    return rows.order_by("community_id", "order")


def homes_of(actor: Actor, person: Person) -> list[Occupancy]:
    """Every occupancy of a person, open ones first."""
    if not actor.may("estate.view", person.community_id):
        raise NotFound
    return sorted(person.occupancies.select_related("unit").order_by("-starts_on", "-id"), key=lambda one: one.ends_on is not None)


def history_of_person(actor: Actor, person: Person, limit: int = 30) -> list[Entry]:
    if not actor.may("estate.view", person.community_id):
        raise NotFound
    return _lines([f"estate.person:{person.pk}"], limit)


def _lines(subjects: list[str], limit: int) -> list[Entry]:
    viewed = ("estate.file_viewed", "estate.person_viewed")
    return list(Entry.objects.filter(subject__in=subjects).exclude(code__in=viewed).order_by("-id")[:limit])


def history(actor: Actor, unit: Unit, limit: int = 30) -> list[Entry]:
    """Journal lines about a unit and the people now in it, newest first, without the mere views."""
    if not actor.may("estate.view", unit.community_id):
        raise NotFound
    people = unit.occupancies.filter(ends_on=None).values_list("person_id", flat=True)
    subjects = [f"estate.unit:{unit.pk}", *(f"estate.person:{pk}" for pk in people)]
    return _lines(subjects, limit)


# --- reveals and imports ---------------------------------------------------------------------------------------------


def reveals_waiting(actor: Actor) -> QuerySet[Reveal]:
    """Requests that this person may decide, their own not among them."""
    rows = _scoped(actor, Reveal.objects.filter(state=Reveal.State.ASKED), "estate.approve_reveal")
    return rows.exclude(asked_by_id=actor.id).select_related("person", "community").order_by("id")


def my_reveals(actor: Actor, at: datetime) -> QuerySet[Reveal]:
    """One's own requests of the last week, newest first."""
    mine = Reveal.objects.filter(asked_by_id=actor.id, asked_at__gt=at - timedelta(days=7))
    return _scoped(actor, mine, "estate.reveal").select_related("person", "community").order_by("-id")


def reveals_about(actor: Actor, about: str, at: datetime) -> QuerySet[Reveal]:
    """One's own requests concerning something of another area (ticket:12) as long as they may be used, oldest first."""
    return Reveal.objects.filter(asked_by_id=actor.id, asked_at__gt=at - ASKED_FOR, about=about).order_by("id")


class Asked(NamedTuple):
    """One's request to see something private: `state` is asked, open or denied."""

    field: str
    state: str
    decided_by: str


def asked_about(actor: Actor, about: str, at: datetime) -> list[Asked]:
    """As `reveals_about`, for pages that are opened all day."""
    rows = ask(
        "SELECT field, state, decided_by FROM estate_reveal WHERE about = %s AND asked_by_id = %s AND asked_at > %s ORDER BY id",
        (about, actor.id, at - ASKED_FOR),
    )  # fmt: skip
    return [Asked(*row) for row in rows]


def reveals(actor: Actor) -> QuerySet[Reveal]:
    """Every request, for who approves."""
    rows = _scoped(actor, Reveal.objects.all(), "estate.approve_reveal")
    return rows.select_related("person", "community").order_by("-id")


def reveal(actor: Actor, pk: Any) -> Reveal:
    """A request one made oneself, or may decide."""
    rows = Reveal.objects.select_related("person", "community")
    places = actor.places("estate.approve_reveal")
    if places is not None:
        rows = rows.filter(Q(asked_by_id=actor.id) | Q(community_id__in=places))
    return _one(rows, pk)


def imports(actor: Actor) -> QuerySet[Import]:
    return _scoped(actor, Import.objects.select_related("community").order_by("-id"), "estate.import")


def import_run(actor: Actor, pk: Any) -> Import:
    return _one(imports(actor), pk)


# For the layers above, which have their actor already or act for the system -----------------------------------------


def people_version(community_id: int) -> int:
    """The version of the people of a community; NotFound for an unknown one."""
    found = ask("SELECT people_version FROM estate_community WHERE id = %s", (community_id,))
    if not found:
        raise NotFound
    return int(found[0][0])


def every_community() -> list[tuple[int, int]]:
    """(id, people_version) of every community: for the worker."""
    return list(Community.objects.order_by("pk").values_list("pk", "people_version"))


def community_by_slug(slug: str) -> Community:
    """A community by its slug, for the command line; NotFound when unknown."""
    found = Community.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"没有小区「{slug[:40]}」。请核对代号。")
    return found


@dataclass(frozen=True, slots=True)
class Home:
    """A unit where somebody lives now, since when, and as whom."""

    community_id: int
    unit_id: int
    code: str
    since: date
    name: str
    kind: str


def homes(digest: str, day: date) -> list[Home]:
    """Where the person of this phone lives on that day. For whoever has proven that the phone is theirs."""
    if not digest:
        return []
    rows = Occupancy.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=day), person__private__phone_digest=digest, person__erased_at=None, starts_on__lte=day
    ).order_by("id")
    values = rows.values_list("community_id", "unit_id", "unit__code", "starts_on", "person__name", "kind")
    return list({row[1]: Home(*row) for row in values}.values())
