"""What the groups of the corpus are made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

NAME, VERSION = "evil", "1.0"
WHEEL_FILE = "evil-1.0-py3-none-any.whl"
CONDA_FILE, BZ2_FILE = "evil-1.0-0.conda", "evil-1.0-0.tar.bz2"
FILE_OF = {"wheel": WHEEL_FILE, "conda": CONDA_FILE, "bz2": BZ2_FILE}
INTEGRITY = 6


@dataclass
class Item:
    """One hostile input. What is expected of it is that it is refused with `code`, unless it is
    `accepted`: then that is the reason why it does no harm, and `harm` looks for some in the
    prefix that comes of it.
    """

    id: str  # of docs/reliability.md, and what it is: "A1-parent"
    form: str  # a key of FILE_OF, or what else `act` is about
    archive: bytes = b""
    says: str = ""  # the entry, in the error
    code: int = INTEGRITY
    accepted: str = ""
    harm: Callable[[Path], str] | None = None  # what is wrong, or nothing
    act: Callable | None = None  # of an input that is no package: does it all, with a Case
    is_slow: bool = False  # with --all only

    @property
    def name(self) -> str:
        return f"{self.id}.{self.form}"


def has_content(path: str, content: bytes) -> Callable[[Path], str]:
    """No harm if the file is there, and is that."""

    def harm(prefix: Path) -> str:
        found = sorted(file for file in prefix.rglob("*") if is_named(file, path))
        if not found:
            return f"`{path}` is not in the prefix"
        return "" if found[0].read_bytes() == content else f"`{path}` has another content"

    return harm


def is_named(file: Path, end: str) -> bool:
    return str(file).endswith("/" + end) and file.is_file() and not file.is_symlink()


def has_not(path: str) -> Callable[[Path], str]:
    return lambda prefix: f"`{path}` is in the prefix" if sorted(prefix.glob(path)) else ""
