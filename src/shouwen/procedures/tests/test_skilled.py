"""Work given to somebody without the skill for it warns and is not forbidden. C8.08."""

from __future__ import annotations

import pytest

from shouwen.org import actions as org_actions
from shouwen.org import queries as org
from shouwen.procedures import actions
from shouwen.procedures.models import Task

from .conftest import MONDAY


@pytest.mark.shows("C8.08")
def test_the_hand_over_names_skills_and_warns_but_does_not_forbid(world, who, as_):
    chen = who("chen")
    skill = org_actions.add_skill(chen, world.liyuan, title="水暖", at=MONDAY)
    org_actions.set_skills(chen, world.liyuan, user=org.user_by_username("wu"), skills=[skill], at=MONDAY)
    org_actions.want_skills(chen, world.liyuan, work="complaint", title="投诉处理", skills=[skill], at=MONDAY)
    given = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "水管漏"}
    row = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=given, at=MONDAY)
    number = row.state.open_tasks[0].id
    page = as_("li").get(f"/tickets/{row.id}/do/hand-{number}").content.decode()
    assert "会水暖" in page and "⚠ 没有「水暖」技能" in page
    to = org.user_id_of("zhao")
    done = as_("li").post(f"/tickets/{row.id}/tasks/{number}/hand", {"to": str(to), "reason": "请跟进"}, follow=True)
    assert "没有登记「水暖」技能" in done.content.decode()
    assert Task.objects.get(ticket=row.id, number=number).holder_id == to, "it warns and does not forbid"
