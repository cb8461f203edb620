"""Every action says in Chinese what was done, under a permission that managers know."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import shouwen
from shouwen.kernel.access import PERMISSIONS

SOURCE = Path(shouwen.__file__).parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def every_action():
    """Import every module that holds one, then read the registry. Actions of tests do not count."""
    for path in SOURCE.rglob("*.py"):
        if "tests" in path.parts or "migrations" in path.parts or "@action(" not in path.read_text("utf-8"):
            continue
        if path.name != "journal.py":
            import_module("shouwen." + ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"))
    from shouwen.kernel.journal import ACTIONS

    return {code: act for code, act in ACTIONS.items() if not code.startswith("test.")}


ACTIONS = every_action()


@pytest.mark.parametrize("code", ACTIONS)
def test_an_action(code):
    act = ACTIONS[code]
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", code), "a code is thing.done"
    assert CHINESE.search(act.says), "the sentence of the journal is Chinese"
    assert act.may in PERMISSIONS
    assert act.run.__doc__ or act.run.__name__, code


def test_there_are_actions_of_every_area():
    rooms = {act.run.__module__.split(".")[1] for act in ACTIONS.values()}
    assert {"kernel", "estate", "org", "notices", "papers", "duty", "procedures", "portal", "fees", "custody", "rounds", "premises"} <= rooms


def test_permissions_are_chinese_and_all_of_them_used():
    assert all(CHINESE.search(title) for title in PERMISSIONS.values())
    text = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.name != "access.py")
    assert [permission for permission in PERMISSIONS if f'"{permission}"' not in text] == []
