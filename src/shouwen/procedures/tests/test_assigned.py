"""Who answers to whom at the desk: work a leader assigns, to whom receptionists and stewards report, who may take the post."""

from datetime import timedelta

import pytest

from shouwen.duty import actions as duty_actions
from shouwen.duty import queries as duty
from shouwen.kernel.refusals import Refused
from shouwen.org import standard
from shouwen.procedures import actions, store

from .conftest import MONDAY


@pytest.mark.shows("A15.01")
def test_it_stands_in_the_receptionists_list_until_done(as_, who, world, clock):
    given = {"assigned_to": str(who("li").id), "content": "把大堂的雨伞架补齐", "finish_on": "2026-11-24"}
    row = actions.file_ticket(who("lin"), world.liyuan, procedure="assigned_work", answers=given, at=MONDAY)
    assert "把大堂的雨伞架补齐" in as_("li").get("/mine").content.decode()
    assert "把大堂的雨伞架补齐" not in as_("he").get("/mine").content.decode()
    clock.at = MONDAY + timedelta(days=2)
    li = as_("li")
    assert "把大堂的雨伞架补齐" in li.get("/mine").content.decode()  # late, and still there
    actions.finish(who("li"), store.load(row.id), task=2, answers={"outcome": "齐了"}, at=clock.at)
    assert "把大堂的雨伞架补齐" not in li.get("/mine").content.decode()
    assert "把大堂的雨伞架补齐" in as_("lin").get("/mine").content.decode()


@pytest.mark.shows("D6.06", "D6.07", "D9.06", "D9.07")
def test_stewards_and_receptionists_report_to_the_head_of_customer_service(as_, who, world):
    """物业主任 and 客服主任 are one post of the standard organisation (客服部主管)."""
    assert standard.TITLES["物业主任"] == standard.TITLES["客服主任"] == "cs-supervisor"
    superior = {post.slug: post.superior for post in standard.POSTS}
    assert superior["steward"] == superior["receptionist"] == "cs-supervisor"
    directory = duty.directory(world.liyuan.pk, world.liyuan.people_version)
    for name in ("sun", "ma", "li", "he"):
        assert directory.superior_of(who(name).id, MONDAY) == (who("lin").id,), name


@pytest.mark.shows("D6.14", "D9.14")
def test_the_desk_is_taken_only_by_who_stands_on_its_roster(who, world):
    for name in ("wang", "sun", "he"):  # another department, another post, another shift
        with pytest.raises(Refused, match="排班表上没有您的班"):
            duty_actions.check_in(who(name), world.liyuan, post="receptionist", at=MONDAY)
    assert duty_actions.check_in(who("li"), world.liyuan, post="receptionist", at=MONDAY).post == "receptionist"
    directory = duty.directory(world.liyuan.pk, world.liyuan.people_version)
    assert directory.on_duty("receptionist", MONDAY) == (who("li").id,)
