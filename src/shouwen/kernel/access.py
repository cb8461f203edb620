"""Who is acting, and what they may do: the permission table and the Actor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

PERMISSIONS: Final[dict[str, str]] = {
    "estate.view": "查看房产与住户",
    "estate.edit": "登记房产与住户",
    "estate.import": "批量导入房产资料",
    "estate.reveal": "申请查看住户隐私信息",
    "estate.approve_reveal": "批准查看住户隐私信息",
    "org.view": "查看组织与人员",
    "org.edit": "管理组织与人员",
    "org.delegate": "登记请假与代理",
    "duty.view": "查看排班与值班日志",
    "duty.edit": "安排值班",
    "duty.write": "记值班日志",
    "tickets.view": "查看工单",
    "tickets.file": "受理",
    "tickets.work": "办理工单",
    "tickets.hand": "转派工单",
    "tickets.steer": "撤销、重开、关联、批准挂起",
    "tickets.confidential": "查看保密内容",
    "procedures.view": "查看规程",
    "procedures.adopt": "启用规程版本",
    "rounds.view": "查看巡查",
    "rounds.walk": "巡查与登记",
    "rounds.edit": "安排巡查",
    "fees.view": "查看有偿服务价目",
    "fees.edit": "管理有偿服务价目",
    "fees.arrears": "查看欠费标记",
    "fees.debts": "登记欠费名单、查看欠费金额",
    "custody.view": "查看钥匙与保管物品",
    "custody.work": "收发钥匙与保管物品",
    "custody.keep": "管理存放处与保管人",
    "custody.secret": "查看秘密文件目录",
    "premises.view": "查看标识、空置房、巡访与停车证",
    "premises.work": "登记标识、空置房、巡访与停车证",
    "premises.edit": "指定责任区、补登标识",
    "documents.view": "查看受控文件",
    "documents.edit": "编订受控文件",
    "notices.send": "发送通知",
    "settings.edit": "修改系统设置",
    "journal.view": "查看操作日志",
    "api.tokens": "管理接口令牌",
    "system": "系统自动处理",
}
"""Every permission with the name that managers see. A permission not listed here cannot be asked for."""

EVERYWHERE: Final = 0
"""Stands for every community in a grant (head office)."""


RESIDENT: Final = "住户"
"""Stands inside tickets for whoever outside the company has acted by self-service; their channel is `resident`."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or the system, who acts. Built once per request; knows its grants by community.

    `grants` maps a permission to the ids of the communities where it holds; `EVERYWHERE` means all of them.
    `post` is the title written beside the name in the journal.
    """

    id: int | None
    name: str
    post: str = ""
    grants: Mapping[str, frozenset[int]] = field(default_factory=dict)
    community: int | None = None
    """The community this person works in by default."""
    scope: frozenset[str] | None = None
    """When acting by an API token: the permissions the token was narrowed to; None = all grants."""
    channel: str = "web"
    posts: frozenset[str] = frozenset()
    """Slugs of the posts held (in any community); `staff` is implied for every employee."""

    @property
    def ref(self) -> str:
        """How this person is named inside tickets: the user id as text, `system` for the system, RESIDENT for who lives here."""
        if self.id is None:
            return RESIDENT if self.channel == "resident" else "system"
        return str(self.id)

    def may(self, permission: str, community: int | None) -> bool:
        """Whether the permission holds in this community (None = it must hold everywhere)."""
        if self.scope is not None and permission not in self.scope:
            return False
        places = self.grants.get(permission)
        return bool(places) and (EVERYWHERE in places or community in places)

    def places(self, permission: str) -> frozenset[int] | None:
        """Communities where the permission holds; None means all of them."""
        if self.scope is not None and permission not in self.scope:
            return frozenset()
        places = self.grants.get(permission, frozenset())
        return None if EVERYWHERE in places else places


def grants_of(pairs: Iterable[tuple[str, int]]) -> dict[str, frozenset[int]]:
    """Gather (permission, community id or EVERYWHERE) pairs; an unknown permission is a programming error."""
    gathered: dict[str, set[int]] = {}
    for permission, community in pairs:
        if permission not in PERMISSIONS:
            raise KeyError(f"unknown permission {permission}")
        gathered.setdefault(permission, set()).add(community)
    return {permission: frozenset(places) for permission, places in gathered.items()}


SYSTEM: Final = Actor(
    id=None, name="系统", post="系统", channel="worker",
    grants={permission: frozenset({EVERYWHERE}) for permission in PERMISSIONS},
)
"""The worker, imports at installation, schedules. It is an actor like any other and stands in the journal."""
