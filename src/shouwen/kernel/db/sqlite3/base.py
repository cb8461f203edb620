"""SQLite as the embedded default: WAL, full synchronisation, immediate transactions, the write guard."""

from typing import Any

from django.db.backends.sqlite3 import base

from ..guard import wrappers


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers = wrappers()
