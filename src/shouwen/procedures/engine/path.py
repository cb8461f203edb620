"""The way through the steps: opening, finishing, joining, bending, closing."""

from __future__ import annotations

from typing import Literal

from . import clocks
from .answers import chosen, fill_raw, holds
from .draft import Draft
from .events import Close, Do, Log, Print
from .procedure import END, Step
from .ticket import Task

BRANCH = "{branch}"


def enter(d: Draft, name: str, *, forced: bool = False) -> None:
    """Open the step, or the first after it that is not skipped; close at the end. `forced` ignores its `when`."""
    while True:
        if any(c.before == name and not c.closed for c in d.children):
            d.held = name
            return
        if name == END:
            d.ended = True
            close_if_done(d)
            return
        step = d.p.every_step[name]
        if open_step(d, step, forced=forced):
            return
        forced = False
        name = d.p.following.get(name, END)


def open_step(d: Draft, step: Step, *, forced: bool = False) -> bool:
    """Open one step, its branches or its sub-steps; False (and a skipped task on record) when there is nothing to do."""
    wanted = forced or holds(d.p, step.when, d.answers)
    opened = False
    d.visits = {**d.visits, step.name: d.visits.get(step.name, 0) + 1}
    if step.together:
        for name in step.together:
            sub = d.p.inner[name]
            d.visits[name] = d.visits[step.name]
            if wanted and holds(d.p, sub.when, d.answers):
                add_task(d, sub, "")
                d.offer(sub.offers)
                opened = True
            else:
                _skip(d, sub)
    else:
        branches = tuple(dict.fromkeys(chosen(d.p, step.each, d.answers))) if step.each else ("",)
        if wanted and branches:
            for branch in branches:
                add_task(d, step, branch)
            if step.lead and len(branches) > 1:
                d.tell((step.lead,), d.tasks[-1], "opened")
            opened = True
        else:
            _skip(d, step)
    if opened:
        d.offer(step.offers)
    return opened


def add_task(d: Draft, step: Step, branch: str, *, lead: bool = False) -> Task:
    role = step.lead if lead else step.who
    task = Task(len(d.tasks) + 1, step.name, role, d.at, branch=branch, visit=d.visits[step.name], lead=lead)
    d.tasks.append(task)
    if not lead:
        clocks.open_clock(d, step, task)
    d.tell((role,), task, "opened")
    return task


def _skip(d: Draft, step: Step) -> None:
    task = Task(len(d.tasks) + 1, step.name, "", d.at, visit=d.visits[step.name], done=d.at, outcome="skipped")
    d.tasks.append(task)


# Finishing ------------------------------------------------------------------------------


def task_done(d: Draft, task: Task) -> None:
    """One task is finished: what its branch alone asks for happens now, the rest when the step is whole."""
    step = d.step_of(task)
    clocks.stop_task(d, task.id)
    if not task.lead:
        _work(d, step, task, "branch")
    joined_or_wait(d, step, task)


def joined_or_wait(d: Draft, step: Step, task: Task) -> None:
    """Go on when every branch is done, and the coordinator has signed where he must."""
    if d.open_tasks(step.name):
        return
    visit = d.this_visit(step)
    if step.lead_signs and not any(t.lead for t in visit) and sum(t.outcome == "done" for t in visit) > 1:
        add_task(d, step, "", lead=True)
        return
    finish_step(d, step, task)


def finish_step(d: Draft, step: Step, task: Task) -> None:
    clocks.stop_promises(d, step.name)
    clocks.start_promises(d, step.name)
    _work(d, step, task, "step")
    if any(c.step == step.name and c.waits and not c.closed for c in d.children):
        d.waiting = (*d.waiting, step.name)
    else:
        leave(d, step, task)


def _work(d: Draft, step: Step, task: Task, when: Literal["branch", "step"]) -> None:
    """What a finished step brings about. In an `each` step, whatever mentions {branch} happens once per branch."""

    def now(*texts: str) -> bool:
        per_branch = bool(step.each) and any(BRANCH in t for t in texts)
        return per_branch == (when == "branch")

    for doing in step.does:
        if now(doing.slot, *doing.args.values()):
            answers = d.seen(task.branch)
            args = {k: fill_raw(t, answers, task.branch) for k, t in doing.args.items()}
            d.effects.append(Do(doing.slot, args, task.id))
    for text in step.logs:
        if now(text):
            d.effects.append(Log(text, d.p.post_of(step.who), task.id))
    for form in step.prints:
        if now(form):
            d.effects.append(Print(form, task.id))
    for telling in step.tells:
        if now(telling.text):
            d.tell(telling.who, task, "told", telling.text)
    for opening in step.opens:
        if now(*opening.answers.values()):
            d.open_child(opening, step, task, step.waits)


def leave(d: Draft, step: Step, task: Task) -> None:
    """The step and its children are finished: go where the path goes."""
    if step.inside:
        group = d.p.steps[step.inside]
        if group.first:
            for other in [t for t in d.this_visit(group) if t.done is None]:
                drop(d, other)
            d.waiting = tuple(w for w in d.waiting if w not in group.together)
        elif any(t.done is None for t in d.this_visit(group)) or any(w in group.together for w in d.waiting):
            return
        finish_step(d, group, task)
        return
    go = route(d, step)
    if not step.offered or step.name in _walked(d):
        enter(d, go or d.p.following.get(step.name, END))
    elif go:
        for other in [t for t in d.open_tasks() if _on_path(d, t)]:
            drop(d, other)
        d.waiting = tuple(w for w in d.waiting if d.p.every_step[w].offered)
        d.ended, d.held = False, ""
        enter(d, go)
    else:
        close_if_done(d)


def _walked(d: Draft) -> frozenset[str]:
    """Offered steps that the path itself led to."""
    return frozenset(k.partition(">")[2] for k in d.bends)


def _on_path(d: Draft, task: Task) -> bool:
    step = d.step_of(task)
    outer = d.p.steps[step.inside] if step.inside else step
    return not outer.offered


def route(d: Draft, step: Step) -> str:
    """Where `next` bends to; "" when nothing of it holds. Each way is counted."""
    for r in step.next:
        if holds(d.p, r.when, d.answers):
            key = f"{step.name}>{r.go}"
            gone = d.bends.get(key, 0)
            if r.at_most and gone >= r.at_most:
                return r.then
            if r.at_most:
                d.bends = {**d.bends, key: gone + 1}
            return r.go
    return ""


def drop(d: Draft, task: Task) -> None:
    clocks.stop_task(d, task.id, dropped=True)
    dropped = d.change(task, done=d.at, outcome="dropped")
    d.tell(("holder",), dropped, "dropped")


def close_if_done(d: Draft) -> None:
    """The ticket closes when its path has ended and nothing beside it is left."""
    if not d.ended or d.waiting or d.open_tasks():
        return
    clocks.stop_promises(d, "closed")
    d.status, d.closed_at, d.pause = "closed", d.at, None
    keeps = [d.p.every_step[t.step].keeps for t in d.tasks if t.outcome == "done" and d.p.every_step[t.step].keeps]
    from_group = [s.keeps for s in d.p.steps.values() if s.together and s.keeps and s.name in d.visits]
    d.effects.append(Close((keeps or from_group or [""])[-1]))
    d.tell(tuple(dict.fromkeys(("first_asked", "tracker"))), None, "closed")
