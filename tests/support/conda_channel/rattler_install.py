"""Solves and installs with py-rattler; runs in its environment.

`rattler_install.py CHANNEL_URL CACHE PREFIX SPEC…` prints the names of the chosen archives.
"""

import asyncio
import os
import sys
from pathlib import Path

import rattler
from rattler.package import BuildString
from rattler.virtual_package import GenericVirtualPackage

# What is said of every machine that this runs on, so that all choose the same: no CUDA.
MACHINE = [("__unix", "0"), ("__linux", "6.1"), ("__glibc", "2.36"), ("__archspec", "1", "x86_64")]


def virtual_package(name: str, version: str, build: str = "0") -> GenericVirtualPackage:
    return GenericVirtualPackage(
        rattler.PackageName(name), rattler.Version(version), BuildString(build)
    )


async def put_up(url: str, cache: Path, prefix: Path, specs: list[str]) -> list[str]:
    gateway = rattler.Gateway(cache_dir=cache / "repodata")
    records = await rattler.solve(
        [rattler.Channel(url)],
        specs,
        gateway=gateway,
        platforms=["linux-64", "noarch"],
        virtual_packages=[virtual_package(*words) for words in MACHINE],
    )
    await rattler.install(records, target_prefix=prefix, cache_dir=cache / "packages")
    return sorted(record.file_name for record in records)


if __name__ == "__main__":
    address, cache_folder, target, *wanted = sys.argv[1:]
    chosen = asyncio.run(put_up(address, Path(cache_folder), Path(target), wanted))
    print(*chosen, sep="\n", flush=True)
    os._exit(0)  # its threads are still there, and crash with the interpreter about one time in two
