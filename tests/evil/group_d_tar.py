"""D1: what two readers of one tar would understand differently (CVE-2025-62518)."""

from typing import Iterator

import raw_tar
from item import Item, has_content
from packages import CondaOf, archives, path_of
from raw_tar import END, entry, header, padded, pax, raw_pax, record

DATA = b"evil\n"
LISTED = [path_of("evil", DATA)]
FILE = entry("evil", DATA)
# What a reader that believes the other size finds: an archive in the archive.
INNER = entry("../hidden", DATA) + entry("hidden", DATA)


def items(_: str) -> Iterator[Item]:
    yield from sizes()
    yield from malformed()
    yield from twice()
    yield from fields()
    yield from ends()


def of(name: str, *chunks: bytes, says: str = "", **more) -> Iterator[Item]:
    end = more.pop("end", END)
    conda = CondaOf(list(chunks), LISTED, end=end)
    for form, archive in archives(None, conda).items():
        yield Item(f"D1-{name}", form, archive, says, **more)


def sizes() -> Iterator[Item]:
    long = str(len(INNER)).encode()
    yield from of("pax-larger", pax({"size": long}) + header("evil", 0), INNER)
    yield from of("pax-smaller", pax({"size": b"0"}) + header("evil", len(INNER)), INNER)
    yield from of("pax-other", pax({"size": b"1"}) + header("evil", 5), padded(DATA))
    for name, text in {
        "negative": b"-5",
        "signed": b"+5",
        "hexadecimal": b"0x5",
        "blank": b"",
        "spaced": b" 5",
        "fraction": b"5.0",
        "nul": b"5\0",
        "huge": b"18446744073709551621",
        "eight-gib": b"8589934597",
    }.items():
        yield from of(f"pax-{name}", pax({"size": text}) + header("evil", 5), padded(DATA))
    zero_left = pax({"size": b"8589934592"}) + header("evil", 0)
    yield from of("claims-8-gib", zero_left, padded(DATA))
    for name, field in {
        "size-negative": b"\xff" * 12,
        "size-binary-huge": b"\x80" + b"\xff" * 11,
        "size-letters": b"0000000000x\0",
        "size-minus": b"-0000000005\0",
        "size-split": b"00005\x0000001",
    }.items():
        yield from of(name, header("evil", size_field=field), padded(DATA))
    yield from of(
        "size-binary",
        header("evil", size_field=b"\x80" + (5).to_bytes(11, "big"), magic=raw_tar.GNU),
        padded(DATA),
        accepted="the same number in GNU's other way to write it",
        harm=has_content("evil", DATA),
    )
    yield from of("folder-with-content", header("evil.d", len(INNER), raw_tar.FOLDER), INNER)
    yield from of("link-with-content", header("l", 512, raw_tar.LINK, target="x"), INNER[:512])


def malformed() -> Iterator[Item]:
    good = record("path", b"evil")
    for name, content in {
        "length-short": b"5 path=evil\n",
        "length-long": b"99 path=evil\n",
        "length-zero": b"0 path=evil\n",
        "length-huge": b"99999999999999999999 path=evil\n",
        "length-negative": b"-13 path=evil\n",
        "length-missing": b"path=evil\n",
        "no-newline": b"12 path=evil",
        "no-equals": b"11 pathevil\n",
        "no-key": b"8 =evil\n",
        "trailing": good + b"\0\0\0",
        "trailing-text": good + b"x",
        "nul-path": record("path", b"evil\0/../../x"),
    }.items():
        yield from of(f"pax-{name}", raw_pax(content) + header("other", 5), padded(DATA))


def twice() -> Iterator[Item]:
    for name, records in {
        "path": [("path", b"evil"), ("path", b"other")],
        "same-path": [("path", b"evil"), ("path", b"evil")],
        "size": [("size", b"5"), ("size", b"5")],
        "target": [("linkpath", b"a"), ("linkpath", b"b")],
    }.items():
        yield from of(f"pax-{name}-twice", pax(records) + header("evil", 5), padded(DATA))
    two = pax({"path": b"evil"}) + pax({"path": b"other"})
    yield from of("two-pax", two + header("evil", 5), padded(DATA))
    parted = pax({"path": b"evil"}) + raw_pax(record("comment", b"x"), b"g") + pax({"path": b"b"})
    yield from of("pax-global-pax", parted + header("evil", 5), padded(DATA))
    yield from of("pax-alone", FILE, pax({"path": b"evil"}))
    yield from of(
        "pax-over-name",
        pax({"path": b"evil"}) + header("../../other", 5),
        padded(DATA),
        accepted="POSIX says that the extended header's name counts, and every reader does so",
        harm=has_content("evil", DATA),
    )


def fields() -> Iterator[Item]:
    yield from of("checksum-wrong", header("evil", 5, checksum_field=b"000001\0 "), padded(DATA))
    yield from of("checksum-text", header("evil", 5, checksum_field=b"zzzzzz\0 "), padded(DATA))
    yield from of("magic-none", header("evil", 5, magic=b"\0" * 8), padded(DATA))
    yield from of("magic-other", header("evil", 5, magic=b"ustar\x0099"), padded(DATA))
    gnu_prefix = header("evil", 5, magic=raw_tar.GNU, prefix=b"../..")
    yield from of("gnu-with-prefix", gnu_prefix, padded(DATA))
    yield from of("prefix-parent", header("evil", 5, prefix=b"../.."), padded(DATA), says="evil")
    yield from of("prefix-absolute", header("evil", 5, prefix=b"/etc"), padded(DATA), says="evil")
    tail = header("evil\0/../../hidden", 5)
    yield from of(
        "name-after-nul",
        tail,
        padded(DATA),
        accepted="a field's text ends at its first zero byte",
        harm=has_content("evil", DATA),
    )
    yield from of("unlisted", FILE, entry("other", DATA), says="other")


def ends() -> Iterator[Item]:
    for name, end in {
        "end-missing": b"",
        "end-half": bytes(512),
        "end-cut": bytes(700),
        "end-then-entry": END + INNER + END,
        "end-inside": bytes(512) + INNER + END,
        "end-trailing": END + b"evil",
        "end-trailing-block": END + b"evil".ljust(512, b"\0"),
    }.items():
        yield from of(name, FILE, end=end)
    yield from of("cut-file", header("evil", 5), end=b"")
    yield from of(
        "end-padded",
        FILE,
        end=END + bytes(20 * 512),
        accepted="zeros up to the record's size, as every tar writes them",
        harm=has_content("evil", DATA),
    )
