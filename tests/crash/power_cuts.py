#!/usr/bin/env python3
"""Cuts the power of installs at random moments, and counts what is trusted afterwards.

power_cuts.py ENVPM [--cuts 50] [--tools envpm,uv,pip,rattler] [--systems ext4,xfs] [--peers FOLDER]

By hand, as root: it mounts images (images.py). Of every cut one line, of every tool and file system
a row of docs/reliability.md. After a cut the disk is mounted again, which replays its journal; then

    whole    what the tool had reported as installed before the cut has all its files, each byte
    trusted  the same install is done again, and one into a second environment with the same cache:
             a tool that says of either that it is well, while a file is missing or wrong, trusted
             what was damaged
    stuck    the tool refuses to go on, and someone has to find out what to remove
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import peers
from images import SYSTEMS, Host

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import sample_channel  # noqa: E402
from channel_server import Channels  # noqa: E402
from index_server import Behaviour, Index  # noqa: E402

SEED = 20261126
AFTER = 4.0  # seconds after the install's end in which the power may still fail


@dataclass
class Cut:
    was_reported: bool
    lost: int  # files that were reported as installed and are not whole
    trusted: int  # of the first environment, then
    trusted_from_cache: int  # and of the second
    is_stuck: bool

    @property
    def verdict(self) -> str:
        if self.trusted or self.trusted_from_cache:
            return "trusted"
        return "stuck" if self.is_stuck else "fine"


class Cuts:
    def __init__(self, host: Host, system: str, make_tool):
        self.host, self.system = host, system
        self.tool = make_tool(host.mount)
        self.before = host.new("before.img", system)
        with host.mounted(self.before, system):
            (host.mount / "home").mkdir()
            self.tool.prepare()
        self.duration = self.time()

    def time(self) -> float:
        """Of an install that nobody disturbs."""
        with self.host.mounted(self.host.copy(self.before, "disk.img"), self.system):
            began = time.monotonic()
            self.finish(self.tool.start("a"))
            wrong = self.tool.wrong("a")
            if wrong:
                raise SystemExit(f"an undisturbed install lacks {wrong[:3]}")
            return time.monotonic() - began

    def finish(self, process: subprocess.Popen) -> int:
        output, _ = process.communicate(timeout=120)
        if process.returncode != 0:
            print("      " + "\n      ".join(output.strip().splitlines()[-6:]))
        return process.returncode

    def cut(self, after: float) -> Cut:
        image = self.host.copy(self.before, "disk.img")
        with self.host.mounted(image, self.system):
            process = self.tool.start("a")
            time.sleep(after)
            was_reported = process.poll() == 0
            image = self.host.copy(image, "cut.img")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        with self.host.mounted(image, self.system):
            lost = len(self.tool.wrong("a")) if was_reported else 0
            codes = []
            wrong = []
            for environment in ("a", "b"):
                codes.append(self.finish(self.tool.start(environment)))
                wrong.append(0 if codes[-1] else len(self.tool.wrong(environment)))
            return Cut(was_reported, lost, *wrong, any(codes))


def row(name: str, system: str, cuts: list[Cut]) -> str:
    counted = Counter(cut.verdict for cut in cuts)
    reported = [cut for cut in cuts if cut.was_reported]
    lost = sum(cut.lost > 0 for cut in reported)
    return (
        f"| {name} | {system} | {len(cuts)} | {lost} of {len(reported)} | {counted['trusted']} "
        f"| {counted['stuck']} | {counted['fine']} |"
    )


def run(options: argparse.Namespace) -> None:
    peers.Envpm.binary = options.envpm.resolve()
    programs = peers.fetch(options.peers)
    host = Host(options.parent)
    index = Index(peers.WHEELS, behaviour=Behaviour(sidecars=True))
    sample_channel.write_channel(host.base / "channels/parts", peers.PACKAGES)
    channels = Channels(host.base / "channels")
    rows = [peers.versions(programs)]
    try:
        for system in options.systems:
            for name in options.tools:
                sources = (programs, index.simple_url, channels.url + "/parts")
                rows.append(row(name, system, cuts_of(name, system, options, host, sources)))
                print(rows[-1], flush=True)
        print("\n".join(rows))
    finally:
        index.close()
        channels.close()
        host.close()


def cuts_of(name: str, system: str, options, host: Host, sources) -> list[Cut]:
    chance = random.Random(f"{options.seed} {name} {system}")
    cuts = Cuts(host, system, lambda disk: peers.TOOLS[name](disk, *sources))
    print(f"{name}, {system}: {cuts.duration:.1f} s undisturbed", flush=True)
    found = []
    for number in range(options.cuts):
        # One in each part of the time, so that none is left out: half of them while it installs.
        part = (number // 2 + chance.random()) / ((options.cuts + 1) // 2)
        after = part * cuts.duration if number % 2 == 0 else cuts.duration + part * AFTER
        found.append(cuts.cut(after))
        print(f"  {number} after {after:.2f} s: {found[-1].verdict} {found[-1]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words = lambda text: text.split(",")  # noqa: E731
    parser.add_argument("envpm", type=Path)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--tools", type=words, default=list(peers.TOOLS))
    parser.add_argument("--systems", type=words, default=list(SYSTEMS))
    parser.add_argument("--peers", type=Path, default=Path("/var/tmp/envpm-peers"))
    parser.add_argument("--parent", type=Path, help="a folder with 8 GB, better in memory")
    parser.add_argument("--seed", default=SEED)
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("needs root, to mount file systems")
    run(options)


if __name__ == "__main__":
    main()
