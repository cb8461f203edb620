"""The demo world with the benchmark's own procedure, built into the database that the environment names.

Other benchmarks run it as a process of its own: `environment(url, folder)` and `build(url, folder)`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .bench import ROOT

PASSWORD = "liyuan-demo-2026"
ERRAND = Path(__file__).parent / "lifecycle/errand.yaml"


def environment(url: str, folder: Path) -> dict[str, str]:
    """What a process of ours needs: production settings, its own data folder."""
    return {
        "SHOUWEN_DATABASE_URL": url, "SHOUWEN_DATA_DIR": str(folder), "SHOUWEN_DEVELOPMENT": "",
        "DJANGO_SETTINGS_MODULE": "shouwen.config.settings", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
    }  # fmt: skip


def build(url: str, folder: Path) -> None:
    """Migrate and build the world, in a child process."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "benchmarks.world"], env=os.environ | environment(url, folder), cwd=ROOT, check=True)


def main() -> None:
    import django

    django.setup()
    from datetime import timedelta

    from django.core.management import call_command

    from shouwen.config import wiring as wiring
    from shouwen.config.demo import world
    from shouwen.kernel.access import SYSTEM
    from shouwen.kernel.journal import now
    from shouwen.procedures import adoption

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    at = now() - timedelta(days=1)
    world.build(at, PASSWORD, buildings=2)
    adoption.adopt(SYSTEM, None, text=ERRAND.read_text("utf-8"), starts_at=at, at=at)


if __name__ == "__main__":
    main()
