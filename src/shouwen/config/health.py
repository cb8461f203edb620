"""Whether this process lives (/healthz) and whether it can do its work (/readyz); `shouwen doctor` asks the same."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

SKEW: Final = timedelta(seconds=2)
"""A node whose clock is further off than this must not judge deadlines."""

_MIGRATIONS_EVERY: Final = 60.0
_migrated_until = 0.0


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is looked at, so a slow database does not get us restarted."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests may be sent here, else 503 with the names of what is missing."""
    faults = not_ready()
    return JsonResponse({"ready": not faults, "faults": sorted(faults)}, status=503 if faults else 200)


def not_ready() -> dict[str, str]:
    """What keeps this node from working: name → Chinese sentence. Empty when all is well."""
    try:
        faults = {}
        if not writable():
            faults["database"] = "数据库只读：可能连到了备库，或磁盘已满。"
        skew = clock_skew()
        if abs(skew) > SKEW:
            faults["clock"] = f"本机时钟与数据库相差 {skew.total_seconds():.1f} 秒（上限 2 秒）。请检查对时服务。"
        if missing := unapplied():
            faults["migrations"] = f"数据库结构不是本版本的：还差 {len(missing)} 步。请执行 shouwen migrate。"
    except DatabaseError as error:
        return {"database": f"数据库连接不上或不能写入：{str(error).splitlines()[0] if str(error) else type(error).__name__}"}
    return faults


def writable() -> bool:
    """Whether the database would take a write now; nothing is written."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")
            return not cursor.fetchone()[0]
        if not connection.in_atomic_block:
            cursor.execute("BEGIN IMMEDIATE")  # an error here is the answer: locked for good, read-only, disk full
            cursor.execute("ROLLBACK")
        return True


def clock_skew() -> timedelta:
    """How far this machine's clock is ahead of the database's; zero when they are the same machine's."""
    if connection.vendor != "postgresql":
        return timedelta()
    with connection.cursor() as cursor:
        before = datetime.now(UTC)
        cursor.execute("SELECT clock_timestamp()")
        there = cursor.fetchone()[0]
        after = datetime.now(UTC)
    return before + (after - before) / 2 - there


def unapplied() -> list[str]:
    """Migrations of this release that the database has not had; a good answer is believed for a minute."""
    global _migrated_until
    if time.monotonic() < _migrated_until:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        _migrated_until = time.monotonic() + _MIGRATIONS_EVERY
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
