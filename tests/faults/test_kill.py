"""kill -9 of web, workers and database under load: no acknowledged write lost, none doubled, no clock missed or fired twice.

The oracle stands outside the system: each writer notes what it is about to send and what was acknowledged. The
verdict compares that with the database afterwards. Its control plants a loss and a double and must see both.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from benchmarks.bench import Connection

from .running import Site, site

KILLS = 32
WRITERS = 4
PAUSE = 0.15
"""Seconds between two tickets of a writer: load at every moment, and processors left for the tests beside this one."""


@dataclass
class Writer:
    """Files tickets, notes on them and finishes some, each request with a key of its own, repeated until answered."""

    site: Site
    headers: dict[str, str]
    name: str
    stop: threading.Event
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        serial = 0
        while not self.stop.wait(PAUSE):
            serial += 1
            content = f"{self.name}-{serial}"
            filed = self.post("/api/v1/procedures/tickets", {"procedure": "watched", "answers": {"content": content}}, ("file", content))
            if filed is None:
                continue
            ticket = filed["id"]
            self.post(f"/api/v1/procedures/tickets/{ticket}/notes", {"text": f"note {content}"}, ("note", f"note {content}"))
            if serial % 2:
                body = {"answers": {"result": f"done {content}"}}
                self.post(f"/api/v1/procedures/tickets/{ticket}/tasks/2/finish", body, ("finish", f"done {content}"))

    def post(self, path: str, body: dict, what: tuple[str, str]) -> dict | None:
        """Send until there is an answer; a lost answer is asked for again with the same key."""
        headers = self.headers | {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
        self.sent.append(what)
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                answer = Connection(self.site.port).request(b"POST", path, headers, json.dumps(body).encode())
            except (OSError, EOFError, ValueError, IndexError):
                time.sleep(0.1)
                continue
            if answer.status in (200, 201):
                self.acknowledged.append(what)
                return answer.json()
            if answer.status < 500:
                self.wrong.append(f"{path}: {answer.status} {answer.body[:200]!r}")
                return None
            time.sleep(0.1)  # the database is away for a moment: said clearly, tried again
        self.wrong.append(f"{path}: no answer within 90 s")
        return None


VERDICT = """
import json, sys
from collections import Counter
from datetime import timedelta
from django.db.models import Count, Max
from shouwen.duty import queries as duty
from shouwen.kernel.journal import now
from shouwen.kernel.models import Counter as Numbers, Entry
from shouwen.notices.models import Notice
from shouwen.procedures import store
from shouwen.procedures.calendars import calendar_for
from shouwen.procedures.editions import procedure_of
from shouwen.procedures.models import Clock, Event, Ticket
import msgspec

oracle = json.load(open({oracle!r}))
faults = []
tickets = Counter(Ticket.objects.values_list("summary", flat=True))
notes = Counter(msgspec.json.decode(p).get("text") for p in Event.objects.filter(kind="noted").values_list("payload", flat=True))
done = Counter(msgspec.json.decode(p)["answers"].get("result") for p in Event.objects.filter(kind="finished").values_list("payload", flat=True))
have = {{"file": tickets, "note": notes, "finish": done}}
for kind, text in oracle["acknowledged"]:
    if have[kind][text] == 0:
        faults.append(f"lost: {{kind}} {{text}}")
for kind, text in oracle["sent"]:
    if have[kind][text] > 1:
        faults.append(f"doubled: {{kind}} {{text}}")
for ticket in Ticket.objects.order_by("pk"):
    row = store.load(ticket.pk)
    seqs = list(Event.objects.filter(ticket=ticket).order_by("seq").values_list("seq", flat=True))
    if seqs != list(range(1, row.state.seq + 1)) or ticket.revision != row.state.seq:
        faults.append(f"events of {{ticket.number}}: {{seqs}}")
    calendar = calendar_for(row.community_id, duty.directory(row.community_id, row.people_version), now())
    if not store.follows(row, calendar, procedure_of(row.edition_id)):
        faults.append(f"{{ticket.number}} does not follow from its events")
    # late at the next full minute: exactly one late notice when the step was (or is) late, none otherwise
    clocks = [c for c in row.state.clocks if c.kind == "step"]
    for clock in clocks:
        late = Notice.objects.filter(about=f"ticket:{{ticket.pk}}/handle", why="late").values("key").distinct()
        rounds = {{key.rsplit(".", 1)[0] for key in late.values_list("key", flat=True)}}
        over = (clock.stopped or now()) >= clock.due.replace(second=0, microsecond=0) + timedelta(minutes=1)
        if len(rounds) != int(over):
            faults.append(f"clock of {{ticket.number}}: {{len(rounds)}} late notices, expected {{int(over)}}")
missed = Clock.objects.filter(wake_at__lt=now() - timedelta(seconds=30)).count()
if missed:
    faults.append(f"{{missed}} clocks were missed")
for numbers in Numbers.objects.filter(prefix="SK"):
    count = Ticket.objects.filter(number__startswith=f"SK-{{numbers.day:%Y%m%d}}").count()
    if count != numbers.last:
        faults.append(f"numbers: {{count}} tickets, last number {{numbers.last}}")
if Entry.objects.filter(code="ticket.noted").count() != Event.objects.filter(kind="noted").count():
    faults.append("journal and events differ")
print(json.dumps(faults, ensure_ascii=False))
"""


def verdict(made: Site, oracle: Path) -> list[str]:
    return json.loads(made.python(VERDICT.format(oracle=str(oracle))).splitlines()[-1])


def login(made: Site) -> dict[str, str]:
    key = made.python(
        "from shouwen.org import actions, queries\nfrom shouwen.kernel.journal import now\n"
        "print(actions.log_in(queries.user_by_username('li'), agent='test', address='127.0.0.1', at=now()))"
    ).strip()
    token = "a" * 32
    return {"Cookie": f"shouwen_session={key}; csrftoken={token}", "X-CSRFToken": token}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_or_doubled_when_processes_die(tmp_path, engine):
    with site(tmp_path, engine == "postgresql") as made:
        headers = login(made)
        stop = threading.Event()
        writers = [Writer(made, headers, f"w{n}", stop) for n in range(WRITERS)]
        threads = [threading.Thread(target=w.run) for w in writers]
        for thread in threads:
            thread.start()
        chance = random.Random(7)
        victims = ["worker-1", "web", "worker-2", *(["database"] if made.database else ["worker-1"])]
        for n in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.2))
            made.kill(victims[n % len(victims)])
            if victims[n % len(victims)] == "web":
                made.wait_for_web()
                time.sleep(chance.uniform(0.3, 1.5))  # long enough to be in the middle of something when it dies next
        made.wait_for_web()
        time.sleep(3)
        stop.set()
        for thread in threads:
            thread.join(timeout=120)
        settle(made)
        oracle = tmp_path / "oracle.json"
        acknowledged = [what for w in writers for what in w.acknowledged]
        oracle.write_text(json.dumps({"acknowledged": acknowledged, "sent": [what for w in writers for what in w.sent]}))
        print(f"{engine}: {KILLS} kills, {len(acknowledged)} acknowledged writes")
        assert [w.wrong for w in writers if w.wrong] == []
        assert len(acknowledged) > 50
        assert verdict(made, oracle) == []
        _control(made, oracle, headers, acknowledged)


def settle(made: Site) -> None:
    """Wait until every clock that was due has been woken: a full minute, and leases of the killed run out."""
    made.python("""
import time
from shouwen.procedures.models import Clock
until = time.monotonic() + 150
while time.monotonic() < until and Clock.objects.exclude(wake_at=None).exists():
    time.sleep(1)
""")


def _control(made: Site, oracle: Path, headers: dict[str, str], acknowledged: list[tuple[str, str]]) -> None:
    """The verdict must turn red: the same note sent twice without a key, and an acknowledged ticket's text changed."""
    ticket = made.python(
        "from shouwen.procedures.models import Ticket\nprint(Ticket.objects.filter(status='open').values_list('pk', flat=True).first())"
    ).strip()
    for _ in range(2):
        Connection(made.port).request(
            b"POST", f"/api/v1/procedures/tickets/{ticket}/notes", headers | {"Content-Type": "application/json"},
            json.dumps({"text": "planted twice"}).encode(),
        )  # fmt: skip
    known = json.loads(oracle.read_text())
    known["sent"].append(["note", "planted twice"])
    known["acknowledged"].append(["file", "never written"])
    oracle.write_text(json.dumps(known))
    assert set(verdict(made, oracle)) == {"doubled: note planted twice", "lost: file never written"}
