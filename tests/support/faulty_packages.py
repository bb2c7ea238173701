"""Conda packages with one fault each, for the tests of what envpm refuses."""

from conda_packages import (
    BUILT,
    File,
    Lies,
    Link,
    Package,
    Special,
    as_json,
    tar_of,
    zstd,
)

BZ2 = (".tar.bz2",)
OWN_INFO = zstd(
    tar_of(
        {"info/index.json": File("{}"), "share/two-infos/a.txt": File("text\n")},
        Lies(),
        BUILT // 1000,
    )
)

# What the channel says of them is not so.
LYING_RECORDS = [
    Package("lying-hash", "1.0", files={"share/lying/a.txt": "text\n"}, says={"sha256": "0" * 64}),
    Package("lying-size", "1.0", files={"share/lying/a.txt": "text\n"}, says={"size": 7}),
    Package("lying-name", "1.0", says={"name": "other-name"}),
    Package("lying-subdir", "1.0", says={"subdir": "osx-64"}),
    Package("no-hash", "1.0", says={"sha256": None}),
    Package("no-list", "1.0", says={"depends": "stone"}),
    Package("odd-depends", "1.0", depends=["stone <<<1"]),
    Package("nameless-depends", "1.0", depends=["* >=1"]),
]

# What they say of themselves is not so.
LYING_PACKAGES = [
    Package(
        "lying-index", "1.0", files={"info/index.json": as_json({"name": "x", "version": "2"})}
    ),
    Package(
        "lying-subdir-inside",
        "1.0",
        files={
            "info/index.json": as_json(
                {"name": "lying-subdir-inside", "version": "1.0", "build": "0", "subdir": "osx-64"}
            )
        },
    ),
    Package(
        "lying-path",
        "1.0",
        files={"share/lying/b.txt": File("text\n", says={"sha256": "0" * 64})},
    ),
    Package(
        "absent-member",
        "1.0",
        files={"share/absent/a.txt": "text\n", "share/absent/b.txt": "text\n"},
        lies=Lies(absent={"share/absent/b.txt"}),
    ),
    Package(
        "unlisted-member",
        "1.0",
        files={"share/unlisted/a.txt": "text\n", "share/unlisted/b.txt": "text\n"},
        lies=Lies(unlisted={"share/unlisted/b.txt"}),
    ),
    Package(
        "doubled-member",
        "1.0",
        files={"share/doubled/a.txt": "text\n"},
        lies=Lies(twice={"share/doubled/a.txt"}),
    ),
    Package(
        "doubled-member-bz2",
        "1.0",
        files={"share/doubled/a.txt": "text\n"},
        lies=Lies(twice={"share/doubled/a.txt"}),
        forms=BZ2,
    ),
    Package(
        "listed-twice",
        "1.0",
        files={"share/doubled/a.txt": "text\n"},
        lies=Lies(twice_listed={"share/doubled/a.txt"}),
    ),
    Package("odd-paths", "1.0", files={"info/paths.json": "[]"}),
    Package(
        "short-placeholder",
        "1.0",
        files={"lib/short.bin": File(b"\0/short/share\0end\0", placeholder="/short")},
    ),
    Package(
        "empty-placeholder",
        "1.0",
        files={"a.txt": File("x\n", says={"prefix_placeholder": "", "file_mode": "text"})},
    ),
    Package("one-byte-placeholder", "1.0", files={"a.txt": File("/x\n", placeholder="/")}),
    Package("evil-entry-point", "1.0", noarch="python", entry_points=["../../evil = os:system"]),
    Package("evil-entry-code", "1.0", noarch="python", entry_points=["x = os:system('evil')"]),
    Package("evil-record", "1.0", files={"conda-meta/stone-1.0-0.json": "{}"}),
]

# Paths that lead out of the prefix, in both formats; and members that no package may have.
ESCAPES = {
    "escaping": {"../../evil.txt": "evil\n"},
    "absolute": {"/etc/evil.txt": "evil\n"},
    "escaping-link": {"share/out": Link("../../../../etc")},
    "absolute-link": {"share/out": Link("/etc")},
    "through-link": {"share/out": Link("/tmp"), "share/out/evil.txt": "evil\n"},
    "hard-link-out": {"share/out": Link("/etc/passwd", hard=True)},
    "backslash": {"share\\..\\evil.txt": "evil\n"},
    "pipe": {"share/pipe": Special()},
}
ESCAPING = [
    Package(name + end, "1.0", files=files, forms=forms)
    for name, files in ESCAPES.items()
    for end, forms in (("", (".conda",)), ("-bz2", BZ2))
]

# What the archives themselves are.
BROKEN_ARCHIVES = [
    Package("no-metadata", "1.0", lies=Lies(outer={"metadata.json": None})),
    Package("no-info", "1.0", lies=Lies(outer={"info-": None})),
    Package("no-payload", "1.0", lies=Lies(outer={"pkg-": None})),
    Package("extra-member", "1.0", lies=Lies(outer={"more.txt": b"more\n"})),
    Package(
        "two-infos",
        "1.0",
        files={"share/two-infos/a.txt": "text\n"},
        lies=Lies(outer={"pkg-": OWN_INFO}),
    ),
    Package("cut-short", "1.0", lies=Lies(archive=lambda archive: archive[: len(archive) // 2])),
    Package(
        "cut-short-bz2", "1.0", forms=BZ2, lies=Lies(archive=lambda archive: archive[:-20])
    ),
    Package(
        "trailing-bz2", "1.0", forms=BZ2, lies=Lies(archive=lambda archive: archive + b"more")
    ),
    Package("no-archive", "1.0", lies=Lies(archive=lambda _: b"<html>Please log in</html>")),
]

FAULTY = [*LYING_RECORDS, *LYING_PACKAGES, *ESCAPING, *BROKEN_ARCHIVES]
