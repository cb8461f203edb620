"""Numbers have no gaps and no twins."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, transaction

from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.numbers import next_number

DAY = date(2026, 11, 23)
pytestmark = pytest.mark.both


def test_a_series_per_community_prefix_and_day(db):
    with bookkeeping("test"):
        assert [next_number(1, "TS", DAY) for _ in range(3)] == ["TS-20261123-001", "TS-20261123-002", "TS-20261123-003"]
        assert next_number(2, "TS", DAY) == "TS-20261123-001"
        assert next_number(1, "WX", DAY) == "WX-20261123-001"
        assert next_number(1, "TS", date(2026, 11, 24)) == "TS-20261124-001"


def test_after_999_it_goes_on(db):
    with bookkeeping("test"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO kernel_counter (community_id, prefix, day, last) VALUES (1, 'TS', '2026-11-23', 999)")
        assert next_number(1, "TS", DAY) == "TS-20261123-1000"


def test_a_number_rolled_back_is_given_out_again(db):
    with bookkeeping("test"):
        next_number(1, "TS", DAY)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            next_number(1, "TS", DAY)
            raise ZeroDivisionError
        assert next_number(1, "TS", DAY) == "TS-20261123-002"


@pytest.mark.parametrize("prefix", ["", "ts", "投诉", "A-B", "X" * 13])
def test_a_prefix_is_capitals(db, prefix):
    with pytest.raises(ValueError):
        next_number(1, prefix, DAY)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_writers_at_once_some_of_whom_give_up():
    """Eight threads; every fourth transaction rolls back. The numbers kept are 1…n without a hole."""
    barrier = threading.Barrier(8)

    def run(worker):
        kept = []
        try:
            barrier.wait(10)
            for turn in range(12):
                try:
                    with transaction.atomic(), bookkeeping("test"):
                        number = next_number(1, "TS", DAY)
                        if (worker + turn) % 4 == 0:
                            raise ZeroDivisionError
                    kept.append(number)
                except ZeroDivisionError:
                    pass
        finally:
            connection.close()
        return kept

    with ThreadPoolExecutor(8) as pool:
        kept = [number for numbers in pool.map(run, range(8)) for number in numbers]
    assert sorted(kept) == [f"TS-20261123-{n:03d}" for n in range(1, 73)]
