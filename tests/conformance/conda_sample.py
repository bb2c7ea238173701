"""The sample of conda_solve: reduced real repodata, requests and their answers, in one file.

The file is a JSON object: `notice`; `channels`, of each {file name: record}; `worlds`, of each its
channels, the most preferred first; and `cases`, of each `world`, `request` and what envpm answered
when py-rattler had an answer, or none, too: `chosen`, sorted, or `conflict`, the requirements that
clash.
"""

import json
import random

import conda_worlds

NOTICE = (
    "Reduced from tests/data of conda/conda and test-data/channels/pytorch of conda/rattler: "
    "BSD-3-Clause, see LICENSE beside this file"
)
KEPT = "name version build build_number depends constrains track_features timestamp subdir".split()
KEPT += ["noarch", "revoked"]
WORLDS = ["index2", "index4", "pytorch", "r"]
CASES, RECORDS = 25, 200  # of each world


def reduce(world, answers, seed):
    """{channel: {file name: record}}: the files of these answers, and others of their names."""
    chance = random.Random(f"{seed} {world.name}")
    kept = {place for answer in answers for place in answer}
    names = {record["name"] for place, record in world.by_place().items() if place in kept}
    others = [place for name in sorted(names) for place, _ in world.records[name]]
    chance.shuffle(others)
    kept.update(others[: max(RECORDS - len(kept), 0)])
    channels = {}
    for folder in world.channels:
        page = conda_worlds.read_channel(folder)
        channels[folder.name] = {
            file_name: {
                key: value
                for key, value in record.items()
                if key in KEPT and (key, value) != ("subdir", "linux-64") and value != []
            }
            for file_name, record in sorted(page.items())
            if (f"{record['subdir']}/{file_name}", record) in world.records[record["name"]]
            and f"{record['subdir']}/{file_name}" in kept
        }
    return channels


def make_worlds(sample, scratch):
    """The worlds of a sample, with their channels below `scratch`, by name."""
    worlds = {}
    for name, channels in sample["worlds"].items():
        pages = []
        for channel in channels:
            page = sample["channels"][f"{name}/{channel}"]
            page = {key: conda_worlds.converted(key, record) for key, record in page.items()}
            conda_worlds.write_channel(scratch / name / channel, page)
            pages.append((scratch / name / channel, page))
        worlds[name] = conda_worlds.world_of(name, pages)
    return worlds


def write(sample, path):
    """One record or case a line."""
    lines = ["{", f'"notice": {json.dumps(sample["notice"])},', '"channels": {']
    for position, (channel, page) in enumerate(sample["channels"].items()):
        records = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in page.items()]
        end = "}," if position + 1 < len(sample["channels"]) else "}"
        lines += [f"{json.dumps(channel)}: {{", ",\n".join(records), end]
    lines += ["},", f'"worlds": {json.dumps(sample["worlds"])},', '"cases": [']
    lines += [",\n".join(json.dumps(case) for case in sample["cases"]), "]", "}"]
    path.write_text("\n".join(line for line in lines if line) + "\n")
