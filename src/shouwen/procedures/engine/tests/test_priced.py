"""Lines of a quotation: read, refused, summed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shouwen.procedures.engine import Faulty, Refused, check_answers, fill, priced, read

RULES = """
procedure: job
title: 上门
edition: 2026-11
opened_by: [engineer]
people: {engineer: {title: 维修工, on_duty: engineer}}
steps:
  quote:
    title: 报价
    who: engineer
    asks: {price: {title: 报价, kind: priced}}
  boss:
    title: 主管看
    who: engineer
    when: {at_least: {price: 100}}
"""
TAP = "SD-03 更换水龙头 35.00元/个 × 2 = 70.00元"


def answered(raw: Any) -> Any:
    return check_answers(read(RULES), "quote", {"price": raw}, {})["price"]


@pytest.mark.parametrize("raw", ["SD-03 × 2", "SD-03x2", "SD-03 2", "SD-03 × 2.00", "SD-03 × ２", {"item": "SD-03", "quantity": "2"}])
def test_a_line_is_an_item_and_how_many(raw: Any) -> None:
    assert answered([raw]) == ["SD-03 × 2"]


def test_the_quantity_may_be_left_out_and_a_priced_line_stays() -> None:
    assert answered("SD-03") == ["SD-03 × 1"]
    assert answered([TAP]) == [TAP]


@pytest.mark.shows("C17.07")
@pytest.mark.parametrize("raw", ["80", "80.00", "¥80", "水龙头 80", "SD-03 × 0", "SD-03 × -1", "SD-03 × 1.234", "SD-03 = 80", {"item": "", "quantity": "80"}, ["80"]])
def test_a_sum_typed_freely_is_refused(raw: Any) -> None:
    with pytest.raises(Refused, match="报价"):
        answered([raw])


def test_an_item_stands_once() -> None:
    with pytest.raises(Refused, match="写了两次"):
        answered(["SD-03 × 1", "SD-03 × 2"])


def test_lines_are_summed_to_the_fen() -> None:
    line = priced.Line("JZ-03", Decimal("12.5"), "玻璃清洗", "平方米", Decimal("8.01"))
    assert line.kept == "JZ-03 玻璃清洗 8.01元/平方米 × 12.5 = 100.13元" and priced.line(line.kept, "报价") == line
    assert priced.total([TAP, line.kept, "SD-01 × 1"]) == Decimal("170.13")
    assert fill(read(RULES), "{price}", {"price": [TAP, line.kept]}).endswith("；合计 170.13元")


def test_conditions_compare_the_total() -> None:
    from shouwen.procedures.engine.answers import holds

    rules = read(RULES)
    condition = rules.steps["boss"].when
    assert not holds(rules, condition, {"price": [TAP]})
    assert holds(rules, condition, {"price": [TAP, "SD-04 更换角阀 38.00元/个 × 1 = 38.00元"]})


@pytest.mark.parametrize("more", ["many: yes", "default: SD-03", "private: yes"])
def test_what_makes_no_sense_is_named(more: Any) -> None:
    with pytest.raises(Faulty, match="报价"):
        read(RULES.replace("kind: priced", f"kind: priced, {more}"))
