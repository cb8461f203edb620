"""What is done to the price list: a price from a day on, and the end of one."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.money import money, yuan
from shouwen.kernel.pinyin import Style, lazy_pinyin
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text

from .models import Price

CODE: Final = re.compile(r"[A-Z]{1,4}-?\d{1,6}")


@action("price.added", may="fees.edit", says="价目 {code} {title}：{amount}/{unit}，{starts_on} 起用")
def add_price(
    actor: Actor, place: Community | None, /, *, code: str, title: str, unit: str, labour: str | Decimal, starts_on: date,
    at: datetime, material: str | Decimal = "0", remark: str = "",
) -> Done:  # fmt: skip
    """A price from a day on, for a community or (None) for all. The price of the same code that held until then ends the day before."""
    code = clean_text(code, "项目编号", 20, field="code").upper().replace("－", "-")
    if not CODE.fullmatch(code):
        raise _no("code", "「项目编号」应是字母加数字，如 SD-01。")
    words = {
        name: _given(value, label, most, name)
        for name, value, label, most in (("title", title, "服务项目", 60), ("unit", unit, "计价单位", 10))
    }
    sums = {"labour": money(labour or "0", "人工费", field="labour"), "material": money(material or "0", "材料费", field="material")}
    if not sum(sums.values()):
        raise _no("labour", "人工费和材料费不能都是 0。免费的服务不列在价目里。")
    same = Price.objects.filter(community=place, code=code)
    if same.filter(starts_on__gte=starts_on).exists():
        raise Conflict(f"{code} 已有从这一天或更晚起用的价格，价目不改旧账。请换一个更晚的起用日期，或先停用后来的那一条。")
    if known := same.filter(ends_on__gte=starts_on).first():
        raise Conflict(f"{code} 现在的价格已定为用到 {known.ends_on}。新价请从次日起用。")
    same.filter(ends_on__isnull=True).update(ends_on=starts_on - timedelta(days=1))
    price = Price.objects.create(
        community=place, code=code, starts_on=starts_on, by_name=actor.name, at=at, spelled=_spelled(code, words["title"]),
        remark=clean_text(remark, "说明", 200, field="remark"), **words, **sums,
    )  # fmt: skip
    return Done(price, _facts(price) | {"starts_on": f"{starts_on}"})


@action("price.ended", may="fees.edit", says="价目 {code} {title} 用到 {ends_on} 为止")
def end_price(actor: Actor, price: Price, /, *, ends_on: date, at: datetime) -> Done:
    """The service is offered no longer than this day; tickets that were quoted before keep what they were told."""
    if ends_on < price.starts_on:
        raise _no("ends_on", f"「止用日期」不能早于起用日期 {price.starts_on}。")
    if not Price.objects.filter(pk=price.pk, ends_on__isnull=True).update(ends_on=ends_on):
        raise Conflict(f"{price.code} 这一条已定为用到 {price.ends_on}，不能再改。")
    price.ends_on = ends_on
    return Done(price, _facts(price) | {"ends_on": f"{ends_on}"})


@action("price.exported", may="fees.view", says="导出{title}（{rows} 行；{filters}）")
def export_prices(actor: Actor, community_id: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export of the list."""
    return Done(f"estate.community:{community_id or 0}", {"title": title, "rows": rows, "filters": filters})


def _facts(price: Price) -> dict[str, Any]:
    return {"code": price.code, "title": price.title, "amount": yuan(price.amount), "unit": price.unit}


def _given(value: str, title: str, most: int, field: str) -> str:
    if not (words := clean_text(value, title, most, field=field)):
        raise _no(field, f"请填写「{title}」。")
    if set(words) & set("\n×=|"):
        raise _no(field, f"「{title}」里不能有换行或 × = | 这些符号。")
    return words


def _spelled(code: str, title: str) -> str:
    letters = "".join(lazy_pinyin(title, style=Style.FIRST_LETTER))
    return f"{code} {title} {letters} {''.join(lazy_pinyin(title))}".lower()[:400]


def _no(field: str, message: str) -> Refused:
    return Refused(message, {field: message})
