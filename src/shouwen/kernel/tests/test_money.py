"""Money: exact, refused when it is not, and written out as the banks want it."""

from __future__ import annotations

from decimal import Decimal

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.kernel.money import LARGEST, capital, money, yuan
from shouwen.kernel.refusals import Refused


@pytest.mark.parametrize("text,amount", [
    ("1234.5", "1234.50"), ("¥1,234.50", "1234.50"), ("￥１２３４．５０", "1234.50"), ("12元", "12.00"), (" 0 ", "0.00"),
    ("0.01", "0.01"), (7, "7.00"), (Decimal("3.100"), "3.10"),
])
def test_amounts_as_people_write_them(text, amount):
    found = money(text)
    assert found == Decimal(amount) and str(found) == amount


@pytest.mark.parametrize("text", [
    "", "abc", "1.234", "1e5", "NaN", "Infinity", "1,23.4", "--1", "1 2", "一百", ".5", "1.", "0x10", "9999999999999",
    Decimal("0.001"), Decimal("NaN"), Decimal("Infinity"),
])
def test_what_is_no_amount_is_refused_in_chinese(text):
    with pytest.raises(Refused) as refused:
        money(text, "押金", field="deposit")
    assert "押金" in refused.value.message and "deposit" in refused.value.fields


def test_negative_only_where_allowed():
    with pytest.raises(Refused, match="不能是负数"):
        money("-1")
    assert money("-1", negative=True) == Decimal("-1.00")
    assert str(money("-0", negative=True)) == "0.00"


@pytest.mark.parametrize("value", [1.5, True, None])
def test_a_float_is_a_programming_error(value):
    with pytest.raises(TypeError):
        money(value)


def test_shown():
    assert yuan(Decimal("1234567.5")) == "¥1,234,567.50" and yuan(Decimal("-0.05")) == "-¥0.05"


@pytest.mark.parametrize("amount,said", [
    # the examples of 《正确填写票据和结算凭证的基本规定》, where it leaves a choice the shorter one
    ("1409.50", "壹仟肆佰零玖元伍角整"), ("6007.14", "陆仟零柒元壹角肆分"), ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
    ("107000.53", "壹拾万柒仟元伍角叁分"), ("16409.02", "壹万陆仟肆佰零玖元零贰分"), ("325.04", "叁佰贰拾伍元零肆分"),
    ("0", "零元整"), ("0.05", "伍分"), ("0.50", "伍角整"), ("10", "壹拾元整"), ("100010001", "壹亿零壹万零壹元整"),
    ("100005000", "壹亿零伍仟元整"), ("-3", "负叁元整"), ("999999999999.99", "玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
])
def test_in_capitals(amount, said):
    assert capital(Decimal(amount)) == said


@given(st.integers(0, int(LARGEST * 100)))
def test_capitals_agree_with_another_program(fen):
    """cn2an leaves out 「整」 after 角, which the rule allows, and reads a run of zeros before a group with an extra 零 or none."""
    amount = Decimal(fen) / 100
    theirs = cn2an.an2cn(str(amount.quantize(Decimal("0.01"))), "rmb")
    ours = capital(amount)
    if theirs.endswith("角"):
        theirs += "整"
    assert ours.replace("零", "") == theirs.replace("零", "")
    assert "零零" not in ours and not ours.startswith("零" if fen else "x")


@given(st.integers(0, 99_999_999).filter(lambda fen: "00" not in f"{fen:08d}".lstrip("0")))
def test_capitals_are_the_same_to_the_last_word_where_no_two_zeros_meet(fen):
    amount = Decimal(fen) / 100
    theirs = cn2an.an2cn(str(amount.quantize(Decimal("0.01"))), "rmb")
    assert capital(amount) == (theirs + "整" if theirs.endswith("角") else theirs)
