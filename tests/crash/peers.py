"""The tools whose power is cut: each installs the same files from a server on loopback."""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from conda_packages import Package  # noqa: E402
from varied_wheels import noise  # noqa: E402
from wheels import Wheel  # noqa: E402

PYTHON = "/usr/bin/python3"
NAMES = [f"part-{n}" for n in range(8)]


def files_of(number: int) -> dict[str, bytes]:
    """Many small ones, and one that takes a while."""
    folder = f"part_{number}"
    small = {
        f"{folder}/sub{n % 5}/module{n}.py": f"value = {number * 1000 + n}\n".encode() * (n + 1)
        for n in range(60)
    }
    return small | {f"{folder}/data.bin": noise(number, 2 << 20)}


WHEELS = [Wheel(name, "1.0", files=files_of(n)) for n, name in enumerate(NAMES)]
PACKAGES = [
    Package(
        name,
        "1.0",
        noarch="generic",
        files={f"share/{path}": content for path, content in files_of(n).items()},
    )
    for n, name in enumerate(NAMES)
]
EXPECTED = {
    path: hashlib.sha256(content).hexdigest()
    for number in range(len(NAMES))
    for path, content in files_of(number).items()
}

RATTLER = """
import asyncio, os, sys
from pathlib import Path
import rattler

async def main(url, cache, prefix, specs):
    gateway = rattler.Gateway(cache_dir=Path(cache) / "repodata")
    records = await rattler.solve([rattler.Channel(url)], specs, gateway=gateway,
                                  platforms=["linux-64", "noarch"])
    await rattler.install(records, target_prefix=prefix, cache_dir=Path(cache) / "packages")

url, cache, prefix, *specs = sys.argv[1:]
asyncio.run(main(url, cache, prefix, specs))
os._exit(0)  # its threads are still there
"""


@dataclass
class Tool:
    """One tool on the disk at `disk`. Environments are `a`, in which the power is cut, and `b`."""

    disk: Path
    programs: Path  # the environment that uv, pip and py-rattler were installed into
    index: str
    channel: str

    def prepare(self) -> None:
        """What there is before, on disk; no package among it."""

    def command(self, environment: str) -> list[str]:
        raise NotImplementedError

    def folder(self, environment: str) -> Path:
        """Below which the packages' files must be."""
        raise NotImplementedError

    def place(self, environment: str) -> Path:
        """Where the command runs."""
        return self.disk

    def variables(self) -> dict[str, str]:
        return {"HOME": str(self.disk / "home"), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

    def start(self, environment: str) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(environment),
            cwd=self.place(environment),
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wrong(self, environment: str) -> list[str]:
        """Files that are missing or not what they should be."""
        folder = self.folder(environment)
        return [path for path, digest in EXPECTED.items() if not is_it(folder / path, digest)]


def is_it(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False


class Envpm(Tool):
    binary = Path()

    def prepare(self):
        requirements = "".join(f'{name} = "*"\n' for name in NAMES)
        for environment in ("a", "b"):
            self.place(environment).mkdir()
            manifest = f"[pypi-dependencies]\n{requirements}"
            (self.place(environment) / "envpm.toml").write_text(manifest)
            subprocess.run(
                [self.binary, "lock"],
                cwd=self.place(environment),
                env=self.variables(),
                check=True,
                capture_output=True,
            )

    def place(self, environment):
        return self.disk / environment

    def variables(self):
        return super().variables() | {
            "ENVPM_ROOT": str(self.disk / "root"),
            "ENVPM_CACHE": str(self.disk / "cache"),
            "ENVPM_NO_CONFIG": "1",
            "PIP_INDEX_URL": self.index,
            "PIP_CONFIG_FILE": "/dev/null",
        }

    def command(self, environment):
        return [str(self.binary), "install", "--no-progress"]

    def folder(self, environment):
        found = [*self.place(environment).glob(".envpm/envs/default/current/lib/python3*/site-*")]
        return found[0] if found else self.disk / "nothing"


class Uv(Tool):
    def prepare(self):
        for environment in ("a", "b"):
            subprocess.run(
                [PYTHON, "-m", "venv", "--without-pip", self.disk / environment], check=True
            )

    def folder(self, environment):
        return next((self.disk / environment).glob("lib/python3*/site-packages"))

    def variables(self):
        cache = {"UV_CACHE_DIR": str(self.disk / "cache"), "UV_NO_CONFIG": "1"}
        return super().variables() | cache | {"UV_NO_PROGRESS": "1"}

    def command(self, environment):
        python = str(self.disk / environment / "bin/python")
        program = str(self.programs / "bin/uv")
        return [program, "pip", "install", "--python", python, "--index-url", self.index, *NAMES]


class Pip(Uv):
    def variables(self):
        return Tool.variables(self) | {
            "PIP_CACHE_DIR": str(self.disk / "cache"),
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
        }

    def command(self, environment):
        python = str(self.disk / environment / "bin/python")
        program = [str(self.programs / "bin/python"), "-m", "pip", "--python", python]
        return [*program, "install", "--no-compile", "--index-url", self.index, *NAMES]


class Rattler(Tool):
    def folder(self, environment):
        return self.disk / environment / "share"

    def command(self, environment):
        program = [str(self.programs / "bin/python"), "-c", RATTLER, self.channel]
        return [*program, str(self.disk / "cache"), str(self.disk / environment), *NAMES]


TOOLS = {"envpm": Envpm, "uv": Uv, "pip": Pip, "rattler": Rattler}


def fetch(folder: Path) -> Path:
    """uv, pip and py-rattler from the machine's index, in an environment of their own."""
    if not (folder / "bin/uv").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "--upgrade", "uv", "py-rattler", "pip"], check=True)
    return folder


def versions(programs: Path) -> str:
    listed = subprocess.run(
        [programs / "bin/python", "-m", "pip", "list", "--format=freeze"],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    ).stdout.split()
    return ", ".join(line for line in listed if line.split("==")[0] in ("uv", "pip", "py-rattler"))
