"""Reads each section of a procedure file into its struct; what a section may hold is the list at its top."""

from __future__ import annotations

import yaml

from .nodes import Path, Reader
from .procedure import (
    KINDS,
    LINKS,
    OWN_CLASS,
    Ask,
    Condition,
    Doing,
    Grade,
    Limit,
    Opening,
    Pausing,
    Person,
    Promise,
    Reopening,
    Route,
    Rung,
    Step,
    Telling,
)
from .spans import Span

PERSON = ("title", "on_duty", "post", "heads", "member", "answer", "did", "first_asked", "party", "on_behalf")
ASK = ("title", "kind", "pick", "items", "many", "optional", "private", "default", "only_if", "help", "min", "max", "basis", "public", "reckoned")
RUNG = ("tell", "hand_to", "offer", "must", "open", "log")
OPENING = ("procedure", "with", "as", "when", "before")
ROUTE = ("when", "go", "at_most", "then")
PROMISE = ("title", "from", "until", "within", "remind", "late", "basis")
PAUSE = ("title", "at_most", "who", "approval", "basis")
REOPEN = ("go", "at_most", "then", "within", "tell")
STEP = (
    "title", "who", "do", "says", "asks", "within", "remind", "late", "basis", "within_basis", "when", "each", "lead",
    "lead_signs", "together", "first", "offered", "offers", "needs", "two_people", "seals", "not_by", "does", "opens", "waits", "logs",
    "tells", "prints", "keeps", "next",
)  # fmt: skip
NOW = Span("minute", text="0 minutes")


def person(r: Reader, node: yaml.Node, path: Path) -> Person:
    f = r.fields(node, path, "角色", PERSON, ["title"])
    return Person(
        title=r.text(f.get("title"), "title") or path[-1],
        **{k: r.text(f.get(k), k) for k in ("on_duty", "post", "heads", "member", "answer", "did", "party")},
        first_asked=r.flag(f.get("first_asked"), "first_asked"),
        on_behalf=r.words(f.get("on_behalf"), "on_behalf"),
    )


def grade(r: Reader, node: yaml.Node, path: Path) -> Grade:
    f = r.fields(node, path, "类别", ["title", "means"], ["title"])
    return Grade(r.text(f.get("title"), "title"), r.text(f.get("means"), "means"))


def condition(r: Reader, node: yaml.Node | None, path: Path) -> Condition | None:
    if node is None:
        return None
    equals, counts = [], []
    for key, value in r.entries(node, path, "条件"):
        if key == "at_least":
            counts += [(k, r.amount(v, f"at_least 的「{k}」")) for k, v in r.entries(value, (*path, key), "at_least")]
        else:
            equals.append((key, r.words(value, f"条件「{key}」")))
    if not equals and not counts:
        r.fault(node, "条件是空的，请写如 {class: I}，或删去")
    return Condition(tuple(equals), tuple(counts))


def ask(r: Reader, node: yaml.Node, path: Path, classes: dict[str, Grade], step: str) -> Ask:
    f = r.fields(node, path, "答案", ASK, ["title"])
    pick, items, default = f.get("pick"), f.get("items"), f.get("default")
    options: dict[str, str] = {}
    of_classes = isinstance(pick, yaml.ScalarNode) and pick.value == "classes"
    if of_classes:
        options = {k: g.title for k, g in classes.items()}
    elif pick is not None:
        options = r.table(pick, (*path, "pick"), "pick")
    entries: dict[str, str] = {}
    if isinstance(items, yaml.SequenceNode):
        entries = {t: t for t in r.words(items, "items")}
    elif items is not None:
        entries = r.table(items, (*path, "items"), "items")
    by = r.table(default, (*path, "default"), "default") if isinstance(default, yaml.MappingNode) else {}
    if by and "by" not in by:
        r.fault(default or node, "default 按别的答案取值时要写 by，如 {by: fault, burst_pipe: urgent}")
    return Ask(
        name=path[-1],
        title=r.text(f.get("title"), "title") or path[-1],
        kind=r.choice(f.get("kind"), "kind", KINDS, "pick" if pick is not None else "text"),
        pick=options,
        classes=of_classes,
        items=entries,
        many=r.flag(f.get("many"), "many"),
        optional=r.flag(f.get("optional"), "optional"),
        private=r.flag(f.get("private"), "private"),
        default="" if by else r.text(default, "default"),
        default_by=by.pop("by", ""),
        defaults=by,
        only_if=condition(r, f.get("only_if"), (*path, "only_if")),
        help=r.text(f.get("help"), "help"),
        min=r.text(f.get("min"), "min"),
        max=r.text(f.get("max"), "max"),
        basis=r.words(f.get("basis"), "basis"),
        public={"no": ""}.get(said := r.text(f.get("public"), "public"), said),
        reckoned=r.text(f.get("reckoned"), "reckoned"),
        step=step,
    )


def opening(r: Reader, node: yaml.Node, path: Path) -> Opening:
    if isinstance(node, yaml.ScalarNode):
        return Opening(r.text(node, "规程"))
    f = r.fields(node, path, "opens ", OPENING, ["procedure"])
    return Opening(
        r.text(f.get("procedure"), "procedure"),
        r.table(f.get("with"), (*path, "with"), "with"),
        r.choice(f.get("as"), "as", LINKS, "caused_by"),
        condition(r, f.get("when"), (*path, "when")),
        r.text(f.get("before"), "before"),
    )


def openings(r: Reader, node: yaml.Node | None, path: Path) -> tuple[Opening, ...]:
    return tuple(opening(r, item, (*path, str(i))) for i, item in enumerate(r.items(node)))


def ladder(r: Reader, node: yaml.Node | None, path: Path) -> tuple[Rung, ...]:
    """The rungs in order of lateness."""
    rungs = []
    for key, value in r.entries(node, path, "late ") if node is not None else []:
        here = (*path, key)
        f = r.fields(value, here, "逾期这一档", RUNG)
        key_node = yaml.ScalarNode("", key, start_mark=value.start_mark)
        after = r.span(key_node, "逾期多久")
        if after is None or after.unit not in ("minute", "hour", "day", "workday", "week", "service minute", "service hour"):
            r.fault(value, f"「{key}」应是逾期多久，如 0 minutes、1 hour、2 days、1 workday") if after else None
            continue
        if not f:
            r.fault(value, f"「{key}」没有写要做什么，可用的有：{'、'.join(RUNG)}")
        rungs.append(
            Rung(
                after,
                tell=r.words(f.get("tell"), "tell"),
                hand_to=r.text(f.get("hand_to"), "hand_to"),
                offer=r.words(f.get("offer"), "offer"),
                must=r.words(f.get("must"), "must"),
                open=openings(r, f.get("open"), (*here, "open")),
                log=r.text(f.get("log"), "log"),
            )
        )
    return tuple(sorted(rungs, key=lambda rung: rung.after.rough))


def reminders(r: Reader, node: yaml.Node | None) -> tuple[Span, ...]:
    found = [(item, r.span(item, "remind")) for item in r.items(node)]
    for item, span in found:
        if span and (span.unit not in ("minute", "hour", "day", "week") or not span.amount):
            r.fault(item, f"remind 应是提前多久，如 5 minutes、1 hour、1 day，不能是「{span.text}」")
    return tuple(sorted((s for _, s in found if s and s.rough), key=lambda s: -s.rough))


def limit(r: Reader, node: yaml.Node | None, path: Path) -> Limit | None:
    """`inputs` is completed once the answers are known."""

    def spans(value: yaml.Node, what: str) -> tuple[Span, ...]:
        return tuple(s for item in r.items(value) if (s := r.span(item, what, anchored=True)))

    if node is None:
        return None
    if not isinstance(node, yaml.MappingNode):
        return Limit({"": spans(node, "within")})
    cases = dict(r.entries(node, path, "within "))
    by = r.text(cases.pop("by"), "by") if "by" in cases else OWN_CLASS
    if not cases:
        r.fault(node, "within 一个时限也没有写")
    return Limit({k: spans(v, f"within 的「{k}」") for k, v in cases.items()}, by)


def tellings(r: Reader, node: yaml.Node | None, path: Path) -> tuple[Telling, ...]:
    """Names, or {who, text}, or a list mixing both; plain names make one telling."""
    plain: list[yaml.Node] = []
    found = []
    for item in r.items(node):
        if isinstance(item, yaml.MappingNode):
            f = r.fields(item, path, "tells ", ["who", "text"], ["who"])
            found.append(Telling(r.words(f.get("who"), "who"), r.text(f.get("text"), "text")))
        else:
            plain.append(item)
    if plain:
        found.insert(0, Telling(tuple(dict.fromkeys(t for item in plain if (t := r.text(item, "tells"))))))
    return tuple(found)


def doings(r: Reader, node: yaml.Node | None, path: Path) -> tuple[Doing, ...]:
    if node is None:
        return ()
    if isinstance(node, yaml.ScalarNode):
        return (Doing(r.text(node, "does")),)
    return tuple(
        Doing(
            slot,
            {} if isinstance(args, yaml.ScalarNode) and args.value in ("", "yes") else r.table(args, (*path, slot), f"does 的「{slot}」"),
        )
        for slot, args in r.entries(node, path, "does ")
    )


def routes(r: Reader, node: yaml.Node | None, path: Path) -> tuple[Route, ...]:
    found = []
    for i, item in enumerate(r.items(node)):
        here = (*path, str(i))
        r.lines[here] = item.start_mark.line + 1
        if isinstance(item, yaml.ScalarNode):
            found.append(Route(r.text(item, "next")))
            continue
        f = r.fields(item, here, "next ", ROUTE, ["go"])
        at_most = r.count(f.get("at_most"), "at_most")
        found.append(Route(r.text(f.get("go"), "go"), condition(r, f.get("when"), (*here, "when")), at_most, r.text(f.get("then"), "then")))
    return tuple(found)


def promise(r: Reader, node: yaml.Node, path: Path) -> Promise:
    f = r.fields(node, path, "承诺", PROMISE, ["until", "within"])
    return Promise(
        name=path[-1],
        title=r.text(f.get("title"), "title") or path[-1],
        since=r.text(f.get("from"), "from") or "filed",
        until=r.words(f.get("until"), "until"),
        within=limit(r, f.get("within"), (*path, "within")) or Limit({}),
        ladder=ladder(r, f.get("late"), (*path, "late")),
        remind=reminders(r, f.get("remind")),
        basis=r.words(f.get("basis"), "basis"),
    )


def pausing(r: Reader, node: yaml.Node, path: Path) -> Pausing:
    f = r.fields(node, path, "暂停原因", PAUSE, ["title", "at_most"])
    return Pausing(
        path[-1],
        r.text(f.get("title"), "title"),
        r.span(f.get("at_most"), "at_most") or NOW,
        r.words(f.get("who"), "who"),
        r.text(f.get("approval"), "approval"),
        r.words(f.get("basis"), "basis"),
    )


def reopening(r: Reader, node: yaml.Node | None, path: Path) -> Reopening:
    if node is None:
        return Reopening()
    f = r.fields(node, path, "reopen ", REOPEN)
    return Reopening(
        r.text(f.get("go"), "go"),
        r.count(f.get("at_most"), "at_most"),
        r.text(f.get("then"), "then"),
        r.span(f.get("within"), "within"),
        r.words(f.get("tell"), "tell"),
    )


def steps(
    r: Reader, node: yaml.Node | None, path: Path, classes: dict[str, Grade], inside: str = ""
) -> tuple[dict[str, Step], dict[str, Step]]:
    """The steps of a mapping, and the sub-steps found within them."""
    found: dict[str, Step] = {}
    inner: dict[str, Step] = {}
    for name, value in r.entries(node, path, "steps ") if node is not None else []:
        here = (*path, name)
        f = r.fields(value, here, f"步骤「{name}」", STEP, ["title"])
        together = f.get("together")
        if inside:
            for key in [k for k in ("each", "next", "together", "offered") if k in f]:
                r.faults.append((r.lines[(*here, key)], f"步骤「{name}」在 together 里面，不能有 {key}"))
            together = None
        subs: dict[str, Step] = {}
        if together is not None:
            subs, _ = steps(r, together, (*here, "together"), classes, name)
            inner.update(subs)
            for sub in subs:
                r.lines[("steps", sub)] = r.lines[(*here, "together", sub)]
        asks: dict[str, Ask] = {}
        for answer, a in r.entries(f["asks"], (*here, "asks"), "asks ") if "asks" in f else []:
            if answer in r.asked:
                r.fault(a, f"答案「{answer}」在步骤「{r.asked[answer]}」已经问过，请换一个名字")
                continue
            r.asked[answer] = name
            asks[answer] = ask(r, a, (*here, "asks", answer), classes, name)
        offered = r.choice(f.get("offered"), "offered", ("always", "when_offered"))
        found[name] = Step(
            name=name,
            title=r.text(f.get("title"), "title") or name,
            who=r.text(f.get("who"), "who"),
            do=r.text(f.get("do"), "do"),
            says=r.text(f.get("says"), "says"),
            each=r.text(f.get("each"), "each"),
            lead=r.text(f.get("lead"), "lead"),
            keeps=r.text(f.get("keeps"), "keeps"),
            basis=r.words(f.get("basis"), "basis"),
            within_basis=r.words(f.get("within_basis"), "within_basis"),
            offers=r.words(f.get("offers"), "offers"),
            needs=r.words(f.get("needs"), "needs"),
            not_by=r.words(f.get("not_by"), "not_by"),
            logs=r.words(f.get("logs"), "logs"),
            prints=r.words(f.get("prints"), "prints"),
            lead_signs=r.flag(f.get("lead_signs"), "lead_signs"),
            first=r.flag(f.get("first"), "first"),
            two_people=r.flag(f.get("two_people"), "two_people"),
            seals=r.flag(f.get("seals"), "seals"),
            waits=r.flag(f.get("waits"), "waits"),
            asks=asks,
            within=limit(r, f.get("within"), (*here, "within")),
            remind=reminders(r, f.get("remind")),
            late=ladder(r, f.get("late"), (*here, "late")),
            when=condition(r, f.get("when"), (*here, "when")),
            together=tuple(subs),
            inside=inside,
            offered="always" if offered == "always" else "when_offered" if offered else "",
            does=doings(r, f.get("does"), (*here, "does")),
            opens=openings(r, f.get("opens"), (*here, "opens")),
            tells=tellings(r, f.get("tells"), (*here, "tells")),
            next=routes(r, f.get("next"), (*here, "next")),
        )
    return found, inner
