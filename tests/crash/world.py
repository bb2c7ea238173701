"""A small world to crash in: an index, a channel, two environments and what is done with them.

The operations that are recorded and broken are data, `SCENES`: add one there, and every test of
this folder does it too.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import sample_channel  # noqa: E402
from channel_server import Channels  # noqa: E402
from index_server import Index  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from wheels import Wheel  # noqa: E402

from damage import damage  # noqa: E402

SAME = "the same bytes in two wheels\n" * 40
WHEELS = [
    Wheel("first", "1.0", files={"first/data.txt": SAME, "first/empty.py": b""}),
    Wheel("second", "1.0", scripts={"second": "second:main"}, files={"second/data.txt": SAME}),
    Wheel(
        "third",
        "1.0",
        executable={"third-1.0.data/scripts/third"},
        files={"third-1.0.data/scripts/third": "#!python\nprint(3)\n"},
    ),
    Wheel("fourth", "1.0", files={f"fourth/part{n}.py": f"part = {n}\n" * n for n in range(1, 5)}),
    Wheel("fifth", "1.0", files={"fifth/long.bin": bytes(range(256)) * 300}),
]
CHANNEL = ("python", "tzdata", "zinc", "python_abi", "rooted", "links", "empty-folder", "stone")
OLD, NEW = "old", "new"
NAMES = {
    OLD: (["rooted"], ["first", "second"]),
    NEW: (["rooted", "links", "empty-folder"], ["first", "third", "fourth", "fifth"]),
}


INSTALL = ("install", "--jobs", "2")


@dataclass(frozen=True)
class Scene:
    """One operation on a store. `prepared` is done before: (environment, command…), where `kill N`
    is an install that is killed at its N-th change, `forget` the end of a project, and
    `damage KIND` one of those in damage.py. What needs a repair is given one before it goes on."""

    name: str
    command: tuple[str, ...]
    prepared: tuple[tuple[str, ...], ...] = ()
    environment: str = NEW  # whose manifest and lock are there
    before: str | None = None  # what is installed before and
    after: str | None = NEW  # after it
    outside: str = ""  # an environment that is laid out there

    @property
    def is_repair(self) -> bool:
        return self.command[0] == "repair"

    @property
    def allowed(self) -> set[str | None]:
        return {self.before, self.after}


SCENES = [
    Scene("install, cold", INSTALL),
    Scene("install, over an older one", INSTALL, ((OLD, "install"),), before=OLD),
    Scene(
        "install, all in the store",
        INSTALL,
        ((NEW, "install"), (OLD, "install")),
        before=OLD,
    ),
    Scene(
        "install, after one that was killed",
        INSTALL,
        ((OLD, "install"), (NEW, "kill 160")),
        before=OLD,
    ),
    Scene(
        "rollback",
        ("rollback",),
        ((OLD, "install"), (NEW, "install")),
        before=NEW,
        after=OLD,
    ),
    Scene(
        "gc",
        ("gc", "--grace", "0s"),
        ((OLD, "install"), ("", "forget"), (NEW, "install")),
        before=NEW,
    ),
    Scene(
        "install --prefix, over an older one",
        (*INSTALL, "--prefix", "../laid-out"),
        ((OLD, "install", "--prefix", "../laid-out"),),
        before=OLD,
        outside="laid-out",
    ),
    Scene("install, nothing to do", INSTALL, ((NEW, "install"),), before=NEW),
    Scene(
        "repair, files of all kinds, from the index",
        ("repair",),
        ((NEW, "install"), (NEW, "damage", "files")),
        before=NEW,
    ),
    Scene(
        "repair, an environment from a store of blobs",
        ("repair", "--config-file", "BLOBS"),
        ((NEW, "install"), (NEW, "damage", "files"), (NEW, "damage", "prefix")),
        before=NEW,
    ),
]
# Changes manifest and lock, as one.
EDIT = Scene(
    "add",
    ("add", "--no-install", "--pypi", "third"),
    ((OLD, "lock"),),
    environment=OLD,
    after=None,
)


@dataclass
class World:
    """Index, channel and locks. Everything that is installed lies at the same place, `folder`."""

    envpm: Path
    recorder: Path
    parent: Path | None = None
    base: Path = field(init=False)
    manifests: dict[str, str] = field(default_factory=dict)
    locks: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.base = Path(tempfile.mkdtemp(prefix="envpm-crash-", dir=self.parent)).resolve()
        chosen = [package for package in sample_channel.PACKAGES if package.name in CHANNEL]
        sample_channel.write_channel(self.base / "channels/sample", chosen)
        self.channels = Channels(self.base / "channels")
        self.index = Index(WHEELS)
        for name, (conda, wheels) in NAMES.items():
            self.manifests[name] = (
                f'[workspace]\nchannels = ["{self.channels.url}/sample"]\n'
                + '\n[dependencies]\npython = "3.12.*"\n'
                + "".join(f'{package} = "*"\n' for package in conda)
                + "\n[pypi-dependencies]\n"
                + "".join(f'{package} = "*"\n' for package in wheels)
            )
            sandbox = self.sandbox()
            sandbox.write(self.manifests[name])
            sandbox.run("lock")
            self.locks[name] = sandbox.lock.read_text()
        shutil.rmtree(self.folder)

    def close(self):
        self.index.close()
        self.channels.close()
        shutil.rmtree(self.base, ignore_errors=True)

    @property
    def folder(self) -> Path:
        return self.base / "place"

    @property
    def log(self) -> Path:
        return self.base / "log"

    def filled(self, command: tuple[str, ...]) -> list[str]:
        return [str(self.blobs_only) if word == "BLOBS" else word for word in command]

    @property
    def blobs_only(self) -> Path:
        """Settings by which archives come from a folder of blobs, and from nowhere else."""
        settings = self.base / "blobs.toml"
        if not settings.exists():
            archives = [*self.index.archives.values()]
            archives += [path.read_bytes() for path in self.base.glob("channels/sample/*/*.conda")]
            for archive in archives:
                digest = hashlib.sha256(archive).hexdigest()
                place = self.base / "blobs/sha256" / digest[:2] / digest
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(archive)
            place = f'["blobs+file://{self.base}/blobs"]'
            settings.write_text(f"[mirrors]\npypi = {place}\nsample = {place}\n")
        return settings

    def sandbox(self) -> Sandbox:
        """With what lies at `folder` now."""
        return Sandbox(self.folder, self.envpm, self.index.simple_url)

    def write(self, sandbox: Sandbox, environment: str) -> None:
        sandbox.write(self.manifests[environment], self.locks[environment])

    def prepare(self, scene: Scene) -> Sandbox:
        """As it is before the scene; made anew, with an empty log."""
        shutil.rmtree(self.folder, ignore_errors=True)
        sandbox = self.sandbox()
        for environment, *command in scene.prepared:
            if command == ["forget"]:  # what it had is for the collector
                shutil.rmtree(sandbox.project / ".envpm")
                continue
            if command[0] == "damage":
                damage(sandbox, command[1])
                continue
            self.write(sandbox, environment)
            if command[0].startswith("kill"):
                self.start(sandbox, Scene("", INSTALL), command[0])
            else:
                sandbox.run(*command)
        self.write(sandbox, scene.environment)
        self.log.write_bytes(b"")
        return sandbox

    def start(self, sandbox: Sandbox, scene: Scene, fault: str = "", log: bool = True):
        """Runs the scene's command before the recorder, which adds to the log; any exit code will
        do."""
        self.log.touch()
        variables = {
            "LD_PRELOAD": str(self.recorder),
            "ENVPM_CRASH_FOLDER": str(self.folder),
            "ENVPM_CRASH_FAULT": fault,
        }
        if log:
            variables["ENVPM_CRASH_LOG"] = str(self.log)
        sandbox.variables = variables
        try:
            return sandbox.run(*self.filled(scene.command), expected=None)
        finally:
            sandbox.variables = {}


def work_folder() -> Path | None:
    """In memory, if there is room: nothing here needs a disk."""
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    return memory if usable and shutil.disk_usage(memory).free > 1 << 30 else None
