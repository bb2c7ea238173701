"""Worlds for conda_solve: real repodata as channels on disk, and requests to put to them.

The data are those that the README of the folder named by ENVPM_SHARED_DATA describes. What the
conversion makes up or changes, so that every tool reads the same:

* a record without sha256 or size gets the sha256 of its file name, and the name's length;
* records go to the subdir `noarch` if they are of it, else to `linux-64`, those of index5 for
  Windows too, and say so;
* keys that begin with `_` (of conda's own cache) are left off.
"""

import dataclasses
import hashlib
import json
import pathlib
import random
import subprocess

import conda_languages

# The channels of each world, the most preferred first.
WORLDS = {
    "index2": ["index2"],
    "index4": ["index4"],
    "index5": ["index5"],
    "pytorch": ["pytorch-linux-64", "index4"],
    "r": ["r-linux-64", "main-noarch", "index4"],
}
CHANNELS = sorted({channel for channels in WORLDS.values() for channel in channels})


@dataclasses.dataclass
class World:
    name: str
    channels: list  # folders, the most preferred first
    records: dict  # by name: those of the first channel that has it, as (place, record)

    def names(self):
        return sorted(self.records)

    def by_place(self):
        """{"linux-64/foo-1.0-0.conda": record}; the place of a file of a later channel may be
        that of a hidden one."""
        return {place: record for records in self.records.values() for place, record in records}


def read_records(data, channel):
    """{file name: record} of one file of the data, as it is."""
    found = [*data.glob(f"conda/{channel}.json.zst"), *data.glob(f"conda/{channel}.repodata*.zst")]
    text = subprocess.run(["zstd", "-dc", found[0]], capture_output=True, check=True).stdout
    page = json.loads(text)
    if "packages" in page:
        return {**page["packages"], **page.get("packages.conda", {})}
    return page


def converted(file_name, record):
    """The record as a channel of today has it."""
    out = dict(record)
    out["subdir"] = "noarch" if record.get("subdir") == "noarch" else "linux-64"
    out.setdefault("depends", [])
    out.setdefault("sha256", hashlib.sha256(file_name.encode()).hexdigest())
    out.setdefault("size", len(file_name))
    return out


def write_channel(folder, records):
    """A channel on disk of `{file name: record}`."""
    for subdir in ("linux-64", "noarch"):
        page = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}}
        for file_name, record in records.items():
            if record["subdir"] == subdir:
                kind = "packages.conda" if file_name.endswith(".conda") else "packages"
                page[kind][file_name] = record
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        (folder / subdir / "repodata.json").write_text(json.dumps(page))


def make_worlds(data, scratch):
    """All worlds, with their channels below `scratch`."""
    pages = {}
    for channel in CHANNELS:
        pages[channel] = {
            file_name: converted(file_name, record)
            for file_name, record in read_records(data, channel).items()
        }
        write_channel(scratch / channel, pages[channel])
    return [
        world_of(name, [(scratch / channel, pages[channel]) for channel in channels])
        for name, channels in WORLDS.items()
    ]


def world_of(name, channels):
    """`channels` are (folder, {file name: record})."""
    records = {}
    for _, page in channels:
        here = {}
        for file_name, record in page.items():
            here.setdefault(record["name"], []).append((f"{record['subdir']}/{file_name}", record))
        for package, found in here.items():
            records.setdefault(package, found)
    return World(name, [folder for folder, _ in channels], records)


def read_channel(folder):
    """{file name: record} of a channel on disk."""
    records = {}
    for subdir in ("linux-64", "noarch"):
        page = json.loads((pathlib.Path(folder) / subdir / "repodata.json").read_text())
        records.update(page["packages"] | page["packages.conda"])
    return records


def manifest(channels, request):
    """`request` is [(name, version spec)]."""
    listed = ", ".join(json.dumps(f"file://{folder}") for folder in channels)
    lines = ["[workspace]", 'name = "conformance"', f"channels = [{listed}]", "[dependencies]"]
    lines += [f"{json.dumps(name)} = {json.dumps(spec)}" for name, spec in request]
    return "\n".join(lines) + "\n"


def make_requests(world, count, seed):
    """Of one to three names each; half of the names with a version spec."""
    chance = random.Random(f"{seed} {world.name}")
    names = world.names()
    # Names of a first channel that is not alone come up more often: it has few of them.
    first = sorted({record["name"] for record in read_channel(world.channels[0]).values()})
    out = []
    for _ in range(count):
        chosen = []
        for _ in range(chance.choice([1, 2, 2, 3, 3])):
            name = chance.choice(first if chance.random() < 0.4 else names)
            if name not in chosen:
                chosen.append(name)
        out.append([(name, make_spec(world, name, chance)) for name in chosen])
    return out


def make_spec(world, name, chance):
    """A version spec about a version that there is; one in ten about the whole numbers next to
    it, so that some ask for what there is not."""
    if chance.random() < 0.5:
        return "*"
    versions = sorted({record["version"] for _, record in world.records[name]})
    version = chance.choice(versions)
    other = chance.choice(versions)
    if conda_languages.compare(conda_languages.parse(version), conda_languages.parse(other)) > 0:
        version, other = other, version
    short = ".".join(version.split(".")[:2])
    number = int("".join(filter(str.isdigit, version.split(".")[0])) or 0)
    if chance.random() < 0.1:
        return chance.choice([f">={number + 1}", f"<{max(number, 1)}", f"{number + 1}.*"])
    return chance.choice(
        [f"=={version}", f"{short}.*", f">={version}", f"<={version}", f">={version},<={other}",
         f"!={version}", f">{version}", f"<{other}", f"{short}.*|>={other}"]
    )
