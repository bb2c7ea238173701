"""Installs a build as README.md says, and looks whether what is there works.

`install_test.py BUILD` takes the folder of a build whose program is made.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = {
    "bin/envpm",
    "libexec/envpm/envpm-gpuprobe",
    "share/bash-completion/completions/envpm",
    "share/doc/envpm/CHANGELOG.md",
    "share/doc/envpm/CONTRIBUTING.md",
    "share/doc/envpm/LICENSE",
    "share/doc/envpm/README.md",
    "share/doc/envpm/docs/guide.md",
    "share/doc/envpm/examples/README.md",
    "share/fish/vendor_completions.d/envpm.fish",
    "share/man/man1/envpm.1",
    "share/zsh/site-functions/_envpm",
}
FOLDERS = ("share/doc/envpm/docs/", "share/doc/envpm/examples/")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dead_links(pages):
    """Links of the installed pages to files that were not installed."""
    for page in pages:
        for link in re.findall(r"\]\(([^)#:\s]+)[^):]*\)", page.read_text("utf-8")):
            if not (page.parent / link).exists():
                yield f"{page.name}: {link}"


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="envpm-install-") as folder:
        prefix = Path(folder)
        os.environ["HOME"] = folder
        output("cmake", "--install", build, "--prefix", folder)
        files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
        others = {file for file in files - FILES if not file.startswith(FOLDERS)}
        assert FILES <= files, f"not installed: {sorted(FILES - files)}"
        assert not others, f"installed besides: {sorted(others)}"
        dead = list(dead_links((prefix / "share/doc/envpm").rglob("*.md")))
        assert not dead, f"links that lead nowhere: {dead}"
        envpm = str(prefix / "bin/envpm")
        assert output(envpm, "--version").startswith("envpm "), "no version"
        for shell, file in (
            ("bash", "share/bash-completion/completions/envpm"),
            ("zsh", "share/zsh/site-functions/_envpm"),
            ("fish", "share/fish/vendor_completions.d/envpm.fish"),
        ):
            assert (prefix / file).read_text() == output(envpm, "completion", shell), shell
        linked = output("ldd", envpm)
        assert "not found" not in linked, linked
    print("installed, whole")


if __name__ == "__main__":
    main()
