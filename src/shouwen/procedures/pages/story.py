"""The timeline of a ticket as a story, day by day: what happened, how long it took, which limits ran out, who was told, what was
corrected, what was printed, which files came in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from shouwen.kernel.access import Actor
from shouwen.notices import queries as notices
from shouwen.papers import queries as papers

from ..calendars import local
from ..deciding import finder_for
from ..editions import procedure_of
from ..effects import WHYS, said, spoken
from ..engine import Procedure, Task, fill
from ..recipients import Finder
from ..store import Row
from . import reading
from .outlook import PARTIES
from .reading import File, Happened

SHOWN = 20
"""Events on the page; the earlier ones come when asked for."""

LOOKED = 120
"""Events looked through for one page of a filtered story."""

MOST_TOLD = 400
EVERY = 1_000_000
TONES = {
    "filed": "info", "finished": "success", "ticked": "warning", "urged": "warning", "paused": "warning", "withdrawn": "warning",
    "reopened": "warning", "amended": "info", "handed": "info", "evidenced": "success",
}  # fmt: skip
ICONS = {
    "filed": "ticket", "finished": "check", "ticked": "alarm", "urged": "speakerphone", "paused": "player-pause", "approved": "gavel",
    "resumed": "player-play", "withdrawn": "ban", "reopened": "rotate", "amended": "edit", "handed": "transfer", "taken": "hand-click",
    "noted": "note", "started": "player-play", "linked": "link", "evidenced": "signature", "childclosed": "link",
}  # fmt: skip
SHOWS = {"": "全部", "talk": "与客户的沟通", "limits": "时限与升级"}
LIMITS = ("ticked", "paused", "approved", "resumed", "urged")
WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class Told:
    """People told one thing at one moment; `party` when somebody outside the company is among them."""

    why: str
    about: str
    names: list[str] = field(default_factory=list)
    late: bool = False
    party: bool = False

    @property
    def said(self) -> str:
        return f"{self.why}{f'「{self.about}」' if self.about else ''}：{'、'.join(self.names)}"


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `who` did it (`text` goes on from there); `changes` are corrections: (title, before, after)."""

    at: datetime
    kind: str
    icon: str
    tone: str
    who: str
    text: str
    took: str = ""
    late_by: str = ""
    received: datetime | None = None
    told: list[Told] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    @property
    def clock(self) -> str:
        return f"{local(self.at):%H:%M}"

    @property
    def exact(self) -> str:
        return f"{local(self.at):%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Day:
    title: str
    moments: list[Moment]


@dataclass(frozen=True, slots=True)
class Story:
    """The latest events in order of time; `earlier` is the number before which there are more."""

    days: list[Day]
    earlier: int | None
    show: str


def story(
    actor: Actor, row: Row, at: datetime, *, before: int | None = None, show: str = "", files: Iterable[File] = (), most: int = SHOWN,
) -> Story:  # fmt: skip
    """Three statements whatever the length of the history; one more where something on the page was corrected."""
    rules = procedure_of(row.edition_id)
    wanted = LOOKED if show else most
    found = reading.events(row, wanted + 1, before, (*LIMITS, "finished") if show == "limits" else ())
    kept = found[:wanted]
    told = _told(actor, row, rules, kept)
    finder = finder_for(row, rules, at)
    tasks = {task.id: task for task in row.state.tasks}
    moments = [_moment(finder, tasks, event, told.get(event.seq, [])) for event in kept]
    if show:
        pairs = [(e, m) for e, m in zip(kept, moments, strict=True) if _shown(rules, e, m, show)][:most]
        more = len(pairs) == most or len(found) > len(kept)
        kept, moments = [e for e, _ in pairs], [m for _, m in pairs]
    else:
        more = len(found) > len(kept)
    _corrected(row, finder, kept, moments)
    moments = [m for m in reversed(moments) if m.kind != "ticked" or m.told]
    start = kept[-1].at if more and kept else None
    if not show:
        end = kept[0].at if before is not None and kept else None
        moments += [m for m in _besides(actor, row, files) if (start is None or m.at >= start) and (end is None or m.at <= end)]
    moments.sort(key=lambda m: m.at)
    return Story(_days(moments, local(at).date()), kept[-1].seq if more and kept else None, show)


def _days(moments: list[Moment], today: date) -> list[Day]:
    days: dict[date, list[Moment]] = {}
    for moment in moments:
        days.setdefault(local(moment.at).date(), []).append(moment)
    return [Day(_day(day, today), found) for day, found in days.items()]


def _day(day: date, today: date) -> str:
    near = {0: "今天 ", 1: "昨天 ", 2: "前天 "}.get((today - day).days, "")
    return f"{near}{'' if day.year == today.year else f'{day.year} 年 '}{day.month} 月 {day.day} 日 周{WEEKDAYS[day.weekday()]}"


class _OfTask(msgspec.Struct):
    """What is needed of an event; the rest is not even decoded."""

    task: int = 0


_of_task = msgspec.json.Decoder(_OfTask).decode


def _moment(finder: Finder, tasks: Mapping[int, Task], event: Happened, told: list[Told]) -> Moment:
    took = late_by = ""
    if event.kind == "finished":
        task = tasks.get(_of_task(event.payload).task)
        if task is not None:
            took = spoken(event.at - task.opened)
            clock = finder.ticket.clock_of(task.id)
            late_by = spoken(event.at - clock.due) if clock and clock.verdict == "breached" and event.at > clock.due else ""
    ticked = event.kind == "ticked"
    late = ticked and any(one.late for one in told)
    text = ("时限已到，没有办结" if late else "时限将到") if ticked else event.text
    who, rest = ("", text) if ticked or not text.startswith(f"{event.by_name} ") else (event.by_name, text[len(event.by_name) + 1:])
    tone = "danger" if late else "warning" if late_by else TONES.get(event.kind, "neutral")
    return Moment(event.at, event.kind, "alert-triangle" if late else ICONS.get(event.kind, "point"), tone, who, rest, took, late_by,
                  event.received_at, told)


def _shown(rules: Procedure, event: Happened, moment: Moment, show: str) -> bool:
    if show == "limits":
        return event.kind in LIMITS or bool(moment.late_by)
    if any(one.party for one in moment.told) or event.kind in ("filed", "noted", "urged", "reopened", "withdrawn"):
        return True
    if event.kind != "finished":
        return False
    title = moment.text.partition("「")[2].partition("」")[0]
    return any(step.title == title and (step.says or rules.people[step.who].party) for step in rules.every_step.values() if step.who in rules.people)


def _corrected(row: Row, finder: Finder, events: list[Happened], moments: list[Moment]) -> None:
    """Beside each correction what stood there before: from the answers of the events before it."""
    amended = [(e, m) for e, m in zip(events, moments, strict=True) if e.kind == "amended"]
    if not amended:
        return
    given: list[tuple[int, dict[str, Any]]] = [
        (one.seq, msgspec.json.decode(one.payload).get("answers") or {})
        for one in reversed(reading.events(row, EVERY, amended[0][0].seq + 1, ("filed", "finished", "amended")))
    ]
    for event, moment in amended:
        changed = next((answers for seq, answers in given if seq == event.seq), {})
        for name, value in changed.items():
            if (ask := finder.procedure.asks.get(name)) is not None:
                before = next((answers[name] for seq, answers in reversed(given) if seq < event.seq and name in answers), "")
                moment.changes.append((ask.title, _said(finder, name, before) or "（空）", _said(finder, name, value) or "（空）"))


def _said(finder: Finder, name: str, value: Any) -> str:
    return fill(finder.procedure, f"{{{name}}}", {name: value}, label=lambda kind, one: said(finder, kind, one)) if value else ""


def _besides(actor: Actor, row: Row, files: Iterable[File]) -> list[Moment]:
    """Papers asked for and files handed in; files of one person in one minute are one line."""
    found = [
        Moment(one.asked_at, "printed", "printer", "neutral", one.asked_by, f"打印《{one.form}》" if one.printed else f"待打印《{one.form}》")
        for one in papers.asked(actor, f"ticket:{row.id}", row.community_id, 50)
    ]
    groups: dict[tuple[str, datetime], list[File]] = defaultdict(list)
    for file in files:
        groups[(file.by_name, file.at.replace(second=0, microsecond=0))].append(file)
    for (who, _), given in groups.items():
        found.append(Moment(given[0].at, "attached", "paperclip", "neutral", who, f"上传附件 {len(given)} 份", files=given))
    return found


def _told(actor: Actor, row: Row, rules: Procedure, events: list[Happened]) -> Mapping[int, list[Told]]:
    """Event number → what was told; the key of a notice names the event that it followed from (effects._news)."""
    found: dict[int, dict[tuple[str, str], Told]] = defaultdict(dict)
    if events:
        about = f"ticket:{row.id}"
        abouts = [about, *(f"{about}/{name}"[:80] for name in rules.every_step)]
        for one in notices.told(actor, abouts, row.community_id, events[-1].at, events[0].at, MOST_TOLD):
            seq = one.key.split(".")[1:2]
            if not seq or not seq[0].isdigit():
                continue
            step = rules.every_step.get(one.about.partition("/")[2])
            title = step.title if step else ""
            said_ = found[int(seq[0])].setdefault((one.why, title), Told(
                WHYS.get(one.why, "知会"), title, [], one.why == "late", not one.name))  # fmt: skip
            name = one.name or PARTIES.get(one.party, "外部人员")
            if name not in said_.names:
                said_.names.append(name)
    return {seq: list(group.values()) for seq, group in found.items()}
