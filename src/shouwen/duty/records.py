"""The book of a shift as its printed form sees it (服务中心值班记录表). See papers/records.py. A5.14."""

from __future__ import annotations

from datetime import date
from typing import Any

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound
from shouwen.org import queries as org
from shouwen.papers.records import Line, Record

from . import queries
from .models import LogLine

MOST = 200
"""Lines of one sheet; a shift has fewer."""


def log_record(actor: Actor, rest: str) -> Record:
    """The record `log:<community>/<post>/<day>/<shift or ->`; NotFound for whoever may not see the books there."""
    parts = rest.split("/")
    if len(parts) != 4 or not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 19):
        raise NotFound
    community = queries.place(actor, int(parts[0]))
    try:
        day = date.fromisoformat(parts[2])
    except ValueError:
        raise NotFound from None
    post = next((one for one in org.posts() if one.slug == parts[1]), None)
    shift = next((one for one in queries.shifts(actor, community.pk) if one.slug == parts[3]), None)
    if post is None or (shift is None and parts[3] != "-"):
        raise NotFound
    rows: Any = queries.lines(actor, community.pk, post=post.slug, day=day, shift=shift)[:MOST]
    lines = [Line(row.event_at, row.by_name, _text(row)) for row in reversed(rows)]
    head = {
        "number": f"{day:%Y%m%d}-{parts[3] if shift else '全天'}", "day": day.isoformat(), "shift": shift.title if shift else "全天",
        "post": post.title, "people": "、".join(dict.fromkeys(line.by for line in lines)), "count": str(len(lines)),
        "place": community.name,
    }  # fmt: skip
    return Record(
        about=f"log:{rest}", community_id=community.pk, community=community.name, kind="log", number=f"{day:%Y%m%d} {head['shift']}",
        title="值班日志", url=f"/duty/?day={day}&post={post.slug}", status="已记录" if lines else "没有记录", finished=None, head=head,
        story=tuple(lines),
    )  # fmt: skip


def _text(row: LogLine) -> str:
    return f"{row.text}（更正）" if row.corrects_id else row.text
