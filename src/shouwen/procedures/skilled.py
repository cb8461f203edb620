"""Skills where work is given to somebody: the list of colleagues says them, and giving it beyond them warns. C8.08."""

from __future__ import annotations

from typing import Any

from shouwen.org import queries as org

Choices = list[tuple[str, Any]]


def with_skills(people: Choices, community_id: int, work: str) -> Choices:
    """The same colleagues in the same groups, each with what they are able to do, or what they lack for this work."""
    skills = org.skills(community_id)
    if not skills.held and not skills.wanted.get(work):
        return people

    def said(value: str, title: str) -> tuple[str, str]:
        lacking = skills.lacking(work, int(value))
        held = skills.held.get(int(value), frozenset())
        return value, title + (f"（会{'、'.join(sorted(held))}）" if held else "") + (f" ⚠ 没有「{'、'.join(sorted(lacking))}」技能" if lacking else "")

    return [(group, [said(value, title) for value, title in rows]) for group, rows in people]


def warning(community_id: int, work: str, user_id: int) -> str:
    """What to say when work was given to somebody without the skill for it; "" when all is well."""
    lacking = org.skills(community_id).lacking(work, user_id)
    return f"注意：{org.name_of(user_id)}没有登记「{'、'.join(sorted(lacking))}」技能，请确认能办好。" if lacking else ""
