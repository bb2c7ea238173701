"""The conda packages that the command tests lock and install, and the writer of their channel.

`sample_channel.py FOLDER` writes the channel; `channel_server.py FOLDER` serves it.
"""

import hashlib
import sys
from pathlib import Path

from conda_packages import (
    PLACEHOLDER,
    File,
    Folder,
    Link,
    Package,
    as_json,
    without_nones,
    write_package,
    zstd,
)
from conda_shards import write_shards
from faulty_packages import FAULTY

# Stands in for an interpreter: the machine's, with the modules of this prefix.
PYTHON = f"""#!/bin/sh
own={PLACEHOLDER}/bin
IFS=:
for folder in $PATH; do
    if ! [ "$folder" -ef "$own" ] && [ -x "$folder/python3" ]; then
        PYTHONPATH={PLACEHOLDER}/SITE exec "$folder/python3" -B "$@"
    fi
done
echo "python of the tests: no python3 on PATH" >&2
exit 127
"""

GREETER = {
    "site-packages/greeter/__init__.py": (
        'def main():\n    import sys\n    print("greetings", *sys.argv[1:])\n'
    ),
    "site-packages/greeter-1.0.dist-info/METADATA": (
        "Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n"
    ),
    "site-packages/greeter-1.0.dist-info/INSTALLER": "conda\n",
    "python-scripts/greeter-script": File(
        f"#!{PLACEHOLDER}/bin/python\nprint('a script')\n", 0o755
    ),
    "share/greeter/words.txt": "greetings\n",
}

# One path in binary form, ended by NUL; then two in one string, ended by another.
BINARY = (
    b"\x7fELF\0\1" + PLACEHOLDER.encode() + b"/share/rooted\0kept\0"
    + f"{PLACEHOLDER}/a:{PLACEHOLDER}/b".encode() + b"\0end\0"
)  # fmt: skip

ROOTED = {
    "bin/rooted": File(f'#!/bin/sh\ncat "{PLACEHOLDER}/share/rooted/where.txt"\n', 0o755),
    # The first line is longer than the kernel reads in most prefixes; the second has an option.
    "bin/rooted-shebang": File(f"#!{PLACEHOLDER}/bin/python\nprint('shebang')\n", 0o755),
    "bin/rooted-option": File(f"#!{PLACEHOLDER}/bin/python -E\nprint('option')\n", 0o755),
    "share/rooted/where.txt": f"{PLACEHOLDER}\n",
    "share/rooted/twice.conf": f"path = {PLACEHOLDER}/a:{PLACEHOLDER}/b\n",
    "lib/rooted.bin": File(BINARY, 0o755),
}

LINKS = {
    "lib/liblinks.so.1.0": b"library\n",
    "lib/liblinks.so.1": Link("liblinks.so.1.0"),
    "lib/liblinks.so": Link("liblinks.so.1"),
    "share/links/data/table.csv": "a;b\n1;2\n",
    "share/links/more": Link("data"),
    "share/links/up": Link("../../lib/liblinks.so.1.0"),
    "share/links/unlinked.txt": File("copied\n", says={"no_link": True}),
    "bin/private": File("#!/bin/sh\necho private\n", 0o700),
    "share/links/read-only.txt": File("read\n", 0o444),
    "share/links/zero.txt": b"",
    "share/links/straße/日本語.txt": "text\n",
}


def python(version: str, build: str, site: str = "", **more) -> Package:
    """An interpreter of that version by name, its files and links as conda lays them out."""
    minor = ".".join(version.split(".")[:2])
    tail = "t" if build.endswith("t") else ""
    program = f"bin/python{minor}{tail}"
    site = site or f"lib/python{minor}/site-packages"
    return Package(
        "python",
        version,
        build,
        depends=["tzdata", "zinc >=1.2,<2.0a0"],
        constrains=[f"python_abi {minor}.* *_cp{minor.replace('.', '')}{tail}"],
        files={
            program: File(PYTHON.replace("SITE", site), 0o755),
            "bin/python": Link(program[len("bin/") :]),
            "bin/python3": Link(program[len("bin/") :]),
            f"{site}/README.txt": "packages\n",
        },
        **more,
    )


def python_abi(version: str, tag: str) -> Package:
    constraint = f"python {version}.* *_{tag}"
    return Package("python_abi", version, f"8_{tag}", constrains=[constraint], noarch="generic")


def stone(version: str, **more) -> Package:
    return Package("stone", version, files={"share/stone/version": f"{version}\n"}, **more)


PACKAGES = [
    # A world to choose in: versions, a pre-release, both formats, dependencies that exclude some.
    stone("1.0", forms=(".tar.bz2", ".conda")),
    stone("1.1"),
    stone("1.1", build="1", number=1),
    stone("2.0"),
    stone("2.1rc1"),
    Package("mortar", "1.0", depends=["stone <2"], noarch="generic"),
    Package("wall", "1.0", depends=["stone >=1.1"], noarch="generic"),
    Package("wall", "2.0", depends=["stone >=2", "mortar-free"], noarch="generic"),
    Package("wall", "2.1", depends=["stone >=2"], noarch="generic"),
    Package("against-stone", "1.0", constrains=["stone <2"], noarch="generic"),
    Package("needs-absent", "1.0", depends=["not-in-any-channel >=3"], noarch="generic"),
    Package("late", "1.0", noarch="generic", built=1735689600000),
    Package("late", "2.0", noarch="generic", built=1780272000000),
    # Interpreters and what goes with them.
    Package("zinc", "1.2.13", files={"lib/libzinc.so.1": b"zinc 1.2.13\n"}),
    Package(
        "zinc",
        "1.3.1",
        files={"lib/libzinc.so.1": b"zinc 1.3.1\n"},
        run_exports={"weak": ["zinc >=1.3,<2.0a0"]},
    ),
    Package("tzdata", "2026a", noarch="generic", files={"share/zoneinfo/UTC": b"TZif2\n"}),
    python_abi("3.11", "cp311"),
    python_abi("3.12", "cp312"),
    python("3.11.9", "h1_0_cp311"),
    python("3.12.4", "h1_0_cp312"),
    python(
        "3.13.1",
        "h1_0_cp313t",
        "lib/python3.13t/site-packages",
        more={
            "python_site_packages_path": "lib/python3.13t/site-packages",
            "track_features": "py_freethreading",
        },
    ),
    Package(
        "greeter",
        "1.0",
        "pyh1_0",
        depends=["python >=3.9", "stone"],
        noarch="python",
        files=GREETER,
        entry_points=["greeter = greeter:main"],
        says={"purls": ["pkg:pypi/greeter@1.0"]},
    ),
    Package(
        "native-module",
        "1.0",
        "py311_0",
        depends=["python >=3.11,<3.12.0a0", "python_abi 3.11.* *_cp311"],
        files={"lib/python3.11/site-packages/native_module.py": "built_for = '3.11'\n"},
    ),
    Package(
        "native-module",
        "1.0",
        "py312_0",
        depends=["python >=3.12,<3.13.0a0", "python_abi 3.12.* *_cp312"],
        files={"lib/python3.12/site-packages/native_module.py": "built_for = '3.12'\n"},
    ),
    # The machine: virtual packages, variants, other platforms.
    Package(
        "accelerated",
        "1.0",
        "cpu_0",
        files={"share/accelerated/variant": "cpu\n"},
        more={"track_features": "accelerated-cpu"},
    ),
    Package(
        "accelerated",
        "1.0",
        "cuda_0",
        depends=["__cuda >=12"],
        files={"share/accelerated/variant": "cuda\n"},
    ),
    Package("modest", "1.0", depends=["__glibc >=2.17", "__unix"]),
    Package("futuristic-glibc", "1.0", depends=["__glibc >=99"]),
    Package("mac-only", "1.0", subdir="osx-64", files={"share/mac-only/a.txt": "mac\n"}),
    Package("stone", "2.0", subdir="osx-64", files={"share/stone/version": "2.0 mac\n"}),
    # What may stand in a package.
    Package("rooted", "1.0", depends=["python"], files=ROOTED, forms=(".conda", ".tar.bz2")),
    Package("links", "1.0", files=LINKS, forms=(".conda", ".tar.bz2")),
    # py-rattler 0.28 cannot put up an entry of type `directory`; conda and rattler-build know it.
    Package("empty-folder", "1.0", files={"share/empty-folder/a": Folder()}),
    Package("dangling", "1.0", files={"share/dangling/link": Link("not-there")}),
    # Older than paths.json: there is info/files.
    Package("no-paths", "1.0", files={"share/no-paths/a.txt": "text\n", "info/paths.json": None}),
    Package("only-bz2", "1.0", files={"share/only-bz2/a.txt": "old\n"}, forms=(".tar.bz2",)),
    Package("only-conda", "1.0", files={"share/only-conda/a.txt": "new\n"}),
    Package("metadata-only", "1.0", depends=["stone", "links"], noarch="generic"),
    Package("clash-a", "1.0", files={"share/clash/a.txt": "of a\n", "share/clash/own-a": b""}),
    Package("clash-b", "1.0", files={"share/clash/a.txt": "of b\n", "share/clash/own-b": b""}),
    Package(
        "scripted",
        "1.0",
        files={
            "bin/.scripted-post-link.sh": File('echo ran > "$PREFIX/ran"\n', 0o755),
            "etc/conda/activate.d/scripted.sh": 'export SCRIPTED="in $CONDA_PREFIX"\n',
            "etc/conda/deactivate.d/scripted.sh": "unset SCRIPTED\n",
            "etc/conda/env_vars.d/scripted.json": '{"BY_DATA": "$yes", "PATH": "/evil"}\n',
            "share/scripted/a.txt": "text\n",
        },
    ),
    Package("withdrawn", "1.0", noarch="generic"),
    Package("withdrawn", "1.1", noarch="generic", removed=True),
]

def write_channel(folder: Path, packages: list[Package]) -> None:
    """Archives and, for each platform and always for noarch, repodata: plain, zstd, shards."""
    pages = {"noarch": empty_page("noarch")}
    for package in packages:
        record = package.record
        subdir = record["subdir"]
        page = pages.setdefault(subdir, empty_page(subdir))
        for form in package.forms:
            path = write_package(folder / subdir, record, package.content(), form, package.lies)
            if package.removed:
                page["removed"].append(path.name)
                continue
            group = "packages.conda" if form == ".conda" else "packages"
            page[group][path.name] = without_nones(record | facts(path) | package.says)
    for subdir, page in pages.items():
        write_page(folder / subdir, page)


def empty_page(subdir: str) -> dict:
    return {
        "info": {"subdir": subdir},
        "packages": {},
        "packages.conda": {},
        "removed": [],
        "repodata_version": 1,
    }


def facts(path: Path) -> dict:
    """What a channel measures of an archive."""
    content = path.read_bytes()
    return {
        "md5": hashlib.md5(content).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }


def write_page(folder: Path, page: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = as_json(page).encode()
    (folder / "repodata.json").write_bytes(content)
    (folder / "repodata.json.zst").write_bytes(zstd(content))
    write_shards(folder, page)


if __name__ == "__main__":
    write_channel(Path(sys.argv[1]), PACKAGES + FAULTY)
