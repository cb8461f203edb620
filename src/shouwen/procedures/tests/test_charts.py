"""Charts drawn on the server: what they say without being seen, and that a quiet day looks quiet."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouwen.procedures import tallies
from shouwen.procedures.charts import Series, bars, scale

from .conftest import MONDAY
from .test_lists import complain


@pytest.mark.parametrize(("most", "top"), [(0, 4), (3, 4), (5, 10), (11, 20), (21, 40), (41, 100), (101, 200), (399, 400), (401, 1000)])
def test_the_scale_ends_at_a_round_figure_with_a_whole_half(most, top):
    assert scale(most) == top and top % 2 == 0


def test_a_chart_is_read_aloud_and_told_apart_by_shape():
    drawn = bars("今天<", ["0", "", "2"], [Series("受理", "filed", [3, 0, 1]), Series("办结", "closed", [1])], now=2)
    assert 'role="img"' in drawn and "今天&lt;：受理 4 件，办结 1 件" in drawn and "style=" not in drawn
    assert drawn.count("chart-filed") == 2 and drawn.count("chart-closed") == 1 and "chart-now" in drawn
    assert "chart-bar" not in bars("无", [], [Series("受理", "filed", [])])


def test_tickets_are_counted_by_the_hour_and_the_day_in_china(world, who, clock):
    for hours in (0, 0, 24, -24 * 25):
        complain(who, world, at=MONDAY + timedelta(hours=hours))
    found = tallies.tally(who("zhang"), world.liyuan.pk, MONDAY + timedelta(hours=1))
    place = MONDAY.astimezone(tallies.CHINA)
    assert found.filed_today[place.hour] == 2 and sum(found.filed_today) == 2
    assert found.filed_month[place.day - 1] == 2 and found.filed_month[place.day] == 1 and sum(found.filed_month) == 3
    assert sum(found.closed_month) == 0 and len(found.filed_month) == 30
