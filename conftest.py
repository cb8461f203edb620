"""For every test: the marker that says which clauses a test shows, and a clean slate between tests."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Before Django reads its settings: tests keep their files and keys to themselves.
MADE = "" if "SHOUWEN_DATA_DIR" in os.environ else tempfile.mkdtemp(prefix="shouwen-test-")
if MADE:
    os.environ["SHOUWEN_DATA_DIR"] = MADE

import pytest  # noqa: E402  the folder above must be known first

SHOWN = Path(__file__).parent / "var" / "shown.json"
"""Shared with rehearsals (procedures/clauses.py): kind → clause → what showed it."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shows(*clauses): this test would fail if one of these clauses of the SOP were broken")
    config.addinivalue_line("markers", "both: depends on the database (given to every test that uses it); ./test runs it on SQLite and on PostgreSQL")
    config.pluginmanager.register(Shown(config), "shown")


def pytest_unconfigure(config: pytest.Config) -> None:
    if MADE:  # an xdist worker inherits the folder and leaves it to its controller
        shutil.rmtree(MADE, ignore_errors=True)


class Shown:
    """Keeps which clauses passing tests showed, in var/shown.json, for `shouwen clauses`."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.clauses: dict[str, list[str]] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            clauses = [str(clause) for mark in item.iter_markers("shows") for clause in mark.args]
            if clauses:  # properties travel with the report, also from an xdist worker
                item.user_properties.append(("shows", clauses))
            if {"db", "transactional_db"} & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db"):
                item.add_marker("both")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        clauses = dict(report.user_properties).get("shows")
        if clauses:
            self.clauses[report.nodeid] = list(clauses)
            if not report.passed or hasattr(report, "wasxfail"):
                self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        if hasattr(self.config, "workerinput") or not self.clauses:  # an xdist worker: its controller writes
            return
        kept = json.loads(SHOWN.read_text("utf-8")) if SHOWN.exists() else {}
        kept = {kind: found for kind, found in kept.items() if kind in ("rehearsals", "tests")}
        tests: dict[str, list[str]] = {}
        for clause, nodes in kept.get("tests", {}).items():  # what did not run this time stays as it was
            if rest := [node for node in nodes if node not in self.clauses]:
                tests[clause] = rest
        for node, clauses in self.clauses.items():
            if node not in self.failed:
                for clause in clauses:
                    tests.setdefault(clause, []).append(node)
        SHOWN.parent.mkdir(exist_ok=True)
        SHOWN.write_text(json.dumps(kept | {"tests": tests}, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")


@pytest.fixture(scope="session", autouse=True)
def _flush_append_only() -> None:
    """Tests that commit are followed by a flush, which the append-only triggers would refuse: they sleep meanwhile."""
    from django.db.backends.base.operations import BaseDatabaseOperations

    from shouwen.kernel.journal import bookkeeping

    flush = BaseDatabaseOperations.execute_sql_flush

    def asleep(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        with bookkeeping("a test is over"), self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = replica")
                try:
                    flush(self, sql_list)
                finally:
                    cursor.execute("SET session_replication_role = origin")
                return
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            try:
                flush(self, sql_list)
            finally:
                for _, sql in triggers:
                    cursor.execute(sql)

    BaseDatabaseOperations.execute_sql_flush = asleep  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What a process remembers must not outlive the rows it came from: every module of ours with a `forget()` is asked."""
    yield
    if batch := sys.modules.get("shouwen.kernel.batch"):
        batch.drop()
    for name, module in list(sys.modules.items()):
        if name.startswith("shouwen.") and callable(forget := getattr(module, "forget", None)):
            forget()
