"""A command that cannot do what it was asked says so in Chinese, leaves with a status, and writes nothing."""

from __future__ import annotations

import re
import socket

import pyotp
import pytest
from django.test import Client

from shouwen.config import cli, serving
from shouwen.estate.models import Community
from shouwen.kernel.journal import now
from shouwen.kernel.models import Entry
from shouwen.org.actions.accounts import enable_totp, log_in
from shouwen.org.middleware import COOKIE
from shouwen.org.models import User
from shouwen.org.queries import actor_for
from shouwen.procedures import scripts
from shouwen.procedures.scripts import every


@pytest.fixture
def say(capsys, monkeypatch):
    """Run a command: its exit status and all that it said."""
    monkeypatch.setenv("SHOUWEN_BASE_URL", "http://127.0.0.1:8000")  # else a command with a port leaves its own behind
    monkeypatch.setattr(serving, "_pages", lambda *_: pytest.fail("it serves"))
    monkeypatch.setattr(serving, "_fork", lambda *_: pytest.fail("it starts processes"))

    def run(*words):
        with pytest.raises(SystemExit) as end:
            cli.main([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err and "Errno" not in said.err
        return end.value.code, said.out + said.err

    return run


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("serve", "--port", "abc"), "应为 1 至 65535 的整数，不是「abc」"),
        (("web", "--port", "70000"), "应为 1 至 65535 的整数，不是「70000」"),
        (("serve", "--processes", "0"), "应为 1 至 64 的整数，不是「0」"),
        (("web", "--threads", "-1"), "应为 1 至 256 的整数，不是「-1」"),
        (("token", "create", "--user", "li", "--name", "x", "--scope", "org.view", "--days", "0"), "应为 1 至 365 的整数"),
    ],
)
def test_a_number_out_of_bounds_is_not_bent_into_another(say, words, sentence):
    code, said = say(*words)
    assert code == 2 and sentence in said


def test_a_wrong_setting_is_refused_like_a_wrong_option(say, monkeypatch):
    monkeypatch.setenv("SHOUWEN_PORT", "achtzig")
    code, said = say("serve")
    assert code == 2 and "--port：应为 1 至 65535 的整数，不是「achtzig」" in said


def test_two_installations_do_not_share_a_port(say):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as our server takes it
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for command in ("serve", "web"):
            code, said = say(command, "--port", port)
            assert code == 1 and f"端口 {port} 已被占用" in said


@pytest.mark.parametrize("host", ["n" * 300, "8.8.8.8"])
def test_a_host_that_is_not_here_is_named(say, host):
    code, said = say("web", "--host", host, "--port", "18999")
    assert code == 1 and f"「{host}」" in said


COMMANDS = [("procedures", "check"), ("procedures", "adopt"), ("rehearse",), ("rehearse", "--with"), ("restore",), ("backup", "x", "--passphrase-file")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_a_file_that_is_none_is_named_in_chinese(say, demo, tmp_path, monkeypatch, command, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "given.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(b"procedure: \xff\x00")
    code, said = say(*command, path)
    assert code == 1 and re.search("[\u4e00-\u9fff]", said) and "出了意外" not in said
    assert not (tmp_path / "x").exists()


def test_an_installation_begins_whole_or_not_at_all(say, db):
    words = ["init", "--community", "xinyuan", "--name", "新苑", "--admin", "root", "--admin-name"]
    code, said = say(*words, "长" * 100)
    assert code == 1 and "「姓名」最多 60 个字" in said
    assert not Community.objects.exists(), "else it could never be begun again"
    code, said = say(*words, "张三")
    assert code == 0 and "系统管理员 root，初始密码" in said
    assert Community.objects.get().name == "新苑" and User.objects.get(username="root").name == "张三"


def test_a_backup_overwrites_only_a_backup_and_is_not_left_open_by_an_empty_passphrase(say, db, tmp_path):
    precious, phrase = tmp_path / "precious.txt", tmp_path / "phrase"
    precious.write_text("未备份的东西")
    phrase.write_text("\n")
    code, said = say("backup", precious)
    assert code == 1 and "不是首问的备份，不能覆盖" in said and precious.read_text() == "未备份的东西"
    code, said = say("backup", tmp_path / "new", "--passphrase-file", phrase)
    assert code == 1 and "是空的" in said and not (tmp_path / "new").exists()


def test_a_checkpoint_file_without_checkpoints_proves_nothing(say, db, tmp_path):
    empty = tmp_path / "checkpoints.jsonl"
    empty.write_text("\n")
    code, said = say("journal", "verify", "--checkpoint", empty)
    assert code == 1 and "没有检查点" in said


def test_the_ledger_of_an_installation_that_has_rehearsed_nothing_says_so(say, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    for words in (["clauses"], ["clauses", "A7.05"]):
        code, said = say(*words)
        assert code == 0 and "先运行 shouwen rehearse" in said
    (tmp_path / "shown.json").write_text('{"rehearsals": {"A7.05": ["x.yaml"]}}')
    code, said = say("clauses", "A7.05")
    assert "x.yaml" in said and "先运行" not in said


def test_away_from_the_source_the_rehearsals_that_came_along_are_played(say, demo, tmp_path, monkeypatch, settings):
    settings.DATA_DIR = tmp_path
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scripts, "every", lambda: [path for path in every() if path.name == "dispatched-at-minute-twenty.yaml"])
    code, said = say("rehearse")
    assert code == 0 and "dispatched-at-minute-twenty.yaml" in said


def test_whoever_cannot_get_in_gets_a_new_first_password(say, demo, capsys):
    """Also the last administrator, for whom nobody could do it on a page."""
    kang = User.objects.get(username="kang")
    secret = pyotp.random_base32()
    enable_totp(actor_for(kang.pk), kang, secret=secret, code=pyotp.TOTP(secret).now(), at=now())
    key = log_in(kang, agent="", address="127.0.0.1", at=now())
    for _ in range(5):
        Client().post("/org/login", {"username": "kang", "password": "wrong-wrong-wrong"})
    capsys.readouterr()  # the log of the failed tries is none of the command's words
    code, said = say("password", "--user", "kang")
    new = re.search(r"新密码：(\S+?)（", said)[1]
    assert code == 0
    fresh = Client()
    assert fresh.post("/org/login", {"username": "kang", "password": new}).status_code == 302, "neither lock nor one-time code"
    assert fresh.get("/", follow=True).redirect_chain[-1][0] == "/org/account/password"
    old = Client()
    old.cookies[COOKIE] = key
    assert old.get("/")["Location"].startswith("/org/login")
    assert Entry.objects.filter(code="user.password_reset", channel="cli", text__contains="kang").exists()
    capsys.readouterr()
    code, said = say("password", "--user", "nobody")
    assert code == 1 and "没有用户「nobody」" in said


def test_a_token_says_which_right_is_not_there_to_give(say, demo):
    code, said = say("token", "create", "--user", "chen", "--name", "报表", "--scope", "tickets.view,journal.burn")
    assert code == 1 and "陈晓没有「journal.burn」" in said and "tickets.view" in said
    code, said = say("token", "create", "--user", "chen", "--name", "报表", "--scope", "tickets.view,tickets.file", "--days", "30")
    assert code == 0 and re.search(r"sw_[\w-]{40,}", said), "a manager of one community makes it there"
    code, said = say("token", "create", "--user", "li", "--name", "报表", "--scope", "tickets.view")
    assert code == 1 and "李静没有「管理接口令牌」权限" in said


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("script: li files complaint", "第 3 行：script 下面应逐行以「- 」开头"),
        ("script:\n  - {[a]: b}", "第 4 行：每一行只能写一件事"),
        ("script:\n  - at: 25:00", "没有「25:00」这个时间"),
        ("script:\n  - expect told: 5", "「expect told」后面的写法不对"),
        ("script:\n  - expect told: [li]", "「expect told」后面的写法不对"),
    ],
)
def test_a_badly_written_rehearsal_fails_at_its_line(say, demo, tmp_path, settings, script, sentence):
    settings.DATA_DIR = tmp_path
    path = tmp_path / "day.yaml"
    path.write_text(f"rehearsal: 试\nstarts: 2026-11-25 09:00\n{script}\n")
    code, said = say("rehearse", path)
    assert code == 1 and sentence in said and "不符 1 条" in said
