"""Sharded repodata (CEP 16): an index, and a file for each name, in MessagePack and zstd."""

import hashlib
import struct
from pathlib import Path

from conda_packages import zstd

CREATED = "2026-01-01T00:00:00Z"


def write_shards(folder: Path, page: dict) -> None:
    """Writes the shards of `page`, which is what repodata.json says, beside it."""
    shards: dict[str, dict] = {}
    for group in ("packages", "packages.conda"):
        for file_name, record in page[group].items():
            empty = {"packages": {}, "packages.conda": {}, "removed": []}
            shard = shards.setdefault(record["name"], empty)
            shard[group][file_name] = with_bytes(record)
    for file_name in page["removed"]:
        name = file_name.rsplit("-", 2)[0]
        if name in shards:
            shards[name]["removed"].append(file_name)
    (folder / "shards").mkdir(exist_ok=True)
    digests = {}
    for name, shard in sorted(shards.items()):
        content = zstd(packed(shard))
        digests[name] = hashlib.sha256(content).digest()
        (folder / "shards" / f"{digests[name].hex()}.msgpack.zst").write_bytes(content)
    info = {
        "subdir": page["info"]["subdir"],
        "base_url": "",
        "shards_base_url": "./shards/",
        "created_at": CREATED,
    }
    index = zstd(packed({"info": info, "shards": digests}))
    (folder / "repodata_shards.msgpack.zst").write_bytes(index)


def with_bytes(record: dict) -> dict:
    """Hashes are bytes here, not digits."""
    hashes = {key: bytes.fromhex(record[key]) for key in ("md5", "sha256") if key in record}
    return record | hashes


def packed(value) -> bytes:
    """As MessagePack, each in its shortest form but for numbers: those are short or of 8 bytes."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return packed_int(value)
    if isinstance(value, str):
        data = value.encode()
        return header(len(data), 0xA0, 32, 0xD9) + data
    if isinstance(value, bytes):
        return header(len(value), None, 0, 0xC4) + value
    if isinstance(value, list):
        return header(len(value), 0x90, 16, 0xDB) + b"".join(packed(item) for item in value)
    items = b"".join(packed(key) + packed(item) for key, item in value.items())
    return header(len(value), 0x80, 16, 0xDD) + items


def packed_int(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack("b", value)
    return struct.pack(">Bq", 0xD3, value) if value < 0 else struct.pack(">BQ", 0xCF, value)


def header(length: int, short: int | None, below: int, code: int) -> bytes:
    """A length in the type's byte, or in 1, 2 or 4 bytes; lists and maps have no form of 1."""
    if short is not None and length < below:
        return bytes([short | length])
    if length < 256 and code not in (0xDB, 0xDD):
        return struct.pack(">BB", code, length)
    if length < 65536:
        return struct.pack(">BH", code + 1, length)
    return struct.pack(">BI", code + 2, length)
