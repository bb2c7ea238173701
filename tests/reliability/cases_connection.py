"""Groups 1 to 3: no connection, no answer, and hardly an answer."""

import random

from case import (
    GOOD,
    LARGE,
    MEBIBYTE,
    PATIENCE,
    Case,
    Complaint,
    Ends,
    Mirror,
    Played,
    cases_of_alone_and_beside,
    expect,
    file_of,
)
from fault_server import SILENT, Reply

TWO = (2, 2)


def stalls(cut) -> Reply:
    return Reply(cut=cut, ending="stall")


def resumed(played: Played) -> None:
    """What came before the stall is not asked for again."""
    first, second = played.servers[0].requests_of(file_of(played.case.wheel))[:2]
    asked = second.headers.get("range", "")
    expect(asked not in ("", "bytes=0-"), f"after {first.headers} comes {second.headers}")


def until_connections_are_new():
    """Two connections stall for good after 2 MiB each; those that are made later serve."""

    def reply(exchange):
        return stalls(2 * MEBIBYTE) if exchange.number < 2 else GOOD

    return reply


def jitter(seed: int):
    """Pauses of up to two thirds of the patience within the body."""
    gaps = random.Random(seed)

    def rate(_: int) -> float:
        return (256 << 10) if gaps.random() < 0.3 else (20 << 20)

    return rate


UNREACHED = [
    *cases_of_alone_and_beside(
        Case(
            "connections are refused",
            [Mirror(files_at="refused")],
            Ends(5, ("cannot be reached",), names_url=False),
        )
    ),
    *cases_of_alone_and_beside(
        Case(
            "a connection is never made (the server's queue is full)",
            [Mirror(files_at="full")],
            Ends(5, ("cannot be reached",), within=20, names_url=False),
        )
    ),
    *cases_of_alone_and_beside(
        Case(
            "the name of the server is unknown",
            [Mirror(files_at="unknown")],
            Ends(5, ("cannot be reached",), within=20, names_url=False),
        )
    ),
    *cases_of_alone_and_beside(
        Case(
            "the server of names does not answer for 20 s",
            [Mirror(files_at="slow-name")],
            Ends(5, ("cannot be reached",), within=17, names_url=False),
            slow_names=True,
        ),
        Ends(within=8),
    ),
    Case(
        "the server of names does not answer for 20 s, for one of two mirrors of a large file",
        [Mirror(files=[Reply(rate=4e6)]), Mirror(files_at="slow-name")],
        Ends(within=15),
        wheel=LARGE,
        slow_names=True,
        quick=True,
    ),
    *cases_of_alone_and_beside(
        Case(
            "a connection is accepted and nothing is ever answered",
            [Mirror(files=[SILENT])],
            Ends(5, ("did not answer for 1.5 s",), within=32, requests=(10, 10)),
        )
    ),
    Case(
        "an index accepts and never answers for its page",
        [Mirror(pages=[SILENT])],
        Ends(5, ("did not answer for 1.5 s",), within=15, requests=(4, 4)),
        command="lock",
        quick=True,
    ),
    Case(
        "an index accepts and never answers for its page, beside a good mirror",
        [Mirror(pages=[SILENT]), Mirror()],
        Ends(within=15),
        command="lock",
    ),
]
for case in UNREACHED:
    case.quick = case.quick or case.name in (
        "connections are refused",
        "the name of the server is unknown, beside a good mirror",
    )

LATE = [
    Case(
        "the head comes late, within the limit",
        [Mirror(files=[Reply(wait=0.6 * PATIENCE)])],
        Ends(requests=(1, 1)),
    ),
    Case(
        "the head of the first answer comes too late",
        [Mirror(files=[SILENT, GOOD])],
        Ends(requests=TWO),
        quick=True,
    ),
    Case(
        "the head of a page comes too late, once",
        [Mirror(pages=[SILENT, GOOD])],
        Ends(requests=TWO),
        command="lock",
    ),
    *(
        Case(
            f"the body stalls {place}",
            [Mirror(files=[stalls(cut), GOOD])],
            Ends(requests=TWO),
            check=resumed,
        )
        for place, cut in {
            "at 1 %": 0.01,
            "at 30 %": 0.3,
            "at 99 %": 0.99,
            "before the last byte": -1,
        }.items()
    ),
    Case(
        "the body stalls at 30 %, beside a good mirror",
        [Mirror(files=[stalls(0.3)]), Mirror()],
        Ends(requests=TWO),
    ),
    Case(
        "the body of a page stalls, once",
        [Mirror(pages=[stalls(0.3), GOOD])],
        Ends(requests=TWO),
        command="lock",
    ),
    Case(
        "the body of a page always stalls",
        [Mirror(pages=[stalls(0.3)])],
        Ends(5, ("sent nothing for 1.5 s",), within=15, requests=(4, 4)),
        command="lock",
    ),
    Case(
        "every connection stalls, new ones serve",
        [Mirror(files=[until_connections_are_new()])],
        Ends(requests=(3, 5)),
        wheel=LARGE,
        quick=True,
    ),
    Case(
        "every connection stalls after 6 MiB",
        [Mirror(files=[stalls(6 * MEBIBYTE)])],
        Ends(within=30, requests=(4, 12)),
        wheel=LARGE,
    ),
    Case(
        "every connection stalls before its first byte",
        [Mirror(files=[stalls(0)])],
        Ends(5, ("sent nothing for 1.5 s",), within=32, requests=(10, 10)),
    ),
]
LATE[3].quick = True


def quickly(played: Played) -> None:
    sent = played.servers[1].sent[file_of(played.case.wheel)]
    if not sent:
        raise Complaint("the good mirror was never asked")


SLOW = [
    Case(
        "a drip of 1 byte a second, beside a fast mirror",
        [Mirror(files=[Reply(rate=1)]), Mirror()],
        check=quickly,
        quick=True,
        network={"min-speed-window": "60s"},  # which does not end it
    ),
    Case(
        "a drip of 1 byte a second, from all there is",
        [Mirror(files=[Reply(rate=1)])],
        Ends(5, ("sent less than 32768 bytes a second",), within=50),
    ),
    Case(
        "50 KB/s, above the limit, beside a fast mirror",
        [Mirror(files=[Reply(rate=50_000)]), Mirror()],
        Ends(within=12),
        check=quickly,
    ),
    Case(
        "the rate falls from 20 MB/s to 0.2 MB/s in mid-file, beside a fast mirror",
        [
            Mirror(files=[Reply(rate=lambda sent: 20e6 if sent < 8 * MEBIBYTE else 0.2e6)]),
            Mirror(files=[Reply(rate=20e6)]),
        ],
        Ends(within=20),
        wheel=LARGE,
        check=quickly,
    ),
    Case(
        "gaps of all lengths, within the limit",
        [Mirror(files=[Reply(rate=jitter(3))])],
        Ends(within=20, requests=(1, 1)),
        quick=True,
    ),
]

GROUPS = {
    1: ("No connection", UNREACHED),
    2: ("Late answers and stalls", LATE),
    3: ("Slow servers", SLOW),
}
