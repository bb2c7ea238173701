"""E6: locks that someone else wrote; E1, E7: names that an index or a channel tells."""

import json
from typing import Callable, Iterator

from case import Case, Done, lock_of
from conda_packages import zstd
from item import BZ2_FILE, CONDA_FILE, NAME, WHEEL_FILE, Item
from packages import CondaOf, WheelOf

MALFORMED, LYING, NO_SOLUTION, NETWORK = 1, 6, 4, 5


def items(canary: str) -> Iterator[Item]:
    yield from locks(canary)
    yield from pages(canary)
    yield from channels(canary)


def checked(done: Done, code: int, says: str, case: Case) -> list[str]:
    """What is wrong with how a command ended."""
    faults = []
    if done.code != code:
        faults.append(f"exit code {done.code}, not {code}; it said: {done.errors.strip()}")
    if says not in done.errors:
        faults.append(f"the message does not name `{says}`: {done.errors.strip()}")
    if any(byte in done.errors for byte in "\x1b\0\r\x7f\x9b"):
        faults.append(f"the message has control characters: {done.errors!r}")
    if case.prefix() or case.store_entries():
        faults.append(f"there is {case.prefix()}, {case.store_entries()}")
    return faults


def locks(canary: str) -> Iterator[Item]:
    def over(what: str, code: int, form: str = "wheel", **keys) -> Item:
        return lock(what, code, lambda _, file, data: lock_of(file, "1.0", data, **keys), form)

    def replaced(name: str, code: int, old: str, new: str, form: str = "wheel") -> Item:
        return lock(name, code, lambda text, *_: text.replace(old, new, 1), form)

    digits = "0" * 64
    for name, text in {
        "path": "../../../../evil",
        "prefix": f"sha256:{digits}",
        "upper-case": "A" * 64,
        "short": digits[1:],
        "long": digits + "0",
        "slash": "../" + digits[3:],
        "empty": "",
        "blank": digits[1:] + " ",
    }.items():
        yield over(f"digest-{name}", MALFORMED, sha256=f'"{text}"')
        yield over(f"digest-{name}", MALFORMED, "conda", sha256=f'"{text}"')
    yield over("digest-none", MALFORMED, sha256=None)
    yield over("digest-md5", MALFORMED, sha256=None, md5='"d41d8cd98f00b204e9800998ecf8427e"')
    yield over("digest-number", MALFORMED, sha256="7")
    for name, text in {
        "file-url": f"file://{canary}/{WHEEL_FILE}",
        "http": f"http://example.org/{WHEEL_FILE}",
        "credentials": f"https://me:secret@example.org/{WHEEL_FILE}",
        "parent": f"../{WHEEL_FILE}",
        "absolute": f"{canary}/{WHEEL_FILE}",
        "backslash": f"..\\\\{WHEEL_FILE}",
        "percent": "%2e%2e%2f" + WHEEL_FILE,
        "query": WHEEL_FILE + "?x=.whl",
        "hidden": "." + WHEEL_FILE,
        "other": "other-1.0-py3-none-any.whl",
        "sdist": "evil-1.0.tar.gz",
        "empty": "",
        "long": "evil-1.0-py3-none-" + "a" * 300 + ".whl",
    }.items():
        yield over(f"file-{name}", LYING, file=f'"{text}"')
    for name, text in {
        "build-parent": "evil-1.0-x/../../../y.conda",
        "parent": f"../{CONDA_FILE}",
        "url": f"https://example.org/{CONDA_FILE}",
        "other": "other-1.0-0.conda",
        "other-version": "evil-2.0-0.conda",
        "no-build": "evil-1.0-.conda",
        "dashes": "evil-1.0-0-1.conda",
        "wheel": WHEEL_FILE,
        "ending": "evil-1.0-0.zip",
    }.items():
        yield over(f"file-{name}", LYING, "conda", file=f'"{text}"')
    for name, text in {
        "url": "https://example.org",
        "path": "../here",
        "absolute": "/here",
        "blank": "a b",
        "empty": "",
        "long": "a" * 65,
    }.items():
        yield over(f"source-{name}", LYING, source=f'"{text}"')
    strange = {"parent": "../noarch", "other": "win-64", "empty": "", "case": "NOARCH"}
    for name, text in strange.items():
        yield over(f"subdir-{name}", LYING, "conda", subdir=f'"{text}"')
    sizes = {"zero": "0", "negative": "-1", "large": "1099511627777", "text": '"5"'}
    for name, text in sizes.items():
        yield over(f"size-{name}", MALFORMED, size=text)
    for name, text in {"upper": "Evil", "parent": "../evil", "empty": "", "blank": "a b"}.items():
        yield over(f"name-{name}", MALFORMED, name=f'"{text}"')
        yield over(f"name-{name}", MALFORMED, "conda", name=f'"{text}"')
    for name, text in {"parent": "../1", "slash": "1/0", "empty": ""}.items():
        yield over(f"version-{name}", MALFORMED, version=f'"{text}"')
    yield over("target-unknown", LYING, targets='["other"]')
    yield over("target-twice", MALFORMED, targets='["default", "default"]')
    yield over("target-none", MALFORMED, targets="[]")
    yield over("key-unknown", MALFORMED, url=f'"https://example.org/{WHEEL_FILE}"')
    yield over("wins-parent", LYING, wins='["../../evil"]')
    yield over("requires-url", LYING, requires='["evil @ https://example.org/x.whl"]')
    yield over("requires-escape", LYING, requires='["evil \\u001b[2J"]')
    # Of a version that fits the file's name only if nobody looks.
    yield lock("env-other", LYING, lambda text, *_: with_other_digit(text))
    yield replaced("abi-other", LYING, 'python = "cp', 'python = "cp1')
    yield replaced("platform", MALFORMED, "linux-64", "win-64")
    yield replaced("glibc", MALFORMED, '"2.17"', '"../2"')
    yield replaced("target-name", MALFORMED, "[target.default]", '[target."../default"]')
    yield replaced("version-2", MALFORMED, "version = 1", "version = 2")
    yield replaced("no-manifest", MALFORMED, "manifest = ", "manifesto = ")
    yield lock("merge", MALFORMED, lambda text, *_: text + "\n<<<<<<< HEAD\n")
    yield lock("twice", LYING, lambda text, *_: text + text[text.index("[[package]]") :])
    yield lock("key-twice", MALFORMED, lambda text, *_: text + 'size = 7\n')
    yield lock("nul", MALFORMED, lambda text, *_: text + "\0")
    yield lock("binary", MALFORMED, lambda *_: bytes(range(256)).decode("latin1"))
    yield lock("empty", MALFORMED, lambda *_: "")
    yield lock("deep", MALFORMED, lambda text, *_: text + "x = " + "[" * 100_000)
    yield lock("escape", MALFORMED, lambda text, *_: text + '"\\u001b[2J" = 1\n')


def with_other_digit(text: str) -> str:
    """In the digest of the environment."""
    at = text.index('env = "sha256:') + len('env = "sha256:')
    return text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]


def lock(name: str, code: int, change: Callable, form: str = "wheel") -> Item:
    file = {"wheel": WHEEL_FILE, "conda": CONDA_FILE, "bz2": BZ2_FILE}[form]
    data = WheelOf().bytes() if form == "wheel" else CondaOf().conda()

    def act(case: Case) -> list[str]:
        case.serve([(file, data)])
        case.write(file, "1.0", data)
        honest = case.lock.read_text()
        text = change(honest, file, data)
        if text == honest:
            return ["the item changes nothing"]
        case.lock.write_bytes(text.encode())
        faults = checked(case.run("install", "--frozen"), code, "envpm.lock", case)
        if case.lock.read_bytes() != text.encode():
            faults.append("the lock was changed")
        case.lock.write_text(honest)
        done = case.run("install", "--frozen")
        return faults + ([] if done.code == 0 else [f"the honest lock: {done.errors}"])

    return Item(f"E6-{name}", f"lock-{form}", act=act)


def pages(canary: str) -> Iterator[Item]:
    """Links of an index, and what a server says a file is called (E7)."""
    wheel = WheelOf().bytes()

    def page(name: str, links: list[str], code: int) -> Item:
        def act(case: Case) -> list[str]:
            case.serve([(WHEEL_FILE, wheel)])
            body = "".join(links)
            for place in case.served.glob("simple/*/index.html"):
                place.write_text(f"<!DOCTYPE html><html><body>{body}</body></html>")
            (case.project / "envpm.toml").write_text(case.manifest(is_wheel=True))
            return checked(case.run("lock"), code, "", case)

        return Item(f"E7-{name}", "page", act=act, code=code)

    def link(target: str, text: str = WHEEL_FILE) -> list[str]:
        return [f'<a href="{target}">{text}</a>']

    for name, target in {
        "parent": f"../../../../..{canary}/{WHEEL_FILE.replace('evil', '..%2fevil')}",
        "file-url": f"file://{canary}/{WHEEL_FILE}",
        "encoded-slash": "a%2f..%2f" + WHEEL_FILE,
        "encoded-parent": "%2e%2e/" + WHEEL_FILE.replace("any", "..%2fany"),
        "nul": WHEEL_FILE.replace("any", "any%00"),
        "backslash": WHEEL_FILE.replace("any", "..%5cany"),
        "script": "javascript:" + WHEEL_FILE,
        "data": "data:," + WHEEL_FILE,
        "ftp": "ftp://127.0.0.1/" + WHEEL_FILE,
        "other-name": "other-1.0-py3-none-any.whl",
        "no-version": "evil-x-py3-none-any.whl",
        "long-name": "evil-1.0-py3-none-" + "a" * 2000 + ".whl",
        "many-tags": "evil-1.0-" + "-".join([".".join(["py3"] * 400)] * 3) + ".whl",
    }.items():
        yield page(name, link(target), NO_SOLUTION)
    digest = f"{WHEEL_FILE}#sha256="
    yield page("digest-path", link(digest + "../../evil"), NO_SOLUTION)
    yield page("digest-short", link(digest + "abcd"), NO_SOLUTION)


def channels(canary: str) -> Iterator[Item]:
    """Records of a channel. Build strings once named folders of a cache (GHSA-h672-p7h7-97v9)."""
    good = {
        "name": NAME,
        "version": "1.0",
        "build": "0",
        "build_number": 0,
        "depends": [],
        "subdir": "linux-64",
        "sha256": "0" * 64,
        "size": 7,
    }

    def record(name: str, file: str, over: dict, code: int = NO_SOLUTION) -> Iterator[Item]:
        for form in ("json", "zst"):

            def act(case: Case, form=form) -> list[str]:
                channel = case.served / "channel"
                for subdir in ("noarch", "linux-64"):
                    records = {file: good | over} if subdir == "linux-64" else {}
                    found = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": records}
                    content = json.dumps(found).encode()
                    (channel / subdir).mkdir(parents=True)
                    name = "repodata.json" + (".zst" if form == "zst" else "")
                    data = zstd(content) if form == "zst" else content
                    (channel / subdir / name).write_bytes(data)
                (case.project / "envpm.toml").write_text(case.manifest(is_wheel=False))
                return checked(case.run("lock"), code, "", case)

            yield Item(f"E1-{name}", f"repodata-{form}", act=act, code=code)

    for name, build in {
        "build-parent": "x/../../../..",
        "build-absolute": canary,
        "build-backslash": "..\\..\\x",
        "build-dash": "a-b",
        "build-nul": "a\0b",
        "build-newline": "a\nb",
        "build-empty": "",
    }.items():
        yield from record(name, f"evil-1.0-{build}.conda", {"build": build})
        yield from record(f"{name}-only", CONDA_FILE, {"build": build})
    for name, file in {
        "file-parent": f"../{CONDA_FILE}",
        "file-absolute": f"{canary}/{CONDA_FILE}",
        "file-url": f"https://example.org/{CONDA_FILE}",
        "file-query": f"{CONDA_FILE}?x=.conda",
        "file-percent": "%2e%2e%2f" + CONDA_FILE,
        "file-other": "other-1.0-0.conda",
        "file-escape": "\x1b[2J-1.0-0.conda",
        "file-long": "evil-1.0-" + "0" * 400 + ".conda",
    }.items():
        yield from record(name, file, {})
    for name, over in {
        "sha256-path": {"sha256": "../" * 20},
        "sha256-short": {"sha256": "ab"},
        "sha256-none": {"sha256": None},
        "md5-only": {"sha256": None, "md5": "d41d8cd98f00b204e9800998ecf8427e"},
        "size-negative": {"size": -1},
        "size-huge": {"size": 1 << 62},
        "size-zero": {"size": 0},
        "version-slash": {"version": "1/../../0"},
        "version-escape": {"version": "\x1b[2J"},
        "subdir-parent": {"subdir": "../linux-64"},
        "depends-text": {"depends": "evil"},
        "depends-escape": {"depends": ["\x1b[2J >=1"]},
        "depends-url": {"depends": ["https://example.org/x.conda"]},
    }.items():
        yield from record(name, CONDA_FILE, over)
