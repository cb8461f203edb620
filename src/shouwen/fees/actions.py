"""What is done to the price list (a price from a day on, and the end of one) and to the flags of arrears."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.timezone import localdate

from shouwen.estate.bulk import batches
from shouwen.estate.models import Community, Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.money import money, yuan
from shouwen.kernel.pinyin import Style, lazy_pinyin
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text

from .lists import Owing
from .models import Arrears, ArrearsList, Price

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


MANY: Final = 5
"""A list that clears more than half of the flags, and more than so many, is taken in only when its bringer says that this is meant."""


@action("arrears.listed", may="fees.debts", says="登记欠费名单「{filename}」（截至 {as_of}，{scope}）：新欠费 {added} 户，消除 {cleared} 户，现欠费 {owing} 户")
def take_list(
    actor: Actor, community: Community, /, *, filename: str, lines: Sequence[Owing], as_of: date, whole: bool, at: datetime, sure: bool = False
) -> Done:  # fmt: skip
    """The flags as a list of the billing system says. `whole`: units that it does not name owe nothing; otherwise only those it names change."""
    name = clean_text(filename.replace("\\", "/").rsplit("/", 1)[-1], "文件名", 120)
    if as_of > localdate(at):
        raise _no("as_of", "「截至日期」还没到，请核对。")
    last = ArrearsList.objects.filter(community=community).order_by("-as_of", "-id").first()
    if last and as_of < last.as_of:
        raise _no("as_of", f"已登记过截至 {last.as_of} 的名单，比这一份新。旧名单会把已交清的又标成欠费，没有登记。")
    before = {row.unit_id: row for row in Arrears.objects.filter(community=community)}
    owing = {line.unit_id: line for line in lines if line.owes}
    paid = before.keys() - owing.keys() if whole else before.keys() & {line.unit_id for line in lines if not line.owes}
    if len(paid) > max(MANY, len(before) // 2) and not sure:
        raise _no("sure", f"现在标为欠费的 {len(before)} 户里，这份名单会消除 {len(paid)} 户。确实如此，请勾选「确认消除」再传一次。")
    for some in batches(paid):
        Arrears.objects.filter(unit__in=some).delete()
    Arrears.objects.bulk_create([
        Arrears(community=community, unit_id=line.unit_id, amount=line.amount, as_of=line.as_of, since=line.as_of, by_name=actor.name, at=at)
        for line in owing.values() if line.unit_id not in before
    ], batch_size=500)  # fmt: skip
    kept = [before[unit] for unit in before.keys() & owing.keys()]
    for row in kept:
        row.amount, row.as_of, row.by_name, row.at = owing[row.unit_id].amount, owing[row.unit_id].as_of, actor.name, at
    Arrears.objects.bulk_update(kept, ["amount", "as_of", "by_name", "at"], batch_size=200)
    counts = {"added": len(owing) - len(kept), "cleared": len(paid), "owing": len(before) - len(paid) + len(owing) - len(kept)}
    made = ArrearsList.objects.create(community=community, filename=name, as_of=as_of, whole=whole, rows=len(lines), by_name=actor.name, at=at, **counts)
    return Done(made, {"filename": name, "as_of": f"{as_of}", "scope": "全部名单" if whole else "只改列出的"} | counts)


@action("arrears.cleared", may="fees.debts", says="{unit} 已交清，消除欠费标记：{remark}")
def clear(actor: Actor, unit: Unit, /, *, remark: str, at: datetime) -> Done:
    """One unit has paid; not to wait for the next list."""
    words = clean_text(remark, "凭据", 100, field="remark")
    if not words:
        raise _no("remark", "请写明凭据，如收据号或收款日期。")
    if not Arrears.objects.filter(unit=unit).delete()[0]:
        raise Conflict(f"{unit.code} 现在没有欠费标记，可能已由别人消除。")
    return Done(unit, {"unit": unit.code, "remark": words})


@action("arrears.exported", may="fees.debts", says="导出{title}（{rows} 行；{filters}）")
def export_arrears(actor: Actor, community_id: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export of who is in arrears."""
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
