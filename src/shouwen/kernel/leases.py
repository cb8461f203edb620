"""Work that waits in a table: taken with a lease, by as many workers as there are, and taken again when its worker died.

The table has `lease_until`, and a column that says from when on its row wants attention, with an index on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from .batch import adapted
from .journal import bookkeeping


def claim(table: str, due: str, now: datetime, lease: timedelta, most: int, *, first: str = "", give: str = "id") -> list[int]:
    """Lease at most `most` rows whose moment `due` has come, the longest waiting first (before that by `first`).

    Returns column `give` of each. A read-only look comes first, so that an idle poll never takes a write lock; it is
    ordered, because a plan made for any moment would otherwise read the whole table. Names of tables and columns are ours.
    """
    free = f"{due} <= %s AND (lease_until IS NULL OR lease_until < %s)"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE {free} ORDER BY {due} LIMIT 1", adapted((now, now)))
        if cursor.fetchone() is None:
            return []
    skip = " FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    order = f"{first}, {due}" if first else due
    sql = (
        f"UPDATE {table} SET lease_until = %s WHERE id IN (SELECT id FROM {table} WHERE {free}"
        f" ORDER BY {order} LIMIT %s{skip}) RETURNING {give}"
    )
    with bookkeeping(f"lease of what is due in {table}"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, adapted((now + lease, now, now, most)))
        return [row[0] for row in cursor.fetchall()]
