#!/usr/bin/env python3
"""The PyTorch environment, installed in many ways: `large_environment.py WHEELS ENVPM`.

By hand, as root: it takes minutes and 10 GB. WHEELS is a folder with the wheels of one torch
environment (`pip download torch -d DIR`), which nginx serves on loopback. One lock is installed on
ext4, xfs, btrfs and tmpfs, each file system new, by other users, umasks, locales, link modes and
numbers of threads, and once with kills in between. Exits with 1 unless all contents digests,
envpm's and the second implementation's, are one.
"""

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

here = Path(__file__).resolve().parent
sys.path[:0] = [str(here), str(here.parent / "support"), str(here.parent / "bench")]

import file_systems  # noqa: E402
import identity_test  # noqa: E402
import wheel_site  # noqa: E402
from identity_test import Circumstances  # noqa: E402
from sandbox import Sandbox, manifest_of  # noqa: E402

IMAGE_MEGABYTES = 24 << 10


class LargeMatrix(identity_test.Matrix):
    def sandbox(self, at: Circumstances) -> Sandbox:
        sandbox = super().sandbox(at)
        sandbox.patience_seconds = 900
        return sandbox


@dataclass
class Site:
    """What the matrix asks of an index."""

    simple_url: str
    behaviour: object = None


def cells(place: Path, kind: str, locales: list[str]) -> list[Circumstances]:
    """Each file system in two ways that differ in everything; one install is killed repeatedly."""
    links = "reflink" if kind in ("xfs", "btrfs") else "hardlink"
    found = [
        Circumstances(os.geteuid(), 0o002, locales[0], place, "auto", 8),
        Circumstances(identity_test.users()[-1], 0o077, locales[-1], place, links, 1),
    ]
    if kind == "ext4":
        found.append(Circumstances(os.geteuid(), 0o022, "C", place, "auto", 2, kills=8))
    return found


@contextlib.contextmanager
def place_of(kind: str):
    if kind != "tmpfs":
        with file_systems.image(kind, IMAGE_MEGABYTES) as folder:
            yield folder
        return
    with file_systems.folders([Path("/dev/shm")]) as found:
        yield next(iter(found.values()), None)


def install_all(url: str, envpm: Path, torch: str) -> list[dict[str, str]]:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    manifest = manifest_of("torch", python=f"{version}.*").replace('"*"', f'"=={torch}"')
    results: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="envpm-identity-", dir="/var/tmp") as home:
        os.chmod(home, 0o755)
        matrix = LargeMatrix(envpm, Site(url), Site(""), [Path(home)])
        locker = matrix.sandbox(Circumstances(os.geteuid(), 0o022, "C", Path(home), "auto", 2))
        locker.write(manifest)
        locker.run("lock")
        for kind in ("ext4", "xfs", "btrfs", "tmpfs"):
            with place_of(kind) as place:
                for at in cells(place, kind, matrix.locales) if place else []:
                    found = matrix.install(at, manifest, locker.lock.read_text())
                    shutil.rmtree(place / f"{matrix.count}")
                    print(f"{kind}: {at}: {found['contents'][:16]}", flush=True)
                    results.append(found)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheels", type=Path)
    parser.add_argument("envpm", type=Path)
    options = parser.parse_args()
    torch = next(options.wheels.glob("torch-*.whl")).name.split("-")[1]
    with (
        tempfile.TemporaryDirectory(prefix="envpm-identity-site-") as site,
        wheel_site.serve(options.wheels, Path(site)) as url,
    ):
        results = install_all(f"{url}/all/simple", options.envpm.resolve(), torch)
    digests = {result[kind] for result in results for kind in ("contents", "second")}
    told = ", ".join(sorted(digests))
    print(f"{len(results)} installs, {len(digests)} contents digest(s): {told}")
    return 0 if results and len(digests) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
