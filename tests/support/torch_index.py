#!/usr/bin/env python3
"""Writes indexes of PyTorch's builds in the shape of the real ones, from envpm's table of facts.

    torch_index.py OUT [--releases 2.9,2.14] [--variants cu126,cu130] [--pythons 3.11,3.12]

`OUT/whl/cu126/` and the like are indexes (PEP 503) with torch, torchvision and torchaudio of one
CUDA version (`2.9.1+cu126`), and with links to what they need and all variants share: triton and a
few pure packages in `OUT/whl`, NVIDIA's libraries in `OUT/nvidia`. `OUT/simple` links to all that
is shared: a default index that has no PyTorch. Every link has its digest and every wheel its
METADATA beside it (PEP 658). `index_server.py OUT` serves it; links begin at the
root, as the real ones do.

Releases, variants, Pythons, processors, cuDNN, NCCL, triton and companions are those of the table.
Made up are the wheels, which have next to nothing in them, and the versions of NVIDIA's other
libraries, which are the toolkit's. The same arguments give the same bytes.
"""

import argparse
import functools
import hashlib
import html
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from wheels import Wheel

FACTS = Path(__file__).resolve().parents[2] / "src/gpu/data/gpu-facts.toml"
X86, ARM = "x86_64", "aarch64"
LIBRARIES = ["cublas", "cuda-nvrtc", "cuda-runtime", "cufft", "cusolver", "cusparse", "nvjitlink"]
PURE = [
    Wheel("filelock", "3.20.0", requires_python=">=3.8"),
    Wheel("typing-extensions", "4.15.0", requires_python=">=3.8"),
    Wheel("sympy", "1.14.0", requires=["mpmath<1.4,>=1.1.0"], requires_python=">=3.8"),
    Wheel("mpmath", "1.3.0"),
    Wheel("numpy", "1.26.4", requires_python=">=3.8"),
    Wheel("pillow", "11.3.0", requires_python=">=3.8"),
]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def release_of(version: str) -> str:
    return ".".join(version.split(".")[:2])


@dataclass
class Choice:
    """What of the table is wanted; an empty list means all."""

    releases: list[str] = field(default_factory=list)
    variants: list[str] = field(default_factory=list)
    pythons: list[str] = field(default_factory=list)

    def has(self, kind: str, value: str) -> bool:
        wanted = getattr(self, kind)
        return not wanted or value in wanted


class Table:
    """The table of facts, as far as an index needs it."""

    def __init__(self, path: Path = FACTS):
        self.rows = tomllib.loads(path.read_text(encoding="utf-8"))
        self.releases = {row["release"]: row for row in self.rows["torch_release"]}

    def builds(self, choice: Choice) -> list[dict]:
        return [
            row
            for row in self.rows["torch_variant"]
            if choice.has("releases", row["torch"]) and choice.has("variants", row["variant"])
        ]

    def companions(self, release: str) -> list[dict]:
        """One for each version of the release."""
        rows = self.rows["torch_companion"]
        return [row for row in rows if release_of(row["torch"]) == release]

    def torch_of(self, name: str, version: str) -> str:
        """What a companion requires: the torch of its row, or of several the first and later."""
        torches = [row["torch"] for row in self.rows["torch_companion"] if row[name] == version]
        return f"torch{'==' if len(torches) == 1 else '>='}{min(torches, key=numbers)}"

    def pythons(self, release: str, choice: Choice) -> list[str]:
        first, last = self.releases[release]["python"].removeprefix(">=").split(",<=")
        minors = range(numbers(first)[1], numbers(last)[1] + 1)
        return [f"3.{minor}" for minor in minors if choice.has("pythons", f"3.{minor}")]

    def machines(self, build: dict) -> list[str]:
        for row in self.rows["torch_variant_aarch64"]:
            first, last = map(numbers, row["releases"].split("-"))
            if row["variant"] == build["variant"] and first <= numbers(build["torch"]) <= last:
                return [X86, ARM]
        return [X86]


class Tree:
    """The files under OUT, and what the pages of the indexes link to."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.pages: dict[str, dict[str, dict[str, str]]] = {}  # index, project, file: its line

    def put(self, place: str, wheel: Wheel) -> str:
        """Writes the wheel and its METADATA once; the line that links to it."""
        path = self.folder / place / wheel.file_name
        metadata = wheel.metadata().encode()
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wheel.archive())
            path.with_name(path.name + ".metadata").write_bytes(metadata)
        target = f"/{place}/{quote(wheel.file_name)}#sha256={sha256(path.read_bytes())}"
        attributes = ""
        if wheel.requires_python:
            attributes += f' data-requires-python="{html.escape(wheel.requires_python)}"'
        for name in ("data-dist-info-metadata", "data-core-metadata"):
            attributes += f' {name}="sha256={sha256(metadata)}"'
        return f'<a href="{target}"{attributes}>{html.escape(wheel.file_name)}</a><br/>'

    def link(self, variant: str, place: str, wheel: Wheel) -> None:
        is_shared = place != f"whl/{variant}"
        for index in (f"whl/{variant}", "simple") if is_shared else (f"whl/{variant}",):
            project = self.pages.setdefault(index, {}).setdefault(wheel.name, {})
            if wheel.file_name not in project:
                project[wheel.file_name] = self.put(place, wheel)

    def write_pages(self) -> None:
        for index, projects in self.pages.items():
            links = [f'<a href="{name}/">{name}</a><br/>' for name in sorted(projects)]
            write_page(self.folder / index, "Simple Index", links)
            for name, files in projects.items():
                lines = [files[file] for file in sorted(files)]
                write_page(self.folder / index / name, f"Links for {name}", lines)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_page(folder: Path, title: str, lines: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    body = "\n    ".join([f"<h1>{title}</h1>", *lines])
    page = f"<!DOCTYPE html>\n<html>\n  <body>\n    {body}\n  </body>\n</html>\n"
    (folder / "index.html").write_text(page, encoding="utf-8")


def nvidia_name(library: str, major: int) -> str:
    """Since CUDA 13 only what is versioned on its own says the major."""
    has_suffix = major < 13 or library in ("cudnn", "nccl")
    return f"nvidia-{library}-cu{major}" if has_suffix else f"nvidia-{library}"


def nvidia_wheels(build: dict) -> list[Wheel]:
    """What a build pins; cuDNN and NCCL only where the table knows them. For x86_64."""
    cuda = numbers(build["cuda"])
    toolkit = ".".join(str(part) for part in (*cuda, 0)[:3])
    versions = {library: toolkit for library in LIBRARIES if library != "nvjitlink" or cuda[0] > 11}
    versions |= {name: build[name] for name in ("cudnn", "nccl") if build[name]}
    needs = {"cudnn": ["cublas"], "cusolver": ["cublas", "cusparse"]}
    return [
        Wheel(
            nvidia_name(library, cuda[0]),
            version,
            requires=[nvidia_name(other, cuda[0]) for other in needs.get(library, [])],
            requires_python=">=3",
            tag=f"py3-none-manylinux_2_27_{X86}",
        )
        for library, version in versions.items()
    ]


def for_machine(wheel: Wheel, machine: str) -> Wheel:
    copy = Wheel(**vars(wheel))
    copy.tag = wheel.tag.replace(X86, machine)
    return copy


def triton_wheels(build: dict, torch: str, python: str) -> list[Wheel]:
    version = build.get("triton_patch", {}).get(torch, build["triton"])
    return [Wheel("triton", version, requires_python=">=3.8", tag=tag_of(build, python))]


def tag_of(build: dict, python: str) -> str:
    cp = "cp" + python.replace(".", "")
    platform = "manylinux_2_28" if numbers(build["torch"]) >= (2, 7) else "linux"
    return f"{cp}-{cp}-{platform}_{X86}"


def torch_requires(build: dict, torch: str) -> list[str]:
    linux = 'platform_system == "Linux"'
    if numbers(build["torch"]) < (2, 9):
        linux += f' and platform_machine == "{X86}"'
    triton = build.get("triton_range") or f"=={triton_wheels(build, torch, '3.11')[0].version}"
    pins = [f"{wheel.name}=={wheel.version}; {linux}" for wheel in nvidia_wheels(build)]
    return ["filelock", "typing-extensions>=4.8.0", "sympy", *pins, f"triton{triton}; {linux}"]


def stack_of(table: Table, build: dict, row: dict, python: str) -> list[Wheel]:
    """torch and its companions of one version and Python."""
    local = build["variant"]
    first = table.releases[build["torch"]]["python"].split(",")[0]
    common = {"tag": tag_of(build, python), "requires_python": first}
    stack = [
        Wheel("torch", f"{row['torch']}+{local}", torch_requires(build, row["torch"]), **common)
    ]
    for name in ("torchvision", "torchaudio"):
        if row[name]:
            requires = [table.torch_of(name, row[name])]
            requires += ["numpy", "pillow"] if name == "torchvision" else []
            stack.append(Wheel(name, f"{row[name]}+{local}", requires, **common))
    return stack


def write_index(folder: Path, choice: Choice | None = None, table: Table | None = None) -> None:
    choice, table = choice or Choice(), table or Table()
    tree = Tree(folder)
    for build in table.builds(choice):
        add = functools.partial(tree.link, build["variant"])
        for machine in table.machines(build):
            for wheel in nvidia_wheels(build):
                add(f"nvidia/{wheel.name}", for_machine(wheel, machine))
            for row in table.companions(build["torch"]):
                for python in table.pythons(build["torch"], choice):
                    for wheel in stack_of(table, build, row, python):
                        add(f"whl/{build['variant']}", for_machine(wheel, machine))
                    for wheel in triton_wheels(build, row["torch"], python):
                        add("whl", for_machine(wheel, machine))
        for wheel in PURE:
            add("whl", wheel)
    tree.write_pages()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    for kind in ("releases", "variants", "pythons"):
        parser.add_argument(f"--{kind}", type=lambda text: text.split(","), default=[])
    arguments = parser.parse_args()
    choice = Choice(arguments.releases, arguments.variants, arguments.pythons)
    write_index(arguments.out, choice)


if __name__ == "__main__":
    main()
