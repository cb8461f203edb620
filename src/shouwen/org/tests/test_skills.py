"""Skills and trainings on a person's page. C8.07, C8.08."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shouwen.kernel import journal
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.org import actions, queries
from shouwen.org.models import Training, User

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def house(demo):
    token = journal.clock.set(lambda: AT)
    yield demo
    journal.clock.reset(token)


def actor(name):
    return queries.actor_for(queries.user_id_of(name))


def browser(name, client):
    client.cookies["shouwen_session"] = actions.log_in(User.objects.get(username=name), agent="test", address="127.0.0.1", at=AT)
    return client


@pytest.mark.shows("C8.07")
def test_a_profile_holds_communication_trainings_and_a_wrong_entry_goes_with_its_reason(house, client):
    chen = browser("chen", client)
    given = {"topic": "communication", "title": "投诉沟通与语言禁忌", "held_on": "2026-11-20", "hours": "2", "outcome": "合格"}
    assert chen.post("/org/staff/li/trainings", given).status_code == 302
    page = chen.get("/org/staff/li").content.decode()
    assert "投诉沟通与语言禁忌" in page and "沟通与服务礼仪" in page and "合格" in page
    assert chen.post("/org/staff/li/trainings", given | {"held_on": "2026-12-20"}).status_code == 422, "not before it was held"
    assert chen.post("/org/staff/li/trainings", given | {"title": ""}).status_code == 422
    row = Training.objects.get()
    assert chen.post(f"/org/staff/li/trainings/{row.pk}/remove", {"reason": ""}).status_code == 422
    assert chen.post(f"/org/staff/li/trainings/{row.pk}/remove", {"reason": "登错人"}).status_code == 302
    assert not Training.objects.exists() and "登错人" in Entry.objects.get(code="org.training_removed").text


@pytest.mark.shows("C8.08")
def test_a_profile_lists_skills_of_the_communitys_own_list(house, client):
    chen = actor("chen")
    power = actions.add_skill(chen, house.liyuan, title="电工", at=AT)
    with pytest.raises(Refused):
        actions.add_skill(chen, house.liyuan, title="电工", at=AT)
    page = browser("chen", client)
    assert page.post("/org/staff/wu/skills", {"skills": [str(power.pk)]}).status_code == 302
    assert "电工" in page.get("/org/staff/wu").content.decode()
    wu = queries.user_id_of("wu")
    assert queries.skills(house.liyuan.pk).held == {wu: frozenset({"电工"})}
    actions.want_skills(chen, house.liyuan, work="repair", title="报修", skills=[power], at=AT)
    assert queries.skills(house.liyuan.pk).lacking("repair", queries.user_id_of("li")) == {"电工"}
    assert not queries.skills(house.liyuan.pk).lacking("repair", wu) and not queries.skills(house.liyuan.pk).lacking("complaint", wu)
    actions.remove_skill(chen, house.liyuan, skill=power, at=AT)
    assert queries.skills(house.liyuan.pk).wanted == {}


def test_only_who_manages_people_here_says_what_they_can_do(house, client):
    with pytest.raises(Forbidden):
        actions.add_skill(actor("li"), house.liyuan, title="电工", at=AT)
    with pytest.raises(Forbidden):
        actions.add_skill(actor("chen"), house.yunxi, title="电工", at=AT)
    skill = actions.add_skill(actor("kang"), house.yunxi, title="电工", at=AT)
    with pytest.raises(NotFound):
        actions.set_skills(actor("chen"), house.liyuan, user=User.objects.get(username="wu"), skills=[skill], at=AT)
    li = browser("li", client)
    assert li.post("/org/staff/wu/trainings", {"topic": "other", "title": "x", "held_on": "2026-11-20"}).status_code == 403
    assert "/org/staff/wu/skills" not in li.get("/org/staff/wu").content.decode()
