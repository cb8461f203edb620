"""Where a new edition gives more time than the one before it, or than the clause behind the limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import clauses
from .engine.difference import limit_said
from .engine.procedure import Limit, Procedure
from .engine.spans import Span

DAY = 1440
_MINUTES = {
    "minute": 1, "hour": 60, "service minute": 1, "service hour": 60, "day": DAY, "workday": DAY, "week": 7 * DAY, "month": 30 * DAY,
    "year": 365 * DAY,
}  # fmt: skip
_SAID = {"at once": 0, "promptly": 30, "end of shift": 480, "end of day": 720, "end of month": 15 * DAY}
_ISO = re.compile(r"P(?:(\d+)(BD|D|W|M))?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_WHOLE = {"D": DAY, "BD": DAY, "W": 7 * DAY, "M": 30 * DAY}


@dataclass(frozen=True, slots=True)
class Lax:
    """`key` names the limit in the file; `was` is "" for a limit that is new and wider than its clause."""

    key: str
    title: str
    was: str
    now: str
    clauses: tuple[clauses.Clause, ...]
    beyond: tuple[clauses.Clause, ...] = ()


def minutes(span: Span) -> int:
    """A rough length, to compare two limits that count from the same moment."""
    return _SAID[span.unit] if span.unit in _SAID else span.amount * _MINUTES[span.unit]


def minutes_of(clause: clauses.Clause) -> int | None:
    """The limit that a clause names, when it is a length of time: PT20M, P3BD; None for words."""
    m = _ISO.fullmatch(clause.limit)
    if not m or not any(m.groups()):
        return None
    return int(m[1] or 0) * _WHOLE.get(m[2] or "D", 0) + int(m[3] or 0) * 60 + int(m[4] or 0)


def laxer(old: Procedure, new: Procedure) -> list[Lax]:
    """Every limit that got wider (or was dropped, or counts from another moment), and every changed one wider than its clause."""
    found: list[Lax] = []
    for key, title, was, now, basis in _limits(old, new):
        if was == now:
            continue
        behind = tuple(c for b in basis if (c := clauses.catalog().get(b)))
        told = [(m, c) for c in behind if (m := minutes_of(c)) is not None]
        longest = max((m for m, _ in told), default=None)
        over = now is not None and longest is not None and any(minutes(s) > longest for spans in now.cases.values() for s in spans)
        if _wider(was, now) or over:
            beyond = tuple(c for m, c in told if over and m == longest)
            found.append(Lax(key, title, limit_said(old, was) if was else "", limit_said(new, now) if now else "不再限时", behind, beyond))
    return found


def _limits(old: Procedure, new: Procedure) -> Iterator[tuple[str, str, Limit | None, Limit | None, tuple[str, ...]]]:
    for name, step in new.every_step.items():
        before = old.every_step.get(name)
        yield f"steps/{name}", f"「{step.title}」的时限", before.within if before else None, step.within, step.within_basis or step.basis
    for name, promise in new.promises.items():
        was = old.promises.get(name)
        yield f"promises/{name}", f"承诺「{promise.title}」", was.within if was else None, promise.within, promise.basis
    for name, promise in old.promises.items():
        if name not in new.promises:
            yield f"promises/{name}", f"承诺「{promise.title}」", promise.within, None, promise.basis


def _wider(was: Limit | None, now: Limit | None) -> bool:
    if was is None:
        return False
    if now is None or was.by != now.by:
        return True
    for case, spans in was.cases.items():
        after = now.cases.get(case, ())
        if not after:
            return True
        if any(s.before != t.before or s.anchor != t.anchor for s, t in zip(spans, after, strict=False)):
            return True
        if spans[0].before:
            if min(map(minutes, after)) < min(map(minutes, spans)):
                return True
        elif min(map(minutes, after)) > min(map(minutes, spans)):
            return True
    return False


