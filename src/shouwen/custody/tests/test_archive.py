"""Documents: filed by type, folder and order; what is late, past its time, not whole or not there; who passes them on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from shouwen.custody import actions, archive, chores
from shouwen.custody.models import Filing, Folder, Thing
from shouwen.custody.tests.conftest import Keys
from shouwen.custody.tests.test_pages import sign_in
from shouwen.kernel import calendars
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.notices.models import Notice
from shouwen.org import actions as org
from shouwen.org.queries import actor_for
from shouwen.org.tests.world import MONDAY, START

DAY = timedelta(days=1)
OURS = ("通知", "制度", "命令", "公函", "总结", "报告", "通报", "会议纪要", "政府纪要", "政府法规")
THEIRS = ("技术图纸", "说明书", "手册", "业户档案", "车辆档案", "工作联络单", "通知", "报告", "公函", "总结", "会议纪要")


def paper(keys: Keys, title: str, type: str = "通知", *, by: str = "li", at: Any = MONDAY) -> Thing:
    return keys.take_in("document", title=title, store=keys.stores["archive"], purpose=type, by=by, at=at)


def folder(keys: Keys, title: str = "2026 年通知", order: str = "time", **given: Any) -> Folder:
    return actions.put_folder(keys.actor("li"), keys.here, **{"title": title, "order": order, "store": keys.stores["archive"], "at": MONDAY, **given})


def file(keys: Keys, thing: Thing, into: Folder, by: str = "li", **given: Any) -> Filing:
    actions.file_away(keys.actor(by), thing, folder=into, at=given.pop("at", MONDAY), **given)
    return Filing.objects.get(pk=thing.pk)


def titles(client: Client, **asked: str) -> list[str]:
    page = client.get("/custody/files", asked).content.decode()
    return [title for title in Thing.objects.values_list("title", flat=True) if title in page]


@pytest.mark.shows("D14.02", "D14.03", "D14.04", "D14.05", "D14.06", "D14.07", "D14.08", "D14.09", "D14.10", "D14.11")
def test_every_type_of_the_service_departments_documents_is_filed_and_found_by_it(keys: Keys) -> None:
    into = folder(keys)
    for number, type in enumerate(OURS):
        file(keys, paper(keys, f"文件{number}号", type), into, department="customer-service")
    li = sign_in(keys, "li")
    for number, type in enumerate(OURS):
        assert titles(li, thing__purpose=type, department="customer-service") == [f"文件{number}号"], type
    assert titles(li, thing__purpose="说明书") == [] and li.get("/custody/files", {"thing__purpose": "菜谱"}).status_code == 422
    with pytest.raises(Refused, match="种类"):
        paper(keys, "无类文件", "菜谱")


@pytest.mark.shows("D14.12", "D14.13", "D14.14", "D14.15", "D14.16", "D14.17", "D14.18", "D14.19", "D14.64")
def test_departments_papers_are_filed_by_clerk_and_assistant_and_found_by_department_and_type(keys: Keys) -> None:
    clerk = keys.user("wu")
    org.assign(keys.actor("chen"), keys.here, user=clerk, post="clerk", starts_on=START)
    into = folder(keys, "工程部资料", department="engineering")
    for number, type in enumerate(THEIRS):
        file(keys, paper(keys, f"工程{number}号", type, by="wu"), into, by="wu" if number % 2 else "li")
    other = file(keys, paper(keys, "安保通知", "通知"), folder(keys, "安保部资料"), department="security")
    assert other.department == "security"
    with pytest.raises(Forbidden):
        file(keys, paper(keys, "维修工自存", "手册"), into, by="wang")
    with pytest.raises(Refused, match="没有这个部门"):
        file(keys, paper(keys, "不知哪个部门", "手册"), into, department="kitchen")
    li = sign_in(keys, "li")
    for number, type in enumerate(THEIRS):
        assert titles(li, department="engineering", thing__purpose=type) == [f"工程{number}号"], type
    assert titles(li, department="security") == ["安保通知"] and "安保通知" not in titles(li, department="engineering")


@pytest.mark.shows("D14.32", "D14.33")
def test_a_folder_carries_its_order_and_is_listed_in_it_and_each_document_is_found_by_all_three(keys: Keys) -> None:
    li = sign_in(keys, "li")
    given = {"title": "档案夹甲", "store": keys.stores["archive"].pk}
    refused = li.post("/custody/folders", given)
    assert refused.status_code == 422 and "分类方式" in refused.content.decode() and not Folder.objects.exists()
    with pytest.raises(Refused, match="写明"):
        folder(keys, order="")
    assert li.post("/custody/folders", given | {"order": "letters"}).status_code == 302
    into = Folder.objects.get()
    assert "按字母" in li.get(f"/custody/folders/{into.pk}").content.decode()
    for title, type, day in (("装修管理规定", "制度", 3), ("安全检查通报", "通报", 9), ("绿化养护总结", "总结", 5)):
        file(keys, paper(keys, title, type), into, written_on=date(2026, 11, day))
    listed = lambda by="": [one.thing.title for one in archive.inside(keys.actor("li"), Folder.objects.get(), by)]  # noqa: E731
    by_letters, by_time = ["安全检查通报", "绿化养护总结", "装修管理规定"], ["装修管理规定", "绿化养护总结", "安全检查通报"]
    assert listed() == listed("letters") == by_letters
    assert listed("time") == by_time and sorted(listed("content")) == sorted(by_time)
    assert [one.thing.purpose for one in archive.inside(keys.actor("li"), into, "content")] == sorted(["制度", "通报", "总结"])
    folder(keys, "档案夹甲", order="time")
    assert listed() == by_time, "what stands on the folder is what is listed"
    assert titles(li, q="lvhua") == ["绿化养护总结"] == titles(li, thing__purpose="总结") == titles(li, written_on_from="2026-11-05", written_on_to="2026-11-05")


@pytest.mark.shows("D14.34", "D14.35")
def test_what_is_not_filed_in_time_and_what_has_expired_are_listed_and_told(keys: Keys) -> None:
    calendars.set_figure(SYSTEM, None, name="unfiled_days", value=3, at=MONDAY)
    clerk = keys.user("he")
    org.assign(keys.actor("chen"), keys.here, user=clerk, post="clerk", starts_on=START)
    paper(keys, "新到通知", at=MONDAY + 3 * DAY)
    old, gone = paper(keys, "压着没归的报告", "报告"), paper(keys, "过期通知")
    file(keys, gone, folder(keys), expires_on=date(2026, 11, 24))
    assert chores.unfiled(MONDAY + 3 * DAY - timedelta(minutes=1)) == 1, "the expired one alone"
    assert not Notice.objects.filter(title__contains="没有归档").exists()
    assert chores.unfiled(MONDAY + 4 * DAY) == 1
    news = Notice.objects.get(user_id=clerk.pk, title__contains="没有归档")
    assert "1 份超过期限没有归档，1 份已过保存期" in news.title
    late = archive.overdue(keys.here.pk, MONDAY + 4 * DAY)
    assert [(one.thing.title, one.thing.came_at < late) for one in archive.unfiled(keys.actor("li"), keys.here.pk)] == [("压着没归的报告", True), ("新到通知", False)]
    assert [one.thing.title for one in archive.expired(keys.actor("li"), keys.here.pk, date(2026, 11, 25))] == ["过期通知"]
    assert not archive.expired(keys.actor("li"), keys.here.pk, date(2026, 11, 24)).exists(), "its last day is not over"
    page = sign_in(keys, "li").get("/custody/archive").content.decode()
    assert "压着没归的报告" in page and "新到通知" in page
    file(keys, old, Folder.objects.get())
    assert [one.thing.title for one in archive.unfiled(keys.actor("li"), keys.here.pk)] == ["新到通知"]


def register(keys: Keys, ticket: int, by: Any = SYSTEM, at: Any = MONDAY, **given: Any) -> Filing:
    """As the end of a step does."""
    said = {"series": "internal", "title": f"联络单{ticket}", "type": "liaison", "department": "engineering"} | given
    with bookkeeping("a step of a procedure"):
        return actions.register_document(by, keys.here.pk, ticket=ticket, at=at, **said)


def carry(by: Any, keys: Keys) -> None:
    with bookkeeping("a step of a procedure"):
        actions.carry(by, keys.here.pk, ticket=7, to="安保部", at=MONDAY)


@pytest.mark.shows("D14.65", "D14.66")
def test_missing_pages_attachments_and_numbers_are_flagged(keys: Keys, db: None) -> None:
    into = folder(keys)
    whole, short, torn = (register(keys, number, pages="3") for number in (1, 2, 3))
    other = register(keys, 4, department="security")
    assert [one.reference for one in (whole, short, torn, other)] == ["工程部〔2026〕1 号", "工程部〔2026〕2 号", "工程部〔2026〕3 号", "安保部〔2026〕1 号"]
    file(keys, whole.thing, into, found=3)
    file(keys, short.thing, into, found=2)
    file(keys, torn.thing, into, found=3, missing="停水示意图")
    assert [(one.pk, one.incomplete) for one in archive.lacking(keys.actor("li"), keys.here.pk)] == [(torn.pk, "缺附件：停水示意图"), (short.pk, "缺 1 页")]
    today = date(2026, 11, 23)
    assert archive.gaps(keys.actor("li"), keys.here.pk, today) == []
    with bookkeeping("a number given on paper"):
        Filing.objects.filter(pk=torn.pk).update(serial=5)
    found = archive.gaps(keys.actor("li"), keys.here.pk, today)
    assert [(one.title, one.year, one.missing) for one in found] == [("工程部内部文件", 2026, (3, 4))]
    page = sign_in(keys, "li").get("/custody/archive").content.decode()
    assert "缺 3、4 号" in page and "缺 1 页" in page and "停水示意图" in page


@pytest.mark.shows("D14.59")
def test_numbers_of_letters_out_run_on_within_the_year_and_are_given_by_the_clerk_alone(keys: Keys) -> None:
    clerk = keys.user("he")
    org.assign(keys.actor("chen"), keys.here, user=clerk, post="clerk", starts_on=START)
    he = actor_for(clerk.pk)
    given = {"series": "sent", "type": "letter", "title": "函", "department": "finance"}
    with pytest.raises(Forbidden, match="文员"):
        register(keys, 1, keys.actor("chen"), **given)
    made = [register(keys, number, he, **given) for number in (1, 2, 3)]
    assert [one.serial for one in made] == [1, 2, 3]
    assert register(keys, 2, he, **given).serial == 2, "done again, it keeps its number"
    assert register(keys, 4, he, MONDAY + 60 * DAY, **given).reference == "发〔2027〕1 号"
    with pytest.raises(IntegrityError), bookkeeping("a twin"), transaction.atomic():
        Filing.objects.filter(pk=made[0].pk).update(serial=2)


@pytest.mark.shows("D14.67", "D14.68", "D14.69")
@pytest.mark.parametrize("post,title", [("secretary", "秘书"), ("clerk", "文员"), ("back-office", "内勤")])
def test_documents_are_passed_on_by_secretary_clerk_and_back_office_and_nobody_else(keys: Keys, post: str, title: str) -> None:
    if post != "clerk":
        org.set_post(SYSTEM, None, slug=post, title=title, rank=10, superior="service-manager", department="management", permissions=["org.view", "custody.view"])
    user = keys.user("he")
    register(keys, 7)
    with pytest.raises(Forbidden, match="秘书、文员、内勤"):
        carry(actor_for(user.pk), keys)
    for name in ("li", "wang", "wu", "lin", "chen", "zhao", "guo"):
        with pytest.raises(Forbidden):
            carry(keys.actor(name), keys)
    org.assign(SYSTEM, keys.here, user=user, post=post, starts_on=START)
    carry(actor_for(user.pk), keys)
    assert Filing.objects.get(ticket=7).thing.moves.filter(kind="carried", by_name="何敏", text="送安保部").count() == 1


@pytest.mark.shows("D14.25")
def test_secret_files_are_marked_on_screen_and_print_and_leave_in_no_export(keys: Keys) -> None:
    secret = keys.take_in("secret", by="chen", title="薪酬方案", store=keys.stores["safe"], purpose="其他秘密文件")
    plain = paper(keys, "年度总结", "总结")
    chen, li = sign_in(keys, "chen"), sign_in(keys, "li")
    assert "不得外传" in chen.get(f"/custody/things/{secret.pk}").content.decode() and "不得外传" in chen.get(f"/custody/labels?thing={secret.pk}").content.decode()
    assert "不得外传" not in chen.get(f"/custody/things/{plain.pk}").content.decode()
    assert "薪酬方案" in chen.get("/custody/files").content.decode() and "薪酬方案" not in li.get("/custody/files").content.decode()
    for path in ("/custody/?format=xlsx", "/custody/files?format=xlsx"):
        words = sheet(chen.get(path))
        assert "年度总结" in words and "薪酬方案" not in words, path
    assert [one["title"] for one in chen.get("/api/v1/custody/things").json()] == ["年度总结"]
    assert chen.get(f"/api/v1/custody/codes/{secret.code}").status_code == 404


def sheet(response: Any) -> str:
    """All the words of a workbook."""
    import zipfile
    from io import BytesIO

    with zipfile.ZipFile(BytesIO(b"".join(response.streaming_content))) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def test_filing_in_the_browser(keys: Keys) -> None:
    li, wang, mei = (sign_in(keys, name) for name in ("li", "wang", "mei"))
    into, one = folder(keys), paper(keys, "年度总结", "总结")
    safe = folder(keys, "秘密档案", store=keys.stores["safe"])
    address = f"/custody/things/{one.pk}"
    for given, status in (({"folder": ""}, 422), ({"folder": safe.pk}, 422), ({"folder": into.pk, "pages": "许多"}, 422), ({"folder": into.pk, "written_on": "昨天"}, 422), ({"folder": into.pk, "department": "kitchen"}, 422)):
        answer = li.post(address, {"do": "file"} | given)
        assert answer.status_code == status and "没有保存" in answer.content.decode(), given
    assert wang.post(address, {"do": "file", "folder": into.pk}).status_code == 403
    assert li.post(address, {"do": "file", "folder": into.pk, "pages": "4", "found": "4", "department": "finance", "written_on": "2026-11-20"}).status_code == 302
    page = li.get(address).content.decode()
    assert "2026 年通知" in page and "待归档" not in page
    for path in ("/custody/folders", f"/custody/folders/{into.pk}", "/custody/files", "/custody/archive"):
        assert li.get(path).status_code == 200 and wang.get(path).status_code == 200, path
    assert mei.get(f"/custody/folders/{into.pk}").status_code == 404 and "2026 年通知" not in mei.get("/custody/folders").content.decode()
    assert wang.post("/custody/folders", {"title": "我的", "order": "time", "store": keys.stores["archive"].pk}).status_code == 404
    with pytest.raises(NotFound):
        archive.folder(keys.actor("mei"), into.pk)


@pytest.mark.parametrize("path,most", [("/custody/files", 11), ("/custody/folders", 12), ("/custody/archive", 14), ("/custody/folders/{folder}", 10)])
def test_pages_of_the_archive_cost_the_same_however_much_there_is(keys: Keys, django_assert_max_num_queries: DjangoAssertNumQueries, path: str, most: int) -> None:
    into = folder(keys)
    for number in range(6):
        made = paper(keys, f"通知 {number}")
        if number % 2:
            file(keys, made, into, pages=3, found=2, expires_on=date(2026, 1, 1))
    li = sign_in(keys, "li")
    li.get(path.format(folder=into.pk))
    with django_assert_max_num_queries(most):
        assert li.get(path.format(folder=into.pk)).status_code == 200
