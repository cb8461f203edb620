"""The page of the journal: who did what, when and to which thing, with the state of the seals. Private facts stay closed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from django.utils.html import format_html

from shouwen.estate import queries as estate
from shouwen.kernel import queries
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import ACTIONS, Done, action, now
from shouwen.kernel.models import Entry
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.templatetags.ui import icon
from shouwen.org import queries as org
from shouwen.procedures.models import Ticket

CHANNELS: Final = {"web": "网页", "api": "接口", "worker": "后台", "cli": "命令行", "rehearsal": "演练", "import": "导入", "demo": "演示"}
PAGES: Final = {"procedures.ticket": "procedures:ticket", "estate.unit": "estate:unit", "estate.person": "estate:person"}
"""Things that have a page of their own, by the label under which the journal knows them."""
_SUBJECT = re.compile(r"[a-z]+\.[a-z]+:\S+")
_NUMBER = re.compile(r"[A-Z]{1,8}-\d{8}-\d+")


@dataclass
class Journal(Register):
    """A register that also finds the lines of one thing (by its name in the journal, or a ticket's number) and knows the seals."""

    def _searched(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        if _SUBJECT.fullmatch(words):
            return rows.filter(subject=words)
        if _NUMBER.fullmatch(words.upper()):
            places = [pk for pk, _ in estate.every_community()]
            found = Ticket.objects.filter(community__in=places, number=words.upper()).values_list("pk", flat=True)
            return rows.filter(subject__in=[f"procedures.ticket:{pk}" for pk in found])
        return super()._searched(rows, words)

    def _xlsx(self, actor: Actor, rows: QuerySet[Any], columns: list[Column], filters: dict[str, str]) -> FileResponse:
        """The thing is named without its links."""
        plain = [Column("subject", title="对象", value=_named) if column.name == "subject" else column for column in columns]
        return super()._xlsx(actor, rows, plain, filters)

    @property
    def seals(self) -> queries.Seals:
        """Asked for by the template, once a page."""
        return queries.seals()


def _named(line: Entry) -> str:
    label, _, key = line.subject.partition(":")
    return f"{_kind(label)} {'' if key == 'all' else key}".strip()


def _object(line: Entry) -> Any:
    """工单 342, leading to its page and to its other lines."""
    label, _, key = line.subject.partition(":")
    page, said = PAGES.get(label), _named(line)
    where = format_html('<a href="{}">{}</a>', reverse(page, args=[key]), said) if page and key.isdigit() else said
    only = format_html('<a class="only" href="?q={}" title="只看它的记录">{}</a>', line.subject, icon("history", "只看它的记录"))
    return format_html("{} {}", where, only)


@cache
def _kind(label: str) -> str:
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except (LookupError, ValueError):
        return "其他"


def _codes(actor: Actor) -> list[tuple[str, str]]:
    """Every action as its sentence with gaps: 启用规程《…》…."""
    said = [(code, re.sub(r"\{\w+\}", "…", act.says)[:30]) for code, act in ACTIONS.items()]
    return sorted(said, key=lambda one: (one[0].partition(".")[0], one[1].lstrip("… ")))


def _people(actor: Actor) -> list[tuple[int, str]]:
    return [(user.pk, user.name) for user in org.staff(actor)]


def _communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in org.places_of(actor)]


@action("journal.exported", may="journal.view", says="导出{title}（{rows} 行；{filters}）")
def _export(actor: Actor, place: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    return Done("kernel.entry:all", {"title": title, "rows": rows, "filters": filters})


def _exported(actor: Actor, *, title: str, rows: int, filters: dict[str, str]) -> None:
    said = "，".join(f"{name}：{value}" for name, value in filters.items()) or "未筛选"
    _export(actor, actor.community, title=title, rows=rows, filters=said, at=now())


JOURNAL = Journal(
    "journal", queries.entries, title="操作日志", may="journal.view", exported=_exported,
    columns=[
        "at", "actor_name", "actor_post", Column("text", title="内容"), Column("subject", title="对象", value=_object),
        Column("channel", value=lambda line: CHANNELS.get(line.channel, line.channel)),
    ],
    filters=[Filter("community_id", "小区", _communities), Filter("actor_id", "操作人", _people), Filter("code", "操作", _codes), "at"],
    search=["actor_name", "text"], search_hint="姓名、内容、工单号",
    empty=("还没有操作记录", "每一次登记、办理、修改都会自动记在这里，不能更改或删除。"), template="config/journal.html",
)  # fmt: skip
"""What was done, by whom; the chain of seals vouches for it (`shouwen journal verify`)."""
