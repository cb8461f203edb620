"""The other end of the scale: a WSGI function with a pool (bare.py), and one that does nothing (null.py)."""

from __future__ import annotations

import json
import sys
from time import perf_counter

from ..bench import Cluster, Connection, Life, Server, free_port

SCHEMA = """
CREATE TABLE cases (id bigserial PRIMARY KEY, status text NOT NULL, owner text NOT NULL DEFAULT '', content text NOT NULL);
CREATE TABLE deadlines (id bigserial PRIMARY KEY, case_id bigint NOT NULL REFERENCES cases, due timestamptz NOT NULL, done timestamptz);
CREATE TABLE events (id bigserial PRIMARY KEY, case_id bigint NOT NULL REFERENCES cases, at timestamptz NOT NULL, by text NOT NULL, what text NOT NULL);
CREATE INDEX deadlines_case ON deadlines (case_id) WHERE done IS NULL;
CREATE INDEX deadlines_due ON deadlines (due) WHERE done IS NULL;
CREATE INDEX events_case ON events (case_id);
"""


def server(name: str, module: str, env: dict[str, str]) -> Server:
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
        "--blocking-threads", "4", "--backlog", "1024", "--log-level", "warning", "--no-ws", module,
    ]  # fmt: skip
    return Server(name, command, env, port)


def life(port: int) -> Life:
    connection = Connection(port)
    headers = {"Content-Type": "application/json"}

    def run() -> list[float]:
        times: list[float] = []

        def post(path: str, data: object) -> int:
            began = perf_counter()
            answer = connection.request(b"POST", path, headers, json.dumps(data).encode())
            times.append(perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status}")
            found: int = answer.json()["id"]
            return found

        made = post("/new", {"by": "li", "content": "厨房水龙头漏水，请尽快派人查看"})
        post(f"/{made}/assign", {"by": "li"})
        post(f"/{made}/note", {"by": "li", "text": "客户来电询问进度，已答复"})
        post(f"/{made}/take", {"by": "wang"})
        post(f"/{made}/finish", {"by": "wang"})
        post(f"/{made}/close", {"by": "li"})
        return times

    return run


def verify(cluster: Cluster, name: str) -> int:
    for what, sql in {
        "six events a life": "SELECT count(*) FROM cases c WHERE (SELECT count(*) FROM events e WHERE e.case_id = c.id) <> 6",
        "all closed": "SELECT count(*) FROM cases WHERE status <> 'closed'",
        "no open deadline": "SELECT count(*) FROM deadlines WHERE done IS NULL",
    }.items():
        if (wrong := cluster.value(name, sql)) != 0:
            raise SystemExit(f"bare, {what}: {wrong} off")
    return cluster.value(name, "SELECT count(*) FROM cases")
