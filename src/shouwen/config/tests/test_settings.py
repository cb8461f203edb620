"""The hub, the calendar's year, skills, how long things are kept; who hears that somebody asks to see a private value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shouwen.config import retention
from shouwen.duty import queries as duty
from shouwen.duty.models import Shift
from shouwen.duty.standard import SHIFTS
from shouwen.estate import actions as estate
from shouwen.estate.models import Community, Person
from shouwen.kernel import journal
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import NotFound
from shouwen.notices.actions import News, tell
from shouwen.notices.models import Channel, Delivery, Notice
from shouwen.org import actions as org_actions
from shouwen.org import queries as org
from shouwen.org.models import Department, User
from shouwen.org.standard import DEPARTMENTS
from shouwen.procedures import actions, attachments
from shouwen.procedures import retention as keeping
from shouwen.procedures.editions import LIBRARY
from shouwen.procedures.engine import read
from shouwen.procedures.models import Attachment, PrivateAnswers, Ticket
from shouwen.procedures.privacy import revealed
from shouwen.procedures.revising import put

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = AT + timedelta(days=400)
COMPLAINT = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天未修"}


@pytest.fixture
def house(demo, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    token = journal.clock.set(lambda: AT)
    yield demo
    journal.clock.reset(token)


@pytest.fixture
def as_(house):
    def browser(name):
        client = Client()
        client.cookies["shouwen_session"] = org_actions.log_in(org.user_by_username(name), agent="test", address="127.0.0.1", at=journal.now())
        return client

    return browser


def actor(name):
    return org.actor_for(org.user_id_of(name))


def ended(house, closed=AT):
    row = actions.file_ticket(actor("li"), house.liyuan, procedure="complaint", answers=COMPLAINT, at=AT)
    kept = attachments.attach(actor("li"), row, name="灯.png", content=b"\x89PNG\r\n\x1a\n" + bytes(str(row.id), "ascii"), at=AT)
    with bookkeeping("test"):
        Ticket.objects.filter(pk=row.id).update(closed_at=closed, status="closed")
    return row, kept


DAYS = {"private": 365, "files": 730, "loose": 30, "notices": 90}


def test_a_community_is_corrected_by_its_manager_and_added_by_head_office(as_, house):
    chen, kang = as_("chen"), as_("kang")
    assert chen.post("/settings/communities", {"part": "edit", "name": "荔园一期", "address": "", "phone": "0755-1"}).status_code == 302
    house.liyuan.refresh_from_db()
    assert (house.liyuan.name, house.liyuan.phone) == ("荔园一期", "0755-1")
    new = {"part": "add", "slug": "meiyuan", "name": "梅园", "address": "", "phone": ""}
    assert chen.post("/settings/communities", new).status_code == 404 and "增加小区" not in chen.get("/settings/communities").content.decode()
    for wrong, said in (({"slug": "Mei Yuan"}, "小写字母"), ({"slug": "yunxi"}, "已被使用"), ({"name": ""}, "必")):
        refused = kang.post("/settings/communities", new | wrong)
        assert refused.status_code == 422 and said in refused.content.decode()
    assert not Community.objects.filter(name="梅园").exists()
    assert kang.post("/settings/communities", new).status_code == 302
    added = Community.objects.get(slug="meiyuan")
    assert dict(Department.objects.filter(community=added).values_list("slug", "title")) == DEPARTMENTS
    assert list(Shift.objects.filter(community=added).order_by("id").values_list("slug", flat=True)) == [one[0] for one in SHIFTS]
    assert "梅园" in kang.get("/settings/communities").content.decode()
    assert "梅园" not in chen.get("/settings/communities").content.decode()


def test_a_community_names_who_receives_what_nobody_can_take(as_, house):
    chen, pk = as_("chen"), house.liyuan.pk

    def last():
        house.liyuan.refresh_from_db()
        return duty.directory(pk, house.liyuan.people_version).guaranteed()

    def who(name):
        return User.objects.get(username=name).pk

    assert last() == who("zhao")
    assert chen.post("/settings/communities", {"part": "last", "last": who("lin")}).status_code == 302 and last() == who("lin")
    assert f'<option value="{who("lin")}" selected>林芳' in chen.get("/settings/communities").content.decode()
    for stranger in (who("mei"), 10**9, "x"):
        assert chen.post("/settings/communities", {"part": "last", "last": stranger}).status_code == 422 and last() == who("lin")
    assert chen.post("/settings/communities", {"part": "last", "last": ""}).status_code == 302 and last() == who("zhao")
    assert as_("li").post("/settings/communities", {"part": "last", "last": who("li")}).status_code == 404


def test_the_hub_and_every_page_behind_it(as_):
    page = as_("chen").get("/settings").content.decode()
    for words in ("工作日历", "保存期限", "技能", "称谓对照", "通知渠道", "2027 年未确认", "未开启"):
        assert words in page
    for path in ("", "/communities", "/figures", "/calendar", "/skills", "/retention"):
        assert as_("li").get(f"/settings{path}").status_code == 404
        with CaptureQueriesContext(connection) as seen:
            assert as_("chen").get(f"/settings{path}").status_code == 200
        assert len(seen) <= 24, (path, len(seen))


def test_a_day_of_the_year_is_chosen_and_becomes_an_exception(as_):
    chen = as_("chen")
    page = chen.get("/settings/calendar?year=2026&day=2026-12-25").content.decode()
    assert 'value="2026-12-25"' in page and "is-holiday" in page and "国庆节" in page
    given = {"part": "day", "day": "2026-12-25", "works": "0", "name": "检修停电"}
    assert chen.post("/settings/calendar", given).status_code == 302
    assert "检修停电" in chen.get("/settings/calendar?year=2026").content.decode()
    assert chen.get("/settings/calendar?year=2026&day=nonsense").status_code == 200
    assert chen.post("/settings/calendar", given | {"day": "x"}).status_code == 422


def test_skills_are_listed_and_wanted_on_one_page(as_, house):
    chen = as_("chen")
    assert chen.post("/settings/skills", {"part": "add", "title": "水暖"}).status_code == 302
    assert chen.post("/settings/skills", {"part": "add", "title": ""}).status_code == 422
    skill = org.skill_list(actor("chen"), house.liyuan.pk).get()
    assert chen.post("/settings/skills", {"part": "want", "work": "repair", "skills": [str(skill.pk)]}).status_code == 302
    assert org.skills(house.liyuan.pk).wanted == {"repair": frozenset({"水暖"})}
    assert chen.post("/settings/skills", {"part": "want", "work": "nothing"}).status_code == 422
    assert chen.post("/settings/skills", {"part": "remove", "skill": "999999"}).status_code == 404
    assert chen.post("/settings/skills", {"part": "remove", "skill": str(skill.pk)}).status_code == 302
    assert org.skills(house.liyuan.pk).wanted == {}


def test_nothing_is_erased_until_it_is_turned_on_and_the_page_says_how_much_would_go(as_, house):
    row, kept = ended(house)
    journal.clock.set(lambda: LATER)
    assert retention.clear(LATER) == 0 and revealed(row.id)["caller"] == "王秀英"
    chen = as_("chen")
    assert chen.post("/settings/retention", {**{k: str(v) for k, v in DAYS.items()}}).status_code == 302
    page = chen.get("/settings/retention").content.decode()
    assert "今晚就会清除 1 项" in page
    assert chen.post("/settings/retention", {**{k: str(v) for k, v in DAYS.items()}, "on": "yes"}).status_code == 302
    assert chen.post("/settings/retention", {"private": "5"}).status_code == 422
    assert retention.clear(LATER) == 1
    assert not PrivateAnswers.objects.filter(ticket=row.id).exists()
    kept.refresh_from_db()
    assert kept.erased_at is None, "files stay longer here"
    assert "1 张工单的隐私内容、0 份附件" in Entry.objects.get(code="retention.erased").text
    assert retention.clear(LATER + timedelta(days=365)) == 1
    kept.refresh_from_db()
    assert kept.erased_at is not None
    with pytest.raises(NotFound, match="保存期限"):
        attachments.content_of(kept)
    assert retention.clear(LATER + timedelta(days=365)) == 0


def test_the_procedures_own_keeps_goes_before_the_setting():
    text = (LIBRARY / "complaint.yaml").read_text("utf-8")
    ten, forever = (read(put(text, ("steps", "archive", "keeps"), said)) for said in ("10 years", "permanent"))
    months = read(put(text, ("steps", "intake", "keeps"), "6 months"))
    assert keeping.ends(ten, ["archive"], AT, 365) == AT.replace(year=2036)
    assert keeping.ends(forever, ["archive"], AT, 365) is None
    assert keeping.ends(ten, ["intake"], AT, 365) == AT + timedelta(days=365), "a step that was not done says nothing"
    assert keeping.ends(months, ["intake"], AT, keeping.FOREVER) == datetime(2027, 5, 23, 1, 0, tzinfo=UTC)
    assert keeping.ends(read(text), [], AT, keeping.FOREVER) is None


def test_two_attachments_of_one_content_share_the_file_until_the_last_goes(house, django_capture_on_commit_callbacks):
    _, kept = ended(house)
    twin = Attachment.objects.get(pk=kept.pk)
    with bookkeeping("test"):
        twin.pk, twin.key, twin.ticket_id = None, "twin", None
        twin.save(force_insert=True)
    periods = keeping.Periods(private=0, files=365, loose=0)
    with django_capture_on_commit_callbacks(execute=True):
        done = keeping.erase(SYSTEM, house.liyuan.pk, periods=periods, at=LATER)
    assert (done.files, done.private, done.loose) == (1, 0, 0)
    twin = Attachment.objects.get(key="twin")
    assert attachments.content_of(twin)
    with django_capture_on_commit_callbacks(execute=True):
        keeping.erase(SYSTEM, house.liyuan.pk, periods=keeping.Periods(private=0, files=0, loose=30), at=LATER)
    with pytest.raises(NotFound, match="存储"):
        attachments.content_of(twin)


def test_old_read_notices_go_and_unread_ones_stay(house):
    chen = org.user_id_of("chen")
    with bookkeeping("test"):
        tell([News(key=f"k{n}", community_id=house.liyuan.pk, why="told", title=str(n), at=AT, user_id=chen) for n in range(2)])
    with bookkeeping("test"):
        Notice.objects.filter(key="k0").update(read_at=AT)
    retention.set_retention(actor("chen"), house.liyuan, days=DAYS, on=True, at=AT)
    assert retention.clear(LATER) == 1
    assert list(Notice.objects.filter(key__in=("k0", "k1")).values_list("key", flat=True)) == ["k1"]


def test_a_channel_is_tested_by_a_message_of_its_own(as_, house):
    chen = as_("chen")
    chen.post("/notices/channels", {"kind": "email", "title": "值班邮箱", "address": "duty@example.com"})
    row = Channel.objects.get()
    assert chen.post(f"/notices/channels/{row.pk}/test").status_code == 302
    assert Delivery.objects.get().channel_id == row.pk
    assert "等待投递" in chen.get("/notices/channels").content.decode()
    assert as_("mei").post(f"/notices/channels/{row.pk}/test").status_code in (403, 404)


def test_who_may_agree_hears_that_somebody_asks_to_see_a_private_value(house):
    person = Person.objects.filter(community=house.liyuan).exclude(phone_masked="").first()
    reveal = estate.ask_reveal(actor("li"), person, field="phone", reason="联系不上业主本人", at=AT)
    told = Notice.objects.filter(key__startswith=f"reveal.{reveal.pk}.")
    assert told, "somebody hears"
    assert all(org.actor_for(n.user_id).may("estate.approve_reveal", house.liyuan.pk) and n.user_id != org.user_id_of("li") for n in told)
    assert "联系不上业主本人" in told[0].body and told[0].url == "/estate/reveals"
