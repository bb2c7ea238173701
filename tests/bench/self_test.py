#!/usr/bin/env python3
"""Measures what the GPU self-test costs where there is nothing to wait for: with the fake driver.

    self_test.py BUILD [--runs N]

BUILD is the folder of an optimised build with envpm, envpm-gpuprobe and fake_gpu. Least and median
of N runs (100), in milliseconds, of each command as a whole. It ends with code 1 if the least of a
probe, or of an activation whose test is remembered, is more than 10 ms beyond a start of /bin/true.
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


LIMIT_MS = 10.0


def timed(
    command: list[str], environment: dict[str, str], folder: Path, runs: int
) -> tuple[float, float]:
    milliseconds = []
    for _ in range(runs):
        begin = time.monotonic()
        subprocess.run(
            command, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        milliseconds.append((time.monotonic() - begin) * 1000)
    return min(milliseconds), statistics.median(milliseconds)


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
        least = {}
        for words, command, environment in rows:
            least[words], median = timed(command, environment, folder, options.runs)
            print(f"| {words} | {least[words]:.1f} | {median:.1f} |", flush=True)
    start = least["/bin/true"]
    over = [
        f"{words}: {least[words] - start:.1f} ms, {LIMIT_MS:.0f} are the limit"
        for words in ("envpm-gpuprobe --device 0", "envpm run, remembered")
        if least[words] - start > LIMIT_MS
    ]
    if over:
        raise SystemExit("\n".join(over))


if __name__ == "__main__":
    main()
