"""Who answers to whom at the desk: work a leader assigns, to whom receptionists and stewards report, who may take the post."""

from datetime import timedelta

import pytest

from shouwen.duty import actions as duty_actions
from shouwen.duty import queries as duty
from shouwen.kernel.refusals import Refused
from shouwen.org import queries as org
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
    """物业主任 and 客服主任 are posts of their own; where nobody holds them, whoever is above them is answered to."""
    assert standard.TITLES["物业主任"] == "property-supervisor" and standard.TITLES["客服主任"] == "cs-director"
    superior = {post.slug: post.superior for post in standard.POSTS}
    assert superior["steward"] == "property-supervisor" and superior["receptionist"] == "cs-director"
    directory = duty.directory(world.liyuan.pk, world.liyuan.people_version)
    for name in ("sun", "ma", "li", "he"):
        assert directory.superior_of(who(name).id, MONDAY) == (who("lin").id,), name


@pytest.mark.shows("D6.08", "D6.09", "D9.08", "D9.09")
def test_both_heads_stand_under_the_manager_of_customer_service_and_he_under_the_general_manager(as_, world):
    rows = {post.slug: post for post in org.posts()}

    def above(slug):
        while slug := rows[slug].superior:
            yield slug

    manager, general = standard.TITLES["客服部经理"], standard.TITLES["总经理"]
    for title in ("物业主任", "客服主任"):
        post = standard.TITLES[title]
        assert post != manager and rows[post].title == title and next(above(post)) == manager
    assert general in above(manager) and manager != general
    page = as_("kang").get("/org/posts").content.decode()
    for slug in ("property-supervisor", "cs-director"):
        assert page.count(f'data-href="/org/posts/{slug}"') == 1, slug


@pytest.mark.shows("D6.14", "D9.14")
def test_the_desk_is_taken_only_by_who_stands_on_its_roster(who, world):
    for name in ("wang", "sun", "he"):  # another department, another post, another shift
        with pytest.raises(Refused, match="排班表上没有您的班"):
            duty_actions.check_in(who(name), world.liyuan, post="receptionist", at=MONDAY)
    assert duty_actions.check_in(who("li"), world.liyuan, post="receptionist", at=MONDAY).post == "receptionist"
    directory = duty.directory(world.liyuan.pk, world.liyuan.people_version)
    assert directory.on_duty("receptionist", MONDAY) == (who("li").id,)
