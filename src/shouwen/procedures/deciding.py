"""The door between the stored world and the pure engine: one event in, one consistent set of writes out.

Web, API, bulk, worker and rehearsal all come through `apply`; nothing else calls the engine's `decide` to write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import Forbidden, Refused

from . import engine, store
from .calendars import calendar_for
from .editions import procedure_of
from .effects import Opening, carry_out
from .engine import Event, Procedure, Task
from .recipients import Finder
from .store import Row


def finder_for(row: Row, procedure: Procedure, at: datetime) -> Finder:
    """Resolves roles of this ticket with the people of its community as they stand now."""
    return Finder(duty.directory(row.community_id, row.people_version), procedure, row.state, at)


def apply(actor: Actor, row: Row, event: Event, text: str) -> list[Opening]:
    """Decide and queue everything that follows; the row then holds the new state. Returns children still to be filed.

    Raises Refused with the engine's Chinese message when the event does not fit the ticket.
    """
    procedure = procedure_of(row.edition_id)
    directory = duty.directory(row.community_id, row.people_version)
    calendar = calendar_for(row.community_id, directory, event.at)
    try:
        after, effects = engine.decide(procedure, row.state, event, calendar)
    except engine.Refused as no:
        raise Refused(str(no), no.fields) from None
    finder = Finder(directory, procedure, after, event.at)
    store.save(row, after, event, text, actor, finder)
    return carry_out(actor, row, effects, finder, event.at)


def open_task(row: Row, number: int) -> Task:
    """The open task of this number; Refused when it is done or does not exist."""
    for task in row.state.tasks:
        if task.id == number and not task.done:
            return task
    raise Refused("这项任务已经办结，或不属于本工单。请刷新页面查看最新情况。")


def must_hold(actor: Actor, row: Row, task: Task, at: datetime) -> None:
    """Refuse unless the task lies with this person: as holder, in their pool, as stand-in, or as a superior of those."""
    if actor.id is None or may_work(actor.id, finder_for(row, procedure_of(row.edition_id), at), task):
        return
    who = task.holder and finder_for(row, procedure_of(row.edition_id), at).directory.name(int(task.holder))
    role = procedure_of(row.edition_id).people.get(task.role)
    owner = who or (role.title if role else "他人")
    raise Forbidden(f"这项任务由{owner}办理。如需您来办，请由对方或其上级转派给您。")


def may_work(user_id: int, finder: Finder, task: Task) -> bool:
    """Whether this employee may act on the task (see `must_hold`)."""
    directory, at = finder.directory, finder.at
    holder = int(task.holder) if task.holder.isdigit() else finder.assigned(task.role, task.branch)
    if holder:
        return user_id in (holder, directory.stand_in(holder, at)) or is_superior(directory, user_id, (holder,), at)
    pool = finder.pool(task.role, task.branch)
    kind, _, name = pool.partition(":")
    match kind:
        case "post":
            if name in directory.posts_of(user_id):
                return True
        case "dept":
            if directory.department_of(user_id) == name:
                return True
        case "party":
            person = finder.procedure.people[task.role]
            if not person.on_behalf:
                return True  # any employee who may work tickets records what the outside party did
            if user_id in finder.find(person.on_behalf).users or any(
                _in_role(finder, role, user_id) for role in person.on_behalf
            ):
                return True
    entrusted = finder.find((task.role,), task).users
    return user_id in entrusted or is_superior(directory, user_id, entrusted, at)


def _in_role(finder: Finder, role: str, user_id: int) -> bool:
    person = finder.procedure.people.get(role)
    post = (person.on_duty or person.post) if person else ""
    return bool(post) and post in finder.directory.posts_of(user_id)


def is_superior(directory: Directory, user_id: int, of: tuple[int, ...], at: datetime) -> bool:
    """Whether somebody stands anywhere above one of these people."""
    seen: set[int] = set()
    layer = set(of)
    while layer:
        layer = {s for person in layer for s in directory.superior_of(person, at)} - seen
        if user_id in layer:
            return True
        seen |= layer
    return False


def filing_rule(actor: Actor, procedure: Procedure, posts: frozenset[str]) -> None:
    """Refuse unless somebody of these posts may open this procedure by hand."""
    if actor is SYSTEM or actor.id is None:
        return
    allowed = set(procedure.opened_by)
    if not allowed or "staff" in allowed or allowed & posts:
        return
    raise Forbidden(f"「{procedure.title}」不由您的岗位受理。请转告前台，由其登记。")


def facts_of(row: Row, **more: Any) -> dict[str, Any]:
    """The facts that every journal line of a ticket carries."""
    return {"number": row.number, "procedure": row.procedure, **more}
