"""Everything a careful reader would object to before a procedure goes into use."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import reckoned
from .procedure import END, KIND_TITLES, OWN_CLASS, SPECIAL, Ask, Condition, Limit, Opening, Procedure, Rung, Step
from .spans import PATTERN as SPAN

Path = tuple[str, ...]
Fault = tuple[Path, str]

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,59}")
SLOT = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
HOLE = re.compile(r"\{([^{}]*)\}")
FINDERS = ("on_duty", "post", "heads", "member", "answer", "did", "first_asked", "party")
KNOWN_HOLES = ("branch", "number", "title")  # besides the answers
RESERVED = (*KNOWN_HOLES, "at_least", "by", "filed", "closed", END, "evidence")
TIMES = ("date", "time", "datetime")
AMOUNTS = ("minutes", "number", "money", "rating")
LISTED = ("pick", "yes_no", "rating", "unit", "person", "staff", "department", "checklist")


def faults_in(p: Procedure) -> Iterator[Fault]:
    """(path of keys, what is wrong); `reading.read` turns the path into a line."""
    yield from _people(p)
    yield from _common(p)
    for step in p.every_step.values():
        path = ("steps", step.name)
        if not NAME.fullmatch(step.name) or step.name in RESERVED:
            yield path, f"步骤名「{step.name}」应是小写字母、数字和下划线，最多 40 个，且不能是 {'、'.join(RESERVED)}"
        for key, ask in step.asks.items():
            yield from _ask(p, step, ask, (*path, "asks", key))
        yield from _roles(p, step, path)
        yield from _timing(p, step, path)
        yield from _branches(p, step, path)
        yield from _work(p, step, path)
        yield from _routes(p, step, path)
    yield from _way(p)


def _people(p: Procedure) -> Iterator[Fault]:
    if not p.people:
        yield ("people",), "people 里一个角色也没有"
    for key, person in p.people.items():
        path = ("people", key)
        if not NAME.fullmatch(key) or key in ("holder", "superior", "lead", "tracker", "branch"):
            yield path, f"角色名「{key}」应是小写字母、数字和下划线，最多 40 个，且不能与 holder、superior、lead、tracker 同名"
        found = [f for f in FINDERS if getattr(person, f)]
        if len(found) != 1:
            yield (
                path,
                f"角色「{key}」要写明怎样找到人，且只写一种：{'、'.join(FINDERS)}" + (f"（现在有 {'、'.join(found)}）" if found else ""),
            )
        if person.answer and (person.answer not in p.asks or p.asks[person.answer].kind != "staff"):
            yield path, f"角色「{key}」指向的答案「{person.answer}」不存在，或不是 kind: staff"
        if person.did and person.did not in p.every_step:
            yield path, f"角色「{key}」指向不存在的步骤「{person.did}」"
        if person.on_behalf and not person.party:
            yield path, f"角色「{key}」不是外部的人（party），不需要 on_behalf"
        yield from _known(p, person.on_behalf, path, "on_behalf", ())


def _known(p: Procedure, names: tuple[str, ...], path: Path, what: str, special: tuple[str, ...] = SPECIAL) -> Iterator[Fault]:
    for name in names:
        if name not in p.people and name not in special:
            yield path, f"{what} 里的「{name}」不在 people 里" + (f"，也不是 {'、'.join(special)}" if special else "")


def _common(p: Procedure) -> Iterator[Fault]:
    if not p.path:
        yield ("steps",), "steps 里没有一步是按顺序办的"
    if "public" in p.opened_by and p.first and not any(a.public for a in p.steps[p.first].asks.values()):
        yield ("opened_by",), f"opened_by 写了 public，但「{p.steps[p.first].title}」没有一个栏目写 public: yes，住户没有可填的"
    for rung in p.late:
        yield from _rung(p, rung, ("late", rung.after.text))
    for key, reason in p.pauses.items():
        path = ("pauses", key)
        yield from _known(p, reason.who, path, "who", ())
        yield from _known(p, (reason.approval,) if reason.approval else (), path, "approval", ())
        if reason.at_most.unit in ("at once", "promptly", "end of shift") or not reason.at_most.rough:
            yield path, f"暂停「{reason.title}」的 at_most 要写最长多久，如 3 days"
    for key, promise in p.promises.items():
        path = ("promises", key)
        if promise.since != "filed" and promise.since not in p.every_step:
            yield path, f"承诺「{promise.title}」从「{promise.since}」起算，但没有这一步"
        for until in promise.until:
            if until != "closed" and until not in p.every_step:
                yield path, f"承诺「{promise.title}」到「{until}」为止，但没有这一步"
        yield from _limit(p, promise.within, (*path, "within"))
        for rung in promise.ladder:
            yield from _rung(p, rung, (*path, "late", rung.after.text))
    if p.urge.unit not in ("minute", "hour"):
        yield ("urge",), "urge 应是两次催单之间的间隔，如 10 minutes"
    for name in filter(None, (p.reopen.go, p.reopen.then)):
        if name not in p.path:
            yield ("reopen",), f"reopen 指向「{name}」，但没有这一步（也不能是 offered 的步骤）"
    if p.reopen.then and not p.reopen.at_most:
        yield ("reopen",), "reopen 写了 then，还要写 at_most（几次以后）"
    yield from _known(p, p.reopen.tell, ("reopen",), "tell")


def _ask(p: Procedure, step: Step, ask: Ask, path: Path) -> Iterator[Fault]:
    if not NAME.fullmatch(ask.name) or ask.name in RESERVED:
        yield path, f"答案名「{ask.name}」应是小写字母、数字和下划线，最多 40 个，且不能是 {'、'.join(RESERVED)}"
    if ask.kind == "pick" and not ask.pick:
        yield path, f"「{ask.title}」没有选项：" + ("文件里没有 classes" if ask.classes else "请写 pick")
    if ask.pick and ask.kind != "pick":
        yield path, f"「{ask.title}」写了 pick，kind 就不能是 {ask.kind}"
    for option in ask.pick:
        if not OPTION.fullmatch(option):
            yield path, f"「{ask.title}」的选项「{option}」应是字母、数字、下划线，冒号后面才是给人看的文字"
    if ask.items and ask.kind not in ("checklist", "readings"):
        yield path, f"「{ask.title}」写了 items，kind 应是 checklist 或 readings"
    if ask.kind == "checklist" and not ask.items:
        yield path, f"「{ask.title}」是 checklist，要用 items 列出各项"
    if ask.many and ask.kind in ("checklist", "readings", "yes_no", "priced"):
        yield path, f"「{ask.title}」是 {ask.kind}，不能写 many"
    for key, bound in (("min", ask.min), ("max", ask.max)):
        if bound and not re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", bound):
            yield path, f"「{ask.title}」的 {key} 应是数字，不能是「{bound}」"
        if bound and not ask.many and ask.kind not in (*AMOUNTS, "readings", "text", "note"):
            yield path, f"「{ask.title}」是 {ask.kind}，不能写 {key}"
    if ask.kind == "priced" and (ask.default or ask.default_by or ask.private):
        yield path, f"「{ask.title}」的价格出自价目表，不能写 default、private"
    if ask.public and ask.kind in ("staff", "department") and step.name == p.first:
        yield path, f"「{ask.title}」要选{KIND_TITLES[ask.kind]}，住户填不了，不能写 public"
    if len(ask.public) > 30:
        yield path, f"「{ask.title}」的 public 应写 yes、no，或给住户看的名称（30 字以内）"
    yield from _default(p, ask, path)
    yield from ((path, text) for text in reckoned.wrong(p, ask))
    yield from _condition(p, ask.only_if, (*path, "only_if"))
    if ask.only_if and ask.name in ask.only_if.names:
        yield path, f"「{ask.title}」的 only_if 不能看它自己"


def _default(p: Procedure, ask: Ask, path: Path) -> Iterator[Fault]:
    if ask.default_by:
        yield from _condition(p, Condition(tuple((ask.default_by, (k,)) for k in ask.defaults)), (*path, "default"))
    for value in filter(None, (ask.default, *ask.defaults.values())):
        if value == "now" and ask.kind not in TIMES:
            yield path, f"「{ask.title}」不是时间，default 不能是 now"
        if ask.kind == "pick" and value not in ask.pick:
            yield path, f"「{ask.title}」的 default「{value}」不是它的选项"
        if ask.kind == "yes_no" and value not in ("yes", "no"):
            yield path, f"「{ask.title}」的 default 应是 yes 或 no"


def _condition(p: Procedure, condition: Condition | None, path: Path) -> Iterator[Fault]:
    if condition is None:
        return
    for key, values in condition.equals:
        ask = p.asks.get(key)
        if key == OWN_CLASS and p.classified:
            known = tuple(p.classes)
        elif ask is None:
            yield path, f"条件里的「{key}」没有哪一步问过"
            continue
        elif ask.kind not in LISTED:
            yield path, f"条件只能比较选项，「{ask.title}」是 {ask.kind}"
            continue
        else:
            known = _options(ask)
        for value in values:
            if known and value not in known:
                yield path, f"条件里的「{key}: {value}」不是它的选项，可用的有：{'、'.join(known)}"
    for key, _ in condition.at_least:
        ask = p.asks.get(key)
        if ask is None:
            yield path, f"条件里的「{key}」没有哪一步问过"
        elif not ask.many and ask.kind not in (*AMOUNTS, "priced"):
            yield path, f"at_least 只能用于多选（many: yes）或数量，「{ask.title}」不是"


def _options(ask: Ask) -> tuple[str, ...]:
    """The values a condition may compare with; () when they are known only to the community."""
    match ask.kind:
        case "pick":
            return tuple(ask.pick)
        case "yes_no":
            return ("yes", "no")
        case "checklist":
            return ("yes", "no", "na")
        case "rating":
            return ("1", "2", "3", "4", "5")
    return ()


def _limit(p: Procedure, limit: Limit, path: Path) -> Iterator[Fault]:
    if limit.by:
        by = p.asks.get(limit.by)
        if limit.by == OWN_CLASS and (p.classified or by is None):
            if not p.classified:
                yield path, "within 按类别写时限，但没有哪一步问类别（pick: classes）；按别的答案写要加 by"
            known = tuple(p.classes)
        elif by is None or not (known := _options(by)):
            yield path, f"within 的 by 指向「{limit.by}」，它应是问过的选项（pick）或 yes_no"
            known = ()
        for case in limit.cases:
            if known and case not in known:
                yield path, f"within 的「{case}」不是「{limit.by}」的选项，可用的有：{'、'.join(known)}"
    for span in (s for spans in limit.cases.values() for s in spans if s.anchor):
        ask = p.asks.get(span.anchor)
        if ask and ask.kind not in TIMES:
            yield path, f"时限「{span.text}」里的「{ask.title}」不是日期或时间"
        elif ask is None and span.before:
            yield path, f"时限「{span.text}」：before 后面应是问过的日期或时间"
        elif ask is None and span.anchor != "filed" and span.anchor not in p.every_step:
            yield path, f"时限「{span.text}」从「{span.anchor}」起算，但没有这一步，也没有问过这个时间"


def _rung(p: Procedure, rung: Rung, path: Path, step: Step | None = None) -> Iterator[Fault]:
    yield from _known(p, rung.tell, path, "tell")
    if rung.hand_to and rung.hand_to not in p.people and not (rung.hand_to == "lead" and step and step.lead):
        yield path, f"hand_to 的「{rung.hand_to}」不在 people 里"
    if "lead" in rung.tell and step and not step.lead:
        yield path, "tell 里写了 lead，这一步却没有 lead"
    yield from _offers(p, rung.offer, path, "offer")
    yield from _offers(p, rung.must, path, "must")
    for opening in rung.open:
        yield from _opening(p, opening, path)
    yield from _holes(p, rung.log, path)


def _offers(p: Procedure, names: tuple[str, ...], path: Path, what: str) -> Iterator[Fault]:
    for name in names:
        if name not in p.steps:
            yield path, f"{what} 指向不存在的步骤「{name}」"
        elif not p.steps[name].offered:
            yield path, f"{what} 指向的步骤「{name}」没有写 offered"


def _opening(p: Procedure, opening: Opening, path: Path) -> Iterator[Fault]:
    if opening.before and opening.before != END and opening.before not in p.path:
        yield path, f"before 指向「{opening.before}」，但没有这一步（也不能是 offered 的步骤）"
    if not NAME.fullmatch(opening.procedure):
        yield path, f"要开的规程「{opening.procedure}」应是它的 procedure 名，如 repair"
    yield from _condition(p, opening.when, path)
    for text in opening.answers.values():
        yield from _holes(p, text, path)


def _holes(p: Procedure, text: str, path: Path) -> Iterator[Fault]:
    for name in HOLE.findall(text):
        if name not in p.asks and name not in KNOWN_HOLES and not (name == OWN_CLASS and p.classified):
            yield path, f"「{{{name}}}」不是问过的答案"


def _roles(p: Procedure, step: Step, path: Path) -> Iterator[Fault]:
    if not step.who and not step.together:
        yield path, f"步骤「{step.name}」没有写谁来办（who）"
    for key, role in (("who", step.who), ("lead", step.lead)):
        if not role:
            continue
        if role not in p.people:
            yield (*path, key), f"{key} 的「{role}」不在 people 里"
        elif "branch" in (p.people[role].heads, p.people[role].member) and (not step.each or key == "lead"):
            yield (*path, key), f"角色「{role}」按 branch 找人，只能用在写了 each 的步骤的 who"


def _timing(p: Procedure, step: Step, path: Path) -> Iterator[Fault]:
    if step.within:
        yield from _limit(p, step.within, (*path, "within"))
    elif not step.ladder:
        for key, said in (("late", step.late), ("remind", step.remind), ("within_basis", step.within_basis)):
            if said:
                yield (*path, key), f"有 {key} 没有 within，永远不会用到"
    for rung in step.late:
        yield from _rung(p, rung, (*path, "late", rung.after.text), step)


def _branches(p: Procedure, step: Step, path: Path) -> Iterator[Fault]:
    if step.each:
        ask = p.asks.get(step.each)
        if ask is None or step.each in step.asks:
            yield (*path, "each"), f"each 指向「{step.each}」，但前面没有问过"
        elif not ask.many and ask.kind not in ("pick", "department", "staff", "unit"):
            yield (*path, "each"), f"each 指向的「{ask.title}」不是选项，请给它加 many: yes"
        if step.together:
            yield (*path, "each"), "each 和 together 不能写在同一步"
    if step.lead and not step.each:
        yield (*path, "lead"), "写了 lead 却没有 each，没有什么要统筹"
    if step.lead_signs and not step.lead:
        yield (*path, "lead_signs"), "写了 lead_signs 却没有 lead"
    if step.first and not step.together:
        yield (*path, "first"), "first 只能和 together 一起写"
    if step.together:
        for key in ("asks", "needs", "two_people", "seals", "not_by", "does"):
            if getattr(step, key):
                yield (*path, key), f"有 together 的步骤，{key} 要写在里面的各步"


def _work(p: Procedure, step: Step, path: Path) -> Iterator[Fault]:
    yield from _condition(p, step.when, (*path, "when"))
    for name in set(step.when.names) & step.asks.keys() if step.when else ():
        yield (*path, "when"), f"when 不能看这一步自己才问的「{name}」"
    yield from _offers(p, step.offers, (*path, "offers"), "offers")
    for need in step.needs:
        if need in ("photo", "scan") or re.fullmatch(r"paper \S.*", need):
            continue
        signer = need.removeprefix("signature of ")
        if signer == need:
            yield (*path, "needs"), f"看不懂的凭证「{need}」，可写 photo、scan、signature of 角色、paper 纸名"
        else:
            yield from _known(p, (signer,), (*path, "needs"), "needs", ("requester", "holder", "first_asked"))
    for name in step.not_by:
        if name not in p.every_step or name == step.name:
            yield (*path, "not_by"), f"not_by 应指向另一步，没有步骤「{name}」" if name != step.name else "not_by 不能指向这一步自己"
    for doing in step.does:
        if not SLOT.fullmatch(doing.slot):
            yield (*path, "does"), f"does 的「{doing.slot}」应写作如 custody.lend"
        for text in doing.args.values():
            yield from _holes(p, text, (*path, "does"))
    for opening in step.opens:
        yield from _opening(p, opening, (*path, "opens"))
    if step.waits and not step.opens:
        yield (*path, "waits"), "写了 waits 却没有 opens，没有什么可等"
    for telling in step.tells:
        yield from _known(p, telling.who, (*path, "tells"), "tells")
        yield from _holes(p, telling.text, (*path, "tells"))
    for key, texts in (("do", (step.do,)), ("says", (step.says,)), ("logs", step.logs), ("prints", step.prints)):
        for text in texts:
            yield from _holes(p, text, (*path, key))
    if step.keeps and step.keeps != "permanent":
        m = SPAN.fullmatch(step.keeps)
        if not m or m["counted"] not in ("day", "month", "year") or m["anchor"] or not int(m["amount"]):
            yield (*path, "keeps"), f"keeps 应写作如 3 years、6 months，或 permanent（长期），不能是「{step.keeps}」"


def _routes(p: Procedure, step: Step, path: Path) -> Iterator[Fault]:
    order = {name: i for i, name in enumerate(p.path)}
    for i, route in enumerate(step.next):
        here = (*path, "next", str(i))
        yield from _condition(p, route.when, here)
        for name in filter(None, (route.go, route.then)):
            if name != END and name not in p.steps:
                inner = p.inner.get(name)
                yield (
                    here,
                    f"next 不能走到 together 里面的「{name}」，请写「{inner.inside}」" if inner else f"next 指向不存在的步骤「{name}」",
                )
            elif name != END and p.steps[name].offered and not p.steps[name].next:
                yield here, f"步骤「{name}」是 offered，又没有 next，走到那里就断了"
        back = not step.offered and route.go in order and order[route.go] <= order[step.name]
        if back and not route.at_most:
            yield here, f"退回「{route.go}」须写 at_most（最多几次）和 then（之后去哪），否则可能没完没了"
        if route.at_most and not route.then:
            yield here, "写了 at_most 还要写 then：次数用完以后去哪"
        if route.then and not route.at_most:
            yield here, "写了 then 还要写 at_most：几次以后"
        if route.then and route.then == route.go:
            yield here, f"then 和 go 都是「{route.go}」，次数等于没有限制；请指向别的步骤或 end"
        if route.when is None and i < len(step.next) - 1:
            yield here, "这一条没有 when，它后面的几条永远走不到"


def _onward(p: Procedure, start: str) -> set[str]:
    """What can follow `start` (itself included) once every counted way back is used up."""
    reached: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in reached:
            continue
        reached.add(name)
        if step := p.steps.get(name):
            todo += [r.then if r.at_most else r.go for r in step.next]
            if not step.next or step.next[-1].when or step.when or step.each:
                todo.append(p.following.get(name, ""))
    return reached


def _way(p: Procedure) -> Iterator[Fault]:
    """The first step can be filed; every step can be reached."""
    if not p.path:
        return
    first = p.steps[p.first]
    for key in ("when", "each", "together", "not_by"):
        if getattr(first, key):
            yield ("steps", p.first, key), f"第一步「{first.title}」就是填单，不能写 {key}"
    reached: set[str] = set()
    offering = {name for rung in p.late for name in (*rung.offer, *rung.must)}
    offering |= {name for promise in p.promises.values() for rung in promise.ladder for name in (*rung.offer, *rung.must)}
    todo = [p.first, p.reopen.go, p.reopen.then, *offering, *(s.name for s in p.steps.values() if s.offered == "always")]
    while todo:
        name = todo.pop()
        if name in reached or name not in p.steps:
            continue
        reached.add(name)
        step = p.steps[name]
        for each in (step, *(p.inner[sub] for sub in step.together)):
            todo += [*each.offers, *(n for rung in each.ladder for n in (*rung.offer, *rung.must))]
        todo += [n for r in step.next for n in (r.go, r.then)]
        # a skipped step always leads on to the one after it
        if not step.next or step.next[-1].when or step.when or step.each:
            todo.append(p.following.get(name, ""))
    for name in p.steps:
        if name not in reached:
            how = "没有哪一步或哪一档 offer 它" if p.steps[name].offered else "没有任何路能走到"
            yield ("steps", name), f"步骤「{name}」{how}"
        elif (name in p.path or p.steps[name].next) and END not in _onward(p, name):
            yield ("steps", name), f"从步骤「{name}」出发，次数用完以后走不到结束"
