"""Documents, secret files, hazardous goods: the rules of their own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from shouwen.custody import actions, chores, queries
from shouwen.custody.kinds import KINDS
from shouwen.custody.models import Loan, Move
from shouwen.custody.tests.conftest import Keys
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.notices.models import Notice
from shouwen.org import actions as org
from shouwen.org.queries import actor_for
from shouwen.org.tests.world import MONDAY, START

HOUR = timedelta(hours=1)


@pytest.mark.shows("D14.01", "D14.20", "D14.21", "D14.22", "D14.23", "D14.36")
def test_a_document_is_borrowed_with_its_purpose_and_destroyed_on_the_chiefs_word(keys: Keys) -> None:
    paper = keys.take_in("document", title="2026 年物业费通知", store=keys.stores["archive"], purpose="通知")
    with pytest.raises(Refused, match="种类"):
        keys.take_in("document", title="菜谱", store=keys.stores["archive"], purpose="菜谱")
    with pytest.raises(Refused, match="用途"):
        keys.lend(paper, way="borrow", purpose="")
    loan = keys.lend(paper, way="borrow", purpose="核对收费标准")
    assert loan.out_by == "李静" and loan.out_at == MONDAY
    actions.give_back(keys.actor("li"), loan, code=paper.code, quantity=1, at=MONDAY + HOUR)
    end = keys.lend(paper, way="destroy", purpose="过期")
    assert end.state == "asked"
    with pytest.raises(Forbidden):
        actions.approve(keys.actor("chen"), end, agree=True, at=MONDAY + HOUR)
    actions.approve(keys.actor("guo"), end, agree=True, at=MONDAY + HOUR)
    actions.issue(keys.actor("li"), end, at=MONDAY + HOUR)
    paper.refresh_from_db()
    assert paper.state == "gone" and end.consents.get().name == "郭志远"


@pytest.mark.shows("D14.24", "D14.26", "D14.27", "D14.28", "D14.29", "D14.30", "D14.31")
def test_a_secret_file_is_not_there_for_most_and_opens_only_on_the_chiefs_word_each_time(keys: Keys) -> None:
    given = {"title": "王强人事档案", "store": keys.stores["safe"], "purpose": "员工个人档案"}
    with pytest.raises(Refused, match="文员或经理"):
        keys.take_in("secret", **given)
    file = keys.take_in("secret", by="chen", **given)
    assert not queries.things(keys.actor("li")).filter(pk=file.pk).exists() and queries.by_code(keys.actor("li"), keys.here.pk, file.code) is None
    with pytest.raises(NotFound):
        queries.thing(keys.actor("wang"), file.pk)
    with pytest.raises(Forbidden):
        actions.count(keys.actor("li"), keys.stores["safe"], found={}, locked=True, at=MONDAY)
    read = keys.lend(file, by="chen", way="read", to="wu", purpose="核对学历")
    with pytest.raises(Forbidden):
        actions.approve(keys.actor("chen"), read, agree=True, at=MONDAY)
    actions.approve(keys.actor("guo"), read, agree=True, at=MONDAY)
    actions.issue(keys.actor("chen"), read, at=MONDAY)
    actions.give_back(keys.actor("chen"), read, code=file.code, quantity=1, at=MONDAY + HOUR)
    for way in ("copy", "take", "read"):
        assert keys.lend(file, by="chen", way=way, to="wu", purpose="再看一次").state == "asked", "one approval opens one act"


@pytest.mark.shows("D8.01", "D8.02", "D8.03", "D8.04", "D8.05", "D8.06", "D8.07", "D8.08", "D8.09", "D8.10", "D8.13", "D8.14", "D8.15", "D8.16", "D8.17", "D8.20")
def test_hazardous_goods_two_persons_and_every_gram(keys: Keys) -> None:
    assert KINDS["hazmat"].purposes == ("鼠药", "敌敌畏", "灭蟑药", "酒精", "稀料"), "exactly these five"
    for substance in KINDS["hazmat"].purposes:
        with pytest.raises(Refused, match="要单独存放"):
            keys.take_in("hazmat", by="lin", title=substance, store=keys.stores["mail"], purpose=substance)
        held = keys.take_in("hazmat", by="lin", title=substance, store=keys.stores["hazmat"], purpose=substance, quantity=10, measure="瓶")
        draw = lambda by, to: keys.lend(held, by=by, to=to, way="use", quantity=3, purpose="库房")  # noqa: B023, E731
        with pytest.raises(Forbidden, match="领班级以上"):
            draw("li", "wang")
        with pytest.raises(Refused, match="不能同时是领用人"):
            draw("lin", "lin")
        loan = draw("cai", "wang")
        back = lambda used, quantity: actions.give_back(keys.actor("cai"), loan, code=held.code, used=used, quantity=quantity, at=MONDAY + HOUR)  # noqa: B023, E731
        with pytest.raises(Refused, match="写明原因"):
            back(1, 1)
        back(2, 1)
        held.refresh_from_db()
        assert (held.quantity, held.state) == (8, "in"), substance
    poison = keys.take_in("hazmat", by="lin", title="灭蟑饵剂", store=keys.stores["hazmat"], purpose="灭蟑药", quantity=500, measure="克")
    with pytest.raises(Refused, match="品名"):
        keys.take_in("hazmat", by="lin", title="洗洁精", store=keys.stores["hazmat"], purpose="洗洁精")
    draw = lambda by="lin", to="wang", **given: keys.lend(poison, by=by, to=to, way="use", quantity=120, **{"purpose": "3 栋地下室灭蟑", **given})  # noqa: E731
    with pytest.raises(Forbidden, match="领班级以上"):
        draw("li")
    with pytest.raises(Refused, match="不能同时是领用人"):
        draw("lin", "lin")
    with pytest.raises(Refused):
        keys.lend(poison, by="lin", way="borrow", purpose="外借")
    with pytest.raises(Refused, match="在位 500"):
        keys.lend(poison, by="lin", way="use", quantity=501, purpose="灭蟑")
    loan = draw()
    with pytest.raises(Conflict):
        draw(to="wu")
    back = lambda used, quantity, **given: actions.give_back(keys.actor("lin"), loan, code=poison.code, used=used, quantity=quantity, at=MONDAY + HOUR, **given)  # noqa: E731
    with pytest.raises(Refused, match="还差"):
        back(100, 30)
    with pytest.raises(Refused, match="写明原因"):
        back(100, 10)
    back(90, 30)
    loan.refresh_from_db()
    poison.refresh_from_db()
    assert (loan.state, loan.used, loan.returned, poison.quantity, poison.state) == ("closed", 90, 30, 410, "in")
    assert "用去90 克" in Move.objects.filter(thing=poison, kind="returned").get().text.replace(" ", "", 0)
    assert sum(Move.objects.filter(thing=poison).values_list("quantity", flat=True)) == 410, "the stock is the sum of its moves"
    assert Loan.objects.filter(thing=poison).count() == 1


@pytest.mark.shows("D8.11", "D8.12")
def test_hazardous_goods_are_locked_away_and_their_key_stays_with_the_cleaning_lead(keys: Keys) -> None:
    store, lin, cai = keys.stores["hazmat"], keys.actor("lin"), keys.actor("cai")
    alcohol = keys.take_in("hazmat", by="lin", title="酒精", store=store, purpose="酒精", quantity=5)
    for other in ("li", "lin", "chen"):
        with pytest.raises(Refused, match="只能由环境部主管保管"):
            actions.set_keeper(lin, store, user=keys.user(other), counted=5, at=MONDAY)
    assert queries.keeper_of(store.pk).user == keys.user("cai")
    actions.set_keeper(lin, store, user=keys.hire("hong", "洪霞", "cleaning-head"), counted=5, at=MONDAY)
    assert queries.keeper_of(store.pk).user.name == "洪霞"
    with pytest.raises(Refused, match="没有上锁"):
        actions.count(cai, store, found={alcohol.pk: 5}, locked=False, at=MONDAY)
    actions.count(cai, store, found={alcohol.pk: 5}, locked=False, remark="锁坏了，已报修", at=MONDAY)
    assert Notice.objects.filter(user_id=lin.id, urgent=True, title__contains="没有上锁").exists()


@pytest.mark.shows("D10.01", "D10.14")
def test_tickets_lie_with_the_desk_and_a_stand_in_sells_in_their_own_name(keys: Keys) -> None:
    lin, here = keys.actor("lin"), keys.here
    loose = actions.put_store(lin, here, title="会所票柜", holds="ticket", at=MONDAY)
    with pytest.raises(Refused, match="还没有保管人"):
        keys.take_in("ticket", title="周末电影票", store=loose, purpose="电影票", quantity=30)
    with pytest.raises(Refused, match="只能由前台接待员、会所前台保管"):
        actions.set_keeper(lin, loose, user=keys.user("lin"), counted=None, at=MONDAY)
    lot = keys.take_in("ticket", title="周末电影票", store=keys.stores["ticket"], purpose="电影票", quantity=30)
    assert lot.quantity == 30 and queries.keeper_of(lot.store_id).user == keys.user("li")
    sun = keys.hire("sun", "孙晓燕", "steward", "early")
    sell = lambda at: actions.sell(actor_for(sun.pk), lot, count=2, amount="70", at=at)  # noqa: E731
    with pytest.raises(Forbidden, match="替岗"):
        sell(MONDAY)
    org.delegate(lin, here, user=keys.user("li"), to=sun, starts_at=MONDAY, ends_at=MONDAY + HOUR, reason="替岗", at=MONDAY)
    sell(MONDAY + HOUR / 2)
    assert queries.held(here.pk, sun.pk) == 70 and queries.held(here.pk, keys.user("li").pk) == 0
    with pytest.raises(Forbidden, match="替岗"):
        sell(MONDAY + 2 * HOUR)


@pytest.mark.shows("D10.02", "D10.03", "D10.04", "D10.05", "D10.06", "D10.07", "D10.08", "D10.09", "D10.15", "D10.16")
def test_tickets_and_their_money_equal_the_book_until_the_cashier_has_it(keys: Keys) -> None:
    li, he, here = keys.actor("li"), keys.actor("he"), keys.here
    lot = keys.take_in("ticket", title="周末电影票", store=keys.stores["ticket"], purpose="电影票", quantity=30)
    for given, complaint in (({"count": 31, "amount": "1240"}, "余票 30"), ({"count": 2, "amount": ""}, "金额"), ({"count": 2, "amount": "-5"}, "金额")):
        with pytest.raises(Refused, match=complaint):
            actions.sell(li, lot, at=MONDAY, **given)
    actions.sell(li, lot, count=18, amount="720", at=MONDAY)
    assert not Notice.objects.filter(title__contains="送票").exists()
    actions.sell(he, lot, count=4, amount="160", at=MONDAY)
    lot.refresh_from_db()
    assert lot.quantity == 8 and Notice.objects.filter(title__contains="余 8 张").exists()
    assert [queries.held(here.pk, keys.user(name).pk) for name in ("li", "he")] == [Decimal(720), Decimal(160)], "each in their own hands"
    actions.hand_cash(he, here, amount="160", to=keys.user("li"), at=MONDAY)
    with pytest.raises(Refused, match="不能交出更多"):
        actions.hand_cash(he, here, amount="1", to=keys.user("li"), at=MONDAY)
    assert actions.count_cash(li, here, found="879", at=MONDAY) == -1 and Notice.objects.filter(title__contains="差").exists()
    assert actions.count_cash(li, here, found="880", at=MONDAY) == 0
    assert chores.uncounted(MONDAY + 8 * HOUR) >= 0 and Notice.objects.filter(title__contains="还没有上交财务", user_id=li.id).exists()
    row = actions.remit(li, here, amount="880", at=MONDAY)
    with pytest.raises(Refused, match="已上交待收讫"):
        actions.remit(li, here, amount="1", at=MONDAY)
    assert queries.held(here.pk, keys.user("li").pk) == 880, "not off her hands before the cashier has it"
    with pytest.raises(Forbidden):
        actions.confirm_remittance(keys.actor("lin"), row, at=MONDAY)
    cashier = keys.user("wu")
    org.assign(keys.actor("chen"), here, user=cashier, post="cashier", starts_on=START)
    actions.confirm_remittance(actor_for(cashier.pk), row, at=MONDAY)
    assert queries.held(here.pk, keys.user("li").pk) == 0
    actions.sell(li, lot, count=8, amount="320", at=MONDAY)
    assert Notice.objects.filter(title__contains="断票", urgent=True).exists()
    actions.restock(li, lot, count=20, at=MONDAY)
    lot.refresh_from_db()
    assert lot.quantity == 20 == sum(Move.objects.filter(thing=lot).values_list("quantity", flat=True))
