"""The worker: wakes what is due, once, whatever happens to it."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from shouwen.kernel import calendars
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import CalendarYear, Entry
from shouwen.notices.models import Notice
from shouwen.procedures import actions, adoption, audit, chores, schedules, store
from shouwen.procedures.editions import LIBRARY
from shouwen.procedures.models import Clock, Event, ScheduleRun, Ticket
from shouwen.procedures.pages.explain import every_said

from .conftest import MONDAY

pytestmark = pytest.mark.both

COMPLAINT = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天未修"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ticket(world, who):
    """A complaint under way with a clock that runs."""
    row = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=MONDAY)
    assert row.state.wake is not None
    return row


def late_notices(row):
    return Notice.objects.filter(about__startswith=f"ticket:{row.id}", why="late")


def due_of(row):
    return min(c.due for c in row.state.clocks if not c.stopped)


def test_a_due_clock_wakes_and_the_people_are_told(ticket):
    after = due_of(ticket) + MINUTE
    assert chores.wake(after) == 1
    assert late_notices(ticket).exists()
    assert Entry.objects.filter(code="ticket.time_passed", actor_name="系统").count() == 1


def test_nothing_is_woken_before_its_time_nor_twice(ticket):
    wake = ticket.state.wake
    assert chores.wake(wake - timedelta(seconds=1)) == 0
    after = due_of(ticket) + MINUTE
    chores.wake(after)
    told, events = late_notices(ticket).count(), Event.objects.filter(ticket_id=ticket.id).count()
    assert chores.wake(after) == 0
    assert (late_notices(ticket).count(), Event.objects.filter(ticket_id=ticket.id).count()) == (told, events)


def test_a_lease_keeps_others_away_until_it_runs_out(ticket):
    after = due_of(ticket) + MINUTE
    assert chores.claim(after, 10) == [ticket.id]
    assert chores.claim(after, 10) == []  # another worker at the same moment
    assert chores.claim(after + chores.LEASE + timedelta(seconds=1), 10) == [ticket.id]  # the first one died


def test_a_worker_that_was_slower_writes_nothing(ticket):
    after = due_of(ticket) + MINUTE
    slow, quick = store.load(ticket.id), store.load(ticket.id)
    actions.pass_time(SYSTEM, quick, at=after)
    with pytest.raises(actions.Refused, match="刚刚被别人处理过"):
        actions.pass_time(SYSTEM, slow, at=after)


def test_a_poisoned_ticket_is_postponed_loudly_and_does_not_stop_the_others(ticket, world, who, monkeypatch):
    healthy = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=MONDAY)
    after = due_of(ticket) + MINUTE
    real = store.load

    def poisoned(pk):
        if pk == ticket.id:
            raise RuntimeError("poison")
        return real(pk)

    monkeypatch.setattr(store, "load", poisoned)
    chores.wake(after)
    assert late_notices(healthy).exists()
    clock = Clock.objects.filter(ticket_id=ticket.id, failures=1).first()
    assert clock is not None and clock.wake_at == after + chores.POSTPONE and "poison" in clock.error
    assert Entry.objects.filter(code="clock.postponed").exists()
    monkeypatch.undo()
    assert chores.wake(after) == 0
    assert chores.wake(after + chores.POSTPONE) >= 1
    assert late_notices(ticket).exists()


def test_a_database_that_is_busy_does_not_make_a_ticket_wait_a_quarter_of_an_hour(ticket, monkeypatch):
    after = due_of(ticket) + MINUTE
    with monkeypatch.context() as busy:
        busy.setattr(store, "load", lambda pk: (_ for _ in ()).throw(OperationalError("database is locked")))
        chores.wake(after)
    assert not Clock.objects.filter(failures__gt=0).exists() and not Entry.objects.filter(code="clock.postponed").exists()
    assert chores.wake(after) == 0, "it is leased still"
    assert chores.wake(after + chores.LEASE + timedelta(seconds=1)) == 1 and late_notices(ticket).exists()


def test_a_row_that_is_due_while_its_ticket_is_not_goes_back_to_sleep(ticket):
    with bookkeeping("test"):
        Clock.objects.filter(ticket_id=ticket.id).update(wake_at=MONDAY)
    events = Event.objects.filter(ticket_id=ticket.id).count()
    chores.wake(MONDAY + timedelta(seconds=1))
    assert Event.objects.filter(ticket_id=ticket.id).count() == events
    assert Clock.objects.filter(ticket_id=ticket.id, wake_at__gt=MONDAY).exists()


def test_the_nightly_audit_finds_a_missed_clock_and_a_state_that_does_not_follow(ticket, world):
    found = audit.examine(MONDAY)
    assert (found.missed, found.differing) == ((), ())
    late = due_of(ticket) + 2 * audit.GRACE
    assert audit.examine(late).missed == (ticket.number,)
    with bookkeeping("test"):
        Ticket.objects.filter(pk=ticket.id).update(state=ticket_state(ticket).replace("楼道灯三天未修", "楼道灯好好的"))
    assert audit.examine(MONDAY).differing == (ticket.number,)
    audit.audit(SYSTEM, None, at=MONDAY)
    assert Notice.objects.filter(title="时钟核对发现异常").exists()


def test_a_ticket_that_cannot_be_read_is_named_by_the_audit_and_hides_no_other(ticket, world, who):
    other = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=MONDAY)
    with bookkeeping("test"):
        Ticket.objects.filter(pk=other.id).update(state="{")
        Ticket.objects.filter(pk=ticket.id).update(state=ticket_state(ticket).replace("楼道灯三天未修", "楼道灯好好的"))
    audit.audit(SYSTEM, None, at=MONDAY)
    body = Notice.objects.filter(title="时钟核对发现异常").first().body
    assert ticket.number in body and other.number in body


def ticket_state(row):
    return Ticket.objects.values_list("state", flat=True).get(pk=row.id)


def test_a_recurring_procedure_opens_once_for_its_moment(world):
    moments = schedules.scheduled_between(MONDAY - timedelta(days=1), MONDAY, community_id=world.liyuan.pk)
    assert moments, "the library has a daily duty"
    at = moments[-1][0] + MINUTE
    opened = schedules.open_due(at)
    assert opened > 0
    assert schedules.open_due(at) == 0
    run = ScheduleRun.objects.first()
    assert run.ticket.status == "open" and run.ticket.first_asked == "系统"


def test_a_worker_that_was_away_catches_up_once_not_for_every_missed_day(world):
    daily = list(schedules.scheduled_between(MONDAY - timedelta(days=2), MONDAY, community_id=world.liyuan.pk))
    slug = max({m[2] for m in daily}, key=lambda s: sum(m[2] == s for m in daily))
    assert sum(m[2] == slug for m in daily) >= 2
    schedules.open_due(MONDAY)
    times = {m[3] for m in daily if m[2] == slug}  # once for each time of day that its file names
    assert Ticket.objects.filter(procedure=slug, community=world.liyuan).count() == len(times)


def test_an_edition_with_another_time_doubles_nothing_of_the_day_on_which_it_begins(world):
    text = (LIBRARY / "special_service_report.yaml").read_text("utf-8").replace("month on 28 at 09:00", "day at 08:30")
    later = text.replace("day at 08:30", "day at 08:00").replace("edition:   2026-11", "edition:   2026-12")
    opened = ScheduleRun.objects.filter(procedure="special_service_report", community_id=world.liyuan.pk)
    adoption.adopt(SYSTEM, world.liyuan, text=text, starts_at=MONDAY - timedelta(days=1), at=MONDAY)
    schedules.open_due(MONDAY)
    assert opened.count() == 1
    adoption.adopt(SYSTEM, world.liyuan, text=later, starts_at=MONDAY + MINUTE, at=MONDAY + MINUTE)
    schedules.open_due(MONDAY + timedelta(minutes=2))
    assert opened.count() == 1 and audit.examine(MONDAY + timedelta(minutes=30)).unopened == ()
    schedules.open_due(MONDAY + timedelta(days=1))
    assert [run.rule for run in opened.order_by("due_at")] == ["day at 08:30", "day at 08:00"]


def test_a_months_duty_outlives_ten_days_without_a_machine(world, monkeypatch):
    december = MONDAY.replace(month=12, day=10)
    monkeypatch.setattr(schedules, "_looked", False)
    schedules.open_due(december)
    monthly = ScheduleRun.objects.filter(procedure="special_service_report", community_id=world.liyuan.pk)
    assert not monthly.exists(), "nobody has done it here before"
    schedules.open_due(MONDAY.replace(month=12, day=28, hour=9))
    assert monthly.count() == 1
    back = MONDAY.replace(year=2027, month=2, day=6)  # away over January's
    schedules.open_due(back)
    assert monthly.count() == 1, "an ordinary look goes back three days"
    monkeypatch.setattr(schedules, "_looked", False)  # a worker that has just been started
    schedules.open_due(back)
    schedules.open_due(back)
    assert sorted(run.due_at.astimezone(MONDAY.tzinfo).strftime("%m-%d") for run in monthly) == ["01-28", "12-28"]


def test_the_nightly_audit_names_a_recurring_duty_that_nobody_opened(world):
    night = MONDAY.replace(hour=3)
    schedules.open_due(night)
    assert audit.examine(night).unopened == ()
    gone = ScheduleRun.objects.select_related("ticket").filter(due_at__gte=night - timedelta(days=1)).first()
    with bookkeeping("test"):
        ScheduleRun.objects.filter(procedure=gone.procedure, community_id=gone.community_id).delete()
    title = audit.procedure_of(gone.ticket.edition_id).title
    found = audit.examine(night).unopened
    assert found and all(one.startswith(title) for one in found)
    audit.audit(SYSTEM, None, at=night)
    assert title in Notice.objects.filter(title="时钟核对发现异常").first().body


def test_a_year_without_holidays_is_asked_for_once_a_week_before_it_begins(world):
    asked = Notice.objects.filter(title="请确认 2027 年节假日")
    audit.audit(SYSTEM, None, at=MONDAY.replace(month=10, day=26))
    assert not asked.exists()
    for days in (0, 1, 2):
        audit.audit(SYSTEM, None, at=MONDAY + timedelta(days=days))
    once = asked.count()
    assert once == asked.values('user_id').distinct().count() > 0
    audit.audit(SYSTEM, None, at=MONDAY + timedelta(days=7))
    assert asked.count() == 2 * once
    with bookkeeping("test"):
        CalendarYear.objects.create(year=2027, confirmed_by="张伟", confirmed_at=MONDAY)
    calendars.forget()
    audit.audit(SYSTEM, None, at=MONDAY + timedelta(days=14))
    assert asked.count() == 2 * once


def test_a_duty_of_every_shift_is_said_in_words():
    assert every_said("RRULE:FREQ=DAILY;BYHOUR=0,8,16;BYMINUTE=0;BYSECOND=0") == "每天 00:00、08:00、16:00"
    assert every_said("day at 08:30") == "每天 08:30"


LEAK = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "厨房", "content": "水龙头滴水", "fault": "plumbing", "class": "daily"}


def test_a_pause_ends_by_itself_at_its_time(world, who):
    """No limit runs while a ticket is paused, so its end is a clock of its own: it wakes, runs late, and is missed like any other."""
    row = actions.file_ticket(who("li"), world.liyuan, procedure="repair", answers=LEAK, at=MONDAY)
    left = due_of(row) - MONDAY
    until = MONDAY + timedelta(hours=26)
    actions.pause(who("li"), row, reason="owner_time", until=until, remark="", at=MONDAY)
    assert chores.wake(until - MINUTE) == 0 and store.load(row.id).state.status == "paused"
    assert audit.examine(until + 2 * audit.GRACE).missed == (row.number,)
    assert chores.wake(until) == 1
    state = store.load(row.id).state
    assert (state.status, due_of(store.load(row.id))) == ("open", until + left)
    assert Notice.objects.filter(about__startswith=f"ticket:{row.id}", why="resumed").exists()
    assert chores.wake(until + left) == 0 and not late_notices(row).exists()
    chores.wake(until + left + MINUTE)
    assert late_notices(row).exists()


def test_a_pause_that_was_ended_by_hand_wakes_nobody(world, who):
    row = actions.file_ticket(who("li"), world.liyuan, procedure="repair", answers=LEAK, at=MONDAY)
    for end in (actions.resume, lambda actor, row, at: actions.withdraw(actor, row, reason="自己修好了", at=at)):
        actions.pause(who("li"), store.load(row.id), reason="owner_time", until=MONDAY + timedelta(days=2), remark="", at=MONDAY)
        assert Clock.objects.filter(ticket_id=row.id, kind="pause", wake_at=MONDAY + timedelta(days=2)).count() == 1
        end(who("li"), store.load(row.id), at=MONDAY + MINUTE)
        assert not Clock.objects.filter(ticket_id=row.id, kind="pause", wake_at__isnull=False).exists()
