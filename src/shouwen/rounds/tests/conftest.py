"""The demo world, and a patrol of three points for the guards."""

from datetime import time

import pytest

from shouwen.kernel.access import SYSTEM
from shouwen.procedures.tests.conftest import MONDAY, as_, clock, who, world
from shouwen.rounds import actions
from shouwen.rounds.actions.plans import CheckSpec, PointSpec

__all__ = ["MONDAY", "as_", "clock", "who", "world"]


@pytest.fixture
def points(world):
    """东围墙, 配电房 (with a thermometer and a meter), 地下车库."""
    return actions.add_points(SYSTEM, world.liyuan, at=MONDAY, specs=[
        PointSpec("东围墙", "小区东侧", "hidden"),
        PointSpec("配电房", "1 栋地下一层", "power", checks=(
            CheckSpec("门锁好"), CheckSpec("温度", "number", "℃", "5", "40"), CheckSpec("总表", "meter", "kWh"),
        )),
        PointSpec("地下车库", "B1", "public"),
    ])  # fmt: skip


@pytest.fixture
def route(world, points):
    return actions.set_route(SYSTEM, world.liyuan, title="一号线", points=[point.pk for point in points], ordered=True, at=MONDAY)


@pytest.fixture
def patrol(world, route):
    """Every half hour, day and night, on the post of the guards."""
    return actions.set_plan(
        SYSTEM, world.liyuan, title="小区巡更", kind="patrol", route=route, post="guard", rhythm="every", minutes=30,
        starts=time(0), ends=time(0), lasts=20, grace=5, at=MONDAY,
    )  # fmt: skip


@pytest.fixture
def hourly(world):
    """The gate reports each hour from 20:00 to 06:00."""
    return actions.set_plan(
        SYSTEM, world.liyuan, title="门岗每小时报告", kind="report", post="gate-guard", rhythm="every", minutes=60, starts=time(20), ends=time(6),
        lasts=10, grace=5, checks=[CheckSpec("岗位情况", "note")], at=MONDAY,
    )  # fmt: skip
