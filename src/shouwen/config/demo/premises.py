"""Areas of the stewards, signs with their checks, vacant units with an inspection, visits of yesterday and today, parking permits."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from shouwen.duty import queries as duty
from shouwen.estate.models import Building, Community, Unit, Vehicle
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.zone import CHINA
from shouwen.org import queries as org
from shouwen.org.models import User
from shouwen.premises import actions
from shouwen.premises.actions import Visited
from shouwen.procedures import actions as tickets
from shouwen.procedures import queries as ticket_queries
from shouwen.rounds import actions as rounds
from shouwen.rounds import chores as rounds_chores
from shouwen.rounds.actions import Given
from shouwen.rounds.models import Point, Run

SIGNS: Final = (
    ("building", "tower", "3 栋", "3", "3 栋正门上方"), ("floor", "tower", "楼层牌 1–22", "3", "3 栋各层电梯厅"), ("lift", "public", "请勿倚靠电梯门", "5", "5 栋电梯厅"),
    ("safety", "public", "小心地滑", "1", "1 栋大堂"), ("entrance", "public", "出口", "", "南门"), ("road", "public", "限速 5 公里", "", "小区主路"),
    ("mailbox", "tower", "信报箱", "8", "8 栋大堂"), ("facility", "public", "泳池须知", "", "泳池入口"),
)  # fmt: skip
SAID: Final = ("家里都好", "问了停车位的事", "反映楼道灯暗，已请工程部看", "老人身体好", "说保洁比上月好", "出门前打了招呼，一切正常")
CARE: Final = ("量血压、代买药", "帮忙换灯泡", "陪着说了会儿话，检查了燃气")


def live(place: Community, *, until: datetime) -> None:
    random, week = Random(5), until - timedelta(days=8)
    acts = {name: org.actor_for(org.user_id_of(name) or 0) for name in ("sun", "ma", "lin", "li")}
    for building in Building.objects.filter(community=place):
        actions.give_charge(acts["lin"], building, user=User.objects.get(username="sun" if int(building.code) % 2 else "ma"), at=week)
    actions.follow_units(SYSTEM, place, at=week)
    _signs(place, acts, until - timedelta(days=2))
    _permits(place, acts, until)
    moments = [datetime.combine((week + timedelta(n)).astimezone(CHINA).date(), time(hour), CHINA) for n in range(9) for hour in (9, 13, 16, 20)]
    for at in moments:
        if week < at < until:
            rounds_chores.watch(at)
            for run in Run.objects.filter(community=place, state="open", seen=0, plan__kind__in=("signs", "vacant"), due_at__lte=at):
                _walked(run, place, random, min(at + timedelta(minutes=25), until))
    for day in (until - timedelta(1), until):
        _visited(place, acts, random, day.astimezone(CHINA).date(), until)


def _signs(place: Community, acts: dict[str, Any], at: datetime) -> None:
    on: date = at.astimezone(CHINA).date() - timedelta(300)
    for n, (category, target, words, building, where) in enumerate(SIGNS, 1):
        actions.record_sign(
            acts["lin"], place, category=category, target=target, words=words, building=building, place=where, quantity=1, list_number=f"2026-{n:03d}",
            drafted_by="孙晓燕", reviewed_by="林芳", reviewed_on=on, at=at,
        )  # fmt: skip
    given = {"category": "other", "target": "temporary", "content": "前方施工，请绕行", "building": "", "place": "按需要放置", "quantity": "4", "reason": "临时施工、抢修时用", "standing": "yes"}
    row = tickets.file_ticket(acts["sun"], place, procedure="sign_use", answers=given, at=at)
    for who, answers in (("lin", {"decision": "approve"}), ("sun", {"made_how": "made"}), ("sun", {"placed_at": at.isoformat()})):
        row = ticket_queries.row(SYSTEM, row.id)
        tickets.finish(acts[who], row, task=row.state.open_tasks[0].id, answers=answers, at=at)
    waits = {"category": "safety", "target": "public", "content": "高空坠物，请勿停留", "building": "12", "place": "12 栋北侧", "quantity": "2", "reason": "外墙维修期间"}
    tickets.file_ticket(acts["ma"], place, procedure="sign_use", answers=waits, at=at + timedelta(days=1))


def _permits(place: Community, acts: dict[str, Any], until: datetime) -> None:
    """A dozen cars with permits: one ran out, one is lost, one was prolonged, one taken back."""
    today = until.astimezone(CHINA).date()
    rows = []
    for n, car in enumerate(Vehicle.objects.filter(community=place, unit__isnull=False).select_related("unit").order_by("pk")[:12]):
        starts = today - timedelta(days=360 - 20 * n)
        ends = today - timedelta(days=2) if n == 1 else starts + timedelta(days=364)
        rows.append(actions.issue_permit(acts["li"], car.unit, plate=car.plate, starts_on=starts, ends_on=ends, at=until - timedelta(days=6, hours=n)))
    if len(rows) == 12:
        actions.change_permit(acts["li"], rows[0], plate=rows[0].plate, ends_on=today + timedelta(days=369), reason="续期一年", at=until - timedelta(days=1))
        actions.end_permit(acts["sun"], rows[4], how="lost", reason="业主说钱包丢了", at=until - timedelta(days=1))
        actions.end_permit(acts["li"], rows[5], how="withdrawn", reason="搬走", at=until - timedelta(hours=20))


def _walked(run: Run, place: Community, random: Random, at: datetime) -> None:
    """A check of the signs lacks one point now and then; of the vacant units a first thirty are done."""
    actor = org.actor_for(duty.current_directory(place).on_duty(run.post, at)[0])
    ids = run.points[:30] if run.ends_at - run.due_at > timedelta(days=1) else run.points[: -1 if random.random() < 0.3 else None]
    points = {one.pk: one for one in Point.objects.filter(pk__in=ids).prefetch_related("checks")}
    for pk in ids:
        given = Given(key=f"demo-p-{run.pk}-{pk}", code=points[pk].key, answers={check.pk: "good" for check in points[pk].checks.all()})
        rounds.read(actor, place, run=run, point=points[pk], given=given, at=at)


def _visited(place: Community, acts: dict[str, Any], random: Random, day: date, until: datetime) -> None:
    rows = Unit.objects.filter(community=place, state="occupied", building__code__in=("3", "5")).order_by("pk")
    at = datetime.combine(day, time(9, 30), CHINA)
    for unit in rows:
        at += timedelta(minutes=3)
        if at > until or random.random() < 0.55:
            continue
        cared = unit.code == "5-2-0301"
        met = "nobody" if not cared and random.random() < 0.1 else "owner"
        what = Visited("visit", "home", met, "敲门三次，无人应" if met == "nobody" else random.choice(SAID), at, service=random.choice(CARE) if cared else "")
        actions.record_visit(acts["sun"], unit, what=what, at=at)
    for unit in rows[:6]:
        moment = datetime.combine(day, time(10, 0), CHINA)
        if moment < until:
            what = Visited("follow_up", "phone", "owner", "电话回访：报修已修好", moment, satisfied=random.random() < 0.9)
            actions.record_visit(acts["li"], unit, what=what, at=moment)
