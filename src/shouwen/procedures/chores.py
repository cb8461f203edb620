"""Work for the worker: wake what is due, open what recurs, prove that nothing was missed.

Due clocks are found by a scan of the database, claimed with a lease, and passed through the same action as
everything else; its compare-and-set decides when two workers meet. Killed anywhere, the lease runs out and the
next scan finds the clock again; a rung that was recorded is never recorded twice.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from shouwen.kernel import leases
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import Done, action, bookkeeping
from shouwen.kernel.refusals import Conflict

from . import store
from .actions import pass_time
from .models import Clock

log = logging.getLogger("shouwen.procedures")

LEASE = timedelta(seconds=60)
POSTPONE = timedelta(minutes=15)


def wake(now: datetime, most: int = 200) -> int:
    """Wake every ticket that has a clock due, at most `most` of them; returns how many were woken."""
    tickets = claim(now, most)
    for ticket_id in tickets:
        try:
            row = store.load(ticket_id)
            if row.state.wake is None or row.state.wake > now:
                _asleep_again(row)
            else:
                pass_time(SYSTEM, row, at=now)
        except Conflict:
            continue  # somebody acted on it a moment ago; if a clock is still due, the next scan finds it
        except (OperationalError, InterfaceError) as error:
            log.warning("ticket %s waits for the database: %s", ticket_id, error)
            break  # busy or gone, no fault of the ticket: the lease runs out within a minute, and it is found again
        except Exception as error:
            log.exception("ticket %s could not be woken; postponed", ticket_id)
            postpone(SYSTEM, None, ticket=ticket_id, because=f"{type(error).__name__}: {error}"[:300], at=now)
    return len(tickets)


def _asleep_again(row: store.Row) -> None:
    """The row said due, the ticket says no (it was postponed after a failure, then acted on): the ticket is right."""
    with bookkeeping("moments of attention as the ticket has them"):
        for clock in row.state.clocks:
            wake = None if clock.stopped else clock.wake
            Clock.objects.filter(ticket_id=row.id, number=clock.id).update(wake_at=wake, lease_until=None)
        until = row.state.pause.until if row.state.status == "paused" and row.state.pause else None
        Clock.objects.filter(ticket_id=row.id, number=store.PAUSE).update(wake_at=until, lease_until=None)


def claim(now: datetime, most: int) -> list[int]:
    """Lease the most overdue clocks and return their tickets, each once."""
    return list(dict.fromkeys(leases.claim("procedures_clock", "wake_at", now, LEASE, most, give="ticket_id")))


@action("clock.postponed", may="system", says="工单 {ticket} 的时钟处理失败，已推后 15 分钟：{because}")
def postpone(actor: object, place: None, /, *, ticket: int, because: str, at: datetime) -> Done:
    """Step over a poisoned ticket, loudly: its due clocks wake again later, the reason stands on them and in the journal."""
    due = Clock.objects.filter(ticket_id=ticket, wake_at__lte=at)
    for clock in due:
        Clock.objects.filter(pk=clock.pk).update(
            wake_at=at + POSTPONE, lease_until=None, failures=clock.failures + 1, error=because
        )
    return Done(f"procedures.ticket:{ticket}", {"ticket": ticket, "because": because})
