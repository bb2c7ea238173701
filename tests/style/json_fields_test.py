#!/usr/bin/env python3
"""Fails if docs/json.md or docs/selftest.md does not name a member that `--json` prints.

The members are the literals that the sources of src/cli put into objects.
    json_fields_test.py              judges
    json_fields_test.py --self-test  proves that each kind of fault is noticed
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MEMBER = re.compile(r'\{"([a-z][\w-]*)",|emplace\(\s*"([a-z][\w-]*)"|\["([a-z][\w-]*)"\] =')
PAGES = ("docs/json.md", "docs/selftest.md")  # the latter has the receipts


def members_in(text):
    return {name for found in MEMBER.findall(text) for name in found if name}


def missing(members, text):
    words = set(re.findall(r'[`"]([a-z][\w-]*)[`"]', text))
    return sorted(members - words)


def sources():
    for path in sorted((ROOT / "src" / "cli").glob("*.cpp")):
        text = path.read_text("utf-8")
        if "Json" in text and "TEST(" not in text:
            yield path.name, text


def self_test():
    text = 'Json::Object{{"one", 1}, {"two-b", x}}; a->emplace("three", y); f["four"] = z;'
    assert members_in(text) == {"one", "two-b", "three", "four"}, members_in(text)
    assert missing({"one", "two-b"}, "`one` and two-b") == ["two-b"]
    assert not missing({"one"}, "`one`")


def main():
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    pages = "".join((ROOT / page).read_text("utf-8") for page in PAGES)
    count, faults = 0, []
    for name, text in sources():
        members = members_in(text)
        count += len(members)
        faults += [f"{name}: no page names the member `{member}`"
                   for member in missing(members, pages)]
    print("\n".join(faults) or f"{count} members of documents are named")
    return bool(faults) or not count


if __name__ == "__main__":
    sys.exit(main())
