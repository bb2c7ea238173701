"""What is damaged before a repair: a file of each kind that a repair treats in its own way.

Damage keeps sizes and times, so that nothing but the bytes shows it. An object that is linked into
a prefix is damaged there too.
"""

import hashlib
import os
from pathlib import Path

from sandbox import Sandbox


def damage(sandbox: Sandbox, kind: str) -> None:
    prefix = sandbox.prefix()

    def place(name: str) -> Path:
        return next(prefix.rglob(name))

    if kind == "files":
        flip(place("long.bin"))
        flip(tree_with(sandbox.root, place("part4.py")))
        object_of(sandbox.root, place("part1.py")).unlink()
        os.chmod(place("part3.py"), 0o600)
        os.utime(object_of(sandbox.root, place("table.csv")), (1, 1))
        give_bytes_of_its_own(place("part2.py"))
        place("README.txt").unlink()
        (prefix / "lib" / "stranger").write_text("nobody's\n")
        (sandbox.root / "objects" / "sha256" / "stranger").write_text("nobody's\n")
    elif kind == "prefix":
        flip(place("where.txt"))  # has the prefix's path in it: not an object
        give_bytes_of_its_own(prefix / ".envpm" / "manifest.json")
    else:
        raise ValueError(kind)


def flip(path: Path) -> None:
    """In place: under every name that it has."""
    status = path.stat()
    os.chmod(path, 0o600)
    with open(path, "r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))
    os.chmod(path, status.st_mode & 0o7777)
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))


def give_bytes_of_its_own(path: Path) -> None:
    """Under this name alone."""
    status, data = path.stat(), path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.chmod(path, status.st_mode & 0o7777)
    os.utime(path, ns=(status.st_mtime_ns, status.st_mtime_ns))


def object_of(root: Path, path: Path) -> Path:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return root / "objects" / "sha256" / digest[:2] / digest


def tree_with(root: Path, path: Path) -> Path:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    trees = (root / "trees").rglob("*.json")
    return next(tree for tree in trees if digest in tree.read_text())
