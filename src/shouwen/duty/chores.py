"""What the worker looks after: a shift that should have been handed over and was not. Absence is the alarm."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Refused

from . import actions, queries

GRACE = timedelta(minutes=10)
"""So long after its hour a hand-over that is not complete is reported to the superior."""


def watch(now: datetime) -> int:
    """Report every hand-over that is late by more than `GRACE`, once each; returns how many."""
    found = 0
    for pk in Community.objects.order_by("pk").values_list("pk", flat=True):
        late = queries.late_handovers(pk, now - GRACE, now)
        if late:
            with suppress(Refused):  # every one of them has been reported
                found += len(actions.report_late(SYSTEM, pk, late=late, at=now))
    return found
