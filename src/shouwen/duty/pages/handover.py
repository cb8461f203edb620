"""The hand-over: whose turn it is and what was handed over, the sheet that both fill and sign, and its print."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import flash, page_of, render, wants_part
from shouwen.kernel.words import number_in
from shouwen.org import actions as org_actions
from shouwen.org.queries import actor_for

from .. import actions, attendance, queries
from .. import handover as rule
from ..directory import Directory
from ..models import Handover, HandoverLine
from . import sheets
from .desk import colleague, day_of, here_of

State = Handover.State
OVER = timedelta(hours=2)
"""So long after its end a shift not handed over still stands on the page of who was in it."""

WRONG = "密码或动态口令不正确，没有签字。"


def home(request: HttpRequest) -> HttpResponse:
    """What this person hands over or takes over now, and the log of hand-overs. A5.15."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    if request.method == "POST":
        return _begin(request, actor, community, at)
    here = queries.current_directory(community)
    known = {slug: info.title for slug, info in here.posts.items()}
    post, shift = request.GET.get("post", ""), request.GET.get("shift", "")[:40]
    first, last = day_of(request.GET.get("from", "")), day_of(request.GET.get("until", ""))
    log = queries.handovers(actor, community.pk, post=post if post in known else "", first=first, last=last, shift=shift)
    running = list(queries.handovers(actor, community.pk).filter(state__in=Handover.OPEN)[:20])
    today = at.astimezone(here.zone).date()
    shifts = list(queries.shifts(actor, community.pk))
    page = page_of(log.exclude(state__in=Handover.OPEN), request.GET.get("after"), 50)
    return render(request, "duty/handover.html", {
        "duties": _duties(here, actor, running, at) if actor.may("duty.write", community.pk) else [],
        "running": [(row, known.get(row.post, row.post), _part(row, actor)) for row in running], "at": at,
        "waits": queries.awaited(community.pk, actor.id or 0, at), "page": page, "books": queries.missing_books(
            community.pk, (today - timedelta(1), today), at) if set(queries.BOOK_POSTS) & actor.posts or actor.may("duty.edit", community.pk) else [],
        "unrecorded": queries.unrecorded(actor, community.pk, (today - timedelta(1), today), at) if actor.may("duty.edit", community.pk) else [],
        "rows": [(row, known.get(row.post, row.post), known.get(row.to_post, row.to_post)) for row in page],
        "posts": sorted({(turn.post, known.get(turn.post, turn.post)) for turn in here.turns}, key=lambda pair: pair[1]),
        "post": post, "first": first, "last": last, "shift": shift, "shifts": shifts, "narrowed": bool(post or first or last or shift),
        "may_edit": actor.may("duty.edit", community.pk), "community": community,
    }, part="list")  # fmt: skip


def _part(row: Handover, actor: Actor) -> str:
    return "交班人" if row.giver_id == actor.id else "接班人" if row.receiver_id == actor.id else ""


def _begin(request: HttpRequest, actor: Actor, community: Community, at: datetime) -> HttpResponse:
    receiver = colleague(actor, request.POST.get("receiver", ""))
    sheet = actions.open_handover(
        actor, community, post=request.POST.get("post", ""), to_post=request.POST.get("to_post", ""), receiver=receiver, at=at
    )
    return flash(redirect("duty:handing", sheet.pk), "交班清单已列好，请逐项填写。")


def _duties(here: Directory, actor: Actor, running: list[Handover], at: datetime) -> list[dict[str, object]]:
    """The posts that this person is on now, each with its moments: tidy, relief, hand-over."""
    found: list[dict[str, object]] = []
    done = queries.done_since(here.community, at - queries.LATEST) if actor.posts & set(here.posts) else set()
    for post in sorted(actor.posts):
        span = queries.giving(here, post, actor.id or 0, at) if post in here.posts else None
        if span is None or any(row.post == post and row.to_post == post for row in running):
            continue
        if (post, span.ends_at) in done or span.ends_at < at - OVER:
            continue
        after = attendance.follower(here, post, span.ends_at, but=actor.id or 0)
        if after is None and span.ends_at <= at:
            continue
        other = next((slug for slug in queries.BOOK_POSTS if slug != post), "") if post in queries.BOOK_POSTS else ""
        found.append({
            "post": post, "title": here.posts[post].title, "span": span, "after": after, "name": here.name(after.user) if after else "",
            "over": span.ends_at <= at, "tidy": span.ends_at - rule.TIDY_BEFORE, "relief": span.ends_at - rule.ARRIVE_BEFORE,
            "others": [(user, here.name(user)) for user in here.held_by(post, at) if user != actor.id],
            "book": other if other in here.posts and here.works(at.astimezone(here.zone).date()) else "",
            "book_title": here.posts[other].title if other in here.posts else "",
        })  # fmt: skip
    return found


# --- one hand-over -------------------------------------------------------------------------------------------------


def handing(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet of one hand-over: read, filled in, signed, refused, decided."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = queries.handover(actor, pk)
    said = ""
    if request.method == "POST":
        said = _act(request, actor, row, at)
        if not wants_part(request):
            return flash(redirect("duty:handing", pk), said)
    response = _page(request, actor, pk, at)
    return flash(response, said) if said else response


def _page(request: HttpRequest, actor: Actor, pk: int, at: datetime, wrong: str = "", status: int = 200) -> HttpResponse:
    row = queries.handover(actor, pk, whole=True)
    return render(request, "duty/handing.html", {**sheets.whole(actor, row, at), "wrong": wrong, "decisions": actions.DECISIONS}, part="sheet",
                  status=status)  # fmt: skip


_SAID = {
    "save": "已保存。", "refresh": "清单已更新。", "arrive": "接班人到场已登记。", "explain": "可以开始逐项讲解清点了。", "read": "已记下：日志已阅。",
    "sign": "交班人已签字，请接班人签字。", "unsign": "签字已撤回。", "accept": "交接完成，未了事项已转到您名下。", "refuse": "已拒绝接班，已报上级。",
    "unfit": "已报上级，请等上级决定。", "report": "已报上级。", "decide": "决定已记下，已通知双方。", "stop": "交班准备已撤销。", "add": "已加上。",
    "close": "已记下。", "contain": "已确认控制，可以继续交接。",
}  # fmt: skip


def _act(request: HttpRequest, actor: Actor, row: Handover, at: datetime) -> str:
    """Do what the pressed button says; what was typed into the sheet is saved first, so nothing is lost."""
    given, do = request.POST, request.POST.get("do", "save")
    if do not in _SAID:
        raise Refused("没有这个操作，请刷新后再试。")
    fields = sheets.changes(given)
    if "sheet" in given and (fields or do == "save" or given.get("special", "") != row.special or given.get("late_cause", "") != row.late_cause):
        actions.fill(actor, row, lines=fields, special=given.get("special"), late_cause=given.get("late_cause"), at=at)
    reason = given.get("reason", "")
    match do:
        case "refresh":
            actions.refresh(actor, row, at=at)
        case "arrive":
            actions.arrive(actor, row, at=at)
        case "explain":
            actions.explain(actor, row, at=at)
        case "read":
            actions.read_log(actor, row, upto=number_in(given.get("upto")) or 0, at=at)
        case "sign":
            actions.sign(actor, row, at=at)
        case "unsign":
            actions.unsign(actor, row, reason=reason, at=at)
        case "accept":
            actions.accept(actor, row, at=at)
        case "refuse":
            actions.refuse(actor, row, reason=reason, at=at)
        case "unfit":
            actions.mark_unfit(actor, row, reason=reason, at=at)
        case "report":
            actions.report(actor, row, reason=reason, at=at)
        case "stop":
            actions.stop(actor, row, reason=reason, at=at)
        case "decide":
            person = colleague(actor, given.get("stand_in", ""))
            actions.decide(actor, row, decision=given.get("decision", ""), reason=reason, stand_in=person, at=at)
        case "add":
            actions.add_line(actor, row, kind=given.get("kind", ""), title=given.get("title", ""), weight=given.get("weight", "ordinary"),
                             about_line=number_in(given.get("about_line")) or 0, at=at)  # fmt: skip
        case "close":
            line = _line(actor, row, given.get("line", ""))
            actions.close_line(actor, line, closed=given.get("closed") != "no", at=at)
        case "contain":
            actions.contain(actor, _line(actor, row, given.get("line", "")), plan=given.get("plan", ""), at=at)
    return _SAID[do]


def _line(actor: Actor, row: Handover, pk: str) -> HandoverLine:
    number = number_in(pk)
    line = queries.line_of(actor, number) if number is not None else None
    if line is None or line.handover_id != row.pk:
        raise NotFound
    return line


@unkeyed
@require_POST
def accept_here(request: HttpRequest, pk: int) -> HttpResponse:
    """The receiver signs at the giver's screen with their own password; wrong ones are counted as at the login page."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = queries.handover(actor, pk)
    if row.receiver is None or actor.id not in (row.giver_id, row.receiver_id):
        raise NotFound
    username = row.receiver.username
    user = org_actions.proven(
        request, username=username, password=request.POST.get("password", "")[:200], code=request.POST.get("code", "")[:12], at=at
    )
    if user is None:
        locked = getattr(request, "axes_locked_out", False)
        wrong = org_actions.locked_words(username, request) if locked else WRONG
        return _page(request, actor, pk, at, wrong=wrong, status=429 if locked else 422)
    actions.accept(actor_for(user.pk), row, how="在交班人屏幕输入本人密码", at=at)
    return flash(redirect("duty:handing", pk), f"交接完成，{row.receiver_name}已签字，未了事项已转到其名下。")


def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """《交接班记录》 on paper, with both names and the seal of the journal. A5.15, D2.84."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = queries.handover(actor, pk, whole=True)
    return render(request, "duty/handover_sheet.html", sheets.printed(actor, row, at))
