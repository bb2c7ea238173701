"""Writes tar archives block by block, so that each field can tell a lie (POSIX.1-2017, GNU tar)."""

BLOCK = 512
END = bytes(2 * BLOCK)
POSIX, GNU = b"ustar\x0000", b"ustar  \0"
FILE, HARD_LINK, LINK, CHARACTER, BLOCK_DEVICE, FOLDER, PIPE = (b"%d" % i for i in range(7))
CONTIGUOUS, SPARSE, VOLUME, MULTI_VOLUME = b"7", b"S", b"V", b"M"
SECONDS = 1767225600


def header(name: bytes | str, size: int = 0, kind: bytes = FILE, **over) -> bytes:
    """One block. `over`: `mode`, `target`, `magic`, `prefix`, `devices`, `uid`; or any of the
    fields as bytes: `size_field`, `mode_field`, `checksum_field`.
    """
    name = name.encode() if isinstance(name, str) else name
    target = over.get("target", b"")
    target = target.encode() if isinstance(target, str) else target
    block = bytearray(BLOCK)

    def put(at: int, width: int, content: bytes) -> None:
        block[at : at + width] = content[:width].ljust(width, b"\0")

    put(0, 100, name)
    put(100, 8, over.get("mode_field", b"%07o\0" % over.get("mode", 0o644)))
    put(108, 8, b"%07o\0" % over.get("uid", 0))
    put(116, 8, b"%07o\0" % 0)
    put(124, 12, over.get("size_field", b"%011o\0" % size))
    put(136, 12, b"%011o\0" % SECONDS)
    put(156, 1, kind)
    put(157, 100, target)
    put(257, 8, over.get("magic", POSIX))
    put(329, 16, over.get("devices", b"0000000\0" * 2))
    put(345, 155, over.get("prefix", b""))
    put(148, 8, b" " * 8)
    put(148, 8, over.get("checksum_field", b"%06o\0 " % sum(block)))
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def entry(name: bytes | str, data: bytes = b"", kind: bytes = FILE, **over) -> bytes:
    """A header and its content. A name or target over 100 bytes goes into a pax header."""
    name = name.encode() if isinstance(name, str) else name
    target = over.get("target", b"")
    target = target.encode() if isinstance(target, str) else target
    records = {}
    if len(name) > 100 or b"\0" in name:
        records["path"] = name
    if len(target) > 100 or b"\0" in target:
        records["linkpath"] = target
    size = over.pop("size", len(data))
    return pax(records) * bool(records) + header(name, size, kind, **over) + padded(data)


def link(name: bytes | str, target: bytes | str, kind: bytes = LINK, data: bytes = b"") -> bytes:
    return entry(name, data, kind, target=target, mode=0o777)


def folder(name: bytes | str, mode: int = 0o755) -> bytes:
    return entry(name, kind=FOLDER, mode=mode)


def pax(records: dict[str, bytes] | list[tuple[str, bytes]], kind: bytes = b"x") -> bytes:
    items = records.items() if isinstance(records, dict) else records
    return raw_pax(b"".join(record(key, value) for key, value in items), kind)


def raw_pax(content: bytes, kind: bytes = b"x") -> bytes:
    return header("pax", len(content), kind) + padded(content)


def record(key: str, value: bytes) -> bytes:
    """`LENGTH key=value`, where the length counts itself."""
    rest = b" " + key.encode() + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(b"%d" % length) + len(rest) != length:
        length = len(b"%d" % length) + len(rest)
    return b"%d" % length + rest


def gnu_long(text: bytes, kind: bytes = b"L") -> bytes:
    """GNU's header for a long name (`L`) or target (`K`)."""
    text += b"\0"
    return header("././@LongLink", len(text), kind, magic=GNU) + padded(text)
