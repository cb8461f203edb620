"""The pages: masked, scoped, written down, and never a crash."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from types import SimpleNamespace

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouwen.estate import actions
from shouwen.estate.lines import Line
from shouwen.estate.models import Import, Person, Reveal, Unit, Vehicle
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.models import Entry

from .conftest import AT
from .test_imports import xlsx

Browse = Callable[[Actor], Client]
NUMBERS = ("13800000001", "13800000002", "13800000003", "13800000005", "11010519491231002X")
LISTS = ("units", "people", "vehicles", "areas", "gaps", "find", "reveals")


def ids() -> tuple[int, int]:
    return Unit.objects.get(code="3-1-1201").pk, Person.objects.get(name="王秀英").pk


@pytest.mark.shows("D1.06", "D7.09")
def test_no_page_shows_a_number_and_each_look_into_a_file_is_written_down(estate: SimpleNamespace, browse: Browse) -> None:
    unit, person = ids()
    addresses = [reverse(f"estate:{name}") for name in LISTS] + [reverse("estate:find") + "?q=王"]
    addresses += [reverse("estate:unit", args=[unit]), reverse("estate:person", args=[person]), "/api/v1/estate/people"]
    addresses += ["/api/v1/estate/find?q=0001", f"/api/v1/estate/units/{unit}", "/api/v1/estate/units"]
    for who in (estate.desk, estate.steward, estate.supervisor):
        for address in addresses:
            answer = browse(who).get(address)
            assert answer.status_code == 200, (address, answer.content[:300])
            assert not any(number in answer.content.decode() for number in NUMBERS), address
            assert answer["Cache-Control"] == "no-store"
    looks = Entry.objects.filter(code="estate.file_viewed")
    assert sorted(line.actor_name for line in looks) == sorted(["李静", "孙晓燕", "林芳"] * 2)
    assert Entry.objects.filter(code="estate.person_viewed").count() == 3


@pytest.mark.shows("D2.18")
def test_a_view_of_a_file_names_user_and_time(estate: SimpleNamespace, browse: Browse) -> None:
    browse(estate.desk).get(reverse("estate:unit", args=[ids()[0]]))
    line = Entry.objects.latest("id")
    assert (line.code, line.actor_name, line.actor_id, line.text) == ("estate.file_viewed", "李静", 1, "查看 3-1-1201 的业户档案")
    assert line.at is not None


def test_strangers_get_404_everywhere(estate: SimpleNamespace, browse: Browse) -> None:
    unit, person = ids()
    reveal = actions.ask_reveal(estate.desk, Person.objects.get(pk=person), field="phone", reason="漏水联系业主", at=AT)
    run = actions.plan_import(estate.supervisor, estate.liyuan, filename="a.xlsx", content=xlsx(("6-1-101", *[None] * 8)), at=AT)
    car = Vehicle.objects.get(plate="粤B12345").pk
    home = Unit.objects.get(pk=unit).occupancies.get().pk
    reads = [("unit", unit), ("person", person), ("import_run", run.pk), ("import_annotated", run.pk)]
    writes = [
        ("edit_unit", unit), ("add_resident", unit), ("add_vehicle", unit), ("move_out", home), ("remove_vehicle", car),
        ("ask_reveal", person), ("show_reveal", reveal.pk), ("decide_reveal", reveal.pk), ("import_apply", run.pk),
    ]  # fmt: skip
    before = Entry.objects.count()
    for who in (estate.neighbour, estate.cleaner):
        for name, pk in reads:
            assert browse(who).get(reverse(f"estate:{name}", args=[pk])).status_code == 404, name
        for name, pk in writes:
            data = {"decision": "approve", "field": "phone", "reason": "漏水联系业主", "ends_on": "2026-12-01", "plate": "粤B77777"}
            assert browse(who).post(reverse(f"estate:{name}", args=[pk]), data).status_code == 404, name
        for what in ("details", "phone", "paper", "erase"):
            assert browse(who).post(reverse("estate:change_person", args=[person, what]), {"phone": "1"}).status_code == 404
    for name in LISTS[:-1]:
        assert browse(estate.cleaner).get(reverse(f"estate:{name}")).status_code == 404, name
    assert browse(estate.desk).get(reverse("estate:import")).status_code == 404
    listed = browse(estate.neighbour).get(reverse("estate:units")).content.decode()
    assert "1-1-101" in listed and reverse("estate:unit", args=[unit]) not in listed
    assert browse(estate.cleaner).get("/api/v1/estate/people").status_code == 403
    assert browse(estate.neighbour).get(f"/api/v1/estate/units/{unit}").status_code == 404
    assert Entry.objects.count() == before


@pytest.mark.shows("D1.07")
def test_a_reveal_from_asking_to_masking_again(estate: SimpleNamespace, browse: Browse) -> None:
    _, person = ids()
    ask = {"field": "phone", "reason": "漏水需联系业主", "idempotency_key": "k1"}
    address = reverse("estate:ask_reveal", args=[person])
    answer = browse(estate.desk).post(address, ask, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "等待批准" in answer.content.decode() and "13800000001" not in answer.content.decode()
    reveal = Reveal.objects.get()
    show = reverse("estate:show_reveal", args=[reveal.pk])
    assert browse(estate.desk).post(show).status_code == 409
    assert browse(estate.steward).post(reverse("estate:decide_reveal", args=[reveal.pk]), {"decision": "approve"}).status_code == 404
    assert browse(estate.desk).post(reverse("estate:decide_reveal", args=[reveal.pk]), {"decision": "approve"}).status_code == 403
    assert "漏水需联系业主" in browse(estate.supervisor).get(reverse("estate:reveals")).content.decode()
    assert browse(estate.supervisor).post(reverse("estate:decide_reveal", args=[reveal.pk]), {"decision": "approve"}).status_code == 302
    shown = browse(estate.desk).post(show, {"idempotency_key": "k2"})
    assert "13800000001" in shown.content.decode() and shown["Refresh"].startswith("30;") and shown["Cache-Control"] == "no-store"
    again = browse(estate.desk).post(show, {"idempotency_key": "k2"})
    assert again.status_code == 409 and "13800000001" not in again.content.decode()
    masked = browse(estate.desk).get(reverse("estate:masked", args=[person, "phone"])).content.decode()
    assert "138****0001" in masked and "13800000001" not in masked
    at_once = browse(estate.supervisor).post(address, ask, headers={"HX-Request": "true"}).content.decode()
    assert "13800000001" in at_once and re.search(r'hx-trigger="load delay:30s"', at_once) and "<html" not in at_once


@pytest.mark.shows("D2.80")
def test_an_export_is_masked_and_written_down(estate: SimpleNamespace, browse: Browse) -> None:
    answer = browse(estate.steward).get(reverse("estate:people") + "?format=xlsx")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("application/vnd.openxml")
    content = b"".join(answer.streaming_content)
    cells = [str(cell.value) for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0] for cell in row]
    assert "138****0001" in cells and "王**" in cells and not any(number in cell for cell in cells for number in NUMBERS)
    assert Entry.objects.get(code="estate.exported").text == "导出住户（4 行，已脱敏；未筛选）"
    assert browse(estate.desk).get(reverse("estate:people") + "?format=xlsx").status_code == 404


def test_work_on_a_file(estate: SimpleNamespace, browse: Browse) -> None:
    unit, person = ids()
    page = browse(estate.steward)
    new = {"name": "张国强", "kind": "family", "relation": "配偶", "phone": "13500000001", "starts_on": "2026-11-01"}
    assert page.post(reverse("estate:add_resident", args=[unit]), new).status_code == 302
    assert page.post(reverse("estate:add_vehicle", args=[unit]), {"plate": "粤B·66666"}).status_code == 302
    assert page.post(reverse("estate:edit_unit", args=[unit]), {"kind": "home", "state": "occupied", "area": "89.5"}).status_code == 302
    assert page.post(reverse("estate:change_person", args=[person, "phone"]), {"phone": "13911112222"}).status_code == 302
    shown = page.get(reverse("estate:unit", args=[unit])).content.decode()
    for words in ("张国强", "粤B66666", "89.50", "139****2222", "138****0001→139****2222"):
        assert words in shown, words


@pytest.mark.parametrize("bad", ["", "x" * 500, "\x00", "\u202e", "NaN", "1e400", "9999-99-99", "-1", "<script>alert(1)</script>"])
def test_forms_answer_nonsense_with_422_and_write_nothing(estate: SimpleNamespace, browse: Browse, bad: str) -> None:
    unit, person = ids()
    page = browse(estate.supervisor)
    before = Entry.objects.count(), Person.objects.count()
    home = Unit.objects.get(pk=unit).occupancies.get().pk
    for name, pk, fields in (
        ("edit_unit", unit, ("kind", "state", "area")), ("add_resident", unit, ("name", "kind", "starts_on", "phone")),
        ("add_vehicle", unit, ("plate",)), ("move_out", home, ("ends_on",)), ("ask_reveal", person, ("field", "reason")),
        ("decide_reveal", 999, ("decision",)),
    ):
        answer = page.post(reverse(f"estate:{name}", args=[pk]), dict.fromkeys(fields, bad))
        assert answer.status_code in (400, 404, 422), (name, answer.status_code)
        assert "<script>alert" not in answer.content.decode() and "Traceback" not in answer.content.decode()
    for name, key in (("units", "q"), ("people", "q"), ("vehicles", "q"), ("find", "q"), ("units", "kind"), ("units", "after")):
        answer = page.get(reverse(f"estate:{name}"), {key: bad})
        assert answer.status_code in (200, 400, 422), (name, key, answer.status_code)
        assert "<script>alert" not in answer.content.decode()
    for address in ("/api/v1/estate/find", "/api/v1/estate/units", "/api/v1/estate/people"):
        assert page.get(address, {"q": bad}).status_code in (200, 400, 422)
        assert page.get(address, {"q": "3", "community_id": bad}).status_code in (200, 400, 404, 422)
    assert (Entry.objects.count(), Person.objects.count()) == before


def test_names_are_escaped(estate: SimpleNamespace, browse: Browse) -> None:
    evil = actions.add_person(estate.steward, estate.liyuan, name="<img src=x onerror=1>", care="<b>x</b>", at=AT)
    for address in (reverse("estate:people"), reverse("estate:person", args=[evil.pk]), reverse("estate:find") + "?q=%3Cimg"):
        shown = browse(estate.steward).get(address).content.decode()
        assert "<img src=x" not in shown and "<b>x</b>" not in shown


def test_the_import_from_upload_to_done(estate: SimpleNamespace, browse: Browse) -> None:
    page = browse(estate.supervisor)
    assert page.get(reverse("estate:import_template"))["Content-Disposition"].startswith("attachment")

    def upload(content: bytes, name: str = "住户.xlsx") -> Import:
        answer = page.post(reverse("estate:import"), {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        return Import.objects.latest("id")

    bad = upload(xlsx(("6-1-101", "周文斌", None, 13800000012, None, None, None, None, None)))
    shown = page.get(reverse("estate:import_run", args=[bad.pk])).content.decode()
    assert "全部没有导入" in shown and "变成了数字" in shown
    assert page.post(reverse("estate:import_apply", args=[bad.pk])).status_code == 422
    back = page.get(reverse("estate:import_annotated", args=[bad.pk]))
    assert back.status_code == 200 and "filename*=UTF-8''" in back["Content-Disposition"]
    good = upload(xlsx(("6-1-101", "周文斌", None, "13800000012", None, None, None, None, None)), "../../x/住户;\".xlsx")
    assert "检查通过" in page.get(reverse("estate:import_run", args=[good.pk])).content.decode()
    assert page.post(reverse("estate:import_apply", args=[good.pk])).status_code == 302
    assert page.post(reverse("estate:import_apply", args=[good.pk])).status_code == 409
    assert Unit.objects.filter(code="6-1-101").count() == 1
    for content, name in ((b"", "a.xlsx"), (b"x", "a.exe"), (b"PK\x03\x04", "a.xlsx")):
        assert page.post(reverse("estate:import"), {"file": SimpleUploadedFile(name, content)}).status_code == 422


def test_a_list_costs_the_same_with_more_rows(estate: SimpleNamespace, browse: Browse) -> None:
    def cost(name: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browse(estate.desk).get(reverse(f"estate:{name}")).status_code == 200
        return len(asked)

    cost("units")  # what a process keeps for seconds is read once
    before = {name: cost(name) for name in ("units", "people", "vehicles", "gaps", "areas")}
    lines = [Line(f"9-1-{floor}01", name=f"住户{floor}", phone=f"1390000{floor:04}") for floor in range(1, 20)]
    actions.take_in(SYSTEM, estate.liyuan, lines=lines, at=AT)
    assert {name: cost(name) for name in before} == before
