"""SQLite as the embedded default: WAL, full synchronisation, immediate transactions, the write guard."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.backends.sqlite3 import base

from ..guard import guard


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers = [guard]

    def ask(self, sql: str, values: Sequence[Any], planned_once: bool = False) -> list[tuple[Any, ...]]:
        """Run one of our own statements with single values for its `%s`; the rows it gives."""
        with self.cursor() as cursor:
            cursor.execute(sql, self.adapted(values))
            return cursor.fetchall() if cursor.description else []

    def adapted(self, values: Sequence[Any]) -> Sequence[Any]:
        """Values as they are stored: moments as naive UTC text, the way the ORM writes them."""
        adapt = self.ops.adapt_datetimefield_value
        return [adapt(value) if isinstance(value, datetime) else value for value in values]
