"""Trials 试演: the scripted days of a procedure played on a draft before it is adopted.

A trial runs in a process of its own, on a database of its own that is thrown away (`shouwen rehearse --scratch`), started
by the worker: no web thread waits for it and no real row is touched.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Q

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action, bookkeeping
from shouwen.kernel.refusals import Refused

from . import scripts
from .editions import digest_of
from .engine import Faulty, read
from .models import Draft, Trial

log = logging.getLogger("shouwen.procedures")

AT_MOST: Final = 15 * 60
"""Seconds after which a trial is stopped, whatever it does."""

SHOWN: Final = 40
"""Failing lines kept of one script."""


def scripts_for(slug: str) -> list[Path]:
    """The scripted days in which a procedure plays: those of the program, then this installation's own."""
    named = re.compile(rf"(files|form|report|opened) {re.escape(slug)}\b|scheduled: \{{ ?{re.escape(slug)}\b")
    return [path for path in scripts.every() if named.search(path.read_text("utf-8", errors="replace"))]  # one of another encoding is named when played


def last(draft: Draft) -> Trial | None:
    return Trial.objects.filter(draft=draft).order_by("-pk").first()


def failed(trial: Trial) -> list[dict[str, Any]]:
    """The scripts of a trial that did not come out as they say."""
    return [one for one in trial.results if not one["ok"]]


@action("procedure.tried", may="procedures.adopt", says="演练规程草稿《{title}》：{count} 份剧本")
def ask(actor: Actor, community: Any, /, *, draft: Draft, at: datetime) -> Done:
    """Have the draft's scripts played by the worker; a trial of an older text of it is given up. Returns the Trial."""
    try:
        rules = read(draft.text)
    except Faulty as faulty:
        raise Refused(f"草稿还有 {len(faulty.faults)} 处问题，改好后才能演练。") from None
    count = len(scripts_for(draft.procedure))
    if not count:
        raise Refused("没有这项规程的剧本，不能演练。剧本放在数据目录的 rehearsals 里，写法见《编写规程》。")
    digest = digest_of(draft.text)
    waiting = Trial.objects.filter(draft=draft, finished_at=None)
    found = waiting.filter(digest=digest).first()
    waiting.exclude(digest=digest).delete()
    if found is None:
        Trial.objects.filter(draft=draft).delete()
        found = Trial.objects.create(draft=draft, digest=digest, asked_at=at, total=count)
    return Done(found, {"title": rules.title, "count": count})


def play_waiting(now: datetime, *, wait: bool = False) -> int:
    """Take one trial that nobody plays and have it played, in a thread of its own unless `wait`; how many were taken (0 or 1).

    A worker that stops leaves the lease behind: another takes the trial when it has run out.
    """
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    trial = Trial.objects.filter(free, finished_at=None).order_by("asked_at").select_related("draft").first()
    if trial is None:
        return 0
    with bookkeeping("a trial is taken by one worker"):
        taken = Trial.objects.filter(free, pk=trial.pk, finished_at=None).update(lease_until=now + timedelta(seconds=AT_MOST + 60))
    if taken and wait:
        _play(trial, now)
    elif taken:
        threading.Thread(target=_beside, args=(trial, now), name=f"trial-{trial.pk}", daemon=True).start()
    return taken


def _beside(trial: Trial, now: datetime) -> None:
    try:
        _play(trial, now)
    except Exception:
        log.exception("trial %s failed", trial.pk)
    finally:
        connection.close()


def _play(trial: Trial, now: datetime) -> None:
    paths = scripts_for(trial.draft.procedure)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(trial.draft.text)
        file.flush()
        command = [sys.executable, "-m", "shouwen", "rehearse", "--scratch", "--lines", "--with", file.name, *map(str, paths)]
        results, error = _run(command, trial)
    if len(results) < len(paths) and not error:
        error = "演练中途停下了，请重试。"
    with bookkeeping("a trial is over"):
        Trial.objects.filter(pk=trial.pk).update(
            finished_at=now, lease_until=None, results=results, played=len(results), total=len(paths), error=error[:300]
        )


def _run(command: list[str], trial: Trial) -> tuple[list[dict[str, Any]], str]:
    """Follow the process line by line; (results so far, what went wrong)."""
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "SHOUWEN_DATA_DIR": str(settings.DATA_DIR)},
    )  # fmt: skip
    watch = threading.Timer(AT_MOST, os.killpg, (child.pid, signal.SIGKILL))
    watch.daemon = True
    watch.start()
    results: list[dict[str, Any]] = []
    try:
        assert child.stdout is not None and child.stderr is not None
        for line in child.stdout:
            try:
                results.append(json.loads(line))
            except ValueError:
                continue
            if not Trial.objects.filter(pk=trial.pk).exists():  # given up: the draft went on, or away
                os.killpg(child.pid, signal.SIGKILL)
                return results, "已作罢。"
            with bookkeeping("how far a trial is"):
                Trial.objects.filter(pk=trial.pk).update(played=len(results), results=results)
        said = child.stderr.read().strip().splitlines()
        code = child.wait(timeout=30)
    finally:
        watch.cancel()
    if code not in (0, 1) or (code and not results):
        log.error("trial %s: %s", trial.pk, said[-1:] or code)
        return results, said[-1] if said else "演练没有跑起来，请联系系统管理员。"
    return results, ""
