"""Who may, what is masked, what it costs, and that errors say the way out."""

import io
import zipfile

import pytest

from shouwen.premises import actions, chores
from shouwen.premises.models import Sign, Vacancy, Visit

from .conftest import EARLY, hours, watch
from .test_visits import CARED, HOME, visited

PAGES = ("/premises/", "/premises/visits", "/premises/visits/months", "/premises/signs", "/premises/signs/checks", "/premises/vacant", "/premises/areas", "/premises/sheets/visits", "/premises/sheets/vacant-register")
COSTS = {
    "/premises/": 9, "/premises/visits": 3, "/premises/visits/months": 8, "/premises/signs": 6, "/premises/signs/checks": 6, "/premises/vacant": 6, "/premises/areas": 5,
    "/premises/sheets/visits": 3, "/premises/sheets/vacant-register": 4,
}
WHO = 4
"""Whoever asks is read anew every five seconds, which a slow machine may reach."""


def test_pages_open_for_those_who_may_and_for_nobody_else(world, as_, charges, listed, clock):
    sign = listed()
    chores.follow(EARLY)
    empty = Vacancy.objects.get(community=world.liyuan)
    clock.at = hours(1)
    own = (f"/premises/signs/{sign.pk}", f"/premises/vacant/{empty.pk}", f"/premises/visits/new/{empty.unit_id}")
    sun, wang, mei = as_("sun"), as_("wang"), as_("mei")
    for page in (*PAGES, *own):
        assert sun.get(page).status_code == 200, page
        assert wang.get(page).status_code == 404, page
    for page in own:
        assert mei.get(page).status_code == 404, page
        assert mei.post(page, {"do": "remove", "reason": "x"}).status_code == 404, page
    assert sign.number not in mei.get("/premises/signs").content.decode()
    assert sun.get("/premises/signs/new").status_code == 404 and sun.post("/premises/areas", {}).status_code == 404
    assert as_("mo").post(own[2], {"kind": "visit"}).status_code == 404  # the auditor looks, and writes nothing


def test_pages_cost_the_same_whatever_there_is(world, who, as_, charges, listed, look, unit, clock, django_assert_max_num_queries):
    for n in range(8):
        listed(content=f"标识{n}")
    chores.follow(EARLY)
    watch(hours(1))
    for code in (HOME, CARED):
        actions.record_visit(who("sun"), unit(code), what=visited(), at=hours(1))
    clock.at = hours(1.2)
    sun = as_("sun")
    sun.get("/premises/")
    for page, most in COSTS.items():
        sun.get(page)
        with django_assert_max_num_queries(most + WHO):
            assert sun.get(page).status_code == 200


def test_a_visit_is_recorded_on_its_page_and_mistakes_keep_what_was_typed(world, as_, unit, clock):
    clock.at = hours(2)
    sun, page = as_("sun"), f"/premises/visits/new/{unit(HOME).pk}"
    assert sun.get("/premises/visits/new", {"room": "3栋1单元1201"})["Location"] == page
    lost = sun.get("/premises/visits/new", {"room": "99-9-9"})
    assert lost.status_code == 422 and "没有房号" in lost.content.decode()
    given = {"kind": "visit", "way": "home", "happened_at": "2026-11-23T09:30", "met": "owner", "content": "问了停车", "opinion": "加装充电桩", "idempotency_key": "k1"}
    wrong = sun.post(page, given)
    assert wrong.status_code == 422 and "怎么称呼" in wrong.content.decode() and "加装充电桩" in wrong.content.decode() and not Visit.objects.exists()
    done = sun.post(page, given | {"caller": "王秀英", "phone": "13800000001", "idempotency_key": "k2"})
    assert done.status_code == 302 and Visit.objects.get().at == hours(1.5)
    assert "加装充电桩" in sun.get(page).content.decode() and "王秀英" not in sun.get(page).content.decode()


def test_lists_are_saved_as_they_are_shown(world, who, as_, charges, listed, unit, clock):
    listed()
    chores.follow(EARLY)
    actions.record_visit(who("sun"), unit(CARED), what=visited(), at=hours(1))
    clock.at = hours(2)
    sun = as_("sun")
    for page in ("/premises/?format=xlsx&show=all&steward=", "/premises/visits?format=xlsx", "/premises/signs?format=xlsx", "/premises/signs/checks?format=xlsx", "/premises/vacant?format=xlsx"):
        answer = sun.get(page)
        assert answer.status_code == 200 and answer["Content-Type"].startswith("application/vnd.openxml"), page
        book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
        text = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
        assert "陈阿婆" not in text and ("3 栋大堂" in text or CARED in text or "8-1-0602" in text), page


def test_a_sign_is_put_up_moved_and_taken_down_on_its_page(world, as_, listed, clock):
    sign = listed(standing="yes", target="temporary")
    clock.at = hours(1)
    sun, page = as_("sun"), f"/premises/signs/{sign.pk}"
    assert "放置启用" in sun.get(page).content.decode()
    wrong = sun.post(page, {"do": "up", "place": "大堂", "building": "99", "idempotency_key": "a"})
    assert wrong.status_code == 422 and "没有 99 栋" in wrong.content.decode() and 'value="大堂"' in wrong.content.decode()
    assert sun.post(page, {"do": "up", "place": "大堂", "building": "3", "idempotency_key": "b"}).status_code == 302
    assert sun.post(page, {"do": "move", "place": "电梯厅", "building": "3", "idempotency_key": "c"}).status_code == 302
    assert sun.post(page, {"do": "remove", "reason": "", "idempotency_key": "d"}).status_code == 422
    assert sun.post(page, {"do": "remove", "reason": "用完", "idempotency_key": "e"}).status_code == 302
    assert Sign.objects.get().state == "standby" and sun.post(page, {"do": "fly", "idempotency_key": "f"}).status_code == 422


@pytest.mark.shows("D3.08")
def test_the_head_gives_areas_on_their_page(world, as_, unit):
    lin = as_("lin")
    from shouwen.org.models import User

    building = unit(HOME).building
    assert "没有指定管理员" in lin.get("/premises/areas").content.decode()
    assert lin.post("/premises/areas", {"building": building.pk, "user": "", "idempotency_key": "a"}).status_code == 422
    assert lin.post("/premises/areas", {"building": building.pk, "user": User.objects.get(username="sun").pk, "idempotency_key": "b"}).status_code == 302
    assert "孙晓燕" in lin.get("/premises/areas").content.decode()
