"""The board and the ticket page with a thousand tickets and with a million: whole answers over HTTP on PostgreSQL.

    python -m benchmarks.pages [--quick]

Goal: p95 at 1 M tickets ≤ 1.3 × that at 1 k, and ≤ 25 ms.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from .bench import Cluster, cluster
from .lifecycle.ours import Session, server
from .rows import copies, settled, templates
from .world import build

OPEN = 20
"""One ticket in so many is open."""


def measure(port: int, path: str, times: int) -> tuple[float, float, int]:
    """p50 and p95 in ms, and kilobytes, of one page for somebody logged in."""
    session = Session(port, "zhang")
    session.headers["Accept"] = "text/html"
    taken = []
    for n in range(times + 5):
        began = time.perf_counter()
        answer = session.get(path)
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}")
        if n >= 5:
            taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.95)], len(answer.body) // 1024


def fill(database: Cluster, name: str, calm: int, closed: int, count: int) -> None:
    copies(database, name, calm, count // OPEN, f"O{count}")
    copies(database, name, closed, count - count // OPEN, f"C{count}")
    settled(database, name)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--quick", action="store_true")
    quick = given.parse_args().quick
    large, times = (20_000, 40) if quick else (1_000_000, 150)
    print("| page | tickets | p50 ms | p95 ms | KB |\n|---|---|---|---|---|")
    with cluster() as database:
        url, folder = database.create("pages"), Path(tempfile.mkdtemp(prefix="shouwen-bench-"))
        build(url, folder)
        _, calm, closed = templates(url, folder)
        p95: dict[tuple[str, int], float] = {}
        pages = {"board": "/board", "open ticket": f"/tickets/{calm}", "closed ticket": f"/tickets/{closed}"}
        total = 0
        for count in (1_000, large):
            fill(database, "pages", calm, closed, count - total)
            total = count
            web = server(f"pages-{count}", url, folder)
            web.start()
            try:
                for title, path in pages.items():
                    p50, p95[title, count], size = measure(web.port, path, times)
                    print(f"| {title} | {count:,} | {p50:.1f} | {p95[title, count]:.1f} | {size} |", flush=True)
            finally:
                web.stop()
        print("\n" + "; ".join(f"{t}: {p95[t, large] / p95[t, 1_000]:.2f} ×" for t in pages))


if __name__ == "__main__":
    main()
