"""The hand-over in the browser: filling together, signing at one screen, the log and its print; and many at once."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client

from shouwen.duty import actions, handover, queries
from shouwen.duty.models import Handover, HandoverItem, Signature
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict
from shouwen.org.tests.world import MONDAY, PASSWORD, World

from .test_handover import AT, Matters, answers, begin, complete, item, matters, ready
from .test_pages import sign_in

__all__ = ["matters"]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as coordinates:
        yield coordinates


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of the sheet: hidden values, texts, ticks."""
    part = page[page.index('id="ho-form"') : page.index('class="ho-save"')]
    found = {}
    for tag in re.findall(r"<input[^>]*>", part):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and "disabled" not in tag and ('type="checkbox"' not in tag and 'type="radio"' not in tag or " checked" in tag):
            found[name[1]] = (value[1] if value else "on").replace("&quot;", '"').replace("&#x27;", "'")
    for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>([^<]*)</textarea>', part):
        found[name] = value
    return found


@pytest.mark.both
def test_what_two_write_at_once_stays_of_both(world: World, matters: Matters) -> None:
    matters.items = [item(1)]
    sheet = begin(world)
    actions.arrive(world.actor("li"), sheet, at=AT)
    li, he, path = sign_in(world, "li"), sign_in(world, "he"), f"/duty/handovers/{sheet.pk}"
    work = sheet.lines.get(kind="work")
    early = form_of(he.get(path).content.decode())  # open on the phone of the relief while the giver writes
    assert json.loads(early[f"was-{work.pk}"])["note"] == ""
    mine = form_of(li.get(path).content.decode()) | {f"note-{work.pk}": "等配件", f"told-{work.pk}": "on", "do": "save"}
    assert li.post(path, mine).status_code == 302
    assert he.post(path, early | {f"understood-{work.pk}": "on", "do": "save"}).status_code == 302
    work.refresh_from_db()
    assert (work.note, work.told_at is not None, work.understood_at is not None) == ("等配件", True, True)


@pytest.mark.shows("A5.15", "D2.84")
def test_the_log_is_listed_by_shift_and_printed_with_both_names(world: World, matters: Matters) -> None:
    matters.items = [item(1)]
    sheet = ready(world, begin(world))
    complete(world, sheet)
    assert "开始交班准备" not in sign_in(world, "li").get("/duty/handover").content.decode()  # handed over already
    client = sign_in(world, "chen")
    assert "何敏" in client.get("/duty/handover?shift=早班&from=2026-11-23&until=2026-11-23").content.decode().split('id="list"')[1]
    assert "何敏" not in client.get("/duty/handover?shift=夜班").content.decode().split('id="list"')[1]
    assert "何敏" not in client.get("/duty/handover?from=2026-11-24").content.decode().split('id="list"')[1]
    paper = client.get(f"/duty/handovers/{sheet.pk}/sheet").content.decode()
    assert "服务中心交接班记录表" in paper and "TS-001" in paper and "应有 2，交 2，接 2" in paper
    assert "交班人：<b>李静</b>" in paper and "接班人：<b>何敏</b>" in paper and "封印" in paper
    assert Signature.objects.first().digest[:16] in paper


def test_the_receiver_signs_at_the_givers_screen_with_their_own_password(world: World, matters: Matters) -> None:
    sheet = ready(world, begin(world))
    li, path = sign_in(world, "li"), f"/duty/handovers/{sheet.pk}"
    assert li.post(path, {"do": "sign"}).status_code == 302
    assert "何敏本人的密码" in li.get(path).content.decode()
    wrong = li.post(f"{path}/accept", {"password": "guess-1"})
    assert wrong.status_code == 422 and "没有签字" in wrong.content.decode()
    for n in range(4):
        wrong = li.post(f"{path}/accept", {"password": f"guess-{n}"})
    assert wrong.status_code == 429 and "锁定" in wrong.content.decode()
    assert li.post(f"{path}/accept", {"password": PASSWORD}).status_code == 429  # locked, as at the login page
    sheet.refresh_from_db()
    assert sheet.state == "signed"
    with bookkeeping("the lock runs out"):
        from axes.utils import reset

        reset()
    assert sign_in(world, "xu").post(f"{path}/accept", {"password": PASSWORD}).status_code == 404
    assert li.post(f"{path}/accept", {"password": PASSWORD}).status_code == 302
    signed = Signature.objects.get(side="receiver")
    assert (signed.name, signed.how) == ("何敏", "在交班人屏幕输入本人密码")


def test_the_page_costs_the_same_at_any_size(world: World, matters: Matters, django_assert_max_num_queries) -> None:
    matters.items = [item(n) for n in range(60)]
    sheet = begin(world)
    actions.arrive(world.actor("li"), sheet, at=AT)
    for n in range(30):
        actions.write(world.actor("li"), world.places["liyuan"], post="receptionist", text=f"第{n}笔", at=AT)
    client = sign_in(world, "li")
    client.get(f"/duty/handovers/{sheet.pk}")
    with django_assert_max_num_queries(12):
        page = client.get(f"/duty/handovers/{sheet.pk}")
    assert page.content.decode().count('class="ho-row') > 75
    client.get("/duty/handover")  # what is kept by the process is there
    with django_assert_max_num_queries(14):
        client.get("/duty/handover")


def test_the_neighbours_hand_over_is_not_there(world: World, matters: Matters) -> None:
    sheet = begin(world)
    mei = sign_in(world, "mei")
    for path in (f"/duty/handovers/{sheet.pk}", f"/duty/handovers/{sheet.pk}/sheet"):
        assert mei.get(path).status_code == 404
    assert mei.post(f"/duty/handovers/{sheet.pk}", {"do": "save"}).status_code == 404
    assert "李静" not in mei.get("/duty/handover").content.decode()


@pytest.mark.shows("D13.19")
def test_a_post_has_a_list_of_its_own(world: World, matters: Matters) -> None:
    chen, li = sign_in(world, "chen"), sign_in(world, "li")
    path = "/duty/handover/items"
    assert li.post(path, {"post": "receptionist", "do": "put", "kind": "article", "title": "雨伞"}).status_code == 403
    assert "标准清单" in chen.get(f"{path}?post=receptionist").content.decode()
    for given, status in (
        ({"kind": "article", "title": "雨伞", "count": "12"}, 302), ({"kind": "article", "title": "雨伞", "count": "1e9"}, 422),
        ({"kind": "question", "title": "x"}, 422), ({"kind": "area", "title": ""}, 422), ({"do": "drop", "kind": "article", "title": "计算器"}, 302),
        ({"do": "drop", "kind": "article", "title": "没有的"}, 404),
    ):  # fmt: skip
        assert chen.post(path, {"post": "receptionist", "do": "put", **given}).status_code == status, given
    titles = set(begin(world).lines.values_list("title", flat=True))
    assert "雨伞" in titles and "计算器" not in titles and "对讲机" in titles
    assert chen.post(path, {"post": "receptionist", "do": "reset"}).status_code == 302
    assert not HandoverItem.objects.exists()


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_one_hand_over_is_signed_once_however_many_sign(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty-four at the same moment, also when the application forgets to look: the database takes one."""
    found = Matters()
    monkeypatch.setattr(handover, "_items", [found.read])
    monkeypatch.setattr(handover, "_passes", [found.hand])
    sheet = ready(world, begin(world))
    actions.sign(world.actor("li"), sheet, at=AT)
    he, results, start = world.actor("he"), [], threading.Barrier(64)

    def sign() -> None:
        start.wait()
        try:
            actions.accept(he, sheet, at=AT)
            results.append("won")
        except Conflict:
            results.append("lost")
        finally:
            connection.close()

    threads = [threading.Thread(target=sign) for _ in range(64)]
    [thread.start() for thread in threads]
    [thread.join(120) for thread in threads]
    assert sorted(results) == ["lost"] * 63 + ["won"]
    assert Signature.objects.filter(side="receiver").count() == 1 and Handover.objects.get().state == "done"
    mark = Signature.objects.get(side="receiver")
    with pytest.raises(IntegrityError), transaction.atomic(), bookkeeping("a program without the check"):
        Signature.objects.create(handover=sheet, side="receiver", round=mark.round, user_id=1, name="x", how="x", at=AT, digest="x")
    with pytest.raises(IntegrityError), transaction.atomic(), bookkeeping("a program without the check"):
        for _ in range(2):
            Handover.objects.create(
                community_id=sheet.community_id, post="guard", to_post="guard", from_shift="a", to_shift="b", began_at=AT, due_at=AT,
                giver_id=he.id, giver_name="x", opened_at=AT,
            )


def test_the_home_page_says_what_is_to_be_done(world: World, matters: Matters, clock: time_machine.Coordinates) -> None:
    li = sign_in(world, "li")
    page = li.get("/duty/handover").content.decode()
    assert "15:45" in page and "何敏到场" in page
    assert li.post("/duty/handover", {"post": "receptionist"}).status_code == 302
    sheet = Handover.objects.get()
    assert "继续（您是交班人）" in li.get("/duty/handover").content.decode()
    clock.move_to(MONDAY.replace(hour=16, minute=10))
    page = sign_in(world, "he").get("/duty/handover").content.decode()
    assert "中班（16:00 起）还没有完成接班" in page and "您是接班人" in page
    clock.move_to(AT)
    path = f"/duty/handovers/{sheet.pk}"
    li.post(path, {"do": "arrive"})
    actions.fill(world.actor("li"), sheet, lines=answers(sheet), special="x", at=AT)
    li.post(path, {"do": "explain"})
    he = sign_in(world, "he")
    last = queries.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first() or 0
    assert he.post(path, {"do": "read", "upto": str(last)}).status_code == 302
    assert he.post(path, {"do": "refuse", "reason": "点数不清"}).status_code == 302
    lin = sign_in(world, "lin")
    assert "上级决定" in lin.get(path).content.decode() and "点数不清" in lin.get(path).content.decode()
    stand_in = world.people["xu"].pk
    assert lin.post(path, {"do": "decide", "decision": "stand_in", "reason": "换人", "stand_in": str(stand_in)}).status_code == 302
    assert "许倩" in Client().get(path).headers.get("Location", "") + lin.get(path).content.decode()
    for nonsense in ({"do": "fly"}, {"do": "read", "upto": "x"}, {"do": "close", "line": "9" * 30}, {"was-1": "[", "sheet": "1"}):
        assert li.post(path, nonsense).status_code in (302, 404, 409, 422)


def test_what_is_not_understood_does_nothing(world: World) -> None:
    li, lin = sign_in(world, "li"), sign_in(world, "lin")
    before = HandoverItem.objects.count()
    answer = lin.post("/duty/handover/items", {"do": "x", "post": "receptionist", "kind": "article", "title": "对讲机", "count": "2"})
    assert answer.status_code in (403, 422) and HandoverItem.objects.count() == before
    wrong = li.post("/duty/mine/ask", {"post": "receptionist", "starts_at": "2026-11-24T08:00+08:00", "to": world.people["he"].pk, "back_at": "x", "reason": "看牙"})
    assert wrong.status_code == 422 and "换回哪一班" in wrong.content.decode(), "an exchange never becomes a gift"
