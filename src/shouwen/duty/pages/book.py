"""The books: what happened on a post, line by line."""

from __future__ import annotations

from datetime import datetime, timedelta
from tempfile import TemporaryFile

from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import EXPORT_LIMIT, write_workbook
from shouwen.kernel.screens import blame, flash, page_of, render
from shouwen.kernel.words import number_in
from shouwen.org import queries as org

from .. import actions, queries
from ..books import LOOKS_BACK, REVIEWS, VIEWS
from ..forms import CorrectionForm, LineForm
from ..models import LogLine
from .desk import day_of, here_of

SHEET = 500
"""Lines of one day that stand on one page, so that they are printed together."""


def book(request: HttpRequest) -> HttpResponseBase:
    """The books: what happened on a post, line by line; one line more."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    may_write = actor.may("duty.write", community.pk)
    known = {post.slug: post.title for post in org.posts()}
    post = request.GET.get("post", "")
    post = post if post in known else ""
    day = day_of(request.GET.get("day", ""))
    shifts = list(queries.shifts(actor, community.pk))
    shift = next((each for each in shifts if each.slug == request.GET.get("shift", "")), None)
    day = at.astimezone(queries.CHINA).date() if shift and day is None else day
    own = next((slug for slug in known if slug in actor.posts), "receptionist")
    form = LineForm(request.POST or None, posts=list(known.items()), initial={"post": post or own})
    if request.method == "POST" and form.is_valid():
        try:
            actions.write(actor, community, at=at, **form.cleaned_data)
            said = "已记入值班日志。" + ("重点工作请在簿册「重点工作」里报部门负责人。" if form.cleaned_data["focus"] else "")
            return flash(redirect(f"{reverse('duty:book')}?post={form.cleaned_data['post']}"), said)
        except Refused as no:
            blame(form, no)
    view, q, last = VIEWS.get(request.GET.get("view", "")), request.GET.get("q", "").strip()[:60], day_of(request.GET.get("until", ""))
    today = at.astimezone(queries.CHINA).date()
    number = number_in(request.GET.get("volume"))
    volume = queries.volume(actor, number) if number is not None else None
    if volume and volume.community_id != community.pk:
        raise NotFound
    found = queries.lines(actor, community.pk, volume=volume, post=post, day=day, shift=shift, view=view, q=q, last=last, today=today)
    title = view.title if view else "值班日志"
    if request.GET.get("export") == "xlsx":
        return _export(request, community, found, title, known, at)
    page = page_of(found, request.GET.get("after"), SHEET if day else 50)
    review = next((each for each in REVIEWS.values() if each.of == "lines" and each.posts == (post,)), None)
    signed = queries.signed_days(community.pk, day, day).get((review.slug, day)) if review and day and not last else None
    late = [day for days in queries.overdue(community.pk, today).values() for day in days] if _signs(actor, community.pk, at) else []
    return render(request, "duty/book.html", {
        "page": page, "lines": [(line, known.get(line.post, line.post), _late(line), bool(signed and line.pk > signed.upto)) for line in page],
        "form": form, "posts": list(known.items()), "post": post, "post_title": known.get(post, ""), "day": day, "may_write": may_write,
        "shifts": shifts, "shift": shift, "narrowed": bool(post or day or view or q or volume), "volume": volume, "community": community, "views": VIEWS.values(),
        "view": view, "q": q, "last": last, "title": title, "signed": signed, "unsigned": len(late),
        "unsent": queries.unsent_focus(community.pk, post or own) if view is VIEWS["focus"] and may_write else [], "sending": post or own,
        "unless": bool((q or view) and not day), "query": request.GET.urlencode(),
    }, part="list", status=422 if form.errors else 200)  # fmt: skip


@require_POST
def report_focus(request: HttpRequest) -> HttpResponse:
    """The key work of a post goes to the head of its department. D2.54."""
    told = actions.report_focus(request.actor, here_of(request), post=request.POST.get("post", ""), at=now())  # type: ignore[attr-defined]
    return flash(redirect(f"{reverse('duty:book')}?view=focus"), f"已报部门负责人{told}。")


def _signs(actor: Actor, community_id: int, at: datetime) -> bool:
    """Whether this person signs some book here."""
    mine = queries.posts_here(community_id, actor.id, at)
    return any(review.signers & mine for review in REVIEWS.values())


def _export(request: HttpRequest, community: Community, found: QuerySet[LogLine], title: str, known: dict[str, str], at: datetime) -> HttpResponseBase:
    """An .xlsx of exactly what is listed; the export stands in the journal."""
    count = found.count()
    if count > EXPORT_LIMIT:
        raise Refused(f"共 {count} 行，一次最多导出 {EXPORT_LIMIT} 行。请用日期或岗位缩小范围。")
    said = "，".join(f"{key}={value}" for key, value in request.GET.items() if value and key != "export") or "全部"
    actions.export_lines(request.actor, community, title=title, rows=count, filters=said, at=at)  # type: ignore[attr-defined]
    file = TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    write_workbook(file, title, ("编号", "发生时间", "岗位", "内容", "记录人", "记录时间", "更正的行"), (
        [line.pk, line.event_at, known.get(line.post, line.post), line.text, line.by_name, line.recorded_at, line.corrects_id or ""]
        for line in found.iterator(chunk_size=1000)), f"{community.name} {said}")  # fmt: skip
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{title}.xlsx")


def reviews(request: HttpRequest) -> HttpResponse:
    """The four books that are signed day by day: what waits, what was signed. D2.53, D13.18, D13.30, D11.17."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    today = at.astimezone(queries.CHINA).date()
    late = queries.overdue(community.pk, today)
    signed = queries.signed_days(community.pk, today - LOOKS_BACK, today)
    mine = queries.posts_here(community.pk, actor.id, at)
    return render(request, "duty/reviews.html", {
        "books": [
            (review, queries.signer_titles(community.pk, review), late[slug][::-1], bool(review.signers & mine),
             sorted((row for (book, _), row in signed.items() if book == slug), key=lambda row: row.day, reverse=True)[:7])
            for slug, review in REVIEWS.items()
        ], "today": today, "community": community,
    })  # fmt: skip


def review(request: HttpRequest, slug: str, day: str) -> HttpResponse:
    """One day of a book, read and signed."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    book, on = REVIEWS.get(slug), day_of(day)
    if book is None or on is None:
        raise NotFound
    if request.method == "POST":
        actions.sign_off(actor, community, book=slug, day=on, remark=request.POST.get("remark", ""), at=at)
        return flash(redirect("duty:reviews"), f"已签阅：{book.title} {on}。")
    known = {slug: info.title for slug, info in queries.current_directory(community).posts.items()}
    signed = queries.signed_days(community.pk, on, on).get((slug, on))
    rows = queries.reviewed_handovers(community.pk, book, on) if book.of == "handovers" else queries.reviewed_lines(community.pk, book, on)
    found = list(rows[: SHEET + 1])
    more, found = len(found) > SHEET, found[:SHEET]
    return render(request, "duty/review.html", {
        "more": more, "most": SHEET,
        "book": book, "day": on, "signed": signed, "may_sign": bool(book.signers & queries.posts_here(community.pk, actor.id, at)) and on <= at.astimezone(queries.CHINA).date(),
        "signers": queries.signer_titles(community.pk, book), "community": community, "handovers": book.of == "handovers",
        "rows": [(row, known.get(row.post, row.post), bool(signed and row.pk > signed.upto)) for row in found],
        "before": on - timedelta(1), "after": on + timedelta(1),
    })  # fmt: skip


def _late(line: LogLine) -> bool:
    """Written down later than it happened (补记)."""
    return line.recorded_at - line.event_at >= timedelta(minutes=10)


def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a right line beside a wrong one."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    line = queries.line(actor, pk)
    form = CorrectionForm(request.POST or None, initial={"text": line.text, "event_at": line.event_at.astimezone(queries.CHINA)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct(actor, line.community, line=line, at=at, **form.cleaned_data)
            return flash(redirect(f"{reverse('duty:book')}?post={line.post}"), "更正已记入，原记录保留。")
        except Refused as no:
            blame(form, no)
    title = next((post.title for post in org.posts() if post.slug == line.post), line.post)
    return render(request, "duty/correct.html", {
        "line": line, "form": form, "title": title, "done": hasattr(line, "corrected_by"),
        "may_write": actor.may("duty.write", line.community_id),
    }, status=422 if form.errors else 200)  # fmt: skip
