"""The rounds that the SOPs ask of every community, ready to be taken over: rhythm, limit, post and what is reported. No database.

A community sets its own hours in the form; what stands here is what the clause says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from .actions.plans import CheckSpec


@dataclass(frozen=True, slots=True)
class Standard:
    """One plan as `set_plan` takes it, without its route. `walks` = it needs one, chosen in the form."""

    basis: str
    why: str
    fields: Mapping[str, Any]
    checks: tuple[CheckSpec, ...] = ()
    walks: bool = False

    @property
    def title(self) -> str:
        return str(self.fields["title"])

    @property
    def given(self) -> dict[str, Any]:
        """Everything `set_plan` wants but the route and the moment."""
        return {**self.fields, "basis": self.basis, "checks": self.checks}


def _of(title: str, kind: str, post: str, rhythm: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "kind": kind, "post": post, "rhythm": rhythm, **more}


_LOG: Final = (CheckSpec("本班情况、处置和结果", "note"),)
_ALL_DAY: Final = {"starts": time(0), "ends": time(0)}

PLANS: Final[dict[str, Standard]] = {
    "gate-hourly": Standard(
        "E24.01", "20 时到次日 6 时，每小时向领班报告一次。",
        _of("门岗整点报告", "report", "gate-guard", "every", minutes=60, starts=time(20), ends=time(6), lasts=10, grace=5), (CheckSpec("岗位情况", "note"),),
    ),
    "gate-log": Standard(
        "E24.03", "每班一篇工作日志，交班前半小时写；没有写的报班长。",
        _of("门岗工作日志", "report", "gate-guard", "daily", times="07:30 15:30 23:30", lasts=30, grace=0), _LOG,
    ),
    "patrol-walk": Standard(
        "E25.01", "责任区不间断巡查，间隔不超过十分钟。",
        _of("责任区巡查", "patrol", "guard", "every", minutes=10, **_ALL_DAY, lasts=10, grace=0), walks=True,
    ),
    "patrol-contact": Standard(
        "E25.03", "每半小时与邻岗联络一次。",
        _of("岗间联络", "report", "guard", "every", minutes=30, **_ALL_DAY, lasts=30, grace=0), (CheckSpec("与邻岗联络"),),
    ),
    "patrol-log": Standard(
        "E25.07", "每班一篇工作日志，交班前半小时写；没有写的报班长。",
        _of("巡查岗工作日志", "report", "guard", "daily", times="07:30 15:30 23:30", lasts=30, grace=0), _LOG,
    ),
    "fire-daily": Standard(
        "E26.03", "每天一次防火巡查。",
        _of("每日防火巡查", "fire", "guard", "daily", times="09:00", lasts=8 * 60, grace=0), walks=True,
    ),
    "gear-monthly": Standard(
        "E26.04", "消防器材每月检查登记一次。",
        _of("消防器材每月检查", "fire", "guard", "monthly", monthday=1, times="09:00", lasts=27 * 24 * 60, grace=0, tells="security-head"), walks=True,
    ),
}  # fmt: skip


def lacking(bases: Collection[str]) -> list[tuple[str, Standard]]:
    """(slug, plan) of those that no plan of the community names as its basis."""
    said = "、".join(bases)
    return [(slug, one) for slug, one in PLANS.items() if one.basis not in said]
