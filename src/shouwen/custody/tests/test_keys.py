"""Keys: where they stand, whose word they go out on, what comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from shouwen.custody import actions, queries
from shouwen.custody.models import Loan, Move, Thing
from shouwen.custody.rules import Taker
from shouwen.custody.tests.conftest import EMPTY, HOME, Keys, family, said
from shouwen.duty.models import LogLine
from shouwen.estate.private import unseal
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.notices.models import Notice
from shouwen.org.tests.world import MONDAY

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.shows("D4.01", "D4.06", "D4.07", "D4.08", "D4.11", "D4.53", "D4.55", "D4.69", "D4.71")
def test_a_key_stands_in_a_place_of_its_class(keys: Keys) -> None:
    key = keys.take_in("vacant", hook=7)
    assert (key.number, key.state, key.hook, key.unit.code) == ("KF-0001", "in", 7, EMPTY)
    assert keys.take_in("vacant", hook=8).number == "KF-0002"
    with pytest.raises(Refused, match="要单独存放"):
        keys.take_in("vacant", store=keys.stores["entrusted"])
    with pytest.raises(Refused, match="要单独存放"):
        keys.take_in("repair", store=keys.stores["vacant"])
    with pytest.raises(Conflict, match="7 号上已经挂着"):
        keys.take_in("vacant", hook=7)
    with pytest.raises(Refused, match="不是空房"):
        keys.take_in("vacant", unit=HOME)
    with pytest.raises(Refused, match="寄存用途"):
        keys.take_in("entrusted", purpose="帮忙浇花")
    with pytest.raises(Refused, match="试过钥匙"):
        keys.take_in("entrusted", verified=False)
    deposited = keys.take_in("entrusted")
    assert deposited.whose == "王**" and unseal(deposited.private)["name"] == "王秀英", "in full only encrypted"
    assert Thing.objects.count() == 3 and LogLine.objects.filter(text__contains="收存 1 把").count() == 3


@pytest.mark.shows("D4.56", "D4.57", "D4.22", "D4.36", "D4.37", "D4.60", "D4.61", "D4.29", "D4.108", "D11.11", "D11.12")
def test_lent_counted_back_and_nothing_else_in_between(keys: Keys) -> None:
    key, other = keys.take_in("vacant", quantity=2), keys.take_in("vacant")
    with pytest.raises(Refused, match="写明用途"):
        keys.lend(key, purpose=" ")
    loan = keys.lend(key, at=MONDAY + HOUR)
    assert loan.state == "out" and loan.who == "王强" and loan.due_at == queries.closing(keys.here.pk, MONDAY)
    with pytest.raises(Conflict, match="已借出"):
        keys.lend(key, to="wu")
    give = lambda **given: actions.give_back(keys.actor("li"), loan, at=MONDAY + 2 * HOUR, **{"code": key.code, "quantity": 2, **given})  # noqa: E731
    with pytest.raises(Refused, match="不是借出的"):
        give(code=other.code)
    with pytest.raises(Refused, match="少 1 把"):
        give(quantity=1)
    give(quantity=1, remark="另一把断在锁里")
    assert Loan.objects.get().state == "out" and Notice.objects.filter(title__contains="短缺 1 把").exists()
    give(quantity=1, code=key.number.lower())
    loan.refresh_from_db()
    key.refresh_from_db()
    assert (loan.state, loan.returned, loan.back_by, key.state) == ("closed", 2, "李静", "in")
    assert sum(Move.objects.filter(thing=key).values_list("quantity", flat=True)) == key.quantity, "the book is the sum of its moves"
    assert [line.text.split("：")[1][:2] for line in LogLine.objects.filter(about=f"key:{key.pk}").order_by("id")] == ["收存", "王强", "王强", "王强"]
    for change in (lambda: Move.objects.update(text="没有借过"), lambda: Move.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody tries"):
            change()


@pytest.mark.shows("D4.21", "D4.30", "D4.31", "D4.32", "D4.33", "D4.34", "D4.35", "D4.72", "D4.74", "D4.75", "D4.76", "D4.77", "D4.78")
def test_a_proxy_shows_the_paper_of_their_kind_and_the_owner_agrees(keys: Keys) -> None:
    key, repair = keys.take_in("entrusted"), keys.take_in("repair")
    take = lambda taker, words=None, thing=key: keys.lend(thing, way="proxy", to="", taker=taker, words=(said(),) if words is None else words, purpose="看房")  # noqa: E731
    for taker, complaint in (
        (family(relation="nanny"), "应查验出入证"), (family(relation="nanny", paper="permit", valid_on=MONDAY.date() - timedelta(1)), "有效期"),
        (family(paper="permit"), "应查验身份证或业户委托书"), (family(kept=""), "留存身份证复印件"), (family(relation="friend"), "只能由"), (family(name=""), "填写姓名"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=complaint):
            take(taker)
    with pytest.raises(Refused, match="先联系业户"):
        take(family(), ())
    with pytest.raises(Refused, match="业户不同意"):
        take(family(), (said(answer="no"),))
    with pytest.raises(Refused, match="没有联系上业户"):
        take(family(), (said(answer="none"),))
    with pytest.raises(Refused, match="一天以前的不算"):
        take(family(), (said(at=MONDAY - timedelta(days=2)),))
    loan = take(family(), (said(at=MONDAY - 3 * MINUTE),))
    assert loan.who == "王**（家属）" and unseal(loan.private)["name"] == "王小宝"
    call = LogLine.objects.get(text__contains="电话联系业户王**：同意")
    assert call.event_at == MONDAY - 3 * MINUTE and "09:57" in call.text
    assert not LogLine.objects.filter(text__contains="王小宝").exists()
    with pytest.raises(Refused, match="只能由家属、代理人"):
        take(family(relation="nanny", paper="permit", valid_on=MONDAY.date()), thing=repair)
    nanny = keys.lend(keys.take_in("entrusted"), way="proxy", to="", purpose="打扫", words=(said(),), taker=family(relation="nanny", paper="permit", kept="", valid_on=MONDAY.date()))
    assert nanny.state == "out"


@pytest.mark.shows("D4.79", "D4.80", "D4.81", "D4.82", "D11.21", "D11.22", "D11.23")
def test_a_contractor_uses_a_key_that_a_colleague_signs_for(keys: Keys) -> None:
    key = keys.take_in("repair")
    worker = Taker(name="赵师傅", company="安达防水", paper="work_card", developer="开发商函 2026-18")
    lend = lambda taker, to="wang": keys.lend(key, way="contractor", to=to, taker=taker, purpose="厨房返修")  # noqa: E731
    for taker, to, complaint in (
        (worker, "", "施工人员不能直接借"), (Taker("赵师傅", company="安达防水", paper="work_card"), "wang", "开发商的证明"), (Taker("赵师傅", company="安达防水", developer="函 18"), "wang", "核实施工人员身份"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=complaint):
            lend(taker, to)
    loan = lend(worker)
    assert loan.user == keys.user("wang") and loan.who == "王强（安达防水 赵**使用）" and loan.due_at is not None


@pytest.mark.shows("D4.17", "D4.18", "D4.19", "D4.20", "D4.23", "D4.28")
def test_emergency_two_approve_by_telephone_and_sign_afterwards(keys: Keys) -> None:
    key = keys.take_in("entrusted")
    xu, lin, chen = keys.actor("xu"), keys.user("lin"), keys.user("chen")
    by_phone = (said("cs-supervisor", name="林芳", user=lin.pk), said("service-manager", name="陈晓", user=chen.pk))
    lend = lambda words, **given: keys.lend(key, by="xu", way="emergency", words=words, **{"reason": "water", "purpose": "楼下漏水进屋关阀", **given})  # noqa: E731
    with pytest.raises(Refused, match="选择紧急情况"):
        lend(by_phone, reason="")
    assert lend(by_phone[:1]).state == "asked", "one of two is not enough: it stays in the cabinet"
    assert lend(by_phone[1:]).state == "asked"
    loan = lend(by_phone)
    assert loan.state == "out" and loan.papers_due
    assert Notice.objects.filter(user_id=lin.pk, title__contains="请补签").exists()
    actions.give_back(xu, loan, code=key.code, quantity=1, at=MONDAY + HOUR)
    loan.refresh_from_db()
    assert loan.state == "back", "back in the cabinet, its papers are not done"
    for consent in loan.consents.all():
        with pytest.raises(Forbidden):
            actions.confirm(xu, consent, at=MONDAY + HOUR)
        actions.confirm(keys.actor("lin" if consent.user_id == lin.pk else "chen"), consent, at=MONDAY + 2 * HOUR)
    actions.enter(xu, loan, people=["王强", "许倩"], in_at=MONDAY + 10 * MINUTE, out_at=MONDAY + 20 * MINUTE, done="关水阀", at=MONDAY + 2 * HOUR)
    with pytest.raises(Forbidden, match="保管人"):
        actions.verify(xu, loan, at=MONDAY + 2 * HOUR)
    actions.verify(keys.actor("li"), loan, at=MONDAY + 2 * HOUR)
    loan.refresh_from_db()
    assert loan.state == "back" and not loan.papers_due, "the owner has not been told"
    actions.contact(keys.actor("li"), key, loan=loan, name="王秀英", answer="yes", when=MONDAY + HOUR, at=MONDAY + 2 * HOUR)
    loan.refresh_from_db()
    assert loan.state == "closed" and loan.closed_at == MONDAY + 2 * HOUR


@pytest.mark.shows("D4.03", "D4.94", "D4.95", "D4.96", "D4.97", "D4.98", "D4.99", "D4.100", "D4.101", "D4.102", "D4.103", "D4.104")
def test_a_sealed_key_opens_on_the_owners_word_and_the_managers(keys: Keys) -> None:
    with pytest.raises(Refused, match="不能代办"):
        keys.take_in("sealed", in_person=False)
    with pytest.raises(Refused, match="封口处签名"):
        keys.take_in("sealed", signed=False)
    with pytest.raises(Refused, match="信封编号"):
        keys.take_in("sealed", envelope="")
    assert not Thing.objects.exists()
    key = keys.take_in("sealed")
    with pytest.raises(Refused, match="先联系业户"):
        keys.lend(key, way="emergency", reason="gas", words=(said("cs-supervisor", user=1, name="林芳"), said("service-manager", user=2, name="陈晓")))
    with pytest.raises(Refused, match="119"):
        keys.lend(key, way="emergency", reason="gas", words=(said(answer="none"),))
    loan = keys.lend(key, way="use", words=(said(),), purpose="关燃气阀")
    assert loan.state == "asked"
    with pytest.raises(Forbidden):
        actions.approve(keys.actor("lin"), loan, agree=True, at=MONDAY)  # the head of service is not enough
    with pytest.raises(Refused, match="管理处经理批准"):
        actions.issue(keys.actor("li"), loan, at=MONDAY)
    actions.approve(keys.actor("chen"), loan, agree=True, at=MONDAY + MINUTE)
    loan = actions.issue(keys.actor("li"), loan, at=MONDAY + 2 * MINUTE)
    enter = lambda people: actions.enter(keys.actor("li"), loan, people=people, in_at=MONDAY + 5 * MINUTE, out_at=MONDAY + 9 * MINUTE, done="关阀", at=MONDAY + HOUR)  # noqa: E731
    for alone in (["王强"], ["王强", "王强"], ["王强", " "]):
        with pytest.raises(Refused, match="两人以上"):
            enter(alone)
    assert not loan.moves.filter(kind="entered").exists()
    actions.give_back(keys.actor("li"), loan, code=key.code, quantity=1, at=MONDAY + HOUR)
    loan.refresh_from_db()
    assert loan.state == "back", "nobody said who went in"
    enter(["王强", "李静"])
    loan.refresh_from_db()
    key.refresh_from_db()
    assert loan.state == "closed" and key.sealed_at is None
    with pytest.raises(Refused, match="重新装封"):
        keys.lend(key, way="use", words=(said(),))
    actions.reseal(keys.actor("li"), key, envelope="F-02", in_person=True, at=MONDAY + HOUR)
    key.refresh_from_db()
    assert key.envelope == "F-02" and key.sealed_at is not None


@pytest.mark.shows("D11.13", "D11.14", "D11.15", "D11.16")
def test_a_room_key_comes_back_when_power_windows_and_door_are_seen_to(keys: Keys) -> None:
    key = keys.take_in("room", title="3栋样板房")
    loan = keys.lend(key, purpose="看房")
    back = lambda *checks: actions.give_back(keys.actor("li"), loan, code=key.code, quantity=1, checks=checks, at=MONDAY + HOUR)  # noqa: E731
    with pytest.raises(Refused, match="电源"):
        back("门窗已关", "单元门已锁好")
    back("单元电源已断", "门窗已关", "单元门已锁好")
    loan.refresh_from_db()
    assert loan.state == "closed"


@pytest.mark.shows("D4.85", "D4.86", "D11.04")
def test_repair_and_area_keys_come_back_whole_and_the_right_ones(keys: Keys) -> None:
    repair, area = keys.take_in("repair", quantity=2), keys.take_in("area", title="天台", quantity=3)
    first, second = keys.lend(repair, purpose="厨房补漏"), keys.lend(area, way="shift", to="li", purpose="早班巡视")
    assert second.due_at == MONDAY.replace(hour=16), "the end of the shift"
    for loan, other, many in ((first, area, 2), (second, repair, 3)):
        with pytest.raises(Refused, match="不是借出的"):
            actions.give_back(keys.actor("li"), loan, code=other.code, quantity=many, at=MONDAY + HOUR)
        actions.give_back(keys.actor("li"), loan, code=loan.thing.code, quantity=many - 1, remark="少一把，正在找", at=MONDAY + HOUR)
        loan.refresh_from_db()
        assert loan.state == "out" and loan.returned == many - 1
    assert Notice.objects.filter(title__contains="短缺").count() >= 2
