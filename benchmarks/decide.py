"""Events per second of the pure engine on one core, over a typical life of a complaint.

python benchmarks/decide.py [--seconds 3] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from shouwen.procedures.engine import TZ, Calendar, Event, Filed, Finished, Taken, Ticked, Ticket, decide, read

FILE = Path(__file__).parent.parent / "src/shouwen/procedures/engine/tests/complaint.yaml"
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=TZ)


def life() -> list[Event]:
    """Filed, graded, dispatched late to two departments, joined, told, called back, sent back once, archived."""

    def at(minutes: int) -> datetime:
        return NINE + timedelta(minutes=minutes)

    fixed = {"cause": "灯泡烧坏", "solved": "yes"}
    intake = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天未修"}
    return [
        Filed(at=NINE, by="7", answers=intake),
        Finished(at=at(3), by="7", task=2, answers={"class": "I"}),
        Ticked(at=at(15)),
        Ticked(at=at(21)),
        Taken(at=at(22), by="7", task=3),
        Finished(at=at(23), by="7", task=3, answers={"departments": ["engineering", "cleaning"]}),
        Taken(at=at(25), by="8", task=4),
        Finished(at=at(60), by="8", task=4, answers=fixed),
        Finished(at=at(70), by="9", task=5, answers=fixed),
        Finished(at=at(75), by="10", task=6),
        Finished(at=at(80), by="7", task=7, answers={"told_by": "phone"}),
        Finished(at=at(1000), by="11", task=8, answers={"opinion": "unhappy"}),
        Finished(at=at(1010), by="7", task=9, answers={"departments": ["engineering"]}),
        Finished(at=at(1060), by="8", task=10, answers=fixed),
        Finished(at=at(1070), by="7", task=11, answers={"told_by": "visit"}),
        Finished(at=at(2000), by="11", task=12, answers={"opinion": "pleased"}),
        Finished(at=at(2010), by="7", task=13),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    procedure, calendar, events = read(FILE.read_text("utf-8")), Calendar(), life()

    def once() -> Ticket:
        ticket = Ticket()
        for event in events:
            ticket, _ = decide(procedure, ticket, event, calendar)
        return ticket

    ticket = once()
    assert ticket.status == "closed", ticket
    if options.profile:
        with cProfile.Profile() as profile:
            for _ in range(500):
                once()
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    best, until = 0.0, time.perf_counter() + options.seconds
    while time.perf_counter() < until:
        start = time.process_time()
        for _ in range(100):
            once()
        best = max(best, 100 * len(events) / (time.process_time() - start))
    size = len(msgspec.json.encode(ticket))
    print(f"{best:,.0f} events/s ({len(events)} events a life, {size:,} bytes of state at its end)")  # noqa: T201


if __name__ == "__main__":
    main()
