#!/usr/bin/env python3
"""Runs every command that the user's pages show, and compares the output shown.

    documented_commands_test.py           what needs no envpm: blocks, links, tools
    documented_commands_test.py ENVPM     everything, against small indexes on loopback
    documented_commands_test.py --accept ENVPM    writes the output anew where a page shows some
    documented_commands_test.py --self-test       proves that each kind of fault is noticed

An indented block of a page is one of these:

* Lines that begin with `$ `: commands, each with what it prints below it. `…` on a line of its own
  stands for any lines, and where nothing is shown nothing is compared. Times, sizes, digests, dates
  and Python versions may differ. A command must succeed, unless an error is shown: then it must
  fail.
* A file, if the line before the block ends in its name (`name`:). It is written there, or appended
  if that line says so.
* Lines that begin with `tools/`: such a program must exist.

All of a page runs in one shell, from the top to the end, in an empty project of an empty home. Its
links must lead to files. The folders of a site are in that home too.
Every command and flag of `envpm --help` must stand in docs/cli.md and in man/envpm.1, and in the
former each flag of a command in its own section or among those of every command.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.dont_write_bytecode = True

import documented_index  # noqa: E402
from index_server import Index  # noqa: E402

PAGES = ("README.md", "docs/guide.md", "docs/troubleshooting.md", "docs/site.md", "docs/gpu.md")
REFERENCES = ("docs/cli.md", "man/envpm.1")
SITE = "docs/site.md"
SITE_FOLDERS = ("/srv", "/opt", "/etc/envpm")
HOME = "/home/me"
MARK = "@documented@"
ANY_LINES = "…"
TRAIN = 'import torch\n\nprint("torch", torch.__version__)\n'


@dataclass
class Step:
    """A command with the lines shown below it, or a file with its lines; `line` counts from 1."""

    line: int
    kind: str  # command, file, append
    name: str
    shown: list[str] = field(default_factory=list)


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(lines):
    """(index of the first line, lines without the indent) of each indented block. Between fences
    there is none."""
    block, first, is_fenced = [], 0, False
    for number, line in enumerate(lines + ["end"]):
        if line.startswith("```"):
            is_fenced = not is_fenced
        if line.startswith("    ") and not is_fenced:
            first = first if block else number
            block.append(line[4:])
        elif block and line:
            while not block[-1]:
                block.pop()
            yield first, block
            block = []
        elif block:
            block.append("")


def steps_of(page, lines):
    """The steps of a page, and its faults."""
    steps, faults = [], []
    for first, block in blocks_of(lines):
        above = next((line for line in reversed(lines[:first]) if line), "")
        named = re.search(r"`([^`\s]+)`:$", above)
        if block[0].startswith("$ "):
            for number, line in enumerate(block, first + 1):
                if line.startswith("$ "):
                    steps.append(Step(number, "command", line[2:]))
                else:
                    steps[-1].shown.append(line)
        elif named:
            kind = "append" if "append" in above.lower() else "file"
            steps.append(Step(first + 1, kind, named[1], block))
        elif all(line.startswith("tools/") or not line for line in block):
            for number, line in enumerate(block, first + 1):
                if line and not os.access(ROOT / line.split()[0], os.X_OK):
                    faults.append(f"{page}:{number}: there is no program {line.split()[0]}")
        else:
            faults.append(f"{page}:{first + 1}: neither commands, nor a named file, nor tools")
    for number, line in enumerate(lines, 1):
        for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", line):
            if not (ROOT / page).parent.joinpath(link).exists():
                faults.append(f"{page}:{number}: the link to {link} leads nowhere")
    return steps, faults


def script_of(steps, urls):
    """The page as one shell script that prints a mark before and after each command."""
    script = ""
    for number, step in enumerate(steps):
        if step.kind == "command":
            command = with_places(step.name, urls)
            script += f"echo '{MARK}{number}'\n{command}\necho \"\n{MARK}=$?\"\n"
        else:
            text = with_places("\n".join(step.shown), urls)
            place = with_places(step.name, urls).replace("~", '"$HOME"', 1)
            arrow = ">>" if step.kind == "append" else ">"
            script += f'mkdir -p "$(dirname {place})"\n'
            script += f"cat {arrow} {place} <<'{MARK}'\n{text}\n{MARK}\n"
    return script


def with_places(text, places):
    for shown, real in places.items():
        text = re.sub(rf"(?<![\w.]){re.escape(shown)}", real, text)
    return text


def variables(home, envpm, index_url):
    """Nothing of the machine but its programs and its Python."""
    return {
        "HOME": str(home),
        "ENVPM_SELF_TEST": "off",  # what is shown must not depend on the machine's GPUs
        "PIP_INDEX_URL": index_url,
        "PIP_CONFIG_FILE": "/dev/null",
        "PATH": f"{envpm.parent}:{os.environ['PATH']}",
        "SHELL": "/bin/bash",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PS1": "",
    }


def run_page(steps, envpm, home, index_url, urls, is_site=False):
    """(exit code, lines of output) by the number of the step; what was not reached is missing."""
    folders = {folder: f"{home}{folder}" for folder in SITE_FOLDERS} if is_site else {}
    own = variables(home, envpm, index_url)
    if is_site:
        own["ENVPM_CONFIG_FILE"] = f"{home}/etc/envpm/config.toml"
    project = home / "vision"
    project.mkdir(parents=True)
    if urls:  # the place of PyTorch's builds is known without being told
        configuration = home / ".config" / "envpm" / "config.toml"
        configuration.parent.mkdir(parents=True)
        place = urls["https://download.pytorch.org/whl"]
        configuration.write_text(f'[mirrors]\npytorch = ["{place}"]\n', encoding="utf-8")
    subprocess.run(["git", "init", "-q", project], check=True)
    (project / "train.py").write_text(TRAIN, encoding="utf-8")
    (home / "wheels").mkdir()
    for wheel in documented_index.OWN:
        (home / "wheels" / wheel.file_name).write_bytes(wheel.archive())
    done = subprocess.run(
        ["bash", "-c", script_of(steps, {**urls, **folders, f"file://{HOME}": f"file://{home}"})],
        cwd=project,
        env=own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    text = done.stdout
    for shown, real in folders.items():
        text = text.replace(real, shown)
    text = text.replace(str(home), HOME)
    for shown, real in urls.items():
        text = text.replace(real, shown)
    parts = re.findall(rf"^{MARK}(\d+)\n(.*?)\n{MARK}=(\d+)$", text, re.DOTALL | re.MULTILINE)
    return {int(number): (int(code), output.splitlines()) for number, output, code in parts}


def normalised(line):
    """What differs from machine to machine and run to run, as words."""
    line = re.sub(r"\b\d+(\.\d+)? (ms|s|min)\b", "<time>", line)
    line = re.sub(r"\b\d+(\.\d+)? (B|kB|MB|GB)(?!\w)", "<size>", line)
    line = re.sub(r"\b\d+ files\b", "<count> files", line)
    line = re.sub(r"\b[a-z2-7]{26}\b", "<env>", line)
    line = re.sub(r"\b[0-9a-f]{64}\b", "<sha256>", line)
    line = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<date>", line)
    line = re.sub(r"\b3\.\d+(\.\d+|\.\*)", "<python>", line) if "ython" in line else line
    line = re.sub(r"\bpython3\.\d+", "python<3.x>", line)
    return re.sub(r" +", " ", line)


def is_shown(shown, found):
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == ANY_LINES else re.escape(normalised(line)) + r"\n"
        for line in shown
    )
    return re.fullmatch(pattern, "".join(normalised(line) + "\n" for line in found)) is not None


def faults_of_run(page, steps, results):
    for number, step in enumerate(steps):
        if step.kind != "command":
            continue
        if number not in results:
            yield f"{page}:{step.line}: `{step.name}` was not reached or did not end"
            return
        code, found = results[number]
        must_fail = any(re.match(r'error:|  "error": ', line) for line in step.shown)
        if (code != 0) != must_fail:
            told = "".join(f"\n    {line}" for line in found)
            yield f"{page}:{step.line}: `{step.name}` ended with code {code}{told}"
        elif step.shown and not is_shown(step.shown, found):
            told = "".join(f"\n    {line}" for line in found)
            yield f"{page}:{step.line}: `{step.name}` does not print what is shown, but{told}"


def accepted(lines, steps, results):
    """The page's lines with the output that was found, where another is shown without `…`."""
    lines = list(lines)
    for number, step in reversed(list(enumerate(steps))):
        if step.kind == "command" and number in results and step.shown:
            found = results[number][1]
            is_whole = not any(line.strip() == ANY_LINES for line in step.shown)
            if is_whole and not is_shown(step.shown, found):
                lines[step.line : step.line + len(step.shown)] = [
                    ("    " + line).rstrip() for line in found
                ]
    return lines


def check_pages(envpm, accept):
    indexes = [
        Index(wheels)
        for wheels in (
            documented_index.DEFAULT,
            documented_index.DEFAULT,
            documented_index.INTERNAL,
            documented_index.CUDA,
        )
    ]
    urls = {
        "https://wheels.example.org/simple": indexes[0].simple_url,
        "https://mirror.example.org/simple": indexes[1].simple_url,
        "https://lab.example.org/simple": indexes[2].simple_url,
        "https://download.pytorch.org/whl": indexes[3].url + "/whl",
    }
    faults = []
    for page in PAGES:
        lines = text_of(page).splitlines()
        steps, page_faults = steps_of(page, lines)
        faults += page_faults
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder).resolve() / "home"
            results = run_page(steps, envpm, home, indexes[0].simple_url, urls, page == SITE)
        faults += faults_of_run(page, steps, results)
        if accept:
            text = "\n".join(accepted(lines, steps, results)) + "\n"
            (ROOT / page).write_text(text, encoding="utf-8")
    for index in indexes:
        index.close()
    return faults


def help_of_all(envpm):
    """The help texts by command; that of envpm itself has no name."""

    def help_of(*words):
        command = [envpm, *words, "--help"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def commands_in(text):
        listed = text.partition("Subcommands:\n")[2]
        return re.findall(r"^  ([a-z][a-z-]*)", listed, re.MULTILINE)

    texts = {"": help_of()}
    for command in commands_in(texts[""]):
        texts[command] = help_of(command)
        for word in commands_in(texts[command]):
            texts[f"{command} {word}"] = help_of(command, word)
    return texts


def flags_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - {"--help"}


def words_of_help(texts):
    """The commands and flags that envpm's help texts name."""
    return [name for name in texts if name], sorted(set().union(*map(flags_in, texts.values())))


def check_sections(texts, page):
    """Faults of docs/cli.md, whose sections are headed `### list, tree, why` or `### a and b`."""
    parts = dict(re.findall(r"^###? (.+)\n((?:(?!##).*\n?)*)", page, re.MULTILINE))
    common = flags_in(parts.get("Flags of every command", ""))
    for command, text in texts.items():
        own = [part for head, part in parts.items() if command in re.split(", | and ", head)]
        if command and not own and " " not in command and f"  {command}" in texts[""]:
            if not any(name.startswith(command + " ") for name in texts):
                yield f"docs/cli.md: `{command}` has no section"
        for flag in sorted(flags_in(text) - common - flags_in("".join(own))) if own else ():
            yield f"docs/cli.md: the section of `{command}` lacks {flag}"


def check_references(commands, flags, texts):
    """`texts`: what each page says, by its name."""
    faults = [] if commands and flags else ["`envpm --help` names no commands or no flags"]
    for name, text in texts.items():
        plain = text.replace("\\-", "-")
        for command in commands:
            entry = rf"^(\| [^|\n]*`|\.TP\n\.BR? ([^\n]*[ \"])?){command}(?![\w-])"
            if not re.search(entry, plain, re.MULTILINE):
                faults.append(f"{name}: the command `{command}` is missing")
        for flag in flags:
            if not re.search(rf"(?<![\w-]){flag}(?![\w-])", plain):
                faults.append(f"{name}: the flag `{flag}` is missing")
    return faults


FAKE = """#!/bin/sh
case $1 in
good) echo "in 3 ms: $PWD" ;;
two) echo one; echo two >&2 ;;
bad) echo "error: no"; exit 4 ;;
*) echo "error: there is no command $1"; exit 2 ;;
esac
"""
SOUND = """# Page
    $ envpm good
    in 12.5 s: /home/me/vision
    $ envpm two
    one
    …
    $ envpm good | sed 's/ms.*/of/' > out; cd ..
    $ envpm bad
    error: no

Append to `~/made/file`:

    first

    third

text
    $ cat made/file
    first

    third

A fence:

```yaml
    run: this is no step
```

And [t](README.md#a), [u](https://example.org):

    tools/test  # there
"""
# What is changed of the sound page, and a word that must be said of it.
PLANTED = [
    ("$ envpm good\n", "$ envpm godo\n", "envpm godo` ended with code 2"),
    ("in 12.5 s: /home", "at 12.5 s: /home", "does not print what is shown"),
    ("    one\n    …", "    two\n    …", "does not print what is shown"),
    ("    error: no\n", "    no\n", "`envpm bad` ended with code 4"),
    ("    …\n", "    …\n    error: but no\n", "`envpm two` ended with code 0"),
    ("cd ..", "exit 0", "was not reached"),
    ("cd ..", "if", "was not reached"),
    ("    third\n\ntext", "    fourth\n\ntext", "`cat made/file` does not print"),
    ("Append to `~/made/file`:", "Text.", "neither commands, nor a named file"),
    ("```yaml\n", "\n", "neither commands, nor a named file"),
    ("tools/test ", "tools/tset ", "there is no program tools/tset"),
    ("[t](README.md#a)", "[t](READNE.md#a)", "the link to READNE.md leads nowhere"),
]


def faults_of_text(text):
    steps, faults = steps_of("page", text.splitlines())
    with tempfile.TemporaryDirectory() as folder:
        envpm = Path(folder).resolve() / "bin" / "envpm"
        envpm.parent.mkdir()
        envpm.write_text(FAKE, encoding="utf-8")
        envpm.chmod(0o755)
        results = run_page(steps, envpm, envpm.parent.parent / "home", "", {})
    return faults + list(faults_of_run("page", steps, results))


def self_test():
    """The sound page passes; each planted fault is noticed."""
    failures = [f"the sound page was blamed: {fault}" for fault in faults_of_text(SOUND)]
    for old, new, words in PLANTED:
        text = SOUND.replace(old, new, 1)
        faults = faults_of_text(text)
        if text == SOUND or not any(words in fault for fault in faults):
            failures.append(f"planted: {new!r}; said: {faults}")
    places = {"/srv": "/home/x/srv", "https://a.org": "http://b"}
    if with_places("'/srv/a' x/srv https://a.org/s", places) != "'/home/x/srv/a' x/srv http://b/s":
        failures.append("places were not replaced by those of the test")
    texts = {"": "  lock  solve\n  gpu  know\n  run  a\n", "lock": "--check", "gpu facts": "--most"}
    page = "## Flags of every command\n--json\n### lock and list\n--check\n### gpu facts\n--most\n"
    for old, count in (("no such", 0), ("--check", 1), ("--most", 1), ("lock and", 1)):
        if len(list(check_sections(texts, page.replace(old, "x,")))) != count:
            failures.append(f"{count} faults were not found in sections without {old!r}")
    sound = {
        "a.md": "| `lock [--check]` |\n| `run` |",
        "a.1": '.TP\n.B run\n.TP\n.BR a ", " lock\n\\-\\-check',
    }
    if check_references(["lock", "run"], ["--check"], sound):
        failures.append("sound references were blamed")
    for command, flag in (("unlock", "--check"), ("lock", "--checks"), ("loc", "--check")):
        if len(check_references([command], [flag], sound)) != 2:
            failures.append(f"`{command}`, `{flag}` were not missed in both references")
    return failures


def check(envpm, accept):
    if envpm is None:
        return [fault for page in PAGES for fault in steps_of(page, text_of(page).splitlines())[1]]
    texts = {name: text_of(name) for name in REFERENCES}
    helps = help_of_all(envpm)
    faults = check_references(*words_of_help(helps), texts)
    faults += check_sections(helps, texts["docs/cli.md"])
    return check_pages(envpm, accept) + faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("envpm", type=Path, nargs="?")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    envpm = options.envpm.resolve() if options.envpm else None
    if envpm and not os.access(envpm, os.X_OK):
        parser.error(f"{envpm} is no program")
    faults = self_test() if options.self_test else check(envpm, options.accept)
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
