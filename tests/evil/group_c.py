"""C: what an entry may be beside a file, and its modes."""

from typing import Iterator

import raw_tar
from item import Item, has_content
from packages import CondaOf, WheelOf, archives, path_of
from raw_tar import entry, header, pax
from raw_zip import FILE, FOLDER, STORED, Member

DATA = b"evil\n"
LISTED = [path_of("evil", DATA)]
MASKED = "of a mode only 'may be executed' is kept"


def items(_: str) -> Iterator[Item]:
    yield from kinds()
    yield from modes()
    yield from extended()


def of(name: str, chunk: bytes, says: str = "", **more) -> Iterator[Item]:
    for form, archive in archives(None, CondaOf([chunk], LISTED)).items():
        yield Item(name, form, archive, says, **more)


def kinds() -> Iterator[Item]:
    for name, kind in {
        "C-character-device": raw_tar.CHARACTER,
        "C-block-device": raw_tar.BLOCK_DEVICE,
        "C-pipe": raw_tar.PIPE,
        "C-contiguous": raw_tar.CONTIGUOUS,
        "C-sparse": raw_tar.SPARSE,
        "C-volume": raw_tar.VOLUME,
        "C-multi-volume": raw_tar.MULTI_VOLUME,
        "C-dump-folder": b"D",
        "C-long-name": b"N",
        "C-access-list": b"A",
        "C-old-pax": b"X",
        "C-unknown": b"Z",
        "C-letter": b"\xff",
    }.items():
        yield from of(name, header("evil", 0, kind), "evil")
    for name, mode in {
        "C-link": 0o120777,
        "C-socket": 0o140755,
        "C-pipe": 0o010644,
        "C-character-device": 0o020644,
        "C-block-device": 0o060644,
        "C-folder-as-file": FOLDER | 0o755,
        "C-set-user": FILE | 0o4755,
        "C-set-group": FILE | 0o2755,
        "C-sticky": FILE | 0o1755,
    }.items():
        bad = Member("evil/x", DATA, mode=mode, method=STORED)
        yield Item(name, "wheel", WheelOf(members=[bad]).bytes(), "evil/x")
    file_as_folder = Member("evil/d/", b"", mode=FILE | 0o644)
    wheel = WheelOf(change=lambda members: members + [file_as_folder])
    yield Item("C-file-as-folder", "wheel", wheel.bytes(), "evil/d")


def modes() -> Iterator[Item]:
    for name, mode in {
        "C-set-user": 0o4755,
        "C-set-group": 0o2755,
        "C-sticky": 0o1644,
        "C-writable": 0o666,
        "C-nobody": 0o000,
    }.items():
        harm = has_content("evil", DATA)
        yield from of(name, entry("evil", DATA, mode=mode), accepted=MASKED, harm=harm)
    for name, mode in {"C-writable": FILE | 0o777, "C-nobody": FILE, "C-no-mode": 0}.items():
        wheel = WheelOf(members=[Member("evil/x", DATA, mode=mode)])
        harm = has_content("evil/x", DATA)
        yield Item(name, "wheel", wheel.bytes(), accepted=MASKED, harm=harm)
    yield from of("C-folder-mode", raw_tar.folder("evil", 0o7777) + entry("evil/x", DATA), code=6)
    foreign = entry("evil", DATA, uid=0o1234)
    harm = has_content("evil", DATA)
    yield from of("C-owner", foreign, accepted="owners are not kept", harm=harm)
    yield from of("C-mode-text", entry("evil", DATA, mode_field=b"0x1ed\0\0\0"))


def extended() -> Iterator[Item]:
    file = entry("evil", DATA)
    for name, records, kind in [
        ("C-global-path", {"path": b"evil"}, b"g"),
        ("C-global-size", {"size": b"5"}, b"g"),
        ("C-global-target", {"linkpath": b"/etc"}, b"g"),
        ("C-sparse-pax", {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0"}, b"x"),
        ("C-sparse-name", {"GNU.sparse.name": b"../evil"}, b"x"),
        ("C-sparse-real-size", {"GNU.sparse.realsize": b"99"}, b"x"),
        ("C-real-size", {"SCHILY.realsize": b"99"}, b"x"),
        ("C-character-set", {"hdrcharset": b"BINARY"}, b"x"),
    ]:
        yield from of(name, pax(records, kind) + file, "extended header")
    for name, records, kind in [
        ("C-global-comment", {"comment": b"of a commit"}, b"g"),
        ("C-attributes", {"SCHILY.xattr.security.capability": b"\1\0\0\2"}, b"x"),
        ("C-access", {"SCHILY.acl.access": b"user::rwx,user:0:rwx"}, b"x"),
        ("C-owner-name", {"uname": b"root", "uid": b"0", "gid": b"99999999999"}, b"x"),
        ("C-time", {"mtime": b"99999999999999.5", "atime": b"-1"}, b"x"),
        ("C-unknown-key", {"EVIL.key": b"value"}, b"x"),
    ]:
        reason = "it changes neither name nor content, and nothing else is kept"
        harm = has_content("evil", DATA)
        yield from of(name, pax(records, kind) + file, accepted=reason, harm=harm)
    yield from of("C-gnu-name-twice", raw_tar.gnu_long(b"a") + raw_tar.gnu_long(b"b") + file)
    yield from of("C-gnu-name-parent", raw_tar.gnu_long(b"../evil") + file, "evil")
    yield from of("C-gnu-name-alone", raw_tar.gnu_long(b"evil"))
    yield from of("C-gnu-and-pax", raw_tar.gnu_long(b"a") + pax({"path": b"b"}) + file)
    long = header("././@LongLink", 2 << 20, b"L", magic=raw_tar.GNU) + bytes(2 << 20)
    yield from of("C-gnu-name-long", long + file)
    target = raw_tar.gnu_long(b"/etc", b"K") + raw_tar.link("evil", "share")
    for form, archive in archives(None, CondaOf([target])).items():
        yield Item("C-gnu-target", form, archive, "evil")
