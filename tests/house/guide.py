"""Writes docs/first-hour.zh.md from the guide that the program shows. `python tests/house/guide.py` after it changed; a test keeps both the same."""

from __future__ import annotations

import os
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "docs" / "first-hour.zh.md"


def text() -> str:
    """The whole document."""
    from shouwen.config.guide import guides  # needs Django

    parts = ["# 第一个小时\n\n登录后在右上角姓名菜单里打开“使用指南”，就是这几页，并带着“去试试”的按钮。\n"]
    for guide in guides():
        parts.append(f"## {guide.title}（约 {guide.minutes} 分钟）\n\n{guide.intro}\n")
        parts.append("\n".join(f"{n}. **{step.title}**（{step.minutes} 分钟）：{step.text}" for n, step in enumerate(guide.steps, 1)) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    django.setup()
    FILE.write_text(text(), "utf-8")
