"""Starting what serves: the web (granian) and the worker, together or apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Final

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from shouwen.kernel.refusals import Refused

_LOCK: Final = 7_210_021
"""Only one process migrates at a time (PostgreSQL advisory lock); SQLite locks the file."""

_TOO_SOON: Final = 5.0


def prepare() -> None:
    """Bring the database to this release and lay out the static files; safe to call from several nodes at once."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            try:
                call_command("migrate", verbosity=0, interactive=False)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    else:
        call_command("migrate", verbosity=0, interactive=False)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    if not settings.WHITENOISE_USE_FINDERS:
        call_command("collectstatic", verbosity=0, interactive=False)


def _granian(host: str, port: int, processes: int, threads: int) -> list[str]:
    if not 1 <= port <= 65535:
        raise Refused("端口应为 1 至 65535。")
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(max(1, processes)), "--blocking-threads", str(max(1, threads)), "--backlog", "1024",
        "--respawn-failed-workers", "--workers-kill-timeout", "30", "--log-level", "warning", "--no-ws",
        "shouwen.config.wsgi:application",
    ]  # fmt: skip


def web(host: str, port: int, processes: int, threads: int) -> int:
    """Become the web server."""
    if not settings.WHITENOISE_USE_FINDERS and not (settings.STATIC_ROOT / "staticfiles.json").exists():
        call_command("collectstatic", verbosity=0, interactive=False)
    command = _granian(host, port, processes, threads)
    connection.close()
    os.execv(command[0], command)  # noqa: S606


def serve(host: str, port: int, processes: int, threads: int) -> int:
    """Run the web and the worker as children until told to stop; whichever dies is started again."""
    prepare()
    connection.close()
    commands = {"web": _granian(host, port, processes, threads), "worker": [sys.executable, "-m", "shouwen", "worker"]}
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    children = {name: subprocess.Popen(command) for name, command in commands.items()}
    started = dict.fromkeys(commands, time.monotonic())
    print(f"首问已启动：http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/  （Ctrl-C 停止）", flush=True)  # noqa: S104
    code = 0
    while not stop.wait(0.5):
        for name, child in children.items():
            if child.poll() is None:
                continue
            if time.monotonic() - started[name] < _TOO_SOON:
                print(f"{name} 无法启动（退出码 {child.returncode}）。请看上面的信息。", file=sys.stderr, flush=True)
                code = 1
                stop.set()
                break
            print(f"{name} 意外退出（{child.returncode}），重新启动。", file=sys.stderr, flush=True)
            children[name], started[name] = subprocess.Popen(commands[name]), time.monotonic()
    for child in children.values():
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children.values():
        try:
            child.wait(timeout=40)
        except subprocess.TimeoutExpired:
            child.kill()
    return code
