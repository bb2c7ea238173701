#!/usr/bin/env python3
"""Runs the command snapshots of tests/cases against a built envpm.

A case is a folder with `commands` (a shell command a line), the files that its project begins
with, `index` for how the index behaves, and `expected`: each command, what it printed (`1> `
standard output, `2> ` standard error) and its exit code. `command_cases.py ENVPM` compares; with
`--accept` it writes `expected` anew, for review.
"""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import sample_channel
import sample_index
from channel_server import Channels
from index_server import Behaviour, Index

CASES = Path(__file__).resolve().parent.parent / "cases"
OWN_FILES = {"commands", "expected", "index"}


def environment(folder: Path, envpm: Path, index: Index, channel: str) -> dict[str, str]:
    """Nothing of the machine but its Python: a home, store and cache of the case's own."""
    return {
        "HOME": str(folder / "home"),
        "ENVPM_ROOT": str(folder / "root"),
        "ENVPM_CACHE": str(folder / "cache"),
        "ENVPM_NO_CONFIG": "1",
        "PIP_INDEX_URL": index.simple_url,
        "PIP_CONFIG_FILE": "/dev/null",
        "PATH": f"{envpm.parent}:{os.environ['PATH']}",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "INDEX": index.simple_url,
        "CHANNEL": channel,
        "ENVPM_SELF_TEST": "off",  # but for the case that is about it: a machine may have GPUs
        "FAKE_DRIVER": str(envpm.parent / "fake_gpu"),  # see its cuda.cpp
        "SUPPORT": str(Path(__file__).resolve().parent),
    }


def normalised(text: str, folder: Path, index: Index) -> str:
    """What differs from machine to machine and run to run, as words."""
    text = text.replace(str(folder / "project"), "<project>").replace(str(folder), "<tmp>")
    text = text.replace(index.url, "<index>")
    text = re.sub(r"^(2> )?asking for packages \d+\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\b(and this one has) \d+", r"\1 <length>", text)  # of <tmp>
    text = re.sub(r"127\.0\.0\.1(:\d+)?", "<host>", text)
    text = re.sub(r"in \d+(\.\d+)? (ms|s)\b", "in <time>", text)
    text = re.sub(r"\bafter \d+ ms", "after <time>", text)
    text = re.sub(r"\b[0-9.]+ [kMG]?B/s", "<rate>", text)
    text = re.sub(r'"(first_byte_seconds|bytes_per_second)": [0-9.e+-]+', r'"\1": <measured>', text)
    text = re.sub(r'[^`"\s]*/fake_gpu/', "<driver>/", text)
    text = re.sub(r"\b(the )?driver [0-9.]+ runs", "the driver runs", text)
    text = re.sub(r'"kernel_driver": ("[0-9.]+"|null)', '"kernel_driver": <version>', text)
    text = re.sub(r"files, [0-9.]+ k?B$", "files, <size>", text, flags=re.MULTILINE)
    text = re.sub(r'"seconds": [0-9.e+-]+', '"seconds": <time>', text)
    text = re.sub(r"\b[a-z2-7]{26}\b", "<env>", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", text)
    text = re.sub(r"python 3\.\d+\.\d+", "python <version>", text)
    text = re.sub(r"python3\.\d+", "python<3.x>", text)
    text = re.sub(r'"abi": "cp3\d+t?"', '"abi": "<abi>"', text)
    text = re.sub(r'"python": "3[0-9.]+"', '"python": "<version>"', text)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<now>", text)


def words_of(case: Path) -> list[str]:
    return (case / "index").read_text().split() if (case / "index").exists() else []


def behaviour_of(case: Path) -> Behaviour:
    """`index`: words such as `html`, `sidecars`, `no-ranges`, `login`, `truncated-pages`.

    With `channel` the sample channel is there too, at `$CHANNEL`; with `torch` more builds of
    PyTorch.
    """
    behaviour = Behaviour(
        wrong_bytes={"wrong_bytes-1.0-py3-none-any.whl"},
        truncated={"truncated-1.0-py3-none-any.whl"},
    )
    for word in words_of(case):
        if word == "html":
            behaviour.json = False
        elif word == "sidecars":
            behaviour.sidecars = True
        elif word == "no-ranges":
            behaviour.ranges = False
        elif word == "login":
            behaviour.login_page = True
        elif word == "truncated-pages":
            behaviour.truncate_pages = True
        elif word in ("channel", "torch"):
            pass
        else:
            raise SystemExit(f"{case}/index: unknown word {word}")
    return behaviour


def run_case(case: Path, envpm: Path) -> str:
    more = sample_index.MORE_TORCH if "torch" in words_of(case) else []
    index = Index(sample_index.WHEELS + more, sample_index.SDISTS, behaviour_of(case))
    with tempfile.TemporaryDirectory(prefix="envpm-case-") as name:
        folder = Path(name).resolve()
        project = folder / "project"
        shutil.copytree(case, project, ignore=shutil.ignore_patterns(*OWN_FILES))
        (folder / "home").mkdir()
        channels, channel = None, ""
        if "channel" in words_of(case):
            packages = sample_channel.PACKAGES + sample_channel.FAULTY
            sample_channel.write_channel(folder / "channels/sample", packages)
            channels = Channels(folder / "channels")
            channel = f"{channels.url}/sample"
        transcript = ""
        for command in (case / "commands").read_text().splitlines():
            if not command or command.startswith("#"):
                continue
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=project,
                env=environment(folder, envpm, index, channel),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            output = "".join(f"1> {line}\n" for line in done.stdout.splitlines())
            output += "".join(f"2> {line}\n" for line in done.stderr.splitlines())
            transcript += f"$ {command}\n{output}[{done.returncode}]\n\n"
        index.close()
        if channels:
            transcript = transcript.replace(channels.url, "<channels>")
            channels.close()
        return normalised(transcript, folder, index)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("envpm", type=Path)
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    failed = []
    cases = sorted(path.parent for path in CASES.glob("*/commands"))
    chosen = [case for case in cases if not options.cases or case.name in options.cases]
    for case in chosen:
        found = run_case(case, options.envpm.resolve())
        expected_file = case / "expected"
        if options.accept:
            expected_file.write_text(found)
            continue
        expected = expected_file.read_text() if expected_file.exists() else ""
        if found != expected:
            failed.append(case.name)
            sys.stdout.writelines(
                difflib.unified_diff(
                    expected.splitlines(True),
                    found.splitlines(True),
                    f"{case.name}/expected",
                    "found",
                )
            )
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
