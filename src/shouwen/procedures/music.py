"""小区背景音乐: what an approved plan asks to be played when, and what stops it. E18.

The plan (`background_music_plan`) and each play (`background_music`) are ordinary tickets; here is what ties them: the
plays of a month come from its approved plan, none starts outside its hours, and an emergency cuts them off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.batch import flush
from shouwen.kernel.refusals import Refused

from . import actions, engine, store
from .calendars import CHINA, local
from .editions import procedure_of
from .handing import EMERGENCIES
from .models import Ticket
from .recipients import Finder
from .store import Row

PLAN: Final = "background_music_plan"
PLAY: Final = "background_music"
AHEAD: Final = timedelta(minutes=30)
"""How long before it begins a play stands among the tasks."""

SILENCING: Final = EMERGENCIES - {"medical_emergency"} | {"contingency", "duty_emergency"}
"""While one of these is being raised no music plays. E18.08."""

_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–—~至]\s*([01]\d|2[0-3]):([0-5]\d)")
_RULE: Final = re.compile(r"plan (\d+) (\w+)")

Hours = tuple[time, time]


def hours_in(text: str) -> list[Hours]:
    """Every span of hours that a text names: 07:30–08:30."""
    return [(time(int(a), int(b)), time(int(c), int(d))) for a, b, c, d in _HOURS.findall(text)]


def _overlap(one: Hours, other: Hours) -> bool:
    """Whether two spans of a day share a minute; one that ends before it begins runs over midnight."""
    spans = lambda s: [s] if s[0] < s[1] else [(s[0], time.max), (time.min, s[1])]  # noqa: E731
    return any(a[0] < b[1] and b[0] < a[1] for a in spans(one) for b in spans(other))


def check_plan(actor: Actor, community_id: int, *, ticket: int, at: datetime, slots: str, quiet: str) -> None:
    """`music.plan`: the hours of a plan touch no quiet hour. E18.06."""
    for slot in hours_in(slots):
        for rest in hours_in(quiet):
            if _overlap(slot, rest):
                raise Refused(f"{_said(slot)} 碰到不播音乐的时段 {_said(rest)}，请改选别的时段。", {"slots": "碰到午休或夜间"})


def check_start(actor: Actor, community_id: int, *, ticket: int, at: datetime, since: str, until: str, quiet: str) -> None:
    """`music.start`: it is time, and not a quiet hour. E18.06."""
    now = local(at).strftime("%Y-%m-%d %H:%M")
    if not since <= now < until:
        raise Refused(f"现在不在核准的播放时段（{since[11:]}–{until[11:]}），不能开播。错过了的，点「这一段没有播」写明原因。")
    here = (local(at).time().replace(second=0, microsecond=0), (local(at) + timedelta(minutes=1)).time().replace(second=0, microsecond=0))
    for rest in hours_in(quiet):
        if _overlap(here, rest):
            raise Refused(f"{_said(rest)} 是休息时间，不播音乐。")


def _said(span: Hours) -> str:
    return f"{span[0]:%H:%M}–{span[1]:%H:%M}"


def _plans(community_id: int | None, since: datetime) -> dict[tuple[int, str], tuple[int, engine.Ticket, int]]:
    """(community, month) → the plan approved last: its ticket, state, edition."""
    rows = Ticket.objects.filter(procedure=PLAN, status=Ticket.Status.CLOSED, closed_at__gte=since).order_by("closed_at", "pk")
    if community_id is not None:
        rows = rows.filter(community=community_id)
    found = {}
    for pk, community, edition, text in rows.values_list("pk", "community_id", "edition_id", "state"):
        state = store.decoded(text)
        if state.answers.get("agreed") == "yes":
            found[community, str(state.answers["month"])[:7]] = (pk, state, edition)
    return found


def moments(after: datetime, until: datetime, community_id: int | None = None) -> list[tuple[datetime, int, str, str]]:
    """The plays of approved plans that come up in (after, until], as moments at which they are opened. E18.02, E18.03."""
    found = []
    for (community, month), (pk, state, edition) in _plans(community_id, after - timedelta(days=75)).items():
        for slot, span in _slots(state, edition).items():
            day = max(date.fromisoformat(f"{month}-01"), local(after).date())
            while day <= local(until + AHEAD).date() and f"{day:%Y-%m}" == month:
                opens = datetime.combine(day, span[0], CHINA) - AHEAD
                if after < opens <= until and state.closed_at is not None and state.closed_at <= opens:
                    found.append((opens, community, PLAY, f"plan {pk} {slot}"))
                day += timedelta(days=1)
    return found


def _slots(state: engine.Ticket, edition: int) -> dict[str, Hours]:
    """Name of a slot → its hours: those chosen by name, and those written out."""
    titles = procedure_of(edition).asks["slots"].pick
    named = {key: titles.get(key, "") for key in state.answers.get("slots") or ()}
    written = {f"more{number}": text for number, text in enumerate(state.answers.get("more_slots") or ())}
    return {key: span[0] for key, text in (named | written).items() if (span := hours_in(str(text)))}


def answers(rule: str, due: datetime) -> dict[str, Any]:
    """What a play is opened with: when, where, what and how loud, as its plan says."""
    found = _RULE.fullmatch(rule)
    if found is None:
        return {}
    plan = Ticket.objects.only("number", "edition_id", "state").get(pk=int(found[1]))
    state = store.decoded(plan.state)
    begins, ends = _slots(state, plan.edition_id)[found[2]]
    day = local(due + AHEAD).date()
    said: Mapping[str, Any] = state.answers
    return {
        "plan": plan.number, "starts_at": f"{day} {begins:%H:%M}", "ends_at": f"{day} {ends:%H:%M}",
        "area": "、".join(procedure_of(plan.edition_id).asks["areas"].pick.get(key, key) for key in said["areas"]),
        "content": str(said["tracks"]), "cap": str(said["volume"]),
    }  # fmt: skip


def cut_off(
    actor: Actor, row: Row, before: engine.Ticket, event: engine.Event, effects: tuple[engine.Effect, ...], finder: Finder
) -> None:
    """An emergency is raised: what plays at that moment is interrupted, at once and by itself. E18.08."""
    if row.procedure not in SILENCING or not isinstance(event, engine.Filed):
        return
    playing = Ticket.objects.filter(community=row.community_id, procedure=PLAY, status=Ticket.Status.OPEN)
    for pk in playing.values_list("pk", flat=True):
        play = store.load(pk)
        if any(task.step == "playing" for task in play.state.open_tasks):
            actions.start(SYSTEM, play, step="interrupt", at=event.at)
            flush()
            play = store.load(pk)
            task = next(task.id for task in play.state.open_tasks if task.step == "interrupt")
            actions.finish(SYSTEM, play, task=task, answers={"cut_for": f"{finder.procedure.title} {row.number}"}, at=event.at)
