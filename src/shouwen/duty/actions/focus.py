"""The key work of a post, collected and reported to the head of its department."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.notices import actions as notices

from .. import queries
from .book import Line, record


@action("duty.focus_reported", may="duty.write", says="重点工作报部门负责人（{post}）：{name}，{count} 件")
def report_focus(actor: Actor, community: Any, /, *, post: str, at: datetime) -> Done:
    """Send what is marked as key work in the book of a post, and was not sent before, to the head of the department.

    Each line goes once. Returns the names of whoever it went to. D2.54.
    """
    here = queries.current_directory(community.pk)
    if post not in here.posts:
        raise NotFound
    lines = queries.unsent_focus(community.pk, post)
    if not lines:
        raise Refused("没有还没报过的重点工作。当班的重点工作，记日志时勾上“重点工作”。")
    heads = [user for user in here.head_of(here.posts[post].department, at) if user != actor.id]
    if not heads:
        raise Refused("部门负责人就是您自己，不用报。")
    title = here.posts[post].title
    name, local = "、".join(here.name(user) for user in heads), at.astimezone(here.zone)
    body = "\n".join(f"{line.event_at.astimezone(here.zone):%m-%d %H:%M} {line.text}" for line in lines)
    upto = max(line.pk for line in lines)
    notices.tell([
        notices.News(
            key=f"focus:{community.pk}:{post}:{upto}:{user}", community_id=community.pk, user_id=user, why="handover", at=at,
            title=f"{title}{actor.name} {local:%m-%d %H:%M} 报重点工作 {len(lines)} 件", body=body, url=f"{reverse('duty:book')}?view=focus&post={post}",
        ) for user in heads
    ])  # fmt: skip
    record([Line(community.pk, post, at, f"重点工作 {len(lines)} 件已报{name}。", actor.id, actor.name, f"{queries.FOCUS_SENT}{upto}")])
    return Done(f"duty.post:{post}", {"post": title, "name": name, "count": len(lines)}, result=name, community=community.pk)
