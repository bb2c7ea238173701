"""Further cases of several groups, with a channel in an index's place."""

import gzip

from case import (
    CONDA,
    GOOD,
    TAR_BZ2,
    Case,
    Ends,
    Mirror,
    cases_of_alone_and_beside,
)
from fault_server import HALF, SILENT, Reply

LOGIN = Reply(
    body=b"<!DOCTYPE html>\n<html><body><h1>Please log in</h1></body></html>\n",
    fields={"Content-Type": "text/html"},
)


def one_bit(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def pages(name: str, script: list, ends: Ends | None = None, **more) -> Case:
    """All repodata of a channel are answered so."""
    ends = ends or Ends()
    return Case(name, [Mirror(pages=script)], ends, wheel=CONDA, command="lock", **more)


def pages_beside(name: str, script: list) -> Case:
    mirrors = [Mirror(pages=script), Mirror()]
    return Case(name, mirrors, Ends(within=20), wheel=CONDA, command="lock")


def archive(name: str, reply: Reply, ends: Ends, wheel: str = CONDA) -> list[Case]:
    return cases_of_alone_and_beside(
        Case(name, [Mirror(files=[reply])], ends, wheel=wheel), Ends(most=2.2)
    )


QUICK = (
    "a `.conda` ends half way, once",
    "a login page in place of a channel, beside a good mirror",
    "one bit of a `.tar.bz2` is wrong",
)
FURTHER = {
    1: [
        pages(
            "a channel never answers",
            [SILENT],
            Ends(5, ("did not answer for 1.5 s",), within=30),
        ),
        pages_beside("a channel never answers, beside a good mirror", [SILENT]),
    ],
    2: [pages("each page of a channel stalls, once", [Reply(cut=0.3, ending="stall"), GOOD])],
    4: [
        pages("each page of a channel ends half way, once", [HALF, GOOD]),
        *(
            Case(f"a `{end}` ends half way, once", [Mirror(files=[HALF, GOOD])], wheel=wheel)
            for end, wheel in ((".conda", CONDA), (".tar.bz2", TAR_BZ2))
        ),
    ],
    5: [
        *archive(
            "one bit of a `.conda` is wrong", Reply(change=one_bit), Ends(6, ("wrong bytes",))
        ),
        *archive(
            "one bit of a `.tar.bz2` is wrong",
            Reply(change=one_bit),
            Ends(6, ("wrong bytes",)),
            TAR_BZ2,
        ),
        pages_beside(
            "one bit of each page of a channel is wrong, beside a good mirror",
            [Reply(change=one_bit)],
        ),
    ],
    11: [
        pages("503 for each page of a channel, twice", [Reply(status=503)] * 2 + [GOOD]),
        pages("500 for each page of a channel, always", [Reply(status=500)], Ends(5, ("500",))),
        pages_beside("404 for a channel on one mirror", [Reply(status=404)]),
        pages_beside("500 for a channel on one mirror", [Reply(status=500)]),
    ],
    13: archive(
        "a `.tar.bz2` is compressed once more (gzip), and nothing says so",
        Reply(change=gzip.compress, ranges=False),
        Ends(6, ("bytes instead of",)),
        TAR_BZ2,
    ),
    14: [
        *archive("a login page for a `.conda`", LOGIN, Ends(6, ("sent an HTML page",))),
        pages("a login page in place of a channel", [LOGIN], Ends(5, ("HTML",))),
        pages_beside("a login page in place of a channel, beside a good mirror", [LOGIN]),
    ],
}
for cases in FURTHER.values():
    for case in cases:
        case.quick = case.name in QUICK
