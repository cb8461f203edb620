"""What the worker does, in one list: by name, how often, and whether one worker at a time is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from shouwen.kernel import sealing
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.requests import KEEP_FOR, forget_keys

from . import wiring as wiring

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)

sealing.add_book(sealing.Book(
    "duty", "值班日志", "duty.LogLine",
    ("id", "community_id", "post", "event_at", "recorded_at", "by_id", "by_name", "text", "about", "corrects_id"),
))  # fmt: skip
sealing.add_book(sealing.Book(
    "events", "工单事件", "procedures.Event",
    ("id", "ticket_id", "seq", "at", "by_id", "by_name", "kind", "text", "payload", "received_at"),
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chore:
    """One duty of the worker: `run` is called with the moment, each `every`, and again at once while it returns `full`.

    `alone`: workers take turns (the slot in kernel_heartbeat is taken by compare-and-set). `hour`: only once a day,
    after this hour in China. `slow`: may wait for others' machines, so it has a thread of its own.
    """

    name: str
    run: str | Callable[[datetime], Any]
    every: timedelta
    full: int = 0
    alone: bool = False
    hour: int | None = None
    slow: bool = False

    def resolve(self) -> Callable[[datetime], Any] | None:
        """The function, or None while its area is not installed."""
        if callable(self.run):
            return self.run
        module, _, name = self.run.partition(":")
        return getattr(import_module(module), name, None) if find_spec(module) else None


def _seal(now: datetime) -> int:
    return sealing.seal(now)


def _checkpoint(now: datetime) -> int:
    return 0 if sealing.checkpoint(now) is None else 1


def _old_keys(now: datetime) -> int:
    return forget_keys(now - KEEP_FOR)


def _audit(now: datetime) -> None:
    if find_spec("shouwen.procedures.audit"):
        import_module("shouwen.procedures.audit").audit(SYSTEM, None, at=now)


CHORES: Final = (
    Chore("时限", "shouwen.procedures.chores:wake", SECOND, full=200),
    Chore("定期开单", "shouwen.procedures.schedules:open_due", 20 * SECOND),
    Chore("交接班", "shouwen.duty.chores:watch", MINUTE, alone=True),
    Chore("巡查", "shouwen.rounds.chores:watch", 10 * SECOND, full=200),
    Chore("钥匙催还", "shouwen.custody.chores:watch", MINUTE, full=100),
    Chore("钥匙清点", "shouwen.custody.chores:uncounted", 60 * MINUTE, alone=True, hour=17),
    Chore("区域钥匙", "shouwen.custody.chores:uncollected", 60 * MINUTE, alone=True, hour=9),
    Chore("文件归档", "shouwen.custody.chores:unfiled", 60 * MINUTE, alone=True, hour=9),
    Chore("空置房登记", "shouwen.premises.chores:follow", 10 * MINUTE, alone=True),
    Chore("未巡访", "shouwen.premises.chores:unvisited", 60 * MINUTE, alone=True, hour=20),
    Chore("封存", _seal, 5 * SECOND, full=sealing.BATCH),
    Chore("检查点", _checkpoint, 15 * MINUTE, alone=True),
    Chore("清理请求键", _old_keys, 60 * MINUTE, alone=True),
    Chore("清除来电草稿", "shouwen.procedures.held:erase", 5 * MINUTE, alone=True),
    Chore("夜间核对", _audit, 60 * MINUTE, alone=True, hour=3),
    Chore("清除到期资料", "shouwen.config.retention:clear", 60 * MINUTE, alone=True, hour=4),
    Chore("试演", "shouwen.procedures.trials:play_waiting", 3 * SECOND),
    Chore("短信", "shouwen.portal.chores:deliver", 2 * SECOND, full=20, slow=True),
    Chore("清理验证码", "shouwen.portal.chores:tidy", 60 * MINUTE, alone=True),
    Chore("催交回联", "shouwen.papers.actions:remind", 5 * MINUTE, alone=True),
    Chore("投递", "shouwen.notices.chores:deliver", 2 * SECOND, full=20, slow=True),
)
