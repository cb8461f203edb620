"""Keys that change: a new lock, a copy, a key taken away for repairs, area keys from shift to shift, what is kept for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shouwen.config import wiring as wiring
from shouwen.custody import actions, cards, chores, queries
from shouwen.custody.models import Loan, Move, Thing
from shouwen.custody.records import RECORDS
from shouwen.custody.rules import Taker
from shouwen.custody.tests.conftest import HOME, OWNER, Keys, family, said
from shouwen.estate.cards import cards_of
from shouwen.estate.models import Unit
from shouwen.estate.private import unseal
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.notices.models import Notice
from shouwen.org.tests.world import MONDAY
from shouwen.procedures import actions as procedures
from shouwen.procedures import adoption, store
from shouwen.procedures.models import Attachment

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIBRARY = Path(adoption.__file__).parent / "library"
TEMPORARY = {"purpose": "临时代存转交", "recipient": "小时工张阿姨", "valid_until": MONDAY + 3 * DAY}


@pytest.mark.shows("D4.49")
def test_what_is_deposited_for_a_while_is_kept_by_the_same_rules(keys: Keys) -> None:
    for missing, complaint in (({"verified": False}, "试过钥匙"), ({"unit": ""}, "房号"), ({"whose": ""}, "业户姓名"), ({"store": keys.stores["vacant"]}, "要单独存放")):
        with pytest.raises(Refused, match=complaint):
            keys.take_in("entrusted", **TEMPORARY | missing)
    key = keys.take_in("entrusted", **TEMPORARY)
    taken = lambda by="li", **given: keys.lend(key, by=by, way="proxy", to="", purpose="打扫", **{"words": (said(),), "taker": family(), **given})  # noqa: E731
    for given, complaint in (({"words": ()}, "先联系业户"), ({"words": (said(answer="no"),)}, "业户不同意"), ({"taker": family(kept="")}, "留存身份证")):
        with pytest.raises(Refused, match=complaint):
            taken(**given)
    with pytest.raises(Forbidden, match="李静保管"):
        taken("he")
    loan = taken()
    assert loan.due_at == queries.closing(keys.here.pk, MONDAY)
    with pytest.raises(Refused, match="不是借出的"):
        actions.give_back(keys.actor("li"), loan, code="WT-9999", quantity=1, at=MONDAY + HOUR)
    assert chores.watch(loan.due_at + MINUTE) == 1, "raised at closing like any other"
    actions.give_back(keys.actor("he"), loan, code=key.code, quantity=1, at=loan.due_at + HOUR)
    loan.refresh_from_db()
    assert loan.state == "back", "the keeper has not counted it yet"
    assert chores.uncounted(MONDAY + 8 * HOUR) == 1 and Notice.objects.filter(key__startswith="custody:uncounted").exists(), "counted every day"
    made = actions.count(keys.actor("li"), keys.stores["entrusted"], found={key.pk: 0}, locked=True, at=MONDAY + 9 * HOUR)
    assert made.differing == 1
    actions.report_loss(keys.actor("li"), key, what="lost", course="清点时发现不在挂钩上", at=MONDAY + 9 * HOUR)
    assert "责任：当事人和保管人" in Move.objects.get(kind="lost").text


@pytest.mark.shows("D4.67")
def test_a_vacant_key_is_copied_on_the_heads_word_alone_and_the_book_follows(keys: Keys) -> None:
    key, li = keys.take_in("vacant", quantity=2), keys.actor("li")
    for purpose in ("复配两把", "拿去复制", "去配钥匙"):
        with pytest.raises(Refused, match="没有批准不能复配"):
            keys.lend(key, purpose=purpose)
    paper = keys.take_in("document", title="收费通知", store=keys.stores["archive"], purpose="通知")
    assert keys.lend(paper, way="borrow", purpose="复制一份给财务").state == "out", "only of keys"
    loan = keys.lend(key, way="copy", purpose="保洁另需一把")
    assert loan.state == "asked"
    with pytest.raises(Refused, match="客服负责人批准"):
        actions.issue(li, loan, at=MONDAY)
    with pytest.raises(Forbidden):
        actions.approve(li, loan, agree=True, at=MONDAY)
    key.refresh_from_db()
    assert (key.state, key.quantity) == ("in", 2), "it does not leave the cabinet before"
    actions.approve(keys.actor("lin"), loan, agree=True, at=MONDAY + MINUTE)
    loan = actions.issue(li, loan, at=MONDAY + 2 * MINUTE)
    with pytest.raises(Refused, match="还没有还齐"):
        actions.give_back(li, loan, code=key.code, quantity=1, copies=1, remark="一把还在锁匠那里", at=MONDAY + HOUR)
    actions.give_back(li, loan, code=key.code, quantity=2, copies=1, at=MONDAY + HOUR)
    key.refresh_from_db()
    assert key.quantity == 3 == sum(Move.objects.filter(thing=key).values_list("quantity", flat=True))
    assert "复配1 把，现有3 把" in Move.objects.get(kind="returned").text
    plain = keys.lend(key, quantity=3, at=MONDAY + 2 * HOUR)
    with pytest.raises(Refused, match="不是拿去复配"):
        actions.give_back(li, plain, code=key.code, quantity=3, copies=1, at=MONDAY + 3 * HOUR)
    refused = keys.lend(keys.take_in("vacant"), way="copy", purpose="保洁另需一把")
    actions.approve(keys.actor("lin"), refused, agree=False, remark="够用了", at=MONDAY)
    with pytest.raises(Conflict):
        actions.issue(li, refused, at=MONDAY)


@pytest.mark.shows("D4.73", "D4.110")
def test_who_takes_a_repair_key_away_signs_and_says_why_before_and_after_the_repair(keys: Keys) -> None:
    for when, why in ((MONDAY, "返修还没完，业户要自己进屋看"), (MONDAY + 3 * DAY, "返修结束，业户领回")):
        key = keys.take_in("repair", quantity=2)
        away = lambda **given: keys.lend(key, way="owner", to="", at=when, keep=True, **{"taker": Taker(OWNER, paper="id"), "purpose": why, **given})  # noqa: B023, E731
        for missing, complaint in (({}, "签名"), ({"signature": "不是附件"}, "签名没有收到"), ({"signature": keys.sign(), "purpose": ""}, "写明用途"), ({"signature": keys.sign(), "taker": Taker("")}, "姓名")):
            with pytest.raises(Refused, match=complaint):
                away(**missing)
        key.refresh_from_db()
        assert key.state == "in", "not handed out"
        signature = keys.sign()
        loan = away(signature=signature)
        assert loan.state == "gone" and Attachment.objects.get(key=signature).about == f"custody.loan:{loan.pk}"
        with pytest.raises(Refused, match="签名"):
            keys.lend(keys.take_in("repair"), way="proxy", to="", words=(said(),), taker=family(), purpose="替业户领回", at=MONDAY)
        rows = RECORDS["collected"].rows(keys.actor("li"), keys.here.pk, when - HOUR, when + HOUR)
        assert [row[1:4] + row[4:5] + row[6:8] for row in rows] == [[key.number, HOME, "2 把", "王**（业户本人）", why, "已签名"]]
        assert rows[0][0] == when


@pytest.mark.shows("D4.109")
def test_the_use_of_a_repair_key_is_never_shortened(keys: Keys) -> None:
    key = keys.take_in("repair")
    whole: dict[str, dict[str, Any]] = {
        "staff": {"to": "wang", "purpose": "厨房补漏，第二次"},
        "contractor": {"to": "wang", "purpose": "厨房补漏，第二次", "taker": Taker("赵师傅", company="安达防水", paper="work_card", developer="函 18")},
        "owner": {"to": "", "purpose": "进屋看返修", "taker": Taker(OWNER, paper="id")},
    }
    for way, given in whole.items():
        for short in ("", "修", "返修", "补漏。"):
            with pytest.raises(Refused, match=r"写清楚|写明用途"):
                keys.lend(key, way=way, **given | {"purpose": short})
    for missing in ({"to": ""}, {"taker": Taker("", company="安达防水", paper="work_card", developer="函 18")}, {"taker": Taker("赵师傅", paper="work_card", developer="函 18")},
                    {"taker": Taker("赵师傅", company="安达防水", developer="函 18")}, {"taker": Taker("赵师傅", company="安达防水", paper="work_card")}):  # fmt: skip
        with pytest.raises(Refused):
            keys.lend(key, way="contractor", **whole["contractor"] | missing)
    assert not Loan.objects.exists()
    first = keys.lend(key, way="staff", **whole["staff"])
    with pytest.raises(Conflict):
        keys.lend(key, way="staff", **whole["staff"])
    assert [loan.pk for loan in Loan.objects.all()] == [first.pk], "each use is an entry of its own: one at a time"


@pytest.mark.shows("D11.01", "D11.02", "D11.03", "D11.05")
def test_area_keys_are_fetched_by_the_morning_shift_and_back_after_the_middle_shift(keys: Keys) -> None:
    sun, ma = keys.hire("sun", "孙晓燕", "steward", "early"), keys.hire("ma", "马丽", "steward", "late")
    bai = keys.hire("bai", "白雪", "control-room")
    area = keys.take_in("area", by="bai", title="天台", quantity=3, at=MONDAY - DAY)
    nine, late = MONDAY.replace(hour=9), MONDAY.replace(hour=16, minute=5)
    fetch = lambda who, at: keys.lend(area, by="bai", way="shift", to=who, purpose="当班巡视", at=at)  # noqa: E731
    assert chores.uncollected(MONDAY.replace(hour=8, minute=10)) == 0, "the shift has only begun"
    assert chores.uncollected(nine) == 1
    told = Notice.objects.filter(key__startswith="custody:uncollected")
    assert {one.user_id for one in told} == {sun.pk, bai.pk, keys.user("lin").pk} and all("孙晓燕" in one.title for one in told)
    first = fetch("sun", nine)
    assert chores.uncollected(nine + MINUTE) == 0
    actions.give_back(keys.actor("bai"), first, code=area.code, quantity=3, at=late - MINUTE)
    second = fetch("ma", late)
    midnight = (late + DAY).replace(hour=0, minute=0)
    assert second.due_at == midnight, "the end of the middle shift"
    assert chores.watch(midnight) == 0 or Move.objects.filter(kind="overdue", at=midnight).exists()
    chores.watch(midnight + MINUTE)
    assert {ma.pk, keys.user("lin").pk} <= set(Notice.objects.filter(why="late", title__contains="逾期未还").values_list("user_id", flat=True))
    actions.give_back(keys.actor("bai"), second, code=area.code, quantity=3, at=midnight + HOUR)
    slips = RECORDS["handed"].rows(keys.actor("li"), keys.here.pk, nine - HOUR, midnight + DAY)
    key = f"{area.number} 天台"
    assert slips == [
        [midnight + HOUR, "交还", key, "3 串", "马丽", "白雪", ""], [late, "领取", key, "3 串", "白雪", "马丽", ""],
        [late - MINUTE, "交还", key, "3 串", "孙晓燕", "白雪", ""], [nine, "领取", key, "3 串", "白雪", "孙晓燕", ""],
    ], "each fetching and each return is a slip of its own"  # fmt: skip


@pytest.mark.shows("D11.20")
def test_no_key_leaves_the_department_without_its_keepers_leave(keys: Keys) -> None:
    key, sealed = keys.take_in("vacant"), keys.take_in("sealed")
    wang, li = keys.actor("wang"), keys.actor("li")
    with pytest.raises(Forbidden, match="收发钥匙"):
        keys.lend(key, by="wang")
    with pytest.raises(Refused, match="到客服部办理"):
        actions.request(wang, sealed, purpose="关阀", at=MONDAY)
    with pytest.raises(Refused, match="用途"):
        actions.request(wang, key, purpose="", at=MONDAY)
    asked = actions.request(wang, key, purpose="试水、查漏", at=MONDAY)
    with pytest.raises(Forbidden, match="收发钥匙"):
        actions.issue(wang, asked, at=MONDAY)
    key.refresh_from_db()
    assert key.state == "in" and asked.state == "asked"
    actions.drop(li, asked, reason="今天有人看房，不能借", at=MONDAY + MINUTE)
    assert [one.text for one in queries.moves_of(key)][:2] == ["王强的申请作罢：今天有人看房，不能借", "王强申请借用1 把，用途：试水、查漏；等保管人发放，未经许可不得带出"]
    with pytest.raises(Conflict):
        actions.issue(li, asked, at=MONDAY + MINUTE)
    again = actions.request(wang, key, purpose="试水、查漏", at=MONDAY + HOUR)
    assert actions.issue(li, again, at=MONDAY + HOUR).state == "out"
    assert Move.objects.get(kind="lent").by_name == "李静"


@pytest.mark.shows("D3.09")
def test_a_steward_brings_the_mail_and_it_is_off_the_desk(keys: Keys) -> None:
    sun = keys.hire("sun", "孙晓燕", "steward", "early")
    letter, paper = keys.take_in("letter"), keys.take_in("newspaper", title="晚报", unit=HOME, store=keys.stores["mail"])
    with pytest.raises(Refused, match="由管理员送"):
        keys.lend(letter, way="deliver", to="wang", purpose="送上门")
    assert [one.number for one in queries.mail_waiting(keys.actor("li"), Unit.objects.get(code=HOME))] == [paper.number, letter.number]
    for thing in (letter, paper):
        loan = keys.lend(thing, way="deliver", to="sun", purpose="送上门", at=MONDAY + HOUR)
        thing.refresh_from_db()
        assert (loan.state, loan.user_id, loan.who, loan.out_at, thing.state, thing.gone_at) == ("gone", sun.pk, "孙晓燕", MONDAY + HOUR, "gone", MONDAY + HOUR)
    assert queries.mail_waiting(keys.actor("li"), Unit.objects.get(code=HOME)) == []


@pytest.mark.shows("D4.13", "D4.14", "D4.15")
def test_a_changed_lock_waits_for_the_new_key_and_for_the_old_one_to_go_back(keys: Keys) -> None:
    keys.hire("sun", "孙晓燕", "steward")
    adoption.adopt(SYSTEM, None, text=(LIBRARY / "lock_change.yaml").read_text(encoding="utf-8"), starts_at=MONDAY - DAY, at=MONDAY - DAY)
    home, li, sun = Unit.objects.get(code=HOME), keys.actor("li"), keys.actor("sun")
    old = keys.take_in("entrusted")
    assert cards.lock(li, home, MONDAY) is None
    row = procedures.file_ticket(li, keys.here, procedure="lock_change", answers={"unit": HOME, "caller": OWNER, "changed_on": "2026-11-22", "old_key": old.number}, at=MONDAY)
    card = cards.lock(li, home, MONDAY)
    assert "一切责任由业户承担" in card.text and "还没有催过" in card.text
    assert card in cards_of(li, home, MONDAY), "beside whoever takes a matter of this room, and on its page"
    finish(sun, row.id, {"urged_at": "2026-11-23 10:30", "said": "unreached"}, MONDAY + HOUR)
    assert "已催 1 次，最近 11-23 11:00" in cards.lock(li, home, MONDAY).text
    finish(sun, row.id, {"urged_at": "2026-11-23 12:00", "said": "delivered"}, MONDAY + 3 * HOUR)
    end = lambda number: finish(sun, row.id, {"new_key": number}, MONDAY + 4 * HOUR, signed=True)  # noqa: E731
    for number in ("WT-0099", old.number):
        with pytest.raises(Refused, match="还没有收存"):
            end(number)
    fresh = keys.take_in("entrusted", at=MONDAY + 3 * HOUR)
    with pytest.raises(Refused, match="还在柜里"):
        end(fresh.number)
    keys.lend(old, way="owner", to="", keep=True, taker=Taker(OWNER, paper="id"), purpose="换锁，收回旧钥匙", at=MONDAY + 3 * HOUR)
    with pytest.raises(Refused, match="签"):
        finish(sun, row.id, {"new_key": fresh.number}, MONDAY + 4 * HOUR)
    assert store.load(row.id).state.closed_at is None
    end(fresh.number)
    assert store.load(row.id).state.closed_at is not None and cards.lock(li, home, MONDAY + 5 * HOUR) is None
    assert "旧钥匙 WT-0001 已由业户收回" in Move.objects.get(kind="newlock").text


def test_private_names_open_for_a_reason_and_are_erased_when_it_is_over(keys: Keys) -> None:
    key = keys.take_in("entrusted", phone="13800000001")
    li, lin = keys.actor("li"), keys.actor("lin")
    assert actions.kept(key) == {"name": ("寄存人姓名", "王**"), "phone": ("寄存人电话", "138****0001")}
    with pytest.raises(Refused, match="理由"):
        actions.ask_reveal(li, key, field="phone", reason="看", at=MONDAY)
    asked = actions.ask_reveal(li, key, field="phone", reason="换锁了，请来取", at=MONDAY)
    with pytest.raises(Conflict, match="还未批准"):
        actions.reveal(li, key, request=asked, at=MONDAY)
    own = actions.ask_reveal(lin, key, field="name", reason="核对寄存人", at=MONDAY)
    assert actions.reveal(lin, key, request=own, at=MONDAY) == OWNER
    with pytest.raises(Conflict, match="已经用过"):
        actions.reveal(lin, key, request=own, at=MONDAY)
    loan = keys.lend(key, way="proxy", to="", words=(said(),), taker=family(phone="13900000009"), purpose="全部领走", keep=True)
    assert actions.kept(key)[f"{loan.pk}-phone"] == ("王**（家属） 的电话", "139****0009")
    other = Thing.objects.get(pk=keys.take_in("entrusted").pk)
    with pytest.raises(Refused, match="还在保管中"):
        actions.erase_private(lin, other, reason="本人要求删除", at=MONDAY)
    actions.erase_private(lin, key, reason="本人书面要求删除", at=MONDAY + DAY)
    key.refresh_from_db()
    loan.refresh_from_db()
    assert actions.kept(key) == {} and not key.private and not loan.private and key.whose == "王**"
    assert unseal(other.private)["name"] == OWNER, "another deposit keeps its own"
    with pytest.raises(Refused, match="已经清除过"):
        actions.erase_private(lin, key, reason="本人书面要求删除", at=MONDAY + DAY)


def finish(actor: Any, ticket: int, answers: dict[str, str], at: datetime, *, signed: bool = False) -> None:
    row = store.load(ticket)
    (task,) = [one for one in row.state.tasks if not one.done]
    procedures.finish(actor, row, task=task.id, answers=answers, evidence={"signature of resident": "王秀英.png"} if signed else {}, at=at)
