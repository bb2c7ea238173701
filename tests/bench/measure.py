"""Runs commands and measures them: seconds and peak memory of the process alone."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# The peak of a spawned process starts at that of its parent (Linux keeps it across exec), so the
# parent must be small: this one loads no module but built-in ones. Its own 10 MB are the floor.
LAUNCHER = """
import posix, sys, time
out = posix.open(sys.argv[1], posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o644)
begin = time.monotonic()
actions = [(posix.POSIX_SPAWN_DUP2, out, 1), (posix.POSIX_SPAWN_DUP2, out, 2)]
child = posix.posix_spawn(sys.argv[2], sys.argv[2:], posix.environ, file_actions=actions)
_, status, usage = posix.wait4(child, 0)
seconds = time.monotonic() - begin
cpu = usage.ru_utime + usage.ru_stime
print(posix.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss, cpu)
"""


class CommandFailed(Exception):
    pass


@dataclass
class Measure:
    seconds: float
    peak_mb: float
    cpu_seconds: float


def run(command: list[str], environment: dict[str, str], folder: Path) -> Measure:
    """Runs `command` in `folder`; what it prints goes to a file there, shown only if it fails."""
    log = folder / "bench-output.txt"
    launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(log)]
    answer = subprocess.run(
        launcher + [str(word) for word in command],
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    code, seconds, peak, cpu = answer.stdout.split()
    if int(code) != 0:
        raise CommandFailed(
            f"{json.dumps([str(word) for word in command])} ended with {code}:\n"
            + log.read_text(errors="replace")[-4000:]
        )
    return Measure(float(seconds), int(peak) / 1000, float(cpu))


def flush(folder: Path) -> None:
    """Nothing of an earlier run is still to be written when the next one starts."""
    subprocess.run(["sync", "-f", str(folder)], check=True)
