"""A steward's patrol of the building: the route and the check items of 《楼宇巡查管理作业规程》, nothing left out."""

import pytest

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Refused
from shouwen.rounds import actions as rounds
from shouwen.rounds.actions import Given
from shouwen.rounds.actions.plans import CheckSpec, PointSpec
from shouwen.rounds.models import Reading, Run

from .conftest import EARLY, hours, watch


@pytest.mark.shows("D3.112")
def test_a_patrol_asks_for_every_point_of_its_route_and_every_item_there(world, who, look):
    items = ("水", "电、照明", "燃气", "通讯", "有线电视")
    points = rounds.add_points(SYSTEM, world.liyuan, specs=[PointSpec(f"{n} 栋大堂", checks=tuple(CheckSpec(item) for item in items)) for n in (3, 5)], at=EARLY)
    route = rounds.set_route(SYSTEM, world.liyuan, title="楼宇巡查", points=[point.pk for point in points], at=EARLY)
    rounds.set_plan(
        SYSTEM, world.liyuan, title="楼宇巡查", kind="building", route=route, post="steward", rhythm="daily", times="10:00", lasts=120, basis="楼宇巡查管理作业规程", at=EARLY
    )
    watch(hours(2))
    run = Run.objects.get()
    assert run.points == [point.pk for point in points]
    first, second = points
    with pytest.raises(Refused, match="「燃气」还没有选"):
        rounds.read(who("sun"), world.liyuan, run=run, point=first, given=Given(key="a", answers={check.pk: "good" for check in first.checks.all() if check.title != "燃气"}), at=hours(2.1))
    look("sun", run, first, hours(2.2))
    run.refresh_from_db()
    assert run.state == "open" and [answer["title"] for answer in Reading.objects.get().answers] == list(items)
    look("sun", run, second, hours(2.3))
    run.refresh_from_db()
    assert run.state == "done"
