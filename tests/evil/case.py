"""A place of its own to try one item in, and what must be so there afterwards."""

import hashlib
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from item import FILE_OF, NAME, VERSION
from packages import good

GOOD_VERSION = "2.0"
SECRET = "what nobody may read or change\n"
PYTHON = f"cp{sys.version_info.major}{sys.version_info.minor}"


@dataclass
class Done:
    code: int
    output: str
    errors: str


class Case:
    """Home and project below one folder, which is compared before and after as the canary is; store
    and cache beside them. `served` is what the server has at `url`.
    """

    def __init__(self, envpm: Path, folder: Path, served: Path, url: str, canary: Path):
        self.envpm, self.folder, self.served, self.url = envpm, folder, served, url
        self.canary = canary
        self.root, self.cache = folder / "root", folder / "cache"
        self.watched = folder / "watched"
        self.project = self.watched / "project"
        for name in ("project", "home"):
            (self.watched / name).mkdir(parents=True)

    def run(self, *arguments: str, seconds: float = 60) -> Done:
        variables = {
            "HOME": str(self.watched / "home"),
            "TMPDIR": str(self.folder),
            "ENVPM_ROOT": str(self.root),
            "ENVPM_CACHE": str(self.cache),
            "ENVPM_NO_CONFIG": "1",
            "ENVPM_SELF_TEST": "off",
            "PIP_INDEX_URL": self.url + "/simple",
            "PIP_CONFIG_FILE": "/dev/null",
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
        }
        done = subprocess.run(
            [self.envpm, *arguments],
            cwd=self.project,
            env=variables,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        output, errors = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return Done(done.returncode, output, errors)

    def serve(self, archives: list[tuple[str, bytes]]) -> None:
        """Files by name; of wheels all that will ever be asked for, because a page is kept."""
        project = self.served / "simple" / NAME
        links = []
        for file, content in archives:
            digest = hashlib.sha256(content).hexdigest()
            if not file.endswith(".whl"):
                place = self.served / "channel/linux-64" / file
            else:
                place = project / digest / file
                links.append(f'<a href="{digest}/{file}#sha256={digest}">{file}</a><br>')
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        if links:
            page = "<!DOCTYPE html><html><body>\n" + "\n".join(links) + "\n</body></html>\n"
            (project / "index.html").write_text(page)

    def write(self, file: str, version: str, content: bytes) -> None:
        """Manifest and lock for that one file."""
        is_wheel = file.endswith(".whl")
        (self.project / "envpm.toml").write_text(self.manifest(is_wheel))
        self.lock.write_text(lock_of(file, version, content))

    def manifest(self, is_wheel: bool) -> str:
        if is_wheel:
            return (
                f'[workspace]\nname = "case"\n\n[pypi-dependencies]\n{NAME} = "*"\n\n'
                f'[indexes]\nhere = "{self.url}/simple"\n'
            )
        return (
            f'[workspace]\nname = "case"\nchannels = ["{self.url}/channel"]\n\n'
            f'[dependencies]\n{NAME} = "*"\n'
        )

    @property
    def lock(self) -> Path:
        return self.project / "envpm.lock"

    def prefix(self) -> Path | None:
        link = self.project / ".envpm/envs/default/current"
        return link.resolve(strict=True) if link.is_symlink() else None

    def install(self, form: str, content: bytes) -> Done:
        """The item's package, locked with its true digest."""
        file = FILE_OF[form]
        if form != "wheel":
            self.serve([(file, content)])
        self.write(file, VERSION, content)
        return self.run("install", "--frozen")

    def install_good(self, form: str) -> list[str]:
        """What is wrong with an install of the good package, in this root and cache."""
        file, content = good(form, GOOD_VERSION)
        if form != "wheel":
            self.serve([(file, content)])
        self.write(file, GOOD_VERSION, content)
        done = self.run("install", "--frozen")
        if done.code != 0:
            return [f"a good package is not installed afterwards ({done.code}): {done.errors}"]
        found = content_of(self.prefix())
        expected = GOOD_CONTENT.setdefault(form, found)
        faults = [] if found == expected else ["a good package has other files afterwards"]
        done = self.run("verify")
        if done.code != 0:
            faults.append(f"verify ends with {done.code} afterwards: {done.errors}")
        return faults

    def store_entries(self) -> list[str]:
        """All that is in the store under a name that counts."""
        found = []
        for top in sorted(self.root.glob("*")) if self.root.exists() else []:
            if top.name in ("VERSION", "store.lock", "tmp"):
                continue
            files = [top] if not top.is_dir() else top.rglob("*")
            found += [
                str(file.relative_to(self.root)) for file in files if not is_plain_folder(file)
            ]
        return sorted(found)

    def snapshot(self) -> dict[str, str]:
        """Home and canary; the project is another matter, which `strays` looks through."""
        home = self.watched / "home"
        paths = [home, *home.rglob("*"), self.canary, *self.canary.rglob("*")]
        return {str(path): describe(path) for path in sorted(paths)}

    def strays(self) -> list[str]:
        """What is in the project or beside the watched folders that nobody put there."""
        own = {"envpm.toml", "envpm.lock", ".envpm"}
        found = [path.name for path in self.project.iterdir() if path.name not in own]
        beside = {"root", "cache", "watched"}
        return found + [path.name for path in self.folder.iterdir() if path.name not in beside]


def make_canary(folder: Path) -> Path:
    """Where hostile links and names lead: nothing there may change."""
    (folder / "folder").mkdir(parents=True)
    (folder / "secret").write_text(SECRET)
    return folder


GOOD_CONTENT: dict[str, dict[str, str]] = {}


def is_plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def describe(path: Path) -> str:
    status = path.lstat()
    kind = f"{stat.filemode(status.st_mode)} {status.st_uid} {status.st_mtime_ns}"
    if stat.S_ISLNK(status.st_mode):
        return f"{kind} {os.readlink(path)}"
    if stat.S_ISREG(status.st_mode):
        return f"{kind} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return kind


def content_of(prefix: Path) -> dict[str, str]:
    """Paths and digests, without what tells where it lies."""
    found = {}
    for path in sorted(prefix.rglob("*")):
        name = str(path.relative_to(prefix))
        has_place = name.startswith((".envpm", "conda-meta/"))  # names prefix or channel
        if has_place or path.is_symlink() or path.is_dir():
            found[name] = os.readlink(path) if path.is_symlink() else ""
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def harm_in(prefix: Path) -> list[str]:
    """What no prefix may have, whatever was put in it."""
    faults = []
    for path in sorted(prefix.rglob("*")):
        mode = path.lstat().st_mode
        name = path.relative_to(prefix)
        if stat.S_ISLNK(mode):
            target = (path.parent / os.readlink(path)).resolve() if not is_loop(path) else prefix
            is_own = str(name) in ("bin/python", ".envpm/env")
            if not is_own and prefix not in (target, *target.parents) and not is_python(path):
                faults.append(f"`{name}` leads to {target}")
        elif stat.S_ISREG(mode):
            if stat.S_IMODE(mode) not in (0o444, 0o555):
                faults.append(f"`{name}` has mode {stat.S_IMODE(mode):04o}")
            if hasattr(os, "listxattr") and os.listxattr(path, follow_symlinks=False):
                faults.append(f"`{name}` has extended attributes")
        elif not stat.S_ISDIR(mode) or stat.S_IMODE(mode) != 0o755:
            faults.append(f"`{name}` is {stat.filemode(mode)}")
    return faults


def is_loop(path: Path) -> bool:
    try:
        os.stat(path)
    except OSError:
        return True
    return False


def is_python(path: Path) -> bool:
    return path.parent.name == "bin" and path.name.startswith("python")


def lock_of(archive: str, release: str, content: bytes, **over) -> str:
    """A lock of that one file, with its true sha256 (docs/lockfile.md). `over`: keys of its
    package, as TOML; None leaves one out.
    """
    is_wheel = archive.endswith(".whl")
    digest = hashlib.sha256(content).hexdigest()
    target = ['platform = "linux-64"', 'glibc = "2.17"']
    python = "python none"
    if is_wheel:
        minor = sys.version_info.minor
        target += [f'python = "{PYTHON}"', f'python-version = "3.{minor}.0"']
        target += ['python-implementation = "cpython"']
        python = f"python cpython 3.{minor} {PYTHON}"
    keys = {
        "name": f'"{NAME}"',
        "version": f'"{release}"',
        "source": '"here"' if is_wheel else '"channel"',
        "subdir": None if is_wheel else '"linux-64"',
        "file": f'"{archive}"',
        "size": str(len(content)),
        "sha256": f'"{digest}"',
        "targets": '["default"]',
    } | over
    text = f"envpm-env-v1\nlayout 1\n{python}\n{archive} sha256:{digest}\n"
    target.append(f'env = "sha256:{hashlib.sha256(text.encode()).hexdigest()}"')
    lines = ["version = 1", f'manifest = "sha256:{"0" * 64}"', "", "[target.default]", *target]
    lines += ["", "[[package]]"]
    lines += [f"{key} = {value}" for key, value in keys.items() if value is not None]
    return "\n".join(lines) + "\n"
