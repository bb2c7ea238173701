#!/usr/bin/env python3
"""Fails if the section of a document in docs/json.md does not name a member that `--json` prints.

The members are the literals that the functions of src/cli put into objects, and words that stand
for a value. SECTIONS says where a function's document is described.
    json_fields_test.py              judges
    json_fields_test.py --self-test  proves that each kind of fault is noticed
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MEMBER = re.compile(r'\{"([a-z][\w-]*)",|emplace\(\s*"([a-z][\w-]*)"|\["([a-z][\w-]*)"\] =')
VALUE = re.compile(r'\{"[a-z][\w-]*", "([a-z][\w-]*)"\}')
# A function begins a line; of those with one name the type of the first parameter tells which.
FUNCTION = re.compile(
    r"^[\w:<>&* ]+?\b(\w+)\(\s*(?:const )?(?:[\w<>]+::)*(\w*)[^;{}]*\) \{$", re.MULTILINE)
# By how the first line of a section begins, the functions whose members it names.
SECTIONS = {
    "## What you can rely on": "document(Json",
    "## Errors": "json_of(Error explanation_json(Explanation",
    "**`init`**": "run(InitCommand json_of(ImportReport json_of_remarks(vector",
    "**`lock`**": "json_of(LockReport run(UpdateCommand",
    "**`lock --check`**": "run_lock_check(Session",
    "**`add`**": "json_of(EditReport finish_edit(Session",
    "**`install`**": "json_of(InstallReport json_of(Installed audit_summary(AuditReport",
    "**`list`**": "json_of(LockedView package_json(LockedPackage",
    "**`why`**": "json_of(Path",
    "**`export`**": "json_of(Export json_of(BlobExport run(ExportCommand",
    "**`gens`**": "json_of(State changes_json(PackageChange",
    "**`seal`**": "run(SealCommand",
    "**`info`**": "json_of(Information",
    "### A target": "target_json(LockedTarget gpu_json(LockedGpu",
    "**`selftest`**": "run(SelftestCommand json_of(SelfTestReport json_of(TestedGpu json_of(Ending"
                      " json_of(Needs",
    "### Receipts": "json_of(DeepReport json_of(TestedLibrary json_of(ComputeStep"
                    " json_of(TorchStep json_of(TestedIdentity",
    "**`doctor`**": "json_of(DoctorReport",
    "**`audit`**": "json_of(AuditReport json_of(Finding json_of(CodeReport",
    "**`verify`**": "json_of(VerifyReport json_of_damage(string",
    "**`repair`**": "json_of(RepairOutcome",
    "**`gc`**": "json_of(CollectReport",
    "**`gpu facts`**": "json_of(FactListing",
    "**`gpu fits`**": "json_of(GpuAnswer json_of_answer(Cited json_of(NamedGpu json_of(Build",
    "**`target detect`**": "json_of(DetectedMachine",
    "**`mirror list`**": "json_of(vector object_of(Source object_of(Mirror",
    "**`mirror test`**": "json_of(vector json_of_trial(MirrorTrial",
}
PAGES = ("docs/json.md", "docs/selftest.md")  # of the latter the receipts


def members_in(text):
    return {name for found in MEMBER.findall(text) for name in found if name} | set(
        VALUE.findall(text)
    )


def functions_in(text):
    """The text of each by its name and its first parameter's type."""
    starts = list(FUNCTION.finditer(text))
    for at, start in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        yield f"{start[1]}({start[2]}", text[start.start():end]


def sections_in(text):
    """The text of each by the line that it begins with: a heading, or a command in bold."""
    parts = re.split(r"^(?=#|\*\*`)", text, flags=re.MULTILINE)
    return {part.split("\n", 1)[0]: part for part in parts}


def faults_of(function, text, sections, described):
    """`described`: as SECTIONS."""
    members = members_in(text)
    names = [name for name, functions in described.items() if function in functions.split()]
    if members and not names:
        return [f"SECTIONS does not say where the members of {function} are described"]
    page = "".join(part for line, part in sections.items() if line.startswith(tuple(names)))
    words = set(re.findall(r'[`"]([a-z][\w-]*)[`"]', page)) if names else set()
    return [f"{names[0]} does not name `{member}` of {function}"
            for member in sorted(members - words)]


def sources():
    for path in sorted((ROOT / "src" / "cli").glob("*.cpp")):
        text = path.read_text("utf-8")
        if "Json" in text and "TEST(" not in text:
            yield path.name, text


def self_test():
    text = 'Json::Object{{"one", 1}, {"two-b", x}}; a->emplace("three", y); f["four"] = z;'
    assert members_in(text) == {"one", "two-b", "three", "four"}, members_in(text)
    assert members_in('{{"status", "off"}}') == {"status", "off"}
    source = 'Json json_of(const a::One& one) {\n{"one", 1}}\nint f(\n    B b) {\n{"two", 2}}\n'
    functions = dict(functions_in(source))
    assert list(functions) == ["json_of(One", "f(B"], functions
    assert [members_in(part) for part in functions.values()] == [{"one"}, {"two"}]
    page = "# Page\n\n**`a`**: `one`\n\n**`b`**, **`c`**: `two` and three\n"
    sections = sections_in(page)
    described = {"**`a`**": "json_of(One", "**`b`**": "f(B g(C"}
    for function, text in functions.items():
        assert not faults_of(function, text, sections, described), function
    assert faults_of("g(C", '{"one", 1}', sections, described)  # of another section
    assert faults_of("g(C", '{"three", 1}', sections, described)  # not as a word of code
    assert faults_of("h(D", '{"one", 1}', sections, described)
    assert not faults_of("h(D", "", sections, described)


def main():
    if "--self-test" in sys.argv[1:]:
        self_test()
        return 0
    sections = {}
    for page in PAGES:
        sections |= sections_in((ROOT / page).read_text("utf-8"))
    count, faults = 0, []
    for name, text in sources():
        unseen = members_in(text)
        for function, part in functions_in(text):
            count += len(members_in(part))
            unseen -= members_in(part)
            faults += [f"{name}: {fault}"
                       for fault in faults_of(function, part, sections, SECTIONS)]
        faults += [f"{name}: `{member}` is in no function that is seen"
                   for member in sorted(unseen)]
    lost = [begin for begin in SECTIONS if not any(line.startswith(begin) for line in sections)]
    faults += [f"no page has the section {begin}" for begin in lost]
    print("\n".join(faults) or f"{count} members of documents are named")
    return bool(faults) or not count


if __name__ == "__main__":
    sys.exit(main())
