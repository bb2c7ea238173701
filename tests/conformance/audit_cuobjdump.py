#!/usr/bin/env python3
"""Compares the device code that `envpm audit` lists with what NVIDIA's cuobjdump lists.

    audit_cuobjdump.py ENVPM CUOBJDUMP PREFIX [FOLDER…]

Run by hand: it needs an environment with CUDA libraries. cuobjdump is in the wheel
`nvidia-cuda-cuobjdump` and in the toolkit. Every binary of PREFIX that has device code by either
side is compared, by architecture and kind. cuobjdump reads `.nv_fatbin` alone, and leaves out the
letter `f`, so envpm's counts are those of registered images without it.

cuobjdump looks into each cubin and refuses a whole file for one whose sections name a symbol table
that is none: libcufile's were made by removing two sections without renumbering these links. Such a
file is listed from a copy in which they lead to the symbol table that the cubin has; no header of
device code, which is what is compared, is changed by that.
"""

import collections
import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

LISTED = re.compile(r"^(ELF|PTX) file +\d+: .*\.(sm_\d+[af]?)\.(?:cubin|ptx)$", re.MULTILINE)
CUBIN = b"\x7fELF\x02\x01\x01\x33"  # of CUDA's own system, before CUDA 13
SECTION_BYTES, SYMBOLS, RELOCATIONS = 64, 2, {4, 9}  # SHT_SYMTAB; SHT_RELA, SHT_REL
KINDS = {"ELF": "sm_", "PTX": "compute_"}


def audited(envpm, prefix):
    """{path: Counter of names} of all registered images, and how many others there are."""
    done = subprocess.run(
        [envpm, "audit", "--json", "--prefix", prefix], capture_output=True, text=True, check=False
    )
    document = json.loads(done.stdout)
    files, loose = {}, 0
    for file in document["device_code"]:
        counts = files[file["path"]] = collections.Counter()
        for image in file["images"]:
            counts[image["name"].removesuffix("f")] += image["registered"]
            loose += image["loose"]
    return {path: +counts for path, counts in files.items()}, loose


def mended(file):
    """The bytes, in every plain cubin with links that lead to its symbol table."""
    file = bytearray(file)
    at = 0
    while (at := file.find(CUBIN, at)) >= 0:
        (table,) = struct.unpack_from("<Q", file, at + 40)
        (count,) = struct.unpack_from("<H", file, at + 60)
        headers = [at + table + SECTION_BYTES * i for i in range(count)]
        if headers and headers[-1] + SECTION_BYTES <= len(file):
            kinds = [struct.unpack_from("<I", file, header + 4)[0] for header in headers]
            links = [struct.unpack_from("<I", file, header + 40)[0] for header in headers]
            wrong = {
                link
                for kind, link in zip(kinds, links)
                if kind in RELOCATIONS and (link >= count or kinds[link] != SYMBOLS)
            }
            for header, link in zip(headers, links):
                if link in wrong and SYMBOLS in kinds:
                    struct.pack_into("<I", file, header + 40, kinds.index(SYMBOLS))
        at += len(CUBIN)
    return file


def listed_mended(cuobjdump, path):
    with tempfile.NamedTemporaryFile(suffix=path.suffix) as copy:
        copy.write(mended(path.read_bytes()))
        copy.flush()
        return listed(cuobjdump, copy.name)


def listed(cuobjdump, path):
    """Counter of names, as cuobjdump has them; nothing for a file that it refuses to read."""
    counts = collections.Counter()
    for flag in ("--list-elf", "--list-ptx"):
        done = subprocess.run([cuobjdump, flag, path], capture_output=True, text=True, check=False)
        if "Invalid ELF" in done.stderr:
            return None
        for kind, name in LISTED.findall(done.stdout):
            counts[KINDS[kind] + name.removeprefix("sm_").removesuffix("f")] += 1
    return counts


def binaries(prefix):
    for path in sorted(prefix.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def compare(envpm, cuobjdump, prefix):
    """Prints what differs; gives how many files, ELF and PTX entries agree, and how many not."""
    ours, loose = audited(envpm, prefix)
    same, different, totals = 0, 0, collections.Counter()
    for path in binaries(prefix):
        name = path.relative_to(prefix).as_posix()
        mine, theirs = ours.get(name, collections.Counter()), listed(cuobjdump, path)
        if theirs is None and mine:
            theirs = listed_mended(cuobjdump, path)
            refused = theirs is None
            print(f"{name}: cuobjdump refuses it{' whatever is done' if refused else ' as it is'}")
            different += refused
        if not mine and not theirs or theirs is None:
            continue
        if mine == theirs:
            same += 1
        else:
            different += 1
            print(f"{name}: envpm {dict(mine - theirs)}, cuobjdump {dict(theirs - mine)} more")
        for image, count in theirs.items():
            totals["PTX" if image.startswith("compute_") else "ELF"] += count
    print(
        f"{prefix}: {same} files agree, {different} do not; cuobjdump lists {totals['ELF']} ELF"
        f" and {totals['PTX']} PTX entries; envpm found {loose} more that are not registered"
    )
    return different


def main():
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    envpm, cuobjdump, *prefixes = sys.argv[1:]
    different = [compare(envpm, cuobjdump, Path(prefix).resolve()) for prefix in prefixes]
    return 1 if any(different) else 0


if __name__ == "__main__":
    sys.exit(main())
