"""The worker: runs the chores until it is told to stop, and shows every few seconds that it lives."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import close_old_connections, connection, transaction

from shouwen.kernel.batch import adapted
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.models import Heartbeat
from shouwen.kernel.zone import CHINA as _CHINA

from . import health
from .chores import CHORES, Chore

log = logging.getLogger("shouwen.worker")

BEAT: Final = 5.0
"""Seconds between two signs of life."""

_SKEW_EVERY: Final = 60.0
_AFTER_FAILURE: Final = 10.0


def name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"[:80]


def run(stop: threading.Event | None = None, clock: Callable[[], datetime] = now) -> None:
    """Work until SIGTERM or SIGINT (or `stop`); whatever is under way is finished first."""
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    log.info("worker %s started", name())
    slow = threading.Thread(target=_rounds, args=([c for c in CHORES if c.slow], stop, clock, False), name="slow", daemon=True)
    slow.start()
    _rounds([chore for chore in CHORES if not chore.slow], stop, clock, True)
    slow.join(timeout=30)
    log.info("worker %s stopped", name())


def _rounds(chores: list[Chore], stop: threading.Event, clock: Callable[[], datetime], beats: bool) -> None:
    """Run each chore when its time has come. A failure is logged and tried again later; it never stops the others."""
    due: dict[str, float] = {chore.name: 0.0 for chore in chores}
    next_beat = next_skew = 0.0
    trusted = True
    while not stop.is_set():
        moment = time.monotonic()
        close_old_connections()
        if beats and moment >= next_beat:
            next_beat = moment + (BEAT if _try("心跳", lambda: beat(clock())) is not _FAILED else 1.0)
        if moment >= next_skew:
            next_skew = moment + _SKEW_EVERY
            trusted = _try("对时", clock_is_right) is True
        for chore in chores:
            if stop.is_set() or moment < due[chore.name]:
                continue
            if not trusted and chore.name in ("时限", "定期开单"):
                due[chore.name] = moment + 1
                next_skew = min(next_skew, moment + _AFTER_FAILURE)
                continue
            done = _try(chore.name, lambda chore=chore: once(chore, clock()))
            if done is _FAILED:
                due[chore.name] = moment + (_AFTER_FAILURE if chore.hour is None else chore.every.total_seconds())
            elif chore.full and isinstance(done, int) and done >= chore.full:
                due[chore.name] = 0.0
            else:
                due[chore.name] = moment + chore.every.total_seconds()
        stop.wait(max(0.05, min([*due.values(), next_beat if beats else next_skew]) - time.monotonic()))
    connection.close()


_FAILED: Final = object()


def _try(what: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except Exception:
        log.exception("chore %s failed; it will be tried again", what)
        connection.close()
        return _FAILED


def once(chore: Chore, at: datetime) -> Any:
    """Run a chore if it is this worker's turn; returns what it returned, or None. A day's turn that failed is given back."""
    work = chore.resolve()
    if work is None or (chore.alone and not _turn(chore, at)):
        return None
    try:
        return work(at)
    except Exception:
        if chore.alone and chore.hour is not None:
            with bookkeeping("turn of a chore"):
                Heartbeat.objects.filter(pk=f"chore:{chore.name}", at=at).update(at=at - timedelta(days=1))
        raise


def _turn(chore: Chore, at: datetime) -> bool:
    """Take the chore's slot: nobody else runs it within the same span (or day)."""
    slot = f"chore:{chore.name}"
    if chore.hour is None:
        before = at - chore.every
    else:
        local = at.astimezone(_CHINA)
        start = local.replace(hour=chore.hour, minute=0, second=0, microsecond=0)
        before = (start if local >= start else start - timedelta(days=1)).astimezone(UTC) - timedelta(microseconds=1)
    with bookkeeping("turn of a chore"):
        if Heartbeat.objects.filter(pk=slot, at__lte=before).update(at=at):
            return True
        if Heartbeat.objects.filter(pk=slot).exists():
            return False
        _, made = Heartbeat.objects.get_or_create(pk=slot, defaults={"at": at})
        return made


def beat(at: datetime) -> None:
    """The sign of life: one row per worker."""
    sql = (
        "INSERT INTO kernel_heartbeat (worker, at, note) VALUES (%s, %s, '')"
        " ON CONFLICT (worker) DO UPDATE SET at = excluded.at"
    )
    with bookkeeping("heartbeat"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, adapted((name(), at)))
        cursor.execute(
            "DELETE FROM kernel_heartbeat WHERE at < %s AND worker NOT LIKE %s", adapted((at - timedelta(days=1), "chore:%"))
        )


def clock_is_right() -> bool:
    """Whether this machine may judge deadlines; said loudly when not."""
    skew = health.clock_skew()
    if abs(skew) > health.SKEW:
        log.error("the clock of this machine is off by %.1f s; limits are left to other workers", skew.total_seconds())
        return False
    return True
