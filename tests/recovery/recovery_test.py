"""Whole commands that are killed, interrupted or starved: nothing is lost and nothing is half done.

recovery_test.py ENVPM [a test's name…]. Needs no network. What needs root or strace is skipped,
with the reason, where that is missing.
"""

import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import varied_wheels  # noqa: E402
from command_tests import run_tests  # noqa: E402
from index_server import Behaviour, Index  # noqa: E402
from sandbox import Sandbox, manifest_of  # noqa: E402
from wheels import Wheel  # noqa: E402

SEED = 20260701
MEBIBYTE = 1 << 20
MOST_AT_ONCE = 4  # transfers from one host
KILLS = 12
ROOT_ONLY = "needs root, to mount a file system of its own"

ENVPM = Path()
FEW = manifest_of("varied-few")
ALL = manifest_of("varied-all")


def work_folder() -> Path | None:
    """Kills do not need a disk: in memory they are quick, and harder on the order of events."""
    memory = Path("/dev/shm")
    usable = (
        memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    )
    return memory if usable else None


class World:
    """The index, both locks, and what an undisturbed install makes of them; made once."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="envpm-recovery-", dir=work_folder())).resolve()
        self.index = Index(varied_wheels.WHEELS)
        self.size = sum(len(archive) for archive in self.index.archives.values())
        self.count = 0
        self.locks = {}
        self.digests = {}
        for manifest in (FEW, ALL):
            sandbox = self.sandbox()
            sandbox.write(manifest)
            sandbox.run("install")
            self.locks[manifest] = sandbox.lock.read_text()
            self.digests[manifest] = sandbox.digest()

    def sandbox(self, index: Index | None = None, **options) -> Sandbox:
        """A fresh one. It goes at the very end: deleting between runs makes some disks slow."""
        self.count += 1
        return Sandbox(
            self.folder / f"{self.count}", ENVPM, (index or self.index).simple_url, **options
        )

    def from_few_to_all(self, **options) -> Sandbox:
        """The small environment is installed; the manifest and lock are those of the large one."""
        sandbox = self.sandbox(**options)
        sandbox.write(FEW, self.locks[FEW])
        sandbox.run("install")
        sandbox.write(ALL, self.locks[ALL])
        self.index.forget()
        return sandbox

    def close(self):
        self.index.close()
        shutil.rmtree(self.folder, ignore_errors=True)


WORLD: World


class Recovery(unittest.TestCase):
    def setUp(self):
        WORLD.index.behaviour = Behaviour()
        WORLD.index.forget()
        self.random = random.Random(f"{SEED} {self.id()}")

    def expect_old_or_new(self, sandbox: Sandbox, message: object = None) -> None:
        """What `current` leads to is whole, and nothing that was not asked for."""
        self.assertIn(sandbox.digest(), (WORLD.digests[FEW], WORLD.digests[ALL]), message)

    def expect_recovered(self, sandbox: Sandbox, message: object = None) -> None:
        """One more install, and all is as if nothing had happened, and no garbage stays."""
        sandbox.run("install")
        sandbox.run("verify")
        self.assertEqual(sandbox.digest(), WORLD.digests[ALL], message)
        self.assertEqual(sandbox.lock.read_text(), WORLD.locks[ALL], message)
        self.expect_no_garbage(sandbox, message)

    def expect_no_garbage(self, sandbox: Sandbox, message: object = None) -> None:
        sandbox.run("gc", "--grace", "0s")
        sandbox.run("verify")
        names = lambda folder: sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: E731
        self.assertEqual(names(sandbox.root / "tmp"), [], message)
        self.assertEqual(names(sandbox.cache / "dl"), [], message)
        self.assertEqual(len(names(sandbox.root / "roots")), 1, message)
        self.assertEqual(names(sandbox.project), [".envpm", "envpm.lock", "envpm.toml"], message)
        own = names(sandbox.project / ".envpm")
        kept = [name for name in own if name != "edit.lock"]
        self.assertEqual(kept, [".gitignore", "envs"], message)
        self.assertEqual(
            names(sandbox.environment_folder),
            ["current", "gens", "installed.json", "lock"],
            message,
        )
        self.assertEqual(
            [name for name in names(sandbox.environment_folder / "gens") if name[0] == "."],
            [],
            message,
        )

    def expect_few_bytes(self, kills: int, message: object = None) -> None:
        """A kill loses a block of each file on its way, and what stood in the sockets."""
        lost = kills * MOST_AT_ONCE * MEBIBYTE
        self.assertLess(WORLD.index.sent_bytes, 1.1 * WORLD.size + lost, message)


class Watch:
    """Looks at `current` all the time, and remembers where it led."""

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox
        self.seen: Counter[str] = Counter()
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self) -> None:
        while not self.is_over.wait(0.002):
            try:
                prefix = self.sandbox.prefix()
                self.seen[
                    prefix.name if (prefix / ".envpm/manifest.json").exists() else "half"
                ] += 1
            except (OSError, AttributeError):
                self.seen["nothing"] += 1

    def __enter__(self) -> "Watch":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.is_over.set()
        self.thread.join()


class Kill(Recovery):
    SPEED = 24 << 20

    def test_kill_at_any_time_of_an_install(self):
        WORLD.index.behaviour.bytes_per_second = self.SPEED
        sandbox = WORLD.from_few_to_all()
        began = time.monotonic()
        sandbox.run("install")
        duration = time.monotonic() - began
        killed = 0
        for number in range(KILLS):
            # One in each part of the time, so that none is left out; every fifth is killed twice.
            after = duration * (number + self.random.random()) / KILLS
            kills = 2 if number % 5 == 4 else 1
            with self.subTest(number=number, after=after):
                sandbox = WORLD.from_few_to_all()
                names = {sandbox.prefix().name}
                with Watch(sandbox) as watch:
                    for again in range(kills):
                        took = self.kill_install(sandbox, after)
                        killed += took is None
                        if took is not None and again == 0:  # quieter now than when it was measured
                            duration = min(duration, took)
                        self.expect_old_or_new(sandbox)
                    self.expect_recovered(sandbox)
                names.add(sandbox.prefix().name)
                self.assertLessEqual(set(watch.seen), names)
        self.assertGreater(
            killed, KILLS // 2, "most kills came too late: the machine is very uneven"
        )

    def kill_install(self, sandbox: Sandbox, after: float) -> float | None:
        """None, or the seconds that it took if it ended before it was killed."""
        began = time.monotonic()
        process = sandbox.start("install", "--no-progress")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=after)
        took = time.monotonic() - began
        process.kill()
        process.communicate()
        return None if process.returncode == -signal.SIGKILL else took

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_kill_before_publishing_loses_nothing_that_was_unpacked(self):
        sandbox = self.kill_at_the_barrier()
        done = sandbox.run("install")
        self.assertEqual(WORLD.index.sent_bytes, 0)
        self.assertIn("nothing fetched", done.stdout + done.stderr)
        self.expect_recovered(sandbox)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_what_was_unpacked_and_then_damaged_is_fetched_again(self):
        sandbox = self.kill_at_the_barrier()
        (stage,) = (sandbox.root / "tmp").iterdir()
        largest = max(stage.iterdir(), key=lambda file: file.stat().st_size)
        status = largest.stat()
        largest.chmod(0o644)
        with open(largest, "r+b") as file:
            file.seek(status.st_size // 2)
            byte = file.read(1)
            file.seek(status.st_size // 2)
            file.write(bytes([byte[0] ^ 1]))
        largest.chmod(status.st_mode & 0o777)
        os.utime(largest, ns=(status.st_mtime_ns, status.st_mtime_ns))
        sandbox.run("install")
        self.assertGreater(WORLD.index.sent_bytes, 0)
        self.assertLess(WORLD.index.sent_bytes, WORLD.size)
        self.expect_recovered(sandbox)

    def kill_at_the_barrier(self) -> Sandbox:
        """All is fetched and unpacked, and nothing published; the counting begins anew."""
        sandbox = WORLD.from_few_to_all()
        trees = sorted((sandbox.root / "trees").rglob("*.json"))
        done = sandbox.run("install", wrapper=killing("syncfs", 1), expected=None)
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
        self.assertEqual(sorted((sandbox.root / "trees").rglob("*.json")), trees)
        self.assertEqual(os.listdir(sandbox.cache / "dl"), [])
        WORLD.index.forget()
        return sandbox

    def test_kill_fetches_hardly_a_byte_of_a_large_file_twice(self):
        size = 40 << 20
        index = Index(
            [Wheel("huge", "1.0", files={"huge/noise.bin": varied_wheels.noise(5, size)})]
        )
        self.addCleanup(index.close)
        sandbox = WORLD.sandbox(index)
        sandbox.write(manifest_of("huge"))
        sandbox.run("lock")
        total = len(index.archives["huge-1.0-py3-none-any.whl"])
        index.forget()
        index.behaviour.bytes_per_second = 20 << 20  # slow enough for the sockets to be empty
        for part in (0.4, 0.8):
            process = sandbox.start("install")
            wait_until(lambda: index.sent_bytes > part * total)
            process.kill()
            process.communicate()
        index.behaviour.bytes_per_second = 0
        sandbox.run("install")
        sandbox.run("verify")
        self.assertLess(index.sent_bytes, 1.1 * total + MEBIBYTE)
        self.assertGreaterEqual(index.sent_bytes, total)


class LargeWheel(Recovery):
    """Of 40 MB, so it is unpacked while it arrives."""

    FILE = "huge-1.0-py3-none-any.whl"

    def setUp(self):
        super().setUp()
        files = {f"huge/noise{i}.bin": varied_wheels.noise(i, 4 << 20) for i in range(10)}
        self.index = Index([Wheel("huge", "1.0", files=files)])
        self.addCleanup(self.index.close)
        self.sandbox = WORLD.sandbox(self.index)
        self.sandbox.write(manifest_of("huge"))
        self.sandbox.run("lock")

    def test_files_are_unpacked_before_the_wheel_is_whole(self):
        self.index.behaviour.bytes_per_second = 4 << 20
        process = self.sandbox.start("install")
        temporary = self.sandbox.root / "tmp"
        wait_until(lambda: len(list(temporary.glob("*/*"))) > 3)
        process.kill()
        process.communicate()
        self.assertEqual(list(temporary.glob("*/*.json")), [])
        self.assertLess(self.index.sent_bytes, len(self.index.archives[self.FILE]))
        self.index.behaviour.bytes_per_second = 0
        self.sandbox.run("install")
        self.sandbox.run("verify")

    def test_wrong_bytes_are_refused_and_nothing_of_them_stays(self):
        self.index.behaviour.wrong_bytes = {self.FILE}
        done = self.sandbox.run("install", expected=6)
        self.assertIn("no mirror gave the right bytes", done.stderr)
        self.assertEqual(list((self.sandbox.root / "objects" / "sha256").iterdir()), [])
        self.assertEqual(list((self.sandbox.root / "trees").rglob("*.json")), [])
        self.assertEqual(os.listdir(self.sandbox.root / "tmp"), [])
        self.index.behaviour.wrong_bytes = set()
        self.sandbox.run("install")
        self.sandbox.run("verify")

    def test_a_server_without_ranges_serves_as_well(self):
        self.index.behaviour.ranges = False
        self.sandbox.run("install")
        self.sandbox.run("verify")


class KillOfAnEdit(Recovery):
    """`add` and `remove` change two files, and no kill may leave one old and one new."""

    ADDED = ["unicode-names", "data-scripts"]

    def setUp(self):
        super().setUp()
        self.few = (FEW, WORLD.locks[FEW])
        sandbox = self.few_sandbox()
        began = time.monotonic()
        sandbox.run("add", *self.ADDED)
        self.duration = time.monotonic() - began
        self.more = self.files(sandbox)

    def few_sandbox(self) -> Sandbox:
        sandbox = WORLD.sandbox()
        sandbox.write(*self.few)
        sandbox.run("install")
        return sandbox

    def files(self, sandbox: Sandbox) -> tuple[str, str]:
        return (sandbox.project / "envpm.toml").read_text(), sandbox.lock.read_text()

    def expect_one_change(self, sandbox: Sandbox) -> None:
        sandbox.run("lock", "--check")
        self.assertIn(self.files(sandbox), (self.few, self.more))
        sandbox.run("add", *self.ADDED)
        sandbox.run("verify")
        self.assertEqual(self.files(sandbox), self.more)
        self.expect_no_garbage(sandbox)

    def test_kill_at_any_time_of_an_add(self):
        for number in range(8):
            after = self.duration * (number + self.random.random()) / 8
            with self.subTest(number=number, after=after):
                sandbox = self.few_sandbox()
                process = sandbox.start("add", *self.ADDED)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=after)
                process.kill()
                process.communicate()
                self.expect_one_change(sandbox)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_kill_at_each_rename_of_an_add(self):
        call = "rename"
        reached_the_end = False
        number = 0
        while not reached_the_end and number < 40:
            number += 1
            with self.subTest(number=number):
                sandbox = self.few_sandbox()
                done = sandbox.run(
                    "add", "--no-install", *self.ADDED, wrapper=killing(call, number), expected=None
                )
                reached_the_end = done.returncode == 0
                self.expect_one_change(sandbox)
        self.assertTrue(reached_the_end)
        self.assertGreater(number, 3)


class CutInstallOfAnEdit(Recovery):
    """An edit is all of it or nothing, also where the process ends before its install has."""

    WAYS = ((signal.SIGKILL,), (signal.SIGINT, signal.SIGTERM))

    def setUp(self):
        super().setUp()
        files = {"beta/noise.bin": varied_wheels.noise(7, 4 << 20)}
        wheels = [Wheel("beta", version, files=files) for version in ("1.0", "1.1", "1.2")]
        self.index = Index([Wheel("alpha", "1.0"), *wheels], behaviour=Behaviour(sidecars=True))
        self.addCleanup(self.index.close)

    def sandbox(self, *names: str) -> Sandbox:
        """With `names` installed, and an index that is from here on slow."""
        self.index.behaviour.bytes_per_second = 0
        sandbox = WORLD.sandbox(self.index)
        sandbox.write(manifest_of())
        sandbox.run("add", "--pypi", *names)
        text = sandbox.manifest.read_text().replace("==1.1", ">=1.0")
        sandbox.write(text)
        sandbox.run("install")
        self.index.behaviour.bytes_per_second = 64 << 10
        return sandbox

    def start_edit(self, sandbox: Sandbox, *command: str) -> subprocess.Popen:
        """Until its install has begun."""
        before = sandbox.lock.read_text()
        process = sandbox.start(*command)
        wait_until(lambda: sandbox.lock.read_text() != before)
        wait_until(lambda: not (sandbox.project / ".envpm/edit.json").exists())
        return process

    def test_the_next_command_takes_the_edit_back_and_says_so(self):
        for command, installed in (
            (("add", "--pypi", "beta"), ("alpha",)),
            (("remove", "alpha"), ("alpha", "beta==1.1")),
            (("update",), ("alpha", "beta==1.1")),
        ):
            for signals in self.WAYS:
                with self.subTest(command=command, signals=signals):
                    sandbox = self.sandbox(*installed)
                    if command[0] == "remove":
                        shutil.rmtree(sandbox.cache)
                        self.forget_all(sandbox)
                    self.expect_taken_back(sandbox, command, signals)

    def forget_all(self, sandbox: Sandbox) -> None:
        """So that an install of less has to fetch something too."""
        shutil.rmtree(sandbox.environment_folder)
        sandbox.run("gc", "--grace", "0s")

    def expect_taken_back(self, sandbox: Sandbox, command: tuple, signals: tuple) -> None:
        files = (sandbox.manifest.read_text(), sandbox.lock.read_text())
        process = self.start_edit(sandbox, *command)
        for number in signals:
            process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        is_kill = signals[0] == signal.SIGKILL
        self.assertEqual(process.returncode, -signal.SIGKILL if is_kill else 130, errors)
        done = sandbox.run("lock", "--check")
        self.assertEqual((sandbox.manifest.read_text(), sandbox.lock.read_text()), files)
        if "envpm.toml and envpm.lock are as before" not in errors:
            self.assertIn("took back an edit", done.stderr)
        self.index.behaviour.bytes_per_second = 0
        self.assertNotIn("took back", sandbox.run(*command).stderr)
        self.assertNotEqual(sandbox.lock.read_text(), files[1])
        self.assertNotIn("took back", sandbox.run("lock", "--check").stderr)
        self.expect_no_garbage(sandbox)

    def test_an_edit_whose_install_goes_on_is_not_taken_back(self):
        sandbox = self.sandbox("alpha")
        process = self.start_edit(sandbox, "add", "--pypi", "beta")
        done = sandbox.run("lock", "--check")
        self.assertNotIn("took back", done.stderr)
        self.assertIn("beta", sandbox.manifest.read_text())
        other = sandbox.start("remove", "alpha")
        self.assertIn("another process is editing this project", other.stderr.readline())
        self.index.behaviour.bytes_per_second = 0
        for one in (process, other):
            _, errors = one.communicate(timeout=80)
            self.assertEqual(one.returncode, 0, errors)
        text = sandbox.manifest.read_text()
        self.assertIn("beta", text)
        self.assertNotIn("alpha", text)
        self.expect_no_garbage(sandbox)

    def test_what_is_written_after_the_cut_stays(self):
        sandbox = self.sandbox("alpha")
        process = self.start_edit(sandbox, "add", "--pypi", "beta")
        process.kill()
        process.communicate()
        text = sandbox.manifest.read_text() + "# mine\n"
        sandbox.manifest.write_text(text)
        self.assertIn("both stay as they are", sandbox.run("info").stderr)
        self.assertEqual(sandbox.manifest.read_text(), text)


class Interrupt(Recovery):
    def test_interrupt_in_the_download_says_so_and_the_next_run_goes_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                sandbox = WORLD.from_few_to_all()
                WORLD.index.behaviour.bytes_per_second = 2 << 20  # three and a half seconds
                process = sandbox.start("install")
                wait_until(lambda: WORLD.index.sent_bytes > WORLD.size // 4)
                process.send_signal(number)
                began = time.monotonic()
                _, errors = process.communicate(timeout=20)
                self.assertLess(time.monotonic() - began, 2)
                self.assertEqual(process.returncode, 130)
                self.assertIn("error: interrupted\nhint: what was fetched is kept", errors)
                WORLD.index.behaviour.bytes_per_second = 0
                self.expect_old_or_new(sandbox)
                self.expect_recovered(sandbox)
                self.expect_few_bytes(1)

    def test_interrupt_at_any_time_ends_with_130_or_success(self):
        sandbox = WORLD.from_few_to_all()
        began = time.monotonic()
        sandbox.run("install")
        duration = time.monotonic() - began
        for number in range(6):
            with self.subTest(number=number):
                sandbox = WORLD.from_few_to_all()
                process = sandbox.start("install")
                time.sleep(duration * (number + self.random.random()) / 6)
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=20)
                # Before the program could say how it takes a signal, the signal just ends it.
                self.assertIn(process.returncode, (0, 130, -signal.SIGINT), errors)
                self.expect_old_or_new(sandbox)
                self.expect_recovered(sandbox)


class FullDisk(Recovery):
    def mounted(self, options: str) -> Path:
        if os.geteuid() != 0:
            self.skipTest(ROOT_ONLY)
        folder = Path(tempfile.mkdtemp(prefix="mount-", dir=WORLD.folder))
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "envpm-test", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            self.skipTest(f"cannot mount: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(folder)], check=True)
        return folder

    def remount(self, folder: Path, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)

    def expect_failure(self, sandbox: Sandbox, *words: str) -> None:
        done = sandbox.run("install", expected=1)
        self.assertTrue(done.stderr.splitlines()[-1].startswith(("hint: ", "  at: ")), done.stderr)
        self.assertTrue(any(word in done.stderr for word in words), done.stderr)
        self.assertEqual(sandbox.digest(), WORLD.digests[FEW])

    def test_a_full_disk_is_told_and_overcome(self):
        for size in ("1m", "3m", "7m", "9m", "14m"):
            with self.subTest(size=size):
                folder = self.mounted(f"size={size}")
                sandbox = WORLD.from_few_to_all(root=folder / "root", cache=folder / "cache")
                WORLD.index.behaviour.bytes_per_second = 24 << 20  # so that the sockets are empty
                self.expect_failure(sandbox, "No space left", "not enough free space")
                self.remount(folder, "size=200m")
                self.expect_recovered(sandbox)

    def test_a_disk_without_inodes_is_told_and_overcome(self):
        folder = self.mounted("size=200m,nr_inodes=900")
        sandbox = WORLD.from_few_to_all(root=folder / "root", cache=folder / "cache")
        self.expect_failure(sandbox, "not enough free inodes", "No space left")
        self.remount(folder, "nr_inodes=100000")
        self.expect_recovered(sandbox)

    def test_an_add_on_a_full_disk_changes_nothing(self):
        folder = self.mounted("size=4m")
        sandbox = WORLD.sandbox()
        sandbox.project = folder / "project"
        sandbox.project.mkdir()
        sandbox.write(FEW, WORLD.locks[FEW])
        sandbox.run("install")
        with contextlib.suppress(OSError), open(folder / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        sandbox.run("add", "unicode-names", expected=1)
        self.assertEqual((sandbox.project / "envpm.toml").read_text(), FEW)
        self.assertEqual(sandbox.lock.read_text(), WORLD.locks[FEW])
        (folder / "filler").unlink()
        sandbox.run("add", "unicode-names")
        sandbox.run("verify")
        self.expect_no_garbage(sandbox)

    def test_a_limit_of_the_file_size_is_told_and_overcome(self):
        for limit in (MEBIBYTE, 7_500_000):  # of the download; of what is unpacked
            with self.subTest(limit=limit):
                sandbox = WORLD.from_few_to_all()
                done = sandbox.run(
                    "install",
                    expected=1,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
                )
                self.assertIn("File too large", done.stderr)
                self.expect_old_or_new(sandbox)
                self.expect_recovered(sandbox)

    def test_an_output_that_cannot_be_written_is_told_with_json_too(self):
        sandbox = WORLD.from_few_to_all()
        for arguments in (["list"], ["list", "--json"]):
            with open("/dev/full", "w") as full, self.subTest(arguments):
                done = subprocess.run(
                    [str(sandbox.envpm), *arguments],
                    cwd=sandbox.project,
                    env=sandbox.environment(),
                    stdout=full,
                    stderr=subprocess.PIPE,
                    text=True,
                    check=False,
                )
                self.assertEqual(done.returncode, 1)
                self.assertIn("cannot write the output", done.stderr)

    def test_a_store_that_is_read_only_serves_what_it_has(self):
        folder = self.mounted("size=200m")
        sandbox = WORLD.from_few_to_all(root=folder / "root", cache=folder / "cache")
        sandbox.write(FEW, WORLD.locks[FEW])
        self.remount(folder, "ro")
        sandbox.run("install")
        python = sandbox.run(
            "run", "python", "-c", "import entry_points; print(entry_points.version)"
        )
        self.assertEqual(python.stdout, "1.0\n")
        sandbox.run("verify")
        sandbox.write(ALL, WORLD.locks[ALL])
        self.expect_failure(sandbox, "Read-only file system")
        self.remount(folder, "rw")
        self.expect_recovered(sandbox)


class Together(Recovery):
    def test_installs_at_the_same_time_share_a_store(self):
        for count in (2, 4):
            with self.subTest(count=count):
                WORLD.index.forget()
                shared = WORLD.sandbox()
                sandboxes = [
                    WORLD.sandbox(root=shared.root, cache=shared.cache) for _ in range(count)
                ]
                for number, sandbox in enumerate(sandboxes):
                    manifest = FEW if number == 3 else ALL
                    sandbox.write(manifest, WORLD.locks[manifest])
                processes = [sandbox.start("install") for sandbox in sandboxes]
                for sandbox, process in zip(sandboxes, processes):
                    _, errors = process.communicate(timeout=60)
                    self.assertEqual(process.returncode, 0, errors)
                for number, sandbox in enumerate(sandboxes):
                    self.assertEqual(sandbox.digest(), WORLD.digests[FEW if number == 3 else ALL])
                    sandbox.run("verify")
                self.assertEqual(os.listdir(shared.root / "tmp"), [])
                self.assertLess(WORLD.index.sent_bytes, 1.1 * WORLD.size + MEBIBYTE)

    def test_an_install_that_begins_later_takes_what_the_first_one_has_unpacked(self):
        WORLD.index.behaviour.bytes_per_second = 1 << 20
        WORLD.index.forget()
        first = WORLD.sandbox()
        second = WORLD.sandbox(root=first.root, cache=first.cache)
        for sandbox in (first, second):
            sandbox.write(ALL, WORLD.locks[ALL])
        processes = [first.start("install")]
        # Its archive is gone by then, and its tree is in no store yet.
        wait_until(lambda: list((first.root / "tmp").glob("*/*.json")))
        processes.append(second.start("install"))
        for sandbox, process in zip((first, second), processes):
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, errors)
            self.assertEqual(sandbox.digest(), WORLD.digests[ALL])
            sandbox.run("verify")
        self.assertEqual(os.listdir(first.root / "tmp"), [])
        self.assertEqual(os.listdir(first.cache / "dl"), [])
        self.assertLess(WORLD.index.sent_bytes, 1.1 * WORLD.size)

    def test_a_manifest_that_is_edited_meanwhile_is_not_taken_for_installed(self):
        sandbox = WORLD.from_few_to_all()
        WORLD.index.behaviour.bytes_per_second = 8 * MEBIBYTE
        process = sandbox.start("install")
        while process.poll() is None and not WORLD.index.sent_bytes:
            time.sleep(0.01)
        sandbox.write(FEW)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        self.assertEqual(sandbox.digest(), WORLD.digests[ALL])
        sandbox.run("install")
        self.assertEqual(sandbox.digest(), WORLD.digests[FEW])

    def test_the_collector_takes_nothing_from_an_install(self):
        sandbox = WORLD.from_few_to_all()
        process = sandbox.start("install")
        while process.poll() is None:
            sandbox.run("gc", "--grace", "0s")
        _, errors = process.communicate()
        self.assertEqual(process.returncode, 0, errors)
        self.expect_recovered(sandbox)


class Server(Recovery):
    def test_a_server_that_dies_and_comes_back_is_waited_for(self):
        sandbox = WORLD.from_few_to_all()
        WORLD.index.behaviour.dies_after_bytes = WORLD.size // 2
        process = sandbox.start("install")
        wait_until(lambda: WORLD.index.is_gone)
        time.sleep(0.1)
        WORLD.index.come_back()
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        self.expect_recovered(sandbox)
        self.expect_few_bytes(1)

    def test_a_file_that_is_gone_costs_no_other(self):
        sandbox = WORLD.from_few_to_all()
        WORLD.index.behaviour.absent = {"same_bytes-1.0-py3-none-any.whl"}
        done = sandbox.run("install", expected=5)
        self.assertIn("no mirror gave a file", done.stderr)
        self.assertIn("same-bytes 1.0", done.stderr)
        self.assertEqual(sandbox.digest(), WORLD.digests[FEW])
        WORLD.index.behaviour.absent = set()
        self.expect_recovered(sandbox)
        self.assertLessEqual(WORLD.index.sent_bytes, WORLD.size)


def tracing(calls: list[str]) -> list[str]:
    # Not with --seccomp-bpf: strace 6.1 then injects no signal.
    return ["strace", "-f", "-qq", "-e", f"trace={','.join(calls)}", "-e", "signal=none"]


def killing(call: str, number: int) -> list[str]:
    """Dies on the way into this call, when a thread makes it for the so-manieth time."""
    return [*tracing([call]), "-e", f"inject={call}:signal=KILL:when={number}", "-o", "/dev/null"]


def wait_until(is_true) -> None:
    deadline = time.monotonic() + 20
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError("this never came to be")
        time.sleep(0.005)


def begin(envpm: Path) -> World:
    global ENVPM, WORLD
    ENVPM = envpm
    WORLD = World()
    return WORLD


if __name__ == "__main__":
    sys.exit(run_tests(begin))
