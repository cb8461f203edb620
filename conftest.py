"""For every test: the marker that says which clauses a test shows, the world it stands in, and a clean slate between tests."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before Django reads its settings: tests keep their files and keys to themselves.
MADE = "" if "SHOUWEN_DATA_DIR" in os.environ else tempfile.mkdtemp(prefix="shouwen-test-")
if MADE:
    os.environ["SHOUWEN_DATA_DIR"] = MADE

import pytest  # noqa: E402  the folder above must be known first
from pytest_django.plugin import blocking_manager_key  # noqa: E402

if TYPE_CHECKING:
    from shouwen.config.demo import World
    from shouwen.org.tests.world import World as Town

AREAS = Path(__file__).parent / "src" / "shouwen"
SHOWN = Path(__file__).parent / "var" / "shown.json"
"""Shared with rehearsals (procedures/clauses.py): kind → clause → what showed it."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shows(*clauses): this test would fail if one of these clauses of the SOP were broken")
    config.addinivalue_line("markers", "both: depends on which database it is; ./test runs it on SQLite and on PostgreSQL")
    config.addinivalue_line("markers", "rows: uses a database (given to every test that does); ./test runs it on PostgreSQL")
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
                item.add_marker("rows")
                if not item.path.is_relative_to(AREAS) or item.path.relative_to(AREAS).parts[0] in ("kernel", "estate"):
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


# --- the database of a test: tests/worlds.py ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Nothing to do: before each test, `pytest_runtest_setup` puts the connection where the test wants to stand."""


@pytest.fixture(scope="session")
def in_town() -> None:
    """Who asks for this stands in the town of org's tests. For fixtures of a module; tests ask for `town`."""


@pytest.fixture(scope="session")
def in_demo() -> None:
    """Who asks for this stands in the demo world. For fixtures of a module; tests ask for `demo`."""


@pytest.fixture(scope="session")
def in_life() -> None:
    """Who asks for this stands in the demo world with two days of life until now."""


STANDS = {"in_life": "life", "in_demo": "demo", "in_town": "town"}


@pytest.fixture
def town(in_town: None, db: None) -> Town:
    """Two communities and a dozen people, without procedures."""
    from shouwen.org.tests.world import found

    return found()


@pytest.fixture
def demo(in_demo: None, db: None) -> World:
    """The demo communities with the cast and the whole library adopted, since 2026-01-01; every password is `shouwen.config.demo.PASSWORD`."""
    from shouwen.config.demo import found

    return found()


@pytest.fixture(scope="module")
def lend(django_db_blocker: Any) -> Iterator[Callable[[Path], dict[str, str]]]:
    """`lend(folder)` puts a database with all tables into the data folder of programs that a test starts, instead of a `shouwen migrate`.

    Returns what else must stand in their environment.
    """
    from tests import worlds

    def lent(folder: Path) -> dict[str, str]:
        with django_db_blocker.unblock():
            return until.enter_context(worlds.lent(folder))

    with ExitStack() as until:
        yield lent


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    wanted = set(getattr(item, "fixturenames", ()))
    if not ({"db", "transactional_db", *STANDS} & wanted or item.get_closest_marker("django_db")):
        return
    from django.test import TransactionTestCase
    from tests import worlds

    TransactionTestCase._fixture_teardown = lambda self: worlds.spoil()  # instead of emptying every table
    with item.config.stash[blocking_manager_key].unblock():
        worlds.stand_on(next((world for asked, world in STANDS.items() if asked in wanted), "empty"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if worlds := sys.modules.get("tests.worlds"):
        with session.config.stash[blocking_manager_key].unblock():
            worlds.leave()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What a process remembers must not outlive the rows it came from: every module of ours with a `forget()` is asked."""
    yield
    if batch := sys.modules.get("shouwen.kernel.batch"):
        batch.drop()
    for name, module in list(sys.modules.items()):
        if name.startswith("shouwen.") and callable(forget := getattr(module, "forget", None)):
            forget()
