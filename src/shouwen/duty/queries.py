"""What may be read of shifts, roster and books."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q

from shouwen.estate.models import Community
from shouwen.kernel.models import CalendarDay, Setting
from shouwen.kernel.refusals import NotFound
from shouwen.org.models import Assignment, Delegation, Department, Post, User
from shouwen.org.queries import Kept

from .directory import Absence, Directory, Held, PostInfo, Turn
from .models import Roster

CHINA = ZoneInfo("Asia/Shanghai")

GUARANTEED = "guaranteed_person"
"""Name of the setting with the user name of whoever gets what nobody else can take."""

_directories: Kept[Directory] = Kept(60)


def directory(community_id: int, version: int) -> Directory:
    """The people of a community at this `people_version`, read once per process (and again after a minute, because
    holidays change without raising the version)."""
    return _directories.get((community_id, version), lambda: _read(community_id, version))


def current_directory(community: Community | int) -> Directory:
    """The people of a community as they are now, whatever version the caller holds."""
    pk = community if isinstance(community, int) else community.pk
    version = Community.objects.filter(pk=pk).values_list("people_version", flat=True).first()
    if version is None:
        raise NotFound
    return directory(pk, version)


def _read(community_id: int, version: int) -> Directory:
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
    days = CalendarDay.objects.filter(Q(community_id=community_id) | Q(community_id=None))
    return Directory(
        community=community_id, version=version, zone=CHINA,
        names={pk: name for pk, _, name, _ in users},
        active=frozenset(pk for pk, _, _, active in users if active),
        posts=posts, held=held, turns=turns, absences=absences, departments=titles,
        days={d.day: d.works for d in sorted(days, key=lambda d: d.community_id or 0)},
        chosen=next((pk for pk, username, _, active in users if active and username == chosen), None),
    )  # fmt: skip
