"""A: paths of archives (docs/store.md, "What an archive may not hold")."""

import bz2
from typing import Iterator

import raw_tar
from item import Item, has_content
from packages import CondaOf, WheelOf, archives, path_of
from raw_zip import STORED, Member

DATA = b"evil\n"
ON_LINUX = "a plain name on Linux: the file is in the environment under it"


def items(canary: str) -> Iterator[Item]:
    up = "../" * 12 + canary.lstrip("/")
    for name, path in {
        "A1-parent": "../evil.txt",
        "A1-parents": f"{up}/evil.txt",
        "A1-inner-parent": "a/../../evil.txt",
        "A1-inside": "a/../evil.txt",
        "A1-absolute": f"{canary}/evil.txt",
        "A1-slashes": f"/{canary}/evil.txt",
        "A1-slash": "/evil.txt",
        "A1-drive-backslash": "C:\\evil.txt",
        "A1-backslash": "a\\..\\..\\evil.txt",
        "A1-share": "\\\\host\\share\\evil.txt",
        "A1-dot": ".",
        "A1-dots": "..",
        "A1-trailing-dot": "a/.",
        "A1-trailing-dots": "a/..",
        "A1-inner-dot": "a/./evil.txt",
        "A1-leading-dot": "./evil.txt",
        "A1-empty-component": "a//evil.txt",
        "A3-sibling": "../evil-sibling/evil.txt",
        "A4-nul": "a\0evil.txt",
        "A4-newline": "a\nevil.txt",
        "A4-escape": "a\x1b[2J.txt",
        "A4-delete": "a\x7fevil.txt",
        "A4-latin": b"a\xe9evil.txt",
        "A4-overlong": b"\xc0\xae\xc0\xae/evil.txt",
        "A4-surrogate": b"a\xed\xa0\x80evil.txt",
        "A5-component": "e" * 256,
        "A5-path": "/".join(["evil" * 50] * 21),
        "A5-depth": "/".join(["d"] * 65 + ["evil.txt"]),
        "A5-deep": "/".join(["d"] * 1900 + ["evil.txt"]),
    }.items():
        yield from of_path(name, path)
    for name, path in {
        "A1-drive": "C:/evil.txt",
        "A1-home": "~/evil.txt",
        "A1-variable": "$HOME/evil.txt",
        "A1-dotted": "a/.../evil.txt",
        "A1-space": " /evil.txt ",
        "A4-bidi": "a/evil\u202etxt.exe",
        "A5-longest": "/".join(["evil" * 50] * 15),
    }.items():
        yield from of_path(name, path, ON_LINUX)
    yield from empty_names()
    yield from folders(up)
    yield from collisions()
    yield from too_many()


def of_path(name: str, path: str | bytes, accepted: str = "") -> Iterator[Item]:
    data = path.encode() if isinstance(path, str) else path
    wheel = WheelOf(members=[Member(data, DATA)])
    conda = CondaOf([raw_tar.entry(data, DATA)], [path_of(path, DATA)])
    # What of the name the error repeats: plain letters.
    says = "" if accepted else "evil" if b"evil" in data else data.decode().split("/")[0]
    says = "" if name in ("A4-escape", "A1-dots", "A1-dot") else says[:100]
    harm = has_content(data.decode(), DATA) if accepted else None
    for form, archive in archives(wheel, conda).items():
        yield Item(name, form, archive, says, accepted=accepted, harm=harm)


def empty_names() -> Iterator[Item]:
    wheel = WheelOf(change=lambda members: members + [Member(b"", DATA)])
    conda = CondaOf([raw_tar.header(b"", len(DATA)) + raw_tar.padded(DATA)])
    for form, archive in archives(wheel, conda).items():
        yield Item("A1-empty", form, archive)


def folders(up: str) -> Iterator[Item]:
    """Names that end as a folder's does."""
    for name, path in {
        "A1-folder-parent": "../evil/",
        "A1-folder-parents": f"{up}/evil/",
        "A1-folder-absolute": "/evil/",
        "A1-folder-slashes": "evil//",
        "A1-folder-root": "/",
    }.items():
        wheel = WheelOf(change=lambda m, path=path: m + [Member(path, mode=0o40755)])
        conda = CondaOf([raw_tar.folder(path)])
        for form, archive in archives(wheel, conda).items():
            yield Item(name, form, archive, "evil" if "evil" in path else "")
    # POSIX before 1988 had no type for folders: a name's end told.
    conda = CondaOf([raw_tar.entry("evil.d/", DATA)], [path_of("evil.d", DATA)])
    for form, archive in archives(None, conda).items():
        yield Item("A1-old-folder", form, archive, "evil.d/")


def collisions() -> Iterator[Item]:
    """Different names here, one name elsewhere."""
    for name, one, two in [
        ("A6-case", "share/Evil.txt", "share/evil.txt"),
        ("A6-composed", "share/\u00e9vil.txt", "share/e\u0301vil.txt"),
        ("A6-sharp-s", "share/evil\u00df.txt", "share/evilss.txt"),
        ("A6-folder-case", "share/D/evil.txt", "share/d/evil.txt"),
    ]:
        pair = {one: b"one\n", two: b"two\n"}
        wheel = WheelOf(members=[Member(path, data) for path, data in pair.items()])
        conda = CondaOf(
            [raw_tar.entry(path, data) for path, data in pair.items()],
            [path_of(path, data) for path, data in pair.items()],
        )
        reason = "two names on Linux, and both files are there"
        for form, archive in archives(wheel, conda).items():
            yield Item(name, form, archive, accepted=reason, harm=has_content(two, b"two\n"))


def too_many() -> Iterator[Item]:
    """More entries than any package has. bzip2 streams follow each other, so one serves often."""
    block = bz2.compress(raw_tar.folder("evil/") * 10_000)

    def compress(content: bytes) -> bytes:
        return block * 51 + bz2.compress(content)

    yield Item("A5-entries", "bz2", CondaOf(compress=compress).bz2(), "500,000", is_slow=True)
    members = [Member(f"evil/{i}", b"", method=STORED) for i in range(40_000)]
    wheel = WheelOf(change=lambda own: own + members)
    yield Item("A5-entries", "wheel", wheel.bytes(), "RECORD", is_slow=True)
