"""Papers are asked for once, printed with a count, and seen where one may see the tickets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound
from shouwen.papers import actions, queries

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LI = Actor(id=1, name="李静", grants={"tickets.view": frozenset({1}), "tickets.work": frozenset({1})})
MEI = Actor(id=2, name="梅兰", grants={"tickets.view": frozenset({2}), "tickets.work": frozenset({2})})


@pytest.fixture
def paper(db):
    with bookkeeping("test"):
        return actions.ask(community_id=1, form="业主投诉处理登记表", number="TS-20261123-001", about="ticket:1", by="李静", at=NINE)


def test_seen_in_its_community_only(paper):
    assert list(queries.papers(LI)) == [paper] and list(queries.about(LI, "ticket:1")) == [paper]
    assert not queries.papers(MEI).exists() and not queries.about(MEI, "ticket:1").exists()
    assert queries.paper(SYSTEM, paper.pk) == paper
    with pytest.raises(NotFound):
        queries.paper(MEI, paper.pk)


def test_every_printing_is_counted_with_its_digest(paper):
    actions.printed(LI, paper, content="第一版", at=NINE)
    first = paper.digest
    actions.printed(LI, paper, content="第二版", at=NINE)
    assert paper.printed == 2 and paper.digest != first
    assert Entry.objects.order_by("-id").first().text == "打印《业主投诉处理登记表》TS-20261123-001，第 2 次"


def test_two_who_print_at_once_are_told(paper):
    same = queries.paper(LI, paper.pk)
    actions.printed(LI, paper, content="x", at=NINE)
    with pytest.raises(Conflict, match="刚被别人打印"):
        actions.printed(LI, same, content="x", at=NINE)


def test_a_stranger_prints_nothing(paper):
    with pytest.raises(Forbidden):
        actions.printed(MEI, paper, content="x", at=NINE)
    assert queries.paper(LI, paper.pk).printed == 0
