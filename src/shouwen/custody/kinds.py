"""What differs between the things we keep, declared: where they stand, who may have them, what must be there before.

Pure. One entry of KINDS is a register of its own; nothing else in this area asks which kind a thing is of.
Sources: D1, D4, D8, D10, D11 with K1–K12 of the reconciled reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OWNER: Final = "owner"
"""The side of whoever left a thing with us (G6: the depositor's consent counts)."""

LEAD: Final = "cs-supervisor"
MANAGER: Final = "service-manager"
CHIEF: Final = "company-manager"
SIDES: Final = {OWNER: "业户", LEAD: "客服负责人", MANAGER: "管理处经理", CHIEF: "总经理"}
"""Whose word may be asked for: the owner, and posts of ours (with everybody above them in their place)."""

PAPERS: Final = {"id": "身份证", "letter": "业户委托书", "permit": "出入证", "work_card": "工作证", "developer": "开发商证明确认材料"}
RELATIONS: Final = {"family": "家属", "agent": "代理人", "nanny": "保姆、小时工"}
ACCEPTED: Final[Mapping[str, tuple[str, ...]]] = {"family": ("id", "letter"), "agent": ("id", "letter"), "nanny": ("permit",)}
"""Which paper each kind of collector shows. D4.31, D4.32, D4.74."""

REASONS: Final = {"fire": "火灾", "water": "水浸、爆管", "gas": "燃气泄漏", "rescue": "人员救助", "other": "其他紧急情况（写明）"}
"""What another department may open an entrusted key for. D4.17."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a thing leaves the cabinet.

    `who`: staff, owner, proxy or contractor (a colleague signs for it, the contractor uses it: D11.22).
    `asks`: whose word must be there first. `final`: it does not come back. `due`: closing, shift, or hours of use.
    `later`: the owner must be told, which may follow (D4.20). `two`: two people enter, and that is written down.
    """

    title: str
    who: str
    asks: tuple[str, ...] = ()
    final: bool = False
    may_keep: bool = False
    """The taker may also keep it for good."""
    relations: tuple[str, ...] = ()
    due: str = "closing"
    emergency: bool = False
    later: bool = False
    two: bool = False
    uses_up: bool = False
    """What is drawn is used or comes back; whoever hands it out has agreed to it, and is somebody else. D8.13–D8.16."""
    signs: bool = False
    """The taker signs on the glass, or hands in a picture of the signature. D4.73, D4.110."""
    copies: bool = False
    """More keys come back than went out: it is taken to be copied. D4.67."""
    posts: tuple[str, ...] = ()
    """Colleagues of these posts do it, where somebody here holds one of them. D3.09."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of thing. `class_`: the sort of place where it may stand, and no other. `liable`: whom a loss names (K4)."""

    title: str
    family: str
    prefix: str
    class_: str
    ways: Mapping[str, Way] = field(default_factory=dict)
    unit: str = ""
    """"must": belongs to a room; "vacant": to one nobody lives in; "" = a place in words will do."""
    measure: str = "件"
    personal: bool = False
    """Only its keeper (or whom they entrusted) hands it out and counts it back. D4.27, D4.28."""
    sealed: bool = False
    purposes: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """What is answered at return, in this order. D11.13–D11.15."""
    clear: int = 0
    """Characters that the use takes at least, where it must be plain who does what. D4.109."""
    keepers: tuple[str, ...] = ()
    """Only holders of these posts keep its place, and nothing is taken in before one of them does. D8.12, D10.01."""
    purpose_title: str = "寄存用途"
    secret: bool = False
    """Only those who may see secret files know that it is there. D14.24."""
    permit: bool = False
    """Taking it in needs the word of a head: D1.08–D1.11."""
    liable: str = "当事人"
    counted: bool = True
    loss: str = ""
    """Variant of the loss procedure (K7); "" = reported and settled without one."""
    hint: str = ""


_STAFF: Final = Way("员工借用", "staff")
_OWNER_BACK: Final = Way("业户本人领用", "owner", may_keep=True)
_CONTRACTOR: Final = Way("施工单位使用，由管理人员签字借", "contractor")
_TAKEN: Final = Way("业户本人领取", "owner", final=True)
_PROXY: Final = Way("代领", "proxy", asks=(OWNER,), final=True, relations=("family", "agent", "nanny"))
_MAIL: Final = {
    "owner": _TAKEN, "proxy": Way("代领", "proxy", final=True, relations=("family", "agent", "nanny")), "deliver": Way("送到住户手里", "staff", final=True, posts=("steward",)),
}  # fmt: skip

TYPES: Final = {
    "notice": "通知", "policy": "制度", "order": "命令", "letter": "公函", "summary": "总结", "report": "报告", "circular": "通报", "minutes": "会议纪要",
    "government_minutes": "政府纪要", "regulations": "政府法规", "drawing": "技术图纸", "manual": "说明书", "handbook": "手册", "owner_file": "业户档案",
    "vehicle_file": "车辆档案", "liaison": "工作联络单", "request": "请示", "other": "其他文件",
}  # fmt: skip
"""Types of documents; procedures name them by their slugs. D14.02–D14.19."""

SERIES: Final = {"received": "收文", "sent": "发文", "internal": "内部文件"}
"""What is numbered by the year: letters in, letters out, and each department's own papers. D14.48, D14.59, D14.66."""

ORDERS: Final = {"letters": "按字母", "content": "按内容", "time": "按时间"}
"""How a folder is sorted. D14.32."""

KINDS: Final[Mapping[str, Kind]] = {
    "entrusted": Kind(
        "业户委托钥匙", "key", "WT", "entrusted", unit="must", measure="把", personal=True, loss="entrusted", liable="当事人和保管人",
        purposes=("出租看房", "应急", "临时代存转交"), ways={
            "owner": _OWNER_BACK,
            "proxy": Way("代领", "proxy", asks=(OWNER,), relations=("family", "agent", "nanny"), may_keep=True),
            "viewing": Way("员工带看房", "staff", asks=(OWNER,)),
            "emergency": Way("其他部门紧急动用", "staff", asks=(LEAD, MANAGER), emergency=True, later=True, two=True),
        },
        hint="寄存用途、核对过的数量、房号要写清楚；委托书或寄存登记表留存。",
    ),
    "sealed": Kind(
        "业户封存钥匙", "key", "FC", "entrusted", unit="must", measure="封", sealed=True, loss="sealed", liable="当班责任人", purposes=("应急", "出租看房"), ways={
            "owner": _OWNER_BACK,
            "use": Way("经业户同意启封使用", "staff", asks=(OWNER, MANAGER), two=True),
            "proxy": Way("经业户同意由他人领用", "proxy", asks=(OWNER, MANAGER), relations=("family", "agent", "nanny"), may_keep=True),
            "emergency": Way("突发事件启封", "staff", asks=(OWNER, LEAD, MANAGER), emergency=True, two=True),
        },
        hint="业户本人当面装入信封、封口签名；不能代办。",
    ),
    "vacant": Kind("空房钥匙", "key", "KF", "vacant", unit="vacant", measure="把", loss="vacant", ways={
        "staff": _STAFF, "contractor": _CONTRACTOR, "copy": Way("拿去复配", "staff", asks=(LEAD,), copies=True),
    }, hint="清扫、设备检查也要借用登记，当天下班前收回。"),
    "repair": Kind(
        "返修钥匙", "key", "FX", "repair", unit="must", measure="把", loss="repair", liable="发放人", clear=4, ways={
            "owner": Way("业户本人领走", "owner", may_keep=True, signs=True),
            "proxy": Way("代领", "proxy", asks=(OWNER,), relations=("family", "agent"), may_keep=True, signs=True),
            "contractor": _CONTRACTOR, "staff": _STAFF,
        },
        hint="入住期间用得多，谁用、做什么、第几次都写清楚；业户领走的，不管修没修完都要签名。",
    ),
    "room": Kind("单元房间钥匙", "key", "FJ", "room", measure="把", loss="room", ways={"staff": _STAFF, "contractor": _CONTRACTOR}, checks=("单元电源已断", "门窗已关", "单元门已锁好")),
    "area": Kind("区域钥匙", "key", "QY", "area", measure="串", loss="sealed", ways={"shift": Way("当班领用", "staff", due="shift")}, hint="早班到监控室领，中班下班交回，领和还都点数。"),
    "desk": Kind("前台、样板间钥匙", "key", "QT", "desk", measure="把", loss="room", ways={"staff": _STAFF}),
    "card": Kind("备用门禁卡", "key", "MK", "desk", measure="张", loss="room", ways={"staff": _STAFF, "owner": _OWNER_BACK}),
    "letter": Kind("信件", "mail", "XJ", "mail", unit="must", ways=_MAIL, counted=False),
    "newspaper": Kind("报刊", "mail", "BK", "mail", unit="must", measure="份", ways=_MAIL, counted=False),
    "parcel": Kind("包裹", "mail", "BG", "mail", unit="must", ways=_MAIL, counted=False),
    "article": Kind("寄存、转交物品", "mail", "WP", "article", unit="must", permit=True, ways={"owner": _TAKEN, "proxy": _PROXY}, hint="前台原则上不寄存、不转交；确需的，先由客服主管或部门经理批准。钥匙请登记为委托钥匙。"),
    "document": Kind(
        "文件资料", "document", "WJ", "archive", measure="份", purpose_title="种类", counted=False, ways={"borrow": Way("借阅", "staff"), "destroy": Way("销毁", "staff", asks=(CHIEF,), final=True)},
        purposes=tuple(TYPES.values()),
        hint="文员、助理收集存档；借阅登记日期、用途、经手人、归还日期；销毁须总经理批准。",
    ),
    "secret": Kind(
        "秘密文件", "document", "MM", "safe", measure="份", purpose_title="种类", secret=True, purposes=("员工个人档案", "合同协议", "财务资料", "其他秘密文件"), ways={
            "read": Way("翻阅", "staff", asks=(CHIEF,)), "copy": Way("复印", "staff", asks=(CHIEF,)), "take": Way("带离办公室", "staff", asks=(CHIEF,)),
            "destroy": Way("销毁", "staff", asks=(CHIEF,), final=True),
        },
        hint="放保密柜，目录只有文员和经理看得见；翻阅、复印、带离办公室、销毁，每次都要总经理批准。",
    ),
    "hazmat": Kind(
        "危险品", "hazmat", "WX", "hazmat", measure="克", purpose_title="品名", purposes=("鼠药", "敌敌畏", "灭蟑药", "酒精", "稀料"), keepers=("cleaning-head",), ways={"use": Way("领用", "staff", uses_up=True)},
        hint="单独存放、上锁。每次使用由领班级以上人员批准并亲自发放，领用人另有其人；没用完的退回。",
    ),
    "ticket": Kind(
        "代售票", "ticket", "YP", "ticket", measure="张", purpose_title="票种", purposes=("电影票", "泳票", "活动票"), keepers=("receptionist", "club-receptionist"), ways={},
        hint="一批票登记一次；随时登记售出张数和金额，余票和票款都要与实物相符。",
    ),
}  # fmt: skip
"""Slug → kind, in the order in which they are offered."""

CLASSES: Final = {
    "entrusted": "委托、封存钥匙专柜", "vacant": "空房钥匙柜", "repair": "返修钥匙柜", "room": "房间钥匙柜", "area": "监控室区域钥匙箱",
    "desk": "前台钥匙、门禁卡", "mail": "信件包裹架", "article": "寄存物品柜", "archive": "档案柜", "safe": "保密柜", "hazmat": "危险品柜", "ticket": "代售票柜",
}  # fmt: skip
"""Sorts of places. A thing of one class stands in no place of another. D4.08, D4.53, D4.69."""

KEYS: Final = tuple(slug for slug, kind in KINDS.items() if kind.family == "key")
SECRET: Final = tuple(slug for slug, kind in KINDS.items() if kind.secret)
MAIL: Final = tuple(slug for slug, kind in KINDS.items() if kind.family == "mail")


def kinds_in(class_: str) -> tuple[str, ...]:
    """Which kinds may stand in a place of this class."""
    return tuple(slug for slug, kind in KINDS.items() if kind.class_ == class_)
