"""A backup comes back whole, and a damaged one changes nothing. Run as people run it: the command line on its own data folder."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from django.conf import settings

from shouwen.config import backups

POSTGRES = "postgresql" in os.environ.get("SHOUWEN_DATABASE_URL", "")


def shouwen(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"SHOUWEN_DATA_DIR": str(home), "SHOUWEN_DEVELOPMENT": "1", "PYTHONPATH": str(settings.BASE_DIR.parent)} | more
    env.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run([sys.executable, "-m", "shouwen", *arguments], env=env, capture_output=True, text=True, timeout=300)


def ask(home: Path, code: str, **more: str) -> str:
    env = os.environ | {"SHOUWEN_DATA_DIR": str(home), "SHOUWEN_DEVELOPMENT": "1", "PYTHONPATH": str(settings.BASE_DIR.parent),
                        "DJANGO_SETTINGS_MODULE": "shouwen.config.settings"} | more
    done = subprocess.run([sys.executable, "-c", f"import django; django.setup()\n{code}"], env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


WORK = """
from shouwen.kernel import calendars, secrets
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry, PrivateFact
from shouwen.kernel.journal import Done, action
from django.conf import settings
from pathlib import Path
@action("test.private", may="system", says="记下隐私")
def private(actor, place, /):
    return Done("x:1", {}, {"phone": "13800000001"})
calendars.seed_calendar(SYSTEM, None)
private(SYSTEM, None)
folder = Path(settings.MEDIA_ROOT) / "ab"
folder.mkdir(parents=True)
(folder / "照片.jpg").write_bytes(b"picture" * 1000)
"""
STATE = """
from shouwen.kernel import secrets
from shouwen.kernel.models import CalendarDay, Entry, PrivateFact
from django.conf import settings
from pathlib import Path
photo = Path(settings.MEDIA_ROOT) / "ab" / "照片.jpg"
print(Entry.objects.count(), CalendarDay.objects.count(), secrets.open_text(PrivateFact.objects.get().sealed), len(photo.read_bytes()))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def database(home, lend):
    """Tables without rows; on PostgreSQL the settings that lead to them."""
    return lend(home)


@pytest.fixture(scope="module")
def house(home, database):
    """An installation with some work in it, and two backups of it: plain and with a passphrase."""
    ask(home, WORK, **database)
    for command in (["journal", "seal"], ["journal", "checkpoint"]):
        assert shouwen(home, *command, **database).returncode == 0
    plain = shouwen(home, "backup", str(home / "plain.tar"), **database)
    assert plain.returncode == 0 and "没有口令" in plain.stdout, plain.stdout + plain.stderr
    sealed = shouwen(home, "backup", str(home / "sealed.bak"), SHOUWEN_BACKUP_PASSPHRASE="长长的口令", **database)
    assert sealed.returncode == 0, sealed.stderr
    return home


def test_it_says_in_our_own_time_when_it_was_made():
    made = backups.Contents("1", "2026-11-22T16:30:00+00:00", "sqlite", (), {}, 0, "")
    assert "，2026-11-23 00:30，" in backups.in_words(made)


def test_the_archive_is_for_its_owner_only(house):
    assert (house / "plain.tar").stat().st_mode & 0o077 == 0
    assert b"picture" not in (house / "sealed.bak").read_bytes() and b"picture" in (house / "plain.tar").read_bytes()
    assert not list(house.glob(".backup-*"))


@pytest.mark.both
@pytest.mark.parametrize("name,phrase", [("plain.tar", ""), ("sealed.bak", "长长的口令")])
def test_it_comes_back_whole_in_another_place(house, database, tmp_path, name, phrase):
    before = ask(house, STATE, **database)
    more = database | {"SHOUWEN_BACKUP_PASSPHRASE": phrase}
    checked = shouwen(tmp_path, "restore", str(house / name), "--verify", **more)
    assert checked.returncode == 0 and "备份完好" in checked.stdout, checked.stdout + checked.stderr
    if POSTGRES:
        ask(house, "from shouwen.kernel.access import SYSTEM\nfrom shouwen.kernel import calendars\ncalendars.set_figure(SYSTEM, None, name='promptly', value=5)", **database)
    done = shouwen(tmp_path, "restore", str(house / name), *(["--replace"] if POSTGRES else []), **more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ask(tmp_path, STATE, **database) == before
    verified = shouwen(tmp_path, "journal", "verify", "--checkpoint", str(house / "checkpoints.jsonl"), **database)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.both
def test_what_is_there_is_replaced_only_on_demand_and_kept_aside(house, database, tmp_path):
    if POSTGRES:
        pytest.skip("one scratch database: the test above replaces it")
    assert shouwen(tmp_path, "restore", str(house / "plain.tar")).returncode == 0
    again = shouwen(tmp_path, "restore", str(house / "plain.tar"))
    assert again.returncode == 1 and "--replace" in again.stderr
    assert shouwen(tmp_path, "restore", str(house / "plain.tar"), "--replace").returncode == 0
    assert any((aside / "shouwen.sqlite3").exists() for aside in tmp_path.glob("before-restore-*"))


def _retar(source: Path, target: Path, change):
    """The archive again, with one member changed, dropped or added."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = old.extractfile(member).read()
            for name, data, kind in change(member.name, content):
                info = tarfile.TarInfo(name)
                info.size, info.type = len(data), kind
                if kind == tarfile.SYMTYPE:
                    info.size, info.linkname = 0, "/etc/passwd"
                new.addfile(info, io.BytesIO(data))


def _manifest(content, **more):
    return json.dumps(json.loads(content) | more).encode()


FILE = tarfile.REGTYPE
TAMPERED = {
    "a file dropped": lambda n, c: [] if n.startswith("files/") else [(n, c, FILE)],
    "the database dropped": lambda n, c: [] if n.startswith("database") else [(n, c, FILE)],
    "a key changed": lambda n, c: [(n, b"x" * len(c), FILE)] if n.endswith("checkpoint.key") else [(n, c, FILE)],
    "a file added": lambda n, c: [(n, c, FILE)] + ([("files/more", b"x", FILE)] if n == "manifest.json" else []),
    "a member twice": lambda n, c: [(n, c, FILE)] * (2 if n.startswith("files/") else 1),
    "a way out": lambda n, c: [(n, c, FILE)] + ([("../../evil", b"x", FILE)] if n == "manifest.json" else []),
    "a link": lambda n, c: [(n, c, FILE)] + ([("files/link", b"", tarfile.SYMTYPE)] if n == "manifest.json" else []),
    "another engine": lambda n, c: [(n, _manifest(c, engine="oracle"), FILE)] if n == "manifest.json" else [(n, c, FILE)],
    "a newer release": lambda n, c: [(n, _manifest(c, migrations=["kernel.9999_future"]), FILE)] if n == "manifest.json" else [(n, c, FILE)],
    "another format": lambda n, c: [(n, _manifest(c, format=2), FILE)] if n == "manifest.json" else [(n, c, FILE)],
    "no manifest": lambda n, c: [] if n == "manifest.json" else [(n, c, FILE)],
}


@pytest.fixture
def refused(house, database, monkeypatch, settings, tmp_path):
    """Verify an archive in this process (fifty processes would take too long) and return the message."""
    from shouwen.config.backups import Damaged, opened

    settings.DATA_DIR = tmp_path

    def verify(path, phrase=""):
        with pytest.raises(Damaged) as damaged, opened(path, phrase):
            pass
        assert "没有改动任何数据" in str(damaged.value) or "口令" in str(damaged.value) or "pg_restore" in str(damaged.value)
        assert not list(tmp_path.glob(".restore-*"))
        return str(damaged.value)

    return verify


@pytest.mark.parametrize("name", TAMPERED)
def test_a_tampered_archive_is_refused(db, house, refused, tmp_path, name):
    _retar(house / "plain.tar", tmp_path / "bad.tar", TAMPERED[name])
    refused(tmp_path / "bad.tar")


def test_fifty_damaged_archives_are_refused(db, house, refused, tmp_path):
    """Cut and flipped at random places, plain and sealed. A flip in the padding of a tar changes nothing and is not counted."""
    chance = random.Random(20261123)
    for number in range(50):
        sealed = number % 2 == 1
        content = bytearray((house / ("sealed.bak" if sealed else "plain.tar")).read_bytes())
        if number % 4 < 2:
            content = content[: chance.randrange(1, max(2, len(content) - 10_240))]
        else:
            with tarfile.open(house / "plain.tar") as tar:
                member = chance.choice([m for m in tar if m.size])
            place = chance.randrange(40, len(content)) if sealed else member.offset_data + chance.randrange(member.size)
            content[place] ^= 1 << chance.randrange(8)
        path = tmp_path / f"bad{number}"
        path.write_bytes(content)
        refused(path, "长长的口令" if sealed else "")


def test_a_wrong_passphrase_and_a_missing_one(db, house, refused, tmp_path):
    assert "口令" in refused(house / "sealed.bak", "不对")
    assert "口令" in refused(house / "sealed.bak", "")
    (tmp_path / "empty").write_bytes(b"")
    refused(tmp_path / "empty")
