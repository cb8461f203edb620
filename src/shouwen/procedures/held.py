"""Calls half filled in at the counter: kept on the server, sealed, for the one who answered; never in the open in a browser.

Whatever is typed is kept within a second, under a number that stands in the address, so a reload, a lost session or
another call on the line loses nothing. Nobody else reads them; they go when the call is filed, and by themselves half an
hour after the shift. Keeping a draft is no act of anybody on anything: it leaves no line in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.http import QueryDict

from shouwen.duty.directory import Directory
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.secrets import open_text, seal_text

from .models import HeldCall

MOST: Final = 12
"""Calls one person may hold at once; nobody has more on the line."""
LARGEST: Final = 60_000
"""Characters of one call as kept."""
GRACE: Final = timedelta(minutes=30)
AT_MOST: Final = timedelta(hours=12)


class Content(msgspec.Struct, omit_defaults=True):
    """What is sealed. `fields`: the form as sent. `place` and `about` are what its tab shows: the room, the matter."""

    unit: int | None = None
    person: int | None = None
    procedure: str = ""
    fields: dict[str, list[str]] = {}
    place: str = ""
    about: str = ""
    window: str = ""
    """The browser window that wrote it: its own writes follow one another, whatever order they arrive in."""
    line: str = ""
    """What the window calls it until it has a number: an answer that was lost does not make it two."""


@dataclass(frozen=True, slots=True)
class Call:
    id: int
    revision: int
    begun_at: datetime
    erase_at: datetime
    content: Content

    @property
    def title(self) -> str:
        return " · ".join(part for part in (self.content.place, self.content.about) if part) or "还没有选"

    @property
    def data(self) -> QueryDict:
        """The form as it was typed, the way a browser sends it."""
        found = QueryDict(mutable=True)
        for name, values in self.content.fields.items():
            found.setlist(name, values)
        return found


def calls(actor: Actor, community_id: int, at: datetime) -> list[Call]:
    """This person's calls that are not yet filed, in the order they came. One statement, at most MOST rows."""
    rows = HeldCall.objects.filter(user_id=actor.id or 0, community_id=community_id, erase_at__gt=at).order_by("id")
    return [_opened(row) for row in rows[:MOST]]


def keep(
    actor: Actor, community_id: int, content: Content, *, call: int | None, revision: int, erase_at: datetime, at: datetime
) -> Call:
    """Keep a call as it stands. Where another window has changed it meanwhile, this one is kept beside it: nothing is lost.

    Raises Conflict when the call was filed or given up, Refused when there are too many or it is too long.
    """
    sealed = seal_text(msgspec.json.encode(content).decode())
    if len(sealed) > LARGEST:
        raise Refused("写的内容太长，暂存不下。请先保存受理，其余的记在工单备注里。")
    mine = HeldCall.objects.filter(user_id=actor.id or 0, community_id=community_id)
    row = mine.filter(pk=call).first() if call else None
    if call and row is None:
        raise Conflict("这个来电已受理，或已放弃。")
    if not call and content.line:
        row = next((one for one in mine.order_by("-id")[:MOST] if _opened(one).content.line == content.line), None)
    with bookkeeping("a call held at the counter"):
        if row and (row.revision == revision or _opened(row).content.window == content.window != ""):
            row.sealed, row.revision, row.kept_at, row.erase_at = sealed, row.revision + 1, at, erase_at
            row.save()
            return _opened(row)
        mine.filter(erase_at__lte=at).delete()
        if mine.count() >= MOST:
            raise Refused(f"暂存的来电已有 {MOST} 个，请先受理或放弃其中几个，再接新的。")
        return _opened(HeldCall.objects.create(
            user_id=actor.id or 0, community_id=community_id, sealed=sealed, begun_at=at, kept_at=at, erase_at=erase_at
        ))  # fmt: skip


def drop(actor: Actor, call: int | None) -> None:
    """Erase a call: it was filed, or is given up."""
    if call:
        with bookkeeping("a call held at the counter"):
            HeldCall.objects.filter(pk=call, user_id=actor.id or 0).delete()


def erase(now: datetime) -> int:
    """Erase every call whose shift is over (the worker); returns how many."""
    with bookkeeping("calls of a shift that is over"):
        return HeldCall.objects.filter(erase_at__lte=now).delete()[0]


def erased_at(directory: Directory, actor: Actor, at: datetime) -> datetime:
    """When a call kept now is erased: half an hour after this person's shift, never sooner, twelve hours at most."""
    end = directory.shift_end(actor.id, at) if actor.id else None
    return min(max(end or at + AT_MOST, at) + GRACE, at + AT_MOST)


def _opened(row: HeldCall) -> Call:
    content = msgspec.json.decode(open_text(row.sealed), type=Content)
    return Call(row.pk, row.revision, row.begun_at, row.erase_at, content)
