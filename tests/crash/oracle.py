"""What may be on a disk after a crash, judged without envpm.

Whole is what equals, byte for byte and mode for mode, what an undisturbed install makes. Nothing
that a later run believes may be anything else: see docs/store.md for what is believed. Where a
repair begins there is damage, and then each file may also be as it was there, and no third thing.
"""

import hashlib
import json
import posixpath
from dataclasses import dataclass, field

from disk import Disk, Node

ENVIRONMENT = "project/.envpm/envs/default"
OBJECT_TIME = 315532800
UNDECIDED = ("root/tmp/", "cache/", "home/")  # what is there is proven before it is used

Paths = dict[str, Node]


def below(paths: Paths, folder: str) -> dict[str, tuple]:
    """What a folder holds. A folder's own time tells nothing of what is in it."""
    start = folder + "/"
    return {
        path[len(start) :]: (n.kind, n.mode, 0 if n.kind == "folder" else n.time, n.data)
        for path, n in paths.items()
        if path.startswith(start)
    }


@dataclass
class Whole:
    """What undisturbed installs made, and where all of it lies."""

    place: str  # the real path of the disk's root
    prefixes: dict[str, dict] = field(default_factory=dict)  # by name
    trees: dict[str, bytes] = field(default_factory=dict)  # by path
    names: dict[str, str] = field(default_factory=dict)  # of prefixes, by environment
    objects: dict[str, tuple] = field(default_factory=dict)  # mode and bytes, by path

    def learn(self, environment: str, paths: Paths) -> None:
        prefix = follow(paths, self.place, ENVIRONMENT + "/current")
        self.names[environment] = posixpath.basename(prefix)
        self.prefixes[posixpath.basename(prefix)] = below(paths, prefix)
        for path, node in paths.items():
            if path.startswith("root/trees/") and node.kind == "file":
                self.trees[path] = node.data
            elif path.startswith("root/objects/") and node.kind == "file":
                digest = hashlib.sha256(node.data).hexdigest()
                if posixpath.basename(path).partition(".")[0] != digest:
                    raise AssertionError(f"an undisturbed install made {path}")
                self.objects[path] = (node.mode, node.data)


def follow(paths: Paths, place: str, path: str) -> str | None:
    """Where a path leads by links in its last part; None if nowhere."""
    for _ in range(10):
        node = paths.get(path)
        if node is None or node.kind != "link":
            return path if node else None
        target = posixpath.join(place, posixpath.dirname(path), node.data.decode())
        target = posixpath.normpath(target)
        if not target.startswith(place + "/"):
            return None
        path = target[len(place) + 1 :]
    return None


def faults_outside(paths: Paths, folder: str, allowed: list[dict]):
    """An environment that was laid out somewhere is whole."""
    if below(paths, folder) not in allowed:
        yield f"{folder} is not whole"


class Oracle:
    """`damaged` is what a repair begins with. `is_full`: on a full disk, where a collector has no
    room to put a prefix aside and takes its manifest first, without which nobody trusts it."""

    def __init__(self, whole: Whole, damaged: Paths | None = None, is_full: bool = False):
        self.whole = whole
        self.damaged = damaged or {}
        self.is_full = is_full
        self.known: dict[int, list[str]] = {}

    def judge(self, disk: Disk, allowed: set[str | None]) -> list[str]:
        """What is wrong; `allowed` are the environments that may be current, None for none."""
        paths = disk.walk()
        kept = {path: n for path, n in paths.items() if not path.startswith(UNDECIDED)}
        key = hash(frozenset((path, n.kind, n.mode, n.time, n.data) for path, n in kept.items()))
        key = hash((key, frozenset(allowed)))
        if key not in self.known:
            self.known[key] = [*self.faults(kept, allowed)]
        return self.known[key]

    def faults(self, paths: Paths, allowed: set[str | None]):
        yield from self.faults_of_current(paths, allowed)
        yield from self.faults_of_prefixes(paths)
        yield from self.faults_of_trees(paths)
        yield from self.faults_of_objects(paths)
        version = paths.get("root/VERSION")
        if version is None and any(path.startswith("root/objects") for path in paths):
            yield "a store without its VERSION: no envpm would use it again"
        if version is not None and version.data != b"1\n":
            yield f"VERSION is {version.data!r}"

    def faults_of_current(self, paths: Paths, allowed: set[str | None]):
        link = ENVIRONMENT + "/current"
        if link not in paths:
            if None not in allowed:
                yield "nothing is current"
            return
        prefix = follow(paths, self.whole.place, link)
        name = posixpath.basename(prefix or "")
        if prefix is None or name not in self.whole.prefixes:
            yield f"current leads to {prefix}"
            return
        if name not in {self.whole.names[one] for one in allowed if one is not None}:
            yield "current is an environment that was not asked for"
        roots = [
            follow(paths, self.whole.place, path)
            for path in paths
            if path.startswith("root/roots/") and paths[path].kind == "link"
        ]
        if ENVIRONMENT not in roots:
            yield "what is current is not protected from the collector"

    def faults_of_prefixes(self, paths: Paths):
        current = follow(paths, self.whole.place, ENVIRONMENT + "/current")
        for path in paths:
            if path.startswith("root/p/") and path.count("/") == 2:
                name = posixpath.basename(path)
                if path + "/.envpm/manifest.json" not in paths:
                    if path == current or not self.is_full:
                        yield f"{path} has no manifest"
                elif difference := self.difference(paths, path):
                    yield f"{path} is not whole: {', '.join(sorted(difference)[:4])}"

    def difference(self, paths: Paths, prefix: str) -> list[str]:
        have, wanted = below(paths, prefix), self.whole.prefixes.get(posixpath.basename(prefix), {})
        old = below(self.damaged, prefix) or wanted
        return [
            path
            for path in have.keys() | wanted
            if have.get(path) not in (wanted.get(path), old.get(path))
        ]

    def is_as_before(self, paths: Paths, path: str) -> bool:
        """Nothing is as before where there was no damage."""
        return bool(self.damaged) and paths.get(path) == self.damaged.get(path)

    def faults_of_trees(self, paths: Paths):
        for path, node in paths.items():
            if not path.startswith("root/trees/") or node.kind != "file":
                continue
            if node.data != self.whole.trees.get(path):
                if not self.is_as_before(paths, path):
                    yield f"{path} is damaged"
                continue
            for line in json.loads(node.data)["files"]:
                if len(line) == 4:
                    name = line[1] + (".x" if line[3] else "")
                    named = f"root/objects/sha256/{name[:2]}/{name}"
                    if named not in paths and not self.is_as_before(paths, named):
                        yield f"{path} names {name}, which is not there"

    def faults_of_objects(self, paths: Paths):
        for path, node in paths.items():
            if path.startswith("root/objects/") and node.kind == "file":
                if self.is_as_before(paths, path):
                    continue
                if (node.mode, node.data) != self.whole.objects.get(path):
                    yield f"{path} is damaged"
                elif node.time != OBJECT_TIME:
                    yield f"{path} has the time {node.time}"


MANIFEST, LOCK, JOURNAL = "project/envpm.toml", "project/envpm.lock", "project/.envpm/edit.json"


def pair_of(paths: Paths) -> tuple[bytes, ...]:
    """Manifest and lock, which change as one."""
    return tuple(paths[path].data if path in paths else b"" for path in (MANIFEST, LOCK))


def faults_of_edit(paths: Paths, before: tuple, after: tuple, is_over: bool):
    """Both files are old or both new, or a journal has the new ones for the next command."""
    pair = pair_of(paths)
    if is_over and (pair != after or JOURNAL in paths):
        # A journal would undo what someone writes by hand after the command.
        yield "what was reported is not there, or its journal still is"
    if JOURNAL not in paths:
        if pair not in (before, after):
            yield "manifest and lock do not go together"
        return
    try:
        journal = json.loads(paths[JOURNAL].data)
        written = (journal["manifest"].encode(), journal["lock"].encode())
    except ValueError:
        yield "the journal is damaged"
        return
    if written != after or any(have not in (a, b) for have, a, b in zip(pair, before, after)):
        yield "journal, manifest and lock do not go together"
