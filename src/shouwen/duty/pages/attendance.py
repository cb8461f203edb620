"""我的班: one's own shifts on a phone, coming and leaving, changing with a colleague; who came to which shift."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from shouwen.kernel.access import Actor
from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import flash, render

from .. import actions, attendance, queries
from ..directory import Directory
from ..models import Presence, ShiftChange
from .desk import colleague, day_of, here_of

AHEAD = 21
"""Days of one's own shifts shown."""


def mine(request: HttpRequest) -> HttpResponse:
    """My shifts: what runs now, what comes, what was asked."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    here = queries.current_directory(community)
    today = at.astimezone(here.zone).date()
    spans = [s for s in queries.my_shifts(community.pk, actor.id or 0, today - timedelta(1), AHEAD + 1) if s.ends_at > at - timedelta(hours=12)]
    came = queries.presences(community.pk, actor.id or 0, today - timedelta(2))
    requests = list(queries.changes(actor, community.pk, at)[:60])
    asked = {(row.post, row.starts_at): row for row in requests if row.user_id == actor.id and row.state in ("asked", "agreed")}
    current, coming = [], []
    for span in spans:
        row = came.get((span.post, span.starts_at))
        title = here.posts[span.post].title if span.post in here.posts else span.post
        if span.starts_at - attendance.OPENS <= at < span.ends_at or (row and row.left_at is None):
            due = span.starts_at - attendance.EARLY if attendance.relieves(here, span) else span.starts_at
            after = attendance.follower(here, span.post, span.ends_at, but=actor.id or 0)
            current.append({
                "span": span, "title": title, "row": row, "due": due, "stay": queries.must_stay(row, at) if row and not row.left_at else "",
                "after": here.name(after.user) if after else "", "early": at < span.ends_at,
                "closing": _closing(row, here) if row and not row.left_at else None,
                "arrived": attendance.arrival(row.arrived_at, row.due_at, row.starts_at) if row else "",
            })  # fmt: skip
        elif span.starts_at > at:
            coming.append((span, title, asked.get((span.post, span.starts_at)), [(user, here.name(user)) for user in here.held_by(span.post, at)
                           if user != actor.id]))  # fmt: skip
    return render(request, "duty/mine.html", {
        "waits": queries.awaited(community.pk, actor.id or 0, at), "at": at, "current": current, "coming": coming[:14], "zone": here.zone,
        "todo": [row for row in requests if _waits_for(actor, row)], "mine": [row for row in requests if actor.id in (row.user_id, row.to_id)][:10],
        "titles": {slug: info.title for slug, info in here.posts.items()}, "edits": actor.may("duty.edit", community.pk), "actor_id": actor.id,
    })  # fmt: skip


def _closing(row: Presence, here: Directory) -> list[tuple[str, str, datetime | None]] | None:
    """(step, words, done at) of closing the post; None where somebody follows or nothing is put away."""
    if not queries.closes(row, here):
        return None
    done = queries.closing_of(row)
    return [(step, words, getattr(done, f"{step}_at", None)) for step, words in actions.STEPS.items()]


def _waits_for(actor: object, row: ShiftChange) -> bool:
    me = actor.id  # type: ignore[attr-defined]
    if row.state == ShiftChange.State.ASKED:
        return row.to_id == me
    return row.state == ShiftChange.State.AGREED and me not in (row.user_id, row.to_id)


@require_POST
def come(request: HttpRequest) -> HttpResponse:
    """Come to the shift."""
    community = here_of(request)
    row = actions.check_in(request.actor, community, post=request.POST.get("post", ""), at=now())  # type: ignore[attr-defined]
    return flash(redirect("duty:mine"), f"已到岗：{row.shift}，{attendance.arrival(row.arrived_at, row.due_at, row.starts_at)}。")


@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the post."""
    row = queries.presence(request.actor, pk)  # type: ignore[attr-defined]
    actions.check_out(request.actor, row, reason=request.POST.get("reason", ""), at=now())  # type: ignore[attr-defined]
    return flash(redirect("duty:mine"), "已离岗，辛苦了。")


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """The next step of closing the post."""
    row = queries.presence(request.actor, pk)  # type: ignore[attr-defined]
    step = request.POST.get("step", "")
    actions.close_step(request.actor, row, step=step, at=now())  # type: ignore[attr-defined]
    return flash(redirect("duty:mine"), f"已登记：{actions.STEPS[step]}。")


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a colleague to take a shift, or to exchange it."""
    actor, given = request.actor, request.POST  # type: ignore[attr-defined]
    community = here_of(request)
    to, starts = colleague(actor, given.get("to", "")), moment_of(given.get("starts_at", ""))
    if to is None or starts is None:
        raise Refused("请选择由谁顶班。", {"to": "请选择。"})
    back = moment_of(given.get("back_at", ""))
    if given.get("back_at") and back is None:  # or an exchange would become a gift
        raise Refused("没有看懂要换回哪一班，请从列出的班次里选。", {"back_at": "请重新选择。"})
    row = actions.ask_change(
        actor, community, post=given.get("post", ""), starts_at=starts, to=to, back_at=back,
        reason=given.get("reason", ""), at=now(),
    )  # fmt: skip
    return flash(redirect("duty:mine"), f"已请{row.to.name}答复。")


def moment_of(given: str) -> datetime | None:
    try:
        found = parse_datetime(given.replace(" ", "+"))
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=queries.CHINA)


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The colleague answers, the superior decides, whoever asked withdraws."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row, do, remark = queries.change(actor, pk), request.POST.get("do", ""), request.POST.get("remark", "")
    if do == "withdraw":
        actions.withdraw_change(actor, row, at=at)
        return flash(redirect("duty:mine"), "已撤回。")
    if do not in ("yes", "no"):
        raise Refused("请选择同意或不同意。")
    verb = actions.answer_change if row.state == ShiftChange.State.ASKED else actions.decide_change
    verb(actor, row, ok=do == "yes", remark=remark, at=at)
    return flash(redirect("duty:mine"), "已答复。")


def attended(request: HttpRequest) -> HttpResponseBase:
    """Who came to which shift of a day."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    here = queries.current_directory(community)
    today = at.astimezone(here.zone).date()
    day = day_of(request.GET.get("day", "")) or today
    rows = queries.attended(actor, community.pk, day, at)
    if request.GET.get("format") == "xlsx":
        return _workbook(actor, community, here, day, rows)
    return render(request, "duty/attendance.html", {
        "day": day, "today": today, "before": day - timedelta(1), "after": day + timedelta(1), "community": community,
        "rows": [(row, here.posts[row.span.post].title if row.span.post in here.posts else row.span.post) for row in rows],
        "absent": sum(row.state == "absent" for row in rows), "late": sum(bool(row.arrived) and row.arrived != "按时" for row in rows),
        "unmanned": queries.unmanned(actor, community.pk, day, at), "here": sum(row.state == "here" for row in rows), "coming": sum(row.state == "coming" for row in rows),
    })  # fmt: skip


STATES: Final = {"absent": "未到岗", "leave": "请假 无人代", "coming": "未开始"}


def _workbook(actor: Actor, community: Any, here: Directory, day: date, rows: list[Any]) -> FileResponse:
    """Who came to which shift of a day, as listed."""
    lines = [[
        row.span.title, row.span.starts_at, row.span.ends_at, here.posts[row.span.post].title if row.span.post in here.posts else row.span.post,
        row.name, row.row.arrived_at if row.row else None, row.row.left_at if row.row else None,
        STATES.get(row.state) or "，".join(filter(None, (row.arrived, row.left if row.left != "按时" else ""))), row.row.reason if row.row else "",
    ] for row in rows]  # fmt: skip

    def log(_: object, **facts: Any) -> None:
        actions.export_lines(actor, community, at=now(), **facts)

    heads = ["班次", "开始", "结束", "岗位", "员工", "到岗", "离岗", "情况", "原因"]
    return export(actor, title="到岗情况", heads=heads, rows=lines, filters={"日期": day.isoformat()}, log=log, note=community.name)
