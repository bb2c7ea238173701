"""envpm and uv, doing the same work: each with a cache and home of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import measure

INPUTS = Path(__file__).resolve().parent / "inputs"


def default_index() -> str:
    """The index that this machine's pip asks; both tools are given it."""
    told = os.environ.get("PIP_INDEX_URL")
    if told:
        return told
    pip = [sys.executable, "-m", "pip"]
    configured = subprocess.run(
        pip + ["config", "get", "global.index-url"], capture_output=True, text=True
    )
    if configured.returncode == 0:
        return configured.stdout.strip()
    ask = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True
    ).stdout.strip()


def requirement_lines(text: str) -> list[str]:
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def manifest(requirements: list[str], python: str, exclude_newer: str | None) -> str:
    """The envpm.toml that asks for what a requirements file asks for."""
    lines = ["[workspace]", 'name = "bench"']
    if exclude_newer:
        lines.append(f'exclude-newer = "{exclude_newer}"')
    lines += ["", "[dependencies]", f'python = "=={python}"', "", "[pypi-dependencies]"]
    for requirement in requirements:
        text, _, marker = (part.strip() for part in requirement.partition(";"))
        name, extras, version = re.fullmatch(
            r"([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?\s*(.*)", text
        ).groups()
        fields = [f'version = "{version or "*"}"']
        if extras:
            fields.append(
                "extras = [" + ", ".join(f'"{extra.strip()}"' for extra in extras.split(",")) + "]"
            )
        if marker:
            fields.append("marker = '" + marker.replace("'", '"') + "'")
        lines.append(f"{name} = {{ " + ", ".join(fields) + " }")
    return "\n".join(lines) + "\n"


class Tool:
    """One tool in one folder. A new folder has empty caches."""

    name = ""

    def __init__(self, program: Path, folder: Path, index: str, python: Path):
        self.program, self.folder, self.index, self.python = program, folder, index, python
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        kept = {
            key: os.environ[key]
            for key in ("SSL_CERT_FILE", "SSL_CERT_DIR", "LANG", "TERM")
            if key in os.environ
        }
        self.environment = (
            kept
            | {"HOME": str(folder), "PATH": f"{python.parent}:/usr/bin:/bin"}
            | self.own_environment()
        )

    def own_environment(self) -> dict[str, str]:
        raise NotImplementedError

    def run(self, *arguments, folder: Path | None = None) -> measure.Measure:
        return measure.run([self.program, *arguments], self.environment, folder or self.project)


class Envpm(Tool):
    name = "envpm"

    def own_environment(self):
        return {
            "ENVPM_ROOT": str(self.folder / "store"),
            "ENVPM_CACHE": str(self.folder / "cache"),
            "PIP_INDEX_URL": self.index,
        }

    def ask(self, requirements: list[str], exclude_newer: str | None) -> None:
        version = subprocess.run(
            [self.python, "-V"], capture_output=True, text=True, check=True
        ).stdout.split()[1]
        (self.project / "envpm.toml").write_text(manifest(requirements, version, exclude_newer))

    def lock(self, *, offline=False, refresh=False):
        return self.run("lock", *["--offline"] * offline, *["--refresh"] * refresh)

    def take_lock(self, other: "Envpm") -> None:
        for name in ("envpm.toml", "envpm.lock"):
            (self.project / name).write_bytes((other.project / name).read_bytes())

    def install(self):
        return self.run("install", "--frozen", "--no-progress")

    def install_again(self, number: int):
        return self.run(
            "install", "--frozen", "--no-progress", "--prefix", self.folder / f"prefix-{number}"
        )

    def locked(self) -> dict[str, str]:
        text = (self.project / "envpm.lock").read_text()
        return dict(re.findall(r'^name = "([^"]+)"\nversion = "([^"]+)"', text, re.MULTILINE))


class Uv(Tool):
    name = "uv"

    def own_environment(self):
        return {
            "UV_CACHE_DIR": str(self.folder / "cache"),
            "UV_NO_CONFIG": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
        }

    def ask(self, requirements, exclude_newer):
        (self.project / "wanted.in").write_text("\n".join(requirements) + "\n")
        self.exclude_newer = exclude_newer

    def lock(self, *, offline=False, refresh=False):
        newer = ["--exclude-newer", self.exclude_newer] if self.exclude_newer else []
        return self.run(
            "pip",
            "compile",
            "wanted.in",
            "-o",
            "locked.txt",
            "--generate-hashes",
            "--no-build",
            "--python",
            self.python,
            "--default-index",
            self.index,
            *newer,
            *["--offline"] * offline,
            *["--refresh"] * refresh,
        )

    def take_lock(self, other):
        (self.project / "locked.txt").write_bytes((other.project / "locked.txt").read_bytes())

    def make_environment(self, number: int) -> Path:
        folder = self.folder / f"venv-{number}"
        self.run("venv", "-q", "--python", self.python, folder)
        return folder / "bin/python"

    def sync(self, number: int):
        return self.run(
            "pip",
            "sync",
            "--require-hashes",
            "--no-build",
            "--python",
            self.folder / f"venv-{number}/bin/python",
            "--default-index",
            self.index,
            "locked.txt",
        )

    def install(self):
        self.make_environment(0)
        return self.sync(0)

    def install_again(self, number):
        self.make_environment(number)
        return self.sync(number)

    def locked(self):
        text = (self.project / "locked.txt").read_text()
        return dict(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==([^\s;]+)", text, re.MULTILINE))


def fetch_uv(folder: Path) -> Path:
    """uv from the machine's index, in a scratch environment."""
    subprocess.run([sys.executable, "-m", "venv", folder / "uv"], check=True)
    subprocess.run([folder / "uv/bin/python", "-m", "pip", "install", "-q", "uv"], check=True)
    return folder / "uv/bin/uv"


def version_of(program: Path) -> str:
    return subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
