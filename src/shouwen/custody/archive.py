"""What may be seen of the archive: folders in their order, what waits to be filed, what is past its time, numbers that are not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.calendars import figure
from shouwen.kernel.refusals import NotFound

from . import queries
from .kinds import SECRET, SERIES
from .models import Filing, Folder

MOST: Final = 200
BY: Final = {"letters": ("letters", "pk"), "content": ("thing__purpose", "letters", "pk"), "time": ("written_on", "pk")}
"""The three orders of D14.32."""
_HERE: Final = Q(thing__gone_at__isnull=True)


def filings(actor: Actor) -> QuerySet[Filing]:
    """Documents that stand here, the latest first; secret ones only for those who may know of them (D14.24)."""
    places, secret = actor.places("custody.view"), actor.places("custody.secret")
    rows = Filing.objects.filter(_HERE).select_related("thing__store", "folder", "community").order_by("-thing")
    rows = rows if places is None else rows.filter(community__in=places)
    return rows if secret is None else rows.exclude(Q(thing__kind__in=SECRET) & ~Q(community__in=secret))


def folders(actor: Actor, community_id: int) -> QuerySet[Folder]:
    queries.place(actor, community_id)
    return Folder.objects.filter(community=community_id).select_related("store").order_by("title")


def folder(actor: Actor, pk: Any) -> Folder:
    places = actor.places("custody.view")
    rows = Folder.objects.select_related("store", "community")
    found = (rows if places is None else rows.filter(community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def inside(actor: Actor, folder: Folder, by: str = "") -> QuerySet[Filing]:
    """What a folder holds, in the order that stands on it, or in one of the other two."""
    return filings(actor).filter(folder=folder).order_by(*BY.get(by, BY[folder.order]))


def unfiled(actor: Actor, community_id: int) -> QuerySet[Filing]:
    """What waits for its folder, the oldest first. D14.34, D14.47–D14.49, D14.56, D14.58, D14.64."""
    return filings(actor).filter(community=community_id, folder__isnull=True).order_by("thing__came_at", "thing")


def overdue(community_id: int, at: datetime) -> datetime:
    """What came before this moment and is not filed is late."""
    return at - timedelta(days=figure(community_id, "unfiled_days"))


def expired(actor: Actor, community_id: int, today: date) -> QuerySet[Filing]:
    """What is past its time, to be cleared out. D14.35."""
    return filings(actor).filter(community=community_id, expires_on__lt=today).order_by("expires_on", "thing")


def lacking(actor: Actor, community_id: int) -> list[Filing]:
    """Filed documents of which pages or attachments are not there. D14.65."""
    rows = filings(actor).filter(Q(found__isnull=False, pages__isnull=False) | ~Q(missing=""), community=community_id, folder__isnull=False)
    return [one for one in rows[:2000] if one.incomplete][:MOST]


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a series and year that are not in the register."""

    title: str
    year: int
    missing: tuple[int, ...]


def gaps(actor: Actor, community_id: int, today: date) -> list[Gap]:
    """Numbers of this year and the last that the register does not have: letters in and out, and by department. D14.59, D14.66.

    Of a destroyed document the number remains (DO3).
    """
    queries.place(actor, community_id)
    rows = Filing.objects.filter(community=community_id, serial__isnull=False, year__gte=today.year - 1).exclude(series="")
    found: dict[tuple[str, str, int], set[int]] = {}
    for series, department, year, serial in rows.values_list("series", "department", "year", "serial"):
        found.setdefault((series, department if series == "internal" else "", year or 0), set()).add(serial or 0)
    return list(_missing(found, duty.current_directory(community_id).departments))


def _missing(found: dict[tuple[str, str, int], set[int]], departments: dict[str, str]) -> Iterator[Gap]:
    for (series, department, year), serials in sorted(found.items()):
        lost = tuple(number for number in range(1, max(serials)) if number not in serials)
        if lost:
            yield Gap(f"{departments.get(department, department)}{SERIES[series]}", year, lost[:MOST])


def tallies(community_id: int, at: datetime) -> tuple[int, int]:
    """How many are late to be filed, how many past their time; for the worker."""
    rows = Filing.objects.filter(_HERE, community=community_id)
    late = rows.filter(folder__isnull=True, thing__came_at__lt=overdue(community_id, at)).count()
    return late, rows.filter(expires_on__lt=at.astimezone(queries.CHINA).date()).count()
