"""The menu: short for everybody, folded where one seldom looks, open where one is."""

import re

from django.test import Client


def folds(client: Client, path: str) -> dict[str, bool]:
    """Fold → whether it is open."""
    html = client.get(path).content.decode()
    return {name: bool(shown) for name, shown in re.findall(r'<details class="side-fold" data-fold="(\w+)"( open)?>', html)}


def test_what_is_seldom_wanted_is_folded_until_opened(as_, world):
    li = as_("li")
    assert folds(li, "/mine") == {"know": False, "manage": False}
    assert folds(li, "/phrases") == {"know": True, "manage": False}  # the page one is on
    li.cookies["menu"] = "manage.<x>"
    assert folds(li, "/mine") == {"know": False, "manage": True}


def test_the_menu_shows_at_most_sixteen_lines_before_anything_is_opened(as_, world):
    for name in ("zhao", "li", "wang"):
        html = as_(name).get("/mine").content.decode()
        shown = re.sub(r'<details class="side-fold".*?</details>', "", html, flags=re.S)
        assert 5 <= shown.count('class="side-item') <= 16, name
