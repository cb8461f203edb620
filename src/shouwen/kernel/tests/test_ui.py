"""The parts of pages: what they say, that they escape, and that no page needs more than the strict policy allows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

import shouwen
from shouwen.kernel.assets import FILES, ICONS, VENDOR
from shouwen.kernel.screens import Page
from shouwen.kernel.templatetags import ui

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
TEMPLATES = sorted(Path(shouwen.__file__).parent.glob("**/templates/**/*.html"))


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "不到 1 分钟"), (59, "不到 1 分钟"), (60, "1 分钟"), (-720, "12 分钟"), (3600, "1 小时"), (3900, "1 小时 5 分"),
    (86400, "1 天"), (3 * 86400 + 4 * 3600 + 59, "3 天 4 小时"),
])
def test_spans_are_said_in_two_units_at_most(seconds: int, words: str) -> None:
    assert ui.span_words(seconds) == words


@pytest.mark.parametrize(("left", "words", "state"), [
    (timedelta(hours=2), "剩 2 小时", "is-calm"), (timedelta(minutes=30), "剩 30 分钟", "is-soon"),
    (timedelta(0), "剩 不到 1 分钟", "is-soon"),
    (timedelta(seconds=-60), "超时 1 分钟", "is-over"), (timedelta(minutes=-12), "超时 12 分钟", "is-over"),
])
def test_a_countdown_says_in_words_what_its_colour_says(left: timedelta, words: str, state: str) -> None:
    html = ui.countdown(NOON + left, now=NOON)
    assert words in html
    assert state in html


def test_a_clock_that_stands_or_is_done_does_not_tick() -> None:
    assert "已暂停" in ui.countdown(NOON, now=NOON, paused=True)
    assert "按时完成" in ui.countdown(NOON, done=NOON)
    late = ui.countdown(NOON, done=NOON + timedelta(minutes=5))
    assert "迟 5 分钟" in late
    assert "data-limit" not in late
    assert "不限时" in ui.countdown(None)


def test_moments_are_shown_in_shanghai() -> None:
    assert ui.when_text(NOON) == "2026-11-21 12:00"
    assert ">2026-11-21 12:00<" in ui.when(NOON)
    assert ui.when(date(2026, 11, 21)) == "2026-11-21"
    assert ui.when(None) == "—"
    assert ui.clock_time(NOON) == "12:00"


@pytest.mark.parametrize(("value", "shown"), [
    (Decimal("1234.5"), "¥1,234.50"), (Decimal("-20"), "-¥20.00"), (0, "¥0.00"), (None, "—"), ("", "—"),
])
def test_money(value: object, shown: str) -> None:
    assert ui.money(value) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "kind", "shown"), [
    ("13800138000", "phone", "138****8000"), ("075583210000", "phone", "********0000"), ("12345", "phone", "****"),
    ("王秀英", "name", "王**"), ("李静", "name", "李*"), ("11010519491231002X", "id", "1101**********002X"),
    ("6222021234567890", "bank", "**** 7890"), ("粤B12345", "plate", "粤B·***45"), (None, "phone", ""),
])
def test_masks(value: object, kind: str, shown: str) -> None:
    assert ui.masked(value, kind) == shown


def test_an_unknown_icon_tone_or_mask_is_a_loud_mistake() -> None:
    for wrong in (lambda: ui.icon("no-such"), lambda: ui.badge("好", "pink"), lambda: ui.masked("1", "shoe")):
        with pytest.raises(LookupError):
            wrong()


@pytest.mark.parametrize("source", [
    "{% badge evil %}", "{% crumbs evil evil %}", "{% empty evil evil %}", "{% stat evil evil %}", "{{ evil|masked:'name' }}",
    "{% icon 'check' evil %}", "{% field form.evil %}", "{% form_errors form %}",
])
def test_everything_shown_is_escaped(source: str) -> None:
    evil = "<img src=x onerror=1>\""

    class Evil(forms.Form):
        evil = forms.CharField(label="<img src=x onerror=1>\"", help_text="<img", initial="<img")

        def clean_evil(self) -> str:
            raise forms.ValidationError("<img src=x onerror=1>")

    html = Template(source).render(Context({"evil": evil, "form": Evil({"evil": evil})}))
    assert "<img" not in html
    assert html.strip()


class Form(forms.Form):
    name = forms.CharField(label="报事人", help_text="按身份证填写")
    kind = forms.ChoiceField(label="类型", choices=[("a", "投诉"), ("b", "报修")], widget=forms.RadioSelect)
    urgent = forms.BooleanField(label="急修", required=False)


def draw(source: str, form: forms.Form) -> str:
    return Template(source).render(Context({"form": form}))


def test_a_field_names_what_is_missing_and_ties_it_to_the_box() -> None:
    html = draw("{% field form.name %}", Form({}))
    assert "请填写「报事人」。" in html
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described
    for reference in described[1].split():
        assert f'id="{reference}"' in html
    assert 'aria-invalid="true"' in html
    assert "必填" in html
    assert "请选择「类型」。" in draw("{% field form.kind %}", Form({}))


def test_choices_have_their_labels_and_keep_what_was_chosen() -> None:
    html = draw("{% field form.kind %}", Form({"kind": "b"}))
    assert html.count('type="radio"') == 2
    assert re.search(r'value="b"[^>]*checked', html)
    for identity in re.findall(r'<input[^>]* id="([^"]+)"', html):
        assert f'for="{identity}"' in html


def test_a_private_field_says_so_to_the_keeper_of_drafts() -> None:
    assert "data-private" in draw("{% field form.name private=True %}", Form())
    assert "data-private" not in draw("{% field form.name %}", Form())


def test_every_form_has_its_own_key() -> None:
    keys = re.findall(r'name="idempotency_key" value="([^"]+)"', Template("{% form_keys %}{% form_keys %}").render(Context()))
    assert len(set(keys)) == 2


def test_the_pager_keeps_the_filters() -> None:
    context = Context({"page": Page([1], next="n:1", previous=None)})
    context.request = RequestFactory().get("/", {"q": "三栋", "after": "old"})  # type: ignore[attr-defined]
    html = Template("{% pager page %}").render(context)
    assert "q=%E4%B8%89%E6%A0%8B&amp;after=n%3A1" in html
    assert html.count("<a ") == 1
    assert Template("{% pager page %}").render(Context({"page": Page([])})).strip() == ""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\shx-on|\shx-vals=['\"]js", text)
    assert not re.search(r"(src|href)=[\"']https?://", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_icons_named_in_templates_exist(path: Path) -> None:
    assert set(re.findall(r'{%\s*icon "([^"]+)"', path.read_text(encoding="utf-8"))) <= ICONS


def test_the_files_of_others_are_in_place_and_point_to_no_maps() -> None:
    for name in FILES:
        assert b"sourceMappingURL" not in (VENDOR / name).read_bytes()
    sprite = (VENDOR / "icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == ICONS
