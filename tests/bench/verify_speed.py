#!/usr/bin/env python3
"""How fast `envpm verify` reads, as a part of what all cores can hash (docs/performance.md).

verify_speed.py ENVPM [--gigabytes N] [--small] [--rounds N]. The store is made up, lies in the page
cache, and both are measured in turns, so that a busy machine is equally busy for both; the best of
each counts. Processor time is told too, which others disturb less. `--small`: files as in
site-packages instead of large ones.
"""

import argparse
import hashlib
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OBJECT_TIME = 315532800
BLOCK = 256 << 10


def make_store(root: Path, total: int, size: int) -> int:
    """Objects under their names, which no tree needs to be verified; gives their number."""
    root.mkdir(mode=0o755)
    (root / "VERSION").write_text("1\n")
    count = total // size
    noise = os.urandom(size)
    for number in range(count):
        content = number.to_bytes(8, "little") + noise[8:]
        name = hashlib.sha256(content).hexdigest()
        path = root / "objects/sha256" / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
        os.utime(path, (OBJECT_TIME, OBJECT_TIME))
    return count


def hash_memory(total: int) -> tuple[float, float]:
    """Seconds in which all cores hash so many bytes of memory, and of their time."""
    cores = os.cpu_count() or 1
    block = os.urandom(BLOCK)

    def work(_) -> None:
        hasher = hashlib.sha256()
        for _ in range(total // cores // BLOCK):
            hasher.update(block)

    began = now(os.times().user + os.times().system)
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, range(cores)))
    return since(began, os.times().user + os.times().system)


def now(processor: float) -> tuple[float, float]:
    return time.monotonic(), processor


def since(began: tuple[float, float], processor: float) -> tuple[float, float]:
    return time.monotonic() - began[0], processor - began[1]


def children() -> float:
    return os.times().children_user + os.times().children_system


def verify(envpm: Path, root: Path, *flags: str) -> tuple[float, float]:
    environment = os.environ | {"ENVPM_ROOT": str(root), "ENVPM_NO_CONFIG": "1"}
    command = [envpm, "verify", "--no-progress", "-q", *flags]
    began = now(children())
    subprocess.run(command, env=environment, cwd=root, check=True)
    return since(began, children())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("envpm", type=Path)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    total = int(options.gigabytes * 1e9)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        root = Path(folder) / "root"
        count = make_store(root, total, (16 << 10) if options.small else (16 << 20))
        envpm = options.envpm.resolve()
        verified, hashed = [], []
        for _ in range(options.rounds):
            verified.append(verify(envpm, root))
            hashed.append(hash_memory(total))
        quick = min(verify(envpm, root, "--quick")[0] for _ in range(options.rounds))
    wall = [min(seconds for seconds, _ in found) for found in (hashed, verified)]
    processor = [min(seconds for _, seconds in found) for found in (hashed, verified)]
    print(f"{count} objects, {total / 1e9:.2f} GB: verified at {total / wall[1] / 1e9:.2f} GB/s")
    print(f"{wall[0] / wall[1]:.0%} of what {os.cpu_count()} cores hash in memory")
    print(f"{processor[0] / processor[1]:.0%} by processor time; --quick {quick * 1000:.0f} ms")


if __name__ == "__main__":
    main()
