"""Rehearsals 演练: scripted days, played by the same actions as everything else (docs/writing-procedures.md §6).

A rehearsal runs on the demo community with a clock of its own, inside a transaction that is rolled back.
Playing it gives one `Result` per expectation, and one for an act that went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from shouwen.kernel import batch, journal
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Refused
from shouwen.org import actions as org_actions
from shouwen.org import queries as org

from . import adoption
from .calendars import CHINA
from .editions import forget
from .engine import read
from .revising import put
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


def play(rehearsal: Rehearsal, *, keep: bool = False, drafts: Sequence[str] = ()) -> list[Result]:
    """Play one rehearsal and roll it back (or keep it, for a look in the browser).

    `drafts`: procedure files that hold from the beginning instead of what is adopted; they are rolled back too.
    """
    results: list[Result] = []
    with _own_clock(rehearsal.starts) as clock:
        try:
            with transaction.atomic():
                forget()
                for text in drafts:
                    _hold(text, rehearsal.starts)
                stage = Stage(clock, rehearsal.named)
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


def _hold(text: str, at: datetime) -> None:
    """Adopt a file on the scratch copy, under a name of its own, with the posts that only the real installation knows."""
    rules = read(text)
    known = {post.slug for post in org.posts()}
    for person in rules.people.values():
        if (slug := person.on_duty or person.post) and slug not in known:
            org_actions.set_post(SYSTEM, None, slug=slug, title=person.title, rank=10, permissions=[], superior="service-manager", at=at)
            known.add(slug)
    name = f"{rules.edition[:7]}.trial"
    adoption.adopt(SYSTEM, None, text=put(text, ("edition",), name), starts_at=at - timedelta(seconds=1), at=at, trial=True)


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
    except (AttributeError, KeyError, TypeError, ValueError):
        if not line.words.startswith("expect"):
            raise
        results.append(Result(rehearsal.path, line.number, False, shown, f"「{line.words}」后面的写法不对，见编写规程的说明。"))
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
