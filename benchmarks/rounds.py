"""A day of rounds in 500 communities: what the worker spends on making runs, closing them and raising what is missing.

    python -m benchmarks.rounds [--quick] [--points 20] [--missed 5]

Each community has patrols through the night and day, `--points` points a day altogether; `--missed` of a hundred runs are never walked.
The worker looks every ten minutes, as 144 looks a day; phones are played by one statement between two looks, outside the measured time.
Figures are CPU seconds of the worker and of its PostgreSQL process, so that other load on the machine does not count.
Goal: 10,000 points a day over 500 communities (20 each) in 60 s of worker time a day; `--points 10000` is ten thousand in each of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .bench import ROOT, TICKS, cluster
from .world import build, environment


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--quick", action="store_true")
    given.add_argument("--points", type=int, default=20)
    given.add_argument("--missed", type=int, default=5)
    given.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = given.parse_args()
    places = 25 if asked.quick else 500
    if asked.inside:
        day(places, asked.points, asked.missed)
        return
    with cluster() as database:
        url, folder = database.create("rounds"), Path(tempfile.mkdtemp(prefix="shouwen-bench-"))
        build(url, folder)
        arguments = [f"--points={asked.points}", f"--missed={asked.missed}", "--inside", *(["--quick"] if asked.quick else [])]
        subprocess.run([sys.executable, "-m", "benchmarks.rounds", *arguments], env=os.environ | environment(url, folder), cwd=ROOT, check=True)


def day(places: int, points: int, missed: int) -> None:
    """One simulated day from midnight; prints a line of a table."""
    import django

    django.setup()
    from datetime import datetime, timedelta

    from django.db import connection

    from shouwen.kernel.journal import bookkeeping
    from shouwen.kernel.zone import CHINA
    from shouwen.notices.models import Notice
    from shouwen.rounds import chores
    from shouwen.rounds.models import Plan, Run

    start = datetime(2026, 11, 23, 0, 0, tzinfo=CHINA)
    runs_a_day = 4 if points < 500 else 144
    each = max(points // runs_a_day, 1)
    _plan(places, runs_a_day, each, start)
    backend = _backend(connection)
    spent, wall, serving = 0.0, 0.0, 0.0
    for look in range(144 + 12):
        at = start + timedelta(minutes=10 * look)
        if look == 144:
            with bookkeeping("the day is over: what is open is only closed"):
                Plan.objects.update(next_at=None)
        cpu, began, behind = time.process_time(), time.perf_counter(), _cpu(backend)
        while chores.watch(at):
            pass
        spent, wall, serving = spent + time.process_time() - cpu, wall + time.perf_counter() - began, serving + _cpu(backend) - behind
        with bookkeeping("phones walked what is open"), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE rounds_run SET state = 'done', close_at = NULL, seen = %s WHERE state = 'open' AND id %% 100 >= %s", [each, missed]
            )
    total, gone = Run.objects.count(), Run.objects.filter(state="missed").count()
    if Run.objects.filter(state="open").exists() or Notice.objects.filter(why="late").values("about").distinct().count() != gone:
        raise SystemExit("a run was left open, or one that was missed was not raised")
    print("| communities | points a day | runs | missed and raised | worker CPU s | PostgreSQL CPU s | wall s |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {places:,} | {total * each:,} | {total:,} | {gone:,} | {spent:.1f} | {serving:.1f} | {wall:.1f} |")


def _plan(places: int, runs_a_day: int, each: int, start: object) -> None:
    from datetime import time as clock

    from shouwen.estate.models import Community
    from shouwen.kernel.journal import bookkeeping
    from shouwen.rounds.models import Plan, Point, Route, Stop

    with bookkeeping("five hundred communities"):
        made = Community.objects.bulk_create([Community(slug=f"c{n}", name=f"小区 {n}") for n in range(places)])
        routes = Route.objects.bulk_create([Route(community=one, title="一号线") for one in made])
        points = Point.objects.bulk_create([
            Point(community=one, number=f"D-{n:04d}", key=f"{one.pk:06d}{n:06d}", title=f"点位 {n}", made_at=start) for one in made for n in range(each)
        ], batch_size=2000)  # fmt: skip
        Stop.objects.bulk_create([
            Stop(route=routes[n // each], point=point, position=n % each) for n, point in enumerate(points)
        ], batch_size=2000)  # fmt: skip
        Plan.objects.bulk_create([
            Plan(
                community=one, title="巡更", kind="patrol", route=route, post="guard", rhythm="every", minutes=1440 // runs_a_day, starts=clock(0),
                ends=clock(0), lasts=9, grace=1, since=start, next_at=start,
            ) for one, route in zip(made, routes, strict=True)
        ])  # fmt: skip


def _backend(connection: object) -> int:
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
