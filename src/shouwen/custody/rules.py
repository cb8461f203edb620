"""The rules of lending, pure: what must be there before a thing goes out, and what keeps a matter from being closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from shouwen.kernel.refusals import Conflict, Refused

from .kinds import ACCEPTED, KINDS, OWNER, PAPERS, REASONS, RELATIONS, Way

COPYING: Final = ("复配", "复制", "配钥匙")
"""Uses that are a copy under another name. D4.67."""

ANSWERS: Final = ("yes", "no", "none")

FRESH: Final = timedelta(hours=24)
"""An owner's word is good for a day: yesterday's consent does not cover today's use."""


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody's word as the desk took it down: which side, what they said, how and when (to the minute)."""

    side: str
    answer: str
    name: str
    at: datetime
    how: str = "电话"
    user: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody from outside who takes a thing, or uses it (a contractor). The name in full; it is kept encrypted."""

    name: str = ""
    phone: str = ""
    relation: str = ""
    paper: str = ""
    kept: str = ""
    """Where the copy or the original of the paper lies."""
    valid_on: date | None = None
    """Last day of an entry permit."""
    company: str = ""
    developer: str = ""
    """Where the developer's confirmation lies, or its number."""


def must_be_free(thing: Any) -> None:
    """What is not in its place cannot be handed out. The database refuses a second open loan besides."""
    if thing.state != "in":
        words = {"out": "已借出", "lost": "正在按遗失、损坏处理", "gone": "已交还"}[thing.state]
        raise Conflict(f"{thing.number} {words}，不能再借。请刷新后查看它现在在谁手里。")


def of(kind: str, way: str) -> Way:
    """The way, if this kind has it."""
    found = KINDS[kind].ways.get(way)
    if found is None:
        raise Refused(f"{KINDS[kind].title}不能这样借出，请重新选择方式。", {"way": "请重新选择。"})
    return found


def faults(kind: str, way: Way, *, purpose: str, user: Any, taker: Taker, reason: str, keep: bool, today: date, signature: str = "") -> dict[str, str]:
    """What is missing or does not fit, by field. D4.17, D4.30–D4.33, D4.72–D4.75, D4.79, D4.80, D4.100, D4.109, D4.110, D11.12, D11.22."""
    found: dict[str, str] = {}
    if not purpose:
        found["purpose"] = "请写明用途。"
    elif len(purpose) < KINDS[kind].clear:
        found["purpose"] = f"{KINDS[kind].title}的用途请写清楚：谁去、做什么（至少 {KINDS[kind].clear} 个字）。"
    elif KINDS[kind].family == "key" and not way.copies and any(words in purpose for words in COPYING):
        found["purpose"] = "要复配的，请走「拿去复配」，由客服负责人批准；没有批准不能复配。" if any(each.copies for each in KINDS[kind].ways.values()) else "这类钥匙不能复配。"
    if way.signs and not signature:
        found["signature"] = "请领用人签名；没有签名不能领走。"
    if keep and not way.may_keep:
        found["keep"] = "这种方式借出的必须归还。"
    if way.who in ("staff", "contractor") and user is None:
        found["user"] = "请选择借用的同事。" if way.who == "staff" else "请选择签字借用的管理人员；施工人员不能直接借。"
    if way.who in ("owner", "proxy", "contractor") and not taker.name:
        found["name"] = "请填写姓名。"
    if way.who == "owner" and not taker.paper:
        found["paper"] = "请核对业户身份，并选择核对的证件。"
    if way.who == "proxy":
        found |= _proxy(way, taker, today)
    if way.who == "contractor":
        if not taker.company:
            found["company"] = "请填写施工单位。"
        if taker.paper not in ("id", "work_card"):
            found["paper"] = "请核实施工人员身份：身份证或工作证。"
        if not taker.developer:
            found["developer"] = "没有开发商的证明确认材料，不能借给施工单位。请登记材料编号或留存处。"
    if way.emergency and reason not in REASONS:
        found["reason"] = "请选择紧急情况。没有紧急情况的，其他部门不能动用。"
    return found


def _proxy(way: Way, taker: Taker, today: date) -> dict[str, str]:
    if taker.relation not in way.relations:
        return {"relation": f"这里只能由{'、'.join(RELATIONS[each] for each in way.relations)}代领。"}
    accepted = ACCEPTED[taker.relation]
    if taker.paper not in accepted:
        return {"paper": f"{RELATIONS[taker.relation]}代领，应查验{'或'.join(PAPERS[each] for each in accepted)}。"}
    if taker.paper == "permit":
        if taker.valid_on is None or taker.valid_on < today:
            return {"valid_on": "出入证应在有效期内，请核对到期日。"}
    elif not taker.kept:
        return {"kept": "请留存身份证复印件或委托书原件，并写明存放处。"}
    return {}


def heard(words: Iterable[Word], kind: str, way: Way, at: datetime) -> list[str]:
    """Check every word taken down; returns the sides of ours that still have to agree.

    The owner's no is final, whoever says otherwise; the owner not reached is no consent either. A word of ours by
    telephone counts only in an emergency (K3): otherwise they agree by themselves. D4.18, D4.19, D4.34, D4.97–D4.101.
    """
    said: dict[str, Word] = {}
    for word in words:
        if word.answer not in ANSWERS:
            raise Refused("答复只能是同意、不同意或没有联系上。", {f"{word.side}_answer": "请重新选择。"})
        if word.at > at:
            raise Refused("联系时间不能晚于现在，请更正。", {f"{word.side}_at": "不能晚于现在。"})
        if at - word.at > FRESH:
            raise Refused("同意要当次取得，一天以前的不算。请重新联系。", {f"{word.side}_at": "已超过一天。"})
        said[word.side] = word
    if OWNER in way.asks:
        word = said.get(OWNER)
        if word is None:
            raise Refused("须先联系业户说明情况并取得同意，记下联系时间。", {"owner_answer": "还没有业户的答复。"})
        if word.answer == "no":
            raise Refused("业户不同意，不能借出，任何人都不能代为同意。", {"owner_answer": "业户不同意。"})
        if word.answer != "yes":
            other = "人命关天的请直接报警（110）、消防（119），由他们破门。" if KINDS[kind].sealed else "请改用业户的其他联系方式再联系。"
            raise Refused(f"没有联系上业户，不能借出。{other}", {"owner_answer": "没有联系上业户。"})
    waiting = []
    for side in way.asks:
        if side == OWNER:
            continue
        word = said.get(side)
        if word is not None and word.answer == "no":
            raise Refused("批准人不同意，不能借出。", {f"{side}_answer": "不同意。"})
        if word is None or word.answer != "yes" or not way.emergency:
            waiting.append(side)
    return waiting


def bars(kind: str, way: Way, loan: Any, said: Mapping[str, Any], *, entered: bool, kept: bool) -> list[str]:
    """What keeps a thing that is back from being closed. `kept`: the keeper has counted it. D4.20, D4.23, D4.28, D4.103."""
    found = []
    if loan.papers_due:
        found.append("电话批准的，批准人还没有补签")
    if way.later and OWNER not in said:
        found.append("还没有联系业户说明情况")
    if way.two and not entered:
        found.append("还没有登记入户记录（两人以上、进出时间、做了什么）")
    if KINDS[kind].personal and not kept:
        found.append("等保管人清点复核")
    return found
