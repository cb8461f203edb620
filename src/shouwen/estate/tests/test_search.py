"""The one search box: what is found, in which order, by whom."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.estate import actions, queries
from shouwen.estate.models import PersonPrivate, SearchTerm, Unit
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import NotFound, TooMany

from .conftest import AT

pytestmark = pytest.mark.both


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("3-1-1201", ["3-1-1201"]), ("3栋1单元1201", ["3-1-1201"]), ("３－１－１２０１", ["3-1-1201"]), ("3-1", ["3-1-1201", "3-1-1202"]),
        ("1201", ["3-1-1201"]), ("5-2-301", ["5-2-0301"]), ("301", ["5-2-0301"]), ("wx", ["王**"]), ("WXY", ["王**"]), ("sa", ["单**"]),
        ("da", ["单**"]), ("王", ["王**"]), ("单阿", ["单**"]),
        ("0005", ["单**"]), ("13800000005", ["单**"]), ("粤B", ["粤B12345", "粤BD12345"]),
        ("粤B·12345", ["粤B12345"]), ("b12345", ["粤B12345"]), ("12345", ["粤B12345"]), ("d12345", ["粤BD12345"]),
    ],
)  # fmt: skip
def test_everything_is_found_by_what_people_type(estate: SimpleNamespace, text: str, titles: list[str]) -> None:
    assert [found.title for found in queries.find(estate.desk, text)] == titles


@pytest.mark.parametrize(
    "text",
    ["", " ", "%", "_", "%%", "\\", "'", "\x00", "\ud800", "\u202e", "a" * 100_000, "1' OR '1'='1", "9999-12-31", "1380000", "000", "🙂"],
)
def test_hostile_text_finds_nothing_and_breaks_nothing(estate: SimpleNamespace, text: str) -> None:
    assert queries.find(estate.desk, text) == []


def test_the_exact_room_comes_before_rooms_that_begin_with_it(estate: SimpleNamespace) -> None:
    actions.add_unit(SYSTEM, estate.liyuan, code="3-1-120", at=AT)
    assert [found.title for found in queries.find(estate.desk, "3-1-120")] == ["3-1-120", "3-1-1201", "3-1-1202"]


def test_answers_are_masked_and_found_without_opening_private_values(estate: SimpleNamespace) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = queries.find(estate.desk, "王秀")
    assert [(one.title, one.detail) for one in found] == [("王**", "3-1-1201 业主 · 138****0001")]
    assert not any("sealed" in query["sql"] for query in asked)
    assert len(asked) <= 5


def test_only_communities_that_one_may_see(estate: SimpleNamespace) -> None:
    assert [found.community_id for found in queries.find(estate.desk, "王")] == [estate.liyuan.pk]
    assert [found.community_id for found in queries.find(estate.neighbour, "王")] == [estate.yunxi.pk]
    assert {found.community_id for found in queries.find(estate.head, "王")} == {estate.liyuan.pk, estate.yunxi.pk}
    assert queries.find(estate.neighbour, "13800000001") == queries.find(estate.cleaner, "王") == []
    with pytest.raises(NotFound):
        queries.find(estate.desk, "王", estate.yunxi.pk)
    with pytest.raises(NotFound):
        queries.find(estate.desk, "王", 10**30)


def test_very_many_communities_are_searched_the_same(estate: SimpleNamespace) -> None:
    many = SimpleNamespace(places=lambda permission: frozenset(range(estate.yunxi.pk, estate.yunxi.pk + 60)))
    assert [found.community_id for found in queries.find(many, "王")] == [estate.yunxi.pk]


def test_who_is_mostly_read_so_comes_before_who_is_read_so_by_few(estate: SimpleNamespace) -> None:
    actions.edit_person(estate.steward, queries.people(estate.steward).get(name="王秀英"), name="董阿强", at=AT)  # 单阿… is on file as da too
    assert [found.title for found in queries.find(estate.desk, "da")] == ["董**", "单**"]


def test_what_is_renamed_or_renumbered_is_found_anew(estate: SimpleNamespace) -> None:
    person = queries.people(estate.steward).get(name="王秀英")
    actions.edit_person(estate.steward, person, name="黄秀英", at=AT)
    actions.change_phone(estate.steward, person, phone="13911112222", at=AT)
    assert queries.find(estate.desk, "王秀") == [] == queries.find(estate.desk, "0001") == queries.find(estate.desk, "13800000001")
    assert [found.detail for found in queries.find(estate.desk, "2222")] == ["3-1-1201 业主 · 139****2222"]


def test_who_moved_out_is_found_as_such(estate: SimpleNamespace) -> None:
    occupancy = queries.people_of(estate.steward, queries.unit_by_code(estate.liyuan.pk, "5-2-0301"))[0]
    actions.move_out(estate.steward, occupancy, ends_on=date(2026, 12, 1), at=AT)
    assert [(found.detail, found.unit_id) for found in queries.find(estate.desk, "单阿婆")] == [("已迁出 · 138****0005", None)]


def test_a_unit_by_its_code(estate: SimpleNamespace) -> None:
    here = estate.liyuan.pk
    for text in ("3-1-1201", "3栋1单元1201", "３栋１单元１２０１", "3栋1201"):
        assert str(queries.unit_by_code(here, text)) == "3-1-1201"
    assert str(queries.unit_by_code(here, "5-2-301")) == "5-2-0301"
    for text in ("", "9-9-999", "1-1-101", "%", "\x00"):
        assert queries.unit_by_code(here, text) is None


@pytest.mark.parametrize("pk", ["x", None, 0, -1, 2**63, 10**40, "1; drop", 999_999])
def test_unknown_ids_are_not_found(estate: SimpleNamespace, pk: object) -> None:
    for read in (queries.unit, queries.person, queries.vehicle, queries.occupancy, queries.community, queries.reveal, queries.import_run):
        with pytest.raises(NotFound):
            read(estate.head, pk)


def test_foreign_ids_are_not_found(estate: SimpleNamespace) -> None:
    unit = Unit.objects.get(code="3-1-1201")
    person = PersonPrivate.objects.first().person
    for read, pk in ((queries.unit, unit.pk), (queries.person, person.pk), (queries.community, estate.liyuan.pk)):
        with pytest.raises(NotFound):
            read(estate.neighbour, pk)
    for listed in (queries.people_of, queries.history, queries.profile):
        with pytest.raises(NotFound):
            listed(estate.neighbour, unit)


def test_masked_digits_cannot_be_tried_out(estate: SimpleNamespace) -> None:
    for tail in range(20):
        queries.find(estate.desk, f"1380000{tail:04}")
    with pytest.raises(TooMany):
        queries.find(estate.desk, "13800009999")
    assert queries.find(estate.desk, "王") and queries.find(estate.supervisor, "13800000001")


def test_a_vehicle_that_left_is_found_no_more(estate: SimpleNamespace) -> None:
    car = queries.vehicles(estate.steward).get(plate="粤B12345")
    actions.remove_vehicle(estate.steward, car, at=AT)
    assert queries.find(estate.desk, "粤B12345") == [] and not SearchTerm.objects.filter(term="粤b12345").exists()
