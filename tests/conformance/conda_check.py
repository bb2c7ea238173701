"""Judges an answer to a request over conda packages, on its own.

Nothing here knows envpm or another solver: `depends` and `constrains` are read by a matcher of
their own, for what real repodata has. With py-rattler as `Rattler`, its matcher must agree.
"""

import fnmatch
import functools
import re

import conda_languages

# name, (version, (build)), with blanks between, or without one before a relation
SPEC = re.compile(r"([A-Za-z0-9_.-]+)\s*(?:([<>=!~*0-9].*?|\S+?)(?:\s+(\S+))?)?$")
# The facts that both tools are told of the target: name, version, build.
VIRTUAL = {
    "__unix": ("0", "0"),
    "__linux": ("4.18", "0"),
    "__glibc": ("2.28", "0"),
    "__archspec": ("1", "x86_64"),
}
RELATIONS = {
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
}


class Unreadable(Exception):
    """A spec that this matcher does not know."""


version_key = functools.cache(conda_languages.parse)


@functools.cache
def read_spec(text):
    """(name, version spec, build) of a dependency."""
    text = re.sub(r"\s*,\s*", ",", text.split("#")[0].strip())
    text = re.sub(r"\s*\|\s*", "|", re.sub(r"([<>=!~])\s+", r"\1", text))
    found = SPEC.fullmatch(text)
    if not found or "[" in text or "(" in text:
        raise Unreadable(text)
    name, version, build = found.groups()
    return name.lower(), version or "*", build or "*"


@functools.cache
def is_version_in(version, spec):
    if "|" in spec:
        return any(is_version_in(version, part) for part in spec.split("|"))
    if "," in spec:
        return all(is_version_in(version, part) for part in spec.split(",") if part)
    ours = version_key(version)
    if spec == "*":
        return True
    relation, operand = re.fullmatch(r"(==|!=|<=|>=|~=|[<>=])?(.+)", spec).groups()
    if relation in ("<", ">", "<=", ">="):
        return RELATIONS[relation](conda_languages.compare(ours, version_key(bare(operand))))
    if operand.endswith("*") and relation in (None, "=", "==", "!="):
        begins = conda_languages.begins(ours, version_key(bare(operand)))
        return begins != (relation == "!=")
    if relation == "=":
        return conda_languages.begins(ours, version_key(operand))
    if relation in (None, "==", "!="):
        return RELATIONS[relation or "=="](conda_languages.compare(ours, version_key(operand)))
    raise Unreadable(spec)


def bare(version):
    """Without the `.*` or `*` at its end."""
    return version.rstrip("*").rstrip(".")


@functools.cache
def is_match(text, version, build):
    _, versions, builds = read_spec(text)
    return is_version_in(version, versions) and (
        builds == "*" or fnmatch.fnmatchcase(build.lower(), builds.lower())
    )


def is_met(text, records, agrees):
    """Whether a dependency is met by `{name: record}`."""
    name = read_spec(text)[0]
    if name.startswith("__"):
        return name in VIRTUAL and is_match(text, *VIRTUAL[name])
    return name in records and matches(text, records[name], agrees)


def matches(text, record, agrees):
    answer = is_match(text, record["version"], record["build"])
    agrees(text, record, answer)
    return answer


def faults(world, request, places, agrees=lambda text, record, answer: None):
    """What is wrong with these files as the answer to a request: nothing, if it is valid.

    Every place is one of the world's, one file a name, every dependency met, no `constrains`
    violated, nothing unneeded. `agrees` is told each match, for a second opinion.
    """
    known = world.by_place()
    strange = [place for place in places if place not in known]
    if strange:
        return [f"{place} is no file that the world offers" for place in strange]
    records = {}
    found = []
    for place in places:
        record = known[place]
        if record["name"] in records:
            found.append(f"{record['name']} twice")
        records[record["name"]] = record
    for name, spec in request:
        if not is_met(f"{name} {spec}", records, agrees):
            found.append(f"{name} {spec} is asked for and not met")
    for place, record in zip(places, records.values()):
        for text in record.get("depends", []):
            if not is_met(text, records, agrees):
                found.append(f"{place} needs {text}")
        for text in record.get("constrains", []):
            name = read_spec(text)[0]
            is_there = name in records or name in VIRTUAL
            if is_there and not is_met(text, records, agrees):
                found.append(f"{place} constrains {text}")
    needed = needed_names([name for name, _ in request], records)
    found += [f"{name} is not needed" for name in records if name not in needed]
    return found


def needed_names(roots, records):
    needed = set()
    open_names = list(roots)
    while open_names:
        name = open_names.pop()
        if name in records and name not in needed:
            needed.add(name)
            open_names += [read_spec(text)[0] for text in records[name].get("depends", [])]
    return needed


# What is best (docs/solver.md), for telling how two valid answers differ.


def release(record):
    """What of a record makes it a release of its own, ascending by preference: track_features,
    then version."""
    features = record.get("track_features") or []
    features = features.replace(",", " ").split() if isinstance(features, str) else features
    order = functools.cmp_to_key(conda_languages.compare)
    return -len(features), order(version_key(record["version"]))


def lags(world, request, places):
    """Of each direct requirement, in the request's order, how many releases the answer is behind
    the best that the request itself allows."""
    known = world.by_place()
    chosen = {known[place]["name"]: known[place] for place in places}
    out = []
    for name, _ in request:
        specs = [f"{name} {spec}" for other, spec in request if other == name]
        releases = sorted((release(record) for _, record in world.records[name]), reverse=True)
        best = max(release(record) for _, record in world.records[name]
                   if all(is_match(spec, record["version"], record["build"]) for spec in specs))
        mine = release(chosen[name])
        between = [one for one in releases if mine <= one < best]
        out.append(sum(one != last for one, last in zip(between, [best, *between])))
    return out
