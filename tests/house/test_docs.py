"""The documents tell the truth, as far as that can be read off the program: commands, files, names, settings, keys, examples."""

from __future__ import annotations

import argparse
import ast
import re
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from shouwen.config import cli
from shouwen.config import wiring as wiring  # the parts of other areas
from shouwen.kernel.access import SYSTEM
from shouwen.procedures import adoption, parts, rehearsal, scripts
from shouwen.procedures.calendars import CHINA
from shouwen.procedures.effects import WHYS
from shouwen.procedures.engine import Faulty, reading, sections
from shouwen.procedures.engine import read as read_procedure
from shouwen.procedures.engine.procedure import KINDS
from shouwen.procedures.expectations import Expectations
from shouwen.procedures.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "shouwen"
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TEXT = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in DOCS}
ENGLISH, CHINESE = TEXT["docs/writing-procedures.md"], TEXT["docs/writing-procedures.zh.md"]
each_document = pytest.mark.parametrize("document", TEXT)


def fenced(text: str, *languages: str) -> list[str]:
    """The fenced blocks of these languages ("" = none), in order."""
    return [body for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S) if language in languages]


def test_the_documents_are_there():
    wanted = {
        "README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/tour.md", "docs/writing-procedures.md",
        "docs/writing-procedures.zh.md", "docs/security.md", "docs/operating.md", "docs/screens.md", "docs/glossary.md", "docs/cast.md",
    }
    assert wanted <= set(TEXT)
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")


# --- commands ----------------------------------------------------------------------------------------------------------------


def commands_in(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return {name: one for action in parser._actions if isinstance(action, argparse._SubParsersAction) for name, one in action.choices.items()}


def wrong_with(command: str) -> str:
    """What the command line does not know of `shouwen …` as a document writes it; "" if it knows all of it."""
    parser = cli._parser()
    words = re.sub(r"[\[\]`]", " ", command).split()
    while words and (inner := commands_in(parser)):
        word = words.pop(0)
        if word.startswith("-"):
            continue
        if word not in inner:
            return f"no command {word}"
        parser = inner[word]
    known = {option for action in parser._actions for option in action.option_strings}
    return "".join(f"no option {word}" for word in words if word.startswith("--") and word not in known)


@each_document
def test_every_command_exists(document):
    spoken = re.findall(r"`shouwen ([a-z][^`\n]*)`", TEXT[document])
    for block in fenced(TEXT[document], "", "sh"):
        spoken += [line.partition("#")[0] for line in re.findall(r"^shouwen ([a-z].*)$", block, re.M)]
    assert {command: fault for command in spoken if (fault := wrong_with(command))} == {}


def test_this_test_would_notice_a_command_that_is_not_there():
    assert wrong_with("procedures check FILE…") == wrong_with("procedures adopt FILE… [--community SLUG]") == wrong_with("doctor") == ""
    assert wrong_with("procedures invent") and wrong_with("sing") and wrong_with("rehearse --loud")


# --- files and names ---------------------------------------------------------------------------------------------------------


@each_document
def test_every_link_leads_somewhere(document):
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXT[document]):
        path, _, anchor = target.partition("#")
        if re.match(r"https?:", target):
            continue
        found = (ROOT / document).parent / path if path else ROOT / document
        if not found.exists() or anchor and anchor not in anchors(found.read_text("utf-8")):
            lost.append(target)
    assert lost == []


def anchors(text: str) -> set[str]:
    """How the headings of a page are linked to."""
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", text, re.M)}


PATH = re.compile(r"(?<![\w/.-])((?:[\w-]+/)+[\w.-]*\w/?|[\w-]+\.(?:py|md|toml|yaml))(?![\w/])")
NOT_PATHS = {
    "models.py", "actions.py", "queries.py", "forms.py", "pages.py", "api.py", "urls.py", "chores.py",  # the rooms of every area
    "complaint.yaml", "suggestion.yaml", "lost_property.yaml", "var/",
}


@pytest.mark.parametrize("document", [
    name for name in TEXT if name in ("README.md", "README.zh.md", "CONTRIBUTING.md", "docs/tour.md", "docs/security.md") or "decisions" in name
])  # fmt: skip
def test_every_file_named_exists(document):
    named = [m for quoted in re.findall(r"`([^`\n]+)`", TEXT[document]) for m in PATH.findall(quoted) if "://" not in quoted]
    named = [path for path in named if path not in NOT_PATHS and not path.startswith(("api/", "liyuan"))]
    assert [path for path in named if not ((ROOT / path).exists() or (SOURCE / path).exists())] == []
    assert named or "decisions" in document or document.startswith("README")


@pytest.mark.parametrize("document", ["README.md", "README.zh.md"])
def test_what_the_readme_has_people_type_is_there(document):
    typed = [line.partition("#")[0] for block in fenced(TEXT[document], "") for line in block.splitlines()]
    named = [word for line in typed for word in line.split() if "/" in word]
    assert {"./run", "./test"} <= set(named) and [word for word in named if not (ROOT / word).exists()] == []


@cache
def names_of(path: Path) -> set[str]:
    """What stands at the top of a module."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


@each_document
def test_every_name_stands_in_its_file(document):
    lost = [
        f"{path} {name}" for path, name in re.findall(r"`([\w/]+\.py) (\w+)`", TEXT[document])
        if not (SOURCE / path).exists() or name not in names_of(SOURCE / path)
    ]
    assert lost == []
    assert document != "docs/tour.md" or TEXT[document].count(".py ") > 50


def test_the_ladder_is_told_as_it_is_held():
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]["layers"]
    told = " < ".join(layer.replace("shouwen.", "").replace(" | ", ", ") for layer in reversed(layers))
    assert told in TEXT["CONTRIBUTING.md"]


def test_the_tour_quotes_the_code_as_it_is():
    code = re.sub(r"\s+", "", "".join(path.read_text("utf-8") for path in (SOURCE / "procedures").rglob("*.py")))
    quoted = fenced(TEXT["docs/tour.md"], "python")
    assert quoted and [block for block in quoted if re.sub(r"\s+", "", block) not in code] == []


# --- settings ----------------------------------------------------------------------------------------------------------------


def settings_read() -> set[str]:
    texts = {path: (ROOT / path).read_text("utf-8") for path in ("src/shouwen/config/settings.py", "src/shouwen/config/cli.py", "run")}
    found = {f"SHOUWEN_{name}" for name in re.findall(r'\benv\("([A-Z_]+)"', texts["src/shouwen/config/settings.py"])}
    return found | {name for text in texts.values() for name in re.findall(r"\bSHOUWEN_[A-Z_]+\b", text)}


@each_document
def test_every_setting_named_is_read(document):
    assert set(re.findall(r"\bSHOUWEN_[A-Z_]+\b", TEXT[document])) - settings_read() == set()


def test_the_table_of_settings_is_whole():
    table = TEXT["docs/operating.md"].split("## Settings")[1].split("\n## ")[0]
    told = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`(SHOUWEN_[A-Z_]+)`", line.split("|")[1])}
    assert told == settings_read() - {"SHOUWEN_DEMO"}, "SHOUWEN_DEMO is ./run's own"


# --- keys of procedures ------------------------------------------------------------------------------------------------------

SECTIONS = {
    "STEP": sections.STEP, "PERSON": sections.PERSON, "ASK": sections.ASK, "RUNG": sections.RUNG, "OPENING": sections.OPENING,
    "ROUTE": sections.ROUTE, "PROMISE": sections.PROMISE, "PAUSE": sections.PAUSE, "REOPEN": sections.REOPEN, "FILE": reading.FILE,
    "KINDS": KINDS,
}
HEADS = {
    "docs/writing-procedures.md": {
        "key/1": "FILE", "key/2": "STEP", "key of a pause": "PAUSE", "key of a promise": "PROMISE", "key of `reopen`": "REOPEN",
        "key of a role": "PERSON", "key of a rung": "RUNG", "key of `opens`": "OPENING", "key of `next`": "ROUTE",
        "key of an ask": "ASK", "kind": "KINDS",
    },
    "docs/writing-procedures.zh.md": {
        "键": "FILE", "步骤的键": "STEP", "挂起的键": "PAUSE", "承诺时限的键": "PROMISE", "重新打开的键": "REOPEN", "角色的键": "PERSON",
        "逾期一档的键": "RUNG", "另开工单的键": "OPENING", "分叉的键": "ROUTE", "栏目的键": "ASK", "种类": "KINDS",
    },
}  # fmt: skip
"""Document → head of a table's first column → what it must list; the n-th table of the same head is `head/n`."""


def tables(text: str) -> dict[str, list[str]]:
    """Head of the first column → its cells."""
    found: dict[str, list[str]] = {}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.fullmatch(r"\|(-+\|)+", line.replace(" ", "")) and number:
            head = lines[number - 1].split("|")[1].strip()
            head = f"{head}/{sum(known.split('/')[0] == head for known in found) + 1}" if head == "key" else head
            rows = lines[number + 1:]
            found[head] = [row.split("|")[1].strip() for row in rows[:next((n for n, row in enumerate(rows) if not row.startswith("|")), len(rows))]]
    return found


@pytest.mark.parametrize("document,head", [(name, head) for name, heads in HEADS.items() for head in heads])
def test_the_keys_are_those_the_reader_accepts(document, head):
    told = [key for cell in tables(TEXT[document])[head] for key in re.findall(r"`(\w+(?: \w+)*)`", cell)]
    told = [word for key in told for word in key.split()]
    assert sorted(told) == sorted(SECTIONS[HEADS[document][head]])


def test_no_section_of_the_reader_is_left_out():
    known = {name for name, value in vars(sections).items() if name.isupper() and isinstance(value, tuple) and value and isinstance(value[0], str)}
    assert known - {"KINDS", "LINKS"} <= set(SECTIONS)


def test_every_line_of_a_rehearsal_is_told():
    table = " ".join(cell for head, cells in tables(ENGLISH).items() if head == "line" for cell in cells)
    verbs = {name[1:] for name, value in vars(Stage).items() if name.startswith("_") and callable(value) and value.__code__.co_varnames[1:2] == ("actor",)}
    verbs -= {"seen"}
    assert verbs == set(re.findall(r"\bWHO (\w+) ", table))
    told = {word for cell in tables(ENGLISH)["key of `expect NAME`"] for word in re.findall(r"`(\w+)`", cell)}
    assert told == {name.removeprefix("_ticket_") for name in vars(Expectations) if name.startswith("_ticket_")}
    others = set(re.findall(r"`expect (?!NAME)(\w+)", table))
    assert others == {"told", "not", "book", "timeline", "printed", "form", "report", "scheduled", "opened"}


def test_every_line_of_other_areas_is_told():
    table = " ".join(cell for cell in tables(ENGLISH)["line of another area"])
    played = {name for part in parts.PARTS for name in parts.words(part)}
    assert {f"do_{verb}" for verb in re.findall(r"\bWHO (\w+) ", table)} | {f"expect_{word}" for word in re.findall(r"`expect (\w+)", table)} == played
    assert not {name.removeprefix("do_") for name in played} & {name.removeprefix("_") for name in vars(Stage)}


def test_the_reasons_for_telling_are_those_of_the_program():
    told = re.search(r"`why`: `([a-z ]+)`", ENGLISH)
    assert told and set(told[1].split()) == set(WHYS)


# --- examples ----------------------------------------------------------------------------------------------------------------


def blocks(text: str, start: str) -> list[str]:
    """The fenced examples in YAML that hold a line beginning so."""
    return [block for block in fenced(text, "yaml") if re.search(rf"^{start}", block, re.M)]


def test_the_examples_of_the_manual_are_read_and_the_wrong_one_is_refused_as_told():
    first, whole, wrong = blocks(CHINESE, "procedure:")
    assert len(read_procedure(first).steps) == 3 and len(read_procedure(whole).steps) == 7
    with pytest.raises(Faulty) as refused:
        read_procedure(wrong)
    assert [f"lost_property.yaml:{line}: {said}" for line, said in refused.value.faults] == re.findall(r"^lost_property\.yaml:\d+: .*$", CHINESE, re.M)


def test_the_rehearsals_of_the_manuals_pass(demo, tmp_path):
    start = datetime(2026, 11, 22, tzinfo=CHINA)
    adoption.adopt(SYSTEM, None, text=blocks(CHINESE, "procedure:")[1], starts_at=start, at=start)
    scenes = blocks(CHINESE, "rehearsal:") + blocks(ENGLISH, "rehearsal:")
    assert len(scenes) == 3
    held = 0
    for scene in scenes:
        path = tmp_path / "scene.yaml"
        path.write_text(scene, "utf-8")
        results = rehearsal.play(scripts.parse(path))
        assert [f"{one.line} {one.text}: {one.found}" for one in results if not one.ok] == []
        held += len(results) if scene in CHINESE else 0
    assert f"通过 {held} 条，不符 0 条" in CHINESE


def test_the_example_of_the_readme_is_part_of_a_procedure():
    for name in ("README.md", "README.zh.md"):
        (snippet,) = fenced(TEXT[name], "yaml")
        people = "people:\n  reception: {title: 前台, on_duty: receptionist}\n  supervisor: {title: 主管, post: cs-supervisor}\n"
        first = "steps:\n  register: {title: 登记, who: reception}\n"
        assert read_procedure(f"procedure: x\ntitle: 例\nedition: 2026-11\n{people}{first}{snippet}").steps["keep"].within


def test_both_readmes_say_the_same():
    one, other = TEXT["README.md"], TEXT["README.zh.md"]
    for what in (r"\]\(([^)]+)\)", r"^#+ ", r"^- "):
        mine, theirs = ([m for m in re.findall(what, text, re.M) if "README" not in m] for text in (one, other))
        assert mine == theirs, what


@each_document
def test_nothing_about_where_it_was_made(document):
    assert not re.search(r"(?<![\w.])/(root|work|home/\w+)/", TEXT[document])
