"""The page of the journal: who did what, found by person, deed, day and thing; what is private stays closed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

import shouwen.config.chores  # noqa: F401 - has the duty books sealed
from shouwen.duty import actions as duty
from shouwen.duty.models import LogLine
from shouwen.kernel import calendars, sealing
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import Done, action, bookkeeping, now
from shouwen.kernel.models import Entry, Seal
from shouwen.org.actions.accounts import log_in
from shouwen.org.middleware import COOKIE
from shouwen.org.tests import world as worlds

DAY = date(2026, 12, 1)


@action("test.told", may="settings.edit", says="记下 {what}，电话 {phone}")
def told(actor, place, /, *, what, phone, at=None):
    return Done(place, {"what": what}, private={"phone": phone})


@pytest.fixture
def world(town):
    return town


@pytest.fixture
def as_(world):
    def browser(username):
        client = Client()
        client.cookies[COOKIE] = log_in(world.people[username], agent="test", address="127.0.0.1", at=now())
        return client

    return browser


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[:300]
    return answer.content.decode()


def rows(said):
    """The text of the lines, without filters and heading."""
    return said.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in said else ""


def test_lines_are_found_by_person_deed_day_and_thing(world, as_):
    place, chen = world.places["liyuan"], world.actor("chen")
    calendars.set_day(chen, place, day=DAY, works=False, name="停电", at=now())
    calendars.set_day(SYSTEM, place, day=DAY + timedelta(1), works=False, name="停水", at=now())
    calendars.set_figure(SYSTEM, place, name="promptly", value=45, at=now())
    client = as_("chen")
    said = rows(page(client, f"/journal?actor_id={chen.id}"))
    assert "停电" in said and "停水" not in said
    said = rows(page(client, "/journal?code=settings.figure_set"))
    assert "45" in said and "停电" not in said
    thing = Entry.objects.get(text__contains="停水").subject
    said = rows(page(client, f"/journal?q={thing}"))
    assert "停水" in said and "停电" not in said
    today = now().astimezone(worlds.CHINA).date()
    assert "停电" in rows(page(client, f"/journal?at_from={today}&at_to={today}"))
    assert "停电" not in rows(page(client, f"/journal?at_to={today - timedelta(1)}"))


def test_only_lines_of_ones_own_communities_and_nothing_private(world, as_):
    here, there = world.places["liyuan"], world.places["yunxi"]
    told(SYSTEM, here, what="荔园的事", phone="13900000001", at=now())
    told(SYSTEM, there, what="云溪的事", phone="13900000002", at=now())
    said = page(as_("chen"), "/journal")
    assert "荔园的事" in said and "云溪的事" not in said and "（隐私）" in said
    boss = page(as_("guo"), "/journal")
    assert "荔园的事" in boss and "云溪的事" in boss and "1390000000" not in boss + said
    subject = Entry.objects.get(text__contains="云溪的事").subject
    assert "云溪的事" not in page(as_("chen"), f"/journal?q={subject}")
    assert as_("li").get("/journal").status_code == 404


def test_the_seals_and_the_last_checkpoint_are_shown(world, as_):
    client = as_("chen")
    assert "待封存" in page(client, "/journal") and "还没有签名检查点" in page(client, "/journal")
    sealing.forget()
    while sealing.seal(now()):
        pass
    made = sealing.checkpoint(now())
    assert made is not None
    said = page(client, "/journal")
    assert f"已封存 {made.size} 条" in said and made.head[:16] in said and "已全部封存" in said


def test_the_journal_costs_the_same_however_long_it_is(world, as_):
    client = as_("chen")

    def asked():
        client.get("/journal")
        with CaptureQueriesContext(connection) as caught:
            page(client, "/journal")
        return len(caught)

    few = asked()
    for number in range(60):
        told(SYSTEM, world.places["liyuan"], what=f"第 {number} 件", phone="", at=now())
    assert asked() == few <= 10


@pytest.mark.both
@pytest.mark.shows("D2.35")
def test_no_page_is_torn_out_of_a_duty_book(world):
    """Nobody may remove a line; whoever does so in the database leaves a hole in numbers that have none."""
    place, li, lin = world.places["liyuan"], world.actor("li"), world.actor("lin")
    lines = [duty.write(who, place, post=post, text=f"第 {n} 件事", at=now()) for n in range(3) for who, post in ((li, "receptionist"), (lin, "cs-supervisor"))]
    torn = lines[2]
    with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody tries"):
        torn.delete()
    sealing.forget()
    while sealing.seal(now()):
        pass
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == [*range(1, sealing.head()[0] + 1)]
    assert Seal.objects.filter(book="duty").count() == len(lines) and sealing.verify().fault is None
    connection.check_constraints()  # PostgreSQL alters no table with checks still to come
    with connection.cursor() as cursor, bookkeeping("somebody with the database in hand"):
        table = LogLine._meta.db_table
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(f"DELETE FROM {table} WHERE id = %s", [torn.pk])
    fault = sealing.verify().fault
    assert (fault.kind, fault.book, fault.line) == ("missing", "duty", torn.pk) and "值班日志" in fault.message
