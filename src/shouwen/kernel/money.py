"""Money is exact: yuan as Decimal with at most two decimals (分), never a float."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Final

from .refusals import Refused

FEN: Final = Decimal("0.01")
LARGEST: Final = Decimal("999999999999.99")
_WRITTEN: Final = re.compile(r"(?P<sign>-?)[¥￥]?(?P<whole>\d+|\d{1,3}(?:,\d{3})+)(?:\.(?P<part>\d{1,2}))?元?")


def money(value: str | int | Decimal, title: str = "金额", *, field: str = "", negative: bool = False) -> Decimal:
    """An amount in yuan with exactly two decimals. Text may carry ¥, 元 and thousands' commas. Raises Refused.

    `title` names the amount in messages, `field` its key in a form. A float is a programming error.
    """
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise TypeError(f"money is text, int or Decimal, not {type(value).__name__}")
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip().replace("￥", "¥")
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise _no(field, f"「{title}」应为金额，最多两位小数，如 1234.50。")
        amount = Decimal(f"{found['sign']}{found['whole'].replace(',', '')}.{found['part'] or '0'}")
    else:
        amount = Decimal(value)
    if not amount.is_finite():
        raise _no(field, f"「{title}」应为金额，如 1234.50。")
    if abs(amount) > LARGEST:
        raise _no(field, f"「{title}」太大，请核对。")
    exact = amount.quantize(FEN)
    if exact != amount:
        raise _no(field, f"「{title}」最多两位小数（到分），请核对。")
    if exact < 0 and not negative:
        raise _no(field, f"「{title}」不能是负数。")
    return exact + 0  # no negative zero


def yuan(amount: Decimal) -> str:
    """``¥1,234.50``; a negative amount as ``-¥1,234.50``."""
    exact = money(amount, negative=True)
    return f"{'-' if exact < 0 else ''}¥{abs(exact):,.2f}"


_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_SMALL: Final = ("仟", "佰", "拾", "")
_LARGE: Final = ("亿", "万", "")


def capital(amount: Decimal) -> str:
    """人民币大写 by 《支付结算办法》附一《正确填写票据和结算凭证的基本规定》, without the word 人民币.

    「整」 follows 元 or 角 when nothing comes after; runs of zeros are read as one 零; a 零 stands between 元 and 分 when
    there is no 角. Where the rule leaves a choice (元位是零), the 零 is left out.
    """
    exact = money(amount, negative=True)
    if exact < 0:
        return "负" + capital(-exact)
    whole, fen = divmod(int(exact * 100), 100)
    jiao, fen = divmod(fen, 10)
    said = _whole(whole) + "元" if whole else ""
    if not jiao and not fen:
        return (said or "零元") + "整"
    if jiao:
        said += _DIGITS[jiao] + "角"
    elif said:
        said += "零"
    return said + (_DIGITS[fen] + "分" if fen else "整")


def _whole(number: int) -> str:
    """A whole number in capitals: groups of four digits, each with its unit."""
    digits = str(number).rjust(12, "0")
    said, gap = "", False
    for group, unit in enumerate(_LARGE):
        four = digits[group * 4 : group * 4 + 4]
        if four == "0000":
            gap = gap or bool(said)
            continue
        for place, digit in enumerate(four):
            if digit == "0":
                gap = gap or bool(said)
                continue
            if gap:
                said, gap = said + "零", False
            said += _DIGITS[int(digit)] + _SMALL[place]
        said, gap = said + unit, False
    return said


def _no(field: str, message: str) -> Refused:
    return Refused(message, {field: message} if field else None)
