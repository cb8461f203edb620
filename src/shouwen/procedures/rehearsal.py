"""Rehearsals 演练: scripted days, played by the same actions as everything else (docs/writing-procedures.md §6).

A rehearsal runs on the demo community with a clock of its own, inside a transaction that is rolled back.
Playing it gives one `Result` per expectation, and one for an act that went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from shouwen.kernel import batch, journal
from shouwen.kernel.refusals import Refused

from .calendars import CHINA
from .editions import forget
from .scripts import BadScript, Line, Rehearsal, moment
from .stage import Stage


@dataclass(frozen=True, slots=True)
class Result:
    """One expectation: where it stands, whether it held, what was found."""

    path: str
    line: int
    ok: bool
    text: str
    found: str = ""


def play(rehearsal: Rehearsal, *, keep: bool = False) -> list[Result]:
    """Play one rehearsal and roll it back (or keep it, for a look in the browser)."""
    results: list[Result] = []
    with _own_clock(rehearsal.starts) as clock:
        try:
            with transaction.atomic():
                forget()
                stage = Stage(clock)
                for line in rehearsal.lines:
                    if not _play_line(rehearsal, stage, line, results):
                        break
                if not keep:
                    raise _Rollback
        except _Rollback:
            pass
        finally:
            forget()
            batch.drop()
    return results


class _Rollback(Exception):
    """Ends a rehearsal that is not kept."""


def _play_line(rehearsal: Rehearsal, stage: Stage, line: Line, results: list[Result]) -> bool:
    """Play one line; False when the script cannot sensibly go on."""
    shown = line.words if line.value is None else f"{line.words}: {_short(line.value)}"
    try:
        with transaction.atomic():
            if line.words == "at":
                stage.move_to(moment(line.value, stage.now))
                return True
            checks = stage.do(line.words, line.value)
    except Refused as no:
        results.append(Result(rehearsal.path, line.number, False, shown, f"被拒绝：{no.message}"))
        return False
    except BadScript as bad:
        results.append(Result(rehearsal.path, line.number, False, shown, str(bad)))
        return False
    for ok, text, found in checks:
        results.append(Result(rehearsal.path, line.number, ok, text or shown, found))
    return True


def _short(value: Any) -> str:
    text = str(value).replace("'", "")
    return text if len(text) <= 100 else text[:99] + "…"


class OwnClock:
    """The clock of a rehearsal: stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, to: datetime) -> None:
        if to < self.at:
            raise BadScript(f"时间不能倒退：现在已是 {self.at.astimezone(CHINA):%Y-%m-%d %H:%M}。")
        self.at = to


@contextmanager
def _own_clock(starts: datetime) -> Iterator[OwnClock]:
    own = OwnClock(starts)
    token = journal.clock.set(own)
    try:
        yield own
    finally:
        journal.clock.reset(token)
