"""Starts the processes of a site as forks of one that has loaded the program, as `shouwen serve` does.

What is killed works again within a moment: kills then meet processes at their work, not at their start, and cost no compiler.
Reads a line of JSON per process ({"command", "log"}), answers with its pid.
"""

from __future__ import annotations

import json
import os
import signal
import sys


def main() -> None:
    import django

    django.setup()
    from shouwen.config import cli, serving

    serving.load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed leave no zombies
    for line in sys.stdin:
        asked = json.loads(line)
        if not (child := os.fork()):
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for stream, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
                os.dup2(file, stream)
            cli.main(asked["command"])  # ends the process
        print(child, flush=True)


if __name__ == "__main__":
    main()
