"""The sample of conda_solve: reduced real repodata, requests and their answers, in one file.

The file is a JSON object: `notice`; `channels`, of each {file name: record}; `worlds`, of each its
channels, the most preferred first; and `cases`, of each `world`, `request` and what envpm answered
when py-rattler said the same: `chosen`, sorted, or `conflict`, the requirements that clash.
"""

import json
import random

import conda_check
import conda_worlds

NOTICE = (
    "Reduced from tests/data and tests/data/repodata of conda, (c) Anaconda, Inc. and "
    "contributors, and test-data/channels/pytorch of rattler, (c) prefix.dev: BSD-3-Clause, "
    "see LICENSE beside this file"
)
KEPT = "name version build build_number depends constrains track_features timestamp subdir".split()
KEPT += ["noarch", "sha256", "size", "md5"]
WORLDS = ["index2", "index4", "pytorch"]
CASES, RECORDS = 25, 350  # of each world


def reduce(world, seed):
    """({channel: {file name: record}}, requests): some names with what they need, and at most
    RECORDS records of them."""
    chance = random.Random(f"{seed} {world.name}")
    requests, names = [], set()
    for request in conda_worlds.make_requests(world, 400, seed + 1):
        more = names | closure(world, [name for name, _ in request])
        if len(more) <= 60 and len(requests) < CASES:
            names = more
            requests.append(request)
    places = [place for name in sorted(names) for place, _ in world.records[name]]
    chance.shuffle(places)
    places = set(places[:RECORDS])
    channels = {}
    for folder in world.channels:
        page = conda_worlds.read_channel(folder)
        channels[folder.name] = {
            file_name: {key: value for key, value in record.items() if key in KEPT}
            for file_name, record in sorted(page.items())
            if record["name"] in names and f"{record['subdir']}/{file_name}" in places
        }
    return channels, requests


def closure(world, names):
    """Every name that any record of these needs, near or far."""
    reached, open_names = set(), list(names)
    while open_names:
        name = open_names.pop()
        if name in world.records and name not in reached:
            reached.add(name)
            for _, record in world.records[name]:
                open_names += [conda_check.read_spec(text)[0] for text in record["depends"]]
    return reached


def make_worlds(sample, scratch):
    """The worlds of a sample, with their channels below `scratch`, by name."""
    worlds = {}
    for name, channels in sample["worlds"].items():
        pages = [(scratch / name / channel, sample["channels"][f"{name}/{channel}"])
                 for channel in channels]
        for folder, page in pages:
            conda_worlds.write_channel(folder, page)
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
