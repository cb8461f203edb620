"""The frame around every page: menu, unread notices, communities, warnings. Everything is fetched when drawn, not before."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from django.db.models import Max
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.functional import SimpleLazyObject

from shouwen.kernel import journal, web
from shouwen.kernel.access import Actor
from shouwen.kernel.kept import Kept
from shouwen.kernel.models import Heartbeat
from shouwen.org import queries as org

LATE_AFTER: Final = timedelta(seconds=60)
"""Without a worker's sign of life for so long, limits may pass unnoticed: the red banner says so."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu: where it leads, and the permission without which it is not shown ("" = everybody)."""

    title: str
    icon: str
    page: str
    may: str = ""
    url: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under a title. One with `fold` is folded until its reader opens it (a cookie remembers) or is on a page of it."""

    title: str
    entries: tuple[Entry, ...]
    fold: str = ""
    open: bool = True


MENU: Final = (
    Group("", (
        Entry("工作台", "layout-kanban", "procedures:board", "tickets.view"),
        Entry("我的任务", "checklist", "procedures:mine", "tickets.work"),
        Entry("受理", "plus", "procedures:file", "tickets.file"),
        Entry("通知", "bell", "notices:inbox"),
    )),
    Group("值班", (
        Entry("晨间一览", "sun", "morning", "duty.edit"),
        Entry("值班日志", "notebook", "duty:book", "duty.view"),
        Entry("交接班", "switch-horizontal", "duty:handover", "duty.write"),
        Entry("钥匙与保管", "key", "custody:register", "custody.view"),
        Entry("我的班", "calendar-stats", "duty:mine", "duty.write"),
        Entry("我的巡查", "walk", "rounds:mine", "rounds.walk"),
        Entry("巡查", "route", "rounds:today", "rounds.view"),
        Entry("楼宇与巡访", "home-2", "premises:coverage", "premises.view"),
    )),
    Group("台账", (
        Entry("工单", "ticket", "procedures:tickets", "tickets.view"),
        Entry("统计", "chart-bar", "procedures:reports", "tickets.view"),
        Entry("房屋与住户", "building-community", "estate:units", "estate.view"),
        Entry("单据", "printer", "papers:papers", "tickets.view"),
    )),
    Group("资料", (
        Entry("住户查找", "search", "estate:find", "estate.view"),
        Entry("话术与知识", "bulb", "procedures:phrases", "procedures.view"),
        Entry("有偿服务价目", "coin", "fees:prices", "fees.view"),
        Entry("欠费名单", "receipt", "fees:arrears", "fees.debts"),
        Entry("文件资料", "archive", "custody:files", "custody.view"),
        Entry("受控文件", "file-certificate", "papers:documents", "documents.view"),
        Entry("规程", "sitemap", "procedures:procedures", "procedures.view"),
    ), fold="know"),
    Group("管理", (
        Entry("组织与人员", "users", "org:staff", "org.view"),
        Entry("排班", "calendar-event", "duty:roster", "duty.view"),
        Entry("请假与代理", "user-check", "org:delegations", "org.view"),
        Entry("资料导入", "file-import", "estate:import", "estate.import"),
        Entry("通知渠道", "send", "notices:channels", "settings.edit"),
        Entry("住户短信", "message", "portal:messages", "settings.edit"),
        Entry("住户自助码", "qrcode", "portal:codes", "settings.edit"),
        Entry("大屏", "device-tv", "procedures:walls", "settings.edit"),
        Entry("操作日志", "history", "journal", "journal.view"),
        Entry("设置", "settings", "settings", "settings.edit"),
    ), fold="manage"),
)
"""Every entry of the menu, in order. A page that is not installed, or not permitted, does not appear."""

ENTRIES: Final = tuple(entry for group in MENU for entry in group.entries)


OPENED: Final = "menu"
"""Cookie with the folds that are open, `know.manage`; written by the browser alone (keys.js)."""


def menu_of(actor: Actor, path: str, opened: str = "") -> tuple[Group, ...]:
    """The menu of this person, with addresses; the entry of the present page is marked, its group unfolded."""
    held = tuple([not entry.may or holds(actor, entry.may) for entry in ENTRIES])
    urls = tuple([address(entry.page) for entry in ENTRIES])
    unfolded = tuple(fold for fold in FOLDS if fold in opened.split("."))
    key = (held, urls, path if path in urls else "", unfolded)
    if (found := _menus.get(key)) is None:
        if len(_menus) >= MOST_MENUS:
            _menus.clear()
        found = _menus[key] = tuple(_menu(*key))
    return found


def _menu(held: Sequence[bool], urls: Sequence[str], path: str, unfolded: Sequence[str]) -> Iterator[Group]:
    every = zip(ENTRIES, held, urls, strict=True)
    for group in MENU:
        own = [next(every) for _ in group.entries]
        shown = tuple(replace(entry, url=url, current=path == url) for entry, may, url in own if may and url)
        if shown:
            yield Group(group.title, shown, group.fold, not group.fold or group.fold in unfolded or any(entry.current for entry in shown))


MOST_MENUS: Final = 500
FOLDS: Final = tuple(group.fold for group in MENU if group.fold)
_menus: Final[dict[tuple[Any, ...], tuple[Group, ...]]] = {}
"""Menus as this process has put them together: people of one post, on one page, have the same."""


_addresses: Final[dict[tuple[str, str], str]] = {}


def address(page: str) -> str:
    """The address of a page by its name, "" where it is not installed; every page of ours asks for two dozen of them."""
    key = (get_script_prefix(), page)
    if (found := _addresses.get(key)) is None:
        try:
            found = reverse(page)
        except NoReverseMatch:
            found = ""
        _addresses[key] = found
    return found


def forget() -> None:
    """Drop the addresses and menus this process remembers (tests change the addresses)."""
    _addresses.clear()
    _menus.clear()


IN_FRAME: Final = {
    "home_url": "home", "search_url": "estate:find", "switch_url": "switch", "inbox_url": "notices:inbox",
    "account_url": "org:account", "logout_url": "org:logout", "login_url": "org:login",
}  # fmt: skip


def holds(actor: Actor, permission: str) -> bool:
    """Whether the permission holds in some community."""
    places = actor.places(permission)
    return places is None or bool(places)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Names: actor, menu, unread, communities, community, heartbeat_late, new_key, and IN_FRAME."""
    actor: Actor | None = getattr(request, "actor", None)
    common = {"actor": actor, "new_key": new_key, "here": request.path}
    common |= {name: address(page) for name, page in IN_FRAME.items()}
    if actor is None:
        return common | {"menu": [], "unread": 0, "communities": [], "community": None, "heartbeat_late": 0}
    communities = SimpleLazyObject(lambda: _communities(actor))
    return common | {
        "menu": SimpleLazyObject(lambda: menu_of(actor, request.path, request.COOKIES.get(OPENED, ""))),
        "unread": SimpleLazyObject(lambda: _unread(actor)),
        "communities": communities,
        "community": SimpleLazyObject(lambda: _community(request, communities)),
        "heartbeat_late": SimpleLazyObject(lambda: _late(_beats.get("last", _last_beat))),
    }


def new_key() -> str:
    """A fresh key for a form: `<input type="hidden" name="idempotency_key" value="{{ new_key }}">`."""
    return secrets.token_urlsafe(18)


_beats: Final[Kept[datetime | None]] = Kept(5)
"""The last sign of life as this process read it; every page asks."""


def heartbeat_late() -> int:
    """Minutes since a worker's last sign of life when that is more than one; 0 when all is well."""
    return _late(_last_beat())


def _last_beat() -> datetime | None:
    return Heartbeat.objects.exclude(worker__startswith="chore:").aggregate(last=Max("at"))["last"]


def _late(last: datetime | None) -> int:
    silent = journal.now() - last if last else LATE_AFTER
    return 0 if silent < LATE_AFTER else max(int(silent.total_seconds() // 60), 1)


def _communities(actor: Actor) -> list[Any]:
    """As `estate.queries.communities`, from what this process has kept."""
    places = actor.places("estate.view")
    return [one for one in org.all_communities() if places is None or one.pk in places or one.pk == actor.community]


def _community(request: HttpRequest, communities: Any) -> Any:
    chosen = web.here(request)
    return next((each for each in communities if each.pk == chosen), None) or next(iter(communities), None)


def _unread(actor: Actor) -> int:
    return int(import_module("shouwen.notices.queries").unread(actor)) if find_spec("shouwen.notices.queries") else 0
