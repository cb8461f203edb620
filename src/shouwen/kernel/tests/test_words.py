"""Words from outside: what cannot be kept is refused by name, what nobody can see is nothing."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import clean_text


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x85", "\ud800", "\ufffd", "\u202e", "\u2066", "\u200f"])
def test_a_character_that_cannot_be_kept_is_refused(char):
    with pytest.raises(Refused) as no:
        clean_text(f"楼道{char}灯", "备注", 100, field="text")
    assert "「备注」里有不能保存的特殊字符" in no.value.message and "text" in no.value.fields


def test_half_a_character_from_a_form_is_not_kept_as_something_else():
    """Bytes that are no UTF-8 come out of a form as U+FFFD."""
    with pytest.raises(Refused):
        clean_text(QueryDict(b"text=%E7%81%AF%ED%A0%80")["text"], "备注", 100)


@pytest.mark.parametrize("nothing", ["", "  \n ", "\u200b", "\u200b\u200d \u2060", None])
def test_what_nobody_can_see_is_nothing(nothing):
    assert clean_text(nothing, "备注", 100) == ""


@pytest.mark.parametrize("words", ["灯\n亮了", "👨‍👩‍👧 一家三口", "a\u200bb", "㎡ ¥1,234.50"])
def test_words_stay_as_they_were_said(words):
    assert clean_text(f" {words} ", "备注", 100) == words


def test_too_much_is_counted():
    with pytest.raises(Refused, match="最多 3 个字，现有 4 个"):
        clean_text("一二三四", "备注", 3)
