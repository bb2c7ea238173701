"""Builds small wheels, always the same bytes for the same description (PEP 427)."""

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass, field

EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass
class Wheel:
    """One wheel. `files` are beside the metadata, by path; values are bytes or text.

    `executable` names those of them with mode 0755.
    """

    name: str
    version: str
    requires: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    requires_python: str = ""
    tag: str = "py3-none-any"
    files: dict[str, bytes | str] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)
    scripts: dict[str, str] = field(default_factory=dict)
    yanked: bool = False
    uploaded: str = "2026-01-01T00:00:00.000000Z"
    # Faults, for the tests of bad input.
    metadata_name: str = ""
    record_lies: bool = False
    member: str = ""  # a further member of this very name
    twice: bool = False  # its module stands twice in the archive

    @property
    def distribution(self) -> str:
        return self.name.replace("-", "_")

    @property
    def file_name(self) -> str:
        return f"{self.distribution}-{self.version}-{self.tag}.whl"

    def metadata(self) -> str:
        lines = ["Metadata-Version: 2.1"]
        lines += [f"Name: {self.metadata_name or self.name}", f"Version: {self.version}"]
        if self.requires_python:
            lines.append(f"Requires-Python: {self.requires_python}")
        lines += [f"Provides-Extra: {extra}" for extra in self.extras]
        lines += [f"Requires-Dist: {requirement}" for requirement in self.requires]
        return "\n".join(lines) + "\n"

    def members(self) -> dict[str, bytes]:
        info = f"{self.distribution}-{self.version}.dist-info"
        members = {f"{self.distribution}/__init__.py": f'version = "{self.version}"\n'.encode()}
        for path, content in self.files.items():
            members[path] = content.encode() if isinstance(content, str) else content
        members[f"{info}/METADATA"] = self.metadata().encode()
        members[f"{info}/WHEEL"] = (
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n"
            f"Tag: {self.tag}\n".encode()
        )
        if self.scripts:
            lines = "".join(f"{name} = {target}\n" for name, target in self.scripts.items())
            members[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}".encode()
        record = "".join(
            f"{path},{record_hash(content)},{len(content)}\n" for path, content in members.items()
        )
        if self.record_lies:
            record = record.replace("sha256=", "sha256=A", 1)
        members[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
        return members

    def archive(self) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            members = list(self.members().items())
            if self.twice:
                members.insert(1, members[0])
            if self.member:
                members.insert(0, (self.member, b"evil\n"))
            for path, content in members:
                entry = zipfile.ZipInfo(path, EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (0o755 if path in self.executable else 0o644) << 16
                archive.writestr(entry, content)
        return buffer.getvalue()


def record_hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"
