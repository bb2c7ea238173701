"""What recorder.h wrote of one run: the calls, in order, as changes of a Disk.

An `Operation` is what may reach the disk or not as one thing. Files are known by number, not by
name: their inode as long as that is theirs, so that a name's change and the data's stay apart.
"""

import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from disk import Disk, Node

HEAD = struct.Struct("=IcxxxQqqIII4x")
EXCHANGE = 2
CALLS = "Kkoe"  # as letter_of in recorder.h


@dataclass
class Operation:
    """`kind` is one of

    names   `names`: (folder, name, file or None) are set together, as by a rename
    data    bytes of `file` from `offset` on, or, with `data` None, a new size
    mode    of `file`
    time    of `file`
    sync    barrier: data, mode and time of `file`; of a folder the names in it
    syncfs  barrier: everything before
    """

    kind: str
    file: int = 0
    names: tuple = ()
    offset: int = 0
    data: bytes | None = None
    value: int = 0
    told: str = ""  # for people


@dataclass
class Call:
    """That the program made a call, whether it went well or not. `need` as in recorder.h."""

    name: str
    need: str


def entries_of(log: Path):
    """kind, inode, first, second, path, other path, data."""
    content = log.read_bytes()
    at = 0
    while at < len(content):
        size, kind, inode, first, second, a, b, c = HEAD.unpack_from(content, at)
        begin = at + HEAD.size
        path = os.fsdecode(content[begin : begin + a])
        other = os.fsdecode(content[begin + a : begin + a + b])
        yield kind.decode(), inode, first, second, path, other, content[begin + a + b :][:c]
        at += size


def calls_of(log: Path) -> list[Call]:
    return [Call(path, kind) for kind, _, _, _, path, _, _ in entries_of(log) if kind in CALLS]


def disk_of(folder: Path) -> Disk:
    """What is there now, all of it durable."""
    disk = Disk()
    status = folder.lstat()
    disk.inodes[status.st_ino] = disk.root
    _read(disk, folder, disk.root)
    return disk


def _read(disk: Disk, folder: Path, number: int) -> None:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        status = entry.stat(follow_symlinks=False)
        known = disk.inodes.get(status.st_ino)
        if known is None:
            known = disk.add(Node(_kind(status.st_mode), stat.S_IMODE(status.st_mode)))
            disk.inodes[status.st_ino] = known
            node = disk.nodes[known]
            node.time = int(status.st_mtime)
            if node.kind == "link":
                node.data = os.fsencode(os.readlink(entry.path))
            elif node.kind == "file":
                node.data = Path(entry.path).read_bytes()
        disk.folders[number][entry.name] = known
        if entry.is_dir(follow_symlinks=False):
            _read(disk, Path(entry.path), known)


def _kind(mode: int) -> str:
    return "link" if stat.S_ISLNK(mode) else "folder" if stat.S_ISDIR(mode) else "file"


class Reader:
    """Makes operations of a log; `start` is what was there before, to which are added the files
    that come to be, without a name yet; `disk` what is there after."""

    def __init__(self, folder: Path, start: Disk):
        self.folder = str(folder)
        self.start = start
        self.disk = start.copy()
        self.disk.inodes = dict(start.inodes)
        self.operations: list[Operation] = []

    def read(self, log: Path) -> list[Operation]:
        for entry in entries_of(log):
            if entry[0] not in CALLS:
                self.take(*entry)
        return self.operations

    def take(self, kind, inode, first, second, path, other, data) -> None:
        told = f"{kind} {self.short(path)} {self.short(other)}".strip()
        if kind in "cds":
            number = self.make(kind, inode, second, other)
            self.rename(((*self.place(path), number),), told)
        elif kind == "l":
            self.rename(((*self.place(other), self.at(path)),), told)
        elif kind == "r":
            self.rename(self.moved(path, other, second), told)
        elif kind in "ux":
            self.rename(((*self.place(path), None),), told)
        elif kind in "wt":
            content = data if kind == "w" else None
            self.add(Operation("data", self.file(inode), (), first, content, 0, told))
        elif kind in "mM":
            what = "mode" if kind == "m" else "time"
            value = second if kind == "m" else first
            self.add(Operation(what, self.file(inode), value=value, told=told))
        elif kind in "fS":
            self.add(Operation("sync" if kind == "f" else "syncfs", self.file(inode), told=told))
        else:
            raise ValueError(f"unknown entry {kind}")

    def make(self, kind: str, inode: int, mode: int, target: str) -> int:
        what = {"c": "file", "d": "folder", "s": "link"}[kind]
        data = os.fsencode(target) if what == "link" else b""
        node = Node(what, 0o777 if what == "link" else mode, data)
        number = self.disk.add(node)
        self.start.add(node)
        self.disk.inodes[inode] = number
        return number

    def moved(self, source: str, target: str, flags: int) -> tuple:
        old, new = self.place(source), self.place(target)
        left = self.at(target) if flags & EXCHANGE else None
        return ((*old, left), (*new, self.at(source)))

    def rename(self, names: tuple, told: str) -> None:
        self.add(Operation("names", names=names, told=told))

    def add(self, operation: Operation) -> None:
        self.disk.apply(operation)
        self.operations.append(operation)

    def file(self, inode: int) -> int:
        return self.disk.inodes[inode]

    def parts(self, path: str) -> list[str]:
        return [part for part in path[len(self.folder) :].split("/") if part]

    def place(self, path: str) -> tuple[int, str]:
        *above, name = self.parts(path)
        folder = self.disk.root
        for part in above:
            folder = self.disk.folders[folder][part]
        return folder, name

    def at(self, path: str) -> int:
        folder, name = self.place(path)
        return self.disk.folders[folder][name]

    def short(self, path: str) -> str:
        return path[len(self.folder) + 1 :] if path.startswith(self.folder) else path
