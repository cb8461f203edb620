"""Import of a spreadsheet of 20,000 rows: upload check, then apply, each timed, on the database of SHOUWEN_DATABASE_URL.

    SHOUWEN_DATA_DIR=$(mktemp -d) python benchmarks/estate_import.py [rows]

Without SHOUWEN_DATABASE_URL: SQLite in the data folder. The database must be empty (a throw-away one).
Goal: under 20 s together.
"""

from __future__ import annotations

import io
import os
import random
import sys
import time
from datetime import UTC, datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")

import django
import xlsxwriter

GOAL = 20.0
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗单解仇曾查"
GIVEN = "秀英国华建文斌丽娟志强敏静伟芳军涛明超霞平刚桂兰晓东海波燕红"


def workbook(rows: int) -> bytes:
    """A filled-in template: two people in every third unit, a plate in every fourth."""
    from shouwen.estate.imports import COLUMNS

    pick = random.Random(20261121)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for column, title in enumerate(column.title for column in COLUMNS):
            page.write_string(0, column, title)
        unit, row = 0, 0
        while row < rows:
            building, rest = divmod(unit, 136)
            floor, room = divmod(rest, 4)
            code = f"{building + 1}-{rest % 2 + 1}-{floor + 1}{room + 1:02}"
            for second in range(2 if unit % 3 == 0 else 1):
                if row == rows:
                    break
                row += 1
                page.write_string(row, 0, code)
                page.write_string(row, 3, f"{pick.randrange(5000, 18000) / 100:.2f}") if not second else None
                page.write_string(row, 6, pick.choice(SURNAMES) + "".join(pick.sample(GIVEN, 2)))
                page.write_string(row, 7, "家属" if second else "业主")
                page.write_string(row, 9, f"1{pick.choice('3578')}{pick.randrange(10**9):09}")
                if unit % 4 == 0 and not second:
                    page.write_string(row, 13, f"粤B{unit:05}" if unit % 8 else f"粤BD{unit:05}")
            unit += 1
    return buffer.getvalue()


def main(rows: int) -> None:
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from shouwen.estate import actions
    from shouwen.estate.models import Community, SearchTerm
    from shouwen.kernel.access import SYSTEM

    call_command("migrate", verbosity=0)
    if Community.objects.exists():
        raise SystemExit("the database is not empty; point SHOUWEN_DATABASE_URL at a throw-away one")
    community = actions.add_community(SYSTEM, None, slug="benchmark", name="测试小区")
    content = workbook(rows)
    at = datetime.now(UTC)
    start, work = time.perf_counter(), time.process_time()
    run = actions.plan_import(SYSTEM, community, filename="住户.xlsx", content=content, at=at)
    checked = time.perf_counter()
    if run.problems:
        raise SystemExit(f"unexpected problems: {run.problems[:3]}")
    counts = actions.apply_import(SYSTEM, run, at=at)
    done = time.perf_counter()
    print(f"{connection.vendor}: {rows} rows, {len(content) / 1e6:.1f} MB: check {checked - start:.1f} s, apply {done - checked:.1f} s,"
          f" together {done - start:.1f} s (goal {GOAL:.0f} s), of which {time.process_time() - work:.1f} s our own work,"
          f" at load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {counts}, {SearchTerm.objects.count()} spellings")
    raise SystemExit(0 if done - start < GOAL else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
