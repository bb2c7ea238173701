#!/usr/bin/env python3
"""Tests of what the conda tests stand on: the builder of packages, its lies, and the server."""

import bz2
import hashlib
import http.client
import io
import json
import tarfile
import tempfile
import time
import unittest
import zipfile
from pathlib import Path

import sample_channel
from channel_server import Behaviour, Channels
from conda_packages import PLACEHOLDER, File, Folder, Lies, Link, Package, Special, write_package

RECORD = Package("stone", "1.0").record
FILES = {"share/a.txt": "a\n", "share/b.txt": "b\n"}


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def tar(self, files: dict, lies: Lies | None = None) -> tarfile.TarFile:
        path = write_package(self.folder, RECORD, files, ".tar.bz2", lies)
        return tarfile.open(fileobj=io.BytesIO(bz2.decompress(path.read_bytes())))

    def paths(self, files: dict, lies: Lies | None = None) -> list[dict]:
        with self.tar(files, lies) as archive:
            return json.load(archive.extractfile("info/paths.json"))["paths"]


class Packages(Scratch):
    def test_the_same_description_gives_the_same_bytes(self):
        for name in ("one", "two"):
            sample_channel.write_channel(self.folder / name, sample_channel.PACKAGES)
        files = [file for file in (self.folder / "one").rglob("*") if file.is_file()]
        self.assertGreater(len(files), 50)
        for file in files:
            other = self.folder / "two" / file.relative_to(self.folder / "one")
            self.assertEqual(file.read_bytes(), other.read_bytes())

    def test_repodata_tells_the_truth_unless_it_is_made_to_lie(self):
        packages = [Package("honest", "1.0"), Package("liar", "1.0", says={"size": 7})]
        sample_channel.write_channel(self.folder, packages)
        page = json.loads((self.folder / "linux-64/repodata.json").read_text())
        content = (self.folder / "linux-64/honest-1.0-0.conda").read_bytes()
        honest = page["packages.conda"]["honest-1.0-0.conda"]
        self.assertEqual(honest["sha256"], hashlib.sha256(content).hexdigest())
        self.assertEqual(page["packages.conda"]["liar-1.0-0.conda"]["size"], 7)

    def test_placeholders_are_found_and_described(self):
        binary = b"\0" + PLACEHOLDER.encode() + b"\0"
        text, data = self.paths({"a": PLACEHOLDER, "b": binary})
        self.assertEqual((text["file_mode"], data["file_mode"]), ("text", "binary"))
        self.assertEqual(len(text["prefix_placeholder"]), 255)
        (short,) = self.paths({"a": File(b"\0/x\0", placeholder="/x")})
        self.assertEqual((short["file_mode"], short["prefix_placeholder"]), ("binary", "/x"))

    def test_a_link_is_described_by_where_it_leads(self):
        described = self.paths({"a/x": Link("../b"), "b": "text\n", "c": Link("absent")})
        self.assertEqual([entry["size_in_bytes"] for entry in described], [5, 5, 0])

    def test_members_can_be_absent_unlisted_and_double(self):
        lies = Lies(absent={"share/a.txt"}, unlisted={"share/b.txt"}, twice={"share/b.txt"})
        self.assertEqual([entry["_path"] for entry in self.paths(FILES, lies)], ["share/a.txt"])
        with self.tar(FILES, lies) as archive:
            names = [name for name in archive.getnames() if name.startswith("share/")]
        self.assertEqual(names, ["share/b.txt", "share/b.txt"])
        listed = self.paths(FILES, Lies(twice_listed={"share/a.txt"}))
        self.assertEqual(len(listed), 3)

    def test_names_types_and_metadata_can_be_anything(self):
        files = {
            "../../evil": "evil\n",
            "/absolute": Link("/etc/passwd"),
            "hard": Link("/etc/passwd", hard=True),
            "pipe": Special(),
            "folder": Folder(0o700),
            "info/index.json": "no JSON",
            "info/paths.json": None,
        }
        with self.tar(files) as archive:
            found = {member.name: member for member in archive}
            self.assertEqual(archive.extractfile("info/index.json").read(), b"no JSON")
        self.assertIn("../../evil", found)
        self.assertEqual(found["/absolute"].linkname, "/etc/passwd")
        self.assertTrue(found["hard"].islnk() and found["pipe"].isfifo())
        self.assertEqual(found["folder"].mode, 0o700)
        self.assertNotIn("info/paths.json", found)

    def test_the_zip_of_a_package_can_lack_and_gain_members(self):
        lies = Lies(outer={"pkg-": None, "metadata.json": b"{}", "more": b"more"})
        with zipfile.ZipFile(write_package(self.folder, RECORD, FILES, lies=lies)) as archive:
            self.assertEqual(
                archive.namelist(), ["metadata.json", "info-stone-1.0-0.tar.zst", "more"]
            )
            self.assertEqual(archive.read("metadata.json"), b"{}")
        lies = Lies(archive=lambda content: content[:9])
        self.assertEqual(len(write_package(self.folder, RECORD, FILES, lies=lies).read_bytes()), 9)


class Server(Scratch):
    def setUp(self):
        super().setUp()
        (self.folder / "c/noarch").mkdir(parents=True)
        (self.folder / "c/noarch/repodata.json").write_bytes(b"0123456789")
        self.server = Channels(self.folder)
        self.addCleanup(self.server.close)

    def get(self, path: str = "/c/noarch/repodata.json", **headers):
        host = self.server.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        self.addCleanup(connection.close)
        connection.request(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        return connection.getresponse()

    def test_who_has_it_gets_nothing_again(self):
        first = self.get()
        self.assertEqual(first.read(), b"0123456789")
        for name, condition in (("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")):
            self.assertEqual(self.get(**{condition: first.headers[name]}).status, 304)
        self.server.behaviour.validators = False
        self.assertEqual(self.get(If_None_Match=first.headers["ETag"]).status, 200)

    def test_a_part_can_be_asked_for(self):
        part = self.get(Range="bytes=7-")
        self.assertEqual((part.status, part.read()), (206, b"789"))
        self.assertEqual(self.get(Range="bytes=10-").status, 416)
        self.assertEqual(self.get(Range="bytes=7-", If_Range='"other"').status, 200)
        self.server.behaviour.ranges = False
        self.assertEqual(self.get(Range="bytes=7-").status, 200)

    def test_what_was_asked_and_sent_is_counted(self):
        self.get().read()
        self.get("/c/noarch/absent").read()
        path = "/c/noarch/repodata.json"
        deadline = time.monotonic() + 10
        while not self.server.sent[path]:  # counted after the last byte, by another thread
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        self.assertEqual(self.server.answers, [(path, 200), ("/c/noarch/absent", 404)])
        self.assertEqual((self.server.sent[path], self.server.requests_of("absent")), (10, 1))

    def test_a_fault_is_of_one_path(self):
        faults = self.server.behaviour.faults
        faults["*repodata.json"] = "503"
        self.assertEqual(self.get().status, 503)
        faults["*repodata.json"] = "login"
        self.assertEqual(self.get().headers["Content-Type"], "text/html")
        faults["*repodata.json"] = "wrong-byte"
        self.assertEqual(self.get().read(), b"012345678" + bytes([ord("9") ^ 1]))
        faults["*repodata.json"] = "shorter"
        self.assertEqual(self.get().read(), b"01234")
        faults["*repodata.json"] = "truncated"
        with self.assertRaises(http.client.IncompleteRead):
            self.get().read()

    def test_nothing_outside_is_served_and_a_password_asked_for(self):
        self.assertEqual(self.get("/../../etc/passwd").status, 404)
        self.server.behaviour = Behaviour(user_and_password="me:secret")
        self.assertEqual(self.get().status, 401)
        self.assertEqual(self.get(Authorization="Basic bWU6c2VjcmV0").status, 200)


if __name__ == "__main__":
    unittest.main()
