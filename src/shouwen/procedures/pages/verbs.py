"""Everything that can be done to a ticket, in one list: what may be done now, and of the rest why not.

Whether something fits is asked of the rule itself (engine.decide on the ticket as it stands); nothing is kept of its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.access import Actor

from .. import engine
from ..calendars import calendar_for
from ..deciding import finder_for
from ..editions import procedure_of
from ..store import Row
from .explain import rung_when

TITLES = {
    "note": ("备注", "note"), "urge": ("催单", "speakerphone"), "follow": ("转交跟进人", "user-check"), "pause": ("挂起", "player-pause"),
    "resume": ("恢复办理", "player-play"), "amend": ("更正填写内容", "edit"), "link": ("关联另一张工单", "link"),
    "reopen": ("重新打开", "rotate"), "withdraw": ("撤销工单", "ban"), "erase": ("清除隐私内容", "trash-x"),
}  # fmt: skip
FORMS = ("urge", "follow", "pause", "link", "reopen", "withdraw", "erase")
"""Verbs with a form of their own, fetched when it is opened (pages.ticket.verb)."""


@dataclass(frozen=True, slots=True)
class Verb:
    """`why_not` is empty when it may be done now; `step` is set for a step that is started by hand."""

    key: str
    title: str
    icon: str
    why_not: str
    step: str = ""
    do: str = ""

    @property
    def has_form(self) -> bool:
        return self.key in FORMS


def verbs(actor: Actor, row: Row, at: datetime, *, private: bool) -> list[Verb]:
    """`private`: whether private answers are kept. What may be done stands first, steps to start before the rest."""
    rules, state = procedure_of(row.edition_id), row.state
    calendar = calendar_for(row.community_id, finder_for(row, rules, at).directory, at)
    works = actor.may("tickets.work", row.community_id)
    ended = {"closed": "工单已办结。", "withdrawn": "工单已撤销。"}.get(state.status, "")

    def asked(event: engine.Event) -> str:
        if not works:
            return "您没有办理工单的权限。"
        try:
            engine.decide(rules, state, event, calendar)
        except engine.Refused as no:
            return f"{no}。".replace("。。", "。")
        return ""

    by = actor.ref or "0"
    why = {
        "note": asked(engine.Noted(at=at, by=by, text="x")), "urge": asked(engine.Urged(at=at, by=by)),
        "follow": ended or ("" if works else "您没有办理工单的权限。"), "link": "" if works else "您没有办理工单的权限。",
        "amend": f"{ended}要更正请先重新打开。" if ended else "已挂起，恢复后才能更正。" if state.status == "paused" else "" if works else "您没有办理工单的权限。",
        "reopen": asked(engine.Reopened(at=at, by=by, reason="x")), "withdraw": asked(engine.Withdrawn(at=at, by=by, reason="x")),
        "erase": "没有隐私内容，或已清除。" if not private else "" if actor.may("estate.edit", row.community_id) else "由管理住户资料的人办理。",
    }  # fmt: skip
    if state.pause:
        why["resume"] = asked(engine.Resumed(at=at, by=by))
    else:
        why["pause"] = asked(engine.Paused(at=at, by=by, reason=next(iter(rules.pauses)))) if rules.pauses else "这项规程不能挂起。"
    found = [Verb(key, title, icon, why[key]) for key, (title, icon) in TITLES.items() if key in why]
    steps = []
    for step in rules.steps.values():
        if step.offered:
            closed = asked(engine.Started(at=at, by=by, step=step.name))
            if closed and works and not ended and step.offered == "when_offered" and step.name not in state.offered:
                closed = _offered_when(rules, step.name) or closed
            steps.append(Verb(f"start-{step.name}", step.title, "player-play", closed, step.name, step.do))
    return sorted([*found[:2], *steps, *found[2:]], key=lambda verb: bool(verb.why_not))


def _offered_when(rules: engine.Procedure, name: str) -> str:
    """What must have happened before a step is offered, in words."""
    found = [f"办「{step.title}」时" for step in rules.every_step.values() if name in step.offers]
    ladders = [(step.title, step.ladder) for step in rules.every_step.values()] + [(one.title, one.ladder) for one in rules.promises.values()]
    found += [f"「{title}」{rung_when(rung)}" for title, ladder in ladders for rung in ladder if name in (*rung.offer, *rung.must)]
    return f"{'，或'.join(dict.fromkeys(found))}，才能办。" if found else ""
