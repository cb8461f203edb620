"""The JSON interface of this area, below /api/v1/duty/. The community is the current one, or `?community=slug`."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from shouwen.estate.models import Community
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.org import queries as org

from . import actions, queries

router = Router()
MOST_DAYS = 3660
"""As far as the page of the roster goes."""

_DAY, _FIRST = Query(None, title="日期"), Query(None, title="从哪天起，空为今天")


class OnDuty(Schema):
    post: str = Field(title="岗位代号")
    title: str = Field(title="岗位")
    people: list[str] = Field(title="当班人用户名")
    names: list[str] = Field(title="当班人")
    manned: bool = Field(title="本岗有人当班，否则由上级接收")
    until: datetime | None = Field(title="本班结束时间")


class Shift(Schema):
    post: str = Field(title="岗位代号")
    title: str = Field(title="班次")
    person: str = Field(title="排班人用户名")
    name: str = Field(title="排班人")
    acting: str = Field(title="开班时由谁上岗（请假有代班人的为代班人），空为没有人")
    starts_at: datetime = Field(title="开始")
    ends_at: datetime = Field(title="结束")


class Line(Schema):
    id: int = Field(title="编号")
    post: str = Field(title="岗位代号")
    event_at: datetime = Field(title="发生时间")
    recorded_at: datetime = Field(title="记录时间")
    by: str = Field(title="记录人")
    text: str = Field(title="内容")
    corrects: int | None = Field(title="更正的行")
    corrected_by: int | None = Field(title="被哪一行更正")


class NewLine(Schema):
    post: str = Field(title="岗位代号", max_length=40)
    text: str = Field(title="内容", min_length=1, max_length=2000)
    event_at: datetime | None = Field(None, title="发生时间，空为现在")
    matter: bool = Field(False, title="处理过的事，要写经过和结果")
    course: str = Field("", title="处理经过", max_length=600)
    result: str = Field("", title="结果", max_length=600)
    focus: bool = Field(False, title="重点工作，要报部门负责人")


class Correction(Schema):
    text: str = Field(title="更正后的内容", min_length=1, max_length=2000)
    event_at: datetime | None = Field(None, title="发生时间，空为不变")


def _place(request: HttpRequest, slug: str | None) -> Community:
    actor = request.actor  # type: ignore[attr-defined]
    if slug is None:
        community = request.community  # type: ignore[attr-defined]
        return queries.place(actor, community.pk if community else None)
    return queries.place(actor, next((c.pk for c in org.places_of(actor) if c.slug == slug), None))


@router.get("/now", response=list[OnDuty], summary="此刻当班")
def on_duty(
    request: HttpRequest, community: str | None = Query(None, max_length=40, title="小区代号"),
    post: str | None = Query(None, max_length=40, title="岗位代号"),
) -> list[dict[str, object]]:  # fmt: skip
    """Who is on each post at this moment; where nobody is, who is reached instead."""
    place, at = _place(request, community), now()
    here = queries.current_directory(place)
    if post is not None and post not in here.posts:
        raise NotFound
    slugs = [post] if post is not None else sorted({turn.post for turn in here.turns if turn.post in here.posts})
    usernames = dict(org.User.objects.filter(pk__in=here.active).values_list("pk", "username"))
    return [{
        "post": slug, "title": here.posts[slug].title, "people": [usernames.get(u, "") for u in here.on_duty(slug, at)],
        "names": [here.name(u) for u in here.on_duty(slug, at)], "until": here.shift_end(slug, at),
        "manned": any(here.acting(span.user, at) is not None for span in here.running(at, slug)),
    } for slug in slugs]  # fmt: skip


@router.get("/roster", response=list[Shift], summary="排班")
def roster(
    request: HttpRequest, community: str | None = Query(None, max_length=40, title="小区代号"),
    post: str | None = Query(None, max_length=40, title="岗位代号"), day: date | None = _FIRST,
    days: int = Query(7, ge=1, le=31, title="天数"),
) -> list[dict[str, object]]:  # fmt: skip
    """Every shift that begins in these days, in order of time, and who stands in where somebody is away."""
    place, at = _place(request, community), now()
    here, today = queries.current_directory(place), at.astimezone(queries.CHINA).date()
    if post is not None and post not in here.posts:
        raise NotFound
    first = day or today
    if abs((first - today).days) > MOST_DAYS:
        raise Refused("只能查前后十年之内的排班，请核对日期。", {"day": "应在前后十年之内。"})
    usernames = dict(org.User.objects.filter(pk__in=here.active).values_list("pk", "username"))
    return [{
        "post": span.post, "title": span.title, "person": usernames.get(span.user, ""), "name": here.name(span.user),
        "acting": usernames.get(here.acting(span.user, span.starts_at) or 0, ""), "starts_at": span.starts_at, "ends_at": span.ends_at,
    } for span in here.spans(first, days) if post in (None, span.post)]  # fmt: skip


@router.get("/book", response=list[Line], summary="值班日志")
def book(
    request: HttpRequest, community: str | None = Query(None, max_length=40, title="小区代号"),
    post: str = Query("", max_length=40, title="岗位代号"), day: date | None = _DAY,
    before: int | None = Query(None, ge=1, le=2**62, title="此编号之前"), limit: int = Query(50, ge=1, le=200, title="条数"),
) -> list[dict[str, object]]:  # fmt: skip
    """Lines of the books, newest first; `before` = the last id of the page before."""
    place = _place(request, community)
    rows = queries.lines(request.actor, place.pk, post=post, day=day)  # type: ignore[attr-defined]
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_shown(row) for row in rows[:limit]]


@router.post("/book", response={201: Line}, summary="记值班日志")
def write(request: HttpRequest, payload: NewLine, community: str | None = Query(None, max_length=40, title="小区代号")):
    """Write a line; an earlier `event_at` makes it a late entry."""
    place, at = _place(request, community), now()
    line = actions.write(
        request.actor,
        place,
        post=payload.post,
        text=payload.text,
        event_at=_aware(payload.event_at),
        matter=payload.matter,
        course=payload.course,
        result=payload.result,
        focus=payload.focus,
        at=at,  # type: ignore[attr-defined]
    )
    return 201, _shown(line)


@router.post("/book/{pk}/corrections", response={201: Line}, summary="更正值班日志")
def correct(request: HttpRequest, pk: int, payload: Correction):
    """Put a right line beside a wrong one; the old one stays."""
    line = queries.line(request.actor, pk)  # type: ignore[attr-defined]
    right = actions.correct(
        request.actor,
        line.community,
        line=line,
        text=payload.text,
        event_at=_aware(payload.event_at),
        at=now(),  # type: ignore[attr-defined]
    )
    return 201, _shown(right)


def _aware(at: datetime | None) -> datetime | None:
    """A time without a zone is a time in China."""
    return at.replace(tzinfo=queries.CHINA) if at is not None and at.tzinfo is None else at


def _shown(line: queries.LogLine) -> dict[str, object]:
    after = getattr(line, "corrected_by", None)
    return {
        "id": line.pk, "post": line.post, "event_at": line.event_at, "recorded_at": line.recorded_at, "by": line.by_name,
        "text": line.text, "corrects": line.corrects_id, "corrected_by": after.pk if after else None,
    }  # fmt: skip
