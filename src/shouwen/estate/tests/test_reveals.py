"""Private values: masked until somebody else approves, shown once, written down with reason and approver."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from shouwen.estate import actions, queries
from shouwen.estate.models import Person, PersonPrivate, Reveal
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused, TooMany

from .conftest import AT

WHY = "漏水需联系业主"


def ask(who: Actor, field: str = "phone", reason: str = WHY, at: datetime = AT) -> Reveal:
    return actions.ask_reveal(who, Person.objects.get(name="王秀英"), field=field, reason=reason, at=at)


@pytest.mark.shows("D1.07")
def test_a_number_stays_hidden_until_the_supervisor_approves(estate: SimpleNamespace) -> None:
    told: list[int] = []
    actions.reveal_asked.append(lambda actor, reveal, at: told.append(reveal.pk))
    try:
        reveal = ask(estate.desk)
    finally:
        actions.reveal_asked.pop()
    assert told == [reveal.pk] and reveal.state == "asked"
    with pytest.raises(Conflict):
        actions.show_reveal(estate.desk, reveal, at=AT)
    for lower in (estate.desk, estate.steward, estate.neighbour):
        with pytest.raises(Forbidden):
            actions.decide_reveal(lower, reveal, approve=True, at=AT)
    actions.decide_reveal(estate.supervisor, reveal, approve=True, at=AT)
    assert actions.show_reveal(estate.desk, reveal, at=AT) == "13800000001"
    row = Reveal.objects.get()
    assert (row.state, row.reason, row.decided_by, row.shows_until) == ("shown", WHY, "林芳", AT + timedelta(seconds=30))
    lines = Entry.objects.filter(code="estate.revealed")
    assert [(line.actor_name, WHY in line.text, "林芳" in line.text) for line in lines] == [("李静", True, True)]


@pytest.mark.shows("D1.06")
def test_the_value_stands_nowhere_but_in_the_answer(estate: SimpleNamespace) -> None:
    reveal = ask(estate.supervisor, "id_number")
    assert actions.show_reveal(estate.supervisor, reveal, at=AT) == "11010519491231002X"
    for line in Entry.objects.all():
        for number in ("13800000001", "11010519491231002X"):
            assert number not in line.text + line.data
    assert all(b"13800000001" not in bytes(held.sealed) for held in PersonPrivate.objects.all())
    assert "13800000001" not in str(Reveal.objects.values()) + str(Person.objects.values())


def test_an_approval_is_for_one_look_by_who_asked(estate: SimpleNamespace) -> None:
    reveal = ask(estate.desk)
    actions.decide_reveal(estate.supervisor, reveal, approve=True, at=AT)
    for other in (estate.steward, estate.supervisor, estate.head, SYSTEM):
        with pytest.raises(NotFound):
            actions.show_reveal(other, reveal, at=AT)
    actions.show_reveal(estate.desk, reveal, at=AT)
    with pytest.raises(Conflict, match="已经用过"):
        actions.show_reveal(estate.desk, reveal, at=AT)
    assert Entry.objects.filter(code="estate.revealed").count() == Reveal.objects.count() == 1


def test_an_approval_lasts_a_shift(estate: SimpleNamespace) -> None:
    reveal = ask(estate.desk)
    actions.decide_reveal(estate.supervisor, reveal, approve=True, at=AT)
    with pytest.raises(Conflict, match="过期"):
        actions.show_reveal(estate.desk, reveal, at=AT + timedelta(hours=9))


def test_a_denied_request_stays_denied(estate: SimpleNamespace) -> None:
    reveal = ask(estate.desk)
    actions.decide_reveal(estate.supervisor, reveal, approve=False, at=AT)
    with pytest.raises(Conflict, match="没有获准"):
        actions.show_reveal(estate.desk, reveal, at=AT)
    with pytest.raises(Conflict):
        actions.decide_reveal(estate.supervisor, reveal, approve=True, at=AT)


def test_nobody_approves_their_own_request(estate: SimpleNamespace) -> None:
    reveal = ask(estate.desk)
    promoted = estate.supervisor.__class__(estate.desk.id, "李静", "主管", estate.supervisor.grants, estate.liyuan.pk)
    with pytest.raises(Forbidden, match="自己"):
        actions.decide_reveal(promoted, reveal, approve=True, at=AT)
    assert not queries.reveals_waiting(promoted) and queries.reveals_waiting(estate.supervisor)


@pytest.mark.parametrize("reason", ["", "  ", "看看", "x" * 201, "王\x00业主要联系", "打 138 0000 0001 联系", "\ud800\ud800\ud800\ud800"])
def test_a_reason_must_be_given_and_hold_no_number(estate: SimpleNamespace, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(estate.desk, reason=reason)
    assert "reason" in refused.value.fields and not Reveal.objects.exists()


@pytest.mark.shows("D2.80")
def test_who_has_no_business_there_gets_nothing(estate: SimpleNamespace) -> None:
    who = Person.objects.get(name="王秀英")
    for outsider in (estate.cleaner, estate.neighbour):
        with pytest.raises(Forbidden):
            ask(outsider)
        with pytest.raises(NotFound):
            queries.person(outsider, who.pk)
        assert "王秀英" not in [one.name for one in queries.people(outsider)]
        assert queries.find(outsider, "3-1-1201") == []
    assert not Reveal.objects.exists()


def test_the_rate_is_limited_and_the_same_is_not_asked_twice(estate: SimpleNamespace) -> None:
    ask(estate.desk)
    with pytest.raises(Conflict, match="正在等待"):
        ask(estate.desk)
    for minute in range(10):
        ask(estate.supervisor, at=AT + timedelta(seconds=minute))
    with pytest.raises(TooMany):
        ask(estate.supervisor, at=AT + timedelta(minutes=1))
    assert ask(estate.supervisor, at=AT + timedelta(minutes=11)).state == "open"
    with pytest.raises(Refused, match="没有登记"):
        actions.ask_reveal(estate.desk, Person.objects.get(name="李国华"), field="id_number", reason=WHY, at=AT)
    with pytest.raises(Refused):
        ask(estate.desk, field="sealed")
