"""Debian's Python as the conda package `python`, and what is compiled for it."""

import re

from conda_channel.debian import Deb, with_placeholder
from conda_channel.libraries import GLIBC, bounded, build_string, versions_of
from conda_packages import PLACEHOLDER, Entry, File, Link, Package

DEBS = [
    "python3.11",
    "python3.11-minimal",
    "libpython3.11-stdlib",
    "libpython3.11-minimal",
    "libpython3.11-dev",
]
NEEDS = [
    "bzip2",
    "libdb",
    "libexpat",
    "libffi",
    "liblzma",
    "libsqlite",
    "libuuid",
    "libzlib",
    "ncurses",
    "openssl",
    "readline",
    "tzdata",
]
SITE = "lib/python3.11/site-packages"
# Debian's own additions, and what needs libraries that are not in the channel.
LEFT_OUT = re.compile(
    r"^lib/python3\.11/(EXTERNALLY-MANAGED|sitecustomize\.py|_distutils_system_mod\.py)$"
    r"|^lib/python3\.11/(test|idlelib)/|/nis\.cpython-|^lib/libpython3|-embed\.pc$"
)
CONFIGURED = re.compile(
    r"/_sysconfigdata_.*\.py$|/config-3\.11-[^/]*/(Makefile|python-config\.py)$"
    r"|\.pc$|^bin/.*(-config|pydoc3\.11)$"
)
LINKS = {
    "bin/python": "python3.11",
    "bin/python3": "python3.11",
    "bin/pydoc": "pydoc3.11",
    "bin/pydoc3": "pydoc3.11",
    "bin/python3-config": "python3.11-config",
    "lib/pkgconfig/python3.pc": "python-3.11.pc",
}


def python(debs: dict[str, Deb], forms: tuple[str, ...]) -> Package:
    versions = versions_of(debs)
    entries: dict[str, Entry] = {}
    for name in DEBS:
        entries |= debs[name].entries()
    renamed = {path.replace("x86_64-linux-gnu-python", "python"): path for path in entries}
    entries = {path: entries[old] for path, old in renamed.items() if not LEFT_OUT.search(path)}
    for path, entry in entries.items():
        if CONFIGURED.search(path) and isinstance(entry, File):
            entries[path] = File(with_placeholder(entry.data.decode()), entry.mode)
    entries |= {path: Link(target) for path, target in LINKS.items()}
    for path, change in (("site.py", as_upstream_site), ("sysconfig.py", as_upstream_schemes)):
        text = entries[f"lib/python3.11/{path}"].data.decode()
        entries[f"lib/python3.11/{path}"] = File(change(text))
    program = entries["bin/python3.11"].data
    entries["bin/python3.11"] = File(with_upstream_site(program), 0o755)
    entries[f"{SITE}/README.txt"] = File("Packages stand here.\n")
    entries["info/licenses/python.txt"] = File(debs["libpython3.11-stdlib"].licence())
    return Package(
        "python",
        debs["python3.11"].version,
        build_string([debs[name] for name in DEBS]) + "_cpython",
        depends=[GLIBC, *(bounded(name, versions) for name in NEEDS)],
        constrains=["python_abi 3.11.* *_cp311"],
        files=entries,
        forms=forms,
        run_exports={"noarch": ["python"], "weak": ["python_abi 3.11.* *_cp311"]},
        more={"license": "Python-2.0"},
    )


def python_abi() -> Package:
    return Package(
        "python_abi",
        "3.11",
        "8_cp311",
        number=8,
        constrains=["python 3.11.* *_cpython"],
        noarch="generic",
    )


def as_upstream_site(text: str) -> str:
    """site-packages of the prefix, in the place of Debian's dist-packages."""
    changed, count = re.subn(
        r"( +)if is_virtual_environment:\n.*?\n( +)else:\n",
        r"\1for libdir in libdirs:\n"
        r"\1    sitepackages.append(os.path.join(prefix, libdir,\n"
        r'\1                        "python%d.%d" % sys.version_info[:2], "site-packages"))\n'
        r"\2else:\n",
        text,
        count=1,
        flags=re.DOTALL,
    )
    return once(changed, count)


def with_upstream_site(program: bytes) -> bytes:
    """The same for the copy of site.py that is frozen into the interpreter: as long a word."""
    changed = program.replace(b"dist-packages", b"site-packages")
    return once(changed, int(changed != program))


def as_upstream_schemes(text: str) -> str:
    """Packages go to site-packages, not to /usr/local."""
    return once(*re.subn(r"prefix_scheme = 'posix_local'", "prefix_scheme = 'posix_prefix'", text))


def once(changed, count: int):
    """`changed`, if that was done in one place."""
    if count != 1:
        raise SystemExit("Debian's Python is not as this script knows it: mend interpreter.py")
    return changed


def shebang(options: str = "") -> str:
    return f"#!{PLACEHOLDER}/bin/python3.11{options}\n"
