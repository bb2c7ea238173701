#!/usr/bin/env python3
"""Tests of torch_index.py: its links, and that `torch_index_test.py ENVPM` locks from it."""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import torch_index
from index_server import Folder

ENVPM: Path | None = None
CHOICE = torch_index.Choice(["2.9", "2.12"], ["cu126", "cu130"], ["3.11", "3.13"])
MANIFEST = """[workspace]
name = "stack"
[indexes]
cuda = "{url}/whl/cu126"
[pypi-dependencies]
torch = {{ version = "==2.9.1", index = "cuda" }}
torchvision = {{ version = "*", index = "cuda" }}
[targets.default]
platform = "linux-64"
"""
AUTO = """[workspace]
name = "stack"
[pypi-dependencies]
torch = "==2.9.1"
torchvision = "*"
torchaudio = "*"
[gpu]
torch-variants = "auto"
accelerator = "cuda"
{pin}
[targets.default]
platform = "linux-64"
{driver}
"""


class Links(HTMLParser):
    """The links of a page: target and attributes."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs))


class Written(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        torch_index.write_index(cls.folder, CHOICE)

    def links(self, *parts: str) -> list[dict[str, str]]:
        return Links((self.folder / "whl" / Path(*parts) / "index.html").read_text()).found

    def names(self, *parts: str) -> list[str]:
        return [
            unquote(link["href"].partition("#")[0].rpartition("/")[2])
            for link in self.links(*parts)
        ]

    def metadata(self, pattern: str) -> str:
        (path,) = self.folder.glob(f"whl/*/{pattern}.metadata")
        return path.read_text()

    def test_every_link_leads_to_a_file_with_its_digest(self):
        pages = list(self.folder.glob("whl/cu*/*/index.html"))
        self.assertGreater(len(pages), 20)
        for page in pages:
            for link in Links(page.read_text()).found:
                path, _, digest = link["href"].partition("#sha256=")
                file = self.folder / unquote(path).lstrip("/")
                self.assertEqual(hashlib.sha256(file.read_bytes()).hexdigest(), digest, path)
                metadata = file.with_name(file.name + ".metadata").read_bytes()
                known = f"sha256={hashlib.sha256(metadata).hexdigest()}"
                self.assertEqual(link["data-core-metadata"], known, path)
                self.assertNotIn("+", path)

    def test_wheels_are_those_of_the_choice_and_the_table(self):
        names = self.names("cu126", "torch")
        self.assertIn("torch-2.9.1+cu126-cp311-cp311-manylinux_2_28_x86_64.whl", names)
        self.assertIn("torch-2.12.1+cu126-cp313-cp313-manylinux_2_28_aarch64.whl", names)
        self.assertEqual(len(names), 4 * 2 * 2)  # 2.9.0 to 2.12.1, two Pythons, two processors

    def test_a_build_pins_what_its_row_says(self):
        text = self.metadata("torch-2.9.1+cu130-cp311-cp311-*_x86_64.whl")
        self.assertIn("Requires-Dist: nvidia-cudnn-cu13==9.13.0.50;", text)
        self.assertIn("Requires-Dist: nvidia-nccl-cu13==2.27.7;", text)
        self.assertIn("Requires-Dist: nvidia-cublas==13.0.0;", text)
        self.assertIn("Requires-Dist: triton==3.5.1;", text)
        text = self.metadata("torch-2.9.0+cu126-cp311-cp311-*_x86_64.whl")
        self.assertIn("Requires-Dist: nvidia-cublas-cu12==12.6.3;", text)
        self.assertIn("Requires-Dist: triton==3.5.0;", text)

    def test_companions_require_their_torch(self):
        text = self.metadata("torchvision-0.24.1+cu130-cp311-cp311-*_x86_64.whl")
        self.assertIn("Requires-Dist: torch==2.9.1\n", text)
        text = self.metadata("torchaudio-2.11.0+cu130-cp311-cp311-*_x86_64.whl")
        self.assertIn("Requires-Dist: torch>=2.11.0\n", text)

    def test_an_index_has_all_that_its_wheels_require(self):
        for variant in ("cu126", "cu130"):
            projects = {link["href"].rstrip("/") for link in self.links(variant)}
            for page in (self.folder / "whl" / variant).glob("*/index.html"):
                for link in Links(page.read_text()).found:
                    path = unquote(link["href"].partition("#")[0]).lstrip("/")
                    text = (self.folder / (path + ".metadata")).read_text()
                    needed = re.findall(r"^Requires-Dist: ([\w-]+)", text, re.MULTILINE)
                    self.assertLessEqual(set(needed), projects, path)

    def test_the_same_choice_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as name:
            torch_index.write_index(Path(name), CHOICE)
            files = [file for file in self.folder.rglob("*") if file.is_file()]
            self.assertGreater(len(files), 100)
            for file in files:
                other = Path(name) / file.relative_to(self.folder)
                self.assertEqual(file.read_bytes(), other.read_bytes())

    def serve(self) -> Folder:
        served = Folder(self.folder)
        self.addCleanup(served.close)
        return served

    def lock(self, manifest: str, served: Folder, default_index: str) -> dict:
        """What envpm locks; the place of PyTorch's builds is mirrored here."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "envpm.toml").write_text(manifest)
            (folder / "own.toml").write_text(f'[mirrors]\npytorch = ["{served.url}/whl"]\n')
            variables = {
                "HOME": name,
                "PATH": os.environ["PATH"],
                "ENVPM_NO_CONFIG": "1",
                "PIP_CONFIG_FILE": "/dev/null",
                "PIP_INDEX_URL": f"{served.url}/{default_index}",
            }
            done = subprocess.run(
                [ENVPM, "--config-file", "own.toml", "lock"],
                cwd=folder,
                env=variables,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            return tomllib.loads((folder / "envpm.lock").read_text())

    def check_auto(self, variant: str, libraries: dict[str, str], **asked: str) -> Folder:
        """That a stack of this variant is locked, all from its own index."""
        if ENVPM is None:
            self.skipTest("no envpm was given")
        served = self.serve()
        manifest = AUTO.format(**({"pin": "", "driver": ""} | asked))
        packages = {row["name"]: row for row in self.lock(manifest, served, "simple")["package"]}
        stack = {"torch": "2.9.1", "torchvision": "0.24.1", "torchaudio": "2.9.1"}
        for name, version in stack.items():
            self.assertEqual(packages[name]["version"], f"{version}+{variant}")
            self.assertEqual(packages[name]["source"], f"pytorch-{variant}")
        for name, version in libraries.items():
            self.assertEqual(packages[name]["version"], version)
            self.assertEqual(packages[name]["source"], "pypi")
        for row in packages.values():
            (file,) = self.folder.rglob(row["file"])
            self.assertEqual(hashlib.sha256(file.read_bytes()).hexdigest(), row["sha256"])
        return served

    def test_auto_takes_the_variant_of_the_pin_and_asks_no_other(self):
        libraries = {"nvidia-cudnn-cu12": "9.10.2.21", "nvidia-cublas-cu12": "12.6.3"}
        served = self.check_auto("cu126", libraries, pin='cuda = "12.6"')
        pages = [path for path in served.requests if path.endswith("/torch/")]
        self.assertEqual(pages, ["/whl/cu126/torch/"])

    def test_auto_takes_the_variant_that_the_driver_runs(self):
        self.check_auto("cu126", {"nvidia-cudnn-cu12": "9.10.2.21"}, driver='driver = "535.104.05"')
        libraries = {"nvidia-cudnn-cu13": "9.13.0.50", "nvidia-cublas": "13.0.0"}
        self.check_auto("cu130", libraries, driver='driver = "580.65.06"')

    def test_envpm_locks_a_stack_of_one_variant(self):
        if ENVPM is None:
            self.skipTest("no envpm was given")
        served = self.serve()
        lock = self.lock(MANIFEST.format(url=served.url), served, "whl/cu126")
        versions = {package["name"]: package["version"] for package in lock["package"]}
        self.assertEqual(versions["torch"], "2.9.1+cu126")
        self.assertEqual(versions["torchvision"], "0.24.1+cu126")
        self.assertEqual(versions["nvidia-cudnn-cu12"], "9.10.2.21")
        self.assertEqual(versions["triton"], "3.5.1")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ENVPM = Path(sys.argv.pop()).resolve()
    unittest.main()
