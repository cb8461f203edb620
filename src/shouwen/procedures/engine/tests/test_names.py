"""Names that a column could not hold are refused where they stand."""

import pytest

from shouwen.procedures.engine import read
from shouwen.procedures.engine.refusals import Faulty

LONG = "a" * 41
FILE = """procedure: short
title: 试
edition: 2026-11
people:
  desk: {title: 前台, post: receptionist}
steps:
  first:
    title: 第一步
    who: desk
    asks:
      what: {title: 何事}
"""


@pytest.mark.parametrize(("old", "line"), [("short", 1), ("desk", 5), ("first", 7), ("what", 11)])
def test_a_name_of_forty_one_letters_is_refused_with_its_line(old: str, line: int) -> None:
    read(FILE)
    read(FILE.replace(old, LONG[:40]))
    with pytest.raises(Faulty, match=rf"第 {line} 行.*40"):
        read(FILE.replace(old, LONG))


def test_a_title_of_sixty_one_letters_is_refused() -> None:
    with pytest.raises(Faulty, match=r"第 2 行.*60"):
        read(FILE.replace("title: 试\n", f"title: {'试' * 61}\n"))
