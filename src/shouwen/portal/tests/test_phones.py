"""A number that was mistyped, corrected, or has to be forgotten: whose it was before sees and hears no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from shouwen.kernel.access import SYSTEM
from shouwen.portal import chores
from shouwen.portal.models import TicketLink
from shouwen.procedures import actions, retention, store
from shouwen.procedures.models import PrivateAnswers

from .test_residents import WANG, leak, page, worked

WRONG, RIGHT = "13900001111", "13955550001"


def tell_of(sent, phone):
    return [text for to, text in sent() if to == phone and "验证码" not in text]


@pytest.fixture
def mistyped(lift, sent):
    where, ticket = leak(Client(), lift, phone=WRONG, caller="王秀英", unit="", place="电梯")
    (text,) = tell_of(sent, WRONG)
    assert where in text
    return where, ticket


@pytest.mark.parametrize("way", ["amended", "finished"])
def test_who_got_the_link_by_mistake_loses_it_when_the_number_is_corrected(way, mistyped, who, clock, sent, resident):
    where, ticket = mistyped
    stranger = resident(WRONG)
    assert ticket.number in page(stranger.get("/r/"))
    if way == "amended":
        actions.amend(who("li"), store.load(ticket.pk), answers={"phone": RIGHT}, reason="号码抄错", at=clock.at)
    else:
        worked(who, ticket, "report", "li", **store.load(ticket.pk).state.answers | {"phone": RIGHT, "unit": "3-1-1201", "class": "daily"})
    assert Client().get(where).status_code == 404
    stranger.cookies.pop("flash", None)
    assert ticket.number not in page(stranger.get("/r/")) and stranger.get(f"/r/mine/{ticket.pk}").status_code == 404
    (text,) = tell_of(sent, RIGHT)
    fresh = text.rpartition("：")[2]
    assert "已经收到" in text and ticket.number in page(Client().get("/r/t/" + fresh.rpartition("/")[2]))
    before = len(tell_of(sent, WRONG))
    actions.withdraw(SYSTEM, store.load(ticket.pk), reason="重复", at=clock.at)
    assert len(tell_of(sent, WRONG)) == before and "已撤销" in tell_of(sent, RIGHT)[-1]


def test_filed_by_the_desk_the_wrong_number_loses_the_link_too(world, who, clock, sent):
    row = actions.file_ticket(who("li"), world.liyuan, procedure="repair", at=clock.at, answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": WRONG, "place": "厨房", "content": "水龙头滴水",
        "fault": "plumbing", "class": "daily",
    })  # fmt: skip
    where = "/r/t/" + tell_of(sent, WRONG)[0].rpartition("/")[2]
    assert Client().get(where).status_code == 200
    actions.amend(who("li"), store.load(row.id), answers={"phone": WANG}, reason="号码抄错", at=clock.at)
    assert Client().get(where).status_code == 404 and len(tell_of(sent, WANG)) == 1


def test_another_number_of_the_same_home_keeps_the_link(resident, door, who, clock, sent):
    where, ticket = leak(resident(WANG), door)
    actions.amend(who("li"), store.load(ticket.pk), answers={"phone": RIGHT}, reason="联系她先生", at=clock.at)
    assert Client().get(where).status_code == 200
    actions.withdraw(SYSTEM, store.load(ticket.pk), reason="重复", at=clock.at)
    assert "已撤销" in tell_of(sent, RIGHT)[-1]


def test_what_is_corrected_besides_changes_no_link(mistyped, who, clock):
    where, ticket = mistyped
    actions.amend(who("li"), store.load(ticket.pk), answers={"caller": "王秀芳"}, reason="名字写错", at=clock.at)
    assert Client().get(where).status_code == 200 and TicketLink.objects.get().serial == 1


def test_a_number_erased_on_request_is_gone_from_the_link_too(mistyped, clock, sent):
    _, ticket = mistyped
    chores.tidy(clock.at)
    assert TicketLink.objects.get().phone_digest
    actions.erase_private(SYSTEM, store.load(ticket.pk), reason="本人书面要求删除", at=clock.at)
    chores.tidy(clock.at)
    link = TicketLink.objects.get()
    assert link.phone_digest == "" and bytes(link.phone_sealed) == b""
    before = len(tell_of(sent, WRONG))
    actions.withdraw(SYSTEM, store.load(ticket.pk), reason="重复", at=clock.at)
    assert len(tell_of(sent, WRONG)) == before


def test_when_private_answers_have_had_their_time_so_has_the_number(mistyped, clock, world):
    _, ticket = mistyped
    actions.withdraw(SYSTEM, store.load(ticket.pk), reason="重复", at=clock.at)
    clock.at += timedelta(days=400)
    chores.tidy(clock.at)
    assert TicketLink.objects.get().phone_digest, "as long as the ticket's own answers are kept"
    retention.erase(SYSTEM, world.liyuan.pk, periods=retention.Periods(private=365, files=0, loose=0), at=clock.at)
    assert not PrivateAnswers.objects.exists()
    chores.tidy(clock.at)
    assert TicketLink.objects.get().phone_digest == ""
