"""What may be seen of custody: things, loans, stores, counts. Every read begins with the actor."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.estate.models import Community, Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.calendars import calendar_data
from shouwen.kernel.refusals import NotFound

from .kinds import KINDS, MAIL, SECRET
from .models import Cash, Keeping, Loan, Move, Store, Thing
from .models import Count as Counting

M = TypeVar("M", Thing, Loan)
CHINA: Final = duty.CHINA
OPEN: Final = (Loan.State.ASKED, Loan.State.OUT, Loan.State.BACK)
OPEN_LOANS: Final = Prefetch("loans", Loan.objects.filter(state__in=OPEN).select_related("user"), to_attr="open")
"""The open matters of a thing, into its `open`."""


def place(actor: Actor, community_id: int | None) -> Community:
    """A community whose keys the actor may see, or NotFound."""
    found = Community.objects.filter(pk=community_id).first() if community_id else None
    if found is None or not actor.may("custody.view", found.pk):
        raise NotFound
    return found


def things(actor: Actor) -> QuerySet[Thing]:
    """Everything of the communities where the actor may look, by number."""
    places = actor.places("custody.view")
    rows = Thing.objects.select_related("unit", "store", "community").order_by("number", "id")
    return _open_to(actor, rows if places is None else rows.filter(community__in=places))


def _open_to(actor: Actor, rows: QuerySet[M], prefix: str = "") -> QuerySet[M]:
    """Without what is secret where this person may not know of it. D14.24."""
    places = actor.places("custody.secret")
    return rows if places is None else rows.exclude(Q(**{f"{prefix}kind__in": SECRET}) & ~Q(community__in=places))


def here(actor: Actor, community_id: int) -> QuerySet[Thing]:
    """What stands with us now (or is out, or lost), with its open matters in `open`."""
    rows = things(actor).filter(community=community_id, gone_at__isnull=True)
    return rows.prefetch_related(OPEN_LOANS)


def thing(actor: Actor, pk: Any) -> Thing:
    found = things(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def loan(actor: Actor, pk: Any) -> Loan:
    places = actor.places("custody.view")
    rows = Loan.objects.select_related("thing__unit", "thing__store", "community", "user").prefetch_related("consents")
    found = _open_to(actor, rows if places is None else rows.filter(community__in=places), "thing__").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def loans_of(thing: Thing, most: int = 30) -> list[Loan]:
    return list(thing.loans.select_related("user").prefetch_related("consents").order_by("-id")[:most])


def moves_of(thing: Thing, most: int = 100) -> list[Move]:
    return list(thing.moves.order_by("-id")[:most])


def open_loans(actor: Actor, community_id: int) -> QuerySet[Loan]:
    """What is asked for, out, or back without its papers; what is due first stands first."""
    place(actor, community_id)
    rows = Loan.objects.filter(community=community_id, state__in=OPEN).select_related("thing__unit", "thing__store", "user")
    return _open_to(actor, rows, "thing__").order_by("due_at", "id")


def tallies(community_id: int, at: datetime) -> dict[str, int]:
    """How much is out, late, waiting for a word, back without its papers. One statement."""
    return Loan.objects.filter(community=community_id, state__in=OPEN).aggregate(
        out=Count("pk", filter=Q(state="out")), late=Count("pk", filter=Q(state="out", due_at__lt=at)),
        asked=Count("pk", filter=Q(state="asked")), back=Count("pk", filter=Q(state="back")),
    )


def borrowers(actor: Actor, community_id: int) -> list[tuple[int, str]]:
    """Colleagues who have something in their hands now."""
    rows = open_loans(actor, community_id).filter(state="out", user__isnull=False).order_by("user__name")
    return list(dict.fromkeys(rows.values_list("user_id", "user__name")))


def read_code(text: str) -> str:
    """What a scanner typed, or a person: the end of an address, full-width digits, spaces."""
    words = unicodedata.normalize("NFKC", text).strip().rstrip("/")
    return words.rsplit("/", 1)[-1].strip().upper()[:40]


def by_code(actor: Actor, community_id: int, text: str) -> Thing | None:
    """The thing whose label says this, or whose number it is."""
    code = read_code(text)
    if not code:
        return None
    rows = things(actor)
    return rows.filter(code=code).first() or rows.filter(community=community_id, number=code).first()


def of_unit(actor: Actor, unit: Unit) -> list[Thing]:
    """What stands with us for a room."""
    return list(here(actor, unit.community_id).filter(unit=unit))


def mail_waiting(actor: Actor, unit: Unit) -> list[Thing]:
    return [one for one in of_unit(actor, unit) if one.kind in MAIL and one.state == "in"]


# --- stores and their keepers --------------------------------------------------------------------------------------


def stores(actor: Actor, community_id: int) -> list[Store]:
    """The stores of a community, each with its keeper in `keeper` (a Keeping) and its last count in `counted`."""
    place(actor, community_id)
    found = list(Store.objects.filter(community=community_id).order_by("holds", "id"))
    keepers = {one.store_id: one for one in Keeping.objects.filter(store__in=found, ends_at__isnull=True).select_related("user")}
    last = {one.store_id: one for one in Counting.objects.filter(store__community=community_id, pk__in=_last_counts(found))}
    for one in found:
        one.keeper, one.counted = keepers.get(one.pk), last.get(one.pk)  # type: ignore[attr-defined]
    return found


def _last_counts(stores: Sequence[Store]) -> list[int]:
    newest = Counting.objects.filter(store=OuterRef("pk")).order_by("-at").values("pk")[:1]
    return [pk for pk in Store.objects.filter(pk__in=[one.pk for one in stores]).annotate(last=Subquery(newest)).values_list("last", flat=True) if pk]


def store(actor: Actor, pk: Any) -> Store:
    places = actor.places("custody.view")
    rows = Store.objects.select_related("community")
    found = (rows if places is None else rows.filter(community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def keeper_of(store_id: int) -> Keeping | None:
    return Keeping.objects.filter(store=store_id, ends_at__isnull=True).select_related("user").first()


def counts(actor: Actor, community_id: int) -> QuerySet[Counting]:
    place(actor, community_id)
    rows = Counting.objects.filter(store__community=community_id).select_related("store").prefetch_related("differences__thing")
    return safe(actor, rows).order_by("-at", "-id")


def safe(actor: Actor, rows: QuerySet[Counting]) -> QuerySet[Counting]:
    """Without the counts of the safe where this person may not know what is in it. D14.24."""
    places = actor.places("custody.secret")
    return rows if places is None else rows.exclude(Q(store__holds=KINDS[SECRET[0]].class_) & ~Q(store__community__in=places))


def count(actor: Actor, pk: Any) -> Counting:
    places = actor.places("custody.view")
    rows = Counting.objects.select_related("store__community").prefetch_related("differences__thing__unit")
    found = safe(actor, rows if places is None else rows.filter(store__community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def amounts(community_id: int) -> dict[int, int]:
    """How many things stand in each store, out or not."""
    rows = Thing.objects.filter(community=community_id, gone_at__isnull=True).values_list("store").annotate(n=Count("pk"))
    return dict(rows.order_by())


def standing(store_id: int) -> int:
    """How many pieces stand in a place now: of what is partly lent, the rest is there. D4.12, D4.52."""
    rows = Thing.objects.filter(store=store_id, gone_at__isnull=True)
    all_ = rows.filter(state__in=(Thing.State.IN, Thing.State.OUT)).aggregate(sum=Sum("quantity"))["sum"] or 0
    out = Loan.objects.filter(thing__in=rows.filter(state=Thing.State.OUT), state=Loan.State.OUT).aggregate(sum=Sum(F("quantity") - F("returned")))["sum"] or 0
    return int(all_ - out)


def free_hook(store: Store) -> int | None:
    """The first hook on which nothing hangs; None where hooks have no numbers, or none is free."""
    used = set(Thing.objects.filter(store=store, gone_at__isnull=True, hook__isnull=False).values_list("hook", flat=True)) if store.hooks else set()
    return next((number for number in range(1, store.hooks + 1) if number not in used), None)


def keepings(store: Store, most: int = 12) -> list[Keeping]:
    """Who answered for a place, the latest first. D4.10."""
    return list(store.keepings.select_related("user").order_by("-starts_at")[:most])


def uncounted(stores: Iterable[Store], at: datetime) -> list[Store]:
    """Stores of keys that nobody has counted today. D2.70, D2.71, D4.39."""
    today = at.astimezone(CHINA).date()
    return [
        one for one in stores
        if any(kind.class_ == one.holds and kind.counted for kind in KINDS.values())
        and (one.counted is None or one.counted.at.astimezone(CHINA).date() < today)  # type: ignore[attr-defined]
    ]  # fmt: skip


GRACE: Final = timedelta(minutes=15)
"""So long after the beginning of a morning shift the area keys should have been fetched. D11.01."""


def uncollected(community_id: int, at: datetime) -> list[int]:
    """Stewards whose morning shift runs, and who have not taken any area key since it began. D11.01."""
    directory, day = duty.current_directory(community_id), at.astimezone(CHINA).date()
    found = []
    for span in directory.running(at, "steward"):
        local = span.starts_at.astimezone(CHINA)
        user = directory.acting(span.user, at)
        if local.date() != day or not 4 <= local.hour < 12 or at - span.starts_at < GRACE or user is None:
            continue
        early = span.starts_at - timedelta(minutes=30)
        if not Loan.objects.filter(community=community_id, thing__kind="area", user=user, out_at__gte=early).exists():
            found.append(user)
    return list(dict.fromkeys(found))


# --- who may speak and handle --------------------------------------------------------------------------------------


def chain(directory: Directory, post: str) -> list[str]:
    """A post and everything above it."""
    found = [post]
    while (info := directory.posts.get(found[-1])) and info.superior and info.superior not in found:
        found.append(info.superior)
    return found


def speakers(community_id: int, side: str, at: datetime) -> list[int]:
    """Whose word is the word of a side of ours: who holds the post or stands in, then everybody above."""
    directory = duty.current_directory(community_id)
    return list(dict.fromkeys((*directory.holders(side, at), *(user for post in chain(directory, side) for user in directory.held_by(post, at)))))


def speaks(actor: Actor, side: str, community_id: int, at: datetime) -> bool:
    """Whether this person's word is the word of a side of ours: of the post, above it, or standing in for it. D4.03, D4.18."""
    directory = duty.current_directory(community_id)
    if actor.id is None or not actor.may("custody.view", community_id):
        return False
    return bool(duty.posts_here(community_id, actor.id, at) & set(chain(directory, side))) or actor.id in directory.holders(side, at)


def handles(actor: Actor, thing: Thing, at: datetime) -> bool:
    """Whether this person hands a thing out and counts it back: of personal kinds the keeper or whom they entrusted. D4.27, D4.51."""
    if not actor.may("custody.work", thing.community_id):
        return False
    if not KINDS[thing.kind].personal or actor.may("custody.keep", thing.community_id):
        return True
    keeper = keeper_of(thing.store_id)
    if keeper is None:
        return True
    directory = duty.current_directory(thing.community_id)
    return actor.id in (keeper.user_id, directory.acting(keeper.user_id, at))


def closing(community_id: int, at: datetime) -> datetime:
    """When the service centre closes on the day of `at`; after that, two hours from now. D4.57, D4.82, K8."""
    local = at.astimezone(CHINA)
    windows = calendar_data(community_id).weekly[local.weekday()] or ((8 * 60, 20 * 60),)
    end = max(close if close > start else close + 24 * 60 for start, close in windows)
    found = datetime.combine(local.date(), time(), CHINA) + timedelta(minutes=end)
    return found if found > at + timedelta(minutes=10) else at + timedelta(hours=2)


# --- money for tickets ---------------------------------------------------------------------------------------------

_COUNTS: Final = ~Q(kind="remitted") | Q(confirmed_at__isnull=False)
"""A remittance counts once the cashier has it."""


def held(community_id: int, user_id: int) -> Decimal:
    """What somebody holds for tickets now: sold and taken over, less handed on and remitted."""
    return Cash.objects.filter(_COUNTS, community=community_id, user=user_id).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def holders(community_id: int) -> list[tuple[int, Decimal]]:
    """Who holds money for tickets, and how much."""
    rows = Cash.objects.filter(_COUNTS, community=community_id).values_list("user").annotate(sum=Sum("amount")).order_by("user")
    return [(user, sum_) for user, sum_ in rows if sum_]


def cash(actor: Actor, community_id: int) -> QuerySet[Cash]:
    """The book of the money, the latest first."""
    place(actor, community_id)
    return Cash.objects.filter(community=community_id).select_related("user", "thing").order_by("-id")
