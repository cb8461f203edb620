"""What the worker looks after: what should be back and is not, and places nobody has counted. Absence is the alarm."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.leases import claim
from shouwen.kernel.refusals import Refused

from . import actions, archive, queries
from .models import Filing, Loan, Store, Thing

LEASE: Final = timedelta(minutes=2)
MOST: Final = 100


def watch(now: datetime) -> int:
    """Raise every loan whose hour has come, once an hour of its own; returns how many."""
    claimed = claim("custody_loan", "remind_at", now, LEASE, MOST)
    for loan in Loan.objects.filter(pk__in=claimed).select_related("thing"):
        with suppress(Refused):  # it came back a moment ago
            actions.raise_overdue(SYSTEM, loan, at=now)
    return len(claimed)


def uncounted(now: datetime) -> int:
    """Once in the evening: keys that nobody has counted today, and money for tickets that has not been remitted; returns how many communities have such places."""
    found = 0
    for place in Community.objects.filter(pk__in=Store.objects.values("community")).order_by("pk"):
        filled = queries.amounts(place.pk)
        stores = [one for one in queries.uncounted(queries.stores(SYSTEM, place.pk), now) if filled.get(one.pk)]
        if stores:
            actions.raise_uncounted(SYSTEM, place, stores=stores, at=now)
            found += 1
        if holders := queries.holders(place.pk):
            actions.raise_cash(SYSTEM, place, holders=holders, at=now)
    return found


def uncollected(now: datetime) -> int:
    """Once in the morning: stewards whose shift began today before noon and who have not fetched the area keys; returns how many. D11.01."""
    found = 0
    for place in Community.objects.filter(pk__in=Thing.objects.filter(kind="area", gone_at__isnull=True).values("community")).order_by("pk"):
        if people := queries.uncollected(place.pk, now):
            actions.raise_uncollected(SYSTEM, place, people=people, at=now)
            found += len(people)
    return found


def unfiled(now: datetime) -> int:
    """Once in the morning: documents that should have been filed or cleared out; returns how many communities have some. D14.34, D14.35."""
    found = 0
    for place in Community.objects.filter(pk__in=Filing.objects.values("community")).order_by("pk"):
        late, expired = archive.tallies(place.pk, now)
        if late or expired:
            actions.raise_unfiled(SYSTEM, place, unfiled=late, expired=expired, at=now)
            found += 1
    return found
