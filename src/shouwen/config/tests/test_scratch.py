"""`shouwen rehearse --scratch` runs the same words again on data that is thrown away, and sees none of the real data."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from shouwen.config import scratch


def test_the_copy_knows_nothing_of_the_real_database_and_is_gone_afterwards(monkeypatch, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "rehearsals").mkdir()
    (tmp_path / "rehearsals" / "ours.yaml").write_text("rehearsal: 自己的")
    monkeypatch.setenv("SHOUWEN_DATABASE_URL", "postgresql://real")
    monkeypatch.setenv("SHOUWEN_SECRET_KEY", "real")
    monkeypatch.setattr(sys, "argv", ["shouwen", "rehearse", "--scratch", "--lines", "--with", "draft.yaml"])
    seen = []

    def run(command, env, **kwargs):
        folder = Path(env["SHOUWEN_DATA_DIR"])
        seen.append((command[3:], folder, env.get("SHOUWEN_DATABASE_URL"), env.get("SHOUWEN_SECRET_KEY"), (folder / "rehearsals" / "ours.yaml").exists()))
        return SimpleNamespace(returncode=1 if "rehearse" in command else 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert scratch.rehearse() == 1, "the exit status of the play"
    assert [words for words, *_ in seen] == [["migrate"], ["rehearse", "--lines", "--with", "draft.yaml"]]
    for _, folder, database, secret, own in seen:
        assert folder != tmp_path and not folder.exists() and database is None and secret is None and own
