"""The books: lines, signatures of whoever reads them day by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Max, Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from ..books import LOOKS_BACK, REVIEWS, SEARCHED, Review, View
from ..models import Handover, LogLine, Shift, SignOff, Volume
from .people import CHINA, current_directory, place


def lines(
    actor: Actor, community_id: int, *, post: str = "", day: date | None = None, shift: Shift | None = None, view: View | None = None,
    q: str = "", last: date | None = None, today: date | None = None, volume: Volume | None = None,
) -> QuerySet[LogLine]:
    """The books of a community, newest first: of one post, of one day (local, by the time of the event), of the shift
    that begins on that day; of the days from `day` to `last`; of a named log; with these words; or a closed volume. A5.14.

    A search or a named log without days looks through the month before `today`, so that it costs the same in ten years.
    """
    place(actor, community_id)
    rows = LogLine.objects.filter(community=community_id).select_related("corrects", "corrected_by").order_by("-id")
    if volume:
        return rows.filter(post=volume.post, pk__gt=volume.after, pk__lte=volume.upto)
    if post:
        rows = rows.filter(post=post)
    if (q or view) and not day and today:
        day, last = today - SEARCHED, last or today
    if view:
        rows = rows.filter(post__in=view.posts) if view.posts else rows
        rows = rows.filter(corrects__isnull=False) if view.corrections else rows
        rows = rows if view.about is None else rows.filter(about__startswith=view.about) if view.about else rows.filter(about="")
    if q:
        rows = rows.filter(Q(text__contains=q) | Q(by_name=q))
    if day:
        start, end = datetime.combine(day, time(), CHINA), datetime.combine(max(last or day, day) + timedelta(days=1), time(), CHINA)
        if shift:
            start, end = datetime.combine(day, shift.starts, CHINA), datetime.combine(day, shift.ends, CHINA)
            end += timedelta(days=end <= start)
        rows = rows.filter(event_at__gte=start, event_at__lt=end)
    return rows


def line(actor: Actor, pk: int) -> LogLine:
    """One line of a book, or NotFound."""
    places = actor.places("duty.view")
    rows = LogLine.objects.select_related("community", "corrected_by", "corrects")
    found = (rows if places is None else rows.filter(community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


# --- daily signatures ----------------------------------------------------------------------------------------------


def _bounds(day: date) -> tuple[datetime, datetime]:
    return datetime.combine(day, time(), CHINA), datetime.combine(day + timedelta(1), time(), CHINA)


def reviewed_lines(community_id: int, review: Review, day: date) -> QuerySet[LogLine]:
    """The lines of a day that this signature covers, oldest first."""
    start, end = _bounds(day)
    rows = LogLine.objects.filter(community=community_id, event_at__gte=start, event_at__lt=end).select_related("corrects", "corrected_by")
    rows = rows.filter(about__startswith="key:") if review.of == "keys" else rows.filter(post__in=review.posts) if review.posts else rows
    return rows.order_by("event_at", "pk")


def reviewed_handovers(community_id: int, review: Review, day: date) -> QuerySet[Handover]:
    """The hand-overs due on a day that this signature covers."""
    start, end = _bounds(day)
    rows = Handover.objects.filter(community=community_id, due_at__gte=start, due_at__lt=end).exclude(state=Handover.State.STOPPED)
    return (rows.filter(Q(post__in=review.posts) | Q(to_post__in=review.posts)) if review.posts else rows).order_by("due_at", "pk")


def read_of(community_id: int, review: Review, day: date) -> tuple[int, int]:
    """(last line or hand-over, how many) that a signature of this day covers."""
    rows = reviewed_handovers(community_id, review, day) if review.of == "handovers" else reviewed_lines(community_id, review, day)
    found = rows.order_by().aggregate(top=Max("pk"), count=Count("pk"))
    return found["top"] or 0, found["count"]


def signed_days(community_id: int, first: date, last: date) -> dict[tuple[str, date], SignOff]:
    """The signatures of these days, by book and day."""
    return {(row.book, row.day): row for row in SignOff.objects.filter(community=community_id, day__gte=first, day__lte=last)}


Signed = Mapping[tuple[str, date], SignOff]


def overdue(
    community_id: int, today: date, *, signed: Signed | None = None, sheets: Iterable[Handover] | None = None
) -> dict[str, list[date]]:
    """By book: the days before today that nobody has signed, oldest first. A book that begins later asks for no earlier day.

    `signed`, `sheets`: the signatures and hand-overs of the days looked at, for whoever has them already.
    """
    first = today - LOOKS_BACK
    begun = LogLine.objects.filter(community=community_id).order_by("pk").values_list("event_at", flat=True).first()
    if begun is None:
        return {slug: [] for slug in REVIEWS}
    first = max(first, begun.astimezone(CHINA).date())
    days = [first + timedelta(n) for n in range((today - first).days)]
    signed = signed_days(community_id, first, today) if signed is None else signed
    passed: dict[date, set[str]] = {}
    for sheet in passes(community_id, first, today) if sheets is None else sheets:
        if sheet.state != Handover.State.STOPPED:
            passed.setdefault(sheet.due_at.astimezone(CHINA).date(), set()).update((sheet.post, sheet.to_post))
    found = {}
    for slug, review in REVIEWS.items():
        wanted = [day for day in days if review.every_day or (passed.get(day, set()) & set(review.posts) if review.posts else day in passed)]
        found[slug] = [day for day in wanted if (slug, day) not in signed]
    return found


def passes(community_id: int, first: date, last: date) -> list[Handover]:
    """The hand-overs due from `first` to the end of the day before `last`, without their lines, oldest first."""
    rows = Handover.objects.filter(community=community_id, due_at__gte=_bounds(first)[0], due_at__lt=_bounds(last)[0])
    names = ("community_id", "post", "to_post", "from_shift", "to_shift", "due_at", "state", "giver_name", "receiver_name", "finished_at", "refusal", "refused_at")
    return list(rows.only(*names).order_by("due_at", "pk"))


def signer_titles(community_id: int, review: Review) -> str:
    """Who signs, in words."""
    posts = current_directory(community_id).posts
    return "、".join(sorted(posts[slug].title for slug in review.signers if slug in posts)) or "负责人"
