"""One browser for all journeys of a worker; for each test the demo world on a server, and everybody at a screen of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from shouwen.config.demo import PASSWORD
from shouwen.kernel.journal import now
from shouwen.org import actions as org_actions
from shouwen.org import queries as org

PATIENCE = 60_000
"""Milliseconds until something that does not come is called missing. Only a failure waits this long; a busy machine may need much of it."""

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
CHROMIUM = next((str(path) for path in (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")) if path.exists()), None)
"""The machine's own browser, the one without windows first; else the one Playwright brings."""


class Site:
    """Where the demo world is served, and who looks at it. `broken` collects errors of scripts and of the server."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url = browser, url
        self.contexts: list[BrowserContext] = []
        self.broken: list[str] = []

    def context(self, **options: Any) -> BrowserContext:
        """A browser without a past."""
        made = self.browser.new_context(**({"viewport": DESK, "base_url": self.url} | options))
        made.set_default_timeout(PATIENCE)
        self.contexts.append(made)
        return made

    def page(self, context: BrowserContext | None = None, **options: Any) -> Page:
        page = (context or self.context(**options)).new_page()
        page.on("pageerror", lambda error: self.broken.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self.broken.append(f"{page.url}: {said.text}") if "Content Security Policy" in said.text else None)
        page.on("response", lambda got: self.broken.append(f"{got.status} {got.url}") if got.status >= 500 else None)
        return page

    def at_desk(self, who: str, address: str = "", **options: Any) -> Page:
        """A page of somebody who is logged in already, at an address if one is given."""
        context = self.context(**options)
        sign_in(context, self.url, who)
        page = self.page(context)
        if address:
            page.goto(self.url + address)
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def sign_in(context: BrowserContext, url: str, who: str) -> None:
    """Without the form, which has its own tests and `log_in`."""
    user = org.user_by_username(who)
    assert user is not None
    key = org_actions.log_in(user, agent="browser", address="127.0.0.1", at=now())
    context.add_cookies([{"name": "shouwen_session", "value": key, "url": url, "httpOnly": True}])


def log_in(page: Page, url: str, who: str) -> None:
    """By name and password, as in the morning."""
    page.goto(f"{url}/org/login")
    page.fill("[name=username]", who)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)


def aside(do: Callable[[], Any]) -> Any:
    """Something long in a thread, as the worker would do it: this thread carries the browser's messages."""

    def run() -> Any:
        try:
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(timeout=300)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for the whole run of a worker."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps a loop in this thread; what a test asks the database, it asks alone
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def served(transactional_db: None, live_server: Any, settings: Any, tmp_path: Path, chromium: Browser) -> Iterator[Site]:
    """The world in which the test stands, on a server of its own. All pages close before its database goes."""
    settings.MEDIA_ROOT = tmp_path
    made = Site(chromium, live_server.url)
    yield made
    made.close()


@pytest.fixture
def site(in_demo: None, served: Site) -> Site:
    """The demo world on a server: the cast, the whole library, nothing filed yet."""
    return served


@pytest.fixture
def lived(in_life: None, served: Site) -> Site:
    """The demo world on a server, with two days of tickets, notices and papers."""
    return served
