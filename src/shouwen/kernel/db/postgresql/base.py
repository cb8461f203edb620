"""PostgreSQL with the write guard, and with a BEGIN that waits until it is needed.

A transaction starts with its first statement that is more than a plain read. In READ COMMITTED, our isolation, a
read sees the same inside and outside; and a request that reads and then sends all its writes in one statement
(kernel/batch.py) needs neither BEGIN nor COMMIT.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db.backends.postgresql import base

from ..guard import first, guard
from .prepared import Prepared, done

_PLAIN_READ = re.compile(r"\s*SELECT\b(?!.*\b(?:FOR\s+(?:NO\s+KEY\s+)?UPDATE|FOR\s+(?:KEY\s+)?SHARE|(?:nextval|setval|set_config|pg_\w+)\s*\())", re.IGNORECASE | re.DOTALL)

_DROPS_PLANS = re.compile(r"\s*(?:DROP|ALTER|ROLLBACK|DISCARD|DEALLOCATE)\b", re.IGNORECASE)
"""After one of these psycopg drops every prepared statement of the connection, ours too, before its next statement."""

_COMPRESSION = b"SET default_toast_compression = lz4"
"""A ticket's state is compressed at each step; lz4 does that in a fraction of the time. A server without it keeps its own way."""


@lru_cache(maxsize=1024)
def _plainly_reads(sql: str) -> bool:
    return _PLAIN_READ.match(sql) is not None


class SchemaEditor(base.DatabaseSchemaEditor):
    """Without the second index that every unique text gets for LIKE: keys are looked up whole, and written with each action."""

    def _create_like_index_sql(self, model: Any, field: Any) -> None:
        return None


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = SchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begin_due = False
        """A transaction has been asked for, and nothing has needed it yet."""
        self.execute_wrappers = [guard, self._begin_first]
        self._prepared: Prepared | None = None

    def _begin_first(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.begin_due and not _plainly_reads(str(sql)):
            self.begin()
        result = execute(sql, params, many, context)
        if self._prepared is not None and _DROPS_PLANS.match(str(sql)):
            self._prepared.forget()
        return result

    def ask(self, sql: str, values: Sequence[Any], planned_once: bool = False) -> list[tuple[Any, ...]]:
        """Run one of our own statements, prepared, with single values for its `%s`; the rows it gives (kernel/batch.py)."""
        if self.queries_logged:  # somebody counts statements
            with self.cursor() as cursor:
                cursor.execute(sql, values)
                return cursor.fetchall() if cursor.description else []
        first(sql)
        self.validate_no_broken_transaction()
        if self.begin_due and not _plainly_reads(sql):
            self.begin()
        return self._planned_once(sql, values) if planned_once else self.run(sql, values)

    def _planned_once(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """A transaction that fails takes the setting back itself, and refuses to be told so."""
        prepared = self._ready()
        self._say(b"SET plan_cache_mode = force_generic_plan")
        try:
            with self.wrap_database_errors:
                return prepared.run(sql, values)
        finally:
            self.connection.pgconn.exec_(b"RESET plan_cache_mode")

    def run(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The same without anything before it: for what begins no transaction."""
        with self.wrap_database_errors:
            return self._ready().run(sql, values)

    def do(self, sql: str, values: Sequence[Any]) -> None:
        """The same without its rows: for what is held back and itself sent first (kernel/batch.py)."""
        with self.wrap_database_errors:
            self._ready().do(sql, values)

    def _ready(self) -> Prepared:
        self.ensure_connection()
        if self._prepared is None:
            self._prepared = Prepared(self.connection)
        return self._prepared

    def begin(self) -> None:
        """Start the transaction that was asked for, if it has not started yet."""
        if self.begin_due:
            self.begin_due = False
            self._say(b"BEGIN")

    def _say(self, command: bytes) -> None:
        """Without psycopg looking on, which would drop every prepared statement after a rollback."""
        with self.wrap_database_errors:
            done(self.connection.pgconn.exec_(command))

    def _start_transaction_under_autocommit(self) -> None:
        self.begin_due = True

    def _set_autocommit(self, autocommit: bool) -> None:
        if not autocommit or not self.connection.autocommit:
            super()._set_autocommit(autocommit)

    def _commit(self) -> None:
        if self.begin_due:
            self.begin_due = False
        elif self.connection is not None:
            self._say(b"COMMIT")

    def _rollback(self) -> None:
        if self.begin_due:
            self.begin_due = False
        elif self.connection is not None:
            self._say(b"ROLLBACK")

    def _savepoint_rollback(self, sid: str) -> None:
        self._say(self.ops.savepoint_rollback_sql(sid).encode())

    def get_new_connection(self, conn_params: Any) -> Any:
        self._prepared = None
        return super().get_new_connection(conn_params)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        self.connection.pgconn.exec_(_COMPRESSION)

    def close(self) -> None:
        self.begin_due = False
        super().close()
