"""Folders to measure in: an ext4 image with a journal where we may mount one.

Without a journal ext4 creates files 5 to 40 times slower for minutes after others were deleted
nearby; so
every run gets new folders, and what it made is thrown away with its image.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


@contextlib.contextmanager
def image(parent: Path | None, gigabytes: int):
    """A new file system, or a plain new folder for those who are not root."""
    base = Path(tempfile.mkdtemp(prefix="envpm-bench-", dir=parent))
    if os.geteuid() != 0:
        try:
            yield base
        finally:
            shutil.rmtree(base, ignore_errors=True)
        return
    file, mount = base / "ext4.img", base / "mount"
    mount.mkdir()
    with open(file, "wb") as out:
        out.truncate(gigabytes << 30)
    is_mounted = False
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "nodiscard", str(file)], check=True)
        mount_past_the_cache(file, mount)
        is_mounted = True
        yield mount
    finally:
        if is_mounted:
            subprocess.run(["umount", str(mount)], check=True)
        file.unlink()
        mount.rmdir()
        base.rmdir()


def mount_past_the_cache(file: Path, mount: Path) -> None:
    """The image's file bypasses the page cache, as a disk's sectors do. Otherwise each byte that a
    program makes durable is copied once more and counts as unwritten a second time, which costs
    those that make nothing durable nothing."""
    device = subprocess.run(
        ["losetup", "--find", "--show", "--direct-io=on", str(file)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    try:
        subprocess.run(["mount", device, str(mount)], check=True)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)  # goes when nothing uses it


def describe() -> str:
    if os.geteuid() == 0:
        return "a new ext4 image with a journal per run (loop mount, direct I/O)"
    return (
        "plain folders: not root, so no image; "
        "file system rows may be distorted by earlier deletions"
    )
