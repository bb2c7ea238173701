"""envpm on overlayfs, as in containers: what an earlier layer brought cannot be renamed there.

layers_test.py ENVPM [a test's name…]. Needs no network; skipped where overlayfs cannot be mounted.
"""

import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from command_tests import run_tests  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder  # noqa: E402
from wheels import Wheel  # noqa: E402

ENVPM = Path()
WHEELS = [
    Wheel("alpha", "1.0", files={"alpha/data.txt": "data of alpha\n", "alpha/deep/one.txt": "1\n"}),
    Wheel("beta", "1.0", files={"beta/data.txt": "data of beta\n"}),
]
INDEX: Index


class Layers:
    """Folders one over the other, seen as one at `seen`; a new one takes what is written."""

    def __init__(self, base: Path):
        self.base = base
        self.seen = base / "seen"
        self.count = 0
        for name in ("layer-0", "work-0", "empty", "seen"):
            (base / name).mkdir()
        self.is_mounted = self.mount()

    def mount(self) -> bool:
        lower = [self.base / f"layer-{n}" for n in reversed(range(self.count))]
        options = ",".join(
            [
                "lowerdir=" + ":".join(map(str, [*lower, self.base / "empty"])),
                f"upperdir={self.base}/layer-{self.count}",
                f"workdir={self.base}/work-{self.count}",
                "redirect_dir=off",  # as containers have it
            ]
        )
        command = ["mount", "-t", "overlay", "overlay", "-o", options, self.seen]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def begin_layer(self) -> None:
        self.unmount()
        self.count += 1
        for name in (f"layer-{self.count}", f"work-{self.count}"):
            (self.base / name).mkdir()
        self.is_mounted = self.mount()
        assert self.is_mounted

    def unmount(self) -> None:
        if self.is_mounted:
            subprocess.run(["umount", self.seen], check=True)
            self.is_mounted = False


class OnLayers(unittest.TestCase):
    def setUp(self):
        base = scratch_folder("envpm-layers-")
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        self.layers = Layers(base)
        self.addCleanup(self.layers.unmount)
        if not self.layers.is_mounted:
            self.skipTest("overlayfs cannot be mounted here: that needs root")
        self.sandbox = Sandbox(self.layers.seen / "box", ENVPM, INDEX.simple_url)
        self.sandbox.write(manifest_of("alpha"))
        self.sandbox.run("install")
        self.prefix = self.sandbox.prefix()

    def test_a_copy_of_an_earlier_layer_is_replaced(self):
        copy = self.layers.seen / "copy"
        self.sandbox.run("install", "--prefix", str(copy))
        self.layers.begin_layer()
        self.sandbox.write(manifest_of("beta"))
        self.sandbox.run("install", "--prefix", str(copy))
        self.assertEqual(len(list(copy.rglob("beta/data.txt"))), 1)
        self.assertEqual(list(copy.rglob("alpha")), [])
        self.assertEqual([path for path in copy.parent.iterdir() if "envpm" in path.name], [])
        self.sandbox.run("verify", "--full")

    def test_a_copy_can_replace_no_mount_point(self):
        self.layers.begin_layer()
        done = self.sandbox.run("install", "--prefix", str(self.layers.seen), expected=1)
        self.assertIn("it is a mount point", done.stderr)
        self.assertTrue(self.prefix.exists())

    def test_gc_removes_an_environment_of_an_earlier_layer(self):
        self.layers.begin_layer()
        shutil.rmtree(self.sandbox.project)
        self.sandbox.project.mkdir()
        (self.sandbox.project / "notes").touch()  # an empty one may only not be mounted
        self.sandbox.run("gc", "--grace", "0s")
        self.assertFalse(self.prefix.exists())
        objects = self.sandbox.root / "objects"
        self.assertEqual([path for path in objects.rglob("*") if path.is_file()], [])
        self.sandbox.write(manifest_of("alpha"))
        self.sandbox.run("install")
        self.assertEqual(self.sandbox.prefix(), self.prefix)
        self.sandbox.run("verify", "--full")

    def test_an_environment_of_an_earlier_layer_is_made_anew(self):
        whole = self.sandbox.digest()
        self.layers.begin_layer()
        shutil.rmtree(self.prefix / ".envpm")
        self.sandbox.run("install")
        self.assertEqual(self.sandbox.digest(), whole)
        self.assertTrue((self.prefix / ".envpm/manifest.json").is_file())

    def test_repair_keeps_a_damaged_environment_of_an_earlier_layer(self):
        whole = self.sandbox.digest()
        self.layers.begin_layer()
        manifest = self.prefix / ".envpm/manifest.json"
        manifest.chmod(0o644)
        manifest.write_text("garbage")
        self.sandbox.run("repair")
        self.assertEqual(self.sandbox.digest(), whole)
        self.sandbox.run("verify", "--full")
        kept = list((self.sandbox.root / "quarantine").rglob("manifest.json"))
        self.assertEqual([path.read_text() for path in kept], ["garbage"])


    def test_what_a_collector_left_half_keeps_no_other_from_working(self):
        left = self.sandbox.root / "p" / ("a" * 26) / "lib"
        left.mkdir(parents=True)
        self.sandbox.run("gc")
        self.assertFalse(left.exists())


class Mounts(unittest.TestCase):
    def setUp(self):
        base = scratch_folder("envpm-mounts-")
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        self.sandbox = Sandbox(base / "box", ENVPM, INDEX.simple_url)
        self.sandbox.write(manifest_of("alpha"))
        self.sandbox.run("install")
        self.prefix = self.sandbox.prefix()

    def mount(self, folder: Path) -> Path:
        """Somebody's data there; the file in it."""
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "tmpfs", folder]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:
            self.skipTest("nothing can be mounted here: that needs root")
        self.addCleanup(self.unmount_all)
        (folder / "data").write_text("somebody's")
        return folder / "data"

    def unmount_all(self) -> None:
        """Wherever they are by now."""
        for line in Path("/proc/self/mounts").read_text().splitlines():
            if (place := line.split()[1]).startswith(str(self.sandbox.folder)):
                subprocess.run(["umount", "-l", place], check=True)

    def test_what_is_mounted_in_an_environment_survives_repair_and_gc(self):
        data = self.mount(self.prefix / "mounted")
        (self.prefix / "stranger").write_text("x")
        self.sandbox.run("repair", expected=6)
        self.assertFalse((self.prefix / "stranger").exists())
        self.assertEqual(data.read_text(), "somebody's")
        shutil.rmtree(self.sandbox.project)
        self.sandbox.project.mkdir()
        self.sandbox.run("gc", "--grace", "0s", expected=None)
        mounted = [*self.sandbox.root.rglob("mounted/data")]
        self.assertEqual([path.read_text() for path in mounted], ["somebody's"])

    def test_what_is_mounted_over_a_folder_of_one_survives_repair(self):
        data = self.mount(next(self.prefix.rglob("alpha")))
        self.sandbox.run("repair", expected=6)
        self.assertEqual(data.read_text(), "somebody's")


def begin(envpm: Path) -> Index:
    global ENVPM, INDEX
    ENVPM, INDEX = envpm, Index(WHEELS)
    return INDEX


if __name__ == "__main__":
    sys.exit(run_tests(begin))
