"""Tickets sold for others: stock and money, each equal to the book at any moment. D10.01–D10.09, D10.14–D10.16."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from shouwen.duty import queries as duty_queries
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.money import money, yuan
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.notices import actions as notices
from shouwen.org.models import User

from .. import queries
from ..kinds import KINDS
from ..models import Cash, Thing
from .words import leads, locked, no, note, tell

LOW = 10
"""At so few left the cinema is asked for more. D10.08."""

CASHIERS = frozenset({"cashier", "finance-head"})


@action("custody.sold", may="custody.work", says="售出 {number} {title} {count} 张，{amount}，余 {left} 张")
def sell(actor: Actor, thing: Thing, /, *, count: int, amount: str | Decimal, at: datetime) -> Done:
    """Tickets sold: the stock falls and the money is in this person's hands, at the same moment. D10.03, D10.04."""
    row, sum_ = _lot(thing), money(amount or "0", "金额", field="amount")
    if not 1 <= count <= row.quantity:
        raise no("count", f"余票 {row.quantity} 张，请填 1 到 {row.quantity}。" if row.quantity else "已经没有余票，请联系影院送票。")
    if sum_ <= 0:
        raise no("amount", "请填写售票金额。")
    if actor.id is None:
        raise Forbidden("请由售票人自己登记。")
    _seller(actor, row, at)
    row.quantity -= count
    row.save(update_fields=["quantity"])
    Cash.objects.create(community_id=row.community_id, user_id=actor.id, kind=Cash.Kind.SOLD, thing=row, count=count, amount=sum_, at=at, by_name=actor.name)
    left = f"，余 {row.quantity} 张" + ("，断票" if not row.quantity else "")
    note(actor, row, "sold", f"售出 {count} 张，{yuan(sum_)}{left}", at, quantity=-count, book=not row.quantity)
    if row.quantity <= LOW:
        people = (*duty_queries.current_directory(row.community_id).on_duty("receptionist", at), *(leads(row.community_id, at) if not row.quantity else ()))
        tell(row, people, f"low:{row.pk}:{row.came_at:%Y%m%d}:{'out' if not row.quantity else 'low'}", f"{row.title}{left}，请尽快联系影院送票", row.number, at, urgent=not row.quantity)
    return Done(row, {"number": row.number, "title": row.title, "count": count, "amount": yuan(sum_), "left": row.quantity})


def _seller(actor: Actor, row: Thing, at: datetime) -> None:
    """The desk sells; anybody else only while standing in for somebody of the desk, and in their own name. D10.01, D10.14."""
    directory = duty_queries.current_directory(row.community_id)
    desk = [held for post in KINDS[row.kind].keepers for held in directory.held_by(post, at)]
    if not any(directory.acting(held, at) == actor.id for held in desk):
        raise Forbidden("代售票由前台接待员售出。替岗的，请先由主管登记替岗时段（人员 → 请假与代理），再以自己的名义售票。")


@action("custody.restocked", may="custody.work", says="{number} {title} 补票 {count} 张，余 {left} 张")
def restock(actor: Actor, thing: Thing, /, *, count: int, at: datetime) -> Done:
    """More tickets came."""
    row = _lot(thing)
    if not 1 <= count <= 9999:
        raise no("count", "张数应在 1 到 9999 之间。")
    row.quantity += count
    row.save(update_fields=["quantity"])
    note(actor, row, "restocked", f"补票 {count} 张，余 {row.quantity} 张", at, quantity=count, book=False)
    return Done(row, {"number": row.number, "title": row.title, "count": count, "left": row.quantity})


def _lot(thing: Thing) -> Thing:
    row = locked(thing)
    if KINDS[row.kind].family != "ticket" or row.state != Thing.State.IN:
        raise Conflict("这不是在售的票。")
    return row


@action("custody.remitted", may="custody.work", says="{name}上交票款 {amount}，待财务收讫")
def remit(actor: Actor, community: Any, /, *, amount: str | Decimal, at: datetime) -> Done:
    """The day's takings go to the cashier; they are off this person's hands when the cashier has them. D10.06, D10.07."""
    sum_, me = _mine(actor, community.pk, amount)
    waiting = _waiting(community.pk, me)
    if sum_ + waiting > queries.held(community.pk, me):
        raise no("amount", f"您手里的票款是 {yuan(queries.held(community.pk, me))}" + (f"，其中 {yuan(waiting)} 已上交待收讫" if waiting else "") + "，不能上交更多。")
    row = Cash.objects.create(community_id=community.pk, user_id=me, kind=Cash.Kind.REMITTED, amount=-sum_, at=at, by_name=actor.name)
    _tell(community.pk, duty_queries.current_directory(community.pk).holders("cashier", at), f"remit:{row.pk}", f"{actor.name}上交票款 {yuan(sum_)}，请点收", at)
    return Done(row, {"name": actor.name, "amount": yuan(sum_)})


@action("custody.remittance_confirmed", may="custody.view", says="{cashier}收讫{name}上交的票款 {amount}")
def confirm_remittance(actor: Actor, cash: Cash, /, *, at: datetime) -> Done:
    """The cashier has counted it. D10.07."""
    row = Cash.objects.select_for_update(of=("self",)).select_related("user").get(pk=cash.pk)
    if not duty_queries.posts_here(row.community_id, actor.id, at) & CASHIERS or actor.id == row.user_id:
        raise Forbidden("请由财务出纳收讫。")
    if row.kind != Cash.Kind.REMITTED or row.confirmed_at is not None:
        raise Conflict("这一笔已经收讫，无需再收。")
    row.confirmed_at, row.confirmed_by = at, actor.name[:60]
    row.save(update_fields=["confirmed_at", "confirmed_by"])
    return Done(row, {"cashier": actor.name, "name": row.user.name, "amount": yuan(-row.amount)})


@action("custody.cash_handed", may="custody.work", says="{name}把票款 {amount} 交给{to}")
def hand_cash(actor: Actor, community: Any, /, *, amount: str | Decimal, to: User, at: datetime) -> Done:
    """A stand-in hands what they took to the receptionist. D10.16."""
    sum_, me = _mine(actor, community.pk, amount)
    if to.pk == me or not duty_queries.current_directory(community.pk).knows(to.pk):
        raise no("to", "请选择接收的同事。")
    waiting = _waiting(community.pk, me)
    if sum_ + waiting > queries.held(community.pk, me):
        raise no("amount", f"您手里的票款是 {yuan(queries.held(community.pk, me))}" + (f"，其中 {yuan(waiting)} 已上交待收讫" if waiting else "") + "，不能交出更多。")
    row = Cash.objects.create(community_id=community.pk, user_id=me, kind=Cash.Kind.HANDED, amount=-sum_, at=at, by_name=actor.name)
    Cash.objects.create(community_id=community.pk, user=to, kind=Cash.Kind.TAKEN, amount=sum_, at=at, by_name=actor.name)
    _tell(community.pk, [to.pk], f"handed:{row.pk}", f"{actor.name}交给您票款 {yuan(sum_)}，请当面点清", at)
    return Done(row, {"name": actor.name, "amount": yuan(sum_), "to": to.name})


@action("custody.cash_counted", may="custody.work", says="{name}盘点票款：账上 {book}，实有 {found}{differs}")
def count_cash(actor: Actor, community: Any, /, *, found: str | Decimal, at: datetime) -> Done:
    """The money in the drawer against the book, apart from the tickets; a difference of one yuan is raised. D10.05."""
    there, book = money(found or "0", "实有", field="found"), queries.held(community.pk, actor.id or 0)
    if there != book:
        said = f"{actor.name}盘点票款不符：账上 {yuan(book)}，实有 {yuan(there)}，差 {yuan(there - book)}"
        _tell(community.pk, leads(community.pk, at), f"cash:{actor.id}:{at:%Y%m%d%H%M}", said, at, urgent=True)
    return Done(f"estate.community:{community.pk}", {"name": actor.name, "book": yuan(book), "found": yuan(there), "differs": "" if there == book else "，不符"},
                result=there - book, community=community.pk)  # fmt: skip


@action("custody.cash_late", may="system", says="票款还没有上交：{names}")
def raise_cash(actor: Actor, community: Any, /, *, holders: list[tuple[int, Decimal]], at: datetime) -> Done:
    """The worker, in the evening: whose takings have not gone to the cashier. D10.06, D10.16."""
    directory, day = duty_queries.current_directory(community.pk), at.astimezone(queries.CHINA).date()
    for user, sum_ in holders:
        _tell(community.pk, (user, *leads(community.pk, at)), f"cashlate:{user}:{day}", f"{directory.name(user)}手里的票款 {yuan(sum_)} 还没有上交财务", at, why="late")
    return Done(f"estate.community:{community.pk}", {"names": "、".join(directory.name(user) for user, _ in holders)}, community=community.pk)


def _waiting(community_id: int, user: int) -> Decimal:
    """What this person has remitted and the cashier has not confirmed yet: it cannot be handed on a second time."""
    rows = Cash.objects.filter(community=community_id, user=user, kind=Cash.Kind.REMITTED, confirmed_at__isnull=True)
    return -sum((one.amount for one in rows), Decimal(0))


def _mine(actor: Actor, community_id: int, amount: str | Decimal) -> tuple[Decimal, int]:
    sum_ = money(amount or "0", "金额", field="amount")
    if sum_ <= 0:
        raise no("amount", "请填写金额。")
    if actor.id is None:
        raise Refused("票款由持有人自己登记。")
    User.objects.select_for_update().get(pk=actor.id)  # two at once must not hand over the same money
    return sum_, actor.id


def _tell(community_id: int, people: Any, key: str, title: str, at: datetime, *, why: str = "task", urgent: bool = False) -> None:
    notices.tell([
        notices.News(key=f"custody:{key}:{user}", community_id=community_id, user_id=user, why=why, title=title, at=at, url="/custody/cash", urgent=urgent)
        for user in dict.fromkeys(people)
    ])  # fmt: skip
