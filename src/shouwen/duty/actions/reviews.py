"""Signing a day of a book, and taking a list of its lines out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.kernel.words import clean_text

from .. import queries
from ..books import REVIEWS
from ..models import SignOff


@action("duty.reviewed", may="duty.view", says="签阅{book} {day}（{lines} 条）{remark}")
def sign_off(actor: Actor, community: Any, /, *, book: str, day: date, remark: str = "", at: datetime) -> Done:
    """Somebody answerable has read this day and signs it, once for ever. What comes later is marked so. D2.53, D13.18."""
    review = REVIEWS.get(book)
    if review is None:
        raise NotFound
    if not review.signers & queries.posts_here(community.pk, actor.id, at):
        raise Forbidden(f"《{review.title}》由{queries.signer_titles(community.pk, review)}签阅。")
    if day > at.astimezone(queries.CHINA).date():
        raise Refused("还没有到这一天，不能签阅。", {"day": "不能晚于今天。"})
    words = clean_text(remark, "批注", 300, field="remark")
    top, count = queries.read_of(community.pk, review, day)
    try:
        with transaction.atomic():
            row = SignOff.objects.create(
                community_id=community.pk, book=book, day=day, by_id=actor.id, by_name=actor.name, at=at, upto=top, lines=count, remark=words
            )
    except IntegrityError:
        raise Conflict("这一天已经签阅过了。") from None
    return Done(row, {"book": review.title, "day": day.isoformat(), "lines": count, "remark": words}, community=community.pk)


@action("duty.exported", may="duty.view", says="导出{title}（{rows} 行；{filters}）")
def export_lines(actor: Actor, community: Any, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export; what is exported is what the page shows."""
    return Done(f"estate.community:{community.pk}", {"title": title, "rows": rows, "filters": filters}, community=community.pk)
