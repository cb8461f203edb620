"""Everything that can be done to a ticket. Each verb is one event of the engine, one journal line, one transaction.

All take the actor and the stored ticket's row (`store.load`), the moment as `at`, and raise Refused, Conflict or
Forbidden with a Chinese message when it cannot be; then nothing was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.estate import actions as estate_actions
from shouwen.estate import queries as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.batch import ask, later
from shouwen.kernel.journal import Done, action
from shouwen.kernel.numbers import next_number
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.words import clean_text

from . import engine, privacy, reckoning, store
from .answers import settled
from .calendars import local
from .deciding import apply, facts_of, filing_rule, finder_for, must_hold, open_task, owner_of
from .editions import edition_in_force, procedure_of
from .effects import Opening
from .models import PrivateAnswers
from .store import Row

_PUT_HEAD = "UPDATE procedures_ticket SET unit_id = %s, place = %s, summary = %s WHERE id = %s"
LINKS = {"same": "同一事项", "part_of": "属于", "caused_by": "起因于"}


@action("ticket.filed", may="tickets.file", says="受理{title} {number} {place} {summary}{how}")
def file_ticket(
    actor: Actor, community: Any, /, *, procedure: str, answers: dict[str, Any], at: datetime,
    evidence: dict[str, Any] | None = None, opened: bool = False, tracker: str = "",
) -> Done:  # fmt: skip
    """File a ticket with the answers of the procedure's first step; returns its Row.

    `tracker` follows the ticket to its end; whoever files it, unless given.

    `opened` leaves the first step open as a task, filled in as far as answers are given (schedules, child tickets).
    """
    community_id = community if isinstance(community, int) else community.pk
    edition_id, rules = edition_in_force(procedure, community_id, at)
    version = estate.people_version(community_id)
    directory = duty.directory(community_id, version)
    filing_rule(actor, rules, directory.posts_of(actor.id) if actor.id else frozenset())
    given = settled(rules, rules.first, answers, {}, community_id, directory, at, partly=opened)
    shown, private = privacy.hidden(rules, given.answers)
    row = store.begun(
        number=next_number(community_id, rules.number or "GD", local(at).date()), community_id=community_id,
        edition_id=edition_id, procedure=procedure, unit_id=given.unit_id, place=given.place or _spot(rules, shown),
        summary=_summary(rules, shown),
        people_version=version,
    )  # fmt: skip
    outside = actor.channel == "resident"
    asked = _at_desk(directory, at) if outside else ""
    event = engine.Filed(
        at=at, by=actor.ref, answers=shown, evidence=evidence or {}, opened=opened, tracker=tracker, first_asked=asked
    )
    row.fresh = private
    openings = apply(actor, row, event, f"{actor.name} {'自助提交' if outside else '受理'}{rules.title}")
    privacy.keep(row, private)
    open_children(row, openings, at)
    _if_closed(row, at)
    facts = facts_of(row, title=rules.title, place=row.place, summary=row.summary, **({"how": "（住户自助提交）"} if outside else {}))
    return Done(f"procedures.ticket:{row.id}", facts, result=row, community=community_id)


def _summary(rules: engine.Procedure, answers: Mapping[str, Any]) -> str:
    """What the lists call the ticket: what was said, unless that is private (a mask says nothing), else the procedure's title."""
    said = (answers[name] for name in ("content", "title") if answers.get(name) and not rules.asks[name].private)
    return str(next(said, rules.title))[:200]


SPOTS: Final = ("place", "spot", "address")
"""What the procedures of the library call a place in words."""


def _spot(rules: engine.Procedure, answers: Mapping[str, Any]) -> str:
    """Where it is in the words of the first step, for what has no room: a lamp by the gate, a patient by the pool."""
    asks = rules.every_step[rules.first].asks
    said = (str(answers.get(name) or "") for name in SPOTS if name in asks and asks[name].kind == "text" and not asks[name].private)
    return next(filter(None, said), "")[:60]


def _at_desk(directory: Directory, at: datetime) -> str:
    """Who is first asked when a resident files by self-service: the reception on duty."""
    return str(next(iter(directory.on_duty("receptionist", at)), None) or directory.guaranteed())


@action("task.finished", may="tickets.work", says="{number} {stead}办结「{step}」{why}")
def finish(
    actor: Actor, row: Row, /, *, task: int, answers: dict[str, Any], at: datetime,
    evidence: dict[str, Any] | None = None, on_behalf: str = "",
) -> Done:  # fmt: skip
    """Finish a task with the answers of its step and the evidence it needs.

    `on_behalf` is why it is done by a superior of those with whom it lies; of a superior it is asked, of others it is not kept.
    """
    open_one = open_task(row, task)
    rules = procedure_of(row.edition_id)
    stead, why, words = "", "", ""
    if must_hold(actor, row, open_one, at):
        stead = f"代{owner_of(finder_for(row, rules, at), open_one)}"
        if not (words := clean_text(on_behalf, "代办原因", 200)):
            raise Refused(f"这项任务不在您手上，您是以上级身份{stead}办，请写明代办原因。", {"on_behalf": "请写明代办原因"})
        why = f"，代办原因：{words}"
    directory = duty.directory(row.community_id, row.people_version)
    step = rules.every_step[open_one.step]
    shown: dict[str, Any] = {}
    if not open_one.lead:
        earlier = row.state.answers
        if open_one.signed:  # the second of two people confirms what the first wrote
            answers = {name: earlier[name] for name in step.asks if name in earlier} | answers
        given = settled(rules, open_one.step, answers, earlier, row.community_id, directory, at)
        shown, private = privacy.hidden(rules, given.answers)
        privacy.keep(row, private)
    event = engine.Finished(at=at, by=actor.ref, task=task, answers=shown, evidence=evidence or {}, on_behalf=words)
    return _done(actor, row, event, f"{actor.name} {stead}办结「{step.title}」{why}", step=step.title, stead=stead, why=why)


@action("task.evidenced", may="tickets.work", says="{number} 「{step}」记入凭证：{said}")
def bring(actor: Actor, row: Row, /, *, task: int, evidence: dict[str, Any], said: str, at: datetime) -> Done:
    """Evidence for a task comes from elsewhere than whoever has it; a step that asks nothing else is done with it. Returns the Row."""
    title = procedure_of(row.edition_id).every_step[open_task(row, task).step].title
    return _done(actor, row, engine.Evidenced(at=at, by=actor.ref, task=task, evidence=evidence), said, step=title, said=said)


@action("task.taken", may="tickets.work", says="{number} 接单「{step}」")
def take(actor: Actor, row: Row, /, *, task: int, at: datetime) -> Done:
    """Accept a task out of the pool, or confirm that one has seen one's own."""
    open_one = open_task(row, task)
    must_hold(actor, row, open_one, at)
    title = procedure_of(row.edition_id).every_step[open_one.step].title
    event = engine.Taken(at=at, by=actor.ref, task=task)
    return _done(actor, row, event, f"{actor.name} 接单「{title}」", step=title)


@action("task.handed", may="tickets.work", says="{number} 将「{step}」转给 {to}：{reason}")
def hand(actor: Actor, row: Row, /, *, task: int, to: int, reason: str, at: datetime) -> Done:
    """Hand a task to a colleague of this community; task 0 is the following of the ticket (its tracker).

    Its clocks run on; the promise to the resident is never reset.
    """
    directory = duty.directory(row.community_id, row.people_version)
    rules = procedure_of(row.edition_id)
    if task:
        open_one = open_task(row, task)
        must_hold(actor, row, open_one, at)
        title = rules.every_step[open_one.step].title
    else:
        title = "跟进"
    if not directory.knows(to):
        raise Refused("没有这位同事，或其不在本小区任职。请重新选择。", {"to": "请重新选择"})
    if not reason.strip():
        raise Refused("请写明转派原因。", {"reason": "请写明转派原因"})
    event = engine.Handed(at=at, by=actor.ref, task=task, to=str(to), reason=reason.strip())
    name = directory.name(to)
    return _done(actor, row, event, f"{actor.name} 将「{title}」转给 {name}：{reason}", step=title, to=name, reason=reason)


@action("ticket.noted", may="tickets.work", says="{number} 备注")
def note(actor: Actor, row: Row, /, *, text: str, at: datetime) -> Done:
    """Add a remark to the timeline."""
    if not (words := clean_text(text, "备注", 4000)):
        raise Refused("备注还没有内容，请填写后再保存。", {"text": "请填写备注"})
    return _done(actor, row, engine.Noted(at=at, by=actor.ref, text=words), f"{actor.name} 备注：{words}")


@action("ticket.urged", may="tickets.work", says="{number} 催单：{reason}")
def urge(actor: Actor, row: Row, /, *, reason: str, at: datetime) -> Done:
    """催单: the holders of all open tasks are told; refused within the cool-down."""
    words = clean_text(reason, "催单原因", 200)
    event = engine.Urged(at=at, by=actor.ref, reason=words)
    return _done(actor, row, event, f"{actor.name} 催单{f'：{words}' if words else ''}", reason=words)


@action("ticket.amended", may="tickets.work", says="{number} 变更：{reason}")
def amend(actor: Actor, row: Row, /, *, answers: dict[str, Any], reason: str, at: datetime) -> Done:
    """Correct answers already given; clocks that depend on them are superseded by new ones, the old are kept."""
    rules = procedure_of(row.edition_id)
    directory = duty.directory(row.community_id, row.people_version)
    if not (words := clean_text(reason, "变更原因", 200)):
        raise Refused("请写明变更原因。", {"reason": "请写明变更原因"})
    given: dict[str, Any] = {}
    unknown = [name for name in answers if name not in rules.asked_in or rules.asks[name].reckoned]
    if unknown:
        raise Refused(f"这张工单没有「{'、'.join(unknown)}」这一项，无法变更。")
    for name, value in answers.items():
        step = rules.asked_in[name].name
        found = settled(rules, step, {name: value}, row.state.answers, row.community_id, directory, at, partly=True)
        given |= found.answers
        if found.unit_id is not None:
            row.unit_id, row.place = found.unit_id, found.place
    given |= reckoning.again(rules, {**row.state.answers, **given})
    shown, private = privacy.hidden(rules, given)
    shown = privacy.told_apart(row, shown, private)
    privacy.keep(row, private)
    event = engine.Amended(at=at, by=actor.ref, answers=shown, reason=words)
    if "content" in shown:
        row.summary = _summary(rules, {**row.state.answers, **shown})
    if row.unit_id is None:
        row.place = _spot(rules, {**row.state.answers, **shown})
    if {"content", *SPOTS, *(n for n in shown if rules.asks[n].kind == "unit")} & set(shown):
        later(_PUT_HEAD, (row.unit_id, row.place, row.summary, row.id))
    titles = "、".join(rules.asks[name].title for name in given if name in rules.asks)
    return _done(actor, row, event, f"{actor.name} 变更{titles}：{words}", reason=words, changed=titles)


@action("ticket.paused", may="tickets.work", says="{number} 挂起：{reason}")
def pause(actor: Actor, row: Row, /, *, reason: str, until: datetime | None, remark: str, at: datetime) -> Done:
    """Pause for one of the procedure's reasons; waits for approval where the file says so. Never counts as an answer."""
    rules = procedure_of(row.edition_id)
    if reason not in rules.pauses:
        allowed = "、".join(p.title for p in rules.pauses.values())
        raise Refused(f"挂起原因只能选：{allowed}。" if allowed else "这项规程不允许挂起。", {"reason": "请重新选择"})
    who = rules.pauses[reason].who
    finder = finder_for(row, rules, at)
    if who and actor.id is not None and actor.id not in finder.find(who).users:
        holds = {rules.post_of(role) for role in who} & finder.directory.posts_of(actor.id)
        if not holds:
            titles = "、".join(rules.people[role].title for role in who if role in rules.people)
            raise Forbidden(f"因此原因挂起，只能由{titles}提出。")
    event = engine.Paused(at=at, by=actor.ref, reason=reason, until=until, remark=clean_text(remark, "说明", 200))
    title = rules.pauses[reason].title
    return _done(actor, row, event, f"{actor.name} 申请挂起：{title}", reason=title)


@action("ticket.pause_decided", may="tickets.work", says="{number} 挂起{verdict}")
def approve(actor: Actor, row: Row, /, *, ok: bool, remark: str, at: datetime) -> Done:
    """Approve or refuse a pause that waits for approval; by the role the file names (or a superior of it)."""
    rules = procedure_of(row.edition_id)
    pause_ = row.state.pause
    if pause_ is None or pause_.since:
        raise Refused("没有等待批准的挂起申请。请刷新页面。")
    role = rules.pauses[pause_.reason].approval
    finder = finder_for(row, rules, at)
    if actor.id is not None and role and actor.id not in finder.find((role,)).users:
        raise Forbidden(f"挂起须由{rules.people[role].title}批准。")
    event = engine.Approved(at=at, by=actor.ref, ok=ok, remark=clean_text(remark, "说明", 200))
    verdict = "已批准" if ok else "未获批准"
    return _done(actor, row, event, f"{actor.name} {'批准' if ok else '不批准'}挂起", verdict=verdict)


@action("ticket.resumed", may="tickets.work", says="{number} 恢复办理")
def resume(actor: Actor, row: Row, /, *, at: datetime) -> Done:
    """Take a paused ticket up again; its clocks go on with the time they had left."""
    return _done(actor, row, engine.Resumed(at=at, by=actor.ref), f"{actor.name} 恢复办理")


@action("ticket.withdrawn", may="tickets.work", says="{number} 撤销：{reason}")
def withdraw(actor: Actor, row: Row, /, *, reason: str, at: datetime) -> Done:
    """Withdraw: the matter no longer exists or was filed by mistake. Kept with its reason."""
    if not (words := clean_text(reason, "撤销原因", 200)):
        raise Refused("请写明撤销原因。", {"reason": "请写明撤销原因"})
    event = engine.Withdrawn(at=at, by=actor.ref, reason=words)
    return _done(actor, row, event, f"{actor.name} 撤销：{words}", reason=words)


@action("ticket.reopened", may="tickets.work", says="{number} 重新办理：{reason}")
def reopen(actor: Actor, row: Row, /, *, reason: str, at: datetime) -> Done:
    """Reopen a closed ticket; counted, and the n-th time goes up as the file says."""
    if not (words := clean_text(reason, "重开原因", 200)):
        raise Refused("请写明重新办理的原因。", {"reason": "请写明原因"})
    event = engine.Reopened(at=at, by=actor.ref, reason=words)
    return _done(actor, row, event, f"{actor.name} 重新办理：{words}", reason=words)


@action("step.started", may="tickets.work", says="{number} 开始「{step}」")
def start(actor: Actor, row: Row, /, *, step: str, at: datetime) -> Done:
    """Begin an offered step."""
    rules = procedure_of(row.edition_id)
    if step not in rules.steps:
        raise Refused("这项规程没有这一步。请刷新页面。")
    title = rules.steps[step].title
    return _done(actor, row, engine.Started(at=at, by=actor.ref, step=step), f"{actor.name} 开始「{title}」", step=title)


@action("ticket.linked", may="tickets.work", says="{number} 关联 {other}（{kind}）")
def link(actor: Actor, row: Row, /, *, to: Row, kind: str, at: datetime) -> Done:
    """Link two tickets of the same community as same, part_of or caused_by."""
    if kind not in LINKS:
        raise Refused(f"关联方式只能是：{'、'.join(LINKS.values())}。", {"kind": "请重新选择"})
    if to.id == row.id:
        raise Refused("不能把工单与它自己关联。")
    if to.community_id != row.community_id:
        raise NotFound("没有这张工单，或您无权查看。请核对编号。")
    later(_LINK, (row.id, to.id, kind, "", at))
    event = engine.Linked(at=at, by=actor.ref, other=to.number, kind=kind)
    return _done(actor, row, event, f"{actor.name} 关联 {to.number}（{LINKS[kind]}）", other=to.number, kind=LINKS[kind])


@action("ticket.time_passed", may="tickets.work", says="{number} 时限已到")
def pass_time(actor: Actor, row: Row, /, *, at: datetime) -> Done:
    """Climb every rung that is due; the worker calls it."""
    return _done(actor, row, engine.Ticked(at=at, by=actor.ref), "时限已到，按规程提醒")


@action("ticket.child_closed", may="tickets.work", says="{number} 的关联工单 {child} 已办结")
def child_closed(actor: Actor, row: Row, /, *, child: str, number: str, at: datetime) -> Done:
    """A child that this ticket opened (and may wait for) was closed; `child` is its key within this ticket."""
    event = engine.ChildClosed(at=at, by=actor.ref, child=child)
    return _done(actor, row, event, f"关联工单 {number} 已办结", child=number)


@action("ticket.reveal_asked", may="tickets.work", says="申请查看 {number} 的{field}，理由：{reason}")
def ask_reveal(actor: Actor, row: Row, /, *, field: str, reason: str, at: datetime) -> Done:
    """Ask to see one private answer, by the rule of all private values (estate.actions.asked). Returns the request."""
    ask = procedure_of(row.edition_id).asks.get(field)
    if ask is None or not ask.private or not privacy.has(row.id, field):
        raise NotFound("没有这项内容，或已按规定删除。")
    wanted = Reveal(community_id=row.community_id, about=f"ticket:{row.id}", field=field, title=f"{row.number} 的{ask.title}"[:120])
    made = estate_actions.asked(actor, wanted, reason=reason, at=at)
    return Done(f"procedures.ticket:{row.id}", facts_of(row, field=ask.title, reason=made.reason), result=made, community=row.community_id)


@action("ticket.revealed", may="tickets.work", says="{number} 查看{field}：{reason}，批准人：{approver}")
def reveal(actor: Actor, row: Row, /, *, request: Reveal, at: datetime) -> Done:
    """Hand out one private answer, once, on a request that was approved; returns the value: give it to nobody else."""
    ask = procedure_of(row.edition_id).asks.get(request.field)
    value = privacy.revealed(row.id).get(request.field)
    if request.about != f"ticket:{row.id}" or ask is None or value is None:
        raise NotFound("没有这项内容，或已按规定删除。")
    estate_actions.taken(actor, request, at=at)
    facts = facts_of(row, field=ask.title, reason=request.reason, approver=request.decided_by)
    return Done(f"procedures.ticket:{row.id}", facts, result=value, community=row.community_id)


@action("ticket.private_erased", may="estate.edit", says="{number} 清除隐私内容：{reason}")
def erase_private(actor: Actor, row: Row, /, *, reason: str, at: datetime) -> Done:
    """Erase the private answers of a ticket for ever, as the person asked; their masks stay in what happened."""
    if len(words := clean_text(reason, "清除原因", 200)) < 4:
        raise Refused("请写明清除原因（至少 4 个字），如：本人书面要求删除。", {"reason": "请写明清除原因"})
    if not PrivateAnswers.objects.filter(ticket_id=row.id).delete()[0]:
        raise Refused("这张工单没有隐私内容，或已经清除过了。")
    return _done(actor, row, engine.Noted(at=at, by=actor.ref, text=f"隐私内容已清除：{words}"), f"{actor.name} 清除隐私内容：{words}", reason=words)


@action("ticket.exported", may="tickets.view", says="导出{title}（{rows} 行，已脱敏；{filters}）")
def export_tickets(actor: Actor, community_id: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export; what is exported is what the register shows."""
    return Done(f"estate.community:{community_id or 0}", {"title": title, "rows": rows, "filters": filters})


def _done(actor: Actor, row: Row, event: engine.Event, text: str, **facts: Any) -> Done:
    was_open = row.state.closed_at is None
    openings = apply(actor, row, event, text)
    open_children(row, openings, event.at)
    if was_open:
        _if_closed(row, event.at)
    return Done(f"procedures.ticket:{row.id}", facts_of(row, **facts), result=row, community=row.community_id)


def open_children(row: Row, openings: list[Opening], at: datetime) -> None:
    """File the child tickets that a decision asked for, linked to their parent, in the same transaction.

    A child whose first step is answered in full by its parent is past it at once; otherwise the step stays open.
    """
    for opening in openings:
        _, rules = edition_in_force(opening.procedure, row.community_id, at)
        answers = privacy.passed_on(row, opening.answers)
        try:
            engine.check_answers(rules, rules.first, answers, {}, at)
            whole = not rules.steps[rules.first].needs
        except engine.Refused:
            whole = False
        child = file_ticket(
            SYSTEM, row.community_id, procedure=opening.procedure, answers=answers, at=at, opened=not whole,
            tracker=row.state.tracker or row.state.first_asked,
        )  # fmt: skip
        later(_LINK, (child.id, row.id, opening.kind, opening.key, at))


_LINK = (
    "INSERT INTO procedures_link (ticket_id, to_id, kind, key, at) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (ticket_id, to_id, kind) DO NOTHING"
)


_PARENTS = "SELECT to_id, key FROM procedures_link WHERE ticket_id = %s AND key <> '' ORDER BY id"


def _if_closed(row: Row, at: datetime) -> None:
    """Tell the parents that opened this ticket that it is closed."""
    if row.state.closed_at is None:
        return
    for parent_id, key in ask(_PARENTS, (row.id,)):
        parent = store.load(parent_id)
        if any(child.key == key and not child.closed for child in parent.state.children):
            child_closed(SYSTEM, parent, child=key, number=row.number, at=at)
