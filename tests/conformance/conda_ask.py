"""Puts requests over conda channels to envpm and to py-rattler."""

import json
import subprocess
from pathlib import Path

import conda_worlds

HERE = Path(__file__).resolve().parent


def ask(command, lines):
    """One JSON answer for each line."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(
        [str(word) for word in command], input=text, stdout=subprocess.PIPE, text=True, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(lines), (command, len(answers), len(lines))
    return answers


def envpm(solver, channels, requests, cache):
    """`solver` is the program conda_solver; a request is [(name, version spec)]."""
    lines = [conda_worlds.manifest(channels, request) for request in requests]
    return ask([solver, cache], lines)


def rattler(python, channels, requests, cache, way="gateway"):
    folders = [str(folder) for folder in channels]
    lines = [
        {"channels": folders, "specs": [f"{name} {spec}" for name, spec in request]}
        for request in requests
    ]
    return ask([python, HERE / "conda_rattler.py", "solve", way, cache], lines)


def matches(python, questions):
    return ask([python, HERE / "conda_rattler.py", "match"], questions)
