"""What is asked on the pages of this area. Which fields a form has follows from the kind of thing and the way it leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from shouwen.kernel.refusals import Refused

from .kinds import CLASSES, KINDS, ORDERS, OWNER, PAPERS, REASONS, RELATIONS, SIDES, Kind, Way
from .models import Store
from .rules import Taker, Word

_NOW = {"type": "datetime-local"}
_ANSWERS = [("", "请选择"), ("yes", "同意"), ("no", "不同意"), ("none", "没有联系上")]


class Moment(forms.DateTimeField):
    """To the minute. D4.21."""

    def __init__(self, **given: Any) -> None:
        super().__init__(widget=forms.DateTimeInput(attrs=_NOW, format="%Y-%m-%dT%H:%M"), error_messages={"invalid": "请写明日期和几点几分。"}, **given)


class StoreForm(forms.Form):
    use_required_attribute = False
    title = forms.CharField(label="名称", max_length=40, error_messages={"required": "请填写名称。"})
    holds = forms.ChoiceField(label="存放类别", choices=list(CLASSES.items()))
    hooks = forms.IntegerField(label="挂钩数", required=False, min_value=0, max_value=600, help_text="0 或不填：不编号", error_messages={"invalid": "应为整数。"})


class KeeperForm(forms.Form):
    use_required_attribute = False
    user = forms.ChoiceField(label="交给", error_messages={"required": "请选择接收的同事。"})
    counted = forms.IntegerField(label="当面点数", required=False, min_value=0, max_value=99999, error_messages={"invalid": "应为整数。"})
    reason = forms.CharField(label="事由", max_length=200, required=False, help_text="如：休假期间托付、岗位调整")

    def __init__(self, *args: Any, people: list[tuple[str, str]], **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["user"].choices = [("", "请选择"), *people]  # type: ignore[attr-defined]


class FolderForm(forms.Form):
    use_required_attribute = False
    title = forms.CharField(label="名称", max_length=40, error_messages={"required": "请填写名称。"})
    order = forms.ChoiceField(label="分类方式", choices=[("", "请选择"), *ORDERS.items()], help_text="写明在档案夹上，里面的文件照此排列", error_messages={"required": "请选择分类方式，并在档案夹上写明。"})
    store = forms.ChoiceField(label="放在哪里", error_messages={"required": "请选择档案柜。"})
    department = forms.ChoiceField(label="部门", required=False)

    def __init__(self, *args: Any, stores: list[Store], departments: list[tuple[str, str]], **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["store"].choices = [(str(one.pk), one.title) for one in stores]  # type: ignore[attr-defined]
        self.fields["department"].choices = [("", "各部门共用"), *departments]  # type: ignore[attr-defined]


class IntakeForm(forms.Form):
    """Something is taken in; the fields follow from its kind."""

    use_required_attribute = False
    title = forms.CharField(label="名称", max_length=80, error_messages={"required": "请填写名称。"})
    unit = forms.CharField(label="房号", max_length=40, required=False)
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=99_999, initial=1, error_messages={"invalid": "应为整数。", "required": "请填写数量。"})
    measure = forms.CharField(label="单位", max_length=6, required=False, help_text="克、毫升、瓶")
    store = forms.ChoiceField(label="存放处", error_messages={"required": "请选择存放处。"})
    hook = forms.IntegerField(label="挂钩", required=False, min_value=1, max_value=600, help_text="不填：不挂钩", error_messages={"invalid": "应为整数。"})
    whose = forms.CharField(label="寄存业户", max_length=60, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    purpose = forms.ChoiceField(label="寄存用途", required=False)
    recipient = forms.CharField(label="代存转交给", max_length=60, required=False, help_text="只有临时代存转交的才填")
    valid_until = Moment(label="有效至", required=False)
    envelope = forms.CharField(label="信封编号", max_length=20, required=False)
    permit = forms.CharField(label="批准人", max_length=60, required=False)
    verified = forms.BooleanField(label="已核对房号、数量，试过能用", required=False)
    in_person = forms.BooleanField(label="业户本人当面装入信封", required=False)
    signed = forms.BooleanField(label="业户已在封口处签名", required=False)

    def __init__(self, *args: Any, kind: Kind, stores: list[Store], **given: Any) -> None:
        super().__init__(*args, **given)
        self.fields["store"].choices = [(str(one.pk), one.title) for one in stores]  # type: ignore[attr-defined]
        mine = {"title", "quantity", "store", "unit"} | ({"hook"} if any(one.hooks for one in stores) else set())
        mine |= {"whose"} if kind.unit == "must" else set()
        mine |= {"phone"} if kind.unit == "must" and kind.family == "key" else set()
        mine |= {"purpose"} if kind.purposes else set()
        mine |= {"verified"} if kind.personal or kind.sealed else set()
        mine |= {"measure"} if kind.family == "hazmat" else set()
        mine -= {"unit"} if kind.family in ("document", "hazmat", "ticket") else set()
        mine |= {"recipient", "valid_until"} if any("转交" in each for each in kind.purposes) else set()
        mine |= {"envelope", "in_person", "signed"} if kind.sealed else set()
        mine |= {"permit"} if kind.permit else set()
        for name in set(self.fields) - mine:
            del self.fields[name]
        self.fields["quantity"].label = "数量" if "measure" in mine else f"数量（{kind.measure}）"
        if "measure" in mine:
            self.fields["measure"].initial = kind.measure
        if "purpose" in mine:
            self.fields["purpose"].label = kind.purpose_title
            self.fields["purpose"].choices = [("", "请选择"), *((each, each) for each in kind.purposes)]  # type: ignore[attr-defined]
        if kind.family == "mail" and "whose" in mine:
            self.fields["whose"].label = "收件人"


class LendForm(forms.Form):
    """One way in which one thing leaves; the fields follow from both."""

    use_required_attribute = False
    user = forms.ChoiceField(label="借用同事", required=False)
    company = forms.CharField(label="施工单位", max_length=60, required=False)
    name = forms.CharField(label="姓名", max_length=60, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    relation = forms.ChoiceField(label="与业户的关系", required=False)
    paper = forms.ChoiceField(label="查验的证件", required=False)
    valid_on = forms.DateField(label="出入证有效期至", required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), error_messages={"invalid": "日期应写成 2026-11-21 这样。"})
    kept = forms.CharField(label="复印件、委托书存放处", max_length=60, required=False)
    developer = forms.CharField(label="开发商证明确认材料", max_length=60, required=False, help_text="编号或存放处；没有不能借")
    reason = forms.ChoiceField(label="紧急情况", required=False)
    purpose = forms.CharField(label="用途", max_length=160, required=False)
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=99_999, error_messages={"invalid": "应为整数。", "required": "请填写数量。"})
    due_at = Moment(label="应还时间", required=False)
    keep = forms.BooleanField(label="全部领走，不再寄存", required=False)
    signature = forms.FileField(label="领用人签名", required=False, help_text="在屏幕上签名；签不了的，可以拍一张签名照片")

    def __init__(self, *args: Any, kind: str, way: Way, people: list[tuple[str, str]], sides: dict[str, list[tuple[str, str]]], most: int, **given: Any) -> None:
        super().__init__(*args, **given)
        self.kind, self.way = KINDS[kind], way
        mine = {"purpose", "quantity"} | (set() if way.final else {"due_at"})
        outside = {"owner": {"name", "paper"}, "proxy": {"name", "phone", "relation", "paper", "kept"}, "contractor": {"user", "company", "name", "phone", "paper", "developer"}}
        mine |= outside.get(way.who, {"user"}) | ({"keep"} if way.may_keep else set()) | ({"reason"} if way.emergency else set()) | ({"signature"} if way.signs else set())
        mine |= {"valid_on"} if "nanny" in way.relations else set()
        for name in set(self.fields) - mine:
            del self.fields[name]
        choices: dict[str, list[tuple[str, str]]] = {
            "user": people, "relation": [(each, RELATIONS[each]) for each in way.relations], "reason": list(REASONS.items()),
            "paper": [(each, PAPERS[each]) for each in ({"owner": ("id",), "contractor": ("id", "work_card")}.get(way.who, ("id", "letter", "permit") if "nanny" in way.relations else ("id", "letter")))],
        }  # fmt: skip
        for name, options in choices.items():
            if name in self.fields:
                self.fields[name].choices = [("", "请选择"), *options]  # type: ignore[attr-defined]
        if way.who == "contractor":
            self.fields["user"].label, self.fields["name"].label = "签字借用的同事", "使用人"
        self.fields["quantity"].initial = most
        if way.uses_up:
            self.fields["quantity"].label = "按实际用量领取"
        self.sides = [side for side in way.asks if side == OWNER or way.emergency] + ([OWNER] if way.later else [])
        for side in self.sides:
            self.fields[f"{side}_answer"] = forms.ChoiceField(label=f"{SIDES[side]}答复", choices=_ANSWERS, required=False)
            self.fields[f"{side}_at"] = Moment(label="联系时间", required=False)
            if side == OWNER:
                self.fields[f"{side}_name"] = forms.CharField(label="联系的业户", max_length=60, required=False)
            else:
                self.fields[f"{side}_user"] = forms.ChoiceField(label="批准人", choices=[("", "请选择"), *sides[side]], required=False)

    def said(self) -> list[tuple[str, list[Any]]]:
        """The fields of each side's word, for the page."""
        return [(SIDES[side] + ("（可以随后补）" if side == OWNER and self.way.later else ""), [self[name] for name in self.fields if name.startswith(f"{side}_")]) for side in self.sides]

    def plain(self) -> list[Any]:
        return [self[name] for name in self.fields if name != "signature" and not any(name.startswith(f"{side}_") for side in self.sides)]

    def words(self, names: dict[str, str]) -> list[Word]:
        """What was said, as taken down; refused when half of it is missing. `names`: user id → name."""
        found = []
        for side in self.sides:
            answer, when = self.cleaned_data.get(f"{side}_answer"), self.cleaned_data.get(f"{side}_at")
            if not answer:
                continue
            if when is None:
                raise Refused("请写明联系时间，精确到分钟。", {f"{side}_at": "请写明几点几分。"})
            who = self.cleaned_data.get(f"{side}_name") or self.cleaned_data.get(f"{side}_user") or ""
            if not who:
                field = f"{side}_name" if side == OWNER else f"{side}_user"
                raise Refused("请写明联系的是谁。", {field: "请填写。"})
            known = names.get(who)
            found.append(Word(side, answer, who if side == OWNER else known or "", when, user=None if side == OWNER else int(who)))
        return found

    def taker(self) -> Taker:
        data = self.cleaned_data
        return Taker(**{name: data.get(name) or "" for name in ("name", "phone", "relation", "paper", "kept", "company", "developer")}, valid_on=data.get("valid_on"))


def moment_in(text: str) -> datetime | None:
    """A moment as a datetime-local field sends it; None for anything else."""
    field = Moment(required=False)
    try:
        return field.clean(text)  # type: ignore[no-any-return]
    except forms.ValidationError:
        return None
