"""What reading the settings leaves on the disk."""

from __future__ import annotations

import os
import stat
import subprocess
import sys


def read(**given):
    """A process of its own that reads the settings: (status, all that it said)."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SHOUWEN_")} | given
    done = subprocess.run([sys.executable, "-c", "import shouwen.config.settings"], env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_what_is_made_for_data_is_for_nobody_else(tmp_path):
    """The database has residents' names, the files their photographs."""
    tmp_path.chmod(0o755)
    code, said = read(SHOUWEN_DATA_DIR=str(tmp_path / "srv" / "var"))
    assert code == 0, said
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (tmp_path / "srv", tmp_path / "srv" / "var", tmp_path / "srv" / "var" / "keys")} == {0o700}
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755, "what was there stays as it is"
