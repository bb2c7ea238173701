"""Builds small conda packages, always the same bytes for the same description.

Both formats: `.tar.bz2`, and `.conda` (a zip of two tars in zstd). Python's standard library is
enough: the zstd frames hold their content as it is, so no compressor's version changes a byte.

`write_package` takes an honest description and can be made to lie about each part of it.
"""

import bz2
import hashlib
import io
import json
import posixpath
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

# What conda-build puts where the prefix will stand: long, so that any shorter path replaces it.
PLACEHOLDER = ("/opt/builder/channel/_h_env" + "_placehold" * 26)[:255]
BUILT = 1767225600000  # 2026-01-01 in milliseconds
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
BLOCK_BYTES = 128 << 10


@dataclass
class File:
    """A file of a package. Where PLACEHOLDER stands in it, paths.json says so, as conda-build does.

    `says` goes over its entry in paths.json, to lie or to add; a None takes a field away.
    """

    content: bytes | str = b""
    mode: int = 0o644
    placeholder: str | None = None  # None: PLACEHOLDER if it stands in the content; "": none
    says: dict = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content


@dataclass
class Link:
    """A symbolic link; with `hard`, a hard link to a member before it, which conda never writes."""

    target: str
    hard: bool = False
    says: dict = field(default_factory=dict)


@dataclass
class Folder:
    """An empty folder."""

    mode: int = 0o755
    says: dict = field(default_factory=dict)


@dataclass
class Special:
    """A member that no package may have: `tarfile.FIFOTYPE`, `CHRTYPE` or another type of tar."""

    type: bytes = tarfile.FIFOTYPE
    says: dict = field(default_factory=dict)


Entry = File | Link | Folder | Special


@dataclass
class Lies:
    """How the archive differs from an honest one; paths are those of `files`."""

    absent: set[str] = field(default_factory=set)  # in paths.json, not in the archive
    unlisted: set[str] = field(default_factory=set)  # in the archive, not in paths.json
    twice: set[str] = field(default_factory=set)  # two members of one name
    twice_listed: set[str] = field(default_factory=set)  # two entries of one name in paths.json
    # Members of a .conda's zip, by their beginning (`metadata.json`, `pkg-`, `info-`) or, for a
    # further one, their name. None: left out.
    outer: dict[str, bytes | None] = field(default_factory=dict)
    archive: object = None  # bytes to bytes, over the whole archive: cut it, append to it


@dataclass
class Package:
    """One build of a package. `files` are by path, values are bytes, text or an Entry.

    Paths under `info/` replace or add metadata; None there leaves it out.
    """

    name: str
    version: str
    build: str = "0"
    number: int = 0
    depends: list[str] = field(default_factory=list)
    constrains: list[str] = field(default_factory=list)
    subdir: str = "linux-64"
    noarch: str = ""  # `python` or `generic`: then its subdir is noarch
    files: dict[str, "Entry | bytes | str | None"] = field(default_factory=dict)
    entry_points: list[str] = field(default_factory=list)  # `name = module:function`
    run_exports: dict[str, list[str]] = field(default_factory=dict)
    built: int = BUILT
    forms: tuple[str, ...] = (".conda",)
    more: dict = field(default_factory=dict)  # further fields of index.json and of its record
    # Over its record in repodata.json alone: what the channel knows better, or a lie. A None
    # takes a field away.
    says: dict = field(default_factory=dict)
    lies: Lies = field(default_factory=Lies)
    removed: bool = False  # named in repodata.json as taken back, its archive still there

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def record(self) -> dict:
        """What index.json says of it."""
        is_native = not self.noarch and self.subdir != "noarch"
        platform, _, machine = self.subdir.partition("-")
        record = {
            "arch": {"64": "x86_64"}.get(machine, machine) if is_native else None,
            "build": self.build,
            "build_number": self.number,
            "constrains": self.constrains,
            "depends": self.depends,
            "license": "Apache-2.0",
            "name": self.name,
            "platform": platform if is_native else None,
            "subdir": "noarch" if self.noarch else self.subdir,
            "timestamp": self.built,
            "version": self.version,
        }
        if not self.constrains:
            del record["constrains"]
        if self.noarch:
            record["noarch"] = self.noarch
        return record | self.more

    def content(self) -> dict:
        """Its files and what stands under info/ beside index.json and paths.json."""
        files = dict(self.files)
        if self.noarch == "python":
            noarch = {"type": "python"}
            if self.entry_points:
                noarch["entry_points"] = self.entry_points
            link = {"noarch": noarch, "package_metadata_version": 1}
            files.setdefault("info/link.json", as_json(link))
        if self.run_exports:
            files.setdefault("info/run_exports.json", as_json(self.run_exports))
        return files


def write_package(
    folder: Path, record: dict, files: dict, form: str = ".conda", lies: Lies | None = None
) -> Path:
    """The archive `name-version-build` + `form` in `folder`; see Package for record and files."""
    lies = lies or Lies()
    entries = {path: as_entry(value) for path, value in files.items() if value is not None}
    payload = {path: entry for path, entry in entries.items() if not path.startswith("info/")}
    info = metadata(record, payload, lies)
    info |= {path: entry for path, entry in entries.items() if path.startswith("info/")}
    info = {path: entry for path, entry in info.items() if path not in files or files[path]}
    seconds = record.get("timestamp", BUILT) // 1000
    stem = f"{record['name']}-{record['version']}-{record['build']}"
    if form == ".conda":
        archive = conda_archive(stem, info, payload, lies, seconds)
    else:
        archive = bz2.compress(tar_of(info | payload, lies, seconds))
    if lies.archive:
        archive = lies.archive(archive)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (stem.replace("/", "_") + form)
    path.write_bytes(archive)
    return path


def metadata(record: dict, payload: dict, lies: Lies) -> dict:
    """What conda-build writes under info/."""
    listed = sorted(set(payload) - lies.unlisted)
    paths = []
    for path in listed:
        paths += [path_entry(path, payload)] * (2 if path in lies.twice_listed else 1)
    info = {
        "info/index.json": File(as_json(record)),
        "info/about.json": File(as_json({"summary": f"{record['name']} of the tests"})),
        "info/files": File("".join(f"{path}\n" for path in listed)),
        "info/paths.json": File(as_json({"paths": paths, "paths_version": 1})),
    }
    prefixed = [p for p in paths if "prefix_placeholder" in p]
    if prefixed:
        lines = [
            f'"{p["prefix_placeholder"]}" "{p["file_mode"]}" "{p["_path"]}"\n' for p in prefixed
        ]
        info["info/has_prefix"] = File("".join(lines))
    return info


def path_entry(path: str, payload: dict) -> dict:
    """The entry of paths.json; of a link, as conda-build does, hash and size of where it leads."""
    entry = payload[path]
    described = {"_path": path}
    if isinstance(entry, File):
        described |= {
            "path_type": "hardlink",
            "sha256": hashlib.sha256(entry.data).hexdigest(),
            "size_in_bytes": len(entry.data),
        }
        placeholder = entry.placeholder
        if placeholder is None:
            placeholder = PLACEHOLDER if PLACEHOLDER.encode() in entry.data else ""
        if placeholder:
            mode = "binary" if b"\0" in entry.data else "text"
            described |= {"file_mode": mode, "prefix_placeholder": placeholder}
    elif isinstance(entry, Folder):
        described["path_type"] = "directory"
    else:
        data = followed(path, payload)
        described |= {
            "path_type": "softlink",
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_in_bytes": len(data),
        }
    return without_nones(described | entry.says)


def followed(path: str, payload: dict) -> bytes:
    """What is read through a link; nothing, if that is no file of the package."""
    for _ in range(8):
        entry = payload.get(path)
        if isinstance(entry, File):
            return entry.data
        if not isinstance(entry, Link):
            return b""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.target))
    return b""


def conda_archive(stem: str, info: dict, payload: dict, lies: Lies, seconds: int) -> bytes:
    stem = stem.replace("/", "_")
    members = {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        f"pkg-{stem}.tar.zst": zstd(tar_of(payload, lies, seconds)),
        f"info-{stem}.tar.zst": zstd(tar_of(info, lies, seconds)),
    }
    for beginning, content in lies.outer.items():
        names = [name for name in members if name.startswith(beginning)] or [beginning]
        for name in names:
            members[name] = content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in without_nones(members).items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    return buffer.getvalue()


def tar_of(entries: dict, lies: Lies, seconds: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, entry in entries.items():
            if path in lies.absent:
                continue
            for _ in range(2 if path in lies.twice else 1):
                archive.addfile(*tar_member(path, entry, seconds))
    return buffer.getvalue()


def tar_member(path: str, entry: Entry, seconds: int) -> tuple[tarfile.TarInfo, io.BytesIO | None]:
    member = tarfile.TarInfo(path)
    member.mtime = seconds
    if isinstance(entry, File):
        member.mode, member.size = entry.mode, len(entry.data)
        return member, io.BytesIO(entry.data)
    if isinstance(entry, Folder):
        member.type, member.mode = tarfile.DIRTYPE, entry.mode
    elif isinstance(entry, Special):
        member.type = entry.type
    else:
        member.type = tarfile.LNKTYPE if entry.hard else tarfile.SYMTYPE
        member.mode, member.linkname = 0o777, entry.target
    return member, None


def zstd(content: bytes) -> bytes:
    """A frame (RFC 8878) of raw blocks: one segment, its size in eight bytes, no checksum."""
    blocks = [content[at : at + BLOCK_BYTES] for at in range(0, len(content), BLOCK_BYTES)] or [b""]
    frame = b"\x28\xb5\x2f\xfd\xe0" + len(content).to_bytes(8, "little")
    for number, block in enumerate(blocks, 1):
        is_last = number == len(blocks)
        frame += (len(block) << 3 | is_last).to_bytes(3, "little") + block
    return frame


def as_entry(value: Entry | bytes | str) -> Entry:
    return File(value) if isinstance(value, (bytes, str)) else value


def as_json(value) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


def without_nones(value: dict) -> dict:
    return {key: item for key, item in value.items() if item is not None}
