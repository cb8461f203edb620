"""The door between the stored world and the pure engine: one event in, one consistent set of writes out.

Web, API, bulk, worker and rehearsal all come through `apply`; nothing else calls the engine's `decide` to write.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import Forbidden, NotFound, Refused

from . import engine, store
from .calendars import calendar_for
from .editions import procedure_of
from .effects import Opening, carry_out
from .engine import Event, Procedure, Task
from .recipients import Finder
from .slots import HEARERS
from .store import Row


def finder_for(row: Row, procedure: Procedure, at: datetime) -> Finder:
    """Resolves roles of this ticket with the people of its community as they stand now."""
    return Finder(duty.directory(row.community_id, row.people_version), procedure, row.state, at)


def apply(actor: Actor, row: Row, event: Event, text: str) -> list[Opening]:
    """Decide and queue everything that follows; the row then holds the new state. Returns children still to be filed.

    Raises Refused with the engine's Chinese message when the event does not fit the ticket.
    """
    procedure, before = procedure_of(row.edition_id), row.state
    directory = duty.directory(row.community_id, row.people_version)
    calendar = calendar_for(row.community_id, directory, event.at)
    try:
        after, effects = engine.decide(procedure, row.state, event, calendar)
    except engine.Refused as no:
        raise Refused(str(no), no.fields) from None
    finder = Finder(directory, procedure, after, event.at)
    store.save(row, after, event, text, actor, finder)
    openings = carry_out(actor, row, effects, finder, event.at)
    for hear in HEARERS:
        hear(actor, row, before, event, effects, finder)
    return openings


def open_task(row: Row, number: int) -> Task:
    """The open task of this number; Refused when it is done or does not exist."""
    for task in row.state.tasks:
        if task.id == number and not task.done:
            return task
    raise Refused("这项任务已经办结，或不属于本工单。请刷新页面查看最新情况。")


def must_hold(actor: Actor, row: Row, task: Task, at: datetime) -> bool:
    """Refuse unless the task lies with this person: as holder, in their pool, as stand-in, or as a superior of those.

    True when it lies with others, whose superior this is: such a person acts on their behalf, and says why.
    """
    if actor.id is None:
        return False
    finder = finder_for(row, procedure_of(row.edition_id), at)
    if found := standing(actor.id, finder, task):
        return found == "above"
    raise Forbidden(f"这项任务由{owner_of(finder, task)}办理。如需您来办，请由对方或其上级转派给您。")


def owner_of(finder: Finder, task: Task) -> str:
    """With whom the task lies, in words: the holder's name, or the title of the role."""
    role = finder.procedure.people.get(task.role)
    if task.holder.isdigit():
        return finder.directory.name(int(task.holder))
    return role.title if role else "他人"


def may_work(user_id: int, finder: Finder, task: Task) -> bool:
    """Whether this employee may act on the task (see `must_hold`)."""
    return bool(standing(user_id, finder, task))


def standing(user_id: int, finder: Finder, task: Task) -> Literal["own", "above", ""]:
    """How this employee stands to the task: it lies with them, with people below them, or neither."""
    directory, at = finder.directory, finder.at
    holder = int(task.holder) if task.holder.isdigit() else finder.assigned(task.role, task.branch)
    if holder:
        return "own" if user_id in (holder, directory.stand_in(holder, at)) else _above(directory, user_id, (holder,), at)
    pool = finder.pool(task.role, task.branch)
    kind, _, name = pool.partition(":")
    match kind:
        case "post":
            if name in directory.posts_of(user_id):
                return "own"
        case "dept":
            if directory.department_of(user_id) == name:
                return "own"
        case "party":
            person = finder.procedure.people[task.role]
            if not person.on_behalf:
                return "own"  # any employee who may work tickets records what the outside party did
            if user_id in finder.find(person.on_behalf).users or any(
                _in_role(finder, role, user_id) for role in person.on_behalf
            ):
                return "own"
    entrusted = finder.find((task.role,), task).users
    return "own" if user_id in entrusted else _above(directory, user_id, entrusted, at)


def _above(directory: Directory, user_id: int, of: tuple[int, ...], at: datetime) -> Literal["above", ""]:
    return "above" if is_superior(directory, user_id, of, at) else ""


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
    if actor.channel == "resident":
        if "public" in procedure.opened_by:
            return
        raise NotFound("没有这项业务，或暂不能自助办理。请联系服务中心。")
    if actor is SYSTEM or actor.id is None:
        return
    allowed = set(procedure.opened_by)
    if not allowed or "staff" in allowed or allowed & posts:
        return
    raise Forbidden(f"「{procedure.title}」不由您的岗位受理。请转告前台，由其登记。")


def facts_of(row: Row, **more: Any) -> dict[str, Any]:
    """The facts that every journal line of a ticket carries."""
    return {"number": row.number, "procedure": row.procedure, **more}
