#!/usr/bin/env python3
"""Every fault of a network, a server or a disk that envpm is to survive, on the command itself.

faults_test.py [--all] [--jobs N] [--list] [--write-docs] [NAME…] ENVPM

Plays the quick cases, or all, or those whose name or group is among the names, several at a time:
they wait more than they work. docs/reliability-cases.md lists them all and docs/reliability.md the
groups; both lists are checked, and written anew with `--write-docs`. A case that is known to fail
is played with `--all`, and fails.
"""

import argparse
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import cases_bytes
import cases_client
import cases_conda
import cases_connection
import cases_content
import cases_ranges
import cases_status
import cases_tls
from case import Case, Complaint, Skip, World

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- made by tests/reliability/faults_test.py --write-docs -->", "<!-- end -->"
GROUPS: dict[int, tuple[str, list[Case]]] = {}
for module in (
    cases_connection,
    cases_bytes,
    cases_ranges,
    cases_status,
    cases_content,
    cases_tls,
    cases_client,
):
    GROUPS |= module.GROUPS
GROUPS = {
    number: (title, cases + cases_conda.FURTHER.get(number, []))
    for number, (title, cases) in sorted(GROUPS.items())
}


def all_cases() -> str:
    """The part of docs/reliability-cases.md that is made here."""
    lines = []
    for number, (title, cases) in GROUPS.items():
        lines += [f"## {number}. {title}", "", f"{len(cases)} cases.", ""]
        lines += ["| what happens | ends with |", "|---|---|"]
        for case in cases:
            mark = " (not yet)" if case.known else ""
            lines.append(f"| {case.name} | {case.outcome}{mark} |")
        lines.append("")
    return "\n".join(lines)


def groups() -> str:
    """The part of docs/reliability.md that is made here."""
    total = sum(len(cases) for _, cases in GROUPS.values())
    lines = ["| group | what fails | cases |", "|---|---|---|"]
    for number, (title, cases) in GROUPS.items():
        anchor = "".join(c for c in title.lower() if c.isalnum() or c == " ").replace(" ", "-")
        link = f"reliability-cases.md#{number}-{anchor}"
        lines.append(f"| {number} | [{title}]({link}) | {len(cases)} |")
    plays = sum(case.repeat[1] for _, cases in GROUPS.values() for case in cases)
    all_plays = (
        f"CI plays all of them, the random kill 100 times: {plays} plays, sixteen at a time."
    )
    return "\n".join([*lines, f"| | all | {total} |", "", all_plays, ""])


PAGES = {DOCS / "reliability-cases.md": all_cases, DOCS / "reliability.md": groups}


def page_with(page: Path, text: str) -> str:
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"


def chosen(options: argparse.Namespace) -> list[tuple[int, Case]]:
    """One entry for each time that a case is played."""
    out = []
    for number, (_, cases) in GROUPS.items():
        for case in cases:
            named = any(is_called(name, number, case) for name in options.names)
            is_wanted = named if options.names else options.all or (case.quick and not case.known)
            if is_wanted:
                out += [(number, case)] * case.repeat[1 if options.all else 0]
    return out


def is_called(name: str, number: int, case: Case) -> bool:
    return name == str(number) if name.isdigit() else name in case.name


def play(world: World, case: Case) -> tuple[str, float]:
    """What is wrong, or nothing, and the seconds that it took."""
    began = time.monotonic()
    try:
        world.play(case)
        complaint = ""
    except Complaint as error:
        complaint = str(error)
    except Skip as reason:
        print(f"skipped: {case.name}: {reason}", flush=True)
        complaint = ""
    except Exception:  # noqa: BLE001: one case must not end the others
        complaint = traceback.format_exc()
    return complaint, time.monotonic() - began


def run(options: argparse.Namespace) -> int:
    jobs = chosen(options)
    # The longest first, so that none of them is the last one alone.
    jobs.sort(key=lambda job: -job[1].ends.within)
    failed: dict[tuple[int, str], str] = {}
    known: dict[str, str] = {}
    counts: Counter[int] = Counter()
    began = time.monotonic()
    world = World(options.envpm.resolve())
    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            futures = {pool.submit(play, world, case): (number, case) for number, case in jobs}
            for future in as_completed(futures):
                number, case = futures[future]
                complaint, seconds = future.result()
                counts[number] += 1
                if complaint:
                    failed[number, case.name] = complaint
                if complaint and case.known:
                    known[case.name] = case.known
                if options.verbose or complaint:
                    state = "failed" if complaint else "ok"
                    print(f"{number:2} {state:6} {seconds:5.1f} s  {case.name}", flush=True)
    finally:
        world.close()
    for (number, name), complaint in sorted(failed.items()):
        print(f"\n--- {number}: {name}\n{complaint}")
    for name, why in known.items():
        print(f"\nknown to fail: {name}: {why}")
    print(
        f"{sum(counts.values())} plays of {len(counts)} groups in {time.monotonic() - began:.0f} s,"
        f" {len(failed)} failed"
    )
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    if options.list:
        print(all_cases())
        return 0
    if options.write_docs:
        for page, text in PAGES.items():
            page.write_text(page_with(page, text()))
        return 0
    if not options.names:
        parser.error("which envpm?")
    options.envpm = Path(options.names.pop())
    for page, text in PAGES.items():
        if page_with(page, text()) != page.read_text():
            print(f"{page} is stale: run {Path(__file__).name} --write-docs")
            return 1
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
