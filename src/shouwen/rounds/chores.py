"""What the worker looks after: rounds fall due, and end. Batches claimed with a lease, by as many workers as there are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from shouwen.kernel import leases
from shouwen.kernel.access import SYSTEM

from . import actions, queries

log = logging.getLogger("shouwen.rounds")

LEASE: Final = timedelta(minutes=2)
BATCH: Final = 200


def watch(now: datetime) -> int:
    """Close what is over, make what is due; how many plans and runs were looked at. A lease that ran out is taken again."""
    return close(now) + make(now) + remind(now)


def remind(now: datetime) -> int:
    """Posts whose rounds have stood still for long, and nobody has been reminded of it within the last hours; how many."""
    standing = queries.halts_to_remind(now, actions.AGAIN)
    if standing:
        actions.raise_halts(SYSTEM, None, halts=standing, at=now)
    return len(standing)


def make(now: datetime, most: int = BATCH) -> int:
    """Runs of every plan whose moment has come."""
    plans = leases.claim("rounds_plan", "next_at", now, LEASE, most)
    _in_one(plans, lambda some: actions.make_runs(SYSTEM, None, plans=some, at=now), "plan")
    return len(plans)


def close(now: datetime, most: int = BATCH) -> int:
    """Runs that were not finished in time are closed and raised."""
    runs = leases.claim("rounds_run", "close_at", now, LEASE, most)
    _in_one(runs, lambda some: actions.close_runs(SYSTEM, None, runs=some, at=now), "run")
    return len(runs)


def _in_one(ids: list[int], act: Callable[[list[int]], Any], what: str) -> None:
    """All of them in one action; if one is poisoned, each by itself, so that the others do not wait for it."""
    if not ids:
        return
    try:
        act(ids)
    except Exception:
        log.exception("a batch of %d %ss failed; each is tried by itself", len(ids), what)
        for one in ids:
            try:
                act([one])
            except Exception:
                log.exception("%s %s could not be looked at; tried again when its lease ends", what, one)
