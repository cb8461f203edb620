"""The best peer: django-helpdesk through its own pages, in a venv of its own.

The venv is made once in the folder that SHOUWEN_BENCH_PEER names (default: build/helpdesk-venv).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode

from ..bench import ROOT, Answer, Cluster, Connection, Life, Server, free_port

HERE = Path(__file__).parent / "helpdesk"
PACKAGES = ("django-helpdesk==2.6.1", "Django==5.2.19", "psycopg[binary]==3.3.9", "gunicorn==27.0.1", "setuptools<81")
OPEN, IN_WORK, RESOLVED, CLOSED = 1, 2, 3, 4


def _python() -> Path:
    """The interpreter of the peer's venv, made if missing."""
    folder = Path(os.environ.get("SHOUWEN_BENCH_PEER", ROOT / "build/helpdesk-venv"))
    python = folder / "bin/python"
    if not python.exists():
        print(f"making {folder} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def server(name: str, url: str) -> Server:
    """Fill the peer's database and return its server: two sync workers, connections kept."""
    python, port = _python(), free_port()
    env = {"HELPDESK_URL": url, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(HERE)}
    subprocess.run([str(python), str(HERE / "seed.py")], env=os.environ | env, cwd=HERE, check=True)
    command = [str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--chdir", str(HERE), "wsgi:application"]
    return Server(name, command, env, port, ready="/login/")


class Session:
    """Somebody logged in. The peer's sync workers close each connection, as gunicorn's default does."""

    def __init__(self, port: int, username: str) -> None:
        self.connection, self.cookies = Connection(port), ""
        self.held: dict[str, str] = {}
        page = self._keep(self.connection.request(b"GET", "/login/", {}))
        self.token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)[1].decode()  # type: ignore[index]
        answer = self.post("/login/", {"username": username, "password": "bench-only", "next": "/"})
        if answer.status != 302 or "sessionid" not in self.held:
            raise RuntimeError(f"login at the peer: {answer.status}")
        page = self._keep(self.connection.request(b"GET", "/tickets/submit/", {"Cookie": self.cookies}))
        self.token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)[1].decode()  # type: ignore[index]

    def _keep(self, answer: Answer) -> Answer:
        for line in filter(None, answer.headers.get("set-cookie", "").split("\n")):
            name, value = line.split(";")[0].split("=", 1)
            self.held[name] = value
        self.cookies = "; ".join(f"{name}={value}" for name, value in self.held.items())
        return answer

    def post(self, path: str, data: dict[str, object]) -> Answer:
        body = urlencode(data | {"csrfmiddlewaretoken": self.token}).encode()
        headers = {"Cookie": self.cookies, "Content-Type": "application/x-www-form-urlencoded"}
        return self._keep(self.connection.request(b"POST", path, headers, body))


def life(port: int) -> Life:
    """Submit, assign, comment, two changes of status with a comment, close: the forms of its ticket page."""
    reception, engineer = Session(port, "li"), Session(port, "wang")

    def run() -> list[float]:
        times: list[float] = []

        def post(who: Session, path: str, data: dict[str, object]) -> str:
            began = perf_counter()
            answer = who.post(path, data)
            times.append(perf_counter() - began)
            if answer.status != 302:
                raise RuntimeError(f"{path}: {answer.status}")
            return answer.headers["location"]

        told = {"title": "厨房水龙头漏水", "queue": 1, "priority": 3}
        new = told | {"body": "厨房水龙头漏水，请尽快派人查看", "submitter_email": "resident@example.invalid", "assigned_to": "", "due_date": ""}
        update = post(reception, "/tickets/submit/", new) + "update/"
        step = told | {"public": 1}
        post(reception, update, step | {"comment": "派单给工程部", "owner": 2, "new_status": OPEN})
        post(reception, update, step | {"comment": "客户来电询问进度，已答复", "owner": 2, "new_status": OPEN})
        post(engineer, update, step | {"comment": "已接单", "owner": 2, "new_status": IN_WORK})
        post(engineer, update, step | {"comment": "更换阀芯，试水正常", "owner": 2, "new_status": RESOLVED})
        post(reception, update, step | {"comment": "客户满意", "owner": 2, "new_status": CLOSED})
        return times

    return run


def verify(cluster: Cluster, name: str) -> int:
    """The same facts as on our side: six entries in each history, everything closed and assigned."""
    for what, sql in {
        "six entries": "SELECT count(*) FROM helpdesk_ticket t WHERE (SELECT count(*) FROM helpdesk_followup f WHERE f.ticket_id = t.id) <> 6",
        "all closed": f"SELECT count(*) FROM helpdesk_ticket WHERE status <> {CLOSED} OR assigned_to_id IS NULL",
    }.items():
        if (wrong := cluster.value(name, sql)) != 0:
            raise SystemExit(f"django-helpdesk, {what}: {wrong} off")
    return cluster.value(name, "SELECT count(*) FROM helpdesk_ticket")
