"""B: links. Wheels have none, conda packages have them within the environment."""

from typing import Iterator

import raw_tar
from item import Item, has_not
from packages import SHARED, CondaOf, WheelOf, archives, path_of
from raw_tar import HARD_LINK, entry, folder, link
from raw_zip import LINK, STORED, Member

DATA = b"evil\n"


def soft(path: str) -> dict:
    return path_of(path, b"", "softlink", sha256=None, size_in_bytes=None)


def items(canary: str) -> Iterator[Item]:
    yield from wheel_links(canary)
    yield from through(canary)
    yield from leaving(canary)
    yield from staying()
    yield from hard(canary)
    yield from targets(canary)
    yield from doubled(canary)
    yield from applied(canary)


def of(name: str, chunks: list[bytes], paths: list[dict], says: str = "", **more) -> Iterator[Item]:
    for form, archive in archives(None, CondaOf(chunks, paths)).items():
        yield Item(name, form, archive, says, **more)


def wheel_links(canary: str) -> Iterator[Item]:
    for name, target in {"B1-link": canary, "B2-relative": "../../..", "B2-inside": "a"}.items():
        bad = Member("evil/link", target.encode(), mode=LINK | 0o777, method=STORED)
        yield Item(name, "wheel", WheelOf(members=[bad]).bytes(), "evil/link")


def through(canary: str) -> Iterator[Item]:
    """A link out, then something that a trusting reader would write behind it (CVE-2026-42574)."""
    out = link("evil", canary)
    file, paths = entry("evil/x", DATA), [soft("evil"), path_of("evil/x", DATA)]
    yield from of("B1-file", [out, file], paths, "evil/x")
    yield from of("B1-after", [file, out], paths, "evil")
    yield from of("B1-folder", [out, folder("evil/d")], [soft("evil")], "evil/d")
    again = [soft("evil"), soft("evil/l")]
    yield from of("B1-through-link", [out, link("evil/l", "x")], again, "evil/l")
    hard_link = link("evil/h", SHARED, HARD_LINK)
    yield from of("B1-hard-link", [out, hard_link], [soft("evil")], "evil/h")
    deep = [soft("evil"), path_of("evil/a/b/x", DATA)]
    yield from of("B1-deep", [out, entry("evil/a/b/x", DATA)], deep, "evil/a/b/x")
    # The folder was seen, and becomes a link.
    replaced = [folder("evil"), out, entry("evil/x", DATA)]
    yield from of("B2-replaced", replaced, [soft("evil"), path_of("evil/x", DATA)], "evil")
    # The other names for `evil` that a reader may take for another thing.
    yield from of("B2-slash", [link("evil/", canary)], [soft("evil")], "evil/")


def leaving(canary: str) -> Iterator[Item]:
    for name, links in {
        "B1-absolute": {"evil": canary},
        "B1-root": {"evil": "/"},
        "B2-relative": {"share/evil-link": "../../outside"},
        "B2-exactly": {"evil": ".."},
        "B2-far": {"evil": "../" * 12 + canary.lstrip("/")},
        "B2-chain": {"a": "b", "b": "share/../.."},
        "B2-lexical": {"deep/er/a": "../../in/../..", "in": "deep/er/../.."},
        "B2-climb": {"b": "x/y", "x/y/z": "..", "evil": "b/z/../.."},
        "B2-dots": {"evil": "./.././.."},
        "B2-slashes": {"evil": ".//..//..//"},
    }.items():
        chunks = [folder("x/y"), *(link(path, target) for path, target in links.items())]
        paths = [soft(path) for path in links]
        yield from of(name, chunks, paths, "leads out of the environment")
    # An absolute target is judged by its text, not by where the prefix happens to lie.
    for token in ("/@ENVPM_PREFIX@/../../x", "/@ENVPM_PREFIX@", "/@ENVPM_PYTHON_HOME@/x"):
        name = f"B5-token{token.count('/')}{'-home' if 'HOME' in token else ''}"
        yield from of(name, [link("evil", token)], [soft("evil")], "leads out of the environment")


def staying() -> Iterator[Item]:
    for name, links, reason in [
        ("B2-loop", {"a": "b", "b": "a"}, "it leads nowhere: whoever opens it gets ELOOP"),
        ("B2-self", {"evil": "evil"}, "it leads nowhere: whoever opens it gets ELOOP"),
        ("B2-dangling", {"evil": "not/there"}, "it leads nowhere, within the environment"),
        ("B2-returns", {"a/s": "../share", "evil": "a/s/../share"}, "it stays within all the way"),
        ("B2-here", {"share/evil-link": "."}, "it leads to its own folder"),
    ]:
        chunks = [link(path, target) for path, target in links.items()]
        yield from of(name, chunks, [soft(path) for path in links], accepted=reason)
    # Each link has the next one in it again and again: to follow them all would take for ever.
    around = "share/../" * 440
    links = {f"l{i}": f"{around}l{i + 1}/{around[:80]}" for i in range(39)} | {"l39": "share"}
    chunks = [link(path, target) for path, target in links.items()]
    more = [link(f"m{i}", around + "l0") for i in range(400)]
    paths = [soft(path) for path in links] + [soft(f"m{i}") for i in range(400)]
    yield from of("B2-bomb", chunks + more, paths, "evil 1.0")


def hard(canary: str) -> Iterator[Item]:
    secret = f"{canary}/secret"
    for name, target, ahead in [
        ("B3-absolute", secret, []),
        ("B3-parent", "../" * 12 + secret.lstrip("/"), []),
        ("B3-through-link", "out/secret", [link("out", canary)]),
        ("B3-to-link", "out", [link("out", secret)]),
        ("B3-to-folder", "d", [folder("d")]),
        ("B3-self", "evil", []),
        ("B3-dot", "./" + SHARED, []),
        ("B3-prefix", "/@ENVPM_PREFIX@/" + SHARED, []),
    ]:
        chunks = [*ahead, link("evil", target, HARD_LINK)]
        paths = [path_of("evil", DATA), *([soft("out")] if "out" in target else [])]
        yield from of(name, chunks, paths, "`evil`")
    later = [link("evil", "b", HARD_LINK), entry("b", DATA)]
    yield from of("B3-later", later, [path_of("evil", DATA), path_of("b", DATA)], "`evil`")
    deferred = [link("evil", "d/secret", HARD_LINK), link("d", canary)]
    yield from of("B4-deferred", deferred, [path_of("evil", DATA), soft("d")], "`evil`")
    with_data = [link("evil", SHARED, HARD_LINK, DATA)]
    yield from of("B3-data", with_data, [path_of("evil", DATA)], "`evil`")


def targets(canary: str) -> Iterator[Item]:
    for name, target in {
        "B5-nul": b"share\0" + canary.encode(),
        "B5-empty": b"",
        "B5-long": b"a/" * 2100 + b"b",
        "B5-newline": b"share\nevil",
        "B5-backslash": b"share\\..\\..",
        "B5-latin": b"share/\xe9",
        "B5-escape": b"\x1b[2Jshare",
    }.items():
        pax = raw_tar.pax({"linkpath": target}) if target else b""
        chunks = [pax + raw_tar.header("evil", kind=raw_tar.LINK)]
        yield from of(name, chunks, [soft("evil")], "evil")


def doubled(canary: str) -> Iterator[Item]:
    file, out = entry("evil", DATA), link("evil", canary + "/secret")
    listed = [path_of("evil", DATA)]
    yield from of("B6-file-link", [file, out], listed, "evil")
    yield from of("B6-link-file", [out, file], listed, "evil")
    yield from of("B6-file-link-file", [file, out, file], listed, "evil")
    yield from of("B6-link-link", [link("evil", "share"), out], [soft("evil")], "evil")
    yield from of("B6-folder-file", [folder("evil"), file], listed, "evil")
    yield from of("B6-file-folder", [file, folder("evil")], listed, "evil")
    yield from of("B6-file-below", [file, entry("evil/x", DATA)], listed, "evil/x")


def applied(canary: str) -> Iterator[Item]:
    """Modes, times and attributes that a reader would apply through the link (CVE-2021-23177)."""
    out = link("evil", canary + "/folder")
    yield from of("B7-mode", [out, folder("evil", 0o777)], [soft("evil")], "evil")
    xattr = raw_tar.pax({"SCHILY.xattr.user.evil": b"evil"})
    reason = "attributes are not kept"
    yield from of(
        "B7-attribute",
        [xattr + link("evil", SHARED)],
        [soft("evil")],
        accepted=reason,
        harm=has_not("not-there"),
    )
