"""Writes of one action, gathered and sent together at its end.

On PostgreSQL they travel in one pipeline of prepared statements (one round trip instead of one each); on
SQLite they run one after the other. `later` may only be called inside an action, which flushes the batch
together with its journal line. A keyed request of a program may hold them until its answer is ready (`held`);
then they travel with its key and its COMMIT. Whatever is read before that sends them first (kernel/db/guard.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.utils import DataError, IntegrityError

from .refusals import Conflict

Write = tuple[str, Sequence[Any], str]

running: ContextVar[str] = ContextVar("running", default="")
"""Code of the action under way; empty outside. The write guard reads it."""

held: ContextVar[bool] = ContextVar("held", default=False)
"""True while a request keeps back what its actions have queued."""

_pending: ContextVar[list[Write] | None] = ContextVar("pending", default=None)


class Unwritten(Exception):
    """A programming error: something was written without a line in the journal."""


def later(sql: str, values: Sequence[Any], must: str = "") -> None:
    """Queue a write for the end of the running action.

    With `must`, the statement has to touch a row; otherwise the action is rolled back with Conflict(`must`).
    """
    if not running.get():
        raise Unwritten(f"queued outside an action: {sql[:80]}")
    pending = _pending.get()
    if pending is None:
        pending = []
        _pending.set(pending)
    pending.append((sql, values, must))


def drop() -> None:
    """Forget what was queued: the action failed."""
    _pending.set(None)


def adapted(values: Sequence[Any]) -> Sequence[Any]:
    """Values as the database stores them: SQLite keeps moments as naive UTC text, like the ORM writes them."""
    if connection.vendor == "postgresql":
        return values
    adapt = connection.ops.adapt_datetimefield_value
    return [adapt(value) if isinstance(value, datetime) else value for value in values]


def waiting() -> bool:
    """Whether writes of a finished action are held back and must go before anything else happens."""
    return bool(_pending.get()) and not running.get()


def flush(*, commit: bool = False) -> None:
    """Send everything queued, in order. Must run inside the transaction of the action.

    `commit` ends that transaction in the same round trip, where the database can; the caller's own commit then
    finds nothing left to do.
    """
    pending = _pending.get()
    if not pending:
        return
    _pending.set(None)
    token = running.set(running.get() or "held back")
    try:
        if connection.vendor == "postgresql":
            _pipeline(pending, commit)
        else:
            _one_by_one(pending)
    finally:
        running.reset(token)


def _one_by_one(pending: list[Write]) -> None:
    with connection.cursor() as cursor:
        for sql, values, must in pending:
            cursor.execute(sql, adapted(values))
            if must and cursor.rowcount == 0:
                raise Conflict(must)


_OR_FAIL = "WITH done AS ({} RETURNING 1) SELECT 1 / count(*) FROM done"
"""A compare-and-set that fails in the database when it finds nothing, so that a COMMIT behind it does not happen."""


def _pipeline(pending: list[Write], commit: bool) -> None:
    import psycopg  # not installed where only SQLite serves

    connection.ensure_connection()
    raw = connection.connection
    plain = psycopg.Cursor(raw)  # nobody asks for the results of these
    asked: list[tuple[psycopg.Cursor, str]] = []
    try:
        with connection.wrap_database_errors, raw.pipeline():
            for sql, values, must in pending:
                if not must:
                    plain.execute(sql, values, prepare=True)
                    continue
                cursor = psycopg.Cursor(raw)
                asked.append((cursor, must))
                cursor.execute(_OR_FAIL.format(sql) if commit else sql, values, prepare=True)
            if commit:
                raw.commit()
    except (IntegrityError, DataError) as error:
        # A compare-and-set that found nothing and a duplicate that follows from it are the same conflict.
        missed = isinstance(error.__cause__, psycopg.errors.DivisionByZero)
        for cursor, must in asked:
            if (missed and cursor.pgresult is None) or (not missed and cursor.pgresult is not None and cursor.rowcount == 0):
                raise Conflict(must) from None
        raise
    for cursor, must in asked:
        if cursor.rowcount == 0:
            raise Conflict(must)
