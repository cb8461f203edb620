"""The commands of this area, called by config/cli.py: check, adopt, diff, docs, rehearse, clauses."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused

from . import adoption, clauses, editions, manual, phrases, scripts, trials
from .engine import Faulty, read
from .engine.difference import difference
from .rehearsal import Result, play
from .retelling import retold
from .scripts import BadScript, files, parse


def check(paths: list[str]) -> int:
    """Read procedure files and print every mistake with its line; 1 if there was any."""
    bad = 0
    for path in _procedure_files(paths):
        try:
            rules = read(_text(path))
        except Faulty as faulty:
            bad += 1
            for line, text in faulty.faults:
                print(f"{path}:{line}: {text}" if line else f"{path}: {text}")
        else:
            print(f"{path}: {rules.title} {rules.edition}，{len(rules.every_step)} 步，没有问题")
    return 1 if bad else 0


def adopt(paths: list[str], community: str = "") -> int:
    """Adopt procedure files (all of the library when none is named), for one community or for all."""
    at = now()
    texts = [(str(p), _text(p)) for p in _procedure_files(paths)] if paths else list(editions.library_files())
    bad = 0
    if not paths:  # the words beside the steps go with the library
        phrases.load_standard(SYSTEM, None, at=at)
    for name, text in texts:
        try:
            edition = adoption.adopt(SYSTEM, adoption.community_named(community), text=text, starts_at=at, at=at)
            print(f"{name}: 已启用 {edition.title} {edition.edition}")
        except (Refused, Faulty) as no:
            bad += 1
            print(f"{name}: {no}")
    return 1 if bad else 0


def diff(old: str, new: str) -> int:
    """Print what changed between two procedure files, in Chinese sentences."""
    held = []
    for path in (old, new):
        try:
            held.append(read(_text(Path(path))))
        except Faulty as faulty:
            print(f"{path}: {faulty}")
            return 1
    lines = difference(*held)
    print("\n".join(lines) or "两个版本没有差别。")
    return 0


def docs(folder: str) -> int:
    """Write one Markdown page per procedure of the library."""
    count = manual.write(Path(folder))
    print(f"已写出 {count} 个规程的说明到 {folder}")
    return 0


def rehearse(
    paths: list[str], *, junit: str = "", as_json: bool = False, keep: bool = False, drafts: Sequence[str] = (), lines: bool = False
) -> int:
    """Play rehearsals, print one line per expectation and a summary; 1 on any failure.

    `drafts`: procedure files to hold instead of what is adopted. `lines`: one line of JSON as each script is done.
    """
    texts = [_text(Path(path)) for path in drafts]
    for text in texts:
        read(text)
    if texts and not paths:
        wanted = {path for text in texts for path in trials.scripts_for(read(text).procedure)}
        paths = [str(path) for path in scripts.every() if path in wanted]
    results: list[Result] = []
    shown: dict[str, list[str]] = defaultdict(list)
    broken = 0
    here = Path("rehearsals")  # away from the source: those that came along
    played = list(files([Path(p) for p in paths] or ([here] if here.is_dir() else scripts.every())))
    if not played:
        raise Refused(f"「{'、'.join(paths) or 'rehearsals'}」里没有剧本（.yaml 文件）。")
    for path in played:
        try:
            rehearsal = parse(path)
            found = play(rehearsal, keep=keep, drafts=texts)
        except BadScript as bad:
            broken += 1
            rehearsal, found = None, [Result(str(path), 0, False, str(bad))]
        else:
            if found and all(r.ok for r in found) and not texts:
                for clause_id in rehearsal.shows:
                    shown[clause_id].append(str(path))
        results += found
        if lines:
            print(json.dumps(retold(path, rehearsal, found, texts), ensure_ascii=False), flush=True)
        if not as_json and not lines:
            for result in found:
                tail = "" if result.ok else f"  ← {result.found}"
                print(f"{result.path}:{result.line} {'✓' if result.ok else '✗'} {result.text}{tail}")
    if not texts:
        clauses.record("rehearsals", shown)
    passed = sum(r.ok for r in results)
    if as_json:
        print(json.dumps([_plain(r) for r in results], ensure_ascii=False))
    if junit:
        _junit(Path(junit), results)
    if not as_json and not lines:
        print(f"通过 {passed} 条，不符 {len(results) - passed} 条")
    return 0 if passed == len(results) and not broken else 1


def ledger(clause_id: str = "", *, missing_only: bool = False) -> int:
    """Print the clause ledger, or one clause with what shows it."""
    every, shown, carried = clauses.catalog(), clauses.shown(), clauses.carried_out()
    if not shown:
        print("这里还没有演练或测试的结果：先运行 shouwen rehearse，或在源码目录运行 ./test。")
    if clause_id:
        if clause_id not in every:
            print(f"没有条款「{clause_id}」。")
            return 1
        one = every[clause_id]
        print(f"{one.id} {one.zh}")
        print(f"岗位 {one.actor}　时限 {one.limit or '无'}　单据 {one.form or '无'}　{one.enforceable}")
        print(f"规程 {'、'.join(sorted(carried.get(clause_id, ()))) or '无'}")
        print("证明 " + ("\n     ".join(shown.get(clause_id, ())) or "无"))
        return 0
    if not shown:
        print("本机还没有演练记录：先执行 shouwen rehearse（源码目录里执行 ./test）。")
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for clause in every.values():
        if clause.enforceable == "informational":
            continue
        for key in ((clause.seed, ""), (clause.seed, clause.procedure)):
            totals[key][0] += 1
            totals[key][1] += clause.id in shown
    if not missing_only:
        for (seed, procedure), (count, have) in sorted(totals.items()):
            print(f"{seed} {procedure or '合计':<24} {have:>4} / {count}")
    lacking = clauses.missing(every)
    print(f"已证明 {sum(n for (_s, p), (_c, n) in totals.items() if not p)} 条，尚缺 {len(lacking)} 条：")
    print(" ".join(lacking))
    return 0


def _procedure_files(paths: list[str]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths or [str(editions.LIBRARY)]):
        found += sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not found:
        raise Refused(f"「{'、'.join(paths)}」里没有规程文件（.yaml）。")
    return found


def _text(path: Path) -> str:
    """What a procedure file says. Raises Faulty if it is no text."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Faulty([(0, f"「{path.name}」不是 UTF-8 文字文件，请另存为 UTF-8 编码")]) from None


def _plain(result: Result) -> dict[str, Any]:
    return {"file": result.path, "line": result.line, "ok": result.ok, "text": result.text, "found": result.found}


def _junit(path: Path, results: list[Result]) -> None:
    suite = ElementTree.Element(
        "testsuite", name="rehearsals", tests=str(len(results)), failures=str(sum(not r.ok for r in results))
    )
    for result in results:
        case = ElementTree.SubElement(suite, "testcase", classname=result.path, name=f"{result.line} {result.text}")
        if not result.ok:
            ElementTree.SubElement(case, "failure", message=result.found)
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
