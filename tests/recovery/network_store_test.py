"""A store on a network file system, as far as this machine can show one.

network_store_test.py ENVPM [a test's name…]. No NFS is mounted: a library in LD_PRELOAD has
statfs(2) say NFS or another type of one folder and, where asked, has locks there fail as a server
without a lock daemon does, or another mount of it told by /proc. Skipped without a C compiler.
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from command_tests import run_tests  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder, snapshot  # noqa: E402
from wheels import Wheel  # noqa: E402

ENVPM = Path()
INDEX: Index
WHEELS = [
    Wheel("alpha", "1.0", files={f"alpha/{n}.txt": f"alpha {n}\n" for n in range(40)}),
    Wheel("beta", "1.0", files={"beta/data.txt": "data of beta\n"}),
]
INTEGRITY, GENERAL = 6, 1
NFS_TYPE, FUSE_TYPE = "6969", "65735546"
# Of what lies below NFS_FOLDER. Each answer is counted in NFS_TOLD, to see that it was asked for.
NFS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int is_below(const char* path) {
    const char* folder = getenv("NFS_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_there(int file) {
    char link[32], path[PATH_MAX + 1];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, PATH_MAX);
    path[size > 0 ? size : 0] = 0;
    return is_below(path);
}

static void tell(const char* what) {
    int kept = errno;
    int log = syscall(SYS_openat, AT_FDCWD, getenv("NFS_TOLD"),
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log >= 0 && write(log, what, strlen(what)) >= 0) syscall(SYS_close, log);
    errno = kept;
}

static long type(void) { return strtol(getenv("NFS_TYPE"), NULL, 16); }

int fstatfs(int file, struct statfs* out) {
    int result = syscall(SYS_fstatfs, file, out);
    if (result == 0 && is_there(file)) {
        out->f_type = type();
        tell("statfs\n");
    }
    return result;
}

int statfs(const char* path, struct statfs* out) {
    int result = syscall(SYS_statfs, path, out);
    if (result == 0 && is_below(path)) out->f_type = type();
    return result;
}

int fstatfs64(int file, struct statfs64* out) { return fstatfs(file, (struct statfs*)out); }
int statfs64(const char* path, struct statfs64* out) { return statfs(path, (struct statfs*)out); }

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = va_arg(more, int);
    va_end(more);
    const char* mounts = getenv("NFS_MOUNTS");
    if (mounts && strcmp(path, "/proc/self/mountinfo") == 0) path = mounts;
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = va_arg(more, int);
    va_end(more);
    return open(path, flags, mode);
}

static int has_no(const char* call, int file) {
    if (strstr(getenv("NFS_LOCKS"), call) || !is_there(file)) return 0;
    tell("lock\n");
    errno = ENOLCK;
    return 1;
}

int fcntl64(int file, int command, ...) {
    va_list more;
    va_start(more, command);
    void* argument = va_arg(more, void*);
    va_end(more);
    int locks = command == F_OFD_SETLK || command == F_OFD_SETLKW || command == F_SETLK;
    return locks && has_no("fcntl", file) ? -1 : syscall(SYS_fcntl, file, command, argument);
}

int fcntl(int file, int command, ...) {
    va_list more;
    va_start(more, command);
    void* argument = va_arg(more, void*);
    va_end(more);
    return fcntl64(file, command, argument);
}

/* NFS makes a lock of fcntl of it, unless it is mounted with local_lock=flock. */
int flock(int file, int command) {
    return has_no("flock", file) ? -1 : syscall(SYS_flock, file, command);
}
"""


class OnNfs(unittest.TestCase):
    def setUp(self):
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if not compiler:
            self.skipTest("needs a C compiler")
        self.folder = scratch_folder("envpm-network-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "nfs.c").write_text(NFS)
        command = [compiler, "-shared", "-fPIC", "-o", "nfs.so", "nfs.c", "-ldl"]
        subprocess.run(command, cwd=self.folder, check=True)
        self.network = self.folder / "network"
        self.told = self.folder / "told"
        INDEX.forget()

    def sandbox(self, name: str, locks: str = "fcntl flock", **options) -> Sandbox:
        """For which `network` is on NFS; `locks`: the calls that can take one there."""
        variables = {
            "LD_PRELOAD": str(self.folder / "nfs.so"),
            "NFS_FOLDER": str(self.network),
            "NFS_TOLD": str(self.told),
            "NFS_TYPE": NFS_TYPE,
            "NFS_LOCKS": locks,
        }
        options.setdefault("root", self.network / "root")
        sandbox = Sandbox(self.folder / name, ENVPM, INDEX.simple_url, **options)
        sandbox.variables = variables
        return sandbox

    def test_a_store_there_works_as_elsewhere_if_files_can_be_locked(self):
        sandbox = self.sandbox("one")
        sandbox.write(manifest_of("alpha", "beta"))
        sandbox.run("install")
        self.assertIn("statfs", self.told.read_text())
        self.assertTrue(sandbox.prefix().is_relative_to(self.network))
        sandbox.run("verify")
        self.assertEqual(sandbox.run("run", "python", "-c", "import beta").stdout, "")
        sandbox.write(manifest_of("beta"))
        sandbox.run("install")
        sandbox.run("gc", "--grace", "0s")
        file = next(sandbox.prefix().rglob("beta/data.txt"))
        file.unlink()
        sandbox.run("verify", expected=INTEGRITY)
        sandbox.run("repair")
        sandbox.run("verify")

    def test_a_store_there_is_not_written_if_files_cannot_be_locked(self):
        site = self.site()
        for root in (site.root, self.network / "another"):
            sandbox = self.sandbox("one", locks="flock", root=root)
            sandbox.write(manifest_of("alpha", "beta"))
            sandbox.run("lock")
            INDEX.forget()
            self.expect_refused(sandbox, "install")
            self.assertEqual(INDEX.sent, {})
        self.told.unlink()
        sandbox = self.sandbox("site", locks="flock")
        self.expect_refused(sandbox, "repair")
        self.expect_refused(sandbox, "gc", "--grace", "0s")
        sandbox.run("verify")
        self.assertIn("lock", self.told.read_text())
        self.assertEqual(self.content(), self.content_before)

    def test_nothing_is_collected_there_if_no_lock_of_any_kind_works(self):
        self.site()
        sandbox = self.sandbox("site", locks="")
        sandbox.write(manifest_of("beta"))
        for command in (["install"], ["gc", "--grace", "0s"]):
            self.expect_refused(sandbox, *command)
        for command in ("verify", "repair"):
            done = sandbox.run(command, expected=GENERAL)
            self.assertIn("files cannot be locked on this file system", done.stderr)
            self.assertIn("lower-store", done.stderr)
        self.assertEqual(self.content(), self.content_before)

    def site(self) -> Sandbox:
        """With a store there, made on a machine where locks work."""
        sandbox = self.sandbox("site")
        sandbox.write(manifest_of("alpha"))
        sandbox.run("install")
        self.content_before = self.content()
        INDEX.forget()
        return sandbox

    def content(self) -> dict[str, tuple]:
        """Of what a store serves; an empty file to lock may come."""
        root = self.network / "root"
        return {str(f): snapshot(root / f) for f in ("objects", "trees", "p", "roots", "tmp")}

    def expect_refused(self, sandbox: Sandbox, *command: str) -> None:
        done = sandbox.run(*command, expected=GENERAL)
        for part in ("cannot be locked on this NFS", "ENVPM_ROOT", "lower-store"):
            self.assertIn(part, done.stderr, command[0])

    def mounted_as(self, kind: str, options: str) -> dict[str, str]:
        """For a sandbox whose `network` /proc tells to be mounted so."""
        self.network.mkdir(exist_ok=True)
        folder = os.open(self.network, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        number = re.search(r"mnt_id:\t(\d+)", Path(f"/proc/self/fdinfo/{folder}").read_text())[1]
        file = self.folder / "mountinfo"
        file.write_text(f"{number} 1 0:99 / {self.network} rw - {kind} far:/x {options}\n")
        return {"NFS_MOUNTS": str(file)}

    def test_a_store_there_is_not_written_if_locks_stay_on_this_machine(self):
        places = {
            ("fuse.sshfs", FUSE_TYPE, "rw"): "locks on this sshfs say nothing to other machines",
            ("nfs4", NFS_TYPE, "rw,local_lock=all"): "(mounted with `local_lock=all`)",
        }
        for (kind, number, options), words in places.items():
            sandbox = self.sandbox("one")
            sandbox.variables |= {"NFS_TYPE": number} | self.mounted_as(kind, options)
            sandbox.write(manifest_of("beta"))
            sandbox.run("lock")
            self.assertIn(words, sandbox.run("install", expected=GENERAL).stderr)
            self.assertFalse((self.network / "root/objects").exists())

    def test_a_store_there_works_if_the_program_behind_the_mount_locks(self):
        sandbox = self.sandbox("one")
        sandbox.variables |= {"NFS_TYPE": FUSE_TYPE} | self.mounted_as("fuse.juicefs", "rw")
        sandbox.write(manifest_of("beta"))
        sandbox.run("install")
        self.assertIn("statfs", self.told.read_text())
        sandbox.variables["NFS_LOCKS"] = "flock"
        done = sandbox.run("gc", expected=GENERAL)
        self.assertIn("files cannot be locked on this FUSE file system", done.stderr)

    def test_machines_share_no_download_in_a_cache_whose_locks_stay_on_each(self):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        cache = self.network / "cache"
        for options, name in (("rw", "dl"), ("rw,local_lock=flock", f"dl-{boot}")):
            sandbox = self.sandbox(f"with {name}", root=self.folder / name, cache=cache)
            sandbox.variables |= self.mounted_as("nfs4", options)
            sandbox.write(manifest_of("beta"))
            sandbox.run("install")
            self.assertEqual({p.name for p in cache.glob("dl*") if p.is_dir()}, {name})
            self.assertEqual([*(cache / name).iterdir()], [])
            sandbox.run("gc", "--grace", "0s")
            shutil.rmtree(cache)

    def test_it_serves_as_the_lower_store_of_a_local_one(self):
        """The way out that the refusal names."""
        site = self.site()
        before = snapshot(site.root)
        user = self.sandbox("user", locks="", root=self.folder / "user/root")
        user.variables["ENVPM_LOWER_STORE"] = str(site.root)
        user.write(manifest_of("alpha"), site.lock.read_text())
        user.run("install", "--offline")
        self.assertEqual(user.prefix(), site.prefix())
        user.run("verify")
        user.write(manifest_of("alpha", "beta"))
        user.run("lock")
        INDEX.forget()
        user.run("install")
        self.assertEqual([*INDEX.sent], ["beta-1.0-py3-none-any.whl"])
        self.assertTrue(user.prefix().is_relative_to(user.root))
        for command in (["verify"], ["gc", "--grace", "0s"], ["verify"]):
            user.run(*command)
        self.assertEqual(snapshot(site.root), before)


def begin(envpm: Path) -> Index:
    global ENVPM, INDEX
    ENVPM, INDEX = envpm, Index(WHEELS)
    return INDEX


if __name__ == "__main__":
    sys.exit(run_tests(begin))
