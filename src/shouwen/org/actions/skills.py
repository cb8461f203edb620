"""What people are able to do, what they were trained in, and which work wants which skill. C8.07, C8.08."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.words import clean_text

from ..models import Assignment, Skill, SkillWanted, StaffSkill, Training, User
from ..queries import skills_kept
from .people import today, wanted

MOST = 60
"""Skills of one community: a list that people still read."""


@action("org.skill_added", may="org.edit", says="增加技能「{title}」")
def add_skill(actor: Actor, place: Community, /, *, title: str, at: datetime) -> Done:
    """Put a skill on the community's list. Returns the Skill."""
    title = wanted(title, "技能", 40, "title")
    if Skill.objects.filter(community=place, title=title).exists():
        raise Refused(f"已经有技能「{title}」。", {"title": "已经有了。"})
    if Skill.objects.filter(community=place).count() >= MOST:
        raise Refused(f"技能最多 {MOST} 项，请先删去不用的。")
    row = Skill.objects.create(community=place, title=title)
    skills_kept.forget()
    return Done(row, {"title": title})


@action("org.skill_removed", may="org.edit", says="删除技能「{title}」（{holders} 人）")
def remove_skill(actor: Actor, place: Community, /, *, skill: Skill, at: datetime) -> Done:
    """Take a skill off the list, and from whoever has it."""
    if skill.community_id != place.pk:
        raise NotFound
    done = Done(f"org.skill:{skill.pk}", {"title": skill.title, "holders": skill.holders.count()})
    skill.delete()
    skills_kept.forget()
    return done


@action("org.skills_set", may="org.edit", says="{name}的技能：{skills}")
def set_skills(actor: Actor, place: Community, /, *, user: User, skills: Sequence[Skill], at: datetime) -> Done:
    """Say which of this community's skills somebody has."""
    _works_here(user, place)
    if any(skill.community_id != place.pk for skill in skills):
        raise NotFound
    StaffSkill.objects.filter(user=user, skill__community=place).exclude(skill__in=skills).delete()
    for skill in skills:
        StaffSkill.objects.get_or_create(user=user, skill=skill)
    skills_kept.forget()
    return Done(user, {"name": user.name, "skills": "、".join(skill.title for skill in skills) or "无"})


@action("org.skill_wanted", may="settings.edit", says="「{title}」需要的技能：{skills}")
def want_skills(actor: Actor, place: Community, /, *, work: str, title: str, skills: Sequence[Skill], at: datetime) -> Done:
    """Say which skills a kind of work wants: whoever has one of them will do."""
    if any(skill.community_id != place.pk for skill in skills):
        raise NotFound
    SkillWanted.objects.filter(community=place, work=work).exclude(skill__in=skills).delete()
    for skill in skills:
        SkillWanted.objects.get_or_create(community=place, work=work[:60], skill=skill)
    skills_kept.forget()
    return Done(f"org.skillwanted:{work}"[:80], {"title": title, "skills": "、".join(skill.title for skill in skills) or "不限"})


@action("org.trained", may="org.edit", says="{name}参加培训「{title}」（{topic}，{held_on}）")
def record_training(
    actor: Actor, place: Any, /, *, user: User, topic: str, title: str, held_on: date, hours: Decimal | None = None,
    outcome: str = "", at: datetime,
) -> Done:  # fmt: skip
    """Enter a training that somebody took part in. Returns the Training."""
    title = wanted(title, "培训内容", 100, "title")
    if topic not in Training.Topic.values:
        raise Refused("请选择培训类别。", {"topic": "请选择。"})
    if held_on > today(at):
        raise Refused("培训日期在今天以后。请办完培训再登记。", {"held_on": "不能晚于今天。"})
    if hours is not None and not 0 < hours <= 999:
        raise Refused("课时应为大于 0 的数。", {"hours": "应大于 0。"})
    if place is not None:
        _works_here(user, place)
    row = Training.objects.create(
        user=user, topic=topic, title=title, held_on=held_on, hours=hours, outcome=clean_text(outcome, "考核结果", 100, field="outcome"),
        by_name=actor.name, recorded_at=at,
    )  # fmt: skip
    return Done(row, {"name": user.name, "title": title, "topic": Training.Topic(topic).label, "held_on": held_on.isoformat()})


@action("org.training_removed", may="org.edit", says="删除{name}的培训记录「{title}」（{held_on}）：{reason}")
def remove_training(actor: Actor, place: Any, /, *, training: Training, reason: str, at: datetime) -> Done:
    """Take an entry out that was wrong; the journal keeps what it said and why it went."""
    reason = wanted(reason, "原因", 200, "reason")
    if place is not None:
        _works_here(training.user, place)
    done = Done(f"org.training:{training.pk}", {
        "name": training.user.name, "title": training.title, "held_on": training.held_on.isoformat(), "reason": reason,
    })  # fmt: skip
    training.delete()
    return done


def _works_here(user: User, place: Community) -> None:
    if not Assignment.objects.filter(Q(community=place) | Q(community=None), user=user).exists():
        raise NotFound(f"没有找到员工「{user.username}」，或其不在本小区任职。请核对后重试。")
