"""Procedures as pages for people: one Markdown file each, made from the file itself (`shouwen procedures docs`)."""

from __future__ import annotations

from pathlib import Path

from .clauses import sentence
from .editions import library_files
from .engine import Procedure, Step, read
from .engine.procedure import Condition, Rung


def write(folder: Path) -> int:
    """Write one page per procedure of the library and an index; returns how many procedures."""
    folder.mkdir(parents=True, exist_ok=True)
    index = ["# 规程", ""]
    count = 0
    for _name, text in library_files():
        rules = read(text)
        (folder / f"{rules.procedure}.md").write_text(page(rules), "utf-8")
        index.append(f"- [{rules.title}]({rules.procedure}.md)（{rules.edition}，{len(rules.every_step)} 步）")
        count += 1
    (folder / "README.md").write_text("\n".join(index) + "\n", "utf-8")
    return count


def page(rules: Procedure) -> str:
    """The Markdown page of one procedure."""
    lines = [f"# {rules.title}", "", f"版本 {rules.edition}　依据 {'、'.join(rules.basis) or '无'}　记录 {rules.record or '无'}", ""]
    if rules.promises:
        lines += ["## 承诺", ""]
        for promise in rules.promises.values():
            spans = "、".join(s.text for found in promise.within.cases.values() for s in found)
            lines.append(f"- {promise.title}：{spans}{_clauses(promise.basis)}")
        lines.append("")
    lines += ["## 步骤", ""]
    for number, step in enumerate(rules.every_step.values(), 1):
        lines += _step(rules, number, step)
    return "\n".join(lines) + "\n"


def _step(rules: Procedure, number: int, step: Step) -> list[str]:
    who = rules.people[step.who].title if step.who in rules.people else ""
    lines = [f"### {number}. {step.title}" + ("（按需）" if step.offered else ""), ""]
    if who:
        lines.append(f"- 谁办：{who}")
    if step.when:
        lines.append(f"- 条件：{_condition(rules, step.when)}")
    if step.do:
        lines.append(f"- 做什么：{step.do}")
    if step.says:
        lines.append(f"- 怎么说：「{step.says}」")
    if step.within:
        limits = "；".join(
            f"{_value(rules, step.within.by, case)}{'、'.join(s.text for s in spans)}"
            for case, spans in step.within.cases.items()
        )
        lines.append(f"- 时限：{limits}{_clauses(step.within_basis or step.basis)}")
    for rung in step.ladder:
        lines.append(f"  - {_rung(rules, rung)}")
    if step.asks:
        lines.append("- 填写：" + "、".join(a.title + ("（可不填）" if a.optional else "") for a in step.asks.values()))
    if step.needs:
        lines.append("- 凭证：" + "、".join(step.needs))
    for route in step.next:
        condition = f"{_condition(rules, route.when)} → " if route.when else ""
        target = rules.every_step[route.go].title if route.go in rules.every_step else "办结"
        lines.append(f"- 下一步：{condition}{target}" + (f"（最多 {route.at_most} 次）" if route.at_most else ""))
    return [*lines, ""]


def _rung(rules: Procedure, rung: Rung) -> str:
    when = f"提前 {rung.after.text}" if rung.ahead else f"超过 {rung.after.text}"
    names = {"holder": "办理人", "superior": "上级", "lead": "统筹人", "tracker": "跟进人", "first_asked": "首问人", "requester": "来人"}

    def title(role: str) -> str:
        return rules.people[role].title if role in rules.people else names.get(role, role)

    acts = [f"告知{'、'.join(map(title, rung.tell))}"] if rung.tell else []
    if rung.hand_to:
        acts.append(f"转由{title(rung.hand_to)}办理")
    acts += [f"可以「{rules.every_step[name].title}」" for name in rung.offer]
    acts += [f"开出 {opening.procedure}" for opening in rung.open]
    return f"{when}：{'；'.join(acts) or '记录'}"


def _condition(rules: Procedure, condition: Condition) -> str:
    parts = [
        f"{_title(rules, name)}为{'或'.join(_value(rules, name, v).rstrip('：') for v in values)}"
        for name, values in condition.equals
    ]
    return "，且".join(parts + [f"{_title(rules, name)}至少 {n}" for name, n in condition.at_least])


def _title(rules: Procedure, name: str) -> str:
    return rules.asks[name].title if name in rules.asks else "类别" if name == "class" else name


def _value(rules: Procedure, name: str, value: str) -> str:
    """An option by its title, followed by a colon; nothing for the only case."""
    if not value:
        return ""
    ask = rules.asks.get(name)
    if ask and value in ask.pick:
        return f"{ask.pick[value]}："
    if name == "class" and value in rules.classes:
        return f"{rules.classes[value].title}："
    return f"{ {'yes': '是', 'no': '否'}.get(value, value) }："


def _clauses(ids: tuple[str, ...]) -> str:
    return "".join(f"\n  - {i} {sentence(i)}" for i in ids if sentence(i))
