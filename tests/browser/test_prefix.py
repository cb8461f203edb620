"""The whole of it below /wuye/, behind a proxy that speaks TLS: nothing that a page says, sends or keeps leaves the prefix."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.staticfiles import finders, storage
from django.urls import reverse
from django.utils.functional import empty
from playwright.sync_api import Browser, BrowserContext, Page

from shouwen.config.menus import ENTRIES
from shouwen.kernel.journal import now
from shouwen.notices.models import Notice
from shouwen.org import queries
from shouwen.procedures import actions

from .conftest import CHROMIUM, PATIENCE, Site, log_in
from .test_reach import addresses

PREFIX = "/wuye"
LEAK = {
    "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "厨房", "content": "水龙头滴水", "fault": "plumbing",
    "class": "daily",
}  # fmt: skip
READ = ("text/html", "application/json", "text/javascript", "application/manifest+json")
FIRST = sorted({address.split("/")[1] for address in addresses() if address.strip("/")} | {"static", "api", "sw.js", "attachments", "tickets"})
OUTSIDE = re.compile(rf"""["'(=](/(?:{"|".join(map(re.escape, FIRST))})(?:[/?#][^"'\s)<>]*)?)["')\s>]""")
ROOT = re.compile(r"""(?:href|action|src|hx-[a-z]+)=["'](/(?!wuye/)[^"']*)""")


class Proxy(BaseHTTPRequestHandler):
    """Hands what is below the prefix on without it, as an nginx of theirs would; all else is somebody else's site."""

    protocol_version = "HTTP/1.1"
    behind: tuple[str, int]
    strays: list[str]

    def hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.startswith(f"{PREFIX}/"):
            if self.path != "/favicon.ico":
                self.strays.append(f"{self.command} {self.path} from {self.headers.get('Referer')}")
            self.send_error(404)
            return
        if self.path.startswith(f"{PREFIX}/static/"):  # the test's server finds no file below a prefix
            found = finders.find(self.path.removeprefix(f"{PREFIX}/static/").partition("?")[0])
            content = Path(str(found)).read_bytes() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", guess_type(self.path)[0] or "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            return
        site = http.client.HTTPConnection(*self.behind, timeout=30)
        held = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "accept-encoding")}
        site.request(self.command, self.path.removeprefix(PREFIX), body, held | {"X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "https"})
        got = site.getresponse()
        content = got.read()
        self.send_response(got.status)
        for name, value in got.getheaders():
            if name.lower() == "location" and not value.startswith(f"{PREFIX}/"):
                self.strays.append(f"{self.path} leads to {value}")
            if name.lower() == "set-cookie" and not re.search(rf"(?i);\s*path={PREFIX}/", value):
                self.strays.append(f"{self.path} keeps {value}")
            if name.lower() == "set-cookie" and not re.search(r"(?i);\s*(secure|max-age=0)", value):  # what is taken back holds nothing
                self.strays.append(f"{self.path} keeps in the clear {value}")
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = hand_on  # noqa: N815 - the names that the library calls

    def log_message(self, *_: Any) -> None:
        pass


def certificate(folder: Path) -> Path:
    """A certificate for this machine alone, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "proxy.pem"
    plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def proxied(site: Site, live_server: Any, settings: Any, tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """The address that people know, and whatever went past the prefix."""
    settings.FORCE_SCRIPT_NAME, settings.CSRF_COOKIE_PATH = PREFIX, f"{PREFIX}/"
    settings.STATIC_URL = f"{PREFIX}/static/"  # as Django makes it of "static/" in a process that began with the prefix
    settings.HTTPS = settings.CSRF_COOKIE_SECURE = True
    settings.PROXIES = 1
    storage.staticfiles_storage._wrapped = empty
    handler = type("Ours", (Proxy,), {"behind": (live_server.thread.host, live_server.thread.port), "strays": []})
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    proxy.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True, do_handshake_on_connect=False)  # each in its own thread
    base = f"https://127.0.0.1:{proxy.server_port}{PREFIX}"
    settings.SHOUWEN = settings.SHOUWEN | {"BASE_URL": base}
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    yield base, handler.strays  # type: ignore[attr-defined]
    proxy.shutdown()
    proxy.server_close()
    storage.staticfiles_storage._wrapped = empty


def signed_in(context: BrowserContext, base: str, who: str) -> Page:
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    log_in(page, base, who)
    return page


def said(path: str, text: str, strays: list[str]) -> None:
    """Every address of ours in a page, a sheet, a script or JSON stands below the prefix."""
    strays += [f"{path} says {found}" for found in {*OUTSIDE.findall(text), *ROOT.findall(text)}]


def every_page(browser: Browser, base: str, more: list[str], strays: list[str]) -> int:
    """The menu's pages and `more` as a program sees them, each by the first of three people who may; how many were read."""
    left = list(dict.fromkeys([*more, *(reverse(entry.page) for entry in ENTRIES)]))
    seen = 0
    for who in ("zhao", "li", "wang"):
        context = browser.new_context(ignore_https_errors=True)
        signed_in(context, base, who).close()
        for path in list(left):
            answer = context.request.get(base + path, max_redirects=0)
            if answer.status < 300 or path == "/missing":
                left.remove(path)
                if answer.headers.get("content-type", "").split(";")[0] in READ:
                    seen += 1
                    said(path, answer.text(), strays)
        context.close()
    return seen


def a_day(browser: Browser, base: str, wrong: list[str]) -> None:
    """As people see them, scripts too: searching, the form, the board, tasks on the phone, logging out."""
    context = browser.new_context(ignore_https_errors=True)
    page = signed_in(context, base, "li")
    page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((f"{base}/", "data:", "blob:")) else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{base}/counter")
    page.locator("#find").press_sequentially("3-1-1201")
    page.locator("#hits [role=option]").first.click()
    page.locator("#matter-find").wait_for()
    page.keyboard.type("1")
    page.locator("#file-form").wait_for()
    page.wait_for_load_state("networkidle")  # what was typed is kept on the server by now
    for path in ("/board", "/notices/", "/mine"):
        page.goto(base + path)
    page.wait_for_function("navigator.serviceWorker.getRegistrations().then(all => all.length > 0)")
    scopes = page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.map(one => new URL(one.scope).pathname))")
    assert scopes == [f"{PREFIX}/"]
    page.locator(".top-user").click()
    page.locator("[data-logout] button").click()
    page.wait_for_url("**/org/login*")
    assert not [kept for kept in context.cookies() if not str(kept.get("path")).startswith(f"{PREFIX}/")]
    context.close()


def test_nothing_leaves_the_prefix(proxied: tuple[str, list[str]], chromium: Browser) -> None:
    base, strays = proxied
    desk = queries.actor_for(queries.user_id_of("li") or 0)
    ticket = actions.file_ticket(desk, desk.community, procedure="repair", answers=LEAK, at=now())
    notice, reader = Notice.objects.filter(user__isnull=False).exclude(url="").order_by("-pk").values_list("pk", "user__username")[0]
    more = [
        f"/tickets/{ticket.id}", f"/tickets/{ticket.id}/print", "/procedures/complaint", "/counter?procedure=repair", "/api/v1/openapi.json", "/missing",
        "/org/account", "/guide", "/counter", "/sw.js", "/manifest.webmanifest", "/settings/calendar",
    ]  # fmt: skip
    browser = chromium.browser_type.launch(  # whose service workers take our certificate
        executable_path=CHROMIUM, args=["--no-sandbox", "--ignore-certificate-errors"]
    )
    try:
        assert every_page(browser, base, more, strays) > 30
        context = browser.new_context(ignore_https_errors=True)
        for path in ("/r/login", "/org/login", "/r/p/AAAAAAAA"):
            said(path, context.request.get(base + path).text(), strays)
        signed_in(context, base, reader).close()
        answer = context.request.get(f"{base}/notices/{notice}/go", max_redirects=0)  # kept without the prefix, leads below it
        assert answer.headers["location"].startswith(f"{PREFIX}/"), answer.headers
        a_day(browser, base, strays)
    finally:
        browser.close()
    assert not strays, "\n".join(dict.fromkeys(strays))


def test_settings_follow_the_prefix() -> None:
    """However it is written; the address in messages ends with it."""
    code = (
        "import json; from shouwen.config import settings as s;"
        "print(json.dumps([s.FORCE_SCRIPT_NAME, s.CSRF_COOKIE_PATH, s.SHOUWEN['BASE_URL']]))"
    )
    for given, base in (("wuye", "https://sc.example"), ("/wuye/", "https://sc.example/wuye/")):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "src", "SHOUWEN_PREFIX": given, "SHOUWEN_BASE_URL": base, "SHOUWEN_SECRET_KEY": "x" * 50},
        )  # fmt: skip
        assert json.loads(done.stdout) == ["/wuye", "/wuye/", "https://sc.example/wuye"]
