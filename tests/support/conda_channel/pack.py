"""Packs folders with conda-package-handling and indexes the channel with py-rattler.

Runs in the environment of tools.py: `pack.py JOBS CHANNEL`. JOBS is a JSON list of packages, each
with its folder, its members in order, and the archives to make of it below CHANNEL.
"""

import asyncio
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

import rattler.index
from conda_package_handling import api

PROCESSES = 2
LEVEL = 10  # of zstd: conda's own 19 takes three times as long here
EPOCH = 1767225600
PATCHES = "channel-repodata-patches-1.0-0.conda"


def pack(job: dict) -> None:
    for target in job["archives"]:
        folder, name = os.path.split(target)
        os.makedirs(folder, exist_ok=True)
        api.create(job["folder"], job["members"], name, folder, compression_level=LEVEL)


def main() -> None:
    jobs, channel = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    # The zip of a .conda has the time of its making in it.
    time.time = lambda: EPOCH
    os.environ["TZ"] = "UTC"
    with multiprocessing.Pool(PROCESSES) as pool:
        list(pool.imap_unordered(pack, jobs))
    patches = {"repodata_patch": PATCHES} if (channel / "noarch" / PATCHES).exists() else {}
    asyncio.run(
        rattler.index.index_fs(channel, write_zst=True, write_shards=True, force=True, **patches)
    )
    sys.stdout.flush()
    os._exit(0)  # the threads of py-rattler crash with the interpreter now and then


if __name__ == "__main__":
    main()
