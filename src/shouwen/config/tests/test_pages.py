"""The pages of no area: front door, switch, journal, figures and calendar; the inbox and its badge; the interface's errors."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from shouwen.kernel import calendars
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.models import CalendarDay, Entry
from shouwen.notices.actions import News, tell
from shouwen.org.actions.accounts import log_in
from shouwen.org.middleware import COOKIE


@pytest.fixture
def world(town):
    return town


@pytest.fixture
def as_(world):
    def browser(username):
        client = Client()
        client.cookies[COOKIE] = log_in(world.people[username], agent="test", address="127.0.0.1", at=now())
        return client

    return browser


def test_the_front_door_leads_to_work_or_to_the_login(as_, world):
    assert Client().get("/")["Location"].startswith("/org/login")
    assert as_("li").get("/")["Location"] == "/board"
    for username in world.people:  # an administrator sees no tickets, and begins elsewhere
        assert as_(username).get("/", follow=True).status_code == 200, username
    assert as_("kang").get("/")["Location"] == "/org/staff"


def test_the_switch_goes_only_where_one_may_look(as_, world):
    liyuan, yunxi = world.places["liyuan"].pk, world.places["yunxi"].pk
    boss = as_("guo")
    done = boss.post("/community", {"community": yunxi, "next": "//evil.example/"})
    assert done.status_code == 302 and done["Location"] == "/" and boss.cookies["community"].value == str(yunxi)
    assert as_("li").post("/community", {"community": yunxi}).status_code == 404
    for odd in ("", "x", "²", "-1", "9" * 30):
        assert boss.post("/community", {"community": odd}).status_code == 404
    assert as_("li").post("/community", {"community": liyuan}).status_code == 302


def test_the_journal_is_read_by_those_who_may_and_by_community(as_, world):
    calendars.set_day(SYSTEM, world.places["yunxi"], day=date(2026, 12, 1), works=False, name="云溪停电", at=now())
    calendars.set_day(SYSTEM, world.places["liyuan"], day=date(2026, 12, 2), works=False, name="荔园停电", at=now())
    page = as_("chen").get("/journal?q=停电").content.decode()
    assert "荔园停电" in page and "云溪停电" not in page
    assert as_("li").get("/journal").status_code == 404


def test_figures_hours_and_days_are_changed_on_one_page(as_, world):
    chief, place = as_("kang"), world.places["liyuan"].pk
    chief.post("/community", {"community": place})
    assert chief.get("/settings").status_code == 200 and as_("li").get("/settings").status_code == 404
    values = {name: default for name, (_, default, _, _) in calendars.FIGURES.items()}
    assert chief.post("/settings/figures", {"part": "figures", **values, "promptly": "15"}).status_code == 302
    assert chief.post("/settings/figures", {"part": "windows", "windows": "周一 08:00-12:00 14:00-18:00\n周六 22:00-06:00"}).status_code == 302
    assert chief.post("/settings/calendar", {"part": "day", "day": "2026-12-24", "works": "0", "name": "检修", "scope": "all"}).status_code == 302
    here, there = calendars.calendar_data(place), calendars.calendar_data(world.places["yunxi"].pk)
    assert (here.promptly, there.promptly) == (15, 30)
    assert here.weekly[0] == ((480, 720), (840, 1080)) and here.weekly[5] == ((1320, 360),) and there.weekly == calendars.DEFAULT_WEEK
    assert here.days[date(2026, 12, 24)] is False and there.days[date(2026, 12, 24)] is False
    assert "检修" in chief.get("/settings/calendar?year=2026").content.decode()
    assert "周六 22:00-06:00" in chief.get("/settings/figures").content.decode()
    assert chief.post("/settings/calendar", {"part": "clear", "day": "2026-12-24", "where": "all"}).status_code == 302
    assert not CalendarDay.objects.filter(day=date(2026, 12, 24)).exists()


def test_a_year_is_confirmed_on_the_page(as_, world):
    chief = as_("kang")
    assert chief.post("/settings/calendar", {"part": "seed", "year": "2026"}).status_code == 302
    assert 2026 in calendars.calendar_data(None).confirmed
    refused = chief.post("/settings/calendar", {"part": "confirm", "year": "2027"})
    assert refused.status_code == 422 and "逐日录入" in refused.content.decode()


@pytest.mark.parametrize("form", [
    {"part": "figures", "promptly": "0", "urge_minutes": "10"}, {"part": "figures", "promptly": "x", "urge_minutes": "10"},
    {"part": "windows", "windows": "星期一 8点到12点"}, {"part": "windows", "windows": "周一 25:00-26:00"}, {"part": "windows", "windows": "周一 08:00-08:00"},
    {"part": "day", "day": "2026-13-40", "works": "0"}, {"part": "day", "day": "9999-12-31", "works": "0"}, {"part": "nothing"},
])
def test_wrong_settings_are_said_in_chinese_and_nothing_is_kept(as_, world, form):
    before = Entry.objects.count()
    chief = as_("kang")
    chief.get("/settings")
    before = Entry.objects.count()
    page = "/settings/calendar" if form["part"] == "day" else "/settings/figures"
    answer = chief.post(page, form | {"idempotency_key": "k"})
    assert answer.status_code == 422 and any("\u4e00" <= letter <= "\u9fff" for letter in answer.content.decode())
    assert Entry.objects.count() == before


def test_the_inbox_and_its_badge(as_, world):
    li = world.people["li"]
    with bookkeeping("test"):
        tell([News(key=f"k{n}", community_id=world.places["liyuan"].pk, user_id=li.pk, why="late", title=f"第 {n} 件", at=now(),
                   url="/settings" if n else "https://evil.example/") for n in range(3)])
    client = as_("li")
    page = client.get("/notices/").content.decode()
    assert "第 2 件" in page and "3 条未读" in page
    first = client.get("/api/v1/notices/inbox").json()
    assert first["unread"] == 3 and [row["title"] for row in first["notices"]] == ["第 2 件", "第 1 件", "第 0 件"]
    newest, oldest = first["notices"][0]["id"], first["notices"][2]["id"]
    assert client.post(f"/notices/{newest}/open")["Location"] == "/settings"
    assert client.post(f"/notices/{oldest}/open")["Location"] == "/notices/", "never out of the house"
    assert as_("mei").post(f"/notices/{newest}/open").status_code == 404
    assert client.post("/notices/read")["Location"] == "/notices/"
    assert client.get("/api/v1/notices/inbox?unread=true").json() == {"unread": 0, "notices": []}


def test_the_interface_names_the_field_in_chinese(as_, world):
    client = as_("li")
    wrong = client.post("/api/v1/notices/read", {"ids": ["x"]}, "application/json")
    assert wrong.status_code == 422
    error = wrong.json()["error"]
    assert error["code"] == "invalid" and error["fields"] == {"ids.0": "通知编号：应为整数。"}
    missing = client.post("/api/v1/notices/read", {}, "application/json").json()["error"]
    assert missing["fields"] == {"ids": "通知编号：必须填写。"}
    broken = client.post("/api/v1/notices/read", "{", "application/json")
    assert broken.status_code == 400 and "JSON" in broken.json()["error"]["message"]
    form = client.post("/api/v1/notices/read", {"ids": 1})
    assert form.status_code in (415, 422) and form.json()["error"]["message"]
    assert Client().get("/api/v1/notices/inbox").status_code == 401


def test_a_session_needs_the_csrf_token_to_write_by_the_interface(world):
    client = Client(enforce_csrf_checks=True)
    client.cookies[COOKIE] = log_in(world.people["li"], agent="test", address="127.0.0.1", at=now())
    refused = client.post("/api/v1/notices/read", {"ids": [1]}, "application/json")
    assert refused.status_code == 403 and refused.json()["error"]["code"] == "forbidden"


def test_the_interface_is_documented_as_openapi_3_1_without_script(as_, world):
    client = as_("li")
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1") and "/api/v1/notices/inbox" in schema["paths"]
    page = client.get("/api/v1/docs")
    assert page.status_code == 200 and "<script" not in page.content.decode() and "收件箱" in page.content.decode()
