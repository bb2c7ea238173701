"""Debian's packages: fetched without installing, unpacked, and laid out as conda does."""

import getpass
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from conda_channel.tools import run
from conda_packages import PLACEHOLDER, Entry, File, Link

MULTIARCH = "x86_64-linux-gnu"
# From Debian's folders to those of a prefix, the first that fits.
FOLDERS = [
    (f"usr/lib/{MULTIARCH}/", "lib/"),
    (f"lib/{MULTIARCH}/", "lib/"),
    (f"usr/include/{MULTIARCH}/python3.11/", "include/python3.11/"),
    (f"usr/include/{MULTIARCH}/", "include/"),
    ("usr/lib/ssl/", "ssl/"),
    ("etc/ssl/", "ssl/"),
    ("usr/", ""),
    ("bin/", "bin/"),
    ("lib/", "lib/"),
]
LEFT_OUT = re.compile(
    r"\.l?a$|^ssl/cert\.pem$|^share/misc/magic$|^src/|(^|/)(binfmt\.d|systemd|init\.d)/"
    r"|^share/(doc|man|lintian|locale|bug|bash-completion|binfmts|applications|pixmaps)/"
)


@dataclass
class Deb:
    """One package of Debian, unpacked in `tree`."""

    archive: Path
    tree: Path

    @property
    def version(self) -> str:
        """The version of what Debian packaged."""
        version = self.archive.name.split("_")[1].split("%3a")[-1]
        return re.split(r"[-~+]|\.dfsg", version)[0]

    def entries(self) -> dict[str, Entry]:
        """What belongs in a prefix, by its path there; ELF files find libraries in the prefix."""
        found: dict[str, Entry] = {}
        for file in sorted(self.tree.rglob("*")):
            path = prefix_path(file.relative_to(self.tree).as_posix())
            if path is None or LEFT_OUT.search(path):
                continue
            if file.is_symlink():
                target = link_target(path, file.readlink().as_posix())
                if target:
                    found[path] = Link(target)
            elif file.is_file():
                mode = 0o755 if file.stat().st_mode & 0o100 else 0o644
                found[path] = File(file.read_bytes(), mode)
        return found

    def licence(self) -> bytes:
        copyright_file = next(self.tree.glob("usr/share/doc/*/copyright"), None)
        return copyright_file.read_bytes() if copyright_file else b"see the source package\n"


class Debs:
    """All that the channel is made of: `apt-get download` into `cache`, once for each name."""

    def __init__(self, cache: Path, names: list[str]):
        self.folder = cache / "debs"
        self.folder.mkdir(parents=True, exist_ok=True)
        absent = [name for name in names if not self.archives(name)]
        if absent:
            as_self = ["-o", f"APT::Sandbox::User={getpass.getuser()}"]
            run(["apt-get", "download", "-qq", *as_self, *absent], cwd=self.folder)
        self.names = names

    def archives(self, name: str) -> list[Path]:
        return sorted(self.folder.glob(f"{name}_*.deb"))

    def all_archives(self) -> list[Path]:
        return [self.archives(name)[0] for name in self.names]

    def unpack(self, into: Path) -> dict[str, Deb]:
        """Each in a folder of its own, its ELF files with a RUNPATH of the prefix."""
        debs = {}
        for name in self.names:
            deb = Deb(self.archives(name)[0], into / name)
            deb.tree.mkdir(parents=True)
            run(["dpkg-deb", "-x", deb.archive, deb.tree])
            debs[name] = deb
        patchelf = debs["patchelf"].tree / "usr/bin/patchelf"
        for deb in debs.values():
            for file in elf_files(deb.tree):
                path = prefix_path(file.relative_to(deb.tree).as_posix())
                if path and file != patchelf:
                    run([patchelf, "--set-rpath", runpath(path), file])
        return debs


def prefix_path(path: str) -> str | None:
    """Where a file of Debian stands in a prefix; None if nowhere."""
    for begin, there in FOLDERS:
        if path.startswith(begin):
            return there + path[len(begin) :]
    return None


def link_target(path: str, target: str) -> str | None:
    """As seen from `path` in a prefix; None if it leads out of there."""
    if not target.startswith("/"):
        return target
    there = prefix_path(target[1:])
    if there is None or path == there:
        return None
    return relative(there, PurePosixPath(path).parent)


def relative(path: str, folder: PurePosixPath) -> str:
    ups = [] if folder == PurePosixPath(".") else [".."] * len(folder.parts)
    return "/".join([*ups, path])


def runpath(path: str) -> str:
    """Where a program or library at `path` finds the libraries of its prefix."""
    folder = PurePosixPath(path).parent
    if folder == PurePosixPath("lib"):
        return "$ORIGIN"
    return "$ORIGIN/" + relative("lib", folder)


def elf_files(tree: Path) -> list[Path]:
    found = []
    for file in sorted(tree.rglob("*")):
        if file.is_file() and not file.is_symlink() and not file.name.endswith((".a", ".o")):
            with open(file, "rb") as content:
                if content.read(4) == b"\x7fELF":
                    found.append(file)
    return found


def with_placeholder(text: str) -> str:
    """What Debian configured for /usr, for a prefix; the machine's own programs stay."""
    text = text.replace(f"/lib/{MULTIARCH}/python3.11", "/lib/python3.11")
    text = text.replace(f"/lib/{MULTIARCH}", "/lib")
    return re.sub(
        r"/usr(?=/(lib|include|share)\b|/bin(?![\w/])|/bin/python|['\"\s:]|$)",
        PLACEHOLDER,
        text,
        flags=re.MULTILINE,
    )
