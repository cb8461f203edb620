"""What is installed needs neither Node nor the source tree."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from shouwen.kernel import assets

hatchling = pytest.importorskip("hatchling.builders.wheel")

ROOT = Path(__file__).resolve().parents[2]


def test_a_wheel_made_from_a_clean_tree_brings_the_front_end_files(tmp_path):
    tree = tmp_path / "tree"
    away = shutil.ignore_patterns("vendor", "tests", "__pycache__")
    for name in ("src", "rehearsals"):
        shutil.copytree(ROOT / name, tree / name, ignore=away)
    for name in ("pyproject.toml", "hatch_build.py", "package.json", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree)
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
    wheel = next(hatchling.WheelBuilder(str(tree)).build(directory=str(tmp_path), versions=["standard"]))
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        htmx = packed.read("shouwen/kernel/static/vendor/htmx.min.js")
    assert {f"shouwen/kernel/static/vendor/{name}" for name in (*assets.FILES, "icons.svg", "LICENSES.txt")} <= names
    assert htmx == (assets.VENDOR / "htmx.min.js").read_bytes()
    assert {"shouwen/procedures/library/complaint.yaml", "shouwen/procedures/clauses/A.yaml"} <= names
    assert any(name.startswith("shouwen/rehearsals/complaint/") for name in names)
