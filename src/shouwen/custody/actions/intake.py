"""Taking things in: deposited, sealed, arrived; sealed anew by the owner; moved to another hook."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from shouwen.estate import queries as estate
from shouwen.estate.private import mask_name, seal
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.numbers import next_number
from shouwen.kernel.pinyin import Style, lazy_pinyin
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text

from .. import queries
from ..kinds import KINDS, Kind
from ..models import Filing, Store, Thing
from .words import amount, locked, no, note, wanted

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_SERIES = date(2000, 1, 1)
"""Numbers of things run on for ever: one series a kind and community."""


@action("custody.taken_in", may="custody.work", says="收存 {number} {title}（{kind}，{quantity}），存于{place}")
def take_in(
    actor: Actor, community: Any, /, *, kind: str, title: str, store: Store | None, at: datetime, hook: int | None = None, unit: str = "",
    quantity: int = 1, whose: str = "", phone: str = "", purpose: str = "", verified: bool = False, in_person: bool = False, signed: bool = False, envelope: str = "",
    recipient: str = "", valid_until: datetime | None = None, permit: str = "", measure: str = "",
) -> Done:  # fmt: skip
    """Take something in. `verified`: room, number and fit were checked (D4.07). `in_person`: the owner sealed it here (D4.94);
    `signed`: and signed across the seal (D4.95)."""
    sort = KINDS.get(kind)
    if sort is None:
        raise no("kind", "请选择类别。")
    name = wanted(title, "名称", 80, "title")
    if sort.family not in ("key", "document") and "钥匙" in name:
        raise no("title", "钥匙请按钥匙登记，不作物品寄存。")
    place = _stands(sort, store, community.pk)
    if sort.keepers and queries.keeper_of(place.pk) is None:
        raise no("store", f"「{place.title}」还没有保管人。{sort.title}要先指定保管人再收存。")
    most = 99_999 if sort.family == "hazmat" else 999
    if not 1 <= quantity <= most:
        raise no("quantity", f"数量应在 1 到 {most} 之间。")
    if sort.secret and not actor.may("custody.secret", community.pk):
        raise no("kind", "秘密文件由文员或经理收存。")
    home = _home(sort, community.pk, unit)
    _deposit(sort, whose=whose, purpose=purpose, verified=verified, in_person=in_person, signed=signed, envelope=envelope, recipient=recipient, valid_until=valid_until, at=at)
    owner, to = clean_text(whose, "寄存人", 60, field="whose"), clean_text(recipient, "转交给", 60, field="recipient")
    allowed = clean_text(permit, "批准人", 60, field="permit")
    if sort.permit and not (allowed and actor.may("custody.keep", community.pk)):
        raise no("permit", "前台不为任何人寄放、转交物品。确需的，请客服主管或部门经理批准并由他们登记。")
    if hook is not None and not (place.hooks and 1 <= hook <= place.hooks):
        raise no("hook", f"「{place.title}」的挂钩是 1 到 {place.hooks} 号。" if place.hooks else f"「{place.title}」没有挂钩编号，请留空。")
    number = f"{sort.prefix}-{next_number(community.pk, 'BG' + sort.prefix, _SERIES).rsplit('-', 1)[-1].zfill(4)}"
    private = {"name": owner, "phone": clean_text(phone, "电话", 30, field="phone"), "recipient": to}
    try:
        with transaction.atomic():
            thing = Thing.objects.create(
                community_id=community.pk, kind=kind, number=number, code="".join(secrets.choice(_LETTERS) for _ in range(8)), title=name, store=place, hook=hook,
                unit=home, quantity=quantity, measure=clean_text(measure, "单位", 6, field="measure"), whose=mask_name(owner), private=seal(private) if any(private.values()) else b"", recipient=mask_name(to),
                purpose=clean_text(purpose, "用途", 100, field="purpose"), valid_until=valid_until, envelope=clean_text(envelope, "信封编号", 20, field="envelope"),
                sealed_at=at if sort.sealed else None, permit=allowed, came_at=at, came_by=actor.name[:60], spelled=_spelled(number, name, home),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(f"「{place.title}」{hook} 号上已经挂着别的，请换一个空挂钩。", {"hook": "已被占用。"}) from None
    if sort.family == "document":
        Filing.objects.create(thing=thing, community_id=community.pk, letters=letters_of(name))
    words = [f"收存 {amount(thing, quantity)}", f"{mask_name(owner)} 交来" if owner else "", f"{sort.purpose_title}：{thing.purpose}" if thing.purpose else "",
             f"业户本人装封签名，信封 {thing.envelope}" if sort.sealed else "", f"代存转交 {thing.recipient}" if to else "",
             f"{allowed}批准" if allowed else "", f"存于{_where(thing)}"]  # fmt: skip
    note(actor, thing, "in", "，".join(each for each in words if each), at, quantity=quantity, book=(sort.family == "key" or sort.permit) and not sort.secret)
    facts = {"number": number, "title": name, "kind": sort.title, "quantity": amount(thing, quantity), "place": _where(thing)}
    return Done(thing, facts, {"寄存人": owner} if owner else {}, community=community.pk)


def _stands(sort: Kind, store: Store | None, community_id: int) -> Store:
    if store is None or store.community_id != community_id:
        raise no("store", "请选择存放处。还没有的，请先在「存放处」设一个。")
    if store.holds != sort.class_:
        raise no("store", f"「{store.title}」只放{store.get_holds_display()}里的东西，{sort.title}要单独存放。")
    return store


def _home(sort: Kind, community_id: int, text: str) -> Any:
    if not text.strip():
        if sort.unit:
            raise no("unit", "请填写房号。")
        return None
    home = estate.unit_by_code(community_id, text)
    if home is None:
        raise no("unit", f"本小区没有房号「{text[:40]}」，请核对。")
    if sort.unit == "vacant" and home.state not in ("vacant", "undelivered"):
        raise no("unit", f"{home.code} 不是空房（{home.get_state_display()}），它的钥匙不能按空房钥匙收存。")
    return home


def _deposit(
    sort: Kind, *, whose: str, purpose: str, verified: bool, in_person: bool, signed: bool, envelope: str, recipient: str, valid_until: datetime | None, at: datetime
) -> None:
    """What an owner's deposit needs. D4.06, D4.07, D4.47, D4.94–D4.96."""
    if sort.purposes and purpose not in sort.purposes:
        raise no("purpose", f"请选择{sort.purpose_title}：{'、'.join(sort.purposes)}。")
    if sort.personal or sort.sealed:
        if not whose.strip():
            raise no("whose", "请填写寄存的业户姓名。")
        if not verified:
            raise no("verified", "请先核对房号、数量，试过钥匙能用，再收存。")
    if sort.sealed:
        if not in_person:
            raise no("in_person", "封存钥匙须业户本人当面装入信封，不能代办。")
        if not signed:
            raise no("signed", "请业户在封口处签名；封口没有签名的不能收存。")
        if not envelope.strip():
            raise no("envelope", "请填写信封编号。")
    if purpose == "代存转交" or purpose.endswith("转交"):
        if not recipient.strip():
            raise no("recipient", "代存转交的，请写明转交给谁。")
        if valid_until is None or valid_until <= at:
            raise no("valid_until", "代存转交的，请写明有效到什么时候。")


def _spelled(number: str, title: str, home: Any) -> str:
    letters = "".join(lazy_pinyin(title, style=Style.FIRST_LETTER))
    return f"{number} {title} {home.code if home else ''} {letters}".lower()[:160]


def letters_of(title: str) -> str:
    """What the order by letters goes by: the Pinyin of the title."""
    return "".join(lazy_pinyin(title)).lower()[:160]


def _where(thing: Thing) -> str:
    return f"{thing.store.title} {thing.hook} 号" if thing.hook else thing.store.title


@action("custody.resealed", may="custody.work", says="{number} {title} 由业户重新封存，信封 {envelope}")
def reseal(actor: Actor, thing: Thing, /, *, envelope: str, in_person: bool, at: datetime) -> Done:
    """The owner signs a new envelope over an opened seal. D4.104."""
    row = locked(thing)
    if not KINDS[row.kind].sealed or row.sealed_at is not None:
        raise Refused("这把钥匙现在不需要重新封存。")
    if row.state != Thing.State.IN:
        raise Conflict("钥匙还没有归还，收回后再请业户封存。")
    if not in_person:
        raise no("in_person", "须由业户本人重新装封、签字，不能代办。")
    row.envelope, row.sealed_at = wanted(envelope, "信封编号", 20, "envelope"), at
    row.save(update_fields=["envelope", "sealed_at"])
    note(actor, row, "resealed", f"业户本人重新装封签字，信封 {row.envelope}", at)
    return Done(row, {"number": row.number, "title": row.title, "envelope": row.envelope})


@action("custody.moved", may="custody.work", says="{number} {title} 移到{place}")
def relabel(actor: Actor, thing: Thing, /, *, store: Store, hook: int | None, at: datetime) -> Done:
    """Another hook, another place of the same class."""
    row = locked(thing)
    if row.gone_at is not None:
        raise Conflict("已交还，不能再移动。")
    place = _stands(KINDS[row.kind], store, row.community_id)
    if hook is not None and not (place.hooks and 1 <= hook <= place.hooks):
        raise no("hook", f"「{place.title}」的挂钩是 1 到 {place.hooks} 号。" if place.hooks else f"「{place.title}」没有挂钩编号，请留空。")
    before, row.store, row.hook = _where(row), place, hook
    try:
        with transaction.atomic():
            row.save(update_fields=["store", "hook"])
    except IntegrityError:
        raise Conflict(f"「{place.title}」{hook} 号上已经挂着别的，请换一个空挂钩。", {"hook": "已被占用。"}) from None
    note(actor, row, "moved", f"从{before}移到{_where(row)}", at, book=False)
    return Done(row, {"number": row.number, "title": row.title, "place": _where(row)})
