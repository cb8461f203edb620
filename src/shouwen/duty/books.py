"""The named logs: each is a view of the one ledger, and four of them are signed day by day by somebody answerable. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Review:
    """A daily signature. `posts` sign it; `every_day` = also a day on which nothing was written must be signed.

    `of`: what a day of it holds: the lines of these posts (`lines`), hand-overs (`handovers`) or lines about keys (`keys`).
    """

    slug: str
    title: str
    signers: frozenset[str]
    of: str
    posts: tuple[str, ...] = ()
    every_day: bool = False
    basis: str = ""


REVIEWS: Final = {
    review.slug: review
    for review in (
        Review("desk", "值班日志", frozenset({"cs-supervisor"}), "lines", ("receptionist",), True, "D2.53"),
        Review("handover", "交接班检查记录", frozenset({"cs-supervisor", "security-duty-lead"}), "handovers", (), False, "D13.18"),
        Review("security", "保安工作交接记录", frozenset({"security-duty-lead", "security-head"}), "handovers",
               ("control-room", "guard", "gate-guard"), False, "D13.30"),
        Review("keys", "钥匙登记表", frozenset({"cs-supervisor"}), "keys", (), True, "D11.17"),
    )
}  # fmt: skip
"""The four daily sign-offs, each with an overdue list of its own."""

MATTER: Final = "matter:"
"""`about` of a matter handled and written down by hand, with its course and result. D2.34."""

FOCUS: Final = "focus:"
"""`about` of a line that the head of the department is to hear of. D2.54."""

LOOKS_BACK: Final = timedelta(days=30)
"""So far back an unsigned day is asked for."""

SEARCHED: Final = timedelta(days=31)
"""What a search or a named log without days looks through."""


@dataclass(frozen=True, slots=True)
class View:
    """A named log: lines whose `about` begins so (None = any), of these posts; or only corrections."""

    slug: str
    title: str
    about: str | None = None
    posts: tuple[str, ...] = ()
    corrections: bool = False


VIEWS: Final = {
    view.slug: view
    for view in (
        View("desk", "服务中心值班记录表", posts=("receptionist", "club-receptionist")),
        View("control", "监控室值班记录", posts=("control-room",)),
        View("guards", "保安值班记录", posts=("security-duty-lead", "guard", "gate-guard")),
        View("engineering", "工程值班记录", posts=("engineer",)),
        View("tickets", "受理与办理记录", about="ticket:"),
        View("handovers", "前台交接日志", about="handover:"),
        View("keys", "钥匙借还记录", about="key:"),
        View("hand", "手工记录", about=""),
        View("matters", "处理事项", about="matter:"),
        View("focus", "重点工作", about="focus:"),
        View("corrections", "更正记录", corrections=True),
    )
}  # fmt: skip
