"""Writes of one action, gathered and sent together at its end.

On PostgreSQL they become one prepared statement in one round trip; on SQLite they run one after the other. `later` may only be called inside an action, which flushes the batch
together with its journal line. A keyed request of a program may hold them until its answer is ready (`held`);
then they travel with its key and its COMMIT. Whatever is read before that sends them first (kernel/db/guard.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import count
from typing import Any

from django.db import connection
from django.db.utils import DataError

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
            _together(pending, commit)
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


_TABLE = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Statement:
    """Writes to different tables as one statement, each a part of its WITH; `must` is the place of the one that has to
    touch a row, and when it does not, the statement fails before any of the others."""

    text: str
    writes: range
    must: int | None


@lru_cache(maxsize=1024)
def _composed(writes: tuple[tuple[str, bool], ...]) -> tuple[_Statement, ...]:
    """Writes put together as far as none of them needs to see what another of the same statement wrote."""
    made: list[_Statement] = []
    begun, tables, musts = 0, set[str](), 0
    for at, (sql, must) in enumerate(writes):
        found = _TABLE.match(sql)
        table = found[1] if found else ""
        if at > begun and (not table or any(other in sql for other in tables) or (must and musts)):
            made.append(_statement(writes, range(begun, at)))
            begun, tables, musts = at, set(), 0
        tables.add(table)
        musts += must
    made.append(_statement(writes, range(begun, len(writes))))
    return tuple(made)


def _statement(writes: tuple[tuple[str, bool], ...], span: range) -> _Statement:
    must = next((at for at in span if writes[at][1]), None)
    if len(span) == 1 and must is None:
        text = writes[span[0]][0]
    else:
        parts = ", ".join(f"w{at} AS ({writes[at][0]} RETURNING 1)" for at in span)
        text = f"WITH {parts} SELECT " + ("1" if must is None else f"1 / count(*) FROM w{must}")
    numbers = count(1)
    return _Statement(re.sub("%[s%]", lambda hole: f"${next(numbers)}" if hole[0] == "%s" else "%", text), span, must)


def _together(pending: list[Write], commit: bool) -> None:
    """Send the writes to PostgreSQL: one statement in one round trip if they are to different tables, else a pipeline.

    With `commit`, a single statement is its own transaction when none has begun yet.
    """
    import psycopg  # not installed where only SQLite serves

    connection.ensure_connection()
    raw = connection.connection
    statements = _composed(tuple((sql, bool(must)) for sql, _, must in pending))
    at_work: _Statement | None = None
    cursor = psycopg.RawCursor(raw)
    alone = len(statements) == 1 and commit and connection.begin_due
    try:
        with connection.wrap_database_errors:
            if len(statements) == 1 and (alone or not commit):
                at_work = statements[0]
                if not alone:
                    connection.begin()
                _send(cursor, at_work, pending)
                return
            cursors: list[psycopg.RawCursor] = []
            with raw.pipeline():
                if connection.begin_due:
                    connection.begin_due = False
                    cursor.execute(b"BEGIN")
                for each in statements:
                    cursors.append(psycopg.RawCursor(raw))
                    _send(cursors[-1], each, pending)
                if commit:
                    cursor.execute(b"COMMIT")
    except DataError as error:
        if not isinstance(error.__cause__, psycopg.errors.DivisionByZero):
            raise
        if at_work is None:
            at_work = next(one for one, sent in zip(statements, cursors, strict=True) if one.must is not None and sent.pgresult is None)
        assert at_work.must is not None
        raise Conflict(pending[at_work.must][2]) from None


def _send(cursor: Any, statement: _Statement, pending: list[Write]) -> None:
    cursor.execute(statement.text, [_wire(value) for at in statement.writes for value in pending[at][1]], prepare=True)


def _wire(value: Any) -> Any:
    """A value as text of no declared type: whatever its size, the statement stays the same prepared one."""
    if value is None or isinstance(value, str | bytes):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
