#!/usr/bin/env python3
"""Fails if cmake/batches.py puts sources together that are not to be, or few of those that can be.

Run from the repository root: `tests/style/batches_test.py [--self-test]`.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cmake"))

import batches  # noqa: E402 # it is no package

MOST = 8

PLAIN = "namespace envpm {\n\nvoid store(int bytes) {}\n\n} // namespace envpm\n"


def owner(line):
    """A source that has this for itself."""
    return f"namespace envpm {{\nnamespace {{\n{line}\n}} // namespace\n}} // namespace envpm\n"


# A text with a name of its own, one that mentions it, and one that has the word for no such name.
CASES = [
    (owner("constexpr int most = 4;"), "int a() {\n    return most;\n}\n", "int a = x.most;\n"),
    (owner("int take(int a) {\n    return a;\n}"), "int a = take(1);\n", "int a = x->take();\n"),
    (owner("void take(int a,\n          int b);"), "int a = take(1);\n", "// take a number\n"),
    (owner("std::vector<int> keys[2] = {};"), "int a = keys();\n", 'const char* a = "keys";\n'),
    (owner("constexpr std::array steps{1};"), "int steps;\n", "/* steps */ int a;\n"),
    (owner("struct Reader {\n    int a;\n};"), "class Reader;\n", "int a = other::Reader::b;\n"),
    (owner("template <typename T> class Set {\n};"), "Set<int> a;\n", "int a = x->Set;\n"),
    (owner("enum class Kind { a, b };"), "Kind a;\n", "int kind;\n"),
    (owner("using Names = int;"), "Names a;\n", "int names;\n"),
    (owner("namespace fs = std::filesystem;"), "fs::path a;\n", "int a = y.fs;\n"),
    ("namespace a {\nusing manifest::Edit;\n}\n", "Edit a;\n", "manifest::Edit a;\n"),
    (owner("int cut(char a);"), "int a = '\"'+cut(b); // \"\n", "int a = '\"' + '\"' + x.cut;\n"),
    (owner("int raw;"), 'int b = raw;\n', 'const char* a = R"(" raw \n raw)";\n'),
    ("#define LIMIT 3\n", "int a = LIMIT;\n", "int limit;\n"),
]


HEADERS = {"outer.h": '#include "inner.h"\n', "inner.h": "int take(int a);\nclass Other {\n};\n"}
CASES.append((owner("int take(long a);"), '#include "outer.h"\n', '#include "other.h"\n'))


def numbers_of(texts, most=MOST):
    return batches.batches(texts, most, lambda name: batches.header_parts(HEADERS.get(name, "")))


def self_test():
    for own, mentions, other in CASES:
        for texts in ([own, mentions], [mentions, own]):
            if numbers_of(texts) != [0, 1]:
                yield f"not kept apart: {texts}"
        if numbers_of([own, other]) != [0, 0]:
            yield f"kept apart: {[own, other]}"
    if numbers_of([PLAIN] * 5, 2) != [0, 0, 1, 1, 2]:
        yield "a batch has more than it may, or less than it can"


def check(root):
    """More than two fifths as many compilations as sources would make the batches useless."""
    sources = compilations = 0
    parts_of = batches.headers_below(root / "src")
    for folder in sorted(root.glob("src/*/CMakeLists.txt")):
        files = [path for path in folder.parent.glob("*.cpp") if not path.stem.endswith("_test")]
        texts = [path.read_text(encoding="utf-8") for path in sorted(files)]
        sources += len(texts)
        compilations += len(set(batches.batches(texts, MOST, parts_of)))
    if not 0 < compilations <= sources * 2 / 5:
        yield f"src:1: {sources} sources are {compilations} compilations"


def main():
    faults = list(self_test() if sys.argv[1:] == ["--self-test"] else check(pathlib.Path(".")))
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
