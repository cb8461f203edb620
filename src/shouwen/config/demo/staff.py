"""What the people of the demo are able to do and were trained in."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from shouwen.kernel.access import SYSTEM
from shouwen.org import actions as org
from shouwen.org import queries

from .world import World

SKILLS = {"水暖": ("wu", "wang"), "电工": ("wu", "feng", "dong"), "急救": ("shi", "qian", "zhang"), "电梯困人解救": ("bai", "ding", "dong")}
WANTED = {"repair": ("报修", ("水暖", "电工")), "home_repair": ("上门维修服务", ("水暖", "电工")), "medical_emergency": ("医疗急救", ("急救",))}
TRAININGS = (
    ("communication", "投诉沟通与语言禁忌", 20, "2", ("li", "he", "xu", "tang", "sun"), "合格"),
    ("technical", "配电房倒闸操作", 12, "4", ("feng", "dong"), "合格"),
    ("safety", "心肺复苏与自动除颤仪", 8, "3", ("shi", "qian", "zhang"), "取得证书"),
)  # fmt: skip


def skilled(world: World, at: datetime) -> None:
    """The skills of 荔园, who has them, which work wants them, and last month's trainings."""
    rows = {title: org.add_skill(SYSTEM, world.liyuan, title=title, at=at) for title in SKILLS}
    people = {name: queries.user_by_username(name) for names in (*SKILLS.values(), *(row[4] for row in TRAININGS)) for name in names}
    for name, user in people.items():
        if user and (mine := [rows[title] for title, names in SKILLS.items() if name in names]):
            org.set_skills(SYSTEM, world.liyuan, user=user, skills=mine, at=at)
    for work, (title, wanted) in WANTED.items():
        org.want_skills(SYSTEM, world.liyuan, work=work, title=title, skills=[rows[one] for one in wanted], at=at)
    for topic, title, days, hours, names, outcome in TRAININGS:
        held = (at - timedelta(days=days)).astimezone(queries.CHINA).date()
        for name in names:
            if user := people[name]:
                org.record_training(
                    SYSTEM, world.liyuan, user=user, topic=topic, title=title, held_on=held, hours=Decimal(hours), outcome=outcome, at=at
                )  # fmt: skip
