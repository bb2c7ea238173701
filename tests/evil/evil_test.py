#!/usr/bin/env python3
"""Hostile packages, locks, indexes, stores: `evil_test.py [--all] [--list] [--tell] [id…] ENVPM`.

Each item is served on loopback, locked with its true sha256 and installed, in a home, project,
store and cache of its own. It must be refused with its exit code and a message that names the
package and the entry; or, where it is `accepted`, do no harm. Either way nothing outside is
touched, what was refused is not in the store, and a good package of the same name then installs as
ever and `envpm verify` finds nothing. Of what is refused some items share a store, so that each is
tried with what those before it left.

An id is a beginning: `D1`, `B2-chain`, `A1-parent.wheel`. `--all` has every item; without it each
lie that is not slow is tried in one or two of its forms.
"""

import argparse
import concurrent.futures
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import corpus  # noqa: E402
from case import GOOD_VERSION, Case, Done, harm_in, make_canary  # noqa: E402
from index_server import Folder  # noqa: E402
from item import FILE_OF, NAME, WHEEL_FILE, Item  # noqa: E402
from packages import good  # noqa: E402

JOBS = 2
BATCH = 8


class Trial:
    """One item in a case; `faults` says what is not as it must be."""

    def __init__(self, item: Item, case: Case):
        self.item, self.case = item, case
        self.faults: list[str] = []
        self.done: Done | None = None

    def run(self) -> list[str]:
        before, self.entries_before = self.case.snapshot(), set(self.case.store_entries())
        try:
            if self.item.act:
                self.faults += self.item.act(self.case) or []
            else:
                self.done = self.case.install(self.item.form, self.item.archive)
                self.judge(self.done)
        except Exception:  # one item's failure is not the end of the others
            self.faults.append(traceback.format_exc())
        after = self.case.snapshot()
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) != after.get(path):
                self.faults.append(f"`{path}` was {before.get(path)} and is {after.get(path)}")
        self.faults += [f"`{name}` came from somewhere" for name in self.case.strays()]
        return self.faults

    def judge(self, done) -> None:
        if self.item.accepted:
            self.judge_accepted(done)
            return
        if done.code != self.item.code:
            said = done.errors.strip() or "nothing"
            self.faults.append(f"exit code {done.code}, not {self.item.code}; it said: {said}")
        for part in (f"{NAME} 1.0", self.item.says):
            if part not in done.errors:
                self.faults.append(f"the message does not name `{part}`: {done.errors.strip()}")
        if any(byte in done.errors for byte in "\x1b\0\r\x7f\x9b"):
            self.faults.append(f"the message has control characters: {done.errors!r}")
        if self.case.prefix():
            self.faults.append("there is an environment")
        # Whoever begins to make an environment leaves an empty file to lock.
        locks = {f"locks/{what}-{os.geteuid()}" for what in ("making", "unpacking")}
        known = self.entries_before | locks
        entries = [e for e in self.case.store_entries() if e not in known]
        # Of a lie that only the layout shows the tree is there, and every file is what it says.
        is_of_archive = "while unpacking" in done.errors
        kept = [e for e in entries if is_of_archive or not e.startswith(("objects/", "trees/"))]
        if kept:
            self.faults.append(f"the store has {kept}")

    def judge_accepted(self, done) -> None:
        if done.code != 0:
            self.faults.append(f"not accepted: {done.code}: {done.errors.strip()}")
            return
        prefix = self.case.prefix()
        self.faults += harm_in(prefix)
        if self.item.harm and (harm := self.item.harm(prefix)):
            self.faults.append(harm)


@dataclass
class Report:
    """Of one batch, by item: what is wrong, how long it took, and what envpm said."""

    faults: dict[str, list[str]]
    seconds: dict[str, float]
    said: dict[str, str]


class Bench:
    """Server and folders for any number of batches at once."""

    def __init__(self, envpm: Path, folder: Path, canary: Path):
        self.envpm, self.folder, self.canary = envpm, folder, canary
        (folder / "served").mkdir()
        self.server = Folder(folder / "served")

    def run(self, batch: list[Item]) -> Report:
        name = batch[0].name
        folder, served = self.folder / name, self.folder / "served" / name
        case = Case(self.envpm, folder, served, f"{self.server.url}/{name}", self.canary)
        report = Report({}, {}, {})
        if batch[0].form == "wheel":
            wheels = [(WHEEL_FILE, item.archive) for item in batch]
            case.serve([*wheels, good("wheel", GOOD_VERSION)])
        for item in batch:
            began = time.monotonic()
            trial = Trial(item, case)
            report.faults[item.name] = trial.run()
            report.said[item.name] = trial.done.errors.strip() if trial.done else ""
            report.seconds[item.name] = time.monotonic() - began
        if batch[-1].form in FILE_OF:
            after = case.install_good(batch[-1].form)
            report.faults[f"after {batch[0].name} to {batch[-1].name}"] = after
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(served, ignore_errors=True)
        return report


def batches(items: list[Item]) -> list[list[Item]]:
    """Items that are refused share store and cache, some at a time; each other has its own."""
    found: list[list[Item]] = []
    open_of: dict[str, list[Item]] = {}
    for item in items:
        if item.act or item.accepted:
            found.append([item])
            continue
        if len(open_of.get(item.form, [])) in (0, BATCH):
            open_of[item.form] = []
            found.append(open_of[item.form])
        open_of[item.form].append(item)
    return found


def run_all(items: list[Item], bench: Bench, tells: bool) -> int:
    failed, seconds = [], {}
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for report in pool.map(bench.run, batches(items)):
            seconds |= report.seconds
            for name, said in report.said.items() if tells else ():
                print(f"{name}:", said, sep="\n    ", flush=True)
            for name, faults in report.faults.items():
                if faults:
                    failed.append(name)
                    print(f"{name}:", *faults, sep="\n    ", flush=True)
    bench.server.close()
    accepted = sum(bool(item.accepted) for item in items)
    forms = Counter(item.form for item in items)
    slowest = sorted((time_taken, name) for name, time_taken in seconds.items())[-3:]
    print(f"slowest: {', '.join(f'{name} {time_taken:.1f} s' for time_taken, name in slowest)}")
    print(f"{', '.join(f'{count} {form}' for form, count in sorted(forms.items()))}")
    print(
        f"{len(items)} items, {len(items) - accepted} to be refused, {accepted} accepted without "
        f"harm; {len(failed)} not as they must be"
    )
    return 1 if failed or not items else 0


def half_the_forms(items: list[Item]) -> list[Item]:
    """Each lie, but not as wheel, `.conda` and `.tar.bz2` each: all take two minutes."""
    forms: dict[str, list[Item]] = {}
    for item in items:
        forms.setdefault(item.name.partition(".")[0], []).append(item)
    return [item for n, lie in enumerate(forms.values()) for item in lie[n % len(lie) :: 2]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="all, the slow ones too")
    parser.add_argument("--list", action="store_true", help="print all items, and try none")
    parser.add_argument("--tell", action="store_true", help="print what envpm says of each")
    parser.add_argument("words", nargs="*", metavar="[id…] ENVPM")
    options = parser.parse_args()
    *ids, envpm = options.words or [""]
    if options.list and envpm and not Path(envpm).is_file():
        ids.append(envpm)  # who lists needs no program
    if not envpm and not options.list:
        parser.error("which envpm?")
    with tempfile.TemporaryDirectory(prefix="envpm-evil-") as name:
        folder = Path(name).resolve()
        canary = make_canary(folder / "canary")
        items = [
            item
            for item in corpus.items(str(canary))
            if (options.all or options.list or ids or not item.is_slow)
            and (not ids or item.name.startswith(tuple(ids)))
        ]
        if not options.all and not options.list and not ids:
            items = half_the_forms(items)
        if options.list:
            for item in items:
                verdict = f"accepted: {item.accepted}" if item.accepted else f"refused: {item.code}"
                print(f"{item.name:44} {verdict}")
            return 0
        return run_all(items, Bench(Path(envpm).resolve(), folder, canary), options.tell)


if __name__ == "__main__":
    sys.exit(main())
