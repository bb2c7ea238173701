#!/usr/bin/env python3
"""Damaged and lying pages of a channel, through the command: `channel_faults_test.py ENVPM`.

Whatever a channel answers, `lock` ends with a clear error and writes nothing, or with the very lock
that the undamaged channel gives. Afterwards the channel is as it was, and so is what the cache
makes of it. Packages with faults are in tests/cases/conda-bad-packages.
"""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import sample_channel
from channel_server import Channels
from conda_packages import Package, zstd
from sandbox import Sandbox

ENVPM = Path(sys.argv.pop(1) if len(sys.argv) > 1 else "envpm").resolve()
MANIFEST = '[workspace]\nname = "faults"\nchannels = ["{url}"]\n\n[dependencies]\nwall = "*"\n'
SUBDIRS = ("noarch", "linux-64")
EVERY_FORM = ("*.zst", "*.json")
PACKAGES = [
    Package("stone", "2.0", files={"share/stone": "2.0\n"}),
    Package("wall", "2.1", depends=["stone >=2"], noarch="generic"),
]

# What a page may be instead, with what is said of it as repodata.json and as repodata.json.zst.
PAGES = {
    "nothing": (b"", "the page is empty", "cut short"),
    "no JSON": (b"no repodata", "JSON", None),
    "HTML": (b"<!DOCTYPE html><html><body>Please log in</body></html>", "HTML", "JSON"),
    "a list": (b"[]", "JSON", None),
    "cut off": (b'{"packages": {"stone-2.0-0.tar.bz2": {"name": "sto', "cut short", "cut short"),
    "followed by more": (b'{"packages": {}}}', "JSON", None),
    "no UTF-8": (b'{"packages": {"\xff-2.0-0.tar.bz2": {}}}', "not valid UTF-8", None),
    "packages as a list": (b'{"packages": [], "packages.conda": {}}', "no repodata", None),
    "nested without end": (b'{"a":' + b"[" * 100_000, "cut short", "cut short"),
}


class ChannelFaults(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="envpm-faults-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name).resolve()
        self.channel = self.folder / "channels/sample"
        sample_channel.write_channel(self.channel, PACKAGES)
        self.server = Channels(self.folder / "channels")
        self.addCleanup(self.server.close)
        self.made = 0

    def sandbox(self) -> Sandbox:
        """With nothing in its cache."""
        self.made += 1
        sandbox = Sandbox(self.folder / str(self.made), ENVPM, self.server.url)
        sandbox.write(MANIFEST.format(url=self.server.url + "/sample"))
        return sandbox

    def good_lock(self) -> bytes:
        sandbox = self.sandbox()
        sandbox.run("lock")
        return sandbox.lock.read_bytes()

    def expect_failure(self, what: str, *parts: str) -> Sandbox:
        sandbox = self.sandbox()
        done = sandbox.run("lock", expected=5)
        for part in ("error: ", "sample", *parts):
            self.assertIn(part, done.stderr, what)
        self.assertFalse(sandbox.lock.exists(), what)
        self.assertFalse((sandbox.root / "p").exists(), what)
        return sandbox

    def expect_recovery(self, sandbox: Sandbox, good: bytes) -> None:
        sandbox.run("lock", "--refresh")
        self.assertEqual(sandbox.lock.read_bytes(), good)

    def test_a_channel_that_answers_nothing_of_use_is_an_error(self):
        good = self.good_lock()
        for fault, part in {
            "404": "neither `linux-64` nor `noarch`",
            "401": "401",
            "login": "HTML",
            "shorter": "cut short",
            "wrong-byte": "",
        }.items():
            with self.subTest(fault):
                self.server.behaviour.faults = dict.fromkeys(EVERY_FORM, fault)
                sandbox = self.expect_failure(fault, part)
                self.server.behaviour.faults = {}
                self.expect_recovery(sandbox, good)

    def test_a_form_that_is_seen_to_be_spoilt_is_passed_over(self):
        good = self.good_lock()
        shards = [f"/sample/{subdir}/repodata_shards.msgpack.zst" for subdir in SUBDIRS]
        zst = [f"/sample/{subdir}/repodata.json.zst" for subdir in SUBDIRS]
        for paths, fault in ((shards, "login"), (shards, "shorter"), (shards + zst, "shorter")):
            with self.subTest(paths=paths[-1], fault=fault):
                self.server.behaviour.faults = dict.fromkeys(paths, fault)
                sandbox = self.sandbox()
                sandbox.run("lock")
                self.assertEqual(sandbox.lock.read_bytes(), good)

    def test_a_shard_that_is_not_the_one_of_the_index_is_an_error(self):
        good = self.good_lock()
        files = self.channel.glob("*/shards/*")
        paths = ["/" + str(file.relative_to(self.folder / "channels")) for file in files]
        self.assertTrue(paths)
        for fault, part in {
            "404": "404",
            "login": "HTML",
            "wrong-byte": "sha256",
            "shorter": "sha256",
        }.items():
            with self.subTest(fault):
                self.server.behaviour.faults = dict.fromkeys(paths, fault)
                sandbox = self.expect_failure(fault, part)
                self.server.behaviour.faults = {}
                self.expect_recovery(sandbox, good)

    def test_a_page_that_is_no_repodata_is_an_error_in_either_form(self):
        good = self.good_lock()
        for name, (content, plain, packed) in PAGES.items():
            for form, part in ((".json", plain), (".json.zst", packed)):
                if part:
                    with self.subTest(name, form=form):
                        self.spoil(content, form)
                        sandbox = self.expect_failure(name, part)
        sample_channel.write_channel(self.channel, PACKAGES)
        self.expect_recovery(sandbox, good)

    def spoil(self, content: bytes, form: str) -> None:
        """The page is all that there is, in that form alone."""
        for subdir in SUBDIRS:
            folder = self.channel / subdir
            shutil.rmtree(folder / "shards", ignore_errors=True)
            for page in folder.glob("repodata*"):
                page.unlink()
            is_plain = form == ".json"
            (folder / f"repodata{form}").write_bytes(content if is_plain else zstd(content))

    def test_a_zstd_page_that_is_cut_off_or_followed_by_more_is_an_error(self):
        whole = (self.channel / "noarch/repodata.json.zst").read_bytes()
        for name, content in {
            "cut off": whole[:-5],
            "head only": whole[:6],
            "followed by more": whole + b"more",
            "no zstd": b"(\xb5/\xfe" + whole[4:],
        }.items():
            with self.subTest(name):
                self.spoil(b"", ".json.zst")
                for subdir in SUBDIRS:
                    (self.channel / subdir / "repodata.json.zst").write_bytes(content)
                self.expect_failure(name)

    def test_packages_that_do_not_arrive_whole_are_errors(self):
        for fault, code in {"404": 5, "login": 6, "wrong-byte": 6}.items():
            with self.subTest(fault):
                sandbox = self.sandbox()
                sandbox.run("lock")
                self.server.behaviour.faults = {"*.conda": fault}
                done = sandbox.run("install", expected=None)
                self.assertEqual(done.returncode, code, fault + done.stderr)
                self.assertIn("error: ", done.stderr)
                self.assertIsNone(sandbox.prefix())
                self.server.behaviour.faults = {}
                sandbox.run("install")
                self.assertEqual((sandbox.prefix() / "share/stone").read_text(), "2.0\n")


if __name__ == "__main__":
    unittest.main()
