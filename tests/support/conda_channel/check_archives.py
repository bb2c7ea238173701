"""Compares each archive of a channel with what its info/paths.json says of it.

Runs in the environment of tools.py: `check_archives.py CHANNEL`. conda-package-handling unpacks; if
a package has both forms, they must hold the same.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

from conda_package_handling import api


def main() -> None:
    stems: dict[str, set] = {}
    archives = [*Path(sys.argv[1]).glob("*/*.conda"), *Path(sys.argv[1]).glob("*/*.tar.bz2")]
    for archive in sorted(archives):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "unpacked"
            api.extract(str(archive), str(folder))
            found = compared(archive, folder)
        stem = archive.name.removesuffix(".conda").removesuffix(".tar.bz2")
        stems.setdefault(f"{archive.parent.name}/{stem}", set()).add(found)
    differing = [stem for stem, contents in stems.items() if len(contents) > 1]
    if differing or not archives:
        sys.exit(f"FAILED: the two forms differ: {differing}")


def compared(archive: Path, folder: Path) -> frozenset:
    """What was unpacked: each path with its mode and its hash or target."""
    listed = {}
    for entry in json.loads((folder / "info/paths.json").read_text())["paths"]:
        listed[entry["_path"]] = entry
    unpacked = {}
    for file in folder.rglob("*"):
        path = file.relative_to(folder).as_posix()
        if path.split("/")[0] == "info" or (file.is_dir() and not file.is_symlink()):
            continue
        unpacked[path] = described(file, listed.get(path), f"{archive.name}: {path}")
    absent = {p for p, e in listed.items() if e["path_type"] != "directory"} - set(unpacked)
    if absent:
        sys.exit(f"FAILED: {archive.name}: not there: {sorted(absent)}")
    return frozenset(unpacked.items())


def described(file: Path, entry: dict | None, where: str) -> tuple:
    if entry is None:
        sys.exit(f"FAILED: {where} is not in paths.json")
    if file.is_symlink():
        expect(entry["path_type"] == "softlink", where)
        return ("link", str(file.readlink()))
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    expect(entry["path_type"] == "hardlink", where)
    expect(entry["sha256"] == digest and entry["size_in_bytes"] == len(content), where)
    placeholder = entry.get("prefix_placeholder")
    expect(placeholder is None or placeholder.encode() in content, where)
    return (file.stat().st_mode & 0o777, digest)


def expect(holds: bool, where: str) -> None:
    if not holds:
        sys.exit(f"FAILED: {where} is not as paths.json says")


if __name__ == "__main__":
    main()
