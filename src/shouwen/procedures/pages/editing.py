"""What a manager may change in a procedure without seeing its file: limits, ladders, roles, words, options; each with its path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .. import revising
from ..engine.difference import anchored, condition_said, limit_said, openings_said, titles_said, who_said
from ..engine.procedure import FINDER_TITLES, KIND_TITLES, SPECIAL_TITLES, Ask, Person, Procedure, Rung, Step
from ..engine.spans import Span, parse
from .outlook import Reason, reasons_of

Pairs = list[tuple[str, str]]
UNITS: Final = {
    "minute": "分钟", "hour": "小时", "service minute": "分钟（服务时间）", "service hour": "小时（服务时间）", "day": "天", "workday": "个工作日",
    "week": "周", "month": "个月", "year": "年", "end of day": "当天内", "end of shift": "本班内", "end of month": "本月内", "at once": "立即",
    "promptly": "及时",
}  # fmt: skip
WITHOUT_AMOUNT: Final = ("end of day", "end of shift", "end of month", "at once", "promptly")
AFTER: Final = ("minute", "hour", "service minute", "service hour", "day", "workday", "week")
"""Units of a rung and (the first four kinds) of reminders."""

KEEPS: Final = {
    "": "按小区设置", "6 months": "6 个月", "1 year": "1 年", "2 years": "2 年", "3 years": "3 年", "5 years": "5 年", "10 years": "10 年",
    "permanent": "长期",
}  # fmt: skip
FINDERS: Final = {"on_duty": "当班的", "post": "任职的", "heads": "部门负责人", "member": "部门当班人员"}


@dataclass(frozen=True, slots=True)
class SpanBox:
    """A length of time to set: number and unit; what it counts from is said in `tail`."""

    path: str
    label: str
    value: str
    amount: int
    unit: str
    tail: str
    units: Pairs
    head: str = ""


@dataclass(frozen=True, slots=True)
class TextBox:
    path: str
    label: str
    value: str
    rows: int = 1
    most: int = 200
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """Whom to tell or to hand to: chosen among the roles. `many` is false for one."""

    path: str
    label: str
    chosen: list[str]
    said: str
    choices: Pairs
    many: bool = True


@dataclass(frozen=True, slots=True)
class RungBox:
    path: str
    after: SpanBox
    tell: Names
    hand_to: Names
    rest: str


@dataclass(frozen=True, slots=True)
class LadderBox:
    """The rungs of a step; `path` is "" where it climbs the common ladder, which `said` then names."""

    path: str
    rungs: list[RungBox]
    common: bool = False
    choices: Pairs = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LimitBox:
    spans: list[SpanBox]
    reminds: list[SpanBox]
    ladder: LadderBox
    reasons: list[Reason]
    was: str
    path: str
    back: str = ""
    """What `within` was in the edition that is being changed, as JSON, to be put back; "" when it had none."""


@dataclass(frozen=True, slots=True)
class OptionBox:
    title: TextBox
    drop: str


@dataclass(frozen=True, slots=True)
class AskBox:
    key: str
    title: TextBox
    help: TextBox
    kind: str
    optional: bool
    optional_path: str
    only_if: str
    options: list[OptionBox]
    add: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class StepBox:
    key: str
    path: str
    number: str
    title: TextBox
    who: Names
    do: TextBox
    says: TextBox
    limit: LimitBox
    asks: list[AskBox]
    keeps: tuple[str, str, Pairs]
    changed: bool
    inside: bool
    offered: bool
    reasons: list[Reason]

    @property
    def wid(self) -> str:
        return f"step-{self.key}"


@dataclass(frozen=True, slots=True)
class PersonBox:
    key: str
    title: TextBox
    path: str
    finder: str
    slug: str
    said: str
    changed: bool


@dataclass(frozen=True, slots=True)
class PauseBox:
    title: TextBox
    most: SpanBox
    said: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class PromiseBox:
    key: str
    title: TextBox
    limit: LimitBox
    said: str
    changed: bool

    @property
    def wid(self) -> str:
        return f"promise-{self.key}"


@dataclass(frozen=True, slots=True)
class Editing:
    steps: list[StepBox]
    people: list[PersonBox]
    ladder: LadderBox
    classes: list[tuple[TextBox, TextBox]]
    pauses: list[PauseBox]
    promises: list[PromiseBox]
    urge: SpanBox
    title: TextBox


def editing(text: str, p: Procedure, base: Procedure, base_text: str) -> Editing:
    """The text as boxes to fill in; `base` is the edition that is being changed."""
    return _Boxes(revising.plain(text, ()), p, base, revising.plain(base_text, ())).all()


def joined(*parts: str) -> str:
    """A path as it travels in a page."""
    return "/".join(parts)


class _Boxes:
    def __init__(self, data: Mapping[str, Any], p: Procedure, base: Procedure, before: Mapping[str, Any]) -> None:
        self.data, self.p, self.base, self.before = data, p, base, before

    def all(self) -> Editing:
        p, data = self.p, self.data
        return Editing(
            steps=list(self._steps()),
            people=[self._person(key, person) for key, person in p.people.items()],
            ladder=self._ladder(("late",), p.late, data.get("late")),
            classes=[
                (TextBox(joined("classes", k, "title"), "名称", g.title, most=40), TextBox(joined("classes", k, "means"), "含义", g.means, rows=2))
                for k, g in p.classes.items()
            ],
            pauses=[self._pause(key) for key in p.pauses],
            promises=[self._promise(key) for key in p.promises],
            urge=self._span(("urge",), "两次催单至少相隔", p.urge.text, AFTER[:2]),
            title=TextBox("title", "规程名称", p.title, most=60),
        )

    def _steps(self) -> Iterator[StepBox]:
        number = 0
        last = self.p.path[-1] if self.p.path else ""
        for step in self.p.steps.values():
            number += 0 if step.offered else 1
            label = "" if step.offered else str(number)
            yield self._step(step, ("steps", step.name), label, last)
            for n, sub in enumerate(step.together, 1):
                path = ("steps", step.name, "together", sub)
                yield self._step(self.p.inner[sub], path, f"{label}.{n}" if label else "", last)

    def _step(self, step: Step, path: tuple[str, ...], number: str, last: str) -> StepBox:
        raw = self._raw(path)
        keeps = dict(KEEPS) | ({step.keeps: step.keeps} if step.keeps and step.keeps not in KEEPS else {})
        before = self.base.every_step.get(step.name)
        return StepBox(
            key=step.name, path=joined(*path), number=number, inside=bool(step.inside), offered=bool(step.offered),
            title=TextBox(joined(*path, "title"), "步骤名称", step.title, most=60),
            who=Names(joined(*path, "who"), "谁来办", [raw.get("who", "")], who_said(self.p, (step.who,)), self._roles(), many=False),
            do=TextBox(joined(*path, "do"), "怎样做", step.do, rows=3, most=2000),
            says=TextBox(joined(*path, "says"), "说的话", step.says, rows=2, most=1000, hint="对业主说的话，受理和办理时显示在旁边。"),
            limit=self._limit(path, raw, step, before),
            asks=[self._ask(ask, (*path, "asks", ask.name), raw.get("asks", {}).get(ask.name, {})) for ask in step.asks.values()],
            keeps=(joined(*path, "keeps"), step.keeps, list(keeps.items())) if step.keeps or step.name == last else ("", "", []),
            changed=before != step, reasons=reasons_of(*step.basis),
        )  # fmt: skip

    def _limit(self, path: tuple[str, ...], raw: Mapping[str, Any], step: Step, before: Step | None) -> LimitBox:
        was = limit_said(self.base, before.within) if before and before.within and before.within != step.within else ""
        own = raw.get("late")
        ladder = self._ladder((*path, "late"), step.late, own, step)
        if own is None and "within" in raw and self.p.late:
            ladder = LadderBox("", ladder.rungs, common=True, choices=ladder.choices)
        return LimitBox(
            list(self._spans((*path, "within"), raw.get("within"), step.within.by if step.within else "")),
            list(self._reminds(path, raw.get("remind"))) if "within" in raw else [],
            ladder, reasons_of(*(step.within_basis or step.basis)), was, joined(*path), self._back(path),
        )  # fmt: skip

    def _spans(self, path: tuple[str, ...], value: Any, by: str) -> Iterator[SpanBox]:
        """Every span of a limit with its path: one, a list, or by case."""
        if isinstance(value, str):
            yield self._span(path, "时限", value)
        elif isinstance(value, list):
            for i, each in enumerate(value):
                yield self._span((*path, str(i)), "时限" if i == 0 else "或（取早的）", each)
        elif isinstance(value, Mapping):
            ask = self.p.asks.get(by)
            titles = {k: g.title for k, g in self.p.classes.items()} if by == "class" and self.p.classes else ask.pick if ask else {}
            titles = titles or {"yes": "是", "no": "否"}
            for case, each in value.items():
                if case == "by":
                    continue
                for box in self._spans((*path, case), each, by):
                    yield SpanBox(box.path, box.label, box.value, box.amount, box.unit, box.tail, box.units, head=titles.get(case, case))

    def _reminds(self, path: tuple[str, ...], value: Any) -> Iterator[SpanBox]:
        for i, each in enumerate([value] if isinstance(value, str) else value or []):
            at = (*path, "remind") if isinstance(value, str) else (*path, "remind", str(i))
            yield self._span(at, "到时前提醒", each, ("minute", "hour", "day", "week"))

    def _span(self, path: tuple[str, ...], label: str, value: str, units: Iterable[str] = UNITS) -> SpanBox:
        span = parse(value)
        tail = ""
        if span.anchor:
            tail = f"从「{anchored(self.p, span.anchor)}」往{'前' if span.before else '后'}算"
        return SpanBox(joined(*path), label, span.text, span.amount, span.unit, tail, [(u, UNITS[u]) for u in units])

    def _ladder(self, path: tuple[str, ...], rungs: tuple[Rung, ...], raw: Any, step: Step | None = None) -> LadderBox:
        roles = self._roles(step)
        found = []
        for key, given in raw.items() if isinstance(raw, Mapping) else ():
            rung = next((r for r in rungs if r.after.text == " ".join(key.split()) and not r.ahead), None)
            if rung is None:
                continue
            here = (*path, key)
            told = given.get("tell", [])
            told = [told] if isinstance(told, str) else list(told)
            hand = given.get("hand_to", "")
            rest = [
                f"可办{titles_said(self.p, rung.offer)}" if rung.offer else "", f"须办{titles_said(self.p, rung.must)}" if rung.must else "",
                f"开{openings_said(self.p, rung.open)}" if rung.open else "", f"记「{rung.log}」" if rung.log else "",
            ]  # fmt: skip
            people = [r for r in roles if r[0] in self.p.people or r[0] == "lead"]
            found.append(RungBox(
                joined(*here), self._span(here, "超时", key, AFTER),
                Names(joined(*here, "tell"), "告知", told, who_said(self.p, told) or "不告知", roles),
                Names(joined(*here, "hand_to"), "转给", [hand] if hand else [], who_said(self.p, (hand,)) or "不转", [("", "不转"), *people], many=False),
                "，".join(r for r in rest if r),
            ))  # fmt: skip
        return LadderBox(joined(*path), found, choices=roles)

    def _roles(self, step: Step | None = None) -> Pairs:
        special = {k: v for k, v in SPECIAL_TITLES.items() if k != "lead" or (step and step.lead)}
        return list(special.items()) + [(k, person.title) for k, person in self.p.people.items()]

    def _ask(self, ask: Ask, path: tuple[str, ...], raw: Mapping[str, Any]) -> AskBox:
        own = isinstance(raw.get("pick"), Mapping)
        options = [
            OptionBox(TextBox(joined(*path, "pick", key), "", title, most=60), joined(*path, "pick", key)) for key, title in ask.pick.items()
        ] if own else []  # fmt: skip
        return AskBox(
            ask.name, TextBox(joined(*path, "title"), "栏目", ask.title, most=60),
            TextBox(joined(*path, "help"), "填写说明", ask.help, most=200), KIND_TITLES[ask.kind] + ("，可多选" if ask.many else ""),
            ask.optional, joined(*path, "optional"), f"仅当{condition_said(self.p, ask.only_if)}" if ask.only_if else "",
            options, joined(*path, "pick") if own else "", reasons_of(*ask.basis),
        )  # fmt: skip

    def _person(self, key: str, person: Person) -> PersonBox:
        how = next((f for f in FINDERS if getattr(person, f)), "")
        other = next((f"{FINDER_TITLES[f]}" for f in FINDER_TITLES if f not in FINDERS and getattr(person, f)), "")
        said = ""
        if not how:
            ref = person.answer or person.did
            said = {"所选人员": f"填单时在「{anchored(self.p, ref)}」里选的人", "办理过的人": f"办「{titles_said(self.p, (ref,))}」的人"}.get(other, other)
        return PersonBox(
            key, TextBox(joined("people", key, "title"), "称呼", person.title, most=40), joined("people", key), how,
            str(getattr(person, how)) if how else "", said, self.base.people.get(key) != person,
        )  # fmt: skip

    def _pause(self, key: str) -> PauseBox:
        pause = self.p.pauses[key]
        said = [f"由{who_said(self.p, pause.who)}提出" if pause.who else "", f"须{who_said(self.p, (pause.approval,))}批准" if pause.approval else ""]
        return PauseBox(
            TextBox(joined("pauses", key, "title"), "原因", pause.title, most=40),
            self._span(("pauses", key, "at_most"), "最长", pause.at_most.text, ("minute", "hour", "day", "workday", "week", "month")),
            "，".join(s for s in said if s), reasons_of(*pause.basis),
        )  # fmt: skip

    def _promise(self, key: str) -> PromiseBox:
        promise, before = self.p.promises[key], self.base.promises.get(key)
        path, raw = ("promises", key), self._raw(("promises", key))
        was = limit_said(self.base, before.within) if before and before.within != promise.within else ""
        limit = LimitBox(
            list(self._spans((*path, "within"), raw.get("within"), promise.within.by)), list(self._reminds(path, raw.get("remind"))),
            self._ladder((*path, "late"), promise.ladder, raw.get("late")), reasons_of(*promise.basis), was, joined(*path), self._back(path),
        )  # fmt: skip
        said = f"从「{titles_said(self.p, (promise.since,))}」起，到「{'」或「'.join(titles_said(self.p, (u,)) for u in promise.until)}」止"
        return PromiseBox(key, TextBox(joined(*path, "title"), "承诺", promise.title, most=60), limit, said, before != promise)

    def _back(self, path: tuple[str, ...]) -> str:
        before = self._raw(path, self.before).get("within")
        return json.dumps(before, ensure_ascii=False) if before else ""

    def _raw(self, path: tuple[str, ...], data: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        found: Any = self.data if data is None else data
        for part in path:
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        return found if isinstance(found, Mapping) else {}


def span_of(amount: str, unit: str, was: str) -> str:
    """A span as the file writes it, counted from where the old one was. ValueError in Chinese when it is none."""
    old = parse(was) if was else Span("minute")
    if unit not in UNITS:
        raise ValueError("请选择时间单位。")
    if unit in WITHOUT_AMOUNT:
        said = unit + (f" of {old.post}" if unit == "end of shift" and old.post else "")
    else:
        digits = amount.strip()
        if not (digits.isascii() and digits.isdigit() and int(digits[:7]) <= 100_000):
            raise ValueError("时间要写整数，如 20。")
        said = f"{int(digits)} {unit}{'' if int(digits) == 1 else 's'}"
    if old.anchor and not (old.before and unit in WITHOUT_AMOUNT):
        said += f" {'before' if old.before else 'from'} {old.anchor}"
    return parse(said).text
