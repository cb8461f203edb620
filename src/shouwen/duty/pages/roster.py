"""The roster as a week, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import blame, flash, render
from shouwen.org import queries as org

from .. import actions, queries
from ..directory import Directory, Span
from ..forms import EndForm, RosterForm, ShiftForm
from ..models import Roster
from .desk import here_of


@dataclass(frozen=True, slots=True)
class Chip:
    """One shift of one person in the grid. `cover`: "" = at work, "gone" = on leave and nobody covers, else the stand-in."""

    span: Span
    name: str
    cover: str
    now: bool


@dataclass(frozen=True, slots=True)
class Cell:
    day: date
    chips: tuple[Chip, ...]
    empty: bool
    """Nobody is on the post although somebody should be."""


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post over a week; `present` = who is reached now. `state`: on, off (no shift runs now), gone (one runs uncovered)."""

    slug: str
    title: str
    present: str
    state: str
    cells: tuple[Cell, ...]


def roster(request: HttpRequest) -> HttpResponse:
    """A week of shifts, post by post, and who is on duty at this moment."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    here = queries.current_directory(community)
    today = at.astimezone(queries.CHINA).date()
    first = _monday(request.GET.get("week", ""), today)
    rows = _week(here, first, at)
    return render(request, "duty/roster.html", {
        "rows": rows, "days": [(day, here.works(day), day == today) for day in _days(first)],
        "before": first - timedelta(7), "after": first + timedelta(7), "first": first, "this_week": first <= today < first + timedelta(7),
        "may_edit": actor.may("duty.edit", community.pk), "guaranteed": here.name(here.guaranteed()) if here.held else "",
    }, part="list")  # fmt: skip


def _monday(given: str, today: date) -> date:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = today
    if abs((day - today).days) > 3660:
        day = today
    return day - timedelta(day.weekday())


def _days(first: date) -> list[date]:
    return [first + timedelta(n) for n in range(7)]


def _week(here: Directory, first: date, at: datetime) -> list[PostRow]:
    spans: dict[tuple[str, date], list[Span]] = {}
    for span in here.spans(first, 7):
        spans.setdefault((span.post, span.starts_at.date()), []).append(span)
    slugs = {turn.post for turn in here.turns if turn.starts_on <= first + timedelta(6) and turn.ends_on >= first}
    rows = []
    for slug in sorted(slugs, key=lambda s: (here.posts[s].department, -here.posts[s].rank, s) if s in here.posts else ("", 0, s)):
        found = here.on_duty(slug, at)
        running = here.running(at, slug)
        state = "on" if any(here.acting(span.user, at) is not None for span in running) else "gone" if running else "off"
        rows.append(PostRow(
            slug, here.posts[slug].title if slug in here.posts else slug, "、".join(here.name(user) for user in found),
            state, tuple(_cell(here, slug, day, spans.get((slug, day), []), at) for day in _days(first)),
        ))  # fmt: skip
    return rows


def _cell(here: Directory, post: str, day: date, spans: list[Span], at: datetime) -> Cell:
    chips = []
    for span in spans:
        absence = here.absence_in(span)
        acting = here.acting(span.user, max(absence.starts_at, span.starts_at)) if absence else span.user
        cover = "" if absence is None else "gone" if acting is None else here.name(acting)
        chips.append(Chip(span, here.name(span.user), cover, span.starts_at <= at < span.ends_at))
    return Cell(day, tuple(chips), here.manned(post, day) is False)


def month(request: HttpRequest) -> HttpResponse:
    """One post over a month, as a calendar."""
    at = now()
    community = here_of(request)
    here = queries.current_directory(community)
    today = at.astimezone(queries.CHINA).date()
    first = _first_of_month(request.GET.get("month", ""), today)
    start = first - timedelta(first.weekday())
    weeks = 6 if (first.replace(day=28) + timedelta(4)).replace(day=1) - start > timedelta(35) else 5
    slugs = sorted({turn.post for turn in here.turns}, key=lambda slug: here.posts[slug].title if slug in here.posts else slug)
    post = request.GET.get("post", "")
    post = post if post in slugs else next((slug for slug in ("receptionist", *slugs) if slug in slugs), "")
    spans: dict[date, list[Span]] = {}
    for span in here.spans(start, weeks * 7):
        if span.post == post:
            spans.setdefault(span.starts_at.date(), []).append(span)
    return render(request, "duty/month.html", {
        "weeks": [[(day, here.works(day), day == today, day.month == first.month, _cell(here, post, day, spans.get(day, []), at))
                   for day in (start + timedelta(n) for n in range(week * 7, week * 7 + 7))] for week in range(weeks)],
        "posts": [(slug, here.posts[slug].title if slug in here.posts else slug) for slug in slugs], "post": post, "first": first,
        "before": (first - timedelta(1)).replace(day=1), "after": (first.replace(day=28) + timedelta(4)).replace(day=1),
    }, part="list")  # fmt: skip


def _first_of_month(given: str, today: date) -> date:
    try:
        first = date.fromisoformat(f"{given}-01")
    except ValueError:
        return today.replace(day=1)
    return first if abs((first - today).days) < 3660 else today.replace(day=1)


def plan(request: HttpRequest) -> HttpResponse:
    """The lines that make the roster, and the shifts; adding to both."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    may_edit = actor.may("duty.edit", community.pk)
    today = at.astimezone(queries.CHINA).date()
    shifts = queries.shifts(actor, community.pk)
    posts = [(post.slug, post.title) for post in org.posts()]
    people = org.staff(actor).filter(is_active=True).order_by("name")
    added = request.POST.get("what", "")
    form = RosterForm(request.POST if added == "line" else None, posts=posts, people=people, shifts=shifts, initial={"starts_on": today})
    shift_form = ShiftForm(request.POST if added == "shift" else None)
    try:
        if added == "line" and form.is_valid():
            actions.roster(actor, community, at=at, **form.cleaned_data)
            return flash(redirect("duty:plan"), "排班已登记，即刻生效。")
        if added == "shift" and shift_form.is_valid():
            actions.set_shift(actor, community, at=at, **shift_form.cleaned_data)
            return flash(redirect("duty:plan"), "班次已保存。")
    except Refused as no:
        blame(form if added == "line" else shift_form, no)
    titles = dict(posts)
    return render(request, "duty/plan.html", {
        "lines": [(line, titles.get(line.post, line.post), _weekdays(line)) for line in queries.roster_lines(actor, community.pk, today)],
        "shifts": shifts, "form": form, "shift_form": shift_form, "may_edit": may_edit, "today": today, "hotline": queries.HOTLINE,
        "gaps": [(title, queries.gaps_said(gaps)) for title, gaps in queries.all_gaps(community.pk, today)],
        "thin": queries.thin_holidays(community.pk, today),
    }, status=422 if form.errors or shift_form.errors else 200)  # fmt: skip


def _weekdays(line: Roster) -> str:
    return "每天" if line.weekdays == "1234567" else "周" + "".join(actions.WEEKDAYS[int(day) - 1] for day in line.weekdays)


@require_POST
def end_line(request: HttpRequest, pk: int) -> HttpResponse:
    """A line of the roster ends."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    line = queries.roster_lines(actor, community.pk, date.min).filter(pk=pk).first()
    if line is None:
        raise NotFound
    form = EndForm(request.POST)
    if not form.is_valid():
        raise Refused("请填写最后一天的日期。", {"ends_on": "请填写日期。"})
    actions.end_roster(actor, line, at=at, **form.cleaned_data)
    return flash(redirect("duty:plan"), "排班已结束。")
