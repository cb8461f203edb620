"""What procedures bring about here, by the names that config/wiring.py gives them: `does: {premises.place_sign: …}`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwen.duty import queries as duty
from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import Refused
from shouwen.kernel.zone import CHINA
from shouwen.procedures import actions as ticket_actions
from shouwen.procedures import queries as tickets
from shouwen.rounds.models import Point

from . import actions, queries


def place_sign(
    actor: Actor, community_id: int, *, ticket: int, at: datetime, category: str, target: str, words: str, building: str, place: str, quantity: str,
    standing: str, placed_at: str,
) -> None:  # fmt: skip
    """The last step of 标识使用清单: the sign enters the register, with who drafted and who approved it. D3.82, D3.86."""
    row = tickets.row(SYSTEM, ticket)
    here = duty.current_directory(community_id)
    review = next((task for task in reversed(row.state.tasks) if task.step == "review" and task.outcome == "done"), None)
    approved = review if row.state.answers.get("decision") == "approve" else None
    moment = datetime.fromisoformat(placed_at).replace(tzinfo=None).replace(tzinfo=CHINA) if placed_at else at
    if moment > at:
        raise Refused("放置时间不能晚于现在。", {"placed_at": "不能晚于现在。"})
    if approved is None or approved.done is None:
        raise Refused("这张《标识使用清单》还没有审核通过，标识不能启用。")
    actions.place_listed(
        SYSTEM, Community.objects.get(pk=community_id), ticket=ticket, list_number=row.number, category=category, target=target, words=words,
        building=building, place=place, quantity=int(float(quantity or 1)), standing=standing == "yes", drafted_by=here.name(int(row.state.first_asked)),
        reviewed_by=here.name(int(approved.done_by)), reviewed_on=approved.done.astimezone(CHINA).date(), placed_by=actor.name, placed_at=moment, at=at,
    )  # fmt: skip


def sum_up(actor: Actor, community_id: int, *, ticket: int, at: datetime, analysis: str) -> None:
    """The month in which the ticket was opened, summed up from its records. D2.76."""
    filed = tickets.row(SYSTEM, ticket).state.filed_at or at
    month = filed.astimezone(CHINA).date().replace(day=1)
    actions.sum_up(SYSTEM, Community.objects.get(pk=community_id), month=month, analysis=analysis, made_by=actor.name, ticket=ticket, at=at)


def receive_summary(actor: Actor, community_id: int, *, ticket: int, at: datetime) -> None:
    actions.receive_summary(SYSTEM, Community.objects.get(pk=community_id), ticket=ticket, by=actor.name, at=at)


def to_steward(row: Any, point: Point, at: datetime) -> None:
    """What is wrong with a sign goes to the steward of its building, or to whoever stands in; without one it stays with all on duty. D3.83."""
    task = next((task for task in row.state.open_tasks if task.step == "mend_sign"), None)
    user = queries.steward_at(point) if task is not None else None
    if task is None or user is None:
        return
    steward = duty.current_directory(row.community_id).stand_in(user, at)
    ticket_actions.hand(SYSTEM, row, task=task.id, to=steward, reason="标识归本栋管理员维护", at=at)
