"""Many lend one key and take one parcel at the same moment: exactly one wins, and without the constraint the test sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from shouwen.custody import rules
from shouwen.custody.models import Loan, Move
from shouwen.custody.rules import Taker
from shouwen.custody.tests.conftest import OWNER, Keys, furnish
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict
from shouwen.org.tests.world import World

MANY = 64
pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_keys(in_town: None, transactional_db: None) -> Keys:
    from shouwen.org.tests.world import found

    town: World = found()
    return furnish(town)


def storm(act: Callable[[], Any]) -> tuple[int, list[BaseException]]:
    """(how many won, what else went wrong) of MANY who do the same at once."""
    won, wrong, gate = [], [], threading.Barrier(MANY)

    def one() -> None:
        try:
            gate.wait(30)
            act()
            won.append(1)
        except Conflict:
            pass
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(MANY)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(90)
    return len(won), wrong


@pytest.mark.parametrize("checked", [True, False], ids=["checked", "constraint alone"])
def test_one_key_one_parcel_one_winner(open_keys: Keys, monkeypatch: pytest.MonkeyPatch, checked: bool) -> None:
    keys = open_keys
    key, parcel = keys.take_in("vacant"), keys.take_in("parcel")
    if not checked:
        monkeypatch.setattr(rules, "must_be_free", lambda thing: None)
        monkeypatch.setattr("shouwen.custody.actions.lending.locked", lambda thing: type(thing).objects.select_related("store", "unit").get(pk=thing.pk))
    for act, state in ((lambda: keys.lend(key), "out"), (lambda: keys.lend(parcel, way="owner", to="", taker=Taker(OWNER, paper="id")), "gone")):
        won, wrong = storm(act)
        assert (won, wrong[:3]) == (1, [])
        assert Loan.objects.filter(state=state).count() == 1
    assert Move.objects.filter(kind__in=("lent", "gone")).count() == 2, "who lost wrote nothing"


def test_the_control_sees_two_winners_without_the_constraint(open_keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = open_keys
    key = keys.take_in("vacant")
    monkeypatch.setattr(rules, "must_be_free", lambda thing: None)
    with bookkeeping("the constraint is taken away"), connection.cursor() as cursor:
        cursor.execute("DROP INDEX loan_open_once")
    keys.lend(key)
    keys.lend(key, to="wu")
    assert Loan.objects.filter(state="out").count() == 2
