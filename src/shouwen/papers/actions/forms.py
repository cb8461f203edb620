"""How a community prints: the layout of a form, its own Word templates."""

from __future__ import annotations

import hashlib
from datetime import datetime

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import clean_text

from .. import word
from ..catalogue import LAYOUTS, Form
from ..models import FormSetting, WordTemplate


@action("paper.layout_chosen", may="settings.edit", says="《{form}》的打印版式改为{layout}")
def choose_layout(actor: Actor, place: int, /, *, form: Form, layout: str, at: datetime) -> Done:
    if layout not in LAYOUTS:
        raise Refused("没有这种版式，请重新选择。", {"layout": "请重新选择"})
    row, _ = FormSetting.objects.update_or_create(community_id=place, form=form.form, defaults={"layout": layout})
    return Done(row, {"form": form.form, "layout": LAYOUTS[layout][0]})


@action("paper.template_uploaded", may="settings.edit", says="上传《{form}》的 Word 模板：{name}")
def upload_template(actor: Actor, place: int, /, *, form: Form, name: str, content: bytes, at: datetime) -> Done:
    """Check a template and keep it; it is not used before somebody says so."""
    name = clean_text(name.replace("\\", "/").rpartition("/")[2], "文件名", 200) or "模板.docx"
    used = word.checked(form, name, content)
    row = WordTemplate.objects.create(
        community_id=place, form=form.form, name=name, content=content, size=len(content), digest=hashlib.sha256(content).hexdigest(),
        placeholders=len(used), at=at, by_name=actor.name,
    )  # fmt: skip
    return Done(row, {"form": form.form, "name": name, "digest": row.digest})


@action("paper.template_used", may="settings.edit", says="{does}《{form}》的 Word 模板：{name}")
def use_template(actor: Actor, template: WordTemplate, /, *, use: bool, at: datetime) -> Done:
    """Print the form with this template from now on (and no longer with another), or stop doing so."""
    WordTemplate.objects.filter(community_id=template.community_id, form=template.form, in_use=True).update(in_use=False)
    if use:
        WordTemplate.objects.filter(pk=template.pk).update(in_use=True)
    return Done(template, {"form": template.form, "name": template.name, "does": "启用" if use else "停用"})


@action("paper.template_dropped", may="settings.edit", says="删除《{form}》的 Word 模板：{name}")
def drop_template(actor: Actor, template: WordTemplate, /, *, at: datetime) -> Done:
    facts = {"form": template.form, "name": template.name, "digest": template.digest}
    subject = f"papers.wordtemplate:{template.pk}"
    template.delete()
    return Done(subject, facts)
