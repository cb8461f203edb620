"""Writes of one action, gathered and sent together at its end.

On PostgreSQL they become one prepared statement in one round trip; on SQLite they run one after the other. `later` may only be called inside an action, which flushes the batch
together with its journal line. A keyed request of a program may hold them until its answer is ready (`held`);
then they travel with its key, as its one transaction. Whatever is read before that sends them first (kernel/db/guard.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
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


@lru_cache(maxsize=1024)
def rows_sql(head: str, columns: int, rows: int, tail: str) -> str:
    """The text of an INSERT of so many rows: `head` VALUES (…), (…) `tail`."""
    row = f"({', '.join(['%s'] * columns)})"
    return f"{head} VALUES {', '.join([row] * rows)} {tail}"


def drop() -> None:
    """Forget what was queued: the action failed."""
    _pending.set(None)


def ask(sql: str, values: Sequence[Any], *, planned_once: bool = False) -> list[tuple[Any, ...]]:
    """The rows of one of our own statements that is run very often; `%s` stands for single values. On PostgreSQL it is
    prepared and sent without the cursor's ceremony (kernel/db/postgresql).

    `planned_once` is for a long statement that wants the same plan whatever its values. PostgreSQL plans it anew each time
    as soon as a plan for any values looks dearer to it, as it does in large tables; planning may then take longer than reading.
    """
    rows: list[tuple[Any, ...]] = connections[DEFAULT_DB_ALIAS].ask(sql, values, planned_once)  # type: ignore[attr-defined]
    return rows


def adapted(values: Sequence[Any]) -> Sequence[Any]:
    """Values for the framework's cursor as the database stores them (kernel/db/sqlite3)."""
    return values if connection.vendor == "postgresql" else connection.adapted(values)


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
    db = connections[DEFAULT_DB_ALIAS]
    try:
        if db.vendor == "postgresql":
            _together(db, pending, commit)
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
    return _Statement(text, span, must)


def _together(db: Any, pending: list[Write], commit: bool) -> None:
    """Send the writes to PostgreSQL: one statement if they are to different tables, else as few as can be.

    With `commit`, a single statement is its own transaction when none has begun yet.
    """
    statements = _composed(tuple([(sql, bool(must)) for sql, _, must in pending]))
    if not (commit and len(statements) == 1):
        db.begin()
    for each in statements:
        values = [value for at in each.writes for value in pending[at][1]]
        try:
            db.do(each.text, values)
        except DataError as error:
            from psycopg.errors import DivisionByZero  # not installed where only SQLite serves

            if each.must is None or not isinstance(error.__cause__, DivisionByZero):
                raise
            raise Conflict(pending[each.must][2]) from None
