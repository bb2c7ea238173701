"""Writes ZIP archives byte by byte, so that each field can tell a lie (APPNOTE.TXT 6.3.10)."""

import struct
import zlib
from dataclasses import dataclass, field

STORED, DEFLATED = 0, 8
UNIX = 3 << 8
FILE, LINK, FOLDER = 0o100000, 0o120000, 0o040000
DESCRIPTOR_FLAG, UTF8_FLAG = 1 << 3, 1 << 11


@dataclass
class Member:
    """One member. `local` and `central` go over the fields of its two headers.

    Their keys: `name`, `flags`, `method`, `crc`, `compressed`, `size`, `extra`, and of the central
    one `mode`, `offset`, `comment`, `disk`.
    """

    name: str | bytes
    data: bytes = b""
    mode: int = FILE | 0o644
    method: int = DEFLATED
    flags: int = 0
    local: dict = field(default_factory=dict)
    central: dict = field(default_factory=dict)
    raw: bytes | None = None  # in place of the data as it is compressed
    before: bytes = b""  # ahead of the local header
    after: bytes = b""  # behind the data: a descriptor, or what is none
    is_listed: bool = True  # in the directory
    is_there: bool = True  # before the directory
    times_listed: int = 1

    @property
    def name_bytes(self) -> bytes:
        return self.name.encode() if isinstance(self.name, str) else self.name

    @property
    def stream(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return deflated(self.data) if self.method == DEFLATED else self.data

    def fields(self) -> dict:
        is_ascii = all(byte < 0x80 for byte in self.name_bytes)
        return {
            "name": self.name_bytes,
            "flags": self.flags | (0 if is_ascii else UTF8_FLAG),
            "method": self.method,
            "crc": zlib.crc32(self.data),
            "compressed": len(self.stream),
            "size": len(self.data),
            "extra": b"",
        }

    def local_header(self) -> bytes:
        at = self.fields() | self.local
        return (
            struct.pack(
                "<4sHHHIIIIHH",
                b"PK\3\4",
                45,
                at["flags"],
                at["method"],
                0x210000,
                at["crc"],
                at["compressed"],
                at["size"],
                len(at["name"]),
                len(at["extra"]),
            )
            + at["name"]
            + at["extra"]
        )

    def central_header(self, offset: int) -> bytes:
        own = {"mode": self.mode, "offset": offset, "comment": b"", "disk": 0}
        at = self.fields() | own | self.central
        return (
            struct.pack(
                "<4sHHHHIIIIHHHHHII",
                b"PK\1\2",
                UNIX | 45,
                45,
                at["flags"],
                at["method"],
                0x210000,
                at["crc"],
                at["compressed"],
                at["size"],
                len(at["name"]),
                len(at["extra"]),
                len(at["comment"]),
                at["disk"],
                0,
                at["mode"] << 16,
                at["offset"],
            )
            + at["name"]
            + at["extra"]
            + at["comment"]
        )


@dataclass
class Frame:
    """What stands around the members. `end` goes over the end record's fields.

    Its keys: `disk`, `start_disk`, `entries_here`, `entries`, `size`, `offset`.
    """

    before: bytes = b""  # ahead of all
    gap: bytes = b""  # between the members and the directory
    after_directory: bytes = b""
    comment: bytes = b""
    after: bytes = b""  # behind all
    end: dict = field(default_factory=dict)
    # With a ZIP64 end record; over its fields, and `extension`, `locator`.
    zip64: dict | None = None


def archive(members: list[Member], frame: Frame | None = None) -> bytes:
    frame = frame or Frame()
    content, offsets = frame.before, []
    for member in members:
        content += member.before if member.is_there else b""
        offsets.append(len(content))
        if member.is_there:
            content += member.local_header() + member.stream + member.after
    content += frame.gap
    listed = [
        member.central_header(offset)
        for member, offset in zip(members, offsets)
        if member.is_listed
        for _ in range(member.times_listed)
    ]
    directory = b"".join(listed)
    place = {
        "disk": 0,
        "start_disk": 0,
        "entries_here": len(listed),
        "entries": len(listed),
        "size": len(directory),
        "offset": len(content),
    }
    content += directory + frame.after_directory
    if frame.zip64 is not None:
        content += end_record_64(place, frame.zip64, len(content))
    return content + end_record(place | frame.end, frame.comment) + frame.after


def end_record(at: dict, comment: bytes) -> bytes:
    return (
        struct.pack(
            "<4sHHHHIIH",
            b"PK\5\6",
            at["disk"],
            at["start_disk"],
            at["entries_here"],
            at["entries"],
            at["size"],
            at["offset"],
            len(comment),
        )
        + comment
    )


def end_record_64(place: dict, over: dict, offset: int) -> bytes:
    at = place | {"extension": b"", "locator": offset} | over
    size = 44 + len(at["extension"])
    return (
        struct.pack(
            "<4sQHHIIQQQQ",
            b"PK\6\6",
            size,
            45,
            45,
            at["disk"],
            at["start_disk"],
            at["entries_here"],
            at["entries"],
            at["size"],
            at["offset"],
        )
        + at["extension"]
        + struct.pack("<4sIQI", b"PK\6\7", 0, at["locator"], 1)
    )


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


def descriptor(data: bytes, stream: bytes, wide: bool = False, **over) -> bytes:
    """With its signature; `crc`, `compressed` and `size` may lie."""
    at = {"crc": zlib.crc32(data), "compressed": len(stream), "size": len(data)} | over
    form = "<4sIQQ" if wide else "<4sIII"
    return struct.pack(form, b"PK\7\x08", at["crc"], at["compressed"], at["size"])


def extra(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def zip64_extra(*values: int) -> bytes:
    return extra(1, struct.pack(f"<{len(values)}Q", *values))
