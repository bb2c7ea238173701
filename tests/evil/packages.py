"""Packages that are honest but for what an item changes in them."""

import base64
import bz2
import csv
import hashlib
import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import raw_tar
from item import BZ2_FILE, CONDA_FILE, NAME, VERSION, WHEEL_FILE
from raw_zip import STORED, Frame, Member, archive

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from conda_packages import zstd  # noqa: E402

INFO = "evil-1.0.dist-info"
MODULE, MODULE_TEXT = "evil/__init__.py", b'version = "1.0"\n'
SHARED, SHARED_TEXT = "share/evil/a.txt", b"a text of evil\n"
METADATA = b"Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
STEM = "evil-1.0-0"
CONTAINER = b'{"conda_pkg_format_version": 2}'


@dataclass
class WheelOf:
    """A wheel with `files` beside its module. What is in `members` RECORD lists as well."""

    files: dict[str, bytes] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    metadata: bytes = METADATA
    wheel: bytes = WHEEL
    info: str = INFO
    rows: list[tuple[str, str, str]] = field(default_factory=list)  # more of them, in RECORD
    record: Callable[[bytes], bytes] | bytes | None = None  # over RECORD
    left_out: tuple[str, ...] = ()  # members that are not there
    change: Callable[[list[Member]], list[Member] | None] | None = None
    frame: Frame | None = None

    def all_members(self) -> list[Member]:
        own = {MODULE: MODULE_TEXT} | self.files
        own |= {f"{self.info}/METADATA": self.metadata, f"{self.info}/WHEEL": self.wheel}
        members = [Member(name, data) for name, data in own.items()] + self.members
        members = [member for member in members if member.name not in self.left_out]
        record = self.record_of(members)
        if callable(self.record):
            record = self.record(record)
        elif self.record is not None:
            record = self.record
        if f"{self.info}/RECORD" not in self.left_out:
            members.append(Member(f"{self.info}/RECORD", record))
        if self.change:
            members = self.change(members) or members
        return members

    def record_of(self, members: list[Member]) -> bytes:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        for member in members:
            if not member.name_bytes.endswith(b"/"):
                name = member.name_bytes.decode("utf-8", "surrogateescape")
                rows.writerow((name, record_hash(member.data), len(member.data)))
        rows.writerows([*self.rows, (f"{self.info}/RECORD", "", "")])
        return text.getvalue().encode("utf-8", "surrogateescape")

    def bytes(self) -> bytes:
        return archive(self.all_members(), self.frame)


def record_hash(content: bytes, kind: str = "sha256") -> str:
    digest = base64.urlsafe_b64encode(hashlib.new(kind, content).digest()).rstrip(b"=")
    return f"{kind}={digest.decode()}"


def path_of(name: str | bytes, data: bytes | None = None, kind: str = "hardlink", **over) -> dict:
    """An entry of paths.json."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    data = data if data is not None else b""
    found = {
        "_path": text,
        "path_type": kind,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_in_bytes": len(data),
    }
    found |= over
    return {key: value for key, value in found.items() if value is not None}


@dataclass
class CondaOf:
    """A conda package with one honest file, and `chunks` of tar behind it; `paths` lists those."""

    chunks: list[bytes] = field(default_factory=list)
    paths: list[dict] = field(default_factory=list)
    info: dict[str, bytes | None] = field(default_factory=dict)  # files below info/; None: absent
    info_chunks: list[bytes] = field(default_factory=list)
    index: dict = field(default_factory=dict)  # over index.json
    end: bytes = raw_tar.END  # of the tar with the files
    is_honest: bool = True  # has the one file
    change: Callable[[list[Member]], list[Member] | None] | None = None  # the .conda's members
    frame: Frame | None = None
    compress: Callable[[bytes], bytes] | None = None  # of the tar with the files

    def info_files(self) -> dict[str, bytes]:
        index = {
            "name": NAME,
            "version": VERSION,
            "build": "0",
            "build_number": 0,
            "depends": [],
            "subdir": "linux-64",
        }
        own = [path_of(SHARED, SHARED_TEXT)] * self.is_honest
        paths = {"paths": own + self.paths, "paths_version": 1}
        names = "".join(f"{path['_path']}\n" for path in paths["paths"])
        found = {
            "info/index.json": json.dumps(index | self.index).encode(),
            "info/paths.json": json.dumps(paths).encode(),
            "info/files": names.encode("utf-8", "surrogateescape"),
        }
        found |= self.info
        return {name: data for name, data in found.items() if data is not None}

    def tars(self) -> tuple[bytes, bytes]:
        """Of `info` and of the files, each without an end."""
        info = b"".join(raw_tar.entry(name, data) for name, data in self.info_files().items())
        own = raw_tar.entry(SHARED, SHARED_TEXT) * self.is_honest
        return info + b"".join(self.info_chunks), own + b"".join(self.chunks)

    def members(self) -> list[Member]:
        info, files = self.tars()
        stream = (self.compress or zstd)(files + self.end)
        members = [
            Member("metadata.json", CONTAINER, method=STORED),
            Member(f"pkg-{STEM}.tar.zst", stream, method=STORED),
            Member(f"info-{STEM}.tar.zst", zstd(info + raw_tar.END), method=STORED),
        ]
        if self.change:
            members = self.change(members) or members
        return members

    def conda(self) -> bytes:
        return archive(self.members(), self.frame)

    def bz2(self) -> bytes:
        return (self.compress or bz2.compress)(b"".join(self.tars()) + self.end)


def archives(wheel: WheelOf | None, conda: CondaOf | None) -> dict[str, bytes]:
    """By form, of those that are given."""
    found = {"wheel": wheel.bytes()} if wheel else {}
    return found | ({"conda": conda.conda(), "bz2": conda.bz2()} if conda else {})


def good(form: str, version: str) -> tuple[str, bytes]:
    """File name and archive of a package with nothing wrong, of the same name and with the same
    paths as the others have.
    """
    old = VERSION.encode()
    if form == "wheel":
        wheel = WheelOf(
            metadata=METADATA.replace(old, version.encode()), info=INFO.replace(VERSION, version)
        )
        return WHEEL_FILE.replace(VERSION, version), wheel.bytes()
    conda = CondaOf(index={"version": version})
    if form == "bz2":
        return BZ2_FILE.replace(VERSION, version), conda.bz2()

    def rename(members: list[Member]) -> None:
        for member in members:
            member.name = member.name.replace(VERSION, version)

    conda.change = rename
    return CONDA_FILE.replace(VERSION, version), conda.conda()
