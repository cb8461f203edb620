"""Database triggers that make a table append-only on SQLite and PostgreSQL; used by migrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .schema import Statements

_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION shouwen_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: %% on %%', TG_OP, TG_TABLE_NAME; END $$;
"""


def append_only(table: str) -> Statements:
    """A migration step after which UPDATE, DELETE (and TRUNCATE on PostgreSQL) of `table` raise a database error."""

    def put(editor: Any) -> None:
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

    def drop(editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER {table}_rows ON {table}")
            editor.execute(f"DROP TRIGGER {table}_truncate ON {table}")
        else:
            for verb in ("update", "delete"):
                editor.execute(f"DROP TRIGGER {table}_{verb}")

    return Statements(put, drop)


def written_once(table: str, later: Sequence[str]) -> Statements:
    """The same, except that each of the columns `later` may be filled in once: from NULL to a value, by an UPDATE."""

    def put(editor: Any) -> None:
        with editor.connection.cursor() as cursor:
            columns = [c.name for c in editor.connection.introspection.get_table_description(cursor, table)]
        changed = [f"OLD.{c} IS NOT NULL AND OLD.{c} <> NEW.{c}" for c in later] + [f"OLD.{c} IS NOT NULL AND NEW.{c} IS NULL" for c in later]
        fixed = [c for c in columns if c not in later]
        if editor.connection.vendor == "postgresql":
            changed += [f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in fixed]
            editor.execute(_POSTGRES_FUNCTION.replace("%%", "%"), params=None)
            for name, when in (("rows", f"UPDATE ON {table} FOR EACH ROW WHEN ({' OR '.join(changed)})"), ("gone", f"DELETE ON {table} FOR EACH ROW"),
                               ("truncate", f"TRUNCATE ON {table} FOR EACH STATEMENT")):  # fmt: skip
                editor.execute(f"CREATE TRIGGER {table}_{name} BEFORE {when} EXECUTE FUNCTION shouwen_append_only()")
        else:
            changed += [f"OLD.{c} IS NOT NEW.{c}" for c in fixed]
            for name, when in (("update", f"UPDATE ON {table} WHEN {' OR '.join(changed)}"), ("delete", f"DELETE ON {table}")):
                editor.execute(f"CREATE TRIGGER {table}_{name} BEFORE {when} BEGIN SELECT RAISE(ABORT, 'append-only'); END")

    def drop(editor: Any) -> None:
        suffix = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        for name in ("rows", "gone", "truncate") if suffix else ("update", "delete"):
            editor.execute(f"DROP TRIGGER {table}_{name}{suffix}")

    return Statements(put, drop)
