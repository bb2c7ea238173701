"""A place of its own to run envpm in: home, store, cache and a project below one folder."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import contents_digest


@dataclass
class Sandbox:
    """Nothing of the machine but its Python. `root` and `cache` may be shared with others."""

    folder: Path
    envpm: Path
    index_url: str
    root: Path | None = None
    cache: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)
    wrapper: list[str] = field(
        default_factory=list
    )  # a command that starts another: setpriv, strace
    umask: int = -1
    patience_seconds: int = 120

    def __post_init__(self):
        self.root = self.root or self.folder / "root"
        self.cache = self.cache or self.folder / "cache"
        self.project = self.folder / "project"
        for folder in (self.project, self.folder / "home"):
            folder.mkdir(parents=True, exist_ok=True)

    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder / "home"),
            "ENVPM_ROOT": str(self.root),
            "ENVPM_CACHE": str(self.cache),
            "ENVPM_NO_CONFIG": "1",
            "PIP_INDEX_URL": self.index_url,
            "PIP_CONFIG_FILE": "/dev/null",
            "PATH": os.environ["PATH"],
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        } | self.variables

    def start(
        self, *arguments: str, wrapper: list[str] | None = None, **options
    ) -> subprocess.Popen:
        return subprocess.Popen(
            [*(self.wrapper if wrapper is None else wrapper), str(self.envpm), *arguments],
            cwd=self.project,
            env=self.environment(),
            umask=self.umask,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def run(
        self, *arguments: str, expected: int | None = 0, **options
    ) -> subprocess.CompletedProcess:
        """`expected` is the exit code; None takes any."""
        process = self.start(*arguments, **options)
        output, errors = process.communicate(timeout=self.patience_seconds)
        if expected is not None and process.returncode != expected:
            raise AssertionError(
                f"envpm {' '.join(arguments)}: exit code {process.returncode}, not {expected}\n"
                f"{output}{errors}"
            )
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def write(self, manifest: str, lock: str | None = None) -> None:
        self.manifest.write_text(manifest)
        if lock is not None:
            self.lock.write_text(lock)

    @property
    def manifest(self) -> Path:
        return self.project / "envpm.toml"

    @property
    def lock(self) -> Path:
        return self.project / "envpm.lock"

    @property
    def environment_folder(self) -> Path:
        return self.project / ".envpm" / "envs" / "default"

    def prefix(self) -> Path | None:
        """Where `current` leads to, if it is there."""
        link = self.environment_folder / "current"
        return link.resolve(strict=True) if link.is_symlink() else None

    def digest(self) -> str:
        """The contents digest, by the second implementation."""
        return contents_digest.Prefix(str(self.prefix())).digest_of_folder().hex()

    def info(self) -> dict:
        return json.loads(self.run("info", "--json").stdout)


def scratch_folder(prefix: str, needs_bytes: int = 0) -> Path:
    """A new folder for who removes it; in memory, if that has room for so much."""
    memory = Path("/dev/shm")
    is_usable = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > needs_bytes
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory if is_usable else None)).resolve()


def manifest_of(*names: str, python: str = "") -> str:
    python_line = f'[dependencies]\npython = "{python}"\n\n' if python else ""
    return python_line + "[pypi-dependencies]\n" + "".join(f'{name} = "*"\n' for name in names)


def snapshot(folder: Path) -> dict[str, tuple]:
    """What changes of a folder can be seen without reading its files."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
    return found
