"""Libraries and tools of Debian as conda packages: what is taken, what each needs."""

import hashlib
from dataclasses import dataclass, field

from conda_channel.debian import Deb, with_placeholder
from conda_packages import Entry, File, Link, Package

GLIBC = "__glibc >=2.36,<3.0.a0"
BOTH = (".conda", ".tar.bz2")


@dataclass
class Repack:
    """A conda package of some of Debian's; its version is that of the first."""

    name: str
    debs: list[str]
    depends: list[str] = field(default_factory=list)
    licence: str = ""
    bound: str = ""  # what is built with it may have any version below this
    noarch: str = ""
    forms: tuple[str, ...] = (".conda",)


REPACKS = [
    Repack("libzlib", ["zlib1g"], licence="Zlib", bound="2.0a0", forms=BOTH),
    Repack("zlib", ["zlib1g-dev"], ["libzlib"], "Zlib", bound="2.0a0"),
    Repack("bzip2", ["libbz2-1.0", "bzip2"], licence="bzip2-1.0.6", bound="2.0a0", forms=BOTH),
    Repack("liblzma", ["liblzma5"], licence="0BSD", bound="6.0a0"),
    Repack("xz", ["xz-utils"], ["liblzma"], "0BSD AND GPL-2.0-or-later", forms=(".tar.bz2",)),
    Repack("libffi", ["libffi8"], licence="MIT", bound="3.5.0a0", forms=BOTH),
    Repack("libuuid", ["libuuid1"], licence="BSD-3-Clause", bound="3.0a0"),
    Repack("libexpat", ["libexpat1"], licence="MIT", bound="3.0a0"),
    Repack("libdb", ["libdb5.3"], licence="Sleepycat", bound="5.4.0a0"),
    Repack("ncurses", ["libtinfo6", "libncursesw6", "ncurses-base"], licence="X11", bound="7.0a0"),
    Repack("readline", ["libreadline8"], ["ncurses"], "GPL-3.0-or-later", bound="9.0a0"),
    Repack("libsqlite", ["libsqlite3-0"], licence="blessing", bound="4.0a0"),
    Repack("sqlite", ["sqlite3"], ["libsqlite", "readline", "libzlib"], "blessing"),
    Repack(
        "openssl",
        ["libssl3", "openssl", "libssl-dev"],
        ["ca-certificates"],
        "Apache-2.0",
        bound="4.0a0",
    ),
    Repack("tzdata", ["tzdata"], licence="LicenseRef-Public-Domain", noarch="generic", forms=BOTH),
    Repack("oniguruma", ["libonig5"], licence="BSD-2-Clause", bound="6.10.0a0"),
    Repack("jq", ["jq", "libjq1"], ["oniguruma"], "MIT", forms=BOTH),
    Repack("tree", ["tree"], licence="GPL-2.0-or-later", forms=(".tar.bz2",)),
    Repack(
        "libmagic", ["libmagic1", "libmagic-mgc"], ["libzlib", "bzip2", "liblzma"], "BSD-2-Clause"
    ),
    Repack("file", ["file"], ["libmagic"], "BSD-2-Clause"),
    Repack("xxhash", ["libxxhash0", "xxhash"], licence="BSD-2-Clause", bound="0.9.0a0"),
    Repack("lz4-c", ["liblz4-1", "lz4"], licence="BSD-2-Clause", bound="2.0a0"),
    Repack("libgcc", ["libgcc-s1"], licence="GPL-3.0-only WITH GCC-exception-3.1"),
    Repack("libstdcxx", ["libstdc++6"], ["libgcc"], "GPL-3.0-only WITH GCC-exception-3.1"),
    Repack(
        "zstd",
        ["zstd", "libzstd1"],
        ["libzlib", "liblzma", "lz4-c", "libgcc", "libstdcxx"],
        "BSD-3-Clause",
        bound="1.6.0a0",
    ),
]

# libmagic has Debian's path of its data compiled in; who activates the prefix is told another.
MAGIC = {
    "etc/conda/activate.d/libmagic.sh": 'export MAGIC="$CONDA_PREFIX/share/misc/magic.mgc"\n',
    "etc/conda/deactivate.d/libmagic.sh": "unset MAGIC\n",
}


NAMES = (*(repack.name for repack in REPACKS), "ca-certificates")


def debs_needed(names: tuple[str, ...]) -> list[str]:
    return [deb for repack in chosen(names) for deb in repack.debs] + ["ca-certificates"]


def packages(debs: dict[str, Deb], names: tuple[str, ...]) -> list[Package]:
    """Those of these names, each bound to the versions that Debian built it with."""
    versions = versions_of(debs)
    made = [repacked(repack, debs, versions) for repack in chosen(names)]
    return [*made, certificates(debs["ca-certificates"])]


def chosen(names: tuple[str, ...]) -> list[Repack]:
    return [repack for repack in REPACKS if repack.name in names]


def versions_of(debs: dict[str, Deb]) -> dict[str, str]:
    """Of the packages that are made of these of Debian's."""
    there = [repack for repack in REPACKS if repack.debs[0] in debs]
    versions = {repack.name: debs[repack.debs[0]].version for repack in there}
    return versions | {"ca-certificates": debs["ca-certificates"].version}


def bounded(name: str, versions: dict[str, str]) -> str:
    """The requirement for a library that something was built with."""
    bound = next((repack.bound for repack in REPACKS if repack.name == name), "")
    return f"{name} >={versions[name]},<{bound}" if bound else name


def repacked(repack: Repack, debs: dict[str, Deb], versions: dict[str, str]) -> Package:
    entries: dict[str, Entry] = {}
    for name in repack.debs:
        entries |= debs[name].entries()
        entries[f"info/licenses/{name}.txt"] = File(debs[name].licence())
    for path, entry in entries.items():
        if path.endswith(".pc"):
            entries[path] = File(with_placeholder(entry.data.decode()))
    if repack.name == "libmagic":
        entries |= MAGIC
    if repack.name == "ncurses":
        entries |= terminals(entries)
    depends = [bounded(name, versions) for name in repack.depends]
    version = versions[repack.name]
    exports = {"weak": [bounded(repack.name, versions)]} if repack.bound else {}
    return Package(
        repack.name,
        version,
        build_string([debs[name] for name in repack.debs]),
        depends=depends if repack.noarch else [GLIBC, *depends],
        noarch=repack.noarch,
        files=entries,
        forms=repack.forms,
        run_exports=exports,
        more={"license": repack.licence},
    )


def build_string(debs: list[Deb]) -> str:
    digest = hashlib.sha256("".join(deb.archive.name for deb in debs).encode())
    return f"h{digest.hexdigest()[:7]}_0"


def terminals(entries: dict[str, Entry]) -> dict[str, Entry]:
    """Debian has these few descriptions in /lib/terminfo."""
    found = {path: entry for path, entry in entries.items() if path.startswith("lib/terminfo/")}
    for path in found:
        del entries[path]
    return {path.replace("lib/", "share/", 1): entry for path, entry in found.items()}


def certificates(deb: Deb) -> Package:
    """The roots that Mozilla trusts, in one file as conda-forge has them."""
    roots = sorted((deb.tree / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    return Package(
        "ca-certificates",
        deb.version,
        build_string([deb]),
        noarch="generic",
        files={
            "ssl/cacert.pem": b"".join(root.read_bytes() for root in roots),
            "ssl/cert.pem": Link("cacert.pem"),
            "info/licenses/ca-certificates.txt": File(deb.licence()),
        },
        more={"license": "MPL-2.0"},
    )
