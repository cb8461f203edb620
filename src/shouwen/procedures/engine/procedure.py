"""What a procedure file may say, once read: every span parsed, every ladder sorted, every reference resolved.

`reading.read` builds these; nothing here changes afterwards. All text is Chinese as the author wrote it.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Literal

import msgspec

from .spans import Span

KINDS = (
    "text", "note", "phone", "date", "time", "datetime", "minutes", "number", "money", "yes_no", "pick", "rating", "unit",
    "person", "staff", "department", "photo", "file", "signature", "readings", "checklist",
    "priced",
)  # fmt: skip
SPECIAL = ("holder", "superior", "lead", "tracker", "first_asked", "requester")  # names that `tell` knows besides people
SPECIAL_TITLES = {
    "holder": "经办人", "superior": "经办人上级", "lead": "统筹人", "tracker": "跟踪人", "first_asked": "首问人", "requester": "申请人",
}  # fmt: skip
FINDER_TITLES = {
    "on_duty": "当班", "post": "岗位", "heads": "部门负责人", "member": "部门人员", "answer": "所选人员", "did": "办理过的人",
    "first_asked": "首问人", "party": "外部",
}  # fmt: skip
KIND_TITLES = {
    "text": "文字", "note": "长文字", "phone": "电话", "date": "日期", "time": "时间", "datetime": "日期时间", "minutes": "分钟数",
    "number": "数字", "money": "金额", "yes_no": "是否", "pick": "选项", "rating": "评分",
    "unit": "房号", "person": "住户", "staff": "员工", "department": "部门", "photo": "照片", "file": "文件",
    "signature": "签名", "readings": "读数", "checklist": "逐项检查", "priced": "报价（按价目表）",
}  # fmt: skip
LINKS = ("caused_by", "part_of", "same")
END = "end"
OWN_CLASS = "class"  # the answer under which the ticket's class is kept, whatever its ask is called


class Person(msgspec.Struct, frozen=True):
    """A role, and how its person is found when needed. Exactly one of the finders is set. The caller resolves it."""

    title: str
    on_duty: str = ""
    post: str = ""
    heads: str = ""
    member: str = ""
    answer: str = ""
    did: str = ""
    first_asked: bool = False
    party: str = ""
    on_behalf: tuple[str, ...] = ()


class Grade(msgspec.Struct, frozen=True):
    title: str
    means: str = ""


class Condition(msgspec.Struct, frozen=True):
    """All of `equals` (each: any of its values) and all of `at_least` (how many chosen, or how much)."""

    equals: tuple[tuple[str, tuple[str, ...]], ...] = ()
    at_least: tuple[tuple[str, int | Decimal], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(k for k, _ in self.equals) + tuple(k for k, _ in self.at_least)


class Ask(msgspec.Struct, frozen=True):
    """One field of a form. `pick` and `items` map key to title."""

    name: str
    title: str
    kind: str = "text"
    pick: dict[str, str] = {}
    classes: bool = False  # its options are the procedure's classes
    items: dict[str, str] = {}
    many: bool = False
    optional: bool = False
    private: bool = False
    default: str = ""
    default_by: str = ""  # the answer that chooses among `defaults`
    defaults: dict[str, str] = {}
    only_if: Condition | None = None
    help: str = ""
    min: str = ""
    max: str = ""
    basis: tuple[str, ...] = ()
    reckoned: str = ""  # nobody types it: how it is worked out (engine/reckoned.py)
    public: str = ""  # residents fill it in or read it; what they read instead of the title, or "yes"
    step: str = ""

    @property
    def plain(self) -> str:
        """The title in the words of residents."""
        return self.title if self.public in ("", "yes") else self.public


class Opening(msgspec.Struct, frozen=True):
    """A child ticket to be opened; `answers` holds templates such as "{unit}"."""

    procedure: str
    answers: dict[str, str] = {}
    kind: str = "caused_by"
    when: Condition | None = None
    before: str = ""  # the step that does not open until this child is closed


class Doing(msgspec.Struct, frozen=True):
    """An effect on another area, by the name of its slot."""

    slot: str
    args: dict[str, str] = {}


class Telling(msgspec.Struct, frozen=True):
    who: tuple[str, ...]
    text: str = ""


class Rung(msgspec.Struct, frozen=True):
    """One rung of the ladder: `after` the limit (or `ahead` of it, for a reminder)."""

    after: Span
    ahead: bool = False
    tell: tuple[str, ...] = ()
    hand_to: str = ""
    offer: tuple[str, ...] = ()
    must: tuple[str, ...] = ()  # offered steps that are started at once, unless already open
    open: tuple[Opening, ...] = ()
    log: str = ""


class Limit(msgspec.Struct, frozen=True):
    """Spans of which the earliest counts; `by` names the answer that chooses among the cases ("" when there is one case)."""

    cases: dict[str, tuple[Span, ...]]
    by: str = ""
    inputs: frozenset[str] = frozenset()  # answers that move it


class Route(msgspec.Struct, frozen=True):
    go: str
    when: Condition | None = None
    at_most: int = 0
    then: str = ""


class Step(msgspec.Struct, frozen=True):
    name: str
    title: str
    who: str = ""
    do: str = ""
    says: str = ""
    asks: dict[str, Ask] = {}
    within: Limit | None = None
    remind: tuple[Span, ...] = ()
    late: tuple[Rung, ...] = ()  # its own ladder, as written
    ladder: tuple[Rung, ...] = ()  # the one it climbs: reminders, then its own or the common ladder
    basis: tuple[str, ...] = ()
    within_basis: tuple[str, ...] = ()
    when: Condition | None = None
    each: str = ""
    lead: str = ""
    lead_signs: bool = False
    together: tuple[str, ...] = ()  # names of its sub-steps, which are in Procedure.every_step
    first: bool = False
    inside: str = ""  # the step this one is a sub-step of
    offered: Literal["", "always", "when_offered"] = ""
    offers: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    two_people: bool = False
    seals: bool = False  # once finished, what was answered until then is no longer amended
    not_by: tuple[str, ...] = ()
    does: tuple[Doing, ...] = ()
    opens: tuple[Opening, ...] = ()
    waits: bool = False
    logs: tuple[str, ...] = ()
    tells: tuple[Telling, ...] = ()
    prints: tuple[str, ...] = ()
    keeps: str = ""
    next: tuple[Route, ...] = ()


class Promise(msgspec.Struct, frozen=True):
    """A clock over several steps. `since` is "filed" or a step; `until` holds steps or "closed"."""

    name: str
    title: str
    since: str
    until: tuple[str, ...]
    within: Limit
    ladder: tuple[Rung, ...] = ()
    remind: tuple[Span, ...] = ()
    basis: tuple[str, ...] = ()


class Pausing(msgspec.Struct, frozen=True):
    """A reason for which the ticket may be paused, and how long at most."""

    name: str
    title: str
    at_most: Span
    who: tuple[str, ...] = ()
    approval: str = ""
    basis: tuple[str, ...] = ()


class Reopening(msgspec.Struct, frozen=True):
    """Where a reopened ticket starts again; after `at_most` times, `then` instead."""

    go: str = ""
    at_most: int = 0
    then: str = ""
    within: Span | None = None  # how long after closing it may still be reopened
    tell: tuple[str, ...] = ()


class Procedure(msgspec.Struct, frozen=True, dict=True):
    """One edition of one procedure. Compare and hash by (procedure, edition); `every_step` includes sub-steps."""

    procedure: str
    title: str
    edition: str
    people: dict[str, Person]
    steps: dict[str, Step]  # in file order; sub-steps of `together` are only in every_step
    inner: dict[str, Step] = {}
    number: str = ""
    record: str = ""
    basis: tuple[str, ...] = ()
    clock: Literal["round_the_clock", "service_hours"] = "round_the_clock"
    opened_by: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    classes: dict[str, Grade] = {}
    late: tuple[Rung, ...] = ()
    pauses: dict[str, Pausing] = {}
    promises: dict[str, Promise] = {}
    urge: Span = Span("minute", 10, text="10 minutes")
    reopen: Reopening = Reopening()

    @cached_property
    def every_step(self) -> dict[str, Step]:
        """Every step by name, each group followed by its sub-steps."""
        found: dict[str, Step] = {}
        for step in self.steps.values():
            found[step.name] = step
            found.update((name, self.inner[name]) for name in step.together if name in self.inner)
        return found

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The order of work: the steps that are not offered."""
        return tuple(s.name for s in self.steps.values() if not s.offered)

    @cached_property
    def first(self) -> str:
        return self.path[0] if self.path else ""

    @cached_property
    def following(self) -> dict[str, str]:
        """The step after each step of the path; an offered step has none."""
        return dict(zip(self.path, (*self.path[1:], END), strict=True))

    @cached_property
    def asks(self) -> dict[str, Ask]:
        return {ask.name: ask for step in self.every_step.values() for ask in step.asks.values()}

    @cached_property
    def asked_in(self) -> dict[str, Step]:
        return {name: step for step in self.every_step.values() for name in step.asks}

    @cached_property
    def branched(self) -> dict[str, str]:
        """Answers given once per branch, with the answer that names the branches."""
        return {name: step.each for name, step in self.asked_in.items() if step.each}

    @cached_property
    def classified(self) -> frozenset[str]:
        return frozenset(ask.name for ask in self.asks.values() if ask.classes)

    @cached_property
    def since(self) -> dict[str, tuple[Promise, ...]]:
        """Promises by what starts them."""
        names = {p.since for p in self.promises.values()}
        return {name: tuple(p for p in self.promises.values() if p.since == name) for name in names}

    @cached_property
    def until(self) -> dict[str, frozenset[str]]:
        """Names of promises by what ends them."""
        names = {name for p in self.promises.values() for name in p.until}
        return {name: frozenset(p.name for p in self.promises.values() if name in p.until) for name in names}

    @cached_property
    def moved_by(self) -> frozenset[str]:
        """Answers that may move some limit."""
        limits = [s.within for s in self.every_step.values()] + [p.within for p in self.promises.values()]
        return frozenset(name for limit in limits if limit for name in limit.inputs)

    @property
    def serviced(self) -> bool:
        return self.clock == "service_hours"

    def post_of(self, role: str) -> str:
        """The post behind a role, for whose book a line is meant: of `did`, that of the step; "" for a role found otherwise."""
        person = self.people.get(role)
        if person and person.did and (step := self.every_step.get(person.did)) and step.who != role:
            person = self.people.get(step.who)
        return (person.on_duty or person.post) if person else ""

    def shift_of(self, role: str, branch: str) -> str:
        """Whose shift ends a task of this role: the post, or ``dept:`` and the department whose members do it."""
        person = self.people.get(role)
        if person is None or person.on_duty or person.post:
            return (person.on_duty or person.post) if person else ""
        named = person.member or person.heads
        return f"dept:{branch if named == 'branch' else named}" if named else ""


def role_of(procedure: Procedure, key: str) -> Person | None:
    """How the person of a role is found; None for special names and person refs."""
    return procedure.people.get(key)
