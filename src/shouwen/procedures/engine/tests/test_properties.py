"""Whatever people do, in whatever order: the same ticket after replay, no rung twice or skipped, only Refused, always a way to the end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwen.procedures.engine import (
    TZ,
    Amended,
    Approved,
    Calendar,
    ChildClosed,
    Effect,
    Event,
    Filed,
    Finished,
    Handed,
    Linked,
    Noted,
    Paused,
    Procedure,
    Refused,
    Reopened,
    Resumed,
    Started,
    Taken,
    Tell,
    Ticked,
    Ticket,
    Urged,
    Withdrawn,
    decide,
    read,
)  # fmt: skip
from shouwen.procedures.engine.procedure import Ask
from shouwen.procedures.engine.tests.play import CALENDAR, COMPLAINT, NINE

EVERYTHING = (Path(__file__).parent / "everything.yaml").read_text("utf-8")
PROCEDURES = (read(COMPLAINT), read(EVERYTHING))
YEARS = msgspec.structs.replace(CALENDAR, confirmed=frozenset({2026, 2027}))
MANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PEOPLE = ("1", "2", "3")


def answer(ask: Ask, n: int) -> Any:
    match ask.kind:
        case "pick":
            one = list(ask.pick)[n % len(ask.pick)]
        case "yes_no":
            one = ("no", "yes")[n % 2]
        case "datetime":
            one = f"2026-11-{23 + n % 5} 1{n % 10}:00"
        case "date":
            one = f"2026-11-{23 + n % 5}"
        case "time":
            one = f"1{n % 10}:00"
        case "number" | "money" | "minutes" | "rating":
            one = ask.min or ask.max or str(n % 5 + 1)
        case "phone":
            one = "13800000001"
        case "checklist":
            return dict.fromkeys(ask.items, "no")
        case "readings":
            return dict.fromkeys(ask.items or ("甲",), ask.min or "1")
        case "department" | "staff":
            one = str(n % 3)
        case "priced":
            return [f"SD-{n % 9} × {n % 3 + 1}"]
        case _:
            one = "文字" * (int(ask.min or 1) if not ask.many else 1)
    if not ask.many:
        return one
    return list(dict.fromkeys([one, *(ask.pick or ("x", "y", "z"))]))[: max(1 + n % 3, int(ask.min or 1))][: int(ask.max or 9)]


def proof(p: Procedure, step: str) -> dict[str, str]:
    return dict.fromkeys(p.every_step[step].needs, "p")


def form(p: Procedure, step: str, n: int) -> dict[str, Any]:
    return {k: answer(a, n + i) for i, (k, a) in enumerate(p.every_step[step].asks.items()) if not (a.optional and n % 4 == 0)}


@dataclass
class Run:
    p: Procedure
    ticket: Ticket
    events: list[Event]
    effects: list[Effect]

    def do(self, event: Event) -> bool:
        try:
            self.ticket, effects = decide(self.p, self.ticket, event, YEARS)
        except Refused as e:
            assert any("一" <= c <= "鿿" for c in str(e)), str(e)
            return False
        self.events.append(event)
        self.effects += effects
        return True


MOVES = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 40), st.integers(0, 900)), max_size=40)


def event_of(run: Run, kind: int, n: int, at: datetime) -> Event:
    """Mostly what fits; sometimes what does not."""
    p, t, by = run.p, run.ticket, PEOPLE[n % 3]
    working = t.open_tasks or t.tasks
    task = working[n % len(working)] if working else None
    number, step = (task.id, task.step) if task else (n, p.first)
    answers = form(p, step, n) if not (task and task.lead) else {}
    match kind:
        case 8:
            return Taken(at=at, by=by, task=number)
        case 9:
            return Handed(at=at, by=by, task=number if n % 4 else 0, to=PEOPLE[(n + 1) % 3], reason="忙")
        case 10:
            return Noted(at=at, by=by, text="记" if n else "\x00")
        case 11:
            return Urged(at=at, by=by)
        case 12:
            names = list(p.asks)
            name = names[n % len(names)]
            return Amended(at=at, by=by, answers={name: answer(p.asks[name], n)}, reason="改")
        case 13:
            reasons = [*p.pauses, "nothing"]
            return Paused(at=at, by=by, reason=reasons[n % len(reasons)], until=at + timedelta(minutes=n * 10) if n % 2 else None)
        case 14:
            return Approved(at=at, by=by, ok=bool(n % 5)) if n % 2 else Resumed(at=at, by=by)
        case 15:
            offered = [s.name for s in p.steps.values() if s.offered] or ["nowhere"]
            return Started(at=at, by=by, step=offered[n % len(offered)])
        case 16:
            return ChildClosed(at=at, by="", child=str(n % 4 + 1))
        case 17:
            return Reopened(at=at, by=by, reason="因") if n % 2 else Linked(at=at, by=by, other=str(n % 3), kind="same")
        case 18:
            return Withdrawn(at=at, by=by, reason="不用") if n > 35 else Ticked(at=at)
        case 19:
            return Ticked(at=at)
    return Finished(at=at, by=by, task=number, answers=answers, evidence=proof(p, step))


def play(p: Procedure, moves: list[tuple[int, int, int]]) -> Run:
    run, at = Run(p, Ticket(), [], []), NINE
    first = moves[0][1] if moves else 0
    assert run.do(Filed(at=at, by="0", answers=form(p, p.first, first), evidence=proof(p, p.first)))
    for kind, n, minutes in moves:
        at += timedelta(minutes=minutes)
        run.do(event_of(run, kind, n, at))
    return run


def without_count(ticket: Ticket) -> Ticket:
    return msgspec.structs.replace(ticket, seq=0, last=None)


both = pytest.mark.parametrize("p", PROCEDURES, ids=lambda p: p.procedure)


@both
@MANY
@given(moves=MOVES)
def test_replay_gives_the_same_ticket_and_it_survives_json(p: Procedure, moves: list[tuple[int, int, int]]) -> None:
    run = play(p, moves)
    again, effects = Ticket(), list[Effect]()
    for event in run.events:
        again = msgspec.json.decode(msgspec.json.encode(again), type=Ticket)
        again, more = decide(p, again, event, YEARS)
        effects += more
    assert again == run.ticket and effects == run.effects
    assert msgspec.json.encode(again) == msgspec.json.encode(run.ticket)
    assert again.seq == len(run.events)


@both
@MANY
@given(moves=MOVES, ticks=st.lists(st.integers(1, 20_000), max_size=30))
def test_ticks_may_come_as_they_like(p: Procedure, moves: list[tuple[int, int, int]], ticks: list[int]) -> None:
    """A ladder never fires twice nor skips: with any ticks between, or none, the same ticket and the same effects."""
    quiet = play(p, moves)
    end = NINE + timedelta(days=20)
    if not quiet.do(Ticked(at=end)):
        return
    noisy = Run(p, Ticket(), [], [])
    moments = sorted(NINE + timedelta(minutes=m) for m in ticks)
    for event in quiet.events:
        while moments and moments[0] <= event.at and event.at > NINE:
            assert noisy.do(Ticked(at=moments.pop(0)))
        assert noisy.do(event)
    assert without_count(noisy.ticket) == without_count(quiet.ticket)
    assert noisy.effects == quiet.effects


@both
@MANY
@given(moves=MOVES)
def test_no_rung_twice_and_clocks_are_sound(p: Procedure, moves: list[tuple[int, int, int]]) -> None:
    run = play(p, moves)
    run.do(Ticked(at=NINE + timedelta(days=60)))
    t = run.ticket
    late = [
        (e.task, e.late, e.who, e.text, e.holder) for e in run.effects if isinstance(e, Tell) and e.why in ("late", "remind") and e.task
    ]
    for key in set(late):
        clocks = [c for c in t.clocks if c.task == key[0]] + [c for c in t.clocks if c.kind == "promise"]
        assert late.count(key) <= max(1, len(clocks))
    assert t.wake is None or (t.last and t.wake > t.last)
    for c in t.clocks:
        assert c.id == t.clocks.index(c) + 1 and (c.wake is None or not c.stopped) and (not c.verdict or c.stopped)
        assert not (c.superseded and c.verdict)
    assert [x.id for x in t.tasks] == list(range(1, len(t.tasks) + 1))
    assert all((x.outcome != "") == (x.done is not None) for x in t.tasks)
    if t.status in ("closed", "withdrawn"):
        assert not t.open_tasks and t.wake is None and all(c.stopped for c in t.clocks)


@both
@MANY
@given(moves=MOVES, cut=st.integers(0, 40))
def test_a_pause_of_no_length_changes_nothing(p: Procedure, moves: list[tuple[int, int, int]], cut: int) -> None:
    run = play(p, moves[:cut])
    at = run.ticket.last
    reason = next(k for k, r in p.pauses.items() if not r.approval)
    before = run.ticket
    if run.do(Paused(at=at or NINE, by="1", reason=reason)) and run.do(Resumed(at=at or NINE, by="1")):
        assert without_count(run.ticket) == without_count(before)


@both
@MANY
@given(moves=MOVES)
def test_the_end_can_be_reached_from_everywhere(p: Procedure, moves: list[tuple[int, int, int]]) -> None:
    reaches_its_end(p, moves)


LIBRARY = sorted((Path(__file__).parents[2] / "library").glob("*.yaml"))


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_every_procedure_of_the_library_can_reach_its_end(path: Path) -> None:
    p, rng = read(path.read_text("utf-8")), random.Random(7)
    for length in (0, 5, 15, 30):
        reaches_its_end(p, [(rng.randrange(20), rng.randrange(41), rng.randrange(900)) for _ in range(length)])


def reaches_its_end(p: Procedure, moves: list[tuple[int, int, int]]) -> None:
    run = play(p, moves)
    at = run.ticket.last or NINE
    for turn in range(400):
        t = run.ticket
        if t.status in ("closed", "withdrawn"):
            return
        at += timedelta(minutes=1)
        events: list[Event] = [Resumed(at=at, by="1")] if t.status == "paused" else []
        events += [ChildClosed(at=at, child=c.key) for c in t.children if not c.closed]
        for task in t.open_tasks:
            for by in ("3", "4", "5"):
                events.append(
                    Finished(
                        at=at,
                        by=by,
                        task=task.id,
                        answers={} if task.lead else form(p, task.step, turn * 7 + 1),
                        evidence=proof(p, task.step),
                    )
                )
        assert any(run.do(e) for e in events), (t.open_tasks, t.waiting, t.held)
    raise AssertionError("never ended")


@MANY
@given(start=st.integers(0, 20_000), first=st.integers(0, 2000), second=st.integers(0, 2000))
def test_service_time_adds_up(start: int, first: int, second: int) -> None:
    calendar = Calendar(weekly=(((480, 720), (840, 1080)),) * 5 + (((600, 60),), ()))
    moment = datetime(2026, 11, 2, tzinfo=TZ) + timedelta(minutes=start)
    there = calendar.service_add(calendar.service_add(moment, first), second)
    if second:
        assert there == calendar.service_add(moment, first + second)
    assert calendar.service_between(moment, there) == first + second


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    from shouwen.procedures.engine import Faulty

    for whole in (text, EVERYTHING.replace("施工", text), EVERYTHING[: len(text) * 9] + text):
        try:
            read(whole)
        except Faulty as e:
            assert e.faults


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(list(PROCEDURES[1].every_step)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
        max_leaves=6,
    ),
)
def test_no_answer_makes_the_form_stumble(step: str, raw: Any) -> None:
    from shouwen.procedures.engine import check_answers

    p = PROCEDURES[1]
    for key in p.every_step[step].asks:
        try:
            check_answers(p, step, {key: raw}, {}, NINE)
        except Refused:
            pass
