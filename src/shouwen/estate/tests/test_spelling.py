"""Room codes, plates, initials and masks: pure rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwen.estate import private
from shouwen.estate.codes import fold, plate_number, room_code, room_parts, sort_key
from shouwen.estate.names import initials, spellings


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("3-1-1201", "3-1-1201"), ("3栋1单元1201", "3-1-1201"), ("3栋1单元1201室", "3-1-1201"), ("３－１－１２０１", "3-1-1201"),
        ("3#1-1201", "3-1-1201"), ("三栋一单元1201", "3-1-1201"), ("十二栋2单元301房", "12-2-301"), ("3号楼1单元1201号房", "3-1-1201"),
        ("A座1201", "A-1201"), ("5-2-0301", "5-2-0301"), ("\u202e3-1-1\x00201", "3-1-1201"), ("%_", ""), ("'; drop", ""), ("", ""),
        ("3" * 500, ""), ("\ud800", ""),
    ],
)  # fmt: skip
def test_rooms_are_read_as_people_write_them(typed: str, code: str) -> None:
    assert room_code(typed) == code


def test_a_room_without_building_is_no_code() -> None:
    assert room_parts("1201") is None
    assert room_parts("3-1-1201") == ("3", "1", "1201", 12)


def test_rooms_stand_in_the_order_of_their_numbers() -> None:
    assert sorted(["12-1-101", "3-1-1201", "3-1-201"], key=sort_key) == ["3-1-201", "3-1-1201", "12-1-101"]


@pytest.mark.parametrize(
    ("typed", "plate"),
    [
        ("粤B·12345", "粤B12345"), ("粤b d12345", "粤BD12345"), ("粤BDF1234", "粤BDF1234"), ("粤B12345D", "粤B12345D"),
        ("粤A1234警", "粤A1234警"), ("粤Z1234港", "粤Z1234港"), ("使123456", "使123456"), ("粤B12345临", "粤B12345临"),
        ("粤B1234", ""), ("粤BI2345", ""), ("B12345", ""), ("<script>", ""), ("粤B123456789", ""),
    ],
)  # fmt: skip
def test_plates_including_new_energy(typed: str, plate: str) -> None:
    assert plate_number(typed) == plate


@pytest.mark.parametrize(("name", "first"), [("单雄信", "sxx"), ("解缙", "xj"), ("仇英", "qy"), ("曾国藩", "zgf"), ("查良镛", "zly"), ("张长江", "zcj"), ("李朝霞", "lzx"), ("陈晟", "cs")])
def test_the_reading_that_names_mostly_have_comes_first(name: str, first: str) -> None:
    assert initials(name) == first


def test_every_reading_is_on_file_but_not_dozens() -> None:
    assert {"sxx", "dxx", "cxx"} <= set(spellings("单雄信"))
    assert len(spellings("乐" * 60)) <= 6
    assert spellings("") == spellings("𠮷") == []


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13800138000", "138****8000"), ("+86 138-0013-8000", "138****8000"), ("0755-26001234", "****1234"), ("95588", "*****"), ("", "")],
)
def test_phones_are_masked(phone: str, masked: str) -> None:
    assert private.mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [("王秀英", "王**"), ("李静", "李*"), ("欧阳修", "欧阳*"), ("阿依古丽·买买提", "阿**"), ("荔园超市有限公司", "荔园超市有限公司")],
)
def test_names_are_masked_but_companies_are_not(name: str, masked: str) -> None:
    assert private.mask_name(name) == masked


def test_papers_are_masked_and_checked() -> None:
    assert private.mask_id("11010519491231002X") == "1101**********002X"
    assert private.id_problem("11010519491231002X") == ""
    assert "校验位" in private.id_problem("110105194912310021")
    assert private.id_problem("E12345678") == ""


@given(st.text(max_size=60))
def test_a_mask_never_shows_more_than_seven_digits_of_a_phone(text: str) -> None:
    assert sum(char in "0123456789" for char in private.mask_phone(text)) <= 7


@given(st.text(max_size=300))
def test_folded_text_can_be_stored_anywhere(text: str) -> None:
    folded = fold(text)
    folded.encode()  # no lone surrogates
    assert "\x00" not in folded and len(folded) <= 60


def test_the_same_number_has_one_digest_however_it_is_typed() -> None:
    assert private.phone_digest("13800138000") == private.phone_digest("+86 138 0013 8000") != private.phone_digest("13800138001")
    assert private.phone_digest("110") == ""
