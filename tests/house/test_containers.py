"""Dockerfile and compose.yaml as far as they can be checked without an engine."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from shouwen import __version__
from shouwen.config import cli, settings

ROOT = Path(__file__).resolve().parents[2]
DOCKER = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if str(service.get("image", "")).startswith("shouwen:")}


def commands():
    actions = cli._parser()._subparsers._group_actions[0]
    return set(actions.choices)


def test_every_command_exists():
    used = [service["command"][0] for service in OURS.values() if service.get("command")]
    used += re.findall(r'^CMD \["(\w+)"\]', DOCKER, re.M)
    assert used and set(used) <= commands(), used
    assert 'ENTRYPOINT ["shouwen"]' in DOCKER


def test_every_setting_is_read_by_the_program():
    text = "".join((ROOT / "src" / "shouwen" / "config" / name).read_text("utf-8") for name in ("settings.py", "cli.py"))
    given = {name for service in OURS.values() for name in service.get("environment", {})}
    given |= set(re.findall(r"\b(SHOUWEN_[A-Z_]+)=", DOCKER))
    unread = [name for name in given if f'env("{name.removeprefix("SHOUWEN_")}"' not in text and name not in text]
    assert unread == []


def test_every_setting_of_the_program_is_documented():
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    source = Path(settings.__file__).read_text("utf-8")
    names = {f"SHOUWEN_{name}" for name in re.findall(r'\benv\("([A-Z_]+)"', source)}
    names |= set(re.findall(r"SHOUWEN_[A-Z_]+", (ROOT / "src/shouwen/config/cli.py").read_text("utf-8")))
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_every_command_is_documented():
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    assert sorted(name for name in commands() if f"`shouwen {name}" not in text) == []


def test_two_of_each_over_one_database():
    assert OURS["web"]["deploy"]["replicas"] == OURS["worker"]["deploy"]["replicas"] == 2
    assert COMPOSE["services"]["database"]["image"].startswith("postgres:")
    for name, service in COMPOSE["services"].items():
        for other in service.get("depends_on", {}):
            assert other in COMPOSE["services"], f"{name} waits for {other}"
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], f"{name}: {volume}"
        assert __version__ in service["image"] or "shouwen" not in service["image"]
    assert "ports" not in COMPOSE["services"]["database"], "the database is not reachable from outside"


CLIENTS = {"bookworm": 15, "trixie": 17}
"""Release of Debian → of its postgresql-client."""


def test_a_backup_can_be_made_inside():
    """pg_dump refuses a server that is later than itself."""
    debian = re.search(r"^ARG PYTHON=python:[\d.]+-slim-(\w+)$", DOCKER, re.M)
    assert debian and "postgresql-client" in DOCKER
    assert int(COMPOSE["services"]["database"]["image"].removeprefix("postgres:")) <= CLIENTS[debian[1]]


def test_the_proxy_in_front_is_counted():
    """Else all people have one address: five wrong passwords of anybody lock, one resident's codes use up everybody's."""
    assert COMPOSE["services"]["proxy"]["ports"]
    assert OURS["web"]["environment"]["SHOUWEN_PROXIES"] == "1"


def test_it_runs_as_nobody_special_and_installs_without_a_network():
    user, final = DOCKER.index("\nUSER shouwen"), DOCKER.rindex("\nFROM ")
    assert user > final and "--no-index" in DOCKER[final:]
    assert all(service.get("read_only") for name, service in OURS.items() if name != "folders")
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKER, re.M)
    assert all((ROOT / path).exists() for path in copied)


def test_no_secret_stands_in_them():
    text = (ROOT / "compose.yaml").read_text("utf-8") + DOCKER
    for value in re.findall(r"(?m)^ +\w*(?:PASSWORD|SECRET_KEY): *(.+)", text):
        assert value.startswith("${"), value


@pytest.mark.skipif(
    shutil.which("docker") is None or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason="docker compose is not installed here",
)
def test_compose_itself_accepts_it(tmp_path):
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=x\nSHOUWEN_SECRET_KEY=x\nSHOUWEN_HOSTS=example.com\n")
    command = ["docker", "compose", "--env-file", str(tmp_path / ".env"), "-f", str(ROOT / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
