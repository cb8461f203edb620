"""docs/glossary.md joins English and Chinese, completely."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from django.apps import apps

spec = importlib.util.spec_from_file_location("glossary", Path(__file__).with_name("glossary.py"))
glossary = importlib.util.module_from_spec(spec)
spec.loader.exec_module(glossary)

OURS = ("kernel", "estate", "org", "notices", "papers", "duty", "procedures", "portal", "fees", "custody", "rounds", "premises")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_every_model_and_field_has_a_chinese_name():
    without = []
    for area in OURS:
        for model in apps.get_app_config(area).get_models():
            if not CHINESE.search(str(model._meta.verbose_name)):
                without.append(model._meta.label)
            without += [
                f"{model._meta.label}.{field.name}" for field in model._meta.concrete_fields
                if field.name != "id" and not CHINESE.search(str(field.verbose_name))
            ]
            without += [
                f"{model._meta.label}.{field.name}={value}" for field in model._meta.concrete_fields
                for value, title in field.choices or () if not CHINESE.search(str(title))
            ]
    assert without == []


def test_the_glossary_is_that_of_the_models():
    assert glossary.PATH.read_text("utf-8") == glossary.text(), "run: python tests/house/glossary.py"
