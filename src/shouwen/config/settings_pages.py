"""设置: one hub, and behind it figures and service hours, the calendar, skills, and how long things are kept."""

from __future__ import annotations

from calendar import Calendar, monthrange
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.duty.actions import set_guaranteed
from shouwen.estate import queries as estate
from shouwen.estate.actions import edit_community
from shouwen.kernel import calendars, queries
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.web import here
from shouwen.org import actions as org_actions
from shouwen.org import queries as org
from shouwen.org.models import Skill
from shouwen.procedures import queries as procedures

from . import retention
from .communities import begin
from .forms import CommunityForm, DayForm, FiguresForm, LastForm, NewCommunityForm, WindowsForm, as_lines
from .menus import address


@dataclass(frozen=True, slots=True)
class Card:
    """A door of the hub: where it leads, what is behind it, and how it stands (tone of the badge)."""

    title: str
    icon: str
    page: str
    about: str
    may: str = "settings.edit"
    state: str = ""
    tone: str = "neutral"


GROUPS = (
    ("时间与时限", (
        Card("时限参数与服务时间", "clock", "settings_figures", "「及时」是几分钟、催单间隔、每周哪些时段算服务时间。"),
        Card("工作日历", "calendar", "settings_calendar", "节假日、调休和本小区的例外日。工作日的时限照这里推算。"),
        Card("排班", "calendar-event", "duty:roster", "谁在哪个班次。任务和提醒只找当班的人。", "duty.view"),
    )),
    ("规程与单据", (
        Card("规程", "sitemap", "procedures:procedures", "看规程、改时限和话术、演练、启用新版本。", "procedures.view"),
        Card("单据版式", "printer", "papers:forms", "每种单据的抬头、栏目、联数，和公司自己的 Word 模板。", "tickets.view"),
        Card("有偿服务价目", "coin", "fees:prices", "报价只从价目里选。", "fees.view"),
        Card("话术与知识", "bulb", "procedures:phrases", "前台随手能查到的说法和答案。", "procedures.view"),
    )),
    ("小区、人与岗位", (
        Card("小区", "building-community", "settings_communities", "名称、地址、服务电话；增加小区。"),
        Card("称谓对照", "arrows-exchange", "org:titles", "文件里的「前台」「当值主管」在这里指哪个岗位。", "org.view"),
        Card("岗位与部门", "id-badge-2", "org:posts", "级别、上级、权限和现在由谁担任。", "org.view"),
        Card("技能", "tool", "skills", "同事会做什么；哪类工作需要哪种技能，派给别人时提醒。"),
    )),
    ("通知与住户", (
        Card("通知渠道", "send", "notices:channels", "把超时和催单送到群或邮箱，可发测试消息。"),
        Card("住户短信", "message", "portal:messages", "发给住户的话，和没有送到的。"),
        Card("住户自助码", "qrcode", "portal:codes", "贴在门上、电梯里的二维码。"),
        Card("大屏", "device-tv", "procedures:walls", "大堂和值班室的只读画面。"),
    )),
    ("资料与安全", (
        Card("保存期限", "archive", "settings_retention", "隐私内容、附件、通知留多久，到期自动清除。"),
        Card("操作日志", "history", "journal", "谁在什么时候做了什么，逐行封存。", "journal.view"),
    )),
)  # fmt: skip


@require_safe
def hub(request: HttpRequest) -> HttpResponse:
    """Every setting behind one door, with how it stands."""
    actor, community_id, _ = _allowed(request)
    year = localdate(now()).year
    confirmed = calendars.calendar_data(community_id).confirmed
    states: dict[str, tuple[str, str]] = {
        "settings_calendar": (f"{year} 年未确认", "warning") if year not in confirmed
        else (f"{year + 1} 年未确认", "warning") if calendars.unconfirmed(localdate(now())) else (f"{year} 年已确认", "success"),
        "settings_retention": ("到期自动清除", "success") if retention.kept(community_id).on else ("未开启", "neutral"),
    }  # fmt: skip
    groups = []
    for title, cards in GROUPS:
        shown = [(card, url, *states.get(card.page, ("", ""))) for card in cards if (url := address(card.page)) and actor.may(card.may, community_id)]
        if shown:
            groups.append((title, shown))
    return render(request, "config/settings.html", {"groups": groups})


def communities(request: HttpRequest) -> HttpResponse:
    """What is said of this community, and (who may everywhere) a new one with its departments and shifts."""
    actor, community_id, everywhere = _allowed(request)
    place = estate.community(actor, community_id) if community_id is not None else estate.communities(actor).first()
    if place is None:
        raise NotFound
    part = request.POST.get("part", "") if request.method == "POST" else ""
    if part == "add" and not everywhere:
        raise NotFound
    initial = {"name": place.name, "address": place.address, "phone": place.phone}
    form = CommunityForm(request.POST if part == "edit" else None, initial=initial)
    new = NewCommunityForm(request.POST if part == "add" else None, auto_id="new_%s")  # two forms with the same names on one page
    here_now = duty.directory(place.pk, place.people_version)
    working = [(user, here_now.name(user)) for user in dict.fromkeys(held.user for held in here_now.held) if user in here_now.active]
    last = LastForm(request.POST if part == "last" else None, people=working, initial={"last": here_now.chosen or ""})
    try:
        if last.is_valid():
            set_guaranteed(actor, place, user=last.cleaned_data["last"], at=now())
            return flash(redirect("settings_communities"), "已保存。")
        if form.is_valid():
            edit_community(actor, place, **form.cleaned_data, at=now())
            return flash(redirect("settings_communities"), "已修改。")
        if new.is_valid():
            added = begin(actor, **new.cleaned_data, at=now())
            return flash(redirect("settings_communities"), f"已增加小区「{added.name}」，带有常用的部门和班次。在左上角切换过去，接着登记人员、排班，导入房屋与住户。")
    except Refused as refused:
        blame(next(each for each in (form, new, last) if each.is_bound), refused)
    return render(request, "config/communities.html", {
        "place": place, "form": form, "new": new, "last": last, "everywhere": everywhere, "others": [one for one in estate.communities(actor) if one.pk != place.pk],
    }, status=_status({"form": form, "new": new, "last": last}))  # fmt: skip


def figures(request: HttpRequest) -> HttpResponse:
    """Figures and service hours; one form a section, named by `part`."""
    actor, community_id, everywhere = _allowed(request)
    data = calendars.calendar_data(community_id)
    part = request.POST.get("part", "") if request.method == "POST" else ""
    sections: dict[str, forms.Form] = {
        "figures": FiguresForm(request.POST if part == "figures" else None, initial=data.figures),
        "windows": WindowsForm(request.POST if part == "windows" else None, initial={"windows": as_lines(data.weekly)}),
    }
    if part and (said := _try(actor, community_id, part, request.POST, sections)):
        return flash(redirect("settings_figures"), said)
    return render(request, "config/figures.html", sections | {"everywhere": everywhere}, status=_status(sections))


def calendar(request: HttpRequest) -> HttpResponse:
    """A year at a glance: rest days, holidays, make-up workdays; add, take back, import, confirm."""
    actor, community_id, everywhere = _allowed(request)
    year = _year(request.GET.get("year", ""))
    data = calendars.calendar_data(community_id)
    part = request.POST.get("part", "") if request.method == "POST" else ""
    day = _day(request.GET.get("day", ""))
    began = {"day": day, "works": "0" if day and day.weekday() < 5 else "1"} if day else {}
    sections: dict[str, forms.Form] = {"day": DayForm(request.POST if part == "day" else None, initial=began)}
    if part and (said := _try(actor, community_id, part, request.POST, sections)):
        return flash(redirect(f"{reverse('settings_calendar')}?year={year}"), said)
    rows = list(queries.exceptions(actor, community_id, year))
    named = {row.day: row for row in sorted(rows, key=lambda row: row.community_id is not None)}
    return render(request, "config/calendar.html", sections | {
        "days": rows, "year": year, "years": range(year - 1, year + 2), "months": [_month(year, m, named) for m in range(1, 13)],
        "confirmed": year in data.confirmed, "official": year in calendars.OFFICIAL_YEARS, "everywhere": everywhere, "chosen": day,
        "today": localdate(now()),
    }, status=_status(sections))  # fmt: skip


def _month(year: int, month: int, named: dict[date, Any]) -> tuple[int, list[list[dict[str, Any] | None]], int]:
    """(month, weeks of seven cells, workdays)."""
    weeks: list[list[dict[str, Any] | None]] = []
    works = 0
    for week in Calendar().monthdatescalendar(year, month):
        line: list[dict[str, Any] | None] = []
        for each in week:
            if each.month != month:
                line.append(None)
                continue
            row = named.get(each)
            on = row.works if row else each.weekday() < 5
            works += on
            kind = ("extra" if on else "holiday") if row else ("" if on else "off")
            line.append({"day": each, "kind": kind, "name": row.name if row else "", "own": bool(row and row.community_id)})
        weeks.append(line)
    assert sum(1 for week in weeks for cell in week if cell) == monthrange(year, month)[1]
    return month, weeks, works


def skills(request: HttpRequest) -> HttpResponse:
    """The community's skills, and which procedure wants which."""
    actor, community_id, _ = _allowed(request)
    community = request.community  # type: ignore[attr-defined]
    if community is None or community_id is None:
        raise NotFound
    known = list(Skill.objects.filter(community=community_id).order_by("title"))
    titles = procedures.titles(actor, community_id)
    if request.method == "POST":
        return _skilled(request, actor, known, dict(titles))
    wanted = org.skills(community_id).wanted
    held = org.skills(community_id).held
    count = {one.title: sum(one.title in mine for mine in held.values()) for one in known}
    return render(request, "config/skills.html", {
        "skills": [(one, count[one.title]) for one in known], "may_list": actor.may("org.edit", community_id),
        "works": [(slug, title, wanted.get(slug, frozenset())) for slug, title in titles],
    })  # fmt: skip


def _skilled(request: HttpRequest, actor: Actor, known: list[Skill], titles: dict[str, str]) -> HttpResponse:
    community, at, part = request.community, now(), request.POST.get("part", "")  # type: ignore[attr-defined]
    by_id = {str(one.pk): one for one in known}
    if part == "add":
        row = org_actions.add_skill(actor, community, title=request.POST.get("title", ""), at=at)
        return flash(redirect("skills"), f"已增加技能「{row.title}」。接着到各人的页面登记谁会。")
    if part == "remove":
        skill = by_id.get(request.POST.get("skill", ""))
        if skill is None:
            raise NotFound
        org_actions.remove_skill(actor, community, skill=skill, at=at)
        return flash(redirect("skills"), f"已删除技能「{skill.title}」。")
    work = request.POST.get("work", "")
    if part != "want" or work not in titles:
        raise Refused("没有这一项设置。请刷新页面后重试。")
    chosen = [by_id[pk] for pk in request.POST.getlist("skills") if pk in by_id]
    org_actions.want_skills(actor, community, work=work, title=titles[work], skills=chosen, at=at)
    return flash(redirect("skills"), f"「{titles[work]}」已保存。")


def keeping(request: HttpRequest) -> HttpResponse:
    """How long what is kept, what would go tonight, and the switch."""
    actor, community_id, everywhere = _allowed(request)
    if community_id is None:
        raise NotFound
    at = now()
    if request.method == "POST":
        days = {kind.name: _number(request.POST.get(kind.name, "")) for kind in retention.KINDS}
        place = None if everywhere and request.POST.get("scope") == "all" else community_id
        retention.set_retention(actor, place, days=days, on=request.POST.get("on") == "yes", at=at)
        return flash(redirect("settings_retention"), "保存期限已保存。")
    settings = retention.kept(community_id)
    found = retention.due(community_id, settings, at)
    return render(request, "config/retention.html", {
        "kinds": [(kind, settings.days[kind.name], found[kind.name]) for kind in retention.KINDS], "choices": retention.CHOICES,
        "on": settings.on, "everywhere": everywhere, "total": sum(found.values()), "most": retention.retention.COUNTED,
    })  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _allowed(request: HttpRequest) -> tuple[Actor, int | None, bool]:
    """(who, community, whether everywhere) for those who may change settings; nobody else finds the page."""
    actor, community_id = request.actor, here(request)  # type: ignore[attr-defined]
    everywhere = actor.may("settings.edit", None)
    if not (everywhere or (community_id is not None and actor.may("settings.edit", community_id))):
        raise NotFound
    return actor, community_id, everywhere


def _status(sections: dict[str, forms.Form]) -> int:
    return 422 if any(form.errors for form in sections.values()) else 200


def _try(actor: Any, community_id: int | None, part: str, given: Any, sections: dict[str, forms.Form]) -> str:
    """Carry out one section; "" when it does not fit, with the reason at its field."""
    form = sections.get(part)
    try:
        return _save(actor, community_id, part, given, form)
    except Forbidden:
        raise
    except Refused as refused:
        if form is None:
            raise
        form.add_error(next((name for name in refused.fields if name in form.fields), None), refused.message)
        return ""


def _save(actor: Any, community_id: int | None, part: str, given: Any, form: forms.Form | None) -> str:
    """Carry out one section; "" when its form does not fit. Days and years hold everywhere if one may change everywhere."""
    at = now()
    place = None if actor.may("settings.edit", None) and given.get("scope") == "all" else community_id
    if part in ("confirm", "seed"):
        year = _year(given.get("year", ""))
        if part == "confirm":
            calendars.confirm_year(actor, None, year=year, at=at)
        else:
            calendars.seed_calendar(actor, None, years=[year], at=at)
        return f"{year} 年的节假日已确认。"
    if part == "clear":
        try:
            day = forms.DateField().clean(given.get("day"))
        except forms.ValidationError:
            raise Refused("请选择要恢复的日期，格式如 2026-11-23。", {"day": "请选择日期"}) from None
        calendars.clear_day(actor, None if given.get("where") == "all" else community_id, day=day, at=at)
        return f"{day:%Y-%m-%d} 已恢复为平常日。"
    if form is None:
        raise Refused("没有这一项设置。请刷新页面后重试。")
    if not form.is_valid():
        return ""
    values = form.cleaned_data
    if part == "figures":
        current = calendars.calendar_data(community_id).figures
        for name, value in values.items():
            if value != current[name]:
                calendars.set_figure(actor, place, name=name, value=value, at=at)
        return "参数已保存。"
    if part == "windows":
        calendars.set_windows(actor, place, windows=values["windows"], at=at)
        return "服务时间已保存。"
    calendars.set_day(actor, place, day=values["day"], works=values["works"] == "1", name=values["name"], at=at)
    return f"{values['day']:%Y-%m-%d} 已保存。"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 and 2000 <= int(text[:4]) <= 2100 else None
    except ValueError:
        return None


def _year(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 2000 <= int(text[:5]) <= 2100 else localdate(now()).year
