"""Reading papers: what was asked for and printed, in the communities whose tickets one may see."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from .models import Paper


def papers(actor: Actor) -> QuerySet[Paper]:
    """Newest first."""
    places = actor.places("tickets.view")
    rows = Paper.objects.order_by("-id")
    return rows if places is None else rows.filter(community_id__in=places)


def about(actor: Actor, subject: str) -> QuerySet[Paper]:
    """The papers of one ticket, oldest first."""
    return papers(actor).filter(about=subject).order_by("id")


def paper(actor: Actor, pk: Any) -> Paper:
    found = papers(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found
