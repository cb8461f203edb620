"""Procedures as pages for people: one Markdown file each, in the same words as the page on the screen (`shouwen procedures docs`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from shouwen.org.standard import POSTS

from .editions import library_files
from .engine import Procedure, read
from .pages.explain import FieldSaid, RungSaid, StepSaid, explained
from .pages.outlook import Reason


def write(folder: Path) -> int:
    """Write one page per procedure of the library and an index; returns how many procedures."""
    folder.mkdir(parents=True, exist_ok=True)
    every = [read(text) for _name, text in library_files()]
    names = {rules.procedure: rules.title for rules in every}
    index = ["# 规程", ""]
    for rules in every:
        (folder / f"{rules.procedure}.md").write_text(page(rules, names), "utf-8")
        index.append(f"- [{rules.title}]({rules.procedure}.md)（{rules.edition}，{len(rules.every_step)} 步）")
    (folder / "README.md").write_text("\n".join(index) + "\n", "utf-8")
    return len(every)


def page(rules: Procedure, names: Mapping[str, str]) -> str:
    """The Markdown page of one procedure; `names` are the titles of procedures by slug."""
    said = explained(rules, names, {post.slug: post.title for post in POSTS})
    lines = [f"# {rules.title}", "", f"版本 {rules.edition}　依据 {'、'.join(rules.basis) or '无'}", ""]
    lines += [f"- {title}：{text}" for title, text in said.facts]
    lines += [f"- {title}：{means}" for title, means in said.classes]
    lines += [f"- 可以挂起：{title}，{rule}" for title, rule, _ in said.pauses]
    if said.promises:
        lines += ["", "## 承诺", ""]
        for promise in said.promises:
            lines.append(f"- {promise.title}：从「{promise.since}」到「{promise.until}」，{'；'.join(promise.limits)}{_clauses(promise.reasons)}")
            lines += _ladder(promise.ladder)
    lines += ["", "## 步骤", ""]
    for step in said.steps:
        lines += _step(step)
    return "\n".join(lines) + "\n"


def _step(said: StepSaid) -> list[str]:
    marks = f"（{'，'.join(said.marks)}）" if said.marks else ""
    lines = [f"### {said.number + '. ' if said.number else ''}{said.step.title}{marks}", ""]
    told = (("谁办", said.who), ("条件", said.when), ("做什么", said.do), ("怎么说", f"「{said.says}」" if said.says else ""))
    lines += [f"- {title}：{text}" for title, text in told if text]
    if said.limits:
        lines.append(f"- 时限：{'；'.join(said.limits)}{_clauses(said.limit_reasons)}")
    if said.ladder:
        lines += ["- 提醒与逾期：", *_ladder(said.ladder)]
    if said.fields:
        lines.append("- 填写：" + "、".join(map(_field, said.fields)))
    lines += [f"- {title}：{text}" for title, text in said.facts]
    lines += [f"- 下一步：{text}" for text in said.next]
    if said.reasons:
        lines.append(f"- 依据：{_clauses(said.reasons)}")
    return [*lines, ""]


def _field(said: FieldSaid) -> str:
    notes = "，".join(note for note in (said.options, said.notes) if note)
    return f"{said.title}（{notes}）" if notes else said.title


def _ladder(ladder: Iterable[RungSaid]) -> list[str]:
    return [f"  - {rung.when}：{rung.what}" for rung in ladder]


def _clauses(reasons: Iterable[Reason]) -> str:
    return "".join(f"\n  - {one.id} {one.text}" for one in reasons if one.text)
