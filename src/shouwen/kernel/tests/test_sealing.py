"""Whoever tampers with the journal is found, and honest work is never accused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, transaction

from shouwen.kernel import sealing
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Checkpoint, Entry, Seal

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.both


def write(count, at=NINE, **more):
    with bookkeeping("test"):
        return [Entry.objects.create(at=at, actor_name="李静", code="test.noted", subject="x:1", text=f"第 {n} 行", **more)
                for n in range(count)]


def tamper(*statements):
    """What somebody with the database in hand does: triggers off, then anything."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in ("kernel_entry", "kernel_seal", "kernel_checkpoint"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
        with bookkeeping("tampering"):
            for sql, values in statements:
                cursor.execute(sql, values)


@pytest.fixture
def chain(db, settings, tmp_path):
    """Thirty lines in three batches over an hour, a checkpoint after each."""
    settings.SHOUWEN = settings.SHOUWEN | {"CHECKPOINT_FILE": str(tmp_path / "out" / "checkpoints.jsonl")}
    sealing.forget()
    rows = []
    for batch in range(3):
        at = NINE + batch * 30 * MINUTE
        rows += write(10, at)
        assert sealing.seal(at) == 10
        sealing.checkpoint(at)
    return rows


def outside():
    return sealing.kept_in_file(sealing.checkpoint_file())


def test_an_honest_chain_verifies(chain):
    verdict = sealing.verify(outside())
    assert verdict.fault is None and verdict.size == 30 and verdict.unsealed == 0 and verdict.checkpoints == 6
    write(2, NINE + 61 * MINUTE)
    assert sealing.verify(outside()).unsealed == 2 and sealing.verify(outside()).fault is None
    assert sealing.seal(NINE + 61 * MINUTE) == 2 and sealing.seal(NINE + 61 * MINUTE) == 0
    assert sealing.verify().head == sealing.head()[1] != sealing.GENESIS


def test_triggers_refuse_honest_programs(chain):
    changes = ["UPDATE kernel_entry SET text = 'x'", "DELETE FROM kernel_entry", "UPDATE kernel_seal SET hash = 'x'", "DELETE FROM kernel_checkpoint"]
    more = ["TRUNCATE kernel_checkpoint"] if connection.vendor == "postgresql" else ["INSERT OR REPLACE INTO kernel_entry SELECT * FROM kernel_entry"]
    for sql in changes + more:
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("test"), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize("column,value", [
    ("text", "改过"), ("actor_name", "张伟"), ("at", "2026-11-20 01:00:00"), ("data", '{"a":1}'), ("code", "x.y"),
    ("subject", "x:2"), ("channel", "api"), ("actor_post", "经理"), ("community_id", 2), ("actor_id", 9),
])
def test_an_altered_line_is_named(chain, column, value):
    """Every column counts; changing `at` is back-dating, changing `community_id` is moving the line to another community."""
    tamper((f"UPDATE kernel_entry SET {column} = %s WHERE id = %s", [value, chain[12].pk]))
    fault = sealing.verify(outside()).fault
    assert (fault.kind, fault.line, fault.seq) == ("altered", chain[12].pk, 13) and f"第 {chain[12].pk} 行被改过" in fault.message


def test_a_deleted_line_is_named(chain):
    tamper(("DELETE FROM kernel_entry WHERE id = %s", [chain[12].pk]))
    fault = sealing.verify().fault
    assert (fault.kind, fault.line) == ("missing", chain[12].pk) and "被删除" in fault.message


def test_a_line_deleted_with_its_seal_is_named(chain):
    tamper(("DELETE FROM kernel_entry WHERE id = %s", [chain[12].pk]), ("DELETE FROM kernel_seal WHERE seq = 13", []))
    fault = sealing.verify().fault
    assert (fault.kind, fault.seq) == ("missing", 13)


def test_a_hole_closed_by_renumbering_is_found(chain):
    tamper(
        ("DELETE FROM kernel_entry WHERE id = %s", [chain[12].pk]),
        ("DELETE FROM kernel_seal WHERE seq = 13", []),
        *[("UPDATE kernel_seal SET seq = %s WHERE seq = %s", [seq - 1, seq]) for seq in range(14, 31)],
    )
    assert sealing.verify().fault.seq == 13


def test_two_swapped_lines_are_named(chain):
    a, b = chain[4].pk, chain[5].pk
    tamper(
        ("UPDATE kernel_entry SET id = -1 WHERE id = %s", [a]), ("UPDATE kernel_entry SET id = %s WHERE id = %s", [a, b]),
        ("UPDATE kernel_entry SET id = %s WHERE id = -1", [b]),
    )
    fault = sealing.verify().fault
    assert (fault.kind, fault.line) == ("reordered", a) and "调换" in fault.message


def test_two_swapped_seals_are_named(chain):
    a, b = chain[4].pk, chain[5].pk
    tamper(
        ("UPDATE kernel_seal SET line = -1 WHERE seq = 5", []), ("UPDATE kernel_seal SET line = %s WHERE seq = 6", [a]),
        ("UPDATE kernel_seal SET line = %s WHERE seq = 5", [b]),
    )
    assert sealing.verify().fault.kind == "reordered"


def test_two_swapped_numbers_of_the_chain_are_named(chain):
    tamper(
        ("UPDATE kernel_seal SET seq = -1 WHERE seq = 5", []), ("UPDATE kernel_seal SET seq = 5 WHERE seq = 6", []),
        ("UPDATE kernel_seal SET seq = 6 WHERE seq = -1", []),
    )
    fault = sealing.verify().fault
    assert (fault.kind, fault.seq, fault.line) == ("reordered", 5, chain[5].pk) and "调换" in fault.message


@pytest.mark.parametrize("pk", [0, -7])
def test_a_line_before_the_first_number_is_named(chain, pk):
    """No sequence gives such a number, and the sealer does not look there."""
    tamper(_insert(pk, "2026-11-23 01:00:00"))
    fault = sealing.verify(outside()).fault
    assert (fault.kind, fault.line) == ("inserted", pk) and f"第 {pk} 行" in fault.message


def _insert(pk, at):
    columns = "id, at, actor_name, actor_post, channel, code, subject, text, data"
    return (f"INSERT INTO kernel_entry ({columns}) VALUES (%s, %s, '张伟', '', '', 'x', 'x:1', '从未发生', '{{}}')", [pk, at])


def test_a_line_slipped_in_is_named_before_and_after_it_is_sealed(chain):
    tamper(("DELETE FROM kernel_seal", []), ("DELETE FROM kernel_checkpoint", []), ("DELETE FROM kernel_entry WHERE id = %s", [chain[3].pk]))
    sealing.forget()
    for batch in range(3):  # a chain with a hole in the numbers, as a rolled-back transaction leaves it
        at = NINE + batch * 30 * MINUTE
        with bookkeeping("test"):
            size, previous = sealing.head()
            for row in Entry.objects.filter(at=at).order_by("id").values_list(*sealing.JOURNAL.fields):
                size, previous = size + 1, sealing.link(previous, sealing.line_bytes("journal", row))
                Seal.objects.create(seq=size, book="journal", line=row[0], hash=previous, at=at)
    assert sealing.verify().fault is None
    tamper(_insert(chain[3].pk, "2026-11-23 01:00:00"))
    before = sealing.verify().fault
    assert (before.kind, before.line) == ("inserted", chain[3].pk)
    sealing.forget()
    assert sealing.seal(NINE + 120 * MINUTE) == 1
    after = sealing.verify().fault
    assert (after.kind, after.line) == ("inserted", chain[3].pk) and "后来插入" in after.message


def test_a_late_writer_is_sealed_and_not_accused(db, settings, tmp_path):
    settings.SHOUWEN = settings.SHOUWEN | {"CHECKPOINT_FILE": str(tmp_path / "checkpoints.jsonl")}
    sealing.forget()
    rows = write(12)
    late = rows[5].pk
    tamper(("DELETE FROM kernel_entry WHERE id = %s", [late]))  # not committed yet
    assert sealing.seal(NINE) == 11
    tamper(_insert(late, "2026-11-23 01:00:00"))  # commits four minutes later
    assert sealing.seal(NINE + 4 * MINUTE) == 1
    write(3, NINE + 60 * MINUTE)
    sealing.seal(NINE + 60 * MINUTE)
    assert sealing.verify().fault is None
    assert list(Seal.objects.order_by("seq").values_list("line", flat=True))[11] == late


def test_a_worker_that_stood_still_accuses_nobody(db):
    sealing.forget()
    rows = write(5)
    tamper(("DELETE FROM kernel_entry WHERE id = %s", [rows[2].pk]))
    sealing.seal(NINE)
    tamper(_insert(rows[2].pk, "2026-11-23 01:00:00"))  # committed a second later, but the worker was down for a day
    sealing.seal(NINE + timedelta(days=1))
    assert sealing.verify().fault is None


def test_a_cut_tail_is_found_by_the_checkpoint_outside(chain):
    tamper(
        ("DELETE FROM kernel_entry WHERE id >= %s", [chain[20].pk]), ("DELETE FROM kernel_seal WHERE seq > 20", []),
        ("DELETE FROM kernel_checkpoint WHERE size > 20", []),
    )
    assert sealing.verify().fault is None, "without the checkpoint outside nobody can know"
    fault = sealing.verify(outside()).fault
    assert fault.kind == "cut" and "30 行" in fault.message


def _rewrite():
    """Alter a line and compute every seal anew, as only somebody with the database and the program can."""
    tamper(("UPDATE kernel_entry SET text = '改过' WHERE text = '第 3 行'", []), ("DELETE FROM kernel_seal", []),
           ("DELETE FROM kernel_checkpoint", []))
    sealing.forget()
    sealing.seal(NINE + 61 * MINUTE)


def test_a_full_rewrite_is_found_by_the_checkpoint_outside(chain):
    _rewrite()
    assert sealing.verify().fault is None, "the new chain is whole in itself"
    fault = sealing.verify(outside()).fault
    assert fault.kind == "rewritten" and "重写" in fault.message


def test_a_full_rewrite_with_checkpoints_of_another_key_is_found(chain):
    trusted, kept = sealing.signing_key().public_key(), outside()
    _rewrite()
    forger = Ed25519PrivateKey.generate()
    size, top = sealing.head()
    at = NINE + 61 * MINUTE
    with bookkeeping("forged"):
        import base64

        Checkpoint.objects.create(at=at, size=size, head=top,
                                  signature=base64.b64encode(forger.sign(sealing._text(size, top, at))).decode())
    assert sealing.verify().fault.kind == "rewritten"
    assert sealing.verify(kept, trusted).fault.kind == "rewritten"


def test_a_checkpoint_whose_figures_were_changed_is_found(chain):
    path = sealing.checkpoint_file()
    lines = path.read_text().splitlines()
    row = json.loads(lines[0])
    path.write_text("\n".join([json.dumps(row | {"size": row["size"] - 1}), *lines[1:]]))
    assert "签名不符" in sealing.verify(outside()).fault.message
    path.write_text("{\n")
    with pytest.raises(ValueError, match="第 1 行"):
        outside()


def test_no_checkpoint_without_new_seals(chain):
    assert sealing.checkpoint(NINE + 62 * MINUTE) is None
    assert len(outside()) == Checkpoint.objects.count() == 3


def test_verification_in_many_batches_and_unusual_characters(db, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 7)
    sealing.forget()
    rows = write(40, data='{"a":"𠮷\\u0000","b":1.5}')
    while sealing.seal(NINE, 9):
        pass
    assert sealing.verify().fault is None and sealing.verify().size == 40
    tamper(("UPDATE kernel_entry SET text = 'x' WHERE id = %s", [rows[-1].pk]))
    assert sealing.verify().fault.line == rows[-1].pk


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain():
    import threading
    from concurrent.futures import ThreadPoolExecutor

    sealing.forget()
    write(200)
    barrier = threading.Barrier(4)

    def run(_):
        try:
            barrier.wait(10)
            done = 0
            for _ in range(30):
                done += sealing.seal(NINE, 10)
            return done
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(run, range(4)))
    sealing.seal(NINE)
    assert total <= 200 and Seal.objects.count() == 200 and sealing.verify().fault is None
