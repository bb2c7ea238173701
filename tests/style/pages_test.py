#!/usr/bin/env python3
"""Whether the pages lead to each other.

    pages_test.py              judges all pages
    pages_test.py --self-test  proves that each kind of fault is noticed

A link of a page leads to a file of the repository, and to a heading of it if it says one. README.md
links to every page of docs/, and names every package that tools/packages.sh says the build needs. A
program of the repository that a page begins a command with can be started so.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = re.compile(r"^(?:    )?((?:tests|tools)/[\w/.-]+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")


def without_code(text):
    """Links in code are no links; headings are none either."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^    .*$", "", text, flags=re.MULTILINE)


def anchors_of(text):
    """As GitHub makes them: lower case, blanks to hyphens, no other signs; a number from 2 on."""
    anchors = set()
    for heading in re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip())
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = sum(1 for known in anchors if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", known))
        anchors.add(f"{anchor}-{count}" if count else anchor)
    return anchors


def dead_links(root, page):
    text = page.read_text("utf-8")
    for link, anchor in LINK.findall(re.sub(r"`[^`\n]*`", "", without_code(text))):
        name = page.relative_to(root)
        target = page.parent / link if link else page
        if not target.exists():
            yield f"{name}: the link to {link} leads nowhere"
        elif anchor and anchor not in anchors_of(target.read_text("utf-8")):
            yield f"{name}: {link or 'the page'} has no heading for #{anchor}"


def not_programs(root, page):
    for program in COMMAND.findall(page.read_text("utf-8")):
        if not os.access(root / program, os.X_OK):
            yield f"{page.relative_to(root)}: {program} cannot be started"


def unlisted(root):
    readme = (root / "README.md").read_text("utf-8")
    linked = {link for link, _ in LINK.findall(readme)}
    for page in sorted((root / "docs").glob("*.md")):
        if f"docs/{page.name}" not in linked:
            yield f"README.md: no link to docs/{page.name}"
    script = (root / "tools/packages.sh").read_text("utf-8")
    listed = re.search(r'^build_packages="([^"]*)"', script, re.MULTILINE)[1]
    words = set(readme.split())
    for package in listed.split():
        if package not in words:
            yield f"README.md: the package {package} is missing"


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "docs").mkdir()
        (root / "tools").mkdir()
        (root / "tools/packages.sh").write_text('build_packages="g++ cmake"\n')
        (root / "docs/a.md").write_text("# A, `b` (4)\n\n## Two\n\n## Two\n\n    # code\n")
        (root / "tools/run").touch(0o755)
        page = root / "README.md"
        sound = "g++ cmake [a](docs/a.md#a-b-4) [b](docs/a.md#two-1) [c](https://x.org/#y)\n"
        sound += "# Here\n[d](#here) `[e](none.md)`\n\n    tools/run x\n"
        for text, word in ((sound, ""), (sound.replace("#a-b-4", "#a"), "no heading for #a"),
                           (sound.replace("#here", "#code"), "no heading for #code"),
                           (sound.replace("docs/a.md#two-1", "docs/b.md"), "leads nowhere"),
                           (sound.replace("docs/a.md", "tools"), "no link to docs/a.md"),
                           (sound.replace("tools/run", "tools/ru"), "tools/ru cannot be started"),
                           (sound.replace("tools/run", "tools/packages.sh"), "cannot be started"),
                           (sound.replace("cmake", "make"), "package cmake is missing")):
            page.write_text(text.replace("(tools#a-b-4)", "(tools)").replace("(tools#two-1)", ""))
            faults = [*dead_links(root, page), *not_programs(root, page), *unlisted(root)]
            assert (word in "\n".join(faults)) if word else not faults, (word, faults)


def main():
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")]
    faults = [fault for page in sorted(pages)
              for fault in (*dead_links(ROOT, page), *not_programs(ROOT, page))]
    faults += unlisted(ROOT)
    print("\n".join(faults) or f"{len(pages)} pages lead to each other")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
