"""Texts in conda's languages, made up from a seed, and questions about them.

A question is what conda_answers is asked: ("version", SPEC, VERSION), ("match", SPEC, …).
"""

import random
import re

RUNS = "0 1 2 10 01 100 300 99999 a b rc RC dev post alpha p d".split()


def made_up_version(dice):
    def segment():
        return "".join(dice.choices(RUNS, k=dice.choice([1, 1, 1, 2, 2, 3])))

    version = dice.choice(["", "", "", "", "1!", "0!"]) + dice.choice("1012a")
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        version += dice.choice("...._") + segment()
    version += "_" if dice.random() < 0.05 else ""
    if dice.random() < 0.2:
        version += "+" + ".".join(segment() for _ in range(dice.choice([1, 2])))
    return version


def shortened(dice, version):
    """The version, or the beginning of it up to a separator."""
    cuts = [match.start() for match in re.finditer(r"(?<=[a-z0-9])[._](?=[a-z0-9])", version)]
    return version[: dice.choice(cuts + [len(version)])]


def made_up_regex(dice, depth=3):
    kind = dice.choice(["text", "text", "join", "join", "either", "repeat"] if depth else ["text"])
    if kind == "text":
        return dice.choice(["a", "b", "1", ".", "\\d", "[ab]", "[^b1]", "\\.", "\\W", "[0-9_]"])
    inner = [made_up_regex(dice, depth - 1) for _ in range(2)]
    if kind == "join":
        return inner[0] + inner[1]
    if kind == "either":
        return f"({inner[0]}|{inner[1]})"
    return f"(?:{inner[0]})" + dice.choice(["*", "+", "?", "{2}", "{1,2}", "{,2}", "*?", "{1,}"])


def made_up_questions(count):
    """Of versions and version specs."""
    dice = random.Random(3)
    operators = "|==|!=|<|<=|>|>=|=|~=".split("|")
    for _ in range(count):
        left, right = made_up_version(dice), made_up_version(dice)
        yield ("order", left, right)
        operand = right if dice.random() < 0.5 else shortened(dice, left)
        star = dice.choice(["", "", "*", ".*"])
        yield ("version", dice.choice(operators) + operand + star, left)


def made_up_specs(count):
    """Match specs in all their forms, with a record each."""
    dice = random.Random(6)
    versions = "1 1.2 1.2.0 1.2.3 1.20 1.2rc1 1.2post 2 1!1.2 1.2_3".split()
    builds = "py36_0 py37_0 py37_1 PY36_0 0".split()
    clauses = [op + v for op in "|==|!=|<|<=|>|>=|=|~=".split("|") for v in versions]
    clauses += [v + ".*" for v in versions] + [f"!={v}.*" for v in versions] + ["*"]
    for _ in range(count):
        spec = dice.choice(["foo", "foo", "Foo", "c::foo", "c/linux-64::foo", "c:x:foo", "bar"])
        space = dice.choice(["", " "])
        clause = dice.choice(clauses)
        for _ in range(dice.choice([0, 0, 0, 1, 2])):
            blank = dice.choice(["", "", " "])
            clause += blank + dice.choice(",|") + blank + dice.choice(clauses)
        asked = dice.choice(builds + ["py*", "*_0", "*7*", "*"])
        spec += dice.choice(
            [
                "",
                (space if re.match("[=<>!~]", clause) else " ") + clause,
                f" {clause} {asked}",
                f" {clause}={asked}",
                f"={dice.choice(versions)}={asked}",
                f"=={dice.choice(versions)}={asked}",
                f"[version='{clause}']",
                f"[version='{clause}',build='{asked}']",
                f"[build={asked},build_number={dice.choice(['1', '>=1', '<1'])!r}]",
            ]
        )
        place = ("c", "linux-64", "0" * 32)
        yield ("match", spec, "foo", dice.choice(versions), dice.choice(builds), 1, *place)


# Specs of all forms; half of them have one mutation.

PLACE = ("c", "linux-64", "0" * 32)
LETTERS = "012.9*+-_!=<>~,|()[]'\"^$ abPdepostvrc:#/\\"


def mutated(dice, text):
    """With one character left out, doubled, changed or put in, two exchanged, or a cut."""
    at = dice.randrange(len(text) + 1)
    before, here, after = text[:at], text[at : at + 1], text[at + 1 :]
    pieces = re.findall(r"\w+|\W", text) or [""]
    return dice.choice(
        [
            before + after,
            before + here * 2 + after,
            before + dice.choice(LETTERS) + after,
            before + dice.choice(LETTERS) + here + after,
            before + dice.choice(pieces) + here + after,
            before + text[at : at + 2][::-1] + text[at + 2 :],
            before,
            here + after,
        ]
    )


def made_up_version_spec(dice, depth=2):
    kind = dice.choice(["one", "one", "one", ",", "|", "()"]) if depth else "one"
    if kind == "()":
        return f"({made_up_version_spec(dice, depth - 1)})"
    if kind in ",|":
        sides = [made_up_version_spec(dice, depth - 1) for _ in range(2)]
        return dice.choice(["", "", " "]).join([sides[0], kind, sides[1]])
    if dice.random() < 0.05:
        return dice.choice(["*", "1.*.3", "*.1", "1*2", "^1\\.[23]$", "^1.*$"])
    operator = dice.choice("|==|!=|<|<=|>|>=|=|~=".split("|"))
    version = made_up_version(dice)
    version = shortened(dice, version) if dice.random() < 0.5 else version
    star = dice.choice(["", "", ".*", "*"]) if operator in ("", "=", "!=", "==") else ""
    return operator + version + star


def made_up_match_spec(dice):
    spec = dice.choice(["", "", "", "c::", "c/linux-64::", "c:x:"])
    spec += dice.choice(["foo", "foo", "Foo", "foo-bar", "_foo"])
    version = made_up_version_spec(dice, 1)
    build = dice.choice("py37_0 py* *_0 0 * ^py3.*$".split())
    short = shortened(dice, made_up_version(dice))
    blank = "" if re.match("[=<>!~]", version) and dice.random() < 0.5 else " "
    spec += dice.choice(
        [
            "", blank + version, f" {version} {build}", f" {version}={build}", f"={short}",
            f"={short}*", f"={short}={build}", f"=={short}={build}",
        ]
    )
    if dice.random() < 0.35:
        keys = {
            "version": version,
            "build": build,
            "build_number": dice.choice(["1", ">=1", "<3", "!=1", "<=0", ">1"]),
            "subdir": dice.choice(["linux-64", "noarch"]),
        }
        quote = dice.choice("'\"")
        chosen = dice.sample(sorted(keys), dice.choice([1, 1, 2, 3]))
        spec += dice.choice(["", " "]) + "["
        spec += dice.choice([",", ", "]).join(f"{key}={quote}{keys[key]}{quote}" for key in chosen)
        spec += "]"
    return spec + dice.choice([""] * 9 + [" # x"])


def near(dice, text):
    """A version not far from those in a spec."""
    found = re.findall(r"[0-9][0-9a-z._!+]*[0-9a-z]|[0-9]", text)
    if not found or dice.random() < 0.15:
        return made_up_version(dice)
    ends = "|||.0|.1|a|rc1|post1|dev1|.dev1|.post1|+1|_|_1|1".split("|")
    return dice.choice(found) + dice.choice(ends)


def mutated_questions(count, seed):
    """Of orders, version specs and match specs."""
    dice = random.Random(seed)

    def made(text):
        return text if dice.random() < 0.5 else mutated(dice, text)

    for _ in range(count):
        version = made(made_up_version(dice))
        yield ("order", version, near(dice, version))
        spec = made(made_up_version_spec(dice))
        yield ("version", spec, near(dice, spec))
        spec = made(made_up_match_spec(dice))
        name = dice.choice(["foo", "foo", "foo", "foo-bar", "_foo"])
        build = dice.choice(["py37_0", "py36_0", "0", "PY37_0"])
        number = dice.choice([0, 1, 2])
        yield ("match", spec, name, near(dice, spec.split("[")[0]), build, number, *PLACE)
