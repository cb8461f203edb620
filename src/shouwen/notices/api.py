"""The inbox for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from shouwen.kernel.journal import now

from . import actions, queries

router = Router()


class NoticeOut(Schema):
    id: int = Field(title="编号")
    why: str = Field(title="缘由")
    title: str = Field(title="标题")
    body: str = Field(title="内容")
    about: str = Field(title="相关")
    url: str = Field(title="链接")
    urgent: bool = Field(title="紧急")
    at: datetime = Field(title="时间")
    read_at: datetime | None = Field(None, title="已读时间")


class Inbox(Schema):
    unread: int = Field(title="未读（最多数到 100）")
    notices: list[NoticeOut] = Field(title="通知，新的在前")


class ReadIn(Schema):
    ids: list[int] = Field(title="通知编号", min_length=1, max_length=200)


class ReadOut(Schema):
    marked: int = Field(title="标为已读的条数")


@router.get("/inbox", response=Inbox, summary="收件箱")
def inbox(
    request: HttpRequest,
    unread: bool = Query(False, title="只看未读"),
    before: int | None = Query(None, title="早于此编号", ge=1, le=2**63 - 1),
    limit: int = Query(50, title="条数", ge=1, le=200),
) -> dict[str, Any]:
    """本人的通知，新的在前；翻页时把最后一条的编号作为 `before`。"""
    rows = queries.inbox(request.actor, unread)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return {"unread": queries.unread(request.actor), "notices": list(rows[:limit])}


@router.post("/read", response=ReadOut, summary="标为已读")
def read(request: HttpRequest, payload: ReadIn) -> dict[str, int]:
    """只影响本人的通知；别人的编号不起作用。"""
    ids = [pk for pk in payload.ids if 0 < pk < 2**63]
    return {"marked": actions.mark_read(request.actor, now(), ids)}
