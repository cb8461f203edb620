"""Procedure files as they are in use: the library on disk, the editions adopted, parsed once per process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db.models import Q

from shouwen.kernel.refusals import NotFound

from .engine import Procedure, read
from .models import Edition

LIBRARY = Path(__file__).parent / "library"

_current: dict[tuple[str, int], tuple[datetime, list[tuple[datetime, bool, int]]]] = {}
"""Adopted editions by (procedure, community) with the moment they were read; see `edition_in_force`."""

_FRESH_SECONDS = 5
_by_id: dict[int, Procedure] = {}
_by_text: dict[str, Procedure] = {}


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def library_files() -> Iterator[tuple[str, str]]:
    """(file name, text) of every procedure that the program ships."""
    for path in sorted(LIBRARY.glob("*.yaml")):
        yield path.name, path.read_text("utf-8")


def procedure_of(edition_id: int) -> Procedure:
    """The procedure that a ticket was begun under."""
    found = _by_id.get(edition_id)
    if found is None:
        row = Edition.objects.values_list("text", "digest").get(pk=edition_id)
        found = _by_text.get(row[1]) or read(row[0])
        _by_text[row[1]] = found
        _by_id[edition_id] = found
    return found


def forget() -> None:
    """Drop what this process remembers (a rehearsal's editions are rolled back)."""
    _by_id.clear()
    _current.clear()


def edition_in_force(slug: str, community_id: int, at: datetime) -> tuple[int, Procedure]:
    """(edition id, procedure) in force in a community at a moment: its own edition before the common one, the latest first.

    Reads the database at most every 5 s per process, so an adoption is in force everywhere 5 s later.
    """
    key = (slug, community_id)
    cached = _current.get(key)
    if cached is None or not 0 <= (at - cached[0]).total_seconds() < _FRESH_SECONDS:
        rows = Edition.objects.filter(procedure=slug, recall=None).order_by("-starts_at", "-pk")
        choices = [
            (starts, community is not None, pk)
            for pk, starts, community in rows.values_list("pk", "starts_at", "community_id")
            if community in (None, community_id)
        ]
        cached = (at, sorted(choices, key=lambda c: (c[1], c[0], c[2]), reverse=True))
        _current[key] = cached
    for starts, _own, pk in cached[1]:
        if starts <= at:
            return pk, procedure_of(pk)
    raise NotFound(f"没有已启用的规程「{slug}」。请联系管理员启用后再受理。")


def all_in_force(community_id: int, at: datetime) -> dict[str, Procedure]:
    """Every procedure in force in a community at a moment, by name; the same choice as `edition_in_force`, in one question."""
    rows = Edition.objects.filter(Q(community=None) | Q(community=community_id), recall=None, starts_at__lte=at)
    chosen: dict[str, tuple[bool, datetime, int]] = {}
    for slug, community, starts, pk in rows.order_by().values_list("procedure", "community_id", "starts_at", "pk"):
        mine = (community is not None, starts, pk)
        if slug not in chosen or mine > chosen[slug]:
            chosen[slug] = mine
    return {slug: procedure_of(chosen[slug][2]) for slug in sorted(chosen)}
