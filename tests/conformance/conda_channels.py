#!/usr/bin/env python3
"""Reads real pages of channels as envpm does, and independently of it: the same files must be
candidates, with the same digests, and every other one must have a reason.

    tests/conformance/conda_channels.py CHANNEL_ANSWERS

The pages are those of $ENVPM_SHARED_DATA/conda; without them this is skipped. It prints what each
page has, and why files are refused.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def parts_of(file_name):
    for suffix in (".conda", ".tar.bz2"):
        if file_name.endswith(suffix):
            parts = file_name.removesuffix(suffix).rsplit("-", 2)
            if len(parts) == 3 and all(parts):
                return parts, suffix
    return None, None


def is_candidate(file_name, record, subdir, removed):
    """None for an entry that belongs to no name."""
    parts, _ = parts_of(file_name)
    if not parts or not re.fullmatch(r"[A-Za-z0-9._+!~-]+", file_name):
        return None
    said = [record.get("name"), record.get("version"), record.get("build")]
    return (
        said == parts
        and record.get("subdir", subdir) == subdir
        and bool(DIGEST.fullmatch(record.get("sha256") or ""))
        and isinstance(record.get("size"), int)
        and not record.get("revoked")
        and file_name not in removed
    )


def expected(page, subdir):
    """The candidates by file name, and how many entries are none."""
    removed = set(page.get("removed", []))
    found, refused = {}, 0
    for kind in ("packages", "packages.conda"):
        for file_name, record in page.get(kind, {}).items():
            verdict = is_candidate(file_name, record, subdir, removed)
            if verdict:
                found[file_name] = record
            elif verdict is not None:
                refused += 1
    for file_name in list(found):
        if file_name.endswith(".tar.bz2") and file_name[:-8] + ".conda" in found:
            del found[file_name]
    return found, refused


def seconds_or_milliseconds(timestamp):
    if timestamp is None:
        return -1
    return int(timestamp) if timestamp > 253402300799 else int(timestamp) * 1000


def compare(program, path):
    compressed = path.read_bytes()
    text = subprocess.run(["zstd", "-dqc"], input=compressed, capture_output=True, check=True)
    page = json.loads(text.stdout)
    subdir = page["info"].get("subdir") or re.search(r"(noarch|linux-64)", path.name).group(1)
    answer = subprocess.run([program, subdir], input=compressed, capture_output=True, check=True)
    records, reasons = {}, collections.Counter()
    for line in answer.stdout.decode().splitlines():
        kind, file_name, *rest = line.split("\t")
        if kind == "record":
            records[file_name] = rest
        else:
            reasons[re.sub(r"`[^`]*`", "`…`", rest[0])] += 1
    wanted, refused = expected(page, subdir)
    faults = [f"{path.name}: {name} is missing" for name in wanted if name not in records]
    faults += [f"{path.name}: {name} is no candidate" for name in records if name not in wanted]
    for file_name, record in wanted.items():
        facts = [
            record["sha256"].lower(),
            str(record["size"]),
            str(len(record.get("depends", []))),
            str(seconds_or_milliseconds(record.get("timestamp"))),
        ]
        if records.get(file_name, facts) != facts:
            faults.append(f"{path.name}: {file_name}: {records[file_name]} for {facts}")
    if sum(reasons.values()) != refused:
        faults.append(f"{path.name}: {sum(reasons.values())} reasons for {refused} refused files")
    print(f"{path.name}: {len(records)} records, {refused} refused {dict(reasons) or ''}")
    return faults


def main():
    folder = Path(os.environ.get("ENVPM_SHARED_DATA", "/nonexistent")) / "conda"
    pages = sorted(folder.glob("*.repodata.json.zst"))
    if not pages or not shutil.which("zstd"):
        print("skipped: no shared data")
        return 0
    faults = [fault for path in pages for fault in compare(sys.argv[1], path)]
    print("\n".join(faults[:50]), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
