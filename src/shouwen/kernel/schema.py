"""Steps of migrations that cost what the database costs, not what Django's picture of all models costs.

Django draws every related model anew after each `CreateModel`, and all of them for each `RunPython`: with a hundred
tables that are tied to a community, 20 s of processor time for an empty database, of which the database takes one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import router
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation


class Tables(Operation):
    """All tables of a migration in one step: models are drawn once, when all of them are known. They may point at each other in any order."""

    def __init__(self, tables: Sequence[CreateModel]) -> None:
        self.tables = tables

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.__dict__.pop("apps", None)  # what is not drawn yet is not drawn again for each table
        for table in self.tables:
            table.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for table in self.tables:
            table.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        for table in reversed(self.tables):
            table.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {len(self.tables)} tables"


class Statements(Operation):
    """What the database is told and the models do not know: triggers, storage. `put` and `drop` are called with the schema editor."""

    def __init__(self, put: Callable[[Any], None], drop: Callable[[Any], None]) -> None:
        self.put, self.drop = put, drop

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            self.put(schema_editor)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label):
            self.drop(schema_editor)

    def describe(self) -> str:
        return "Tell the database what the models do not know"
