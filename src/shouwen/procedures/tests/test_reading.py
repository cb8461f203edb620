"""What the page of a ticket reads by plain statements is what the models hold, and nothing that one may not see."""

from datetime import timedelta

import pytest

from shouwen.estate import queries as estate
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.notices import queries as notices
from shouwen.papers import queries as papers
from shouwen.procedures import actions, queries, store
from shouwen.procedures.models import Attachment, Event, Ticket
from shouwen.procedures.pages import reading

from .conftest import MONDAY

GIVEN = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001"}


@pytest.fixture
def row(world, who):
    """A complaint that was late, noted on, and asked about."""
    row = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", at=MONDAY, answers={**GIVEN, "content": "楼道灯三天没亮"})
    actions.pass_time(SYSTEM, row, at=MONDAY + timedelta(minutes=40))
    actions.note(who("li"), row, text="客户又来电话", at=MONDAY + timedelta(minutes=41))
    actions.ask_reveal(who("li"), row, field="caller", reason="回访客户进度", at=MONDAY + timedelta(minutes=42))
    return store.load(row.id)


def test_events_are_those_of_the_ticket_the_newest_first(row):
    stored = [(e.seq, e.at, e.by_name, e.kind, e.text, e.payload, e.received_at) for e in Event.objects.filter(ticket=row.id).order_by("-seq")]
    assert len(stored) > 2
    assert [tuple(one) for one in reading.events(row, 50)] == stored
    assert [tuple(one) for one in reading.events(row, 1, before=stored[0][0])] == stored[1:2]
    assert {one.kind for one in reading.events(row, 50, kinds=("noted",))} == {"noted"}


def test_the_head_of_the_page_is_the_ticket(row):
    head, stored = reading.head(row), Ticket.objects.get(pk=row.id)
    for name in ("pk", "number", "summary", "place", "unit_id", "confidential", "status", "filed_at", "closed_at", "first_asked"):
        assert getattr(head, name) == getattr(stored, name), name
    assert head.private
    with bookkeeping("a test"):
        stored.private.delete()
    assert not reading.head(row).private


def test_files_that_are_kept_are_listed_in_order(row):
    common = {"ticket_id": row.id, "community_id": row.community_id, "kind": "image/png", "size": 7, "digest": "0" * 64, "by_name": "李静"}
    with bookkeeping("a test"):
        for number in range(3):
            Attachment.objects.create(key=f"f-{number}", name=f"{number}.png", at=MONDAY, erased_at=MONDAY if number == 1 else None, **common)
    assert [tuple(one) for one in reading.files(row).values()] == [
        (a.key, a.name, a.kind, a.size, a.by_name, a.at, a.purpose, a.taken_at, a.spot) for a in Attachment.objects.exclude(key="f-1").order_by("id")
    ]


def test_who_was_told_is_what_the_inboxes_hold(row, who):
    steps = [f"ticket:{row.id}/{task.step}" for task in row.state.tasks]
    since, until = MONDAY, MONDAY + timedelta(hours=1)
    told = notices.told(who("li"), [f"ticket:{row.id}", *steps], row.community_id, since, until, 100)
    stored = notices.about(who("li"), f"ticket:{row.id}", row.community_id)
    assert told and [(n.key, n.why, n.about, n.party, n.user.name if n.user else "") for n in stored] == [tuple(one) for one in told]
    assert len(notices.told(who("li"), [f"ticket:{row.id}", *steps], row.community_id, since, since, 100)) < len(told)


def test_papers_and_requests_to_see_are_those_of_the_models(row, who):
    about = f"ticket:{row.id}"
    asked = estate.asked_about(who("li"), about, MONDAY + timedelta(hours=1))
    assert [tuple(one) for one in asked] == [("caller", "asked", "")]
    assert not estate.asked_about(who("mei"), about, MONDAY + timedelta(hours=1))
    assert not estate.asked_about(who("li"), about, MONDAY + timedelta(hours=9))
    stored = [(p.asked_at, p.asked_by, p.form, p.printed) for p in papers.about(who("li"), about)]
    assert [tuple(one) for one in papers.asked(who("li"), about, row.community_id, 50)] == stored


def test_a_linked_ticket_is_named_only_to_who_may_see_it(row, who, world):
    secret = actions.file_ticket(who("li"), world.liyuan, procedure="consultation", at=MONDAY, answers={
        "mode": "oral", "caller": "王秀英", "phone": "13800000001", "content": "咨询保密事", "confidential": "yes", "at_once": "no",
    })  # fmt: skip
    actions.link(who("li"), row, to=secret, kind="caused_by", at=MONDAY + timedelta(minutes=50))
    for name in ("li", "wang", "chen"):
        seen = queries.tickets(who(name)).filter(pk=secret.id).exists()
        assert [one.pk for _, one in reading.links(who(name), row)] == ([secret.id] if seen else []), name
    assert not reading.links(who("wang"), row), "the confidential one is not for everybody"
    assert [how for how, _ in reading.links(who("li"), row)] == ["起因"]
    assert [(how, one.pk) for how, one in reading.links(who("li"), secret)] == [("由此引起", row.id)]
