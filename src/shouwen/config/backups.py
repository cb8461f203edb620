"""One file that holds everything: database, attachments, keys. Made while people work; verified before it replaces anything.

A plain archive is a tar whose first member, manifest.json, lists every other member with size and SHA-256. With a
passphrase the tar is encrypted in chunks (AES-256-GCM, key by scrypt), so that a cut or altered file is noticed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader

from shouwen import __version__
from shouwen.kernel import sealing
from shouwen.kernel.zone import CHINA

MAGIC: Final = b"SHOUWEN1"
CHUNK: Final = 1024 * 1024
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1


class Damaged(Exception):
    """The archive cannot be used; nothing was changed. The message is for people."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive holds, as its manifest says."""

    version: str
    made_at: str
    engine: str
    migrations: tuple[str, ...]
    members: dict[str, tuple[int, str]]
    journal_size: int
    journal_head: str


# --- making ------------------------------------------------------------------------------------------------------------


def backup(target: Path, at: datetime, passphrase: str = "") -> Contents:
    """Write the archive to `target`; it appears under this name only when it is whole. Only a backup is overwritten."""
    if not target.parent.is_dir():
        raise Damaged(f"没有目录「{target.parent}」。请先建立，或换一个位置。")
    if target.is_dir():
        raise Damaged(f"「{target}」是一个目录。请写出备份文件的名称，如 {target / 'shouwen.backup'}。")
    if target.exists() and not _ours(target):
        raise Damaged(f"「{target}」已经存在，而且不是首问的备份，不能覆盖。请换一个名称。")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
        work = Path(name)
        size, head = sealing.head()  # read before the copy: what the copy must at least contain
        database = _dump(work)
        sources = {database.name: database}
        for prefix, folder in (("files", Path(settings.MEDIA_ROOT)), ("keys", Path(settings.KEY_DIR))):
            for path in sorted(folder.rglob("*")) if folder.exists() else ():
                if path.is_file() and not path.is_symlink():
                    sources[f"{prefix}/{path.relative_to(folder).as_posix()}"] = path
        if sealing.checkpoint_file().exists():
            sources["checkpoints.jsonl"] = sealing.checkpoint_file()
        contents = Contents(
            version=__version__, made_at=at.isoformat(), engine=connection.vendor, migrations=_applied(),
            members={}, journal_size=size, journal_head=head,
        )  # fmt: skip
        plain = work / "archive.tar"
        _pack(plain, contents, sources)
        finished = plain
        if passphrase:
            finished = work / "archive.sealed"
            _encrypt(plain, finished, passphrase)
        os.chmod(finished, 0o600)
        with finished.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(finished, target)
    with opened(target, passphrase) as (_, found):
        return found


def _ours(path: Path) -> bool:
    """Whether the file is (or begins like) an archive of ours, or is empty."""
    with path.open("rb") as file:
        start = file.read(len(MANIFEST) + 1)
    return not start or start.startswith((MAGIC, MANIFEST.encode() + b"\0"))


def _dump(work: Path) -> Path:
    """A consistent copy of the database while it is in use."""
    if connection.vendor == "sqlite":
        path = work / "database.sqlite3"
        source = sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True, timeout=30)
        copy = sqlite3.connect(path)
        with source, copy:
            source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.close()
        source.close()
        return path
    path = work / "database.dump"
    _pg("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
    return path


def _pg(tool: str, *arguments: str) -> str:
    """Run a PostgreSQL client program against our database. Its release must not be older than the server's."""
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10000
    program = shutil.which(tool) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), reverse=True)), None
    )
    if program is None:
        raise Damaged(f"找不到 {tool}。请安装 postgresql-client（版本不低于 {server}）。")
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\) (\d+)", said)  # pg_dump (PostgreSQL) 15.16 (Debian …)
    if found is None:
        raise Damaged(f"认不出 {tool} 的版本：{said.strip()[:80]}")
    client = int(found[1])
    if client < server:
        raise Damaged(f"{tool} 的版本 {client} 低于数据库服务器的版本 {server}，不能使用。请安装 postgresql-client-{server}。")
    given = connection.settings_dict
    options = given.get("OPTIONS", {})
    env = os.environ | {
        "PGHOST": str(given["HOST"] or ""), "PGPORT": str(given["PORT"] or ""), "PGUSER": str(given["USER"] or ""),
        "PGPASSWORD": str(given["PASSWORD"] or ""), "PGDATABASE": str(given["NAME"]),
        "PGSSLMODE": str(options.get("sslmode", "prefer")),
    }  # fmt: skip
    done = subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Damaged(f"{tool} 失败：{done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}")
    return done.stdout


def _applied() -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations))


def _pack(path: Path, contents: Contents, sources: dict[str, Path]) -> None:
    members = {}
    for name, source in sources.items():
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        members[name] = (size, digest.hexdigest())
    manifest = {
        "format": FORMAT, "version": contents.version, "made_at": contents.made_at, "engine": contents.engine,
        "migrations": contents.migrations, "members": members,
        "journal": {"size": contents.journal_size, "head": contents.journal_head},
    }  # fmt: skip
    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text), 0o600
        tar.addfile(info, io.BytesIO(text))
        for name, source in sources.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = members[name][0], 0o600
            with source.open("rb") as file:
                tar.addfile(info, file)


# --- encryption ----------------------------------------------------------------------------------------------------------


def _key(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))


def _encrypt(plain: Path, target: Path, passphrase: str) -> None:
    salt, prefix = os.urandom(16), os.urandom(7)
    cipher = _key(passphrase, salt)
    with plain.open("rb") as source, target.open("wb") as out:
        out.write(MAGIC + salt + prefix)
        number, chunk = 0, source.read(CHUNK)
        while True:
            following = source.read(CHUNK)
            nonce = prefix + struct.pack(">IB", number, 0 if following else 1)
            out.write(cipher.encrypt(nonce, chunk, MAGIC))
            if not following:
                return
            number, chunk = number + 1, following


def _decrypt(source: IO[bytes], target: IO[bytes], passphrase: str) -> None:
    head = source.read(len(MAGIC) + 23)
    cipher, prefix = _key(passphrase, head[8:24]), head[24:31]
    number, chunk = 0, source.read(CHUNK + 16)
    while True:
        following = source.read(CHUNK + 16)
        nonce = prefix + struct.pack(">IB", number, 0 if following else 1)
        try:
            target.write(cipher.decrypt(nonce, chunk, MAGIC))
        except InvalidTag:
            raise Damaged("备份解不开：口令不对，或文件已损坏、被截断。没有改动任何数据。") from None
        if not following:
            return
        number, chunk = number + 1, following


# --- verification --------------------------------------------------------------------------------------------------------


@contextmanager
def opened(path: Path, passphrase: str = "") -> Iterator[tuple[Path, Contents]]:
    """Unpack an archive beside the data and check every byte of it; yields the folder and what it holds."""
    if not path.is_file():
        raise Damaged(f"找不到备份文件 {path.name}。")
    with tempfile.TemporaryDirectory(dir=_scratch(), prefix=".restore-") as name:
        work = Path(name)
        plain = path
        with path.open("rb") as file:
            sealed = file.read(len(MAGIC)) == MAGIC
        if sealed:
            if not passphrase:
                raise Damaged("这份备份有口令。请用 --passphrase-file 或环境变量 SHOUWEN_BACKUP_PASSPHRASE 给出。")
            plain = work / "archive.tar"
            with path.open("rb") as source, plain.open("wb") as target:
                _decrypt(source, target, passphrase)
        folder = work / "unpacked"
        folder.mkdir()
        contents = _unpack(plain, folder)
        _check_database(folder, contents)
        yield folder, contents


def _scratch() -> Path:
    path = Path(settings.DATA_DIR)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _unpack(path: Path, folder: Path) -> Contents:
    seen: set[str] = set()
    contents: Contents | None = None
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if not member.isreg() or not _safe(member.name) or member.name in seen:
                    raise Damaged(f"备份里有不该有的内容「{member.name[:60]}」，不予恢复。没有改动任何数据。")
                seen.add(member.name)
                source = tar.extractfile(member)
                if source is None:
                    raise Damaged("备份读不出来。没有改动任何数据。")
                if contents is None:
                    contents = _manifest(member.name, source)
                    continue
                _copy(member.name, source, folder, contents)
            ended = tar.fileobj is not None and tar.fileobj.seek(0, os.SEEK_END) >= tar.offset
    except (tarfile.TarError, EOFError, OSError, struct.error, UnicodeDecodeError) as error:
        raise Damaged("这不是首问的备份文件，或已损坏、读不完整。没有改动任何数据。") from error
    if contents is None or not ended:
        raise Damaged("备份是空的或被截断。没有改动任何数据。")
    if missing := contents.members.keys() - seen:
        raise Damaged(f"备份不完整，缺少「{min(missing)}」等 {len(missing)} 项。没有改动任何数据。")
    return contents


def _safe(name: str) -> bool:
    parts = name.split("/")
    return not name.startswith("/") and "\\" not in name and "\0" not in name and all(part not in ("", ".", "..") for part in parts)


def _manifest(name: str, source: IO[bytes]) -> Contents:
    try:
        given = json.loads(source.read(64 * CHUNK))
        if name != MANIFEST or given["format"] != FORMAT:
            raise ValueError
        return Contents(
            str(given["version"]), datetime.fromisoformat(given["made_at"]).isoformat(), str(given["engine"]), tuple(map(str, given["migrations"])),
            {str(key): (int(size), str(digest)) for key, (size, digest) in given["members"].items()},
            int(given["journal"]["size"]), str(given["journal"]["head"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged("这不是首问的备份文件，或其清单已损坏。没有改动任何数据。") from None


def _copy(name: str, source: IO[bytes], folder: Path, contents: Contents) -> None:
    wanted = contents.members.get(name)
    if wanted is None:
        raise Damaged(f"备份里有清单上没有的「{name[:60]}」，不予恢复。没有改动任何数据。")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as out:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
    if (size, digest.hexdigest()) != wanted:
        raise Damaged(f"备份中的「{name[:60]}」与清单不符（损坏或被改）。没有改动任何数据。")


def _check_database(folder: Path, contents: Contents) -> None:
    if contents.engine != connection.vendor:
        names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
        raise Damaged(
            f"备份来自 {names.get(contents.engine, contents.engine)}，本机使用 {names[connection.vendor]}，不能互相恢复。没有改动任何数据。"
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(connection).disk_migrations}
    if newer := [name for name in contents.migrations if name not in known]:
        raise Damaged(f"备份来自更新的版本 {contents.version}（本机 {__version__} 不认识 {newer[0]}）。请先升级程序。没有改动任何数据。")
    if contents.engine == "sqlite":
        path = folder / "database.sqlite3"
        try:
            copy = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            said = copy.execute("PRAGMA integrity_check").fetchone()[0] if path.exists() else "没有数据库"
            copy.close()
        except sqlite3.DatabaseError as error:
            said = str(error)
        if said != "ok":
            raise Damaged(f"备份里的数据库已损坏（{str(said)[:80]}）。没有改动任何数据。")
    elif (folder / "database.dump").exists():
        _pg("pg_restore", "--list", str(folder / "database.dump"))
    else:
        raise Damaged("备份里没有数据库。没有改动任何数据。")


# --- restoring -----------------------------------------------------------------------------------------------------------


def restore(path: Path, at: datetime, passphrase: str = "", *, replace: bool = False) -> Contents:
    """Put an archive in place of what is there. Everything is checked first; what was there is kept aside (SQLite, files, keys).

    A database in use is replaced only with `replace`. A checkpoint file that is already here stays: it is newer
    evidence than the archive, and `journal verify` will say what the archive lacks.
    """
    with opened(path, passphrase) as (folder, contents):
        if not replace and _has_data():
            raise Damaged("数据库里已有数据。确认要用备份替换，请加 --replace；原有数据会另存一份。没有改动任何数据。")
        aside = Path(settings.DATA_DIR) / f"before-restore-{at:%Y%m%d-%H%M%S}"
        aside.mkdir(parents=True)
        if contents.engine == "sqlite":
            connections.close_all()
            current = Path(connection.settings_dict["NAME"])
            for suffix in ("", "-wal", "-shm"):
                if (part := Path(f"{current}{suffix}")).exists():
                    shutil.move(part, aside / part.name)
            shutil.move(folder / "database.sqlite3", current)
        else:
            if _has_data():
                _pg("pg_dump", "--format=custom", f"--file={aside / 'database.dump'}")
            _pg("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction",
                f"--dbname={connection.settings_dict['NAME']}", str(folder / "database.dump"))
            connections.close_all()
        for name, home in (("files", Path(settings.MEDIA_ROOT)), ("keys", Path(settings.KEY_DIR))):
            if home.exists():
                shutil.move(home, aside / name)
            home.mkdir(parents=True, mode=0o700)
            if (folder / name).exists():
                shutil.copytree(folder / name, home, dirs_exist_ok=True)
        for key in Path(settings.KEY_DIR).rglob("*"):
            key.chmod(0o600 if key.is_file() else 0o700)
        if (folder / "checkpoints.jsonl").exists() and not sealing.checkpoint_file().exists():
            sealing.checkpoint_file().parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / "checkpoints.jsonl", sealing.checkpoint_file())
        call_command("migrate", verbosity=0, interactive=False)
        return contents


def _has_data() -> bool:
    """Whether somebody has worked in this database."""
    with connection.cursor() as cursor:
        if "kernel_entry" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("SELECT 1 FROM kernel_entry LIMIT 1")
        return cursor.fetchone() is not None


def in_words(contents: Contents) -> str:
    """One line for people."""
    files = sum(1 for name in contents.members if name.startswith("files/"))
    size: Any = sum(size for size, _ in contents.members.values()) / 1024 / 1024
    made_at = datetime.fromisoformat(contents.made_at).astimezone(CHINA)
    return (
        f"版本 {contents.version}，{made_at:%Y-%m-%d %H:%M}，{contents.engine}，附件 {files} 个，"
        f"共 {size:.1f} MB，封印 {contents.journal_size} 行"
    )
