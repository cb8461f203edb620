"""Counting, what is late, what is lost, keepers and leave, mail and parcels."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from shouwen.custody import actions, cards, chores, queries
from shouwen.custody.models import Count, Keeping, Loan, Move, Thing
from shouwen.custody.rules import Taker
from shouwen.custody.tests.conftest import EMPTY, HOME, OWNER, Keys, family
from shouwen.duty import actions as duty
from shouwen.duty.models import Handover, HandoverLine, LogLine
from shouwen.estate.models import Unit
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.notices.models import Notice
from shouwen.org import actions as org
from shouwen.org.tests.world import MONDAY

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.shows("D4.24", "D4.26", "D4.57", "D4.58", "D4.59", "D4.82", "D4.83", "D4.84", "D11.18", "D11.19")
def test_what_is_not_back_at_closing_is_raised_every_day_until_it_is(keys: Keys) -> None:
    loan = keys.lend(keys.take_in("vacant"))
    assert loan.due_at is not None
    assert chores.watch(loan.due_at - MINUTE) == 0
    assert chores.watch(loan.due_at + MINUTE) == 1 and chores.watch(loan.due_at + 2 * MINUTE) == 0, "once that day"
    told = set(Notice.objects.filter(why="late").values_list("user_id", flat=True))
    assert {keys.user("wang").pk, keys.user("lin").pk} <= told
    actions.follow_up(keys.actor("li"), loan, reason="王强出急修，明早还", at=loan.due_at + HOUR)
    assert Notice.objects.filter(user_id=keys.user("lin").pk, title__contains="出急修").exists()
    assert chores.watch(loan.due_at + DAY) == 1 and Move.objects.filter(kind="overdue").count() == 2
    actions.give_back(keys.actor("li"), loan, code=loan.thing.code, quantity=1, at=loan.due_at + DAY + HOUR)
    assert chores.watch(loan.due_at + 3 * DAY) == 0
    assert LogLine.objects.filter(text__contains="逾期").count() + LogLine.objects.filter(text__contains="催还").count() >= 2


@pytest.mark.parametrize("kind", [
    pytest.param("vacant", marks=pytest.mark.shows("D2.71", "D4.54")), pytest.param("entrusted", marks=pytest.mark.shows("D2.70", "D4.09")),
    pytest.param("repair", marks=pytest.mark.shows("D4.70")),
])  # fmt: skip
@pytest.mark.shows("D4.39", "D4.40")
def test_the_daily_count_raises_a_difference_the_same_day(keys: Keys, kind: str) -> None:
    first, second, out = (keys.take_in(kind, quantity=2) for _ in range(3))
    if kind == "entrusted":
        keys.lend(out, way="owner", to="", taker=Taker(OWNER, paper="id"), quantity=2)
    else:
        keys.lend(out, quantity=2)
    store, li = keys.stores[kind], keys.actor("li")
    assert store.pk in {one.pk for one in queries.uncounted(queries.stores(li, keys.here.pk), MONDAY)}
    right = actions.count(li, store, found={first.pk: 2, second.pk: 2}, locked=True, at=MONDAY)
    assert (right.differing, right.present, right.out) == (0, 4, 1)
    assert store.pk not in {one.pk for one in queries.uncounted(queries.stores(li, keys.here.pk), MONDAY)}
    with pytest.raises(Refused, match="没有上锁"):
        actions.count(li, store, found={first.pk: 2, second.pk: 2}, locked=False, at=MONDAY)
    with pytest.raises(Conflict, match="对不上"):
        actions.count(li, store, found={999999: 1}, locked=True, at=MONDAY)
    wrong = actions.count(li, store, found={first.pk: 2, second.pk: 1, out.pk: 2}, locked=True, notes={second.pk: "少一把"}, at=MONDAY + HOUR)
    assert sorted((one.thing.number, one.expected, one.found) for one in wrong.differences.select_related("thing")) == [(second.number, 2, 1), (out.number, 0, 2)]
    assert Notice.objects.filter(user_id=keys.user("lin").pk, title__contains="2 处不符").exists()
    with pytest.raises(Forbidden):
        actions.see_differences(li, wrong, remark="再找找", at=MONDAY + HOUR)
    actions.see_differences(keys.actor("lin"), wrong, remark="李静今天内查清", at=MONDAY + HOUR)
    for change in (lambda: Count.objects.filter(pk=wrong.pk).update(differing=0), lambda: Count.objects.filter(pk=wrong.pk).update(seen_note="没事")):
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody tries"):
            change()


@pytest.mark.shows("D4.39", "D4.105")
def test_keys_that_nobody_counted_are_named_in_the_evening(keys: Keys) -> None:
    key, sealed = keys.take_in("vacant"), keys.take_in("sealed")
    actions.count(keys.actor("li"), keys.stores["vacant"], found={key.pk: 1}, locked=True, at=MONDAY)
    assert chores.uncounted(MONDAY + 8 * HOUR) == 1
    assert {(one.title, one.user_id) for one in Notice.objects.filter(key__startswith="custody:uncounted")} == {
        (f"「{sealed.store.title}」今天还没有清点", keys.user(name).pk) for name in ("li", "lin")
    }, "the sealed keys are counted too; empty places need not be"


@pytest.mark.shows("D4.04", "D4.10", "D4.12", "D4.25", "D4.27", "D4.28", "D4.47", "D4.48", "D4.50", "D4.51", "D4.52", "D4.68", "D11.10")
def test_a_place_has_one_keeper_and_passes_counted(keys: Keys) -> None:
    store, lin = keys.stores["entrusted"], keys.actor("lin")
    key = keys.take_in("entrusted", quantity=2)
    with pytest.raises(Refused, match="当面清点"):
        actions.set_keeper(lin, store, user=keys.user("he"), counted=None, at=MONDAY)
    with pytest.raises(Refused, match="账上应有 2，点得 1"):
        actions.set_keeper(lin, store, user=keys.user("he"), counted=1, at=MONDAY)
    with pytest.raises(Refused, match="没有收发"):
        actions.set_keeper(lin, store, user=keys.user("wang"), counted=2, at=MONDAY)
    with pytest.raises(Forbidden, match="李静保管"):
        keys.lend(key, by="he", way="owner", to="", taker=Taker(OWNER, paper="id"))
    org.delegate(lin, keys.here, user=keys.user("li"), to=keys.user("xu"), starts_at=MONDAY, ends_at=MONDAY + DAY, reason="休假", at=MONDAY)
    loan = keys.lend(key, by="xu", way="owner", to="", taker=Taker(OWNER, paper="id"), at=MONDAY + HOUR)
    actions.give_back(keys.actor("xu"), loan, code=key.code, quantity=2, at=MONDAY + 2 * HOUR)
    with pytest.raises(Forbidden):
        keys.lend(key, by="xu", way="owner", to="", taker=Taker(OWNER, paper="id"), at=MONDAY + 2 * DAY)
    actions.set_keeper(lin, store, user=keys.user("he"), counted=2, at=MONDAY + 2 * DAY)
    with transaction.atomic(), pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("a second keeper"):
        Keeping.objects.create(store=store, user=keys.user("xu"), starts_at=MONDAY, by_name="某人")
    temporary = {"purpose": "临时代存转交", "recipient": "", "valid_until": MONDAY + 3 * DAY}
    with pytest.raises(Refused, match="转交给谁"):
        keys.take_in("entrusted", **temporary)
    assert keys.take_in("entrusted", **temporary | {"recipient": "小时工张阿姨"}).recipient == "小**"


@pytest.mark.shows("D4.25", "D4.38", "D4.62", "D4.63", "D4.87", "D4.88", "D11.06", "D11.07", "D11.24", "D11.25")
def test_a_loss_is_reported_with_its_course_and_names_who_answers(keys: Keys) -> None:
    key, repair = keys.take_in("vacant"), keys.take_in("repair")
    loan = keys.lend(key)
    report = lambda thing, course="昨日试水后未交回，说放在工具车上不见了": actions.report_loss(keys.actor("li"), thing, what="lost", course=course, at=MONDAY + HOUR)  # noqa: E731
    with pytest.raises(Refused, match="详细"):
        report(key, "丢了")
    report(key)
    key.refresh_from_db()
    said = Move.objects.get(kind="lost").text
    assert key.state == "lost" and "在王强手里" in said and "李静发放" in said and "责任：当事人" in said
    assert Notice.objects.filter(user_id=keys.user("lin").pk, urgent=True, title__contains="遗失").exists()
    with pytest.raises(Conflict):
        report(key)
    actions.settle(keys.actor("lin"), key, how="recut", remark="补配两把", quantity=2, at=MONDAY + 2 * HOUR)
    key.refresh_from_db()
    loan.refresh_from_db()
    assert (key.state, key.quantity, loan.state) == ("in", 2, "closed")
    report(repair)
    assert "责任：发放人" in Move.objects.filter(kind="lost").latest("id").text


@pytest.mark.shows("D1.08", "D1.09", "D1.11")
def test_the_desk_keeps_nothing_for_anybody_unless_a_head_agrees(keys: Keys) -> None:
    thing = {"title": "雨伞一把", "unit": HOME, "whose": OWNER}
    with pytest.raises(Refused, match="不为任何人寄放"):
        keys.take_in("article", **thing, permit="林芳")
    assert keys.take_in("article", by="lin", **thing, permit="林芳").permit == "林芳"
    with pytest.raises(Refused, match="按钥匙登记"):
        keys.take_in("article", by="lin", permit="林芳", title="备用钥匙", unit=HOME, whose=OWNER)


def test_a_parcel_goes_to_whoever_shows_the_paper_and_only_once(keys: Keys) -> None:
    parcel = keys.take_in("parcel")
    take = lambda taker, way="proxy": keys.lend(parcel, way=way, to="", taker=taker, purpose="领取")  # noqa: E731
    with pytest.raises(Refused, match="应查验身份证"):
        take(family(paper="permit"))
    loan = take(family())
    parcel.refresh_from_db()
    assert (loan.state, parcel.state, parcel.gone_at) == ("gone", "gone", MONDAY)
    with pytest.raises(Conflict, match="已交还"):
        take(Taker(OWNER, paper="id"), "owner")


def test_the_counter_sees_the_key_drawer_and_the_mail_of_the_caller(keys: Keys) -> None:
    home, empty = Unit.objects.get(code=HOME), Unit.objects.get(code=EMPTY)
    li, at = keys.actor("li"), MONDAY + 5 * DAY
    assert cards.keys(li, home, at) is None and cards.mail(li, home, at) is None
    keys.take_in("parcel")
    keys.lend(keys.take_in("vacant"))
    assert "BG-0001" in cards.mail(li, home, at).text and "已放 5 天" in cards.mail(li, home, at).text
    assert "逾期，在王强手里" in cards.keys(li, empty, at).text
    assert cards.keys(keys.actor("mei"), empty, at) is None, "another community"


def test_nobody_of_another_community_sees_or_touches_it(keys: Keys) -> None:
    key = keys.take_in("vacant")
    mei = keys.actor("mei")
    assert not queries.things(mei).exists() and queries.by_code(mei, keys.here.pk, key.code) is None
    with pytest.raises(Forbidden):
        keys.lend(key, by="mei")
    with pytest.raises(Forbidden):
        actions.report_loss(mei, key, what="lost", course="不知道放在哪里了", at=MONDAY)
    assert not Loan.objects.exists() and Thing.objects.get().state == "in"


@pytest.mark.shows("D1.13", "D1.14", "D1.15", "D1.16", "D4.106", "D5.08", "D5.09", "D5.10")
def test_the_hand_over_of_the_desk_counts_what_the_books_say(keys: Keys) -> None:
    for kind, quantity in (("vacant", 3), ("sealed", 1), ("parcel", 1)):
        keys.take_in(kind, quantity=quantity)
    lent = keys.take_in("vacant", quantity=2)
    keys.lend(lent, quantity=2)
    duty.open_handover(keys.actor("li"), keys.here, post="receptionist", at=MONDAY)
    sheet = Handover.objects.get()
    expected = lambda: {line.title: line.expected for line in HandoverLine.objects.filter(handover=sheet, about__startswith="custody.")}  # noqa: E731
    assert expected() == {"desk 柜（在位）": 0, "entrusted 柜（在位）": 0, "entrusted 柜 封存信封": 1, "mail 柜（在位）": 1, "repair 柜（在位）": 0, "room 柜（在位）": 0, "vacant 柜（在位）": 3, "article 柜（在位）": 0}
    actions.give_back(keys.actor("li"), Loan.objects.get(), code=lent.code, quantity=2, at=MONDAY + MINUTE)
    duty.refresh(keys.actor("li"), sheet, at=MONDAY + 2 * MINUTE)
    assert expected()["vacant 柜（在位）"] == 5
