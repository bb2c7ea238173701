"""`verify`, `repair` and `gc` beside failing disks and other processes.

care_test.py ENVPM [a test's name…]. Needs no network; what needs strace is skipped without it.
"""

import fcntl
import json
import os
import re
import shutil
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from command_tests import run_tests  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder  # noqa: E402
from wheels import Wheel  # noqa: E402

ENVPM = Path()
INDEX: Index
WHEELS = [
    Wheel("alpha", "1.0", files={"alpha/data.txt": "data of alpha\n"}),
    Wheel("beta", "1.0", files={"beta/data.txt": "data of beta\n"}),
]


def failing(calls: str, error: str, paths: list[Path], when: str = "1+") -> list[str]:
    """A command whose calls N to M (`N..M`) of this kind fail for these paths."""
    named = [word for path in paths for word in ("-P", str(path))]
    fault = ["-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"]
    return ["strace", "-f", "-qq", "-o", "/dev/null", *named, *fault]


class Care(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("envpm-care-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.sandbox = Sandbox(self.folder / "one", ENVPM, INDEX.simple_url)
        self.sandbox.write(manifest_of("alpha", "beta"))
        self.sandbox.run("install")
        self.root = self.sandbox.root
        self.prefix = self.sandbox.prefix()

    def object_with(self, content: str) -> Path:
        for path in (self.root / "objects").rglob("*"):
            if path.is_file() and path.read_bytes() == content.encode():
                return path
        raise AssertionError(f"no object has {content!r}")

    def damages(self, wrapper: list[str]) -> dict[str, str]:
        done = self.sandbox.run("verify", "--json", wrapper=wrapper, expected=6)
        return {one["path"]: one["what"] for one in json.loads(done.stdout)["damages"]}

    def repair(self, wrapper: list[str], expected: int = 0) -> dict:
        done = self.sandbox.run("repair", "--json", wrapper=wrapper, expected=expected)
        return json.loads(done.stdout)


@unittest.skipUnless(shutil.which("strace"), "needs strace")
class Disks(Care):
    def expect_mended(self, lost: Path, wrapper: list[str]) -> None:
        before = lost.stat().st_ino
        self.assertEqual(self.damages(wrapper)[str(lost)], "it cannot be read")
        self.assertIn(str(lost), [one["path"] for one in self.repair(wrapper)["repaired"]])
        self.assertNotEqual(lost.stat().st_ino, before)
        self.sandbox.run("verify")

    def test_an_object_that_the_disk_does_not_give_is_made_anew(self):
        lost = self.object_with("data of alpha\n")
        self.expect_mended(lost, failing("read,pread64", "EIO", [lost]))

    def test_a_tree_that_the_disk_does_not_give_is_made_anew_and_stops_no_collection(self):
        lost = sorted((self.root / "trees").rglob("*.json"))[0]
        wrapper = failing("read,pread64", "EUCLEAN", [lost])
        self.sandbox.run("gc", wrapper=wrapper)
        self.expect_mended(lost, wrapper)

    def test_a_file_of_a_prefix_that_the_disk_does_not_give_is_made_anew(self):
        lost = next(self.prefix.rglob("beta/data.txt"))
        manifest = self.prefix / ".envpm/manifest.json"
        for path in (lost, manifest):
            before = path.stat().st_ino
            others = [self.object_with("data of beta\n")] if path == lost else []
            wrapper = failing("read,pread64", "EBADMSG", [path, *others])
            self.assertEqual(self.damages(wrapper)[str(path)], "changed")
            self.repair(wrapper)
            self.assertNotEqual(path.stat().st_ino, before)
            self.sandbox.run("verify")

    def test_a_folder_of_a_prefix_that_the_disk_does_not_give_is_made_anew(self):
        folder = next(self.prefix.rglob("beta/data.txt")).parent
        other = next(self.prefix.rglob("alpha/data.txt"))
        for is_locked, lost in ((True, self.prefix / "bin"), (True, folder), (False, folder)):
            with self.subTest(lost=lost, is_locked=is_locked):
                if not is_locked:
                    self.sandbox.lock.unlink()
                before = lost.stat().st_ino
                wrapper = failing("getdents64", "EIO", [lost])
                other.unlink()
                expected = {str(lost): "it cannot be read", str(other): "missing"}
                self.assertEqual(self.damages(wrapper), expected)
                report = self.repair(wrapper)
                self.assertEqual({one["path"] for one in report["repaired"]}, set(expected))
                self.assertNotEqual(lost.stat().st_ino, before)
                self.sandbox.run("verify")

    def test_a_folder_that_is_cut_short_is_no_empty_one(self):
        """Its names come, and then the disk fails: what was not listed must not count as gone."""
        environment = self.sandbox.environment_folder
        for folder, command in (
            (self.root / "roots", "gc"),
            (environment / "gens", "gc"),
            (environment / "gens", "gens"),
            (environment / "gens", "rollback"),
            (self.root / "p", "gc"),
            (self.root / "p", "verify"),
            (self.root / "objects/sha256", "gc"),
            (self.root / "objects/sha256", "verify"),
            (self.root / "leases", "gc"),
            (self.root / "tmp", "gc"),
        ):
            with self.subTest(folder=folder, command=command):
                wrapper = failing("getdents64", "EIO", [folder], "2+")
                done = self.sandbox.run(command, wrapper=wrapper, expected=1)
                self.assertIn("Input/output error", done.stderr)
        self.sandbox.run("verify")

    def test_a_prefix_that_cannot_be_listed_to_its_end_is_not_collected(self):
        shutil.rmtree(self.sandbox.environment_folder)
        # By another name: a process that names the prefix is one that uses it.
        alias = self.sandbox.folder / "alias"
        alias.symlink_to(self.prefix)
        wrapper = failing("getdents64", "EIO", [alias], "2+")
        self.sandbox.run("gc", "--grace", "0s", wrapper=wrapper, expected=1)
        self.assertTrue(self.prefix.is_dir())

    def test_what_cannot_be_moved_does_not_cost_the_rest(self):
        data = self.object_with("data of alpha\n")
        strangers = [data.parent / "stranger", self.prefix / "lib/stranger"]
        for stranger in strangers:
            stranger.mkdir()
        data.chmod(0o644)
        file = next(self.prefix.rglob("beta/data.txt"))
        file.unlink()
        self.sandbox.lock.unlink()
        report = self.repair(failing("rename", "EBUSY", strangers), expected=6)
        left = {one["path"]: one["why"] for one in report["left"]}
        self.assertEqual(sorted(left), sorted(map(str, strangers)))
        for why in left.values():
            self.assertIn("busy", why)
        self.assertEqual(file.read_text(), "data of beta\n")
        self.assertEqual(data.stat().st_mode & 0o777, 0o444)
        self.assertIsNone(report["quarantine"])

    def test_what_cannot_be_linked_is_kept_as_a_copy(self):
        data = self.object_with("data of alpha\n")
        data.chmod(0o644)
        data.write_bytes(b"DATA OF ALPHA\n")
        report = self.repair(failing("linkat", "EPERM", [data]))
        kept = [path.read_bytes() for path in Path(report["quarantine"]).iterdir()]
        self.assertIn(b"DATA OF ALPHA\n", kept)
        self.assertEqual(data.read_bytes(), b"data of alpha\n")

    def test_the_names_of_a_new_stores_folders_are_synced(self):
        log = self.folder / "calls"
        for durability in ("file", "off"):
            variables = {"ENVPM_DURABILITY": durability}
            new = Sandbox(self.folder / durability, ENVPM, INDEX.simple_url, variables=variables)
            new.write(manifest_of("beta"))
            new.run("install", wrapper=["strace", "-f", "-y", "-e", "trace=fsync", "-o", str(log)])
            synced = set(re.findall(r"fsync\(\d+<([^>]*)>", log.read_text()))
            folders = {new.root, new.root.parent, new.root / "objects", new.root / "trees"}
            self.assertLessEqual({str(folder) for folder in folders}, synced)


class Together(Care):
    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_nothing_is_collected_while_prefixes_are_verified_and_repaired(self):
        manifest = self.prefix / ".envpm/manifest.json"
        for command in ("verify", "repair"):
            log = self.folder / command
            calls = ["-e", "trace=flock,close,openat"]
            self.sandbox.run(command, wrapper=["strace", "-f", "-y", *calls, "-o", str(log)])
            before, _, _ = log.read_text().rpartition(f'"{manifest}"')
            lock = re.escape(str(self.root / "store.lock"))
            held = set()
            for call, number in re.findall(rf"(flock|close)\((\d+)<{lock}>", before):
                held.add(number) if call == "flock" else held.discard(number)
            self.assertTrue(held, command)

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_an_archive_goes_only_while_its_lock_keeps_others_out(self):
        log = self.folder / "calls"
        shutil.rmtree(self.root)
        shutil.rmtree(self.sandbox.project / ".envpm")
        calls = ["-z", "-e", "trace=flock,close,unlink"]
        self.sandbox.run("install", wrapper=["strace", "-f", "-y", *calls, "-o", str(log)])
        cache = re.escape(str(self.sandbox.cache))
        lock = rf"\(\d+<{cache}/(dl[.a-z]*\.lock)>(?:, LOCK_(EX|SH))?"
        held, removed = {}, 0
        for line in log.read_text().splitlines():
            if change := re.search(lock, line):
                held[change[1]] = change[2]
            elif re.search(rf'unlink\("{cache}/dl/[0-9a-f]{{64}}"', line):
                self.assertIn("EX", held.values())
                removed += 1
        self.assertEqual(removed, len(WHEELS))

    def test_a_moved_project_waits_for_the_collector_that_may_not_know_it(self):
        moved = Sandbox(self.folder / "two", ENVPM, INDEX.simple_url, self.root, self.sandbox.cache)
        shutil.rmtree(moved.project)
        shutil.move(self.sandbox.project, moved.project)
        with (self.root / "store.lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = moved.start("run", "python", "-c", "import alpha; print('done')")
            self.addCleanup(process.kill)
            told = process.stderr.readline()
            self.assertIn("envpm gc", told)
            # As the collector does of a prefix that it took for unused.
            self.prefix.rename(self.root / "tmp/going")
        output, errors = process.communicate(timeout=60)
        self.assertEqual((process.returncode, output), (0, "done\n"), errors)
        self.assertTrue(self.prefix.is_dir())

    def test_what_a_moved_project_uses_without_an_install_is_not_collected(self):
        moved = Sandbox(self.folder / "two", ENVPM, INDEX.simple_url, self.root, self.sandbox.cache)
        shutil.rmtree(moved.project)
        shutil.move(self.sandbox.project, moved.project)
        moved.run("run", "--no-install", "python", "-c", "import alpha")
        moved.run("gc", "--grace", "0s")
        moved.run("run", "--no-install", "python", "-c", "import alpha")

    def test_a_project_that_is_known_waits_for_no_collector(self):
        with (self.root / "store.lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.sandbox.run("install")
            self.sandbox.run("run", "python", "-c", "import alpha")

    def test_what_kills_left_in_the_cache_goes_when_it_is_a_day_old(self):
        folder = self.sandbox.cache / "index/pages"
        old, young = folder / ".demo.0123abcd", folder / ".demo.0123abce"
        for path, hours in ((old, 25), (young, 23)):
            path.write_text("half a page")
            os.utime(path, (time.time() - hours * 3600,) * 2)
        self.assertIn(str(old), self.sandbox.run("gc", "--dry-run", "--verbose").stdout)
        self.assertTrue(old.exists())
        self.assertIn(str(old), self.sandbox.run("gc", "--verbose").stdout)
        self.assertEqual((old.exists(), young.exists()), (False, True))


def begin(envpm: Path) -> Index:
    global ENVPM, INDEX
    ENVPM, INDEX = envpm, Index(WHEELS)
    return INDEX


if __name__ == "__main__":
    sys.exit(run_tests(begin))
