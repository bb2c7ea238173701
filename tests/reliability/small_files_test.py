#!/usr/bin/env python3
"""Small files go together over one connection, others have one each: `small_files_test.py ENVPM`.

nginx serves an index over TLS with HTTP/2, and its log says over which connection a file went. It
gets the files from a server that holds each back for a while and counts how many it holds: a file
stops counting before its client has it, so none seems to be there that the client does not wait
for. (The log's times would not do: nginx may take some time to say that it has sent a file.)
"""

import hashlib
import json
import random
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from certificates import Certificates  # noqa: E402
from loopback import Loopback  # noqa: E402
from nginx_server import free_port, nginx  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder  # noqa: E402
from wheels import Wheel  # noqa: E402

SMALL = 96  # files of some 12 KB
LARGE = 2  # files of 320 KB
HELD = 0.4  # seconds
OTHERS = 8  # in all, as each small one would count alone
MOST_TOGETHER = 32
MOST_SHARED = 6  # one, but for those that set out before it was known that one is enough
HTTP = "log_format files '$connection $uri';"
SERVER = """
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {chain}; ssl_certificate_key {chain};
    access_log {folder}/access.log files;
    root {served};
    location /simple/ {{ index index.json; default_type application/vnd.pypi.simple.v1+json; }}
    location /files/ {{ proxy_pass {files}; }}
"""


@dataclass
class Sent:
    connection: str
    file: str

    @staticmethod
    def of(line: str) -> "Sent":
        connection, path = line.split()
        return Sent(connection, path)


class HeldFiles:
    """Sends what is in a folder, late."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.lock = threading.Lock()
        self.held = 0
        self.most_small = 0
        self.server = Loopback(self.answer)

    def answer(self, request) -> None:
        file = self.folder / request.path.lstrip("/")
        is_small = file.name.startswith("small")
        with self.lock:
            self.held += is_small
            self.most_small = max(self.most_small, self.held)
        time.sleep(HELD)
        with self.lock:
            self.held -= is_small
        content = file.read_bytes()
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)


def write_site(served: Path, small: int, large: int) -> list[str]:
    """The names of the projects, each with one wheel."""
    names = [f"small{i}" for i in range(small)] + [f"large{i}" for i in range(large)]
    for number, name in enumerate(names):
        size = 12_000 if name.startswith("small") else 320_000
        noise = {f"{name}/noise.bin": random.Random(number).randbytes(size)}
        wheel = Wheel(name, "1.0", files=noise)
        archive = wheel.archive()
        page = {
            "meta": {"api-version": "1.1"},
            "name": name,
            "files": [
                {
                    "filename": wheel.file_name,
                    "url": f"../../files/{wheel.file_name}",
                    "hashes": {"sha256": hashlib.sha256(archive).hexdigest()},
                    "size": len(archive),
                }
            ],
        }
        for file, content in (
            (served / "files" / wheel.file_name, archive),
            (served / "simple" / name / "index.json", json.dumps(page).encode()),
        ):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return names


def expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise SystemExit(f"failed: {what}")


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = scratch_folder("envpm-small-")
    try:
        check(Path(sys.argv[1]).resolve(), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def check(envpm: Path, folder: Path) -> None:
    certificates = Certificates(folder / "certificates")
    certificates.context("good")
    served = folder / "served"
    names = write_site(served, SMALL, LARGE)
    held = HeldFiles(served)
    port = free_port()
    chain = certificates.folder / "good.pem"
    server = SERVER.format(
        folder=folder, served=served, chain=chain, port=port, files=held.server.url
    )
    with nginx(folder, HTTP, server):
        url = f"https://localhost:{port}/simple"
        trust = {"ENVPM_CA_FILE": str(certificates.authority)}
        sandbox = Sandbox(folder / "project", envpm, url, variables=trust)
        sandbox.write(manifest_of(*names))
        sandbox.run("lock")
        log = folder / "access.log"
        log.write_text("")
        held.most_small = 0
        sandbox.run("install")
    held.server.close()
    sent = [Sent.of(line) for line in log.read_text().splitlines()]
    small = [one for one in sent if one.file.startswith("/files/small")]
    large = [one for one in sent if one.file.startswith("/files/large")]
    expect(len(small) == SMALL, f"{len(small)} small files were asked for")
    expect(len(large) == LARGE, f"{len(large)} others were asked for")
    connections = {one.connection for one in small}
    expect(len(connections) <= MOST_SHARED, f"small ones over {len(connections)} connections")
    expect(not connections & {one.connection for one in large}, "the others shared it")
    together = held.most_small
    print(f"{together} small files at once over {len(connections)} connections")
    expect(OTHERS < together <= MOST_TOGETHER, f"{together} small files at once")


if __name__ == "__main__":
    sys.exit(main())
