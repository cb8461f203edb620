"""What the worker looks after: what should be back and is not, and places nobody has counted. Absence is the alarm."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.leases import claim
from shouwen.kernel.refusals import Refused

from . import actions
from .models import Loan

LEASE: Final = timedelta(minutes=2)
MOST: Final = 100


def watch(now: datetime) -> int:
    """Raise every loan whose hour has come, once an hour of its own; returns how many."""
    claimed = claim("custody_loan", "remind_at", now, LEASE, MOST)
    for loan in Loan.objects.filter(pk__in=claimed).select_related("thing"):
        with suppress(Refused):  # it came back a moment ago
            actions.raise_overdue(SYSTEM, loan, at=now)
    return len(claimed)
