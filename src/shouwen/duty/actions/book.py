"""Lines in the book of a post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Max

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import later
from shouwen.kernel.journal import Done, action, running
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.models import Post

from .. import queries
from ..books import FOCUS, MATTER
from ..models import LogLine, Volume

_INSERT = (
    "INSERT INTO duty_logline (community_id, post, event_at, recorded_at, by_id, by_name, text, about)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line for the book of a post, as other areas hand it over. `recorded_at` is the moment of writing (default: `event_at`)."""

    community_id: int
    post: str
    event_at: datetime
    text: str
    by_id: int | None = None
    by_name: str = "系统"
    about: str = ""
    recorded_at: datetime | None = None


def record(lines: Sequence[Line]) -> None:
    """Write lines into books as part of the running action (they are stored with its journal line, at its end)."""
    if not running.get():
        raise RuntimeError("duty.actions.record needs a running action")
    for line in lines:
        later(_INSERT, (
            line.community_id, line.post, line.event_at, line.recorded_at or line.event_at, line.by_id,
            line.by_name[:60], line.text, line.about[:80],
        ))  # fmt: skip


@action("duty.written", may="duty.write", says="值班日志（{post}）：{text}")
def write(
    actor: Actor, community: Any, /, *, post: str, text: str, event_at: datetime | None = None, matter: bool = False, course: str = "",
    result: str = "", focus: bool = False, at: datetime,
) -> Done:  # fmt: skip
    """Write a line by hand; an `event_at` before `at` makes it a late entry (补记), shown as such. Returns the LogLine.

    A `matter` handled is written with its course and its result, neither of them empty. D2.34. `focus` = the head of the
    department is to hear of it. D2.54. A guard who has handed the post over does not come back to its book. E22.13.
    """
    if queries.relieved(community.pk, post, actor.id, at):
        raise Refused("您已交班，不能再在这个岗位上记录。需要补充的，请告诉接班人来记。")
    if matter:
        text = _matter(text, course, result)
    line = _line(actor, community, post, text, event_at or at, at, about=FOCUS if focus else MATTER if matter else "")
    return Done(line, {"post": title_of(post), "text": line.text, "event_at": line.event_at.isoformat()})


@action("duty.corrected", may="duty.write", says="更正值班日志 {old}：{text}")
def correct(actor: Actor, community: Any, /, *, line: LogLine, text: str, event_at: datetime | None = None, at: datetime) -> Done:
    """Put a right line beside a wrong one. The old line stays readable; only the newest line can be corrected."""
    if line.community_id != community.pk:
        raise NotFound
    if (bound := queries.settled(line)) is not None:
        raise Refused(f"这一行在已封存的第 {bound.number} 册里，不能再更正。需要说明的，请在现在的日志里补记一行。")
    if LogLine.objects.filter(corrects=line).exists():
        raise Refused("这一行已被更正过。请刷新后对最新的更正行再作更正。")
    right = _line(actor, community, line.post, text, event_at or line.event_at, at, corrects=line)
    return Done(right, {"old": line.pk, "post": title_of(line.post), "text": right.text})


@action("duty.volume_closed", may="duty.edit", says="封册：{post} 第 {number} 册，{lines} 行，交客服组保存")
def close_volume(actor: Actor, community: Any, /, *, post: str, at: datetime) -> Done:
    """The book of a post is full: what stands in it is settled, the next line begins a new volume. Returns the Volume. D2.37."""
    if not Post.objects.filter(slug=post).exists():
        raise Refused("请选择岗位。", {"post": "没有这个岗位，请重新选择。"})
    number, after, lines = queries.running_volume(community.pk, post)
    found = lines.aggregate(top=Max("pk"), count=Count("pk"))
    if not found["count"]:
        raise Refused("这一册还没有写过一行，不用封存。")
    try:
        with transaction.atomic():
            row = Volume.objects.create(
                community_id=community.pk, post=post, number=number, after=after, upto=found["top"], lines=found["count"], by_id=actor.id or 0,
                by_name=actor.name[:60], at=at,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("这一册刚刚已经封存，请刷新页面。") from None
    return Done(row, {"post": title_of(post), "number": number, "lines": row.lines})


def _matter(text: str, course: str, result: str) -> str:
    """The three parts of a matter as one text; Refused while one of them is empty."""
    parts = [
        (name, title, clean_text(given, title, 600, field=name))
        for name, title, given in (("text", "事项", text), ("course", "处理经过", course), ("result", "结果", result))
    ]
    if empty := {name: f"请填写{title}。" for name, title, words in parts if not words}:
        raise Refused("处理过的事要写明" + "、".join(title for name, title, _ in parts if name in empty) + "。", empty)
    return "\n".join(f"{title}：{words}" for _, title, words in parts)


def _line(
    actor: Actor, community: Any, post: str, text: str, event_at: datetime, at: datetime, corrects: LogLine | None = None, about: str = ""
) -> LogLine:
    words = clean_text(text, "内容", 2000, field="text")
    if not words:
        raise Refused("请填写日志内容。", {"text": "请填写日志内容。"})
    if not Post.objects.filter(slug=post).exists():
        raise Refused("请选择岗位。", {"post": "没有这个岗位，请重新选择。"})
    if event_at > at:
        raise Refused("发生时间不能晚于现在，请更正。", {"event_at": "发生时间不能晚于现在。"})
    return LogLine.objects.create(
        community_id=community.pk, post=post, event_at=event_at, recorded_at=at, by_id=actor.id, by_name=actor.name[:60],
        text=words, about=corrects.about if corrects else about, corrects=corrects,
    )  # fmt: skip


def title_of(post: str) -> str:
    """The title of a post."""
    return Post.objects.filter(slug=post).values_list("title", flat=True).first() or post
