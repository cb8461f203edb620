"""The clause ledger: every clause of the specification, which procedures carry it out, and what shows it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings

from . import editions
from .engine import read

FOLDER = Path(__file__).parent / "clauses"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: `enforceable` is software, assisted or informational; `limit` as the seed has it."""

    id: str
    procedure: str
    kind: str
    zh: str
    actor: str
    limit: str
    form: str
    enforceable: str

    @property
    def seed(self) -> str:
        return self.id[0]

    @property
    def section(self) -> str:
        return self.id.split(".")[0]


@cache
def catalog() -> dict[str, Clause]:
    """Every clause by its id, in the order of the seeds."""
    found: dict[str, Clause] = {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(FOLDER.glob("*.yaml")):
        for row in yaml.load(path.read_text("utf-8"), loader):
            values = {key: str(row.get(key) or "") for key in Clause.__dataclass_fields__}
            found[values["id"]] = Clause(**values)
    return found


def sentence(clause_id: str) -> str:
    """The clause in Chinese, for the reason behind a limit; "" if unknown (a whole section such as A7)."""
    clause = catalog().get(clause_id)
    return clause.zh if clause else ""


def carried_out() -> dict[str, set[str]]:
    """Clause id → procedures of the library whose text names it as a basis."""
    found: dict[str, set[str]] = defaultdict(set)
    for _name, text in editions.library_files():
        rules = read(text)
        ids = {b for s in rules.every_step.values() for b in (*s.basis, *s.within_basis)}
        ids |= {b for s in rules.every_step.values() for a in s.asks.values() for b in a.basis}
        ids |= set(rules.basis) | {b for p in rules.promises.values() for b in p.basis}
        for clause_id in ids:
            found[clause_id].add(rules.procedure)
    return found


RECORD = "shown.json"
"""File in the data folder: kind (`rehearsals`, `tests`) → clause id → what showed it when last run."""


def record(kind: str, shown: dict[str, list[str]]) -> None:
    """Keep what a run showed, replacing what the last run of this kind had."""
    path = Path(settings.DATA_DIR) / RECORD
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    kept[kind] = shown
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")


def shown() -> dict[str, list[str]]:
    """Clause id → the rehearsals and tests that showed it when they were last run here."""
    path = Path(settings.DATA_DIR) / RECORD
    found: dict[str, list[str]] = defaultdict(list)
    if path.exists():
        for by in json.loads(path.read_text("utf-8")).values():
            for clause_id, places in by.items():
                found[clause_id] += places
    return dict(found)


def missing(ids: Iterable[str]) -> list[str]:
    """Those of the clauses that software carries out or assists and that nothing has shown."""
    have = shown()
    return [i for i in ids if catalog()[i].enforceable != "informational" and i not in have]
