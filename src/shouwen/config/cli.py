"""The command line: `shouwen …`. Every word a user can read here is Chinese."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from shouwen import __version__

from .failures import in_words

REHEARSED_SINCE: Final = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=8)))
"""When the demo communities of a rehearsal in an empty database came to be."""

Command = Callable[[argparse.Namespace], int]

_WORDS: Final = {
    "usage: ": "用法：", "options": "选项", "positional arguments": "参数", "show this help message and exit": "显示帮助并退出",
    "the following arguments are required: %s": "缺少参数：%s", "unrecognized arguments: %s": "不认识的参数：%s",
    "invalid choice: %(value)r (choose from %(choices)s)": "没有「%(value)s」，可用：%(choices)s",
    "argument %(argument_name)s: %(message)s": "参数 %(argument_name)s：%(message)s", "%(prog)s: error: %(message)s\n": "%(message)s\n",
    "expected one argument": "需要一个值", "invalid %(type)s value: %(value)r": "「%(value)s」不对",
    "expected at least one argument": "至少需要一个值",
}
"""argparse speaks through gettext; this is its Chinese."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit status: 0 done, 1 refused or something wrong, 2 not understood."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shouwen.config.settings")
    argparse._ = lambda text: _WORDS.get(text, text)  # type: ignore[attr-defined]
    argparse.ngettext = lambda one, many, count: _WORDS.get(one, one)  # type: ignore[attr-defined]
    given = _parser().parse_args(argv)
    run: Command | None = getattr(given, "run", None)
    if run is None:
        _parser().print_help()
        sys.exit(2)
    if port := getattr(given, "port", None):  # links in notices lead here, unless the installation has a name
        os.environ.setdefault("SHOUWEN_BASE_URL", f"http://127.0.0.1:{port}")
    sys.exit(_safely(run, given))


def _safely(run: Command, given: argparse.Namespace) -> int:
    """Refusals in one line; anything unforeseen in one line too, its traceback only with SHOUWEN_DEBUG=1."""
    try:
        import django

        django.setup()
        import_module("shouwen.config.chores")  # the sealed books
        return run(given)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:
        print(in_words(error), file=sys.stderr)
        if os.environ.get("SHOUWEN_DEBUG") == "1":
            raise
        return 1


def _whole(least: int, most: int) -> Callable[[str], int]:
    """An argument's type: a whole number within these bounds."""

    def read(given: str) -> int:
        try:
            number = int(given)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"应为 {least} 至 {most} 的整数，不是「{given}」")
        return number

    return read


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="shouwen", description="首问：物业服务中心的规程运行系统")
    top.add_argument("--version", action="version", version=f"shouwen {__version__}", help="显示版本")
    every = top.add_subparsers(title="命令", metavar="命令")

    def add(name: str, help: str, run: Command | None, parent: Any = every) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = parent.add_parser(name, help=help, description=help)
        if run:
            made.set_defaults(run=run)
        return made

    def group(name: str, help: str) -> Any:
        made = add(name, help, None)
        made.set_defaults(run=lambda _: made.print_help() or 2)
        return made.add_subparsers(title="命令", metavar="命令")

    serve = add("serve", "在一台机器上运行全部：先升级数据库，再启动网页与后台进程", _serve)
    web = add("web", "只运行网页（可在多台机器上运行）", _web)
    for each in (serve, web):
        each.add_argument("--host", metavar="地址", default=os.environ.get("SHOUWEN_HOST", "127.0.0.1"), help="监听地址，默认 127.0.0.1")
        for option, name, kind, default, help in (
            ("--port", "SHOUWEN_PORT", _whole(1, 65535), "8000", "端口，默认 8000"),
            ("--processes", "SHOUWEN_PROCESSES", _whole(1, 64), "2", "网页进程数，默认 2"),
            ("--threads", "SHOUWEN_THREADS", _whole(1, 256), "4", "每个进程的线程数，默认 4"),
        ):  # a default that is text goes through the type too: a wrong setting is refused like a wrong option
            each.add_argument(option, metavar="数", type=kind, default=os.environ.get(name, default), help=help)
    add("worker", "只运行后台进程：时限升级、定期开单、投递通知、封存日志", _worker)
    add("migrate", "升级数据库结构", _migrate)
    add("assets", "准备页面资源（样式、图标、脚本）", _assets)

    init = add("init", "在空数据库里建立第一个小区、标准岗位、日历、规程和系统管理员", _init)
    init.add_argument("--community", metavar="代号", required=True, help="小区代号，如 liyuan")
    init.add_argument("--name", metavar="名称", required=True, help="小区名称，如 荔园")
    init.add_argument("--admin", metavar="用户名", required=True, help="系统管理员的用户名")
    init.add_argument("--admin-name", metavar="姓名", required=True, help="系统管理员的姓名")
    add("demo", "在空数据库里装入演示小区与人员", _demo)
    add("empty", "数据库里还没有小区时返回 0（供脚本使用）", _empty)

    importing = add("import", "导入房产与住户表格（.xlsx、.xls、.csv），先检查，加 --apply 才写入", _import)
    importing.add_argument("file", metavar="文件", help="表格文件")
    importing.add_argument("--community", metavar="代号", required=True, help="小区代号")
    importing.add_argument("--apply", action="store_true", help="检查无误后写入")

    procedures = group("procedures", "规程文件")
    check = add("check", "检查规程文件，逐行指出错误", lambda a: _procedures("check", a.files), procedures)
    check.add_argument("files", metavar="文件", nargs="*", help="文件或目录，默认检查自带的规程库")
    adopt = add("adopt", "启用规程文件（不写文件则启用自带的规程库）", lambda a: _procedures("adopt", a.files, a.community), procedures)
    adopt.add_argument("files", metavar="文件", nargs="*", help="文件或目录")
    adopt.add_argument("--community", metavar="代号", default="", help="只在这个小区启用")
    diff = add("diff", "用中文列出两个规程文件的差别", lambda a: _procedures("diff", a.old, a.new), procedures)
    diff.add_argument("old", metavar="旧文件", help="旧文件")
    diff.add_argument("new", metavar="新文件", help="新文件")
    docs = add("docs", "把规程写成说明页（Markdown）", lambda a: _procedures("docs", a.folder), procedures)
    docs.add_argument("folder", metavar="目录", help="写到哪个目录")

    rehearse = add("rehearse", "演练：按剧本走一遍，逐条核对结果", _rehearse)
    rehearse.add_argument("files", metavar="剧本", nargs="*", help="剧本文件或目录，默认 rehearsals 目录；没有这个目录时用自带的剧本")
    rehearse.add_argument("--junit", default="", metavar="文件", help="另存 JUnit 报告")
    rehearse.add_argument("--json", action="store_true", help="以 JSON 输出")
    rehearse.add_argument("--keep", action="store_true", help="保留结果以便在浏览器里查看（只用于演示库）")
    rehearse.add_argument("--with", dest="drafts", action="append", default=[], metavar="文件", help="用这份尚未启用的规程来演练，可写多次")
    rehearse.add_argument("--scratch", action="store_true", help="在用完即弃的临时副本上演练，不碰本机数据")
    rehearse.add_argument("--lines", action="store_true", help="每演完一份剧本输出一行 JSON")
    clauses = add("clauses", "列出 SOP 条款由什么证明", _clauses)
    clauses.add_argument("clause", metavar="条款号", nargs="?", default="", help="条款号，如 D4.23")
    clauses.add_argument("--missing", action="store_true", help="只列尚未证明的")

    journal = group("journal", "操作日志的封存与核对")
    verify = add("verify", "核对整条封印链，指出第一处改动、缺失、插入或调换", _journal_verify, journal)
    verify.add_argument("--checkpoint", metavar="文件", help="库外保存的检查点文件，可发现截尾与整链重写")
    verify.add_argument("--key", metavar="公钥", default="", help="信任的公钥（base64），默认本机密钥")
    add("seal", "立即封存尚未封存的行", _journal_seal, journal)
    add("checkpoint", "立即写一个签名的检查点", _journal_checkpoint, journal)
    add("key", "显示核对签名用的公钥", _journal_key, journal)

    backup = add("backup", "备份数据库、附件与密钥到一个文件", _backup)
    backup.add_argument("file", metavar="文件", help="备份文件")
    restore = add("restore", "从备份恢复；先核对，再替换，原有数据另存", _restore)
    restore.add_argument("file", metavar="文件", help="备份文件")
    restore.add_argument("--verify", action="store_true", help="只核对，不恢复")
    restore.add_argument("--replace", action="store_true", help="替换已有数据")
    for each in (backup, restore):
        each.add_argument("--passphrase-file", metavar="文件", help="口令文件（也可用环境变量 SHOUWEN_BACKUP_PASSPHRASE）")

    add("doctor", "体检：数据库、磁盘、密钥、日历、后台进程、邮件……", _doctor)
    password = add("password", "为员工重设登录密码：解除锁定，清除动态口令；管理员自己进不去时用", _password)
    password.add_argument("--user", metavar="用户名", required=True, help="用户名")
    token = group("token", "接口令牌")
    create = add("create", "为员工创建接口令牌，只显示一次", _token_create, token)
    create.add_argument("--user", metavar="用户名", required=True, help="为谁创建，须有「管理接口令牌」权限")
    create.add_argument("--name", metavar="用途", required=True, help="用途")
    create.add_argument("--scope", metavar="权限", required=True, help="权限，逗号分隔，如 tickets.view,tickets.file")
    create.add_argument("--days", metavar="天数", type=_whole(1, 365), default=90, help="有效天数，默认 90")
    return top


# --- running -------------------------------------------------------------------------------------------------------------


def _serve(given: argparse.Namespace) -> int:
    from .serving import serve

    return serve(given.host, given.port, given.processes, given.threads)


def _web(given: argparse.Namespace) -> int:
    from .serving import web

    return web(given.host, given.port, given.processes, given.threads)


def _worker(given: argparse.Namespace) -> int:
    from .serving import worker

    return worker()


def _migrate(given: argparse.Namespace) -> int:
    from .serving import prepare

    prepare()
    print("数据库结构已是本版本。")
    return 0


def _assets(given: argparse.Namespace) -> int:
    from shouwen.kernel.assets import build

    print("页面资源已准备好。" if build() else "页面资源已是最新。")
    return 0


# --- contents ------------------------------------------------------------------------------------------------------------


def _init(given: argparse.Namespace) -> int:
    from django.db import transaction
    from django.utils.timezone import localdate

    from shouwen.estate.models import Community
    from shouwen.kernel import calendars
    from shouwen.kernel.access import SYSTEM
    from shouwen.kernel.journal import now
    from shouwen.kernel.refusals import Refused
    from shouwen.org import actions as org

    from .communities import begin

    at = now()
    if Community.objects.exists():
        raise Refused("数据库里已有小区。增加小区请在「设置 → 小区」办理。")
    password = secrets.token_urlsafe(12)
    with transaction.atomic():  # whole or not at all: half of it could never be taken up again
        calendars.seed_calendar(SYSTEM, None, at=at)
        org.load_standard(SYSTEM, None, at=at)
        begin(SYSTEM, slug=given.community, name=given.name, at=at)
        user = org.add_user(SYSTEM, None, username=given.admin, name=given.admin_name, password=password, at=at)
        org.assign(SYSTEM, None, user=user, post="it-admin", starts_on=localdate(at), at=at)
        code = _procedures("adopt", [], "")
    print(f"已建立小区「{given.name}」。系统管理员 {given.admin}，初始密码 {password}（首次登录须修改）。")
    return code


def _demo(given: argparse.Namespace) -> int:
    demo = import_module("shouwen.config.demo.load")
    demo.load()
    print(f"演示数据已装入。用户名见 docs/cast.md（如 li、zhang、chen、kang），密码一律为 {demo.PASSWORD}")
    return 0


def _empty(given: argparse.Namespace) -> int:
    from shouwen.estate.models import Community

    return 1 if Community.objects.exists() else 0


def _import(given: argparse.Namespace) -> int:
    from shouwen.estate import actions as estate
    from shouwen.estate.models import Community
    from shouwen.kernel.access import SYSTEM
    from shouwen.kernel.journal import now
    from shouwen.kernel.refusals import Refused

    place = Community.objects.filter(slug=given.community).first()
    if place is None:
        raise Refused(f"没有代号为「{given.community}」的小区。")
    path = Path(given.file)
    run = estate.plan_import(SYSTEM, place, filename=path.name, content=path.read_bytes(), at=now())
    for problem in run.problems:
        print(f"{path.name}：第 {problem['row']} 行 {problem['column']}：{problem['message']}")
    if run.problems:
        print(f"共 {len(run.problems)} 处问题，没有写入任何内容。")
        return 1
    if not given.apply:
        print(f"{run.rows} 行没有问题。加 --apply 写入。")
        return 0
    estate.apply_import(SYSTEM, run, at=now())
    print(f"已导入 {run.rows} 行。")
    return 0


def _procedures(name: str, *arguments: Any) -> int:
    return int(getattr(import_module("shouwen.procedures.commands"), name)(*arguments))


def _rehearse(given: argparse.Namespace) -> int:
    """On the demo communities of this database; in an empty one they are built for the occasion and rolled back."""
    if given.scratch:
        from .scratch import rehearse

        return rehearse()
    from django.db import transaction

    from shouwen.estate.models import Community
    from shouwen.kernel.refusals import Refused

    commands = import_module("shouwen.procedures.commands")

    def play() -> int:
        return int(commands.rehearse(given.files, junit=given.junit, as_json=given.json, keep=given.keep, drafts=given.drafts, lines=given.lines))

    if Community.objects.filter(slug="liyuan").exists():
        return play()
    if Community.objects.exists() or given.keep:
        raise Refused("演练需要演示小区。请换一个空的数据目录（SHOUWEN_DATA_DIR），或先执行 shouwen demo。")
    demo = import_module("shouwen.config.demo.world")
    with transaction.atomic():
        demo.build(REHEARSED_SINCE, "Kein-Login-2026-demo", whole=False)
        code = play()
        transaction.set_rollback(True)
    return code


def _clauses(given: argparse.Namespace) -> int:
    return int(import_module("shouwen.procedures.commands").ledger(given.clause, missing_only=given.missing))


# --- safety --------------------------------------------------------------------------------------------------------------


def _journal_verify(given: argparse.Namespace) -> int:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from shouwen.kernel import sealing
    from shouwen.kernel.refusals import Refused

    try:
        kept = sealing.kept_in_file(Path(given.checkpoint)) if given.checkpoint else []
    except ValueError as error:  # also what is not text at all
        raise Refused(str(error) if "检查点" in str(error) else f"「{given.checkpoint}」不是检查点文件。") from None
    if given.checkpoint and not kept:
        raise Refused(f"检查点文件「{given.checkpoint}」里没有检查点，无法用它核对。")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(given.key)) if given.key else None
    except ValueError:
        raise Refused("公钥不对，应为 base64 文字。") from None
    verdict = sealing.verify(kept, key)
    if verdict.fault is not None:
        print(f"✗ {verdict.fault.message}")
        return 1
    print(f"✓ {verdict.size} 行核对无误，链头 {verdict.head[:16]}，检查点 {verdict.checkpoints} 个相符，尚未封存 {verdict.unsealed} 行。")
    if not kept:
        print("  没有使用库外的检查点：截尾与整链重写无法发现。")
    return 0


def _journal_seal(given: argparse.Namespace) -> int:
    from shouwen.kernel import sealing
    from shouwen.kernel.journal import now

    total = 0
    while count := sealing.seal(now()):
        total += count
    print(f"已封存 {total} 行。")
    return 0


def _journal_checkpoint(given: argparse.Namespace) -> int:
    from shouwen.kernel import sealing
    from shouwen.kernel.journal import now

    made = sealing.checkpoint(now())
    if made is None:
        print("自上个检查点以来没有新的封印。")
    else:
        print(f"检查点：{made.size} 行，链头 {made.head}，已写入 {sealing.checkpoint_file()}")
    return 0


def _journal_key(given: argparse.Namespace) -> int:
    from shouwen.kernel import sealing

    print(sealing.public_key())
    return 0


def _passphrase(given: argparse.Namespace) -> str:
    from shouwen.kernel.refusals import Refused

    if given.passphrase_file:
        if phrase := Path(given.passphrase_file).read_text("utf-8").strip():
            return phrase
        raise Refused(f"口令文件「{given.passphrase_file}」是空的。")
    return os.environ.get("SHOUWEN_BACKUP_PASSPHRASE", "")


def _backup(given: argparse.Namespace) -> int:
    from shouwen.kernel.journal import now

    from . import backups

    phrase = _passphrase(given)
    contents = backups.backup(Path(given.file).resolve(), now(), phrase)
    print(f"已备份并核对：{backups.in_words(contents)}。")
    if not phrase:
        print("注意：备份里有密钥和住户资料，且没有口令。请妥善保管，或设置 SHOUWEN_BACKUP_PASSPHRASE。")
    return 0


def _restore(given: argparse.Namespace) -> int:
    from shouwen.kernel.journal import now

    from . import backups

    path, phrase = Path(given.file), _passphrase(given)
    if given.verify:
        with backups.opened(path, phrase) as (_, contents):
            print(f"备份完好：{backups.in_words(contents)}。")
        return 0
    contents = backups.restore(path, now(), phrase, replace=given.replace)
    print(f"已恢复：{backups.in_words(contents)}。请接着执行 shouwen journal verify 与 shouwen doctor。")
    return 0


def _doctor(given: argparse.Namespace) -> int:
    from shouwen.kernel.journal import now

    from . import doctor

    findings = doctor.examine(now())
    for each in findings:
        print(f"{each.mark} {each.what}：{each.found}")
    return 1 if any(each.mark == doctor.BAD for each in findings) else 0


def _password(given: argparse.Namespace) -> int:
    """What one administrator does for others on a page, for the last of them. The journal says that it was done here."""
    from dataclasses import replace

    from django.db import transaction

    from shouwen.kernel.access import SYSTEM
    from shouwen.kernel.journal import now
    from shouwen.kernel.refusals import Refused
    from shouwen.org import actions as org
    from shouwen.org.queries import user_by_username

    at, actor = now(), replace(SYSTEM, channel="cli")
    user = user_by_username(given.user)
    if user is None:
        raise Refused(f"没有用户「{given.user}」。")
    if not user.is_active:
        raise Refused(f"「{user.name}」的账号已停用，请先在「组织与人员」恢复。")
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        org.reset_password(actor, None, user=user, password=password, at=at)
        org.unlock(actor, None, user=user, at=at)
        if user.totp_sealed:
            org.clear_totp(actor, None, user=user, reason="在服务器上重设密码", at=at)
    print(f"{user.name}（{user.username}）的新密码：{password}（首次登录须修改）。原有的登录已全部结束。")
    return 0


def _token_create(given: argparse.Namespace) -> int:
    from shouwen.kernel.journal import now
    from shouwen.kernel.refusals import Refused
    from shouwen.org import actions as org
    from shouwen.org.queries import actor_for, tokens_made_in, user_by_username

    user = user_by_username(given.user)
    if user is None:
        raise Refused(f"没有用户「{given.user}」。")
    actor = actor_for(user.pk, channel="cli")
    scope = [name.strip() for name in given.scope.split(",") if name.strip()]
    own = sorted({name for name in actor.grants if actor.grants[name]} - {"api.tokens", "system"})
    if actor.grants.get("api.tokens") and (wrong := [name for name in scope if name not in own]):
        raise Refused(f"令牌只能有本人的权限，{user.name}没有「{'、'.join(wrong)}」。可选：{','.join(own)}")
    _, key = org.create_token(actor, tokens_made_in(actor), user=user, name=given.name, scope=scope, days=given.days, at=now())
    print(f"令牌（只显示这一次）：{key}")
    return 0
