"""Our side: the server as we ship it, and one ticket's life over its JSON interface with session, CSRF and request keys."""

from __future__ import annotations

import json
import sys
import uuid
from itertools import cycle
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode

from ..bench import Answer, Cluster, Connection, Life, Server, free_port
from ..world import PASSWORD, environment

API = "/api/v1/procedures"
ANSWERS = {"channel": "phone", "caller": "王秀英", "phone": "13800000001", "content": "厨房水龙头漏水，请尽快派人查看"}
UNITS = [f"1-1-{floor:02d}{room:02d}" for floor in range(2, 20) for room in range(1, 5)]


class Session:
    """Somebody logged in, on one kept connection."""

    def __init__(self, port: int, username: str) -> None:
        self.connection = Connection(port)
        cookies = self._cookies(self.connection.request(b"GET", "/org/login", {}), {})
        form = urlencode({"username": username, "password": PASSWORD, "csrfmiddlewaretoken": cookies["csrftoken"]}).encode()
        answer = self.connection.request(
            b"POST", "/org/login", self._headers(cookies) | {"Content-Type": "application/x-www-form-urlencoded"}, form
        )
        if answer.status != 302:
            raise RuntimeError(f"login of {username}: {answer.status}")
        cookies = self._cookies(answer, cookies)
        self.headers = self._headers(cookies) | {"Content-Type": "application/json", "Accept": "application/json"}
        self.headers["X-CSRFToken"] = cookies["csrftoken"]

    def _cookies(self, answer: Answer, held: dict[str, str]) -> dict[str, str]:
        given = answer.headers.get("set-cookie", "").split("\n")
        return held | dict(line.strip().split(";")[0].split("=", 1) for line in given if line)

    def _headers(self, cookies: dict[str, str]) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    def post(self, path: str, data: object, key: str) -> Answer:
        body = json.dumps(data).encode()
        return self.connection.request(b"POST", path, self.headers | {"Idempotency-Key": key}, body)

    def get(self, path: str) -> Answer:
        return self.connection.request(b"GET", path, self.headers)


def server(name: str, url: str, folder: Path, *, gthread: bool = False) -> Server:
    """`shouwen web` with two processes, or the same application under gunicorn's threads."""
    port = free_port()
    command = [sys.executable, "-m", "shouwen", "web", "--host", "127.0.0.1", "--port", str(port), "--processes", "2"]
    if gthread:
        command = [
            sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4",
            "--worker-class", "gthread", "--keep-alive", "600", "shouwen.config.wsgi:application",
        ]  # fmt: skip
    return Server(name, command, environment(url, folder), port, ready="/healthz")


def life(port: int) -> Life:
    """A receptionist files, dispatches, notes and closes; an engineer accepts and finishes."""
    reception, engineer = Session(port, "li"), Session(port, "wang")
    units = cycle(UNITS)

    def run() -> list[float]:
        times: list[float] = []
        key = uuid.uuid4().hex

        def post(who: Session, path: str, data: object, expected: int = 200) -> dict[str, object]:
            began = perf_counter()
            answer = who.post(API + path, data, f"{key}.{len(times)}")
            times.append(perf_counter() - began)
            if answer.status != expected:
                raise RuntimeError(f"{path}: {answer.status} {answer.body.decode()[:300]}")
            found: dict[str, object] = answer.json()
            return found

        def open_task(receipt: dict[str, object]) -> int:
            return receipt["open_tasks"][0]["number"]  # type: ignore[index,no-any-return]

        filed = post(reception, "/tickets", {"procedure": "errand", "community": "liyuan", "answers": ANSWERS | {"unit": next(units)}}, 201)
        ticket = f"/tickets/{filed['id']}"
        sent = post(reception, f"{ticket}/tasks/{open_task(filed)}/finish", {"answers": {"department": "engineering"}})
        post(reception, f"{ticket}/notes", {"text": "客户来电询问进度，已答复"})
        post(engineer, f"{ticket}/tasks/{open_task(sent)}/take", {})
        done = post(engineer, f"{ticket}/tasks/{open_task(sent)}/finish", {"answers": {"result": "更换阀芯，试水正常"}})
        closed = post(reception, f"{ticket}/tasks/{open_task(done)}/finish", {"answers": {"opinion": "pleased"}})
        if closed["status"] != "closed":
            raise RuntimeError(f"{ticket} is {closed['status']}")
        return times

    return run


CHECKS = {
    "six events a life": "SELECT count(*) FROM procedures_ticket t WHERE (SELECT count(*) FROM procedures_event e WHERE e.ticket_id = t.id) <> 6",
    "all tickets closed": "SELECT count(*) FROM procedures_ticket WHERE status <> 'closed'",
    "no open task": "SELECT count(*) FROM procedures_task WHERE done_at IS NULL",
    "no clock runs": "SELECT count(*) FROM procedures_clock WHERE wake_at IS NOT NULL",
    "numbers without gaps": (
        "SELECT count(*) FROM kernel_counter c WHERE prefix = 'BS' AND last <> (SELECT count(DISTINCT number)"
        " FROM procedures_ticket t WHERE t.community_id = c.community_id"
        " AND t.number LIKE 'BS-' || replace(CAST(c.day AS text), '-', '') || '-%')"
    ),
    "a line in the journal for each": (
        "SELECT (SELECT count(*) FROM kernel_entry WHERE subject LIKE 'procedures.ticket:%')"
        " - 6 * (SELECT count(*) FROM procedures_ticket)"
    ),
    "a key for each request": "SELECT (SELECT count(*) FROM kernel_requestkey) - 6 * (SELECT count(*) FROM procedures_ticket)",
}
"""Each must give 0 when the load is over."""


def verify(cluster: Cluster, name: str) -> int:
    """Raise unless the rows are what the lives must leave; returns how many tickets there are."""
    for what, sql in CHECKS.items():
        if (wrong := cluster.value(name, sql)) != 0:
            raise SystemExit(f"{what}: {wrong} off")
    return cluster.value(name, "SELECT count(*) FROM procedures_ticket")
