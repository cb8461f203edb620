"""`read(text)`: a procedure file becomes a Procedure, or is refused with every fault and its line."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec
import yaml

from . import sections
from .faults import faults_in
from .nodes import Reader, compose
from .procedure import Limit, Procedure, Promise, Rung, Step
from .refusals import Faulty
from .schedule import checked
from .spans import Span

FILE = (
    "procedure", "title", "edition", "number", "record", "basis", "clock", "opened_by", "every", "people", "classes", "late",
    "pauses", "promises", "urge", "reopen", "steps",
)  # fmt: skip
LONGEST_NAME = 40
SHAPES = {
    "procedure": (re.compile(r"[a-z][a-z0-9_]{0,39}"), "应是小写字母、数字和下划线，最多 40 个，如 complaint"),
    "edition": (re.compile(r"\d{4}-\d{2}(?:[-.]?[0-9a-z]{1,10})?"), "应写作年月，如 2026-11，同月再改写 2026-11.2"),
    "title": (re.compile(r".{1,60}"), "最多 60 个字"),
    "number": (re.compile(r"[A-Z]{1,8}"), "应是几个大写字母，如 TS"),
}


def read(text: str) -> Procedure:
    """Read and check one procedure file; raises Faulty."""
    root = compose(text)
    r = Reader()
    f = r.fields(root, (), "规程", FILE, ["procedure", "title", "edition", "people", "steps"])
    heads = {k: r.text(f.get(k), k) for k in ("procedure", "title", "edition", "number", "record")}
    for key, (shape, help) in SHAPES.items():
        if heads[key] and not shape.fullmatch(heads[key]):
            r.fault(f[key], f"{key}「{heads[key]}」{help}")
    every = r.words(f.get("every"), "every")
    for rule in every:
        try:
            checked(rule)
        except ValueError as e:
            r.fault(f["every"], str(e))
    classes = {k: sections.grade(r, v, ("classes", k)) for k, v in _entries(r, f, "classes", "classes ")}
    people = {k: sections.person(r, v, ("people", k)) for k, v in _entries(r, f, "people", "people ")}
    steps, inner = sections.steps(r, f.get("steps"), ("steps",), classes)
    clock = r.choice(f.get("clock"), "clock", ("round_the_clock", "service_hours"), "round_the_clock")
    rough = Procedure(
        **heads,
        basis=r.words(f.get("basis"), "basis"),
        clock="service_hours" if clock == "service_hours" else "round_the_clock",
        opened_by=r.words(f.get("opened_by"), "opened_by"),
        every=every,
        people=people,
        classes=classes,
        late=sections.ladder(r, f.get("late"), ("late",)),
        pauses={k: sections.pausing(r, v, ("pauses", k)) for k, v in _entries(r, f, "pauses", "pauses ")},
        promises={k: sections.promise(r, v, ("promises", k)) for k, v in _entries(r, f, "promises", "promises ")},
        urge=r.span(f.get("urge"), "urge") or Span("minute", 10, text="10 minutes"),
        reopen=sections.reopening(r, f.get("reopen"), ("reopen",)),
        steps=steps,
        inner=inner,
    )
    procedure = _joined(rough)
    met = {line for line, _ in r.faults}
    faults = [(r.line_of(path), text) for path, text in faults_in(procedure)]
    # a thing that could not be read makes others look wrong; on its own line the first word is enough
    if found := sorted({*r.faults, *((line, text) for line, text in faults if line not in met)}):
        raise Faulty(found)
    return procedure


def _entries(r: Reader, f: dict[str, yaml.Node], key: str, what: str) -> list[tuple[str, yaml.Node]]:
    found = r.entries(f[key], (key,), what) if key in f else []
    for name, _ in found:
        if len(name) > LONGEST_NAME:
            r.faults.append((r.lines[key, name], f"{what}的名称「{name}」超过 {LONGEST_NAME} 个字符"))
    return found


@dataclass
class _Join:
    """Resolves what one part of the file says about another."""

    p: Procedure

    def step(self, name: str) -> str:
        """`group.sub` and `sub` are the same sub-step."""
        head, _, tail = name.partition(".")
        sub = self.p.inner.get(tail)
        return tail if sub is not None and sub.inside == head else name

    def limit(self, limit: Limit) -> Limit:
        cases = {k: tuple(msgspec.structs.replace(s, anchor=self.step(s.anchor)) for s in v) for k, v in limit.cases.items()}
        anchors = {s.anchor for v in cases.values() for s in v} & self.p.asks.keys()
        return Limit(cases, limit.by, frozenset(anchors | ({limit.by} if limit.by else set())))

    def ladder(self, remind: tuple[Span, ...], late: tuple[Rung, ...], lead: str) -> tuple[Rung, ...]:
        """Reminders first; the common ladder's `lead` is dropped where a step has none."""
        late = tuple(msgspec.structs.replace(r, tell=tuple(t for t in r.tell if t != "lead" or lead)) for r in late)
        return (*(Rung(span, ahead=True, tell=("holder",)) for span in remind), *late)

    def of_step(self, step: Step) -> Step:
        group = self.p.steps.get(step.inside) if step.inside else None
        within, late, remind = step.within, step.late or self.p.late, step.remind
        if group and group.within and not within:  # what the group says holds for each of its sub-steps that says nothing
            within, late, remind = group.within, step.late or group.late or self.p.late, step.remind or group.remind
        return msgspec.structs.replace(
            step,
            who=step.who or (group.who if group else ""),
            within=self.limit(within) if within else None,
            ladder=self.ladder(remind, late, step.lead) if within else (),
            not_by=tuple(self.step(name) for name in step.not_by),
        )

    def of_promise(self, promise: Promise) -> Promise:
        return msgspec.structs.replace(
            promise,
            since=self.step(promise.since),
            until=tuple(self.step(name) for name in promise.until),
            within=self.limit(promise.within),
            ladder=self.ladder(promise.remind, promise.ladder, ""),
        )


def _joined(p: Procedure) -> Procedure:
    join = _Join(p)
    people = {k: msgspec.structs.replace(person, did=join.step(person.did)) if person.did else person for k, person in p.people.items()}
    return msgspec.structs.replace(
        p,
        people=people,
        steps={k: join.of_step(s) for k, s in p.steps.items()},
        inner={k: join.of_step(s) for k, s in p.inner.items()},
        promises={k: join.of_promise(v) for k, v in p.promises.items()},
    )
