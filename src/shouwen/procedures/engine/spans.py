"""Time as people say it: `20 minutes from intake`, `5 minutes before visit_at`, `end of day`, `3 workdays`."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import Literal, cast

import msgspec

Unit = Literal[
    "minute", "hour", "service minute", "service hour", "day", "workday", "week", "month", "year",
    "end of day", "end of shift", "end of month", "at once", "promptly",
]  # fmt: skip

COUNTED = "service minute|service hour|minute|hour|day|workday|week|month|year"
SAID = "end of day|end of month|end of shift|at once|promptly"
PATTERN = re.compile(
    rf"(?:(?P<amount>\d{{1,6}}) (?P<counted>{COUNTED})s?|(?P<said>{SAID})(?: of (?P<post>[a-z][a-z0-9_-]*))?)"
    r"(?: (?P<side>from|before) (?P<anchor>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?))?"
)
HELP = "应写作如 20 minutes、4 hours from intake、5 minutes before visit_at、3 workdays、end of day、end of shift、at once、promptly"
TITLES = {
    "minute": "分钟", "hour": "小时", "service minute": "分钟服务时间", "service hour": "小时服务时间", "day": "天",
    "workday": "个工作日", "week": "周", "month": "个月", "year": "年", "end of day": "当天内", "end of shift": "本班内",
    "end of month": "本月内", "at once": "立即", "promptly": "及时",
}  # fmt: skip
MINUTES = {"minute": 1, "hour": 60, "service minute": 1, "service hour": 60}
DAYS = {"day": 1, "week": 7}


class Span(msgspec.Struct, frozen=True):
    """A length of time, perhaps counted from (or back from) an anchor: a step, an answer, or `filed`."""

    unit: Unit
    amount: int = 0
    post: str = ""  # of `end of shift of POST`
    anchor: str = ""
    before: bool = False
    text: str = ""

    @property
    def minutes(self) -> int:
        """Minutes of a span counted in minutes or hours (0 for any other unit)."""
        return self.amount * MINUTES.get(self.unit, 0)

    @property
    def serviced(self) -> bool:
        return self.unit in ("service minute", "service hour")

    @property
    def rough(self) -> timedelta:
        """Its nominal length: orders the rungs of a ladder, and measures what is counted by the plain clock."""
        if self.unit in MINUTES:
            return timedelta(minutes=self.minutes)
        return timedelta(days=self.amount * {"week": 7, "month": 31, "year": 366}.get(self.unit, 1))


@lru_cache(maxsize=4096)
def parse(text: str) -> Span:
    """Read one span; ValueError in Chinese when it is none."""
    m = PATTERN.fullmatch(" ".join(text.split()))
    if not m or (m["post"] and m["said"] != "end of shift"):
        raise ValueError(f"看不懂的时限「{text}」，{HELP}")
    if m["side"] == "before" and not m["counted"]:
        raise ValueError(f"「{text}」：before 前面要写多久，如 5 minutes before visit_at")
    if m["counted"] in ("workday", "service minute", "service hour") and not int(m["amount"]):
        raise ValueError(f"「{text}」：至少是 1")
    if int(m["amount"] or 0) > 100_000:
        raise ValueError(f"「{text}」太长了")
    return Span(
        cast(Unit, m["counted"] or m["said"]),
        int(m["amount"] or 0),
        m["post"] or "",
        m["anchor"] or "",
        m["side"] == "before",
        " ".join(text.split()),
    )


def spoken(span: Span) -> str:
    """In Chinese, without its anchor: 20 分钟, 3 个工作日, 当天内."""
    return f"{span.amount} {TITLES[span.unit]}" if span.unit in COUNTED.split("|") else TITLES[span.unit]


def spoken_whole(span: Span, anchor: str = "") -> str:
    """In Chinese with its anchor, whose title the caller knows: 受理登记后 20 分钟, 约定时间前 5 分钟."""
    said = spoken(span)
    if span.post:
        said = f"{span.post} 岗{said}"
    if not span.anchor:
        return said
    if not span.amount and not span.before and span.unit not in SAID.split("|"):
        return f"到「{anchor or span.anchor}」"
    return f"「{anchor or span.anchor}」{'前' if span.before else '后'} {said}"
