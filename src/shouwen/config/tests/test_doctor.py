"""The doctor says what is wrong, and what to do about it."""

from __future__ import annotations

import pytest

from shouwen.config import doctor
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.models import Heartbeat


def found(what):
    finding = next(each for each in doctor.examine(now()) if each.what == what)
    return finding.mark, finding.found


@pytest.mark.parametrize(
    ("name", "url", "mark", "says"),
    [
        ("off", "", doctor.WARNING, "没有短信网关"),
        ("console", "", doctor.WARNING, "不真发"),
        ("htp", "", doctor.BAD, "应为 off、console 或 http，现为「htp」"),
        ("http", "", doctor.BAD, "SHOUWEN_SMS_URL"),
        ("http", "http://sms.example.cn/", doctor.BAD, "SHOUWEN_SMS_URL"),
        ("http", "ftp://127.0.0.1/", doctor.BAD, "SHOUWEN_SMS_URL"),
        ("http", "http://127.0.0.1:9000/", doctor.GOOD, "127.0.0.1"),
        ("http", "https://sms.example.cn/send", doctor.GOOD, "sms.example.cn"),
    ],
)
def test_how_messages_leave(db, settings, name, url, mark, says):
    settings.SHOUWEN = settings.SHOUWEN | {"SMS": name, "SMS_URL": url}
    had, said = found("短信")
    assert had == mark and says in said


def test_without_a_worker_nothing_is_well(db):
    assert found("后台进程")[0] == doctor.BAD
    with bookkeeping("test"):
        Heartbeat.objects.create(worker="one", at=now())
    assert found("后台进程")[0] == doctor.GOOD


def test_files_that_are_there_but_not_laid_out_come_by_migrate(db, settings, tmp_path):
    settings.WHITENOISE_USE_FINDERS = False
    settings.STATIC_ROOT = tmp_path
    mark, said = found("页面资源")
    assert mark == doctor.BAD and "请执行 shouwen migrate" in said


def test_a_key_that_others_can_read_is_named(db, settings, tmp_path):
    settings.KEY_DIR = tmp_path
    (tmp_path / "private-data.key").write_bytes(b"x")
    (tmp_path / "private-data.key").chmod(0o644)
    mark, said = found("密钥")
    assert mark == doctor.BAD and "private-data.key" in said and "chmod 600" in said
    (tmp_path / "private-data.key").chmod(0o600)
    assert found("密钥")[0] == doctor.GOOD
