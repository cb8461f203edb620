"""What the benchmarks share: a throw-away PostgreSQL, servers as processes with their CPU, a lean HTTP client.

Everything listens on 127.0.0.1 only, every load is bounded in count and time.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import pwd
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


_ports = iter(range(21000, 32000))


def free_port() -> int:
    """A port below the ephemeral range that nothing listens on; drawn, so that two runs at once do not meet."""
    for _ in range(200):
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                with contextlib.suppress(OSError):
                    probe.bind(("127.0.0.1", port))
                    return port
    raise RuntimeError("no free port")


@dataclass
class Cluster:
    """A PostgreSQL cluster of its own with default durability."""

    folder: Path
    port: int
    bin: Path

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def run(self, tool: str, *arguments: str) -> None:
        subprocess.run(
            [*_as_postgres(), str(self.bin / tool), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", *arguments],
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )

    def sql(self, name: str, text: str) -> None:
        self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", name, "-c", text)

    def value(self, name: str, text: str) -> int:
        """The one number that a SELECT gives."""
        tool = [*_as_postgres(), str(self.bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"]
        done = subprocess.run([*tool, "-qtA", "-v", "ON_ERROR_STOP=1", "-d", name, "-c", text], check=True, capture_output=True, cwd="/")
        return int(done.stdout)

    def create(self, name: str) -> str:
        self.run("createdb", name)
        return self.url(name)

    def start(self) -> None:
        """Start the server (again) and wait until it answers."""
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c shared_buffers=1GB -c max_wal_size=8GB"
            " -c random_page_cost=1.1 -c jit=off"
        )
        subprocess.run(
            [*_as_postgres(), str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"),
             "-o", options, "start"],
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip

    def cpu(self) -> float:
        """Seconds of CPU of the postmaster and all of its processes."""
        pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        return tree_cpu(pid)


def _as_postgres() -> list[str]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster in a temporary folder, stop it and remove it afterwards."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: float(p.split("/")[4]))
    if not found:
        raise SystemExit("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="shouwen-bench-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    made = Cluster(folder, free_port(), Path(found[-1]))
    data = str(folder / "data")
    quiet: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run([*_as_postgres(), str(made.bin / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], **quiet)
    made.start()
    try:
        yield made
    finally:
        subprocess.run([*_as_postgres(), str(made.bin / "pg_ctl"), "-D", data, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parts = Path(path).read_text().rsplit(")", 1)
            children.setdefault(int(parts[1].split()[1]), []).append(int(path.split("/")[2]))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


def tree_cpu(pid: int) -> float:
    """Seconds of user and system time of a process tree."""
    total = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            parts = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(parts[11]) + int(parts[12])
    return total / TICKS


def tree_pss(pid: int) -> float:
    """Megabytes of memory of a process tree, shared pages divided among their users."""
    total = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


@dataclass
class Server:
    """A server under test: how it is started, and what is running."""

    name: str
    command: list[str]
    env: dict[str, str]
    port: int
    ready: str = "/"
    process: subprocess.Popen[bytes] | None = None
    cold: float = 0.0

    def start(self) -> None:
        began = time.perf_counter()
        log = open(Path(tempfile.gettempdir()) / f"bench-{self.name}.log", "wb")  # noqa: SIM115
        self.process = subprocess.Popen(
            self.command, env=os.environ | self.env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        while True:
            try:
                if Connection(self.port).request(b"GET", self.ready, {}).status < 500:
                    break
            except OSError:
                pass
            if self.process.poll() is not None or time.perf_counter() - began > 60:
                self.stop()
                raise SystemExit(f"{self.name} did not start; see {log.name}")
            time.sleep(0.01)
        self.cold = time.perf_counter() - began

    def stop(self) -> None:
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(3)  # some wait for kept connections; nothing here is worth waiting for
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(5)
        self.process = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


IDLE = 3.0


class Connection:
    """HTTP/1.1 with keep-alive over a plain socket: the client must cost little, it shares the cores."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None
        self.rest = b""
        self.used = 0.0

    def request(self, method: bytes, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        lines = [method + b" " + path.encode() + b" HTTP/1.1", b"Host: 127.0.0.1"]
        lines += [f"{k}: {v}".encode() for k, v in headers.items()]
        if body or method == b"POST":
            lines.append(b"Content-Length: %d" % len(body))
        data = b"\r\n".join(lines) + b"\r\n\r\n" + body
        if time.monotonic() - self.used > IDLE:
            self.socket = None  # servers hang up on idle connections, and a POST must not be sent twice
        for attempt in (1, 2):
            try:
                self.used = time.monotonic()
                if self.socket is None:
                    self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.rest = b""
                self.socket.sendall(data)
                return self._read()
            except (ConnectionError, EOFError):
                self.socket = None
                if attempt == 2 or method == b"POST":
                    raise ConnectionError(path) from None
        raise AssertionError

    def _read(self) -> Answer:
        assert self.socket is not None
        data = self.rest
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(": ")
            key = name.lower()
            headers[key] = f"{headers[key]}\n{value}" if key == "set-cookie" and key in headers else value
        if "content-length" in headers:
            length = int(headers["content-length"])
            while len(body) < length:
                body += self._more()
            body, self.rest = body[:length], body[length:]
        elif headers.get("transfer-encoding") == "chunked":
            body = self._chunks(body)
        if headers.get("connection") == "close":
            self.socket.close()
            self.socket = None
        return Answer(int(first.split()[1]), headers, body)

    def _chunks(self, data: bytes) -> bytes:
        """The chunks of a body that has no length, put together."""
        assert self.socket is not None
        whole = b""
        while True:
            while b"\r\n" not in data:
                data += self._more()
            line, _, data = data.partition(b"\r\n")
            size = int(line, 16)
            while len(data) < size + 2:
                data += self._more()
            whole += data[:size]
            data = data[size + 2 :]
            if size == 0:
                self.rest = data
                return whole

    def _more(self) -> bytes:
        assert self.socket is not None
        more = self.socket.recv(65536)
        if not more:
            raise EOFError
        return more


@dataclass
class Measured:
    """One run: lives a second, latency of single requests in ms, CPU per request in ms."""

    name: str
    clients: int
    lives: float
    p50: float
    p95: float
    server_cpu: float
    postgres_cpu: float
    errors: int
    times: list[float] = field(default_factory=list, repr=False)


Life = Callable[[], list[float]]
"""One life of a ticket: does its requests and returns how long each took, in seconds. Raises on a wrong answer."""


def load(name: str, lives: list[Life], seconds: float, server: Server, database: Cluster | None) -> Measured:
    """One client per life function for so long, after a warm-up of a third; every client finishes the life it has begun."""
    _clients(name, lives, seconds / 3)  # connections, caches and prepared statements of every thread
    server_before, database_before = tree_cpu(server.pid), database.cpu() if database else 0.0
    began = time.perf_counter()
    times, done, errors = _clients(name, lives, seconds)
    took = time.perf_counter() - began
    every = sorted(t * 1000 for t in times) or [0.0]
    return Measured(
        name, len(lives), done / took, statistics.median(every), every[int(len(every) * 0.95)],
        (tree_cpu(server.pid) - server_before) * 1000 / len(every),
        ((database.cpu() - database_before) if database else 0.0) * 1000 / len(every), errors, every,
    )  # fmt: skip


def _clients(name: str, lives: list[Life], seconds: float) -> tuple[list[float], int, int]:
    """(time of each request in seconds, lives lived, errors)."""
    times: list[list[float]] = [[] for _ in lives]
    done, errors = [0] * len(lives), [0] * len(lives)
    until = time.perf_counter() + seconds

    def client(at: int) -> None:
        while time.perf_counter() < until:
            try:
                times[at] += lives[at]()
                done[at] += 1
            except Exception as error:
                errors[at] += 1
                if errors[at] == 1:
                    print(f"{name}: {error!r}", file=sys.stderr)
                if errors[at] > 20:
                    return

    threads = [threading.Thread(target=client, args=(at,)) for at in range(len(lives))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [t for per in times for t in per], sum(done), sum(errors)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |", flush=True)
    print(flush=True)


def span(values: Sequence[float], form: str = "{:.2f}") -> str:
    """Median (lowest–highest)."""
    if len(values) == 1:
        return form.format(values[0])
    return f"{form} ({form}–{form})".format(statistics.median(values), min(values), max(values))


def machine() -> str:
    """What it ran on and how busy that was: without it a figure says nothing."""
    versions = subprocess.run([sys.executable, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    load_now = os.getloadavg()[0]
    return f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores, {versions}, load average at the start {load_now:.1f}"
