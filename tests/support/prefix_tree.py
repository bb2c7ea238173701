"""What a prefix holds, so that those of two tools can be compared."""

import hashlib
import os
from pathlib import Path

# Each tool's own records of what it did.
OWN = {"conda-meta", "CACHEDIR.TAG"}


def tree_of(prefix: Path) -> dict[str, str]:
    """Type, mode and content of each path; the prefix's own path counts as a word.

    Two prefixes are only comparable if their paths are of one length, as binaries have it padded.
    """
    own_path = str(prefix).encode()
    found = {}
    for folder, folders, files in os.walk(prefix):
        folders[:] = sorted(name for name in folders if name not in OWN)
        for name in sorted(folders + files):
            file = Path(folder) / name
            path = file.relative_to(prefix).as_posix()
            mode = f"{file.lstat().st_mode & 0o777:o}"
            if file.is_symlink():
                found[path] = f"link to {file.readlink()}"
            elif file.is_dir():
                found[path] = f"folder {mode}"
            elif name not in OWN:
                content = file.read_bytes().replace(own_path, b"@" * len(own_path))
                found[path] = f"file {mode} {hashlib.sha256(content).hexdigest()}"
    return found


def differences(one: Path, other: Path) -> list[str]:
    """A line for each path that is not the same in both."""
    assert len(str(one)) == len(str(other)), "prefixes of two lengths"
    ones, others = tree_of(one), tree_of(other)
    return [
        f"{path}: {ones.get(path, 'absent')}; {others.get(path, 'absent')}"
        for path in sorted({*ones, *others})
        if ones.get(path) != others.get(path)
    ]
