#!/usr/bin/env python3
"""Measures what the GPU self-test costs where there is nothing to wait for: with the fake driver.

    self_test.py BUILD [--runs N]

BUILD is a build folder with envpm, envpm-gpuprobe and fake_gpu. Least and median of N runs (100),
in milliseconds, of each command as a whole.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
sys.dont_write_bytecode = True

import sample_index  # noqa: E402
from index_server import Behaviour, Index  # noqa: E402

MANIFEST = '[workspace]\nname = "gpu"\n\n[pypi-dependencies]\nnvidia-cuda-runtime = "*"\n'


def timed(command: list[str], environment: dict[str, str], folder: Path, runs: int) -> str:
    milliseconds = []
    for _ in range(runs):
        begin = time.monotonic()
        subprocess.run(
            command, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        milliseconds.append((time.monotonic() - begin) * 1000)
    return f"{min(milliseconds):.1f} | {statistics.median(milliseconds):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    build = options.build.resolve()
    envpm = str(build / "envpm")
    with tempfile.TemporaryDirectory(prefix="envpm-bench-") as name:
        folder = Path(name)
        index = Index(sample_index.WHEELS, [], Behaviour())
        bare = {
            "HOME": name,
            "ENVPM_ROOT": f"{name}/root",
            "ENVPM_CACHE": f"{name}/cache",
            "ENVPM_NO_CONFIG": "1",
            "PIP_INDEX_URL": index.simple_url,
            "PIP_CONFIG_FILE": "/dev/null",
            "PATH": os.environ["PATH"],
        }
        driver = {**bare, "LD_LIBRARY_PATH": str(build / "fake_gpu")}
        (folder / "envpm.toml").write_text(MANIFEST)
        subprocess.run([envpm, "install"], env=driver, cwd=folder, check=True)
        index.close()
        run = [envpm, "run", "/bin/true"]
        rows = [
            ("/bin/true", ["/bin/true"], bare),
            ("envpm-gpuprobe --device 0", [str(build / "envpm-gpuprobe"), "--device", "0"], driver),
            ("envpm run, --self-test off", [*run[:2], "--self-test", "off", run[2]], driver),
            ("envpm run, remembered", run, driver),
            ("envpm run, without a driver", run, bare),
            ("envpm selftest --recheck", [envpm, "selftest", "--recheck"], driver),
            (
                "envpm selftest --recheck, 8 GPUs",
                [envpm, "selftest", "--recheck"],
                {**driver, "FAKE_GPU_COUNT": "8"},
            ),
        ]
        print("| command | least (ms) | median (ms) |\n|---|---|---|")
        for words, command, environment in rows:
            print(f"| {words} | {timed(command, environment, folder, options.runs)} |", flush=True)


if __name__ == "__main__":
    main()
