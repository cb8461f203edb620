"""Units and people: registered, moved in and out, changed with history, never across communities."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from shouwen.estate import actions, private, queries
from shouwen.estate.models import Occupancy, Person, PersonPrivate, SearchTerm, Unit
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry, PrivateFact
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.kernel.secrets import open_text

from .conftest import AT


def unit(code: str) -> Unit:
    return Unit.objects.get(code=code)


def person(name: str) -> Person:
    return Person.objects.get(name=name)


def last() -> Entry:
    return Entry.objects.latest("id")


@pytest.mark.shows("D2.79", "D7.07")
def test_a_change_keeps_the_old_value_the_editor_and_the_time(estate: SimpleNamespace) -> None:
    actions.change_phone(estate.steward, person("王秀英"), phone="139 1111 2222", at=AT)
    line = last()
    assert (line.actor_name, line.at, line.code) == ("孙晓燕", AT, "estate.phone_changed")
    assert "138****0001→139****2222" in line.text and "13800000001" not in line.text + line.data
    kept = open_text(PrivateFact.objects.get(entry=line).sealed)
    assert "13800000001" in kept and "139 1111 2222" in kept
    assert private.unseal(PersonPrivate.objects.get(person__name="王秀英").sealed)["phone"] == "139 1111 2222"  # raw, as typed
    actions.edit_person(estate.steward, person("王秀英"), name="王秀瑛", employer="某某公司", at=AT)
    assert "王秀英" in open_text(PrivateFact.objects.get(entry=last()).sealed)
    assert [line.code for line in queries.history(estate.desk, unit("3-1-1201"))] == ["estate.person_edited", "estate.phone_changed"]


def test_the_desk_may_look_but_not_change(estate: SimpleNamespace) -> None:
    with pytest.raises(Forbidden):
        actions.change_phone(estate.desk, person("王秀英"), phone="13911112222", at=AT)
    with pytest.raises(Forbidden):
        actions.move_in(estate.neighbour, unit("8-1-0602"), person=person("王邻居"), kind="owner", starts_on=date(2026, 1, 1), at=AT)


@pytest.mark.shows("D3.93", "D3.94", "D3.95")
def test_owners_tenants_and_their_predecessors_with_dates(estate: SimpleNamespace) -> None:
    home = unit("3-1-1202")
    assert [one.name for one in queries.profile(estate.desk, home).owners] == ["李国华"]
    assert [one.name for one in queries.profile(estate.desk, home).let_to] == ["刘洋"]
    owner = queries.people_of(estate.steward, home)[0]
    actions.move_out(estate.steward, owner, ends_on=date(2026, 11, 30), at=AT)
    buyer = actions.add_person(estate.steward, estate.liyuan, name="钱进", phone="13500000009", at=AT)
    actions.move_in(estate.steward, home, person=buyer, kind="owner", starts_on=date(2026, 12, 1), at=AT)
    profile = queries.profile(estate.desk, home)
    assert [one.name for one in profile.owners] == ["钱进"]
    assert [(one.person.name, one.ends_on) for one in profile.former] == [("李国华", date(2026, 11, 30))]


@pytest.mark.shows("D3.96")
def test_rent_is_kept_for_tenants_and_seen_by_those_who_keep_files(estate: SimpleNamespace) -> None:
    new = actions.add_person(estate.steward, estate.liyuan, name="租客", at=AT)
    with pytest.raises(Refused, match="租户"):
        actions.move_in(
            estate.steward, unit("8-1-0602"), person=new, kind="owner", starts_on=date(2026, 1, 1), rent=Decimal("1"), at=AT
        )
    actions.move_in(
        estate.steward, unit("8-1-0602"), person=new, kind="tenant", starts_on=date(2026, 1, 1), rent=Decimal("4200.50"), at=AT
    )
    assert queries.profile(estate.steward, unit("8-1-0602")).residents[0].rent == Decimal("4200.50")
    assert queries.profile(estate.steward, unit("8-1-0602")).shows_rent
    assert not queries.profile(estate.desk, unit("8-1-0602")).shows_rent


@pytest.mark.shows("D3.90")
def test_households_of_a_building_are_its_occupied_units(estate: SimpleNamespace) -> None:
    counted = {area.building.code: (area.units, area.households) for area in queries.areas(estate.desk, estate.liyuan.pk)}
    assert counted == {"3": (2, 2), "5": (1, 1), "8": (1, 0)}
    new = actions.add_person(estate.steward, estate.liyuan, name="新人", at=AT)
    occupancy = actions.move_in(estate.steward, unit("8-1-0602"), person=new, kind="owner", starts_on=date(2026, 1, 1), at=AT)
    assert unit("8-1-0602").state == "occupied"
    actions.move_out(estate.steward, occupancy, ends_on=date(2026, 2, 1), at=AT)
    assert unit("8-1-0602").state == "vacant"


@pytest.mark.shows("D3.91", "D3.92", "D3.97", "D3.98", "D7.08")
def test_a_file_says_what_it_lacks(estate: SimpleNamespace) -> None:
    home = unit("3-1-1201")
    relative = actions.add_person(estate.steward, estate.liyuan, name="张国强", at=AT)
    actions.move_in(estate.steward, home, person=relative, kind="family", starts_on=date(2026, 1, 1), at=AT)
    gaps = queries.profile(estate.desk, home).gaps
    assert gaps == ["建筑面积", "房屋结构", "质量状况", "户主特长", "户主爱好", "户主职业", "户主工作单位", "家庭成员与户主关系"]
    actions.edit_unit(estate.steward, home, area=Decimal("89.50"), structure="剪力墙", condition="外墙渗水", at=AT)
    details = {"speciality": "书法", "hobby": "下棋", "occupation": "教师", "employer": "某中学"}
    actions.edit_person(estate.steward, person("王秀英"), **details, at=AT)
    lodger = queries.people_of(estate.steward, home)[1]
    actions.move_out(estate.steward, lodger, ends_on=date(2026, 2, 1), at=AT)
    actions.move_in(estate.steward, home, person=relative, kind="family", starts_on=date(2026, 2, 2), relation="配偶", at=AT)
    assert queries.profile(estate.desk, home).gaps == []
    assert [(one.person.name, one.relation) for one in queries.people_of(estate.desk, home)][1] == ("张国强", "配偶")
    listed = [one.code for one in queries.incomplete_units(estate.desk, estate.liyuan.pk)]
    assert listed == ["3-1-1202", "5-2-0301", "8-1-0602"]


@pytest.mark.parametrize(
    "details",
    [
        {"name": ""}, {"name": "x" * 61}, {"name": "王\x00"}, {"name": "王\ud800"}, {"name": "王\u202e英"}, {"phone": "abc"}, {"phone": "12"},
        {"phone": "138000000011"}, {"phone": "13800000001,13800000002"}, {"phone": "1.38E+10"}, {"id_number": "110105194912310021"},
        {"id_number": "1" * 40}, {"care": "x" * 201},
    ],
)  # fmt: skip
def test_a_person_who_does_not_fit_is_refused_whole(estate: SimpleNamespace, details: dict[str, str]) -> None:
    before = Person.objects.count(), Entry.objects.count()
    with pytest.raises(Refused) as refused:
        actions.add_person(estate.steward, estate.liyuan, **({"name": "某人"} | details), at=AT)
    assert set(refused.value.fields) == set(details) and refused.value.message[0] > "\u2000"
    assert (Person.objects.count(), Entry.objects.count()) == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "1201"}, "code"), ({"code": "9-1-101"}, "code"), ({"code": "%"}, "code"), ({"code": "3-1-1201"}, "code"),
        ({"kind": "castle"}, "kind"), ({"state": "x"}, "state"), ({"area": Decimal("NaN")}, "area"), ({"area": Decimal("-1")}, "area"),
        ({"area": Decimal("1.005")}, "area"), ({"area": Decimal("1e400")}, "area"), ({"structure": "x" * 41}, "structure"),
    ],
)  # fmt: skip
def test_a_unit_that_does_not_fit_is_refused(estate: SimpleNamespace, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.add_unit(estate.steward, estate.liyuan, **({"code": "3-1-9901"} | values), at=AT)
    assert field in refused.value.fields


def test_nothing_is_tied_across_communities(estate: SimpleNamespace) -> None:
    stranger = person("王邻居")
    with pytest.raises(NotFound):
        actions.move_in(SYSTEM, unit("8-1-0602"), person=stranger, kind="owner", starts_on=date(2026, 1, 1), at=AT)
    with pytest.raises(NotFound):
        actions.add_vehicle(SYSTEM, estate.liyuan, plate="粤C12345", unit=unit("1-1-101"), at=AT)


def test_the_same_twice_is_a_conflict(estate: SimpleNamespace) -> None:
    home = unit("3-1-1201")
    with pytest.raises(Conflict):
        actions.move_in(estate.steward, home, person=person("王秀英"), kind="owner", starts_on=date(2026, 1, 1), at=AT)
    with pytest.raises(Conflict):
        actions.add_vehicle(estate.steward, estate.liyuan, plate="粤B·12345", at=AT)
    occupancy = queries.people_of(estate.steward, home)[0]
    actions.move_out(estate.steward, occupancy, ends_on=date(2026, 12, 1), at=AT)
    with pytest.raises(Conflict):
        actions.move_out(estate.steward, occupancy, ends_on=date(2026, 12, 1), at=AT)


def test_an_erased_person_leaves_no_trace(estate: SimpleNamespace) -> None:
    who = person("单阿婆")
    actions.change_phone(estate.steward, who, phone="13911112222", at=AT)
    with pytest.raises(Refused, match="迁出"):
        actions.erase_person(estate.steward, who, reason="本人书面要求删除", at=AT)
    occupancy = queries.people_of(estate.steward, unit("5-2-0301"))[0]
    actions.move_out(estate.steward, occupancy, ends_on=date(2026, 12, 1), at=AT)
    actions.erase_person(estate.steward, who, reason="本人书面要求删除", at=AT)
    husk = Person.objects.get(pk=who.pk)
    assert (husk.name, husk.phone_tail, husk.phone_masked, husk.care, husk.initials) == ("已注销", "", "", "", "")
    assert not PersonPrivate.objects.filter(person=who).exists() and not SearchTerm.objects.filter(person=who).exists()
    assert not PrivateFact.objects.filter(entry__subject=f"estate.person:{who.pk}").exists()
    assert not Entry.objects.filter(text__contains="单阿婆").exists() and queries.find(estate.desk, "单阿婆") == []
    assert Occupancy.objects.filter(person=who).exists()
    with pytest.raises(NotFound):
        queries.person(estate.desk, who.pk)
    with pytest.raises(Refused):
        actions.change_phone(estate.steward, husk, phone="13911112223", at=AT)
