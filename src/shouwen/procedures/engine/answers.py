"""Answers: made uniform, checked against their ask, compared by conditions, filled into text.

A Value is a text, a list of texts (`many`), or item → text (`readings`, `checklist`). Every refusal names the field by its title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from . import priced
from .calendar import TZ
from .procedure import OWN_CLASS, Ask, Condition, Procedure
from .refusals import Refused
from .ticket import Value

TEXT, NOTE, MANY = 200, 4000, 200  # longest text, longest note, most elements of a list
BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
PHONE = re.compile(r"1[3-9]\d{9}|0\d{9,11}(-\d{1,6})?|[2-9]\d{6,7}(-\d{1,6})?|[48]00\d{7}|\d{3,6}|\+\d{8,15}")
DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?")
ZONED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})")
NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?")
YES_NO = {"yes": "yes", "no": "no", "是": "yes", "否": "no", "true": "yes", "false": "no"}
SAID = {"yes": "是", "no": "否", "na": "不适用"}
HOLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def check_text(raw: Any, title: str, most: int = TEXT, *, lines: bool = False) -> str:
    """One text, trimmed; Refused when it is no text, too long, or holds characters that do not belong in one."""
    if isinstance(raw, bool):
        raw = "yes" if raw else "no"
    elif isinstance(raw, int | float | Decimal):
        raw = format(raw, "f") if isinstance(raw, Decimal) else str(raw)
    if not isinstance(raw, str):
        raise Refused(f"「{title}」应是一段文字")
    if len(raw) > most + 200:  # before anything that costs by length
        raise Refused(f"「{title}」太长，最多 {most} 字")
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text.isprintable() and BAD.search(text):  # what is all printable, as nearly everything is, is known at once to be good
        raise Refused(f"「{title}」里有不能使用的字符（控制符、文字方向符或残缺的字），请删去后重填")
    if not lines and "\n" in text:
        raise Refused(f"「{title}」只能写一行")
    if len(text) > most:
        raise Refused(f"「{title}」太长，最多 {most} 字，现在有 {len(text)} 字")
    return text


def check_answers(
    procedure: Procedure, step: str, answers: Mapping[str, Any], earlier: Mapping[str, Value], at: datetime | None = None
) -> dict[str, Value]:
    """The answers of one step, uniform and complete; Refused lists everything wrong, `fields` by name.

    `at` is the moment of `default: now`. An answer whose `only_if` does not hold is dropped.
    """
    asks = procedure.every_step[step].asks
    found: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    for key in answers:
        if key not in asks:
            wrong[str(key)[:60]] = f"这一步不问「{str(key)[:60] if not BAD.search(str(key)[:60]) else '?'}」"
    merged = dict(earlier) if any(a.only_if or a.default_by for a in asks.values()) else {}
    for name, ask in asks.items():
        if ask.only_if and not holds(procedure, ask.only_if, merged, own=asks):
            merged.pop(name, None)
            continue
        try:
            value = check_answer(ask, answers.get(name), merged, at)
        except Refused as e:
            wrong[name] = str(e)
            continue
        if value:
            found[name] = merged[name] = value
            if ask.classes:
                merged[OWN_CLASS] = value
        else:
            merged.pop(name, None)  # of another branch, or of an earlier round
            if not ask.optional:
                wrong[name] = f"还没有填「{ask.title}」"
    if wrong:
        raise Refused("；".join(wrong.values()), wrong)
    return found


def check_given(procedure: Procedure, step: str, answers: Mapping[str, Any], at: datetime | None = None) -> dict[str, Value]:
    """Those answers of a step that were given, each checked, the class beside them; the rest may follow later."""
    asks = procedure.every_step[step].asks
    found: dict[str, Value] = {}
    for name, raw in answers.items():
        if name not in asks:
            raise Refused(f"这一步不问「{str(name)[:60] if not BAD.search(str(name)[:60]) else '?'}」")
        if value := check_answer(asks[name], raw, found, at):
            found[name] = value
            if asks[name].classes:
                found[OWN_CLASS] = value
    return found


def check_answer(ask: Ask, raw: Any, earlier: Mapping[str, Value], at: datetime | None = None) -> Value:
    """One answer made uniform; "" or empty when nothing was given and there is no default."""
    if raw is None or raw == "" or raw == [] or raw == {}:
        raw = _default(ask, earlier, at)
        if raw == "":
            return ""
    if ask.kind in ("readings", "checklist"):
        return _items(ask, raw)
    if ask.kind == "priced":
        return _lines(ask, raw)
    if not ask.many:
        if isinstance(raw, list | tuple):
            if len(raw) != 1:
                raise Refused(f"「{ask.title}」只能有一个答案")
            raw = raw[0]
        return _one(ask, raw)
    if isinstance(raw, Mapping):
        raise Refused(f"「{ask.title}」应是若干项的列表")
    given = list(raw) if isinstance(raw, list | tuple) else [raw]
    if len(given) > MANY:
        raise Refused(f"「{ask.title}」最多 {MANY} 项")
    values = list(dict.fromkeys(v for v in (_one(ask, x) for x in given) if v))
    if values and ask.min and len(values) < Decimal(ask.min):
        raise Refused(f"「{ask.title}」至少要有 {ask.min} 项")
    if ask.max and len(values) > Decimal(ask.max):
        raise Refused(f"「{ask.title}」最多 {ask.max} 项")
    return values


def _default(ask: Ask, earlier: Mapping[str, Value], at: datetime | None) -> str:
    if ask.default_by:
        by = earlier.get(ask.default_by)
        return ask.defaults.get(by, "") if isinstance(by, str) else ""
    if ask.default != "now":
        return ask.default
    if at is None:
        return ""
    local = at.astimezone(TZ)
    return local.strftime({"date": "%Y-%m-%d", "time": "%H:%M"}.get(ask.kind, "%Y-%m-%d %H:%M"))


def _items(ask: Ask, raw: Any) -> Value:
    if not isinstance(raw, Mapping):
        raise Refused(f"「{ask.title}」要逐项填写")
    if len(raw) > MANY:
        raise Refused(f"「{ask.title}」最多 {MANY} 项")
    found: dict[str, str] = {}
    for key, given in raw.items():
        name = check_text(key, ask.title)
        if ask.items and name not in ask.items:
            raise Refused(f"「{ask.title}」没有「{name}」这一项")
        title = f"{ask.title}·{ask.items.get(name, name)}"
        if given is None or given == "":
            continue
        found[name] = _tick(title, given) if ask.kind == "checklist" else _amount(ask, title, check_text(given, title))
    missing = [title for key, title in ask.items.items() if key not in found]
    if found and missing and not ask.optional:
        raise Refused(f"「{ask.title}」还有没填的：{'、'.join(missing)}")
    return found


def _lines(ask: Ask, raw: Any) -> list[str]:
    """Items of the price list, each once. Lines already priced stay as they are; the caller prices the others."""
    given = list(raw) if isinstance(raw, list | tuple) else [raw]
    if len(given) > MANY:
        raise Refused(f"「{ask.title}」最多 {MANY} 项")
    found = [
        priced.line(one if isinstance(one, Mapping) else check_text(one, ask.title), ask.title) for one in given if one not in ("", None)
    ]
    codes = [one.code for one in found]
    if twice := next((code for code in codes if codes.count(code) > 1), ""):
        raise Refused(f"「{ask.title}」里 {twice} 写了两次，请合成一行")
    return [one.kept if one.unit else one.asked for one in found]


def _tick(title: str, raw: Any) -> str:
    value = check_text(raw, title)
    if value == "na":
        return value
    if value not in YES_NO:
        raise Refused(f"「{title}」应选「是」「否」或「不适用」")
    return YES_NO[value]


def _one(ask: Ask, raw: Any) -> str:
    title = ask.title
    if ask.kind == "note":
        text = check_text(raw, title, NOTE, lines=True)
        return _length(ask, text)
    text = check_text(raw, title)
    if not text:
        return ""
    match ask.kind:
        case "text":
            return _length(ask, text)
        case "pick":
            if text not in ask.pick:
                raise Refused(f"「{title}」没有「{text}」这个选项，可选：{'、'.join(ask.pick.values())}")
            return text
        case "yes_no":
            if text not in YES_NO:
                raise Refused(f"「{title}」应选「是」或「否」")
            return YES_NO[text]
        case "phone":
            return text if ask.private and "*" in text else _phone(title, text)  # the caller keeps it and hands in its mask
        case "date":
            return f"{_date(title, text):%Y-%m-%d}"
        case "time":
            return f"{_time(title, _plain(text)):%H:%M}"
        case "datetime":
            return f"{_moment(title, text):%Y-%m-%d %H:%M}"
        case "minutes" | "rating" | "number" | "money":
            return _amount(ask, title, text)
    return text  # unit, person, staff, department, photo, file, signature: refs of the caller


def _length(ask: Ask, text: str) -> str:
    if text and ask.min and len(text) < Decimal(ask.min):
        raise Refused(f"「{ask.title}」至少 {ask.min} 字")
    if ask.max and len(text) > Decimal(ask.max):
        raise Refused(f"「{ask.title}」最多 {ask.max} 字")
    return text


def _plain(text: str) -> str:
    """Full-width digits and signs as ASCII."""
    return unicodedata.normalize("NFKC", text).strip()


def _phone(title: str, text: str) -> str:
    number = re.sub(r"[\s()]|(?<=\d)-(?=\d{3,4}-?\d{4})", "", _plain(text)).replace("转", "-").removeprefix("+86")
    digits = number if PHONE.fullmatch(number) else number.replace("-", "")
    if not PHONE.fullmatch(digits):
        raise Refused(f"「{title}」不像电话号码：「{text}」。请填手机号，或带区号的座机号")
    return digits


def _date(title: str, text: str) -> date:
    m = DATE.fullmatch(_plain(text))
    if not m:
        raise Refused(f"「{title}」应是日期，如 2026-11-23")
    year, month, day = (int(g) for g in m.groups() if g)
    if not 2000 <= year <= 2100:
        raise Refused(f"「{title}」的年份应在 2000 到 2100 之间")
    try:
        return date(year, month, day)
    except ValueError:
        raise Refused(f"「{title}」没有这一天：{text}") from None


def _time(title: str, text: str) -> time:
    m = TIME.fullmatch(text)
    if not m or int(m[1]) > 23 or int(m[2]) > 59:
        raise Refused(f"「{title}」应是时间，如 09:30")
    return time(int(m[1]), int(m[2]))


def _moment(title: str, text: str) -> datetime:
    plain = _plain(text)
    if ZONED.fullmatch(plain):
        try:
            plain = f"{datetime.fromisoformat(plain).astimezone(TZ):%Y-%m-%d %H:%M}"
        except (ValueError, OverflowError):
            raise Refused(f"「{title}」没有这个时间：{text}") from None
    day, _, clock = plain.replace("T", " ", 1).partition(" ")
    if not clock:
        raise Refused(f"「{title}」应是日期和时间，如 2026-11-23 09:30")
    return datetime.combine(_date(title, day), _time(title, clock.strip()), TZ)


def _amount(ask: Ask, title: str, text: str) -> str:
    plain = _plain(text).removeprefix("¥").removesuffix("元").replace(",", "").strip()
    if not NUMBER.fullmatch(plain):
        raise Refused(f"「{title}」应是数字，不能是「{text}」")
    value = Decimal(plain)
    whole = value == value.to_integral_value()
    match ask.kind:
        case "rating":
            if not whole or not 1 <= value <= 5:
                raise Refused(f"「{title}」应是 1 到 5 分")
        case "minutes":
            if not whole or not 0 <= value <= 527_040:
                raise Refused(f"「{title}」应是整分钟数")
        case "money":
            if value < 0 and not ask.min.startswith("-"):
                raise Refused(f"「{title}」不能是负数")
            if value != value.quantize(Decimal("0.01")):
                raise Refused(f"「{title}」最多写到分（两位小数）")
    if ask.min and value < Decimal(ask.min):
        raise Refused(f"「{title}」不能小于 {ask.min}")
    if ask.max and value > Decimal(ask.max):
        raise Refused(f"「{title}」不能大于 {ask.max}")
    if ask.kind == "money":
        return f"{value.quantize(Decimal('0.01')) + 0:f}"
    return f"{value.to_integral_value() + 0:f}" if whole else f"{value.normalize() + 0:f}"


def chosen(procedure: Procedure, name: str, answers: Mapping[str, Value], own: Container[str] = ()) -> tuple[str, ...]:
    """Every value of an answer: its elements, its items', or those of the present branches; of one in `own` this branch's alone."""
    if name not in own and (each := procedure.branched.get(name)):
        values = [answers.get(f"{name}/{branch}") for branch in chosen(procedure, each, answers)]
    else:
        values = [answers.get(name)]
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            found.append(value)
        elif value:
            found += value.values() if isinstance(value, dict) else value
    return tuple(found)


def holds(procedure: Procedure, condition: Condition | None, answers: Mapping[str, Value], own: Container[str] = ()) -> bool:
    """Whether all of a condition holds; an answer not given matches nothing. `own`: answers of the form being filled in,
    which stand for this branch alone."""
    if condition is None:
        return True
    for name, values in condition.equals:
        if not any(v in values for v in chosen(procedure, name, answers, own)):
            return False
    for name, least in condition.at_least:
        found = chosen(procedure, name, answers, own)
        ask = procedure.asks.get(name)
        if ask and ask.kind == "priced":
            much: Decimal | int = priced.total(found)
        else:
            much = len(found) if ask and ask.many else max((_decimal(v) for v in found), default=Decimal(0))
        if much < least:
            return False
    return True


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


Label = Callable[[str, str], str]  # (kind of ask, value) → what people read


def fill(procedure: Procedure, text: str, answers: Mapping[str, Value], *, label: Label | None = None, **known: str) -> str:
    """Put answers into a template, once over. Options and yes/no are said by their titles; `label` says units, staff, departments…

    `known` gives `branch`, `number`, `title`. An answer not given leaves nothing behind.
    """

    def said(name: str) -> str:
        if name in known:
            return known[name]
        ask = procedure.asks.get(name)
        if name == OWN_CLASS and name not in procedure.asks:
            value = answers.get(name)
            return procedure.classes[value].title if isinstance(value, str) and value in procedure.classes else ""
        if ask is None:
            return ""
        value = answers.get(name, "")
        if isinstance(value, dict):
            return "、".join(f"{ask.items.get(k, k)}：{SAID.get(v, v)}" for k, v in value.items())
        if ask.kind == "priced" and value:
            lines = [value] if isinstance(value, str) else value
            return "；".join([*lines, f"合计 {priced.total(lines):.2f}元"])
        return "、".join(_said(ask, v, label) for v in ([value] if isinstance(value, str) else value) if v)

    return HOLE.sub(lambda m: said(m[1]), text)


def _said(ask: Ask, value: str, label: Label | None) -> str:
    if ask.kind == "pick":
        return ask.pick.get(value, value)
    if ask.kind == "yes_no":
        return SAID.get(value, value)
    return label(ask.kind, value) if label else value


def fill_raw(template: str, answers: Mapping[str, Value], branch: str = "") -> Any:
    """For other procedures and areas: `"{key}"` alone hands on the value itself; within text, its plain form."""
    if (m := HOLE.fullmatch(template)) and m[1] != "branch":
        return answers.get(m[1], "")

    def plain(name: str) -> str:
        value = branch if name == "branch" else answers.get(name, "")
        if isinstance(value, dict):
            return "、".join(f"{k}：{v}" for k, v in value.items())
        return value if isinstance(value, str) else "、".join(value)

    return HOLE.sub(lambda m: plain(m[1]), template)
