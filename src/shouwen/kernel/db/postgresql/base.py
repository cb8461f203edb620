"""PostgreSQL with the write guard. Statements are bound and prepared by the server (settings.py)."""

from typing import Any

from django.db.backends.postgresql import base

from ..guard import wrappers


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers = wrappers()
