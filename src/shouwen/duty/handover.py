"""The rule of the hand-over, pure: what stands on the sheet, and what still stands in the way of signing it.

Other areas fill the two slots in config/wiring.py: which open matters a person follows, and how they pass on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shouwen.kernel.access import Actor

# --- slots ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """An open matter as another area knows it. `about` names it for ever (``procedures.ticket:7``).

    `weight` is ordinary, important or major. A major one that was closed in this shift is listed too (`closed`). D5.05.
    """

    about: str
    number: str
    what: str
    due_at: datetime | None = None
    url: str = ""
    weight: str = "ordinary"
    closed: bool = False
    whose: str = ""
    """The customer or place it is about; "" = nobody has said."""


Items = Callable[[int, Sequence[int], datetime], list[Item]]
"""items(community_id, user ids, since): what these people follow, and the major matters they closed since."""

PassOn = Callable[..., None]
"""pass_on(actor, community_id, *, abouts, to, reason, at): these matters are followed by `to` from now on."""



@dataclass(frozen=True, slots=True)
class Stock:
    """What another area has in its books for a post to count: `kind` key, mail or article; `expected` as the books stand now."""

    about: str
    kind: str
    title: str
    expected: int


Stocks = Callable[[int, str], list[Stock]]
"""stocks(community_id, post): what passes on with this post."""

_items: list[Items] = []
_passes: list[PassOn] = []
_stocks: list[Stocks] = []


def count_too(stocks: Stocks) -> None:
    """Have the hand-over of a post count what another area keeps. D1.14, D1.15, D5.08."""
    if stocks not in _stocks:
        _stocks.append(stocks)


def stocks(community_id: int, post: str) -> list[Stock]:
    """What other areas keep at this post, to be counted as it passes."""
    return [stock for read in _stocks for stock in read(community_id, post)]


def fill(items: Items, pass_on: PassOn) -> None:
    """Offer matters of another area to the hand-over."""
    _items.append(items)
    _passes.append(pass_on)


def open_items(community_id: int, users: Sequence[int], since: datetime) -> list[Item]:
    """Everything these people follow, soonest first."""
    found = [item for read in _items for item in read(community_id, users, since)]
    return sorted(found, key=lambda item: (item.closed, item.due_at is None, item.due_at or since, item.number))


def pass_on(actor: Actor, community_id: int, *, abouts: Sequence[str], to: int, reason: str, at: datetime) -> None:
    """Inside an action: whoever knows one of these matters has it followed by `to`."""
    for hand in _passes:
        hand(actor, community_id, abouts=abouts, to=to, reason=reason, at=at)


# --- the sheet -----------------------------------------------------------------------------------------------------

KINDS: Final = {
    "prep": "交班准备", "tidy": "台面整理", "work": "未了工单", "matter": "重大及其他事项", "order": "上级指令",
    "article": "工作物品", "paper": "文件资料", "mail": "信件、报刊", "key": "钥匙", "place": "交接地点", "device": "设备运行",
    "area": "责任区域", "question": "接班人提问",
}  # fmt: skip
"""What a line is. The kinds of LISTED come from the list of the post, the others are written for this hand-over."""

LISTED: Final = ("prep", "tidy", "article", "mail", "key", "paper", "place", "device", "area")
WRITTEN: Final = ("matter", "order", "question")
COUNTED: Final = frozenset({"article", "mail", "key"})
CHECKED: Final = frozenset({"place", "device", "area"})
ANSWERS: Final = {
    "place": {"normal": "在此地点", "abnormal": "换了地点"},
    "area": {"normal": "√ 正常", "abnormal": "× 异常"},
    "device": {"normal": "√ 正常", "abnormal": "× 异常", "starting": "正在启动", "stopping": "正在停机"},
}
MOVING: Final = {"starting": "正在启动", "stopping": "正在停机"}
"""What a device may be found doing while nothing passes. D5.27."""
WEIGHTS: Final = {"ordinary": "一般", "important": "重要", "major": "重大紧急"}

SECTIONS: Final = (
    ("prep", "交班准备", ("prep", "tidy")),
    ("work", "工作", ("work", "matter", "order")),
    ("things", "物品与资料", ("article", "paper")),
    ("mail", "信件、报刊", ("mail",)),
    ("keys", "钥匙", ("key",)),
    ("checks", "现场检查", ("place", "device", "area")),
    ("questions", "提问与答复", ("question",)),
)
"""(slug, title, kinds) in the order of the sheet. Work, articles, mail and keys are the four that D1.16 names."""

TIDY_BEFORE: Final = timedelta(minutes=15)
ARRIVE_BEFORE: Final = timedelta(minutes=10)
PUNCTUAL: Final = timedelta(minutes=1)
"""The minute of the hour still counts as on time."""

_UNSAID: Final = frozenset({"待处理", "待定", "处理中", "未知", "无结果", "pending"})
"""Words that are no result. D5.04."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing in the way. `side` says who can remove it: giver, receiver, superior. `line` = 0: of the whole sheet."""

    text: str
    side: str
    line: int = 0


def needs_reason(lines: Iterable[Any]) -> bool:
    """Whether something unfinished passes on, which needs the special circumstances in writing. D2.51, D5.12, D12.43."""
    return any(line.kind in ("work", "matter") and not line.closed for line in lines)


def bars(
    sheet: Any, lines: Sequence[Any], *, fresh: int = 0, unread: int = 0, nameless: Sequence[int] = (), at: datetime
) -> list[Bar]:
    """Everything that keeps this hand-over from being signed, in the order of the sheet.

    `sheet` is a Handover, `lines` its lines; `fresh` counts open matters not yet on it, `unread` lines of the book
    that the receiver has not read; `nameless` are lines whose matter has neither customer nor place. None of these can
    be clicked away.
    """
    found = _about_people(sheet, unread)
    if fresh:
        way = "请交班人撤回签字、更新清单后再签" if sheet.state == "signed" else "请先点“更新清单”"
        found.append(Bar(f"又有 {fresh} 件未了事项没有列入，或变得更重，{way}。", "giver"))
    for line in lines:
        found += _about(line)
        if line.pk in nameless:
            found.append(Bar(f"「{line.number or line.title}」没有写明客户或地点，请先在工单里补上。", "giver", line.pk))
    if sheet.post == sheet.to_post and needs_reason(lines) and not sheet.special:
        found.append(Bar("有未办完的工作要移交，请写明特殊情况（为什么不能办完再交）。", "giver"))
    if at >= sheet.due_at + PUNCTUAL and not sheet.late_cause:
        found.append(Bar("已过交接时间，请写明未按时交接的原因。", "giver"))
    return found


def preparing(bars: Iterable[Bar], lines: Sequence[Any]) -> list[Bar]:
    """Those that concern the giver's own preparation: without them the explaining does not begin. D5.20, D5.28."""
    own = {line.pk for line in lines if line.kind in ("prep", "tidy")}
    return [bar for bar in bars if bar.side == "giver" and bar.line in own]


def _about_people(sheet: Any, unread: int) -> list[Bar]:
    if sheet.receiver_id is None:
        return [Bar("还没有确定接班人。排班里没有下一班的人，请报上级指定顶班人。", "superior")]
    if sheet.unfit:
        return [Bar(f"接班人{sheet.receiver_name}不宜上岗（{sheet.unfit}），须由上级另派顶班人或确认可以上岗。", "superior")]
    found = []
    if sheet.arrived_at is None:
        found.append(Bar(f"接班人{sheet.receiver_name}还没有到场，交班人不能离岗。", "receiver"))
    if sheet.read_at is None:
        found.append(Bar("接班人还没有阅读本班值班日志。", "receiver"))
    elif unread:
        found.append(Bar(f"接班人阅读之后值班日志又增加了 {unread} 行，请再读一遍。", "receiver"))
    return found


def _about(line: Any) -> list[Bar]:
    name = f"「{line.number or line.title}」"
    found: list[Bar] = []

    def giver(text: str) -> None:
        found.append(Bar(text, "giver", line.pk))

    def receiver(text: str) -> None:
        found.append(Bar(text, "receiver", line.pk))

    match line.kind:
        case "prep":
            if not line.note:
                giver(f"准备事项{name}还没有填写，没有请填“无”。")
        case "tidy":
            if line.told_at is None:
                giver(f"{name}还没有整理。")
            if line.understood_at is None:
                receiver(f"{name}还没有经接班人确认。")
        case "question":
            if not line.note:
                giver(f"接班人的提问{name}还没有答复。")
        case "work" | "matter" | "order" | "paper":
            found += _told(line, name)
        case kind if kind in COUNTED:
            if line.given is None:
                giver(f"{name}还没有清点。")
            if line.received is None:
                receiver(f"{name}还没有经接班人点收。")
            if differs(line) and not line.explanation:
                giver(f"{name}{difference(line)}，请说明去向。")
        case kind if kind in CHECKED:
            if line.kind == "device" and line.told_at is None:
                giver(f"{name}还没有共同核实。")
            if not line.answer:
                receiver(f"{name}还没有检查。")
            if line.answer in MOVING:
                giver(f"{name}{MOVING[line.answer]}，不能交接。等设备状态稳定、重新检查后再交。")
            if line.answer == "abnormal":
                if not line.explanation:
                    giver(f"{name}{'不在约定地点' if line.kind == 'place' else '有异常'}，请说明情况。")
                if line.told_at is None and line.kind != "device":
                    giver(f"{name}的问题交班人还没有当面讲明。")
                if line.understood_at is None:
                    receiver(f"{name}的问题接班人还没有确认已听明白。")
    return found


def _told(line: Any, name: str) -> list[Bar]:
    found = []
    if line.kind == "matter":
        missing = [title for title, text in (("原因", line.cause), ("经过", line.course), ("结果", line.note)) if not text]
        if missing:
            found.append(Bar(f"{name}还没有写明{'、'.join(missing)}。", "giver", line.pk))
        elif line.note.strip("。 ") in _UNSAID:
            found.append(Bar(f"{name}的结果要写明到现在做到了哪一步，不能只写“{line.note}”。", "giver", line.pk))
    elif line.kind == "work" and not line.note and not line.closed:
        found.append(Bar(f"未了事项{name}还没有交班说明。", "giver", line.pk))
    if line.told_at is None:
        found.append(Bar(f"{name}还没有当面讲清。" if line.kind != "paper" else f"资料{name}还没有移交。", "giver", line.pk))
    if line.understood_at is None:
        found.append(Bar(f"{name}接班人还没有确认{'已明白' if line.kind != 'paper' else '收到'}。", "receiver", line.pk))
    if heavy(line):
        found.append(Bar(
            f"{name}属{WEIGHTS[line.weight]}事项，没有办完也没有控制住，不能交班。办结后，或由上级确认“已控制”并写明后续安排后再交。",
            "superior", line.pk,
        ))  # fmt: skip
    return found


def heavy(line: Any) -> bool:
    """An important or major matter that is neither closed nor contained: responsibility for it cannot pass. D2.52, D5.26."""
    return line.weight != "ordinary" and not line.closed and line.contained_at is None


def heavier(one: str, other: str) -> str:
    """The heavier of two weights: on a sheet a matter only grows."""
    ranks = list(WEIGHTS)
    return max(one, other, key=ranks.index)


def differs(line: Any) -> bool:
    """Whether the counts of a counted line disagree with each other or with what should be there."""
    counts = {count for count in (line.expected, line.given, line.received) if count is not None}
    return len(counts) > 1


def difference(line: Any) -> str:
    """The counts in words."""
    named = (("应有", line.expected), ("交班点数", line.given), ("接班点数", line.received))
    return "数目不符（" + "、".join(f"{title} {count}" for title, count in named if count is not None) + "）"


_SIGNED: Final = (
    "id", "kind", "title", "number", "about", "weight", "cause", "course", "note", "closed", "plan", "contained_by", "expected",
    "given", "received", "answer", "explanation", "told_at", "understood_at",
)  # fmt: skip


def digest(sheet: Any, lines: Sequence[Any]) -> str:
    """What both sign: the sheet with every line, in one sha256."""
    head = [sheet.pk, sheet.post, sheet.due_at, sheet.giver_id, sheet.receiver_id, sheet.read_upto, sheet.special, sheet.late_cause]
    rows = [[getattr(line, name) for name in _SIGNED] for line in sorted(lines, key=lambda line: line.pk)]
    return hashlib.sha256(json.dumps([head, rows], ensure_ascii=False, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> str:
    return str(value.timestamp()) if isinstance(value, datetime) else str(value)


# --- the list of a post --------------------------------------------------------------------------------------------

_PREP: Final = (
    ("prep", "未完成的工作", None), ("prep", "领导新下的工作指令", None), ("prep", "公共区域维修情况", None),
    ("tidy", "台面无灰、无杂物", None), ("tidy", "转椅无灰、无杂物", None),
)  # fmt: skip
_GUARD: Final = (
    *_PREP[:3], ("place", "本岗位值守点（巡查岗：约定的固定地点）", None), ("tidy", "岗位整洁、卫生良好", None), ("article", "对讲机", 1), ("article", "巡更棒", 1), ("article", "手电筒", 1),
    ("paper", "交接班记录", None), ("device", "岗位配套设施", None), ("area", "岗位周围环境卫生", None),
)  # fmt: skip

DEFAULTS: Final[dict[str, tuple[tuple[str, str, int | None], ...]]] = {
    "receptionist": (
        *_PREP, ("article", "对讲机", 2), ("article", "电脑", 1), ("article", "打印机", 1), ("article", "计算器", 1),
        ("paper", "值班日志", None), ("paper", "《服务手册》与通讯录", None), ("mail", "未发信件", None), ("mail", "未发报刊", None),
        ("key", "前台钥匙", 1), ("key", "样板间钥匙", None), ("device", "热线电话", None), ("area", "大堂与前台区域", None),
    ),
    "control-room": (
        *_PREP[:3], ("tidy", "控制台整洁", None), ("article", "对讲机", 2), ("key", "应急钥匙箱", 1), ("paper", "值班记录", None),
        ("device", "消防报警主机", None), ("device", "监控录像", None), ("area", "监控室", None),
    ),
    "duty-manager": (
        *_PREP[:3], ("tidy", "部门办公室整洁", None), ("article", "值班手机", 1), ("article", "对讲机", 1), ("key", "办公室钥匙", 1),
        ("paper", "值班记录表", None), ("paper", "电话记录", None), ("device", "值班电话", None), ("area", "部门办公室", None),
    ),
    "guard": _GUARD, "gate-guard": _GUARD, "security-duty-lead": _GUARD,
}  # fmt: skip
"""(kind, title, how many) for posts without a list of their own."""

PLAIN: Final = (*_PREP[:3], ("tidy", "工作区整洁", None), ("paper", "值班记录", None), ("area", "工作区域", None))
"""The list of any other post."""


def standard(post: str) -> tuple[tuple[str, str, int | None], ...]:
    """The list that a post has before anybody made one of its own."""
    return DEFAULTS.get(post, PLAIN)
