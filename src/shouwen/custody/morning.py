"""Custody on a morning page: what should be back and is not, what is lost, what was counted wrong or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q
from django.urls import reverse

from shouwen.kernel.access import Actor

from . import queries
from .kinds import KINDS
from .models import Count, Loan, Store, Thing

MOST = 60


@dataclass(frozen=True, slots=True)
class Lacking:
    """Something that is not as it should be. `at` is since when, `tone` danger or warning."""

    what: str
    text: str
    at: datetime | None
    url: str
    tone: str = "danger"


def lacking(actor: Actor, community_id: int, since: datetime, at: datetime) -> list[Lacking]:
    """Late, without its papers, lost, counted wrong, not counted since `since`; NotFound where the actor may not look. Bounded."""
    return [*_loans(actor, community_id, at), *_lost(actor, community_id), *_differences(actor, community_id), *_uncounted(community_id, since)]


def _loans(actor: Actor, community_id: int, at: datetime) -> list[Lacking]:
    late, papers = Q(state=Loan.State.OUT, due_at__lt=at), Q(papers_due=True) | Q(state=Loan.State.BACK, back_at__lt=at - timedelta(hours=1))
    found = []
    for loan in queries.open_loans(actor, community_id).filter(late | papers).exclude(thing__state=Thing.State.LOST)[:MOST]:
        over = loan.state == Loan.State.OUT and loan.due_at is not None and loan.due_at < at
        text = f"{loan.thing.title}，在{loan.who}手里" if over else f"{loan.thing.title}，{loan.who}：{'电话同意还没有补签' if loan.papers_due else '已还，手续未完'}"
        found.append(Lacking(
            f"{loan.thing.number} {'逾期未还' if over else '手续未完'}", text, loan.due_at if over else loan.back_at or loan.out_at,
            reverse("custody:thing", args=[loan.thing_id]), "danger" if over else "warning",
        ))  # fmt: skip
    return found


def _lost(actor: Actor, community_id: int) -> list[Lacking]:
    rows = queries.things(actor).filter(community=community_id, gone_at__isnull=True, state=Thing.State.LOST)[:MOST]
    return [
        Lacking(f"{one.number} 遗失、损坏处理中", f"{one.title}，{one.store.title}", None, reverse("custody:thing", args=[one.pk]))
        for one in rows
    ]  # fmt: skip


def _differences(actor: Actor, community_id: int) -> list[Lacking]:
    rows = queries.safe(actor, Count.objects.filter(store__community=community_id, differing__gt=0, seen_at__isnull=True)).select_related("store").order_by("-at")
    return [
        Lacking(f"「{one.store.title}」清点不符 {one.differing} 处", f"{one.by_name}清点，还没有处理", one.at, reverse("custody:counted", args=[one.pk]))
        for one in rows[:MOST]
    ]


def _uncounted(community_id: int, since: datetime) -> list[Lacking]:
    """Places with keys in them that nobody has counted in the day before the night ended."""
    classes = {kind.class_ for kind in KINDS.values() if kind.counted}
    filled = Thing.objects.filter(store=OuterRef("pk"), gone_at__isnull=True)
    rows = Store.objects.filter(Exists(filled), community=community_id, holds__in=classes).annotate(last=Max("counts__at")).order_by("id")
    late = [one for one in rows if one.last is None or one.last < since]
    if not late:
        return []
    said = "；".join(f"{one.title}（{f'上次 {one.last.astimezone(queries.CHINA):%m-%d %H:%M}' if one.last else '从来没有'}）" for one in late[:MOST])
    url = reverse("custody:count", args=[late[0].pk]) if len(late) == 1 else reverse("custody:stores")
    return [Lacking(f"{len(late)} 处没有清点", said, None, url, "warning")]
