"""First and largest paint, jumps, bytes and requests of the main pages in Chromium: as their users, with an empty and a filled cache.

    python -m benchmarks.paint [--rounds 3] [--data FOLDER]

The demo with its month of life is built in a temporary folder (or taken from FOLDER, as `shouwen demo` left it) and served as in
production. Desk: 1440 × 900. Phone: 390 × 844, CPU four times slower, 60 ms there and back, 9 Mbit/s down.
Goal: first contentful paint ≤ 1 s with an empty cache; shifts ≤ 0.1.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .bench import ROOT, Server, free_port
from .lifecycle.ours import Session
from .world import PASSWORD, environment

ENTRIES = """() => new Promise(done => {
  const found = {fcp: 0, lcp: 0, cls: 0};
  const on = (type, take) => new PerformanceObserver(list => list.getEntries().forEach(take)).observe({type, buffered: true});
  on("paint", one => { if (one.name === "first-contentful-paint") found.fcp = one.startTime; });
  on("largest-contentful-paint", one => { found.lcp = one.startTime; });
  on("layout-shift", one => { if (!one.hadRecentInput) found.cls += one.value; });
  setTimeout(() => done(found), 300);
})"""


@dataclass(frozen=True)
class Profile:
    """A kind of machine: its window and how much slower than ours it reckons and hears."""

    name: str
    width: int
    height: int
    slower: int = 1
    latency: int = 0
    kilobytes: int = 0


DESK = Profile("desk", 1440, 900)
PHONE = Profile("phone", 390, 844, slower=4, latency=60, kilobytes=9 * 125)


@dataclass(frozen=True)
class Seen:
    """One look at one page; times in ms since the navigation began."""

    first: float
    largest: float
    shift: float
    bytes: int
    requests: int


def looked(page: Page, url: str) -> Seen:
    """Open it and wait until nothing more comes."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    sizes: list[int] = []
    client.on("Network.loadingFinished", lambda got: sizes.append(int(got["encodedDataLength"])))
    answer = page.goto(url, wait_until="load")
    if answer is None or answer.status != 200:
        raise SystemExit(f"{url}: {answer and answer.status}")
    page.wait_for_timeout(400)
    found = page.evaluate(ENTRIES)
    client.detach()
    return Seen(found["fcp"], found["lcp"], found["cls"], sum(sizes), len([size for size in sizes if size]))


def slowed(page: Page, profile: Profile) -> None:
    client = page.context.new_cdp_session(page)
    if profile.slower > 1:
        client.send("Emulation.setCPUThrottlingRate", {"rate": profile.slower})
    if profile.latency:
        rate = profile.kilobytes * 1024
        client.send("Network.enable")
        client.send("Network.emulateNetworkConditions", {"offline": False, "latency": profile.latency, "downloadThroughput": rate, "uploadThroughput": rate})


def login(context: BrowserContext, base: str, who: str) -> None:
    page = context.new_page()
    page.goto(f"{base}/org/login")
    page.fill("[name=username]", who)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)
    page.close()


def rounds(browser: Browser, base: str, who: str, path: str, profile: Profile, times: int) -> tuple[list[Seen], list[Seen]]:
    """Each time a cache of its own, empty and then filled by the look before."""
    cold, warm = [], []
    context = browser.new_context(service_workers="block")
    if who:
        login(context, base, who)
    kept = context.storage_state()
    context.close()
    for _ in range(times):
        context = browser.new_context(
            viewport={"width": profile.width, "height": profile.height}, storage_state=kept, service_workers="block", locale="zh-CN"
        )
        page = context.new_page()
        slowed(page, profile)
        cold.append(looked(page, base + path))
        page.goto("about:blank")
        warm.append(looked(page, base + path))
        context.close()
    return cold, warm


def pages(port: int) -> Iterator[tuple[str, str, str, tuple[Profile, ...]]]:
    """Title, who looks, path, on what: the pages where the day is spent."""
    chen, wang = Session(port, "chen"), Session(port, "wang")
    for session in (chen, wang):
        session.headers["Accept"] = "text/html"

    def first(session: Session, path: str, link: str) -> str:
        found = re.search(link, session.get(path).body.decode())
        if found is None:
            raise SystemExit(f"{path} leads to no {link}")
        return found[1]

    yield "sign in", "", "/org/login", (DESK, PHONE)
    yield "board", "chen", "/board", (DESK, PHONE)
    yield "counter", "li", "/counter", (DESK,)
    yield "counter, form", "li", "/counter?procedure=repair", (DESK,)
    yield "ticket", "chen", first(chen, "/tickets?procedure=complaint", r'href="(/tickets/\d+)"'), (DESK, PHONE)
    yield "my tasks", "wang", "/mine", (DESK, PHONE)
    yield "one task", "wang", first(wang, "/mine", r'href="(/mine/\d+/\d+)"'), (PHONE,)
    yield "inbox", "li", "/notices/", (DESK, PHONE)
    yield "book", "zhang", "/duty/", (DESK, PHONE)
    yield "roster", "chen", "/duty/roster", (DESK,)
    yield "units", "li", "/estate/units", (DESK,)
    yield "procedure", "chen", "/procedures/complaint", (DESK,)
    yield "figures", "chen", "/reports", (DESK,)
    yield "code on the door", "", first(chen, "/r/codes", r'href="[^"]*?(/r/p/\w+)"'), (PHONE,)


def row(title: str, profile: Profile, cold: list[Seen], warm: list[Seen]) -> str:
    def middle(seen: list[Seen], what: str) -> float:
        return statistics.median(getattr(one, what) for one in seen)

    cells = [title, profile.name]
    for seen in (cold, warm):
        cells += [f"{middle(seen, 'first'):.0f}", f"{middle(seen, 'largest'):.0f}", f"{middle(seen, 'bytes') / 1000:.0f}", f"{middle(seen, 'requests'):.0f}"]
    cells += [f"{max(one.shift for one in cold + warm):.3f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--data", type=Path)
    asked = given.parse_args()
    folder = asked.data or Path(tempfile.mkdtemp(prefix="shouwen-bench-"))
    url = f"sqlite:///{folder}/shouwen.sqlite3"
    settings = environment(url, folder) | {"SHOUWEN_HOSTS": "127.0.0.1"}
    if asked.data is None:
        for command in ("migrate", "demo"):
            subprocess.run([sys.executable, "-m", "shouwen", command], env=os.environ | settings, cwd=ROOT, check=True)
    port = free_port()
    server = Server(
        "paint", [sys.executable, "-m", "shouwen", "web", "--host", "127.0.0.1", "--port", str(port), "--processes", "2"], settings, port, ready="/healthz"
    )
    server.start()
    try:
        print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
        print("| page | on | first ms, empty | largest | KB | requests | first ms, filled | largest | KB | requests | shift, worst |")
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        worst = 0.0
        with sync_playwright() as playwright:
            chromium = Path("/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=str(chromium) if chromium.exists() else None, args=["--no-sandbox"])
            for title, who, path, profiles in pages(port):
                for profile in profiles:
                    cold, warm = rounds(browser, f"http://127.0.0.1:{port}", who, path, profile, asked.rounds)
                    worst = max(worst, statistics.median(one.first for one in cold))
                    print(row(title, profile, cold, warm), flush=True)
            browser.close()
        print(f"\nslowest first paint with an empty cache: {worst:.0f} ms; load average at the end {os.getloadavg()[0]:.1f}")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
