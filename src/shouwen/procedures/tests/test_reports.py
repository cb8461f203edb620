"""Figures of a period equal what the register shows for it."""

from datetime import date, timedelta

import pytest

from shouwen.kernel.refusals import NotFound, Refused
from shouwen.procedures import actions, reports

from .conftest import MONDAY

DAY = MONDAY.date()


def consult(who, world, at=MONDAY):
    given = {"mode": "oral", "caller": "王秀英", "content": "停车月卡怎么办", "confidential": "no", "at_once": "no", "phone": "13800000001"}
    return actions.file_ticket(who("li"), world.liyuan, procedure="consultation", answers=given, at=at)


def test_the_period_includes_its_first_and_last_day_and_nothing_else(world, who):
    for days in (0, 1, 2, 3):
        consult(who, world, MONDAY - timedelta(days=days))
    found = reports.report(
        who("lin"), world.liyuan.pk, procedure="consultation", since=DAY - timedelta(2), until=DAY - timedelta(1), at=MONDAY
    )
    assert found.total == 2


def test_another_community_counts_for_nothing(world, who):
    consult(who, world)
    with pytest.raises((Refused, NotFound)):
        reports.report(who("mei"), world.liyuan.pk, procedure="nothing", since=DAY, until=DAY, at=MONDAY)
    found = reports.report(who("mei"), world.liyuan.pk, procedure="consultation", since=DAY, until=DAY, at=MONDAY)
    assert found.total == 0


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [(DAY, DAY - timedelta(1), "早于"), (DAY - timedelta(500), DAY, "400 天"), (date(1990, 1, 1), date(1990, 2, 1), "2000")],
)
def test_a_period_that_makes_no_sense_is_refused(world, who, since, until, words):
    with pytest.raises(Refused, match=words):
        reports.report(who("lin"), world.liyuan.pk, procedure="consultation", since=since, until=until, at=MONDAY)
