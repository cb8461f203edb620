"""What is recorded on the spot. A reading is never refused for weak evidence or a wrong clock: both are graded and marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import IntegrityError, transaction

from shouwen.duty import actions as duty_actions
from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.kernel.zone import CHINA
from shouwen.procedures import actions as tickets
from shouwen.procedures import attachments

from .. import queries, schedule
from ..models import Check, Plan, Point, Reading, Run

FINDINGS: Final = {
    "electrical": "电源线路、电器", "facility": "设施损坏、漏水", "cleaning": "保洁", "greening": "绿化", "sign": "标识损坏、缺失",
    "fire": "消防隐患", "security": "可疑人或事", "stranger": "推销者、小贩", "behaviour": "不文明行为", "theft": "偷窃", "emergency": "紧急情况",
    "key": "门锁、钥匙", "other": "其他",
}  # fmt: skip
"""What was found wrong; the procedure 巡查异常处理 leads each to those who put it right."""
PROCEDURE: Final = "round_finding"
WRITTEN_FROM: Final = 30
"""A finished run is written into the book when its plan is no more frequent than this many minutes."""
FOUND_AT: Final[list[Callable[[Any, Point, datetime], None]]] = []
"""Who else hears, inside the action, of a ticket that was opened at a point: heard(row, point, at); filled in config/wiring.py."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a phone or a form sends of one point. `code` is what was scanned or read by NFC; `answers` by the check's id.

    `finding` ∈ FINDINGS when something is wrong; `offset` is how far the phone's clock is behind ours."""

    key: str
    code: str = ""
    answers: Mapping[int, str] = field(default_factory=dict)
    finding: str = ""
    note: str = ""
    photos: Sequence[str] = ()
    device_at: datetime | None = None
    offset: timedelta = timedelta(0)
    spot: str = ""


@action("round.read", may="rounds.walk", says="登记{what}：{point}，{result}（{evidence}）{doubt}")
def read(actor: Actor, community: Any, /, *, given: Given, run: Run | None = None, point: Point | None = None, at: datetime) -> Done:
    """Record a point (or, without one, the report of a run). What is wrong opens a ticket with the place and the pictures.

    The same `key` counts once. Whoever comes second to a point of a run is kept beside the first. Returns the Reading.
    """
    if actor.id is None:
        raise Refused("巡查记录要由现场的人登记。")
    if not given.key:
        raise Refused("缺少请求键，请刷新页面后重试。")
    if old := Reading.objects.filter(key=given.key).first():
        if old.by_id != actor.id or old.community_id != community.pk:
            raise Conflict("这条记录的请求键已被用过，请刷新页面后重试。")
        return _said(old, "已记录过")
    if run is None and point is None:
        raise Refused("没有选中点位。请扫码或从列表里选。")
    run = _locked(run, community.pk)
    if point is not None and point.community_id != community.pk:
        raise NotFound
    moment, doubts = schedule.moment(given.device_at, given.offset, at)
    if run is not None and point is not None and point.pk not in run.points:
        run = None
    seen = frozenset(queries.seen_of([run.pk])[run.pk]) if run is not None else frozenset()
    doubts = (*doubts, *_doubts(actor, run, point, seen, moment, at, given))
    checks = list(Check.objects.filter(point=point) if point else Check.objects.filter(plan=run.plan_id if run else None))
    photos = _photos(actor, community.pk, given.photos)
    answers = [_answer(check, given.answers.get(check.pk, ""), bool(photos)) for check in checks]
    meters = [check for check in checks if check.kind == Check.Kind.METER]
    if meters and point is not None:
        doubts = (*doubts, *_backwards(answers, meters, queries.last_numbers([point.pk])))
    note = clean_text(given.note, "说明", 500, field="note")
    good = all(answer["good"] for answer in answers) and not given.finding
    ticket = None if good else _opened(actor, community, run, point, given, answers, note, photos, moment, at)
    for heard in FOUND_AT if ticket is not None and point is not None else ():
        heard(ticket, point, at)
    row = Reading(
        community_id=community.pk, run=run, point=point, at=moment, device_at=given.device_at, received_at=at, by_id=actor.id,
        by_name=actor.name[:60], evidence=_grade(point, given.code, photos), doubt="；".join(dict.fromkeys(doubts))[:200], good=good,
        answers=answers, note=note, photos=list(photos), spot=clean_text(given.spot, "位置", 60), key=given.key[:80],
        ticket_id=ticket.id if ticket else None, ticket_number=ticket.number if ticket else "",
        again=run is not None and (point.pk if point else None) in seen,
    )  # fmt: skip
    _insert(row)
    if ticket is None:
        attachments.keep_for(actor, photos, f"rounds.reading:{row.pk}")
    if run is not None:
        _told_run(run, row, seen, at)
    return _said(row, "巡查" if point else "报告")


def _locked(run: Run | None, community_id: int) -> Run | None:
    if run is None:
        return None
    found = Run.objects.select_for_update(of=("self",)).select_related("plan", "plan__route").filter(pk=run.pk).first()
    if found is None or found.community_id != community_id:
        raise NotFound("没有这次巡查，或您无权查看。")
    return found


def _insert(row: Reading) -> None:
    """The first to a point counts; whoever meets it there is kept as having been there too."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if row.again or Reading.objects.filter(key=row.key).exists():
            raise Conflict("这条记录刚才已经送达。请刷新页面。") from None
        row.pk, row.again = None, True
        row.save(force_insert=True)


def _told_run(run: Run, row: Reading, seen: frozenset[int | None], at: datetime) -> None:
    """The run as it stands with this reading: whole, or still lacking; a run closed as missed may be made whole by what a phone kept back."""
    after = seen | {row.point_id}
    reports = row.point_id is None or Check.objects.filter(plan=run.plan_id).exists() or not run.points
    was_closed = run.state != Run.State.OPEN
    verdict = schedule.judge(tuple(run.points), frozenset(after), reports=reports, over=was_closed, halted=run.state == Run.State.EXCUSED)
    run.seen = len(after - {None})
    run.faults += not row.good
    run.began_at = min(run.began_at or row.at, row.at)
    run.by_name = row.by_name
    run.missed = list(verdict.missed) if was_closed else run.missed
    fresh = verdict.state != run.state and run.state != Run.State.DONE
    if run.state != Run.State.DONE:
        run.state = verdict.state
    if run.state == Run.State.DONE and fresh:
        run.done_at, run.close_at, run.lease_until = max(row.at, run.began_at), None, None
        run.late = was_closed or row.at > run.ends_at
        if run.plan.rhythm == Plan.Rhythm.AFTER:
            again = queries.rhythm_of(run.plan).from_completion(row.at)
            Plan.objects.filter(pk=run.plan_id, off_at=None).update(next_at=again)
    run.save(update_fields=["seen", "faults", "began_at", "by_name", "missed", "state", "done_at", "close_at", "lease_until", "late"])
    often = run.plan.rhythm == Plan.Rhythm.EVERY and run.plan.minutes < WRITTEN_FROM
    if fresh and run.state == Run.State.DONE and (not often or was_closed):
        _in_book(run, row, at, "补传" if was_closed else "")


def _in_book(run: Run, row: Reading, at: datetime, mark: str) -> None:
    hour = f"{run.due_at.astimezone(CHINA):%H:%M}"
    what = f"{run.plan.title}（{hour}）{'完成' if run.points else '已报'}"
    size = f"，{len(run.points)} 个点" if run.points else ""
    faults = f"，异常 {run.faults} 处" if run.faults else "，正常"
    note = f"。{row.note}" if row.note and not run.points else ""
    text = f"{mark}{what}{size}{faults}{note}"
    duty_actions.record([
        duty_actions.Line(run.community_id, run.post, row.at, text, row.by_id, row.by_name, about=f"run:{run.pk}", recorded_at=at)
    ])  # fmt: skip


def _doubts(actor: Actor, run: Run | None, point: Point | None, seen: frozenset[int | None], moment: datetime, at: datetime, given: Given) -> list[str]:
    found = []
    if given.code.strip() and point is not None and not _matches(point, given.code):
        found.append("扫到的不是这个点的码")
    if run is None:
        return [*found, "不在计划内"]
    if moment < run.due_at - queries.SHOWN_BEFORE:
        found.append("早于应巡时间")
    if moment > run.ends_at + timedelta(minutes=run.plan.grace):
        found.append("超过时段")
    if point is not None and run.plan.route and run.plan.route.ordered and schedule.out_of_order(tuple(run.points), seen, point.pk):
        found.append("没有按路线次序")
    here = duty.current_directory(run.community_id)
    if actor.id is not None and run.post not in here.posts_of(actor.id, at):
        found.append("不是本岗人员")
    return found


def _matches(point: Point, code: str) -> bool:
    tail = code.strip().rstrip("/").rpartition("/")[2].split("?")[0]
    return tail in (point.key, point.tag or None) or tail.upper() == point.number.upper()


def _grade(point: Point | None, code: str, photos: Sequence[str]) -> str:
    """How well it is proven that somebody was there. What is typed from the label is by hand, whatever it says."""
    tail = code.strip().rstrip("/").rpartition("/")[2].split("?")[0]
    if point is not None and tail == point.key:
        return Reading.Evidence.SCAN
    if point is not None and point.tag and tail == point.tag:
        return Reading.Evidence.NFC
    return Reading.Evidence.PHOTO if photos else Reading.Evidence.HAND


def _answer(check: Check, text: str, has_photo: bool) -> dict[str, Any]:
    """{check, title, value, good}; Refused when it was not answered, or a number is none."""
    name, value, good = f"check-{check.pk}", text.strip(), True
    match check.kind:
        case Check.Kind.PASS:
            if value not in ("good", "bad"):
                raise _no(name, f"「{check.title}」还没有选正常还是异常。")
            value, good = ("正常" if value == "good" else "异常"), value == "good"
        case Check.Kind.NUMBER | Check.Kind.METER:
            number = _number(name, check, value)
            good = (check.least is None or number >= check.least) and (check.most is None or number <= check.most)
            value = f"{number:f}"
        case Check.Kind.PHOTO:
            if not has_photo:
                raise _no(name, f"「{check.title}」要拍一张照片。")
            value = "已拍"
        case _:
            value = clean_text(value, check.title, 500, field=name)
            if not value:
                raise _no(name, f"请填写「{check.title}」。")
    return {"check": check.pk, "title": check.title, "value": value, "unit": check.unit, "good": good}


def _number(name: str, check: Check, text: str) -> Decimal:
    try:
        number = Decimal(text.replace("，", ".").replace("。", "."))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**10 or len(text) > 20:
        raise _no(name, f"「{check.title}」请填数字。")
    return number


def _backwards(answers: Sequence[dict[str, Any]], meters: Sequence[Check], last: Mapping[int, str]) -> list[str]:
    ids = {check.pk for check in meters}
    return [
        f"{answer['title']}比上次（{last[answer['check']]}）小" for answer in answers
        if answer["check"] in ids and answer["check"] in last and Decimal(answer["value"]) < Decimal(last[answer["check"]])
    ]  # fmt: skip


def _photos(actor: Actor, community_id: int, keys: Sequence[str]) -> Sequence[str]:
    keys = tuple(dict.fromkeys(key for key in keys if key))[:9]
    attachments.check(actor, None, keys)
    return keys


def _opened(
    actor: Actor, community: Any, run: Run | None, point: Point | None, given: Given, answers: Sequence[dict[str, Any]], note: str,
    photos: Sequence[str], moment: datetime, at: datetime,
) -> Any:  # fmt: skip
    """The ticket of what is wrong, filed by who found it: 巡查异常处理 with the point, the words and the pictures."""
    wrong = [f"{answer['title']} {answer['value']}{answer['unit']}" for answer in answers if not answer["good"]]
    if given.finding and given.finding not in FINDINGS:
        raise _no("finding", "请选择是哪一类问题。")
    if not note and not wrong:
        raise _no("note", "请写一句是什么问题。")
    if not given.finding:
        raise _no("finding", "有异常，请选择是哪一类问题，系统据此转给负责的部门。")
    where = f"{point.title} {point.place}".strip() if point else (run.plan.title if run else "")
    told: dict[str, Any] = {
        "finding": given.finding, "place": where[:100], "content": "；".join(part for part in ("，".join(wrong), note) if part)[:1000],
        "found_at": moment.isoformat(), "source": run.plan.title if run else "计划外巡查",
    }  # fmt: skip
    if photos:
        told["photo"] = list(photos)
    if given.finding == "emergency":  # the linked case asks who reports it and where to ring back: the guard, by way of the service line
        told |= {"reporter": actor.name, "reporter_phone": community.phone}
    row = tickets.file_ticket(actor, community, procedure=PROCEDURE, answers=told, at=at)
    attachments.bind(actor, row, keys=photos, at=at)
    return row


def _said(row: Reading, what: str) -> Done:
    point = row.point.title if row.point else row.run.plan.title if row.run else ""
    result = "正常" if row.good else f"异常，已开单 {row.ticket_number}"
    facts = {
        "what": what, "point": point, "result": result, "evidence": row.get_evidence_display(), "doubt": f"，{row.doubt}" if row.doubt else "",
        "at": row.at.isoformat(), "device_at": row.device_at.isoformat() if row.device_at else "",
    }  # fmt: skip
    return Done(row, facts)


def _no(field_name: str, message: str) -> Refused:
    return Refused(message, {field_name: message})
