"""What passes between tickets and their papers besides the record itself: private facts for a sheet in the clear, and what a
signed copy brings about when it is back.

A step says that it waits for a copy by `needs: [paper 派工单第二联]`; the catalogue of forms says which copies have which names
and whose signature stands on them (papers/catalogue.py). Nothing else links the two.
"""

from __future__ import annotations

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.words import number_in
from shouwen.papers import queries as papers
from shouwen.papers.records import CameBack

from . import actions, engine, privacy, queries
from .editions import procedure_of
from .engine import Procedure
from .engine.procedure import Step
from .recipients import Finder
from .store import Row


def private_facts(actor: Actor, rest: str) -> dict[str, str]:
    """The private answers of `ticket:<rest>` as they were given, by name. Whoever calls writes who and why."""
    if (pk := number_in(rest)) is None:
        raise NotFound
    row = queries.row(actor, pk)
    asks = procedure_of(row.edition_id).asks
    found = privacy.revealed(row.id)
    return {
        name: "、".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in found.items() if name in asks and asks[name].private and "*" in str(row.state.answers.get(name, ""))
    }  # fmt: skip


def came_back(actor: Actor, back: CameBack) -> str:
    """Fill the copy (and, with its photo, the signature on it) into every open task that waits for it. Returns what came of it."""
    kind, _, rest = back.about.partition(":")
    if kind != "ticket" or (pk := number_in(rest)) is None:
        return ""
    row = queries.row(actor, pk)
    if row.state.status != "open":
        return ""
    rules = procedure_of(row.edition_id)
    told = []
    for task in list(row.state.open_tasks):
        step = rules.every_step[task.step]
        evidence = _evidence(step, back)
        if not evidence or task.lead or (task.branch and back.branch and task.branch != back.branch):
            continue
        try:
            actions.bring(actor, row, task=task.id, evidence=evidence, said=back.said, at=back.at)
        except Refused:  # the copy is back whatever the ticket may do with it now
            continue
        kept = next(one for one in row.state.tasks if one.id == task.id)
        if kept.done:
            told.append(f"「{step.title}」随之办结")
        else:
            lacking = "、".join(_said(rules, need) for need in step.needs if not kept.evidence.get(need))
            told.append(f"已记入「{step.title}」，还缺{lacking}" if lacking else f"已记入「{step.title}」，请办理人填完后办结")
    return "；".join(told)


def hear(
    actor: Actor, row: Row, before: engine.Ticket, event: engine.Event, effects: tuple[engine.Effect, ...], finder: Finder
) -> None:
    """A copy that came back before its step was reached is filled in as soon as the step opens; once, not again when the step is repeated."""
    rules = finder.procedure
    for task in [one for one in row.state.open_tasks if one.id > len(before.tasks) and not one.lead]:
        step = rules.every_step[task.step]
        wanted = [need for need in step.needs if need.startswith("paper ")]
        if not wanted or any(one.evidence.get(need) for one in row.state.tasks if one.step == task.step and one.branch == task.branch for need in wanted):
            continue
        for back in papers.came_back(f"ticket:{row.id}", event.at):
            evidence = {} if task.branch and back.branch and task.branch != back.branch else _evidence(step, back)
            if evidence and row.state.status == "open" and any(one.id == task.id for one in row.state.open_tasks):
                try:
                    actions.bring(SYSTEM, row, task=task.id, evidence=evidence, said=back.said, at=event.at)
                except Refused:  # whoever has the task brings it by hand
                    continue


def _evidence(step: Step, back: CameBack) -> dict[str, str | list[str]]:
    """What the step needs and the copy gives. A signature counts when its photo is there to be looked at."""
    papers = [need for need in step.needs if need.removeprefix("paper ") in back.names and need.startswith("paper ")]
    if not papers:
        return {}
    signatures = [need for role in back.signed if (need := f"signature of {role}") in step.needs] if back.photo else []
    return dict.fromkeys(papers, back.said[:200]) | {need: [back.photo] for need in signatures}


def _said(rules: Procedure, need: str) -> str:
    role = need.removeprefix("signature of ")
    if role != need:
        return f"{rules.people[role].title if role in rules.people else '申请人'}签名（可补拍签字件照片）"
    return {"photo": "照片", "scan": "扫描件"}.get(need, need.removeprefix("paper "))
