"""Sequences of acts that each look right and together would not be: a word withdrawn, money counted twice, a secret in an open book."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.db.models import Sum

from shouwen.custody import actions, queries
from shouwen.custody.models import Count, Loan
from shouwen.custody.tests.conftest import Keys, said
from shouwen.custody.tests.test_pages import sign_in
from shouwen.duty import actions as duty
from shouwen.duty import queries as duty_queries
from shouwen.duty.models import LogLine
from shouwen.duty.tests.test_handover import ready
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.notices.models import Notice
from shouwen.org import actions as org
from shouwen.org.models import User
from shouwen.org.tests.world import MONDAY, START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_an_owner_who_says_no_before_the_key_leaves_is_heard(keys: Keys) -> None:
    key = keys.take_in("sealed")
    loan = keys.lend(key, way="use", words=(said(),), purpose="关燃气阀")
    actions.approve(keys.actor("chen"), loan, agree=True, at=MONDAY + HOUR)
    actions.contact(keys.actor("li"), key, loan=loan, name="王秀英", answer="no", when=MONDAY + HOUR, at=MONDAY + HOUR)
    with pytest.raises(Refused, match="业户后来不同意"):
        actions.issue(keys.actor("li"), loan, at=MONDAY + 2 * HOUR)
    key.refresh_from_db()
    assert key.state == "in" and Loan.objects.get().state == "asked"


def test_an_owners_word_of_the_day_before_yesterday_does_not_open_the_seal_today(keys: Keys) -> None:
    key = keys.take_in("sealed")
    loan = keys.lend(key, way="use", words=(said(),), purpose="关燃气阀")
    actions.approve(keys.actor("chen"), loan, agree=True, at=MONDAY + 2 * DAY)
    with pytest.raises(Refused, match="已超过一天"):
        actions.issue(keys.actor("li"), loan, at=MONDAY + 2 * DAY)
    actions.contact(keys.actor("li"), key, loan=loan, name="王秀英", answer="yes", when=MONDAY + 2 * DAY, at=MONDAY + 2 * DAY)
    actions.contact(keys.actor("li"), key, loan=loan, name="王秀英", answer="none", when=MONDAY + 2 * DAY + HOUR, at=MONDAY + 2 * DAY + HOUR)
    assert actions.issue(keys.actor("li"), loan, at=MONDAY + 2 * DAY + HOUR).state == "out", "a later call that nobody answered takes nothing back"


def test_what_was_asked_for_is_still_there_when_it_is_handed_out(keys: Keys) -> None:
    key = keys.take_in("room", title="会所钥匙", quantity=3)
    loan = actions.request(keys.actor("wang"), key, purpose="检查空调", at=MONDAY)
    actions.report_loss(keys.actor("li"), key, what="lost", course="盘点时少了两把，最后在工程部手里", at=MONDAY)
    actions.settle(keys.actor("lin"), key, how="found", quantity=1, remark="找回一把", at=MONDAY)
    with pytest.raises(Refused, match="申请的是 3 把，现在有 1 把"):
        actions.issue(keys.actor("li"), loan, at=MONDAY + HOUR)


@pytest.mark.parametrize("words,complaint", [
    ((("cs-supervisor", None), ("service-manager", "chen")), "只能由林芳"),
    ((("cs-supervisor", "wang"), ("service-manager", "chen")), "只能由林芳"),
    ((("cs-supervisor", "lin"), ("service-manager", "lin")), "只能由陈晓"),
    ((("cs-supervisor", "chen"), ("service-manager", "chen")), "两个人给出"),
])  # fmt: skip
def test_nobody_but_who_may_give_it_gives_an_approval_by_telephone(keys: Keys, words: tuple, complaint: str) -> None:
    key = keys.take_in("entrusted")
    spoken = [said(side, name="某人", user=keys.user(name).pk if name else None) for side, name in words]
    with pytest.raises(Refused, match=complaint):
        keys.lend(key, by="xu", way="emergency", words=spoken, reason="water", purpose="楼下漏水进屋关阀")
    key.refresh_from_db()
    assert key.state == "in" and not Loan.objects.exists()


def test_the_two_approvals_of_an_emergency_are_of_two_people_also_on_the_page(keys: Keys) -> None:
    key = keys.take_in("entrusted")
    loan = keys.lend(key, by="xu", way="emergency", reason="water", purpose="楼下漏水进屋关阀")
    actions.approve(keys.actor("chen"), loan, agree=True, at=MONDAY)
    with pytest.raises(Forbidden, match="另一个人"):
        actions.approve(keys.actor("chen"), loan, agree=True, at=MONDAY)
    with pytest.raises(Refused, match="批准，不能发放"):
        actions.issue(keys.actor("xu"), loan, at=MONDAY)


def test_a_program_that_answers_nonsense_is_told_so(keys: Keys) -> None:
    key = keys.take_in("sealed")
    words = [{"side": "owner", "answer": "yes", "name": "王秀英", "at": MONDAY.isoformat()}, {"side": "service-manager", "answer": "maybe", "user": "chen", "at": MONDAY.isoformat()}]
    body = json.dumps({"way": "use", "purpose": "关燃气阀", "user": "wang", "words": words})
    with time_machine.travel(MONDAY + HOUR, tick=False):
        sent = sign_in(keys, "li").post(f"/api/v1/custody/things/{key.pk}/loans", body, content_type="application/json")
    assert sent.status_code == 422 and "答复只能是" in sent.content.decode()


def test_money_that_waits_for_the_cashier_is_not_handed_on_as_well(keys: Keys) -> None:
    li, here = keys.actor("li"), keys.here
    lot = keys.take_in("ticket", title="周末电影票", store=keys.stores["ticket"], purpose="电影票", quantity=30)
    actions.sell(li, lot, count=5, amount="200", at=MONDAY)
    actions.remit(li, here, amount="150", at=MONDAY)
    with pytest.raises(Refused, match="已上交待收讫"):
        actions.hand_cash(li, here, amount="60", to=keys.user("he"), at=MONDAY)
    actions.hand_cash(li, here, amount="50", to=keys.user("he"), at=MONDAY)
    assert queries.held(here.pk, keys.user("li").pk) == 150


def test_a_place_passes_with_what_is_left_of_a_key_that_is_partly_lent(keys: Keys) -> None:
    key, store = keys.take_in("entrusted", quantity=3), keys.stores["entrusted"]
    loan = keys.lend(key, way="viewing", words=(said(),), purpose="带客户看房", quantity=1)
    assert loan.state == "out"
    with pytest.raises(Refused, match="账上应有 2，点得 0"):
        actions.set_keeper(keys.actor("lin"), store, user=keys.user("he"), counted=0, at=MONDAY)
    actions.set_keeper(keys.actor("lin"), store, user=keys.user("he"), counted=2, at=MONDAY)


def test_the_ledger_is_the_sum_of_its_moves_after_a_loss_too(keys: Keys) -> None:
    key, other, third = (keys.take_in("vacant", quantity=2) for _ in range(3))
    keys.lend(other, quantity=1)
    for one in (key, other, third):
        actions.report_loss(keys.actor("li"), one, what="lost", course="昨日试水后未交回，放在工具车上不见了", at=MONDAY)
    lin = keys.actor("lin")
    for quantity, how, complaint in ((0, "recut", "数量至少是 1"), (5, "found", "找回的不会更多"), (100_000, "recut", "数量至少")):
        with pytest.raises(Refused, match=complaint):
            actions.settle(lin, key, how=how, quantity=quantity, remark="处理完毕", at=MONDAY)
    actions.settle(lin, key, how="recut", quantity=4, remark="补配两把", at=MONDAY)
    actions.settle(lin, other, how="found", quantity=2, remark="都找回了", at=MONDAY)
    actions.settle(lin, third, how="written_off", remark="注销", at=MONDAY)
    for one, stands in ((key, 4), (other, 2), (third, 0)):
        assert one.moves.aggregate(sum=Sum("quantity"))["sum"] == stands, one.number


@pytest.mark.shows("D14.24")
def test_of_a_secret_file_nothing_stands_where_everybody_reads(keys: Keys) -> None:
    chen, guo, title = keys.actor("chen"), keys.actor("guo"), "王强人事档案"
    file = keys.take_in("secret", by="chen", title=title, store=keys.stores["safe"], purpose="员工个人档案")
    loan = keys.lend(file, by="chen", way="read", to="wu", purpose="核对学历")
    actions.approve(guo, loan, agree=True, at=MONDAY)
    actions.issue(chen, loan, at=MONDAY)
    actions.raise_overdue(SYSTEM, loan, at=MONDAY + DAY)
    actions.follow_up(chen, loan, reason="还在核对", at=MONDAY + DAY)
    actions.give_back(chen, loan, code=file.code, quantity=1, at=MONDAY + DAY)
    made = actions.count(chen, keys.stores["safe"], found={}, locked=True, at=MONDAY + DAY)
    actions.report_loss(chen, file, what="lost", course="保密柜里没有找到，最后是吴伟还的", at=MONDAY + DAY)
    assert not LogLine.objects.filter(text__contains=title).exists()
    told = set(Notice.objects.filter(title__contains=file.number).values_list("user__username", flat=True)) | set(
        Notice.objects.filter(body__contains=title).values_list("user__username", flat=True))  # fmt: skip
    assert {"chen", "guo"} & told and told <= {"chen", "guo", "wu"}, told
    assert made.differing == 1 and queries.count(chen, made.pk).pk == made.pk
    with pytest.raises(NotFound):
        queries.count(keys.actor("li"), made.pk)
    assert not queries.counts(keys.actor("li"), keys.here.pk).exists() and Count.objects.exists()
    assert Notice.objects.filter(url=f"/custody/counts/{made.pk}").values_list("user", flat=True).distinct().count() == 1
    assert User.objects.get(username="chen").pk in Notice.objects.filter(url=f"/custody/counts/{made.pk}").values_list("user", flat=True)


def test_an_area_key_of_somebody_who_is_not_at_work_is_due_at_closing_not_after_their_next_shift(keys: Keys) -> None:
    sun = keys.hire("sun", "孙晓燕", "steward", "early")
    key = keys.take_in("area", title="3 栋区域钥匙")
    evening = MONDAY.replace(hour=17)
    loan = keys.lend(key, way="shift", to="sun", purpose="取遗落的工具", at=evening)
    assert loan.user == sun and loan.due_at == queries.closing(keys.here.pk, evening) < MONDAY + DAY
    actions.give_back(keys.actor("li"), loan, code=key.code, quantity=1, at=evening + HOUR)
    early = MONDAY.replace(hour=7, minute=30) + DAY
    assert keys.lend(key, way="shift", to="sun", purpose="当班", at=early).due_at == MONDAY.replace(hour=16) + DAY, "fetched half an hour before"


def test_what_moves_between_the_two_signatures_is_counted_again(keys: Keys) -> None:
    two, li, he, at = keys.take_in("vacant", quantity=3), keys.actor("li"), keys.actor("he"), MONDAY.replace(hour=15, minute=45)
    keys.lend(two, quantity=1)
    sheet = duty.open_handover(li, keys.here, post="receptionist", at=at)
    place = sheet.lines.get(title="vacant 柜（在位）")
    assert place.expected == 2, "of what is partly lent, the rest hangs there"
    ready(keys.world, sheet, at)
    duty.sign(li, sheet, at=at)
    keys.take_in("parcel", at=at)
    with pytest.raises(Refused, match="mail 柜（在位）又有进出"):
        duty.accept(he, sheet, at=at)
    duty.unsign(li, sheet, reason="又到一件包裹", at=at)
    duty.refresh(li, sheet, at=at)
    mail = sheet.lines.get(title="mail 柜（在位）")
    duty.fill(li, sheet, lines={mail.pk: {"given": 1, "received": 1}}, at=at)
    duty.read_log(li, sheet, upto=duty_queries.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first(), at=at)
    duty.sign(li, sheet, at=at)
    duty.accept(he, sheet, at=at)
    sheet.refresh_from_db()
    assert sheet.state == "done"


def test_a_post_of_another_community_gives_no_word_here(keys: Keys) -> None:
    """Who leads the service at the neighbour's and works here in another post looks at the keys, and agrees to nothing."""
    world, lu = keys.world, keys.user("lu")
    org.assign(SYSTEM, keys.here, user=lu, post="engineer", starts_on=START)
    org.assign(SYSTEM, world.places["yunxi"], user=lu, post="cashier", starts_on=START)
    actor = world.actor("lu")
    assert actor.may("custody.view", keys.here.pk) and {"service-manager", "cashier"} <= set(actor.posts)
    key = keys.take_in("sealed")
    loan = keys.lend(key, way="use", words=(said(),), purpose="关燃气阀")
    with pytest.raises(Forbidden, match="管理处经理批准"):
        actions.approve(actor, loan, agree=True, at=MONDAY)
    lot = keys.take_in("ticket", title="周末电影票", store=keys.stores["ticket"], purpose="电影票", quantity=30)
    actions.sell(keys.actor("li"), lot, count=5, amount="200", at=MONDAY)
    row = actions.remit(keys.actor("li"), keys.here, amount="200", at=MONDAY)
    with pytest.raises(Forbidden, match="财务出纳"):
        actions.confirm_remittance(actor, row, at=MONDAY)
    with pytest.raises(Forbidden, match="签阅"):
        duty.sign_off(actor, keys.here, book="keys", day=MONDAY.date(), at=MONDAY)
    org.delegate(SYSTEM, keys.here, user=keys.user("chen"), to=lu, starts_at=MONDAY, ends_at=MONDAY + DAY, reason="休假", at=MONDAY)
    actions.approve(world.actor("lu"), loan, agree=True, at=MONDAY + HOUR)  # standing in for the manager of this one
