"""What the channel knows better than its packages, in a package that the indexer reads."""

from conda_packages import Package, as_json

ON_PYTHON_INDEX = {"click", "packaging", "pip", "setuptools", "six", "tabulate", "wheel"}
SUBDIRS = ("linux-64", "noarch", "osx-64")


def patches(packages: list[Package]) -> Package:
    """`purls` for what the Python index has too; what was withdrawn is removed."""
    files = {}
    for subdir in SUBDIRS:
        here = [package for package in packages if package.record["subdir"] == subdir]
        page = {
            "patch_instructions_version": 1,
            "packages": changes(here, ".tar.bz2"),
            "packages.conda": changes(here, ".conda"),
            "remove": [p.stem + form for p in here if p.removed for form in p.forms],
            "revoke": [],
        }
        files[f"{subdir}/patch_instructions.json"] = as_json(page)
    return Package("channel-repodata-patches", "1.0", noarch="generic", files=files)


def changes(packages: list[Package], form: str) -> dict[str, dict]:
    return {
        package.stem + form: {"purls": [f"pkg:pypi/{package.name}@{package.version}"]}
        for package in packages
        if form in package.forms and package.name in ON_PYTHON_INDEX
    }
