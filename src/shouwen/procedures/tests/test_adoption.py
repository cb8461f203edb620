"""Adopting: what a file names must exist here, or somebody's ticket would stop in the middle of its way."""

import pytest

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Refused
from shouwen.procedures import adoption, editions
from shouwen.procedures.engine import read
from shouwen.procedures.models import Edition

from .conftest import MONDAY

FILE = """
procedure: lamp_check
title: 查灯
edition: 2026-11
opened_by: [staff]
people:
  desk: {title: 前台, on_duty: receptionist}
  engineers: {title: 工程部, member: engineering}
late: {0 minutes: {tell: [holder], open: problem}}
steps:
  ask:
    title: 报
    who: desk
    asks: {unit: {title: 房号, kind: unit}}
  look:
    title: 看
    who: engineers
    within: 1 hour
    does: {estate.set_state: {unit: "{unit}", state: vacant}}
    opens: repair
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("on_duty: receptionist", "on_duty: recepcionist", "没有岗位「recepcionist」"),
        ("[staff]", "[stuff]", "opened_by 里的「stuff」不是岗位"),
        ("member: engineering", "member: enginering", "没有部门「enginering」"),
        ("estate.set_state", "estate.set_stat", "没有名为「estate.set_stat」的联动"),
        ("state: vacant", "state: vacant, when: now", "联动「estate.set_state」不认识「when」，可用的有：unit、state"),
        (', state: vacant', "", "联动「estate.set_state」缺「state」"),
        ("opens: repair", "opens: repairs", "要开的子规程「repairs」还没有启用"),
        ("open: problem", "open: problems", "要开的子规程「problems」还没有启用"),
    ],
)
def test_what_is_not_there_is_named_before_the_edition_is_in_force(world, old, new, said):
    assert FILE.count(old) == 1
    with pytest.raises(Refused, match="还不能启用") as no:
        adoption.adopt(SYSTEM, None, text=FILE.replace(old, new), starts_at=MONDAY, at=MONDAY)
    assert said in no.value.message and not Edition.objects.filter(procedure="lamp_check").exists()


def test_what_is_there_is_adopted_and_a_trial_needs_neither_departments_nor_children(world):
    elsewhere = FILE.replace("member: engineering", "member: parking").replace("opens: repair", "opens: parking_fee")
    assert len(adoption.unknown_here(read(elsewhere))) == 2 and adoption.unknown_here(read(elsewhere), trial=True) == []
    assert adoption.adopt(SYSTEM, None, text=FILE, starts_at=MONDAY, at=MONDAY).title == "查灯"


def test_everything_that_the_library_names_is_there(world):
    lacking = {name: found for name, text in editions.library_files() if (found := adoption.unknown_here(read(text)))}
    assert lacking == {}
