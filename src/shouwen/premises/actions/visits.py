"""Visits to households, what they said, and the month's routine follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from shouwen.duty import queries as duty
from shouwen.estate.models import Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.notices import actions as notices
from shouwen.procedures import actions as tickets

from .. import queries
from ..kinds import MET, NOBODY
from ..models import Summary, Visit
from .words import given, no

EARLIEST: Final = timedelta(days=3)
"""A visit may be written down so long afterwards; later it would be made up."""


@dataclass(frozen=True, slots=True)
class Visited:
    """What the form of a visit holds. `caller` and `phone` go into the ticket of an opinion only, kept there as all private answers are."""

    kind: str
    way: str
    met: str
    content: str
    happened_at: datetime
    service: str = ""
    opinion: str = ""
    satisfied: bool | None = None
    caller: str = ""
    phone: str = ""
    key: str = ""


@action("visit.recorded", may="premises.work", says="记下{kind} {unit}（{way}，{met}）{opinion}")
def record_visit(actor: Actor, unit: Unit, /, *, what: Visited, at: datetime) -> Done:
    """One visit, one record; without words it is none. An opinion becomes 业主建议处理, to be followed there. D3.101, D3.102."""
    if actor.id is None:
        raise Refused("巡访由走访的人自己记录。")
    if what.kind not in Visit.Kind.values or what.way not in Visit.Way.values or what.met not in MET:
        raise Refused("类别、方式或见到谁没有选对，请重新选择。")
    if what.key and Visit.objects.filter(key=what.key).exists():
        raise Conflict("这条记录刚才已经保存。请刷新页面。")
    if what.kind == Visit.Kind.VISIT and what.way != Visit.Way.HOME:
        raise no("way", "巡访要上门；电话里问的请记作回访。")
    if what.happened_at > at:
        raise no("happened_at", "时间不能晚于现在。")
    if what.happened_at < at - EARLIEST:
        raise no("happened_at", "只能补记三天以内的巡访。")
    content = given(what.content, "巡访情况", 500, "content")
    opinion = clean_text(what.opinion, "意见和建议", 500, field="opinion")
    service = clean_text(what.service, "做了什么服务", 200, field="service")
    if what.met == NOBODY and (opinion or service or what.satisfied is not None):
        raise no("met", "没有见到人，就不会有意见、服务或满意程度；请核对见到了谁。")
    if what.kind == Visit.Kind.FOLLOW_UP and what.met != NOBODY and what.satisfied is None:
        raise no("satisfied", "回访请选业主满意还是不满意。")
    ticket = _suggested(actor, unit, what, opinion, at) if opinion else None
    row = Visit(
        community_id=unit.community_id, unit=unit, kind=what.kind, way=what.way, at=what.happened_at, recorded_at=at, by_id=actor.id, by_name=actor.name[:60],
        met=what.met, content=content, service=service, opinion=opinion, satisfied=what.satisfied, ticket_id=ticket.id if ticket else None,
        ticket_number=ticket.number if ticket else "", key=(what.key or f"{unit.pk}.{actor.id}.{at.timestamp()}")[:80],
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict("这条记录刚才已经保存。请刷新页面。") from None
    said = {"kind": row.get_kind_display(), "unit": unit.code, "way": row.get_way_display(), "met": row.get_met_display(), "opinion": f"，意见转 {ticket.number}" if ticket else ""}
    return Done(row, said)


def _suggested(actor: Actor, unit: Unit, what: Visited, opinion: str, at: datetime) -> Any:
    missing = {name: f"有意见要跟踪答复，请填写{title}。" for name, title, value in (("caller", "怎么称呼", what.caller), ("phone", "联系电话", what.phone)) if not value.strip()}
    if missing:
        raise Refused("有意见要跟踪答复，请填写怎么称呼和联系电话。", missing)
    answers = {"channel": "visit", "unit": unit.code, "caller": what.caller, "phone": what.phone, "content": opinion}
    return tickets.file_ticket(actor, unit.community_id, procedure="suggestion", answers=answers, at=at)


@action("visit.unvisited", may="system", says="今日巡访：{seen}/{total} 户，未访 {left} 户")
def raise_unvisited(actor: Actor, community: Any, /, *, day: date, at: datetime) -> Done:
    """In the evening: households nobody has been to today, to the steward of each building and the steward's superior, once a day. D3.103."""
    here = duty.current_directory(community.pk)
    rows = queries.coverage(community.pk, day)
    left = [row for row in rows if row.left]
    told: dict[int, list[str]] = {}
    for row in left:
        stewards = (row.steward,) if row.steward else here.holders("steward", at)
        for user in dict.fromkeys((*stewards, *(up for one in stewards for up in here.superior_of(one, at)))):
            told.setdefault(user, []).append(f"{row.building.name} {row.left} 户")
    notices.tell([
        notices.News(
            key=f"unvisited.{community.pk}.{day}.{user}", community_id=community.pk, user_id=user, why="late", at=at, url=f"/premises/visits/coverage?day={day}",
            title=f"今天还有住户没有巡访：{sum(row.left for row in left)} 户"[:200], body="；".join(places)[:1000], about=f"premises.visits:{day}",
        )
        for user, places in told.items()
    ])  # fmt: skip
    total, seen = sum(row.households for row in rows), sum(row.visited for row in rows)
    return Done(f"estate.community:{community.pk}", {"seen": seen, "total": total, "left": total - seen}, result=total - seen, community=community.pk)


@action("follow_up.summed", may="system", says="{month} 回访汇总：回访 {asked} 户次，满意 {satisfied}")
def sum_up(actor: Actor, community: Any, /, *, month: date, analysis: str, made_by: str, ticket: int, at: datetime) -> Done:
    """The figures of a month, from its records and nothing else. Without a record there is nothing to sum up. D2.75, D2.76."""
    figures = queries.followed_up(community.pk, month)
    if not figures["asked"]:
        raise Refused(f"{month:%Y 年 %m 月}还没有回访记录，先回访，再汇总。")
    made, fresh = Summary.objects.get_or_create(
        community=community, month=month,
        defaults={"figures": figures, "analysis": analysis[:1000], "made_by": made_by[:60], "made_at": at, "ticket_id": ticket},
    )  # fmt: skip
    if not fresh:
        raise Conflict(f"{month:%Y 年 %m 月}的回访已由{made.made_by}汇总过了。")
    return Done(made, {"month": f"{month:%Y-%m}"} | figures)


@action("follow_up.received", may="system", says="{month} 回访汇总由 {name} 签收")
def receive_summary(actor: Actor, community: Any, /, *, ticket: int, by: str, at: datetime) -> Done:
    row = Summary.objects.filter(community=community, ticket_id=ticket, received_at=None).first()
    if row is None:
        raise NotFound("没有待签收的汇总。")
    row.received_by, row.received_at = by[:60], at
    row.save(update_fields=["received_by", "received_at"])
    return Done(row, {"month": f"{row.month:%Y-%m}", "name": by})
