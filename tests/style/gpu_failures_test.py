#!/usr/bin/env python3
"""Fails if a row of docs/gpu.md, "Failures that users meet", names no test or no snapshot.

A test is `Suite.Name` of a `_test.cpp`; `…` at its end stands for the rest, `*` for all of a suite.
A snapshot is a case of tests/cases with words that its `expected` has: `gpu-failures` "(803)". A
row without a snapshot says why in its place: in the solve only, or by hand.

Run from the repository root: `tests/style/gpu_failures_test.py [--self-test]`.
"""

import pathlib
import re
import sys

TEST = re.compile(r"`([A-Z]\w*)\.([\w*]+)(…?)`")
SNAPSHOT = re.compile(r'`([\w-]+)` "([^"]+)"')
DEFINED = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.MULTILINE)
HEADING = "## Failures that users meet"
COLUMNS = 6


def rows_of(page):
    """The cells of each row below the table's head."""
    table = page[page.index(HEADING) :]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def is_there(test, defined):
    suite, name, rest = test
    if name == "*":
        return any(other == suite for other, _ in defined)
    return any(
        other == suite and (full.startswith(name) if rest else full == name)
        for other, full in defined
    )


def problems_of(row, defined, snapshots):
    if len(row) != COLUMNS:
        return [f"has {len(row)} cells, not {COLUMNS}"]
    tests = TEST.findall(row[2] + row[4])
    problems = [] if tests else ["names no test"]
    problems += [
        f"names {'.'.join(test[:2])}, which is no test"
        for test in tests
        if not is_there(test, defined)
    ]
    shown = SNAPSHOT.findall(row[5])
    if not shown and not row[5].startswith(("the solve", "by hand")):
        problems.append("names no snapshot")
    for case, words in shown:
        if words not in snapshots.get(case, ""):
            problems.append(f'the snapshot {case} has no "{words}"')
    return problems


def check(root):
    defined = set()
    for file in root.glob("src/**/*_test.cpp"):
        defined.update(DEFINED.findall(file.read_text()))
    snapshots = {
        file.parent.name: file.read_text() for file in root.glob("tests/cases/*/expected")
    }
    rows = rows_of((root / "docs/gpu.md").read_text())
    found = [
        f"docs/gpu.md: {row[0]}: {problem}"
        for row in rows
        for problem in problems_of(row, defined, snapshots)
    ]
    return found if rows else ["docs/gpu.md: the table of failures has no row"]


def self_test():
    defined, snapshots = {("Verdict", "TheStub"), ("Probe", "AHangEnds")}, {"one": "error (803)"}
    sound = ["x", "", "`Verdict.TheStub`", "", "`Probe.AHang…`, `Verdict.*`", '`one` "(803)"']
    assert not problems_of(sound, defined, snapshots)
    assert not problems_of([*sound[:5], "the solve alone"], defined, snapshots)
    for wrong in (
        sound[:5],
        [*sound[:5], ""],
        [*sound[:5], '`one` "(804)"'],
        [*sound[:5], '`two` "(803)"'],
        ["x", "", "", "", "by hand", '`one` "(803)"'],
        [*sound[:4], "`Probe.AHang`", '`one` "(803)"'],
        [*sound[:4], "`Cache.*`", '`one` "(803)"'],
    ):
        assert problems_of(wrong, defined, snapshots), wrong
    assert rows_of(f"{HEADING}\n\n| a | b |\n|---|---|\n| c | d |\n") == [["c", "d"]]


if __name__ == "__main__":
    if "--self-test" in sys.argv[1:]:
        self_test()
        sys.exit(0)
    FOUND = check(pathlib.Path("."))
    print("\n".join(FOUND) or "every failure has its test")
    sys.exit(1 if FOUND else 0)
