"""Disks that lose their power: file systems in images, of which a copy is taken at any moment.

The images lie on an XFS of their own, which copies a file at once by sharing its blocks, while the
loop device goes on writing to it: the copy has just what had reached the device, in order. The
device has no cache of its own that it could lose; a real one is worse by that.
"""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

# ext4 commits each second, or few cuts would find a name without its data.
SYSTEMS = {
    "ext4": (["mkfs.ext4", "-q", "-F"], "commit=1"),
    "xfs": (["mkfs.xfs", "-q", "-f", "-s", "size=4096"], ""),
}
DISK_BYTES = 600 << 20  # the least that mkfs.xfs makes is 300 MB
HOST_BYTES = 6 << 30


def run(*command: object) -> str:
    return subprocess.run(
        [str(word) for word in command], check=True, capture_output=True, text=True
    ).stdout.strip()


class Host:
    """Where the images are. Everything is mounted below one new folder of `parent`."""

    def __init__(self, parent: Path | None):
        self.base = Path(tempfile.mkdtemp(prefix="envpm-cuts-", dir=parent))
        self.images = self.base / "images"
        self.mount = self.base / "disk"
        self.images.mkdir()
        self.mount.mkdir()
        image = self.base / "host.img"
        with open(image, "wb") as out:
            out.truncate(HOST_BYTES)
        run("mkfs.xfs", "-q", "-m", "reflink=1", image)
        run("mount", "-o", "loop", image, self.images)

    def close(self) -> None:
        """What another mount namespace still holds goes with that."""
        run("umount", "-l", self.images)
        shutil.rmtree(self.base)

    def new(self, name: str, system: str) -> Path:
        path = self.images / name
        with open(path, "wb") as out:
            out.truncate(DISK_BYTES)
        run(*SYSTEMS[system][0], path)
        return path

    def copy(self, image: Path, name: str) -> Path:
        copy = self.images / name
        copy.unlink(missing_ok=True)
        run("cp", "--reflink=always", "--sparse=auto", image, copy)
        return copy

    @contextlib.contextmanager
    def mounted(self, image: Path, system: str) -> Iterator[Path]:
        """Always at the same place."""
        device = run("losetup", "-f", "--show", "--direct-io=on", image)
        try:
            options = SYSTEMS[system][1]
            # Of two XFS with one identity the kernel mounts one.
            options = ",".join(filter(None, [options, "nouuid" if system == "xfs" else ""]))
            run("mount", *(["-o", options] if options else []), device, self.mount)
            try:
                yield self.mount
            finally:
                self.unmount()
        finally:
            run("losetup", "-d", device)

    def unmount(self) -> None:
        """Whoever was killed there may need a moment to be gone."""
        for _ in range(50):
            done = subprocess.run(["umount", str(self.mount)], capture_output=True, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        run("umount", self.mount)
