"""Lines of a quotation. As asked for: `SD-03 × 2`. As kept: `SD-03 更换水龙头 35.00元/个 × 2 = 70.00元`, priced on its day.

The engine knows only their shape; the caller puts the price of the community's list into each line (C17.07).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from .refusals import Refused

_CODE = r"(?P<code>[A-Z]{1,4}-?\d{1,6})"
_COUNT = r"(?P<quantity>\d{1,6}(?:\.\d{1,2})?)"
ASKED = re.compile(rf"{_CODE}(?:\s*[×xX*]\s*{_COUNT}|\s+{_COUNT.replace('quantity', 'more')})?")
KEPT = re.compile(
    rf"{_CODE} (?P<title>[^=×]+) (?P<price>\d{{1,12}}\.\d\d)元/(?P<unit>[^\s=×]+) × {_COUNT} = (?P<amount>\d{{1,12}}\.\d\d)元"
)
FEN = Decimal("0.01")


class Line(msgspec.Struct, frozen=True):
    """One item and how much of it; `price` of one unit as it was on that day."""

    code: str
    quantity: Decimal
    title: str = ""
    unit: str = ""
    price: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal:
        return (self.price * self.quantity).quantize(FEN, ROUND_HALF_UP)

    @property
    def asked(self) -> str:
        return f"{self.code} × {_short(self.quantity)}"

    @property
    def kept(self) -> str:
        return f"{self.code} {self.title} {self.price:.2f}元/{self.unit} × {_short(self.quantity)} = {self.amount:.2f}元"


def line(raw: Any, title: str) -> Line:
    """One line as it was sent: a text, or {item, quantity}. Refused when it names no item of a list, as a bare sum does."""
    if isinstance(raw, Mapping):
        raw = f"{raw.get('item', '')} × {raw.get('quantity', '') or 1}"
    text = str(raw).strip().translate(WIDE)
    if m := KEPT.fullmatch(text):
        return Line(m["code"], Decimal(m["quantity"]), m["title"], m["unit"], Decimal(m["price"]))
    m = ASKED.fullmatch(text)
    if not m:
        raise Refused(f"「{title}」要从价目表里选项目、填数量，不能随手填「{text[:30]}」")
    quantity = Decimal(m["quantity"] or m["more"] or 1)
    if not quantity:
        raise Refused(f"「{title}」里 {m['code']} 的数量不能是 0")
    return Line(m["code"], quantity)


WIDE = str.maketrans("０１２３４５６７８９．－", "0123456789.-")


def total(lines: Iterable[str]) -> Decimal:
    """The sum of kept lines; a line that is not priced yet counts nothing."""
    return sum((Decimal(m["amount"]) for text in lines if (m := KEPT.fullmatch(text))), Decimal(0))


def _short(number: Decimal) -> str:
    return f"{number.normalize() + 0:f}"
