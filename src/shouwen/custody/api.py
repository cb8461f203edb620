"""The JSON interface of this area, below /api/v1/custody/. The community is the current one, or `?community=slug`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from shouwen.estate.models import Community
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.org import queries as org
from shouwen.org.models import User

from . import actions, queries
from .kinds import KINDS, SECRET
from .models import Loan, Thing
from .rules import Taker, Word

router = Router()


class Held(Schema):
    id: int = Field(title="编号")
    number: str = Field(title="标签编号")
    kind: str = Field(title="类别")
    title: str = Field(title="名称")
    unit: str | None = Field(title="房号")
    store: str = Field(title="存放处")
    hook: int | None = Field(title="挂钩")
    quantity: int = Field(title="数量")
    state: str = Field(title="状态")
    holder: str = Field(title="在谁手里（已脱敏）")
    due_at: datetime | None = Field(title="应还时间")


class Lent(Schema):
    id: int = Field(title="编号")
    number: str = Field(title="标签编号")
    state: str = Field(title="状态")
    holder: str = Field(title="在谁手里（已脱敏）")
    quantity: int = Field(title="数量")
    due_at: datetime | None = Field(title="应还时间")


class Said(Schema):
    side: str = Field(title="哪一方", max_length=20)
    answer: str = Field(title="答复：yes、no、none", max_length=6)
    name: str = Field("", title="姓名", max_length=60)
    user: str = Field("", title="批准人用户名", max_length=40)
    at: datetime = Field(title="联系时间")


class Lending(Schema):
    way: str = Field(title="方式", max_length=12)
    purpose: str = Field(title="用途", max_length=160)
    user: str = Field("", title="借用人用户名", max_length=40)
    name: str = Field("", title="领用人姓名", max_length=60)
    phone: str = Field("", title="领用人电话", max_length=30)
    relation: str = Field("", title="身份", max_length=12)
    paper: str = Field("", title="凭证", max_length=12)
    kept: str = Field("", title="留存处", max_length=60)
    company: str = Field("", title="施工单位", max_length=60)
    developer: str = Field("", title="开发商证明", max_length=60)
    reason: str = Field("", title="紧急情况", max_length=12)
    signature: str = Field("", title="签名：上传附件得到的引用", max_length=40)
    quantity: int | None = Field(None, title="数量，空为全部", ge=1, le=999)
    keep: bool = Field(False, title="不再寄存")
    words: list[Said] = Field([], title="取得的同意", max_length=6)


class Return(Schema):
    code: str = Field(title="扫到的码或编号", max_length=200)
    quantity: int = Field(title="收回数量", ge=0, le=999)
    checks: list[str] = Field([], title="归还前确认", max_length=10)
    remark: str = Field("", title="说明", max_length=200)
    copies: int = Field(0, title="复配数量", ge=0, le=20)


def _place(request: HttpRequest, slug: str | None) -> Community:
    actor = request.actor  # type: ignore[attr-defined]
    if slug is None:
        community = request.community  # type: ignore[attr-defined]
        return queries.place(actor, community.pk if community else None)
    return queries.place(actor, next((one.pk for one in org.places_of(actor) if one.slug == slug), None))


def _held(thing: Thing) -> dict[str, Any]:
    out = next((one for one in getattr(thing, "open", ()) if one.state == Loan.State.OUT), None)
    return {
        "id": thing.pk, "number": thing.number, "kind": thing.kind, "title": thing.title, "unit": thing.unit.code if thing.unit else None, "store": thing.store.title,
        "hook": thing.hook, "quantity": thing.quantity, "state": thing.state, "holder": out.who if out else "", "due_at": out.due_at if out else None,
    }  # fmt: skip


def _lent(loan: Loan) -> dict[str, Any]:
    return {"id": loan.pk, "number": loan.thing.number, "state": loan.state, "holder": loan.who, "quantity": loan.quantity, "due_at": loan.due_at}


def _user(slug: str, field: str) -> User | None:
    if not slug:
        return None
    if (found := org.user_by_username(slug)) is None:
        raise Refused("没有这位同事。", {field: "请核对用户名。"})
    return found


@router.get("/things", response=list[Held], summary="钥匙与保管物品")
def things(
    request: HttpRequest, community: str | None = Query(None, max_length=40, title="小区代号"), kind: str = Query("", max_length=12, title="类别"),
    state: str = Query("", max_length=6, title="状态"), after: str = Query("", max_length=20, title="此标签编号之后"), limit: int = Query(100, ge=1, le=500, title="条数"),
) -> list[dict[str, Any]]:  # fmt: skip
    """What stands with us, by number; `after` = the last number of the page before. Secret files are not handed on (D14.25)."""
    rows = queries.here(request.actor, _place(request, community).pk).exclude(kind__in=SECRET)  # type: ignore[attr-defined]
    if kind:
        if kind not in KINDS:
            raise Refused("没有这个类别。", {"kind": "请核对。"})
        rows = rows.filter(kind=kind)
    rows = rows.filter(state=state) if state else rows
    rows = rows.filter(number__gt=after) if after else rows
    return [_held(one) for one in rows[:limit]]


@router.get("/codes/{code}", response=Held, summary="按标签查")
def by_code(request: HttpRequest, code: str, community: str | None = Query(None, max_length=40, title="小区代号")) -> dict[str, Any]:
    """The thing whose label says this."""
    place = _place(request, community)
    found = queries.by_code(request.actor, place.pk, code[:200])  # type: ignore[attr-defined]
    if found is None or found.kind in SECRET:
        raise NotFound
    return _held(queries.here(request.actor, found.community_id).filter(pk=found.pk).first() or found)  # type: ignore[attr-defined]


@router.post("/things/{pk}/loans", response={201: Lent}, summary="借出、交付")
def lend(request: HttpRequest, pk: int, payload: Lending):
    """Hand a thing out by one of its ways. 409 when somebody else was faster."""
    actor = request.actor  # type: ignore[attr-defined]
    thing = queries.thing(actor, pk)
    words = []
    for one in payload.words:
        user = _user(one.user, "words")
        at = one.at if one.at.tzinfo else one.at.replace(tzinfo=queries.CHINA)
        words.append(Word(one.side, one.answer, user.name if user else one.name, at, user=user.pk if user else None))
    loan = actions.lend(
        actor, thing, way=payload.way, purpose=payload.purpose, user=_user(payload.user, "user"), quantity=payload.quantity, words=words, keep=payload.keep, reason=payload.reason, signature=payload.signature,
        taker=Taker(payload.name, payload.phone, payload.relation, payload.paper, payload.kept, None, payload.company, payload.developer), at=now(),
    )  # fmt: skip
    return 201, _lent(loan)


@router.post("/loans/{pk}/return", response=Lent, summary="归还点收")
def give_back(request: HttpRequest, pk: int, payload: Return) -> dict[str, Any]:
    """It is back and counted; the code of its label must be given."""
    actor = request.actor  # type: ignore[attr-defined]
    return _lent(actions.give_back(actor, queries.loan(actor, pk), code=payload.code, quantity=payload.quantity, checks=payload.checks, remark=payload.remark, copies=payload.copies, at=now()))
