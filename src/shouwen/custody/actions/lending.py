"""Lending: what is asked for, whose word it goes out on, and the moment it leaves. D4.17–D4.35, D4.72–D4.81, D4.97–D4.101."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from shouwen.duty import queries as duty_queries
from shouwen.estate.private import mask_name, seal
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.models import User
from shouwen.procedures import attachments
from shouwen.procedures.models import Attachment

from .. import queries, rules
from ..kinds import KINDS, OWNER, PAPERS, REASONS, RELATIONS, SIDES, Way
from ..models import Consent, Loan, Thing
from ..rules import Taker, Word
from .words import amount, clock, keepers, leads, locked, no, note, tell

State = Loan.State
LEAD_RANK = 20
"""领班级: the rank of leads (org/standard.py)."""


@action("custody.lent", may="custody.work", says="{number} {title}：{state}，{who}，用途：{purpose}")
def lend(
    actor: Actor, thing: Thing, /, *, way: str, purpose: str, at: datetime, user: User | None = None, taker: Taker | None = None,
    words: Sequence[Word] = (), quantity: int | None = None, due_at: datetime | None = None, keep: bool = False, reason: str = "", signature: str = "",
) -> Done:  # fmt: skip
    """Hand a thing out, or (while somebody of ours still has to agree) put it before them. Returns the Loan.

    Everything wrong with the form is said at once. Exactly one of several who ask at the same moment gets it.
    `signature`: key of the file in which whoever takes it signed (procedures.attachments), uploaded by this person.
    """
    row = locked(thing)
    rules.must_be_free(row)
    sort, how, taker = KINDS[row.kind], rules.of(row.kind, way), taker or Taker()
    many = row.quantity if quantity is None else quantity
    uses = clean_text(purpose, "用途", 160, field="purpose")
    if how.emergency and reason == "other" and len(uses) < 4:
        raise no("purpose", "其他紧急情况，请写明是什么情况。")
    _check_people(row, user, taker)
    today = at.astimezone(queries.CHINA).date()
    faults = rules.faults(row.kind, how, purpose=uses, user=user, taker=taker, reason=reason, keep=keep, today=today, signature=signature)
    if how.signs and signature and not Attachment.objects.filter(key=signature, ticket=None, about=None, by_id=actor.id, kind__in=attachments.IMAGES).exists():
        faults["signature"] = "签名没有收到，或不是图片，请重签。"
    if how.posts and user is not None and not _of_posts(row, user, how, at):
        faults["user"] = "信件报刊由管理员送到住户手里，请选择管理员。"
    if not 1 <= many <= row.quantity:
        faults["quantity"] = f"在位 {row.quantity}，请填 1 到 {row.quantity}。"
    final = how.final or keep
    due = None if final else _due(row, how, due_at, at, user, faults)
    if final and many != row.quantity:
        faults["quantity"] = "领走的要全部领走；只借一部分的，不要选“不再寄存”。"
    if faults:
        raise Refused("".join(faults.values()), faults)
    if how.uses_up:
        _issuer(actor, row, user, at)
    if sort.sealed and row.sealed_at is None:
        raise Refused("这封钥匙已经启封，还没有由业户重新封存，不能再借。请先请业户重新装封签字。")
    if not how.emergency and not queries.handles(actor, row, at):
        name = duty_queries.current_directory(row.community_id).name(keepers(row, at)[0])
        raise Forbidden(f"{row.number} 由{name}保管，请由其本人或受托人办理。紧急情况请走“紧急动用”。")
    waiting = rules.heard(words, row.kind, how, at)
    _telephoned(row, how, words, user, at)
    spoken = [side for side in waiting if not how.emergency and queries.speaks(actor, side, row.community_id, at) and (user is None or user.pk != actor.id)]
    waiting = [side for side in waiting if side not in spoken]
    loan = Loan(
        community_id=row.community_id, thing=row, way=way, quantity=many, user=user, who=_who(how, user, taker), private=_private(taker),
        relation=taker.relation, paper=taker.paper, kept=clean_text(taker.kept or taker.developer, "留存处", 60, field="kept"),
        purpose="，".join(each for each in (REASONS.get(reason, "") if reason != "other" else "", uses) if each), emergency=how.emergency,
        asked_at=at, asked_by=actor.name[:60], due_at=due, state=State.ASKED, signature=signature if how.signs else "",
    )  # fmt: skip
    if not waiting:
        _hand_out(actor, row, loan, final=final, at=at)
    loan.save()
    if loan.signature:
        attachments.keep_for(actor, [loan.signature], f"custody.loan:{loan.pk}")
    _take_down(actor, row, loan, how, words, spoken, at)
    if waiting:
        note(actor, row, "asked", f"{loan.who}申请{amount(row, many)}，用途：{loan.purpose}；待{'、'.join(SIDES[side] for side in waiting)}批准", at, loan=loan)
        _ask(row, loan, waiting, at)
    else:
        _say(actor, row, loan, at)
    facts = {"number": row.number, "title": row.title, "state": loan.get_state_display(), "who": loan.who, "purpose": loan.purpose}
    return Done(loan, facts, {"领用人": taker.name} if taker.name else {})


def _telephoned(row: Thing, how: Way, words: Iterable[Word], user: User | None, at: datetime) -> None:
    """An approval by telephone is somebody's who may give it, and who signs for it afterwards; the two of an emergency are of two people. D4.18, D4.19, D4.23."""
    given: dict[int, str] = {}
    for word in words:
        if not how.emergency or word.side not in how.asks or word.side == OWNER or word.answer != "yes":
            continue
        able = queries.speakers(row.community_id, word.side, at)
        if word.user is None or word.user not in able:
            names = duty_queries.current_directory(row.community_id)
            raise no(f"{word.side}_user", f"{SIDES[word.side]}的批准，只能由{'、'.join(names.name(one) for one in able) or SIDES[word.side]}给出，请选择电话里批准的人。")
        if user is not None and word.user == user.pk:
            raise no(f"{word.side}_user", "自己借用的，请由别人批准。")
        if word.user in given and set(able) - {word.user}:
            raise no(f"{word.side}_user", f"{SIDES[given[word.user]]}和{SIDES[word.side]}的批准要由两个人给出。")
        given[word.user] = word.side


def _of_posts(row: Thing, user: User, how: Way, at: datetime) -> bool:
    """Whether the colleague holds a post whose work this is; true where nobody here holds one."""
    directory = duty_queries.current_directory(row.community_id)
    able = {each for post in how.posts for held in directory.held_by(post, at) for each in (held, directory.acting(held, at))}
    return not able or user.pk in able


def _issuer(actor: Actor, row: Thing, user: User | None, at: datetime) -> None:
    """Two persons: whoever hands out a hazardous thing agrees to this use, is a lead or above, and is not the user. D8.06, D8.13, D8.14."""
    directory = duty_queries.current_directory(row.community_id)
    rank = max((directory.posts[post].rank for post in duty_queries.posts_here(row.community_id, actor.id, at) if post in directory.posts), default=0)
    if rank < LEAD_RANK:
        raise Forbidden("危险品每次使用，须由领班级以上人员批准并亲自发放。请当班领班或主管来办。")
    if user is not None and user.pk == actor.id:
        raise no("user", "批准发放的人不能同时是领用人，请由另一人领用。")


def _check_people(row: Thing, user: User | None, taker: Taker) -> None:
    if user is not None and not (user.is_active and duty_queries.current_directory(row.community_id).knows(user.pk)):
        raise no("user", "请选择本小区在职的同事。")
    for value, title, most, field in ((taker.name, "姓名", 60, "name"), (taker.phone, "电话", 30, "phone"), (taker.company, "施工单位", 60, "company"),
                                      (taker.kept, "留存处", 60, "kept"), (taker.developer, "证明材料", 60, "developer")):  # fmt: skip
        clean_text(value, title, most, field=field)


def _due(row: Thing, how: Way, given: datetime | None, at: datetime, user: User | None, faults: dict[str, str]) -> datetime:
    """At closing at the latest; of area keys at the end of the shift. D4.24, D4.57, D4.82, D11.03."""
    last = queries.closing(row.community_id, at)
    if how.due == "shift" and user is not None:
        last = _shift_end(row.community_id, user.pk, at) or last
    if given is None:
        return last
    if given <= at:
        faults["due_at"] = "应还时间要晚于现在。"
    elif given > last:
        faults["due_at"] = f"最迟 {clock(last)} 归还。"
    return min(given, last)


FETCHED: Final = timedelta(hours=1)
"""So long before their shift people fetch what they need in it."""


def _shift_end(community_id: int, user: int, at: datetime) -> datetime | None:
    """When the shift ends in which somebody is now, or which begins within the hour; None for who is not at work, so that nothing is out for days."""
    here = duty_queries.current_directory(community_id)
    ends = [span.ends_at for moment in (at, at + FETCHED) for span in here.running(moment) if here.acting(span.user, moment) == user]
    return max(ends, default=None)


def _who(how: Way, user: User | None, taker: Taker) -> str:
    """In whose hands it is, as everybody may read it."""
    if how.who == "staff":
        return user.name if user else ""
    shown = mask_name(taker.name.strip())
    if how.who == "contractor":
        return f"{user.name if user else ''}（{taker.company.strip()} {shown}使用）"
    return f"{shown}（{RELATIONS.get(taker.relation, '业户本人')}）"


def _private(taker: Taker) -> bytes:
    given = {"name": taker.name.strip(), "phone": taker.phone.strip()}
    return seal(given) if any(given.values()) else b""


def _hand_out(actor: Actor, row: Thing, loan: Loan, *, final: bool, at: datetime) -> None:
    """It leaves its place now. A second open loan of the same thing is refused by the database, whatever was checked before."""
    loan.state, loan.out_at, loan.out_by = (State.GONE if final else State.OUT), at, actor.name[:60]
    if final:
        loan.closed_at = at
    else:
        loan.remind_at = loan.due_at
    try:
        with transaction.atomic():
            loan.save()
    except IntegrityError:
        raise Conflict(f"{row.number} 刚刚被别人借走或领走了。请刷新后查看它现在在谁手里。") from None
    row.state = Thing.State.GONE if final else Thing.State.OUT
    row.gone_at = at if final else None
    changed = ["state", "gone_at"]
    if KINDS[row.kind].sealed:
        row.sealed_at = None
        changed.append("sealed_at")
    row.save(update_fields=changed)


def _take_down(actor: Actor, row: Thing, loan: Loan, how: Way, words: Iterable[Word], spoken: Sequence[str], at: datetime) -> None:
    """Whose word it went out on: the ledger and the post's book, each with the minute of the call. D4.21, D4.35, D4.78, D4.101."""
    rows = []
    for word in words:
        if word.side not in how.asks and not (word.side == OWNER and how.later):
            continue
        name = mask_name(word.name.strip()) if word.side == OWNER else word.name
        rows.append(Consent(loan=loan, side=word.side, answer=word.answer, name=name[:60], user_id=word.user, how=word.how, at=word.at, by_name=actor.name[:60],
                            note=clean_text(word.note, "说明", 200)))  # fmt: skip
        said = Consent.Answer(word.answer).label
        note(actor, row, "called", f"{clock(word.at)} {word.how}联系{SIDES[word.side]}{name}：{said}" + (f"，{word.note}" if word.note else ""), at, loan=loan, when=word.at)
    rows += [Consent(loan=loan, side=side, answer="yes", name=actor.name, user_id=actor.id, how="本人", at=at, by_name=actor.name, confirmed_at=at) for side in spoken]
    for each in rows:
        each.save()
    if loan.emergency and any(each.user_id and each.confirmed_at is None for each in rows):
        loan.papers_due = True
        loan.save(update_fields=["papers_due"])
        for each in rows:
            if each.user_id and each.confirmed_at is None:
                tell(row, [each.user_id], f"papers:{each.pk}", f"请补签：{clock(each.at)} 您电话同意动用 {row.number}", f"{loan.who}，{loan.purpose}。请打开核对并补签。", at)


def _ask(row: Thing, loan: Loan, sides: Iterable[str], at: datetime) -> None:
    directory = duty_queries.current_directory(row.community_id)
    for side in sides:
        tell(row, directory.holders(side, at), f"ask:{loan.pk}:{side}", f"{loan.who}申请动用{KINDS[row.kind].title} {row.number}，等您批准",
             f"{row.title}；用途：{loan.purpose}", at, urgent=loan.emergency)  # fmt: skip


def _say(actor: Actor, row: Thing, loan: Loan, at: datetime) -> None:
    sort, parts = KINDS[row.kind], []
    if loan.relation or loan.paper:
        parts.append(f"查验{PAPERS.get(loan.paper, '')}" + (f"，留存：{loan.kept}" if loan.kept else ""))
    if loan.signature:
        parts.append("已签名")
    if loan.due_at:
        parts.append(f"应还 {clock(loan.due_at)}")
    gone = loan.state == State.GONE
    text = f"{loan.who}{'领走' if gone else '借出'}{amount(row, loan.quantity)}，用途：{loan.purpose}" + "".join(f"；{each}" for each in parts)
    if sort.sealed:
        note(actor, row, "opened", f"启封信封 {row.envelope}", at, loan=loan)
    note(actor, row, "gone" if gone else "lent", text, at, loan=loan, quantity=-loan.quantity, book=not sort.secret and sort.family != "mail")
    if loan.emergency:
        people = (*keepers(row, at), *leads(row.community_id, at))
        tell(row, (one for one in people if one != actor.id), f"emergency:{loan.pk}", f"紧急动用{sort.title} {row.number}：{loan.purpose}", text, at, urgent=True)
    if loan.user_id and loan.user_id != actor.id and not gone:
        tell(row, [loan.user_id], f"lent:{loan.pk}", f"您借了 {row.number} {row.title}", text, at)


@action("custody.approved", may="custody.view", says="{number} {title}：{side}{answer}{who}动用{note}")
def approve(actor: Actor, loan: Loan, /, *, agree: bool, at: datetime, remark: str = "") -> Done:
    """Somebody whose word is needed gives it. Nobody agrees to their own request. D4.03, D4.18, D4.19."""
    row = Loan.objects.select_for_update(of=("self",)).get(pk=loan.pk)
    thing = locked(row.thing)
    if row.state != State.ASKED:
        raise Conflict(f"这次申请{row.get_state_display()}，不用再批。")
    sides = [side for side in open_sides(row) if queries.speaks(actor, side, row.community_id, at)]
    if not sides:
        raise Forbidden("请由" + "、".join(SIDES[side] for side in open_sides(row)) + "批准。" if open_sides(row) else "需要的批准都有了，可以发放。")
    if actor.id == row.user_id:
        raise Forbidden("自己借用的，请由别人批准。")
    if agree and row.emergency and row.consents.filter(user_id=actor.id, answer="yes").exists() and set(queries.speakers(row.community_id, sides[0], at)) - {actor.id}:
        raise Forbidden(f"您已经同意过了。{SIDES[sides[0]]}的批准要由另一个人给出。")
    words = clean_text(remark, "意见", 200, field="remark")
    if not agree and not words:
        raise no("remark", "不同意的，请写明原因。")
    for side in sides[:1] if agree else sides:
        Consent.objects.create(loan=row, side=side, answer="yes" if agree else "no", name=actor.name, user_id=actor.id, how="本人", at=at, by_name=actor.name, note=words, confirmed_at=at)
        note(actor, thing, "approved", f"{SIDES[side]}{actor.name}{'同意' if agree else '不同意'}{row.who}动用" + (f"：{words}" if words else ""), at, loan=row)
    if not agree:
        row.state, row.closed_at = State.DROPPED, at
        row.save(update_fields=["state", "closed_at"])
    elif not open_sides(row):
        tell(thing, duty_queries.current_directory(row.community_id).on_duty("receptionist", at), f"ready:{row.pk}", f"{thing.number} 已批准，可以发放给{row.who}", row.purpose, at)
    return Done(row, {"number": thing.number, "title": thing.title, "side": SIDES[sides[0]], "answer": "同意" if agree else "不同意", "who": row.who, "note": f"（{words}）" if words else ""})


def open_sides(loan: Loan) -> list[str]:
    """Sides of ours that have not agreed yet."""
    said = {one.side for one in loan.consents.all() if one.answer == "yes"}
    return [side for side in KINDS[loan.thing.kind].ways[loan.way].asks if side != OWNER and side not in said]


def _still_agreed(loan: Loan, thing: Thing, at: datetime) -> None:
    """What was agreed to is still so at the moment it leaves: the owner has not said no since, and a word holds for a day. D4.21, D4.34, D4.97–D4.99."""
    final = loan.due_at is None
    if loan.quantity > thing.quantity or (final and loan.quantity != thing.quantity):
        raise Refused(f"申请的是 {amount(thing, loan.quantity)}，现在有 {amount(thing, thing.quantity)}，数量变了。请把这次申请作罢，重新申请。")
    if OWNER not in KINDS[thing.kind].ways[loan.way].asks:
        return
    said = Consent.objects.filter(loan=loan, side=OWNER).exclude(answer="none").order_by("-at", "-pk").first()
    if said is not None and said.answer == "no":
        raise Refused("业户后来不同意，不能发放，任何人都不能代为同意。请把这次申请作罢。")
    if said is None or at - said.at > rules.FRESH:
        raise Refused(f"业户的同意{'是 ' + clock(said.at) + ' 的，' if said else ''}已超过一天。请重新联系业户，在下面记下联系结果，再发放。")


@action("custody.issued", may="custody.work", says="{number} {title} 发放给{who}")
def issue(actor: Actor, loan: Loan, /, *, at: datetime) -> Done:
    """Everybody has agreed: it is handed over."""
    row = Loan.objects.select_for_update(of=("self",)).get(pk=loan.pk)
    thing = locked(row.thing)
    if row.state != State.ASKED:
        raise Conflict(f"这次申请{row.get_state_display()}，不能再发放。")
    if waiting := open_sides(Loan.objects.prefetch_related("consents").get(pk=row.pk)):
        raise Refused(f"还要{'、'.join(SIDES[side] for side in waiting)}批准，不能发放。")
    rules.must_be_free(thing)
    _still_agreed(row, thing, at)
    if not row.emergency and not queries.handles(actor, thing, at):
        raise Forbidden("请由保管人或受托人发放。")
    if row.due_at is not None and row.due_at <= at:
        row.due_at = queries.closing(row.community_id, at)
    _hand_out(actor, thing, row, final=row.due_at is None, at=at)
    _say(actor, thing, row, at)
    return Done(row, {"number": thing.number, "title": thing.title, "who": row.who})


@action("custody.dropped", may="custody.work", says="{number} {title}：{who}的申请作罢，{reason}")
def drop(actor: Actor, loan: Loan, /, *, reason: str, at: datetime) -> Done:
    """Not needed any more."""
    row = Loan.objects.select_for_update(of=("self",)).get(pk=loan.pk)
    if row.state != State.ASKED:
        raise Conflict(f"这次申请{row.get_state_display()}，不能作罢。")
    words = clean_text(reason, "原因", 200, field="reason")
    if not words:
        raise no("reason", "请写明原因。")
    row.state, row.closed_at = State.DROPPED, at
    row.save(update_fields=["state", "closed_at"])
    note(actor, locked(row.thing), "dropped", f"{row.who}的申请作罢：{words}", at, loan=row)
    return Done(row, {"number": row.thing.number, "title": row.thing.title, "who": row.who, "reason": words})


@action("custody.confirmed", may="custody.view", says="{number} {title}：{name}补签 {when} 的电话同意")
def confirm(actor: Actor, consent: Consent, /, *, at: datetime) -> Done:
    """Whoever agreed by telephone signs for it afterwards, marked as later. D4.23."""
    row = Consent.objects.select_for_update(of=("self",)).select_related("loan").get(pk=consent.pk)
    if row.user_id != actor.id:
        raise Forbidden("请由当时电话同意的本人补签。")
    if row.confirmed_at is not None:
        raise Conflict("已经补签过了。")
    row.confirmed_at = at
    row.save(update_fields=["confirmed_at"])
    loan, thing = row.loan, locked(row.loan.thing)
    note(actor, thing, "confirmed", f"{actor.name}补签：{clock(row.at)} 电话同意属实", at, loan=loan)
    if not loan.consents.filter(user_id__isnull=False, confirmed_at__isnull=True).exists():
        loan.papers_due = False
        loan.save(update_fields=["papers_due"])
        from .returning import close_if_done

        close_if_done(actor, loan, thing, at)
    return Done(loan, {"number": thing.number, "title": thing.title, "name": actor.name, "when": clock(row.at)})
