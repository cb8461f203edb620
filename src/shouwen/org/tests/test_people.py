"""Posts, grants, delegation, the role map; and who may not do what."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from shouwen.estate.models import Community
from shouwen.kernel.access import PERMISSIONS, SYSTEM
from shouwen.kernel.journal import now
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Forbidden, NotFound, Refused, TooMany
from shouwen.org import actions, queries, standard, tokens
from shouwen.org.middleware import COOKIE
from shouwen.org.models import Assignment, Delegation, Post, TitleMap, User
from shouwen.org.tests.world import MONDAY, PASSWORD, START, World


def sign_in(world: World, username: str, place: str = "") -> Client:
    client = Client()
    client.cookies[COOKIE] = actions.log_in(User.objects.get(username=username), agent="测试", address="127.0.0.1", at=now())
    if place:
        client.cookies["community"] = str(world.places[place].pk)
    return client


# --- the standard organisation -------------------------------------------------------------------------------------


def test_the_standard_posts_hold_together() -> None:
    by_slug = {post.slug: post for post in standard.POSTS}
    assert len(by_slug) == len(standard.POSTS)
    departments = standard.HEAD_OFFICE.keys() | standard.DEPARTMENTS.keys()
    for post in standard.POSTS:
        assert post.permissions <= PERMISSIONS.keys() - {"system"}, post.slug
        assert post.department in departments
        if post.superior:
            assert by_slug[post.superior].rank > post.rank, f"{post.slug} outranks its superior"
    assert set(standard.TITLES.values()) <= by_slug.keys()
    local = [p for p in standard.POSTS if p.department in standard.DEPARTMENTS]
    chief = by_slug["director"].permissions
    assert all(p.permissions <= chief for p in local), "the director could not appoint or stand in for everybody here"


@pytest.mark.parametrize(
    ("title", "post"),
    [
        ("接诉人", "receptionist"), ("客户接待员", "receptionist"), ("客务助理", "receptionist"), ("物业助理", "steward"),
        ("当班经理", "duty-manager"),
        ("当值主管", "duty-manager"), ("公司分管领导", "senior-leadership"), ("安护员", "guard"), ("护管", "guard"),
        ("入口值班人员", "gate-guard"), ("保安监控室", "control-room"), ("中控室", "control-room"), ("业主服务中心经理", "service-manager"),
        ("投诉受理部主管", "complaint-supervisor"), ("片区管理员", "steward"), ("财务收款员", "cashier"),
    ],
)  # fmt: skip
def test_the_many_titles_of_the_documents_mean_one_post(world: World, title: str, post: str) -> None:
    found = queries.post_for_title(title, world.places["liyuan"].pk)
    assert found is not None and found.slug == post


def test_a_community_may_read_a_title_in_its_own_way(world: World) -> None:
    liyuan, yunxi = world.places["liyuan"], world.places["yunxi"]
    line = actions.map_title(world.actor("chen"), liyuan, title="接诉人", post="steward")
    assert queries.post_for_title("接诉人", liyuan.pk).slug == "steward"
    assert queries.post_for_title("接诉人", yunxi.pk).slug == "receptionist"
    with pytest.raises(Forbidden):
        actions.map_title(world.actor("chen"), None, title="接诉人", post="steward")
    with pytest.raises(NotFound):
        actions.unmap_title(world.actor("lu"), yunxi, line=line)
    actions.unmap_title(world.actor("chen"), liyuan, line=line)
    assert queries.post_for_title("接诉人", liyuan.pk).slug == "receptionist"
    assert queries.post_for_title("没有的称谓", liyuan.pk) is None


def test_ranks_answer_from_this_level_upwards(world: World) -> None:
    here = world.places["liyuan"].pk
    assert [queries.reaches(world.people[u].pk, "security-duty-lead", here) for u in ("li", "lin", "zhao", "guo", "lu")] == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_loading_the_standard_again_leaves_changes_alone(world: World) -> None:
    actions.set_post(world.actor("kang"), None, slug="guard", title="保安员", rank=12, superior="security-head", permissions=["duty.view"])
    actions.load_standard(SYSTEM, None)
    assert Post.objects.get(slug="guard").title == "保安员"


# --- grants --------------------------------------------------------------------------------------------------------


def test_one_person_with_posts_in_several_places(world: World) -> None:
    yunxi, liyuan = world.places["yunxi"].pk, world.places["liyuan"].pk
    assert not world.actor("lin").may("tickets.view", yunxi)
    actions.assign(SYSTEM, world.places["yunxi"], user=world.people["lin"], post="duty-manager", starts_on=START)
    lin = world.actor("lin")
    assert lin.may("tickets.steer", yunxi) and lin.may("org.delegate", liyuan) and not lin.may("org.delegate", yunxi)
    assert lin.posts == {"cs-supervisor", "duty-manager"} and lin.post == "客服部主管"
    assert [c.slug for c in queries.places_of(lin)] == ["liyuan", "yunxi"]
    kang = world.actor("kang")
    assert kang.may("org.edit", None) and kang.may("org.edit", yunxi) and not kang.may("tickets.view", liyuan)
    assert kang.community == liyuan


def test_posts_count_from_their_first_to_their_last_day(world: World) -> None:
    today = now().astimezone(queries.CHINA).date()
    held = Assignment.objects.get(user=world.people["li"])
    actions.end_assignment(SYSTEM, held, ends_on=today)
    assert world.actor("li").posts == {"receptionist"}
    actions.end_assignment(SYSTEM, held, ends_on=today - timedelta(days=1))
    assert world.actor("li").posts == frozenset() and world.actor("li").grants == {}
    actions.assign(SYSTEM, world.places["liyuan"], user=world.people["li"], post="steward", starts_on=today + timedelta(days=1))
    assert world.actor("li").posts == frozenset()


def test_the_stand_in_has_the_rights_while_it_lasts_and_there_only(world: World) -> None:
    liyuan, at = world.places["liyuan"], now()
    leave = actions.delegate(
        world.actor("zhao"), liyuan, user=world.people["zhao"], to=world.people["lin"], starts_at=at - timedelta(minutes=1),
        ends_at=at + timedelta(days=1), reason="出差", at=at,
    )  # fmt: skip
    lin = world.actor("lin")
    assert lin.may("org.edit", liyuan.pk) and "director" in lin.posts and lin.post == "客服部主管"
    assert not lin.may("org.edit", world.places["yunxi"].pk)
    actions.end_delegation(SYSTEM, leave, at=at)
    assert not world.actor("lin").may("org.edit", liyuan.pk)
    actions.delegate(
        SYSTEM,
        liyuan,
        user=world.people["zhao"],
        to=world.people["lin"],
        starts_at=at + timedelta(days=2),
        ends_at=at + timedelta(days=3),
        reason="出差",
    )
    assert not world.actor("lin").may("org.edit", liyuan.pk)  # not yet


def test_the_stand_in_of_head_office_has_its_rights_only_where_it_was_said(world: World) -> None:
    at = now()
    actions.delegate(
        SYSTEM,
        world.places["yunxi"],
        user=world.people["kang"],
        to=world.people["lu"],
        starts_at=at,
        ends_at=at + timedelta(1),
        reason="培训",
    )
    lu = world.actor("lu")
    assert (
        lu.may("duty.edit", world.places["yunxi"].pk) and not lu.may("org.edit", world.places["liyuan"].pk) and not lu.may("org.edit", None)
    )


def test_nobody_makes_themself_the_stand_in_of_somebody_greater(world: World) -> None:
    lin, place, at = world.actor("lin"), world.places["liyuan"], now()
    for greater in ("zhao", "kang", "guo"):
        with pytest.raises(Forbidden, match="超出您自己的权限"):
            actions.delegate(
                lin, place, user=world.people[greater], to=world.people["lin"], starts_at=at, ends_at=at + timedelta(1), reason="出差"
            )
    actions.delegate(lin, place, user=world.people["li"], to=world.people["he"], starts_at=at, ends_at=at + timedelta(1), reason="事假")
    with pytest.raises(Forbidden):
        actions.delegate(world.actor("li"), place, user=world.people["he"], starts_at=at, ends_at=at + timedelta(1), reason="事假")
    with pytest.raises(Forbidden):
        actions.delegate(lin, world.places["yunxi"], user=world.people["mei"], starts_at=at, ends_at=at + timedelta(1), reason="事假")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ends_at": MONDAY}, "晚于开始"), ({"to": "li"}, "请假人自己"), ({"reason": " "}, "事由"), ({"to": "mei"}, "不在本小区"),
        ({"user": "mei", "to": None}, "不在本小区"), ({"reason": "x" * 201}, "最多"),
    ],
)  # fmt: skip
def test_leave_that_makes_no_sense_is_refused(world: World, change: dict[str, object], words: str) -> None:
    given = {"user": "li", "to": "he", "starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=1), "reason": "事假", **change}
    given |= {name: world.people[given[name]] for name in ("user", "to") if given[name]}
    with pytest.raises(Refused, match=words):
        actions.delegate(SYSTEM, world.places["liyuan"], **given)
    assert not Delegation.objects.exists()


def test_leave_does_not_overlap_itself(world: World) -> None:
    given = {"user": world.people["li"], "starts_at": MONDAY, "ends_at": MONDAY + timedelta(days=2), "reason": "事假"}
    first = actions.delegate(SYSTEM, world.places["liyuan"], **given)
    with pytest.raises(Refused, match="已登记"):
        actions.delegate(SYSTEM, world.places["liyuan"], **given)
    actions.end_delegation(SYSTEM, first, at=MONDAY)
    actions.delegate(SYSTEM, world.places["liyuan"], **given)


def test_every_change_of_people_raises_the_version_where_it_counts(world: World) -> None:
    def versions() -> tuple[int, int]:
        return tuple(Community.objects.order_by("slug").values_list("people_version", flat=True))

    before = versions()
    actions.assign(SYSTEM, world.places["liyuan"], user=world.people["he"], post="steward", starts_on=START)
    assert versions() == (before[0] + 1, before[1])
    actions.assign(SYSTEM, None, user=world.people["he"], post="auditor", starts_on=START)
    assert versions() == (before[0] + 2, before[1] + 1)
    actions.stop_user(SYSTEM, None, user=world.people["wu"], reason="离职")
    assert versions() == (before[0] + 3, before[1] + 2)


# --- who may not ---------------------------------------------------------------------------------------------------


def test_a_local_manager_gives_no_more_than_they_have(world: World) -> None:
    chen, place = world.actor("chen"), world.places["liyuan"]
    actions.assign(chen, place, user=world.people["he"], post="steward", starts_on=START)
    for post, where, problem in (
        ("it-admin", None, Forbidden),
        ("receptionist", world.places["yunxi"], Forbidden),
        ("receptionist", None, Forbidden),
    ):
        with pytest.raises(problem):
            actions.assign(chen, where, user=world.people["he"], post=post, starts_on=START)
    actions.set_post(SYSTEM, None, slug="super", title="特权岗", rank=10, permissions=[p for p in PERMISSIONS if p != "system"])
    narrowed = Post.objects.get(slug="service-manager")
    actions.set_post(SYSTEM, None, slug="service-manager", title="服务中心经理", rank=50, superior="director",
                     permissions=[p for p in narrowed.permissions if p != "settings.edit"])  # fmt: skip
    with pytest.raises(Forbidden, match="超出您自己的权限"):
        actions.assign(world.actor("chen"), place, user=world.people["he"], post="super", starts_on=START)
    with pytest.raises(Forbidden):
        actions.set_post(chen, None, slug="guard", title="护卫员", rank=99, permissions=[])


def test_circles_and_nonsense_in_posts_are_refused(world: World) -> None:
    kang = world.actor("kang")
    for given, words in (
        ({"slug": "director", "superior": "receptionist"}, "循环"), ({"slug": "guard", "superior": "nobody"}, "上级岗位"),
        ({"slug": "坏"}, "小写字母"), ({"slug": "guard", "rank": -1}, "级别"), ({"slug": "guard", "permissions": ["system"]}, "权限"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            actions.set_post(kang, None, **{"title": "岗位", "rank": 10, "permissions": [], **given})


@pytest.mark.parametrize(
    ("field", "bad"),
    [("username", "李静"), ("username", "li"), ("username", "a b"), ("username", ""), ("name", ""), ("name", "坏\x07人"),
     ("email", "nonsense"),
     ("password", "short"), ("password", "x" * 129), ("name", "x" * 61)],
)  # fmt: skip
def test_accounts_that_cannot_be_are_refused(world: World, field: str, bad: str) -> None:
    count = User.objects.count()
    with pytest.raises(Refused) as no:
        actions.add_user(SYSTEM, None, **{"username": "newone", "name": "新人", "password": PASSWORD, field: bad})
    assert field in no.value.fields and User.objects.count() == count


def test_initials_and_the_phone_at_rest(world: World) -> None:
    user = actions.add_user(SYSTEM, None, username="lvbu", name="吕布", password=PASSWORD, phone="13912345678")
    assert user.initials == "lb" and b"139" not in bytes(user.phone_sealed)
    assert "13912345678" not in str(list(Entry.objects.values()))


# --- pages ---------------------------------------------------------------------------------------------------------


def test_hiring_and_leaving_in_the_browser(world: World) -> None:
    client = sign_in(world, "chen")
    form = {
        "username": "newone", "name": "新人", "password": "neu-Drachen-99-x", "post": "receptionist",
        "place": str(world.places["liyuan"].pk), "starts_on": "2026-01-01",
    }  # fmt: skip
    assert client.post("/org/staff/new", {**form, "post": ""}).status_code == 422
    assert not User.objects.filter(username="newone").exists()
    assert client.post("/org/staff/new", {**form, "place": str(world.places["yunxi"].pk)}).status_code == 422
    assert not User.objects.filter(username="newone").exists()  # both or neither
    assert client.post("/org/staff/new", form)["Location"] == "/org/staff/newone"
    page = client.get("/org/staff/newone").content.decode()
    assert "新人" in page and "前台接待员" in page
    held = Assignment.objects.get(user__username="newone")
    assert client.post(f"/org/staff/newone/posts/{held.pk}/end", {"ends_on": "2026-11-21"}).status_code == 302
    assert client.post("/org/staff/newone/profile", {"name": "新人二", "email": "bad"}).status_code == 422
    assert client.post("/org/staff/newone/profile", {"name": "新人二", "email": ""}).status_code == 302
    assert (
        client.post(
            "/org/staff/newone/posts", {"post": "steward", "place": str(world.places["liyuan"].pk), "starts_on": "2026-11-01"}
        ).status_code
        == 302
    )
    assert client.post("/org/staff/newone/stop", {"reason": ""}).status_code == 422
    assert client.post("/org/staff/newone/stop", {"reason": "离职"}).status_code == 302
    assert client.post("/org/staff/newone/start").status_code == 302
    assert client.post("/org/staff/newone/nonsense").status_code == 404


def test_the_register_finds_people_by_name_initials_and_post(world: World) -> None:
    client = sign_in(world, "li")
    for query, names in (({"q": "李"}, ["李静"]), ({"q": "LJ"}, ["李静"]), ({"q": "wang"}, ["王强"]), ({"post": "it-admin"}, ["康宁"])):
        page = client.get("/org/staff", query, headers={"HX-Request": "true"}).content.decode()
        assert [name for name in ("李静", "王强", "康宁", "林芳") if name in page] == names
    assert "没有符合条件" in client.get("/org/staff", {"q": "不存在的人"}).content.decode()
    assert client.get("/org/staff", {"q": "%_\\'", "after": "bad"}).status_code in (200, 400, 422)


def test_people_of_the_neighbour_are_not_there(world: World) -> None:
    client = sign_in(world, "chen", "yunxi")
    assert "梅兰" not in client.get("/org/staff?place=all").content.decode()
    for path in ("/org/staff/mei", "/org/staff/mei/profile", "/api/v1/org/staff/mei"):
        assert (client.post(path) if "profile" in path else client.get(path)).status_code == 404
    assert client.get("/api/v1/org/staff?q=mei").json() == []
    leave = actions.delegate(
        SYSTEM, world.places["yunxi"], user=world.people["mei"], starts_at=MONDAY, ends_at=MONDAY + timedelta(1), reason="事假"
    )
    assert client.post(f"/org/leave/{leave.pk}/end").status_code == 404
    assert "梅兰" not in client.get("/org/leave").content.decode()


def test_a_colleague_looks_but_does_not_change(world: World) -> None:
    client = sign_in(world, "li")
    page = client.get("/org/staff/he").content.decode()
    assert "何敏" in page and "重设密码" not in page
    assert client.post("/org/staff/he/reset", {"password": "mine-now-12345-x"}).status_code in (403, 422)
    assert client.post("/org/staff/he/posts", {"post": "steward", "place": "0", "starts_on": "2026-01-01"}).status_code == 422
    assert client.get("/org/staff/new").status_code == 404 and client.get("/org/posts/new").status_code == 404
    assert client.post("/org/titles", {"title": "接诉人", "post": "guard"}).status_code == 422
    assert TitleMap.objects.get(title="接诉人").post.slug == "receptionist"
    assert client.post("/org/posts/guard", {"title": "x", "rank": 1}).status_code == 422 and Post.objects.get(slug="guard").rank == 10
    assert User.objects.get(username="he").check_password(PASSWORD)


def test_posts_departments_and_titles_in_the_browser(world: World) -> None:
    client = sign_in(world, "kang")
    assert client.get("/org/posts").status_code == 200 and client.get("/org/posts/guard").status_code == 200
    assert client.get("/org/posts/nowhere").status_code == 404
    form = {"slug": "pool-guard", "title": "泳池救生员", "rank": 10, "superior": "service-manager", "permissions": ["duty.view"]}
    assert client.post("/org/posts/new", form).status_code == 302
    assert client.post("/org/posts/pool-guard", {**form, "superior": "pool-guard"}).status_code == 422
    assert client.post("/org/posts", {"slug": "pool", "title": "泳池"}).status_code == 302
    assert client.post("/org/titles", {"title": "救生员", "post": "pool-guard", "everywhere": "on"}).status_code == 302
    line = TitleMap.objects.get(title="救生员")
    assert line.community_id is None and "救生员" in client.get("/org/titles?q=救生").content.decode()
    assert client.post(f"/org/titles/{line.pk}/remove").status_code == 302
    assert client.post(f"/org/titles/{line.pk}/remove").status_code == 404


def test_registering_leave_in_the_browser(world: World) -> None:
    client = sign_in(world, "lin")
    form = {"user": "li", "to": "he", "starts_at": "2026-11-23T08:00", "ends_at": "2026-11-24T08:00", "reason": "事假"}
    assert client.post("/org/leave", {**form, "to": "li"}).status_code == 422
    assert client.post("/org/leave", {**form, "to": "mei"}).status_code == 422
    assert client.post("/org/leave", form).status_code == 302
    row = Delegation.objects.get()
    assert row.starts_at == MONDAY.replace(hour=8) and "何敏" in client.get("/org/leave").content.decode()
    assert sign_in(world, "li").post("/org/leave", form).status_code == 422


def test_the_current_community_is_one_of_mine(world: World) -> None:
    assert sign_in(world, "li", "yunxi").get("/api/v1/org/me").json()["community"] == "liyuan"
    assert sign_in(world, "kang", "yunxi").get("/api/v1/org/me").json()["community"] == "yunxi"
    client = sign_in(world, "li")
    for bad in ("99999", "-1", "abc", "9" * 30):
        client.cookies["community"] = bad
        assert client.get("/api/v1/org/me").json()["community"] == "liyuan"


# --- tokens --------------------------------------------------------------------------------------------------------


def token(world: World, username: str, scope: list[str], **more: int) -> str:
    actor = world.actor(username)
    place = None if actor.may("api.tokens", None) else world.places["liyuan"]
    return actions.create_token(actor, place, user=world.people[username], name="测试", scope=scope, at=now(), **{"days": 9, **more})[1]


def call(key: str, path: str = "/api/v1/org/staff"):
    return Client().get(path, headers={"Authorization": f"Bearer {key}"})


def test_a_token_is_as_wide_as_its_scope_and_no_wider(world: World) -> None:
    wide, narrow = token(world, "chen", ["org.view", "duty.view"]), token(world, "chen", ["duty.view"])
    assert "li" in [row["username"] for row in call(wide).json()]
    assert call(narrow).json() == [] and call(narrow, "/api/v1/duty/now").status_code == 200
    assert call(narrow, "/api/v1/org/me").json()["permissions"] == ["duty.view"]
    written = Client().post(
        "/api/v1/duty/book", {"post": "receptionist", "text": "x"}, "application/json", headers={"Authorization": f"Bearer {narrow}"}
    )
    assert written.status_code == 403
    assert Client().get("/org/staff", headers={"Authorization": f"Bearer {wide}"}).status_code == 302  # programs stay at /api
    for bad in ("", "sw_nonsense", "x" * 500, wide + "x", "sw_\u00e9"):
        assert call(bad).status_code == 401


def test_tokens_expire_are_revoked_and_die_with_the_account(world: World) -> None:
    key = token(world, "chen", ["org.view"], days=1)
    assert tokens.actor_of(f"Bearer {key}", now()) is not None
    assert tokens.actor_of(f"Bearer {key}", now() + timedelta(days=1)) is None
    row = queries.tokens(world.actor("chen")).get()
    with pytest.raises(Forbidden):
        actions.revoke_token(world.actor("lu"), world.places["liyuan"], token=row, at=now())
    with pytest.raises(NotFound):
        actions.revoke_token(world.actor("lu"), world.places["yunxi"], token=row, at=now())
    actions.revoke_token(world.actor("kang"), None, token=row, at=now())
    assert call(key).status_code == 401
    other = token(world, "chen", ["org.view"])
    actions.stop_user(SYSTEM, None, user=world.people["chen"], reason="离职")
    assert call(other).status_code == 401


def test_a_token_cannot_be_wider_than_its_maker(world: World) -> None:
    for scope in ([], ["system"], ["api.tokens"], ["org.view", "nonsense"]):
        with pytest.raises(Refused):
            token(world, "chen", scope)
    with pytest.raises(Forbidden):
        token(world, "li", ["org.view"])
    with pytest.raises(Refused):
        token(world, "kang", ["tickets.view"])
    with pytest.raises(Refused):
        token(world, "chen", ["org.view"], days=366)


def test_a_token_keeps_its_pace(world: World) -> None:
    key = token(world, "chen", ["org.view"], per_minute=40)
    answers = [call(key).status_code for _ in range(12)]
    assert answers[:10] == [200] * 10 and answers[-1] == 429
    last = call(key)
    assert last["Retry-After"] == "1" and "每分钟最多 40 次" in last.json()["error"]["message"]
    with pytest.raises(TooMany):
        tokens.actor_of(f"Bearer {key}", now())


def test_tokens_in_the_browser_are_shown_once(world: World) -> None:
    client = sign_in(world, "chen")
    made = client.post("/org/tokens", {"name": "报表", "days": 30, "per_minute": 60, "scope": ["org.view"]}).content.decode()
    key = made.split("<code>")[1].split("</code>")[0]
    assert call(key).status_code == 200 and key not in client.get("/org/tokens").content.decode()
    row = queries.tokens(world.actor("chen")).get()
    assert sign_in(world, "li").get("/org/tokens").status_code == 404
    assert sign_in(world, "zhao").post(f"/org/tokens/{row.pk}/revoke").status_code == 404
    assert client.post(f"/org/tokens/{row.pk}/revoke").status_code == 302 and call(key).status_code == 401


def test_a_date_that_has_ended_is_not_ended_later(world: World) -> None:
    held = Assignment.objects.get(user=world.people["li"])
    actions.end_assignment(SYSTEM, held, ends_on=date(2026, 5, 1))
    with pytest.raises(Refused, match="已经结束"):
        actions.end_assignment(SYSTEM, held, ends_on=date(2026, 6, 1))
