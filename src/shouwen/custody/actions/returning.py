"""What comes back, is counted, entered, told; and what does not. D4.20–D4.29, D4.36, D4.37, D4.57–D4.61, D4.82–D4.86, D4.102, D4.103."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from shouwen.estate.private import mask_name
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden
from shouwen.kernel.words import clean_text

from .. import queries, rules
from ..kinds import KINDS, OWNER
from ..models import Consent, Loan, Thing
from .words import amount, clock, keepers, leads, locked, no, note, tell, wanted

State = Loan.State
MOST_COPIES = 20


def opened(loan: Loan, *states: str) -> tuple[Loan, Thing]:
    """The loan and its thing, locked, in one of these states."""
    row = Loan.objects.select_for_update(of=("self",)).get(pk=loan.pk)
    if row.state not in states:
        raise Conflict(f"这一笔{row.get_state_display()}，已不能这样办。请刷新后再看。")
    return row, locked(row.thing)


@action("custody.returned", may="custody.work", says="{number} {title}：{who}归还 {quantity}{rest}")
def give_back(actor: Actor, loan: Loan, /, *, code: str, quantity: int, at: datetime, checks: Sequence[str] = (), remark: str = "", used: int = 0, copies: int = 0) -> Done:
    """It is back and counted. `code` is what its label says: the key of another room is refused. A shortage keeps it open.

    `copies`: new ones that came back with it from copying; they raise the quantity in the inventory. D4.67
    """
    row, thing = opened(loan, State.OUT)
    sort, seen = KINDS[thing.kind], queries.read_code(code)
    if seen not in (thing.code, thing.number.upper()):
        raise no("code", f"扫到的是 {seen or '空'}，不是借出的 {thing.number}（{thing.title}）。请核对楼号、房号。")
    spends = sort.ways[row.way].uses_up
    still = row.quantity - row.returned - row.used
    if used and not spends:
        raise no("used", "这类东西不能用去，请如数归还。")
    if not (0 <= quantity and 0 <= used and quantity + used <= still):
        raise no("quantity", f"还差 {amount(thing, still)}没还，请填 0 到 {still}。")
    if not 0 <= copies <= MOST_COPIES or (copies and not sort.ways[row.way].copies):
        raise no("copies", f"复配数量应在 0 到 {MOST_COPIES} 之间。" if sort.ways[row.way].copies else "这次不是拿去复配的，不能多收。复配须先由客服负责人批准。")
    for check in sort.checks:
        if check not in checks:
            raise no("checks", f"请先确认：{check}。")
    words = clean_text(remark, "说明", 200, field="remark")
    row.returned += quantity
    row.used += used
    short = row.quantity - row.returned - row.used
    if short and not words:
        raise no("remark", f"少 {amount(thing, short)}，请写明原因。")
    if short and copies:
        raise no("copies", "原来的钥匙还没有还齐，请还齐时再登记复配的数量。")
    if short:
        row.save(update_fields=["returned", "used"])
        note(actor, thing, "short", f"{row.who}归还{amount(thing, quantity)}，短缺{amount(thing, short)}：{words}", at, loan=row, quantity=quantity)
        liable = f"，按规定追究{sort.liable}责任"
        tell(thing, leads(row.community_id, at), f"short:{row.pk}:{row.returned}", f"{thing.number} 收回短缺 {amount(thing, short)}", f"{row.who}：{words}{liable}", at, urgent=True)
    else:
        row.state, row.back_at, row.back_by, row.remind_at = State.BACK, at, actor.name[:60], None
        if sort.personal and queries.handles(actor, thing, at):
            row.counted_by = actor.name[:60]
        row.save()
        thing.state, thing.quantity = Thing.State.IN, thing.quantity - row.used + copies
        if not thing.quantity:
            thing.state, thing.gone_at = Thing.State.GONE, at
        thing.save(update_fields=["state", "quantity", "gone_at"])
        late = f"，超时 {_span(at - row.due_at)}" if row.due_at and at > row.due_at else ""
        made = f"，复配{amount(thing, copies)}，现有{amount(thing, thing.quantity)}" if copies else ""
        spent = f"，用去{amount(thing, row.used)}" if spends else ""
        text = f"{row.who}归还{amount(thing, quantity)}{spent}，{actor.name}点收{made}{late}" + (f"；{'、'.join(sort.checks)}" if sort.checks else "") + (f"；{words}" if words else "")
        note(actor, thing, "returned", text, at, loan=row, quantity=quantity + copies)
        if sort.personal and not row.counted_by:
            tell(thing, keepers(thing, at), f"verify:{row.pk}", f"{thing.number} 已由{actor.name}代收，请您清点复核", text, at)
        close_if_done(actor, row, thing, at)
    return Done(row, {"number": thing.number, "title": thing.title, "who": row.who, "quantity": amount(thing, quantity), "rest": f"，短缺 {amount(thing, short)}" if short else ""})


def bars_of(loan: Loan, thing: Thing) -> list[str]:
    """What keeps this one from being closed."""
    said = {one.side: one for one in Consent.objects.filter(loan=loan) if one.answer != "none" or one.side == OWNER}
    entered = loan.moves.filter(kind="entered").exists()
    return rules.bars(thing.kind, KINDS[thing.kind].ways[loan.way], loan, said, entered=entered, kept=bool(loan.counted_by))


def close_if_done(actor: Actor, loan: Loan, thing: Thing, at: datetime) -> None:
    if loan.state == State.BACK and not bars_of(loan, thing):
        loan.state, loan.closed_at = State.CLOSED, at
        loan.save(update_fields=["state", "closed_at"])


@action("custody.verified", may="custody.work", says="{number} {title}：{name}清点复核无误")
def verify(actor: Actor, loan: Loan, /, *, at: datetime) -> Done:
    """The keeper has counted what a colleague took back. D4.28."""
    row, thing = opened(loan, State.BACK)
    if not queries.handles(actor, thing, at):
        raise Forbidden("请由保管人或受托人复核。")
    row.counted_by = actor.name[:60]
    row.save(update_fields=["counted_by"])
    note(actor, thing, "verified", f"{actor.name}清点复核，{amount(thing, row.returned)}无误", at, loan=row, book=False)
    close_if_done(actor, row, thing, at)
    return Done(row, {"number": thing.number, "title": thing.title, "name": actor.name})


@action("custody.contacted", may="custody.work", says="{number} {title}：{when} 联系业户，{answer}")
def contact(actor: Actor, thing: Thing, /, *, name: str, answer: str, when: datetime, at: datetime, how: str = "电话", remark: str = "", loan: Loan | None = None) -> Done:
    """A call to the owner, to the minute, with what came of it; also one that nobody answered. D4.20, D4.21, D4.101."""
    if answer not in Consent.Answer.values:
        raise no("answer", "请选择联系结果。")
    if when > at:
        raise no("when", "联系时间不能晚于现在。")
    row = locked(thing)
    shown, words = mask_name(wanted(name, "联系人", 60, "name")), clean_text(remark, "说明", 200, field="remark")
    if loan is not None:
        mine, _ = opened(loan, State.ASKED, State.OUT, State.BACK)
        if mine.thing_id != row.pk:
            raise Conflict("这一笔不是这件东西的。")
        Consent.objects.create(loan=mine, side=OWNER, answer=answer, name=shown, how=how, at=when, by_name=actor.name, note=words)
    label = {"yes": "已说明情况，业户知悉、同意", "no": "业户不同意", "none": "没有联系上"}[answer]
    note(actor, row, "called", f"{clock(when)} {how}联系业户{shown}：{label}" + (f"，{words}" if words else ""), at, loan=loan, when=when)
    if loan is not None:
        close_if_done(actor, mine, row, at)
    return Done(row, {"number": row.number, "title": row.title, "when": clock(when), "answer": label}, {"联系人": name})


@action("custody.entered", may="custody.work", says="{number} {title}：入户 {people} 人，{span}")
def enter(actor: Actor, loan: Loan, /, *, people: Sequence[str], in_at: datetime, out_at: datetime, done: str, at: datetime) -> Done:
    """Who went in with the key, when, and what they did there: two different people at least. D4.102, D4.103."""
    row, thing = opened(loan, State.OUT, State.BACK)
    names = list(dict.fromkeys(filter(None, (clean_text(each, "入户人", 40, field="people") for each in people))))
    if len(names) < 2:
        raise no("people", "进入业户房间须两人以上，请填写每个人的姓名。")
    if not in_at < out_at <= at:
        raise no("out_at", "离开时间应晚于进入时间，且不晚于现在。")
    if row.out_at and in_at < row.out_at - timedelta(minutes=1):
        raise no("in_at", f"进入时间早于借出时间 {clock(row.out_at)}，请更正。")
    what = wanted(done, "做了什么", 300, "done")
    span = f"{clock(in_at)} 至 {clock(out_at)}"
    note(actor, thing, "entered", f"{'、'.join(names)}入户 {span}：{what}", at, loan=row, when=in_at)
    close_if_done(actor, row, thing, at)
    return Done(row, {"number": thing.number, "title": thing.title, "people": len(names), "span": span})


@action("custody.followed", may="custody.work", says="{number} {title} 逾期未还：{reason}")
def follow_up(actor: Actor, loan: Loan, /, *, reason: str, at: datetime) -> Done:
    """Why it has not come back, for the head: every day until it has. D4.58, D4.59, D4.83, D4.84, D11.18, D11.19."""
    row, thing = opened(loan, State.OUT)
    words = wanted(reason, "原因", 300, "reason")
    note(actor, thing, "followed", f"未还原因：{words}", at, loan=row)
    tell(thing, (one for one in leads(row.community_id, at) if one != actor.id), f"reason:{row.pk}:{at:%Y%m%d}", f"{thing.number} 未还原因：{words}", f"{row.who}，应还 {clock(row.due_at) if row.due_at else '—'}", at)
    return Done(row, {"number": thing.number, "title": thing.title, "reason": words})


@action("custody.overdue", may="system", says="{number} {title} 逾期未还（第 {times} 次催还）：{who}")
def raise_overdue(actor: Actor, loan: Loan, /, *, at: datetime) -> Done | None:
    """The worker: what is not back when it should be is raised with the borrower, the keeper and the head, again every day."""
    row, thing = opened(loan, State.OUT)
    row.reminded += 1
    tomorrow = at.astimezone(queries.CHINA).date() + timedelta(days=1)
    row.remind_at = queries.closing(row.community_id, datetime.combine(tomorrow, time(9), queries.CHINA))
    row.lease_until = None
    row.save(update_fields=["reminded", "remind_at", "lease_until"])
    note(actor, thing, "overdue", f"应于 {clock(row.due_at) if row.due_at else '—'} 归还，仍在{row.who}手里（第 {row.reminded} 次催还）", at, loan=row)
    people = (row.user_id, *keepers(thing, at), *leads(row.community_id, at))
    tell(thing, people, f"overdue:{row.pk}:{row.reminded}", f"{thing.number} 逾期未还，请催收", f"{thing.title}：{row.who}，应还 {clock(row.due_at) if row.due_at else '—'}。收不回的，请写明原因。", at, why="late", urgent=row.reminded == 1)
    return Done(row, {"number": thing.number, "title": thing.title, "times": row.reminded, "who": row.who})


def _span(late: timedelta) -> str:
    minutes = int(late.total_seconds() // 60)
    return f"{minutes // 60} 小时 {minutes % 60} 分" if minutes >= 60 else f"{max(minutes, 1)} 分钟"
