"""What follows from a decision: people are told, books written, papers asked for, child tickets opened, slots called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shouwen.duty import actions as duty
from shouwen.kernel.access import Actor
from shouwen.notices import actions as notices
from shouwen.papers import actions as papers

from .engine import Close, Do, Effect, Log, Open, Print, Task, Tell, fill
from .recipients import Finder
from .slots import SLOTS
from .store import Row, priority_of

WHYS = {
    "opened": "新任务", "remind": "即将到时", "late": "已超时", "urged": "催单", "told": "知会", "handed": "转派",
    "closed": "已办结", "paused": "申请挂起", "resumed": "恢复办理", "withdrawn": "已撤销", "reopened": "重新办理",
    "amended": "已变更", "approve": "请批准挂起", "refused": "挂起未获批准", "dropped": "不用再办", "second": "请第二人确认",
}  # fmt: skip
"""The reasons for which people are told, in their words."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A child ticket that an effect asks for; the caller files it inside the same transaction."""

    procedure: str
    answers: dict[str, Any]
    kind: str
    key: str


def carry_out(
    actor: Actor, row: Row, effects: tuple[Effect, ...], finder: Finder, at: datetime
) -> list[Opening]:
    """Do what the decision asks for; return the child tickets that remain to be filed."""
    news: list[notices.News] = []
    openings: list[Opening] = []
    tasks = {t.id: t for t in row.state.tasks}
    for index, effect in enumerate(effects):
        match effect:
            case Tell():
                news += _news(row, effect, tasks.get(effect.task), finder, at, index)
            case Log():
                duty.record([
                    duty.Line(
                        community_id=row.community_id, post=effect.post or "receptionist", event_at=at,
                        text=filled(row, finder, effect.text, tasks.get(effect.task))[:1000],
                        by_id=actor.id, by_name=actor.name, about=f"ticket:{row.id}",
                    )
                ])  # fmt: skip
            case Print():
                papers.ask(
                    community_id=row.community_id, form=effect.form, number=row.number, about=f"ticket:{row.id}",
                    by=actor.name, at=at,
                )
            case Open():
                openings.append(Opening(effect.procedure, dict(effect.answers), effect.kind, effect.key))
            case Do():
                SLOTS[effect.slot](actor, row.community_id, ticket=row.id, at=at, **effect.args)
            case Close():
                pass  # retention is read from the edition when the archive is tidied
    if news:
        notices.tell(news)
    return openings


def _news(row: Row, tell: Tell, task: Task | None, finder: Finder, at: datetime, index: int) -> list[notices.News]:
    found = finder.find(tell.who, task, tell.holder)
    step = finder.procedure.every_step.get(task.step) if task else None
    head = f"{WHYS.get(tell.why, '知会')}：{finder.procedure.title}"
    title = f"{head}「{step.title}」" if step else head
    place = f" {row.place}" if row.place else ""
    body = filled(row, finder, tell.text, task) or f"{row.number}{place} {row.summary}".strip()
    if tell.why == "late" and tell.late > timedelta(0):
        body = f"{'已过建议时间' if tell.soft else '已超时'} {spoken(tell.late)}。{body}"
    about = f"ticket:{row.id}" + (f"/{task.step}" if task else "")
    key = f"t{row.id}.{row.state.seq}.{index}"
    common: dict[str, Any] = {
        "community_id": row.community_id, "why": tell.why, "title": title[:200], "body": body[:4000], "about": about[:80],
        "url": f"/tickets/{row.id}", "urgent": tell.why == "late" or priority_of(finder) == 0, "at": at,
        "due": next((c.due for c in row.state.clocks if task and c.task == task.id and not c.stopped and not c.superseded), None),
    }  # fmt: skip
    return [notices.News(key=f"{key}.{user}", user_id=user, **common) for user in found.users] + [
        notices.News(key=f"{key}.{party}", party=party, **common) for party in found.parties
    ]


def filled(row: Row, finder: Finder, template: str, task: Task | None) -> str:
    """A template of the procedure with the ticket's answers put in, as people read them."""
    if not template:
        return ""
    return fill(
        finder.procedure, template, row.state.answers, label=lambda kind, value: said(finder, kind, value),
        branch=finder.directory.departments.get(task.branch, task.branch) if task else "", number=row.number,
        title=finder.procedure.title,
    )  # fmt: skip


def said(finder: Finder, kind: str, value: str) -> str:
    """An answer that is a ref, by the name people know: colleagues and departments."""
    if kind == "staff" and value.isdigit():
        return finder.directory.name(int(value))
    return finder.directory.departments.get(value, value) if kind == "department" else value


def spoken(length: timedelta) -> str:
    """A length of time as people say it: 20 分钟, 4 小时, 1 天 2 小时."""
    minutes = int(length.total_seconds()) // 60
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [f"{n} {unit}" for n, unit in ((days, "天"), (hours, "小时"), (minutes, "分钟")) if n]
    return " ".join(parts[:2]) or "不到 1 分钟"
