"""A whole site as processes that can be killed: database, web with two processes, two workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bench import Cluster, Connection, cluster, free_port, tree

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """`database` is None on SQLite. `parts` maps a name to the pid of the process that runs it, the head of a group of its own."""

    folder: Path
    database: Cluster | None
    port: int = field(default_factory=free_port)
    parts: dict[str, int] = field(default_factory=dict)
    forge: subprocess.Popen[str] | None = None

    @property
    def env(self) -> dict[str, str]:
        own = {"SHOUWEN_DATA_DIR": str(self.folder), "DJANGO_SETTINGS_MODULE": "shouwen.config.settings", "SHOUWEN_DEVELOPMENT": "1"}
        if self.database:
            own["SHOUWEN_DATABASE_URL"] = self.database.url("site")
        return os.environ | own

    def python(self, code: str) -> str:
        """Run code beside the site, in its own process and settings; its output."""
        script = f"import django; django.setup()\n{code}"
        done = subprocess.run(
            [sys.executable, "-c", script], env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self, part: str) -> None:
        command = ["web", "--port", str(self.port), "--processes", "2"] if part == "web" else ["worker"]
        if self.forge is None:
            self.forge = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.forge"], env=self.env, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert self.forge.stdin and self.forge.stdout
        print(json.dumps({"command": command, "log": str(self.folder / f"{part}.log")}), file=self.forge.stdin, flush=True)
        self.parts[part] = int(self.forge.stdout.readline())

    def kill(self, part: str) -> None:
        """kill -9 of a process and everything that it started, then start it again."""
        if part == "database":
            assert self.database is not None
            crash(self.database)
            return
        self._end(part)
        self.start(part)

    def _end(self, part: str) -> None:
        """Kill the whole process group (also a child forked this instant) and wait until nobody holds its port."""
        group = self.parts[part]
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                return
            time.sleep(0.02)

    def wait_for_web(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError, EOFError):
                if Connection(self.port).request(b"GET", "/healthz", {}).status == 200:
                    return
            try:
                os.kill(self.parts["web"], 0)
            except ProcessLookupError:
                self.start("web")
            time.sleep(0.1)
        raise AssertionError((self.folder / "web.log").read_text()[-2000:])

    def stop(self) -> None:
        if self.forge:
            self.forge.kill()
            self.forge.wait()
        for part in self.parts:
            self._end(part)


def crash(database: Cluster) -> None:
    """kill -9 of the postmaster and of every backend, then start again: recovery from the write-ahead log."""
    pid = int((database.folder / "data/postmaster.pid").read_text().split()[0])
    victims = tree(pid)
    for victim in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    until = time.monotonic() + 10
    while time.monotonic() < until and any(Path(f"/proc/{v}").exists() for v in victims):
        time.sleep(0.02)
    database.start()


@contextlib.contextmanager
def site(folder: Path, on_postgresql: bool) -> Iterator[Site]:
    """A site with the demo world and the procedure `watched`, its web and two workers running."""
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(cluster()) if on_postgresql else None
        if database:
            database.create("site")
        made = Site(folder, database)
        subprocess.run([sys.executable, "-m", "shouwen", "migrate"], env=made.env, cwd=ROOT, check=True, capture_output=True)
        made.python(BUILD)
        stack.callback(made.stop)
        for part in ("web", "worker-1", "worker-2"):
            made.start(part)
        made.wait_for_web()
        yield made


BUILD = f"""
from datetime import UTC, datetime
from pathlib import Path
from django.db import transaction
from shouwen.config.demo.world import build
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import now
from shouwen.procedures import adoption
with transaction.atomic():
    build(now(), "liyuan-demo-2026", library=False, whole=False)
    text = Path({str(Path(__file__).with_name('watched.yaml'))!r}).read_text()
    adoption.adopt(SYSTEM, None, text=text, starts_at=datetime(2026, 1, 1, tzinfo=UTC), at=now())
"""
