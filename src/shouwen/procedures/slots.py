"""Slots: effects on other areas, named in procedure files and filled in config/wiring.py."""

from __future__ import annotations

from collections.abc import Callable

Slot = Callable[..., None]
"""slot(actor, community_id, *, ticket, at, **args): an effect inside the running action; may raise Refused."""

SLOTS: dict[str, Slot] = {}


def fill(name: str, slot: Slot) -> None:
    """Offer an effect under a name; a name taken twice is a programming error."""
    if SLOTS.setdefault(name, slot) is not slot:
        raise KeyError(f"slot {name} is filled twice")
