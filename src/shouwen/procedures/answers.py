"""Answers from outside, checked against the form and against the registers: units, colleagues, departments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shouwen.duty.directory import Directory
from shouwen.estate import queries as estate
from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import BROKEN, unseen
from shouwen.org import queries as org

from . import engine, slots
from .engine import Procedure
from .engine.procedure import OWN_CLASS
from .reckoning import with_reckoned


@dataclass(slots=True)
class Settled:
    """Answers as the engine takes them; the unit they name, and how the place reads."""

    answers: dict[str, Any]
    unit_id: int | None = None
    place: str = ""
    problems: dict[str, str] = field(default_factory=dict)


def settled(
    procedure: Procedure, step: str, given: dict[str, Any], earlier: dict[str, Any], community_id: int,
    directory: Directory, at: datetime, *, partly: bool = False,
) -> Settled:  # fmt: skip
    """Normalise and check the answers of a step. Raises Refused naming every field at fault.

    `partly` accepts a form of which required fields are still missing (schedules, child tickets, amendments).
    """
    try:
        if partly:
            answers: dict[str, Any] = engine.check_given(procedure, step, given, at)
            answers.pop(OWN_CLASS, None) if OWN_CLASS not in given else None
        else:
            given = with_reckoned(procedure, step, given, earlier, community_id, at)
            answers = engine.check_answers(procedure, step, given, earlier, at)
    except engine.Refused as no:
        raise Refused(str(no), no.fields) from None
    for name, value in answers.items():
        ask = procedure.asks.get(name)
        if ask is None or not isinstance(value, str) or value.isprintable() and BROKEN not in value:
            continue
        if BROKEN in value:
            said = f"「{ask.title}」里有残缺的字，请删去后重填。"
            raise Refused(said, {name: said})
        if unseen(value) and not ask.optional:
            said = f"还没有填「{ask.title}」"
            raise Refused(said, {name: said})
    starred = {
        name: f"「{procedure.asks[name].title}」请填写完整，不要带 * 号。"
        for name, value in answers.items()
        if name in procedure.asks and procedure.asks[name].private and "*" in str(value) and value != earlier.get(name)
    }
    if starred:
        raise Refused(" ".join(starred.values()), starred)
    found = Settled(answers)
    asks = procedure.every_step[step].asks
    for name, value in answers.items():
        if not value or name not in asks:
            continue
        match asks[name].kind:
            case "unit":
                answers[name] = _each(value, lambda v, n=name: _unit(found, n, v, asks[n].title, community_id))
            case "staff":
                answers[name] = _each(value, lambda v, n=name: _staff(found, n, v, asks[n].title, directory))
            case "priced":
                answers[name] = _priced(found, name, value, earlier.get(name), asks[name].title, community_id, at)
            case "department":
                for slug in (value,) if isinstance(value, str) else value:
                    if slug not in directory.departments:
                        found.problems[name] = f"「{asks[name].title}」里没有部门「{str(slug)[:40]}」，请重新选择。"
    if found.problems:
        raise Refused(" ".join(found.problems.values()), found.problems)
    return found


def _unit(found: Settled, name: str, text: str, title: str, community_id: int) -> str:
    """A room as the register writes it; the first one named is the place of the ticket."""
    unit = estate.unit_ref(community_id, text)
    if unit is None:
        found.problems[name] = f"「{title}」：本小区没有房号「{text[:40]}」，请按 3-1-1201 的写法核对。"
        return text
    if found.unit_id is None:
        found.unit_id, found.place = unit
    return unit[1]


def _priced(
    found: Settled, name: str, lines: list[str], earlier: Any, title: str, community_id: int, at: datetime
) -> list[str]:
    """Each line at the price of this day; one that stands as it was keeps what was quoted. C17.07: from the list or not at all."""
    offers = slots.prices(community_id, at)
    kept = []
    for text in lines:
        if isinstance(earlier, list) and text in earlier:
            kept.append(text)
            continue
        asked = engine.priced.line(text, title)
        if (offer := offers.get(asked.code)) is None:
            found.problems[name] = f"「{title}」：价目表里没有「{asked.code}」，或已停用。请从价目表里选；确需新项目，请主管先定价。"
            return lines
        kept.append(engine.priced.Line(offer.code, asked.quantity, offer.title, offer.unit, offer.price).kept)
    return kept


def _staff(found: Settled, name: str, value: str, title: str, directory: Directory) -> str:
    """A colleague by id or user name, as a person ref."""
    user_id = int(value) if value.isdigit() and len(value) < 12 else org.user_id_of(value)
    if user_id is None or not directory.knows(user_id):
        found.problems[name] = f"「{title}」：本小区没有这位同事「{value[:40]}」，请重新选择。"
        return value
    return str(user_id)


def _each(value: Any, change: Any) -> Any:
    return change(value) if isinstance(value, str) else [change(v) for v in value]
