"""What a form is filled in from. The areas above hand their records over here; papers know only this shape.

`config/wiring.py` fills SOURCES (by the kind before the colon of `about`) and the neighbours' doors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Fact:
    """One answer as people read it; residents' names and numbers are masked."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was done: by whom and when."""

    title: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """A ticket, a book of a shift… as its forms see it.

    `kind` is what the catalogue's `of` names (a procedure, or `log`); `head` holds what stands in a form's head (`@place`).
    """

    about: str
    community_id: int
    community: str
    kind: str
    number: str
    title: str
    url: str
    status: str
    finished: datetime | None
    head: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    story: tuple[Line, ...] = ()
    departments: tuple[tuple[str, str], ...] = ()


SOURCES: Final[dict[str, Callable[[Actor, str], Record]]] = {}
"""Kind → read(actor, rest of `about`); raises NotFound for whoever may not see the record."""


def read(actor: Actor, about: str) -> Record:
    """The record that `about` names, as this person may see it."""
    kind, _, rest = about.partition(":")
    if kind not in SOURCES:
        raise NotFound
    return SOURCES[kind](actor, rest)


CLEAR: Final[dict[str, Callable[[Actor, str], Mapping[str, str]]]] = {}
"""Kind → private(actor, rest of `about`): the private facts of a record as they really are, by name. Whoever calls writes who and why."""


@dataclass(frozen=True, slots=True)
class CameBack:
    """A signed copy is back. `names`: what procedures may call it; `branch`: the department whose copy it was."""

    about: str
    names: tuple[str, ...]
    said: str
    signed: tuple[str, ...]
    branch: str
    photo: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reminder:
    """A copy that should have come back: who is told is for the neighbour to find."""

    community_id: int
    holder: str
    title: str
    body: str
    url: str
    key: str
    at: datetime


def _end_of_day(community_id: int, holder: str, at: datetime) -> datetime:
    return at + timedelta(hours=12)


def _no_files(actor: Actor, about: str, name: str, content: bytes, at: datetime) -> str:
    raise Refused("这种记录不能附照片，请只登记交回。", {"photo": "不能附照片"})


def _nobody(reminder: Reminder) -> None:
    return None


def _nothing_waits(actor: Actor, back: CameBack) -> str:
    return ""


@dataclass
class Neighbours:
    """What other areas do for papers: the end of a holder's shift, telling people, keeping a photo with the record, what a
    copy that is back brings about there (in words)."""

    shift_end: Callable[[int, str, datetime], datetime] = _end_of_day
    tell: Callable[[Reminder], None] = _nobody
    keep_photo: Callable[[Actor, str, str, bytes, datetime], str] = _no_files
    photo_url: Callable[[str], str] = str
    came_back: Callable[[Actor, CameBack], str] = _nothing_waits


NEIGHBOURS: Final = Neighbours()
