"""The books: what happened on a post, line by line."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import flash, page_of, render
from shouwen.org import queries as org

from .. import actions, queries
from ..forms import CorrectionForm, LineForm
from ..models import LogLine
from .desk import blame, day_of, here_of

SHEET = 500
"""Lines of one day that stand on one page, so that they are printed together."""


def book(request: HttpRequest) -> HttpResponse:
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
            actions.write(actor, community, at=at, post=form.cleaned_data["post"], text=form.cleaned_data["text"],
                          event_at=form.cleaned_data["event_at"])  # fmt: skip
            return flash(redirect(f"{reverse('duty:book')}?post={form.cleaned_data['post']}"), "已记入值班日志。")
        except Refused as no:
            blame(form, no)
    found = queries.lines(actor, community.pk, post=post, day=day, shift=shift)
    page = page_of(found, request.GET.get("after"), SHEET if day else 50)
    return render(request, "duty/book.html", {
        "page": page, "lines": [(line, known.get(line.post, line.post), _late(line)) for line in page], "form": form,
        "posts": list(known.items()), "post": post, "post_title": known.get(post, ""), "day": day, "may_write": may_write,
        "shifts": shifts, "shift": shift, "narrowed": bool(post or day), "community": community,
    }, part="list", status=422 if form.errors else 200)  # fmt: skip


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
