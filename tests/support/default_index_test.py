#!/usr/bin/env python3
"""A build knows an index by itself: where nothing is configured, pip's own default.

`default_index_test.py ENVPM`. Skipped (77) where no Python here has pip.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).parents[2] / "cmake/default_index.py"


def index_of_pip():
    """What the build asks the same Pythons for, in the same order."""
    for python in ("python3", "/usr/bin/python3"):
        answer = subprocess.run([python, SCRIPT], capture_output=True, text=True)
        if answer.returncode == 0:
            return answer.stdout
    return None


def index_of_envpm(envpm, folder):
    """Without configuration; pip's own file of the machine counts as some, and is told."""
    (folder / "envpm.toml").write_text('[workspace]\nname = "x"\n')
    answer = subprocess.run(
        [envpm, "mirror", "list", "--json"],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    if answer.returncode != 0:
        sys.exit("envpm knows no index by itself:\n" + answer.stderr)
    return json.loads(answer.stdout)["sources"][0]["places"][0]


def main():
    expected = index_of_pip()
    if not expected:
        print("no Python here has pip", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as folder:
        place = index_of_envpm(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder))
    if place["from"] != "built in":
        print(f"this machine's own configuration says: {place['from']}", file=sys.stderr)
        return 77
    if place["url"].rstrip("/") != expected.rstrip("/"):
        print(f"envpm asks {place['url']}, and pip {expected}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
