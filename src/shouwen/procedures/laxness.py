"""Where a new edition asks less than the one before it: more time (also than the clause behind the limit), a ladder that
climbs later or tells fewer people, one person where there were two, evidence or an approval that is no longer asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shouwen.kernel.refusals import Refused

from . import clauses
from .engine.difference import limit_said, openings_said, titles_said, who_said
from .engine.procedure import Limit, Procedure, Rung, Step
from .engine.spans import Span, spoken_whole

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
    """`key` names the place in the file; `was` is "" for a limit that is new and wider than its clause, and where `now` says both."""

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
    """Whatever asks less than before, and every changed limit wider than its clause."""
    found = [*_limits_laxer(old, new), *_ladders_laxer(old, new), *_checks_laxer(old, new)]
    return sorted(found, key=lambda one: _place(new, one.key))


def reasoned(lax: Sequence[Lax], given: Mapping[str, str]) -> list[tuple[str, str]]:
    """(what, why) of everything that gets laxer, as kept with the edition; Refused while one of them lacks its reason. `given`: key → reason."""
    said = {one.key: " ".join(str(given.get(one.key, "")).split())[:200] for one in lax}
    if lacking := [one for one in lax if not said[one.key]]:
        raise Refused(f"{lacking[0].title}放宽了，请写明理由。", {"reasons": "每一处放宽都要写明理由。"})
    return [(one.title, said[one.key]) for one in lax]


def _place(p: Procedure, key: str) -> tuple[int, int]:
    """The whole procedure first, then promises, then the steps in their order."""
    kind, _, name = key.partition("/")
    names = list(p.every_step)
    name = name.partition("/")[0]
    return (("late", "pauses", "promises", "steps").index(kind), names.index(name) if name in names else -1)


def _limits_laxer(old: Procedure, new: Procedure) -> Iterator[Lax]:
    for key, title, was, now, basis in _limits(old, new):
        if was == now:
            continue
        behind = _behind(basis)
        told = [(m, c) for c in behind if (m := minutes_of(c)) is not None]
        longest = max((m for m, _ in told), default=None)
        over = now is not None and longest is not None and any(minutes(s) > longest for spans in now.cases.values() for s in spans)
        if _wider(was, now) or over:
            beyond = tuple(c for m, c in told if over and m == longest)
            yield Lax(key, title, limit_said(old, was) if was else "", limit_said(new, now) if now else "不再限时", behind, beyond)
    for name, pause in new.pauses.items():
        before = old.pauses.get(name)
        if before and minutes(pause.at_most) > minutes(before.at_most):
            yield Lax(f"pauses/{name}", f"挂起「{pause.title}」最长", spoken_whole(before.at_most), spoken_whole(pause.at_most), _behind(pause.basis))


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


def _behind(basis: tuple[str, ...]) -> tuple[clauses.Clause, ...]:
    return tuple(c for b in basis if (c := clauses.catalog().get(b)))


# --- ladders ----------------------------------------------------------------------------------------------------------


def _ladders_laxer(old: Procedure, new: Procedure) -> Iterator[Lax]:
    """Each ladder by what it does first when: the common one, those of promises, and those of steps that have their own."""
    pairs: list[tuple[str, str, tuple[Rung, ...], tuple[Rung, ...], tuple[str, ...]]] = [("late", "通用升级", old.late, new.late, old.basis)]
    for name, promise in new.promises.items():
        if before := old.promises.get(name):
            pairs.append((f"promises/{name}/late", f"承诺「{promise.title}」的超时升级", before.ladder, promise.ladder, promise.basis))
    for name, step in new.every_step.items():
        before_it = old.every_step.get(name)
        if before_it and step.within and (before_it.late or step.late):
            pairs.append((f"steps/{name}/late", f"「{step.title}」的超时升级", before_it.ladder, step.ladder, step.within_basis or step.basis))
    for key, title, a, b, basis in pairs:
        now = _first(new, b)
        if said := [one for key, was in _first(old, a).items() if (one := _later(was, now.get(key)))]:
            yield Lax(key, title, "", "；".join(said), _behind(basis))


def _first(p: Procedure, ladder: tuple[Rung, ...]) -> dict[str, tuple[str, Span]]:
    """What the ladder does → in words, and how long after the limit it first does so."""
    found: dict[str, tuple[str, Span]] = {}
    for rung in sorted((r for r in ladder if not r.ahead), key=lambda r: minutes(r.after)):
        deeds = {f"tell {who}": f"告知{who_said(p, (who,))}" for who in rung.tell}
        deeds |= {f"hand_to {rung.hand_to}": f"转给{who_said(p, (rung.hand_to,))}"} if rung.hand_to else {}
        deeds |= {f"must {step}": f"须办「{titles_said(p, (step,))}」" for step in rung.must}
        deeds |= {f"open {one.procedure}": f"开{openings_said(p, (one,))}" for one in rung.open}
        for key, said in deeds.items():
            found.setdefault(key, (said, rung.after))
    return found


def _later(was: tuple[str, Span], now: tuple[str, Span] | None) -> str:
    said, at = was
    if now is None:
        return f"不再{said}"
    return f"{said}由{_after(at)}改为{_after(now[1])}" if minutes(now[1]) > minutes(at) else ""


def _after(span: Span) -> str:
    return f"超时 {spoken_whole(span)}" if minutes(span) else "一超时"


# --- second persons, evidence, approvals ----------------------------------------------------------------------------------


def _checks_laxer(old: Procedure, new: Procedure) -> Iterator[Lax]:
    for name, was in old.every_step.items():
        step = new.every_step.get(name)
        if step is None:
            if checks := _checks(old, was):
                yield Lax(f"steps/{name}/checks", f"「{was.title}」这一步", "、".join(checks.values()), "取消", _behind(was.basis))
            continue
        left = _checks(new, step)
        if gone := [said for key, said in _checks(old, was).items() if key not in left]:
            yield Lax(f"steps/{name}/checks", f"「{step.title}」的把关", "、".join(gone), "不再要求", _behind(step.basis))
    for name, pause in new.pauses.items():
        before = old.pauses.get(name)
        if before and before.approval and not pause.approval:
            yield Lax(f"pauses/{name}/approval", f"挂起「{pause.title}」", f"须{who_said(old, (before.approval,))}批准", "不用批准", _behind(pause.basis))


def _checks(p: Procedure, step: Step) -> dict[str, str]:
    """What a step does not let one person alone decide, and what it asks to be shown."""
    found = {"two": "两个人办"} if step.two_people else {}
    if step.seals:
        found["seals"] = "办后定稿"
    if step.lead_signs:
        found["lead"] = "统筹人签字"
    found |= {f"not {name}": f"不得由办「{titles_said(p, (name,))}」的人办" for name in step.not_by}
    found |= {f"need {need}": _shown(p, need) for need in step.needs}
    return found | {f"ask {ask.name}": f"「{ask.title}」（签名）" for ask in step.asks.values() if ask.kind == "signature" and not ask.optional}


def _shown(p: Procedure, need: str) -> str:
    if need.startswith("signature of "):
        return f"{who_said(p, (need.removeprefix('signature of '),))}签名"
    return {"photo": "照片", "scan": "扫描件"}.get(need) or f"《{need.removeprefix('paper ')}》"
