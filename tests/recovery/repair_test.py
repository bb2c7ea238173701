"""`envpm repair` on a store and environments that were damaged in every way.

repair_test.py ENVPM [a test's name…]. Needs no network; what needs strace is skipped without it.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from command_tests import run_tests  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox, manifest_of  # noqa: E402
from wheels import Wheel  # noqa: E402

ENVPM = Path()
WHEELS = [
    Wheel(
        "alpha",
        "1.0",
        files={
            "alpha/data.txt": "data of alpha\n",
            "alpha/deep/one.txt": "one\n",
            "alpha/deep/two.txt": "two\n",
            "alpha/empty.txt": "",
        },
        scripts={"say-alpha": "alpha:main"},
        executable={"alpha/run.sh"},
    ),
    Wheel("beta", "1.0", files={"beta/data.txt": "data of beta\n", "beta/same.txt": "one\n"}),
]
WHEELS[0].files["alpha/run.sh"] = "#!/bin/sh\nexit 0\n"
INDEX: Index


def work_folder() -> Path | None:
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK) else None


def overwrite(path: Path, content: bytes) -> None:
    """As a disk does it: mode and time stay."""
    status = path.stat()
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(status.st_mode & 0o7777)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def flip(path: Path) -> None:
    content = path.read_bytes()
    overwrite(path, bytes([content[0] ^ 1]) + content[1:])


def snapshot(folder: Path) -> dict[str, tuple]:
    """Everything but the locks, with inode and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if "locks" in path.parts or path.name == "store.lock":
            continue
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (status.st_ino, status.st_mode, content)
    return found


class Repair(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="envpm-repair-", dir=work_folder())).resolve()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.sandbox = self.installed("one", "alpha", "beta")
        self.whole = self.sandbox.digest()
        self.prefix = self.sandbox.prefix()
        self.site = next(self.prefix.glob("lib/python*/site-packages"))
        INDEX.forget()

    def installed(self, name: str, *packages: str, link_mode: str = "hardlink") -> Sandbox:
        sandbox = Sandbox(
            self.folder / name,
            ENVPM,
            INDEX.simple_url,
            root=self.folder / "root",
            cache=self.folder / "cache",
            variables={"ENVPM_LINK_MODE": link_mode},
        )
        sandbox.write(manifest_of(*packages))
        sandbox.run("install")
        return sandbox

    @property
    def root(self) -> Path:
        return self.sandbox.root

    def object_with(self, content: str) -> Path:
        for path in (self.root / "objects").rglob("*"):
            if path.is_file() and path.read_bytes() == content.encode():
                return path
        raise AssertionError(f"no object has {content!r}")

    def trees(self) -> list[Path]:
        return sorted((self.root / "trees").rglob("*.json"))

    def quarantine(self) -> list[Path]:
        folder = self.root / "quarantine"
        return [path for path in folder.glob("*/*")] if folder.is_dir() else []

    def repair(self, *arguments: str, expected: int = 0) -> dict:
        done = self.sandbox.run("repair", "--json", *arguments, expected=expected)
        return json.loads(done.stdout)

    def expect_whole(self) -> None:
        self.sandbox.run("verify")
        self.assertEqual(self.sandbox.digest(), self.whole)
        self.assertEqual(os.listdir(self.root / "tmp"), [])


class Damages(Repair):
    def damages(self):
        """What is done, and whose archives must then be fetched."""
        data = self.object_with("data of alpha\n")
        script = self.prefix / "bin/say-alpha"
        return {
            "an object of the same length": (lambda: flip(data), {"alpha"}),
            "an empty object": (lambda: overwrite(data, b""), {"alpha"}),
            "a missing object": (data.unlink, {"alpha"}),
            "an object that two packages have": (
                lambda: flip(self.object_with("one\n")),
                None,
            ),
            "a link in an object's place": (
                lambda: (data.unlink(), data.symlink_to("/etc/passwd")),
                {"alpha"},
            ),
            "a folder in an object's place": (lambda: (data.unlink(), data.mkdir()), {"alpha"}),
            "another mode": (lambda: data.chmod(0o644), set()),
            "a touched object": (lambda: os.utime(data), set()),
            "a damaged tree": (lambda: flip(self.trees()[0]), None),
            "a stranger among the objects": (
                lambda: (data.parent / "stranger").write_text("x"),
                set(),
            ),
            "a file in a fan-out folder's place": (
                lambda: (self.root / "objects/sha256/zz").write_text("x"),
                set(),
            ),
            "a private file of the prefix": (
                lambda: (
                    (self.site / "beta/data.txt").unlink(),
                    (self.site / "beta/data.txt").write_text("other\n"),
                ),
                set(),
            ),
            "a folder of the prefix": (lambda: shutil.rmtree(self.site / "alpha/deep"), set()),
            "a generated script": (lambda: flip(script), set()),
            "a missing script": (script.unlink, set()),
            "another link": (
                lambda: (
                    (self.prefix / "bin/python").unlink(),
                    (self.prefix / "bin/python").symlink_to("/bin/sh"),
                ),
                set(),
            ),
            "a stranger in the prefix": (
                lambda: (self.site / "alpha/new.py").write_text("x"),
                set(),
            ),
            "the file list of the prefix": (
                lambda: flip(self.prefix / ".envpm/manifest.json"),
                set(),
            ),
            "no manifest in the prefix": ((self.prefix / ".envpm/manifest.json").unlink, set()),
            "all at once": (
                lambda: (
                    flip(data),
                    flip(script),
                    flip(self.trees()[0]),
                    self.object_with("data of beta\n").unlink(),
                    (self.site / "beta/data.txt").unlink(),
                    (self.site / "note").write_text("x"),
                ),
                {"alpha", "beta"},
            ),
        }

    def test_everything_that_can_be_damaged_is_repaired(self):
        for name in list(self.damages()):
            with self.subTest(name):
                inflict, fetched = self.damages()[name]
                roots = sorted(os.listdir(self.root / "roots"))
                generations = sorted(os.listdir(self.sandbox.environment_folder / "gens"))
                inflict()
                INDEX.forget()
                report = json.loads(self.sandbox.run("verify", "--json", expected=6).stdout)
                damaged = {damage["path"] for damage in report["damages"]}
                before = snapshot(self.root)
                told = self.repair("--dry-run")
                self.assertEqual(snapshot(self.root), before, "a dry run changed something")
                self.assertEqual({one["path"] for one in told["repaired"]}, damaged)
                self.assertEqual(INDEX.sent_bytes, 0)
                done = self.repair()
                self.assertEqual({one["path"] for one in done["repaired"]}, damaged)
                self.assertEqual(done["left"], [])
                if fetched is not None:
                    self.assertEqual({file.split("-")[0] for file in INDEX.sent}, fetched)
                self.assertEqual(sorted(os.listdir(self.root / "roots")), roots)
                self.assertEqual(
                    sorted(os.listdir(self.sandbox.environment_folder / "gens")), generations
                )
                self.expect_whole()

    def test_what_was_damaged_is_kept_in_the_quarantine_until_it_is_old(self):
        flip(self.object_with("data of alpha\n"))
        tree = self.trees()[0]
        flip(tree)
        damaged = tree.read_bytes()
        (self.site / "note").write_text("my own")
        quarantine = Path(self.repair()["quarantine"])
        contents = {path.read_bytes() for path in quarantine.iterdir()}
        self.assertIn(b"my own", contents)
        self.assertIn(b"eata of alpha\n", contents)
        self.assertIn(damaged, contents)
        self.sandbox.run("gc")
        self.assertTrue(quarantine.is_dir())
        self.sandbox.run("gc", "--grace", "0s")
        self.assertFalse(quarantine.exists())
        self.expect_whole()

    def test_of_the_archives_that_have_what_is_damaged_one_is_enough(self):
        flip(self.object_with("one\n"))
        flip(self.object_with((self.site / "beta-1.0.dist-info/WHEEL").read_text()))
        self.repair()
        self.assertEqual(len(INDEX.sent), 1)
        self.expect_whole()

    def test_the_link_that_keeps_bytecode_apart_is_made_anew(self):
        link = self.prefix / ".envpm/env"
        target = os.readlink(link)
        link.unlink()
        self.sandbox.run("verify", expected=6)
        self.sandbox.run("repair")
        self.assertEqual(os.readlink(link), target)
        self.expect_whole()

    def test_a_mended_file_is_linked_to_the_new_object(self):
        data = self.object_with("data of alpha\n")
        before = data.stat().st_ino
        flip(data)
        self.repair()
        self.assertNotEqual(data.stat().st_ino, before)
        self.assertEqual((self.site / "alpha/data.txt").stat().st_ino, data.stat().st_ino)

    def test_verify_names_all_who_use_what_is_damaged(self):
        other = self.installed("two", "alpha", link_mode="copy")  # whose own files are whole
        data = self.object_with("data of alpha\n")
        flip(data)
        report = json.loads(self.sandbox.run("verify", "--json", expected=6).stdout)
        (damage,) = [one for one in report["damages"] if one["path"] == str(data)]
        projects = sorted(sum((one["projects"] for one in damage["environments"]), []))
        self.assertEqual(projects, sorted([str(self.sandbox.project), str(other.project)]))
        words = self.sandbox.run("verify", expected=6)
        self.assertIn(f"used by {self.sandbox.project}, {other.project}", words.stdout)
        self.assertIn("envpm repair", words.stderr)
        self.repair()
        other.run("verify")


class Collecting(Repair):
    def test_downloads_that_were_abandoned_for_a_week_go_and_younger_ones_stay(self):
        folder = self.sandbox.cache / "dl"
        folder.mkdir(exist_ok=True)
        old, young = folder / ("a" * 64 + ".part"), folder / ("b" * 64 + ".part")
        for path, days in ((old, 8), (young, 6)):
            path.write_bytes(b"x" * 5000)
            os.utime(path, (time.time() - days * 86400,) * 2)
        told = self.sandbox.run("gc", "--dry-run", "--verbose")
        self.assertIn(str(old), told.stdout)
        for long in ("200000d", "9999999h"):
            self.sandbox.run("gc", "--grace", long)
        self.assertTrue(old.exists())
        done = self.sandbox.run("gc", "--verbose")
        self.assertEqual(done.stdout.splitlines()[0], str(old))
        self.assertEqual(os.listdir(folder), [young.name])

    def test_an_environment_stays_as_long_as_a_program_runs_in_it(self):
        script = "print(1, flush=True); input()"
        sandbox = self.sandbox
        process = subprocess.Popen(
            [str(ENVPM), "run", "python", "-c", script],
            cwd=sandbox.project,
            env=sandbox.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)
        process.stdout.readline()
        shutil.rmtree(sandbox.project)
        other = self.installed("two", "beta")
        report = json.loads(other.run("gc", "--grace", "0s", "--json").stdout)
        self.assertEqual(report["running"], [self.prefix.name])
        self.assertTrue(self.prefix.is_dir())
        process.communicate("\n", timeout=60)
        other.run("gc", "--grace", "0s")
        self.assertFalse(self.prefix.exists())
        other.run("verify")


class Sources(Repair):
    def test_offline_it_tells_what_it_cannot_repair_and_changes_nothing_of_that(self):
        data = self.object_with("data of alpha\n")
        flip(data)
        report = self.repair("--offline", expected=6)
        self.assertEqual(report["repaired"], [])
        left = {one["path"]: one for one in report["left"]}
        self.assertIn("offline", left[str(data)]["why"])
        self.assertEqual(left[str(data)]["projects"], [str(self.sandbox.project)])
        self.assertEqual(data.read_bytes(), b"eata of alpha\n")
        self.repair()
        self.expect_whole()

    def test_an_archive_in_the_cache_serves_without_network(self):
        name = "alpha-1.0-py3-none-any.whl"
        (tree,) = [path for path in self.trees() if "alpha/data.txt" in path.read_text()]
        cached = self.sandbox.cache / "dl" / tree.stem
        cached.parent.mkdir(exist_ok=True)
        cached.write_bytes(INDEX.archives[name])
        flip(self.object_with("data of alpha\n"))
        self.repair("--offline")
        self.assertEqual(INDEX.sent_bytes, 0)
        self.expect_whole()

    def test_one_source_that_fails_does_not_cost_the_others(self):
        flip(self.object_with("data of alpha\n"))
        flip(self.object_with("data of beta\n"))
        INDEX.behaviour.absent = {"alpha-1.0-py3-none-any.whl"}
        self.addCleanup(INDEX.behaviour.absent.clear)
        report = self.repair(expected=6)
        self.assertIn(str(self.object_with("data of beta\n")), str(report["repaired"]))
        self.assertEqual(len([one for one in report["left"] if "objects" in one["path"]]), 1)
        INDEX.behaviour.absent.clear()
        self.repair()
        self.expect_whole()

    def test_a_package_that_no_index_has_any_more_does_not_cost_the_others(self):
        damaged = [self.object_with(f"data of {name}\n") for name in ("alpha", "beta")]
        for one in damaged:
            flip(one)
        name = "alpha-1.0-py3-none-any.whl"
        self.addCleanup(INDEX.wheels.update, {name: INDEX.wheels.pop(name)})
        shutil.rmtree(self.sandbox.cache)
        report = self.repair(expected=6)
        self.assertIn(str(damaged[1]), [one["path"] for one in report["repaired"]])
        self.assertIn(str(damaged[0]), [one["path"] for one in report["left"]])

    def test_what_came_of_an_archive_outlives_a_repair_that_cannot_have_the_rest(self):
        name = "alpha-1.0-py3-none-any.whl"
        (tree,) = [path for path in self.trees() if "alpha/data.txt" in path.read_text()]
        part = self.sandbox.cache / "dl" / f"{tree.stem}.part"
        flip(self.object_with("data of alpha\n"))
        INDEX.behaviour.bytes_per_second = 400
        self.addCleanup(setattr, INDEX.behaviour, "bytes_per_second", 0)
        process = self.sandbox.start("repair")
        while INDEX.sent_bytes < 100 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertTrue(part.exists())
        INDEX.behaviour.bytes_per_second = 0
        INDEX.behaviour.absent = {name}
        self.addCleanup(INDEX.behaviour.absent.clear)
        self.repair(expected=6)
        self.assertTrue(part.exists())
        INDEX.behaviour.absent.clear()
        INDEX.forget()
        self.repair()
        self.assertLess(INDEX.sent_bytes, len(INDEX.archives[name]))
        self.assertFalse(part.exists())
        self.expect_whole()

    def test_wrong_bytes_from_the_source_replace_nothing(self):
        data = self.object_with("data of alpha\n")
        flip(data)
        INDEX.behaviour.wrong_bytes = {"alpha-1.0-py3-none-any.whl"}
        self.addCleanup(INDEX.behaviour.wrong_bytes.clear)
        self.repair(expected=6)
        self.assertEqual(data.read_bytes(), b"eata of alpha\n")
        INDEX.behaviour.wrong_bytes.clear()
        self.repair()
        self.expect_whole()

    def test_another_project_repairs_with_the_lock_of_the_one_that_has_the_package(self):
        other = self.installed("two", "beta")
        flip(self.object_with("data of alpha\n"))
        other.run("repair")
        self.expect_whole()

    def test_of_an_older_generation_it_mends_what_the_store_has_and_tells_the_rest(self):
        old = self.prefix
        self.sandbox.write(manifest_of("beta"))
        self.sandbox.run("install")
        self.whole = self.sandbox.digest()
        file = old / self.site.relative_to(old) / "alpha/data.txt"
        file.unlink()
        script = old / "bin/say-alpha"
        flip(script)
        told = self.repair("--dry-run", expected=6)
        report = self.repair(expected=6)
        self.assertEqual([one["path"] for one in report["repaired"]], [str(file)])
        self.assertEqual([one["path"] for one in report["left"]], [str(script)])
        self.assertEqual(told["left"], report["left"])
        self.assertEqual([told["dry_run"], report["dry_run"]], [True, False])
        self.assertIn("envpm install", report["left"][0]["hint"])
        self.assertEqual(file.read_text(), "data of alpha\n")
        self.assertTrue((self.sandbox.environment_folder / "gens/1").is_symlink())

    def test_what_no_lock_names_stays_as_long_as_an_environment_has_it(self):
        data = self.object_with("data of alpha\n")
        self.sandbox.write(manifest_of("beta"))
        self.sandbox.run("install")
        flip(data)
        report = self.repair(expected=6)
        self.assertIn(str(data), [one["path"] for one in report["left"]])
        self.assertEqual(data.read_bytes(), b"eata of alpha\n")

    def test_a_store_that_is_none_cannot_be_checked(self):
        shutil.rmtree(self.root)
        self.sandbox.run("verify", expected=1)
        self.sandbox.run("repair", expected=1)
        self.assertFalse(self.root.exists())
        self.root.mkdir()
        (self.root / "note").write_text("my own")
        self.sandbox.run("repair", expected=1)
        self.assertEqual(os.listdir(self.root), ["note"])

    def test_a_store_that_everybody_may_write_to_is_not_written_to(self):
        flip(self.object_with("data of alpha\n"))
        before = sorted(self.root.rglob("*"))
        self.root.chmod(0o777)
        done = self.sandbox.run("repair", expected=1)
        self.assertIn("everybody may write", done.stderr)
        self.assertEqual(sorted(self.root.rglob("*")), before)
        self.root.chmod(0o755)
        self.repair()
        self.expect_whole()


class Crash(Repair):
    def inflict(self) -> None:
        flip(self.object_with("data of alpha\n"))
        self.object_with("two\n").unlink()
        flip(self.prefix / "bin/say-alpha")
        (self.site / "note").write_text("x")

    def test_several_repairs_at_the_same_time(self):
        self.inflict()
        running = [self.sandbox.start("repair") for _ in range(3)]
        for process in running:
            output, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, output + errors)
        self.expect_whole()

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_a_kill_at_any_call_leaves_nothing_that_the_next_repair_cannot_mend(self):
        killed = 0
        for call, number in [
            ("rename", 1), ("renameat", 1), ("renameat2", 1), ("renameat2", 2), ("linkat", 1),
            ("linkat", 2), ("fsync", 2), ("syncfs", 1), ("syncfs", 2), ("rename", 3),
        ]:  # fmt: skip
            with self.subTest(call=call, number=number):
                self.inflict()
                data = self.object_with("eata of alpha\n")
                done = self.sandbox.run("repair", wrapper=killing(call, number), expected=None)
                killed += done.returncode == -signal.SIGKILL
                self.assertIn(data.read_bytes(), (b"data of alpha\n", b"eata of alpha\n"))
                self.assertTrue((self.prefix / ".envpm/manifest.json").is_file())
                self.sandbox.run("repair")
                self.sandbox.run("gc", "--grace", "0s")
                self.expect_whole()
        self.assertGreater(killed, 6)


def killing(call: str, number: int) -> list[str]:
    return [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
        "-e", f"inject={call}:signal=KILL:when={number}",
    ]  # fmt: skip


def begin(envpm: Path) -> Index:
    global ENVPM, INDEX
    ENVPM, INDEX = envpm, Index(WHEELS)
    return INDEX


if __name__ == "__main__":
    sys.exit(run_tests(begin))
