"""Writes docs/glossary.md from the models: English ↔ Chinese. `python tests/house/glossary.py` after a model changed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PATH = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"
IDEAS = (
    ("ticket", "工单", "one run of a procedure: tasks with holders, clocks with limits, evidence"),
    ("procedure", "规程", "a file that a manager can read: who does what, by when, and what happens if not"),
    ("edition", "规程版本", "the text of a procedure as adopted; never changed"),
    ("book", "值班日志", "what happened on a post, line by line, never altered"),
    ("clock", "时钟", "a limit that runs; its verdict is frozen when it stops"),
    ("promise", "承诺时限", "a clock over several steps; handing over never resets it"),
    ("rung", "升级档", "what happens at a given lateness"),
    ("ladder", "升级阶梯", "the rungs of a step, in order of lateness"),
    ("urge", "催单", "somebody asks to hurry; holders are told, within a cool-down"),
    ("first asked", "首问人", "who received the matter first and sees it through"),
    ("journal", "操作日志", "every action, one line each, sealed"),
    ("seal", "封印", "the hash that ties a line to all before it"),
    ("checkpoint", "检查点", "size and head of the seals, signed, kept outside the database"),
    ("rehearsal", "演练", "a scripted day that shows clauses at work"),
    ("clause", "条款", "one rule of the SOP documents, such as D4.23"),
    ("unit", "房屋", "a home, shop, office or parking space, written 3-1-1201"),
    ("community", "小区", "where everything happens; who works in one sees nothing of another"),
    ("post", "岗位", "what somebody is responsible for; permissions follow from it"),
    ("delegation", "请假与代理", "while A is away, B acts for A"),
    ("handover", "交接班", "one shift signs the book over to the next"),
)


def text() -> str:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    django.setup()
    from django.apps import apps

    from shouwen.kernel.access import PERMISSIONS

    lines = ["# Glossary 术语表", "", "Made by `python tests/house/glossary.py` from the models; a test keeps it complete.", ""]
    lines += ["## Ideas", "", "| English | 中文 | meaning |", "|---|---|---|", *(f"| {en} | {zh} | {says} |" for en, zh, says in IDEAS), ""]
    lines += ["## Permissions", "", "| code | 中文 |", "|---|---|", *(f"| `{code}` | {title} |" for code, title in PERMISSIONS.items()), ""]
    for area in ("kernel", "estate", "org", "notices", "papers", "duty", "procedures", "portal", "fees", "custody", "rounds", "premises"):
        lines += [f"## {area}", ""]
        for model in sorted(apps.get_app_config(area).get_models(), key=lambda model: model.__name__):
            lines += [f"### {model.__name__} {model._meta.verbose_name}", "", "| English | 中文 | values |", "|---|---|---|"]
            for field in model._meta.concrete_fields:
                if field.name in ("id", "password", "last_login"):
                    continue
                values = "、".join(f"`{key}` {title}" for key, title in field.choices or ())
                lines.append(f"| {field.name} | {field.verbose_name} | {values} |")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), "utf-8")
    sys.exit(0)
