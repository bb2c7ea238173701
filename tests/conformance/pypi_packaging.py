#!/usr/bin/env python3
"""Compares envpm's reading of Python's package languages with that of `packaging`.

    pypi_packaging.py PROGRAM [--seed N] [--count N] [--show N]

PROGRAM is pypi_answers; `pip install packaging` brings the other. pypi_made_up.py makes the texts.
What differs is counted by its reason. Where REWRITES and REASONS give none, the shortest texts of
each language are printed, and the script fails.
"""

import argparse
import collections
import re
import subprocess
import sys

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from pypi_made_up import ENVIRONMENTS, EXTRAS, questions

# What `packaging` says.


def clause_text(clause):
    """As envpm writes it: (operator, operand)."""
    operator, version = clause.operator, clause.version
    if operator == "===":
        return operator, version.lower()
    star = ".*" if version.endswith(".*") else ""
    return operator, str(Version(version.removesuffix(".*"))) + star


def specifiers_text(specifiers):
    return ", ".join("".join(pair) for pair in sorted(set(map(clause_text, specifiers))))


def meaning(marker):
    """Of a marker: its value in every environment, with every set of extras."""
    values = []
    for environment in ENVIRONMENTS:
        for extras in EXTRAS:
            try:
                value = marker.evaluate(environment | {"extra": set(extras)})
            except (UndefinedComparison, UndefinedEnvironmentName):
                value = None
            values.append("?" if value is None else "01"[value])
    return "".join(values)


def requirement_text(text):
    read = Requirement(text)
    extras = ",".join(sorted({canonicalize_name(extra) for extra in read.extras}))
    marker = meaning(read.marker) if read.marker else ""
    specifiers = specifiers_text(read.specifier)
    return "\t".join([canonicalize_name(read.name), extras, specifiers, read.url or "", marker])


def wheel_text(name):
    project, version, build, tags = parse_wheel_filename(name)
    number, rest = build or (0, "")
    return "\t".join([project, str(version), str(number), rest, " ".join(sorted(map(str, tags)))])


def marker_value(text, extras, *pairs):
    environment = dict(pair.split("=", 1) for pair in pairs)
    return Marker(text).evaluate(environment | {"extra": set(extras.split(",")) - {""}})


def order(left, right):
    left, right = Version(left), Version(right)
    return "<" if left < right else "=" if left == right else ">"


ANSWERS = {
    "version": lambda text: str(Version(text)),
    "order": order,
    "specifiers": lambda text: specifiers_text(SpecifierSet(text)),
    "names": lambda text: bool(SpecifierSet(text).prereleases),
    "contains": lambda text, v: SpecifierSet(text).contains(Version(v), prereleases=True),
    "stable": lambda text, v: SpecifierSet(text).contains(Version(v), prereleases=False),
    "marker": marker_value,
    "marker_text": lambda text: meaning(Marker(text)),
    "requirement": requirement_text,
    "wheel": wheel_text,
    "name": lambda text: canonicalize_name(text, validate=True),
}


def answer(question):
    try:
        found = ANSWERS[question[0]](*question[1:])
    except (ValueError, KeyError) as error:
        return "! " + type(error).__name__
    return {True: "yes", False: "no"}.get(found, found)


def understood(question, ours):
    """Markers in envpm's words stand for what `packaging` makes of them."""
    place = {"marker_text": 0, "requirement": 4, "old": 4}.get(question[0])
    parts = ours.split("\t")
    if ours.startswith("!") or place is None or not parts[place]:
        return ours
    try:
        parts[place] = meaning(Marker(parts[place]))
    except ValueError:
        parts[place] = "not read back"
    return "\t".join(parts)


def ask(program, asked):
    text = "".join("\t".join(question) + "\n" for question in asked)
    done = subprocess.run([program], input=text.encode(), capture_output=True, check=True)
    answers = done.stdout.decode(errors="replace").split("\n")[:-1]
    assert len(answers) == len(asked), (len(answers), len(asked))
    return answers


def differs(ours, theirs):
    return ours != theirs and not ours[0:1] == theirs[0:1] == "!"


def reason(question, ours, theirs):
    """Why a difference is none of ours; empty if no reason is known."""
    kind, text = question[0], " ".join(question[1:2] if question[0] == "marker" else question[1:])
    rewritten = question[1]
    for kinds, rewrite, name in REWRITES:
        if kind in kinds.split():
            texts = {rewrite(question[1]), rewrite(rewritten)} - {question[1], rewritten}
            rewritten = rewrite(rewritten)
            if any(is_answered(question, other, ours) for other in texts):
                return name
    for kinds, holds, name in REASONS:
        if kind in kinds.split() and holds(text, ours, theirs):
            return name
    return ""


def is_answered(question, text, ours):
    """Whether `packaging` says so of another text."""
    theirs = answer((KIND.get(question[0], question[0]), text, *question[2:]))
    return not differs(ours, theirs) or is_undefined(text, ours, theirs)


def with_commas(text):
    """Specifiers as PEP 440 has them: a comma between two, none elsewhere, nothing for `*`."""
    end = re.search("[;@]|$", text).start()
    head, rest = re.sub(r"[\f\r\v]", " ", text[:end]), text[end:]
    head = re.sub(r"(?<=[^\s,(<>=!~])\s*(?=[<>~]|[=!]=)", ",", head)
    head = re.sub(r"\s*,(\s*,)+", ",", head)
    name = r"^([^<>=!~,*\[]*(?:\[[^\]]*\])?[^<>=!~,*\[]*)"
    return re.sub(name + r",|" + name + r"\*(?=[\s)]*$)", r"\1\2", head) + rest


def found(pattern):
    return lambda text, ours, theirs: re.search(pattern, text)


def is_undefined(text, ours, theirs):
    """Where `packaging` has no value (`?`), any of ours is right."""
    ours, theirs = ours.split("\t")[-1], theirs.split("\t")[-1]
    fits = ours[0:1] == "!" or all(their in ("?", our) for our, their in zip(ours, theirs))
    return theirs.startswith("! Undefined") or ("?" in theirs and fits)


SETS = "specifiers names contains stable requirement"
MARKERS = "marker marker_text requirement old"
# Languages, how a text is written for `packaging`, which then answers as envpm does, and why; each
# alone, and behind those before it.
REWRITES = [
    (SETS, with_commas, "no comma, a comma too many, or `*`"),
    (MARKERS, lambda text: re.sub(r"""((?:>=|<)\s*["']\s*v?[\d!.]*)\.\*""", r"\1", text),
     "`>=3.6.*` in a marker"),
    (MARKERS, lambda text: re.sub(r"[\f\r\v]", " ", text), "white space"),
]
# Languages, what holds, and why.
REASONS = [
    (f"version order wheel {SETS} {MARKERS}", found("[1-9][0-9]{18}"), "a number of 19 digits"),
    (f"version order {SETS} {MARKERS}", found("[\x1c\u3000]"),
     "white space that PEP 440 does not have"),
    (f"{SETS} wheel", found("[^\0-\x7f]"), "letters beyond ASCII in a tag or behind `===`"),
    (f"{SETS} old", found(r"===\s*[<>=!~^]"), "`===` before an operator"),
    (MARKERS, found(r"""["'][^"']*[\\\f\r\v][^"']*["']"""),
     "a backslash or control character in quotes, which PEP 508 does not have"),
    (MARKERS, found(r"""[<>]\s*["']="""), "the operator is within the quotes"),
    (MARKERS, is_undefined, "a comparison that PEP 508 leaves undefined"),
    ("marker marker_text", found(r"""["']\s*===\s*\w"""),
     "`===` with the text before it, which is taken for a version"),
    ("requirement old wheel", lambda text, ours, theirs: re.search(r"\b[._]|[._](?!\w)|^_", text)
     and ours.startswith("!"), "a name that begins or ends with a sign"),
]
KIND = {"old": "requirement"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--show", type=int, default=50)
    options = parser.parse_args()
    asked = list(questions(options.seed, options.count))
    answers = ask(options.program, [question for question, _ in asked])
    seen, read = collections.Counter(), collections.Counter()
    different = collections.defaultdict(set)
    for (question, other), ours in zip(asked, answers):
        theirs, ours = answer(other), understood(question, ours)
        seen[question[0]] += 1
        read[question[0]] += not theirs.startswith("!")
        if differs(ours, theirs):
            why = reason(question, ours, theirs)
            different[question[0], why].add((*question[:3], ours, theirs))
    for kind, number in seen.items():
        print(f"{kind}: {number} asked, {read[kind]} read by `packaging`")
        for why in sorted(why for of_kind, why in different if of_kind == kind):
            print(f"    {len(different[kind, why])} {why or 'unexplained'}")
    unexplained = [case for (_, why), cases in different.items() if not why for case in cases]
    for case in sorted(unexplained, key=lambda case: (case[0], len(case[1])))[: options.show]:
        print("differs:", *map(repr, case))
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
