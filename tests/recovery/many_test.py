#!/usr/bin/env python3
"""Many installs at the same time into one store, with the collector at work all the while.

many_test.py ENVPM [--processes N] [--same] [--speed N] [--measure]. Half of the processes install
one lock, the others each another, which shares packages with it; or all one (`--same`). Six
processes as a test, and 32 with one lock; with `--measure`, which wants an idle machine and
servers that are the limit (`--speed 4`), by hand. Then one that makes an environment is killed
while others wait.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import varied_wheels  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder  # noqa: E402
from wheels import Wheel  # noqa: E402

OWN_FILES = 20
SHARED_WHEELS = 6
SHARED_BYTES = 2 << 20
MOST_OF_ONE = 1.5  # of one install's time, for any number with one lock


def wheels_for(processes: int) -> list[Wheel]:
    wheels = [noisy(f"shared{n}", 100 * n, 8, SHARED_BYTES // 8) for n in range(SHARED_WHEELS)]
    wheels.append(noisy("large", 7000, 10, 2 << 20))
    for n in range(processes):
        numbers = range(n * OWN_FILES, (n + 1) * OWN_FILES)
        files = {f"own{n}/{i}.py": f"value = {i}\n" * 50 for i in numbers}
        wheels.append(Wheel(f"own{n}", "1.0", files=files))
    return wheels


def noisy(name: str, seed: int, files: int, size: int) -> Wheel:
    noise = {f"{name}/{i}.bin": varied_wheels.noise(seed + i, size) for i in range(files)}
    return Wheel(name, "1.0", files=noise)


class Collector:
    """`gc` in a loop, with the default grace, which protects what installs have just made."""

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox
        self.runs = 0
        self.failures: list[str] = []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.collect, daemon=True)

    def collect(self) -> None:
        while not self.is_over.is_set():
            if not (self.sandbox.root / "VERSION").exists():
                time.sleep(0.01)  # it is the installs that make the store
                continue
            done = self.sandbox.run("gc", expected=None)
            self.runs += 1
            if done.returncode != 0:
                self.failures.append(done.stderr)

    def __enter__(self) -> "Collector":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_over.set()
        self.thread.join()


class Site:
    """One store and one cache for all projects."""

    def __init__(self, folder: Path, envpm: Path, index: Index, locks: list[bool]):
        """`locks`: of each process, whether its lock is one of its own."""
        self.folder, self.envpm, self.index = folder, envpm, index
        self.outputs: list[str] = []  # of the last `install_all`
        self.locks: list[tuple[str, str]] = []
        names = ["large", *(f"shared{n}" for n in range(SHARED_WHEELS))]
        maker = self.sandbox("maker")
        for n, is_own in enumerate(locks):
            extra = [f"own{n}"] if is_own else []
            manifest = manifest_of(*names, *extra)
            maker.write(manifest)
            maker.lock.unlink(missing_ok=True)
            maker.run("lock")
            self.locks.append((manifest, maker.lock.read_text()))

    def sandbox(self, name: str, root: str = "site") -> Sandbox:
        base = self.folder / root
        return Sandbox(
            base / name, self.envpm, self.index.simple_url, root=base / "root", cache=base / "cache"
        )

    def install_all(self, processes: int, root: str) -> tuple[float, list[Sandbox]]:
        sandboxes = []
        for n in range(processes):
            sandbox = self.sandbox(f"project{n}", root)
            sandbox.write(*self.locks[n])
            sandboxes.append(sandbox)
        self.index.forget()
        self.outputs = []
        began = time.monotonic()
        with Collector(self.sandbox("collector", root)) as collector:
            flags = ["install", "--locked", "--no-progress", "-v"]
            for process in [sandbox.start(*flags) for sandbox in sandboxes]:
                output, errors = process.communicate(timeout=300)
                if process.returncode != 0:
                    raise AssertionError(f"an install: {process.returncode}\n{output}{errors}")
                self.outputs.append(output + errors)
            seconds = time.monotonic() - began
        if collector.failures:
            raise AssertionError(f"gc failed\n{collector.failures[0]}")
        return seconds, sandboxes


def check(site: Site, sandboxes: list[Sandbox]) -> None:
    """Each byte came once, nothing is damaged, each environment is what its lock says."""
    for name, sent in sorted(site.index.sent.items()):
        size = len(site.index.archives[name])
        if sent > size:
            raise AssertionError(f"{name} of {size} bytes was sent {sent / size:.2f} times")
    told = re.findall(r"store: (\d+) archives", "".join(site.outputs))
    unpacked = sum(int(count) for count in told)
    if unpacked != len(site.index.sent):
        raise AssertionError(f"{len(site.index.sent)} packages were unpacked {unpacked} times")
    sandboxes[0].run("verify")
    alike = [n for n, lock in enumerate(site.locks) if lock == site.locks[0]]
    makers = [n for n in alike if "of them fetched" in site.outputs[n]]
    if len(makers) > 1:
        raise AssertionError(f"{len(makers)} processes made one environment")
    for n, sandbox in enumerate(sandboxes):
        is_alike = site.locks[n] == site.locks[0]
        if is_alike and sandbox.digest() != sandboxes[0].digest():
            raise AssertionError(f"project {n} has other contents than its like")
        if not (sandbox.prefix() / "lib").is_dir():
            raise AssertionError(f"project {n} has no files")
    sandboxes[0].run("gc", "--grace", "0s")
    sandboxes[0].run("verify")
    left = [*os.listdir(sandboxes[0].root / "tmp"), *os.listdir(sandboxes[0].cache / "dl")]
    if left:
        raise AssertionError(f"left behind: {left}")
    for sandbox in sandboxes:
        sandbox.run("install", "--locked", "--offline")


def check_killed(site: Site) -> None:
    """What a killed process was making the next one goes on with; who waits can be stopped."""
    site.index.behaviour.bytes_per_second = 5_000_000
    site.index.forget()
    sandboxes = [site.sandbox(name, "killed") for name in ("maker", "heir", "stopped")]
    for sandbox in sandboxes:
        sandbox.write(*site.locks[0])
    maker = sandboxes[0].start("install", "--locked", "--no-progress")
    while not site.index.sent:
        time.sleep(0.01)
    heir = start_waiting(sandboxes[1])
    stopped = start_waiting(sandboxes[2], "--json")
    stopped.send_signal(signal.SIGINT)
    maker.kill()
    codes = [process.wait(timeout=60) for process in (maker, heir, stopped)]
    for process in (maker, heir, stopped):
        process.communicate()
    if codes != [-signal.SIGKILL, 0, 130]:
        raise AssertionError(f"killed, heir, stopped: {codes}")
    sandboxes[1].run("verify")
    if sandboxes[1].prefix() is None:
        raise AssertionError("the heir has no environment")


def start_waiting(sandbox: Sandbox, *flags: str) -> subprocess.Popen:
    process = sandbox.start("install", "--locked", "--no-progress", *flags)
    told = process.stderr.readline()
    if "another process is installing this environment" not in told:
        raise AssertionError(f"an install beside another one said {told!r}")
    return process


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("envpm", type=Path)
    parser.add_argument("--processes", type=int, default=6)
    parser.add_argument("--same", action="store_true", help="one lock for all")
    parser.add_argument("--speed", type=int, default=0, help="MB/s of each transfer")
    most = f"fail above {MOST_OF_ONE} times one's time"
    parser.add_argument("--measure", action="store_true", help=most)
    options = parser.parse_args()
    folder = scratch_folder("envpm-many-")
    index = Index(wheels_for(options.processes))
    try:
        locks = [n % 2 == 1 and not options.same for n in range(options.processes)]
        site = Site(folder, options.envpm.resolve(), index, locks)
        index.behaviour.bytes_per_second = options.speed * 1_000_000
        seconds, sandboxes = site.install_all(options.processes, "all")
        check(site, sandboxes)
        print(f"{options.processes} installs in {seconds:.2f} s")
        if options.measure:
            alone, _ = site.install_all(1, "alone")
            print(f"one in {alone:.2f} s: {seconds / alone:.2f} times that")
            if seconds > MOST_OF_ONE * alone:
                raise AssertionError(f"that is more than {MOST_OF_ONE} times")
        check_killed(site)
    finally:
        index.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
