"""A file system in memory, as far as a crash can tell: names, bytes, modes and times.

Files have numbers, and names lead to numbers. What no name leads to is not there, whatever else is
known of it: a folder whose own name was lost takes all that is in it along.
"""

import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

NEW_TIME = 1_790_000_000  # of whatever has not been given a time


@dataclass
class Node:
    kind: str  # file, folder, link
    mode: int
    data: bytes = b""  # of a link its target
    time: int = NEW_TIME


@dataclass
class Disk:
    root: int = 1
    nodes: dict[int, Node] = field(default_factory=lambda: {1: Node("folder", 0o755)})
    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {1: {}})
    inodes: dict[int, int] = field(default_factory=dict)  # while it is recorded

    def add(self, node: Node) -> int:
        number = len(self.nodes) + 1
        self.nodes[number] = node
        if node.kind == "folder":
            self.folders[number] = {}
        return number

    def copy(self) -> "Disk":
        """Nodes are shared: whoever changes one puts a new one in its place."""
        return Disk(
            self.root,
            dict(self.nodes),
            {number: dict(names) for number, names in self.folders.items()},
        )

    def apply(self, operation, how: str = "kept") -> None:
        """`how` a change of data came to the disk: `kept`, `zeros` (its size only), `half`."""
        if operation.kind == "names":
            for folder, name, number in operation.names:
                if number is None:
                    self.folders[folder].pop(name, None)
                else:
                    self.folders[folder][name] = number
        elif operation.kind == "data":
            self.apply_data(operation, how)
        elif operation.kind == "mode":
            mode = operation.value & 0o7777
            self.nodes[operation.file] = replace(self.nodes[operation.file], mode=mode)
        elif operation.kind == "time":
            time = operation.value
            self.nodes[operation.file] = replace(self.nodes[operation.file], time=time)

    def apply_data(self, operation, how: str) -> None:
        before, offset, data = self.nodes[operation.file].data, operation.offset, operation.data
        if data is None:
            after = before[:offset].ljust(offset, b"\0")
        else:
            if how == "zeros":
                data = bytes(len(data))
            elif how == "half":
                data = data[: len(data) // 2]
            after = data
            if offset or before:
                after = before[:offset].ljust(offset, b"\0") + data + before[offset + len(data) :]
        self.nodes[operation.file] = replace(self.nodes[operation.file], data=after)

    def walk(self) -> dict[str, Node]:
        """Every path that leads to something, parents before children."""
        found: dict[str, Node] = {}
        self._walk("", self.root, found, 0)
        return found

    def _walk(self, above: str, number: int, found: dict, depth: int) -> None:
        if depth > 64:
            raise RecursionError("a folder is below itself")
        for name, child in self.folders[number].items():
            path = above + name
            node = self.nodes[child]
            found[path] = node
            if node.kind == "folder":
                self._walk(path + "/", child, found, depth + 1)


def signature(paths: dict[str, Node]) -> int:
    """Equal for equal trees."""
    return hash(
        frozenset((path, n.kind, n.mode, n.time, n.data) for path, n in paths.items())
    )


def write(disk: Disk, folder: Path) -> None:
    """Makes it real, in a folder that is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    written: dict[int, str] = {}
    paths = disk.walk()
    for path, node in paths.items():
        real = os.path.join(folder, path)
        if node.kind == "folder":
            os.mkdir(real, 0o700)
        elif node.kind == "link":
            os.symlink(node.data, real)
            os.utime(real, (node.time, node.time), follow_symlinks=False)
        elif id(node) in written:
            os.link(written[id(node)], real)
        else:
            with open(real, "wb") as out:
                out.write(node.data)
            written[id(node)] = real
            os.chmod(real, node.mode)
            os.utime(real, (node.time, node.time))
    for path, node in reversed(paths.items()):
        if node.kind == "folder":
            os.chmod(os.path.join(folder, path), node.mode)
            os.utime(os.path.join(folder, path), (node.time, node.time))
