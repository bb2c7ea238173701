"""D3, D4: what a .conda may hold, what its lists say of it, and its compression."""

import bz2
import json
from typing import Iterator

import raw_tar
from item import Item, has_content, has_not
from packages import (
    CONTAINER,
    SHARED,
    SHARED_TEXT,
    STEM,
    CondaOf,
    archives,
    path_of,
    zstd,
)
from raw_tar import END, entry
from raw_zip import DEFLATED, STORED, Member

DATA = b"evil\n"
PAYLOAD, INFO = f"pkg-{STEM}.tar.zst", f"info-{STEM}.tar.zst"
HIDDEN = zstd(entry("hidden", DATA) + END)


def items(_: str) -> Iterator[Item]:
    yield from containers()
    yield from parts()
    yield from lists()
    yield from compressed()
    yield from bombs()


def container(name: str, change, **more) -> Iterator[Item]:
    yield Item(f"D3-{name}", "conda", CondaOf(change=change).conda(), **more)


def containers() -> Iterator[Item]:
    def add(*new: Member):
        return lambda members: [*members, *new]

    def drop(start: str):
        return lambda members: [m for m in members if not m.name.startswith(start)]

    def rename(start: str, name: str):
        return lambda members: [setattr(m, "name", name) for m in members if m.name == start][:0]

    def replace(start: str, data: bytes):
        return lambda members: [setattr(m, "data", data) for m in members if m.name == start][:0]

    for name, change in {
        "second-payload": add(Member("pkg-evil-1.0-1.tar.zst", HIDDEN, method=STORED)),
        "second-info": add(Member("info-evil-2.0-0.tar.zst", HIDDEN, method=STORED)),
        "payload-other-case": add(Member(PAYLOAD.upper(), HIDDEN, method=STORED)),
        "payload-gzip": add(Member(f"pkg-{STEM}.tar.gz", HIDDEN, method=STORED)),
        "payload-bz2": add(Member(f"pkg-{STEM}.tar.bz2", HIDDEN, method=STORED)),
        "payload-below": add(Member(f"a/{PAYLOAD}", HIDDEN, method=STORED)),
        "extra-file": add(Member("evil.txt", b"x", method=STORED)),
        "payload-for-metadata": lambda members: [
            *members[1:],
            Member("pkg-evil-1.0-1.tar.zst", HIDDEN, method=STORED),
        ],
        "no-metadata": drop("metadata"),
        "no-info": drop("info-"),
        "no-payload": drop("pkg-"),
        "payload-of-another": rename(PAYLOAD, "pkg-other-1.0-0.tar.zst"),
        "info-of-another": rename(INFO, "info-other-1.0-0.tar.zst"),
        "metadata-elsewhere": rename("metadata.json", "a/metadata.json"),
        "format-3": replace("metadata.json", b'{"conda_pkg_format_version": 3}'),
        "format-text": replace("metadata.json", b'{"conda_pkg_format_version": "2"}'),
        "format-none": replace("metadata.json", b"{}"),
        "format-twice": replace(
            "metadata.json", CONTAINER[:-1] + b', "conda_pkg_format_version": 3}'
        ),
        "format-no-json": replace("metadata.json", b"evil"),
        "format-long": replace("metadata.json", b" " * (1 << 20) + CONTAINER),
    }.items():
        yield from container(name, change)
    for member in (PAYLOAD, INFO, "metadata.json"):

        def deflate(members, member=member):
            for one in members:
                if one.name == member:
                    one.method = DEFLATED

        yield from container(f"deflated-{member.split('-')[0].split('.')[0]}", deflate)
    reason = "the order of the three members says nothing"
    yield from container("order", lambda members: members[::-1], accepted=reason)
    folder = Member("d/", b"", mode=0o40755, method=STORED)
    reason = "an empty folder in the container is looked at and comes to nothing"
    yield from container("folder", add(folder), accepted=reason, harm=has_not("d"))


def parts() -> Iterator[Item]:
    """What belongs into the other tar, and paths that both have."""
    info = entry("info/more.txt", DATA)
    yield Item("D3-info-in-payload", "conda", CondaOf([info]).conda(), "info/more.txt")
    again = entry("info/index.json", b"{}")
    yield Item("D3-index-twice", "conda", CondaOf([again]).conda(), "info/index.json")
    yield Item("D3-index-twice", "bz2", CondaOf([again]).bz2(), "info/index.json")
    listed_hidden = [path_of("share/hidden", DATA)]
    hidden = CondaOf(info_chunks=[entry("share/hidden", DATA)], paths=listed_hidden)
    yield Item("D3-payload-in-info", "conda", hidden.conda(), "share/hidden")
    both = CondaOf(info_chunks=[entry(SHARED, DATA)])
    yield Item("D3-path-in-both", "conda", both.conda(), SHARED)
    twice = CondaOf(info_chunks=[entry("info/paths.json", b'{"paths": [], "paths_version": 1}')])
    for form, archive in archives(None, twice).items():
        yield Item("D3-paths-twice", form, archive, "info/paths.json")
    linked = CondaOf(
        info={"info/index.json": None},
        info_chunks=[raw_tar.link("info/index.json", "../../../etc/passwd")],
    )
    for form, archive in archives(None, linked).items():
        yield Item("D3-index-a-link", form, archive, "info/index.json")


def listed(name: str, paths: list[dict], chunks: list[bytes] | None = None, **more):
    chunks = [entry("evil", DATA)] if chunks is None else chunks
    for form, archive in archives(None, CondaOf(chunks, paths)).items():
        yield Item(f"D3-{name}", form, archive, **({"says": "evil"} | more))


def lists() -> Iterator[Item]:
    yield from listed("list-sha256", [path_of("evil", b"other")])
    yield from listed("list-sha256-only", [path_of("evil", b"evil?")])
    yield from listed("list-size", [path_of("evil", DATA, size_in_bytes=6)])
    yield from listed("list-size-negative", [path_of("evil", DATA, size_in_bytes=-1)])
    yield from listed("list-size-text", [path_of("evil", DATA, size_in_bytes="5")])
    yield from listed("list-size-large", [path_of("evil", DATA, size_in_bytes=1 << 63)])
    yield from listed("list-sha256-short", [path_of("evil", DATA, sha256="abcd")])
    yield from listed("list-sha256-list", [path_of("evil", DATA, sha256=["a"])])
    yield from listed("list-none", [])
    yield from listed("list-absent", [path_of("evil", DATA), path_of("evil2", DATA)])
    yield from listed("list-twice", [path_of("evil", DATA)] * 2)
    yield from listed("list-as-link", [path_of("evil", DATA, "softlink")])
    yield from listed("list-as-folder", [path_of("evil", DATA, "directory")])
    yield from listed("list-type", [path_of("evil", DATA, "device")])
    yield from listed("link-as-file", [path_of("evil", DATA)], [raw_tar.link("evil", SHARED)])
    yield from listed("link-unlisted", [], [raw_tar.link("evil", SHARED)])
    own = [path_of("evil", DATA), path_of("info/index.json", b"")]
    yield from listed("list-info", own, says="info/index.json")
    for name, path in {
        "list-parent": "../evil",
        "list-absolute": "/etc/evil",
        "list-backslash": "a\\evil",
        "list-dot": "./evil",
        "list-nul": "evil\0",
    }.items():
        yield from listed(name, [path_of(path, DATA)])
    both = '{"_path": "evil", "_path": "other", "path_type": "hardlink"}'
    text = f'{{"paths": [{both}], "paths_version": 1}}'.encode()
    for name, content in {
        "list-key-twice": text,
        "list-version": b'{"paths": [], "paths_version": 2}',
        "list-array": b"[]",
        "list-no-json": b"evil",
        "list-deep": b"[" * 100_000,
        "list-number": b'{"paths": 7, "paths_version": 1}',
        "list-entry": b'{"paths": ["evil"], "paths_version": 1}',
        "list-byte-order": b"\xef\xbb\xbf" + json.dumps({"paths": [], "paths_version": 1}).encode(),
        "list-trailing": b'{"paths": [], "paths_version": 1} {}',
    }.items():
        for form, archive in archives(None, CondaOf(info={"info/paths.json": content})).items():
            yield Item(f"D3-{name}", form, archive)
    old = CondaOf([entry("evil", DATA)], info={"info/paths.json": None})
    for form, archive in archives(None, old).items():
        yield Item("D3-old-list", form, archive, says="evil")


def compressed() -> Iterator[Item]:
    def with_zstd(name: str, change, **more):
        yield Item(f"D4-{name}", "conda", CondaOf(compress=change).conda(), **more)

    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"evil"
    for name, change in {
        "second-frame": lambda tar: zstd(tar) + HIDDEN,
        "frame-of-nothing": lambda tar: zstd(tar) + zstd(b""),
        "skippable-first": lambda tar: skippable + zstd(tar),
        "skippable-last": lambda tar: zstd(tar) + skippable,
        "trailing": lambda tar: zstd(tar) + b"evil",
        "cut": lambda tar: zstd(tar)[:-8],
        "cut-block": lambda tar: zstd(tar)[:-700],
        "nothing": lambda tar: b"",
        "magic-only": lambda tar: b"\x28\xb5\x2f\xfd",
        "not-compressed": lambda tar: tar,
        "bz2-inside": bz2.compress,
        "size-lies": lambda tar: zstd(tar).replace(*size_fields(tar, 1), 1),
        "size-huge": lambda tar: zstd(tar).replace(*size_fields(tar, 1 << 60), 1),
        "window-1-gib": lambda tar: with_window(tar, 20 << 3),
        "window-max": lambda tar: with_window(tar, 0xFF),
        "dictionary": lambda tar: with_dictionary(tar),
        "checksum": lambda tar: with_checksum(tar),
        "reserved-block": lambda tar: zstd(b"")[:-3] + (7).to_bytes(3, "little") + tar,
    }.items():
        yield from with_zstd(name, change)
    window = lambda tar: with_window(tar, 10 << 3)  # noqa: E731
    yield from with_zstd("window-1-mib", window, accepted="of a usual size")

    def with_bz2(name: str, change, **more):
        yield Item(f"D4-{name}", "bz2", CondaOf(compress=change).bz2(), **more)

    pack = bz2.compress
    for name, change in {
        "second-archive": lambda tar: pack(tar) + pack(entry("hidden", DATA) + END),
        "trailing": lambda tar: pack(tar) + b"evil",
        "trailing-zeros": lambda tar: pack(tar) + bytes(16),
        "cut": lambda tar: pack(tar)[:-8],
        "not-compressed": lambda tar: tar,
        "checksum": lambda tar: pack(tar)[:10] + b"\1\2\3\4" + pack(tar)[14:],
        "level": lambda tar: b"BZh0" + pack(tar)[4:],
        "zstd-inside": zstd,
    }.items():
        yield from with_bz2(name, change)
    reason = "pbzip2 writes one archive so"
    parted = lambda tar: pack(tar[:700]) + pack(tar[700:])  # noqa: E731
    harm = has_content("a.txt", SHARED_TEXT)
    yield from with_bz2("two-streams", parted, accepted=reason, harm=harm)


def size_fields(tar: bytes, more: int) -> tuple[bytes, bytes]:
    return len(tar).to_bytes(8, "little"), (len(tar) + more).to_bytes(8, "little")


def with_window(tar: bytes, window: int) -> bytes:
    """The same frame, whose size is not told but that of a window."""
    return b"\x28\xb5\x2f\xfd\0" + bytes([window]) + zstd(tar)[13:]


def with_dictionary(tar: bytes) -> bytes:
    return b"\x28\xb5\x2f\xfd\xe1\x2a" + zstd(tar)[5:]


def with_checksum(tar: bytes) -> bytes:
    return b"\x28\xb5\x2f\xfd\xe4" + zstd(tar)[5:] + b"evil"


def run_of(byte: int, blocks: int) -> bytes:
    """Frame with blocks of 128 KiB that are one byte said often: 4 bytes each."""
    frame = b"\x28\xb5\x2f\xfd\0\x50"  # with a window of 1 MiB
    block = (1 << 17 << 3 | 1 << 1).to_bytes(3, "little") + bytes([byte])
    last = (1 << 17 << 3 | 1 << 1 | 1).to_bytes(3, "little") + bytes([byte])
    return frame + block * (blocks - 1) + last


def bombs() -> Iterator[Item]:
    """Larger than any package, from a few bytes."""
    claims = entry("evil", b"", size=1 << 32) + entry("other", DATA)
    yield Item("D4-claims-4-gib", "conda", CondaOf([claims]).conda(), "evil")
    yield Item("D4-claims-4-gib", "bz2", CondaOf([claims]).bz2(), "evil")
    lists = {"info/paths.json": None, "info/files": b"a\n" * 4_000_000}
    yield Item("D4-lines", "bz2", CondaOf(info=lists).bz2(), "1,000,000", is_slow=True)
    values = b'{"paths_version": 1, "paths": [' + b"0," * 12_000_000 + b"0]}"
    lists = {"info/paths.json": values}
    yield Item("D4-values", "bz2", CondaOf(info=lists).bz2(), "10,000,000", is_slow=True)
    zeros = run_of(0, 1 << 14)  # 2 GiB of zeros behind nothing: an end without an end
    yield Item("D4-zeros", "conda", CondaOf(compress=lambda tar: zeros).conda(), is_slow=True)
    block = bz2.compress(bytes(40 << 20))

    def endless(tar: bytes) -> bytes:
        return bz2.compress(tar) + block * 60  # 2.4 GiB after the end

    yield Item("D4-zeros", "bz2", CondaOf(compress=endless).bz2(), is_slow=True)
