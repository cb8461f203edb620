"""PostgreSQL with the write guard, and with a BEGIN that waits until it is needed.

A transaction starts with its first statement that is more than a plain read. In READ COMMITTED, our isolation, a
read sees the same inside and outside; and a request that reads and then sends all its writes in one statement
(kernel/batch.py) needs neither BEGIN nor COMMIT.
"""

import re
from typing import Any

from django.db.backends.postgresql import base

from ..guard import wrappers

_PLAIN_READ = re.compile(r"\s*SELECT\b(?!.*\b(?:FOR\s+(?:NO\s+KEY\s+)?UPDATE|FOR\s+(?:KEY\s+)?SHARE|(?:nextval|setval|set_config|pg_\w+)\s*\())", re.IGNORECASE | re.DOTALL)


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begin_due = False
        """A transaction has been asked for, and nothing has needed it yet."""
        self.execute_wrappers = [*wrappers(), self._begin_first]

    def _begin_first(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.begin_due and not _PLAIN_READ.match(str(sql)):
            self.begin()
        return execute(sql, params, many, context)

    def begin(self) -> None:
        """Start the transaction that was asked for, if it has not started yet."""
        if self.begin_due:
            self.begin_due = False
            with self.wrap_database_errors:
                self.connection.execute("BEGIN")

    def _start_transaction_under_autocommit(self) -> None:
        self.begin_due = True

    def _set_autocommit(self, autocommit: bool) -> None:
        if not autocommit or not self.connection.autocommit:
            super()._set_autocommit(autocommit)

    def _commit(self) -> None:
        if self.begin_due:
            self.begin_due = False
        else:
            super()._commit()

    def _rollback(self) -> None:
        if self.begin_due:
            self.begin_due = False
        else:
            super()._rollback()

    def close(self) -> None:
        self.begin_due = False
        super().close()
