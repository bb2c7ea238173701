#!/usr/bin/env python3
"""Whether the programs exist that the pages of docs/ tell to run in the repository.

    documented_programs_test.py              judges all pages
    documented_programs_test.py --self-test  proves that each kind of fault is noticed

In indented blocks a word below tests/, tools/ or examples/ is a file, what `ninja` is to make is a
target of a CMakeLists.txt, and so is the name at the end of a path below build/.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FILE = re.compile(r"(?:tests|tools|examples)/[\w./-]+")
BUILT = re.compile(r"build/\w+/(?:[\w-]+/)*([\w-]+)")
MADE_BY_CMAKE = {"all_verify_interface_header_sets"}
NINJA = re.compile(r"ninja(?: -C \S+)?((?: [a-z][\w-]*)*)$")


def wanted_of(line):
    """(files, targets) that the line of a block speaks of."""
    words = [word.rstrip(",") for word in line.split()]
    files = [word for word in words if FILE.fullmatch(word)]
    built = [found[1] for found in map(BUILT.fullmatch, words) if found]
    made = NINJA.search(line.strip())
    return files, built + (made[1].split() if made else [])


def faults_of(page, text, targets):
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("    "):
            continue
        files, wanted = wanted_of(line.partition("  #")[0])
        for file in files:
            if not (ROOT / file).exists():
                yield f"{page}:{number}: there is no {file}"
        for target in wanted:
            if target not in targets and target not in MADE_BY_CMAKE:
                yield f"{page}:{number}: no CMakeLists.txt makes {target}"


def known_targets():
    paths = [ROOT / "CMakeLists.txt", *ROOT.glob("src/**/CMakeLists.txt"),
             *ROOT.glob("tests/**/CMakeLists.txt")]
    text = "".join(path.read_text(encoding="utf-8") for path in paths)
    modules = re.findall(r"^envpm_module\((\w+)", text, re.MULTILINE)
    made = re.findall(r"^(?:add_executable|add_custom_target)\(([\w-]+)", text, re.MULTILINE)
    return {*made, *(f"envpm_{name}_test" for name in modules)}


def self_test():
    for line, word in (("    tests/no/such arg", "tests/no/such"),
                       ("    ninja -C build/dev bench_no_such", "bench_no_such"),
                       ("    tests/bench/run build/dev/tests/no_program", "no_program")):
        faults = list(faults_of("page", line, known_targets()))
        assert len(faults) == 1 and word in faults[0], faults
    for line in ("tests/no/such", "    tests/bench/run ENVPM", "    ninja -C build/dev envpm"):
        assert not list(faults_of("page", line, known_targets())), line


def main():
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    targets = known_targets()
    pages = sorted((ROOT / "docs").glob("**/*.md")) + [ROOT / "CONTRIBUTING.md"]
    faults = [fault for page in pages
              for fault in faults_of(page.relative_to(ROOT), page.read_text("utf-8"), targets)]
    print("\n".join(faults) or f"{len(pages)} pages name programs that exist")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
