"""What envpm holds in memory depends on no size that comes from outside.

memory_test.py ENVPM [a test's name…]. The largest resident size of an install of 400 MB, from one
mirror and from four whose parts come out of order, and of a lock from a page that swells to 1 GiB,
beside that of an install of next to nothing. Another Python starts envpm and measures it: what a
process was before it became envpm counts too.
"""

import gzip
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "reliability"), str(HERE.parent / "support")]

from command_tests import run_tests  # noqa: E402
from fault_server import FaultServer, Reply  # noqa: E402
from sandbox import Sandbox, manifest_of, scratch_folder  # noqa: E402
from wheels import EPOCH, Wheel, record_hash  # noqa: E402

MEBIBYTE = 1 << 20
ALLOWED_MB = 64
PAGE_MB = 64  # what a page may have, unpacked: HttpRequest::limit_bytes
MOST_PATIENCE_SECONDS = 300
MEASURE = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
open(sys.argv[1], "w").write(str(used.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
WORLD: "World"


def huge_wheel(name: str) -> bytes:
    """300 MB of noise in one member, 60 MB in twenty, and 40 MB that are nothing when packed."""
    block = random.Random(name).randbytes(MEBIBYTE)
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    wheel = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members = {
        f"{name}/__init__.py": b"",
        f"{name}/large.bin": block * 300,
        **{f"{name}/{n}.bin": bytes([n]) + block * 3 for n in range(20)},
        f"{name}/nothing.bin": bytes(40 * MEBIBYTE),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": wheel,
    }
    lines = (f"{path},{record_hash(data)},{len(data)}\n" for path, data in members.items())
    members[f"{info}/RECORD"] = ("".join(lines) + f"{info}/RECORD,,\n").encode()
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in members.items():
                entry = zipfile.ZipInfo(path, EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                # Noise is not worth the time: deflate has a form for that.
                level = 0 if data.count(0) < len(data) / 2 else 6
                archive.writestr(entry, data, compresslevel=level)
        file.seek(0)
        return file.read()


class World:
    """The archives, by the name of their project."""

    def __init__(self, envpm: Path):
        self.folder = scratch_folder("envpm-memory-", 4 << 30)
        self.envpm = envpm
        self.count = 0
        self.archives = {"tiny": Wheel("tiny", "1.0").archive(), "huge": huge_wheel("huge")}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def server(self, name: str) -> FaultServer:
        server = FaultServer()
        archive = self.archives[name]
        file_name = Wheel(name, "1.0").file_name
        file = {
            "filename": file_name,
            "url": f"{server.url}/files/{file_name}",
            "hashes": {"sha256": hashlib.sha256(archive).hexdigest()},
            "size": len(archive),
            "upload-time": "2026-01-01T00:00:00.000000Z",
        }
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": [file]}
        server.content[f"/simple/{name}/"] = json.dumps(page).encode()
        server.content[f"/files/{file_name}"] = archive
        return server

    def peak_mb(self, servers: list[FaultServer], command: str, name: str, code: int = 0) -> float:
        """Of the command, with these as the mirrors of the index."""
        self.count += 1
        sandbox = Sandbox(
            self.folder / str(self.count),
            self.envpm,
            servers[0].url + "/simple",
            patience_seconds=MOST_PATIENCE_SECONDS,
        )
        peak = sandbox.folder / "peak"
        mirrors = json.dumps([server.url + "/simple" for server in servers])
        settings = sandbox.folder / "config.toml"
        settings.write_text(f"[mirrors]\npypi = {mirrors}\n")
        sandbox.variables = {"ENVPM_CONFIG_FILE": str(settings)}
        sandbox.wrapper = [sys.executable, "-IS", "-c", MEASURE, str(peak)]
        sandbox.write(manifest_of(name))
        sandbox.run(command, expected=code)
        shutil.rmtree(sandbox.root, ignore_errors=True)
        shutil.rmtree(sandbox.cache, ignore_errors=True)
        return int(peak.read_text()) / 1024


def late_first_parts(number: int):
    """Each mirror lets its first answers wait, another time each: what is later comes before."""

    def reply(exchange) -> Reply:
        return Reply(wait=0.4 * (number + 1)) if exchange.number < 2 else Reply()

    return reply


class Memory(unittest.TestCase):
    def setUp(self):
        self.servers: list[FaultServer] = []
        self.addCleanup(lambda: [server.close() for server in self.servers])
        tiny = self.serve("tiny")
        self.least = WORLD.peak_mb([tiny], "install", "tiny")

    def serve(self, name: str) -> FaultServer:
        self.servers.append(WORLD.server(name))
        return self.servers[-1]

    def expect_little_more(self, what: str, peak: float, known_mb: int = 0) -> None:
        print(f"  {what}: {peak:.0f} MB, beside {self.least:.0f} MB", file=sys.stderr)
        self.assertLess(peak, self.least + known_mb + ALLOWED_MB, what)

    def test_an_install_of_400_mb_from_one_mirror(self):
        server = self.serve("huge")
        peak = WORLD.peak_mb([server], "install", "huge")
        self.expect_little_more("from one mirror", peak)

    def test_an_install_of_400_mb_from_four_mirrors_out_of_order(self):
        servers = [self.serve("huge") for _ in range(4)]
        path = f"/files/{Wheel('huge', '1.0').file_name}"
        for number, server in enumerate(servers):
            server.scripts[path] = [late_first_parts(number)]
        peak = WORLD.peak_mb(servers, "install", "huge")
        used = [server for server in servers if server.sent[path] > MEBIBYTE]
        self.assertGreater(len(used), 1, "one mirror sent all of it")
        self.expect_little_more("from four mirrors", peak)

    def test_a_page_that_swells_to_a_gibibyte_is_refused(self):
        server = self.serve("tiny")
        swollen = gzip.compress(bytes(1 << 30), 1)
        fields = {"Content-Encoding": "gzip"}
        server.scripts["/simple/tiny/"] = [Reply(body=swollen, fields=fields)]
        peak = WORLD.peak_mb([server], "lock", "tiny", code=5)
        self.expect_little_more("a page that swells", peak, PAGE_MB)


def begin(envpm: Path) -> World:
    global WORLD
    WORLD = World(envpm)
    return WORLD


if __name__ == "__main__":
    sys.exit(run_tests(begin))
