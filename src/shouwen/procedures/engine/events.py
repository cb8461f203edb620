"""What happened to a ticket, and what should be done about it.

`at` is an aware moment; `by` is the person ref the caller gives ("" for the clock itself). Refs are opaque and must not look
like role keys. Effects name people by role key, by special name (`holder`, `superior`, `lead`, `tracker`, `first_asked`,
`requester`) or by ref; the caller resolves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

Answers = Mapping[str, Any]  # as submitted; answers.check_answers makes Values of them
Evidence = Mapping[str, Any]  # need → opaque text or list of texts


class Event(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    by: str = ""


class Filed(Event, frozen=True, kw_only=True):
    answers: Answers = {}
    evidence: Evidence = {}
    tracker: str = ""  # who follows the ticket to its end; whoever was asked first, unless given
    first_asked: str = ""  # who was asked first, when somebody outside has filed it
    opened: bool = False  # the first step is left open as a task, filled in as far as answers were given


class Finished(Event, frozen=True, kw_only=True):
    task: int
    answers: Answers = {}
    evidence: Evidence = {}
    on_behalf: str = ""  # why it was done by somebody with whom it did not lie


class Evidenced(Event, frozen=True, kw_only=True):
    """Evidence for a task came in from elsewhere (a signed copy is back); a step that asks nothing else is done with it."""

    task: int
    evidence: Evidence = {}


class Taken(Event, frozen=True, kw_only=True):
    task: int


class Handed(Event, frozen=True, kw_only=True):
    """`task` 0 hands over the following of the ticket (its tracker)."""

    task: int
    to: str
    reason: str = ""


class Noted(Event, frozen=True, kw_only=True):
    text: str


class Urged(Event, frozen=True, kw_only=True):
    reason: str = ""


class Amended(Event, frozen=True, kw_only=True):
    answers: Answers
    reason: str


class Paused(Event, frozen=True, kw_only=True):
    """`reason` is a key of the procedure's `pauses`; `until` at most as long as it allows (None: as long as allowed)."""

    reason: str
    until: datetime | None = None
    remark: str = ""


class Approved(Event, frozen=True, kw_only=True):
    ok: bool = True
    remark: str = ""


class Resumed(Event, frozen=True, kw_only=True):
    pass


class Withdrawn(Event, frozen=True, kw_only=True):
    reason: str


class Reopened(Event, frozen=True, kw_only=True):
    reason: str


class Started(Event, frozen=True, kw_only=True):
    step: str


class Linked(Event, frozen=True, kw_only=True):
    other: str
    kind: str


class ChildClosed(Event, frozen=True, kw_only=True):
    """A child ticket is closed or withdrawn. `child` is the `key` of the Open effect that asked for it."""

    child: str


class Ticked(Event, frozen=True, kw_only=True):
    pass


class Tell(msgspec.Struct, frozen=True):
    """`why`: opened remind late urged told handed amended approve refused paused resumed closed withdrawn reopened dropped.

    `holder` is whom the task lay with just then (a ref, or the role while nobody had taken it): `holder`, `superior` in `who`
    mean him. `text` is a template for `answers.fill`. `late` is how long after the limit; negative before it.
    """

    who: tuple[str, ...]
    task: int
    why: str
    late: timedelta = timedelta(0)
    text: str = ""
    holder: str = ""
    soft: bool = False  # a limit said as `promptly`: a warning, not a breach


class Log(msgspec.Struct, frozen=True):
    """A line (template) for the book of a post; "" when the step's role is found otherwise than by post."""

    text: str
    post: str
    task: int = 0


class Print(msgspec.Struct, frozen=True):
    form: str
    task: int


class Open(msgspec.Struct, frozen=True):
    """File a child ticket with these answers. `key` names it within this ticket (see ChildClosed)."""

    procedure: str
    answers: dict[str, Any]
    kind: str
    waits: bool
    key: str = ""
    late: timedelta | None = None  # set when a rung asked for it
    task: int = 0


class Do(msgspec.Struct, frozen=True):
    slot: str
    args: dict[str, Any]
    task: int


class Close(msgspec.Struct, frozen=True):
    keeps: str


Effect = Tell | Log | Print | Open | Do | Close
