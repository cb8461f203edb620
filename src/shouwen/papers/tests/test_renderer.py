"""PDF and Word come from a process that can fetch nothing; templates from outside are small, whole, and hold nothing that runs."""

from __future__ import annotations

import http.server
import io
import json
import re
import subprocess
import threading
import zipfile
import zlib
from importlib.util import find_spec

import pytest

from shouwen.kernel.refusals import Refused
from shouwen.papers import actions, drawing, queries, renderer, sheets, word
from shouwen.papers.catalogue import catalogue, form_named
from shouwen.papers.tests.test_papers import LI, NINE, WANG, ask, record, things  # noqa: F401 - a fixture


def can_pdf() -> bool:
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


pdf_needed = pytest.mark.skipif(not can_pdf(), reason="Pango is not on this machine; then PDF answers with how to install it")
word_needed = pytest.mark.skipif(find_spec("docxtpl") is None, reason="docxtpl is not installed")


@pytest.fixture
def listener():
    """A server that notes who asks: nobody may."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()


@pdf_needed
def test_the_renderer_opens_data_and_nothing_else(listener, tmp_path):
    address, asked = listener
    secret = tmp_path / "secret.txt"
    secret.write_text("秘密在此")
    html = f"""<html><head><link rel=stylesheet href="{address}/a.css"><link rel=attachment href="file://{secret}"></head><body>
      <img src="{address}/b.png"><img src="file:///etc/hostname"><img src="FILE://{secret}"><object data="{address}/c"></object>
      <a rel="attachment" href="file://{secret}">x</a><iframe src="{address}/d"></iframe>
      <img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7">正文</body></html>"""
    made = renderer.pdf(html, f"@import url('{address}/e.css'); body {{ background: url('{address}/f.png') }} @font-face {{ font-family: x; src: url('file://{secret}') }}")
    assert made.startswith(b"%PDF-") and asked == []
    streams = b"".join(_inflated(made))
    assert "秘密在此".encode() not in made + streams and "秘密在此".encode("utf-16-be") not in made + streams


def _inflated(made: bytes):
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", made, re.S):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            continue


@pdf_needed
def test_a_form_becomes_a_pdf_with_a_page_for_each_copy(things):  # noqa: F811
    made = actions.print_out(LI, ask("派工单"), medium="pdf", at=NINE)
    pdf = drawing.pdf(drawing.drawn(json.loads(made.content), made.layout, printing=made))
    objects = pdf + b"".join(_inflated(pdf))
    assert pdf.startswith(b"%PDF-") and len(re.findall(rb"/Type\s*/Page\b", objects)) == 3, "存根 and one for each of two departments"
    assert re.search(rb"/MediaBox\s*\[\s*0 0 683\.\d+ 396\.\d+", objects), "241 mm × 140 mm"


def test_where_pdf_cannot_be_made_the_way_out_is_said(monkeypatch):
    monkeypatch.setattr(renderer.subprocess, "run", lambda *args, **kwargs: type("Done", (), {"stdout": b'{"error": "missing"}'}))
    with pytest.raises(Refused, match="apt install libpango"):
        renderer.pdf("<p>", "")
    with pytest.raises(Refused, match="docxtpl"):
        renderer.word(b"", {})


# --- Word -------------------------------------------------------------------------------------------------------------------


def template(body: str = "{{ 单据编号 }} {{ 房号 }} {{ 投诉内容 }}", **parts: bytes | str) -> bytes:
    """The smallest .docx, with further parts by name ('__' stands for '/')."""
    words = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    files = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{words}"><w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>',
    } | {name.replace("__", "/").replace("_DOT_", "."): content for name, content in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


FORM = form_named("工作联系单")
OUTSIDE = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="http://example.invalid/x" TargetMode="External"/></Relationships>'


@word_needed
def test_a_good_template_is_filled_and_words_stay_words(things):  # noqa: F811
    form = type(record().facts["content"])
    things["7"] = record(facts={"content": form("投诉内容", "<w:t>灯</w:t> & {{ 7 }} =1+1")})
    content = sheets.sheet(FORM, things["7"], "LX-1", [])
    assert word.checked(FORM, "联系单.docx", template()) == ["单据编号", "房号", "投诉内容"]
    made = renderer.word(template(), word.values(FORM, content, "ABCD", {}))
    text = zipfile.ZipFile(io.BytesIO(made)).read("word/document.xml").decode()
    assert "LX-1" in text and "3-1-1201" in text and "&lt;w:t&gt;灯&lt;/w:t&gt; &amp; {{ 7 }} =1+1" in text


@word_needed
@pytest.mark.parametrize("body,said", [
    ("{{ 房号 }} {{ 车牌 }}", "没有的占位符：{{ 车牌 }}"),
    ("没有占位符", "没有占位符"),
    ("{{ 房号.__class__.__mro__ }}", "写错的地方"),
    ("{{ 房号 * 9 }}", "不能做运算"),
    ("{{ 房号.format(1) }}", "写错的地方"),
    ("{{ 房号|attr('x') }}", "写错的地方"),
    ("{% include 'x' %}{{ 房号 }}", "写错的地方"),
    ("{{ 房号", "写错的地方"),
    ("{{ cycler.__init__.__globals__ }}", "没有的占位符"),
    ("{% for i in range(9) %}{{ i }}{% endfor %}", "没有的占位符"),
])
def test_a_template_that_would_not_do_is_refused_with_the_reason(monkeypatch, body, said):
    def here(command, *, input, **limits):  # the child's own work without a child for each case; those above and below have one
        return subprocess.CompletedProcess(command, 0, json.dumps(renderer._word(json.loads(input))).encode())

    monkeypatch.setattr(renderer.subprocess, "run", here)
    with pytest.raises(Refused) as no:
        word.checked(FORM, "a.docx", template(body))
    assert said in no.value.message


@pytest.mark.parametrize("name,content,said", [
    ("a.docm", template(), "只能上传 Word 文档"),
    ("a.docx", b"PK\x03\x04 nothing", "不是完好的"),
    ("a.docx", b"<html>", "不是完好的"),
    ("a.docx", template(word__vbaProject_DOT_bin=b"x"), "含有宏"),
    ("a.docx", template(word__embeddings__a_DOT_bin=b"x"), "嵌入对象"),
    ("a.docx", template(word__x_DOT_xml='<!DOCTYPE a [<!ENTITY b "c">]><a/>'), "DOCTYPE"),
    ("a.docx", template(word___rels__settings_DOT_xml_DOT_rels=OUTSIDE.format("attachedTemplate")), "引用了外部内容"),
    ("a.docx", template(word___rels__document_DOT_xml_DOT_rels=OUTSIDE.format("image")), "引用了外部内容"),
    ("a.docx", template('</w:t><w:instrText> INCLUDE</w:instrText></w:r><w:r><w:instrText>PICTURE "http://example.invalid/x"</w:instrText><w:t>'), "域代码"),
    ("a.docx", template(word__big_DOT_xml=b"0" * (word.UNPACKED + 1)), "过大"),
    ("a.docx", b"x" * (word.LARGEST + 1), "太大"),
])
def test_a_file_that_is_no_harmless_document_is_refused(name, content, said):
    with pytest.raises(Refused) as no:
        word.checked(FORM, name, content)
    assert said in no.value.message


def test_a_zip_that_lies_about_its_size_is_refused():
    made = bytearray(template(word__big_DOT_xml=b"0" * 100_000))
    size = (100_000).to_bytes(4, "little")
    made = bytes(made).replace(size, (10).to_bytes(4, "little"))
    with pytest.raises(Refused):
        word.checked(FORM, "a.docx", made)


@word_needed
def test_the_sample_is_a_template_that_passes(db):
    for form in list(catalogue().values())[:60:9]:
        if not form.later:
            rows = [[f"{{{{ {name} }}}}", says] for name, says in word.names_for(form).items() if name != "经过"]
            assert word.checked(form, "样张.docx", renderer.sample(form.form, rows))


@word_needed
def test_templates_are_uploaded_used_and_dropped_by_who_may(things):  # noqa: F811
    with pytest.raises(Refused, match="没有「修改系统设置」权限"):
        actions.upload_template(WANG, 1, form=FORM, name="a.docx", content=template(), at=NINE)
    first = actions.upload_template(LI, 1, form=FORM, name="C:\\表\\a.docx", content=template(), at=NINE)
    second = actions.upload_template(LI, 1, form=FORM, name="b.docx", content=template(), at=NINE)
    assert (first.name, first.placeholders, queries.template_in_use(1, FORM.form)) == ("a.docx", 3, None)
    actions.use_template(LI, first, use=True, at=NINE)
    actions.use_template(LI, second, use=True, at=NINE)
    assert queries.template_in_use(1, FORM.form) == second and queries.template_in_use(2, FORM.form) is None
    actions.drop_template(LI, second, at=NINE)
    assert queries.template_in_use(1, FORM.form) is None
