"""What a rehearsal found, told to somebody who reads no scripts: steps by their titles, people by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shouwen.org.models import User

from .editions import library_files
from .engine import Procedure, read
from .rehearsal import Result
from .scripts import Rehearsal

_KEYS = {
    "open": "此时打开的任务是", "due": "时限是", "verdict": "时限的结论是", "promise": "承诺的结论是", "closed": "工单已办结", "status": "状态是",
    "class": "类别是", "offered": "可以办", "not_offered": "不可以办", "answers": "登记的内容是", "holder": "任务在这些人手里", "children": "开出了子工单",
    "opened": "开出了", "not_opened": "没有开出", "links": "关联了", "number": "编号以此开头", "step_done": "已办完", "not_done": "没有办过",
    "tracker": "跟进人是", "first_asked": "首问人是", "evidence": "凭证有", "confidential": "保密",
}  # fmt: skip
_FORM = {
    "asks": "要填", "required": "必填", "private": "保密的有", "options": "可选的有", "says": "话术里有", "do": "做法里有", "title": "名称里有",
    "needs": "要交", "basis": "依据有",
}  # fmt: skip
_WORDS = {
    "met": "按时", "late": "超时", "breached": "超时", "running": "还在计时", "dropped": "已取消", "none": "无", "yes": "是", "no": "否", "closed": "已办结",
    "open": "办理中", "paused": "已挂起", "withdrawn": "已撤销", "who": "谁", "why": "为什么", "about": "关于", "text": "内容", "remind": "提醒",
    "task": "新任务", "told": "告知", "urged": "催单", "contains": "含有", "rows": "各行",
}  # fmt: skip
_TOKEN = re.compile(r"[a-z][a-z0-9_]*(?:-[a-z0-9]+)*")


def retold(path: Path, rehearsal: Rehearsal | None, results: Sequence[Result], drafts: Sequence[str]) -> dict[str, Any]:
    """One script as the page of a draft shows it: title, whether it held, and each line that did not, in Chinese."""
    words = _words(drafts)
    bad = [r for r in results if not r.ok]
    return {
        "file": f"{path.parent.name}/{path.name}", "title": rehearsal.title if rehearsal else path.name, "ok": bool(results) and not bad,
        "checks": len(results), "day": f"{rehearsal.starts:%Y-%m-%d}" if rehearsal else "",
        "bad": [{"line": r.line, "wanted": said(r.text, words), "found": _named(r.found, words)} for r in bad[:40]],
    }  # fmt: skip


def said(text: str, words: dict[str, str]) -> str:
    """`c.due: {handle/engineering: 13:00}` → 工单 c 的时限是：责任部门办理/工程部：13:00."""
    head, _, rest = text.partition(": ")
    if head.startswith("form ") and (m := re.fullmatch(r"form (\S+) (\w+)", head)):
        return f"「{_named(m[1], words)}」的表单{_FORM.get(m[2], m[2])}：{_named(rest, words)}"
    if m := re.fullmatch(r"(\w+)\.(\w+)", head):
        return f"工单 {m[1]} {_KEYS.get(m[2], m[2])}：{_named(rest, words)}"
    for start, title in (("expect told", "有人收到通知"), ("expect not told", "没有人收到通知"), ("expect book", "值班日志里有"), ("expect timeline", "经过里有"), ("expect printed", "打印了")):
        if text.startswith(start):
            return f"{title}：{_named(rest or text.removeprefix(start), words)}"
    if m := re.match(r"(\w+) (files|finishes|takes|hands|notes|urges|starts|pauses|amends|tries|withdraws|reopens|approves|resumes|links)\b ?(\S*)", text):
        deeds = {"files": "受理", "finishes": "办完", "takes": "接单", "hands": "转派", "notes": "备注", "urges": "催单", "starts": "开始办", "pauses": "挂起",
                 "amends": "更正", "tries": "试着做", "withdraws": "撤销", "reopens": "重新打开", "approves": "批准", "resumes": "恢复", "links": "关联"}  # fmt: skip
        return f"{words.get(m[1], m[1])}{deeds[m[2]]}「{_named(m[3], words)}」办得成"
    return _named(text, words)


def _named(text: str, words: dict[str, str]) -> str:
    shown = _TOKEN.sub(lambda m: words.get(m[0], m[0]), text.replace("'", "").replace("c.", ""))
    return shown.translate(str.maketrans({"{": "", "}": "", "[": "", "]": ""})).replace(": ", "：").replace(", ", "，")


def _words(drafts: Sequence[str]) -> dict[str, str]:
    """Slug → title, of people, and of steps, options and asks (the draft's own words before the library's)."""
    rules: list[Procedure] = [] if _kept else [read(text) for text in (*drafts, *(text for _, text in library_files()))]
    for p in rules:
        _kept.setdefault(p.procedure, p.title)
        for step in p.every_step.values():
            _kept.setdefault(step.name, step.title)
        for promise in p.promises.values():
            _kept.setdefault(promise.name, promise.title)
        for ask in p.asks.values():
            _kept.setdefault(ask.name, ask.title)
            for key, title in ask.pick.items():
                if len(key) > 3:
                    _kept.setdefault(key, title)
    return _kept | _WORDS | dict(User.objects.values_list("username", "name"))


_kept: dict[str, str] = {}


def forget() -> None:
    """Begin anew with other drafts."""
    _kept.clear()
