"""What a folder gives on to what is made in it, or carries itself: none of it may be seen later."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

GROUP_BIT, DEFAULT_ACL, ATTRIBUTES = "set-group-id", "a default ACL", "`user.*` attributes"
ANOTHER_GROUP = 54300
# Whoever makes a file here lets another user write to it, whatever the umask.
ACL = "default:user:65534:rwx,default:group::rwx,default:other::rwx"


def possible_at(place: Path) -> list[str]:
    """Those that the file system has, and that this user can give."""
    found = []
    for trait in (GROUP_BIT, DEFAULT_ACL, ATTRIBUTES):
        with tempfile.TemporaryDirectory(dir=place) as name:
            try:
                give(trait, [Path(name)])
                found.append(trait)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"no folder with {trait} at {place}: {error}")
    return found


def give(trait: str, paths: Iterable[Path]) -> None:
    """To folders; attributes to anything but links, which cannot have them."""
    for path in paths:
        if trait == GROUP_BIT:
            if os.geteuid() == 0:
                os.chown(path, -1, ANOTHER_GROUP)
            path.chmod(stat.S_IMODE(path.stat().st_mode) | stat.S_ISGID)
        elif trait == DEFAULT_ACL:
            if not shutil.which("setfacl"):
                raise OSError("there is no setfacl")
            subprocess.run(["setfacl", "--modify", ACL, path], check=True, capture_output=True)
        elif trait == ATTRIBUTES and not path.is_symlink():
            give_attribute(path)


def give_attribute(path: Path) -> None:
    """A file that its owner may not write to has none of these but by root."""
    if path.is_dir() or os.geteuid() == 0:
        os.setxattr(path, "user.envpm.test", b"anything")
