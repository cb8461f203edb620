"""What changed between two editions of a procedure, in sentences a manager reads before adopting the new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from .procedure import END, FINDER_TITLES, KIND_TITLES, SPECIAL_TITLES, Ask, Condition, Limit, Opening, Person, Procedure, Route, Rung, Step
from .spans import parse, spoken_whole

T = TypeVar("T")
NOTHING = "（无）"
HEAD = {
    "title": "名称", "number": "编号前缀", "record": "记录名称", "basis": "依据", "clock": "计时方式",
    "opened_by": "可受理岗位", "every": "周期",
}  # fmt: skip
CLOCKS = {"round_the_clock": "自然时间", "service_hours": "服务时间"}
ASKED = {
    "title": "名称", "kind": "填法", "many": "多选", "optional": "可不填", "private": "隐私", "reckoned": "算法", "default": "默认值", "help": "说明",
    "min": "下限", "max": "上限",
}  # fmt: skip
PARTS = {
    "title": "名称", "do": "做法", "says": "话术", "each": "分支", "lead_signs": "统筹签字", "first": "一项办完即可",
    "offered": "可选方式", "needs": "凭证",
    "two_people": "双人办理", "seals": "办后定稿", "waits": "等子工单", "logs": "记日志", "prints": "打印", "keeps": "保存期限",
    "basis": "依据", "within_basis": "时限依据",
}  # fmt: skip
OFFERED = {"": "顺序步骤", "always": "随时可办", "when_offered": "提示后可办"}


def difference(old: Procedure, new: Procedure, names: Mapping[str, str] | None = None) -> list[str]:
    """One sentence a change; empty when the two ask for the same work. `names`: titles of posts and departments by slug."""
    return list(_all(old, new, names or {}))


def _all(old: Procedure, new: Procedure, names: Mapping[str, str]) -> Iterator[str]:
    for key, title in HEAD.items():
        a, b = getattr(old, key), getattr(new, key)
        if a != b:
            yield f"{title}：{_plain(CLOCKS.get(a, a) if key == 'clock' else a)} → {_plain(CLOCKS.get(b, b) if key == 'clock' else b)}"
    yield from _keyed(
        "角色", old.people, new.people, lambda p: p.title,
        lambda a, b: _texts(f"角色「{a.title}」", {"": (_found(a, names), _found(b, names))}),
    )
    yield from _keyed(
        "类别",
        old.classes,
        new.classes,
        lambda c: c.title,
        lambda a, b: _texts(f"类别「{a.title}」", {"": (f"{a.title} {a.means}", f"{b.title} {b.means}")}),
    )
    yield from _ladder("通用逾期处理", old, old.late, new, new.late)
    yield from _keyed(
        "暂停原因", old.pauses, new.pauses, lambda p: p.title,
        lambda a, b: _texts(f"暂停「{a.title}」", {
            "名称": (a.title, b.title), "最长": (spoken_whole(a.at_most), spoken_whole(b.at_most)), "批准人": (who_said(old, (a.approval,)), who_said(new, (b.approval,))),
            "可由": (who_said(old, a.who), who_said(new, b.who)),
        }),
    )  # fmt: skip
    yield from _keyed("承诺", old.promises, new.promises, lambda p: p.title, lambda a, b: _promise(old, a, new, b))
    if old.urge != new.urge:
        yield f"催单间隔 {spoken_whole(old.urge)} → {spoken_whole(new.urge)}"
    if old.reopen != new.reopen:
        yield f"重新打开：{_reopen(old)} → {_reopen(new)}"
    yield from _keyed("步骤", old.every_step, new.every_step, lambda s: s.title, lambda a, b: _step(old, a, new, b))
    common = [n for n in old.path if n in new.path]
    if common != [n for n in new.path if n in old.path]:
        yield (
            "步骤顺序："
            + "、".join(old.steps[n].title for n in common)
            + " → "
            + "、".join(new.steps[n].title for n in new.path if n in old.path)
        )


def _keyed(
    what: str, old: Mapping[str, T], new: Mapping[str, T], title: Callable[[T], str], compare: Callable[[T, T], Iterable[str]]
) -> Iterator[str]:
    for key, value in old.items():
        if key not in new:
            yield f"取消{what}「{title(value)}」"
        elif value != new[key]:
            yield from compare(value, new[key])
    for key, value in new.items():
        if key not in old:
            yield f"新增{what}「{title(value)}」"


def _texts(where: str, pairs: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for what, (a, b) in pairs.items():
        if a != b:
            yield f"{where}{what} {a or NOTHING} → {b or NOTHING}"


def _step(old: Procedure, a: Step, new: Procedure, b: Step) -> Iterator[str]:
    where = f"「{a.title}」"
    yield from _texts(where, {title: (_part(a, key), _part(b, key)) for key, title in PARTS.items()})
    yield from _texts(where, {
        "办理人": (who_said(old, (a.who,)), who_said(new, (b.who,))),
        "统筹人": (who_said(old, (a.lead,)), who_said(new, (b.lead,))),
        "时限": (_limit(old, a.within), _limit(new, b.within)),
        "提醒": (_remind(a), _remind(b)),
        "适用": (_condition(old, a.when), _condition(new, b.when)),
        "提示可办": (titles_said(old, a.offers), titles_said(new, b.offers)),
        "不得由同一人": (titles_said(old, a.not_by), titles_said(new, b.not_by)),
        "同时办": (titles_said(old, a.together), titles_said(new, b.together)),
        "联动": ("、".join(_doing(d.slot, d.args) for d in a.does), "、".join(_doing(d.slot, d.args) for d in b.does)),
        "开子工单": (openings_said(old, a.opens), openings_said(new, b.opens)),
        "告知": (tells_said(old, a), tells_said(new, b)),
        "去向": ("；".join(route_said(old, r) for r in a.next), "；".join(route_said(new, r) for r in b.next)),
    })  # fmt: skip
    if a.late or b.late:
        yield from _ladder(f"{where}逾期", old, a.late, new, b.late)
    yield from _keyed(f"{where}填写项", a.asks, b.asks, lambda x: x.title, lambda x, y: _ask(old, x, new, y, where))


def _ask(old: Procedure, a: Ask, new: Procedure, b: Ask, where: str) -> Iterator[str]:
    where = f"{where}填写项「{a.title}」"
    yield from _texts(where, {title: (_part(a, key), _part(b, key)) for key, title in ASKED.items()})
    yield from _texts(where, {
        "选项": ("、".join(a.pick.values()), "、".join(b.pick.values())),
        "各项": ("、".join(a.items.values()), "、".join(b.items.values())),
        "出现条件": (_condition(old, a.only_if), _condition(new, b.only_if)),
        "按答案默认": (_doing(a.default_by, a.defaults), _doing(b.default_by, b.defaults)),
        "住户可见": (a.plain if a.public else "", b.plain if b.public else ""),
    })  # fmt: skip


def _promise(old: Procedure, a: Any, new: Procedure, b: Any) -> Iterator[str]:
    where = f"承诺「{a.title}」"
    yield from _texts(where, {
        "时限": (_limit(old, a.within), _limit(new, b.within)),
        "起算": (titles_said(old, (a.since,)), titles_said(new, (b.since,))),
        "截止": (titles_said(old, a.until), titles_said(new, b.until)),
        "名称": (a.title, b.title),
    })  # fmt: skip
    yield from _ladder(f"{where}逾期", old, a.ladder, new, b.ladder)


def _ladder(where: str, old: Procedure, a: tuple[Rung, ...], new: Procedure, b: tuple[Rung, ...]) -> Iterator[str]:
    before = {(r.ahead, r.after.text): rung_said(old, r) for r in a}
    after = {(r.ahead, r.after.text): rung_said(new, r) for r in b}
    spans = {(r.ahead, r.after.text): ("提前 " if r.ahead else "逾期 ") + spoken_whole(r.after) for r in (*a, *b)}
    for key, span in spans.items():
        x, y = before.get(key, ""), after.get(key, "")
        if x != y:
            yield f"{where}（{span}）{x or NOTHING} → {y or NOTHING}"


def rung_said(p: Procedure, r: Rung) -> str:
    parts = [
        f"告知{who_said(p, r.tell)}" if r.tell else "",
        f"转给{who_said(p, (r.hand_to,))}" if r.hand_to else "",
        f"可办{titles_said(p, r.offer)}" if r.offer else "",
        f"须办{titles_said(p, r.must)}" if r.must else "",
        f"开{openings_said(p, r.open)}" if r.open else "",
        f"记「{r.log}」" if r.log else "",
    ]
    return "，".join(x for x in parts if x)


def _found(person: Person, names: Mapping[str, str]) -> str:
    by = {key: str(getattr(person, key)) for key in FINDER_TITLES if getattr(person, key)}
    how = next((f"{FINDER_TITLES[key]} {names.get(value, value)}" for key, value in by.items()), "")
    return person.title + "：" + how.removesuffix(" True") + (f"（可由 {'、'.join(person.on_behalf)} 代办）" if person.on_behalf else "")


def who_said(p: Procedure, names: Iterable[str]) -> str:
    return "、".join(p.people[n].title if n in p.people else SPECIAL_TITLES.get(n, n) for n in names if n)


def titles_said(p: Procedure, names: Iterable[str]) -> str:
    fixed = {"filed": "受理", "closed": "办结", END: "结束"}
    return "、".join(p.every_step[n].title if n in p.every_step else fixed.get(n, n) for n in names if n)


def _limit(p: Procedure, limit: Limit | None) -> str:
    return limit_said(p, limit) if limit else ""


def limit_said(p: Procedure, limit: Limit) -> str:
    """一类投诉 4 小时；二类投诉 当天内."""
    said = []
    for key, spans in limit.cases.items():
        text = " 或 ".join(spoken_whole(s, anchored(p, s.anchor)) for s in spans)
        ask = p.asks.get(limit.by)
        options = {k: g.title for k, g in p.classes.items()} if limit.by == "class" and p.classes else ask.pick if ask else {}
        options = options or {"yes": "是", "no": "否"}
        said.append(f"{options.get(key, key)} {text}" if limit.by else text)
    return "；".join(said)


def anchored(p: Procedure, anchor: str) -> str:
    if anchor in p.asks:
        return p.asks[anchor].title
    return titles_said(p, (anchor,))


def _remind(s: Step) -> str:
    return "、".join(f"提前 {spoken_whole(x)}" for x in s.remind)


def condition_said(p: Procedure, condition: Condition) -> str:
    said = []
    for key, values in condition.equals:
        ask = p.asks.get(key)
        options = (
            ask.pick if ask and ask.pick else {k: g.title for k, g in p.classes.items()} if key == "class" else {"yes": "是", "no": "否"}
        )
        title = ask.title if ask else "类别"
        said.append(f"{title}为{'或'.join(options.get(v, v) for v in values)}")
    said += [f"{p.asks[k].title if k in p.asks else k}不少于 {n}" for k, n in condition.at_least]
    return "且".join(said)


def _condition(p: Procedure, condition: Condition | None) -> str:
    return condition_said(p, condition) if condition else ""


def route_said(p: Procedure, r: Route) -> str:
    most = f"（最多 {r.at_most} 次，之后{titles_said(p, (r.then,))}）" if r.at_most else ""
    return f"{_condition(p, r.when) or '否则'}到{titles_said(p, (r.go,))}{most}"


def _reopen(p: Procedure) -> str:
    r = p.reopen
    parts = [
        f"回到{titles_said(p, (r.go,))}" if r.go else "",
        f"最多 {r.at_most} 次" if r.at_most else "",
        f"之后到{titles_said(p, (r.then,))}" if r.then else "",
        f"办结后 {spoken_whole(r.within)}内" if r.within else "",
        f"告知{who_said(p, r.tell)}" if r.tell else "",
    ]
    return "，".join(x for x in parts if x) or "按默认"


def tells_said(p: Procedure, s: Step) -> str:
    return "；".join(who_said(p, t.who) + (f"「{t.text}」" if t.text else "") for t in s.tells)


def openings_said(p: Procedure, openings: Iterable[Opening]) -> str:
    links = {"caused_by": "由此引起", "part_of": "其中一部分", "same": "同一件事"}
    said = []
    for o in openings:
        details = [
            links.get(o.kind, o.kind),
            _condition(p, o.when),
            f"「{titles_said(p, (o.before,))}」之前办结" if o.before else "",
            _doing("", o.answers),
        ]
        said.append(f"{o.procedure}（{'，'.join(x for x in details if x)}）")
    return "、".join(said)


def _doing(name: str, args: Mapping[str, str]) -> str:
    return name + ("：" if name and args else "") + "，".join(f"{k}={v}" for k, v in args.items())


def _part(thing: Step | Ask, key: str) -> str:
    value = getattr(thing, key)
    if key == "offered":
        return OFFERED[value]
    if key == "kind":
        return KIND_TITLES[value]
    if key == "keeps":
        return kept_said(value)
    if key == "each" and value:
        return f"按「{value}」逐项"
    return _plain(value)


def kept_said(keeps: str) -> str:
    """3 years → 3 年; permanent → 长期."""
    return "长期" if keeps == "permanent" else spoken_whole(parse(keeps)) if keeps else NOTHING


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        return "、".join(value)
    return str(value) or NOTHING
