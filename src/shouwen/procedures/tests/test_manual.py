"""The pages of `shouwen procedures docs` are for people: everything in their words."""

import re

from shouwen.procedures import manual
from shouwen.procedures.editions import library_files

OURS = re.compile(r"\b(minutes?|hours?|days?|workdays?|weeks?|promptly|at once|end of|from filed|photo|scan|signature of|holder|superior|receptionist)\b|[a-z]+_[a-z_]+(?!\.md)")


def test_no_word_of_the_language_of_the_files_is_left(tmp_path):
    count = manual.write(tmp_path)
    index = (tmp_path / "README.md").read_text("utf-8")
    assert count == len(list(library_files())) == index.count("](")
    left = {}
    for path in tmp_path.glob("*.md"):
        text = path.read_text("utf-8") if path.name != "README.md" else ""
        if found := {match[0] for match in OURS.finditer(text)}:
            left[path.name] = found
    assert left == {}


def test_a_step_says_who_by_when_what_then_and_why(tmp_path):
    manual.write(tmp_path)
    text = (tmp_path / "complaint.md").read_text("utf-8")
    step = text.partition("送登记表、开《工作联系单》\n")[2].partition("### ")[0]
    for said in ("谁办：客户接待员", "时限：「受理」后 20 分钟", "A7.05 20分钟内把登记表送到责任部门", "到时前 5 分钟：", "一超时：告知", "超时 30 分钟：告知服务中心经理", "责任人", "打印：工作联系单", "开出工单：《报修》"):
        assert said in step, said
    assert "时限：前台接待员当班结束前" in (tmp_path / "reception.md").read_text("utf-8")
    assert "限时办理" in text and "二类：当天内" in text
