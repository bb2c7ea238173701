"""A store for many: one for a group, one below that is only read, and how each is kept safe.

shared_store_test.py ENVPM [a test's name…]. Needs no network; what needs root or strace is skipped
without it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from command_tests import run_tests  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder, snapshot  # noqa: E402
from wheels import Wheel  # noqa: E402

ENVPM = Path()
INDEX: Index
WHEELS = [
    Wheel(
        "alpha",
        "1.0",
        files={f"alpha/{n}.txt": f"alpha {n}\n" for n in range(40)},
        scripts={"say-alpha": "alpha:main"},
    ),
    Wheel("beta", "1.0", files={"beta/data.txt": "data of beta\n"}),
]
FIRST_USER, SECOND_USER, GROUP = 54321, 54322, 54300
NEEDS_ROOT = "needs root, to be several users"


class Stores(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("envpm-shared-")
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        INDEX.forget()

    def sandbox(self, name: str, **options) -> Sandbox:
        return Sandbox(self.folder / name, ENVPM, INDEX.simple_url, **options)


class Lower(Stores):
    def setUp(self):
        super().setUp()
        self.site = self.sandbox("site")
        self.site.write(manifest_of("alpha"))
        self.site.run("install")
        INDEX.forget()
        self.user = self.sandbox("user", variables={"ENVPM_LOWER_STORE": str(self.site.root)})

    def objects(self) -> list[Path]:
        return [path for path in (self.user.root / "objects").rglob("*") if path.is_file()]

    def test_an_environment_that_stands_there_is_used_as_it_is(self):
        before = snapshot(self.site.root)
        self.user.write(manifest_of("alpha"), self.site.lock.read_text())
        self.user.run("install", "--offline")
        self.assertEqual(self.user.prefix(), self.site.prefix())
        self.assertEqual(self.objects(), [])
        self.assertIn("alpha", self.user.run("run", "python", "-c", "print('alpha')").stdout)
        self.user.run("install", "--offline")
        self.user.run("gc", "--grace", "0s")
        self.user.run("verify")
        self.assertEqual(snapshot(self.site.root), before)
        self.assertEqual(INDEX.sent_bytes, 0)

    def test_packages_that_it_has_are_not_fetched(self):
        self.user.write(manifest_of("alpha", "beta"))
        self.user.run("lock")
        INDEX.forget()
        before = snapshot(self.site.root)
        self.user.run("install")
        self.assertEqual(list(INDEX.sent), ["beta-1.0-py3-none-any.whl"])
        self.assertTrue(self.user.prefix().is_relative_to(self.user.root))
        self.user.run("verify")
        self.assertEqual(snapshot(self.site.root), before)

    def test_what_is_damaged_there_is_fetched(self):
        for path in (self.site.root / "objects").rglob("*"):
            if path.is_file() and path.read_bytes() == b"alpha 7\n":
                status = path.stat()
                path.chmod(0o644)
                path.write_bytes(b"ALPHA 7\n")
                path.chmod(0o444)
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.user.write(manifest_of("alpha", "beta"))
        self.user.run("install")
        self.assertEqual(len(INDEX.sent), 2)
        self.user.run("verify")

    def test_a_sealed_lock_takes_no_environment_with_other_contents_from_there(self):
        self.site.run("seal")
        self.user.write(manifest_of("alpha"), self.site.lock.read_text())
        file = next(self.site.prefix().rglob("alpha/7.txt"))
        file.unlink()
        file.write_text("other\n")
        done = self.user.run("install", "--offline")
        self.assertIn("sealed", done.stderr)
        self.assertTrue(self.user.prefix().is_relative_to(self.user.root))
        self.assertEqual(INDEX.sent_bytes, 0)

    def test_a_lower_store_that_is_not_there_costs_nothing(self):
        shutil.rmtree(self.site.root)
        self.user.write(manifest_of("alpha"))
        self.user.run("install")
        self.user.run("verify")

    def test_a_lower_store_that_everybody_may_write_to_is_refused(self):
        self.site.root.chmod(0o777)
        self.user.write(manifest_of("alpha"), self.site.lock.read_text())
        done = self.user.run("install", expected=1)
        self.assertIn("everybody may write", done.stderr)
        shutil.rmtree(self.site.root / "p")  # its packages would serve too
        done = self.user.run("install", expected=1)
        self.assertIn("everybody may write", done.stderr)
        self.assertFalse((self.user.environment_folder / "current").is_symlink())


class Trust(Stores):
    def test_a_store_that_everybody_may_write_to_is_refused(self):
        sandbox = self.sandbox("one")
        sandbox.root.mkdir()
        sandbox.root.chmod(0o777)
        sandbox.write(manifest_of("beta"))
        done = sandbox.run("install", expected=1)
        self.assertIn("everybody may write", done.stderr)
        self.assertIn("shared-store", done.stderr)
        self.assertEqual(list(sandbox.root.iterdir()), [])
        sandbox.variables["ENVPM_SHARED_STORE"] = "1"
        sandbox.run("install")

    @unittest.skipUnless(os.geteuid() == 0, NEEDS_ROOT)
    def test_a_store_of_another_user_is_refused(self):
        sandbox = self.sandbox("one")
        sandbox.root.mkdir()
        os.chown(sandbox.root, FIRST_USER, GROUP)
        sandbox.write(manifest_of("beta"))
        done = sandbox.run("install", expected=1)
        self.assertIn(f"belongs to user {FIRST_USER}", done.stderr)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), NEEDS_ROOT)
    def test_users_of_a_group_share_a_store_whatever_their_umask(self):
        root = self.folder / "root"
        root.mkdir()
        os.chown(root, 0, GROUP)
        root.chmod(0o2775)
        envpm = self.folder / "envpm"  # where every user can run it
        shutil.copy(ENVPM, envpm)
        users = []
        alpha = "alpha-1.0-py3-none-any.whl"
        sent = 0  # by installs: locking reads a wheel's metadata as well
        for user, packages in ((FIRST_USER, ["alpha"]), (SECOND_USER, ["alpha", "beta"])):
            sandbox = Sandbox(
                self.folder / f"user{user}",
                envpm,
                INDEX.simple_url,
                root=root,
                umask=0o077,
                wrapper=as_user(user),
                variables={"PATH": "/usr/bin:/bin"},
            )
            sandbox.write(manifest_of(*packages))
            for folder, _, files in os.walk(sandbox.folder):
                for path in [folder, *(os.path.join(folder, file) for file in files)]:
                    os.chown(path, user, user)
            if not sandbox.info()["host"]["interpreters"]:
                self.skipTest("no Python that every user can run")
            sandbox.run("lock")
            before = INDEX.sent[alpha]
            sandbox.run("install")
            sent += INDEX.sent[alpha] - before
            users.append(sandbox)
        self.assertEqual(sent, len(INDEX.archives[alpha]))
        for sandbox in users:
            sandbox.run("verify")
        admin = self.sandbox("admin", root=root)
        admin.run("verify")
        self.expect_to_send_for_root(*users, admin)

    def expect_to_send_for_root(self, first: Sandbox, second: Sandbox, admin: Sandbox) -> None:
        """Where a user's home is closed to the other, who then cannot tell what it uses."""
        second.folder.chmod(0o700)
        refused = first.run("gc", "--grace", "0s", expected=1).stderr
        self.assertIn(f"{second.environment_folder}\nhint: nothing was collected", refused)
        self.assertIn("run it as root", refused)
        next(second.prefix().rglob("beta/data.txt")).unlink()
        for path in (admin.root / "objects").rglob("*"):
            if path.is_file() and path.read_bytes() == b"data of beta\n":
                path.unlink()
        left = first.run("repair", expected=6)
        self.assertIn(f"note: `{second.environment_folder}` cannot help", left.stderr)
        self.assertIn("no lock that this user may read names", left.stdout)
        self.assertIn("run `envpm repair` as root", left.stdout)
        admin.run("repair")
        admin.run("verify")
        admin.run("gc", "--grace", "0s")


class Leases(Stores):
    """Two hosts with one store: the other one has another name, and no folder but the store."""

    def on_another_host(self, sandbox: Sandbox, hidden: Path) -> dict:
        """What the collector there frees."""
        script = f'hostname elsewhere && mount -t tmpfs none {hidden} && exec "$@"'
        wrapper = ["unshare", "--uts", "--mount", "sh", "-c", script, "sh"]
        return json.loads(
            sandbox.run("gc", "--grace", "0s", "--json", wrapper=wrapper).stdout
        )

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "needs root")
    def test_what_another_host_uses_stays_though_its_projects_are_not_seen(self):
        root = self.folder / "root"
        (self.folder / "local").mkdir()
        one = self.sandbox("local/one", root=root)
        one.write(manifest_of("alpha"))
        one.run("install")
        alpha = one.prefix()
        other = self.sandbox("other", root=root)
        found = self.on_another_host(other, self.folder / "local")
        self.assertEqual([lease["prefix"] for lease in found["leased"]], [alpha.name])
        one.run("run", "python", "-c", "import alpha")

        # What only a program may still use is kept too, until its own host says that none does.
        one.write(manifest_of("beta"))
        one.run("install")
        for link in (one.environment_folder / "gens").glob("1*"):
            link.unlink()
        found = self.on_another_host(other, self.folder / "local")
        self.assertEqual(len(found["leased"]), 2)
        self.assertTrue(alpha.is_dir())
        one.run("gc", "--grace", "0s")
        self.assertFalse(alpha.exists())
        one.run("verify")

    def test_a_store_that_takes_no_lease_keeps_nobody_from_working(self):
        one = self.sandbox("one")
        one.write(manifest_of("alpha"))
        one.run("install")
        leases = one.root / "leases"
        self.assertEqual(len(list(leases.iterdir())), 1)
        shutil.rmtree(leases)
        leases.write_text("no folder")
        done = one.run("run", "-v", "python", "-c", "import alpha")
        self.assertIn("lease: none: ", done.stderr)


class Space(Stores):
    @unittest.skipUnless(os.geteuid() == 0, "needs root, to mount a small file system")
    def test_copies_that_will_not_fit_are_refused_before_anything_is_copied(self):
        index = Index([Wheel("large", "1.0", files={"large/noise.bin": os.urandom(4 << 20)})])
        self.addCleanup(index.close)
        mount = self.folder / "small"
        mount.mkdir()
        options = ["-t", "tmpfs", "-o", "size=7m,mode=755"]
        done = subprocess.run(["mount", *options, "envpm-test", str(mount)], capture_output=True)
        if done.returncode != 0:
            self.skipTest("cannot mount")
        self.addCleanup(subprocess.run, ["umount", "-l", str(mount)], check=True)
        sandbox = Sandbox(
            self.folder / "one",
            ENVPM,
            index.simple_url,
            root=mount / "root",
            variables={"ENVPM_LINK_MODE": "copy"},
        )
        sandbox.write(manifest_of("large"))
        done = sandbox.run("install", expected=1)
        self.assertIn("not enough free space", done.stderr)
        self.assertIn(f"on the file system at {mount}", done.stderr)
        self.assertEqual(os.listdir(sandbox.root / "p"), [])
        self.assertEqual(os.listdir(sandbox.root / "tmp"), [])
        sandbox.variables["ENVPM_LINK_MODE"] = "hardlink"
        sandbox.run("install")
        sandbox.run("verify")


def as_user(user: int) -> list[str]:
    return ["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={GROUP}", "--"]


@unittest.skipUnless(shutil.which("strace"), "needs strace")
class Durability(Stores):
    def syncs_of_an_install(self, durability: str) -> Counter[str]:
        sandbox = self.sandbox(durability, variables={"ENVPM_DURABILITY": durability})
        sandbox.write(manifest_of("alpha", "beta"))
        log = sandbox.folder / "calls"
        trace = ["strace", "-f", "-qq", "-e", "trace=fsync,syncfs", "-o", str(log)]
        sandbox.run("lock")
        sandbox.run("install", wrapper=trace)
        sandbox.run("verify")
        return Counter(re.findall(r" (fsync|syncfs)\(", log.read_text()))

    def test_each_kind_syncs_as_it_says(self):
        batch = self.syncs_of_an_install("batch")
        file = self.syncs_of_an_install("file")
        off = self.syncs_of_an_install("off")
        self.assertGreaterEqual(batch["syncfs"], 2)
        self.assertEqual(file["syncfs"], 0)
        self.assertGreater(file["fsync"], 80)  # 40 objects, and their folders, and the prefix
        self.assertEqual(off["syncfs"], 0)
        self.assertLess(off["fsync"], 30)  # what a project points to is durable in any case

    def test_a_sync_that_fails_ends_the_install_and_is_not_tried_again(self):
        for durability, call in (("batch", "syncfs"), ("file", "fsync")):
            sandbox = self.sandbox(f"fails-{call}", variables={"ENVPM_DURABILITY": durability})
            sandbox.write(manifest_of("alpha", "beta"))
            sandbox.run("lock")
            log = sandbox.folder / "calls"
            inject = ["-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when=1+"]
            wrapper = ["strace", "-f", "-qq", *inject, "-o", str(log)]
            done = sandbox.run("install", wrapper=wrapper, expected=1)
            self.assertIn("Input/output error", done.stderr)
            objects = (sandbox.root / "objects").rglob("*")
            self.assertEqual([path for path in objects if path.is_file()], [])
            self.assertFalse((sandbox.environment_folder / "current").is_symlink())
            sandbox.run("install")
            sandbox.run("verify")


def begin(envpm: Path) -> Index:
    global ENVPM, INDEX
    ENVPM, INDEX = envpm, Index(WHEELS)
    return INDEX


if __name__ == "__main__":
    sys.exit(run_tests(begin))
