"""Remembered addresses are those that Django gives."""

from __future__ import annotations

import pytest
from django.template import engines
from django.urls import NoReverseMatch, reverse, set_script_prefix

from shouwen.kernel.routes import route

ASKED = [
    ("procedures:board",), ("procedures:ticket", 7), ("procedures:task", 7, 3), ("procedures:verb", 7, "hand"),
    ("procedures:reveal", 12, "caller"), ("procedures:ticket", "31"),
]  # fmt: skip


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_an_address_is_the_one_that_django_gives(asked: tuple[str | int, ...]) -> None:
    name, *args = asked
    for other in (0, 5, 123_456):  # learnt by the first, used by the next
        given = [other if isinstance(arg, int) else arg for arg in args]
        assert route(str(name), *given) == reverse(str(name), args=given)


def test_every_prefix_has_its_own_addresses() -> None:
    plain = route("procedures:ticket", 7)
    set_script_prefix("/wuye/")
    try:
        assert route("procedures:ticket", 7) == f"/wuye{plain}"
    finally:
        set_script_prefix("/")


def test_what_is_no_page_has_no_address() -> None:
    for asked in (("procedures:nothing",), ("procedures:ticket",), ("procedures:ticket", -1), ("procedures:ticket", "x")):
        with pytest.raises(NoReverseMatch):
            route(*asked)


def test_the_tag_gives_the_same_and_keeps_its_way_to_be_silent() -> None:
    draw = engines["django"].from_string(
        "{% url 'procedures:task' pk 3 %} {% url 'procedures:nothing' as none %}[{{ none }}] {% url 'procedures:ticket' pk=pk %}"
    )
    for pk in (4, 88):
        assert draw.render({"pk": pk}) == f"/tickets/{pk}/tasks/3 [] /tickets/{pk}"
