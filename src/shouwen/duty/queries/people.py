"""The people of a community, shifts and the roster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db.models import Q, QuerySet

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.calendars import calendar_data
from shouwen.kernel.kept import Kept
from shouwen.kernel.models import Setting
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.zone import CHINA
from shouwen.org.models import Assignment, Delegation, Department, Post, User

from ..directory import Absence, Directory, Held, PostInfo, Turn
from ..models import Roster, Shift, ShiftChange

GUARANTEED = "guaranteed_person"
"""Name of the setting with the user name of whoever gets what nobody else can take."""

HOTLINE = "receptionist"
"""The post that answers the customer hotline, day and night. C1.01."""

MOST_CHANGES = 2000
"""Changes of shifts that the directory looks back to: years of them."""

_directories: Kept[Directory] = Kept(3600, most=200)


def directory(community_id: int, version: int) -> Directory:
    """The people of a community at this `people_version`, read once per process and calendar."""
    calendar = calendar_data(community_id)
    return _directories.get((community_id, version, calendar.version), lambda: _read(community_id, version, calendar.days))


def current_directory(community: Community | int) -> Directory:
    """The people of a community as they are now, whatever version the caller holds."""
    pk = community if isinstance(community, int) else community.pk
    version = Community.objects.filter(pk=pk).values_list("people_version", flat=True).first()
    if version is None:
        raise NotFound
    return directory(pk, version)


def posts_here(community_id: int, user: int | None, at: datetime) -> frozenset[str]:
    """The posts somebody holds in this community (or for all of them), with those of whom they stand in for: what they may
    sign and agree to here. A post held elsewhere gives no word here, whatever the person may look at."""
    if user is None:
        return frozenset()
    here = current_directory(community_id)
    whom = {user, *(away.user for away in here.absences if away.to is not None and here.acting(away.user, at) == user)}
    return frozenset(post for one in whom for post in here.posts_of(one, at))


def _read(community_id: int, version: int, days: Mapping[date, bool]) -> Directory:
    here = Q(community=community_id) | Q(community=None)
    posts = {p.slug: PostInfo(p.title, p.rank, p.superior, p.department) for p in Post.objects.all()}
    titles = {d.slug: d.title for d in Department.objects.filter(here).order_by("community_id")}
    held = tuple(
        Held(user, post, department or posts[post].department, heads, everywhere is None, starts, ends or date.max)
        for user, post, department, heads, everywhere, starts, ends in Assignment.objects.filter(here)
        .order_by("id")
        .values_list("user_id", "post__slug", "department__slug", "heads", "community_id", "starts_on", "ends_on")
    )
    turns = tuple(
        Turn(r.user_id, r.post, r.shift.title, r.shift.starts, r.shift.ends, r.weekdays, r.shift.workdays_only,
             r.starts_on, r.ends_on or date.max)
        for r in Roster.objects.filter(community=community_id).select_related("shift").order_by("id")
    )  # fmt: skip
    absences = tuple(
        Absence(d.user_id, d.to_id, d.starts_at, min(d.ends_at, d.ended_at or d.ends_at))
        for d in Delegation.objects.filter(here).order_by("-starts_at", "-id")
    )
    people = {h.user for h in held} | {t.user for t in turns} | {a.to for a in absences if a.to}
    users = list(User.objects.filter(pk__in=people).values_list("id", "username", "name", "is_active"))
    settings = dict(
        Setting.objects.filter(Q(community_id=community_id) | Q(community_id=None), name=GUARANTEED)
        .order_by("-community_id").values_list("community_id", "value")
    )  # fmt: skip
    chosen = settings.get(community_id) or settings.get(None)
    return Directory(
        community=community_id, version=version, zone=CHINA,
        names={pk: name for pk, _, name, _ in users},
        active=frozenset(pk for pk, _, _, active in users if active),
        posts=posts, held=held, turns=turns, absences=absences, departments=titles,
        days=days, changes=_changes(community_id),
        chosen=next((pk for pk, username, _, active in users if active and username == chosen), None),
    )  # fmt: skip


def _changes(community_id: int) -> dict[tuple[int, str, datetime], int]:
    """Shifts that went to a colleague: (whose, post, beginning) → to whom. D5.17."""
    found = {}
    for row in ShiftChange.objects.filter(community=community_id, state=ShiftChange.State.APPROVED).order_by("-pk")[:MOST_CHANGES]:
        found[row.user_id, row.post, row.starts_at] = row.to_id
        if row.back_at is not None:
            found[row.to_id, row.post, row.back_at] = row.user_id
    return found


def hotline_gaps(community_id: int, first: date, days: int = 7) -> tuple[tuple[datetime, datetime], ...]:
    """When nobody is on the hotline in the week from a day on, as the rows stand now (also inside an action)."""
    return _read(community_id, 0, calendar_data(community_id).days).gaps(HOTLINE, first, days)


def gaps_said(gaps: Sequence[tuple[datetime, datetime]]) -> str:
    """The first three gaps in words."""
    said = [f"{start:%m-%d %H:%M} 至 {end:%m-%d %H:%M}" for start, end in gaps[:3]]
    return "、".join(said) + (f" 等 {len(gaps)} 段" if len(gaps) > 3 else "")


def place(actor: Actor, community_id: int | None) -> Community:
    """A community whose duty the actor may see, or NotFound."""
    found = Community.objects.filter(pk=community_id).first() if community_id else None
    if found is None or not actor.may("duty.view", found.pk):
        raise NotFound
    return found


def roster_lines(actor: Actor, community_id: int, day: date) -> QuerySet[Roster]:
    """Lines of the roster that hold on this day or later."""
    place(actor, community_id)
    rows = Roster.objects.filter(community=community_id).filter(Q(ends_on=None) | Q(ends_on__gte=day))
    return rows.select_related("user", "shift", "community").order_by("post", "shift__starts", "id")


def shifts(actor: Actor, community_id: int) -> QuerySet[Shift]:
    """The shifts of a community by their beginning."""
    place(actor, community_id)
    return Shift.objects.filter(community=community_id).order_by("starts", "id")


def guaranteed_people() -> tuple[int, ...]:
    """Whoever gets what nobody else can take, in every community: for alarms of the system itself."""
    rows = Community.objects.order_by("pk").values_list("pk", "people_version")
    return tuple(dict.fromkeys(directory(pk, version).guaranteed() for pk, version in rows))
