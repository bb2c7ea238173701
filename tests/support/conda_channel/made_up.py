"""Packages made for one purpose each; some are compiled with the machine's gcc."""

import subprocess
import tempfile
from pathlib import Path

from conda_channel.interpreter import SITE, shebang
from conda_channel.libraries import GLIBC
from conda_packages import PLACEHOLDER, File, Folder, Link, Package

BOTH = (".conda", ".tar.bz2")

# The compiler may not know the length of a prefix that is replaced later.
REPORT = r"""
#include <stdio.h>
static const char *volatile prefix = PREFIX;
static const char *volatile data = PREFIX "/share/prefix-report/data.txt";
static const char *volatile both = PREFIX "/lib:" PREFIX "/share/prefix-report";
int main(void) {
    char line[256];
    FILE *file = fopen(data, "r");
    if (!file || !fgets(line, sizeof line, file)) {
        perror(data);
        return 1;
    }
    printf("%s\n%s\n%s", prefix, both, line);
    return 0;
}
"""
VARIANT = r"""
#include <stdio.h>
int main(void) { puts(VARIANT); return 0; }
"""
LIBRARY = "int answer(void) { return 42; }\n"
CALLER = r"""
#include <stdio.h>
int answer(void);
int main(void) { printf("%d\n", answer()); return 0; }
"""
MODULE = r"""
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods};
PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&module); }
"""
SCRIPTED = 'def main():\n    import sys\n    print("noarch-scripts", *sys.argv[1:])\n'
COMPILE = """
import py_compile, sys
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
py_compile.compile(sys.argv[1], sys.argv[2], sys.argv[3], True, invalidation_mode=mode)
"""


def compiled(source: str, *options: str, after: tuple[str, ...] = ()) -> bytes:
    """A program or, with `-shared`, a library: the same bytes each time. `after`: libraries."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        command = ["gcc", "-O1", "-s", "-x", "c", "-", "-x", "none", "-o", output, *options, *after]
        subprocess.run(command, input=source.encode(), check=True)
        return output.read_bytes()


def bytecode(source: str, path: str, prefix: Path) -> bytes:
    """Of the channel's own Python, without a time in it."""
    with tempfile.TemporaryDirectory() as folder:
        module, output = Path(folder) / "module.py", Path(folder) / "output"
        module.write_text(source)
        command = [prefix / "bin/python3.11", "-S", "-B", "-c", COMPILE, module, output, path]
        subprocess.run(command, check=True)
        return output.read_bytes()


def packages(prefix: Path) -> list[Package]:
    """`prefix`: the files of the channel's Python."""
    return [
        *placeholders(),
        *programs(),
        *python_code(prefix),
        *contents(),
        *constraints(),
        *choices(),
    ]


def placeholders() -> list[Package]:
    """Prefixes in binaries, texts and first lines."""
    report = compiled(REPORT, f'-DPREFIX="{PLACEHOLDER}"')
    reports = [
        Package(
            "prefix-report",
            version,
            depends=[GLIBC],
            files={
                "bin/prefix-report": File(report, 0o755),
                "share/prefix-report/data.txt": f"data of prefix-report {version}\n",
            },
            forms=BOTH,
        )
        for version in ("1.0", "1.1")
    ]
    scripts = {
        "bin/long-shebang": File(shebang() + "print('long')\n", 0o755),
        "bin/option-shebang": File(shebang(" -IB") + "print('option')\n", 0o755),
        "bin/env-shebang": File("#!/usr/bin/env python3.11\nprint('env')\n", 0o755),
        "bin/shell-shebang": File(f"#!/bin/sh\necho {PLACEHOLDER}\n", 0o755),
        "etc/prefix-scripts.conf": "one = @/a\ntwo = @/b:@/c\n".replace("@", PLACEHOLDER),
    }
    return [*reports, Package("prefix-scripts", "1.0", depends=["python"], files=scripts)]


def programs() -> list[Package]:
    """A library and who calls it, found by RUNPATH; two variants of one name."""
    library = compiled(LIBRARY, "-shared", "-fPIC", "-Wl,-soname,libanswer.so.1")
    with tempfile.NamedTemporaryFile(suffix=".so") as linked:
        linked.write(library)
        linked.flush()
        caller = compiled(CALLER, "-Wl,-rpath,$ORIGIN/../lib", after=(linked.name,))
    return [
        Package(
            "libanswer",
            "1.2.3",
            depends=[GLIBC],
            files={
                "lib/libanswer.so.1.2.3": File(library, 0o755),
                "lib/libanswer.so.1": Link("libanswer.so.1.2.3"),
                "lib/libanswer.so": Link("libanswer.so.1"),
                "include/answer.h": "int answer(void);\n",
            },
            run_exports={"weak": ["libanswer >=1.2.3,<2.0a0"], "strong": ["libanswer"]},
        ),
        Package(
            "answer",
            "1.0",
            depends=[GLIBC, "libanswer >=1.2.3,<2.0a0"],
            files={"bin/answer": File(caller, 0o755)},
        ),
        Package(
            "accelerated",
            "1.0",
            "cpu_h1_0",
            depends=[GLIBC],
            files={"bin/accelerated": File(compiled(VARIANT, '-DVARIANT="cpu"'), 0o755)},
            more={"track_features": "accelerated-cpu"},
        ),
        Package(
            "accelerated",
            "1.0",
            "cuda12_h1_200",
            number=200,
            depends=[GLIBC, "__cuda >=12"],
            files={"bin/accelerated": File(compiled(VARIANT, '-DVARIANT="cuda"'), 0o755)},
        ),
    ]


def python_code(prefix: Path) -> list[Package]:
    """An extension for one Python, with bytecode as conda ships it; scripts for any."""
    native = compiled(MODULE, "-shared", "-fPIC", f"-I{prefix}/include/python3.11")
    module = "from ._native import answer\n"
    path = f"{SITE}/native_module/__init__.py"
    return [
        Package(
            "native-module",
            "1.0",
            "py311h1_0",
            depends=[GLIBC, "python >=3.11,<3.12.0a0", "python_abi 3.11.* *_cp311"],
            files={
                path: module,
                f"{SITE}/native_module/__pycache__/__init__.cpython-311.pyc": File(
                    bytecode(module, path, prefix)
                ),
                f"{SITE}/native_module/_native.cpython-311-x86_64-linux-gnu.so": File(
                    native, 0o755
                ),
                f"{SITE}/native_module-1.0.dist-info/METADATA": (
                    "Metadata-Version: 2.1\nName: native-module\nVersion: 1.0\n"
                ),
            },
        ),
        Package(
            "noarch-scripts",
            "1.0",
            "pyh1_0",
            depends=["python >=3.8"],
            noarch="python",
            files={
                "site-packages/noarch_scripts/__init__.py": SCRIPTED,
                "python-scripts/noarch-plain": File(shebang() + "print('plain')\n", 0o755),
                "python-scripts/noarch-shell": File("#!/bin/sh\necho shell\n", 0o755),
                "share/noarch-scripts/data.txt": f"{PLACEHOLDER}/share/noarch-scripts\n",
            },
            entry_points=["noarch-entry = noarch_scripts:main"],
        ),
    ]


def contents() -> list[Package]:
    """What else may stand in a package."""
    links = {
        "share/link-farm/folder/file.txt": "file\n",
        "share/link-farm/to-file": Link("folder/file.txt"),
        "share/link-farm/to-folder": Link("folder"),
        "share/link-farm/folder/up": Link("../other.txt"),
        "share/link-farm/other.txt": "other\n",
        "lib/link-farm.txt": Link("../share/link-farm/other.txt"),
        "share/link-farm/through": Link("to-file"),
    }
    modes = {
        "bin/private-program": File("#!/bin/sh\necho private\n", 0o700),
        "bin/read-only-program": File("#!/bin/sh\necho read-only\n", 0o555),
        "share/odd-modes/read-only.txt": File("read\n", 0o444),
        "share/odd-modes/group.txt": File("group\n", 0o664),
        "share/odd-modes/program.txt": File("no program\n", 0o775),
        "share/odd-modes/copied.txt": File("copied\n", says={"no_link": True}),
        "share/odd-modes/empty.txt": b"",
    }
    activated = {
        "etc/conda/activate.d/activated.sh": 'export ACTIVATED="$CONDA_PREFIX/etc"\n',
        "etc/conda/deactivate.d/activated.sh": "unset ACTIVATED\n",
        "etc/conda/env_vars.d/activated.json": '{"ACTIVATED_ALSO": "yes"}\n',
    }
    script = File('echo "ran in $PREFIX" > "$PREFIX/post-linked.txt"\n', 0o755)
    return [
        Package("link-farm", "1.0", files=links, forms=BOTH),
        Package("odd-modes", "1.0", files=modes, forms=BOTH),
        Package("empty-folder", "1.0", files={"var/empty-folder/spool": Folder()}),
        Package("activated", "1.0", files=activated),
        Package("post-linked", "1.0", files={"bin/.post-linked-post-link.sh": script}),
        Package("clobber-one", "1.0", files={"share/clobber.txt": "one\n", "share/one.txt": ""}),
        Package("clobber-two", "1.0", files={"share/clobber.txt": "two\n", "share/two.txt": ""}),
        Package("data-only", "1.0", noarch="generic", files={"share/data-only/a.csv": "a;b\n"}),
        Package("only-bz2", "1.0", files={"share/only-bz2.txt": "old\n"}, forms=(".tar.bz2",)),
        Package("only-conda", "1.0", files={"share/only-conda.txt": "new\n"}),
        Package("meta-package", "1.0", depends=["link-farm", "ladder"], noarch="generic"),
    ]


def constraints() -> list[Package]:
    """What a machine may have, or not."""
    return [
        Package("glibc-modest", "1.0", depends=["__glibc >=2.17", "__unix", "__linux"]),
        Package("glibc-future", "1.0", depends=["__glibc >=99"]),
        Package("cuda-only", "1.0", depends=["__cuda >=11"]),
        Package("mac-only", "1.0", subdir="osx-64", files={"share/mac-only.txt": "mac\n"}),
        Package("ladder", "2.0", subdir="osx-64", files={"share/ladder.txt": "2.0\n"}),
        Package("excluder", "1.0", constrains=["ladder <2"], noarch="generic"),
    ]


def choices() -> list[Package]:
    """Versions of a few names, so that a solve has something to decide."""
    ladders = [
        Package(
            "ladder",
            version,
            depends=[f"rung {needs}"],
            files={"share/ladder.txt": f"{version}\n"},
        )
        for version, needs in (
            ("1.0", "<2"),
            ("1.1", "<2"),
            ("1.2", ">=1.5"),
            ("2.0", ">=2,<3"),
            ("2.1.0rc1", ">=2"),
            ("2.1.0", ">=2"),
        )
    ]
    rungs = [
        Package("rung", version, noarch="generic", files={"share/rung.txt": f"{version}\n"})
        for version in ("1.0", "1.5", "2.0", "2.5", "3.0")
    ]
    return [
        *ladders,
        *rungs,
        Package("old-rung-user", "1.0", depends=["rung 1.0.*"], noarch="generic"),
        Package("rebuilt", "1.0", "h1_0", files={"share/rebuilt.txt": "first\n"}),
        Package("rebuilt", "1.0", "h1_1", number=1, files={"share/rebuilt.txt": "second\n"}),
        Package("withdrawn", "1.0", noarch="generic"),
        Package("withdrawn", "1.1", noarch="generic", removed=True),
    ]
