"""The roster as people see it, and making it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from shouwen.duty import actions, queries
from shouwen.duty.models import Roster, Shift
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.calendars import set_day
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.org import actions as org
from shouwen.org import standard
from shouwen.org.middleware import COOKIE
from shouwen.org.models import Delegation, User
from shouwen.org.tests.world import MONDAY, PASSWORD, START, World


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(MONDAY, tick=False) as coordinates:
        yield coordinates


def sign_in(world: World, username: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = org.log_in(world.people[username], agent="测试", address="127.0.0.1", at=now())
    return client


def row_of(page: str, title: str) -> str:
    """The row of the table that begins with this post."""
    return next(row for row in page.split("<tr")[1:] if f">{title}<" in row)


def test_the_week_shows_who_is_on_now_and_who_is_reached_instead(world: World, clock: time_machine.Coordinates) -> None:
    client = sign_in(world, "li")
    page = client.get("/duty/roster").content.decode()
    assert "<b>李静</b>" in row_of(page, "前台接待员") and "11-23" in page and "· 今天" in page
    clock.shift(timedelta(hours=10))  # eight in the evening
    evening = row_of(client.get("/duty/roster").content.decode(), "维修工")
    assert "不当班" in evening and "由 吴刚 接收" in evening
    assert client.get("/duty/roster?week=2026-12-31").content.decode().count("12-28")
    assert client.get("/duty/roster?week=nonsense").status_code == 200


@pytest.mark.shows("D5.19", "D12.24")
def test_leave_without_a_replacement_leaves_the_shift_flagged(world: World) -> None:
    place, client = world.places["liyuan"], sign_in(world, "chen")
    tuesday = MONDAY + timedelta(days=1)
    org.delegate(
        world.actor("lin"), place, user=world.people["li"], starts_at=tuesday.replace(hour=8), ends_at=tuesday.replace(hour=16),
        reason="病假", at=MONDAY,
    )  # fmt: skip
    row = row_of(client.get("/duty/roster").content.decode(), "前台接待员")
    assert row.count("请假 无人代") == 1
    org.end_delegation(world.actor("lin"), Delegation.objects.get(), at=MONDAY)
    org.delegate(
        world.actor("lin"), place, user=world.people["li"], to=world.people["he"], starts_at=tuesday.replace(hour=8),
        ends_at=tuesday.replace(hour=16), reason="病假", at=MONDAY,
    )  # fmt: skip
    row = row_of(client.get("/duty/roster").content.decode(), "前台接待员")
    assert "请假 无人代" not in row and "请假，何敏代" in row


@pytest.mark.shows("D12.01")
def test_a_day_without_a_duty_steward_is_flagged_on_weekends_and_holidays_too(world: World) -> None:
    place = world.places["liyuan"]
    early = Shift.objects.get(community=place, slug="early")
    org.assign(SYSTEM, place, user=world.people["he"], post="steward", starts_on=START)
    actions.roster(SYSTEM, place, user=world.people["he"], post="steward", shift=early, weekdays="12345", starts_on=START)
    client = sign_in(world, "chen")
    assert row_of(client.get("/duty/roster").content.decode(), "物业助理（管理员）").count("空班") == 2  # Saturday, Sunday
    set_day(SYSTEM, None, day=date(2026, 11, 25), works=False, name="假日")
    actions.end_roster(SYSTEM, Roster.objects.get(post="steward"), ends_on=date(2026, 11, 24))
    actions.roster(SYSTEM, place, user=world.people["he"], post="steward", shift=early, weekdays="4567", starts_on=date(2026, 11, 25))
    row = row_of(client.get("/duty/roster").content.decode(), "物业助理（管理员）")
    assert row.count("空班") == 1 and "空班" in row.split('data-label="星期三')[1].split("</td>")[0]
    assert "空班" not in row_of(client.get("/duty/roster").content.decode(), "客服部主管")  # offices are closed on days off


@pytest.mark.shows("D2.01")
def test_only_who_holds_the_reception_post_is_rostered_at_the_desk(world: World) -> None:
    place = world.places["liyuan"]
    assert standard.TITLES["客服助理"] == "receptionist"  # as the second set of rules calls them
    client = sign_in(world, "chen")
    form = {"what": "line", "post": "receptionist", "user": "wang", "shift": "late", "weekdays": ["1"], "starts_on": "2026-11-23"}
    answer = client.post("/duty/roster/plan", form)
    assert answer.status_code == 422 and "未担任该岗位" in answer.content.decode()
    org.assign(world.actor("zhao"), place, user=world.people["wang"], post="receptionist", starts_on=START)
    assert client.post("/duty/roster/plan", form).status_code == 302
    assert Roster.objects.filter(user=world.people["wang"], post="receptionist", weekdays="1").exists()


def test_making_and_ending_lines_and_shifts_in_the_browser(world: World) -> None:
    client, place = sign_in(world, "chen"), world.places["liyuan"]
    assert (
        client.post(
            "/duty/roster/plan", {"what": "shift", "slug": "long", "title": "长夜班", "starts": "20:00", "ends": "08:00"}
        ).status_code
        == 302
    )
    assert "次日" in client.get("/duty/roster/plan").content.decode()
    line = Roster.objects.get(user=world.people["li"])
    assert client.post(f"/duty/roster/lines/{line.pk}/end", {"ends_on": ""}).status_code == 422
    assert client.post(f"/duty/roster/lines/{line.pk}/end", {"ends_on": "2026-11-23", "knowing": "on"}).status_code == 302
    assert client.post(f"/duty/roster/lines/{line.pk}/end", {"ends_on": "2026-12-23"}).status_code == 422
    assert queries.current_directory(place).on_duty("receptionist", MONDAY + timedelta(days=1)) == world.id("lin")
    assert client.get("/duty/roster?week=2026-11-30").content.decode().count("李静") == 1  # the name in the frame


@pytest.mark.parametrize("username", ["li", "wang"])
def test_who_may_not_edit_sees_no_form_and_is_refused(world: World, username: str) -> None:
    client, line = sign_in(world, username), Roster.objects.filter(community=world.places["liyuan"]).first()
    assert "排一条班" not in client.get("/duty/roster/plan").content.decode()
    assert client.post(f"/duty/roster/lines/{line.pk}/end", {"ends_on": "2026-11-23"}).status_code == 403
    assert (
        client.post("/duty/roster/plan", {"what": "shift", "slug": "x", "title": "x", "starts": "20:00", "ends": "08:00"}).status_code
        == 422
    )


def test_the_neighbours_roster_is_not_there(world: World) -> None:
    line = Roster.objects.get(community=world.places["yunxi"])
    client = sign_in(world, "chen")
    client.cookies["community"] = str(world.places["yunxi"].pk)
    assert "梅兰" not in client.get("/duty/roster").content.decode() + client.get("/duty/roster/plan").content.decode()
    assert client.post(f"/duty/roster/lines/{line.pk}/end", {"ends_on": "2026-11-23"}).status_code == 404
    assert client.get("/api/v1/duty/now?community=yunxi").status_code == 404


def test_somebody_without_any_post_sees_nothing(world: World) -> None:
    org.add_user(SYSTEM, None, username="nobody", name="无岗", password=PASSWORD, must_change_password=False)
    client = Client()
    client.cookies[COOKIE] = org.log_in(User.objects.get(username="nobody"), agent="", address="", at=now())
    for path in (
        "/duty/",
        "/duty/roster",
        "/duty/roster/plan",
        "/org/posts",
        "/org/titles",
        "/org/leave",
        "/org/staff/li",
        "/api/v1/duty/now",
    ):
        assert client.get(path).status_code == 404, path
    assert "李静" not in client.get("/org/staff").content.decode()


def test_the_interface_says_who_is_on_duty_now(world: World) -> None:
    client = sign_in(world, "li")
    (line,) = client.get("/api/v1/duty/now?post=receptionist").json()
    assert (line["people"], line["manned"]) == (["li"], True)
    assert datetime.fromisoformat(line["until"]) == MONDAY.replace(hour=16)
    assert client.get("/api/v1/duty/now?post=nowhere").status_code == 404
    assert {line["post"] for line in client.get("/api/v1/duty/now").json()} >= {"receptionist", "engineer"}


def test_the_interface_has_the_roster(world: World) -> None:
    """As it was planned, and who comes instead of somebody on leave."""
    client = sign_in(world, "li")
    monday, tuesday = (s for s in client.get("/api/v1/duty/roster?post=receptionist&day=2026-11-23&days=2").json() if s["person"] == "li")
    assert (monday["person"], monday["name"], monday["acting"]) == ("li", "李静", "li")
    assert (datetime.fromisoformat(monday["starts_at"]), datetime.fromisoformat(monday["ends_at"])) == (MONDAY.replace(hour=8), MONDAY.replace(hour=16))
    assert datetime.fromisoformat(tuesday["starts_at"]) - datetime.fromisoformat(monday["starts_at"]) == timedelta(1)
    org.delegate(
        SYSTEM, world.places["liyuan"], user=world.people["li"], to=world.people["he"], starts_at=MONDAY.replace(hour=0),
        ends_at=MONDAY.replace(hour=23), reason="培训", at=MONDAY,
    )  # fmt: skip
    (away,) = (s for s in client.get("/api/v1/duty/roster?post=receptionist&day=2026-11-23&days=1").json() if s["person"] == "li")
    assert (away["name"], away["acting"]) == ("李静", "he")
    assert {shift["post"] for shift in client.get("/api/v1/duty/roster").json()} >= {"receptionist", "engineer"}
    for wrong, status in (("community=yunxi", 404), ("post=nowhere", 404), ("day=9999-12-31", 422), ("day=0001-01-01", 422), ("days=32", 422), ("day=x", 422)):
        answer = client.get(f"/api/v1/duty/roster?{wrong}")
        assert answer.status_code == status and answer.json()["error"]["message"], wrong


def test_the_week_costs_the_same_with_more_lines(world: World, django_assert_max_num_queries) -> None:
    client, place = sign_in(world, "chen"), world.places["liyuan"]
    client.get("/duty/roster")
    late = Shift.objects.get(community=place, slug="late")
    for username in ("li", "xu"):
        actions.roster(SYSTEM, place, user=world.people[username], post="receptionist", shift=late, starts_on=START)
    client.get("/duty/roster")
    with django_assert_max_num_queries(20):
        client.get("/duty/roster")


def test_a_clash_is_refused(world: World) -> None:
    place = world.places["liyuan"]
    with pytest.raises(Refused, match="已有排班"):
        actions.roster(
            SYSTEM, place, user=world.people["li"], post="receptionist", shift=Shift.objects.get(community=place, slug="early"),
            weekdays="7", starts_on=date(2027, 1, 1),
        )  # fmt: skip
