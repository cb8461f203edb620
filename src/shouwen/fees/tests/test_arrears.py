"""Arrears: what a list of the billing system says, who sees the flag and who the sum, and that an old list never comes after a new one."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import localdate

from shouwen.estate.models import Unit
from shouwen.fees import actions, cards, queries
from shouwen.fees.models import Arrears, ArrearsList
from shouwen.kernel.journal import now
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Forbidden


def page(answer):
    return answer.content.decode()


def day(ago=0):
    return localdate(now()) - timedelta(days=ago)


def sheet(rows):
    """As billing systems export: names and telephones stand in it, too."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        made = book.add_worksheet()
        for down, row in enumerate(rows):
            for at, cell in enumerate(row):
                made.write(down, at, cell)
    return file.getvalue()


def brings(client, rows, *, as_of=None, scope="whole", sure="", name="欠费.xlsx"):
    file = SimpleUploadedFile(name, sheet(rows))
    return client.post("/fees/arrears/import", {"file": file, "as_of": f"{as_of or day()}", "scope": scope, "sure": sure})


HEADS = ["房间号", "业主", "电话", "费项", "欠费金额（元）"]
FIRST = [HEADS, ["3-1-1201", "王秀英", "13800000001", "物业费", 1200.1], ["3栋1单元1201", "王秀英", "13800000001", "水费", "34.40"], ["12-1-2301", "周文斌", "", "物业费", 0]]


def owing():
    return {row.unit.code: row.amount for row in Arrears.objects.select_related("unit")}


def test_a_list_of_the_billing_system_is_read_as_it_comes(as_, world):
    answer = brings(as_("ye"), FIRST)
    assert answer.status_code == 302 and owing() == {"3-1-1201": Decimal("1234.50")}  # two kinds of fees, one sum
    entry = Entry.objects.filter(code="arrears.listed").get()
    assert "新欠费 1 户，消除 0 户，现欠费 1 户" in entry.text and "王秀英" not in f"{entry.text}{entry.data}"


@pytest.mark.parametrize("order", [1, -1])
def test_a_kind_of_fee_with_nothing_due_does_not_deny_the_others(as_, world, order):
    """Billing systems write a row for every kind of fee of a unit, also where it is 0.00."""
    rows = [["3-1-1201", "", "", "物业费", 1200.1], ["3-1-1201", "", "", "水费", 0], ["3-1-1202", "", "", "物业费", 0], ["3-1-1202", "", "", "水费", 0]]
    assert brings(as_("ye"), [HEADS, *rows[::order]]).status_code == 302 and owing() == {"3-1-1201": Decimal("1200.10")}


def test_a_flag_without_a_sum_stays_without_one(as_, world):
    rows = [["房号", "是否欠费", "欠费金额"], ["3-1-1201", "是", ""], ["3-1-1201", "", 0]]
    assert brings(as_("ye"), rows).status_code == 302 and owing() == {"3-1-1201": None}


def test_sums_beyond_what_is_kept_are_named_and_nothing_is_taken_in(as_, world):
    answer = brings(as_("ye"), [["房号", "欠费金额"], ["3-1-1201", "999999999999.99"], ["3-1-1201", "0.01"]])
    assert answer.status_code == 422 and "太大" in page(answer) and not ArrearsList.objects.exists()


def test_a_whole_list_clears_who_is_not_on_it_and_a_part_does_not(as_, world):
    ye = as_("ye")
    brings(ye, [["房号", "是否欠费"], ["3-1-1201", "是"], ["3-1-1202", "是"]], as_of=day(9))
    brings(ye, [["房号", "是否欠费"], ["3-1-1202", "否"], ["12-1-2301", "是"]], as_of=day(5), scope="some")
    assert owing().keys() == {"3-1-1201", "12-1-2301"}
    brings(ye, [["房号", "欠费"], ["12-1-2301", "是"]], as_of=day(1))
    row = Arrears.objects.get()
    assert (row.unit.code, row.since, row.as_of) == ("12-1-2301", day(5), day(1))


@pytest.mark.parametrize(("rows", "said"), [
    ([["房号", "是否欠费"], ["99-9-9999", "是"]], "房屋台账里没有「99-9-9999」"), ([["房号", "是否欠费"], ["3-1-1201", "大概"]], "只能填是或否"),
    ([["房号", "欠费金额"], ["3-1-1201", "-5"]], "不能是负数"), ([["房号", "欠费金额"], ["3-1-1201", ""]], "都没有填"),
    ([["房号", "是否欠费", "欠费金额"], ["3-1-1201", "否", 5]], "对不上"), ([["房号", "是否欠费"], ["3-1-1201", "是"], ["3-1-1201", "否"]], "一处说欠费、一处说不欠"),
    ([["房号", "是否欠费", "截至日期"], ["3-1-1201", "是", "2099-01-01"]], "晚于上传时选的"), ([["姓名", "金额"], ["甲", 5]], "没有「房号」这一列"),
    ([["房号", "姓名"], ["3-1-1201", "甲"]], "两列至少要有一列"), ([["房号", "金额", "欠款"], ["3-1-1201", 1, 2]], "两列都像"),
])  # fmt: skip
def test_one_mistake_and_nothing_is_taken_in(as_, world, rows, said):
    answer = brings(as_("ye"), [rows[0], ["12-1-2301", *["是" if head == "是否欠费" else 7 for head in rows[0][1:2]], *[""] * (len(rows[0]) - 2)], *rows[1:]])
    assert answer.status_code == 422 and said in page(answer)
    assert not Arrears.objects.exists() and not ArrearsList.objects.exists()


def test_an_old_list_never_comes_after_a_new_one(as_, world):
    ye = as_("ye")
    brings(ye, FIRST, as_of=day(2))
    answer = brings(ye, [HEADS, ["12-1-2301", "", "", "", 5]], as_of=day(30))
    assert answer.status_code == 422 and "比这一份新" in page(answer) and owing().keys() == {"3-1-1201"}
    assert "还没到" in page(brings(ye, FIRST, as_of=day(-1)))


def test_a_list_that_clears_most_is_meant_or_not_taken(as_, world, monkeypatch):
    monkeypatch.setattr(actions, "MANY", 1)
    ye, rooms = as_("ye"), ["3-1-1201", "3-1-1202", "12-1-2301", "5-2-0301"]
    brings(ye, [["房号", "是否欠费"], *[[room, "是"] for room in rooms]], as_of=day(3))
    few = [["房号", "是否欠费"], ["3-1-1201", "是"]]
    answer = brings(ye, few)
    assert answer.status_code == 422 and "会消除 3 户" in page(answer) and len(owing()) == 4
    assert brings(ye, few, sure="on").status_code == 302 and owing().keys() == {"3-1-1201"}


def test_the_desk_sees_the_flag_the_cashier_the_sum_and_others_nothing(as_, who, world):
    brings(as_("ye"), FIRST, as_of=day(2))
    unit = Unit.objects.get(community=world.liyuan, code="3-1-1201")
    for username in ("li", "sun", "lin"):
        card = cards.arrears(who(username), unit, now())
        assert card is not None and card.title == "欠费" and f"{day(2)}" in card.text and "1,234" not in card.text and card.url == "", username
        html = page(as_(username).get(f"/estate/units/{unit.pk}"))
        assert "欠费" in html and "1,234" not in html
    assert "欠费" in page(as_("li").get(f"/counter/caller?at_unit={unit.pk}"))
    for username in ("ye", "pan", "chen"):
        assert "¥1,234.50" in cards.arrears(who(username), unit, now()).text, username
    for username in ("wang", "shi", "su", "zhang", "tian", "guo", "kang", "mo"):  # who may see the unit may still not see this
        assert cards.arrears(who(username), unit, now()) is None, username
    assert "欠费" not in page(as_("zhang").get(f"/estate/units/{unit.pk}"))


def test_an_old_list_is_said_to_be_old(as_, who, world):
    brings(as_("ye"), FIRST, as_of=day(60))
    card = cards.arrears(who("li"), Unit.objects.get(community=world.liyuan, code="3-1-1201"), now())
    assert card.tone == "neutral" and "60 天没有更新" in card.text


def test_the_list_is_for_who_keeps_it_and_for_their_community(as_, who, world):
    brings(as_("ye"), FIRST)
    assert "¥1,234.50" in page(as_("ye").get("/fees/arrears"))
    unit = Unit.objects.get(community=world.liyuan, code="3-1-1201")
    for username in ("li", "wang", "kang"):
        for address in ("/fees/arrears", "/fees/arrears/import", "/fees/arrears/template", f"/fees/arrears/unit/{unit.pk}"):
            assert as_(username).get(address).status_code == 404, (username, address)
    assert as_("lu").get(f"/fees/arrears/unit/{unit.pk}").status_code == 404 and "3-1-1201" not in page(as_("lu").get("/fees/arrears"))
    with pytest.raises(Forbidden):
        actions.take_list(who("li"), world.liyuan, filename="x.xlsx", lines=[], as_of=day(), whole=True, at=now())
    assert as_("ye").get("/fees/arrears/template").content[:2] == b"PK"
    assert as_("ye").get("/fees/arrears?format=xlsx").status_code == 200 and Entry.objects.filter(code="arrears.exported").exists()


def test_who_has_paid_is_cleared_at_once_and_it_says_on_what(as_, who, world):
    brings(as_("ye"), FIRST)
    unit = Unit.objects.get(community=world.liyuan, code="3-1-1201")
    assert as_("ye").post(f"/fees/arrears/unit/{unit.pk}", {"remark": " "}).status_code == 422 and owing()
    assert as_("ye").post(f"/fees/arrears/unit/{unit.pk}", {"remark": "收据 0001234"}).status_code == 302 and not owing()
    assert queries.arrears_of(who("ye"), unit) is None and Entry.objects.get(code="arrears.cleared").text == "3-1-1201 已交清，消除欠费标记：收据 0001234"
    assert as_("ye").post(f"/fees/arrears/unit/{unit.pk}", {"remark": "又一次"}).status_code == 409


def test_what_was_brought_is_kept_as_it_was(as_, world, django_assert_max_num_queries):
    from django.db import DatabaseError, connection, transaction

    from shouwen.kernel.journal import bookkeeping

    brings(as_("ye"), FIRST)
    with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody at the database"), connection.cursor() as cursor:
        cursor.execute("UPDATE fees_arrearslist SET owing = 0")
    with django_assert_max_num_queries(16):
        as_("ye").get("/fees/arrears")
    with django_assert_max_num_queries(16):
        as_("ye").get("/fees/arrears/import")
