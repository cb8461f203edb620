"""What the sheet of a hand-over shows: its lines in sections, its steps, what is missing and who may do what."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Value, When
from django.http import QueryDict

from shouwen.kernel import sealing
from shouwen.kernel.access import Actor
from shouwen.kernel.words import number_in

from .. import handover as rule
from .. import queries
from ..directory import Directory
from ..models import Handover, HandoverLine, LogLine

State = Handover.State
LOG_LINES = 200
"""Lines of the shift's book that stand on the sheet; more are read in the book itself."""

_TEXTS = ("note", "cause", "course", "explanation")
_COUNTS = ("given", "received")
_TICKS = {"told": "told_at", "understood": "understood_at"}

_FIELDS = {
    "prep": ("note",), "tidy": ("told", "understood"), "work": ("note", "told", "understood", "weight"),
    "matter": ("cause", "course", "note", "told", "understood", "weight"), "order": ("note", "told", "understood"),
    "paper": ("note", "told", "understood"), "question": ("note",), "article": ("given", "received", "explanation"),
    "mail": ("given", "received", "explanation"), "key": ("given", "received", "explanation"), "device": ("told", "understood", "answer", "explanation"),
    "area": ("told", "understood", "answer", "explanation"), "place": ("told", "understood", "answer", "explanation"),
}  # fmt: skip
"""What people write into a line of each kind."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line with what is missing on it, where it leads, and what its fields held when shown (`was`, JSON)."""

    line: HandoverLine
    missing: list[rule.Bar]
    url: str
    was: str
    heavy: bool
    differs: str
    asks: str
    """The title of the line that a question is about."""

    answers: dict[str, str]
    """What can be found at a line that is checked: value → words."""


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    title: str
    lines: list[Shown]


@dataclass(frozen=True, slots=True)
class Section:
    slug: str
    title: str
    groups: list[Group]
    missing: int
    count: int


@dataclass(frozen=True, slots=True)
class Step:
    """One of the steps at the top. `state`: done, late, now, todo."""

    title: str
    due: datetime | None
    done: datetime | None
    state: str
    note: str = ""


def held(line: HandoverLine) -> dict[str, Any]:
    """What the fields of a line hold, as a form sends them."""
    values: dict[str, Any] = {}
    for name in _FIELDS[line.kind]:
        if name in _TICKS:
            values[name] = getattr(line, _TICKS[name]) is not None
        else:
            value = getattr(line, name)
            values[name] = "" if value is None else str(value)
    return values


def changes(given: QueryDict) -> dict[int, dict[str, Any]]:
    """Line → what was changed on it. What somebody else has changed meanwhile stays, unless it was changed here too."""
    found: dict[int, dict[str, Any]] = {}
    for key in given:
        pk = key.removeprefix("was-")
        if pk == key or number_in(pk) is None:
            continue
        try:
            was = json.loads(given[key])
        except ValueError:
            continue
        if not isinstance(was, dict):
            continue
        changed = {}
        for name, old in was.items():
            if not isinstance(name, str) or name not in {*_TEXTS, *_COUNTS, *_TICKS, "answer", "weight"}:
                continue
            new: Any = f"{name}-{pk}" in given if name in _TICKS else given.get(f"{name}-{pk}", old if name == "weight" else "")
            if name not in _TICKS:
                new = new.replace("\r\n", "\n").strip()
            if new != old:
                changed[name] = new
        if changed:
            found[int(pk)] = changed
    return found


def whole(actor: Actor, row: Handover, at: datetime) -> dict[str, Any]:
    """Everything the page of a hand-over shows."""
    here = queries.current_directory(row.community_id)
    running = row.state in Handover.OPEN
    order = [kind for _, _, kinds in rule.SECTIONS for kind in kinds]
    lines = sorted(row.lines.all(), key=lambda line: (order.index(line.kind), line.position, line.pk))
    items = queries.items_of(row, at, here) if running else []
    bars = queries.bars_of(row, lines, at, items) if running else []
    log = _log(row, running, at)
    side = "giver" if actor.id == row.giver_id else "receiver" if actor.id == row.receiver_id else ""
    writable = bool(side) and row.state in (State.PREPARING, State.EXPLAINING)
    decides = running and queries.decides(actor, row, at, here)
    return {
        "row": row, "at": at, "side": side, "writable": writable, "running": running, "decides": decides,
        "sections": sections(lines, bars, {item.about: item.url for item in items}), "bars": bars, "by_side": _by_side(bars),
        "steps": steps(row, lines, at), "log": log, "upto": max((line.pk for line in log), default=0), "log_more": len(log) == LOG_LINES,
        "post_title": here.posts[row.post].title if row.post in here.posts else row.post,
        "to_title": here.posts[row.to_post].title if row.to_post in here.posts else row.to_post,
        "open_work": rule.needs_reason(lines), "late": at >= row.due_at + rule.PUNCTUAL, "weights": rule.WEIGHTS,
        "signed": {mark.side: mark for mark in row.signatures.all() if mark.round == row.round},
        "void": [mark for mark in row.signatures.all() if mark.round != row.round],
        "stand_ins": _stand_ins(row, here, at) if decides else [], "lines": lines, "book": row.post != row.to_post, "muster": queries.leader_of(row.community_id, row.post, row.due_at) if row.post == row.to_post else None, "warned": queries.warned(row) if row.post != row.to_post else [],
    }  # fmt: skip


def _log(row: Handover, running: bool, at: datetime) -> list[LogLine]:
    """The book of the shift as it stands on the sheet. Of a shift with more lines than fit, what the receiver has not read yet comes
    first, so that it can be read to its end part by part. One statement."""
    lines = queries.shift_lines(row).filter(event_at__lte=row.finished_at or at)
    if not running:
        return list(lines[:LOG_LINES])
    read = Case(When(pk__gt=row.read_upto, then=Value(0)), default=Value(1))
    return sorted(lines.order_by(read, "pk")[:LOG_LINES], key=lambda line: (line.event_at, line.pk))


def _stand_ins(row: Handover, here: Directory, at: datetime) -> list[tuple[int, str]]:
    """(user id, name) of those who could relieve: holders of the post first, then everybody else here."""
    own = set(here.held_by(row.to_post, at))
    people = sorted((user not in own, here.name(user), user) for user in here.active if user not in (row.giver_id, row.receiver_id))
    return [(user, name if other else f"{name}（本岗位）") for other, name, user in people]


def _by_side(bars: list[rule.Bar]) -> list[tuple[str, list[rule.Bar]]]:
    titles = (("superior", "须上级处理"), ("giver", "交班人"), ("receiver", "接班人"))
    return [(title, own) for side, title in titles if (own := [bar for bar in bars if bar.side == side])]


def sections(lines: list[HandoverLine], bars: list[rule.Bar], urls: dict[str, str]) -> list[Section]:
    """The lines by section and kind; sections without lines are left out."""
    missing: dict[int, list[rule.Bar]] = {}
    for bar in bars:
        missing.setdefault(bar.line, []).append(bar)
    shown = [
        Shown(line, missing.get(line.pk, []), urls.get(line.about, ""), json.dumps(held(line), ensure_ascii=False), rule.heavy(line),
              rule.difference(line) if line.kind in rule.COUNTED and rule.differs(line) else "", "",
              rule.ANSWERS.get(line.kind, {}))
        for line in lines
    ]  # fmt: skip
    found = []
    for slug, title, kinds in rule.SECTIONS:
        groups = [Group(kind, rule.KINDS[kind], own) for kind in kinds if (own := [each for each in shown if each.line.kind == kind])]
        if groups:
            mine = [each for group in groups for each in group.lines]
            found.append(Section(slug, title, groups, sum(bool(each.missing) for each in mine), len(mine)))
    return found


def steps(row: Handover, lines: list[HandoverLine], at: datetime) -> list[Step]:
    """The way from tidying to the second signature, with what was late."""
    tidy = [line for line in lines if line.kind == "tidy"]
    tidied = max((line.told_at for line in tidy), default=None) if tidy and all(line.told_at for line in tidy) else None
    own = {mark.side: mark.at for mark in row.signatures.all() if mark.round == row.round}
    found: list[Step] = []

    def step(title: str, done: datetime | None, due: datetime | None = None, grace: Any = rule.PUNCTUAL) -> None:
        late = due is not None and ((done or at) >= due + grace)
        state = ("late" if late else "done") if done else "over" if late and row.state in Handover.OPEN else "todo"
        found.append(Step(title, due, done, state))

    if tidy:
        step("整理台面", tidied, row.due_at - rule.TIDY_BEFORE)
    step("接班人到场", row.arrived_at, row.due_at - rule.ARRIVE_BEFORE if row.post == row.to_post else row.due_at)
    step("阅读日志", row.read_at)
    step("交班人签字", own.get("giver"))
    step("接班人签字", own.get("receiver"), row.due_at)
    for n, each in enumerate(found):
        if not each.done and row.state in Handover.OPEN:
            found[n] = Step(each.title, each.due, None, "over" if each.state == "over" else "now")
            break
    return found


def printed(actor: Actor, row: Handover, at: datetime) -> dict[str, Any]:
    """Everything the paper shows, among it the seal under which it can be checked later."""
    found = whole(actor, row, at)
    size, head = (row.seal_size, row.seal_head) if row.seal_size is not None else sealing.head()
    return found | {"seal_size": size, "seal_head": " ".join(head[n : n + 4] for n in range(0, 16, 4)), "kinds": rule.KINDS,
                    "digest": next((mark.digest[:16] for mark in row.signatures.all() if mark.round == row.round), "")}  # fmt: skip
