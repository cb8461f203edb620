"""docs/cast.md tells the truth about the demo: the same people, posts, shifts, superiors and residents as the program's."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from shouwen.config.demo import cast
from shouwen.duty.standard import SHIFTS
from shouwen.org.standard import POSTS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "cast.md").read_text("utf-8")
TITLES = {post.slug: post.title for post in POSTS}


def section(heading: str) -> str:
    """The text below a heading, up to the next."""
    found = re.search(rf"^## {re.escape(heading)}.*?\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, heading
    return found[1]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def people(heading: str) -> list[cast.Staff]:
    """The staff of a table; the title beside each post must be that of the standard posts."""
    found = []
    for who, name, post, department, *shift in rows(heading):
        title, slug = re.fullmatch(r"(\S+) `([a-z-]+)`", post).groups()  # type: ignore[union-attr]
        assert TITLES[slug] == title, f"{who}: {post}"
        found.append(cast.Staff(who, name, slug, department.removesuffix(" (head)"), department.endswith(" (head)"), *shift))
    return found


def test_the_people():
    assert people("荔园") == list(cast.LIYUAN)
    assert people("Head office") == list(cast.HEAD_OFFICE)
    assert people("云溪") == list(cast.YUNXI)


def test_the_shifts():
    told = re.findall(r"(\S+) `([a-z]+)` (\d\d:\d\d)–(\d\d:\d\d)( \(workdays\))?", section("Shifts"))
    shown = [(slug, title, start, "00:00" if end == "24:00" else end, bool(workdays)) for title, slug, start, end, workdays in told]
    assert shown == list(SHIFTS)


def test_the_superiors():
    """Chains read `a, b → c → d`; `every department head` stands for the posts that end in -head."""
    heads = {post.slug for post in POSTS if post.slug.endswith("-head")}
    told: set[tuple[str, str]] = set()
    for chain in re.split(r"[;.]", section("Superiors")):
        links = [[one.strip() for one in link.split(",")] for link in chain.split("→")]
        for below, above in pairwise(links):
            told |= {(one, above[0]) for slug in below for one in (heads if slug == "every department head" else {slug})}
    assert told == {(post.slug, post.superior) for post in POSTS if post.superior}


def test_the_residents():
    told = []
    for unit, who, phones in rows("Residents used in the rehearsals"):
        if who == "vacant":
            assert unit in cast.VACANT
            continue
        for one, phone in zip(who.split("), "), phones.split(", "), strict=True):
            name, kind = re.match(r"(\S+) \((\w+)", one).groups()  # type: ignore[union-attr]
            told.append((unit, name, kind, phone))
    assert told == [(unit, name, kind, phone) for unit, name, kind, phone, _ in cast.RESIDENTS]
    assert {unit for unit, who, _ in rows("Residents used in the rehearsals") if who == "vacant"} == cast.VACANT
