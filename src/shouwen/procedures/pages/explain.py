"""A procedure put into words, step by step, with the clause behind each: what the page of a procedure shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from ..engine import Procedure, Step
from ..engine.difference import condition_said, route_said, rung_said, titles_said, who_said
from ..engine.procedure import KIND_TITLES, Ask, Limit, Opening, Promise, Rung
from ..engine.schedule import WEEKDAYS, checked
from ..engine.spans import parse, spoken, spoken_whole
from .outlook import Reason, reasons_of, whole_limit

EFFECTS = {
    "estate.set_state": "登记房屋状态", "estate.require": "核对房屋状态", "custody.settle": "登记钥匙处理结果", "custody.register": "登记文件并编号",
    "custody.carry": "登记传递", "custody.file": "登记归档", "custody.may_destroy": "核对销毁清单", "custody.destroy": "登记销毁",
}  # fmt: skip
"""What the effects of config/wiring.py are, in words; any other is said plainly."""

OPENERS = {"staff": "全体员工", "public": "住户自助", "schedule": "到期自动", "system": "系统"}
EVIDENCE = {"photo": "照片", "file": "文件", "scan": "扫描件"}
LINKS = {"caused_by": "由此引起", "part_of": "其中一部分", "same": "同一件事"}
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class FieldSaid:
    """A field of a form: `notes` are 可不填, 保密, its condition; `options` what can be chosen."""

    title: str
    kind: str
    options: str
    notes: str
    help: str
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class RungSaid:
    when: str
    what: str
    ahead: bool


@dataclass(frozen=True, slots=True)
class StepSaid:
    """One step. `marks` are short: 随时可办, 双人办理; `facts` are (title, sentence) pairs of what happens besides."""

    step: Step
    number: str
    who: str
    marks: list[str]
    when: str
    do: str
    says: str
    fields: list[FieldSaid]
    limits: list[str]
    limit_reasons: list[Reason]
    ladder: list[RungSaid]
    facts: list[tuple[str, str]]
    next: list[str]
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class PromiseSaid:
    title: str
    limits: list[str]
    since: str
    until: str
    ladder: list[RungSaid]
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Said:
    """The whole procedure; `names` (slug → title) are those of the procedures it opens."""

    steps: list[StepSaid]
    promises: list[PromiseSaid]
    facts: list[tuple[str, str]]
    classes: list[tuple[str, str]]
    ladder: list[RungSaid]
    pauses: list[tuple[str, str, list[Reason]]]
    reasons: list[Reason]


def explained(p: Procedure, names: Mapping[str, str], posts: Mapping[str, str]) -> Said:
    """`names`: titles of procedures, `posts`: titles of posts, both by slug."""
    facts = [
        ("谁可以受理", "、".join(OPENERS.get(o, posts.get(o, o)) for o in p.opened_by) or "按岗位"),
        ("计时", "只算服务时间" if p.serviced else "自然时间，昼夜不停"),
        ("周期", "；".join(every_said(rule) for rule in p.every)), ("记录", p.record), ("编号", f"{p.number}-年月日-序号" if p.number else ""),
        ("重新办理", _reopening(p)), ("催单间隔", spoken_whole(p.urge)),
    ]  # fmt: skip
    pauses = [
        (x.title, f"最长 {spoken_whole(x.at_most)}" + (f"，由{who_said(p, x.who)}提出" if x.who else "")
         + (f"，须{who_said(p, (x.approval,))}批准" if x.approval else ""), reasons_of(*x.basis))
        for x in p.pauses.values()
    ]  # fmt: skip
    return Said(
        _steps(p, names), [_promise(p, x, names) for x in p.promises.values()], [f for f in facts if f[1]],
        [(g.title, g.means) for g in p.classes.values()], _ladder(p, p.late, names), pauses, reasons_of(*p.basis),
    )  # fmt: skip


_DAILY = re.compile(r"RRULE:FREQ=DAILY;BYHOUR=([\d,]+);BYMINUTE=(\d+);BYSECOND=0")


def every_said(rule: str) -> str:
    """month on 28 at 09:00 → 每月 28 日 09:00."""
    if (m := checked(rule)) is None:
        daily = _DAILY.fullmatch(rule)
        return "每天 " + "、".join(f"{int(hour):02}:{int(daily[2]):02}" for hour in daily[1].split(",")) if daily else rule
    on, clock = m["on"], f"{m['hour']}:{m['minute']}"
    if on in WEEKDAYS:
        day = "每周" + "一二三四五六日"[WEEKDAYS.index(on)]
    elif m["day"]:
        day = f"每月 {int(m['day'])} 日"
    elif m["month"]:
        day = f"每年 {int(m['month'])} 月 {int(m['date'])} 日"
    else:
        day = {"day": "每天", "workday": "每个工作日", "month end": "每月最后一天"}[on]
    return f"{day} {clock}"


def _steps(p: Procedure, names: Mapping[str, str]) -> list[StepSaid]:
    found, number = [], 0
    for step in p.steps.values():
        if not step.offered:
            number += 1
        label = "" if step.offered else str(number)
        found.append(_step(p, step, label, names))
        found += [_step(p, p.inner[sub], f"{label}.{n}" if label else "", names) for n, sub in enumerate(step.together, 1)]
    return found


def step_said(p: Procedure, name: str, names: Mapping[str, str]) -> StepSaid:
    """One step put into words, for the page of a ticket."""
    return _step(p, p.every_step[name], "", names)


def _step(p: Procedure, s: Step, number: str, names: Mapping[str, str]) -> StepSaid:
    marks = {"always": ["随时可办"], "when_offered": ["提示后可办"]}.get(s.offered, [])
    if s.each:
        marks.append(f"按「{p.asks[s.each].title}」各办一份" if s.each in p.asks else "逐项各办一份")
    if s.together:
        marks.append("同时办，办完一项即可" if s.first else "同时办，全部办完")
    marks += ["双人办理"] * s.two_people + ["办后定稿，不能再改"] * s.seals + ["统筹人签字"] * s.lead_signs + ["等关联工单办结"] * s.waits
    facts = [
        ("统筹", who_said(p, (s.lead,)) if s.lead else ""), ("凭证", "、".join(need_said(p, n) for n in s.needs)),
        ("不得由同一人", titles_said(p, s.not_by)), ("可以另办", titles_said(p, s.offers)),
        ("开出工单", "；".join(_opening(p, o, names) for o in s.opens)),
        ("告知", "；".join(who_said(p, t.who) + (f"：「{filled(p, t.text)}」" if t.text else "") for t in s.tells)),
        ("记入值班日志", "；".join(filled(p, text) for text in s.logs)), ("打印", "、".join(s.prints)),
        ("保存", spoken(parse(s.keeps)) if s.keeps and s.keeps[0].isdigit() else s.keeps), ("联动", "、".join(dict.fromkeys(EFFECTS.get(d.slot, "登记") for d in s.does))),
    ]  # fmt: skip
    return StepSaid(
        s, number, who_said(p, (s.who,)) if s.who and not s.together else "", marks, condition_said(p, s.when) if s.when else "",
        filled(p, s.do), filled(p, s.says), [_field(p, ask) for ask in s.asks.values()], _limits(p, s.within) if s.within else [],
        reasons_of(*s.within_basis) if s.within else [], _ladder(p, s.ladder, names), [f for f in facts if f[1]],
        [route_said(p, r) for r in s.next], reasons_of(*s.basis),
    )  # fmt: skip


def _field(p: Procedure, ask: Ask) -> FieldSaid:
    notes = [
        "由系统算出" if ask.reckoned else "", "可不填" if ask.optional else "", "可多选" if ask.many else "", "保密" if ask.private else "",
        f"仅当{condition_said(p, ask.only_if)}" if ask.only_if else "",
        f"不少于 {ask.min}" if ask.min else "", f"不多于 {ask.max}" if ask.max else "",
    ]  # fmt: skip
    options = [g.title for g in p.classes.values()] if ask.classes else [*ask.pick.values(), *ask.items.values()]
    return FieldSaid(ask.title, KIND_TITLES[ask.kind], "、".join(options), "，".join(n for n in notes if n), ask.help, reasons_of(*ask.basis))


def _promise(p: Procedure, x: Promise, names: Mapping[str, str]) -> PromiseSaid:
    since = "受理" if x.since == "filed" else titles_said(p, (x.since,))
    return PromiseSaid(
        x.title, _limits(p, x.within), since, " 或 ".join(titles_said(p, (u,)) for u in x.until), _ladder(p, x.ladder, names),
        reasons_of(*x.basis),
    )  # fmt: skip


def _limits(p: Procedure, limit: Limit) -> list[str]:
    """One sentence for each length of time, with every case that has it."""
    if not limit.by:
        return [whole_limit(p, limit)]
    gathered: dict[str, list[str]] = {}
    for key, spans in limit.cases.items():
        option, _, length = whole_limit(p, replace(limit, cases={key: spans})).partition(" ")
        gathered.setdefault(length, []).append(option)
    return [f"{'、'.join(options)}：{length}" for length, options in gathered.items()]


def _ladder(p: Procedure, ladder: Iterable[Rung], names: Mapping[str, str]) -> list[RungSaid]:
    return [RungSaid(rung_when(r), _rung(p, r, names), r.ahead) for r in ladder]


def rung_when(r: Rung) -> str:
    if r.ahead:
        return f"到时前 {spoken_whole(r.after)}"
    return f"超时 {spoken_whole(r.after)}" if r.after.amount else "一超时"


def _rung(p: Procedure, r: Rung, names: Mapping[str, str]) -> str:
    opened = "；".join(_opening(p, o, names) for o in r.open)
    said = filled(p, rung_said(p, replace(r, open=())))
    return "，".join(x for x in (said, f"开出{opened}" if opened else "") if x) or ("提醒经办人" if r.ahead else "记录")


def _opening(p: Procedure, o: Opening, names: Mapping[str, str]) -> str:
    notes = [LINKS.get(o.kind, ""), condition_said(p, o.when) if o.when else "", f"「{titles_said(p, (o.before,))}」之前办结" if o.before else ""]
    return f"《{names.get(o.procedure, o.procedure)}》（{'，'.join(n for n in notes if n)}）"


def _reopening(p: Procedure) -> str:
    r = p.reopen
    parts = [
        f"回到「{titles_said(p, (r.go,))}」" if r.go else "", f"最多 {r.at_most} 次" if r.at_most else "",
        f"之后到「{titles_said(p, (r.then,))}」" if r.then else "", f"办结后 {spoken_whole(r.within)}内" if r.within else "",
    ]  # fmt: skip
    return "，".join(x for x in parts if x)


def need_said(p: Procedure, need: str) -> str:
    """signature of resident → 业主签名; paper 派工单 → 《派工单》."""
    if need.startswith("paper "):
        return f"《{need.removeprefix('paper ')}》"
    if need.startswith("signature of "):
        return f"{who_said(p, (need.removeprefix('signature of '),))}签名"
    return EVIDENCE.get(need, need)


def filled(p: Procedure, text: str) -> str:
    """{unit} → 〔房号〕: the words as the author wrote them, with the titles of what is put in."""
    return _PLACE.sub(lambda m: f"〔{p.asks[m[1]].title if m[1] in p.asks else {'class': '类别', 'number': '编号'}.get(m[1], m[1])}〕", text)
