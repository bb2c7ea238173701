#!/usr/bin/env python3
"""A channel as large as the largest, made of the records of smaller ones.

    tests/bench/synthetic_channel.py OUT.json RECORDS REPODATA.json…

Every copy of a record has a name and digests of its own; versions, builds and dependencies are as
real channels have them. The records are in the order and spelling of real pages. Read again with
`bench_conda_channel OUT.json`.
"""

import hashlib
import json
import sys
from pathlib import Path


def copies(records, count):
    """(file name, record), `count` of them: all records, then all again under other names."""
    made = 0
    for copy in range(count):
        for file_name, record in records:
            if made == count:
                return
            suffix = f"-x{copy}" if copy else ""
            name = record["name"] + suffix
            digest = hashlib.sha256(f"{file_name}{copy}".encode()).hexdigest()
            yield (
                name + file_name[len(record["name"]) :],
                {**record, "name": name, "sha256": digest, "md5": digest[:32]},
            )
            made += 1


def main():
    out, count, *pages = sys.argv[1:]
    records = []
    for page in pages:
        content = json.loads(Path(page).read_text(encoding="utf-8"))
        for kind in ("packages", "packages.conda"):
            for file_name, record in sorted(content.get(kind, {}).items()):
                records.append((file_name, {**record, "subdir": "linux-64"}))
    half = dict(sorted(copies(records, int(count))))
    packages = {name: r for name, r in half.items() if int(r["md5"][0], 16) < 4}
    conda = {
        name.removesuffix(".tar.bz2") + ".conda": r
        for name, r in half.items()
        if int(r["md5"][0], 16) >= 4
    }
    text = json.dumps(
        {
            "info": {"subdir": "linux-64"},
            "packages": packages,
            "packages.conda": conda,
            "removed": [],
            "repodata_version": 1,
        },
        separators=(",", ":"),
        sort_keys=True,
    )
    Path(out).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
