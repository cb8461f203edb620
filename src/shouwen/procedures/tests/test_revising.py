"""A change of one thing in a procedure file changes that thing and nothing else."""

from __future__ import annotations

import re

import pytest

from shouwen.procedures.editions import LIBRARY
from shouwen.procedures.engine import read
from shouwen.procedures.engine.difference import difference
from shouwen.procedures.engine.nodes import compose
from shouwen.procedures.revising import NoSuchPlace, drop, find, plain, put, rename

COMPLAINT = (LIBRARY / "complaint.yaml").read_text("utf-8")
REPAIR = (LIBRARY / "repair.yaml").read_text("utf-8")
BEFORE = read(COMPLAINT)
NAMES = {"duty-manager": "值班经理", "cs-supervisor": "客服部主管"}
CLASSIFY = ("steps", "classify")


def scalars(node, path=()):
    """Every scalar value with its path."""
    if node.id == "mapping":
        for key, value in node.value:
            yield from scalars(value, (*path, key.value))
    elif node.id == "sequence":
        for index, value in enumerate(node.value):
            yield from scalars(value, (*path, str(index)))
    else:
        yield path


@pytest.mark.parametrize("file", sorted(LIBRARY.glob("*.yaml")), ids=lambda p: p.stem)
def test_a_value_put_back_as_it_was_means_the_same_and_an_untouched_file_is_the_same_bytes(file):
    text = file.read_text("utf-8")
    before = read(text)
    paths = list(scalars(compose(text)))
    for path in paths[:: max(1, len(paths) // 3)]:
        value = plain(text, path)
        again = put(text, path, value)
        assert plain(again, path) == value
        assert difference(before, read(again)) == []
        assert re.findall("#.*", again) == re.findall("#.*", text), "comments stay"
    assert put(text, ("title",), plain(text, ("title",))) == text


CHANGES = {
    "a limit": (put, (*CLASSIFY, "within"), "15 minutes from filed", "「受理识别」时限 「受理」后 20 分钟 → 「受理」后 15 分钟"),
    "one case of a limit": (put, ("promises", "handled", "within", "I"), "3 hours", "承诺「限时办理（等上级意见、等审批也不停表）」时限 一类 4 小时；二类 当天内；三类 3 天 → 一类 3 小时；二类 当天内；三类 3 天"),
    "a reminder": (put, (*CLASSIFY, "remind"), "10 minutes", "「受理识别」提醒 提前 5 分钟 → 提前 10 分钟"),
    "whom a rung tells": (put, (*CLASSIFY, "late", "30 minutes", "tell"), ["service_manager", "director"], "「受理识别」逾期（逾期 30 分钟）告知服务中心经理 → 告知服务中心经理、管理处主任"),
    "how late a rung comes": (rename, (*CLASSIFY, "late", "30 minutes"), "20 minutes", "「受理识别」逾期（逾期 30 分钟）告知服务中心经理 → （无）"),
    "a new rung": (put, (*CLASSIFY, "late", "1 hour"), {"tell": ["director"]}, "「受理识别」逾期（逾期 1 小时）（无） → 告知管理处主任"),
    "no rung": (drop, (*CLASSIFY, "late", "30 minutes"), None, "「受理识别」逾期（逾期 30 分钟）告知服务中心经理 → （无）"),
    "a rung of the common ladder": (put, ("late", "1 hour", "tell"), ["director"], "通用逾期处理（逾期 1 小时）告知服务中心经理 → 告知管理处主任"),
    "a post": (put, ("people", "duty_manager", "on_duty"), "cs-supervisor", "角色「值班经理」 值班经理：当班 值班经理 → 值班经理：当班 客服部主管"),
    "what is said": (put, ("steps", "intake", "says"), "您好，请讲：{content}", "「接诉」话术 对不起，给您添麻烦了。谢谢您给我们提意见，您请说，我记下来，马上替您办。 → 您好，请讲：{content}"),
    "a title within braces": (put, ("steps", "intake", "asks", "content", "title"), "投诉内容, 经过", "「接诉」填写项「投诉内容」名称 投诉内容 → 投诉内容, 经过"),
    "a help where there was none": (put, ("steps", "intake", "asks", "unit", "help"), "写到室，如 3-1-1201", "「接诉」填写项「房号」说明 （无） → 写到室，如 3-1-1201"),
    "optional": (put, ("steps", "intake", "asks", "phone", "optional"), "yes", "「接诉」填写项「联系电话」可不填 否 → 是"),
    "required": (drop, ("steps", "intake", "asks", "place", "optional"), None, "「接诉」填写项「事发地点」可不填 是 → 否"),
    "an option": (put, ("steps", "intake", "asks", "point", "pick", "gate"), "门岗", "「接诉」填写项「接待点」选项 管理处前台、俱乐部前台 → 管理处前台、俱乐部前台、门岗"),
    "the cool-down of urging": (put, ("urge",), "15 minutes", "催单间隔 10 分钟 → 15 分钟"),
    "how long it is kept": (put, ("steps", "archive", "keeps"), "3 years", "「企业管理部存档」保存期限 （无） → 3 年"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_each_kind_of_change_reads_again_to_exactly_that_difference(case):
    deed, path, value, said = CHANGES[case]
    new = deed(COMPLAINT, path) if deed is drop else deed(COMPLAINT, path, value)
    found = difference(BEFORE, read(new), NAMES)
    assert found[:1] == [said]
    assert len(found) == (2 if case == "how late a rung comes" else 1)
    assert re.findall("#.*", new) == re.findall("#.*", COMPLAINT)
    old, changed = COMPLAINT.split("\n"), new.split("\n")
    assert len(set(old) - set(changed)) <= 1, "one line at most is touched"


def test_a_folded_text_stays_folded_and_words_of_any_kind_come_back():
    path = (*CLASSIFY, "do")
    new = put(COMPLAINT, path, "先登记。 再识别。")
    assert "    do: >-\n      先登记。\n      再识别。\n    within: 20 minutes" in new
    for words in ("第一行\n第二行", "说“好”: 就好", "100% 满意 #1", "- 先", "yes", "{unit} 的", "a: b", '"', "\\", "'单'", "[x]", "？"):
        for where in (path, (*CLASSIFY, "title"), ("steps", "intake", "asks", "unit", "title"), ("people", "reception", "title")):
            assert plain(put(COMPLAINT, where, words), where) == words


def test_a_group_of_repair_and_a_place_that_is_not_there():
    path = ("steps", "go", "together", "tell_wait", "late", "5 minutes", "tell")
    assert plain(put(REPAIR, path, ["holder"]), path) == ["holder"]
    own = put(REPAIR, ("steps", "report", "asks", "fault", "pick", "lift"), "电梯")
    assert read(own).asks["fault"].pick["lift"] == "电梯"
    assert find(COMPLAINT, ("steps", "nobody")) is None
    for deed in (lambda: drop(COMPLAINT, ("steps", "nobody", "x")), lambda: rename(COMPLAINT, (*CLASSIFY, "late", "9 days"), "1 day"), lambda: put(COMPLAINT, ("title", "x"), "y")):
        with pytest.raises(NoSuchPlace):
            deed()


def test_the_last_entry_takes_its_mapping_along():
    only = drop(drop(COMPLAINT, (*CLASSIFY, "late", "30 minutes")), (*CLASSIFY, "late", "0 minutes"))
    assert find(only, (*CLASSIFY, "late")) is None and read(only).every_step["classify"].late == ()
