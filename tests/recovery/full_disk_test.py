"""`gc` on a disk that has nothing left: no block, or no inode. Who is out of room asks for it.

full_disk_test.py ENVPM [a test's name…]. Needs root or user namespaces, to mount a tmpfs of its
own: in the latter case it starts itself again in one. Skipped without either.
"""

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from command_tests import run_tests  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox, manifest_of  # noqa: E402
from varied_wheels import noise  # noqa: E402
from wheels import Wheel  # noqa: E402

ENVPM = Path()
INDEX: Index
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
AGAIN = "ENVPM_FULL_DISK_TEST_AGAIN"
WHEELS = [
    Wheel("old", "1.0", files={f"old/{n}.bin": noise(n, 100_000) for n in range(40)}),
    Wheel("new", "1.0", files={f"new/{n}.bin": noise(100 + n, 50_000) for n in range(20)}),
]


class FullDisk(unittest.TestCase):
    def mount(self, options: str) -> None:
        self.disk = Path(tempfile.mkdtemp(prefix="envpm-full-")).resolve()
        self.addCleanup(os.rmdir, self.disk)
        mount = ["mount", "-t", "tmpfs", "-o", options, "envpm-test", str(self.disk)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"cannot mount: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)

    def begin(self, options: str) -> None:
        """A disk with two environments, of which one is used no more."""
        self.mount(options)
        self.sandbox = Sandbox(self.disk / "box", ENVPM, INDEX.simple_url)
        self.sandbox.write(manifest_of("old"))
        self.sandbox.run("install")

    def leave_an_environment(self) -> None:
        """Another one is used in its place, by a project that takes the place of its own."""
        shutil.rmtree(self.sandbox.project / ".envpm")
        self.sandbox.lock.unlink()
        self.sandbox.write(manifest_of("new"))
        self.sandbox.run("install")

    def take_all_blocks(self) -> None:
        with contextlib.suppress(OSError), (self.disk / "filler").open("wb", 0) as filler:
            while True:
                filler.write(bytes(4096))
        self.assertEqual(os.statvfs(self.disk).f_bavail, 0)

    def take_all_inodes(self) -> None:
        count = 0
        with self.assertRaises(OSError) as full:
            while True:
                (self.disk / f"filler-{count}").touch()
                count += 1
        self.assertEqual(full.exception.errno, errno.ENOSPC)
        self.assertEqual(os.statvfs(self.disk).f_favail, 0)

    def expect_room_made(self) -> None:
        sandbox = self.sandbox
        digest = sandbox.digest()
        before = self.files()
        done = sandbox.run("gc", "--grace", "0s")
        self.assertIn("freed 4", done.stdout + done.stderr)
        self.assertLess(self.files(), before - 30)  # those of `old` are gone
        self.assertEqual(sandbox.digest(), digest)
        sandbox.run("verify")
        for filler in self.disk.glob("filler*"):
            filler.unlink()
        sandbox.write(manifest_of("old", "new"))
        sandbox.lock.unlink()
        sandbox.run("install")
        sandbox.run("verify")

    def files(self) -> int:
        return sum(path.is_file() for path in (self.sandbox.root / "objects").rglob("*"))

    def test_without_a_free_block(self):
        self.begin("size=40m")
        self.leave_an_environment()
        self.take_all_blocks()
        self.expect_room_made()

    def test_without_a_free_inode(self):
        self.begin("size=40m,nr_inodes=2000")
        self.leave_an_environment()
        self.take_all_inodes()
        self.expect_room_made()

    def test_of_a_project_that_finds_no_room_nothing_stays(self):
        self.mount("size=8k")
        sandbox = Sandbox(
            Path(tempfile.mkdtemp(prefix="envpm-full-home-")), ENVPM, INDEX.simple_url
        )
        self.addCleanup(shutil.rmtree, sandbox.folder)
        ignored = self.disk / ".gitignore"
        for before in ("", "*.o\n"):
            if before:
                ignored.write_text(before)
            for folder in (self.disk, self.disk / "new/inner"):
                done = sandbox.run("-C", "/", "init", str(folder), expected=1)
                self.assertIn("No space left on device", done.stderr)
                self.assertEqual(os.listdir(self.disk), [".gitignore"] if before else [])
        self.assertEqual(ignored.read_text(), "*.o\n")
        subprocess.run(["mount", "-o", "remount,size=1m", str(self.disk)], check=True)
        sandbox.run("-C", "/", "init", str(self.disk))
        self.assertEqual(ignored.read_text(), "*.o\n.envpm/\n")

    def test_without_a_free_inode_where_an_install_died(self):
        self.begin("size=40m,nr_inodes=2000")
        stage = self.sandbox.root / "tmp" / "died"
        stage.mkdir()
        for name in ["lock", *map(str, range(50))]:
            (stage / name).touch()
        self.take_all_inodes()
        self.sandbox.run("gc")
        self.assertFalse(stage.exists())
        self.assertGreater(os.statvfs(self.disk).f_favail, 50)
        self.sandbox.run("verify")

    def test_without_a_free_inode_where_a_prefix_alone_is_used_no_more(self):
        self.begin("size=40m,nr_inodes=2000")
        prefix = self.sandbox.prefix()
        self.sandbox.write(manifest_of("old", "new"))
        self.sandbox.run("install")
        for path in [*(self.sandbox.environment_folder / "gens").glob("1*")]:
            path.unlink()
        shutil.rmtree(self.sandbox.root / "leases")
        self.take_all_inodes()
        self.sandbox.run("gc", "--grace", "0s")
        self.assertFalse(prefix.exists())
        self.assertGreater(os.statvfs(self.disk).f_favail, 40)
        self.sandbox.run("verify")


def begin(envpm: Path) -> Index:
    global ENVPM, INDEX
    ENVPM, INDEX = envpm, Index(WHEELS)
    return INDEX


def can_have_namespace() -> bool:
    if not shutil.which(NAMESPACE[0]):
        return False
    return subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


if __name__ == "__main__":
    if os.geteuid() != 0 and AGAIN not in os.environ and can_have_namespace():
        os.execvpe(
            NAMESPACE[0], [*NAMESPACE, sys.executable, *sys.argv], os.environ | {AGAIN: "1"}
        )
    sys.exit(run_tests(begin))
