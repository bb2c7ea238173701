#!/usr/bin/env python3
"""Whether the table of variables in docs/cli.md is that of the sources.

    variables_test.py              judges
    variables_test.py --self-test  proves that each kind of fault is noticed

Every variable of envpm, and of pip, conda, certificates, proxies and XDG folders, that a source of
the product has as a literal is in the table, and each of envpm's in the table is in a source.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LITERAL = re.compile(
    r'"((?:ENVPM|XDG|PIP|CONDA|SSL|UV|PYENV)_[A-Z_]*[A-Z]|(?:all|http|https|no)_proxy'
    r'|[A-Z]+_PROXY|CONDARC|NETRC|NO_COLOR|REQUESTS_CA_BUNDLE)"'
)
HEADING = "\n## Variables\n"


def table_of(page):
    section = page[page.index(HEADING) + len(HEADING) :].split("\n## ")[0]
    rows = "\n".join(line for line in section.splitlines() if line.startswith("| "))
    return set(re.findall(r"`([A-Za-z][A-Za-z_]+)`", rows))


def faults_of(literals, table):
    for name in sorted(literals - table):
        yield f"docs/cli.md: the table of variables lacks {name}"
    for name in sorted(table - literals):
        if name.startswith("ENVPM_"):
            yield f"docs/cli.md: no source reads {name}"


def literals_of(root):
    found = set()
    for path in root.glob("src/**/*.cpp"):
        text = path.read_text("utf-8")
        if not re.search(r"^TEST(_F|_P)?\(", text, re.MULTILINE):
            found.update(LITERAL.findall(text))
    return found


def self_test():
    assert LITERAL.findall('f("ENVPM_ROOT", "ENVPM_", "https_proxy")') == [
        "ENVPM_ROOT", "https_proxy"]
    page = "`ENVPM_NONE`\n## Variables\n\n| `ENVPM_A`, `HTTPS_PROXY` |\n\n## B\n| `ENVPM_B` |"
    assert table_of(page) == {"ENVPM_A", "HTTPS_PROXY"}, table_of(page)
    assert not list(faults_of({"ENVPM_A"}, table_of(page)))
    assert len(list(faults_of({"ENVPM_C"}, table_of(page)))) == 2


def main():
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    literals = literals_of(ROOT)
    faults = list(faults_of(literals, table_of((ROOT / "docs/cli.md").read_text("utf-8"))))
    print("\n".join(faults) or f"{len(literals)} variables are in the table")
    return bool(faults) or not literals


if __name__ == "__main__":
    sys.exit(main())
