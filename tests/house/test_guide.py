"""The guided first hour names posts and pages that exist, fits into about an hour, and stands in docs as well."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from django.urls import reverse

from shouwen.config.guide import guides
from shouwen.org.standard import POSTS

spec = importlib.util.spec_from_file_location("guide", Path(__file__).with_name("guide.py"))
written = importlib.util.module_from_spec(spec)
spec.loader.exec_module(written)


@pytest.mark.parametrize("guide", guides(), ids=lambda guide: guide.slug)
def test_a_guide_leads_to_what_exists(guide):
    known = {post.slug for post in POSTS}
    assert guide.posts and guide.posts <= known
    for step in guide.steps:
        assert step.text.endswith("。")
        if step.page:
            reverse(step.page)
    assert 45 <= guide.minutes <= 65


def test_the_document_says_the_same():
    assert written.FILE.read_text("utf-8") == written.text(), "run: PYTHONPATH=src python tests/house/guide.py"
