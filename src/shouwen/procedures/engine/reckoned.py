"""Answers that nobody types: sums, shares and counts of others, or how many tickets there are. `reckoned` in a procedure file.

`bill - quota`, `forwarded_at - taken_at` (minutes between two moments), `answers of overall is good or fair` (of all branches) and
`pleased in percent of returned` are worked out here. What counts tickets, `tickets of repair filed yesterday where fault is pipe`,
is only read here; the caller, who knows the tickets, counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from .answers import chosen
from .procedure import Ask, Procedure

NAME: Final = r"[a-z][a-z0-9_]*"
SUM: Final = re.compile(rf"{NAME}(?: [-+] {NAME})+")
ANSWERED: Final = re.compile(rf"answers of (?P<name>{NAME})(?: is (?P<values>\w+(?: or \w+)*))?")
SHARE: Final = re.compile(rf"(?P<part>{NAME}) in percent of (?P<whole>{NAME})")
WHAT: Final = ("filed", "closed", "open", "due")
PERIODS: Final = ("today", "yesterday", "this month", "last month")
COUNT: Final = re.compile(
    rf"tickets of (?P<procedure>{NAME}) (?P<what>{'|'.join(WHAT)})(?: (?P<period>{'|'.join(PERIODS)}))?"
    rf"(?: where (?P<conditions>{NAME} is \S+(?: and {NAME} is \S+)*))?"
)
HELP: Final = "应写作如 bill - quota、answers of overall is good、pleased in percent of returned，或 tickets of repair filed yesterday where fault is pipe"


class Count(msgspec.Struct, frozen=True):
    """Tickets of a procedure: `what` of them in `period` (none for `open`), with these answers; a value may be "{answer}"."""

    procedure: str
    what: str
    period: str = ""
    conditions: tuple[tuple[str, str], ...] = ()


def count(text: str) -> Count | None:
    """Which tickets are counted; None for what rests on answers alone. Raises ValueError, in Chinese, for what is neither."""
    if any(form.fullmatch(text) for form in (SUM, ANSWERED, SHARE)):
        return None
    found = COUNT.fullmatch(text)
    if found is None or (found["what"] != "open") != bool(found["period"]) or found["what"] == "due" and found["period"] != "today":
        raise ValueError(f"看不懂的算法「{text}」，{HELP}")
    pairs = tuple(tuple(one.split(" is ")) for one in (found["conditions"] or "").split(" and ") if one)
    return Count(found["procedure"], found["what"], found["period"] or "", pairs)


def names(text: str) -> tuple[str, ...]:
    """The answers of the same ticket that it rests on."""
    if SUM.fullmatch(text):
        return tuple(re.findall(NAME, text))
    if found := ANSWERED.fullmatch(text):
        return (found["name"],)
    if found := SHARE.fullmatch(text):
        return found["part"], found["whole"]
    return tuple(re.findall(rf"\{{({NAME})\}}", text))


def from_answers(p: Procedure, text: str, answers: Mapping[str, Any]) -> str:
    """What rests on the ticket's own answers; "" while one it needs is missing, or for a share of nothing."""
    if found := ANSWERED.fullmatch(text):
        values = (found["values"] or "").split(" or ")
        return str(sum(not found["values"] or one in values for one in chosen(p, found["name"], answers)))
    if found := SHARE.fullmatch(text):
        return shared(answers.get(found["part"]), answers.get(found["whole"]))
    return summed(text, answers)


def shared(part: Any, whole: Any) -> str:
    """Percent with one decimal, cut off: a limit is never reached by rounding."""
    try:
        share = (Decimal(str(part)) * 100 / Decimal(str(whole))).quantize(Decimal("0.1"), ROUND_DOWN)
    except (InvalidOperation, ZeroDivisionError):
        return ""
    return f"{share.normalize():f}"


def summed(text: str, answers: Mapping[str, Any]) -> str:
    """A sum, not below 0; minutes where moments are subtracted. "" while an answer it needs is missing."""
    parts = text.split(" ")
    given = [answers.get(name) for name in parts[::2]]
    if any(not isinstance(value, str) or not value for value in given):
        return ""
    try:
        if len(given) == 2 and parts[1] == "-" and any("-" in str(value)[1:] or ":" in str(value) for value in given):
            later, earlier = (datetime.fromisoformat(str(value)) for value in given)
            return str(max(0, int((later - earlier).total_seconds()) // 60))
        total = Decimal(str(given[0]))
        for sign, value in zip(parts[1::2], given[1:], strict=True):
            total += Decimal(str(value)) if sign == "+" else -Decimal(str(value))
    except (ValueError, InvalidOperation):
        return ""
    return str(max(total, Decimal(0)))


def wrong(p: Procedure, ask: Ask) -> Iterator[str]:
    """What the file says wrong about an answer that nobody types."""
    if not ask.reckoned:
        return
    if ask.kind not in ("number", "money", "minutes") or ask.many or ask.private or ask.default or ask.default_by or ask.public:
        yield f"「{ask.title}」由系统算出，kind 应是 number、money 或 minutes，不能写 many、private、default、public"
    try:
        count(ask.reckoned)
    except ValueError as no:
        yield f"「{ask.title}」：{no}"
        return
    for name in names(ask.reckoned):
        if name not in p.asks or name == ask.name:
            yield f"「{ask.title}」要用的「{name}」没有哪一步问过"
    found = ANSWERED.fullmatch(ask.reckoned)
    if found and found["values"] and (counted := p.asks.get(found["name"])):
        options = set(counted.pick) or {"yes", "no"} if counted.kind in ("pick", "yes_no") else set()
        for value in found["values"].split(" or "):
            if options and value not in options:
                yield f"「{ask.title}」要数的「{counted.title}」没有「{value}」这一项"
