#!/usr/bin/env python3
"""Small files go together over one connection, others have one each: `small_files_test.py ENVPM`.

nginx serves an index over TLS with HTTP/2 and sends each file slowly. Its log says over which
connection a file went and from when to when, so how many went at the same time.
"""

import hashlib
import json
import random
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from certificates import Certificates  # noqa: E402
from nginx_server import free_port, nginx  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder  # noqa: E402
from wheels import Wheel  # noqa: E402

SMALL = 48  # files of some 12 KB
LARGE = 2  # files of 320 KB
MOST_ALONE = 4  # of one host, with a connection each
MOST_TOGETHER = 16
MOST_SHARED = 6  # one, but for those that set out before it was known that one is enough
HTTP = "log_format files '$connection $server_protocol $msec $request_time $uri';"
SERVER = """
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {chain}; ssl_certificate_key {chain};
    access_log {folder}/access.log files;
    root {served};
    location /simple/ {{ index index.json; default_type application/vnd.pypi.simple.v1+json; }}
    location /files/small {{ limit_rate 8k; }}
    location /files/large {{ limit_rate 400k; }}
"""


def milliseconds(seconds: str) -> int:
    """Whole ones: of a difference of fractions, a file could seem to begin before another ended."""
    return int(seconds.replace(".", ""))


@dataclass
class Sent:
    connection: str
    protocol: str
    begin: int  # in milliseconds
    end: int  # the same
    file: str

    @staticmethod
    def of(line: str) -> "Sent":
        connection, protocol, end, took, path = line.split()
        ended = milliseconds(end)
        return Sent(connection, protocol, ended - milliseconds(took), ended, path)


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


def most_at_once(sent: list[Sent]) -> int:
    return max(sum(other.begin <= one.begin < other.end for other in sent) for one in sent)


def expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise SystemExit(f"failed: {what}")


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = scratch_folder("envpm-small-")
    try:
        certificates = Certificates(folder / "certificates")
        certificates.context("good")
        names = write_site(folder / "served", SMALL, LARGE)
        port = free_port()
        chain = certificates.folder / "good.pem"
        server = SERVER.format(folder=folder, served=folder / "served", chain=chain, port=port)
        with nginx(folder, HTTP, server):
            url = f"https://localhost:{port}/simple"
            trust = {"ENVPM_CA_FILE": str(certificates.authority)}
            sandbox = Sandbox(folder / "project", Path(sys.argv[1]).resolve(), url, variables=trust)
            sandbox.write(manifest_of(*names))
            sandbox.run("lock")
            log = folder / "access.log"
            log.write_text("")
            sandbox.run("install")
        sent = [Sent.of(line) for line in log.read_text().splitlines()]
        small = [one for one in sent if one.file.startswith("/files/small")]
        large = [one for one in sent if one.file.startswith("/files/large")]
        expect(len(small) == SMALL, f"{len(small)} small files were asked for")
        expect(len(large) == LARGE, f"{len(large)} others were asked for")
        connections = {one.connection for one in small}
        expect(len(connections) <= MOST_SHARED, f"small ones over {len(connections)} connections")
        expect(not connections & {one.connection for one in large}, "the others shared it")
        together = most_at_once(small)
        print(f"{together} small files at once over {len(connections)} connections")
        expect(MOST_ALONE < together <= MOST_TOGETHER, f"{together} small files at once")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
