"""Fifteen packages with everything that may stand in a wheel, and enough work to be interrupted in.

`varied-all` needs all the others; `varied-few` is a smaller environment, to come from.
"""

import random

from wheels import Wheel

SHEBANG = "#!python\nimport sys\nprint(sys.argv[1:])\n"


def noise(seed: int, count: int) -> bytes:
    """Bytes that do not get smaller by compression."""
    return random.Random(seed).randbytes(count)


def plain(name: str, files: int) -> Wheel:
    """A package as most are: modules of a few kilobytes, each another."""
    folder = name.replace("-", "_")
    return Wheel(
        name,
        "1.0",
        files={
            f"{folder}/part{n % 7}/module{n}.py": f"# {name} {n}\n" + f"value = {n}\n" * (n % 200)
            for n in range(files)
        },
    )


CONTENT = [
    plain("plain-a", 20),
    plain("plain-b", 40),
    plain("many-files", 300),
    Wheel(
        "empty-files",
        "1.0",
        files={
            f"empty_files/{name}": b""
            for name in ("a/__init__.py", "b/__init__.py", "py.typed", "c.txt")
        },
    ),
    Wheel(
        "entry-points",
        "1.0",
        scripts={"say-hello": "entry_points:main", "say_bye": "entry_points.bye:run"},
        files={"entry_points/bye.py": "def run():\n    print('bye')\n"},
    ),
    Wheel(
        "data-scripts",
        "1.0",
        executable={"data_scripts-1.0.data/scripts/native"},
        files={
            "data_scripts-1.0.data/scripts/with-shebang": SHEBANG,
            "data_scripts-1.0.data/scripts/with-flags": SHEBANG.replace("python", "python -E"),
            "data_scripts-1.0.data/scripts/native": noise(1, 5000),
            "data_scripts-1.0.data/scripts/shell.sh": "#!/bin/sh\nexit 0\n",
        },
    ),
    Wheel(
        "data-folders",
        "1.0",
        files={
            "data_folders-1.0.data/data/share/data-folders/table.csv": "a;b\n1;2\n",
            "data_folders-1.0.data/data/etc/data-folders.conf": "on = true\n",
            "data_folders-1.0.data/purelib/data_folders/pure.py": "pure = True\n",
            "data_folders-1.0.data/platlib/data_folders/plat.py": "plat = True\n",
            "data_folders-1.0.data/headers/data_folders.h": "#pragma once\n",
        },
    ),
    Wheel(
        "executable-bits",
        "1.0",
        executable={"executable_bits/tool", "executable_bits/lib.so"},
        files={
            "executable_bits/tool": "#!/bin/sh\necho tool\n",
            "executable_bits/tool.txt": "#!/bin/sh\necho tool\n",
            "executable_bits/lib.so": b"\x7fELF" + noise(2, 9000),
        },
    ),
    Wheel(
        "unicode-names",
        "1.0",
        files={
            "unicode_names/straße.txt": "ß\n",
            "unicode_names/İstanbul/ılık.py": "name = 'ı'\n",
            "unicode_names/日本語.txt": "text\n",
            "unicode_names/e\u0301 apart.txt": "e and an accent\n",
            "unicode_names/\U0001f40d.txt": "snake\n",
            "unicode_names/a space.txt": "space\n",
        },
    ),
    Wheel(
        "same-bytes",
        "1.0",
        executable={"same_bytes/tool"},
        files={
            "same_bytes/tool": "#!/bin/sh\necho tool\n",
            "same_bytes/table.csv": "a;b\n1;2\n",
        },
    ),
    Wheel("shrinks-well", "1.0", files={"shrinks_well/zeros.bin": bytes(8 << 20)}),
    Wheel(
        "deep-folders",
        "1.0",
        files={f"deep_folders/{'/'.join('abcdefghij')}/{n}.txt": f"{n}" for n in range(9)},
    ),
    Wheel(
        "large",
        "1.0",
        files={"large/noise.bin": noise(3, 6 << 20), "large/more.bin": noise(4, 700_000)},
    ),
]

WHEELS = CONTENT + [
    Wheel("varied-all", "1.0", requires=[wheel.name for wheel in CONTENT]),
    Wheel("varied-few", "1.0", requires=["plain-a", "entry-points"]),
]
