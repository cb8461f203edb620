"""The databases on which tests stand. Each world is built once a run; every worker of pytest works on a copy of its own.

| world | what is in it |
|---|---|
| empty | the tables |
| town  | two communities and a dozen people of org, without procedures: org/tests/world.py |
| demo  | the demo communities with the cast and the whole library adopted: config/demo |
| life  | the same with two days of life until the moment of building |

A test that rolls back leaves its copy as it was; after one that commits, the next test gets a new copy, which is
cheaper than to empty sixty tables. SQLite: files are copied. PostgreSQL: `CREATE DATABASE … TEMPLATE`.
Kept worlds carry a fingerprint of the source they were made by, so that a folder used again never holds an old one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from shouwen.kernel import journal
from shouwen.procedures.calendars import CHINA

FOLDER = Path(settings.DATA_DIR) / "worlds"
TABLES = Path(__file__).resolve().parents[1] / "var" / "worlds"
"""Tables without rows outlive the run, as long as their fingerprint holds; what is enciphered goes with the keys of its data folder."""

SOURCE = Path(__file__).resolve().parents[1] / "src" / "shouwen"
BEGINNING = datetime(2026, 1, 1, tzinfo=CHINA)
"""When the worlds were built, whatever the day is on which a test runs."""

_clean: dict[str, str] = {}
"""World → the copy of it that this worker has; a spoilt one is no longer here."""
_serial = count()
_failed: dict[str, Exception] = {}
"""What cannot be built is not tried again for every test."""



def _town() -> None:
    from shouwen.org.tests.world import build

    build()


def _demo() -> None:
    from shouwen.config.demo import PASSWORD, build

    build(BEGINNING, PASSWORD, whole=False)


def _life() -> None:
    from shouwen.config.demo import found
    from shouwen.config.demo.history import live

    live(found(), until=datetime.now(CHINA), days=2)


def _tables() -> None:
    call_command("migrate", verbosity=0, interactive=False)


BUILDERS: dict[str, Callable[[], None]] = {"empty": _tables, "town": _town, "demo": _demo, "life": _life}
BASES = {"town": "empty", "demo": "empty", "life": "demo"}


def stand_on(world: str) -> None:
    """The connection looks at this worker's copy of a world, fresh if the last one was spoilt. Never within a transaction."""
    if connection.in_atomic_block:  # of a module's fixture, which stands where it wants
        return
    if world in _failed:
        raise RuntimeError(f"the world {world!r} cannot be built") from _failed[world]
    if world not in _clean:
        _clean[world] = _copy_of(world, f"shouwen_test_{os.getpid()}_{next(_serial)}")
    _look_at(_clean[world])


def spoil() -> None:
    """What the connection looks at was written to: nobody stands on it again."""
    name = str(connection.settings_dict["NAME"])
    connections.close_all()
    for world in [world for world, copy in _clean.items() if copy == name]:
        del _clean[world]
        _drop(name)


def leave() -> None:
    """The end of a run: this worker's copies go, what is kept stays for others."""
    connections.close_all()
    for name in _clean.values():
        _drop(name)
    _clean.clear()


@contextmanager
def lent(folder: Path) -> Iterator[dict[str, str]]:
    """Tables without rows for programs that a test starts with this data folder; yields what else stands in their environment."""
    if connection.vendor == "sqlite":
        shutil.copyfile(_kept("empty"), folder / "shouwen.sqlite3")
        yield {}
        return
    name = _copy_of("empty", f"shouwen_lent_{os.getpid()}_{folder.name}")
    server = os.environ["SHOUWEN_DATABASE_URL"].rpartition("/")[0]
    yield {"SHOUWEN_DATABASE_URL": f"{server}/{name}"}
    _drop(name)


def _look_at(name: str) -> None:
    if str(connection.settings_dict["NAME"]) != name:
        connections.close_all()
        connection.settings_dict["NAME"] = name


def _copy_of(world: str, name: str) -> str:
    kept = _kept(world)
    if connection.vendor == "sqlite":
        name = str(_folder() / f"{name}.sqlite3")
        shutil.copyfile(kept, name)
    else:
        _administer(f'CREATE DATABASE "{name}" TEMPLATE "{kept}"')
    return name


def _kept(world: str) -> str:
    """The world as it was built: a file or the name of a database that nobody is connected to. Made by whoever needs it first."""
    base = _kept(BASES[world]) if world in BASES else ""
    name = f"shouwen_{world}_{_fingerprint(world)}"
    with _alone(world):
        if connection.vendor == "sqlite":
            path = (TABLES if world == "empty" else _folder()) / f"{name}.sqlite3"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                _build(world, base, draft := str(path.with_suffix(f".{os.getpid()}")))
                os.replace(draft, path)
                for old in path.parent.glob(f"shouwen_{world}_*"):
                    if old.stat().st_mtime < time.time() - 86400:
                        old.unlink(missing_ok=True)
            return str(path)
        if not _administer("SELECT 1 FROM pg_database WHERE datname = %s", name):
            _build(world, base, draft := f"{name}_making")
            _administer(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
        return name


def _build(world: str, base: str, draft: str) -> None:
    _drop(draft)
    if connection.vendor == "postgresql":
        _administer(f'CREATE DATABASE "{draft}"' + (f' TEMPLATE "{base}"' if base else ""))
    elif base:
        shutil.copyfile(base, draft)
    was = str(connection.settings_dict["NAME"])
    _look_at(draft)
    token = journal.clock.set(lambda: BEGINNING)
    try:
        BUILDERS[world]()
    except Exception as why:
        _failed[world] = why
        raise
    finally:
        journal.clock.reset(token)
        _look_at(was)


def _drop(name: str) -> None:
    if connection.vendor == "postgresql":
        _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    else:
        for tail in ("", "-wal", "-shm"):
            Path(name + tail).unlink(missing_ok=True)


def _administer(statement: str, *values: Any) -> list[Any]:
    """A statement to the server itself, outside any database of ours."""
    import psycopg

    given = connection.settings_dict
    where = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
    with psycopg.connect(**{key: value for key, value in where.items() if value}, dbname="postgres", autocommit=True) as server:
        found = server.execute(statement, values or None)
        return found.fetchall() if found.description else []


def _folder() -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER


@contextmanager
def _alone(world: str) -> Iterator[None]:
    """One worker of a run builds this world, others who want it wait; meanwhile another world may be built."""
    with open(_folder() / f"{world}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def _fingerprint(world: str) -> str:
    """Of what a world is made by: migrations and models for the tables; for more, all our source and the builder among the tests."""
    digest = hashlib.sha256(django.__version__.encode())
    for path in sorted(SOURCE.rglob("*")):
        makes_tables = path.parent.name in ("migrations", "kernel", "db") or path.stem == "models"
        makes_rows = path.suffix in (".py", ".yaml") and ("tests" not in path.parts or path.name == "world.py")
        if path.suffix == ".py" and makes_tables or makes_rows and world != "empty":
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
