"""What makes the pages an app on a phone: its manifest, and the service worker at the root of our addresses."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.org.middleware import public

LINKED: Final = (
    "vendor/tabler.min.css", "vendor/htmx.min.js", "vendor/idiomorph-ext.min.js", "vendor/icons.svg",
    *(f"shouwen/{name}" for name in (
        "app.css", "lists.css", "tickets.css", "ticket.css", "onsite.css", "mark.svg", "theme.js", "talk.js", "forms.js", "drafts.js", "clocks.js",
        "keys.js", "leave.js", "notify.js", "board.js", "steps.js", "priced.js", "onsite.js", "rounds.css", "rounds.js",
    )),
)  # fmt: skip
"""The frame, styles and scripts that open without a signal, as pages name them (in production by their content)."""

IMPORTED: Final = tuple(f"shouwen/{name}.js" for name in ("vault", "sending", "queue", "signature", "photo", "pickers", "rounds"))
"""Scripts that others import: those go by their plain names."""

CODE: Final = Path(__file__).resolve().parents[1] / "static" / "shouwen" / "worker.js"
ICON_SIZES: Final = (192, 512)


@public
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The worker's code, named anew by any change of the files it keeps. It serves every address below ours."""
    fixed = [static(name) for name in LINKED]
    files = list(dict.fromkeys([*fixed, *(settings.STATIC_URL + name for name in IMPORTED)]))  # a browser keeps none if one comes twice
    told = {
        "version": _version(), "files": files, "shell": reverse("procedures:onsite_shell"), "mine": reverse("procedures:mine"),
        "fixed": [] if settings.DEVELOPMENT else fixed,
    }  # fmt: skip
    head = (
        f"import {{ owner, vault }} from {json.dumps(static('shouwen/vault.js'))};\n"
        f"import {{ flush }} from {json.dumps(static('shouwen/sending.js'))};\n"
        f"const SETTINGS = {json.dumps(told)};\n"
        "const whole = (urls) => new Set(urls.map((url) => new URL(url, self.location).href));\n"
    )
    response = HttpResponse(head + CODE.read_text("utf-8"), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@public
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Name, icons and first page of the app."""
    root = reverse("home")
    icons: list[dict[str, Any]] = [
        {"src": static(f"shouwen/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"} for size in ICON_SIZES
    ]
    icons.append({"src": static("shouwen/icon-maskable-512.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"})
    answer = JsonResponse({
        "id": root, "name": "首问 · 现场", "short_name": "首问", "lang": "zh-CN", "start_url": reverse("procedures:mine"), "scope": root,
        "display": "standalone", "orientation": "portrait", "background_color": "#f6f7f9", "theme_color": "#1d5fbf", "icons": icons,
        "shortcuts": [{"name": "我的任务", "url": reverse("procedures:mine")}, {"name": "工单台", "url": reverse("procedures:board")}],
    }, json_dumps_params={"ensure_ascii": False}, content_type="application/manifest+json")  # fmt: skip
    answer["Cache-Control"] = "public, max-age=3600"
    return answer


def _version() -> str:
    return _digest() if not settings.DEVELOPMENT else _digest.__wrapped__()


@lru_cache(maxsize=1)
def _digest() -> str:
    """Over the content of the worker and of everything it keeps."""
    digest = hashlib.sha256(CODE.read_bytes())
    for name in (*LINKED, *IMPORTED):
        found = finders.find(name)
        digest.update(name.encode() + (Path(str(found)).read_bytes() if found else b""))
    return digest.hexdigest()[:16]
