"""`public` in procedure files: who may file, what is asked, what a mistake is called; and staying unnamed where a file allows it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from shouwen.kernel.access import SYSTEM
from shouwen.procedures import adoption, store
from shouwen.procedures.engine import Faulty, read
from shouwen.procedures.models import Event, Ticket

BOX = """
procedure: opinion_box
title:     意见箱
edition:   2026-11
number:    YJ
opened_by: [staff, public]
people:
  desk: {title: 前台接待员, on_duty: receptionist}
steps:
  drop:
    title: 投意见
    who:   desk
    asks:
      channel: {title: 渠道, pick: {box: 意见箱, self: 自助}}
      caller:  {title: 姓名, private: yes, optional: yes, public: 怎么称呼您}
      phone:   {title: 电话, kind: phone, private: yes, optional: yes, public: yes}
      content: {title: 意见内容, kind: note, public: 您的意见}
  look:
    title:  看意见
    who:    desk
    within: 1 workday
"""


def faults(text):
    with pytest.raises(Faulty) as found:
        read(text)
    return str(found.value)


def test_a_procedure_for_the_public_asks_the_public_something():
    assert "第 6 行：opened_by 写了 public，但「投意见」没有一个栏目写 public: yes" in faults(BOX.replace(", public: 怎么称呼您", "").replace(
        ", public: yes", "").replace(", public: 您的意见", ""))  # fmt: skip


@pytest.mark.parametrize("kind,title", [("staff", "员工"), ("department", "部门")])
def test_residents_do_not_choose_colleagues(kind, title):
    text = BOX.replace("channel: {title: 渠道, pick: {box: 意见箱, self: 自助}}", f"channel: {{title: 渠道, kind: {kind}, public: yes}}")
    assert f"「渠道」要选{title}，住户填不了，不能写 public" in faults(text)


def test_what_residents_read_is_short():
    assert "public 应写 yes、no，或给住户看的名称（30 字以内）" in faults(BOX.replace("您的意见", "意" * 31))


def test_no_means_no():
    asks = read(BOX.replace("public: yes", "public: no")).asks
    assert (asks["phone"].public, asks["content"].plain, asks["channel"].plain) == ("", "您的意见", "渠道")


def test_where_the_file_lets_one_stay_unnamed_one_may(world, lift, clock, who):
    adoption.adopt(SYSTEM, None, text=BOX, starts_at=clock.at, at=clock.at)
    stranger = Client()
    shown = stranger.get(f"/r/p/{lift.code}/opinion_box").content.decode()
    assert "姓名和电话可以不留" in shown
    sent = stranger.post(f"/r/p/{lift.code}/opinion_box", {"content": "电梯里太暗", "idempotency_key": str(uuid4())})
    assert sent.status_code == 302
    ticket = Ticket.objects.latest("id")
    state = store.load(ticket.pk).state
    assert state.answers == {"channel": "self", "content": "电梯里太暗"} and state.open_tasks[0].step == "look"
    assert Event.objects.filter(ticket=ticket).first().by_name == "住户（自助）"
    assert "电梯里太暗" in stranger.get(sent["Location"]).content.decode()
