"""Where our time goes: the same request with one layer more each time, CPU of server and of PostgreSQL per request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from time import perf_counter

from ..bench import ROOT, Cluster, Connection, Life, Server, load, table
from ..world import environment
from . import limit, ours

DATA = {"answers": {"result": "更换阀芯，试水正常"}}


def _server(name: str, url: str, folder: Path, layer: str) -> Server:
    made = limit.server(name, "shouwen.config.wsgi:application", environment(url, folder))
    made.env |= {"DJANGO_SETTINGS_MODULE": "benchmarks.lifecycle.layered", "BENCH_LAYER": layer}
    return made


def _posts(port: int, path: str, *, keyed: bool, signed: bool) -> Life:
    """The same POST again and again."""
    session = ours.Session(port, "wang") if signed else None
    headers = dict(session.headers) if session else {"Content-Type": "application/json"}
    connection, body = Connection(port), json.dumps(DATA).encode()

    def run() -> list[float]:
        if keyed:
            headers["Idempotency-Key"] = uuid.uuid4().hex
        began = perf_counter()
        answer = connection.request(b"POST", path, headers, body)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {answer.body.decode()[:200]}")
        return [perf_counter() - began]

    return run


def report(cluster: Cluster, name: str, folder: Path, seconds: float) -> None:
    """Print the table of layers."""
    url = cluster.url(name)
    null = limit.server("null", "benchmarks.lifecycle.null:application", {"PYTHONPATH": str(ROOT)})
    plain, full = _server("plain", url, folder, "plain"), _server("full", url, folder, "")
    rows: list[tuple[str, float, float]] = []

    def measure(title: str, server: Server, life: Life) -> None:
        done = load(title, [life], seconds, server, cluster)
        rows.append((title, done.server_cpu, done.postgres_cpu))

    try:
        for server in (null, plain, full):
            server.start()
        measure("HTTP server", null, _posts(null.port, "/", keyed=False, signed=False))
        measure("+ Django: handler, address, view", plain, _posts(plain.port, "/bench/view", keyed=False, signed=False))
        measure("+ our middleware, logged in, CSRF", full, _posts(full.port, "/bench/view", keyed=False, signed=True))
        measure("+ request key: transaction, INSERT", full, _posts(full.port, "/bench/view", keyed=True, signed=True))
        measure("+ JSON interface: parsing, validation, answer", full, _posts(full.port, "/bench/api/finish", keyed=True, signed=True))
        measure("+ reading the ticket and the action: the whole request", full, ours.life(full.port))
    finally:
        for server in (null, plain, full):
            server.stop()
    before = (0.0, 0.0)
    lines = []
    for title, cpu, postgres in rows:
        lines.append((title, f"{cpu:.2f}", f"{cpu - before[0]:+.2f}", f"{postgres:.2f}", f"{postgres - before[1]:+.2f}"))
        before = (cpu, postgres)
    table(("layer", "server ms/request", "adds", "PostgreSQL ms/request", "adds"), lines)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.lifecycle.layers", str(seconds)], env=os.environ | environment(url, folder), cwd=ROOT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    print(f"The six actions without HTTP, each in a transaction of its own: {float(done.stdout):.2f} ms CPU of Python each.\n")


def main() -> None:
    """The actions alone, in this process: prints ms of CPU per action."""
    import time

    import django

    django.setup()
    from itertools import cycle

    from shouwen.kernel.journal import now
    from shouwen.org import queries as org
    from shouwen.procedures import actions, queries

    seconds, units = float(sys.argv[1]), cycle(ours.UNITS)
    reception, engineer = (org.actor_for(org.user_by_username(name).pk) for name in ("li", "wang"))  # type: ignore[union-attr]
    assert reception.community is not None

    def life() -> None:
        answers = ours.ANSWERS | {"unit": next(units)}
        pk = actions.file_ticket(reception, reception.community, procedure="errand", answers=answers, at=now()).id

        def finish(actor: object, task: int, given: dict[str, str]) -> None:
            actions.finish(actor, queries.row(actor, pk), task=task, answers=given, at=now())

        finish(reception, 2, {"department": "engineering"})
        actions.note(reception, queries.row(reception, pk), text="客户来电询问进度，已答复", at=now())
        actions.take(engineer, queries.row(engineer, pk), task=3, at=now())
        finish(engineer, 3, {"result": "更换阀芯，试水正常"})
        finish(reception, 4, {"opinion": "pleased"})

    for _ in range(3):
        life()
    began, until, lives = time.process_time(), time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        life()
        lives += 1
    print((time.process_time() - began) * 1000 / (6 * lives))


if __name__ == "__main__":
    main()
