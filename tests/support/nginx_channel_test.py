#!/usr/bin/env python3
"""envpm on a channel of a real web server: `nginx_channel_test.py ENVPM [--real|--small OUT]`.

nginx serves the sample channel three times: with all its forms of repodata, without shards, and
with repodata.json alone, which goes out compressed, so that its ETag is a weak one. From each envpm
locks and installs both archive forms, asks again, and works offline. With `--real` that is done
with the channel of real software that build_channel.py makes in OUT, and what was installed is run.
`--small` does it with that script's small channel and with shards alone. Debian's packages come by
apt-get, the tools that pack and index and six by pip, unless OUT has them: what cannot be had is a
failure. It ends with 77, and says so, on what is not Debian 12 and under ENVPM_OFFLINE_TESTS.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import sample_channel
from nginx_server import nginx
from sandbox import Sandbox

HTTP = """
    log_format short '$status $uri';
    types { application/json json; application/zstd zst; application/x-msgpack msgpack; }
    gzip on; gzip_types application/json; gzip_min_length 1;
"""
SERVER = """
    access_log {folder}/access.log short;
    root {channels};
    location ~ ^/(zst|json)/.*/(repodata_shards\\.msgpack\\.zst|shards/.*)$ {{ return 404; }}
    location ~ ^/json/.*\\.zst$ {{ return 404; }}
    location ~ /repodata[^/]*$ {{
        rewrite ^/(all|zst|json)/(.*)$ /$2 break; add_header Cache-Control "max-age=30";
    }}
    location / {{ rewrite ^/(all|zst|json)/(.*)$ /$2 break; }}
"""
PAGES = {
    "all": "repodata_shards.msgpack.zst",
    "zst": "repodata.json.zst",
    "json": "repodata.json",
}
SAMPLE = ["python 3.12.*", "rooted", "only-bz2", "only-conda", "links", "greeter"]
SKIPPED = 77  # as tests/CMakeLists.txt says
SMALL = "python openssl sqlite six prefix-report xz".split()
REAL = "python openssl sqlite jq click six only-bz2 only-conda prefix-report".split()


# The real channel is Debian 12's.
TARGET = '[targets.debian]\nplatform = "linux-64"\nglibc = "2.36"\n'


def manifest_of(channel: str, wanted: list[str]) -> str:
    lines = [f'[workspace]\nname = "nginx"\nchannels = ["{channel}"]\n\n[dependencies]']
    for text in wanted:
        name, _, version = text.partition(" ")
        lines.append(f'{name} = "{version or "*"}"')
    return "\n".join(lines) + "\n" + ("" if wanted is SAMPLE else TARGET)


class Log:
    """What nginx answered since the last look."""

    def __init__(self, file: Path):
        self.file = file
        self.seen = 0

    def news(self) -> list[tuple[int, str]]:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        new, self.seen = lines[self.seen :], len(lines)
        return [(int(line[:3]), line[4:]) for line in new]


def expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise SystemExit(f"failed: {what}")


def check_form(form: str, url: str, wanted: list[str], log: Log, sandbox: Sandbox) -> str:
    """Returns the lock, without the line that differs with the URL."""
    sandbox.write(manifest_of(url, wanted))
    sandbox.run("lock")
    answers = log.news()
    pages = {uri.rpartition("/")[2] for status, uri in answers if status == 200}
    expect(PAGES[form] in pages, f"{form}: {PAGES[form]} was not read, but {pages}")
    if form == "all":
        expect(any(uri.count("/shards/") for _, uri in answers), "no shard was read")
        expect("repodata.json" not in pages, "repodata.json was read beside shards")
    first = sandbox.lock.read_bytes()

    sandbox.run("lock", "--refresh")
    answers = [(status, uri) for status, uri in log.news() if "repodata" in uri]
    again = {status for status, uri in answers if uri.endswith(PAGES[form])}
    expect(again == {304}, f"{form}: asked again, the pages came with {again}")
    expect(sandbox.lock.read_bytes() == first, f"{form}: the lock changed")

    sandbox.run("install", "--locked")
    fetched = {uri.rpartition("/")[2] for status, uri in log.news() if status in (200, 206)}
    expect(any(name.endswith(".conda") for name in fetched), f"{form}: no .conda was fetched")
    expect(any(name.endswith(".tar.bz2") for name in fetched), f"{form}: no .tar.bz2 was fetched")

    sandbox.run("lock", "--offline")
    expect(sandbox.lock.read_bytes() == first, f"{form}: offline, the lock changed")
    expect(not log.news(), f"{form}: offline, nginx was asked")
    return re.sub(r'(?m)^manifest = .*\n', "", first.decode())


def run_sample(sandbox: Sandbox) -> None:
    said = sandbox.run("run", "--", "greeter", "there").stdout
    expect(said == "greetings there\n", f"greeter said {said!r}")
    said = sandbox.run("run", "--", "rooted").stdout.strip()
    expect(said == str(sandbox.prefix()), f"rooted said {said!r}")


# What of the files that a process has mapped lies outside of its prefix, but for glibc.
STRANGERS = """
import os, re, six, sqlite3, ssl, sys, zlib, bz2, lzma, ctypes, hashlib
paths = {line.split()[-1] for line in open("/proc/self/maps") if line.split()[-1].startswith("/")}
own = os.path.realpath(sys.prefix) + "/"
names = "ld-linux-x86-64|lib(c|m|dl|pthread|util|rt|resolv)"
glibc = re.compile(rf"/({names})\\.so\\.|/locale/|gconv-modules")
print(sys.prefix, sqlite3.connect(":memory:").execute("select 40 + 2").fetchone()[0])
print(*sorted(path for path in paths if not path.startswith(own) and not glibc.search(path)))
"""


def run_small(sandbox: Sandbox) -> None:
    """The channel's interpreter and libraries, and nothing of the machine's but glibc."""
    expect('python-from = "package"' in sandbox.lock.read_text(), "python is not the channel's")
    said = sandbox.run("run", "--", "python", "-c", STRANGERS).stdout
    expect(said == f"{sandbox.prefix()} 42\n\n", f"python said {said!r}")
    said = sandbox.run("run", "--", "prefix-report").stdout.splitlines()
    expect(said[0] == str(sandbox.prefix()), f"prefix-report said {said!r}")
    tools = "echo 'select 1 + 1;' | sqlite3; xz --version"
    said = sandbox.run("run", "--", "sh", "-c", tools).stdout
    expect(said.startswith("2\nxz (XZ Utils)"), f"sqlite3 and xz said {said!r}")


def run_real(sandbox: Sandbox) -> None:
    code = "import click, six, sqlite3, ssl, sys; print(sys.prefix)"
    said = sandbox.run("run", "--", "python", "-c", code).stdout.strip()
    expect(said == str(sandbox.prefix()), f"python said {said!r}")
    said = sandbox.run("run", "--", "openssl", "version").stdout
    expect(said.startswith("OpenSSL"), f"openssl said {said!r}")


def main() -> int | None:
    parser = argparse.ArgumentParser()
    parser.add_argument("envpm", type=Path)
    parser.add_argument("--real", type=Path, metavar="OUT")
    parser.add_argument("--small", type=Path, metavar="OUT")
    options = parser.parse_args()
    if not shutil.which("nginx"):
        raise SystemExit("there is no nginx: apt install nginx-light")
    reason = reason_to_skip(options.small.resolve()) if options.small else None
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    forms, wanted, run = list(PAGES), SAMPLE, run_sample
    if options.real:
        wanted, run = REAL, run_real
    elif options.small:
        forms, wanted, run = ["all"], SMALL, run_small
    with tempfile.TemporaryDirectory(prefix="envpm-nginx-") as name:
        folder = Path(name).resolve()
        channel = channel_of(options, folder)
        log = Log(folder / "access.log")
        with nginx(folder, HTTP, SERVER.format(folder=folder, channels=channel.parent)) as url:
            locks = set()
            for form in forms:
                sandbox = Sandbox(folder / f"as-{form}", options.envpm.resolve(), url)
                place = f"{url}/{form}/{channel.name}"
                locks.add(check_form(form, place, wanted, log, sandbox))
                run(sandbox)
            expect(len(locks) == 1, "the forms of repodata give different locks")
    print(f"{', '.join(PAGES[form] for form in forms)}: one lock")
    return None


def reason_to_skip(out: Path) -> str | None:
    """Why the small channel cannot be made here; None if it can, or is made already."""
    if (out / "channel/inputs").exists():
        return None
    if os.environ.get("ENVPM_OFFLINE_TESTS"):
        return "ENVPM_OFFLINE_TESTS is set, and Debian's packages and the tools need the network"
    release = Path("/etc/os-release")
    if not release.exists() or "VERSION_CODENAME=bookworm" not in release.read_text():
        return "the channel is made of Debian 12's packages, and this is another system"
    return None


def channel_of(options: argparse.Namespace, folder: Path) -> Path:
    if options.real or options.small:
        from build_channel import SMALL as small
        from build_channel import WHOLE as whole
        from build_channel import build

        out = (options.real or options.small).resolve()
        return build(out, whole if options.real else small)
    sample_channel.write_channel(folder / "sample", sample_channel.PACKAGES)
    return folder / "sample"


if __name__ == "__main__":
    sys.exit(main())
