"""Which sources of a folder can be one compilation: prints a number for each, `;` between them.

    batches.py MOST SRC FILE…

What a source has for itself (its anonymous namespace, `using` and aliases outside of functions,
macros) is seen by those behind it in the same compilation. So two are put together only if neither
mentions such a name of the other, nor has a header that declares it: then each means what it means
alone, and none has to be renamed.
"""

import functools
import pathlib
import re
import sys

OWN_NAMESPACE = re.compile(r"^namespace \{$(.*?)^\} // namespace$", re.S | re.M)
NOT_CODE = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r"|//[^\n]*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.S,
)
# The first that matches a line of the outermost level: what it defines.
DEFINED = (
    r"(?:template\b.*> )?(?:struct|class|union|enum class|enum)\s+(\w+)",
    r"using ([\w:]+);",
    r"(?:using|namespace) (\w+) =",
    r"# *define (\w+)",
    r"[^=({]*?\b(\w+)(?:\[\w*\])* *[({=;]",
    r"[^=({]*?\b(\w+)$",
)


def own_names(text):
    """What the source defines that its headers do not declare."""
    names = set()
    for block in OWN_NAMESPACE.findall(text):
        names |= {name for line in code_of(block).split("\n") for name in defined(line)}
    for line in code_of(text).split("\n"):
        if re.match(r"using |namespace \w+ =|# *define", line):
            names |= defined(line)
    return names


def defined(line):
    if not line or line[0] in " }/":
        return set()
    for pattern in DEFINED:
        found = re.match(pattern, line)
        if found:
            return {found[1].split("::")[-1]}
    return set()


def mentioned(text):
    """Every word that could be a name of another source: a member is not."""
    return set(re.findall(r"(?<![\w.])(?<!->)(?<!::)[A-Za-z_]\w*", code_of(text)))


def code_of(text):
    return NOT_CODE.sub('""', text)


def header_parts(text):
    """What a header declares, and the headers that it includes."""
    lines = code_of(text).split("\n")
    names = set().union(*(defined(line) for line in lines))
    return names, re.findall(r'^#include "(.*?)"', text, re.M)


def declared(header, parts_of, seen):
    """What the header and those below it declare."""
    if header in seen:
        return set()
    seen.add(header)
    names, included = parts_of(header)
    return names.union(*(declared(inner, parts_of, seen) for inner in included))


def batches(texts, most, parts_of):
    """The number of each text's batch: the first that has room and nothing against it."""
    made = []
    numbers = []
    for text in texts:
        own = own_names(text)
        seen = set()
        words = mentioned(text)
        for header in re.findall(r'^#include "(.*?)"', text, re.M):
            words |= declared(header, parts_of, seen)
        for number, (size, owned, said) in enumerate(made):
            if size < most and not own & said and not owned & words:
                break
        else:
            number = len(made)
            made.append((0, set(), set()))
        size, owned, said = made[number]
        made[number] = (size + 1, owned | own, said | words)
        numbers.append(number)
    return numbers


def headers_below(root):
    """Reads the parts of headers in this folder, of each once."""
    return functools.cache(lambda name: header_parts((root / name).read_text(encoding="utf-8")))


if __name__ == "__main__":
    most, root, *files = sys.argv[1:]
    sources = [pathlib.Path(name).read_text(encoding="utf-8") for name in files]
    numbers = batches(sources, int(most), headers_below(pathlib.Path(root)))
    print(";".join(map(str, numbers)), end="")
