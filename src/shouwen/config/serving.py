"""Starting what serves: the web (granian) and the worker, together or apart.

The program is loaded once and then forked: its processes share what it takes, and the first page comes sooner.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import hashlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, connection

from shouwen import __version__
from shouwen.kernel.refusals import Refused

from .failures import in_words

_LOCK: Final = 7_210_021
"""Only one process migrates at a time (PostgreSQL advisory lock); SQLite locks the file."""

_TOO_SOON: Final = 5.0
_ENDS_WITHIN: Final = 40.0
_M_ARENA_MAX: Final = -8
"""mallopt's number for the most arenas; each thread's own arena keeps what it once had."""


def prepare() -> None:
    """Bring the database to this release and lay out the static files; safe to call from several nodes at once."""
    if not _migrated():
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
        _lay_out()


def _migrated() -> bool:
    """Whether every migration that this release brings is written down as done: then there is nothing to load or compare."""
    wanted = {
        (app.label, file.stem) for app in apps.get_app_configs() for file in Path(app.path, "migrations").glob("[0-9]*.py")
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            return wanted <= set(cursor.fetchall())
    except DatabaseError:  # a database nobody has used yet
        return False


def _lay_out() -> None:
    """Collect the static files, unless those that lie there were made from just these."""
    stamp = settings.STATIC_ROOT / "made-from.txt"
    made_from = hashlib.sha256(__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            made_from.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    wanted = made_from.hexdigest()
    if stamp.exists() and stamp.read_text() == wanted and (settings.STATIC_ROOT / "staticfiles.json").exists():
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(wanted)


def load() -> None:
    """Import all that pages and chores need, so that what is forked from here shares it."""
    from django.urls import get_resolver

    from . import chores, wsgi  # noqa: F401

    get_resolver().url_patterns  # noqa: B018  every area's pages
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    except (OSError, AttributeError):  # not glibc
        pass
    connection.close()
    gc.collect()
    gc.freeze()


def web(host: str, port: int, processes: int, threads: int) -> int:
    """Serve pages until told to stop; a process that dies is forked anew."""
    address = _address(host, port)
    _up_to_date()
    return _pages(address, port, processes, threads)


def _pages(address: str, port: int, processes: int, threads: int) -> int:
    from granian import Granian  # type: ignore[attr-defined]
    from granian.constants import Interfaces
    from granian.log import LogLevels

    if not settings.WHITENOISE_USE_FINDERS:
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        _lay_out()
    load()
    Granian(
        "shouwen.config.wsgi:application", address=address, port=port, interface=Interfaces.WSGI, workers=processes,
        blocking_threads=threads, backlog=1024, respawn_failed_workers=True, workers_kill_timeout=30,
        log_level=LogLevels.warning, websockets=False,
    ).serve()  # fmt: skip
    return 0


def _address(host: str, port: int) -> str:
    """The address to listen at. Refuses a host that is not this machine's, and a port at which somebody serves already.

    The server shares its port among its processes: a second installation would be let in and get every other request.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused(f"不认识监听地址「{host}」。请写本机的 IP 地址：127.0.0.1 只供本机，0.0.0.0 供其他电脑访问。") from None
    family, kind, protocol, _, place = min(found, key=lambda each: each[0] != socket.AF_INET)
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the last one's closed connections are no hindrance
        try:
            probe.bind(place)
        except PermissionError:
            raise Refused(f"没有使用端口 {port} 的权限（1024 以下的端口要管理员）。请用 --port 换一个，如 8000。") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Refused(f"端口 {port} 已被占用，可能首问已在运行。请先停掉它，或用 --port 换一个。") from None
            raise Refused(f"「{host}」不是本机的地址。请写 127.0.0.1（只供本机）或 0.0.0.0（供其他电脑访问）。") from None
    return str(place[0])


def _up_to_date() -> None:
    """Refuse to work on a database of another release; one that does not answer at the moment is waited for later."""
    try:
        connection.ensure_connection()
    except DatabaseError:
        return
    if not _migrated() and connection.is_usable():
        raise Refused("数据库还没有建好，或不是本版本的结构。请先执行 shouwen migrate。")


def _worker() -> int:
    from .worker import run

    run()
    return 0


def worker() -> int:
    """Run the chores until told to stop."""
    _up_to_date()
    return _worker()


def serve(host: str, port: int, processes: int, threads: int) -> int:
    """Run the web and the worker as children until told to stop; whichever dies is started again."""
    address = _address(host, port)
    prepare()
    load()
    parts: dict[str, Callable[[], int]] = {"web": lambda: _pages(address, port, processes, threads), "worker": _worker}
    stop = threading.Event()
    children = {name: _fork(run) for name, run in parts.items()}
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    started = dict.fromkeys(parts, time.monotonic())
    print(f"首问已启动：http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/  （Ctrl-C 停止）", flush=True)  # noqa: S104
    code = 0
    while not stop.wait(0.5):
        for name, child in list(children.items()):
            if (ended := _ended(child)) is None:
                continue
            del children[name]
            if time.monotonic() - started[name] < _TOO_SOON:
                print(f"{name} 无法启动（退出码 {ended}）。请看上面的信息。", file=sys.stderr, flush=True)
                code = 1
                stop.set()
                break
            print(f"{name} 意外退出（{ended}），重新启动。", file=sys.stderr, flush=True)
            children[name], started[name] = _fork(parts[name]), time.monotonic()
    for child in children.values():
        os.kill(child, signal.SIGTERM)
    until = time.monotonic() + _ENDS_WITHIN
    for child in children.values():
        while _ended(child) is None:
            if time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                break
            time.sleep(0.05)
    return code


def _fork(run: Callable[[], int]) -> int:
    """Run a part in a process of its own; its process id. Here there are no threads and no connections to take along."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        print(in_words(error), file=sys.stderr)
        if os.environ.get("SHOUWEN_DEBUG") == "1":
            traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ended(child: int) -> int | None:
    """The exit code of a child that has ended; None while it runs."""
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None
