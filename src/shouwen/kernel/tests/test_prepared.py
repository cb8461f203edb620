"""Our own statements on the way that is made short for them: the same answers and the same refusals as on the long one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.batch import Unwritten, ask
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import RequestKey

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PUT = "INSERT INTO kernel_requestkey (key, fingerprint, status, headers, body, at) VALUES (%s, %s, %s, %s, %s, %s)"


def put(key: str, body: bytes = b"\x00\xffsealed") -> None:
    with bookkeeping("a test"):
        ask(PUT, (key, "print", 200, "{}", body, AT))


@pytest.mark.both
def test_values_come_back_as_they_went(db):
    put("住户'\\%s\n")
    rows = ask("SELECT key, status, body, at FROM kernel_requestkey WHERE key = %s", ("住户'\\%s\n",))
    assert [(key, status, bytes(body)) for key, status, body, _ in rows] == [("住户'\\%s\n", 200, b"\x00\xffsealed")]
    assert RequestKey.objects.get().at == AT
    assert ask("SELECT 1 FROM kernel_requestkey WHERE status = %s AND key LIKE '%%s'", (404,)) == []


@pytest.mark.both
def test_a_rollback_leaves_the_statements_usable(db):
    for turn in range(3):
        with pytest.raises(IntegrityError), transaction.atomic():
            put(f"kept-{turn}")
            put(f"kept-{turn}")
        put(f"kept-{turn}")
    assert RequestKey.objects.count() == 3


@pytest.mark.both
def test_it_stands_behind_the_write_guard_and_is_counted(db):
    with pytest.raises(Unwritten):
        ask(PUT, ("unguarded", "print", 200, "{}", b"", AT))
    with CaptureQueriesContext(connection) as seen:
        ask("SELECT 1 FROM kernel_requestkey WHERE key = %s", ("x",))
    assert len(seen) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite stores NUL")
@pytest.mark.both
def test_nul_is_refused_rather_than_cut_off(db):
    with pytest.raises(DataError), transaction.atomic():
        put("cut\0off")
    assert not RequestKey.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps statements by name")
@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_statements_that_were_dropped_are_prepared_again():
    put("first")
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    put("second")
    assert RequestKey.objects.count() == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps statements by name")
@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_a_change_of_the_tables_costs_no_transaction_its_statements():
    put("first")
    with connection.cursor() as cursor:
        for _ in range(3):  # psycopg prepares what it sees twice, and drops all it sees at the first change of a table
            cursor.execute("SELECT count(*) FROM kernel_requestkey")
        cursor.execute("CREATE INDEX passing ON kernel_requestkey (status)")
        cursor.execute("DROP INDEX passing")
    with transaction.atomic():
        put("second")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 2")
        put("third")
    assert RequestKey.objects.count() == 3


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps plans")
@pytest.mark.both
def test_a_statement_can_be_planned_once_for_all_values(db):
    def plans(statement: str) -> list[tuple[int, int]]:
        return ask("SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE %s", (f"{statement}%",))

    for turn in range(3):
        ask("SELECT 11 FROM kernel_requestkey WHERE status < %s AND at > %s", (turn, AT), planned_once=True)
        ask("SELECT 12 FROM kernel_requestkey WHERE status < %s AND at > %s", (turn, AT))
    assert plans("SELECT 11 FROM kernel_requestkey") == [(3, 0)]
    assert plans("SELECT 12 FROM kernel_requestkey") == [(0, 3)]  # the others keep PostgreSQL's own choice


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps plans")
@pytest.mark.both
def test_a_failure_leaves_the_choice_of_plans_as_it_was(db):
    with pytest.raises(DataError), transaction.atomic():
        ask("SELECT 1 / (status - status) FROM (SELECT CAST(%s AS int) AS status) AS one", (3,), planned_once=True)
    assert ask("SELECT current_setting('plan_cache_mode')", ()) == [("auto",)]
