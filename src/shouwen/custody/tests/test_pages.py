"""The pages as people go through them: scanned, lent, counted back; what is refused keeps what was typed."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shouwen.custody import actions
from shouwen.custody.models import Loan, Thing
from shouwen.custody.records import RECORDS
from shouwen.custody.tests.conftest import EMPTY, HOME, PICTURE, Keys
from shouwen.kernel.journal import now
from shouwen.org import actions as org
from shouwen.org.middleware import COOKIE


def sign_in(keys: Keys, username: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = org.log_in(keys.user(username), agent="测试", address="127.0.0.1", at=now())
    return client


def test_a_key_is_scanned_lent_scanned_again_and_back(keys: Keys) -> None:
    li = sign_in(keys, "li")
    made = li.post("/custody/new?kind=vacant", {"title": "入户门钥匙", "unit": EMPTY, "quantity": "1", "store": keys.stores["vacant"].pk, "hook": "3"})
    key = Thing.objects.get()
    assert made.status_code == 302 and (key.hook, key.number) == (3, "KF-0001")
    for typed in (key.code, f"https://wy.example/custody/s/{key.code.lower()}/", " kf-0001 ", "ＫＦ－０００１"):
        assert li.get("/custody/scan", {"code": typed})["Location"] == f"/custody/things/{key.pk}", typed
    assert li.get("/custody/scan", {"code": EMPTY})["Location"] == f"/custody/?q={EMPTY}"
    assert li.get("/custody/scan", {"code": "没有的"})["Location"] == "/custody/"
    page = li.get(f"/custody/things/{key.pk}/lend/staff").content.decode()
    assert "借用同事" in page and "王强" in page
    wrong = li.post(f"/custody/things/{key.pk}/lend/staff", {"user": "", "purpose": "清扫客厅", "quantity": "1"})
    assert wrong.status_code == 422 and "请选择借用的同事" in wrong.content.decode() and "清扫客厅" in wrong.content.decode()
    assert li.post(f"/custody/things/{key.pk}/lend/staff", {"user": keys.user("wang").pk, "purpose": "清扫", "quantity": "1"}).status_code == 302
    loan = Loan.objects.get()
    assert "王强" in li.get("/custody/").content.decode() and "王强" in li.get(f"/custody/cabinet?store={key.store_id}").content.decode()
    again = li.post(f"/custody/things/{key.pk}/lend/staff", {"user": keys.user("wu").pk, "purpose": "清扫", "quantity": "1"})
    assert again.status_code == 409 and "已借出" in again.content.decode()
    assert li.get("/custody/scan", {"code": key.code})["Location"] == f"/custody/things/{key.pk}?code={key.code}#return"
    refused = li.post(f"/custody/things/{key.pk}", {"do": "back", "loan": loan.pk, "code": "KF-9999", "quantity": "1"})
    assert refused.status_code == 422 and "不是借出的" in refused.content.decode()
    assert li.post(f"/custody/things/{key.pk}", {"do": "back", "loan": loan.pk, "code": key.code, "quantity": "1"}).status_code == 302
    loan.refresh_from_db()
    assert loan.state == "closed"


def test_an_approval_goes_to_whoever_may_give_it(keys: Keys) -> None:
    key = keys.take_in("sealed")
    li, chen, lin = (sign_in(keys, name) for name in ("li", "chen", "lin"))
    when = (now() - timedelta(minutes=3)).astimezone()
    given = {"owner_answer": "yes", "owner_at": f"{when:%Y-%m-%dT%H:%M}", "owner_name": "王秀英", "user": keys.user("wang").pk, "purpose": "关燃气阀", "quantity": "1"}
    assert li.post(f"/custody/things/{key.pk}/lend/use", given | {"owner_at": ""}).status_code == 422
    assert li.post(f"/custody/things/{key.pk}/lend/use", given).status_code == 302
    loan, address = Loan.objects.get(), f"/custody/things/{key.pk}"
    assert ">同意</button>" not in lin.get(address).content.decode() and ">同意</button>" in chen.get(address).content.decode()
    assert lin.post(address, {"do": "approve", "loan": loan.pk, "agree": "yes"}).status_code == 403
    assert li.post(address, {"do": "issue", "loan": loan.pk}).status_code == 422
    assert chen.post(address, {"do": "approve", "loan": loan.pk, "agree": "yes"}).status_code == 302
    assert li.post(address, {"do": "issue", "loan": loan.pk}).status_code == 302
    loan.refresh_from_db()
    assert loan.state == "out" and "王秀英" not in li.get(address).content.decode(), "the owner's name is masked"


@pytest.mark.shows("D4.02", "D4.05", "D4.107", "D4.113", "D11.09")
def test_counting_registers_and_labels(keys: Keys) -> None:
    keys_here = [keys.take_in("vacant", hook=number) for number in (1, 2)]
    store = keys.stores["vacant"]
    li, lin, chen = (sign_in(keys, name) for name in ("li", "lin", "chen"))
    sheet = {"row": [one.pk for one in keys_here], f"n-{keys_here[0].pk}": "1", "locked": "on", f"w-{keys_here[1].pk}": "找不到"}
    assert li.post(f"/custody/stores/{store.pk}/count", sheet | {f"n-{keys_here[0].pk}": "一"}).status_code == 422
    assert li.post(f"/custody/stores/{store.pk}/count", sheet | {"row": [keys_here[0].pk]}).status_code == 422
    done = li.post(f"/custody/stores/{store.pk}/count", sheet)
    assert done.status_code == 302 and "找不到" in lin.get(done["Location"]).content.decode()
    assert lin.post(done["Location"], {"remark": "今天查清"}).status_code == 302 and li.post(done["Location"], {"remark": "x"}).status_code == 403
    labels = li.get(f"/custody/labels?store={store.pk}").content.decode()
    assert labels.count("<figure>") == 2 and EMPTY not in labels, "a label that is found names no room"
    assert chen.get("/custody/?format=xlsx").status_code == 200 and "KF-0001" in chen.get("/custody/").content.decode()


@pytest.mark.shows("D4.111", "D4.112", "D2.72")
def test_the_named_records_open_print_and_are_saved(keys: Keys) -> None:
    deposit, vacant = keys.take_in("entrusted", at=now()), keys.take_in("vacant", hook=2)
    keys.lend(vacant, at=now())
    li, mei = sign_in(keys, "li"), sign_in(keys, "mei")
    assert all(f"《{one.title}》" in li.get("/custody/records").content.decode() for one in RECORDS.values())
    for slug, title, words in (("deposits", "业户钥匙寄存登记表", (deposit.number, HOME, "王**", "出租看房", "李静")), ("uses", "客服钥匙使用登记表", (vacant.number, EMPTY, "王强", "每月清扫", "李静"))):
        page = li.get(f"/custody/records/{slug}").content.decode()
        assert f"《{title}》" in page and "data-print" in page and all(f">{word}</td>" in page for word in words), slug
        assert "王秀英" not in page, "masked"
        saved = li.get(f"/custody/records/{slug}?format=xlsx")
        assert saved.status_code == 200 and "spreadsheet" in saved["Content-Type"]
        assert title in unquote(saved["Content-Disposition"])
        assert deposit.number not in mei.get(f"/custody/records/{slug}").content.decode(), "another community"
        assert "这段时间没有登记" in li.get(f"/custody/records/{slug}?since=2020-01-01&until=2020-01-31").content.decode()
    assert li.get("/custody/records/uses?since=2026-02-01&until=2026-01-01").status_code == 422 and li.get("/custody/records/nothing").status_code == 404
    inventory = lambda: re.search(r"更新于\s*(<time.*?</time>|\S+ \S+)", li.get("/custody/records/inventory").content.decode(), re.S)  # noqa: E731
    before = inventory()
    later = now() + timedelta(minutes=5)
    actions.count(keys.actor("li"), keys.stores["entrusted"], found={deposit.pk: 1}, locked=True, at=later)
    assert before and before[1] != inventory()[1], "each count refreshes the inventory"
    assert later in {row[-1] for row in RECORDS["inventory"].rows(keys.actor("li"), keys.here.pk, now(), now())}


def test_a_name_is_shown_for_a_reason_and_a_signature_to_who_may_see_the_key(keys: Keys) -> None:
    key = keys.take_in("repair", phone="13800000001")
    li, lin, mei, wang = (sign_in(keys, name) for name in ("li", "lin", "mei", "wang"))
    path = f"/custody/things/{key.pk}"
    assert "138****0001" in li.get(path).content.decode() and "138****0001" not in wang.get(path).content.decode()
    assert li.post(f"{path}/private/phone", {"reason": "通知业户来取"}).status_code == 200 and "等待批准" in li.get(path).content.decode()
    shown = lin.post(f"{path}/private/phone", {"reason": "通知业户来取"})
    assert "13800000001" in shown.content.decode() and shown["Cache-Control"] == "no-store"
    assert "13800000001" not in lin.get(f"{path}/masked/phone").content.decode()
    assert "保管物品" in lin.get("/estate/reveals").content.decode()
    for client, field, code in ((lin, "salary", 404), (mei, "phone", 404), (wang, "phone", 403)):
        assert client.post(f"{path}/private/{field}", {"reason": "通知业户来取"}).status_code == code
    given = {"name": "王秀英", "paper": "id", "purpose": "业户自己进屋看", "quantity": "1", "keep": "on"}
    assert li.post(f"{path}/lend/owner", given).status_code == 422
    assert li.post(f"{path}/lend/owner", given | {"signature": SimpleUploadedFile("签名.png", PICTURE, "image/png")}).status_code == 302
    loan = Loan.objects.get()
    assert li.get(f"/custody/loans/{loan.pk}/signature")["Content-Type"] == "image/png" and mei.get(f"/custody/loans/{loan.pk}/signature").status_code == 404
    assert lin.post(f"{path}/erase", {"reason": "短"}).status_code == 422 and wang.post(f"{path}/erase", {"reason": "本人要求删除"}).status_code == 403
    assert lin.post(f"{path}/erase", {"reason": "本人书面要求删除"}).status_code == 302 and "138****0001" not in lin.get(path).content.decode()


def test_what_cannot_be_is_refused_in_words(keys: Keys) -> None:
    key = keys.take_in("vacant")
    li, mei, wang = (sign_in(keys, name) for name in ("li", "mei", "wang"))
    for path in (f"/custody/things/{key.pk}", f"/custody/s/{key.code}", f"/custody/stores/{key.store_id}/count", f"/custody/things/{key.pk}/lend/staff"):
        assert mei.get(path).status_code == 404, path
    assert wang.get("/custody/new").status_code == 404 and wang.get(f"/custody/things/{key.pk}").status_code == 200
    for given in ({"do": "fly"}, {"do": "move", "store": "9" * 30}, {"do": "settle", "how": "found", "quantity": "x"}, {"do": "lost", "what": "lost", "course": "\u202e反转文字在这里"}, {"do": "contact", "name": "王", "when": "昨天", "answer": "yes"}):
        answer = li.post(f"/custody/things/{key.pk}", given)
        assert 400 <= answer.status_code < 500, given
    assert li.post(f"/custody/things/{key.pk}", {"do": "back", "loan": "1"}).status_code == 404
    assert li.get(f"/custody/things/{key.pk}/lend/owner").status_code == 404, "a vacant key has no owner to take it"
    assert Thing.objects.get().state == "in"


def test_programs_do_the_same(keys: Keys) -> None:
    key = keys.take_in("vacant")
    li = sign_in(keys, "li")
    assert li.get("/api/v1/custody/things").json()[0]["number"] == key.number
    assert li.get(f"/api/v1/custody/codes/{key.code}").json()["state"] == "in"
    assert li.get("/api/v1/custody/codes/NOPE").status_code == 404
    body = json.dumps({"way": "staff", "purpose": "清扫", "user": "wang"})
    sent = li.post(f"/api/v1/custody/things/{key.pk}/loans", body, content_type="application/json")
    assert sent.status_code == 201 and sent.json()["holder"] == "王强"
    assert li.post(f"/api/v1/custody/things/{key.pk}/loans", body, content_type="application/json").status_code == 409
    back = li.post(f"/api/v1/custody/loans/{sent.json()['id']}/return", json.dumps({"code": key.number, "quantity": 1}), content_type="application/json")
    assert back.status_code == 200 and back.json()["state"] == "closed"


@pytest.mark.parametrize("path,most", [("/custody/", 8), ("/custody/cabinet", 12), ("/custody/out", 10), ("/custody/things/{key}", 20), ("/custody/stores", 13), ("/custody/counts", 12), ("/custody/records", 8), ("/custody/records/uses", 10), ("/custody/records/inventory", 12)])
def test_pages_cost_the_same_however_much_there_is(keys: Keys, django_assert_max_num_queries: DjangoAssertNumQueries, path: str, most: int) -> None:
    key, *_ = [keys.take_in("vacant", hook=number) for number in range(1, 9)]
    for thing in Thing.objects.all()[:4]:
        keys.lend(thing)
    li = sign_in(keys, "li")
    li.get(path.format(key=key.pk))
    with django_assert_max_num_queries(most):
        assert li.get(path.format(key=key.pk)).status_code == 200
