"""The named records of the SOPs 登记表, drawn from the register: each can be opened for a time, printed and saved. D4.111–D4.113."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, Q

from shouwen.kernel.access import Actor
from shouwen.kernel.money import yuan

from . import queries
from .kinds import KEYS, KINDS, PAPERS, RELATIONS
from .models import Cash, Count, Loan, Move, Thing

MOST: Final = 1000
"""Rows of one sheet; more is said, and the time can be narrowed."""

Rows = Callable[[Actor, int, datetime, datetime], list[list[Any]]]


@dataclass(frozen=True, slots=True)
class Record:
    """One sheet: its heads, and its rows in [since, until), the latest first. `now`: what stands here now, whatever the time."""

    title: str
    heads: tuple[str, ...]
    rows: Rows
    about: str
    now: bool = False


def _things(actor: Actor, community_id: int) -> Any:
    return queries.things(actor).filter(community=community_id)


def _loans(actor: Actor, community_id: int, since: datetime, until: datetime, **narrowed: Any) -> list[Loan]:
    rows = Loan.objects.filter(community=community_id, asked_at__gte=since, asked_at__lt=until, out_at__isnull=False, **narrowed)
    return list(rows.select_related("thing__unit", "thing__store", "user").order_by("-asked_at", "-id")[: MOST + 1])


def _room(thing: Thing) -> str:
    return thing.unit.code if thing.unit else ""


def _many(thing: Thing, count: int) -> str:
    return f"{count} {thing.measure or KINDS[thing.kind].measure}"


def deposits(actor: Actor, community_id: int, since: datetime, until: datetime) -> list[list[Any]]:
    """《业户钥匙寄存登记表》: what owners left with us, sealed or not."""
    rows = _things(actor, community_id).filter(kind__in=("entrusted", "sealed"), came_at__gte=since, came_at__lt=until).order_by("-came_at", "-id")
    return [
        [one.came_at, one.number, KINDS[one.kind].title, _room(one), _many(one, one.quantity), one.whose, one.purpose + (f"（交{one.recipient}）" if one.recipient else ""),
         one.envelope, one.came_by, one.gone_at, ""]
        for one in rows[: MOST + 1]
    ]  # fmt: skip


def uses(actor: Actor, community_id: int, since: datetime, until: datetime) -> list[list[Any]]:
    """《客服钥匙使用登记表》《钥匙借用登记表》: who took which key, for what, and when it came back."""
    return [
        [one.out_at, one.thing.number, KINDS[one.thing.kind].title, _room(one.thing) or one.thing.title, _many(one.thing, one.quantity), one.who, one.purpose, one.out_by, one.due_at, one.back_at, one.back_by]
        for one in _loans(actor, community_id, since, until, thing__kind__in=KEYS)
    ]


def collected(actor: Actor, community_id: int, since: datetime, until: datetime) -> list[list[Any]]:
    """《返修钥匙领取登记表》: repair keys that owners, or others for them, took away. D4.73, D4.110."""
    found = _loans(actor, community_id, since, until, thing__kind="repair", way__in=("owner", "proxy"))
    return [
        [one.out_at, one.thing.number, _room(one.thing), _many(one.thing, one.quantity), one.who, PAPERS.get(one.paper, "") + (f"，{RELATIONS[one.relation]}" if one.relation else ""),
         one.purpose, "已签名" if one.signature else "", one.out_by]
        for one in found
    ]  # fmt: skip


def handed(actor: Actor, community_id: int, since: datetime, until: datetime) -> list[list[Any]]:
    """《钥匙交接单》: of area keys, one slip when they are fetched and one when they come back. D11.02, D11.05."""
    found: list[list[Any]] = []
    for one in _loans(actor, community_id, since, until, thing__kind="area"):
        key = f"{one.thing.number} {one.thing.title}"
        if one.back_at is not None:
            found.append([one.back_at, "交还", key, _many(one.thing, one.returned), one.who, one.back_by, ""])
        found.append([one.out_at, "领取", key, _many(one.thing, one.quantity), one.out_by, one.who, ""])
    return sorted(found, key=lambda row: row[0], reverse=True)


def inventory(actor: Actor, community_id: int, since: datetime, until: datetime) -> list[list[Any]]:
    """《客服钥匙明细登记表》: every key that stands with us now, and when its place was last counted. D2.72, D4.107."""
    counted = dict(Count.objects.filter(store__community=community_id).values_list("store").annotate(at=Max("at")))
    rows = queries.here(actor, community_id).filter(kind__in=KEYS).order_by("store__holds", "store_id", "hook", "number")
    return [
        [one.number, KINDS[one.kind].title, _room(one), one.title, _many(one, one.quantity), f"{one.store.title} {one.hook or ''}".strip(), one.get_state_display(),
         next((loan.who for loan in one.open if loan.state == "out"), ""), counted.get(one.store_id)]
        for one in rows[: MOST + 1]
    ]  # fmt: skip


def hazards(actor: Actor, community_id: int, since: datetime, until: datetime) -> list[list[Any]]:
    """《客服部危险品使用登记表》: each draw, who agreed to it and handed it out, what was used and what came back."""
    return [
        [one.out_at, one.thing.title, one.thing.purpose, _many(one.thing, one.quantity), one.who, one.purpose, one.out_by, _many(one.thing, one.used) if one.back_at else "", _many(one.thing, one.returned) if one.back_at else "", one.back_at]
        for one in _loans(actor, community_id, since, until, thing__kind="hazmat")
    ]


def sales(actor: Actor, community_id: int, since: datetime, until: datetime) -> list[list[Any]]:
    """《电影票销售记录表》: tickets sold, and the way of the money."""
    rows = queries.cash(actor, community_id).filter(Q(at__gte=since) & Q(at__lt=until))[: MOST + 1]
    return [[one.at, Cash.Kind(one.kind).label, one.thing.title if one.thing else "", one.count or "", yuan(one.amount), one.user.name, one.confirmed_by or "", one.confirmed_at] for one in rows]


RECORDS: Final = {
    "deposits": Record("业户钥匙寄存登记表", ("收存时间", "编号", "类别", "房号", "数量", "寄存业户", "寄存用途", "信封", "收存人", "交还时间", "业户签名"), deposits, "业户委托、封存的钥匙"),
    "uses": Record("客服钥匙使用登记表", ("借出时间", "编号", "类别", "房号、名称", "数量", "借用人", "用途", "发放人", "应还", "归还时间", "点收人"), uses, "各类钥匙每一次借用"),
    "inventory": Record("客服钥匙明细登记表", ("编号", "类别", "房号", "名称", "数量", "存放", "状态", "在谁手里", "最近核对"), inventory, "现在柜里有哪些钥匙", now=True),
    "collected": Record("返修钥匙领取登记表", ("领取时间", "编号", "房号", "数量", "领取人", "查验证件", "原因", "签名", "发放人"), collected, "业户领走的返修钥匙"),
    "handed": Record("钥匙交接单", ("时间", "领、还", "钥匙", "数量", "交出人", "接收人", "签名"), handed, "区域钥匙的领取和交还"),
    "hazards": Record("客服部危险品使用登记表", ("领用时间", "名称", "品名", "领用数量", "领用人", "用途", "批准发放人", "用去", "退回", "退回时间"), hazards, "危险品每一次领用"),
    "sales": Record("电影票销售记录表", ("时间", "事项", "票", "张数", "金额", "持有人", "收讫人", "收讫时间"), sales, "售票、票款交接和上交"),
}
"""Slug → record, in the order in which they are offered."""


def updated(community_id: int) -> datetime | None:
    """When the inventory was last refreshed: by a count, or because a key moved. D2.72."""
    counted = Count.objects.filter(store__community=community_id).aggregate(at=Max("at"))["at"]
    moved = Move.objects.filter(community=community_id, thing__kind__in=KEYS).order_by("-id").values_list("recorded_at", flat=True).first()
    return max((each for each in (counted, moved) if each), default=None)
