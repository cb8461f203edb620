"""The board: every open task of a community by urgency, or in groups. It refreshes itself, and says so when it cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.kept import Kept
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.screens import Page, page_of, render, wants_part
from shouwen.kernel.words import number_in

from .. import displays, queries
from .. import lanes as reads
from ..calendars import local
from ..editions import procedure_of
from ..forms import colleagues
from ..lanes import Item, Lane, Narrowed
from .posts import strip
from .rows import Look, options, task_rows, waiting_rows

TONES = {
    "overdue": "danger", "soon": "warning", "today": "info", "later": "neutral", "waiting": "neutral", "open": "neutral", "paused": "neutral",
}  # fmt: skip
ICONS = {
    "overdue": "alert-triangle", "soon": "alarm", "today": "clock", "later": "calendar", "waiting": "hourglass", "open": "circle-dashed",
    "paused": "player-pause",
}  # fmt: skip
MINE = "me"
GROUPS: Final = {"department": "按部门", "holder": "按办理人", "building": "按楼栋", "procedure": "按规程"}
"""How the board can be grouped; the names of the filters that show one group alone."""
GROUP: Final = 25
"""Rows of one group at first."""
WHOLE: Final = timedelta(seconds=60)
"""A board is compared whole at least so often, whatever the journal says."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A lane or a group as drawn; `count` as people read it, 99+ when there are more. `over` = overdue among a group's tasks."""

    key: str
    title: str
    tone: str
    icon: str
    rows: SafeString
    size: int
    count: str
    more: str
    over: int = 0


@dataclass(frozen=True, slots=True)
class Chosen(Narrowed):
    """The filters in the address; whatever does not exist here is as if it had not been said."""

    group: str = ""

    def address(self, actor: Actor, **more: Any) -> str:
        """The address after the question mark that leads here again."""
        given = {"group": self.group, "department": self.department, "holder": self.holder, "procedure": self.procedure, "building": self.building}
        if self.holder is not None and self.holder == actor.id:
            given["holder"] = MINE
        return urlencode({name: value for name, value in (given | more).items() if value not in ("", None)})


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The lanes or groups; ?lane=overdue is one lane whole, page by page. htmx gets the list, or 204 if nothing changed."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
    polled, seen = wants_part(request), request.GET.get("seen", "")
    if polled and still(seen, community.pk, community.people_version, at):
        return HttpResponse(status=204)
    people = duty.directory(community.pk, community.people_version)
    chosen = chosen_in(request, people)
    key = request.GET.get("lane", "")
    if key in queries.LANES or key in reads.LANES:
        return _lane(request, key, people, chosen, at)
    look = Look(actor.id, at, people, actor.may("tickets.work", community.pk))
    figures = reads.figures(actor, community.pk, at)
    if chosen.group:
        items = reads.grouped(actor, community.pk, at, chosen)
        found = [Lane("", items)]
    else:
        found = reads.lanes(actor, community.pk, at, chosen)
    climbed = reads.climbed({item.ticket for lane in found for item in lane.items})
    posts = strip(actor, people, at)
    digest = _digest(found, climbed, figures, posts)
    token = f"{figures.mark}.{community.people_version}.{int(changes(found, at).timestamp())}.{digest}"
    if polled and seen.rpartition(".")[2] == digest:
        same = HttpResponse(status=204)
        same.headers["X-Seen"] = token
        return same
    shown = _groups(actor, found[0].items, climbed, look, chosen) if chosen.group else _lanes(actor, found, climbed, look, chosen)
    over, soon = (_counted(found, key, chosen) for key in ("overdue", "soon"))
    context = {
        "lanes": shown, "seen": token, "now": at, "quiet": over == soon == "0", "any": bool(shown), "chosen": chosen, "over": over,
        "soon": soon, "kept": chosen.address(actor), "cut": chosen.group and len(found[0].items) > reads.GROUPED,
        "running": _many(figures.running), "filed": _many(figures.filed), "ticks": look.ticks, "here": request.path, "posts": posts,
    }  # fmt: skip
    if not polled:
        context |= choices(actor, community.pk, people, chosen, at)
        context |= {"may_file": actor.may("tickets.file", community.pk), "views": _views(actor, community.pk, chosen)}
    return render(request, "procedures/board.html", context, part="board")


def still(seen: str, community_id: int, version: int, at: datetime) -> bool:
    """Whether the board that was sent with this mark is still true: nothing happened here, and no limit has come near since."""
    parts = seen.split(".")
    if len(parts) != 4 or any(number_in(part) is None for part in parts[:3]):
        return False
    mark, people, until = map(int, parts[:3])
    return people == version and at.timestamp() < until and mark == reads.mark(community_id)


def changes(found: list[Lane], at: datetime) -> datetime:
    """When the board changes by itself at the latest: a task crosses into another lane, or it is time to look again."""
    moments = [at + WHOLE]
    for item in (item for lane in found for item in lane.items if item.due_at):
        due: datetime = item.due_at  # type: ignore[assignment]
        moments += [due - timedelta(minutes=30), due.replace(second=0, microsecond=0) + timedelta(minutes=1)]
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return min(moment for moment in (*moments, midnight) if moment > at)


def _digest(found: list[Lane], climbed: dict[tuple[int, int], int], figures: Any, posts: str) -> str:
    content = [(lane.key, lane.count, lane.more, lane.items, lane.waiting) for lane in found]
    whole = repr((content, sorted(climbed.items()), figures.running, figures.filed, posts))
    return hashlib.blake2b(whole.encode(), digest_size=10).hexdigest()


def _lanes(actor: Actor, found: list[Lane], climbed: dict[tuple[int, int], int], look: Look, chosen: Chosen) -> list[Shown]:
    return [
        Shown(
            lane.key, reads.LANES[lane.key], TONES[lane.key], ICONS[lane.key],
            SafeString(waiting_rows(lane.waiting, look) + task_rows(lane.items, climbed, look)), len(lane), _of(lane),
            f"?{chosen.address(actor, lane=lane.key)}" if lane.more else "",
        )
        for lane in found if len(lane)
    ]  # fmt: skip


def _groups(actor: Actor, items: list[Item], climbed: dict[tuple[int, int], int], look: Look, chosen: Chosen) -> list[Shown]:
    """Groups in the order of their most urgent task."""
    sorted_: dict[tuple[str, str], list[Item]] = {}
    name = _NAMES[chosen.group]
    for item in items[: reads.GROUPED]:
        sorted_.setdefault(name(item, look.people), []).append(item)
    titles = dict(_buildings(actor, look.people.community)) if chosen.group == "building" else {}
    shown = []
    for (key, title), own in sorted_.items():
        over = sum(item.lane == "overdue" for item in own)
        alone = f"?{chosen.address(actor, **{chosen.group: key, 'group': ''})}" if key and key.isascii() else ""
        shown.append(Shown(
            f"g-{key or 'none'}", titles.get(key, title), "neutral", "folder",
            task_rows(own[:GROUP], climbed, look), min(len(own), GROUP), str(len(own)), alone, over,
        ))  # fmt: skip
    return shown


def _by_department(item: Item, people: Directory) -> tuple[str, str]:
    key = item.department
    if not key and item.pool.startswith("post:"):
        post = people.posts.get(item.pool.removeprefix("post:"))
        key = post.department if post else ""
    if not key and item.pool.startswith("party:"):
        return "", "在等别人"
    return key, people.departments.get(key, key) or "未定部门"


def _by_holder(item: Item, people: Directory) -> tuple[str, str]:
    if item.holder is not None:
        return str(item.holder), item.holder_name
    return "", "待接单" if not item.pool.startswith("party:") else "在等别人"


_NAMES: Final[dict[str, Callable[[Item, Directory], tuple[str, str]]]] = {
    "department": _by_department, "holder": _by_holder,
    "building": lambda item, _: (str(item.building or ""), "公共区域" if item.building is None else "其他楼栋"),
    "procedure": lambda item, _: (procedure_of(item.edition).procedure, procedure_of(item.edition).title),
}  # fmt: skip


def _of(lane: Lane) -> str:
    return f"{reads.COUNTED - 1}+" if lane.count >= reads.COUNTED else str(lane.count)


def _counted(found: list[Lane], key: str, chosen: Chosen) -> str:
    if not chosen.group:
        return next(_of(lane) for lane in found if lane.key == key)
    return str(sum(item.lane == key for item in found[0].items[: reads.GROUPED]))


def _many(number_: int) -> str:
    return f"{number_ - 1}+" if number_ >= queries.COUNTED else str(number_)


def _lane(request: HttpRequest, key: str, people: Directory, chosen: Chosen, at: datetime) -> HttpResponse:
    """One lane whole, found by key. Waiting tickets stand on its first page."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    key = "waiting" if key == "paused" else key
    look = Look(actor.id, at, people, actor.may("tickets.work", community.pk))
    rows = reads.queryset(actor, community.pk, at, key, chosen)
    page = page_of(rows, request.GET.get("after"), queries.LANE)
    items = reads.items_of(key, page.rows)
    standing = reads.waiting(actor, community.pk, chosen, 200) if key == "waiting" and not request.GET.get("after") else []
    drawn = waiting_rows(standing, look) + task_rows(items, reads.climbed({item.ticket for item in items}), look)
    shown = Shown(key, reads.LANES[key], TONES[key], ICONS[key], SafeString(drawn), len(items) + len(standing), "", "")
    context = {
        "lane": shown, "page": Page([], page.next, page.previous), "now": at, "chosen": chosen, "kept": chosen.address(actor),
        "ticks": look.ticks, **choices(actor, community.pk, people, chosen, at),
    }  # fmt: skip
    return render(request, "procedures/board_lane.html", context, part="board")


def chosen_in(request: HttpRequest, people: Directory) -> Chosen:
    """The filters that stand in the address."""
    get = request.GET.get
    holder, actor = get("holder", ""), request.actor  # type: ignore[attr-defined]
    who = actor.id if holder == MINE else number_in(holder)
    department, group = get("department", ""), get("group", "")
    department = department if department in people.departments else ""
    posts = sorted(slug for slug, post in people.posts.items() if department and post.department == department)
    return Chosen(
        department,
        who if who is not None and (who == actor.id or people.knows(who)) else None,
        plain(get("procedure", "")), number_in(get("building", "")), tuple(f"post:{slug}" for slug in posts),
        group if group in GROUPS else "",
    )  # fmt: skip


_offered: Final[Kept[Any]] = Kept(30)
"""Buildings by community, which change seldom."""


_drawn: Final[Kept[dict[str, SafeString]]] = Kept(30, 200)
"""The filters as drawn: what is offered and what of it is chosen."""


def choices(actor: Actor, community_id: int, people: Directory, chosen: Chosen, at: datetime) -> dict[str, Any]:
    """What the filters and the hand-over offer, as <option>s."""
    held = MINE if chosen.holder is not None and chosen.holder == actor.id else str(chosen.holder or "")
    given = (held, chosen.group, chosen.department, chosen.procedure, str(chosen.building or ""))
    key = (community_id, people.version, at.timestamp() // 300, actor.id is not None, actor.may("estate.view", community_id), given)
    return _drawn.get(key, lambda: _choices(actor, community_id, people, given, at))


def _choices(actor: Actor, community_id: int, people: Directory, given: tuple[str, ...], at: datetime) -> dict[str, SafeString]:
    held, group, department, procedure, building = given
    staff = colleagues(people, at)
    me = [(MINE, "我")] if actor.id is not None else []
    return {
        "holders": options([*me, *staff], held), "colleagues": options(staff), "groups": options(GROUPS.items(), group),
        "departments": options(sorted(people.departments.items()), department),
        "procedures": options(queries.titles(actor, community_id), procedure),
        "buildings": options(_buildings(actor, community_id), building),
    }  # fmt: skip


def _buildings(actor: Actor, community_id: int) -> list[tuple[str, str]]:
    def read() -> list[tuple[str, str]]:
        rows = list(estate.buildings(actor, community_id))
        rows.sort(key=lambda one: (not one.code.isdigit(), int(one.code) if one.code.isdigit() else 0, one.code))
        return [(str(one.pk), one.name or one.code) for one in rows]

    return _offered.get(("buildings", community_id, actor.may("estate.view", community_id)), read)  # type: ignore[no-any-return]


def _views(actor: Actor, community_id: int, chosen: Chosen) -> list[dict[str, Any]]:
    here = chosen.address(actor)
    return [{"pk": one.pk, "name": one.name, "query": one.query, "here": one.query == here} for one in displays.listed(actor, community_id)]


def plain(text: str) -> str:
    """A slug from an address; "" for anything that cannot be one."""
    return text if len(text) <= 40 and text.isascii() and text.replace("_", "").replace("-", "").isalnum() else ""

