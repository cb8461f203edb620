"""What the actions of this area share: a line in the ledger, a line in the post's book, news, refusals by field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shouwen.duty import actions as duty
from shouwen.duty import queries as duty_queries
from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import clean_text
from shouwen.notices import actions as notices
from shouwen.org.queries import actor_for

from .. import queries
from ..kinds import KINDS, LEAD
from ..models import Loan, Move, Thing


def note(
    actor: Actor, thing: Thing, kind: str, text: str, at: datetime, *, loan: Loan | None = None, quantity: int = 0, when: datetime | None = None,
    book: bool = True,
) -> Move:  # fmt: skip
    """A line of the ledger and (`book`) the same in the book of the post that keeps it. `when` = when it happened.

    Lines about keys are named so in the book: the register of keys is a view of them, read and signed daily. D11.17.
    Of secret files nothing stands in the desk's book, which everybody reads. D14.24.
    """
    words = text[:600]
    if book and not KINDS[thing.kind].secret:
        duty.record([duty.Line(
            community_id=thing.community_id, post="control-room" if thing.store.holds == "area" else "receptionist", event_at=when or at, recorded_at=at,
            text=f"{thing.number} {thing.title}：{words}", by_id=actor.id, by_name=actor.name, about=f"{'key' if KINDS[thing.kind].family == 'key' else 'custody.thing'}:{thing.pk}",
        )])  # fmt: skip
    return Move.objects.create(
        community_id=thing.community_id, thing=thing, loan=loan, kind=kind, at=when or at, recorded_at=at, by_id=actor.id, by_name=actor.name[:60],
        quantity=quantity, text=words,
    )  # fmt: skip


def tell(thing: Thing, people: Iterable[int | None], key: str, title: str, body: str, at: datetime, *, why: str = "task", urgent: bool = False) -> None:
    """News about a thing, once for each of these people; of a secret one to those who may know of it, and to who asked for it. D14.24."""
    if KINDS[thing.kind].secret:
        asked = set(Loan.objects.filter(thing=thing, state__in=queries.OPEN).values_list("user", flat=True))
        people = [user for user in people if user is not None and (user in asked or actor_for(user).may("custody.secret", thing.community_id))]
    notices.tell([
        notices.News(
            key=f"custody:{key}:{user}", community_id=thing.community_id, user_id=user, why=why, title=title[:200], body=body, urgent=urgent,
            about=f"custody.thing:{thing.pk}", url=f"/custody/things/{thing.pk}", at=at,
        )
        for user in dict.fromkeys(people) if user is not None
    ])  # fmt: skip


def leads(community_id: int, at: datetime) -> tuple[int, ...]:
    """The head of the service team, or who stands in."""
    return duty_queries.current_directory(community_id).holders(LEAD, at)


def keepers(thing: Thing, at: datetime) -> tuple[int, ...]:
    """Who answers for it now: the keeper of its place, or whom they entrusted; else the head."""
    keeping = queries.keeper_of(thing.store_id)
    if keeping is None:
        return leads(thing.community_id, at)
    return (duty_queries.current_directory(thing.community_id).stand_in(keeping.user_id, at),)


def locked(thing: Thing) -> Thing:
    """The row as it stands now; nobody else changes it before this action is over."""
    return Thing.objects.select_for_update(of=("self",)).select_related("store", "unit", "community").get(pk=thing.pk)


def amount(thing: Thing, count: int) -> str:
    return f"{count} {thing.measure or KINDS[thing.kind].measure}"


def wanted(value: Any, title: str, most: int, field: str) -> str:
    """Words that must be there."""
    if not (words := clean_text(value, title, most, field=field)):
        raise no(field, f"请填写「{title}」。")
    return words


def no(field: str, message: str) -> Refused:
    return Refused(message, {field: message})


def clock(at: datetime) -> str:
    """11-22 14:05, in China: to the minute, as the SOPs ask. D4.21, D4.35."""
    return f"{at.astimezone(queries.CHINA):%m-%d %H:%M}"
