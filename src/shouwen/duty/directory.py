"""Who is on duty, who leads, who stands in: the people of one community as pure, frozen data.

Every question takes the moment it is asked for. The finders (`on_duty`, `holders`, `head_of`, `members`,
`stand_in`) never answer with nobody: an empty answer climbs the chain of superiors and ends at `guaranteed`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cached_property

from shouwen.kernel.refusals import Refused

_AHEAD = 14
"""Days in which the next shift is looked for."""


@dataclass(frozen=True, slots=True)
class PostInfo:
    """A post: its title, rank (rises upwards), superior post and usual department (slugs, may be empty)."""

    title: str
    rank: int = 10
    superior: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody holds a post from–to (inclusive days). `everywhere` = at head office, over all communities."""

    user: int
    post: str
    department: str = ""
    heads: bool = False
    everywhere: bool = False
    starts_on: date = date.min
    ends_on: date = date.max

    def on(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class Turn:
    """A line of the roster. `ends` at or before `starts` crosses midnight; the day is the one on which it begins."""

    user: int
    post: str
    title: str
    starts: time
    ends: time
    weekdays: str = "1234567"
    workdays_only: bool = False
    starts_on: date = date.min
    ends_on: date = date.max


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away in [starts_at, ends_at) and `to` (None = nobody) acts for them."""

    user: int
    to: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """One shift of one person on one day: [starts_at, ends_at)."""

    user: int
    post: str
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Directory:
    """The people of one community at one `people_version`."""

    community: int
    version: int
    zone: tzinfo
    names: Mapping[int, str]
    """Every person named anywhere here, also those who left."""
    active: frozenset[int]
    posts: Mapping[str, PostInfo]
    held: tuple[Held, ...] = ()
    turns: tuple[Turn, ...] = ()
    absences: tuple[Absence, ...] = ()
    departments: Mapping[str, str] = field(default_factory=dict)
    days: Mapping[date, bool] = field(default_factory=dict)
    """Dates that differ from the ordinary week: True = worked."""
    changes: Mapping[tuple[int, str, datetime], int] = field(default_factory=dict)
    """Shifts that went to a colleague with consent: (whose, post, beginning) → who has it."""
    chosen: int | None = None
    """The person whom the settings name for whatever nobody else can take."""

    # Who does it -------------------------------------------------------------------------------------------------

    def on_duty(self, post: str, at: datetime) -> tuple[int, ...]:
        """Whoever is on this post now; if nobody, the nearest superior."""
        return self._at_work(post, at) or self._above(post, at)

    def holders(self, post: str, at: datetime) -> tuple[int, ...]:
        """Holders of the post, those on leave replaced by their stand-ins; if nobody, the nearest superior."""
        return self._present(post, at) or self._above(post, at)

    def head_of(self, department: str, at: datetime) -> tuple[int, ...]:
        """The head of the department; without one, whoever stands above the department's own posts."""
        heads = self._acting((h.user for h in self._held(at) if h.heads and h.department == department), at)
        if heads:
            return heads
        inside = [slug for slug, post in self.posts.items() if post.department == department]
        inside += [h.post for h in self._held(at) if h.department == department]
        tops = [slug for slug in inside if self.posts[slug].superior not in inside] if inside else []
        for slug in sorted(tops, key=lambda s: -self.posts[s].rank):
            if found := self._present(slug, at):
                return found
        return self._above(tops[0], at) if tops else (self.guaranteed(),)

    def members(self, department: str, at: datetime) -> tuple[int, ...]:
        """Everybody of the department who is on duty now; if nobody, its head."""
        local = self._held(at)
        inside = {(h.user, h.post) for h in local if h.department == department}
        on = [span.user for span in self.running(at) if (span.user, span.post) in inside]
        on += [user for user, _ in sorted(inside) if user not in self._rostered]
        return self._acting(on, at) or self.head_of(department, at)

    def superior_of(self, user: int, at: datetime) -> tuple[int, ...]:
        """The nearest superior of the person's main post; () only for who has nobody above them by their post."""
        main = self._main(user, at)
        if main is None:
            return (self.guaranteed(),)
        return self._above(main.post, at, but=user) if any(self._chain(main.post)) else ()

    def stand_in(self, user: int, at: datetime) -> int:
        """Who acts for this person now: themself, their stand-in while away, the superior when nobody stands in."""
        other = self.acting(user, at)
        return other if other is not None else (self.superior_of(user, at) or (self.guaranteed(),))[0]

    def guaranteed(self) -> int:
        """The person who gets what nobody else can take: the chosen one, the director, the service manager, any system administrator.

        The administrator comes last, because by the standard posts they do not see tickets.
        """
        if self.chosen in self.active and self.chosen is not None:
            return self.chosen
        for post in ("director", "service-manager", "it-admin"):
            for held in self.held:
                if held.post == post and held.user in self.active and held.ends_on == date.max:
                    return held.user
        ranked = sorted((h for h in self.held if h.user in self.active), key=lambda h: (h.ends_on != date.max, -self._rank(h.post), h.user))
        if not ranked:
            raise Refused("本小区没有在职人员，无人可以接收。请先在「人员」登记员工与任职。")
        return ranked[0].user

    # Facts -------------------------------------------------------------------------------------------------------

    def held_by(self, post: str, at: datetime) -> tuple[int, ...]:
        """Who holds the post on this day, on leave or not; may be empty."""
        return _once(h.user for h in self._held(at) if h.post == post)

    def away(self, user: int, at: datetime) -> bool:
        return any(a.user == user and a.starts_at <= at < a.ends_at for a in self.absences)

    def acting(self, user: int, at: datetime) -> int | None:
        """The person themself, their stand-in while away (and theirs in turn), or None."""
        seen: set[int] = set()
        now: int | None = user
        while now is not None and now not in seen:
            if now in self.active and not self.away(now, at):
                return now
            seen.add(now)
            now = next((a.to for a in self.absences if a.user == now and a.to and a.starts_at <= at < a.ends_at), None)
        return None

    def shift_end(self, who: int | str, at: datetime) -> datetime | None:
        """End of the shift that runs now, or of the next one within two weeks; None for who is not rostered.

        `who` is a user id (their last shift of those running counts; a stand-in has the shift of the person replaced)
        or a post (the first of its running shifts to end).
        """
        if isinstance(who, str):
            running = [span.ends_at for span in self.running(at, who)]
            return min(running) if running else self._next_end(self._turns[who], at)
        running = [span.ends_at for span in self.running(at) if self.acting(span.user, at) == who]
        return max(running) if running else self._next_end([turn for turn in self.turns if turn.user == who], at)

    def running(self, at: datetime, post: str | None = None) -> tuple[Span, ...]:
        """Every shift (of one post) that runs at this moment, as rostered: leave is not considered."""
        at = at.astimezone(self.zone)  # as the shifts' own times: moments of one zone are compared without asking either for its offset
        day = at.date()
        near = (*self._beginning(day - timedelta(1), post), *self._beginning(day, post))
        return tuple([s for s in near if s.starts_at <= at < s.ends_at])

    def _beginning(self, day: date, post: str | None) -> tuple[Span, ...]:
        """Every shift (of one post) that begins on this day, worked out once: each task that opens asks who is on duty."""
        known = self._by_day
        if (found := known.get((day, post))) is None:
            if len(known) > 4000:
                known.clear()
            turns = self.turns if post is None else self._turns.get(post, ())
            found = known[day, post] = tuple([span for turn in turns for span in self._spans(turn, (day,))])
        return found

    def spans(self, first: date, days: int) -> tuple[Span, ...]:
        """Every shift that begins in these days, in order of time: the roster as a table."""
        wanted = [first + timedelta(n) for n in range(days)]
        return tuple(sorted((s for turn in self.turns for s in self._spans(turn, wanted)), key=lambda s: s.starts_at))

    def gaps(self, post: str, first: date, days: int) -> tuple[tuple[datetime, datetime], ...]:
        """Times of these days in which no shift of a post runs, in order. The roster is meant: leave is not looked at."""
        at, end = (datetime.combine(first + timedelta(n), time(), self.zone) for n in (0, days))
        found = []
        for span in self.spans(first - timedelta(1), days + 1):
            if span.post == post and span.ends_at > at:
                if span.starts_at > at:
                    found.append((at, span.starts_at))
                at = span.ends_at
        return (*found, (at, end)) if at < end else tuple(found)

    def absence_in(self, span: Span) -> Absence | None:
        """The absence, if any, that falls into this shift of its person; its `to` covers the shift, or nobody does."""
        return next((a for a in self.absences if a.user == span.user and a.starts_at < span.ends_at and a.ends_at > span.starts_at), None)

    def manned(self, post: str, day: date) -> bool | None:
        """Whether somebody's shift on this post begins on this day and is covered; None where none is due.

        None is due on a post without a roster that day, or whose shifts are all for workdays when it is none.
        """
        due = [t for t in self._turns[post] if t.starts_on <= day <= t.ends_on]
        if not due or (not self.works(day) and all(turn.workdays_only for turn in due)):
            return None
        spans = (span for turn in due for span in self._spans(turn, (day,)))
        return any(self.acting(span.user, span.starts_at) is not None for span in spans)

    def name(self, user: int | None) -> str:
        return "系统" if user is None else self.names.get(user, "其他小区人员")

    def knows(self, user: int) -> bool:
        """Whether this is an active employee who works here (or at head office)."""
        return user in self.active and any(held.user == user for held in self.held)

    def department_of(self, user: int, at: datetime | None = None) -> str:
        """Slug of the department of the person's main post; empty when they hold none."""
        main = self._main(user, at)
        return main.department if main else ""

    def posts_of(self, user: int, at: datetime | None = None) -> frozenset[str]:
        """Slugs of the posts held on this day (at any time, without `at`)."""
        return frozenset(held.post for held in self._of(user, at))

    def works(self, day: date) -> bool:
        """Whether the day is a workday here."""
        return self.days.get(day, day.isoweekday() <= 5)

    # Underneath --------------------------------------------------------------------------------------------------

    def _held(self, at: datetime) -> tuple[Held, ...]:
        day, known = at.astimezone(self.zone).date(), self._held_on
        if (found := known.get(day)) is None:
            if len(known) > 400:
                known.clear()
            found = known[day] = tuple([h for h in self.held if h.on(day) and h.user in self.active])
        return found

    def _present(self, post: str, at: datetime) -> tuple[int, ...]:
        return self._acting(self.held_by(post, at), at)

    def _at_work(self, post: str, at: datetime) -> tuple[int, ...]:
        """On the post by the roster. A post without a roster these days counts its holders as at work."""
        day = at.astimezone(self.zone).date()
        if any(turn.starts_on <= day <= turn.ends_on for turn in self._turns[post]):
            return self._acting((span.user for span in self.running(at, post)), at)
        return self._present(post, at)

    def _above(self, post: str, at: datetime, but: int | None = None) -> tuple[int, ...]:
        """The nearest superior: whoever of that post is at work, or its only holder at any hour.

        So a night matter reaches the head of the department at home rather than the company manager, and a shift
        whose lead is missing reaches the head rather than the leads who are asleep. Only when the whole chain is
        silent are off-duty holders asked, and at the very end the guaranteed person.
        """
        chain = tuple(self._chain(post))
        for superior in chain:
            found = self._at_work(superior, at)
            if not found and len(self.held_by(superior, at)) == 1:
                found = self._present(superior, at)
            if found := tuple(user for user in found if user != but):
                return found
        for superior in chain:
            if found := tuple(user for user in self._present(superior, at) if user != but):
                return found
        return (self.guaranteed(),)

    def _chain(self, post: str) -> Iterator[str]:
        seen = {post}
        while (info := self.posts.get(post)) and info.superior and info.superior not in seen:
            post = info.superior
            seen.add(post)
            yield post

    def _acting(self, users: Iterable[int], at: datetime) -> tuple[int, ...]:
        return _once(found for user in users if (found := self.acting(user, at)) is not None)

    def _of(self, user: int, at: datetime | None) -> list[Held]:
        day = at.astimezone(self.zone).date() if at else None
        mine = [h for h in self.held if h.user == user and (h.on(day) if day else True)]
        return sorted(mine, key=lambda h: (h.everywhere, h.ends_on != date.max, -self._rank(h.post), h.post))

    def _main(self, user: int, at: datetime | None) -> Held | None:
        return next(iter(self._of(user, at)), None)

    def _rank(self, post: str) -> int:
        return self.posts[post].rank if post in self.posts else 0

    def _spans(self, turn: Turn, days: Iterable[date]) -> Iterator[Span]:
        for day in days:
            if not turn.starts_on <= day <= turn.ends_on or str(day.isoweekday()) not in turn.weekdays:
                continue
            if turn.workdays_only and not self.works(day):
                continue
            if not any(held.on(day) for held in self._holdings[turn.user, turn.post]):
                continue
            last = day if turn.ends > turn.starts else day + timedelta(1)
            starts = datetime.combine(day, turn.starts, self.zone)
            who = self.changes.get((turn.user, turn.post, starts), turn.user) if self.changes else turn.user
            yield Span(who, turn.post, turn.title, starts, datetime.combine(last, turn.ends, self.zone))

    def _next_end(self, turns: Iterable[Turn], at: datetime) -> datetime | None:
        first = at.astimezone(self.zone).date()
        days = [first + timedelta(n) for n in range(_AHEAD)]
        coming = [span for turn in turns for span in self._spans(turn, days) if span.starts_at > at]
        return min(coming, key=lambda span: span.starts_at).ends_at if coming else None

    @cached_property
    def _by_day(self) -> dict[tuple[date, str | None], tuple[Span, ...]]:
        return {}

    @cached_property
    def _held_on(self) -> dict[date, tuple[Held, ...]]:
        return {}

    @cached_property
    def _rostered(self) -> frozenset[int]:
        return frozenset(turn.user for turn in self.turns)

    @cached_property
    def _turns(self) -> Mapping[str, list[Turn]]:
        """Lines of the roster by post."""
        turns: dict[str, list[Turn]] = defaultdict(list)
        for turn in self.turns:
            turns[turn.post].append(turn)
        return turns

    @cached_property
    def _holdings(self) -> Mapping[tuple[int, str], list[Held]]:
        """Assignments of active people by person and post: a shift counts only for who holds the post."""
        holdings: dict[tuple[int, str], list[Held]] = defaultdict(list)
        for held in self.held:
            if held.user in self.active:
                holdings[held.user, held.post].append(held)
        return holdings


def _once(users: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(users))
