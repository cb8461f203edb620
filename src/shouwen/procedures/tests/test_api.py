"""One repair from filing to archive as a program works it, with a token: every verb once, each counted once, each refusal in the one shape."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from shouwen.kernel.models import Entry
from shouwen.org import actions as org_actions
from shouwen.org import queries as org
from shouwen.procedures.models import Event, Ticket

from .conftest import MONDAY

SCOPE = ["tickets.view", "tickets.file", "tickets.work", "tickets.hand", "tickets.steer", "estate.view", "procedures.view", "notices.send"]
LAMP = {
    "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "客厅", "content": "灯不亮", "fault": "electrical", "class": "daily",
}  # fmt: skip
HERE = "/api/v1/procedures"


class Program:
    """What calls the interface. `ask` answers (status, body)."""

    def __init__(self, key):
        self.client = Client(headers={"authorization": f"Bearer {key}"})

    def ask(self, method, path, body=None, key=""):
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.client.generic(method, f"{HERE}{path}", b"" if body is None else json.dumps(body), "application/json", headers=headers)
        return answer.status_code, answer.json()

    def does(self, path, body=None, status=200):
        found, answer = self.ask("POST", path, body or {})
        assert found == status, answer
        return answer


@pytest.fixture
def desk(world, who):
    return Program(_key(world, who("li"), SCOPE))


def _key(world, person, scope):
    """A token of somebody who may make one for themself."""
    allowed = replace(person, grants={**person.grants, "api.tokens": frozenset({world.liyuan.pk})})
    user, held = org.User.objects.get(pk=person.id), [name for name in scope if person.grants.get(name)]
    return org_actions.create_token(allowed, world.liyuan, user=user, name="前台系统", scope=held, days=1, per_minute=6000, at=MONDAY)[1]


def test_a_repair_from_filing_to_withdrawal(desk, world, who, clock):
    filed = desk.does("/tickets", {"procedure": "repair", "answers": LAMP}, 201)
    ticket = f"/tickets/{filed['id']}"
    assert filed["number"] == "BX-20261123-001" and [t["step"] for t in filed["open_tasks"]] == ["sign"]
    task = filed["open_tasks"][0]["number"]

    status, seen = desk.ask("GET", ticket)
    assert status == 200 and seen["place"] == "3-1-1201" and seen["answers"]["phone"] == "138****0001" and "王秀英" not in str(seen)
    lanes = desk.ask("GET", "/board?procedure=repair")[1]
    assert [t["ticket_number"] for lane in lanes for t in lane["tasks"]] == [filed["number"]]
    assert [t["number"] for t in desk.ask("GET", "/tickets?procedure=repair&status=open")[1]["tickets"]] == [filed["number"]]

    clock.at = MONDAY + timedelta(minutes=2)
    wang = org.user_id_of("wang")
    assert desk.does(f"{ticket}/notes", {"text": "业主说下午在家"})["revision"] == filed["revision"] + 1
    status, refused = desk.ask("POST", f"{ticket}/tasks/{task}/hand", {"to": wang, "reason": "他在附近"})
    assert status == 403 and refused["error"]["code"] == "forbidden", "not the desk's to give away"
    Program(_key(world, who("wu"), SCOPE)).does(f"{ticket}/tasks/{task}/hand", {"to": wang, "reason": "他在附近"})
    assert desk.ask("GET", ticket)[1]["tasks"][-1]["holder"] == "王强"
    desk.does(f"{ticket}/urge", {"reason": "业主催"})
    desk.does(f"{ticket}/amend", {"answers": {"phone": "13855550001"}, "reason": "号码听错了"})
    desk.does(f"{ticket}/pause", {"reason": "owner_time", "until": (clock.at + timedelta(days=1)).isoformat(), "remark": "明天再来"})
    assert desk.ask("GET", ticket)[1]["status"] == "paused"
    desk.does(f"{ticket}/resume")
    other = desk.does("/tickets", {"procedure": "repair", "answers": LAMP}, 201)
    desk.does(f"{ticket}/links", {"to": other["id"], "kind": "same"})
    theirs = Program(_key(world, who("wang"), SCOPE))
    assert theirs.ask("GET", "/mine")[1][0]["ticket_number"] == filed["number"]
    done = {"answers": {"signed_for": "王强", "can_go": "now"}}
    status, refused = desk.ask("POST", f"{ticket}/tasks/{task}/finish", done)
    assert status == 403 and refused["error"]["code"] == "forbidden"
    assert "sign" not in [t["step"] for t in theirs.does(f"{ticket}/tasks/{task}/finish", done)["open_tasks"]]
    assert desk.does(f"{ticket}/withdraw", {"reason": "业主自己修好了"})["status"] == "withdrawn"

    kinds = [event["kind"] for event in desk.ask("GET", f"{ticket}/timeline")[1]]
    assert {"filed", "noted", "handed", "urged", "amended", "paused", "resumed", "linked", "finished", "withdrawn"} <= set(kinds)
    assert Entry.objects.filter(subject=f"procedures.ticket:{filed['id']}", channel="api", actor_name="李静").count() == 8, "one line for each"


def test_a_repeated_key_counts_once_and_never_for_something_else(desk):
    filed = desk.does("/tickets", {"procedure": "repair", "answers": LAMP}, 201)
    path, said = f"/tickets/{filed['id']}/notes", {"text": "第一次"}
    first, again = desk.ask("POST", path, said, "k-1"), desk.ask("POST", path, said, "k-1")
    assert first == again and first[0] == 200
    status, answer = desk.ask("POST", path, {"text": "另一句"}, "k-1")
    assert status == 409 and "请求键已用于另一次提交" in answer["error"]["message"]
    assert Event.objects.filter(ticket_id=filed["id"], kind="noted").count() == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "field", "words"),
    [
        ("/tickets", {"procedure": "repair", "answers": LAMP, "community": "yunxi"}, 404, None, "没有这个小区，或您无权查看"),
        ("/tickets", {"procedure": "repair", "answers": {**LAMP, "unit": "3-1-9999"}}, 422, "unit", "没有房号「3-1-9999」"),
        ("/tickets", {"procedure": "repair", "answers": {**LAMP, "happened_at": "9999-12-31T00:00"}}, 422, "happened_at", "何时发现"),
        ("/tickets", {"procedure": "repair", "answers": {**LAMP, "content": "灯\x00"}}, 422, "content", "不能使用的字符"),
        ("/tickets", {"procedure": "repair", "answers": {**LAMP, "content": "灯\ufffd"}}, 422, "content", "残缺的字"),
        ("/tickets", {"procedure": "repair", "answers": {**LAMP, "content": "\u200b"}}, 422, "content", "还没有填「故障情况」"),
        ("/tickets/{id}/notes", {"text": "\u200b"}, 422, "text", "备注还没有内容"),
        ("/tickets", {"procedure": "repair", "answers": {**LAMP, "caller": "王\u202e"}}, 422, "caller", "不能使用的字符"),
        ("/tickets", {"procedure": "repair", "answers": {**LAMP, "phone": {"no": 1}}}, 422, "phone", "应是一段文字"),
        ("/tickets", {"procedure": "repair", "answers": [LAMP]}, 422, "answers", "应为对象"),
        ("/tickets", {"procedure": "x" * 41}, 422, "procedure", "最多 40 个字"),
        ("/tickets/{id}/notes", {"text": "\ud800"}, 422, "text", "含有不可用的字符"),
        ("/tickets/{id}/notes", {"text": "长" * 4001}, 422, "text", "最多 4000 个字"),
        ("/tickets/{id}/tasks/99/finish", {}, 422, None, "不属于本工单"),
        ("/tickets/{id}/tasks/2/hand", {"to": 2**70, "reason": "x"}, 422, "to", "不得大于"),
        ("/tickets/{id}/pause", {"reason": "lunch"}, 422, "reason", "挂起原因只能选：业主另约时间、等待配件"),
        ("/tickets/{id}/pause", {"reason": "owner_time", "until": "9999-12-31T00:00:00Z"}, 422, "until", "2000 到 2100 年之间"),
        ("/tickets/{id}/links", {"to": 1, "kind": "cousin"}, 422, "kind", "只能是 same、part_of、caused_by 之一"),
        ("/tickets/999999/notes", {"text": "x"}, 404, None, "没有这张工单，或您无权查看"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_nothing_is_written(desk, path, body, status, field, words):
    filed = desk.does("/tickets", {"procedure": "repair", "answers": LAMP}, 201)
    before = Ticket.objects.count(), Event.objects.count(), Entry.objects.count()
    found, answer = desk.ask("POST", path.format(id=filed["id"]), body)
    assert (found, set(answer), set(answer["error"])) == (status, {"error"}, {"code", "message", "fields"}), answer
    assert words in answer["error"]["message"] and (field is None or field in answer["error"]["fields"]), answer
    assert (Ticket.objects.count(), Event.objects.count(), Entry.objects.count()) == before


def test_a_token_does_no_more_than_its_scope(desk, world, who):
    filed = desk.does("/tickets", {"procedure": "repair", "answers": LAMP}, 201)
    reader = Program(_key(world, who("li"), ["tickets.view"]))
    assert reader.ask("GET", f"/tickets/{filed['id']}")[0] == 200
    status, answer = reader.ask("POST", f"/tickets/{filed['id']}/notes", {"text": "x"})
    assert status == 403 and "没有「" in answer["error"]["message"]
