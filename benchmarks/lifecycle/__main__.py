"""One ticket's life in six requests: ours beside the limit (bare) and the best peer, in one run.

python -m benchmarks.lifecycle [--quick] [--rounds 3] [--seconds 8] [--gthread] [--no-peer] [--no-layers] [--no-sqlite]

Method, goals and what the figures mean: docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .. import world
from ..bench import ROOT, Cluster, Life, Measured, Server, cluster, load, machine, span, table, tree_pss
from . import layers, limit, ours, peer

OURS, GTHREAD, SQLITE, BARE, PEER = "shouwen", "shouwen, gunicorn gthread", "shouwen, SQLite", "bare", "django-helpdesk 2.6.1"
GOALS = {PEER: (10.0, 5.0), BARE: (0.25, 0.12)}
"""Ratio of ours at 8 clients: wanted, and not below."""
SQLITE_GOAL = 0.60


@dataclass
class System:
    server: Server
    life: Callable[[int], Life]
    clients: tuple[int, ...]
    lives: dict[int, list[Life]]

    def run(self, name: str, clients: int, seconds: float, database: Cluster | None) -> Measured:
        """Clients stay logged in from round to round."""
        made = self.lives.setdefault(clients, [])
        while len(made) < clients:
            made.append(self.life(self.server.port))
        return load(name, made, seconds, self.server, database)


def main() -> None:
    options = _options()
    rounds, seconds = (1, 2.0) if options.quick else (options.rounds, options.seconds)
    print(f"{machine()}; {rounds} round(s) of {seconds:g} s\n", flush=True)
    with cluster() as database, tempfile.TemporaryDirectory(prefix="shouwen-bench-") as folder:
        systems = _systems(database, Path(folder), options)
        results: dict[tuple[str, int], list[Measured]] = defaultdict(list)
        try:
            for one in systems.values():
                one.server.start()
            for turn in range(rounds):
                names = list(systems)
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    for clients in systems[name].clients:
                        used = None if name == SQLITE else database
                        results[name, clients].append(systems[name].run(name, clients, seconds, used))
            memory = {name: tree_pss(one.server.pid) for name, one in systems.items()}
        finally:
            for one in systems.values():
                one.server.stop()
        _report(results, memory, {name: one.server.cold for name, one in systems.items()})
        lived = ours.verify(database, "ours") + limit.verify(database, "bare") + (0 if options.no_peer else peer.verify(database, "helpdesk"))
        print(f"Checked in the database: {lived} tickets, each with six events, closed, nothing left open; ours numbered without gaps.\n")
        if not options.no_layers:
            layers.report(database, "ours", Path(folder) / "ours", min(seconds, 5))
    if any(run.errors for runs in results.values() for run in runs):
        sys.exit("there were errors; the figures do not count")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of 2 s: does it run?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--gthread", action="store_true", help="ours also under gunicorn gthread (needs gunicorn)")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--no-layers", action="store_true")
    parser.add_argument("--no-sqlite", action="store_true")
    return parser.parse_args()


def _systems(database: Cluster, folder: Path, options: argparse.Namespace) -> dict[str, System]:
    """Every system with its own database, filled; the servers are not yet started."""
    url = database.create("ours")
    world.build(url, folder / "ours")
    found = {OURS: System(ours.server("ours", url, folder / "ours"), ours.life, (1, 8), {})}
    if options.gthread:
        found[GTHREAD] = System(ours.server("gthread", url, folder / "ours", gthread=True), ours.life, (1, 8), {})
    if not options.no_sqlite:
        here = f"sqlite:///{folder / 'sqlite/shouwen.sqlite3'}"
        world.build(here, folder / "sqlite")
        found[SQLITE] = System(ours.server("sqlite", here, folder / "sqlite"), ours.life, (1,), {})
    env = {"BARE_URL": database.create("bare"), "PYTHONPATH": str(ROOT)}
    database.sql("bare", limit.SCHEMA)
    found[BARE] = System(limit.server("bare", "benchmarks.lifecycle.bare:application", env), limit.life, (1, 8), {})
    if not options.no_peer:
        found[PEER] = System(peer.server("helpdesk", database.create("helpdesk")), peer.life, (1, 8), {})
    database.run("vacuumdb", "-q", "--all", "--analyze")
    return found


def _report(results: dict[tuple[str, int], list[Measured]], memory: dict[str, float], cold: dict[str, float]) -> None:
    def middle(runs: list[Measured], name: str, form: str = "{:.1f}") -> str:
        return span([getattr(run, name) for run in runs], form)

    table(
        ("system", "clients", "lives/s", "p50 ms", "p95 ms", "server CPU ms/request", "PostgreSQL CPU ms/request", "errors"),
        [
            (name, clients, middle(runs, "lives"), middle(runs, "p50"), middle(runs, "p95"), middle(runs, "server_cpu", "{:.2f}"),
             "–" if name == SQLITE else middle(runs, "postgres_cpu", "{:.2f}"), sum(run.errors for run in runs))
            for (name, clients), runs in sorted(results.items(), key=lambda one: one[0][1])
        ],
    )  # fmt: skip
    table(("system", "PSS MB, 2 processes", "cold start s"), [(name, f"{memory[name]:.0f}", f"{cold[name]:.1f}") for name in memory])
    lines = []
    for other, (wanted, least) in GOALS.items():
        for clients in (1, 8):
            if (other, clients) not in results:
                continue
            ratios = [mine.lives / theirs.lives for mine, theirs in zip(results[OURS, clients], results[other, clients], strict=True)]
            cpus = [
                (theirs.server_cpu + theirs.postgres_cpu) / (mine.server_cpu + mine.postgres_cpu)
                for mine, theirs in zip(results[OURS, clients], results[other, clients], strict=True)
            ]
            goal = f"≥ {wanted:g}, never < {least:g}" if clients == 8 else "–"
            lines.append((f"shouwen ÷ {other}", clients, span(ratios), span(cpus), goal))
    if (SQLITE, 1) in results:
        ratios = [a.lives / b.lives for a, b in zip(results[SQLITE, 1], results[OURS, 1], strict=True)]
        lines.append(("SQLite ÷ PostgreSQL", 1, span(ratios), "–", f"≥ {SQLITE_GOAL:g}"))
    if (GTHREAD, 8) in results:
        for clients in (1, 8):
            ratios = [a.lives / b.lives for a, b in zip(results[OURS, clients], results[GTHREAD, clients], strict=True)]
            lines.append(("granian ÷ gunicorn gthread", clients, span(ratios), "–", "–"))
    table(("ratio", "clients", "lives/s, median (lowest–highest)", "inverse ratio of CPU per request", "goal"), lines)


if __name__ == "__main__":
    main()
