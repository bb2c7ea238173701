"""Group 16: what happens to envpm itself and to its files while it fetches."""

import contextlib
import errno
import itertools
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from case import (
    LARGE,
    MEBIBYTE,
    Case,
    Complaint,
    Mirror,
    Skip,
    World,
    expect,
    file_of,
)
from fault_server import FaultServer, Reply
from sandbox import Sandbox, manifest_of

# Slow enough for the sockets to be empty, on three connections.
SLOW = Reply(rate=8e6)
SLOWER = Reply(rate=3e6)  # so that a machine that does much else has written it all
SEED = 20261126
NUMBERS = itertools.count()
ROOT_ONLY = "needs root, to mount a file system of its own"

# Answers what it is asked with the real time, plus JUMP seconds once it has run for AFTER.
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int Clock(clockid_t, struct timespec*);

int clock_gettime(clockid_t id, struct timespec* out) {
    static Clock* real;
    static long begin;
    if (!real) real = (Clock*)dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, out);
    struct timespec now;
    real(CLOCK_MONOTONIC, &now);
    long ms = now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (!begin) begin = ms;
    if (id == CLOCK_REALTIME && getenv("JUMP") && ms - begin >= atol(getenv("AFTER")))
        out->tv_sec += atol(getenv("JUMP"));
    return result;
}
"""


class Scene:
    """A server of the large file that is slow at first, and a sandbox with its lock."""

    def __init__(self, world: World, server: FaultServer, sandbox: Sandbox):
        self.world = world
        self.server = server
        self.sandbox = sandbox
        self.size = len(world.archives[LARGE])

    @property
    def sent(self) -> int:
        return self.server.sent[file_of(LARGE)]

    def hurry(self) -> None:
        self.server.scripts = {}

    def start(self, until: float, **options) -> subprocess.Popen:
        """An install that has come so far with its file: a share of its size."""
        process = self.sandbox.start("install", "--no-progress", **options)
        wanted = self.sent + (until - self.sent / self.size) * self.size
        limit = time.monotonic() + 60
        while self.sent < wanted and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        return process

    def finish(self, most: float) -> None:
        """Installs what is missing; in all, so many times the size was sent."""
        done = self.sandbox.run("install", expected=None)
        expect(done.returncode == 0, f"then: {done.returncode}\n{done.stdout}{done.stderr}")
        expect(self.sandbox.digest() == self.world.digests[LARGE], "the contents are others")
        times = self.sent / self.size
        expect(times <= most, f"{times:.3f} times the size was sent")

    def part(self, end: str) -> Path:
        """The file on its way (`.part`), or its map."""
        (file,) = (self.sandbox.cache / "dl").glob(f"*{end}")
        return file

    def killed(self, until: float, number: int = signal.SIGKILL) -> None:
        process = self.start(until)
        process.send_signal(number)
        process.communicate(timeout=30)


@contextlib.contextmanager
def scene(world: World):
    with world.serving([Mirror(files=[SLOW])], LARGE) as servers, world.sandbox() as sandbox:
        sandbox.variables = world.variables(sandbox, servers)
        sandbox.write(manifest_of(LARGE), world.locks[LARGE])
        yield Scene(world, servers[0], sandbox)


def kill_at_random(world: World, _: Case) -> None:
    point = random.Random(f"{SEED} {next(NUMBERS)}").uniform(0, 1)
    with scene(world) as here:
        here.server.scripts[file_of(LARGE)] = [SLOWER]
        here.killed(point)
        here.hurry()
        try:
            here.finish(1.1)
        except Complaint as error:
            raise Complaint(f"killed at {point:.3f}: {error}") from None


def kill_again_and_again(world: World, _: Case) -> None:
    with scene(world) as here:
        for point in (0.15, 0.3, 0.5, 0.7, 0.9):
            here.killed(point)
        here.hurry()
        here.finish(1.1 + 5 * 3 * MEBIBYTE / here.size)  # a block of each connection


def interrupt(number: int):
    def play(world: World, _: Case) -> None:
        with scene(world) as here:
            process = here.start(0.4)
            began = time.monotonic()
            process.send_signal(number)
            _, errors = process.communicate(timeout=20)
            expect(time.monotonic() - began < 3, "the end took long")
            expect(process.returncode == 130, f"exit code {process.returncode}\n{errors}")
            expect("error: interrupted\nhint: what was fetched is kept" in errors, errors)
            here.hurry()
            here.finish(1.05)

    return play


@contextlib.contextmanager
def mounted(world: World, options: str):
    if os.geteuid() != 0:
        raise Skip(ROOT_ONLY)
    with world.lock:
        world.count += 1
        folder = world.folder / f"mount-{world.count}"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "envpm-test", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Skip(f"cannot mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def expect_failure(here: Scene, process: subprocess.Popen, *words: str) -> None:
    """Exit code 1, a reason, the place, and a prefix that is not there."""
    output, errors = process.communicate(timeout=60)
    said = f"\n{output}{errors}"
    expect(process.returncode == 1, f"exit code {process.returncode}, not 1{said}")
    expect(any(word in errors for word in words), f"says nothing of {words}{said}")
    expect(str(here.sandbox.cache) in errors, f"does not say where{said}")
    expect("\nhint: " in errors, f"names no way out{said}")
    expect(here.sandbox.prefix() is None, f"installed{said}")


def small_disk(options: str, larger: str, *words: str, sends: bool = True):
    """The cache is on a disk that is too small from the start. `sends`: which only shows later."""

    def play(world: World, _: Case) -> None:
        with scene(world) as here, mounted(world, options) as disk:
            here.sandbox.cache = disk / "cache"
            expect_failure(here, here.sandbox.start("install"), *words)
            expect(sends or here.sent == 0, f"{here.sent} bytes were sent for nothing")
            remount(disk, larger)
            here.hurry()
            here.finish(1.2)

    return play


def disk_fills(world: World, _: Case) -> None:
    """Someone else takes the room while a file is on its way."""
    with scene(world) as here, mounted(world, "size=60m") as disk:
        here.sandbox.cache = disk / "cache"
        process = here.start(0.3)
        with contextlib.suppress(OSError), open(disk / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(65536))
        expect_failure(here, process, os.strerror(errno.ENOSPC))
        (disk / "filler").unlink()
        here.hurry()
        here.finish(1.25)


def read_only_cache(world: World, _: Case) -> None:
    with scene(world) as here, mounted(world, "size=100m") as disk:
        here.sandbox.cache = disk / "cache"
        here.killed(0.3)
        remount(disk, "ro")
        expect_failure(here, here.sandbox.start("install"), os.strerror(errno.EROFS))
        remount(disk, "rw")
        here.hurry()
        here.finish(1.1)


def forbidden_cache(world: World, _: Case) -> None:
    """Of someone else; root may write everywhere, so it becomes nobody."""
    with scene(world) as here:
        here.sandbox.cache.mkdir(parents=True)
        here.sandbox.cache.chmod(0o555)
        wrapper = []
        if os.geteuid() == 0:
            if not shutil.which("setpriv"):
                raise Skip("needs setpriv")
            wrapper = [shutil.which("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
            here.sandbox.root.mkdir(parents=True)
            for folder in (here.sandbox.root, here.sandbox.project):
                os.chown(folder, 65534, 65534)
            for folder in (world.folder, here.sandbox.folder):
                folder.chmod(0o755)
        process = here.sandbox.start("install", wrapper=wrapper)
        expect_failure(here, process, os.strerror(errno.EACCES))
        here.sandbox.cache.chmod(0o755)
        here.sandbox.variables["ENVPM_SHARED_STORE"] = "1"  # nobody made it, and root goes on
        here.hurry()
        here.finish(1.01)


@contextlib.contextmanager
def two_at_once(world: World, most: float):
    """The first of two processes that install into one store. The second must end well, and so must
    another install in the first one's place; all in all so many times the size is sent."""
    with scene(world) as here, world.sandbox() as other:
        other.root, other.cache = here.sandbox.root, here.sandbox.cache
        other.variables = here.sandbox.variables
        other.write(manifest_of(LARGE), world.locks[LARGE])
        first = here.start(0.2)
        second = other.start("install", "--no-progress")
        yield first
        expect_success(second)
        expect(other.digest() == world.digests[LARGE], "the contents are others")
        here.finish(most)


def expect_success(process: subprocess.Popen) -> None:
    output, errors = process.communicate(timeout=60)
    expect(process.returncode == 0, f"{process.returncode}\n{output}{errors}")


def together(world: World, _: Case) -> None:
    with two_at_once(world, 1.05) as first:
        expect_success(first)


def one_of_two_is_killed(world: World, _: Case) -> None:
    with two_at_once(world, 1.1) as first:
        time.sleep(0.5)
        first.kill()
        first.communicate()


def clock_jumps(seconds: int):
    def play(world: World, _: Case) -> None:
        library = world.library("clock", CLOCK)
        with scene(world) as here:
            plain = dict(here.sandbox.variables)
            here.sandbox.variables |= {
                "LD_PRELOAD": str(library),
                "JUMP": str(seconds),
                "AFTER": "1500",
            }
            began = time.monotonic()
            here.finish(1.01)
            expect(time.monotonic() - began < 25, "it took long")
            here.sandbox.variables = plain  # and back
            here.sandbox.run("verify")

    return play


def spoilt(end: str, spoil, most: float):
    """What lies in the cache is changed between two runs."""

    def play(world: World, _: Case) -> None:
        with scene(world) as here:
            here.killed(0.6)
            spoil(here.part(end))
            here.hurry()
            here.finish(most)

    return play


def flip_a_bit(file: Path) -> None:
    """Of a block that is there: zeros are holes."""
    with open(file, "r+b") as part:
        for place in range(5 * MEBIBYTE // 2, file.stat().st_size, MEBIBYTE):
            part.seek(place)
            byte = part.read(1)
            if byte != b"\0":
                part.seek(place)
                part.write(bytes([byte[0] ^ 16]))
                return
    raise Complaint("nothing is there yet")


def halve(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def garbage(file: Path) -> None:
    file.write_bytes(random.Random(7).randbytes(file.stat().st_size))


def of_tomorrow(file: Path) -> None:
    later = time.time() + 86400 * 400
    for one in file.parent.iterdir():
        os.utime(one, (later, later))


def played(name: str, play, shows: str, **more) -> Case:
    return Case(name, [], play=play, shows=shows, wheel=LARGE, **more)


RIGHT = "the right bytes"
CLIENT = [
    played(
        "kill -9 at a random point, and the same command again",
        kill_at_random,
        "the right bytes, and less than 1.1 times the size was fetched",
        quick=True,
        repeat=(5, 100),
    ),
    played("kill -9 five times in one file", kill_again_and_again, RIGHT),
    *(
        played(
            f"{number.name}, and the same command again",
            interrupt(number),
            "code 130, then the right bytes, and hardly a byte was fetched twice",
            quick=number is signal.SIGINT,
        )
        for number in (signal.SIGINT, signal.SIGTERM)
    ),
    played(
        "the disk of the cache is too small",
        small_disk("size=20m", "size=200m", "No space left", "not enough free space", sends=False),
        "error 1 before a byte was sent, then the right bytes",
        quick=True,
    ),
    played(
        "the disk of the cache has no inodes left",
        small_disk("size=200m,nr_inodes=6", "nr_inodes=10000", "No space left", "inodes"),
        "error 1, then the right bytes",
    ),
    played(
        "the disk of the cache fills up in mid-file",
        disk_fills,
        "error 1, then the right bytes, and what came was kept",
    ),
    played(
        "the file system of the cache is read-only",
        read_only_cache,
        "error 1, then the right bytes, and what came was kept",
    ),
    played("the cache is someone else's", forbidden_cache, "error 1, then the right bytes"),
    played("two processes fetch the same file", together, "one download, the right bytes in both"),
    played("one of two processes on a file is killed", one_of_two_is_killed, RIGHT),
    *(
        played(f"the clock jumps {name} in mid-file", clock_jumps(seconds), RIGHT)
        for name, seconds in (("an hour ahead", 3600), ("a day back", -86400))
    ),
    played(
        "what lies in the cache is of next year",
        spoilt(".part", of_tomorrow, 1.1),
        "the right bytes, and what came was kept",
    ),
    played(
        "a bit flips in a block of a `.part`",
        spoilt(".part", flip_a_bit, 1.15),
        "the right bytes, and that block alone was fetched twice",
        quick=True,
    ),
    played("a `.part` is cut to its half", spoilt(".part", halve, 1.7), RIGHT),
    played("a `.map` is garbage", spoilt(".map", garbage, 1.75), RIGHT),
    played("a `.map` is cut to its half", spoilt(".map", halve, 1.75), RIGHT),
    played("a `.map` is gone", spoilt(".map", Path.unlink, 1.75), RIGHT),
]

GROUPS = {16: ("The client's own troubles", CLIENT)}
