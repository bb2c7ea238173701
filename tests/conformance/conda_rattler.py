"""The same questions to py-rattler; runs in its environment.

    conda_rattler.py solve gateway|sparse CACHE < REQUESTS
    conda_rattler.py match < QUESTIONS

A request is a JSON object with `channels`, folders, and `specs`; the answer as that of
conda_solver.cpp. The channels stay open: `gateway` is the way through rattler's own cache of
records, `sparse` that through the page in memory. A question is the list of a match spec and a
record's name, version, build, number and subdir; the answer `true`, `false` or what is wrong.
"""

import asyncio
import json
import os
import resource
import sys
import time
from pathlib import Path

import conda_check
import rattler
from rattler.exceptions import SolverError
from rattler.package import BuildString
from rattler.virtual_package import GenericVirtualPackage

SUBDIRS = ["linux-64", "noarch"]
VIRTUAL = [
    GenericVirtualPackage(rattler.PackageName(name), rattler.Version(version), BuildString(build))
    for name, (version, build) in conda_check.VIRTUAL.items()
]


class Gateway:
    def __init__(self, channels, cache):
        self.gateway = rattler.Gateway(cache_dir=cache)
        self.channels = [rattler.Channel(f"file://{folder}") for folder in channels]

    async def open(self):
        await self.gateway.query(self.channels, SUBDIRS, ["python"], recursive=False)

    async def solve(self, specs):
        return await rattler.solve(
            self.channels, specs, gateway=self.gateway, platforms=SUBDIRS, virtual_packages=VIRTUAL
        )


class Sparse:
    def __init__(self, channels, _):
        self.pages = [
            rattler.SparseRepoData(
                rattler.Channel(f"file://{folder}"), subdir, Path(folder, subdir, "repodata.json")
            )
            for folder in channels
            for subdir in SUBDIRS
        ]

    async def open(self):
        pass  # they are

    async def solve(self, specs):
        return await rattler.solve_with_sparse_repodata(
            [rattler.MatchSpec(spec) for spec in specs], self.pages, virtual_packages=VIRTUAL
        )


async def solve(kind, cache):
    way = None
    for line in sys.stdin:
        request = json.loads(line)
        if way is None:
            way = {"gateway": Gateway, "sparse": Sparse}[kind](request["channels"], cache)
            await way.open()
        start, processor_start = time.perf_counter(), time.process_time()
        try:
            chosen = await way.solve(request["specs"])
            answer = {"chosen": [f"{record.subdir}/{record.file_name}" for record in chosen]}
        except SolverError as error:
            answer = {"conflict": str(error)}
        except Exception as error:  # pylint: disable=broad-except
            answer = {"error": f"{type(error).__name__}: {error}"}
        answer["seconds"] = time.perf_counter() - start
        answer["processor_seconds"] = time.process_time() - processor_start
        answer["memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(answer), flush=True)


def match():
    for line in sys.stdin:
        spec, name, version, build, number, subdir = json.loads(line)
        try:
            record = rattler.PackageRecord(
                name, version, BuildString(build), number, subdir
            )
            print(json.dumps(rattler.MatchSpec(spec).matches(record)))
        except Exception as error:  # pylint: disable=broad-except
            print(json.dumps(str(error)))


if __name__ == "__main__":
    if sys.argv[1] == "match":
        match()
    else:
        asyncio.run(solve(sys.argv[2], Path(sys.argv[3])))
    sys.stdout.flush()
    os._exit(0)  # its threads are still there, and crash with the interpreter now and then
