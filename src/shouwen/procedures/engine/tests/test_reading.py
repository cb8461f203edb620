# ruff: noqa: E501 (a case stands on one line)
import pytest

from shouwen.procedures.engine import Faulty, read, role_of
from shouwen.procedures.engine.tests.play import COMPLAINT, HEAD, faults, short

FIRST = "steps:\n  file: {title: 填单, who: desk, asks: {what: {title: 事由, optional: yes}, kinds: {title: 类型, pick: {a: 甲, b: 乙}, many: yes}, day_on: {title: 哪天, kind: date}}}\n"
BASE = HEAD + FIRST
LINE = BASE.count("\n") + 1  # the line of the first thing appended


def test_the_complaint_reads_whole() -> None:
    p = read(COMPLAINT)
    assert p.path == ("intake", "classify", "dispatch", "handle", "feedback", "callback", "review", "archive")
    assert p.steps["dispatch"].ladder[0].ahead and [r.after.text for r in p.steps["dispatch"].ladder] == [
        "5 minutes",
        "0 minutes",
        "10 minutes",
    ]
    assert [r.after.text for r in p.steps["feedback"].ladder] == ["0 minutes", "1 hour", "2 days"]  # the common ladder
    assert p.steps["handle"].within and set(p.steps["handle"].within.cases) == {"I", "II", "III"}
    assert p.asks["class"].pick["I"] == "一类投诉" and p.asks["caller"].private
    person = role_of(p, "department_head")
    assert person and person.heads == "branch" and role_of(p, "holder") is None
    assert p.post_of("reception") == "receptionist" and p.post_of("resident") == "" and p.post_of("nobody") == ""


def test_every_scalar_is_text() -> None:
    p = short("  go: {title: 2026-11-01, who: desk, asks: {really: {title: no, kind: yes_no}}, do: 0123}\n")
    assert (p.steps["go"].title, p.asks["really"].title, p.steps["go"].do) == ("2026-11-01", "no", "0123")


def test_placeholders_need_no_quotes() -> None:
    p = short(
        "  go: {title: 办, who: desk, tells: {who: requester, text: 事由：{what}}, says: '{what}', does: {custody.lend: {key: {what}}}}\n"
    )
    assert (
        p.steps["go"].tells[0].text == "事由：{what}" and p.steps["go"].does[0].args == {"key": "{what}"} and p.steps["go"].says == "{what}"
    )


def test_everything_found_is_told_at_once() -> None:
    found = faults(BASE + "  go: {title: 办, who: nobody, wihtin: 1 hour}\n  go2: {title: 办, who: desk, not_by: nowhere}\n")
    assert [line for line, _ in found] == [LINE, LINE + 1]  # a line that could not be read speaks once
    assert "是不是想写「within」" in found[0][1] and "nowhere" in found[1][1]
    with pytest.raises(Faulty, match=f"第 {LINE} 行"):
        read(BASE + "  go: {title: 办, who: nobody}\n")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "由「键: 值」组成"),
        ("- a", 1, "由「键: 值」组成"),
        ("a: [1", 2, "YAML"),
        ("a: 1\nb: x: y\n", 2, "YAML"),
        ("a: \x00", 0, "控制字符"),
        ("a: \ud800", 0, "代理项"),
        ("a: &x 1\nb: *x\n", 1, "引用"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "标签"),
        ("a: " + "[" * 40 + "]" * 40, 1, "层"),
        ("a: " + "x" * 300_000, 0, "KB"),
        ("a: 1\n---\nb: 2\n", 2, "YAML"),
        ("procedure: x\nprocedure: y\n", 2, "重复的键"),
        ("? [a]\n: b\n", 1, "键应是文字"),
    ],
)
def test_untamed_yaml_is_refused(text: str, line: int, said: str) -> None:
    assert any(at == line and said in fault for at, fault in faults(text)), faults(text)


def test_an_alias_bomb_costs_nothing() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)
    )
    assert faults(bomb) == [(1, "不能用 & 和 * 引用，请把内容写全")]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("procedure: Bad-Name", "procedure「Bad-Name」"),
        ("edition: new", "年月"),
        ("number: ts", "大写字母"),
        ("clock: always", "clock不能是「always」"),
        ("every: sometimes", "看不懂的周期"),
        ("colour: red", "不认识「colour」"),
        ("people: {}", "一个角色也没有"),
        ("people: {desk: {title: 前台}}", "怎样找到人"),
        ("people: {desk: {title: 前台, post: a, on_duty: b}}", "现在有 on_duty、post"),
        ("people: {desk: {title: 前台, post: a}, lead: {title: 某, post: a}}", "角色名「lead」"),
        ("people: {desk: {title: 前台, post: a}, x: {title: 某, answer: what}}", "kind: staff"),
        ("people: {desk: {title: 前台, post: a}, x: {title: 某, did: nowhere}}", "不存在的步骤"),
        ("people: {desk: {title: 前台, post: a, on_behalf: [desk]}}", "不需要 on_behalf"),
        ("people: {desk: {title: 前台, post: a}, x: {title: 某, party: requester, on_behalf: [nobody]}}", "「nobody」不在 people"),
        ("people: {desk: {post: a}}", "缺少「title」"),
        ("people: text", "应写成「键: 值」"),
        ("late: {soon: {tell: desk}}", "看不懂的时限"),
        ("late: {end of day: {tell: desk}}", "应是逾期多久"),
        ("late: {0 minutes: {}}", "没有写要做什么"),
        ("late: {0 minutes: {tell: stranger}}", "「stranger」不在 people"),
        ("late: {0 minutes: {hand_to: stranger}}", "hand_to 的「stranger」"),
        ("late: {0 minutes: {offer: file}}", "没有写 offered"),
        ("late: {0 minutes: {must: nowhere}}", "不存在的步骤「nowhere」"),
        ("late: {0 minutes: {log: '{nothing}'}}", "不是问过的答案"),
        ("late: {0 minutes: {open: Bad}}", "要开的规程「Bad」"),
        ("pauses: {x: {title: 等, at_most: at once}}", "at_most 要写最长多久"),
        ("pauses: {x: {title: 等, at_most: 3 days, who: stranger, approval: stranger}}", "approval 里的「stranger」"),
        ("pauses: {x: {title: 等, at_most: 3 days from file}}", "不写 from 或 before"),
        ("promises: {x: {from: nowhere, until: closed, within: 1 hour}}", "从「nowhere」起算"),
        ("promises: {x: {until: nowhere, within: 1 hour, late: {0 minutes: {tell: stranger}}}}", "到「nowhere」为止"),
        ("promises: {x: {until: closed}}", "缺少「within」"),
        ("urge: 3 days", "两次催单之间"),
        ("reopen: {go: nowhere}", "reopen 指向「nowhere」"),
        ("reopen: {then: file}", "还要写 at_most"),
        ("reopen: {at_most: 0}", "1 以上的整数"),
        ("reopen: {tell: stranger}", "「stranger」不在 people"),
    ],
)
def test_faults_of_the_file(more: str, said: str) -> None:
    key = more.split(":")[0]
    lines = [x for x in HEAD.strip().split("\n") if not x.startswith(f"{key}:")]
    if key == "people":
        lines = [x for x in lines if not x.startswith("  ")]
    text = "\n".join(["# 头", *lines, more, FIRST])
    found = faults(text)
    where = text.split("\n").index(more) + 1
    assert any(said in fault for _, fault in found), found
    assert any(line == where for line, fault in found if said in fault), (where, found)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{title: 办}", "没有写谁来办"),
        ("{who: desk}", "缺少「title」"),
        ("{title: '', who: desk}", "是空的"),
        ("{title: [a], who: desk}", "应是一段文字"),
        ("{title: 办, who: worker}", "只能用在写了 each 的步骤"),
        ("{title: 办, who: desk, two_people: maybe}", "应写 yes 或 no"),
        ("{title: 办, who: desk, within: soon}", "看不懂的时限"),
        ("{title: 办, who: desk, within: 1 hour from nowhere}", "从「nowhere」起算"),
        ("{title: 办, who: desk, within: 1 hour from what}", "不是日期或时间"),
        ("{title: 办, who: desk, within: 1 hour before file}", "before 后面应是"),
        ("{title: 办, who: desk, within: {I: 1 hour}}", "没有哪一步问类别"),
        ("{title: 办, who: desk, within: {by: kinds, c: 1 hour}}", "within 的「c」不是"),
        ("{title: 办, who: desk, within: {by: what, c: 1 hour}}", "within 的 by 指向「what」"),
        ("{title: 办, who: desk, within: {by: kinds}}", "一个时限也没有写"),
        ("{title: 办, who: desk, late: {0 minutes: {tell: desk}}}", "有 late 没有 within"),
        ("{title: 办, who: desk, remind: 5 minutes}", "有 remind 没有 within"),
        ("{title: 办, who: desk, within: 1 hour, remind: end of day}", "提前多久"),
        ("{title: 办, who: desk, within: 1 hour, late: {0 minutes: {tell: lead}}}", "却没有 lead"),
        ("{title: 办, who: desk, when: {nothing: a}}", "没有哪一步问过"),
        ("{title: 办, who: desk, when: {kinds: c}}", "不是它的选项"),
        ("{title: 办, who: desk, when: {what: c}}", "只能比较选项"),
        ("{title: 办, who: desk, when: {}}", "条件是空的"),
        ("{title: 办, who: desk, when: {at_least: {what: 2}}}", "at_least 只能用于多选"),
        ("{title: 办, who: desk, when: {at_least: {nothing: 2}}}", "没有哪一步问过"),
        ("{title: 办, who: desk, when: {own: a}, asks: {own: {title: 自, pick: {a: 甲}}}}", "不能看这一步自己"),
        ("{title: 办, who: worker, each: nothing}", "前面没有问过"),
        ("{title: 办, who: worker, each: what}", "请给它加 many"),
        ("{title: 办, who: desk, lead: desk}", "却没有 each"),
        ("{title: 办, who: worker, each: kinds, lead: stranger}", "lead 的「stranger」"),
        ("{title: 办, who: worker, each: kinds, lead_signs: yes}", "却没有 lead"),
        ("{title: 办, who: desk, first: yes}", "first 只能和 together"),
        ("{title: 办, each: kinds, together: {a: {title: 甲, who: desk}}}", "不能写在同一步"),
        ("{title: 办, needs: photo, together: {a: {title: 甲, who: desk}}}", "要写在里面的各步"),
        ("{title: 办, together: {a: {title: 甲, who: desk, next: end}}}", "在 together 里面，不能有 next"),
        ("{title: 办, who: desk, next: a, }\n  x: {title: 乙, together: {a: {title: 甲, who: desk}}}", "请写「x」"),
        ("{title: 办, who: desk, offers: file}", "没有写 offered"),
        ("{title: 办, who: desk, offered: sometimes}", "offered不能是"),
        ("{title: 办, who: desk, offered: when_offered}", "没有哪一步或哪一档 offer 它"),
        ("{title: 办, who: desk, needs: blood}", "看不懂的凭证"),
        ("{title: 办, who: desk, needs: signature of stranger}", "「stranger」不在 people"),
        ("{title: 办, who: desk, not_by: go}", "不能指向这一步自己"),
        ("{title: 办, who: desk, not_by: nowhere}", "没有步骤「nowhere」"),
        ("{title: 办, who: desk, does: lend}", "应写作如 custody.lend"),
        ("{title: 办, who: desk, does: {custody.lend: {key: '{nothing}'}}}", "不是问过的答案"),
        ("{title: 办, who: desk, opens: [{with: {}}]}", "缺少「procedure」"),
        ("{title: 办, who: desk, opens: {procedure: x, before: nowhere}}", "before 指向「nowhere」"),
        ("{title: 办, who: desk, opens: {procedure: x, as: child}}", "as不能是「child」"),
        ("{title: 办, who: desk, waits: yes}", "却没有 opens"),
        ("{title: 办, who: desk, tells: stranger}", "「stranger」不在 people"),
        ("{title: 办, who: desk, tells: {text: 好}}", "缺少「who」"),
        ("{title: 办, who: desk, says: '{nothing}'}", "不是问过的答案"),
        ("{title: 办, who: desk, keeps: forever}", "keeps 应写作如"),
        ("{title: 办, who: desk, next: nowhere}", "不存在的步骤「nowhere」"),
        ("{title: 办, who: desk, next: file}", "须写 at_most"),
        ("{title: 办, who: desk, next: [{go: file, at_most: 2}]}", "还要写 then"),
        ("{title: 办, who: desk, next: [{go: end, then: file}]}", "还要写 at_most"),
        ("{title: 办, who: desk, next: [{go: file, at_most: 2, then: file}]}", "次数等于没有限制"),
        ("{title: 办, who: desk, next: [{go: end}, {go: end}]}", "永远走不到"),
        ("{title: 办, who: desk, next: [{when: {kinds: z}, go: end}]}", "不是它的选项"),
        ("{title: 办, who: desk, next: end}\n  never: {title: 乙, who: desk}", "没有任何路能走到"),
        ("{title: 办, who: desk, next: side}\n  side: {title: 乙, who: desk, offered: always}", "走到那里就断了"),
        (
            "{title: 办, who: desk, next: [{go: file, at_most: 1, then: two}]}\n  two: {title: 乙, who: desk, next: [{go: go, at_most: 1, then: go}]}",
            "走不到结束",
        ),
        ("{title: 办, who: desk, asks: {what: {title: 再问}}}", "已经问过"),
        ("{title: 办, who: desk, asks: {Bad: {title: 问}}}", "答案名「Bad」"),
        ("{title: 办, who: desk, asks: {q: {}}}", "缺少「title」"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: colour}}}", "kind不能是"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: pick}}}", "请写 pick"),
        ("{title: 办, who: desk, asks: {q: {title: 问, pick: classes}}}", "文件里没有 classes"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: note, pick: {a: 甲}}}}", "kind 就不能是 note"),
        ("{title: 办, who: desk, asks: {q: {title: 问, pick: {甲: 甲}}}}", "选项「甲」应是"),
        ("{title: 办, who: desk, asks: {q: {title: 问, items: [a]}}}", "checklist 或 readings"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: checklist}}}", "用 items 列出"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: yes_no, many: yes}}}", "不能写 many"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: number, min: many}}}", "min 应是数字"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: unit, max: 3}}}", "不能写 max"),
        ("{title: 办, who: desk, asks: {q: {title: 问, default: now}}}", "default 不能是 now"),
        ("{title: 办, who: desk, asks: {q: {title: 问, pick: {a: 甲}, default: b}}}", "不是它的选项"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: yes_no, default: maybe}}}", "应是 yes 或 no"),
        ("{title: 办, who: desk, asks: {q: {title: 问, default: {a: b}}}}", "要写 by"),
        ("{title: 办, who: desk, asks: {q: {title: 问, default: {by: kinds, z: b}}}}", "不是它的选项"),
        ("{title: 办, who: desk, asks: {q: {title: 问, kind: yes_no, only_if: {q: yes}}}}", "不能看它自己"),
        ("{title: 办, who: desk, offers: [a, a]}", "写了两次"),
    ],
)
def test_faults_of_a_step(step: str, said: str) -> None:
    found = faults(BASE + f"  go: {step}\n")
    assert any(said in fault and line >= LINE for line, fault in found), found


@pytest.mark.parametrize("key", ["when: {kinds: a}", "not_by: go", "together: {a: {title: 甲, who: desk}}", "each: kinds"])
def test_the_first_step_is_the_filing(key: str) -> None:
    first = (
        FIRST.replace("who: desk, asks", f"who: desk, {key}, asks")
        if "together" not in key
        else FIRST.replace("asks: {what", key + ", asks: {what")
    )
    assert any("第一步「填单」就是填单" in fault for _, fault in faults(HEAD + first + "  go: {title: 办, who: desk}\n"))


def test_a_bad_step_name_and_a_step_all_offered() -> None:
    assert any("步骤名「Go」" in f for _, f in faults(BASE + "  Go: {title: 办, who: desk}\n"))
    assert any("没有一步是按顺序办的" in f for _, f in faults(HEAD + "steps:\n  a: {title: 办, who: desk, offered: always}\n"))
    assert any("超过 4000 字" in f for _, f in faults(BASE + f"  go: {{title: {'长' * 4001}, who: desk}}\n"))


def test_a_group_lends_its_sub_steps_what_they_do_not_say() -> None:
    p = short(
        "  both: {title: 一起, who: boss, within: 1 hour, late: {0 minutes: {tell: desk}}, together: {a: {title: 甲}, b: {title: 乙, who: desk, within: 2 hours, remind: 10 minutes}}}\n",
        "late: {0 minutes: {tell: boss}}",
    )
    a, b = p.inner["a"], p.inner["b"]
    assert (a.who, b.who) == ("boss", "desk")
    assert a.within and b.within and a.within.cases[""][0].text == "1 hour" and b.within.cases[""][0].text == "2 hours"
    assert a.ladder[0].tell == ("desk",) and b.ladder[1].tell == ("boss",) and b.ladder[0].ahead
    p = short(
        "  both: {title: 一起, who: boss, together: {a: {title: 甲}}}\n  c: {title: 丙, who: desk, within: 1 hour from both.a, not_by: both.a}\n",
        "promises: {x: {until: [both.a, closed], within: 1 hour}}",
    )
    assert p.steps["c"].within and p.steps["c"].within.cases[""][0].anchor == "a" and p.steps["c"].not_by == ("a",)
    assert p.promises["x"].until == ("a", "closed")


def test_the_common_ladder_drops_lead_where_there_is_none() -> None:
    p = short("  go: {title: 办, who: desk, within: 1 hour}\n", "late: {0 minutes: {tell: [lead, boss]}}")
    assert p.steps["go"].ladder[0].tell == ("boss",)
