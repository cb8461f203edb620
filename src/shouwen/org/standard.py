"""The standard organisation: departments, posts with ranks, superiors and permissions, and what SOP titles mean.

Loaded once by `actions.load_standard`; afterwards the rows are the company's own to change. Ranks rise upwards
(「领班级以上」 compares them): staff 10, lead 20, duty manager 30, head 40, manager 50, director 60, company 70 and up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class StandardPost:
    slug: str
    title: str
    rank: int
    superior: str
    department: str
    permissions: frozenset[str]


HEAD_OFFICE: Final = {"company": "公司", "enterprise": "企业管理部", "warranty": "保修办"}
"""Departments of head office."""

DEPARTMENTS: Final = {
    "management": "管理处", "customer-service": "客户服务部", "engineering": "工程部", "security": "安保部",
    "cleaning": "环境部", "greening": "绿化组", "finance": "财务部", "operations": "经营部",
}  # fmt: skip
"""Departments of a community."""

_LOOK = frozenset({"org.view", "duty.view", "duty.write", "procedures.view", "fees.view", "documents.view"})
_WORK = _LOOK | {"rounds.view", "rounds.walk", "custody.view", "tickets.view", "tickets.file", "tickets.work", "tickets.hand"}
_DESK = _WORK | {"tickets.file", "estate.view", "estate.reveal", "custody.work", "premises.view", "premises.work"}
_STEWARD = _DESK | {"estate.edit", "fees.arrears"}
_LEAD = _WORK | {"tickets.file", "estate.view", "tickets.steer"}
_HEAD = _LEAD | {"estate.reveal", "org.delegate", "duty.edit", "rounds.edit", "notices.send"}
_CS_HEAD = _HEAD | (_STEWARD - {"fees.arrears"}) | {"estate.approve_reveal", "tickets.confidential", "custody.keep", "premises.edit"}
_MANAGER = _CS_HEAD | {"estate.import", "org.edit", "procedures.adopt", "journal.view", "settings.edit", "api.tokens", "fees.edit", "fees.arrears", "fees.debts", "documents.edit", "custody.secret"}
_CHIEF = _WORK | {"premises.view", "custody.secret", "tickets.steer", "tickets.confidential", "estate.view", "journal.view", "org.delegate", "notices.send"}

POSTS: Final = tuple(
    StandardPost(*row)
    for row in (
        ("senior-leadership", "公司分管领导", 90, "", "company", _CHIEF),
        ("company-manager", "公司经理", 80, "senior-leadership", "company", _CHIEF),
        ("management-rep", "管理者代表", 75, "senior-leadership", "company", _CHIEF),
        ("enterprise-dept", "企业管理部", 70, "management-rep", "enterprise", _CHIEF | {"procedures.adopt", "documents.edit"}),
        ("area-cs", "区域客户服务", 65, "management-rep", "enterprise", _DESK),
        ("warranty-office", "保修办", 65, "management-rep", "warranty", _WORK),
        ("it-admin", "系统管理员", 65, "company-manager", "company", _LOOK - {"duty.write"} | {
            "org.edit", "org.delegate", "duty.edit", "settings.edit", "journal.view", "api.tokens", "procedures.adopt",
            "estate.view", "estate.import",
        }),
        ("auditor", "审计员", 65, "senior-leadership", "company", frozenset({
            "org.view", "duty.view", "rounds.view", "procedures.view", "tickets.view", "estate.view", "journal.view", "fees.view", "documents.view", "custody.view", "premises.view",
        })),
        ("director", "管理处主任", 60, "company-manager", "management", _MANAGER),
        ("service-manager", "服务中心经理", 50, "director", "management", _MANAGER),
        ("cs-supervisor", "客服部主管", 40, "service-manager", "customer-service", _CS_HEAD | {"fees.arrears"}),
        ("cs-director", "客服主任", 30, "cs-supervisor", "customer-service", _LEAD | _STEWARD),
        ("property-supervisor", "物业主任", 30, "cs-supervisor", "customer-service", _LEAD | _STEWARD),
        ("complaint-supervisor", "投诉主管", 40, "service-manager", "customer-service", _CS_HEAD),
        ("engineering-head", "工程部主管", 40, "service-manager", "engineering", _HEAD),
        ("security-head", "安保部主管", 40, "service-manager", "security", _HEAD),
        ("cleaning-head", "环境部主管", 40, "service-manager", "cleaning", _HEAD | {"custody.work"}),
        ("greening-head", "绿化主管", 40, "service-manager", "greening", _HEAD),
        ("finance-head", "财务主管", 40, "service-manager", "finance", _HEAD | {"fees.edit", "fees.arrears", "fees.debts"}),
        ("operations-head", "经营部主管", 40, "service-manager", "operations", _HEAD),
        ("duty-manager", "值班经理", 30, "service-manager", "management", _LEAD | {"estate.reveal", "tickets.confidential", "duty.edit", "rounds.edit"}),
        ("security-duty-lead", "护卫值班负责人", 20, "security-head", "security", _LEAD),
        ("receptionist", "前台接待员", 10, "cs-director", "customer-service", _DESK | {"fees.arrears"}),
        ("club-receptionist", "会所前台", 10, "cs-director", "customer-service", _DESK),
        ("steward", "物业助理（管理员）", 10, "property-supervisor", "customer-service", _STEWARD),
        ("engineer", "维修工", 10, "engineering-head", "engineering", _WORK),
        ("guard", "护卫员", 10, "security-duty-lead", "security", _WORK),
        ("gate-guard", "门岗护卫员", 10, "security-duty-lead", "security", _WORK),
        ("control-room", "监控室值班员", 10, "security-duty-lead", "security", _WORK | {"tickets.file", "custody.work"}),
        ("cleaner", "保洁员", 10, "cleaning-head", "cleaning", _WORK),
        ("gardener", "绿化工", 10, "greening-head", "greening", _WORK),
        ("cashier", "收费员", 10, "finance-head", "finance", _WORK | {"estate.view", "fees.arrears", "fees.debts"}),
        ("clerk", "文员", 10, "service-manager", "management", _WORK | {"tickets.file", "estate.view", "estate.edit", "custody.work", "custody.secret"}),
        ("first-aider", "急救员", 10, "service-manager", "management", _WORK),
        ("driver", "车辆驾驶员", 10, "service-manager", "management", _WORK),
    )
)  # fmt: skip
"""docs/cast.md names who holds them in the demo."""

_MEANT: Final = {
    "receptionist": "接待员 前台接待员 前台接待 前台 接诉人 客户接待员 接听人员 前台人员 前台值班人员 业户服务接待人员 客服前台 客服员"
    " 客服助理 客务助理 报修受理人 投诉受理人",
    "club-receptionist": "会所前台 会所接待员",
    "steward": "物业助理 管理员 片区管理员 管理人员",
    "cs-supervisor": "客服部主管 客务主管 客服组负责人 客服负责人 客服部经理 业主服务中心主管",
    "cs-director": "客服主任",
    "property-supervisor": "物业主任",
    "complaint-supervisor": "投诉主管 投诉受理部主管",
    "service-manager": "服务中心经理 业主服务中心经理 管理处经理 项目经理",
    "duty-manager": "值班经理 当班经理 当值主管",
    "director": "管理处主任 管理处",
    "company-manager": "公司经理 总经理 物业总经理",
    "senior-leadership": "公司分管领导 高层领导 公司领导 公司主管领导",
    "management-rep": "管理者代表",
    "enterprise-dept": "企业管理部",
    "area-cs": "区域客户服务 区域客户服务人员",
    "warranty-office": "保修办",
    "engineering-head": "工程部主管 物业保障中心经理",
    "engineer": "维修工 管道维修技术员 电工 设备运行值班员",
    "security-head": "安保部主管 安全事务部主管 物业副经理",
    "security-duty-lead": "护卫值班负责人 值班负责人 保安班长 领班",
    "guard": "护卫 安护员 护管 保安 保安员 护卫员 巡查岗保安",
    "gate-guard": "入口值班人员 门岗 礼宾岗 入口保安 出口保安 车场当值保安 门岗护卫员",
    "control-room": "总值班室 监控室 保安监控室 中控室 中央控制室 中央控制室值班员 监控室值班员",
    "cleaning-head": "环境部主管 保洁主管 保洁班长",
    "cleaner": "保洁员",
    "greening-head": "绿化主管",
    "gardener": "绿化工",
    "finance-head": "财务主管",
    "cashier": "收费员 财务收款员",
    "operations-head": "经营部主管",
    "clerk": "文员 秘书 内勤 办公室",
    "first-aider": "急救员 急救小组",
    "driver": "车辆驾驶员",
}
"""Post → the titles that the SOPs use for it: the role tables of the five seed documents (A–C, D, E)."""

TITLES: Final = {title: post for post, titles in _MEANT.items() for title in titles.split()}
"""Title in a document → post. Titles that mean a different post from document to document (负责人, 主管, 部门经理, 助理,
专人, 部门负责人) are left out on purpose: procedures name them by function, and a community maps them for itself."""
