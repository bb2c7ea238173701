"""The public tools that pack, index and check the channel, in an environment of their own."""

import subprocess
import sys
from pathlib import Path

PINS = [
    "backports.zstd==1.8.0",
    "conda-package-handling==2.6.0",
    "conda-package-streaming==0.13.0",
    "py-rattler==0.28.0",
]
WHEELS = [
    "click==8.1.7",
    "click==8.1.8",
    "packaging==24.1",
    "packaging==24.2",
    "pip==24.2",
    "setuptools==75.1.0",
    "six==1.16.0",
    "six==1.17.0",
    "tabulate==0.9.0",
    "wheel==0.44.0",
]


def python_of_tools(cache: Path) -> Path:
    """The interpreter that has them; made at the first call, and again when a pin changes."""
    folder = cache / "tools"
    python = folder / "bin/python"
    stamp = folder / "pins"
    wanted = "\n".join([sys.version, *PINS])
    if not stamp.exists() or stamp.read_text() != wanted:
        run([sys.executable, "-m", "venv", "--clear", folder])
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINS])
        stamp.write_text(wanted)
    return python


def wheels(cache: Path, pins: tuple[str, ...]) -> list[Path]:
    """The archives of the pins, downloaded once."""
    folder = cache / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    for pin in pins:
        stem = pin.replace("==", "-")
        if not any(folder.glob(f"{stem}-*.whl")):
            pip = [python_of_tools(cache), "-m", "pip", "download", "--disable-pip-version-check"]
            run([*pip, "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, pin])
    return sorted(file for pin in pins for file in folder.glob(pin.replace("==", "-") + "-*.whl"))


def run(command: list, **options) -> None:
    done = subprocess.run([str(part) for part in command], check=False, **options)
    if done.returncode:
        raise SystemExit(f"failed: {' '.join(str(part) for part in command)}")
