"""How much memory one web process takes after warm-up, and how soon `shouwen serve` answers.

    python -m benchmarks.footprint

Goal: ≤ 120 MB (PSS) a web process; cold start ≤ 3 s (embedded SQLite, files in the page cache).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from .bench import Server, free_port, tree, tree_pss
from .lifecycle.ours import Session
from .world import build, environment

PATHS = ("/board", "/counter", "/mine", "/tickets", "/procedures", "/procedures/errand", "/estate/units", "/duty/book")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="shouwen-bench-"))
    url = f"sqlite:///{folder}/shouwen.sqlite3"
    build(url, folder)
    colds, memories = [], []
    for _ in range(3):
        port = free_port()
        server = Server(
            "footprint", [sys.executable, "-m", "shouwen", "serve", "--port", str(port), "--processes", "2"],
            environment(url, folder), port, ready="/healthz",
        )  # fmt: skip
        server.start()
        try:
            colds.append(server.cold)
            session = Session(port, "zhang")
            for n in range(240):
                answer = session.get(PATHS[n % len(PATHS)])
                if answer.status >= 500:
                    raise SystemExit(f"{PATHS[n % len(PATHS)]}: {answer.status}")
            per_process = sorted((tree_pss(pid) for pid in tree(server.pid) if tree(pid) == [pid]), reverse=True)
            memories.append(per_process[0])
        finally:
            server.stop()
    print("| cold start s, median of 3 | largest process MB (PSS) after 240 pages |\n|---|---|")
    print(f"| {statistics.median(colds):.2f} | {max(memories):.0f} |")


if __name__ == "__main__":
    main()
