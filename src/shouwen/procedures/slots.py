"""Slots: effects on other areas, named in procedure files and filled in config/wiring.py; and who hears of every change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from inspect import signature

Slot = Callable[..., None]
"""slot(actor, community_id, *, ticket, at, **args): an effect inside the running action; may raise Refused."""

SLOTS: dict[str, Slot] = {}


Hearer = Callable[..., None]
"""hearer(actor, row, before, event, effects, finder): hears of every change of a ticket, inside the running action."""

HEARERS: list[Hearer] = []


def hear(hearer: Hearer) -> None:
    """Let an area above hear of every change of a ticket; in config/wiring.py."""
    if hearer not in HEARERS:
        HEARERS.append(hearer)


def fill(name: str, slot: Slot) -> None:
    """Offer an effect under a name; a name taken twice is a programming error."""
    if SLOTS.setdefault(name, slot) is not slot:
        raise KeyError(f"slot {name} is filled twice")


def lacks(name: str, given: Collection[str]) -> list[str]:
    """What is wrong with calling a slot with these arguments, as Chinese sentences: a name it does not know, one that it needs."""
    if (slot := SLOTS.get(name)) is None:
        return [f"没有名为「{name}」的联动。"]
    takes = {p.name: p.default is p.empty for p in signature(slot).parameters.values() if p.kind is p.KEYWORD_ONLY and p.name not in ("ticket", "at")}
    known = "、".join(takes) or "（不用填）"
    return [f"联动「{name}」不认识「{one}」，可用的有：{known}。" for one in given if one not in takes] + [
        f"联动「{name}」缺「{one}」。" for one, needed in takes.items() if needed and one not in given
    ]


@dataclass(frozen=True, slots=True)
class Offer:
    """One item of the price list as it holds on a day: what one `unit` costs, in yuan."""

    code: str
    title: str
    unit: str
    price: Decimal


PriceList = Callable[[int, datetime], Mapping[str, Offer]]
_price_lists: list[PriceList] = []


def offer_prices(prices: PriceList) -> None:
    """Say where asks of kind `priced` take their prices from (config/wiring.py)."""
    _price_lists[:] = [prices]


def prices(community_id: int, at: datetime) -> Mapping[str, Offer]:
    """The community's price list of that day, by code; empty where there is none."""
    return _price_lists[0](community_id, at) if _price_lists else {}


@dataclass(frozen=True, slots=True)
class Rated:
    """What a resident thought of a ticket when it was closed: 1–5 stars and perhaps a word."""

    ticket: int
    stars: int
    words: str
    at: datetime


Ratings = Callable[[int, datetime, datetime], tuple[frozenset[int], list[Rated]]]
"""ratings(community_id, since, until): of tickets closed in that time, which a resident was asked to rate, and what was said."""

_ratings: list[Ratings] = []


def offer_ratings(found: Ratings) -> None:
    """Say where residents' ratings are kept (config/wiring.py)."""
    _ratings[:] = [found]


def ratings(community_id: int, since: datetime, until: datetime) -> tuple[frozenset[int], list[Rated]]:
    return _ratings[0](community_id, since, until) if _ratings else (frozenset(), [])
