"""Rows of the board, drawn in Python: a list of two hundred rows is drawn for everybody, all day. Whatever comes from people
passes through `e`; what is put together here is ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape as e
from typing import Final

from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString

from shouwen.duty.directory import Directory
from shouwen.kernel.templatetags.ui import countdown, icon, when_text

from ..editions import procedure_of
from ..engine.difference import rung_said
from ..lanes import Item, Waiting
from .lines import department_title, pool_title

SUMMARY: Final = 60
"""Letters of a summary in a list."""

@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, when, at whose people; `ticks` whether rows can be chosen for one act on several."""

    me: int | None
    at: datetime
    people: Directory
    ticks: bool


def task_rows(items: Iterable[Item], climbed: Mapping[tuple[int, int], int], look: Look) -> SafeString:
    """The rows of these tasks."""
    base = address()
    return SafeString("".join(_task(item, climbed.get((item.ticket, item.number), 0), look, base) for item in items))


def waiting_rows(tickets: Iterable[Waiting], look: Look) -> SafeString:
    """The rows of tickets that stand still: who is waited for, why, until when."""
    base = address()
    return SafeString("".join(_standing(one, look, base) for one in tickets))


def _task(item: Item, climbed: int, look: Look, base: str) -> str:
    rules = procedure_of(item.edition)
    url, mine = f"{base}{item.ticket}", item.holder is not None and item.holder == look.me
    rungs = _rungs(rules, item, climbed) if climbed else ""
    branch = f'<span class="sub">{e(department_title(item.branch, look.people))}</span>' if item.branch else ""
    tick = _tick(f"{item.ticket}-{item.number}", f"{item.serial}「{item.title}」") if look.ticks else ""
    own = ' class="is-mine"' if mine else ""
    return (
        f'<tr id="t{item.ticket}-{item.number}" data-href="{url}"{own}>{tick}'
        f'<td class="corner board-due">{countdown(item.due_at, look.at)}{rungs}</td>'
        f'<td class="lead"><a href="{url}" data-row>{e(item.title)}</a>{branch}</td>{_ticket(item, rules.title)}'
        f'<td class="board-who" data-label="办理人">{_who(item, look, mine)}</td></tr>'
    )


def _ticket(item: Item | Waiting, procedure: str) -> str:
    lock = f'{icon("lock", "保密")} ' if item.confidential else ""
    text = item.summary if len(item.summary) <= SUMMARY else f"{item.summary[: SUMMARY - 1]}…"
    return (
        f'<td class="board-ticket"><span class="board-kind">{e(procedure)}</span><span class="mono">{e(item.serial)}</span></td>'
        f'<td class="board-place" data-label="地点">{e(item.place)}</td><td class="board-text">{lock}{e(text)}</td>'
    )


def _tick(value: str, name: str) -> str:
    return (
        '<td class="board-tick"><input class="form-check-input" type="checkbox" form="bulk" name="task"'
        f' value="{value}" aria-label="选择 {e(name)}"></td>'
    )


def _rungs(rules: object, item: Item, climbed: int) -> str:
    step = rules.every_step.get(item.step)  # type: ignore[attr-defined]
    after = [rung for rung in step.ladder[:climbed] if not rung.ahead] if step else []
    if not after:
        return ""
    return f'<span class="rungs" title="{e(rung_said(rules, after[-1]))}">{icon("stairs-up")}已升级 {len(after)} 次</span>'  # type: ignore[arg-type]


def _who(item: Item, look: Look, mine: bool) -> str:
    if item.holder_name:
        own = ' <span class="mark tone-info">我</span>' if mine else ""
        idle = "" if item.taken_at else '<span class="sub">未接单</span>'
        return f"{e(item.holder_name)}{own}{idle}"
    if item.pool.startswith("party:"):
        return f'<span class="open-pool">{icon("hourglass")}等{e(_party(item))}</span>'
    return f'<span class="open-pool">{icon("user-question")}{e(pool_title(item.pool, look.people))}</span><span class="sub">待接单</span>'


def _party(item: Item) -> str:
    """Whom outside the company a task waits for, as the procedure calls them."""
    rules = procedure_of(item.edition)
    step = rules.every_step.get(item.step)
    role = rules.people.get(step.who) if step else None
    return role.title if role else "外部"


def _standing(one: Waiting, look: Look, base: str) -> str:
    rules = procedure_of(one.edition)
    url = f"{base}{one.ticket}"
    if one.why == "child":
        links = "、".join(f'<a href="{base}{pk}">{e(procedure_of(edition).title)} {e(number)}</a>' for number, pk, edition in one.children)
        why, who, sign = f"等子工单{links}" if links else "等子工单办结", "子工单", "sitemap"
    else:
        pause = rules.pauses.get(one.why)
        why = e(pause.title if pause else "已挂起") + (f'<span class="sub">{e(one.remark[:SUMMARY])}</span>' if one.remark else "")
        name = look.people.names.get(int(one.by), "") if one.by.isdigit() else ""
        who, sign = f"{e(name)}挂起" if name else "已挂起", "player-pause"
    until = f'<span class="sub nowrap">到 {when_text(one.until)[5:]}</span>' if one.until else ""
    tick = _tick(f"{one.ticket}-0", f"{one.serial}「{rules.title}」") if look.ticks else ""
    return (
        f'<tr id="w{one.ticket}" data-href="{url}">{tick}'
        f'<td class="corner board-due"><span class="mark tone-neutral">{icon(sign)}{"已挂起" if one.why != "child" else "等待"}</span>{until}</td>'
        f'<td class="lead"><a href="{url}" data-row>{e(rules.title)}</a><span class="sub">{why}</span></td>{_ticket(one, rules.title)}'
        f'<td class="board-who" data-label="等谁">{icon("hourglass")} {who}</td></tr>'
    )


_addresses: Final[dict[str, str]] = {}


def address() -> str:
    """Where tickets are: their address without the number."""
    prefix = get_script_prefix()
    if prefix not in _addresses:
        _addresses[prefix] = reverse("procedures:ticket", args=[0])[:-1]
    return _addresses[prefix]


def options(choices: Iterable[tuple[object, object]], chosen: str = "") -> SafeString:
    """<option>s of (value, label); a label that is a list makes a group: (title, [(value, label), …])."""
    drawn = []
    for value, label in choices:
        if isinstance(label, list):
            drawn.append(f'<optgroup label="{e(str(value))}">{options(label, chosen)}</optgroup>')
        else:
            key = e(str(value))
            drawn.append(f'<option value="{key}"{" selected" if str(value) == chosen else ""}>{e(str(label))}</option>')
    return SafeString("".join(drawn))
