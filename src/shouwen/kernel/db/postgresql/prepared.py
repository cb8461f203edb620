"""Our own hot statements: prepared once on a connection, then run by one call of libpq each.

The ordinary way, the framework's cursor over psycopg's, costs the server more than PostgreSQL needs for the statement.
Values travel as text without a declared type, so that a statement stays the same prepared one whatever their size.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, Final

from psycopg import Connection, DataError
from psycopg.adapt import Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

MOST: Final = 300
"""Statements kept on a connection; PostgreSQL holds a plan for each. The one not run for longest makes room."""

_numbers = count(1)
_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


@dataclass(slots=True)
class _Statement:
    """Under which name it is prepared, and how its rows are read once it has given some."""

    name: bytes
    read: Transformer | None = None


class Prepared:
    """The prepared statements of one connection."""

    def __init__(self, raw: Connection[Any]) -> None:
        self._raw, self._known = raw, dict[str, _Statement]()

    def run(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run a statement with `%s` for its values; the rows it gives. Raises psycopg's errors."""
        statement, result = self._run(sql, _wired(values))
        if not result.ntuples:
            return []
        known = statement.read is not None  # the columns of a prepared statement stay the same, and so do their readers
        read = statement.read = statement.read or Transformer(self._raw)
        read.set_pgresult(result, set_loaders=not known)
        rows = read.load_rows(0, result.ntuples, tuple)
        read.set_pgresult(None, set_loaders=False)
        return rows

    def do(self, sql: str, values: Sequence[Any]) -> None:
        """The same for a statement whose rows nobody reads."""
        self._run(sql, _wired(values))

    def _run(self, sql: str, given: list[bytes | None]) -> tuple[_Statement, PGresult]:
        pgconn = self._raw.pgconn
        try:
            statement = self._statement(sql)
            return statement, done(pgconn.exec_prepared(statement.name, given))
        except InvalidSqlStatementName:  # somebody else dropped it, such as a pooler that hands out another session
            self._known.clear()
            if pgconn.transaction_status != TransactionStatus.IDLE:
                raise
            statement = self._statement(sql)
            return statement, done(pgconn.exec_prepared(statement.name, given))

    def forget(self) -> None:
        """Prepare everything anew. The statement in between lets psycopg drop now what it would drop later, amid a transaction."""
        self._raw.execute("SELECT 1")
        self._known.clear()

    def _statement(self, sql: str) -> _Statement:
        """The statement, prepared; it is now the one run last."""
        statement = self._known[sql] = self._known.pop(sql, None) or self._prepare(sql)
        return statement

    def _prepare(self, sql: str) -> _Statement:
        pgconn = self._raw.pgconn
        if len(self._known) >= MOST:
            pgconn.exec_(b"DEALLOCATE " + self._known.pop(next(iter(self._known))).name)
        name, holes = b"shouwen_%d" % next(_numbers), count(1)
        numbered = re.sub("%[s%]", lambda hole: f"${next(holes)}" if hole[0] == "%s" else "%", sql)
        done(pgconn.prepare(name, numbered.encode()))
        return _Statement(name)


def done(result: PGresult) -> PGresult:
    """The result of a command that went well; else raises psycopg's error for it."""
    if result.status not in _DONE:
        raise error_from_result(result)
    return result


def _wired(values: Sequence[Any]) -> list[bytes | None]:
    """Values as the text that PostgreSQL reads; in one loop, for there are dozens of them to a step."""
    wired: list[bytes | None] = []
    add = wired.append
    for value in values:
        kind = type(value)
        if kind is str:
            text = value
        elif value is None:
            add(None)
            continue
        elif kind is int:
            add(b"%d" % value)
            continue
        elif kind is bool:
            add(b"true" if value else b"false")
            continue
        elif kind is bytes:
            add(b"\\x" + value.hex().encode())
            continue
        else:
            text = value.isoformat() if isinstance(value, date) else str(value)
        if "\0" in text:  # libpq would stop there and keep the beginning
            raise DataError("PostgreSQL text cannot contain NUL (0x00) bytes")
        add(text.encode())
    return wired
