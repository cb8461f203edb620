"""Word templates that a company makes itself: what may be uploaded, which placeholders a form has."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Any, Final

from shouwen.kernel.refusals import Refused

from . import renderer
from .catalogue import Form
from .sheets import Sheet

LARGEST: Final = 2 * 1024 * 1024
UNPACKED: Final = 30 * 1024 * 1024
ENTRIES: Final = 400
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

ALWAYS: Final = {
    "单据名称": "《派工单》等", "单据编号": "本单据的流水号", "小区": "小区名称", "记录编号": "所属工单的编号", "办理状态": "办理中、已办结等",
    "办结时间": "办结时才有", "打印时间": "本次打印的时间", "打印人": "本次打印的人", "重印标记": "“重印 第 2 次”等，首次打印为空",
    "联次": "如“第一联 存根、第二联 回联”", "校验码": "核对单据用的 12 位码", "二维码": "核对单据的二维码图片",
    "经过": "办理经过，用循环：{%tr for 行 in 经过 %}…{{ 行.时间 }} {{ 行.经办 }} {{ 行.内容 }}…{%tr endfor %}",
}  # fmt: skip
"""Placeholders of every form, with what they give."""

_BAD = (
    (re.compile(rb"vbaProject|macroEnabled|vbaData", re.I), "含有宏"),
    (re.compile(rb"<!DOCTYPE|<!ENTITY", re.I), "含有不允许的声明（DOCTYPE）"),
)
_FIELD = re.compile(rb"<w:instrText[^>]*>([^<]*)|w:instr=\"([^\"]*)")
_REACHES = re.compile(rb"\b(DDEAUTO|DDE|INCLUDEPICTURE|INCLUDETEXT|INCLUDE|IMPORT|LINK|DATABASE)\b", re.I)


def placeholder(label: str) -> str:
    """A field's label as a placeholder: only letters, digits and Chinese, not beginning with a digit."""
    made = re.sub(r"\W", "", label)
    return f"_{made}" if made[:1].isdigit() else made


def names_for(form: Form) -> dict[str, str]:
    """Every placeholder of a form with its meaning."""
    return ALWAYS | {placeholder(cell.label): cell.label for cell in form.cells}


def checked(form: Form, name: str, content: bytes) -> list[str]:
    """The placeholders a template uses. Refused, naming what is wrong, when it must not be used."""
    if len(content) > LARGEST:
        raise Refused("模板太大（上限 2 MB）。请压缩模板里的图片后再上传。", {"file": "文件太大"})
    if not name.lower().endswith(".docx"):
        raise Refused("只能上传 Word 文档（.docx）。带宏的 .docm 和旧的 .doc 请先另存为 .docx。", {"file": "不是 .docx"})
    _safe(content)
    used = renderer.placeholders(content)
    known = names_for(form)
    if unknown := [one for one in used if one not in known]:
        said = "、".join(f"{{{{ {one} }}}}" for one in unknown[:8])
        raise Refused(f"模板中有《{form.form}》没有的占位符：{said}。请对照“占位符一览”改正后重新上传。", {"file": "有不认识的占位符"})
    if not used:
        raise Refused("模板里没有占位符，打印出来会是一张空表。请在要填内容的地方写上占位符，例如 {{ 单据编号 }}。", {"file": "没有占位符"})
    renderer.word(content, values(form, _example(form), "", {}), b"")  # what cannot be filled is found now, not at the counter
    return used


def _safe(content: bytes) -> None:
    """Small, whole, and nothing in it that runs or reaches out."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            entries = packed.infolist()
            if len(entries) > ENTRIES or sum(one.file_size for one in entries) > UNPACKED:
                raise Refused("模板解开后过大，不能使用。请用 Word 新建一份简单的模板。", {"file": "解开后过大"})
            names = {one.filename for one in entries}
            if not {"[Content_Types].xml", "word/document.xml"} <= names or any(".." in one or one.startswith("/") for one in names):
                raise _broken()
            if any("vbaproject" in one.lower() for one in names):
                raise Refused("模板含有宏，不能使用。请另存为普通 .docx 后再上传。", {"file": "含有宏"})
            if any(part in one.lower() for one in names for part in ("embeddings/", "activex/")):
                raise Refused("模板含有嵌入对象，不能使用。请删去嵌入的表格或控件后再上传。", {"file": "含有嵌入对象"})
            for one in entries:
                if one.filename.endswith((".xml", ".rels")):
                    _clean(one.filename, _limited(packed, one))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError, OSError):
        raise _broken() from None


def _limited(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """What an entry really holds; one that says less than it holds is refused before it fills the memory."""
    with packed.open(entry) as part:
        read = part.read(UNPACKED + 1)
    if len(read) > entry.file_size:
        raise _broken()
    return read


def _clean(name: str, part: bytes) -> None:
    for pattern, what in _BAD:
        if pattern.search(part):
            raise Refused(f"模板{what}，不能使用。请删去后再上传。", {"file": what})
    if _REACHES.search(b"".join(one or other for one, other in _FIELD.findall(part))):  # Word may cut a field's code in pieces
        raise Refused("模板含有会读取外部内容的域代码，不能使用。请删去后再上传。", {"file": "域代码"})
    if name.endswith(".rels"):
        for link in re.findall(rb"<Relationship\b[^>]*>", part):
            if b'TargetMode="External"' in link and b"/hyperlink" not in link:
                raise Refused("模板引用了外部内容（链接的图片或附加模板），不能使用。请改为直接插入图片后再上传。", {"file": "引用外部内容"})


def _broken() -> Refused:
    return Refused("这不是完好的 Word 文档（.docx）。请用 Word 或 WPS 重新保存后再上传。", {"file": "文件不完好"})


def values(form: Form, content: Sheet, code: str, print_: dict[str, str]) -> dict[str, Any]:
    """What a template's placeholders are filled with."""
    found: dict[str, Any] = dict.fromkeys(names_for(form), "")
    found["经过"] = []
    for row in content["rows"]:
        for cell in row.get("cells", ()):
            found[placeholder(cell["label"])] = cell["text"]
        if "lines" in row:
            found["经过"] = [{"时间": line["at"], "经办": line["by"], "内容": line["text"]} for line in row["lines"]]
    copies = "、".join(f"{copy['ordinal']} {copy['name']}" for copy in content["copies"])
    return found | {
        "单据名称": content["form"], "单据编号": content["number"], "小区": content["community"], "记录编号": content["record"],
        "办理状态": content["status"], "办结时间": content["finished"], "联次": copies, "校验码": code,
    } | print_  # fmt: skip


def _example(form: Form) -> Sheet:
    rows: list[dict[str, Any]] = [{"cells": [{"label": cell.label, "text": "示例"} for cell in form.cells]}]
    rows.append({"label": "经过", "lines": [{"at": "2026-11-23 09:00", "by": "示例", "text": "示例"}]})
    return {
        "form": form.form, "number": "示例", "community": "示例", "record": "示例", "status": "办理中", "finished": "", "copies": [],
        "rows": rows,
    }  # fmt: skip
