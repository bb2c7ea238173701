#!/usr/bin/env python3
"""Writes src/conda/data/pypi_names.txt from the mapping of conda-forge's names to PyPI's.

    tools/conda_names.py conda-forge-to-pypi-names.json >src/conda/data/pypi_names.txt

The input is prefix-dev/parselmouth's `files/v0` (BSD-3-Clause): {conda name: [project, ...] or
null}. Left out is what goes without saying: a name that means the project of the same name. It is
said after all where other conda names mean that project too.
"""

import json
import re
import sys


def normalised(name):
    """As PEP 503 spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project_of(name, projects):
    """The one project that the package is, or "-": a bundle of several is none of them."""
    names = [normalised(project) for project in projects or []]
    if len(names) == 1:
        return names[0]
    return normalised(name) if normalised(name) in names else "-"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        means = {name: project_of(name, projects) for name, projects in json.load(file).items()}
    explicit = {project for name, project in means.items() if project != normalised(name)}
    for name, project in sorted(means.items(), key=lambda item: item[0].encode()):
        if project != normalised(name) or project in explicit:
            print(name, project)


if __name__ == "__main__":
    main()
