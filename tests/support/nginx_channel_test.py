#!/usr/bin/env python3
"""envpm on a channel that a real web server has: `nginx_channel_test.py ENVPM [--real OUT]`.

nginx serves the sample channel three times: with all its forms of repodata, without shards, and
with repodata.json alone, which goes out compressed, so that its ETag is a weak one. From each envpm
locks and installs both archive forms, asks again, and works offline. With `--real` that is done
with the channel of real software that build_channel.py makes in OUT, and what was installed is run.
"""

import argparse
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
REAL = "python openssl sqlite jq click six only-bz2 only-conda prefix-report".split()


# The real channel is Debian 12's.
TARGET = '[targets.debian]\nplatform = "linux-64"\nglibc = "2.36"\n'


def manifest_of(channel: str, wanted: list[str]) -> str:
    lines = [f'[workspace]\nname = "nginx"\nchannels = ["{channel}"]\n\n[dependencies]']
    for text in wanted:
        name, _, version = text.partition(" ")
        lines.append(f'{name} = "{version or "*"}"')
    return "\n".join(lines) + "\n" + (TARGET if wanted is REAL else "")


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


def run_real(sandbox: Sandbox) -> None:
    code = "import click, six, sqlite3, ssl, sys; print(sys.prefix)"
    said = sandbox.run("run", "--", "python", "-c", code).stdout.strip()
    expect(said == str(sandbox.prefix()), f"python said {said!r}")
    said = sandbox.run("run", "--", "openssl", "version").stdout
    expect(said.startswith("OpenSSL"), f"openssl said {said!r}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("envpm", type=Path)
    parser.add_argument("--real", type=Path, metavar="OUT")
    options = parser.parse_args()
    if not shutil.which("nginx"):
        raise SystemExit("there is no nginx: apt install nginx-light")
    with tempfile.TemporaryDirectory(prefix="envpm-nginx-") as name:
        folder = Path(name).resolve()
        channels, channel, wanted = folder, "sample", SAMPLE
        if options.real:
            from build_channel import build

            channels, channel, wanted = build(options.real.resolve()).parent, "channel", REAL
        else:
            sample_channel.write_channel(folder / "sample", sample_channel.PACKAGES)
        log = Log(folder / "access.log")
        with nginx(folder, HTTP, SERVER.format(folder=folder, channels=channels)) as url:
            locks = set()
            for form in PAGES:
                sandbox = Sandbox(folder / f"as-{form}", options.envpm.resolve(), url)
                locks.add(check_form(form, f"{url}/{form}/{channel}", wanted, log, sandbox))
                (run_real if options.real else run_sample)(sandbox)
            expect(len(locks) == 1, "the forms of repodata give different locks")
    print(f"{len(PAGES)} forms of repodata, one lock")


if __name__ == "__main__":
    sys.exit(main())
