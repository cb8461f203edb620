"""Writes of one action, gathered and sent together at its end.

On PostgreSQL they travel in one pipeline of prepared statements (one round trip instead of one each); on
SQLite they run one after the other. `later` may only be called inside an action, which flushes the batch
together with its journal line.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.utils import IntegrityError

from .refusals import Conflict

Write = tuple[str, Sequence[Any], str]

running: ContextVar[str] = ContextVar("running", default="")
"""Code of the action under way; empty outside. The write guard reads it."""

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


def flush() -> None:
    """Send everything queued, in order. Must run inside the transaction of the action."""
    pending = _pending.get()
    if not pending:
        return
    _pending.set(None)
    if connection.vendor == "postgresql":
        _pipeline(pending)
    else:
        with connection.cursor() as cursor:
            for sql, values, must in pending:
                cursor.execute(sql, adapted(values))
                if must and cursor.rowcount == 0:
                    raise Conflict(must)


def _pipeline(pending: list[Write]) -> None:
    import psycopg  # not installed where only SQLite serves

    connection.ensure_connection()
    raw = connection.connection
    try:
        with connection.wrap_database_errors, raw.pipeline():
            cursors = []
            for sql, values, must in pending:
                cursor = psycopg.Cursor(raw)
                cursor.execute(sql, values, prepare=True)
                cursors.append((cursor, must))
    except IntegrityError:
        # A compare-and-set that found nothing and a duplicate that follows from it are the same conflict.
        for cursor, must in cursors:
            if must and cursor.pgresult is not None and cursor.rowcount == 0:
                raise Conflict(must) from None
        raise
    for cursor, must in cursors:
        if must and cursor.rowcount == 0:
            raise Conflict(must)
