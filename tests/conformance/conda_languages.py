#!/usr/bin/env python3
"""Compares envpm's reading of conda's languages with that of others.

    conda_languages.py PROGRAM             versions and regular expressions
    conda_languages.py PROGRAM --rattler   also with py-rattler (pip install py-rattler)
    conda_languages.py PROGRAM --conda     also with conda's own code (pip install --no-deps
                                           conda-lock requests boltons …), which conda-lock brings

PROGRAM is conda_answers. Versions come from tests/data/conda/versions.txt with the parse that conda
itself gave, and all 28,530 of them from `conda/parsed_versions.txt.zst` in the folder that the
variable ENVPM_SHARED_DATA names; others are made up (conda_made_up.py). Match specs are the
`depends` and `constrains` of the repodata there. With both others, texts with a mutation are put to
all three, and what envpm answers unlike both is counted. docs/conda.md says where envpm differs
from others, and why.
"""

import argparse
import collections
import functools
import importlib.util
import itertools
import json
import logging
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import warnings

from conda_made_up import (
    made_up_questions,
    made_up_regex,
    made_up_specs,
    made_up_version,
    mutated_questions,
    shortened,
)

SAMPLE = pathlib.Path(__file__).parent.parent / "data/conda/versions.txt"
REPODATA = (
    "index2 index4 index5 main-noarch.repodata pytorch-linux-64.repodata r-linux-64.repodata"
).split()
MARKS = {-1: "<", 0: "=", 1: ">"}


def ask(program, questions):
    """The answers of envpm, in the order of the questions."""
    text = "".join("\t".join(map(str, question)) + "\n" for question in questions)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(questions), (len(answers), len(questions))
    return answers


def differences(answers, expected, questions):
    """(question…, answer, right answer) wherever they differ; of refusals the words may."""
    for answer, right, question in zip(answers, expected, questions):
        if answer != right and not (answer[0] == right[0] == "!"):
            yield (*question, answer, right)


# conda's versions as its documentation describes them: segments of runs, zero for what is missing.


def parse(version):
    """(segments, segments behind `+`), as conda's VersionOrder keeps them."""
    text = version.lower() if "_" in version else version.lower().replace("-", "_")
    epoch, _, rest = text.rpartition("!")
    main, _, local = rest.partition("+")
    ending = "_" if main.endswith("_") else ""
    segments = re.split("[._]", main[: len(main) - len(ending)])
    segments[-1] += ending
    return (
        [read_segment(segment) for segment in [epoch or "0", *segments]],
        [read_segment(segment) for segment in re.split("[._]", local)] if local else [],
    )


def read_segment(segment):
    words = {"post": math.inf, "dev": "DEV"}
    runs = [
        int(run) if run.isdigit() else words.get(run, run)
        for run in re.findall("[0-9]+|[^0-9]+", segment)
    ]
    return runs if segment[0].isdigit() else [0, *runs]


def compare_runs(left, right):
    if left == right:
        return 0
    if isinstance(left, str) != isinstance(right, str):
        return -1 if isinstance(left, str) else 1
    return -1 if left < right else 1


def compare_lists(left, right):
    """Of two lists of segments: -1, 0 or 1."""
    for segments in itertools.zip_longest(left, right, fillvalue=[]):
        for runs in itertools.zip_longest(*segments, fillvalue=0):
            if compare_runs(*runs):
                return compare_runs(*runs)
    return 0


def compare(left, right):
    return compare_lists(left[0], right[0]) or compare_lists(left[1], right[1])


def begins(version, prefix):
    """Whether a version begins with another, as `1.2.*` asks."""
    if prefix[1] and compare_lists(version[0], prefix[0]):
        return False
    ours, wanted = (version[1], prefix[1]) if prefix[1] else (version[0], prefix[0])
    last = len(wanted) - 1
    ours_last = ours[last] if last < len(ours) else []
    end = len(wanted[last]) - 1
    if compare_lists(ours[:last], wanted[:last]):
        return False
    if compare_lists([ours_last[:end]], [wanted[last][:end]]):
        return False
    run, wanted_run = ours_last[end] if end < len(ours_last) else 0, wanted[last][end]
    if isinstance(wanted_run, str):
        return isinstance(run, str) and run.startswith(wanted_run)
    return run == wanted_run


def read_parses(text):
    """{version: segments} from lines `1.0a=[[0], [1], [0, 'a']]`; `inf` stands for `post`."""
    parses = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            version, segments = line.split("=", 1)
            parses[version] = json.loads(segments.replace("'", '"').replace("inf", "Infinity"))
    return parses


def check_order(program, name, versions, pairs):
    """All neighbours in conda's order, and random pairs; gives what is wrong."""
    dice = random.Random(1)
    parses = {version: parse(version) for version in versions}
    order = sorted(parses, key=functools.cmp_to_key(lambda a, b: compare(parses[a], parses[b])))
    chosen = list(zip(order, order[1:])) + [tuple(dice.choices(order, k=2)) for _ in range(pairs)]
    beginnings = [(a, shortened(dice, b)) for a, b in chosen + list(zip(order, order))]
    wrong = list(
        differences(
            ask(program, [("order", *pair) for pair in chosen]),
            [MARKS[compare(parses[left], parses[right])] for left, right in chosen],
            chosen,
        )
    )
    wrong += differences(
        ask(program, [("begins", *pair) for pair in beginnings]),
        ["yes" if begins(parses[a], parse(b)) else "no" for a, b in beginnings],
        beginnings,
    )
    print(
        f"{name}: {len(order)} versions, {len(chosen)} pairs, {len(beginnings)} beginnings,"
        f" {len(wrong)} wrong"
    )
    return wrong


def check_parses(parses):
    """That `parse` above is conda's."""
    return [
        (version, parse(version)[0], right)
        for version, right in parses.items()
        if parse(version)[0] != right
    ]


# Regular expressions, with Python's.


def check_regexes(program, count):
    dice = random.Random(4)
    questions, expected = [], []
    for _ in range(count):
        regex = made_up_regex(dice)
        regex = dice.choice(["^{}$", "^{}$", "^{}|a$"]).format(regex)
        text = "".join(dice.choices("aAb1._", k=dice.choice([0, 1, 2, 3, 5])))
        questions.append(("find", regex, text))
        found = re.search(regex, text, re.IGNORECASE | re.ASCII)
        expected.append("yes" if found else "no")
    answers = ask(program, questions)
    wrong = list(differences(answers, expected, questions))
    print(f"regular expressions: {count}, {answers.count('yes')} found, {len(wrong)} wrong")
    return wrong


# What py-rattler and conda say.


def rattler_answer(question):
    import rattler

    if question[0] == "order":
        left, right = map(rattler.Version, question[1:])
        return "<" if left < right else "=" if left == right else ">"
    if question[0] == "version":
        spec, version = question[1:]
        answer = rattler.VersionSpec(spec).matches(rattler.Version(version))
    else:
        answer = rattler_spec(question[1]).matches(rattler_record(*question[2:7], question[7]))
    return "yes" if answer else "no"


@functools.lru_cache(maxsize=None)
def rattler_spec(text):
    import rattler

    return rattler.MatchSpec(text)


def rattler_record(name, version, build, number, _, subdir):
    import rattler

    return rattler.PackageRecord(name, version, rattler.BuildString(build), number, subdir)


def conda_answer(question):
    from conda.models.match_spec import MatchSpec
    from conda.models.version import VersionOrder, VersionSpec

    if question[0] == "order":
        left, right = map(VersionOrder, question[1:])
        return "<" if left < right else "=" if left == right else ">"
    if question[0] == "version":
        answer = VersionSpec(question[1]).match(question[2])
    else:
        keys = "name version build build_number channel subdir md5".split()
        record = dict(zip(keys, question[2:]), fn="x.conda")
        answer = MatchSpec(question[1]).match(record)
    return "yes" if answer else "no"


def find_conda():
    """conda-lock brings conda's own code, which is not on PyPI as a package of its own."""
    found = importlib.util.find_spec("conda_lock")
    sys.path.insert(0, str(pathlib.Path(found.origin).parent / "_vendor"))
    logging.disable()
    warnings.simplefilter("ignore")


def answer_of(peer, question):
    try:
        return peer(question)
    except Exception as error:  # each has a type of its own for each fault
        return "! " + str(error).replace("\n", " ")[:80]


PEERS = {"rattler": rattler_answer, "conda": conda_answer}


def compare_with(program, peer, name, questions):
    """Prints and counts what differs; gives what no reason is known for."""
    answers = ask(program, questions)
    theirs = [answer_of(PEERS[peer], question) for question in questions]
    wrong = list(differences(answers, theirs, questions))
    kinds = collections.Counter(reason(peer, case) for case in wrong)
    print(f"{peer}, {name}: {len(questions)} questions, {len(wrong)} differ {dict(kinds)}")
    return [case for case in wrong if reason(peer, case) == "unexplained"]


def reason(peer, case):
    """Why a difference is none of ours (docs/conda.md)."""
    texts = " ".join(map(str, case[1:3])).lower()
    spec = "" if case[0] == "order" else case[1].lower()
    asked = re.sub(r"^[^\s=<>!~[]*", "", spec) if case[0] == "match" else spec  # without the name
    clauses = re.split(r"""[\s,|()[\]'"]+""", asked)
    reasons = [
        ("~=" in spec, "one segment, `*` or `+` behind `~=`"),
        (any(re.search(r"==.*\*", clause) for clause in clauses), "`==` before `1.*`"),
        ("**" in spec, "two stars"),
        (
            re.search(r"""\[(.*,)? *\w+ =|\[.*=(['"])[^'"]*\2\w""", spec),
            "brackets that conda reads in part",
        ),
        (spec.startswith("/"), "a folder for a channel"),
        ("$$" in spec, "two signs that end a regular expression"),
    ]
    if peer == "conda":
        reasons += [
            (
                any(re.match(r"[=<>!].*[^.]\*$", clause) for clause in clauses),
                "`1*` behind an operator",
            ),
            (case[0] == "match" and "PY" in case[1] + case[4], "case of a build"),
            (re.search(r"[|,] =", spec), "blank before `=`"),
            (case[0] == "match" and "(" in spec, "conda takes parentheses for a remark"),
        ]
    else:
        reasons += [
            (re.search(r"[a-z]_(?![a-z0-9])", texts), "underscore behind a word"),
            (any(re.match(r"(!=|=|[^<>=]).*[a-z][.*]*$", c) for c in clauses), "part of a word"),
            (re.match(r">[^=].*\*$", spec), "`>` before `1.*`"),
            (re.search(r"\b0\.?\*|=[^=]*\b0\b", spec), "a beginning that ends in 0"),
            ("*" in spec and re.match(r"(\d!)?[a-z]", str(case[2]).lower()), "word at the front"),
        ]
    return next((name for holds, name in reasons if holds), "unexplained")


def compare_with_all(program, count, seed):
    """Of texts that nobody agrees on: prints and counts what envpm answers unlike both others. If
    they do not refuse the text too, each needs a reason; gives where one has none."""
    questions = list(mutated_questions(count, seed))
    alone, wrong = collections.Counter(), []
    for question, ours in zip(questions, ask(program, questions)):
        theirs = {peer: answer_of(PEERS[peer], question) for peer in PEERS}
        if ours[0] in [answer[0] for answer in theirs.values()]:
            continue
        cases = [(*question, ours, answer) for answer in theirs.values()]
        reasons = [reason(*case) for case in zip(theirs, cases) if case[1][-1][0] != "!"]
        if ours[0] == "!":
            fault = re.sub(r".* is no \w+ spec: |`[^`]*`|:.*|\(.*", "", ours[2:])
            alone["refused: " + fault.strip()] += 1
        elif not reasons:
            fault = re.sub(r"(['\"]|spec:).*", "", theirs["rattler"][2:])
            alone["read: " + fault.strip()] += 1
        elif "unexplained" in reasons:
            wrong.append((*question, ours, *theirs.values()))
        else:
            alone["other: " + ", ".join(sorted(set(reasons)))] += 1
    print(f"mutated: {len(questions)} questions, {alone.total()} answered by envpm alone")
    for name, number in sorted(alone.items()):
        print(f"    {number} {name}")
    return wrong


def read_records(folder):
    """(distinct texts of `depends` and `constrains`, records) of all repodata."""
    texts, records = set(), []
    for name in REPODATA:
        data = json.loads(unpacked(folder / f"{name}.json.zst"))
        groups = [data.get("packages", data), data.get("packages.conda", {})]
        for record in itertools.chain(*(group.values() for group in groups)):
            records.append(record)
            texts.update(record.get("depends", []) + record.get("constrains", []))
    return sorted(texts), records


def record_questions(texts, records, each):
    """Every spec with some records, of the same name if there are such."""
    dice = random.Random(2)
    by_name = collections.defaultdict(list)
    for record in records:
        by_name[record["name"]].append(record)
    for text in texts:
        known = by_name.get(re.match(r"[\w.-]*", text)[0].lower(), records)
        for r in dice.sample(known, min(len(known), each)):
            subdir = r.get("subdir") or "linux-64"
            place = ("c", subdir, r.get("md5", ""))
            yield ("match", text, r["name"], r["version"], r["build"], r["build_number"], *place)


def unpacked(path):
    return subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout.decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    for peer in PEERS:
        parser.add_argument(f"--{peer}", action="append_const", dest="peers", const=peer)
    parser.add_argument("--mutated", type=int, default=20_000, help="texts of each language")
    parser.add_argument("--seed", type=int, default=7, help="of the mutated texts")
    options = parser.parse_args()
    program = options.program
    shared = os.environ.get("ENVPM_SHARED_DATA")
    folder = pathlib.Path(shared, "conda") if shared else None

    parses = read_parses(SAMPLE.read_text("utf-8"))
    dice = random.Random(5)
    made_up = [made_up_version(dice) for _ in range(3000)]
    wrong = check_parses(parses)
    wrong += check_order(program, "sample", parses, 5_000)
    wrong += check_order(program, "made up", made_up, 20_000)
    wrong += check_regexes(program, 5_000)
    if folder:
        parses = read_parses(unpacked(folder / "parsed_versions.txt.zst"))
        wrong += check_parses(parses)
        wrong += check_order(program, "conda's", parses, 200_000)
        texts, records = read_records(folder)
        read = ask(program, [("text", text) for text in texts])
        wrong += [(text, answer) for text, answer in zip(texts, read) if answer.startswith("!")]
        print(f"repodata: {len(records)} records, {len(texts)} specs read")
    else:
        print("skipped: no shared data")
    if "conda" in (options.peers or []):
        find_conda()
    if set(PEERS) == set(options.peers or []):
        wrong += compare_with_all(program, options.mutated, options.seed)
    for peer in options.peers or []:
        wrong += compare_with(program, peer, "versions", list(made_up_questions(50_000)))
        wrong += compare_with(program, peer, "match specs", list(made_up_specs(20_000)))
        if folder:
            questions = list(record_questions(texts, records, 80))
            wrong += compare_with(program, peer, "records", questions)
    for case in wrong[:20]:
        print("differs:", *case, sep="\t")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
