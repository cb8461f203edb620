"""Plausible answers to any form, for the invented month of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shouwen.procedures.calendars import local
from shouwen.procedures.engine import Procedure
from shouwen.procedures.engine.procedure import Ask

WORDS = {
    "repair": ("厨房水龙头滴水", "卫生间地漏反味", "客厅插座没电", "入户门锁难开", "阳台推拉门卡住", "楼道灯不亮", "对讲机没有声音", "马桶一直流水"),
    "home_repair": ("更换花洒软管", "疏通厨房下水", "安装晾衣架", "检修空调漏水", "更换客厅灯管"),
    "complaint": ("楼上装修噪音太早", "电梯轿厢有异味", "车位被占没人管", "垃圾房清运不及时", "前台电话没人接", "绿化带有积水"),
    "consultation": ("装修需要办哪些手续", "停车月卡怎么办理", "物业费可以预存吗", "宠物登记在哪里办", "搬家要不要放行条"),
    "appointment": ("预约上门保洁", "预约检查燃气软管", "预约代收大件家具", "预约更换门禁卡"),
    "help_request": ("老人下楼需要轮椅", "钥匙忘在家里进不了门", "孩子没带钥匙在大堂等", "快递柜打不开", "车胎没气需要帮忙"),
    "suggestion": ("建议增加儿童滑梯软垫", "建议大堂放雨伞架", "建议垃圾分类点加灯"),
    "reception": ("来访了解装修押金退还", "来访咨询业委会活动", "来访反映楼下噪音"),
}  # fmt: skip
NOTES = ("已按要求处理，现场恢复正常。", "已与业主沟通，业主表示理解。", "已安排人员到场，情况属实。", "处理完毕，业主当场确认。")


@dataclass(slots=True)
class Writer:
    random: Random
    at: datetime
    unit: str
    name: str
    colleague: str
    others: tuple[int, ...] = ()

    def answers(self, rules: Procedure, step: str, earlier: dict[str, Any]) -> dict[str, Any]:
        """Answers to every field that is asked for; optional ones now and then."""
        given: dict[str, Any] = {}
        for ask in rules.every_step[step].asks.values():
            if ask.only_if and not _holds(ask, earlier | given):
                continue
            if ask.optional and (self.random.random() < 0.6 or ask.kind in ("photo", "file", "signature", "readings")):
                continue
            given[ask.name] = self._answer(rules, ask)
        return given

    def evidence(self, rules: Procedure, step: str) -> dict[str, Any]:
        """Every piece of evidence that the step needs."""
        return dict.fromkeys(rules.every_step[step].needs, "demo")

    def _answer(self, rules: Procedure, ask: Ask) -> Any:
        random, words = self.random, WORDS.get(rules.procedure, NOTES)
        one: Any
        match ask.kind:
            case "pick" | "department" if ask.kind == "department" or ask.pick:
                keys = list(ask.pick) or ["engineering", "security", "cleaning"]
                one = ask.default if ask.default in keys and random.random() < 0.6 else random.choice(keys)
            case "yes_no":
                one = ask.default or random.choice(("yes", "yes", "no"))
            case "unit":
                return self.unit or "3-1-1201"
            case "phone":
                return f"138{random.randint(10**7, 10**8 - 1)}"
            case "date":
                one = local(self.at + timedelta(days=1)).date().isoformat()
            case "time":
                one = "10:00"
            case "datetime":
                ahead = timedelta(0) if ask.default == "now" else timedelta(hours=random.randint(2, 20))
                one = f"{local(self.at + ahead):%Y-%m-%d %H:%M}"
            case "minutes" | "number":
                one = ask.min or str(random.randint(1, 9))
            case "money":
                one = "30.00"
            case "priced":
                return [random.choice(("SD-01", "SD-03", "MC-02", "JZ-01"))]
            case "rating":
                one = random.choice("34555")
            case "staff":
                one = self.colleague
            case "checklist":
                return dict.fromkeys(ask.items, "yes") or {"现场": "yes"}
            case "readings":
                return {key: str(random.randint(10, 99)) for key in ask.items}
            case "photo" | "file" | "signature":
                one = "demo"
            case "note":
                one = random.choice(words if ask.name in ("content", "question", "matter") else NOTES)
            case _:
                one = self.name or "王先生" if ask.name in ("caller", "visitor", "name") else random.choice(NOTES)[:12]
        if not ask.many:
            return one
        least = int(ask.min or 1)
        if ask.kind == "staff" and least > 1:
            return [self.colleague, *(str(n) for n in self.others[: least - 1])]
        return [one] if least == 1 else list(ask.pick)[:least] or [one]


def _holds(ask: Ask, known: dict[str, Any]) -> bool:
    condition = ask.only_if
    assert condition is not None
    for name, values in condition.equals:
        have = known.get(name, ())
        if not set((have,) if isinstance(have, str) else have) & set(values):
            return False
    return all(len(known.get(name, ())) >= n for name, n in condition.at_least)
