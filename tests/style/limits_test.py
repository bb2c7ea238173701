#!/usr/bin/env python3
"""Fails on a file that breaks the limits of CONTRIBUTING.md.

Lines of 100 columns, headers of 200 lines, sources of 500, functions of 60; no tabs, trailing
blanks, TODO or FIXME, `using namespace`, or path of the machine that it was written on; files end
in one newline, headers begin with `#pragma once`, tests are named in UpperCamel. clang-tidy counts
parameters and nesting.

Run from the repository root: `tests/style/limits_test.py [--self-test]`.
"""

import pathlib
import re
import sys
import tempfile

COLUMNS, HEADER_LINES, SOURCE_LINES, FUNCTION_LINES = 100, 200, 500, 60
FOLDERS = ("src", "tests", "tools", "cmake")
CXX = (".h", ".cpp")
TEXT = CXX + (".py", ".cmake", ".txt", ".sh")
# Snapshots and corpora are data: what they hold is what is tested.
DATA = re.compile(r"^tests/(cases|evil|fuzz|data)/")
MACHINE = re.compile(r"(?<![\w.}~/-])/(work|root|home/(?!me|user|you)\w+)(?=[/\s'\"`:)]|$)")
MARK = re.compile(r"\b(TODO|FIXME|XXX)\b")
TEST_NAME = re.compile(r"TEST(?:_F|_P)?\(\w+, (?=[a-z]|\w*_)(\w+)\)")
# A string or character literal, or a comment: what braces in them mean nothing.
LITERAL = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)
# These words before a brace open something that is no function.
NO_FUNCTION = re.compile(
    r"^\s*(?:inline\s+)?(?:namespace|extern\b)|\b(?:class|struct|enum|union)\s"
)


def blank(match):
    """As many lines, nothing in them."""
    return "\n" * match.group(0).count("\n")


def opens_function(head):
    """Whether the text between the last statement and a brace is a function's head."""
    return "(" in head and not NO_FUNCTION.search(head.split("(")[0])


def functions_in(text):
    """(first line, number of lines) of each outermost braced body with a parameter list."""
    line = head_line = 1
    head, open_bodies, found = "", [], []
    for character in LITERAL.sub(blank, text):
        if character == "\n":
            line += 1
        if character == "{":
            is_inside = any(is_function for is_function, _ in open_bodies)
            open_bodies.append((not is_inside and opens_function(head), head_line))
            head = ""
        elif character == "}":
            if open_bodies:
                is_function, first = open_bodies.pop()
                if is_function:
                    found.append((first, line - first + 1))
            head = ""
        elif character == ";" and head.count("(") <= head.count(")"):
            head = ""
        else:
            if not head.strip():
                head, head_line = "", line
            head += character
    return found


def without_directives(text):
    """Macros are no functions, and their braces need not match: lines, but nothing in them."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.MULTILINE)


def line_faults(name, lines, is_cxx):
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield number, f"{len(line)} columns, {COLUMNS} are the limit"
        if "\t" in line:
            yield number, "a tab"
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if MARK.search(line) and not name.startswith("tests/style/"):
            yield number, "a mark for later: do it, or file it"
        if MACHINE.search(line) and not name.startswith("tests/style/"):
            yield number, f"a path of one machine: `{MACHINE.search(line).group(0)}`"
        if is_cxx and re.search(r"\busing\s+namespace\b", re.sub(r"//.*", "", line)):
            yield number, "`using namespace`"
        if is_cxx and TEST_NAME.match(line):
            yield number, f"a test's name is UpperCamel: `{TEST_NAME.match(line).group(1)}`"


def cxx_faults(name, text, lines):
    limit = HEADER_LINES if name.endswith(".h") else SOURCE_LINES
    if len(lines) > limit:
        yield limit + 1, f"{len(lines)} lines, {limit} are the limit"
    if name.endswith(".h") and "#pragma once" not in lines:
        yield 1, "no `#pragma once`"
    for first, count in functions_in(without_directives(text)):
        if count > FUNCTION_LINES:
            yield first, f"a function of {count} lines, {FUNCTION_LINES} are the limit"


def faults_in(name, content):
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        return [f"{name}:{content[:fault.start].count(10) + 1}: not UTF-8"]
    lines = text.split("\n")[:-1] if text.endswith("\n") else text.split("\n")
    is_cxx = name.endswith(CXX)
    faults = list(line_faults(name, lines, is_cxx))
    if not text.endswith("\n") or text.endswith("\n\n"):
        faults.append((len(lines), "must end in one newline"))
    if is_cxx:
        faults += cxx_faults(name, text, lines)
    return [f"{name}:{number}: {what}" for number, what in sorted(faults)]


def check(root):
    paths = [
        path
        for folder in FOLDERS
        for path in sorted((root / folder).rglob("*"))
        if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts
    ]
    faults = [] if paths else ["src:1: there is no source here"]
    for path in paths:
        name = path.relative_to(root).as_posix()
        if not DATA.match(name):
            faults += faults_in(name, path.read_bytes())
    return faults


def function(lines):
    """A function of that many lines, with everything that could mislead a count of braces."""
    body = "".join(f"    call({i});\n" for i in range(lines - 7))
    return (
        "int f(int a,\n      int b) {\n"
        "    const char c = '{'; // {\n    /* { */ if (a > 1'000) { b = 2; }\n"
        '    const char* s = "{\\"{";\n    const char* r = R"x({{)x";\n' + body + "}\n"
    )


HEADER = "#pragma once\n\n"
# Names and contents of files that are in order.
SOUND = {
    "src/base/a.h": HEADER + "// x\n" * (HEADER_LINES - 2),
    "src/base/a.cpp": "int x;\n" * SOURCE_LINES,
    "src/base/wide.cpp": "// " + "é" * (COLUMNS - 3) + "\n",
    "src/base/f.cpp": "namespace a {\n\nnamespace {\n" + function(FUNCTION_LINES) * 4 + "}\n}\n",
    "src/base/class.h": HEADER + "class A {\n" + "    void f() {}\n" * 100 + "};\n",
    "src/base/data.cpp": "const int x[] = {\n" + "    1,\n" * 100 + "};\n",
    "src/base/macro.cpp": "#define OPEN \\\n    f() {\nint x;\n" + "int y;\n" * 100,
    "src/base/a_test.cpp": "TEST_F(A, ItIsOf3) {}\n",
    "src/base/b.cpp": "// in a namespace; automatically; /usr/bin /home/me/x a/work/b\n",
}
# Name, content, and what must be said of it.
PLANTED = [
    ("src/base/a.cpp", "//" + "x" * COLUMNS + "\n", "src/base/a.cpp:1: 102 columns"),
    ("src/base/a.h", HEADER + "// x\n" * HEADER_LINES, "src/base/a.h:201: 202 lines"),
    ("src/base/a.cpp", "int x;\n" * (SOURCE_LINES + 1), "src/base/a.cpp:501: 501 lines"),
    ("src/base/a.cpp", "\n" + function(61), "src/base/a.cpp:2: a function of 61 lines"),
    ("src/base/a.cpp", "A::A()\n    : a_(1) {\n" + "    g();\n" * 58 + "}\n", ":1: a function"),
    (
        "src/base/a.h",
        HEADER + "struct A {\n    int f() const {\n" + "        g();\n" * 60 + "    }\n};\n",
        "src/base/a.h:4: a function of 62 lines",
    ),
    ("src/base/a_test.cpp", "TEST(A, B) {\n" + "    g();\n" * 60 + "}\n", ":1: a function of 62"),
    ("src/base/a.cpp", "auto f() noexcept {\n" + "    g();\n" * 60 + "}\n", ":1: a function of 62"),
    ("src/base/a.cpp", "int x; // TODO: more\n", "src/base/a.cpp:1: a mark for later"),
    ("src/base/a.cpp", "// FIXME\n", "src/base/a.cpp:1: a mark for later"),
    ("src/base/a.cpp", "\tint x;\n", "src/base/a.cpp:1: a tab"),
    ("src/base/a.cpp", "int x; \n", "src/base/a.cpp:1: blanks"),
    ("src/base/a.cpp", "using namespace std;\n", "src/base/a.cpp:1: `using namespace`"),
    ("src/base/a_test.cpp", "TEST(A, it_is) {}\n", ":1: a test's name is UpperCamel: `it_is`"),
    ("src/base/a.cpp", "int x;", "src/base/a.cpp:1: must end in one newline"),
    ("src/base/a.cpp", "int x;\n\n", "must end in one newline"),
    ("src/base/a.cpp", "", "must end in one newline"),
    ("src/base/a.h", "int x;\n", "src/base/a.h:1: no `#pragma once`"),
    ("src/base/a.cpp", '#include "/root/x.h"\n', "src/base/a.cpp:1: a path of one machine"),
    ("tests/a.py", "x = '/root/.cache'\n", "tests/a.py:1: a path of one machine"),
    ("tools/a.sh", "cd /home/jane/x\n", "tools/a.sh:1: a path of one machine"),
]


def faults_of(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(pathlib.Path(folder))


def self_test():
    """Proves that sound files pass and that each planted fault is noticed, and nothing else."""
    failures = [f"a sound file was blamed: {fault}" for fault in faults_of(SOUND)]
    for name, text, words in PLANTED:
        faults = faults_of({name: text})
        if len(faults) != 1 or words not in faults[0]:
            failures.append(f"planted: {words}; said: {faults}")
    if not faults_of({}):
        failures.append("an empty tree passed")
    return failures


def main():
    faults = self_test() if sys.argv[1:] == ["--self-test"] else check(pathlib.Path("."))
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
