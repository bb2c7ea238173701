#!/usr/bin/env python3
"""envpm on an index of a real web server: `nginx_wheel_test.py ENVPM`.

nginx serves one large wheel, slowly, with its own ETags and ranges. An install is killed at about
40 % of the file, and the next one goes on: nginx's log says how many bytes that took. Then the
file is replaced in between, by another and by the right one, and nginx keeps to `If-Range`.
"""

import hashlib
import json
import os
import random
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nginx_server import nginx
from sandbox import Sandbox, manifest_of, scratch_folder
from wheels import Wheel

MEBIBYTE = 1 << 20
SIZE_MEBIBYTES = 24
HTTP = "log_format bytes '$status $body_bytes_sent $uri';"
SERVER = """
    access_log {folder}/access.log bytes;
    root {served};
    location /simple/ {{ index index.json; default_type application/vnd.pypi.simple.v1+json; }}
    location /files/ {{ limit_rate {rate}; }}
"""
LOST_MOST = 4 * MEBIBYTE  # a block of each part on its way, and what the sockets held
INTEGRITY = 6
QUIET_SECONDS = 0.3  # a log that has not grown for so long is whole


@dataclass
class Answer:
    status: int
    sent: int  # bytes


class Site:
    """What nginx serves, and envpm on it."""

    def __init__(self, envpm: Path, folder: Path):
        self.envpm, self.folder = envpm, folder
        self.served = folder / "served"
        noise = {f"large/{n}.bin": random.Random(n).randbytes(MEBIBYTE) for n in range(24)}
        wheel = Wheel("large", "1.0", files=noise)
        self.archive = wheel.archive()
        self.file = self.served / "files" / wheel.file_name
        self.page = self.served / "simple/large/index.json"
        for file in (self.file, self.page):
            file.parent.mkdir(parents=True)
        self.put(self.archive, 0)

    def serve(self, rate: str):
        server = SERVER.format(folder=self.folder, served=self.served, rate=rate)
        return nginx(self.folder, HTTP, server)

    def put(self, content: bytes, seconds: int) -> None:
        """In the place of what was there, at another time: its ETag is another."""
        draft = self.file.with_suffix(".new")
        draft.write_bytes(content)
        os.utime(draft, (1_700_000_000 + seconds, 1_700_000_000 + seconds))
        draft.rename(self.file)

    def write_page(self, url: str) -> None:
        file = {
            "filename": self.file.name,
            "url": f"{url}/files/{self.file.name}",
            "hashes": {"sha256": hashlib.sha256(self.archive).hexdigest()},
            "size": len(self.archive),
            "upload-time": "2026-01-01T00:00:00.000000Z",
        }
        page = {"meta": {"api-version": "1.1"}, "name": "large", "files": [file]}
        self.page.write_text(json.dumps(page))

    def sandbox(self, name: str, url: str) -> Sandbox:
        self.write_page(url)
        sandbox = Sandbox(self.folder / name, self.envpm, url + "/simple")
        sandbox.write(manifest_of("large"))
        sandbox.run("lock")
        self.forget()
        return sandbox

    @property
    def log(self) -> Path:
        return self.folder / "access.log"

    def forget(self) -> None:
        os.truncate(self.log, 0)

    def whole_log(self) -> str:
        """Once nginx has written all: an answer's line comes when its connection is closed."""
        deadline = time.monotonic() + 30
        text, grew_at = self.log.read_text(), time.monotonic()
        while not text.endswith("\n") or time.monotonic() < grew_at + QUIET_SECONDS:
            expect(time.monotonic() < deadline, f"nginx's log does not end: {text}")
            time.sleep(0.02)
            now = self.log.read_text()
            if now != text:
                text, grew_at = now, time.monotonic()
        return text

    def answers(self) -> list[Answer]:
        """For the wheel, since the last `forget`."""
        words = (line.split() for line in self.whole_log().splitlines())
        return [Answer(int(w[0]), int(w[1])) for w in words if w[2].startswith("/files/")]


def expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise SystemExit(f"failed: {what}")


def kill_at(sandbox: Sandbox, share: float, size: int) -> None:
    """When so much of the file is in the cache."""
    process = sandbox.start("install", "--no-progress")
    deadline = time.monotonic() + 60
    while bytes_in(sandbox.cache / "dl") < share * size and process.poll() is None:
        expect(time.monotonic() < deadline, "the file never came so far")
        time.sleep(0.005)
    process.kill()
    process.communicate()
    expect(process.returncode == -9, f"the install ended by itself: {process.returncode}")


def bytes_in(folder: Path) -> int:
    """On the disk: a file may have its whole size, and holes."""
    parts = folder.rglob("*.part") if folder.is_dir() else []
    return sum(file.stat().st_blocks * 512 for file in parts)


def try_kill(site: Site) -> None:
    size = len(site.archive)
    with site.serve("3m") as url:
        sandbox = site.sandbox("killed", url)
        kill_at(sandbox, 0.4, size)
        first = site.answers()
        site.forget()
        sandbox.run("install")
        second = site.answers()
        sandbox.run("verify")
    came, went_on = sum(a.sent for a in first), sum(a.sent for a in second)
    print(f"killed at {came / size:.2f} of the file; the next install fetched {went_on / size:.2f}")
    expect(0.3 * size < came < 0.8 * size, f"{came} of {size} bytes before the kill")
    expect(came + went_on < size + LOST_MOST, f"{came} + {went_on} of {size} bytes")
    expect({a.status for a in second} == {206}, f"{second}: not all of it parts")


def try_replaced(site: Site) -> None:
    """Between the two runs; what the first one has of the old file is of no use then."""
    size = len(site.archive)
    other = site.archive[:1000] + random.Random("other").randbytes(size - 1000)
    with site.serve("3m") as url:
        sandbox = site.sandbox("replaced", url)
        kill_at(sandbox, 0.4, size)
        site.put(other, 60)
        site.forget()
        done = sandbox.run("install", expected=INTEGRITY)
        expect("sent wrong bytes" in done.stderr, done.stderr)
        answers = site.answers()
        expect(200 in {a.status for a in answers}, f"{answers}: nginx was not asked for a version")
        site.put(site.archive, 120)
        site.forget()
        sandbox.run("install")
        sandbox.run("verify")
        again = sum(a.sent for a in site.answers())
    first = sum(a.sent for a in answers)
    print(f"replaced: {first / size:.2f} of the other, then {again / size:.2f}")
    expect(again <= size + LOST_MOST, f"{again} of {size} bytes of the right file")


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = scratch_folder("envpm-nginx-")
    try:
        site = Site(Path(sys.argv[1]).resolve(), folder)
        try_kill(site)
        site.put(site.archive, 0)
        try_replaced(site)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
