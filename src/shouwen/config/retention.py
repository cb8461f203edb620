"""How long is kept what need not be kept for ever: the settings, what they would erase, and the nightly chore."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import Done, action, community_of
from shouwen.kernel.models import Setting
from shouwen.kernel.refusals import Refused
from shouwen.notices.actions import forget_notices
from shouwen.notices.queries import forgettable
from shouwen.procedures import retention

from . import wiring as wiring

FOREVER: Final = retention.FOREVER


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that is kept: title, what it means, how many days by default."""

    name: str
    title: str
    help: str
    days: int


KINDS: Final = (
    Kind("private", "工单里的隐私内容", "姓名、电话等原文。办结后满这么久就清除，遮盖后的样子（王**、138****0001）和全部经过仍在。", 3 * 365),
    Kind("files", "工单的附件", "照片、录音、签名等。办结后满这么久就清除，记录里留下「已清除」。", 3 * 365),
    Kind("loose", "没有归入工单的附件", "上传后没有保存工单的文件。", 30),
    Kind("notices", "已读的通知", "收件箱里已经读过的通知。清除后，工单上也不再看得到当时通知了谁。", FOREVER),
)
CHOICES: Final = ((30, "30 天"), (90, "90 天"), (180, "半年"), (365, "1 年"), (2 * 365, "2 年"), (3 * 365, "3 年"), (5 * 365, "5 年"), (10 * 365, "10 年"), (FOREVER, "不清除"))


@dataclass(frozen=True, slots=True)
class Kept:
    """The settings of one community: days by kind, and whether anything is erased at all."""

    days: dict[str, int]
    on: bool

    @property
    def periods(self) -> retention.Periods:
        return retention.Periods(self.days["private"], self.days["files"], self.days["loose"])


def kept(community_id: int | None) -> Kept:
    """What holds in a community: its own rows, else those of everywhere, else the defaults. Off until somebody turns it on."""
    rows = Setting.objects.filter(Q(community_id=None) | Q(community_id=community_id), name__startswith="keep.")
    found = {name: value for owner, name, value in sorted(rows.values_list("community_id", "name", "value"), key=lambda r: r[0] is not None)}
    days = {kind.name: int(found.get(f"keep.{kind.name}", kind.days)) for kind in KINDS}
    return Kept(days, found.get("keep.on") == "yes")


@action("settings.retention_set", may="settings.edit", says="保存期限改为：{said}；到期清除{state}")
def set_retention(actor: Actor, place: Any, /, *, days: dict[str, int], on: bool, at: datetime) -> Done:
    """Say how long each kind is kept, and whether what is due is erased each night."""
    owner = community_of(place)
    allowed = {value for value, _ in CHOICES}
    if set(days) != {kind.name for kind in KINDS} or not set(days.values()) <= allowed:
        raise Refused("请从列出的期限中选择。")
    for name, value in (*((f"keep.{k}", str(v)) for k, v in days.items()), ("keep.on", "yes" if on else "no")):
        Setting.objects.update_or_create(community_id=owner, name=name, defaults={"value": value})
    titles = dict(CHOICES)
    said = "、".join(f"{kind.title} {titles[days[kind.name]]}" for kind in KINDS)
    return Done(f"kernel.setting:keep.{owner or 'all'}", {"said": said, "state": "已开启" if on else "已关闭", "days": days})


def due(community_id: int, settings: Kept, at: datetime) -> dict[str, int]:
    """What would be erased tonight, by kind, each counted up to retention.COUNTED."""
    found = retention.due(community_id, settings.periods, at)
    seen = forgettable(community_id, at - timedelta(days=settings.days["notices"]))[: retention.COUNTED].count() if settings.days["notices"] else 0
    return {"private": found.private, "files": found.files, "loose": found.loose, "notices": seen}


def clear(at: datetime) -> int:
    """The nightly chore: in each community that has turned it on, erase what is due; how many things went."""
    gone = 0
    for community in Community.objects.order_by("pk"):
        settings = kept(community.pk)
        if not settings.on:
            continue
        while retention.due(community.pk, settings.periods, at).any:
            done = retention.erase(SYSTEM, community.pk, periods=settings.periods, at=at)
            gone += done.private + done.files + done.loose
        if settings.days["notices"]:
            before = at - timedelta(days=settings.days["notices"])
            while forgettable(community.pk, before)[:1].exists():
                gone += forget_notices(SYSTEM, community, before=before, at=at)
    return gone
