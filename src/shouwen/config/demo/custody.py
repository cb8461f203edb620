"""Keys and parcels of the demo: five cabinets with their keepers, a month of lending, one key that is late, one on its owner's word."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from shouwen.custody import actions
from shouwen.custody.models import Store, Thing
from shouwen.custody.queries import CHINA
from shouwen.custody.rules import Taker, Word
from shouwen.estate.models import Community, Unit
from shouwen.kernel.access import SYSTEM
from shouwen.org import queries as org
from shouwen.org.models import User

from . import cast

STORES: Final = (
    ("委托钥匙专柜", "entrusted", 20, "sun"), ("空房钥匙柜", "vacant", 30, "sun"), ("返修钥匙柜", "repair", 10, "ma"), ("房间钥匙柜", "room", 10, "li"),
    ("监控室区域钥匙箱", "area", 8, "bai"), ("前台抽屉", "desk", 8, "li"), ("信件包裹架", "mail", 0, "li"),
    ("危险品柜", "hazmat", 0, "cai"), ("代售票抽屉", "ticket", 0, "li"), ("档案柜", "archive", 0, "xie"),
)  # fmt: skip
AREAS: Final = ("1–4 栋天台", "5–8 栋天台", "地下车库设备间", "会所", "水泵房")


def live(place: Community, *, until: datetime, days: int) -> None:
    """Cabinets set up at the beginning, what was lent and counted this week, and what is out now."""
    began = until - timedelta(days=min(days, 20))
    people = {user.username: user for user in User.objects.filter(username__in=("li", "he", "sun", "ma", "lin", "chen", "wang", "bai", "cao", "feng", "cai", "xie"))}
    acts = {name: org.actor_for(user.pk) for name, user in people.items()}
    stores: dict[str, Store] = {}
    for title, holds, hooks, keeper in STORES:
        stores[holds] = actions.put_store(acts["lin"], place, title=title, holds=holds, hooks=hooks, at=began)
        if keeper:
            actions.set_keeper(acts["lin"], stores[holds], user=people[keeper], counted=None, at=began)
    keys = _keys(place, acts, stores, began)
    _week(place, keys, acts, people, stores, until)


def _keys(place: Community, acts: dict[str, Any], stores: dict[str, Store], at: datetime) -> dict[str, Thing]:
    """What hangs in the cabinets."""
    vacant = list(Unit.objects.filter(community=place, state="vacant").order_by("order").values_list("code", flat=True)[:14])
    found: dict[str, Thing] = {}
    for hook, code in enumerate(vacant, start=1):
        found[f"vacant{hook}"] = _in(acts["sun"], place, stores, "vacant", "入户门钥匙", at, unit=code, hook=hook, quantity=2)
    for hook, (code, name, *_rest) in enumerate(cast.RESIDENTS[:5], start=1):
        found[f"entrusted{hook}"] = _in(acts["sun"], place, stores, "entrusted", "入户门钥匙", at, unit=code, hook=hook, whose=name, purpose="应急" if hook % 2 else "出租看房", verified=True)
    code, name, *_rest = cast.RESIDENTS[0]
    found["sealed"] = _in(acts["sun"], place, stores, "sealed", "全套备用钥匙", at, unit=code, hook=12, whose=name, purpose="应急", verified=True, in_person=True, signed=True, envelope="F-0007")
    found["repair"] = _in(acts["ma"], place, stores, "repair", "返修期间入户钥匙", at, unit=cast.RESIDENTS[1][0], hook=1, whose=cast.RESIDENTS[1][1])
    for hook, title in enumerate(AREAS, start=1):
        found[f"area{hook}"] = _in(acts["bai"], place, stores, "area", title, at, hook=hook)
    found["desk"] = _in(acts["li"], place, stores, "desk", "前台大门钥匙", at, hook=1, quantity=2)
    found["room"] = _in(acts["li"], place, stores, "room", "样板间 12 栋 2401", at, hook=1)
    for hook in range(3, 6):
        found[f"card{hook}"] = _in(acts["li"], place, stores, "card", f"备用门禁卡 {hook - 2} 号", at, hook=hook)
    return found


def _in(actor: Any, place: Community, stores: dict[str, Store], kind: str, title: str, at: datetime, **given: Any) -> Thing:
    holds = {"sealed": "entrusted", "card": "desk", "document": "archive", "letter": "mail", "parcel": "mail", "newspaper": "mail"}.get(kind, kind)
    made: Thing = actions.take_in(actor, place, kind=kind, title=title, store=stores[holds], at=at, **given)
    return made


def _week(place: Community, keys: dict[str, Thing], acts: dict[str, Any], people: dict[str, User], stores: dict[str, Store], until: datetime) -> None:
    """Lent and back, counted, waiting, late, gone: each state that the pages show."""
    yesterday = until - timedelta(days=1)
    for number in range(1, 4):
        loan = actions.lend(acts["sun"], keys[f"vacant{number}"], way="staff", user=people["cao"], purpose="空房清扫", at=yesterday - timedelta(hours=5))
        actions.give_back(acts["sun"], loan, code=keys[f"vacant{number}"].code, quantity=2, at=yesterday - timedelta(hours=3))
    late = actions.lend(acts["sun"], keys["vacant4"], way="staff", user=people["wang"], purpose="试水、查漏", at=yesterday - timedelta(hours=4))
    actions.raise_overdue(SYSTEM, late, at=late.due_at + timedelta(minutes=1) if late.due_at and late.due_at < until else until)
    owner = cast.RESIDENTS[0][1]
    actions.lend(acts["sun"], keys["sealed"], way="use", user=people["feng"], purpose="业主出差，家中漏水需进屋关阀", at=until - timedelta(minutes=25), words=(Word("owner", "yes", owner, until - timedelta(minutes=27)),))
    family = Taker(name="王小宝", relation="family", paper="id", kept="前台档案盒 3")
    actions.lend(acts["sun"], keys["entrusted1"], way="proxy", purpose="回家取材料", taker=family, words=(Word("owner", "yes", owner, until - timedelta(minutes=52)),), at=until - timedelta(minutes=50))
    actions.lend(acts["bai"], keys["area1"], way="shift", user=people["sun"], purpose="早班巡视", at=until - timedelta(hours=2))
    for number in (2, 3, 4):
        code, name, *_rest = cast.RESIDENTS[number - 1]
        _in(acts["li"], place, stores, "parcel", f"快递包裹 尾号 {3810 + number * 7}", until - timedelta(hours=number * 3), unit=code, whose=name)
    letter = _in(acts["li"], place, stores, "letter", "挂号信", until - timedelta(hours=9), unit=cast.RESIDENTS[0][0], whose=owner)
    gone = _in(acts["he"], place, stores, "parcel", "生鲜包裹", until - timedelta(hours=20), unit=cast.RESIDENTS[0][0], whose=owner)
    actions.lend(acts["he"], gone, way="owner", taker=Taker(name=owner, paper="id"), purpose="领取", at=until - timedelta(hours=18))
    poison = _in(acts["cai"], place, stores, "hazmat", "灭蟑饵剂", until - timedelta(days=9), purpose="灭蟑药", quantity=500, measure="克")
    draw = actions.lend(acts["cai"], poison, way="use", user=people["cao"], quantity=120, purpose="3 栋地下室灭蟑", at=yesterday - timedelta(hours=6))
    actions.give_back(acts["cai"], draw, code=poison.code, used=90, quantity=30, at=yesterday - timedelta(hours=5))
    lot = _in(acts["li"], place, stores, "ticket", "周末电影票", until - timedelta(days=2), purpose="电影票", quantity=40)
    actions.sell(acts["li"], lot, count=6, amount="210", at=until - timedelta(hours=3))
    _in(acts["xie"], place, stores, "document", "2026 年物业费收费标准通知", until - timedelta(days=8), purpose="通知")
    assert letter.state == Thing.State.IN
    for holds, by in (("vacant", "sun"), ("repair", "ma"), ("room", "li")):
        there = {one.pk: one.quantity for one in Thing.objects.filter(store=stores[holds], gone_at__isnull=True, state="in")}
        at = datetime.combine(until.astimezone(CHINA).date(), time(8, 20), CHINA)
        actions.count(acts[by], stores[holds], found=there, locked=True, at=min(at, until))
