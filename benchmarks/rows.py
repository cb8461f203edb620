"""Very many tickets by set-based SQL: copies of a few real ones, with their tasks, clocks, events and number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .bench import ROOT, Cluster
from .world import environment

TEMPLATES = """
import django; django.setup()
from datetime import timedelta
from shouwen.estate import queries as estate
from shouwen.kernel.journal import now
from shouwen.org import queries as org
from shouwen.procedures import actions
li = org.actor_for(org.user_id_of("li"))
community = estate.community_by_slug("liyuan")
answers = {"channel": "phone", "unit": "1-1-0101", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天未修"}
def file(minutes):
    return actions.file_ticket(li, community, procedure="errand", answers=answers, at=now() - timedelta(minutes=minutes))
due, waiting, closed = file(25), file(2), file(90)
for step in ("dispatch", "handle", "close"):
    task = next(t for t in closed.state.open_tasks)
    given = {"dispatch": {"department": "engineering"}, "handle": {"result": "好了"}, "close": {"opinion": "pleased"}}[step]
    who = li if step != "handle" else org.actor_for(org.user_id_of("wu"))
    actions.finish(who, closed, task=task.id, answers=given, at=now() - timedelta(minutes=80))
print(due.id, waiting.id, closed.id)
"""


def templates(url: str, folder: Path) -> tuple[int, int, int]:
    """File three real tickets: one with a limit just passed, one waiting, one closed; their ids."""
    done = subprocess.run(
        [sys.executable, "-c", TEMPLATES], env=os.environ | environment(url, folder), cwd=ROOT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    due, waiting, closed = done.stdout.split()
    return int(due), int(waiting), int(closed)


COLUMNS = {
    "procedures_task": "number, community_id, step, title, branch, role, pool, department, holder_id, holder_name, opened_at,"
    " taken_at, due_at, done_at, done_by, priority",
    "procedures_clock": "number, community_id, name, kind, task, rule, start_at, due_at, wake_at, rung, stopped_at, verdict,"
    " failures, error",
    "procedures_event": "seq, at, by_id, by_name, kind, text, payload",
}


def copies(database: Cluster, name: str, ticket: int, count: int, mark: str) -> None:
    """`count` copies of one ticket; numbers carry `mark` so that they are unique."""
    database.sql(name, f"""
        SET session_replication_role = replica;
        CREATE TEMP TABLE made AS
          SELECT nextval('procedures_ticket_id_seq') AS id, n FROM generate_series(1, {count}) n;
        INSERT INTO procedures_ticket (id, number, community_id, edition_id, procedure, unit_id, place, summary, grade, status,
            first_asked_id, first_asked, tracker_id, confidential, filed_at, due_at, closed_at, revision, state)
          SELECT m.id, '{mark}-' || m.n, community_id, edition_id, procedure, unit_id, place, summary, grade, status,
            first_asked_id, first_asked, tracker_id, confidential, filed_at, due_at, closed_at, revision, state
          FROM made m, procedures_ticket t WHERE t.id = {ticket};
    """ + "".join(
        f"INSERT INTO {table} (ticket_id, {columns}) SELECT m.id, {columns} FROM made m, {table} t WHERE t.ticket_id = {ticket};"
        for table, columns in COLUMNS.items()
    ))  # fmt: skip


def settled(database: Cluster, name: str) -> None:
    """Statistics and visibility as after a night's vacuum."""
    database.run("psql", "-q", "-d", name, "-c", "VACUUM ANALYZE")
