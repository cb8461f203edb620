"""Clauses about what is written down: by whom, when, and that it stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import get_resolver

from shouwen.duty import actions as duty_actions
from shouwen.duty.models import Roster, Shift
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import ACTIONS, bookkeeping
from shouwen.kernel.refusals import Forbidden
from shouwen.org import actions as org_actions
from shouwen.org import queries as org
from shouwen.procedures import actions, store
from shouwen.procedures.calendars import CHINA
from shouwen.procedures.editions import procedure_of
from shouwen.procedures.models import Attachment, Event

from .conftest import MONDAY
from .test_clauses_registers import complain, page

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
CLASSIFIED = {"in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "difficult": "no", "departments": "engineering"}


def open_task(row, step):
    return next(t for t in store.load(row.id).state.open_tasks if t.step == step)


def classify(client, row, **extra):
    number = open_task(row, "classify").id
    return client.post(f"/tickets/{row.id}/tasks/{number}/finish", {f"t{number}-{k}": v for k, v in CLASSIFIED.items()} | extra)


# --- every entry is signed and dated -------------------------------------------------------------------------------


@pytest.mark.shows("B9.04")
def test_every_entry_names_who_made_it_and_without_a_name_there_is_no_entry(world, who, as_, clock):
    row = complain(who, world)
    before = Event.objects.filter(ticket_id=row.id).count()
    unsigned = classify(Client(), row)
    assert unsigned.status_code == 302 and "/login" in unsigned["Location"]
    with pytest.raises(Forbidden):
        actions.note(Actor(id=None, name=""), store.load(row.id), text="无名的一笔", at=MONDAY)
    assert Event.objects.filter(ticket_id=row.id).count() == before and open_task(row, "classify")
    assert classify(as_("li"), row).status_code == 302
    actions.note(who("wu"), store.load(row.id), text="已看现场", at=MONDAY)
    entries = list(Event.objects.filter(ticket_id=row.id).order_by("seq"))
    assert all(entry.by_name and entry.by_id for entry in entries)
    assert {entry.by_name for entry in entries} == {"李静", "吴刚"}
    sheet = page(as_("chen"), f"/tickets/{row.id}")
    noted = sheet[sheet.index("已看现场") - 400 : sheet.index("已看现场") + 400]
    assert "吴刚" in noted, "the name stands beside the entry"


@pytest.mark.shows("B9.05")
def test_the_date_of_an_entry_is_the_servers_and_cannot_be_altered(world, who, as_, clock):
    row = complain(who, world)
    clock.at = MONDAY + timedelta(minutes=7)
    sent = {"at": "2020-01-01T00:00", "done_at": "2020-01-01", "event_at": "2020-01-01T00:00"}
    assert classify(as_("li"), row, **sent).status_code == 302
    token = Client(headers={"authorization": f"Bearer {_token(who)}"})
    noted = token.post(f"/api/v1/procedures/tickets/{row.id}/notes", {"text": "接口记一笔", **sent}, content_type="application/json")
    assert noted.status_code == 200, noted.content.decode()
    entries = Event.objects.filter(ticket_id=row.id).order_by("seq")
    assert [e.at for e in entries[1:]] == [clock.at] * (len(entries) - 1) and len(entries) >= 2
    assert store.load(row.id).state.tasks[1].done == clock.at
    for change in ("UPDATE procedures_event SET at = '2020-01-01' WHERE ticket_id = %s", "DELETE FROM procedures_event WHERE ticket_id = %s"):
        with bookkeeping("a test tries to forge"), pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change, [row.id])
    assert [e.at for e in Event.objects.filter(ticket_id=row.id).order_by("seq")[1:]] == [clock.at] * (len(entries) - 1)


def _token(who):
    """A token of chen's, who makes none himself: as if kang had allowed it."""
    allowed = replace(who("chen"), grants={**who("chen").grants, "api.tokens": who("kang").grants["api.tokens"]})
    user = org.user_by_username("chen")
    return org_actions.create_token(allowed, None, user=user, name="试", scope=["tickets.view", "tickets.work"], days=1, at=MONDAY)[1]


# --- copy 2 stays ---------------------------------------------------------------------------------------------------


@pytest.mark.shows("A5.04")
def test_the_signed_second_copy_is_opened_from_the_appointment_and_nothing_deletes_it(world, who, as_, clock, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    given = {
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "装吊灯", "need": "engineering",
        "in_scope": "yes", "read_back": "confirmed",
    }  # fmt: skip
    row = actions.file_ticket(who("li"), world.liyuan, procedure="appointment", answers=given, at=MONDAY)
    steps = [
        ("li", "agree", {"visit_at": "2026-11-23 10:00", "place": "客厅", "repeated": "confirmed"}, 0),
        ("li", "notify", {"call_taker": str(who("wang").id), "can_meet": "yes"}, 0),
        ("wang", "arrange", {"arrangement": "派王强十点到"}, 0),
        ("li", "precall", {"change": "none"}, 55),
        ("wang", "serve", {"done_by": [str(who("wang").id)], "finished_at": "2026-11-23 10:40", "result": "吊灯装好"}, 100),
    ]  # fmt: skip
    for username, step, answers, minutes in steps:
        clock.at = MONDAY + timedelta(minutes=minutes)
        actions.finish(who(username), store.load(row.id), task=open_task(row, step).id, answers=answers, at=clock.at)
    wang, number = as_("wang"), open_task(row, "copy2").id
    kept = wang.post("/attachments", {"file": SimpleUploadedFile("派工单第二联.png", PNG, "image/png"), "ticket": row.id})
    key = kept.json()["key"]
    needs = procedure_of(store.load(row.id).edition_id).every_step["copy2"].needs
    sent = {f"t{number}-need-{n}": "on" if need.startswith("paper ") else key for n, need in enumerate(needs)}
    done = wang.post(f"/tickets/{row.id}/tasks/{number}/finish", sent)
    assert done.status_code == 302, done.content.decode()
    for username in ("li", "lin", "chen"):
        assert f"/attachments/{key}" in page(as_(username), f"/tickets/{row.id}")
        answer = as_(username).get(f"/attachments/{key}")
        assert answer.status_code == 200 and answer.content == PNG
    assert as_("mei").get(f"/attachments/{key}").status_code == 404
    for client in (as_("chen"), as_("kang"), wang):
        assert client.delete(f"/attachments/{key}").status_code in (404, 405)
        assert client.post(f"/attachments/{key}", {"delete": "yes"}).status_code in (404, 405)
    assert {code for code in ACTIONS if "attach" in code} == {"ticket.attached", "ticket.attachments_bound"}, "neither takes one away"
    addresses = [str(p.pattern) for each in get_resolver().url_patterns for p in getattr(each, "url_patterns", [each])]
    assert not [a for a in addresses if "attachments" in a and ("delete" in a or "remove" in a)]
    assert Attachment.objects.get(key=key).ticket_id == row.id and as_("li").get(f"/attachments/{key}").content == PNG


# --- the duty book --------------------------------------------------------------------------------------------------


@pytest.mark.shows("A5.14")
def test_the_duty_log_is_listed_by_date_and_shift_and_printed(world, who, as_, clock):
    day = MONDAY.date()
    happened = {"早班一": (0, 8, 0), "早班二": (0, 15, 59), "中班": (0, 16, 0), "夜班": (1, 0, 30), "前一天": (-1, 9, 0)}
    clock.at = MONDAY + timedelta(days=2)
    for text, (days, hour, minute) in happened.items():
        at = datetime.combine(day + timedelta(days=days), time(hour, minute), CHINA)
        duty_actions.write(who("li"), world.liyuan, post="receptionist", text=f"第{text}笔", event_at=at, at=clock.at)
    client = as_("li")

    def listed(query):
        html = page(client, f"/duty/?post=receptionist&{query}")
        return {text for text in happened if f"第{text}笔" in html}

    assert listed("day=2026-11-23") == {"早班一", "早班二", "中班"}
    assert listed("day=2026-11-23&shift=early") == {"早班一", "早班二"}
    assert listed("day=2026-11-23&shift=late") == {"中班"}
    assert listed("day=2026-11-24&shift=night") == {"夜班"}
    html = page(client, "/duty/?post=receptionist&day=2026-11-23&shift=early")
    head = html[html.index('class="print-only"') :][:200]
    assert "《服务中心值班记录表》荔园" in head and "2026-11-23 早班 08:00–16:00" in head
    assert 'class="filters' in html and 'class="card no-print"' in html, "on paper there is the sheet and nothing to press"


@pytest.mark.shows("C1.01")
def test_a_roster_that_leaves_the_hotline_alone_for_an_hour_is_flagged_before_it_holds(world, who, as_, clock):
    client = as_("chen")
    assert "服务热线（前台接待员）有空档" not in page(client, "/duty/roster/plan")
    line = Roster.objects.get(community=world.liyuan, user_id=who("xu").id, post="receptionist")
    address = f"/duty/roster/lines/{line.pk}/end"
    flagged = client.post(address, {"ends_on": "2026-11-24"})
    said = flagged.content.decode()
    assert flagged.status_code == 422 and "服务热线" in said and "11-25 00:00 至 11-25 08:00" in said
    line.refresh_from_db()
    assert line.ends_on is None, "nothing holds before somebody has seen it"
    guard = Roster.objects.filter(community=world.liyuan, post="guard").first()
    assert client.post(f"/duty/roster/lines/{guard.pk}/end", {"ends_on": "2026-11-24"}).status_code == 302, "only the hotline is meant"
    assert client.post(address, {"ends_on": "2026-11-24", "knowing": "on"}).status_code == 302
    html = page(client, "/duty/roster/plan")
    assert "有空档：11-25 00:00 至 11-25 08:00、11-26 00:00 至 11-26 08:00" in html
    night = Shift.objects.get(community=world.liyuan, slug="night")
    duty_actions.roster(who("chen"), world.liyuan, user=org.user_by_username("xu"), post="receptionist", shift=night,
                        starts_on=date(2026, 11, 25), at=clock.at)  # fmt: skip
    assert "有空档" not in page(client, "/duty/roster/plan")
