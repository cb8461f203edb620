"""10,000 clocks that fall due at once among a million that wait: two workers record every rung, none twice.

    python -m benchmarks.clocks [--quick]

Goal: ≤ 30 s with two worker processes on PostgreSQL; a poll that finds nothing ≤ 1 ms.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .bench import ROOT, cluster
from .rows import copies, settled, templates
from .world import build, environment

POLL = """
import django; django.setup()
import statistics, time
from shouwen.kernel.journal import now
from shouwen.procedures import chores
times = []
for _ in range(500):
    at = now(); began = time.perf_counter(); chores.wake(at); times.append((time.perf_counter() - began) * 1000)
print(statistics.median(times), sorted(times)[475])
"""
LEFT = """
import django; django.setup()
from shouwen.kernel.journal import now
from shouwen.procedures.models import Clock, Event
from shouwen.notices.models import Notice
due = Clock.objects.filter(wake_at__lte=now()).count()
fired = Event.objects.filter(kind="ticked").count()
twice = Event.objects.filter(kind="ticked").count() - Event.objects.filter(kind="ticked").values("ticket").distinct().count()
print(due, fired, twice)
"""


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--quick", action="store_true")
    quick = given.parse_args().quick
    waiting, due = (20_000, 500) if quick else (1_000_000, 10_000)
    with cluster() as database:
        url, folder = database.create("clocks"), Path(tempfile.mkdtemp(prefix="shouwen-bench-"))
        build(url, folder)
        _, calm, _ = templates(url, folder)
        copies(database, "clocks", calm, waiting, "W")
        settled(database, "clocks")
        env = os.environ | environment(url, folder)

        def python(code: str) -> list[float]:
            done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=True, capture_output=True, text=True)
            return [float(n) for n in done.stdout.split()[-3:]]

        python("import django; django.setup()\nfrom shouwen.procedures import chores\nfrom shouwen.kernel.journal import now\nchores.wake(now())\nprint(0)")
        p50, p95 = python(POLL)[-2:]
        late, _, _ = templates(url, folder)
        copies(database, "clocks", late, due, "D")
        settled(database, "clocks")
        before = python(LEFT)[0]
        if before < due:
            raise SystemExit(f"only {before:.0f} of {due} clocks are due: the copies are not as they should be")
        began = time.perf_counter()
        workers = [
            subprocess.Popen([sys.executable, "-m", "shouwen", "worker"], env=env, cwd=ROOT, stderr=subprocess.DEVNULL)
            for _ in range(2)
        ]
        try:
            while time.perf_counter() - began < 300:
                time.sleep(0.5)
                left = subprocess.run(
                    [str(database.bin / "psql"), "-h", "127.0.0.1", "-p", str(database.port), "-U", "postgres", "-d", "clocks", "-tAc",
                     "SELECT count(*) FROM procedures_clock WHERE wake_at <= now()"],
                    check=True, capture_output=True, text=True,
                ).stdout.strip()  # fmt: skip
                if left == "0":
                    break
            took = time.perf_counter() - began
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
            for worker in workers:
                worker.wait(30)
        still, fired, twice = python(LEFT)
    print("| waiting | due at once | all recorded s (start of two workers included) | left | fired | twice | idle poll p50 / p95 ms |")
    print("|---|---|---|---|---|---|---|")
    print(f"| {waiting:,} | {due:,} | {took:.1f} | {still:.0f} | {fired:.0f} | {twice:.0f} | {p50:.2f} / {p95:.2f} |")


if __name__ == "__main__":
    main()
