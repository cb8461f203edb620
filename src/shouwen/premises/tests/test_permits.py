"""Parking permits: issued by number, to a unit and its vehicle; changed, withdrawn and lost with the date; found in the register."""

import io
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from openpyxl import load_workbook

from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.premises import actions, queries
from shouwen.premises.models import Permit, PermitEvent

from .conftest import EARLY, hours
from .test_visits import CARED, HOME

TODAY, UNTIL = date(2026, 11, 23), date(2027, 11, 22)
CAR, OTHER = "粤B67890", "粤BD67890"


@pytest.fixture
def issued(who, unit):
    """issued(plate, code): li at the desk issues a permit for a year."""

    def issue(plate=CAR, code=HOME, at=EARLY, **more):
        return actions.issue_permit(who("li"), unit(code), **({"plate": plate, "starts_on": TODAY, "ends_on": UNTIL} | more), at=at)

    return issue


@pytest.mark.shows("D2.81")
def test_a_permit_goes_to_a_unit_and_a_vehicle_with_number_and_dates(world, who, unit, issued):
    first, second = issued("粤b·67890"), issued(OTHER, CARED)
    assert [one.number for one in (first, second)] == ["TC-0001", "TC-0002"]
    kept = Permit.objects.get(pk=first.pk)
    assert (kept.unit.code, kept.plate, kept.starts_on, kept.ends_on, kept.issued_by, kept.issued_at) == (HOME, CAR, TODAY, UNTIL, "李静", EARLY)
    assert "TC-0002" in Entry.objects.filter(code="permit.issued").latest("id").text
    for wrong, words in (
        ({"plate": "不是车牌"}, "车牌看不懂"), ({"plate": "粤B11111", "ends_on": TODAY - timedelta(1)}, "不能早于"), ({"plate": CAR}, "已有停车证 TC-0001"),
        ({"plate": "粤B11111", "starts_on": date(2020, 1, 1), "ends_on": date(2020, 2, 1)}, "已经过去"), ({"plate": "粤B11111", "ends_on": date(2206, 1, 1)}, "最长十年"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            issued(**wrong)
    with pytest.raises(Forbidden):
        actions.issue_permit(who("wang"), unit(HOME), plate="粤B11111", starts_on=TODAY, ends_on=UNTIL, at=EARLY)
    assert issued("粤B11111").number == "TC-0003"  # what was refused took no number


def test_a_car_of_another_household_gets_no_permit_here(world, who, unit, issued):
    from shouwen.estate import actions as estate

    estate.add_vehicle(who("sun"), world.liyuan, plate=CAR, unit=unit(CARED), at=EARLY)
    with pytest.raises(Refused, match=CARED):
        issued(CAR, HOME)
    assert issued(CAR, CARED).unit.code == CARED


@pytest.mark.shows("D2.82")
def test_every_change_of_a_permit_is_dated_and_stays(world, who, issued):
    row, li = issued(), who("li")
    with pytest.raises(Refused, match="没有改动"):
        actions.change_permit(li, row, plate=CAR, ends_on=UNTIL, reason="换车", at=hours(1))
    actions.change_permit(li, row, plate=OTHER, ends_on=date(2027, 12, 31), reason="换车", at=hours(1))
    actions.end_permit(who("sun"), row, how="lost", reason="钱包丢了", at=hours(2))
    with pytest.raises(Conflict, match="已挂失"):
        actions.change_permit(li, row, plate=CAR, ends_on=UNTIL, reason="找到了", at=hours(3))
    again = issued(OTHER, at=hours(3))
    told = list(PermitEvent.objects.filter(permit=row).order_by("id").values_list("kind", "at", "by_name"))
    assert told == [("issued", EARLY, "李静"), ("changed", hours(1), "李静"), ("lost", hours(2), "孙晓燕")]
    assert f"{CAR} → {OTHER}" in PermitEvent.objects.get(kind="changed").words and "2027-11-22 → 2027-12-31" in PermitEvent.objects.get(kind="changed").words
    with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody tries"):
        PermitEvent.objects.filter(kind="changed").update(words="没有换")
    listed = {one.number: one.current for one in queries.permits(li, TODAY)}
    assert listed == {row.number: False, again.number: True}


@pytest.mark.shows("D2.82")
def test_the_register_tells_current_from_past_permits(world, as_, issued, who, clock):
    gone, short, kept = issued("粤B00001"), issued("粤B00002", ends_on=TODAY), issued("粤B00003")
    actions.end_permit(who("li"), gone, how="withdrawn", reason="搬走", at=hours(1))
    clock.at = hours(24)
    li = as_("li")

    def listed(**given):
        text = li.get("/premises/permits", given).content.decode()
        return {one.number for one in (gone, short, kept) if f">{one.number}<" in text}

    assert listed() == {gone.number, short.number, kept.number}
    assert listed(current="True") == {kept.number} and listed(current="False") == {gone.number, short.number}
    assert listed(state="withdrawn") == {gone.number} and listed(q="B00003") == {kept.number}
    assert "已到期" in li.get(f"/premises/permits/{short.pk}").content.decode()
    book = io.BytesIO(b"".join(li.get("/premises/permits", {"format": "xlsx", "current": "True"}).streaming_content))
    rows = [[str(cell) for cell in row] for row in load_workbook(book).active.values]
    assert [row[0] for row in rows if row[0].startswith("TC-")] == [kept.number] and any(UNTIL.isoformat() in " ".join(row) for row in rows)
    renewed = issued("粤B00002", at=hours(24), starts_on=TODAY + timedelta(1))
    assert Permit.objects.get(pk=short.pk).state == "renewed" and renewed.number in short.events.latest("id").words


def test_permits_are_worked_on_their_pages_by_those_who_may(world, as_, issued, clock, django_assert_max_num_queries):
    clock.at = hours(1)
    li, new = as_("li"), "/premises/permits/new"
    given = {"room": "3栋1单元1201", "plate": CAR, "starts_on": "2026-11-23", "ends_on": "2027-11-22"}
    lost = li.post(new, given | {"room": "99-9-9", "idempotency_key": "a"})
    assert lost.status_code == 422 and "没有房号" in lost.content.decode() and f'value="{CAR}"' in lost.content.decode()
    page = li.post(new, given | {"idempotency_key": "b"})["Location"]
    assert page == f"/premises/permits/{Permit.objects.get().pk}"
    assert li.post(page, {"do": "change", "plate": CAR, "ends_on": "2027-12-31", "reason": "", "idempotency_key": "c"}).status_code == 422
    assert li.post(page, {"do": "change", "plate": CAR, "ends_on": "2027-12-31", "reason": "续期", "idempotency_key": "d"}).status_code == 302
    for name in ("wang", "mei"):
        assert as_(name).get(page).status_code == 404 and as_(name).post(page, {"do": "end"}).status_code == 404
    assert as_("mo").post(page, {"do": "end", "how": "lost", "reason": "x"}).status_code == 404  # the auditor looks, and writes nothing
    li = as_("li")
    assert li.post(page, {"do": "end", "how": "withdrawn", "reason": "卖车", "idempotency_key": "e"}).status_code == 302
    assert "已收回" in li.get(page).content.decode() and "保存变更" not in li.get(page).content.decode()
    for n in range(8):
        issued(f"粤B1000{n}")
    for address in ("/premises/permits", page, new):
        li.get(address)
        with django_assert_max_num_queries(10):
            assert li.get(address).status_code == 200
