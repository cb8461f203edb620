"""The register of tickets: every ticket this person may see, newest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from shouwen.estate import queries as estate
from shouwen.estate.models import Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.registers import Column, Filter, Register

from .. import actions, queries
from ..editions import procedure_of
from ..models import Ticket
from .rows import address

TONES: Final = {"open": "info", "paused": "warning", "closed": "success", "withdrawn": "neutral"}
_NUMBER = re.compile(r"[A-Z]{1,8}(-[\d-]*)?|[A-Z]{1,8}\d{8}.*")
_END: Final = "\U0010ffff"


@dataclass
class Tickets(Register):
    """A register whose search box takes the beginning of a number or a room, each found by its own index."""

    def _searched(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        if not words:
            return rows
        if _NUMBER.fullmatch(number := words.upper()):
            return rows.filter(number__gte=number, number__lt=number + _END)
        rooms = estate.spelt(Unit.objects.order_by(), "unit_id", words).values("pk")
        theirs = Ticket.objects.filter(unit__in=rooms).order_by().values("pk")  # by the index of a room's tickets
        return rows.filter(pk__in=theirs)  # the rows are only those this person may see


def _communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in estate.communities(actor)]


def _title(ticket: Ticket) -> str:
    return procedure_of(ticket.edition_id).title


def _grade(ticket: Ticket) -> str:
    grades = procedure_of(ticket.edition_id).classes
    return grades[ticket.grade].title if ticket.grade in grades else ""


def _summary(ticket: Ticket) -> str:
    return ("【保密】" if ticket.confidential else "") + ticket.summary


def _exported(actor: Actor, *, title: str, rows: int, filters: dict[str, str]) -> None:
    said = "，".join(f"{name}：{value}" for name, value in filters.items()) or "未筛选"
    actions.export_tickets(actor, _place(actor), title=title, rows=rows, filters=said, at=now())


def _place(actor: Actor) -> int | None:
    places = actor.places("tickets.view")
    return actor.community if places is None or actor.community in places else min(places, default=None)


TICKETS = Tickets(
    "procedures:tickets", queries.register, title="工单",
    columns=[
        Column("number", title="编号"), Column("title", title="规程", value=_title), Column("grade", title="类别", value=_grade),
        Column("place", title="地点"), Column("summary", title="摘要", value=_summary),
        Column("status", "badge", tones=TONES), Column("first_asked", title="首问人"), Column("filed_at", "when"),
        Column("closed_at", "when"),
    ],
    filters=[
        Filter("community_id", "小区", _communities), Filter("procedure", "规程", queries.titles), "status", Filter("filed_at", "受理时间"),
    ],
    search=["number"], search_hint="编号或房号，如 TS-20261121、3-1-1201", may="tickets.view",
    opens=lambda ticket: f"{address()}{ticket.pk}", new=("受理", "/counter", "tickets.file"),
    empty=("还没有工单", "受理第一件事后，工单会出现在这里。"), exported=_exported, template="procedures/tickets.html",
)  # fmt: skip
