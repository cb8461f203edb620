"""One's own notices: gathered by matter, quiet hours that never silence what cannot wait, mail, what the browser shows."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Refused
from shouwen.notices import actions, channels, chores, queries
from shouwen.notices.models import Channel, Delivery, Notice
from shouwen.notices.quiet import quiet_until, send_at

from .test_notices import NINE, as_, news, people, told  # noqa: F401

pytestmark = pytest.mark.both
NIGHT = (time(22), time(7))


def china(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(("at", "until"), [
    (china(23, 21, 59), None), (china(23, 22), china(24, 7)), (china(24, 0), china(24, 7)), (china(24, 6, 59), china(24, 7)),
    (china(24, 7), None),
])  # fmt: skip
def test_quiet_hours_cross_midnight(at, until):
    assert quiet_until(at, *NIGHT) == until


def test_quiet_hours_within_a_day():
    assert quiet_until(china(23, 13), time(12), time(14)) == china(23, 14) and quiet_until(china(23, 14), time(12), time(14)) is None


def test_quiet_hours_hold_back_only_what_can_wait():
    night, morning = china(24, 2), china(24, 7)
    assert send_at(night, NIGHT, urgent=False, due=None) == morning
    assert send_at(night, NIGHT, urgent=False, due=china(24, 9)) == morning
    assert send_at(night, NIGHT, urgent=True, due=None) == night, "an emergency is never silenced"
    assert send_at(night, NIGHT, urgent=False, due=china(24, 2, 20)) == night, "nor what has to be done before they end"
    assert send_at(night, None, urgent=False, due=None) == night


def test_mail_in_quiet_hours_goes_in_the_morning_unless_it_cannot_wait(people):  # noqa: F811
    _, (li, _) = people
    li.email = "li@example.com"
    from shouwen.kernel.journal import bookkeeping

    with bookkeeping("test"):
        li.save()
    me = as_(li, "org.view")
    actions.set_own(me, 1, mail=True, late_only=False, quiet=NIGHT, at=NINE)
    night = china(24, 2)
    told(news(li, key="calm", why="opened", at=night), news(li, key="late", why="late", urgent=True, at=night),
         news(li, key="soon", why="opened", due=night + timedelta(minutes=20), at=night))  # fmt: skip
    due = {row.notice.key.split(".")[0]: row.next_at for row in Delivery.objects.select_related("notice")}
    assert due == {"calm": china(24, 7), "late": night, "soon": night}
    last, shown = queries.fresh(me, 0, night)
    assert [row.key.split(".")[0] for row in shown] == ["late", "soon"] and last == Notice.objects.order_by("-id").first().pk
    assert [row.key.split(".")[0] for row in queries.fresh(me, 0, china(24, 8))[1]] == ["calm", "late", "soon"]

    actions.set_own(me, 1, mail=False, late_only=False, quiet=None, at=NINE)
    assert queries.own_mail(me) is None and queries.quiet_hours(me) is None
    told(news(li, key="after", at=night))
    assert not Delivery.objects.filter(notice__key__startswith="after").exists()


def test_mail_needs_an_address_and_nothing_is_half_set(people):  # noqa: F811
    me = as_(people[1][0], "org.view")
    with pytest.raises(Refused, match="邮箱"):
        actions.set_own(me, 1, mail=True, late_only=False, quiet=NIGHT, at=NINE)
    with pytest.raises(Refused, match="不能相同"):
        actions.set_own(me, 1, mail=False, late_only=False, quiet=(time(7), time(7)), at=NINE)
    assert not Channel.objects.exists() and queries.quiet_hours(me) is None


def test_a_matter_is_one_line_and_is_read_as_one(people):  # noqa: F811
    _, (li, zhang) = people
    told(news(li, key="a", about="ticket:1/accept"), news(li, key="b", about="ticket:1/dispatch"), news(li, key="c", about="ticket:2"),
         news(li, key="d", about=""), news(zhang, key="a", about="ticket:1"))  # fmt: skip
    me = as_(li)
    assert [row.key.split(".")[0] for row in queries.threads(me)] == ["d", "c", "b"]
    assert queries.counts(me, ["ticket:1", "ticket:2"]) == {"ticket:1": (2, 2), "ticket:2": (1, 1)}
    assert actions.mark_read(me, NINE, subject="ticket:1") == 2
    assert queries.unread(me) == 2 and queries.unread(as_(zhang)) == 1, "the other's stays unread"
    assert [row.key.split(".")[0] for row in queries.threads(me, "unread")] == ["d", "c"]
    assert not queries.threads(SYSTEM).exists()


def mailed(li, **more):
    """What 李静 wants by mail, asked for at the address she has now, is due."""
    from shouwen.kernel.journal import bookkeeping

    with bookkeeping("test"):
        type(li).objects.filter(pk=li.pk).update(email="li@example.com")
    actions.set_own(as_(li, "org.view"), 1, mail=True, late_only=False, quiet=NIGHT, at=NINE)
    told(news(li, key="calm", why="opened", at=china(24, 2)))
    with bookkeeping("test"):
        type(li).objects.filter(pk=li.pk).update(**more)


def test_who_has_left_gets_no_more_mail(people, mailoutbox):  # noqa: F811
    mailed(people[1][0], is_active=False)
    assert chores.deliver(china(24, 8)) == 1 and mailoutbox == []
    assert (Delivery.objects.get().state, Delivery.objects.get().error) == ("dropped", "员工账号已停用")


def test_mail_goes_to_the_address_of_the_account_as_it_is_now(people, mailoutbox):  # noqa: F811
    mailed(people[1][0], email="lijing@example.com")
    assert chores.deliver(china(24, 8)) == 1 and [one.to for one in mailoutbox] == [["lijing@example.com"]]


def test_whose_address_was_taken_off_the_account_gets_no_mail(people, mailoutbox):  # noqa: F811
    mailed(people[1][0], email="")
    assert chores.deliver(china(24, 8)) == 1 and mailoutbox == [] and Delivery.objects.get().error == "账号里没有邮箱"


def test_a_refused_address_stands_in_no_error(people, monkeypatch):  # noqa: F811
    def refuse(address, notice, key):
        raise OSError(f"550 no such user {address}")

    monkeypatch.setitem(channels.SENDERS, "email", refuse)
    mailed(people[1][0], email="lijing@example.com")
    chores.deliver(china(24, 8))
    assert Delivery.objects.get().state == "pending" and "lijing" not in Delivery.objects.get().error


def test_a_channel_whose_address_cannot_be_read_holds_up_no_other(people, mailoutbox):  # noqa: F811
    from shouwen.kernel.journal import bookkeeping

    mailed(people[1][0])
    broken = actions.add_channel(SYSTEM, 1, kind="email", title="经理邮箱", address="boss@example.com", at=NINE)
    with bookkeeping("the key of this address is lost"):
        Channel.objects.filter(pk=broken.pk).update(address_sealed=b"spoilt")
    told(news(people[1][1], key="first", at=china(24, 1)), news(people[1][0], key="second", at=china(24, 8)))
    chores.deliver(china(24, 8))
    spoilt = Delivery.objects.filter(channel=broken)
    assert {row.state for row in spoilt} == {"pending"} and {row.error for row in spoilt} == {"渠道地址读不出来，请停用后重新添加"}
    assert len(mailoutbox) == 2
