"""From a role in a procedure file to people, at the moment they are needed.

Roles are resolved when a task opens or a rung fires, never earlier: whoever is on duty then is told. An empty
post falls through to its superior at once (duty.directory), and nobody at all falls to the person that the
community's configuration guarantees, so a message always has somebody to reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shouwen.duty.directory import Directory
from shouwen.kernel import access

from .engine import Procedure, Task, Ticket
from .engine.procedure import Person


@dataclass(frozen=True, slots=True)
class Recipients:
    """Employees by id, and outside parties by name (`requester`, `developer`…)."""

    users: tuple[int, ...] = ()
    parties: tuple[str, ...] = ()

    def __or__(self, other: Recipients) -> Recipients:
        return Recipients(
            tuple(dict.fromkeys(self.users + other.users)), tuple(dict.fromkeys(self.parties + other.parties))
        )


@dataclass(frozen=True, slots=True)
class Finder:
    """Resolves the roles of one ticket at one moment."""

    directory: Directory
    procedure: Procedure
    ticket: Ticket
    at: datetime

    def find(self, names: tuple[str, ...], task: Task | None = None, holder: str = "") -> Recipients:
        """Everybody behind these role keys, special names and person refs; never empty when somebody was asked for.

        `holder` is whom the task lay with at that moment (a ref or a role), when that is not as it stands now.
        """
        found = Recipients()
        for name in names:
            if holder and name == "holder":
                found |= self._one(holder, task)
            elif holder and name == "superior":
                found |= self._superiors(self._one(holder, task).users)
            else:
                found |= self._one(name, task)
        if names and not found.users and not found.parties:
            return Recipients((self.directory.guaranteed(),))
        return found

    def pool(self, role: str, branch: str) -> str:
        """The queue in which a task of this role lies open: `post:x`, `dept:x`, `head:x`, `party:x`, or "" for one person."""
        person = self.procedure.people.get(role)
        if person is None:
            return ""
        if post := person.on_duty or person.post:
            return f"post:{post}"
        if person.heads:
            return f"head:{self._department(person.heads, branch)}"
        if person.member:
            return f"dept:{self._department(person.member, branch)}"
        return f"party:{person.party}" if person.party else ""

    def assigned(self, role: str, branch: str) -> int | None:
        """The one person a task falls to from the start, for roles that mean a certain person."""
        person = self.procedure.people.get(role)
        if person is None or not (person.answer or person.did or person.first_asked):
            return None
        users = self._found(person, branch).users
        return users[0] if len(users) == 1 else None

    def _one(self, name: str, task: Task | None) -> Recipients:
        directory, at = self.directory, self.at
        if name.isdigit():
            return Recipients((directory.stand_in(int(name), at),))
        branch = task.branch if task else ""
        match name:
            case access.RESIDENT:  # what somebody outside did by self-service, the desk answers for
                return self._one("first_asked", None)
            case "holder":
                if task is None:
                    return Recipients()
                return self._one(task.holder, task) if task.holder else self._one(task.role, task)
            case "superior":
                return self._superiors(self._one("holder" if task else "tracker", task).users)
            case "lead":
                step = self.procedure.every_step.get(task.step) if task else None
                return self._one(step.lead, task) if step and step.lead else Recipients()
            case "tracker":
                return self._one(self.ticket.tracker or self.ticket.first_asked, task)
            case "first_asked":  # of a ticket that the system opened: who follows it for its parent
                asked = self.ticket.first_asked
                return self._one(asked if asked.isdigit() else self.ticket.tracker, task)
            case "requester":
                return Recipients(parties=("requester",))
        person = self.procedure.people.get(name)
        return self._found(person, branch) if person else Recipients()

    def _superiors(self, of: tuple[int, ...]) -> Recipients:
        return Recipients(tuple(dict.fromkeys(s for one in of for s in self.directory.superior_of(one, self.at))))

    def _found(self, person: Person, branch: str) -> Recipients:
        directory, at, ticket = self.directory, self.at, self.ticket
        if person.on_duty:
            return Recipients(directory.on_duty(person.on_duty, at))
        if person.post:
            return Recipients(directory.holders(person.post, at))
        if person.heads:
            return Recipients(directory.head_of(self._department(person.heads, branch), at))
        if person.member:
            department = self._department(person.member, branch)
            return Recipients(directory.members(department, at) or directory.head_of(department, at))
        if person.answer:
            chosen = ticket.answers.get(person.answer, ())
            refs = (chosen,) if isinstance(chosen, str) else tuple(chosen)
            return Recipients(tuple(directory.stand_in(int(r), at) for r in refs if r.isdigit()))
        if person.did:
            done = [
                t.done_by for t in ticket.tasks
                if t.step == person.did and t.outcome == "done" and t.done_by.isdigit() and t.branch in ("", branch or t.branch)
            ]  # fmt: skip
            return Recipients((directory.stand_in(int(done[-1]), at),)) if done else Recipients()
        if person.first_asked:
            return self._one("first_asked", None)
        return Recipients(parties=(person.party,))

    def _department(self, named: str, branch: str) -> str:
        return branch if named == "branch" else named
