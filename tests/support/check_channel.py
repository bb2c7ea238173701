#!/usr/bin/env python3
"""Proves the channels of the tests right with tools that are not envpm's.

`check_channel.py OUT` builds the real channel in OUT (or takes it from there) and the sample
channel, serves both on loopback, and has py-rattler solve and install from them. What was installed
is then run. Each archive is unpacked by conda-package-handling and compared with its paths.json.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import sample_channel
from build_channel import build
from channel_server import Behaviour, Channels
from conda_channel import tools
from prefix_tree import differences

HERE = Path(__file__).resolve().parent
REAL = [
    *"python openssl sqlite jq tree file xz zstd xxhash lz4-c click packaging six tabulate".split(),
    *"pip prefix-report prefix-scripts answer native-module noarch-scripts accelerated".split(),
    *"link-farm odd-modes activated post-linked meta-package rebuilt withdrawn only-bz2".split(),
    *"only-conda data-only glibc-modest clobber-one zlib".split(),
]
SAMPLE = [
    *"greeter wall rooted links scripted accelerated native-module only-bz2 modest late".split(),
    *"clash-a dangling only-conda metadata-only withdrawn".split(),
    "python 3.12.*",
]
CHOSEN = {
    "accelerated-1.0-cpu_h1_0.conda",  # no CUDA is said to be here
    "rebuilt-1.0-h1_1.conda",
    "ladder-2.1.0-0.conda",
    "withdrawn-1.0-0.conda",
    "only-bz2-1.0-0.tar.bz2",
    "click-8.1.8-unix_pyh0000001_0.conda",
}
UNSOLVABLE = [
    ["glibc-future"],
    ["cuda-only"],
    ["mac-only"],
    ["withdrawn 1.1.*"],
    ["old-rung-user", "ladder >=2"],
    ["excluder", "ladder >=2"],
]
IMPORTS = """
import bz2, ctypes, curses, dbm.ndbm, lzma, readline, sqlite3, ssl, sys, sysconfig, uuid, zlib
import click, native_module, packaging, six, tabulate
assert native_module.answer() == 42
loaded = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
ours = {path.rsplit("/", 1)[1].split(".so")[0] for path in loaded if path.startswith(sys.prefix)}
wanted = "libbz2 libcrypto libdb-5.3 libexpat libffi liblzma libncursesw libreadline libsqlite3"
missing = set(wanted.split() + ["libssl", "libtinfo", "libuuid", "libz"]) - ours
assert not missing, missing
assert sysconfig.get_config_var("prefix") == sys.prefix
print(sys.prefix)
"""
# What is run in the prefix, and what that prints, if that is known; `{}` is the prefix.
RUNS = [
    (["bin/python", "-c", IMPORTS], "{}\n"),
    (["bin/prefix-report"], "{0}\n{0}/lib:{0}/share/prefix-report\ndata of prefix-report 1.1\n"),
    (["bin/answer"], "42\n"),
    (["bin/accelerated"], "cpu\n"),
    (["bin/long-shebang"], "long\n"),
    (["bin/option-shebang"], "option\n"),
    (["bin/env-shebang"], "env\n"),
    (["bin/shell-shebang"], "{}\n"),
    (["bin/noarch-plain"], "plain\n"),
    (["bin/noarch-shell"], "shell\n"),
    (["bin/noarch-entry", "a"], "noarch-scripts a\n"),
    (["bin/private-program"], "private\n"),
    (["bin/read-only-program"], "read-only\n"),
    (["bin/openssl", "version", "-v"], None),
    (["bin/jq", "-n", "1+1"], "2\n"),
    (["bin/tree", "share/link-farm"], None),
    (["bin/sqlite3", ":memory:", "select 6*7"], "42\n"),
    (["bin/xz", "--version"], None),
    (["bin/zstd", "--version"], None),
    (["bin/xxhsum", "--version"], None),
    (["bin/pip", "--version"], None),
    (["bin/tabulate", "-h"], None),
    (["cat", "share/noarch-scripts/data.txt"], "{}/share/noarch-scripts\n"),
    (["cat", "etc/prefix-scripts.conf"], "one = {0}/a\ntwo = {0}/b:{0}/c\n"),
    (["bin/python3-config", "--prefix"], "{}\n"),
]
C_LIBRARY = {"libc", "libm", "libcrypt"}
SAMPLE_RUNS = [
    (["bin/greeter", "a"], "greetings a\n"),
    (["bin/greeter-script"], "a script\n"),
    (["bin/rooted"], "{}\n"),
    (["bin/rooted-shebang"], "shebang\n"),
    (["bin/rooted-option"], "option\n"),
    (["cat", "share/rooted/twice.conf"], "path = {0}/a:{0}/b\n"),
    (["cat", "share/stone/version"], "2.1rc1\n"),
]


class Check:
    """Installs by py-rattler from one server into a scratch folder."""

    def __init__(self, scratch: Path, cache: Path):
        self.scratch = scratch
        self.python = tools.python_of_tools(cache)
        self.count = 0

    def rattler(self, url: str, prefix: Path, specs: list[str]) -> subprocess.CompletedProcess:
        """Without anything that an installation before left in a cache."""
        self.count += 1
        script = HERE / "conda_channel/rattler_install.py"
        cache = self.scratch / f"cache{self.count}"
        return subprocess.run(
            [self.python, "-B", script, url, cache, prefix, *specs],
            env=os.environ | {"HOME": str(self.scratch)},
            capture_output=True,
            text=True,
            check=False,
        )

    def install(self, url: str, prefix: Path, specs: list[str]) -> list[str]:
        done = self.rattler(url, prefix, specs)
        ensure(done.returncode == 0, f"installs from {url}", done.stderr)
        return done.stdout.split()


def main() -> None:
    out = Path(sys.argv[1]).resolve()
    channel = build(out)
    with tempfile.TemporaryDirectory(prefix="check-", dir=out) as name:
        scratch = Path(name)
        sample_channel.write_channel(scratch / "sample", sample_channel.PACKAGES)
        check = Check(scratch, out / "cache")
        check_archives(check, channel)
        check_archives(check, scratch / "sample")
        check_real(check, channel)
        check_sample(check)


def check_archives(check: Check, channel: Path) -> None:
    script = HERE / "conda_channel/check_archives.py"
    tools.run([check.python, "-B", script, channel])
    print(f"ok: archives of {channel.name} are as their paths.json says")


def check_real(check: Check, channel: Path) -> None:
    server = Channels(channel.parent)
    url = f"{server.url}/{channel.name}"
    short, long = check.scratch / "a", check.scratch / ("b" * 60) / ("c" * 60) / ("d" * 60)
    chosen = check.install(url, short, REAL)
    ensure(CHOSEN <= set(chosen), "chooses as expected", str(CHOSEN - set(chosen)))
    ensure(server.requests_of("repodata_shards.msgpack.zst") > 0, "reads the shards")
    check_runs(short, RUNS)
    check_libraries(short)
    check.install(url, long, REAL)
    check_runs(long, RUNS)
    for number, form in enumerate(("repodata_shards.msgpack.zst", "repodata.json.zst")):
        server.behaviour.faults[f"*{form}"] = "404"
        prefix = check.scratch / f"{number}"
        again = check.install(url, prefix, REAL)
        ensure(again == chosen, f"chooses the same without {form}")
        differing = differences(short, prefix)
        ensure(not differing, f"installs the same without {form}", "\n".join(differing))
    ensure(server.requests_of("/repodata.json") > 0, "reads repodata.json last")
    server.behaviour = Behaviour()
    for specs in UNSOLVABLE:
        done = check.rattler(url, check.scratch / "none", specs)
        what = f"finds no solution for {', '.join(specs)}"
        ensure("SolverError" in done.stderr, what, done.stderr)
    server.close()


def check_sample(check: Check) -> None:
    server = Channels(check.scratch)
    prefix = check.scratch / "p"
    chosen = check.install(f"{server.url}/sample", prefix, SAMPLE)
    ensure(server.requests_of("repodata_shards.msgpack.zst") > 0, "reads the sample's shards")
    check_runs(prefix, SAMPLE_RUNS)
    server.behaviour.faults["*repodata_shards.msgpack.zst"] = "404"
    again = check.install(f"{server.url}/sample", check.scratch / "q", SAMPLE)
    ensure(again == chosen, "chooses the same without the sample's shards")
    server.close()


def check_libraries(prefix: Path) -> None:
    """Each program and library of the prefix finds all but the C library's in the prefix."""
    files = [file for folder in ("bin", "lib") for file in (prefix / folder).rglob("*")]
    binaries = [file for file in files if file.is_file() and not file.is_symlink()]
    binaries = [file for file in binaries if file.read_bytes()[:4] == b"\x7fELF"]
    done = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False)
    found = {line.split(" (")[0].strip() for line in done.stdout.splitlines() if " => " in line}
    outside = {line for line in found if f"=> {prefix}/" not in line}
    strange = {line for line in outside if line.split(".so")[0] not in C_LIBRARY}
    what = f"{len(binaries)} programs and libraries find theirs"
    ensure(bool(binaries) and not strange, what, "\n".join(sorted(strange)))


def check_runs(prefix: Path, runs: list) -> None:
    """Without anything of this environment but a PATH."""
    for command, expected in runs:
        done = subprocess.run(
            command,
            cwd=prefix,
            env={"PATH": f"{prefix}/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        shown = " ".join(command).split("\n")[0]
        same = expected is None or done.stdout == expected.format(prefix)
        if not same or done.returncode:
            raise SystemExit(f"FAILED: runs {shown}\n{done.stdout}{done.stderr}")
    print(f"ok: runs {len(runs)} programs in a prefix of {len(str(prefix))} characters")


def ensure(holds: bool, what: str, why: str = "") -> None:
    if not holds:
        raise SystemExit(f"FAILED: {what}\n{why}")
    print(f"ok: {what}")


if __name__ == "__main__":
    main()
