"""Database triggers that make a table append-only on SQLite and PostgreSQL; used by migrations."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION shouwen_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: %% on %%', TG_OP, TG_TABLE_NAME; END $$;
"""


def append_only(table: str) -> migrations.RunPython:
    """A migration step after which UPDATE, DELETE (and TRUNCATE on PostgreSQL) of `table` raise a database error."""

    def put(apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(_POSTGRES_FUNCTION.replace("%%", "%"), params=None)
            editor.execute(
                f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION shouwen_append_only()"
            )
            editor.execute(
                f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION shouwen_append_only()"
            )
        else:
            for verb in ("UPDATE", "DELETE"):
                editor.execute(
                    f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table}"
                    " BEGIN SELECT RAISE(ABORT, 'append-only'); END"
                )

    def drop(apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER {table}_rows ON {table}")
            editor.execute(f"DROP TRIGGER {table}_truncate ON {table}")
        else:
            for verb in ("update", "delete"):
                editor.execute(f"DROP TRIGGER {table}_{verb}")

    return migrations.RunPython(put, drop)
