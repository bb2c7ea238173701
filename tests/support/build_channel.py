#!/usr/bin/env python3
"""Builds a conda channel of real software: `build_channel.py [--small] OUT`, then serve
`OUT/channel`.

Debian's packages and wheels come from where this machine has them from, into `OUT/cache`; nothing
is installed. A second call does nothing, unless what the channel is made of or these scripts
changed. `--small` is what CI has the time for: Python with the libraries that it needs, openssl,
sqlite, six, and programs with placeholders, made by the same tools in the same way.
"""

import argparse
import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from conda_channel import interpreter, libraries, made_up, noarch_wheels, tools
from conda_channel.debian import Debs
from conda_channel.repodata_patches import patches
from conda_packages import Folder, Lies, Link, Package, as_entry, metadata

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Part:
    """What of the channel is made."""

    libraries: tuple[str, ...]
    wheels: tuple[str, ...]
    python_forms: tuple[str, ...]


WHOLE = Part(libraries.NAMES, tuple(tools.WHEELS), (".conda", ".tar.bz2"))
SMALL = Part(
    (*interpreter.NEEDS, "sqlite", "xz", "ca-certificates"), ("six==1.17.0",), (".conda",)
)


def build(out: Path, part: Part = WHOLE) -> Path:
    """The channel's folder, whole: it is renamed to its name when it is."""
    cache, channel = out / "cache", out / "channel"
    cache.mkdir(parents=True, exist_ok=True)
    debs = Debs(cache, ["patchelf", *libraries.debs_needed(part.libraries), *interpreter.DEBS])
    wheels = tools.wheels(cache, part.wheels)
    inputs = digest_of([*debs.all_archives(), *wheels], part)
    stamp = channel / "inputs"
    if stamp.exists() and stamp.read_text() == inputs:
        return channel
    with tempfile.TemporaryDirectory(prefix="stage-", dir=out) as name:
        stage = Path(name)
        packages = all_packages(debs, wheels, stage, part)
        jobs = [job_of(package, stage, stage / "channel") for package in packages]
        (stage / "jobs").write_text(json.dumps(jobs))
        pack = [tools.python_of_tools(cache), "-B", HERE / "conda_channel/pack.py"]
        # conda-package-handling orders the members of a .tar.bz2 by way of a set.
        stable = os.environ | {"PYTHONHASHSEED": "0"}
        tools.run([*pack, stage / "jobs", stage / "channel"], env=stable)
        write_run_exports(packages, stage / "channel")
        (stage / "channel/inputs").write_text(inputs)
        shutil.rmtree(channel, ignore_errors=True)
        (stage / "channel").rename(channel)
    return channel


def digest_of(archives: list[Path], part: Part) -> str:
    """Of all that a channel is made of, so that it is made again when one changes."""
    digest = hashlib.sha256(repr(part).encode())
    scripts = sorted((HERE / "conda_channel").glob("*.py"))
    for file in [*scripts, HERE / "conda_packages.py", Path(__file__).resolve(), *archives]:
        digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def all_packages(debs: Debs, wheels: list[Path], stage: Path, part: Part) -> list[Package]:
    unpacked = debs.unpack(stage / "debs")
    python = interpreter.python(unpacked, part.python_forms)
    packages = [
        *libraries.packages(unpacked, part.libraries),
        python,
        interpreter.python_abi(),
        *noarch_wheels.packages(wheels),
    ]
    if part is SMALL:
        return [*packages, *made_up.placeholders()]
    lay_out(python, stage / "python")
    packages += made_up.packages(stage / "python")
    return [*packages, patches(packages)]


def job_of(package: Package, stage: Path, channel: Path) -> dict:
    """What pack.py makes of a package, laid out in a folder of its own."""
    subdir = package.record["subdir"]
    folder = stage / "packages" / subdir / package.stem
    members = lay_out(package, folder)
    archives = [str(channel / subdir / (package.stem + form)) for form in package.forms]
    return {"folder": str(folder), "members": members, "archives": archives}


def lay_out(package: Package, folder: Path) -> list[str]:
    """Writes a package's files and its metadata; their paths, metadata first."""
    files = {path: as_entry(value) for path, value in package.content().items()}
    payload = {path: entry for path, entry in files.items() if not path.startswith("info/")}
    members = metadata(package.record, payload, Lies()) | files
    for path, entry in members.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(entry, Link):
            file.symlink_to(entry.target)
        elif isinstance(entry, Folder):
            file.mkdir(mode=entry.mode)
        else:
            file.write_bytes(entry.data)
            file.chmod(entry.mode)
        seconds = package.built // 1000
        os.utime(file, (seconds, seconds), follow_symlinks=False)
    return sorted(members, key=lambda path: (not path.startswith("info/"), path))


def write_run_exports(packages: list[Package], channel: Path) -> None:
    """run_exports.json of CEP 12 for each platform: only packages that export something."""
    pages: dict[str, dict] = {}
    for package in packages:
        subdir = package.record["subdir"]
        empty = {"info": {"subdir": subdir, "version": 1}, "packages": {}, "packages.conda": {}}
        page = pages.setdefault(subdir, empty)
        for form in package.forms if package.run_exports else ():
            group = "packages.conda" if form == ".conda" else "packages"
            page[group][package.stem + form] = {"run_exports": package.run_exports}
    for subdir, page in pages.items():
        (channel / subdir / "run_exports.json").write_text(json.dumps(page, sort_keys=True))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    channel = build(options.out.resolve(), SMALL if options.small else WHOLE)
    archives = [*channel.glob("*/*.conda"), *channel.glob("*/*.tar.bz2")]
    size_mb = sum(archive.stat().st_size for archive in archives) / 1e6
    seconds = time.monotonic() - began
    print(f"{channel}: {len(archives)} archives, {size_mb:.1f} MB, in {seconds:.1f} s")


if __name__ == "__main__":
    main()
