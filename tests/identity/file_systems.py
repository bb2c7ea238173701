"""File systems to install on: those of the machine, and new ones in images where we may mount."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

IMAGES = {
    "ext4": ["mkfs.ext4", "-q", "-F"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}


def kind_of(folder: Path) -> str:
    done = subprocess.run(
        ["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def new_folder(parent: Path) -> Path:
    """One that every user can look into."""
    folder = Path(tempfile.mkdtemp(prefix="envpm-identity-", dir=parent)).resolve()
    folder.chmod(0o755)
    return folder


@contextlib.contextmanager
def folders(candidates: list[Path]):
    """A new folder on each of the different file systems of these, by kind."""
    found: dict[str, Path] = {}
    try:
        for parent in candidates:
            if parent.is_dir() and os.access(parent, os.W_OK) and kind_of(parent) not in found:
                found[kind_of(parent)] = new_folder(parent)
        yield found
    finally:
        for folder in found.values():
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def image(kind: str, megabytes: int):
    """A new file system of that kind in a file, mounted; None where that cannot be done."""
    if os.geteuid() != 0 or not shutil.which(IMAGES[kind][0]):
        print(f"no {kind}: that needs root and {IMAGES[kind][0]}")
        yield None
        return
    base = new_folder(Path(tempfile.gettempdir()))
    file, mount = base / "image", base / kind
    mount.mkdir()
    with open(file, "wb") as out:
        out.truncate(megabytes << 20)
    subprocess.run([*IMAGES[kind], str(file)], check=True, capture_output=True)
    is_mounted = subprocess.run(["mount", "-o", "loop", file, mount], check=False).returncode == 0
    try:
        if is_mounted:
            mount.chmod(0o755)
            yield mount
        else:
            print(f"no {kind}: it cannot be mounted here")
            yield None
    finally:
        if is_mounted:
            subprocess.run(["umount", mount], check=True)
        shutil.rmtree(base)


@contextlib.contextmanager
def overlay(base: Path):
    """Overlayfs, as containers have it, over an empty folder and one of `base`."""
    parts = {name: base / name for name in ("lower", "upper", "work", "seen")}
    for part in parts.values():
        part.mkdir()
    options = f"lowerdir={parts['lower']},upperdir={parts['upper']},workdir={parts['work']}"
    command = ["mount", "-t", "overlay", "overlay", "-o", options, parts["seen"]]
    is_mounted = subprocess.run(command, check=False).returncode == 0
    try:
        if is_mounted:
            yield parts["seen"]
        else:
            print("no overlayfs: it cannot be mounted here")
            yield None
    finally:
        if is_mounted:
            subprocess.run(["umount", parts["seen"]], check=True)


@contextlib.contextmanager
def images(megabytes: int, kinds: Iterable[str] = IMAGES):
    """Of each kind one, as far as they can be had, by kind."""
    with contextlib.ExitStack() as stack:
        mounted = {kind: stack.enter_context(image(kind, megabytes)) for kind in kinds}
        found = {f"{kind} image": folder for kind, folder in mounted.items() if folder}
        if mounted.get("ext4") and (seen := stack.enter_context(overlay(mounted["ext4"]))):
            found["overlay"] = seen
        yield found
