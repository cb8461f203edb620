from decimal import Decimal
from typing import Any

import pytest

from shouwen.procedures.engine import Refused, Value, check_answers, fill
from shouwen.procedures.engine.answers import fill_raw, holds
from shouwen.procedures.engine.procedure import Condition
from shouwen.procedures.engine.tests.play import NINE, short


def asked(ask: str, raw: Any, **earlier: Any) -> Any:
    p = short(f"  go: {{title: 办, who: desk, asks: {{q: {ask}}}}}\n")
    return check_answers(p, "go", {} if raw is None else {"q": raw}, earlier, NINE).get("q")


@pytest.mark.parametrize(
    ("ask", "raw", "value"),
    [
        ("{title: 问}", "  好 ", "好"),
        ("{title: 问}", 12, "12"),
        ("{title: 问}", Decimal("1.50"), "1.50"),
        ("{title: 问}", ["好"], "好"),
        ("{title: 问, min: 2, max: 3}", "好吗", "好吗"),
        ("{title: 问, kind: note}", "一\r\n二", "一\n二"),
        ("{title: 问, kind: phone}", "138 0000-0001", "13800000001"),
        ("{title: 问, kind: phone}", "+86 138-0000-0001", "13800000001"),
        ("{title: 问, kind: phone}", "１３８００００００００", "13800000000"),
        ("{title: 问, kind: phone}", "020-87654321-8001", "02087654321-8001"),
        ("{title: 问, kind: phone}", "0755-1234567", "07551234567"),
        ("{title: 问, kind: phone}", "8888", "8888"),
        ("{title: 问, kind: phone}", "+4930123456", "+4930123456"),
        ("{title: 问, kind: date}", "2026年1月2日", "2026-01-02"),
        ("{title: 问, kind: date}", "2026/11/23", "2026-11-23"),
        ("{title: 问, kind: date, default: now}", None, "2026-11-23"),
        ("{title: 问, kind: time}", "９：05", "09:05"),
        ("{title: 问, kind: time, default: now}", "", "09:00"),
        ("{title: 问, kind: datetime}", "2026-11-23T14:00", "2026-11-23 14:00"),
        ("{title: 问, kind: datetime}", "2026-11-23 14:00:30", "2026-11-23 14:00"),
        ("{title: 问, kind: datetime}", "2026-11-23T06:00:00Z", "2026-11-23 14:00"),
        ("{title: 问, kind: datetime, default: now}", None, "2026-11-23 09:00"),
        ("{title: 问, kind: minutes}", "30", "30"),
        ("{title: 问, kind: number}", "3.50", "3.5"),
        ("{title: 问, kind: number}", "100", "100"),
        ("{title: 问, kind: number, min: -5}", "-0", "0"),
        ("{title: 问, kind: money}", "¥1,234.5 元", "1234.50"),
        ("{title: 问, kind: money, min: -10}", -3, "-3.00"),
        ("{title: 问, kind: yes_no}", True, "yes"),
        ("{title: 问, kind: yes_no}", "否", "no"),
        ("{title: 问, kind: yes_no, default: no}", None, "no"),
        ("{title: 问, pick: {a: 甲, b: 乙}}", "a", "a"),
        ("{title: 问, pick: {a: 甲, b: 乙}, many: yes}", ["b", "a", "b", ""], ["b", "a"]),
        ("{title: 问, pick: {a: 甲, b: 乙}, many: yes}", "b", ["b"]),
        ("{title: 问, kind: rating}", 5, "5"),
        ("{title: 问, kind: unit}", "17", "17"),
        ("{title: 问, kind: staff, many: yes, min: 2, max: 2}", ["1", "2"], ["1", "2"]),
        ("{title: 问, kind: photo, many: yes, optional: yes}", [], None),
        ("{title: 问, kind: signature}", "p1", "p1"),
        ("{title: 问, kind: readings}", {"东": "3.0"}, {"东": "3"}),
        ("{title: 问, kind: readings, items: {a: 甲, b: 乙}, min: 0, max: 9}", {"a": 1, "b": "9"}, {"a": "1", "b": "9"}),
        ("{title: 问, kind: checklist, items: [门, 窗]}", {"门": True, "窗": "na"}, {"门": "yes", "窗": "na"}),
        ("{title: 问, kind: checklist, items: [门, 窗], optional: yes}", {"门": "no", "窗": ""}, {"门": "no"}),
    ],
)
def test_answers_are_made_uniform(ask: str, raw: Any, value: Any) -> None:
    assert asked(ask, raw) == value


@pytest.mark.parametrize(
    ("ask", "raw", "said"),
    [
        ("{title: 问}", None, "还没有填「问」"),
        ("{title: 问}", " ", "还没有填「问」"),
        ("{title: 问}", {"a": 1}, "应是一段文字"),
        ("{title: 问}", ["a", "b"], "只能有一个答案"),
        ("{title: 问}", "长" * 201, "最多 200 字，现在有 201 字"),
        ("{title: 问}", "长" * 100_000, "最多 200 字"),
        ("{title: 问}", "一\n二", "只能写一行"),
        ("{title: 问, min: 2}", "好", "至少 2 字"),
        ("{title: 问, max: 2}", "好好好", "最多 2 字"),
        ("{title: 问, kind: note}", "长" * 4001, "最多 4000 字"),
        *[("{title: 问, kind: note}", f"a{c}b", "不能使用的字符") for c in ("\x00", "\ud800", "\u202e", "\u2066", "\x1b", "\ufeff")],
        ("{title: 问, kind: phone}", "12", "不像电话号码"),
        ("{title: 问, kind: phone}", "1380000000x", "不像电话号码"),
        ("{title: 问, kind: date}", "明天", "应是日期"),
        ("{title: 问, kind: date}", "2026-02-30", "没有这一天"),
        ("{title: 问, kind: date}", "1999-12-31", "2000 到 2100"),
        ("{title: 问, kind: date}", "2101-01-01", "2000 到 2100"),
        ("{title: 问, kind: time}", "24:00", "应是时间"),
        ("{title: 问, kind: datetime}", "2026-11-23", "日期和时间"),
        ("{title: 问, kind: datetime}", "0001-01-01T00:00:00+14:00", "没有这个时间"),
        ("{title: 问, kind: datetime}", "2026-13-01T00:00:00Z", "没有这个时间"),
        ("{title: 问, kind: datetime}", "2026-11-23 9点", "应是时间"),
        ("{title: 问, kind: minutes}", "1.5", "整分钟数"),
        ("{title: 问, kind: minutes}", "-1", "整分钟数"),
        ("{title: 问, kind: number}", "1e9", "应是数字"),
        ("{title: 问, kind: number}", float("nan"), "应是数字"),
        ("{title: 问, kind: number, min: 1}", "0", "不能小于 1"),
        ("{title: 问, kind: number, max: 1}", "2", "不能大于 1"),
        ("{title: 问, kind: money}", "1.234", "两位小数"),
        ("{title: 问, kind: money}", "-1", "不能是负数"),
        ("{title: 问, kind: yes_no}", "maybe", "应选「是」或「否」"),
        ("{title: 问, pick: {a: 甲, b: 乙}}", "c", "没有「c」这个选项，可选：甲、乙"),
        ("{title: 问, kind: rating}", "6", "1 到 5 分"),
        ("{title: 问, kind: rating}", "2.5", "1 到 5 分"),
        ("{title: 问, kind: staff, many: yes, min: 2}", ["1"], "至少要有 2 项"),
        ("{title: 问, kind: staff, many: yes, max: 1}", ["1", "2"], "最多 1 项"),
        ("{title: 问, kind: staff, many: yes}", ["1"] * 201, "最多 200 项"),
        ("{title: 问, kind: staff, many: yes}", {"a": "b"}, "列表"),
        ("{title: 问, kind: readings}", "3", "逐项填写"),
        ("{title: 问, kind: readings}", {str(i): 1 for i in range(201)}, "最多 200 项"),
        ("{title: 问, kind: readings, items: [a]}", {"b": 1}, "没有「b」这一项"),
        ("{title: 问, kind: readings, items: [a, b]}", {"a": 1}, "还有没填的：b"),
        ("{title: 问, kind: checklist, items: [a]}", {"a": "perhaps"}, "不适用"),
        ("{title: 问, kind: checklist, items: [a]}", {"a": ""}, "还没有填「问」"),
    ],
)
def test_what_does_not_fit_is_refused_by_title(ask: str, raw: Any, said: str) -> None:
    with pytest.raises(Refused, match=said) as e:
        asked(ask, raw)
    assert "q" in e.value.fields


def test_everything_wrong_is_told_at_once() -> None:
    p = short("  go: {title: 办, who: desk, asks: {a: {title: 甲}, b: {title: 乙, kind: date}}}\n")
    with pytest.raises(Refused) as e:
        check_answers(p, "go", {"b": "x", "c": 1, "\ud800": 1}, {})
    assert set(e.value.fields) == {"a", "b", "c", "\ud800"} and "这一步不问「c」" in str(e.value) and "\ud800" not in str(e.value)


def test_now_needs_a_moment() -> None:
    p = short("  go: {title: 办, who: desk, asks: {a: {title: 甲, kind: time, default: now}}}\n")
    with pytest.raises(Refused, match="还没有填"):
        check_answers(p, "go", {}, {})


ASKS = """  go:
    title: 办
    who: desk
    asks:
      kind: {title: 种类, pick: {a: 甲, b: 乙}, default: a}
      why:  {title: 原因, only_if: {kind: b}}
      rank: {title: 档, default: {by: kind, a: 高, b: 低}, optional: yes}
      ids:  {title: 人, kind: staff, many: yes, optional: yes}
      n:    {title: 数, kind: number, optional: yes}
      ticks: {title: 检查, kind: checklist, items: {x: 门, y: 窗}, optional: yes}
      ok:   {title: 好, kind: yes_no, optional: yes}
"""


def test_only_if_and_defaults_by_another_answer() -> None:
    p = short(ASKS)
    assert check_answers(p, "go", {"why": "不该留下"}, {}) == {"kind": "a", "rank": "高"}
    assert check_answers(p, "go", {"kind": "b", "why": "缘故"}, {"why": "旧"}) == {"kind": "b", "why": "缘故", "rank": "低"}
    with pytest.raises(Refused, match="还没有填「原因」"):
        check_answers(p, "go", {"kind": "b"}, {})


def test_what_is_asked_in_one_branch_depends_on_that_branch_alone() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {rooms: {title: 户, kind: unit, many: yes}}}\n"
        "  b: {title: 乙, who: desk, each: rooms, asks: {back: {title: 收回, kind: yes_no}, way: {title: 方式, pick: {form: 问卷, phone: 电话}, default: form, optional: yes, only_if: {back: yes}},\n"
        "       why: {title: 原因, only_if: {way: phone}}, weak: {title: 哪里, pick: {x: 一, y: 二}, many: yes, optional: yes}, more: {title: 细说, only_if: {weak: x}}}}\n"
    )
    other: dict[str, Value] = {"rooms": ["1", "2"], "way/1": "phone", "way": "phone", "why/1": "出差", "weak/1": ["x"], "weak": ["x"]}
    assert check_answers(p, "b", {"back": "no"}, other) == {"back": "no"}
    assert check_answers(p, "b", {"back": "yes"}, other) == {"back": "yes", "way": "form"}
    with pytest.raises(Refused, match="「原因」；还没有填「细说」"):
        check_answers(p, "b", {"back": "yes", "way": "phone", "weak": ["x"]}, other)


def test_conditions() -> None:
    p = short(ASKS)

    def when(equals: dict[str, tuple[str, ...]], at_least: dict[str, int] | None = None) -> Condition:
        return Condition(tuple(equals.items()), tuple((at_least or {}).items()))

    answers: dict[str, Value] = {"kind": "a", "ids": ["1", "2"], "n": "7.5", "ticks": {"x": "yes", "y": "no"}}
    assert holds(p, None, {})
    assert holds(p, when({"kind": ("a", "b"), "ids": ("2",), "ticks": ("no",)}), answers)  # all keys, any value
    assert not holds(p, when({"kind": ("b",)}), answers)
    assert not holds(p, when({"ok": ("no",)}), answers)  # not answered matches nothing
    assert holds(p, when({}, {"ids": 2, "n": 7}), answers)
    assert not holds(p, when({}, {"ids": 3}), answers) and not holds(p, when({}, {"n": 8}), answers)
    assert not holds(p, when({}, {"n": 1}), {"n": "x"})


def test_filling_text_says_titles_and_fills_once() -> None:
    p = short(ASKS)
    answers: dict[str, Value] = {"kind": "b", "why": "{phone} {kind}", "ids": ["1", "2"], "ok": "yes", "ticks": {"x": "yes", "y": "na"}}
    text = fill(
        p,
        "{kind}|{why}|{ids}|{ok}|{ticks}|{n}|{number}|{nothing}|{class}",
        answers,
        label=lambda kind, v: f"{kind}{v}" if kind == "staff" else v,
        number="TS-1",
    )
    assert text == "乙|{phone} {kind}|staff1、staff2|是|门：是、窗：不适用||TS-1||"
    assert fill(p, "{ids}", answers) == "1、2"


def test_raw_filling_hands_on_values() -> None:
    answers: dict[str, Value] = {"ids": ["1", "2"], "ticks": {"x": "yes"}, "why": "因"}
    assert fill_raw("{ids}", answers) == ["1", "2"] and fill_raw("{nothing}", answers) == ""
    assert fill_raw("{branch}", answers, "eng") == "eng"
    assert fill_raw("{why}：{ids} {ticks} {branch}", answers, "eng") == "因：1、2 x：yes eng"
