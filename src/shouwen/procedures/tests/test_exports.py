"""Every list is saved as .xlsx exactly as it is narrowed, with its line in the journal."""

from __future__ import annotations

from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

import shouwen.config.wiring
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry
from shouwen.org import queries as org
from shouwen.procedures import actions, phrases

from .conftest import MONDAY

assert shouwen.config.wiring


def rows_of(answer):
    assert answer.status_code == 200 and "spreadsheetml" in answer["Content-Type"], answer
    return CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0).to_python()


def said():
    return Entry.objects.order_by("-id").first().text


@pytest.fixture
def filed(world, who, clock):
    given = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001"}
    return [actions.file_ticket(who("li"), world.liyuan, procedure="complaint", at=MONDAY, answers=given | {"content": f"第{n}件"}) for n in (1, 2)]


def test_the_board_holds_what_its_filters_leave(filed, as_, who):
    actions.hand(who("li"), filed[1], task=2, to=who("he").id, reason="替班", at=MONDAY)
    client = as_("zhang")
    head, *rows = rows_of(client.get("/board/export"))
    assert {row[3] for row in rows} == {one.number for one in filed} and "王秀英" not in str(rows) and head[0] == "栏"
    mine = rows_of(client.get(f"/board/export?holder={who('he').id}"))[1:]
    assert {row[3] for row in mine} == {filed[1].number} and "办理人：" in said()
    assert rows_of(client.get("/board/export?lane=waiting"))[1:] == [] and "栏：在等别人" in said()
    assert '/board/export?holder=' in client.get(f"/board?holder={who('he').id}").content.decode()


@pytest.mark.parametrize(("username", "address", "title", "narrowed"), [
    ("chen", "/org/staff?q=li", "组织与人员", "关键词：li"), ("chen", "/duty/attendance?day=2026-11-23", "到岗情况", "日期：2026-11-23"),
    ("li", "/notices/?show=unread", "通知", "范围：未读"), ("deng", "/journal?q=受理", "操作日志", "关键词：受理"),
    ("li", "/tickets?status=open", "工单", "状态：办理中"), ("chen", "/papers/outstanding?show=late", "待回联", "范围：已过时限"),
])  # fmt: skip
def test_each_list_says_in_the_journal_what_was_taken_away(filed, as_, username, address, title, narrowed):
    client = as_(username)
    rows = rows_of(client.get(f"{address}&format=xlsx"))
    assert rows[0] and "13800000001" not in str(rows)
    assert title in said() and narrowed in said(), said()


def test_staff_and_phrases_hold_what_is_listed(world, as_):
    chen = as_("chen")
    rows = rows_of(chen.get("/org/staff?post=receptionist&format=xlsx"))[1:]
    listed = chen.get("/org/staff?post=receptionist").content.decode()
    assert rows and all(row[1] in listed for row in rows) and org.user_by_username("wang").name not in {row[0] for row in rows}
    phrases.load_standard(SYSTEM, None, at=MONDAY)
    every = rows_of(chen.get("/phrases?format=xlsx"))[1:]
    topic = every[0][0]
    some = rows_of(chen.get("/phrases", {"topic": topic, "format": "xlsx"}))[1:]
    assert some and {row[0] for row in some} == {topic} and len(some) < len(every) and f"主题：{topic}" in said()
