"""E: what a wheel says of itself, and what it puts where. RECORD against the content, `.data`,
entry points (uv GHSA-pjjw, GHSA-4gg8).
"""

import sys
from typing import Callable, Iterator

from item import Item, has_content, has_not
from packages import INFO, METADATA, MODULE, WHEEL, WheelOf, record_hash
from raw_zip import Member

DATA = b"evil\n"
POINTS = f"{INFO}/entry_points.txt"
SCRIPT = b"#!python\nprint('evil')\n"


def items(canary: str) -> Iterator[Item]:
    yield from records(canary)
    yield from identities()
    yield from data_folders(canary)
    yield from entry_points(canary)


def wheel(name: str, what: WheelOf, says: str = "", **more) -> Item:
    return Item(name, "wheel", what.bytes(), says, **more)


def records(canary: str) -> Iterator[Item]:
    def rewritten(old: str, new: str) -> Callable[[bytes], bytes]:
        return lambda record: record.replace(old.encode(), new.encode(), 1)

    def without(path: str) -> Callable[[bytes], bytes]:
        lines = lambda record: record.splitlines(keepends=True)  # noqa: E731
        is_kept = lambda line: not line.startswith(path.encode())  # noqa: E731
        return lambda record: b"".join(filter(is_kept, lines(record)))

    module = record_hash(b'version = "1.0"\n')
    for name, record in {
        "hash": rewritten(module, record_hash(b"another")),
        "hash-case": rewritten(module, module.upper().replace("SHA256", "sha256")),
        "hash-none": rewritten(module, ""),
        "hash-md5": rewritten(module, record_hash(b'version = "1.0"\n', "md5")),
        "hash-sha1": rewritten(module, record_hash(b'version = "1.0"\n', "sha1")),
        "hash-unknown": rewritten(module, "crc=1"),
        "hash-short": rewritten(module, module[:-4]),
        "size": rewritten(",16\n", ",17\n"),
        "size-text": rewritten(",16\n", ",many\n"),
        "size-negative": rewritten(",16\n", ",-16\n"),
        "size-spaced": rewritten(",16\n", ", 16\n"),
        "unlisted-module": without(MODULE),
        "path-dotted": rewritten(MODULE, f"./{MODULE}"),
        "path-backslash": rewritten(MODULE, MODULE.replace("/", "\\")),
        "path-case": rewritten(MODULE, MODULE.upper()),
    }.items():
        yield wheel(f"E3-record-{name}", WheelOf(record=record), "evil")
    for name, record in {
        "unlisted-metadata": without(f"{INFO}/METADATA"),
        "empty": b"",
        "no-rows": b"\n\n",
        "fields": b"evil/__init__.py\n",
        "quote": b'"evil/__init__.py,,\n',
        "after-quote": b'"evil"x,,\n',
        "nul": b"evil\0,,\n",
        "escape": b"\x1b[2Jevil,,\n",
        "many-fields": b"," * 1_000_000,
    }.items():
        yield wheel(f"E3-record-{name}", WheelOf(record=record))
    for name, path in {
        "home": f"{canary}/secret",
        "parent": "../../../../../../evil",
        "absent": "evil/absent.py",
        "info-record": "other-1.0.dist-info/RECORD",
    }.items():
        row = (path, record_hash(DATA), "5")
        yield wheel(f"E3-record-lists-{name}", WheelOf(rows=[row]), path)
        yield wheel(f"E3-record-lists-{name}-bare", WheelOf(rows=[(path, "", "")]), path)
    yield wheel("E3-record-rows", WheelOf(record=b"a,,\n" * 4_000_000), "2,000,000", is_slow=True)
    yield wheel("E3-record-absent", WheelOf(left_out=(f"{INFO}/RECORD",)), "RECORD")
    listed = (MODULE, module, "16")
    reason = "twice the same is the same"
    yield wheel("E3-record-twice", WheelOf(rows=[listed]), accepted=reason)
    twice = (MODULE, record_hash(b"another"), "16")
    yield wheel("E3-record-two-hashes", WheelOf(rows=[twice]), MODULE)
    signature = WheelOf(change=lambda m: m + [Member(f"{INFO}/RECORD.jws", DATA)])
    reason = "PEP 427 lists no signature in RECORD; nobody trusts it"
    yield wheel("E3-record-signature", signature, accepted=reason)
    late = WheelOf(change=lambda m: m + [Member(f"{INFO}/extra.txt", DATA)])
    yield wheel("E3-record-unlisted-info", late, "extra.txt")
    hidden = WheelOf(change=lambda m: m + [Member("evil/hidden.pth", b"import evil\n")])
    yield wheel("E3-record-unlisted", hidden, "evil/hidden.pth")


def identities() -> Iterator[Item]:
    for name, metadata in {
        "name": METADATA.replace(b"Name: evil", b"Name: other"),
        "version": METADATA.replace(b"1.0\n", b"2.0\n"),
        "no-name": b"Metadata-Version: 2.1\nVersion: 1.0\n",
        "no-version": b"Metadata-Version: 2.1\nName: evil\n",
        "empty": b"",
        "name-in-body": b"Metadata-Version: 2.1\n\nName: evil\nVersion: 1.0\n",
        "binary": bytes(range(256)),
        "escape": METADATA.replace(b"Name: evil", b"Name: \x1b[2J\x9b2J\xc2\x9b2J"),
    }.items():
        yield wheel(f"E4-metadata-{name}", WheelOf(metadata=metadata), "METADATA")
    for name, text in {
        "version-2": WHEEL.replace(b"1.0\n", b"2.0\n", 1),
        "version-none": b"Root-Is-Purelib: true\n",
        "version-text": WHEEL.replace(b"Wheel-Version: 1.0", b"Wheel-Version: one"),
        "empty": b"",
    }.items():
        yield wheel(f"E4-wheel-{name}", WheelOf(wheel=text), "format")
    for name, path in {
        "METADATA": f"{INFO}/METADATA",
        "WHEEL": f"{INFO}/WHEEL",
    }.items():
        yield wheel(f"E4-no-{name.lower()}", WheelOf(left_out=(path,)), name)
    for name, info in {
        "other": "other-1.0.dist-info",
        "other-version": "evil-2.0.dist-info",
        "no-version": "evil.dist-info",
        "nested": "a/evil-1.0.dist-info",
    }.items():
        yield wheel(f"E4-info-{name}", WheelOf(info=info), "dist-info")
    hidden = {"other-1.0.DIST-INFO/METADATA": METADATA.replace(b"evil", b"other")}
    yield wheel("E4-info-hidden", WheelOf(files=hidden), "other-1.0.DIST-INFO")
    second = {"other-1.0.dist-info/METADATA": METADATA.replace(b"evil", b"other")}
    yield wheel("E4-info-second", WheelOf(files=second), "dist-info")
    case = {f"{INFO.upper().replace('DIST-INFO', 'dist-info')}/METADATA": METADATA}
    yield wheel("E4-info-case", WheelOf(files=case), "dist-info")
    # Records of another package, put where Python looks for them.
    for name, folder in {
        "purelib": "evil-1.0.data/purelib",
        "platlib": "evil-1.0.data/platlib",
        "data": f"evil-1.0.data/data/lib/python3.{minor()}/site-packages",
    }.items():
        files = {f"{folder}/other-1.0.dist-info/METADATA": METADATA.replace(b"evil", b"other")}
        yield wheel(f"E4-info-of-another-{name}", WheelOf(files=files), "other-1.0.dist-info")
        files = {f"{folder}/{INFO}/RECORD": b"../../../../../../etc/passwd,,\n"}
        yield wheel(f"E4-own-record-{name}", WheelOf(files=files), "RECORD")
        files = {f"{folder}/{INFO}/METADATA": METADATA + b"Requires-Dist: other\n"}
        yield wheel(f"E4-own-metadata-{name}", WheelOf(files=files), "METADATA")
        files = {f"{folder}/{INFO}/INSTALLER": b"another\n"}
        yield wheel(f"E4-own-installer-{name}", WheelOf(files=files), "INSTALLER")
    reason = "envpm writes its own, and the wheel's is left out"
    for name in ("INSTALLER", "REQUESTED"):
        files = {f"{INFO}/{name}": b"another\n"}
        item = wheel(f"E4-{name.lower()}", WheelOf(files=files), accepted=reason)
        item.harm = without_content("another\n")
        yield item


def minor() -> int:
    return sys.version_info.minor


def without_content(text: str) -> Callable:
    def harm(prefix) -> str:
        for file in prefix.rglob("*"):
            if file.is_file() and not file.is_symlink() and file.read_bytes() == text.encode():
                return f"`{file.relative_to(prefix)}` is the wheel's"
        return ""

    return harm


def data_folders(canary: str) -> Iterator[Item]:
    for name, path in {
        "parent": "evil-1.0.data/data/../../evil",
        "scripts-parent": "evil-1.0.data/scripts/../../../evil",
        "absolute": f"evil-1.0.data/data/{canary}/evil",
        "other": "other-1.0.data/data/evil.txt",
        "other-version": "evil-2.0.data/data/evil.txt",
        "unknown-scheme": "evil-1.0.data/stdlib/evil.py",
        "no-scheme": "evil-1.0.data/evil.txt",
        "python": "evil-1.0.data/scripts/python",
        "python3": "evil-1.0.data/scripts/python3",
        "python-minor": f"evil-1.0.data/scripts/python3.{minor()}",
        "python-other": "evil-1.0.data/scripts/python3.99t",
        "data-python": "evil-1.0.data/data/bin/python3",
        "data-bin": "evil-1.0.data/data/bin",
        "python-folder": "evil-1.0.data/data/bin/python/evil",
        "configuration": "evil-1.0.data/data/pyvenv.cfg",
        "own-folder": "evil-1.0.data/data/.envpm/manifest.json",
        "own-file": "evil-1.0.data/data/.envpm",
        "conda-record": "evil-1.0.data/data/conda-meta/other-1.0-0.json",
        "conda-history": "evil-1.0.data/data/conda-meta/history",
        "conda-folder": "evil-1.0.data/data/conda-meta",
    }.items():
        says = "" if "//" in path or ".." in path else path.split("/")[-1]
        yield wheel(f"E4-data-{name}", WheelOf(files={path: SCRIPT}), says)
    # What the environment itself has there: two owners of one path, which no wheel can win.
    for name, path in {
        "startup": f"evil-1.0.data/data/lib/python3.{minor()}/site-packages/00-envpm.pth",
        "startup-purelib": "evil-1.0.data/purelib/00-envpm.pth",
        "lib64": "evil-1.0.data/data/lib64",
        "lib64-below": "evil-1.0.data/data/lib64/evil.txt",
        "python-case": "evil-1.0.data/scripts/Python",
        "configuration-case": "evil-1.0.data/data/PyVenv.cfg",
        "lib": "evil-1.0.data/data/lib",
        "own-folder-case": "evil-1.0.data/data/.Envpm/manifest.json",
    }.items():
        yield wheel(f"E4-takes-{name}", WheelOf(files={path: SCRIPT}), code=1)
    twice = {"evil-1.0.data/purelib/evil/__init__.py": DATA}
    yield wheel("E4-data-twice", WheelOf(files=twice), MODULE)
    below = {"evil-1.0.data/purelib/evil/__init__.py/x": DATA}
    yield wheel("E4-data-below", WheelOf(files=below), MODULE, code=1)
    reason = "a name beside the interpreter's, as wheels of tools have it"
    tool = WheelOf(files={"evil-1.0.data/scripts/pip": SCRIPT})
    yield wheel("E4-data-pip", tool, accepted=reason, harm=has_not("bin/evil"))
    token = WheelOf(files={"evil-1.0.data/scripts/evil": b"#!/@ENVPM_PREFIX@/bin/python\n"})
    reason = "a file of the store is never rewritten"
    item = wheel("E4-token", token, accepted=reason)
    item.harm = has_content("bin/evil", b"#!/@ENVPM_PREFIX@/bin/python\n")
    yield item
    shebang = WheelOf(files={"evil-1.0.data/scripts/evil": b"#!python -c 'import evil'\nevil\n"})
    reason = "the line becomes the environment's Python alone, without what follows"
    item = wheel("E4-shebang", shebang, accepted=reason)
    item.harm = lambda prefix: (
        "the argument is there" if b" -c " in (prefix / "bin/evil").read_bytes() else ""
    )
    yield item


def entry_points(canary: str) -> Iterator[Item]:
    for name, line in {
        "parent": "../../.bashrc = evil:main",
        "absolute": f"{canary}/evil = evil:main",
        "below": "sub/evil = evil:main",
        "backslash": "..\\evil = evil:main",
        "dot": ". = evil:main",
        "dots": ".. = evil:main",
        "empty": " = evil:main",
        "control": "a\x1b[2J = evil:main",
        "long": "e" * 300 + " = evil:main",
        "code": "evil = evil:main();import os",
        "module-code": "evil = os;evil:main",
        "call": "evil = os:system('evil')",
        "newline": "evil = evil:main\r x",
        "no-function": "evil = evil",
        "no-module": "evil = :main",
        "no-equals": "evil",
        "twice": "evil = evil:main\nevil = evil:other",
        "quote": 'evil = evil:main" + "x',
        "escape": "evil = evil:\x1b[2Jmain",
        "hash": "evil = evil:main # comment",
        "python": "python = evil:main",
        "python3": "python3 = evil:main",
        "python-minor": f"python3.{minor()} = evil:main",
        "unicode": "evil = \u0435vil:main",
    }.items():
        for section in ("console_scripts", "gui_scripts"):
            if section == "gui_scripts" and name not in ("parent", "code"):
                continue
            text = f"[{section}]\n{line}\n".encode()
            ending = "-gui" if section == "gui_scripts" else ""
            yield wheel(f"E2-{name}{ending}", WheelOf(files={POINTS: text}))
    for name, line, reason in [
        ("pip", "pip = evil:main", "the environment has no pip that it could replace"),
        ("unicode-name", "\u00e9vil = evil:main", "a file name like any other"),
        ("keyword", "evil = evil:class", "a script that is no Python: it fails when it is called"),
        ("extras", "evil = evil:main [more]", "extras say nothing to a script"),
    ]:
        text = f"[console_scripts]\n{line}\n".encode()
        yield wheel(f"E2-{name}", WheelOf(files={POINTS: text}), accepted=reason)
    both = WheelOf(
        files={
            POINTS: b"[console_scripts]\nevil = evil:main\n",
            "evil-1.0.data/scripts/evil": b"#!/bin/sh\nevil\n",
        }
    )
    reason = "the entry point is written in its place, as pip does"
    yield wheel("E2-over-script", both, accepted=reason)
    binary = WheelOf(files={POINTS: bytes(range(256))})
    many = WheelOf(files={POINTS: b"[console_scripts]\n" + b"a=b:c\n" * 1_000_000})
    yield wheel("E2-many", many, "100,000", is_slow=True)
    reason = "no section of scripts is in it"
    yield wheel("E2-binary", binary, accepted=reason)
