"""The price list: what holds on which day and where, that nothing of it is ever changed, who may see and set it."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from shouwen.fees import actions, queries
from shouwen.fees.models import Price
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.org import actions as org
from shouwen.org.models import User

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)


@pytest.fixture
def place(world):
    return world.liyuan, world.yunxi


def priced(place, code="XX-1", labour="25", since=JULY, **more):
    given = {"title": "更换水龙头", "unit": "个"} | more
    return actions.add_price(SYSTEM, place, code=code, labour=labour, starts_on=since, at=now(), **given)


def listed(community, day):
    return next((str(one.amount) for one in queries.in_force(community.pk, day) if one.code == "XX-1"), None)


@pytest.mark.shows("C17.07")
def test_a_new_price_is_a_new_row_from_its_day(place):
    jia, _ = place
    old = priced(None)
    priced(None, labour="30", material="5.5", since=AUGUST)
    assert listed(jia, JULY) == "25.00" and listed(jia, AUGUST) == "35.50"
    assert listed(jia, JULY - timedelta(days=1)) is None
    old.refresh_from_db()
    assert (old.labour, old.ends_on) == (25, AUGUST - timedelta(days=1))


def test_what_a_community_has_for_itself_goes_before_what_holds_for_all(place):
    jia, yi = place
    priced(None)
    priced(jia, labour="35")
    assert listed(jia, AUGUST) == "35.00" and listed(yi, AUGUST) == "25.00"


def test_a_price_that_is_written_is_never_changed(place):
    row = priced(None)
    for statement in ("UPDATE fees_price SET labour = 1", "UPDATE fees_price SET code = 'X1'", "DELETE FROM fees_price"):
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody at the database"), connection.cursor() as cursor:
            cursor.execute(statement)
    actions.end_price(SYSTEM, row, ends_on=AUGUST, at=now())
    assert listed(place[0], AUGUST) and not listed(place[0], AUGUST + timedelta(days=1))
    with pytest.raises(Conflict, match="不能再改"):
        actions.end_price(SYSTEM, row, ends_on=JULY, at=now())


@pytest.mark.parametrize(("given", "said"), [
    ({"code": "80"}, "字母加数字"), ({"labour": "0"}, "不能都是 0"), ({"labour": "-1"}, "不能是负数"), ({"labour": "1.234"}, "两位小数"),
    ({"title": ""}, "服务项目"), ({"unit": " "}, "计价单位"), ({"title": "甲×乙"}, "符号"),
])  # fmt: skip
def test_what_does_not_fit_is_said(place, given, said):
    with pytest.raises(Refused, match=said):
        priced(None, **given)
    assert not Price.objects.filter(title="更换水龙头", unit="个", starts_on=JULY, community=None).exists()


def test_the_past_is_not_priced_anew(place):
    priced(None, since=AUGUST)
    with pytest.raises(Conflict, match="不改旧账"):
        priced(None, since=JULY)


def test_it_stands_in_the_journal(place):
    priced(place[0])
    assert Entry.objects.filter(code="price.added").last().text == "价目 XX-1 更换水龙头：¥25.00/个，2026-07-01 起用"


# --- pages ---


def page(answer):
    return answer.content.decode()


def test_everybody_at_work_reads_the_list_and_finds_by_initials(as_, world):
    html = page(as_("wang").get("/fees/prices"))
    assert "SD-03" in html and "¥35.00" in html and "定价</a>" not in html
    html = page(as_("wang").get("/fees/prices", {"q": "slt"}))
    assert "更换水龙头" in html and "墙面打孔" not in html


def test_the_manager_sets_a_price_and_the_old_one_is_kept(as_, world):
    day = (now() + timedelta(days=3)).date()
    form = {"code": "SD-03", "title": "更换水龙头", "unit": "个", "labour": "40", "material": "", "starts_on": f"{day}", "remark": ""}
    answer = as_("chen").post("/fees/prices/new", form)
    assert answer.status_code == 302
    assert "待起用" in page(as_("chen").get("/fees/prices", {"q": "SD-03"}))
    rows = Price.objects.filter(code="SD-03", community=world.liyuan).order_by("starts_on")
    assert [str(one.amount) for one in rows] == ["35.00", "40.00"] and rows[0].ends_on == day - timedelta(days=1)
    html = page(as_("chen").get(f"/fees/prices/{rows[0].pk}"))
    assert "¥40.00" in html and "¥35.00" in html


def test_a_price_is_followed_in_its_own_community(as_, world):
    """Whoever looks at one community and follows the price of another does not set it where they look."""
    old = priced(world.yunxi, since=now().date() - timedelta(days=9))
    org.assign(SYSTEM, world.yunxi, user=User.objects.get(username="chen"), post="service-manager", starts_on=now().date() - timedelta(days=9))
    client = as_("chen")
    assert f"{world.liyuan.name}：定价" in page(client.get("/fees/prices/new"))
    assert f"{world.yunxi.name}：定价" in page(client.get(f"/fees/prices/new?of={old.pk}"))
    form = {"code": "XX-1", "title": "更换水龙头", "unit": "个", "labour": "40", "starts_on": f"{now().date() + timedelta(days=3)}"}
    assert client.post(f"/fees/prices/new?of={old.pk}", form).status_code == 302
    assert list(Price.objects.filter(code="XX-1").values_list("community_id", flat=True)) == [world.yunxi.pk] * 2


def test_a_mistake_is_shown_beside_its_field(as_, world):
    answer = as_("chen").post("/fees/prices/new", {"code": "80", "title": "甲", "unit": "次", "labour": "一块", "starts_on": "2026-12-01"})
    assert answer.status_code == 422 and "字母加数字" in page(answer)


def test_who_may_not_set_prices_finds_no_such_page(as_, world):
    pk = Price.objects.filter(community=world.liyuan).first().pk
    assert as_("wang").get("/fees/prices/new").status_code == 404
    assert as_("wang").post(f"/fees/prices/{pk}", {"ends_on": "2026-12-01"}).status_code == 403
    assert as_("mei").get(f"/fees/prices/{pk}").status_code == 404  # another community's own price


def test_the_list_costs_the_same_with_more_rows(as_, world, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        as_("chen").get("/fees/prices")
