#!/usr/bin/env python3
"""Fails on an #include that points the wrong way (docs/architecture.md).

main -> cli -> pipeline -> installing -> locking -> project -> advice -> universe -> stages -> model
-> base; no stage includes another, `fetch` knows only `base`, and `gpuprobe`, a program of its own,
knows itself. Also fails on a cycle between headers, on an include that is no file, on a source of
the product that is called a test, and on a header that nobody but a test includes. A header that
its folder's CMakeLists.txt lists under HEADERS is public: its caller may not be written yet. So are
all headers of a folder that has none. A header under TEST_HEADERS is for tests: a test must include
it, and nothing of the product may.

Run from the repository root: `tests/style/layers_test.py [--self-test]`.
"""

import pathlib
import re
import sys
import tempfile

STAGES = (
    "manifest importers pypi conda host gpu solver lockfiles fetch store realize activate selftest"
).split()
LAYERS = [["base"], ["model"], STAGES, ["universe"], ["advice"], ["project"], ["locking"],
          ["installing"], ["pipeline"], ["cli"], ["main"]]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
ANY_INCLUDE = re.compile(r"^\s*#\s*include\b")
SUFFIXES = (".h", ".cpp")


def allowed_folders(folder):
    """What a file of `folder` may include; nothing for a folder that no rule knows."""
    if folder == "fetch":
        return {"fetch", "base"}
    if folder == "gpuprobe":
        return {"gpuprobe"}
    below = {"main"} if folder == "main" else set()
    for layer in LAYERS:
        if folder in layer:
            return below | {folder}
        below.update(layer)
    return set()


def folder_of(path):
    """The folder below src/, or "main" for a file that lies in src/ itself."""
    return path.split("/")[0] if "/" in path else "main"


def read_includes(root):
    """{path below src: [(line number, included path or None for a form that is not allowed)]}"""
    source = root / "src"
    includes = {}
    for path in sorted(source.rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        found = includes[path.relative_to(source).as_posix()] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                found.append((number, match.group(1)))
            elif ANY_INCLUDE.match(line) and "<" not in line:
                found.append((number, None))
    return includes


def public_headers(root):
    """Paths below src that a CMakeLists.txt lists under HEADERS, or should."""
    public = set()
    for header in (root / "src").glob("*/*.h"):
        if not (header.parent / "CMakeLists.txt").exists():
            public.add(header.relative_to(root / "src").as_posix())
    return public | listed(root, "HEADERS", "h")


def listed(root, word, suffix):
    """Paths below src that the CMakeLists.txt of their folder lists under `word`."""
    paths = set()
    for listing in sorted((root / "src").glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", listing.read_text(encoding="utf-8"))
        for block in re.findall(rf"\b{word}\b((?:\s+[\w./-]+\.{suffix}\b)+)", text):
            paths.update(f"{listing.parent.name}/{name}" for name in block.split())
    return paths


def arrow_faults(includes):
    for path, found in includes.items():
        folder = folder_of(path)
        allowed = allowed_folders(folder)
        if not allowed:
            yield f"src/{path}:1: folder `{folder}` has no place among the layers"
            continue
        for number, target in found:
            if target is None:
                yield f"src/{path}:{number}: an include must name its file"
            elif target not in includes:
                yield f"src/{path}:{number}: there is no file `src/{target}`"
            elif folder_of(target) not in allowed:
                yield f"src/{path}:{number}: `{folder}` may not include `{target}`"


def source_name_faults(root):
    """What is called a test is passed over by whoever looks for the product's sources."""
    for path in sorted(listed(root, "SOURCES", "cpp")):
        if path.endswith("_test.cpp"):
            yield f"src/{path}:1: a source of the product has the name of a test"


def own_header_faults(includes):
    """A source's own header comes first, so that each header proves to be complete."""
    for path, found in includes.items():
        own = re.sub(r"\.cpp$", ".h", path)
        targets = [target for _, target in found]
        if own != path and own in targets and targets[0] != own:
            number = found[targets.index(own)][0]
            yield f"src/{path}:{number}: its own header `{own}` must come first"


def cycle_faults(includes):
    """Each cycle once, at the include that closes it."""
    done, open_path, faults = set(), [], []

    def visit(path):
        open_path.append(path)
        for number, target in includes.get(path, ()):
            if target in open_path:
                ring = open_path[open_path.index(target) :] + [target]
                faults.append(f"src/{path}:{number}: a ring of headers: {' -> '.join(ring)}")
            elif target in includes and target not in done:
                visit(target)
        open_path.pop()
        done.add(path)

    for path in includes:
        if path not in done:
            visit(path)
    return faults


def orphan_faults(includes, public, for_tests, test_files):
    """Headers without a reader, and headers for tests that the product reads."""
    readers = {path: set() for path in includes}
    for path, found in includes.items():
        for number, target in found:
            if target in for_tests and path not in test_files:
                yield f"src/{path}:{number}: `{target}` is for tests only"
            readers.setdefault(target, set()).add(path)
    for path in includes:
        is_read = readers[path] - test_files or (path in for_tests and readers[path])
        if path.endswith(".h") and path not in public and not is_read:
            who = "no file" if path in for_tests else "no file but a test"
            yield f"src/{path}:1: {who} includes this header"
    for path in sorted((public | for_tests) - includes.keys()):
        yield f"src/{folder_of(path)}/CMakeLists.txt:1: HEADERS lists `{path}`, which is no file"


def check(root):
    includes = read_includes(root)
    for_tests = listed(root, "TEST_HEADERS", "h")
    test_files = {path for path in includes if path.endswith("_test.cpp")}
    test_files |= for_tests | listed(root, "TESTS", "cpp")
    faults = [] if includes else ["src:1: there is no source here"]
    faults += arrow_faults(includes)
    faults += source_name_faults(root)
    faults += own_header_faults(includes)
    faults += cycle_faults(includes)
    faults += orphan_faults(includes, public_headers(root), for_tests, test_files)
    return faults


GOOD = {
    "src/main.cpp": '#include "cli/cli.h"\n#include <vector>\n',
    "src/cli/cli.h": '#include "pipeline/install.h"\n',
    "src/pipeline/install.h": '#include "store/store.h"\n#include "fetch/fetch.h"\n',
    "src/store/store.h": '#include "model/tree.h"\n#include "store/part.h"\n',
    "src/store/part.h": "",
    "src/store/part_test.cpp": '#include "store/part.h"\n#include "base/error.h"\n',
    "src/fetch/fetch.h": '#include "base/error.h"\n',
    "src/model/tree.h": '#include "base/error.h"\n',
    "src/base/error.h": "",
    "src/store/CMakeLists.txt": "envpm_module(store HEADERS store.h DEPENDS base)\n",
    "src/solver/solve.h": "",
    "src/realize/prefix.h": "",
    "src/realize/CMakeLists.txt": (
        "envpm_module(realize HEADERS prefix.h TESTS a_test.cpp server.cpp"
        " TEST_HEADERS server.h DEPENDS base)\n"
    ),
    "src/realize/server.h": "",
    "src/realize/server.cpp": '#include "realize/server.h"\n',
    "src/realize/a_test.cpp": '#include "realize/server.h"\n',
}
PLANTED = [
    ({"src/base/error.h": '#include "model/tree.h"\n'}, "src/base/error.h:1: `base` may not"),
    ({"src/store/part.h": '\n#include "fetch/fetch.h"\n'}, "src/store/part.h:2: `store` may not"),
    ({"src/fetch/fetch.h": '#include "model/tree.h"\n'}, "src/fetch/fetch.h:1: `fetch` may not"),
    ({"src/gpuprobe/main.cpp": '#include "base/error.h"\n'}, "`gpuprobe` may not include"),
    ({"src/store/part.h": '  # include "cli/cli.h"\n'}, "src/store/part.h:1: `store` may not"),
    ({"src/pipeline/install.h": '#include "cli/cli.h"\n'}, "src/pipeline/install.h:1: `pipeline`"),
    ({"src/store/part_test.cpp": '#include "host/x.h"\n', "src/host/x.h": ""}, "`store` may not"),
    ({"src/store/part.h": '#include "part.h"\n'}, "src/store/part.h:1: there is no file"),
    ({"src/store/part.h": "#include NAME\n"}, "src/store/part.h:1: an include must name"),
    ({"src/store/part.h": '#include "store/store.h"\n'}, "a ring of headers: store/store.h -> "),
    ({"src/store/part.h": '#include "store/part.h"\n'}, "a ring of headers: store/part.h -> "),
    ({"src/store/lone.h": ""}, "src/store/lone.h:1: no file but a test includes"),
    (
        {"src/store/lone.h": "", "src/store/lone_test.cpp": '#include "store/lone.h"\n'},
        "src/store/lone.h:1: no file but a test includes",
    ),
    ({"src/util/x.cpp": ""}, "src/util/x.cpp:1: folder `util` has no place"),
    (
        {"src/store/part.cpp": '#include "base/error.h"\n#include "store/part.h"\n'},
        "src/store/part.cpp:2: its own header",
    ),
    (
        {"src/store/CMakeLists.txt": "envpm_module(store SOURCES part_test.cpp HEADERS store.h)\n"},
        "src/store/part_test.cpp:1: a source of the product has the name of a test",
    ),
    (
        {"src/realize/CMakeLists.txt": "envpm_module(realize HEADERS prefix.h gone.h)\n"},
        "src/realize/CMakeLists.txt:1: HEADERS lists `realize/gone.h`",
    ),
    (
        {"src/realize/prefix.h": '#include "realize/server.h"\n'},
        "src/realize/prefix.h:1: `realize/server.h` is for tests only",
    ),
    (
        {"src/realize/server.cpp": "", "src/realize/a_test.cpp": ""},
        "src/realize/server.h:1: no file includes this header",
    ),
]


def faults_of(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(pathlib.Path(folder))


def self_test():
    """Proves that a sound tree passes and that each planted fault is noticed, alone."""
    failures = [f"a sound tree was blamed: {fault}" for fault in faults_of(GOOD)]
    for planted, words in PLANTED:
        faults = faults_of({**GOOD, **planted})
        if not any(words in fault for fault in faults):
            failures.append(f"not noticed: {words} in {planted}, only {faults}")
    if not faults_of({}):
        failures.append("an empty tree passed")
    return failures


def main():
    faults = self_test() if sys.argv[1:] == ["--self-test"] else check(pathlib.Path("."))
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
