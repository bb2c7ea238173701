"""E: what a conda package says of itself: its identity, entry points, placeholders."""

import json
from typing import Iterator

from item import Item, has_content
from packages import SHARED, CondaOf, archives, path_of
from raw_tar import entry

DATA = b"evil\n"


def items(canary: str) -> Iterator[Item]:
    yield from identities()
    yield from entry_points(canary)
    yield from placeholders()
    yield from places(canary)
    yield from scripts()


def of(name: str, conda: CondaOf, says: str = "", **more) -> Iterator[Item]:
    for form, archive in archives(None, conda).items():
        yield Item(name, form, archive, says, **more)


def identities() -> Iterator[Item]:
    for name, index in {
        "name": {"name": "other"},
        "name-case": {"name": "Evil"},
        "version": {"version": "2.0"},
        "build": {"build": "1"},
        "build-parent": {"build": "x/../../.."},
        "subdir": {"subdir": "noarch"},
        "name-list": {"name": ["evil"]},
        "name-null": {"name": None},
        "name-escape": {"name": "\x1b[2Jevil"},
    }.items():
        yield from of(f"E1-index-{name}", CondaOf(index=index), "info/index.json")
    for name, content in {
        "twice": b'{"name": "evil", "name": "other", "version": "1.0", "build": "0"}',
        "no-json": b"evil",
        "array": b"[]",
        "empty": b"",
        "deep": b'{"a":' * 5000,
        "latin": b'{"name": "\xe9vil"}',
    }.items():
        yield from of(f"E1-index-{name}", CondaOf(info={"info/index.json": content}))
    reason = "nobody needs it to install"
    for name, index in {
        "odd-depends": {"depends": 7, "constrains": {"a": 1}},
        "odd-license": {"license": {"a": [1]}, "timestamp": "now", "build_number": "x"},
        "hook": {"preferred_env": "x", "requires": ["../../evil"], "track_features": "a\nb"},
    }.items():
        yield from of(f"E1-index-{name}", CondaOf(index=index), accepted=reason)
    yield from of("E1-index-none", CondaOf(info={"info/index.json": None}), "info/index.json")
    lists = {"info/paths.json": None, "info/files": None}
    yield from of("E5-no-list", CondaOf(info=lists), "info/files")


def entry_points(canary: str) -> Iterator[Item]:
    """Of a noarch Python package; here there is no Python, which comes first unless they are read
    before anything is decided.
    """
    for name, line in {
        "parent": "../../.bashrc = evil:main",
        "absolute": f"{canary}/evil = evil:main",
        "code": "evil = evil:main();import os",
        "call": "evil = os:system('evil')",
        "newline": "evil = evil:main\nimport os",
        "number": 7,
    }.items():
        link = {"noarch": {"type": "python", "entry_points": [line]}, "package_metadata_version": 1}
        conda = CondaOf(info={"info/link.json": json.dumps(link).encode()})
        yield from of(f"E2-{name}", conda, "entry point")
    for name, content in {
        "list": b'{"noarch": {"type": "python", "entry_points": {"a": "b"}}}',
        "no-json": b"evil",
    }.items():
        yield from of(f"E2-link-{name}", CondaOf(info={"info/link.json": content}), "link.json")


    reason = "it names no entry points"
    text = CondaOf(info={"info/link.json": b'{"noarch": "python"}'})
    yield from of("E2-link-noarch-text", text, accepted=reason)


def placeholders() -> Iterator[Item]:
    text = b"#!/opt/placeholder/bin/python\n/opt/placeholder\n"
    binary = b"\0/opt/placeholder/lib\0end"

    def with_prefix(content: bytes, placeholder, mode="text", **more) -> CondaOf:
        path = path_of("evil", content, prefix_placeholder=placeholder, file_mode=mode, **more)
        return CondaOf([entry("evil", content)], [path])

    for name, placeholder, mode in [
        ("empty", "", "text"),
        ("one-byte", "/", "text"),
        ("newline", "/opt\n/x", "text"),
        ("nul", "/opt\0/x", "binary"),
        ("long", "/" + "x" * 5000, "text"),
        ("number", 7, "text"),
        ("mode", "/opt/placeholder", "patch"),
        ("mode-escape", "/opt/placeholder", "\x1b[2J"),
        ("mode-none", "/opt/placeholder", None),
        ("mode-number", "/opt/placeholder", 1),
    ]:
        yield from of(f"E5-placeholder-{name}", with_prefix(text, placeholder, mode), "evil")
    # Shorter than any prefix can be here: there is no room in the file.
    short = with_prefix(binary, "/opt/placeholder", "binary")
    yield from of("E5-placeholder-short", short, "evil", code=1)
    plain = [
        ("quote", "/opt/'$(evil)'", b"/opt/'$(evil)'/x\n"),
        ("space", "/opt/with space", b"#!/opt/with space/bin/python\n"),
        ("utf8", "/opt/\u00e9vil", "/opt/\u00e9vil/x\n".encode()),
        ("absent", "/opt/not-in-it", b"nothing\n"),
        ("longer-than-file", "/opt/" + "x" * 500, b"nothing\n"),
        ("repeated", "aa", b"aaaaaaa\n"),
    ]
    for name, placeholder, content in plain:
        reason = "a text like any other: it is replaced where it stands"
        yield from of(f"E5-placeholder-{name}", with_prefix(content, placeholder), accepted=reason)
    linked = CondaOf(
        [entry("evil", text)],
        [path_of("evil", text), path_of(SHARED + "2", b"")],
    )
    yield from of("E5-listed-absent", linked, SHARED + "2")
    old = {"info/paths.json": None, "info/files": b"evil\n../evil\n" + SHARED.encode() + b"\n"}
    yield from of("E5-files-parent", CondaOf([entry("evil", DATA)], info=old), "../evil")
    for name, line in {
        "other": b'"/opt/placeholder" "text" "../evil"\n',
        "mode": b'"/opt/placeholder" "patch" "evil"\n',
        "one-byte": b'"/" "text" "evil"\n',
        "no-path": b'"/opt/placeholder" "text"\n',
    }.items():
        info = {
            "info/paths.json": None,
            "info/files": b"evil\n" + SHARED.encode() + b"\n",
            "info/has_prefix": line,
        }
        yield from of(f"E5-has-prefix-{name}", CondaOf([entry("evil", DATA)], info=info))
    info = {
        "info/paths.json": None,
        "info/files": b"evil\n" + SHARED.encode() + b"\n",
        "info/no_link": b"/etc/passwd\n",
    }
    yield from of("E5-no-link-other", CondaOf([entry("evil", DATA)], info=info), "/etc/passwd")


def places(canary: str) -> Iterator[Item]:
    for name, path in {
        "record": "conda-meta/other-1.0-0.json",
        "own-record": "conda-meta/evil-1.0-0.json",
        "history": "conda-meta/history",
        "records": "conda-meta",
        "configuration": "pyvenv.cfg",
        "own-folder": ".envpm/manifest.json",
        "own-file": ".envpm",
    }.items():
        conda = CondaOf([entry(path, DATA)], [path_of(path, DATA)])
        yield from of(f"E4-{name}", conda, path)
    conda = CondaOf([entry(".Envpm/x", DATA)], [path_of(".Envpm/x", DATA)])
    yield from of("E4-own-folder-case", conda, ".Envpm/x", code=1)


def scripts() -> Iterator[Item]:
    """What conda would run (GHSA-9m8m): envpm runs nothing, and says so."""
    for name, path in {
        "post-link": "bin/.evil-post-link.sh",
        "pre-link": "bin/.evil-pre-link.sh",
        "pre-unlink": "bin/.evil-pre-unlink.sh",
        "activate": "etc/conda/activate.d/evil.sh",
        "startup": "lib/python3.11/site-packages/evil.pth",
        "menu": "Menu/evil.json",
        "state": "conda-meta/state",
    }.items():
        content = f'touch "{path}"; touch "$HOME/evil" "$PREFIX/evil"\n'.encode()
        conda = CondaOf([entry(path, content, mode=0o755)], [path_of(path, content)])
        reason = "it is a file that lies there: nothing of a package runs at install"
        yield from of(f"E-runs-{name}", conda, accepted=reason, harm=has_content(path, content))
