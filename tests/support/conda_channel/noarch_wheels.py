"""Pure Python wheels of the public index as `noarch: python` packages."""

import configparser
import zipfile
from email.parser import Parser
from pathlib import Path

from conda_packages import Entry, File, Package

# What each needs, in conda's names; python is said by all.
NEEDS = {"pip": ["setuptools", "wheel"]}
FORMS = {"six": (".tar.bz2", ".conda"), "tabulate": (".tar.bz2",)}


def packages(archives: list[Path]) -> list[Package]:
    made = []
    for archive in archives:
        name = archive.name.split("-")[0].lower()
        if name == "click":  # as conda-forge has it: one for each kind of system
            made += [
                noarch(archive, "unix_pyh0000001_0", ["__unix"]),
                noarch(archive, "win_pyh0000002_0", ["__win", "colorama"]),
            ]
        else:
            made.append(noarch(archive, "pyhd8ed1ab_0", NEEDS.get(name, [])))
    return made


def noarch(archive: Path, build: str, needs: list[str]) -> Package:
    entries: dict[str, Entry] = {}
    with zipfile.ZipFile(archive) as wheel:
        info = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        info = info.rsplit("/", 1)[0]
        for member in wheel.infolist():
            path = conda_path(member.filename, info)
            if path:
                entries[path] = File(wheel.read(member))
        metadata = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
        scripts = entry_points(wheel, info)
    entries[f"site-packages/{info}/INSTALLER"] = File("conda\n")
    entries[f"site-packages/{info}/REQUESTED"] = File("")
    python = metadata["Requires-Python"]
    return Package(
        metadata["Name"].lower(),
        metadata["Version"],
        build,
        depends=[f"python {python.replace(' ', '')}" if python else "python", *needs],
        noarch="python",
        files=entries,
        entry_points=scripts,
        forms=FORMS.get(metadata["Name"].lower(), (".conda",)),
        more={"license": metadata["License"] or "see METADATA"},
    )


def conda_path(path: str, info: str) -> str | None:
    """Where a member of a wheel stands in a package; the rest of `.data` is not in ours."""
    scripts = info.removesuffix(".dist-info") + ".data/scripts/"
    if path.startswith(scripts):
        return "python-scripts/" + path[len(scripts) :]
    return None if path.endswith("/") else "site-packages/" + path


def entry_points(wheel: zipfile.ZipFile, info: str) -> list[str]:
    if f"{info}/entry_points.txt" not in wheel.namelist():
        return []
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str
    parser.read_string(wheel.read(f"{info}/entry_points.txt").decode())
    if "console_scripts" not in parser:
        return []
    return [f"{name} = {target}" for name, target in parser["console_scripts"].items()]
