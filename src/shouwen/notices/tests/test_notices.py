"""People are told once, and what leaves the house is neither lost nor sent inside a transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shouwen.estate.models import Community
from shouwen.kernel import batch
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.notices import actions, channels, chores, queries
from shouwen.notices.actions import News, tell
from shouwen.notices.models import Channel, Delivery, Notice
from shouwen.org.models import User

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7abc-4bc4-97a0-0ec2sifa5aaa"
pytestmark = pytest.mark.both


@pytest.fixture
def people(db):
    with bookkeeping("test"):
        places = [Community.objects.create(slug=slug, name=name) for slug, name in (("liyuan", "荔园"), ("yunxi", "云溪"))]
        users = [User.objects.create(username=slug, name=name) for slug, name in (("li", "李静"), ("zhang", "张伟"))]
    return places, users


def as_(user, *permissions, place=1):
    return Actor(id=user.pk, name=user.name, grants={name: frozenset({place}) for name in permissions})


def news(user, key="t1.1.0", why="late", **more):
    given = {"community_id": 1, "title": "已超时：投诉处理「派单」", "body": "TS-20261123-001 3-1-1201 灯不亮", "at": NINE,
             "about": "ticket:1/dispatch", "url": "/tickets/1", "user_id": user.pk, "key": f"{key}.{user.pk}", "why": why}
    return News(**(given | more))


def told(*each):
    with bookkeeping("test"):
        tell(each)


@pytest.fixture
def sink(monkeypatch):
    """Catches what would go to chat groups; a test may make it fail."""
    sent, fail = [], []

    def send(address, notice, key):
        if fail:
            raise fail.pop()
        sent.append((address, notice.title, key))

    for kind in ("wecom", "dingtalk", "feishu"):
        monkeypatch.setitem(channels.SENDERS, kind, send)
    send.sent, send.fail = sent, fail
    return send


def group(place=1, **more):
    return actions.add_channel(SYSTEM, place, kind="wecom", title="值班经理群", address=WECOM, at=NINE, **more)


# --- telling -----------------------------------------------------------------------------------------------------------


def test_told_once_under_a_key_and_in_one_statement(people):
    _, (li, zhang) = people
    actions.routes()  # the channels are known
    with bookkeeping("test"):
        tell([news(li), news(zhang), news(li)])
        assert len(batch._pending.get()) == 1, "one statement, sent with the others of its action"
    told(news(li, title="改了"))
    assert Notice.objects.count() == 2 and not Notice.objects.filter(title="改了").exists()
    told()


def test_telling_outside_an_action_is_a_programming_error(people):
    from shouwen.kernel.journal import Unwritten

    with pytest.raises(Unwritten):
        tell([news(people[1][0])])


def test_inbox_is_ones_own(people):
    _, (li, zhang) = people
    told(news(li), news(li, key="t2.1.0"), news(zhang))
    assert queries.unread(as_(li)) == 2 and queries.unread(as_(zhang)) == 1 and queries.unread(SYSTEM) == 0
    mine = list(queries.inbox(as_(li)))
    assert [row.key for row in mine] == [f"t2.1.0.{li.pk}", f"t1.1.0.{li.pk}"]
    with pytest.raises(NotFound):
        queries.notice(as_(zhang), mine[0].pk)
    assert actions.mark_read(as_(zhang), NINE, [mine[0].pk]) == 0, "nobody reads for somebody else"
    assert actions.mark_read(as_(li), NINE, [mine[0].pk]) == 1 and queries.unread(as_(li)) == 1
    assert actions.mark_read(as_(li), NINE) == 1 and queries.unread(as_(li)) == 0


def test_unread_is_counted_to_a_hundred(people):
    _, (li, _) = people
    told(*[news(li, key=f"k{n}") for n in range(130)])
    assert queries.unread(as_(li)) == 100


def test_who_was_told_about_a_ticket_is_seen_in_its_community_only(people):
    _, (li, zhang) = people
    told(news(li), news(zhang, key="t2", about="ticket:12"))
    assert [row.user for row in queries.about(as_(zhang, "tickets.view"), "ticket:1", 1)] == [li]
    assert not queries.about(as_(zhang, "tickets.view", place=2), "ticket:1", 1).exists()


def test_announcing_by_hand(people):
    _, (li, zhang) = people
    chief = as_(zhang, "notices.send")
    for _ in range(2):
        actions.announce(chief, 1, users=[li.pk, 99], title="明早停水", body="六点到八点", key="f1", at=NINE)
    assert Notice.objects.get().title == "明早停水"
    assert Entry.objects.filter(code="notice.sent").first().text == "向 1 人发出通知「明早停水」"
    for wrong in ({"users": []}, {"title": " "}, {"title": "x" * 101}, {"body": "\x00"}):
        with pytest.raises(Refused):
            actions.announce(chief, 1, **({"users": [li.pk], "title": "t", "body": "", "key": "f2", "at": NINE} | wrong))
    with pytest.raises(Forbidden):
        actions.announce(as_(li), 1, users=[li.pk], title="t", body="", key="f3", at=NINE)


# --- channels ----------------------------------------------------------------------------------------------------------


def test_a_group_hears_the_same_thing_once_and_a_person_their_own(people, sink):
    _, (li, zhang) = people
    group()
    with bookkeeping("test"):
        User.objects.filter(pk=li.pk).update(email="li@example.com")
    actions.add_channel(SYSTEM, None, kind="email", title="李静邮箱", address="li@example.com", user=li.pk, at=NINE)
    told(news(li), news(zhang))
    told(news(zhang, key="other", community_id=2, title="别的小区"))
    told(news(zhang, key="party", user_id=None, party="requester"))
    assert chores.deliver(NINE) == 2
    assert [title for _, title, _ in sink.sent] == ["已超时：投诉处理「派单」"]
    assert [message.to for message in mail.outbox] == [["li@example.com"]]
    message = mail.outbox[0]
    assert "灯不亮" in message.body and "/tickets/1" in message.body and f"<t1.1.0.{li.pk}." in message.extra_headers["Message-ID"]


def test_a_channel_may_hear_only_what_is_late(people, sink):
    _, (li, _) = people
    group(whys=["late"])
    told(news(li, why="opened"))
    assert chores.deliver(NINE) == 0
    told(news(li, key="t2", why="late"))
    assert chores.deliver(NINE) == 1


def test_a_stopped_channel_hears_nothing_more(people, sink):
    _, (li, _) = people
    row = group()
    told(news(li))
    actions.switch_channel(SYSTEM, 1, channel=row.pk, active=False, at=NINE)
    told(news(li, key="t2"))
    assert chores.deliver(NINE) == 1 and not sink.sent
    assert Delivery.objects.get().state == "dropped"
    with pytest.raises(NotFound):
        actions.switch_channel(SYSTEM, 2, channel=row.pk, active=True, at=NINE)


@pytest.mark.parametrize("kind,address", [
    ("wecom", "http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1"),
    ("wecom", "https://127.0.0.1/cgi-bin/webhook/send?key=1"),
    ("wecom", "https://qyapi.weixin.qq.com@127.0.0.1/cgi-bin/webhook/send?key=1"),
    ("wecom", "https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key=1"),
    ("dingtalk", WECOM), ("feishu", "file:///etc/passwd"), ("feishu", ""), ("email", "not a mail"), ("email", "a@b\nBcc: c@d.e"),
    ("sms", "13800000000"),
])
def test_an_address_elsewhere_is_refused(people, kind, address):
    with pytest.raises(Refused):
        actions.add_channel(SYSTEM, 1, kind=kind, title="群", address=address, at=NINE)
    assert not Channel.objects.exists()


def test_the_real_addresses_of_three_chats_are_taken_and_kept_secret(people):
    for kind, address in {
        "wecom": WECOM,
        "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=" + "a1" * 32,
        "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/0e9a3f2c-1111-2222-3333-444455556666",
    }.items():
        row = actions.add_channel(SYSTEM, 1, kind=kind, title=kind, address=address, at=NINE)
        assert address.encode() not in bytes(Channel.objects.get(pk=row.pk).address_sealed)
        assert actions.address_of(row) == address
    assert not Entry.objects.filter(data__contains="access_token").exists()


# --- delivery ----------------------------------------------------------------------------------------------------------


def test_it_waits_longer_each_time_and_then_gives_up_loudly(people, sink, caplog):
    _, (li, _) = people
    group()
    told(news(li))
    at, waits = NINE, []
    for _ in chores.WAITS:
        sink.fail.append(channels.NotSent(f"没有接收 {WECOM}"))
        assert chores.deliver(at) == 1
        row = Delivery.objects.get()
        waits.append((row.next_at - at) // MINUTE)
        assert chores.deliver(row.next_at - MINUTE / 60) == 0, "not before its time"
        at = row.next_at
    assert waits == [1, 2, 5, 10, 30, 60, 60, 60]
    sink.fail.append(channels.NotSent("没有接收"))
    chores.deliver(at)
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.next_at) == ("failed", 9, None)
    assert "已放弃" in Entry.objects.get(code="delivery.given_up").text
    assert any(record.levelname == "ERROR" for record in caplog.records)
    assert "693a91f6" not in row.error and "693a91f6" not in caplog.text, "the secret address stays out of errors and logs"
    assert chores.deliver(at + timedelta(days=1)) == 0
    assert list(queries.troubled(SYSTEM)) == [row] and not queries.troubled(as_(li)).exists()


def test_after_a_failure_it_arrives(people, sink):
    _, (li, _) = people
    group()
    told(news(li))
    sink.fail.append(TimeoutError())
    chores.deliver(NINE)
    assert not sink.sent
    chores.deliver(NINE + MINUTE)
    assert len(sink.sent) == 1 and Delivery.objects.get().state == "sent"


def test_one_bad_delivery_does_not_stop_the_others(people, sink):
    _, (li, _) = people
    group()
    told(*[news(li, key=f"t{n}", title=f"第 {n} 件") for n in range(3)])
    sink.fail.append(ZeroDivisionError())
    assert chores.deliver(NINE) == 3 and len(sink.sent) == 2


def test_killed_between_sending_and_marking_it_is_sent_again_under_the_same_key(people, sink, monkeypatch):
    _, (li, _) = people
    group()
    told(news(li))

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(chores, "_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            chores.deliver(NINE)
    assert chores.deliver(NINE + MINUTE) == 0, "the lease still holds"
    assert chores.deliver(NINE + chores.LEASE + MINUTE) == 1
    assert len(sink.sent) == 2 and len({key for _, _, key in sink.sent}) == 1


def test_what_is_rolled_back_is_never_sent(people, sink):
    _, (li, _) = people
    group()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        told(news(li))
        raise ZeroDivisionError
    assert chores.deliver(NINE) == 0 and not Notice.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_sending_holds_no_transaction_and_two_workers_share_the_work(monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    actions.forget()
    with bookkeeping("test"):
        Community.objects.create(slug="liyuan", name="荔园")
        li = User.objects.create(username="li", name="李静")
    sent = []

    def send(address, notice, key):
        assert not connection.in_atomic_block
        sent.append(key)

    monkeypatch.setitem(channels.SENDERS, "wecom", send)
    group(None)
    told(*[news(li, key=f"t{n}", title=f"第 {n} 件") for n in range(40)])

    def work(_):
        try:
            return sum(chores.deliver(NINE, 5) for _ in range(8))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 40
    assert len(sent) == len(set(sent)) == 40


def test_an_idle_poll_writes_nothing(people):
    with CaptureQueriesContext(connection) as made:
        chores.deliver(NINE)
    assert len(made) == 1 and made[0]["sql"].lstrip().upper().startswith("SELECT")


def test_the_chat_program_takes_our_addresses_and_hears_only_title_and_link(people, monkeypatch):
    import apprise

    heard = []
    monkeypatch.setattr(apprise.Apprise, "notify", lambda self, body, title: heard.append((len(self), body)) or True)
    _, (li, _) = people
    told(news(li))
    for kind, address in (("wecom", WECOM), ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=" + "a1" * 32),
                          ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/0e9a3f2c-1111-2222-3333-444455556666")):
        channels.SENDERS[kind](address, Notice.objects.get(), "k1")
    assert [count for count, _ in heard] == [1, 1, 1], "apprise knows the robot behind each address"
    assert all("已超时" in body and "k1" in body and "灯不亮" not in body for _, body in heard)
