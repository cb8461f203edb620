"""The books and hand-overs of a post as their printed forms see them. See papers/records.py. A5.14, A5.15."""

from __future__ import annotations

from datetime import date
from typing import Any

from shouwen.kernel.access import Actor
from shouwen.kernel.prefix import inward
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.templatetags.ui import when_text
from shouwen.kernel.words import number_in
from shouwen.org import queries as org
from shouwen.papers.records import Fact, Line, Record

from . import queries
from .models import HandoverLine, LogLine

MOST = 2000
"""Lines of one sheet; a day of one post has fewer. More are said, not left out in silence."""


def log_record(actor: Actor, rest: str) -> Record:
    """The record `log:<community>/<post>/<day>/<shift or ->`; NotFound for whoever may not see the books there."""
    parts = rest.split("/")
    if len(parts) != 4 or (place := number_in(parts[0])) is None:
        raise NotFound
    community = queries.place(actor, place)
    try:
        day = date.fromisoformat(parts[2])
    except ValueError:
        raise NotFound from None
    post = next((one for one in org.posts() if one.slug == parts[1]), None)
    shift = next((one for one in queries.shifts(actor, community.pk) if one.slug == parts[3]), None)
    if post is None or (shift is None and parts[3] != "-"):
        raise NotFound
    found = queries.lines(actor, community.pk, post=post.slug, day=day, shift=shift).order_by("id")
    rows: Any = list(found[: MOST + 1])
    more, rows = len(rows) > MOST, rows[:MOST]
    lines = [Line(row.event_at, row.by_name, _text(row)) for row in rows]
    head = {
        "number": f"{day:%Y%m%d}-{parts[3] if shift else '全天'}", "day": day.isoformat(), "shift": shift.title if shift else "全天",
        "post": post.title, "people": "、".join(dict.fromkeys(line.by for line in lines)), "count": f"{len(lines)}（共 {found.count()}，其余请按班次打印）" if more else str(len(lines)),
        "place": community.name,
    }  # fmt: skip
    return Record(
        about=f"log:{rest}", community_id=community.pk, community=community.name, kind="log", number=f"{day:%Y%m%d} {head['shift']}",
        title="值班日志", url=inward(f"/duty/?day={day}&post={post.slug}"), status="已记录" if lines else "没有记录", finished=None, head=head,
        story=tuple(lines),
    )  # fmt: skip


PARTS = {"items": ("work", "matter", "order"), "things": ("article", "mail", "key"), "papers": ("paper",)}
"""Field of the form → kinds of lines that stand in it."""


def handover_record(actor: Actor, rest: str) -> Record:
    """The record `handover:<id>`, with both names and what was handed over. A5.08–11, A5.15."""
    if (pk := number_in(rest)) is None:
        raise NotFound
    row = queries.handover(actor, pk, whole=True)
    lines = list(row.lines.all())
    posts = {one.slug: one.title for one in org.posts()}
    facts = {
        name: Fact(name, "\n".join(_handed(line) for line in lines if line.kind in kinds)) for name, kinds in PARTS.items()
    } | {"remark": Fact("注意事项", row.special)}  # fmt: skip
    head = {
        "number": f"JB-{row.pk}", "day": when_text(row.due_at)[:10], "shift": f"{row.from_shift} → {row.to_shift}",
        "post": posts.get(row.post, row.post), "giver": row.giver_name, "taker": row.receiver_name, "place": row.community.name,
    }  # fmt: skip
    story = tuple(Line(one.at, one.name, "交班签字" if one.side == "giver" else "接班签字") for one in row.signatures.all() if one.round == row.round)
    return Record(
        about=f"handover:{row.pk}", community_id=row.community_id, community=row.community.name, kind="handover", number=f"JB-{row.pk}",
        title="交接班", url=inward(f"/duty/handovers/{row.pk}"), status=row.get_state_display(), finished=row.finished_at, head=head, facts=facts,
        story=story,
    )  # fmt: skip


def _handed(line: HandoverLine) -> str:
    """One line in words: what it is, until when, how many, and whether it was told and understood."""
    parts = [f"{line.number} {line.title}".strip()]
    parts += [f"时限 {when_text(line.due_at)}"] if line.due_at else []
    parts += [f"应有 {line.expected}，交 {line.given if line.given is not None else '—'}，接 {line.received if line.received is not None else '—'}"] if line.expected is not None else []
    parts += [text for text in (line.note, line.explanation, line.plan) if text]
    parts += [mark for at, mark in ((line.told_at, "讲清√"), (line.understood_at, "明白√")) if at]
    return "；".join(parts)


def _text(row: LogLine) -> str:
    return f"{row.text}（更正）" if row.corrects_id else row.text
