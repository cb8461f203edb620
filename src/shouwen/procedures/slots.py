"""Slots: effects on other areas, named in procedure files and filled in config/wiring.py; and who hears of every change."""

from __future__ import annotations

from collections.abc import Callable

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
