"""Makes PDF and Word files, in a process of its own that can fetch nothing, eat little and not run long.

A template or a resident's words may be hostile. So the child process gets everything it needs on its standard input, has
limits of memory and time, and its only way to other resources, `Sealed`, opens `data:` addresses and nothing else.
`python -m shouwen.papers.renderer` is the child: JSON in, JSON out.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any, Final

from shouwen.kernel.refusals import Refused

SECONDS: Final = 30
MEMORY: Final = 1_500_000_000
_AT_ONCE = BoundedSemaphore(2)
"""Rendering costs a core for a second; more at once would slow the counter."""

NO_PDF: Final = (
    "本机还不能生成 PDF：缺少排版库 Pango。请系统管理员在服务器上执行 apt install libpango-1.0-0 libpangoft2-1.0-0 后再试；"
    "现在可以先用「网页打印」，在打印窗口里选择“另存为 PDF”。"
)
NO_WORD: Final = "本机没有安装 Word 模板组件（docxtpl），请系统管理员重新执行 ./run 补齐依赖；现在可以先用「网页打印」。"


def pdf(html: str, css: str) -> bytes:
    """The page as PDF. Refused, with the way out, where the machine cannot."""
    return base64.b64decode(_run({"make": "pdf", "html": html, "css": css}, NO_PDF)["file"])


def word(template: bytes, values: dict[str, Any], picture: bytes = b"", head: str = "") -> bytes:
    """The company's template with its placeholders filled; `picture` is the PNG of 二维码, `head` a line at the top of every page."""
    job = {"make": "word", "file": base64.b64encode(template).decode(), "values": values, "picture": base64.b64encode(picture).decode(), "head": head}
    return base64.b64decode(_run(job, NO_WORD)["file"])


def placeholders(template: bytes) -> list[str]:
    """Names of the placeholders that a template uses. Refused when it is not a template that can be read."""
    return list(_run({"make": "names", "file": base64.b64encode(template).decode()}, NO_WORD)["names"])


def sample(title: str, rows: list[list[str]]) -> bytes:
    """A Word document with a table of our own words: placeholders and what they give."""
    return base64.b64decode(_run({"make": "sample", "title": title, "rows": rows}, NO_WORD)["file"])


def _run(job: dict[str, Any], missing: str) -> dict[str, Any]:
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "FONTCONFIG_PATH", "XDG_CACHE_HOME") if name in os.environ}
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with _AT_ONCE:
        try:
            done = subprocess.run(
                [sys.executable, "-m", __name__], input=json.dumps(job).encode(), capture_output=True, timeout=SECONDS,
                env=environment | {"PYTHONPATH": source}, cwd="/",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Refused("生成文件用时太久，已停止。请换一种版式，或改用网页打印。") from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Refused("生成文件没有成功（内存或时间超出限制）。请换一种版式，或改用网页打印。") from None
    match answer.get("error"):
        case None:
            return answer
        case "missing":
            raise Refused(missing)
        case _:
            raise Refused(f"模板中有写错的地方：{answer['error']}。请在 Word 里改正后重新上传。")


# --- the child ------------------------------------------------------------------------------------------------------------


def _confine() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000_000, 100_000_000))


def sealed() -> Any:
    """A fetcher for WeasyPrint that opens `data:` and refuses the rest: no file of this machine, no other machine."""
    from weasyprint.urls import URLFetcher

    class Sealed(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.lower().startswith("data:"):
                raise ValueError("only data: is opened here")
            return super().fetch(url, headers)

    return Sealed(allowed_protocols=("data",))


def _pdf(job: dict[str, Any]) -> dict[str, Any]:
    try:
        import weasyprint
    except (ImportError, OSError):
        return {"error": "missing"}
    fetcher = sealed()
    page = weasyprint.HTML(string=job["html"], base_url="data:,", url_fetcher=fetcher)
    style = weasyprint.CSS(string=job["css"], url_fetcher=fetcher, base_url="data:,")
    return {"file": base64.b64encode(page.write_pdf(stylesheets=[style])).decode()}


def _environment() -> Any:
    """Jinja with next to nothing in it: no globals, few filters, no multiplying, no attributes that lead outside."""
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Narrow(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**", "%", "+", "//", "/", "-"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            raise SecurityError("模板里不能做运算")

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return not attr.startswith("_") and isinstance(obj, dict) and attr in obj

        def is_safe_callable(self, obj: Any) -> bool:
            return False

    made = Narrow(autoescape=True, undefined=StrictUndefined)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in ("default", "upper", "lower", "length", "join")}
    return made


def _sample(job: dict[str, Any]) -> dict[str, Any]:
    from docx import Document

    made = Document()
    made.add_heading(job["title"], 1)
    made.add_paragraph("左列是占位符，右列说明它会换成什么。把需要的占位符复制到自己的模板里，位置、字体随意；不需要的删去。")
    table = made.add_table(rows=0, cols=2, style="Table Grid")
    for row in job["rows"]:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    made.add_paragraph()
    course = made.add_table(rows=4, cols=3, style="Table Grid")
    for at, words in enumerate(("时间", "经办", "经过")):
        course.rows[0].cells[at].text = words
    course.rows[1].cells[0].text = "{%tr for 行 in 经过 %}"
    for at, words in enumerate(("{{ 行.时间 }}", "{{ 行.经办 }}", "{{ 行.内容 }}")):
        course.rows[2].cells[at].text = words
    course.rows[3].cells[0].text = "{%tr endfor %}"
    out = BytesIO()
    made.save(out)
    return {"file": base64.b64encode(out.getvalue()).decode()}


def _word(job: dict[str, Any]) -> dict[str, Any]:
    if find_spec("docxtpl") is None:
        return {"error": "missing"}
    if job["make"] == "sample":
        return _sample(job)
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage
    from jinja2 import TemplateError

    template = DocxTemplate(BytesIO(base64.b64decode(job["file"])))
    try:
        if job["make"] == "names":
            return {"names": sorted(template.get_undeclared_template_variables(_environment()))}
        values = dict(job["values"])
        if job["picture"]:
            values["二维码"] = InlineImage(template, BytesIO(base64.b64decode(job["picture"])), width=Mm(20))
        template.render(values, _environment())
    except (TemplateError, ValueError, KeyError, TypeError, AttributeError) as error:
        return {"error": str(error)[:120] or type(error).__name__}
    if job["head"]:
        _headed(template.docx, job["head"])
    out = BytesIO()
    template.save(out)
    return {"file": base64.b64encode(out.getvalue()).decode()}


def _headed(document: Any, words: str) -> None:
    """The line at the top of every kind of page of every section, above what the template has there."""
    kinds: set[str] = set()
    for section in document.sections:
        heads = {"": section.header}
        heads |= {"first": section.first_page_header} if section.different_first_page_header_footer else {}
        heads |= {"even": section.even_page_header} if document.settings.odd_and_even_pages_header_footer else {}
        for kind, head in heads.items():
            if head.is_linked_to_previous and kind in kinds:  # shows what an earlier section has, with the line already
                continue
            head.is_linked_to_previous = False
            first = head.paragraphs[0] if head.paragraphs else head.add_paragraph()
            first.insert_paragraph_before(words)
            kinds.add(kind)


def main() -> None:
    _confine()
    job = json.loads(sys.stdin.buffer.read())
    answer = _pdf(job) if job["make"] == "pdf" else _word(job)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
