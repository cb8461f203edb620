"""The register of papers for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from . import queries

router = Router()


class PaperOut(Schema):
    id: int = Field(title="内部编号")
    community_id: int = Field(title="小区")
    form: str = Field(title="单据名称")
    number: str = Field(title="单据编号")
    record: str = Field(title="所属记录")
    state: str = Field(title="状态")
    about: str = Field(title="相关")
    asked_at: datetime = Field(title="生成时间")
    asked_by: str = Field(title="生成人")
    printed: int = Field(title="打印次数")


@router.get("/", response=list[PaperOut], summary="单据")
def papers(
    request: HttpRequest,
    about: str = Query("", title="相关", max_length=80),
    before: int | None = Query(None, title="早于此编号", ge=1, le=2**63 - 1),
    limit: int = Query(50, title="条数", ge=1, le=200),
) -> Any:
    """可见小区的单据，新的在前。"""
    rows = queries.papers(request.actor)
    if about:
        rows = rows.filter(about=about)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows[:limit])
