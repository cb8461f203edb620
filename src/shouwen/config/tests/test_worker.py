"""The worker: every chore in its time, no failure stops the others, a clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from shouwen.config import menus, worker
from shouwen.config.chores import CHORES, Chore
from shouwen.kernel import journal
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Heartbeat

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_every_chore_of_the_list_exists():
    assert [chore.name for chore in CHORES if chore.resolve() is None] == []
    assert len({chore.name for chore in CHORES}) == len(CHORES)


def test_the_sealed_books_exist_with_their_columns():
    from django.apps import apps

    from shouwen.kernel.sealing import BOOKS

    assert set(BOOKS) == {"journal", "duty", "events"}
    for book in BOOKS.values():
        columns = {field.attname for field in apps.get_model(book.model)._meta.concrete_fields}
        assert set(book.fields) == columns, f"{book.title}: every column is sealed; a new one must be decided upon"
        assert book.fields[0] == "id"


@pytest.mark.both
def test_workers_take_turns(db):
    ran = []
    chore = Chore("轮流", lambda at: ran.append(at), 15 * MINUTE, alone=True)
    for minutes in (0, 1, 14, 15, 16, 40):
        worker.once(chore, NINE + minutes * MINUTE)
    assert [(at - NINE) // MINUTE for at in ran] == [0, 15, 40]


@pytest.mark.both
def test_a_nightly_chore_runs_once_a_day_after_its_hour(db):
    ran = []
    chore = Chore("夜间", lambda at: ran.append(at), 60 * MINUTE, alone=True, hour=3)
    for hours in (0, 5, 17.9, 18, 19, 41, 42.5, 43):  # 18 h after 09:00 is 03:00 in China
        worker.once(chore, NINE + timedelta(hours=hours))
    assert [(at - NINE) / timedelta(hours=1) for at in ran] == [0, 18, 42.5]


@pytest.mark.both
def test_a_nightly_chore_that_failed_runs_again_the_same_night(db):
    ran = []

    def unlucky(at):
        ran.append(at)
        if len(ran) == 1:
            raise ZeroDivisionError

    chore = Chore("夜间", unlucky, 60 * MINUTE, alone=True, hour=3)
    with pytest.raises(ZeroDivisionError):
        worker.once(chore, NINE + timedelta(hours=18))
    for hours in (19, 20, 41, 42):
        worker.once(chore, NINE + timedelta(hours=hours))
    assert [(at - NINE) / timedelta(hours=1) for at in ran] == [18, 19, 42]


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_a_failing_chore_does_not_stop_the_others(monkeypatch):
    stop, ran = threading.Event(), []

    def fail(at):
        ran.append("bad")
        raise ZeroDivisionError

    def good(at):
        ran.append("good")
        if ran.count("good") == 3:
            stop.set()

    def full(at):
        ran.append("full")
        return 5 if ran.count("full") < 4 else 0

    monkeypatch.setattr(worker, "CHORES", (
        Chore("坏", fail, MINUTE), Chore("满", full, 60 * MINUTE, full=5), Chore("好", good, timedelta(milliseconds=1)),
    ))
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert ran.count("bad") == 1, "tried again only after a pause"
    assert ran.count("good") == 3 and ran.count("full") >= 3, "a full batch is followed at once"
    assert Heartbeat.objects.filter(worker=worker.name()).exists()


@pytest.mark.both
def test_a_wrong_clock_leaves_limits_to_others(db, monkeypatch, caplog):
    monkeypatch.setattr(worker.health, "clock_skew", lambda: timedelta(seconds=2.5))
    assert not worker.clock_is_right() and "off by 2.5 s" in caplog.text
    monkeypatch.setattr(worker.health, "clock_skew", lambda: timedelta(seconds=-1.9))
    assert worker.clock_is_right()


@pytest.mark.both
def test_the_banner_turns_red_after_a_minute_and_counts(db):
    assert menus.heartbeat_late() == 1, "no worker has ever run"
    now = journal.now()
    with bookkeeping("test"):
        Heartbeat.objects.create(worker="chore:检查点", at=now)
        row = Heartbeat.objects.create(worker="a-1", at=now - timedelta(seconds=61))
    assert menus.heartbeat_late() == 1
    with bookkeeping("test"):
        Heartbeat.objects.filter(pk=row.pk).update(at=now - timedelta(minutes=7, seconds=30))
    assert menus.heartbeat_late() == 7
    worker.beat(now)
    assert menus.heartbeat_late() == 0


@pytest.mark.both
def test_old_heartbeats_go_but_turns_stay(db):
    with bookkeeping("test"):
        Heartbeat.objects.create(worker="gone-1", at=NINE - timedelta(days=2))
        Heartbeat.objects.create(worker="chore:夜间", at=NINE - timedelta(days=2))
    worker.beat(NINE)
    worker.beat(NINE + MINUTE)
    assert set(Heartbeat.objects.values_list("worker", flat=True)) == {"chore:夜间", worker.name()}


def test_a_process_ends_cleanly_on_sigterm(tmp_path, lend):
    env = os.environ | {"SHOUWEN_DATA_DIR": str(tmp_path), "SHOUWEN_DEVELOPMENT": "1",
                        "PYTHONPATH": str(settings.BASE_DIR.parent)} | lend(tmp_path)
    run = [sys.executable, "-m", "shouwen"]
    child = subprocess.Popen([*run, "worker"], env=env, stderr=subprocess.PIPE, text=True)
    import sqlite3

    try:
        for _ in range(300):
            time.sleep(0.2)
            with sqlite3.connect(tmp_path / "shouwen.sqlite3") as found:
                if found.execute("SELECT count(*) FROM kernel_heartbeat WHERE worker NOT LIKE 'chore:%'").fetchone()[0]:
                    break
        else:
            pytest.fail("no heartbeat within a minute")
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=120)
    finally:
        child.kill()
    assert child.returncode == 0 and "stopped" in said and "Traceback" not in said, said


