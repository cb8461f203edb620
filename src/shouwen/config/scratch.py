"""The same command once more in a process of its own, with an empty data folder that is thrown away afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings

_OURS = ("SHOUWEN_DATABASE_URL", "SHOUWEN_KEY_DIR", "SHOUWEN_MEDIA_DIR", "SHOUWEN_SECRET_KEY", "SHOUWEN_CHECKPOINT_FILE")
"""Settings that point at real data: the copy has none of them."""


def rehearse() -> int:
    """`shouwen rehearse --scratch …`: migrate an empty SQLite database, play there, forget it. The exit status of the play."""
    with tempfile.TemporaryDirectory(prefix="shouwen-scratch-") as folder:
        env = {name: value for name, value in os.environ.items() if name not in _OURS}
        env |= {"SHOUWEN_DATA_DIR": folder, "SHOUWEN_DEVELOPMENT": "1"}
        own = Path(settings.DATA_DIR) / "rehearsals"
        if own.is_dir():
            (Path(folder) / "rehearsals").symlink_to(own)
        again = [sys.executable, "-m", "shouwen"]
        made = subprocess.run([*again, "migrate"], env=env, stdout=subprocess.DEVNULL)
        if made.returncode:
            return made.returncode
        return subprocess.run([*again, *(word for word in sys.argv[1:] if word != "--scratch")], env=env).returncode
