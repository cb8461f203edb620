"""A paid service is quoted from the list, on the page as in the rule; what was quoted stays, whatever the list says later (C17.07)."""

import re
from datetime import timedelta

import pytest

from shouwen.fees import actions as fees
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Refused
from shouwen.procedures import actions, store
from shouwen.procedures.models import Ticket
from shouwen.procedures.tests.conftest import MONDAY

SERVICE = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "周六家政保洁"}


@pytest.fixture
def service(who, world):
    return actions.file_ticket(who("li"), world.liyuan, procedure="special_service", answers=SERVICE, at=MONDAY)


def page(answer):
    return answer.content.decode()


def answers(row):
    return store.load(row.id).state.answers


@pytest.mark.shows("C17.07")
def test_the_form_offers_the_list_and_keeps_the_price_of_the_day(as_, service):
    html = page(as_("sun").get(f"/tickets/{service.id}"))
    name = re.search(r'<select class="form-select" name="([^"]*price)\.item"', html)[1]
    assert "JZ-01 家政保洁 ¥50.00/小时" in html and f'name="{name}.amount"' not in html  # chosen, never typed
    number = re.search(rf"/tickets/{service.id}/tasks/(\d+)/finish", html)[1]
    prefix = name.removesuffix("price")
    form = {f"{prefix}service": "domestic", f"{prefix}details": "两小时", f"{name}.item": ["JZ-01", "LH-01", ""], f"{name}.quantity": ["2.5", "", ""]}
    assert as_("sun").post(f"/tickets/{service.id}/tasks/{number}/finish", form).status_code == 302
    lines = ["JZ-01 家政保洁 50.00元/小时 × 2.5 = 125.00元", "LH-01 盆花养护 20.00元/盆 × 1 = 20.00元"]
    assert answers(service)["price"] == lines
    assert "合计 145.00元" in page(as_("sun").get(f"/tickets/{service.id}"))


@pytest.mark.shows("C17.07")
@pytest.mark.parametrize(("price", "said"), [
    ("50", "从价目表里选"), (["家政保洁 50 元"], "从价目表里选"), (["XX-99"], "请主管先定价"), (["JZ-01 × 0"], "不能是 0"),
])  # fmt: skip
def test_a_price_of_ones_own_is_refused_and_nothing_is_kept(who, service, price, said):
    given = {"service": "domestic", "details": "两小时", "price": price}
    with pytest.raises(Refused, match=said):
        actions.finish(who("sun"), store.load(service.id), task=2, answers=given, at=MONDAY)
    assert "price" not in answers(service)


def test_a_line_with_a_price_of_ones_own_gets_that_of_the_list(who, service):
    given = {"service": "domestic", "details": "两小时", "price": ["JZ-01 家政保洁 1.00元/小时 × 2 = 2.00元"]}
    actions.finish(who("sun"), store.load(service.id), task=2, answers=given, at=MONDAY)
    assert answers(service)["price"] == ["JZ-01 家政保洁 50.00元/小时 × 2 = 100.00元"]


def test_what_was_quoted_stays_when_the_list_changes(who, world, service):
    given = {"service": "domestic", "details": "两小时", "price": ["JZ-01 × 2"]}
    actions.finish(who("sun"), store.load(service.id), task=2, answers=given, at=MONDAY)
    tomorrow = MONDAY + timedelta(days=1)
    fees.add_price(
        SYSTEM, world.liyuan, code="JZ-01", title="家政保洁", unit="小时", labour="60", starts_on=tomorrow.date(), at=MONDAY
    )
    kept = answers(service)["price"]
    actions.amend(who("sun"), store.load(service.id), answers={"price": [*kept, "LH-01"]}, reason="加一项", at=tomorrow)
    assert answers(service)["price"] == [kept[0], "LH-01 盆花养护 20.00元/盆 × 1 = 20.00元"]
    actions.amend(who("sun"), store.load(service.id), answers={"price": ["JZ-01 × 3"]}, reason="多一小时", at=tomorrow)
    assert answers(service)["price"] == ["JZ-01 家政保洁 60.00元/小时 × 3 = 180.00元"]
    assert Ticket.objects.get(pk=service.id).status == "open"
