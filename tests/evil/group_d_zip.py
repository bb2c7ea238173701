"""D2: what two readers of one ZIP would understand differently (CVE-2025-54368). Each lie once in
a wheel and once in the ZIP around a conda package.
"""

import struct
import zlib
from typing import Callable, Iterator

from item import Item
from packages import INFO, MODULE, MODULE_TEXT, STEM, CondaOf, WheelOf
from raw_zip import (
    DEFLATED,
    DESCRIPTOR_FLAG,
    STORED,
    Frame,
    Member,
    archive,
    deflated,
    descriptor,
    extra,
    zip64_extra,
)

PAYLOAD = f"pkg-{STEM}.tar.zst"
SAME = "every reader understands the same"


def items(_: str) -> Iterator[Item]:
    yield from lies_of_headers()
    yield from lies_of_data()
    yield from descriptors()
    yield from members_and_directory()
    yield from frames()
    yield from zip64()
    yield from zip64_fields()


def of(name: str, change: Callable | None = None, frame: Frame | None = None, **more) -> Iterator:
    """`change` gets the member in question, and all."""
    for form, target in (("wheel", MODULE), ("conda", PAYLOAD)):

        def changed(members: list[Member], target=target):
            one = next(member for member in members if member.name == target)
            return change(one, members) if change else None

        if form == "wheel":
            content = WheelOf(change=changed, frame=frame).bytes()
        else:
            content = CondaOf(change=changed, frame=frame).conda()
        yield Item(f"D2-{name}", form, content, **more)


def over(part: str, **fields) -> Callable:
    return lambda one, _: getattr(one, part).update(fields)


def lies_of_headers() -> Iterator[Item]:
    for part in ("local", "central"):
        for name, fields in {
            "name": {"name": b"evil/__evil__.py"},
            "name-parent": {"name": b"../../../evil.py"},
            "name-case": {"name": MODULE.upper().encode()},
            "name-empty": {"name": b""},
            "crc": {"crc": 1},
            "size": {"size": 3},
            "size-zero": {"size": 0},
            "size-large": {"size": 1 << 30},
            "compressed": {"compressed": 3},
            "compressed-large": {"compressed": 1 << 30},
            "method": {"method": 14},
            "method-unknown": {"method": 99},
            "encrypted": {"flags": 1},
            "strong-encrypted": {"flags": 1 | 1 << 6},
            "masked": {"flags": 1 << 13},
            "patched": {"flags": 1 << 5},
            "utf8-flag-name": {"name": "evil/\u00e9.py".encode(), "flags": 0},
            "extra-cut": {"extra": b"\1\0\xff\xff"},
            "second-name": {"extra": extra(0x7075, b"\1\0\0\0\0evil/other.py")},
        }.items():
            yield from of(f"{part}-{name}", over(part, **fields))
    for name, fields in {
        "disk": {"disk": 1},
        "offset-zero": {"offset": 7},
        "offset-large": {"offset": 1 << 30},
        "offset-last": {"offset": 0xFFFFFFFF},
    }.items():
        yield from of(f"central-{name}", over("central", **fields))
    yield from of("central-comment", over("central", comment=b"evil"), accepted=SAME)
    yield from of("unknown-extra", over("local", extra=extra(0xEEEE, b"evil")), accepted=SAME)


def lies_of_data() -> Iterator[Item]:
    def swap(one: Member, _) -> None:
        """The data is another's than both headers say."""
        one.raw = deflated(b"version = 'evil'") if one.method == DEFLATED else one.data[::-1]
        one.local = one.central = {"crc": 7}

    def two_sizes(one: Member, _) -> None:
        one.method, one.raw = STORED, one.data
        one.local = one.central = {"size": len(one.data) - 1}

    def cut(one: Member, _) -> None:
        one.raw = one.stream[:-2]

    def more(one: Member, _) -> None:
        one.raw = one.stream + b"evil"

    def in_two(one: Member, _) -> None:
        """Inflates to more than is said."""
        one.method, data = DEFLATED, one.data
        one.raw = deflated(data + b"import evil\n")

    def claims(one: Member, _) -> None:
        one.method = DEFLATED
        one.raw = deflated(one.data)
        one.local = one.central = {"size": len(one.raw) * 1100}

    def reserved_block(one: Member, _) -> None:
        one.method, one.raw = DEFLATED, b"\7" + bytes(8)

    yield from of("data-swapped", swap)
    yield from of("stored-two-sizes", two_sizes)
    yield from of("data-cut", cut)
    yield from of("data-trailing", more)
    yield from of("data-more", in_two)
    yield from of("claims-size", claims)
    yield from of("deflate-reserved", reserved_block)


def descriptors() -> Iterator[Item]:
    def with_descriptor(wide: bool = False, present: bool = True, zero: bool = True, **lie):
        def change(one: Member, _) -> None:
            one.flags = DESCRIPTOR_FLAG
            if zero:
                one.local = {"crc": 0, "compressed": 0, "size": 0}
            one.after = descriptor(one.data, one.stream, wide, **lie) if present else b""

        return change

    def extra_one(one: Member, _) -> None:
        one.after = descriptor(one.data, one.stream)

    def hidden(one: Member, _) -> None:
        one.flags = DESCRIPTOR_FLAG
        one.after = descriptor(one.data, one.stream) + Member("../evil.py", b"x").local_header()

    yield from of("descriptor", with_descriptor(), accepted=SAME)
    yield from of("descriptor-wide", with_descriptor(wide=True), accepted=SAME)
    yield from of("descriptor-missing", with_descriptor(present=False))
    yield from of("descriptor-unannounced", extra_one)
    yield from of("descriptor-crc", with_descriptor(crc=1))
    yield from of("descriptor-size", with_descriptor(size=1))
    yield from of("descriptor-compressed", with_descriptor(compressed=1))
    yield from of("descriptor-hides", hidden)


def members_and_directory() -> Iterator[Item]:
    def twice_listed(one: Member, _) -> None:
        one.times_listed = 2

    def twice_there(one: Member, members: list[Member]) -> list[Member]:
        return [Member(one.name, b"evil", is_listed=False), *members]

    def twice(one: Member, members: list[Member]) -> list[Member]:
        return [*members, Member(one.name, b"evil = 1\n", method=one.method)]

    def unlisted(_, members: list[Member]) -> list[Member]:
        return [*members, Member("evil/hidden.py", b"x", is_listed=False)]

    def unlisted_first(_, members: list[Member]) -> list[Member]:
        return [Member("evil/hidden.py", b"x", is_listed=False), *members]

    def absent(one: Member, _) -> None:
        one.is_there = False

    def gap(one: Member, _) -> None:
        one.before = b"evil" * 4

    def overlapping(one: Member, members: list[Member]) -> list[Member]:
        """Two names for the same bytes: the way of a bomb that is no nested one."""
        other = Member("evil/again.py", one.data, method=one.method, is_there=False)
        place = members.index(one)
        offset = len(archive(members[:place])) - directory_bytes(members[:place])
        other.central = {"offset": offset}
        return [*members, other]

    def full_folder(_, members: list[Member]) -> list[Member]:
        return [*members, Member("evil/full/", b"evil", mode=0o40755)]

    def folder_lies(_, members: list[Member]) -> list[Member]:
        lying = Member("evil/d/", b"", mode=0o40755, method=STORED)
        lying.local = {"name": b"../../d"}
        return [*members, lying]

    yield from of("listed-twice", twice_listed)
    yield from of("there-twice", twice_there)
    yield from of("two-of-a-name", twice)
    yield from of("unlisted", unlisted)
    yield from of("unlisted-first", unlisted_first)
    yield from of("listed-absent", absent)
    yield from of("gap", gap)
    yield from of("overlap", overlapping)
    yield from of("folder-with-content", full_folder)
    yield from of("folder-header-lies", folder_lies)


def directory_bytes(members: list[Member]) -> int:
    return sum(len(member.central_header(0)) for member in members) + 22


def frames() -> Iterator[Item]:
    inner = archive([Member("evil.py", b"x")])
    far = inner[-22:]
    for name, frame in {
        "leading": Frame(before=b"#!/bin/sh\n"),
        "leading-archive": Frame(before=inner),
        "trailing": Frame(after=b"evil"),
        "trailing-archive": Frame(after=inner),
        "before-directory": Frame(gap=b"evil"),
        "after-directory": Frame(after_directory=b"evil"),
        "comment-cut": Frame(comment=b"evil", after=b"x"),
        "comment-archive": Frame(comment=inner),
        "comment-end-record": Frame(comment=b"xx" + far),
        "no-entries": Frame(end={"entries": 0, "entries_here": 0}),
        "fewer-entries": Frame(end={"entries": 1, "entries_here": 1}),
        "more-entries": Frame(end={"entries": 9, "entries_here": 9}),
        "entries-differ": Frame(end={"entries_here": 1}),
        "disk": Frame(end={"disk": 1}),
        "start-disk": Frame(end={"start_disk": 1}),
        "directory-size": Frame(end={"size": 5}),
        "directory-size-large": Frame(end={"size": 1 << 31}),
        "directory-offset": Frame(end={"offset": 0}),
        "directory-offset-large": Frame(end={"offset": 1 << 31}),
        "end-unwidened": Frame(end={"entries": 0xFFFF, "entries_here": 0xFFFF}),
    }.items():
        yield from of(name, frame=frame)
    yield from of("comment", frame=Frame(comment=b"a comment"), accepted=SAME)


def zip64() -> Iterator[Item]:
    wide = {"entries": 0xFFFF, "entries_here": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF}
    yield from of("zip64", frame=Frame(zip64={}), accepted=SAME)
    yield from of("zip64-widened", frame=Frame(zip64={}, end=wide), accepted=SAME)
    for name, over64 in {
        "extension": {"extension": b"evil" * 4},
        "entries": {"entries": 1, "entries_here": 1},
        "size": {"size": 5},
        "offset": {"offset": 5},
        "offset-huge": {"offset": 1 << 63},
        "size-huge": {"size": (1 << 64) - 1},
        "entries-huge": {"entries": 1 << 63, "entries_here": 1 << 63},
        "locator": {"locator": 0},
        "disk": {"disk": 1},
    }.items():
        yield from of(f"zip64-{name}", frame=Frame(zip64=over64))
        yield from of(f"zip64-{name}-widened", frame=Frame(zip64=over64, end=wide))


def zip64_fields() -> Iterator[Item]:
    big = 0xFFFFFFFF

    def widened(*lies: int):
        def change(one: Member, _) -> None:
            size, compressed = len(one.data), len(one.stream)
            values = [size + lies[0], compressed + lies[1]] if lies else [size, compressed]
            field = {"size": big, "compressed": big, "extra": zip64_extra(*values)}
            one.local, one.central = field, dict(field)

        return change

    def without(one: Member, _) -> None:
        one.local = one.central = {"size": big, "compressed": big}

    def two(one: Member, _) -> None:
        values = zip64_extra(len(one.data), len(one.stream))
        one.central = {"size": big, "compressed": big, "extra": values + values}

    def short(one: Member, _) -> None:
        one.central = {"size": big, "compressed": big, "extra": zip64_extra(len(one.data))}

    def contradicts(one: Member, _) -> None:
        one.central = {"extra": zip64_extra(len(one.data) + 1, len(one.stream))}

    yield from of("field-wide", widened(), accepted=SAME)
    yield from of("field-missing", without)
    yield from of("field-twice", two)
    yield from of("field-short", short)
    yield from of("field-contradicts", contradicts)
    yield from of("field-lies", widened(1, 0))
    yield from of("field-huge", widened(1 << 62, 1 << 62))
    yield from bombs()


def arriving() -> Iterator[Item]:
    """Wheels so large that they are unpacked before they are proven."""
    large = Member("evil/large", bytes(range(256)) * (17 << 12), method=STORED)
    for name, members in {
        "parent": [large, Member("../evil.py", b"x")],
        "link": [large, Member("evil/link", b"/etc", mode=0o120777, method=STORED)],
        "crc": [large, Member("evil/x", b"x", local={"crc": 1}, central={"crc": 1})],
        "header": [large, Member("evil/x", b"x", local={"name": b"evil/y"})],
    }.items():
        yield Item(f"D2-arriving-{name}", "wheel", WheelOf(members=members).bytes(), "evil")
    whole = WheelOf(members=[large])
    reason = "as any other, when all of it is proven"
    yield Item("D2-arriving", "wheel", whole.bytes(), accepted=reason)


def bombs() -> Iterator[Item]:
    """What claims more than it can be, and what is as large as it says."""
    zeros = bytes(1 << 20)
    wheel = WheelOf(members=[Member("evil/zeros", zeros)])
    reason = "it says how large it is, and that much is compared with the free space first"
    yield Item("D4-zeros", "wheel", wheel.bytes(), accepted=reason)
    honest = deflated(zeros)
    lying = Member("evil/zeros", zeros, raw=honest)
    lying.local = lying.central = {"size": 1 << 19, "crc": zlib.crc32(zeros[: 1 << 19])}
    yield Item("D4-more-than-said", "wheel", WheelOf(members=[lying]).bytes(), "evil/zeros")
    huge = Member("evil/huge", b"x", raw=deflated(b"x"))
    size = struct.pack("<HHQ", 1, 8, 1 << 50)
    huge.local = huge.central = {"size": 0xFFFFFFFF, "extra": size}
    yield Item("D4-petabyte", "wheel", WheelOf(members=[huge]).bytes(), "evil/huge")
    yield from arriving()
    nested = archive([Member("inner.zip", archive([Member("zeros", zeros)]))])
    wheel = WheelOf(members=[Member("evil/nested.zip", nested)])
    yield Item("D4-nested", "wheel", wheel.bytes(), accepted="an archive in a wheel is a file")
    text = MODULE_TEXT * 2
    both = {f"{INFO}/METADATA.zip": text}
    yield Item("D4-extra-info", "wheel", WheelOf(files=both).bytes(), accepted="one more file")
