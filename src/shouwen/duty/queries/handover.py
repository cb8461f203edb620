"""Hand-overs as they stand: whose turn it is, what is open, what is in the way, who decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import F, Prefetch, Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.notices.models import Notice

from .. import attendance
from .. import handover as rule
from ..directory import Directory, Span
from ..models import Handover, HandoverItem, HandoverLine, LogLine, Presence, Signature
from .people import CHINA, HOTLINE, current_directory, place

LATEST = timedelta(hours=12)
"""So long after its end a shift can still be handed over."""

BOOK_HOURS = (time(8), time(18))
"""When the desk and the control room hand the book to each other, on workdays. D13.20, D13.24."""

BOOK_POSTS = (HOTLINE, "control-room")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a hand-over would be: from which shift to which, when, and to whom (receiver None = nobody is rostered)."""

    from_shift: str
    to_shift: str
    began_at: datetime
    due_at: datetime
    receiver: int | None
    receiver_name: str


def turn_to_hand(community_id: int, post: str, to_post: str, user: int, at: datetime) -> Turn:
    """The hand-over that this person has to give now; Refused when they are not on the post."""
    here = current_directory(community_id)
    if post not in here.posts:
        raise NotFound
    title = here.posts[post].title
    span = giving(here, post, user, at)
    if span is None:
        raise Refused(f"您现在不在「{title}」岗位上，不能交班。请核对排班；替班的请先办调班。")
    if to_post != post:
        return _book_turn(here, post, to_post, span, at)
    after = attendance.follower(here, post, span.ends_at, but=user)
    taker = here.acting(after.user, after.starts_at) if after else None
    taker = None if taker == user else taker
    return Turn(span.title, after.title if after else "", span.starts_at, span.ends_at, taker, here.name(taker) if taker else "")


def giving(here: Directory, post: str, user: int, at: datetime) -> Span | None:
    """The shift that this person is in on the post, or came out of within twelve hours."""
    mine = [s for s in attendance.own(here, user, at) if s.post == post and s.starts_at <= at < s.ends_at + LATEST]
    return max(mine, key=lambda s: s.starts_at, default=None)


def _book_turn(here: Directory, post: str, to_post: str, span: Span, at: datetime) -> Turn:
    if {post, to_post} != set(BOOK_POSTS):
        raise Refused("工作交接本只在前台和监控室之间交接。")
    today = at.astimezone(here.zone).date()
    if not here.works(today):
        raise Refused("非工作日不交接工作交接本，本子留在监控室。")
    due = datetime.combine(today, BOOK_HOURS[1] if post == BOOK_POSTS[0] else BOOK_HOURS[0], here.zone)
    running = here.running(due if due > at else at, to_post)
    taker = next((found for s in running if (found := here.acting(s.user, at)) is not None), None)
    word = running[0].title if running else ""
    return Turn(span.title, f"{here.posts[to_post].title} {word}".strip(), span.starts_at, due, taker, here.name(taker) if taker else "")


def holds(community_id: int, post: str, user: int, at: datetime) -> bool:
    """Whether somebody works here (on this post, if given)."""
    here = current_directory(community_id)
    return here.knows(user) and (not post or post in here.posts_of(user, at))


def followers_of(sheet: Handover, at: datetime, here: Directory | None = None) -> tuple[int, ...]:
    """Whose matters the sheet lists: the giver's, and those of holders of the post who are not on duty now."""
    here = here or current_directory(sheet.community_id)
    off = set(here.held_by(sheet.post, at)) - {s.user for s in here.running(at, sheet.post)} - {sheet.receiver_id or 0}
    return (sheet.giver_id, *sorted(off - {sheet.giver_id}))


def items_of(sheet: Handover, at: datetime, here: Directory | None = None) -> list[rule.Item]:
    """The open matters that belong on this sheet. In the morning the desk gets what came in by night. D13.21, D13.22."""
    if sheet.post != sheet.to_post and sheet.to_post != HOTLINE:
        return []  # the book passes, the tickets stay with the desk
    return rule.open_items(sheet.community_id, followers_of(sheet, at, here), sheet.began_at)


def bars_of(
    sheet: Handover, lines: Sequence[HandoverLine], at: datetime, items: Sequence[rule.Item] | None = None
) -> list[rule.Bar]:
    """What is in the way of signing, as things stand now."""
    items = items_of(sheet, at) if items is None else items
    known = {line.about: line.weight for line in lines if line.kind == "work" and not line.closed}
    fresh = sum(not item.closed and (item.about not in known or rule.heavier(known[item.about], item.weight) != known[item.about]) for item in items)
    nameless = nobodys(lines, items) if sheet.post != sheet.to_post else ()
    unread = shift_lines(sheet).filter(pk__gt=sheet.read_upto).exclude(about=f"handover:{sheet.pk}").count() if sheet.read_at else 0
    return rule.bars(sheet, lines, fresh=fresh, unread=unread, nameless=nameless, at=at)


def nobodys(lines: Sequence[HandoverLine], items: Sequence[rule.Item]) -> tuple[int, ...]:
    """The lines whose matter is nobody's: neither customer nor place is written down. D13.23."""
    known = {item.about for item in items if not item.whose and not item.closed}
    return tuple(line.pk for line in lines if line.about in known)


def warned(sheet: Handover) -> list[Notice]:
    """Who was told of an urgent matter in this hand-over, and when each of them took note. D13.25, D13.26."""
    return list(Notice.objects.filter(about=f"handover:{sheet.pk}", key__startswith=f"handover:{sheet.pk}:urgent:").select_related("user").order_by("at", "pk"))


def shift_lines(sheet: Handover) -> QuerySet[LogLine]:
    """The book of the shift that is handed over, oldest first."""
    return LogLine.objects.filter(
        community=sheet.community_id, post=sheet.post, event_at__gte=sheet.began_at,
    ).select_related("corrects", "corrected_by").order_by("event_at", "pk")  # fmt: skip


def decides(actor: Actor, sheet: Handover, at: datetime, here: Directory | None = None) -> bool:
    """Whether this person stands above the giver: by post, or because they arrange the duty here."""
    if actor.id is None or actor.id in (sheet.giver_id, sheet.receiver_id):
        return False
    return actor.may("duty.edit", sheet.community_id) or (
        actor.id in (here or current_directory(sheet.community_id)).superior_of(sheet.giver_id, at)
    )


def item_list(community_id: int, post: str) -> list[tuple[str, str, int | None]]:
    """(kind, title, how many) of everything that this post hands over: its own list, else the standard one."""
    own = list(HandoverItem.objects.filter(community=community_id, post=post).order_by("position", "pk").values_list("kind", "title", "count"))
    return own or list(rule.standard(post))


def items(actor: Actor, community_id: int, post: str) -> QuerySet[HandoverItem]:
    """The rows of a post's own list; none while it uses the standard one."""
    place(actor, community_id)
    return HandoverItem.objects.filter(community=community_id, post=post).order_by("position", "pk")


def handovers(
    actor: Actor, community_id: int, *, post: str = "", first: date | None = None, last: date | None = None, shift: str = ""
) -> QuerySet[Handover]:
    """The log of hand-overs, newest first, narrowed by post, day and shift. A5.15."""
    place(actor, community_id)
    rows = Handover.objects.filter(community=community_id)
    if post:
        rows = rows.filter(Q(post=post) | Q(to_post=post))
    if first:
        rows = rows.filter(due_at__gte=datetime.combine(first, time(), CHINA))
    if last:
        rows = rows.filter(due_at__lt=datetime.combine(last + timedelta(1), time(), CHINA))
    if shift:
        rows = rows.filter(Q(from_shift=shift) | Q(to_shift=shift))
    return rows.order_by("-due_at", "-pk")


def handover(actor: Actor, pk: int, *, whole: bool = False) -> Handover:
    """One hand-over where the actor may look, or NotFound; `whole` with its lines and signatures."""
    places = actor.places("duty.view")
    rows = Handover.objects.select_related("community", "receiver")
    if places is not None:
        rows = rows.filter(community__in=places)
    if whole:
        rows = rows.prefetch_related(
            Prefetch("lines", HandoverLine.objects.order_by("position", "pk")), Prefetch("signatures", Signature.objects.order_by("pk"))
        )
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def line_of(actor: Actor, pk: int) -> HandoverLine:
    """One line of a hand-over, or NotFound."""
    places = actor.places("duty.view")
    rows = HandoverLine.objects.select_related("handover")
    found = (rows if places is None else rows.filter(handover__community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def must_stay(row: Presence, at: datetime) -> str:
    """Why somebody may not leave this shift yet; "" when they may. D2.50, D12.36, D13.02, D13.03."""
    here = current_directory(row.community_id)
    after = attendance.follower(here, row.post, row.ends_at, but=row.user_id)
    if after is None:
        return ""
    sheet = Handover.objects.filter(
        community=row.community_id, post=row.post, to_post=row.post, giver=row.user_id, due_at=row.ends_at
    ).exclude(state=Handover.State.STOPPED).order_by("-pk").first()  # fmt: skip
    name = here.name(after.user)
    if sheet is None:
        return f"还没有交班，不能离岗。请先办交接班（接班人：{name}）。"
    if sheet.state == Handover.State.DONE:
        return ""
    if sheet.arrived_at is None:
        return f"接班人{sheet.receiver_name or name}还没有到场，不能离岗。迟迟不来请报上级。"
    if sheet.state == Handover.State.SIGNED:
        return "接班人还没有签字，不能离岗。"
    if sheet.state == Handover.State.REFUSED:
        return "接班人拒绝接班，等上级决定之前不能离岗。"
    return "接班检查还没有做完，不能离岗。"


def awaited(community_id: int, user: int, at: datetime) -> Span | None:
    """The shift of this person that has begun although the one before has not been handed to them: no work in it yet."""
    here = current_directory(community_id)
    for span in attendance.own(here, user, at):
        if span.starts_at <= at < span.ends_at and attendance.relieves(here, span):
            done = Handover.objects.filter(
                community=community_id, post=span.post, to_post=span.post, state=Handover.State.DONE, due_at=span.starts_at
            )
            return None if done.exists() else span
    return None


def relieved(community_id: int, post: str, user: int | None, at: datetime) -> bool:
    """Whether this person is off this guard's post since they handed it over. E22.13."""
    here = current_directory(community_id)
    if user is None or post not in here.posts or here.posts[post].department != "security":
        return False
    if any(here.acting(span.user, at) == user for span in here.running(at, post)):
        return False
    last = Handover.objects.filter(community=community_id, post=post, to_post=post, state=Handover.State.DONE).order_by("-due_at")
    return last.values_list("giver_id", flat=True).first() == user


def done_since(community_id: int, since: datetime) -> set[tuple[str, datetime]]:
    """(post, hour) of every shift handed over for an hour since then."""
    rows = Handover.objects.filter(community=community_id, state=Handover.State.DONE, due_at__gte=since, to_post=F("post"))
    return set(rows.values_list("post", "due_at"))


WATCHED = timedelta(hours=4)
"""So far back a missed hand-over is still reported."""


WEEK = timedelta(days=7)

Done = Collection[tuple[str, str, datetime]]
"""(post, to_post, hour) of hand-overs that are complete."""


def handed(community_id: int, since: datetime) -> Done:
    """What has been handed over for an hour since then."""
    rows = Handover.objects.filter(community=community_id, state=Handover.State.DONE, due_at__gte=since)
    return set(rows.values_list("post", "to_post", "due_at"))


def late_handovers(
    community_id: int, ended_before: datetime, at: datetime, *, since: datetime | None = None, known: Done | None = None,
    here: Directory | None = None,
) -> list[tuple[Span, Span]]:  # fmt: skip
    """(shift, the one that follows) of posts that hand over here, whose hour has passed (since `since`) without both signatures.

    A post hands over here when it has done so within a week: where nobody uses the sheet, nobody is reported. `known` holds that week.
    """
    rows = handed(community_id, at - WEEK) if known is None else known
    done = {(post, due) for post, to_post, due in rows if post == to_post and due >= at - WEEK}
    posts = {post for post, _ in done}
    if not posts:
        return []
    here, since = here or current_directory(community_id), since or ended_before - WATCHED
    first = since.astimezone(here.zone).date() - timedelta(1)
    ended = [s for s in here.spans(first, 3) if s.post in posts and since < s.ends_at <= ended_before and (s.post, s.ends_at) not in done]
    return [(s, after) for s in ended if (after := attendance.follower(here, s.post, s.ends_at, but=s.user)) is not None]


def missing_books(
    community_id: int, days: Iterable[date], at: datetime, *, known: Done | None = None, here: Directory | None = None
) -> list[tuple[date, str, datetime]]:
    """Workdays on which the book did not pass in time: (day, which way, due). A day off asks for none. D13.20, D13.24."""
    here = here or current_directory(community_id)
    wanted = {
        (day, post): datetime.combine(day, hour, here.zone)
        for day in days if here.works(day) for post, hour in zip(reversed(BOOK_POSTS), BOOK_HOURS, strict=True)
    }  # fmt: skip
    if not wanted:
        return []
    done = handed(community_id, min(wanted.values())) if known is None else known
    other = dict(zip(BOOK_POSTS, reversed(BOOK_POSTS), strict=True))
    return [
        (day, f"{here.posts[post].title} → {here.posts[other[post]].title}", due)
        for (day, post), due in sorted(wanted.items(), key=lambda pair: pair[1])
        if due <= at and post in here.posts and other[post] in here.posts and (post, other[post], due) not in done
    ]
