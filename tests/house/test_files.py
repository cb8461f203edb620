"""The rules of the house that can be read off the files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from shouwen import __version__

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "shouwen"
AREAS = ("kernel", "estate", "org", "notices", "papers", "duty", "procedures", "portal", "fees", "custody", "rounds", "premises", "config")

LONGEST = 600
LONG_WITH_REASON = {
    "src/shouwen/procedures/library/complaint.yaml": "one procedure that a manager reads from top to bottom; parts of it would hide the path",
}
"""Path → reason."""

FORBIDDEN_ROOMS = {"utils", "util", "helpers", "services", "managers", "signals", "constants", "serializers", "common", "misc"}
PYTHON = sorted(path for path in [*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("*.py")] if "migrations" not in path.parts)
TEXTS = [path for path in SOURCE.rglob("*") if path.suffix in (".html", ".css", ".js", ".yaml") and "vendor" not in path.parts]


def name(path):
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_six_hundred_lines():
    long = {name(path): len(path.read_text("utf-8").splitlines()) for path in [*PYTHON, *TEXTS] if "clauses" not in path.parts}
    assert {path: lines for path, lines in long.items() if lines > LONGEST and path not in LONG_WITH_REASON} == {}


def test_no_forbidden_rooms():
    assert [name(path) for path in SOURCE.rglob("*") if path.stem in FORBIDDEN_ROOMS and "vendor" not in path.parts] == []


@pytest.mark.parametrize("what,pattern", [
    ("signal handlers", r"^from django\.(db\.models|core)\.signals import .*(post_|pre_|m2m_)|@receiver\b"),
    ("ready() magic", r"^\s+def ready\(self\)( -> None)?:"),
    ("class-based views", r"^from django\.views(\.generic)? import .*View\b|\.as_view\("),
    ("marking markup as safe by hand", r"\bmark_safe\("),
    ("pickle", r"^(import|from) pickle\b"),
    ("eval or exec", r"(?<![\w.])(eval|exec)\("),
    ("yaml that builds objects", r"yaml\.(unsafe_load|full_load)\b|yaml\.(Unsafe|Full)?Loader\b"),
    ("a naive clock", r"datetime\.(utcnow|today)\(\)|datetime\.now\(\)"),
])
def test_what_is_not_done_here(what, pattern):
    found = [
        f"{name(path)}:{number}" for path in PYTHON if "tests" not in path.parts
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if re.search(pattern, line) and "# house:" not in line
    ]
    assert found == [], f"{what}: a reason may be given on the line after `# house:`"


def test_templates_call_nobody_elsewhere_and_hold_no_script():
    """The policy forbids inline script and style; a template that had them would be broken, and unsafe where it is not."""
    found = []
    for path in SOURCE.rglob("templates/**/*.html"):
        text = path.read_text("utf-8")
        for what in (r"<script(?![^>]*\bsrc=)", r"<style\b", r"\sstyle=", r"\son[a-z]+=", r"(src|href)=\"https?://", r"javascript:", r"\|safe\b"):
            found += [f"{name(path)}: {what}" for _ in re.findall(what, text)]
    assert found == []


def test_every_area_has_only_its_own_tables():
    for area in AREAS[:-1]:
        assert (SOURCE / area / "models.py").exists() or area == "config"
        initial = list((SOURCE / area / "migrations").glob("0001*.py"))
        assert len(initial) == 1, f"{area}: one initial migration until the first release"


def test_one_version():
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == __version__


def test_nothing_about_the_machine_it_was_made_on():
    words = re.compile(r"/(?:root|work)/|/home/[a-z]|[p]ypi\.org/simple|registry\.[n]pm|\bTODO\b|\bFIXME\b|\bXXX\b")
    paths = [*PYTHON, *TEXTS, *(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in ("run", "test", "Dockerfile", "compose.yaml"))]
    found = [name(path) for path in paths if path.exists() and path != Path(__file__).resolve() and words.search(path.read_text("utf-8"))]
    assert found == []
