"""Groups 13 and 14: encodings and content types, and something else in the place of a file."""

import gzip
import json

from case import (
    LARGE,
    Case,
    Ends,
    Mirror,
    cases_of_alone_and_beside,
)
from fault_server import WITHOUT_LENGTH, Reply

LOGIN = b"<!DOCTYPE html>\n<html><body><h1>Welcome to the hotel</h1></body></html>\n"
JSON_ERROR = json.dumps({"errors": [{"status": 403, "message": "no"}]}).encode()


def zipped(content: bytes) -> bytes:
    return gzip.compress(content, 1)


def encoded(name: str, more: dict | None = None) -> Reply:
    return Reply(change=zipped, ranges=False, fields={"Content-Encoding": name} | (more or {}))


def refused(name: str, reply, code: int, words: str, requests=(1, 1), **more) -> list[Case]:
    return cases_of_alone_and_beside(
        Case(name, [Mirror(files=[reply])], Ends(code, (words,), requests=requests), **more),
        Ends(most=2.1),
    )


def right_in_spite_of(name: str, fields: dict, **more) -> Case:
    return Case(name, [Mirror(files=[Reply(fields=fields)])], **more)


def page(name: str, reply, code: int = 0, words: str = "", **more) -> Case:
    ends = Ends(code, (words,)) if code else Ends()
    return Case(name, [Mirror(pages=[reply])], ends, command="lock", **more)


def page_gzip(exchange) -> Reply:
    content = exchange.server.content[exchange.path]
    return Reply(body=zipped(content), fields={"Content-Encoding": "gzip"})


def page_broken_gzip(exchange) -> Reply:
    content = zipped(exchange.server.content[exchange.path])
    return Reply(body=content[:-8] + bytes(8), fields={"Content-Encoding": "gzip"})


def page_cut_gzip(exchange) -> Reply:
    content = zipped(exchange.server.content[exchange.path])
    return Reply(body=content[: len(content) // 2], fields={"Content-Encoding": "gzip"})


def page_bomb(_) -> Reply:
    return Reply(body=zipped(bytes(200 << 20)), fields={"Content-Encoding": "gzip"})


DRESSED = [
    *refused("the file is compressed once more (gzip)", encoded("gzip"), 6, "bytes instead of"),
    *refused(
        "the file is compressed once more (gzip), without a length",
        encoded("gzip", WITHOUT_LENGTH),
        6,
        "compressed once more",
        quick=True,
    ),
    *refused(
        "the file is compressed once more (zstd), without a length",
        encoded("zstd", WITHOUT_LENGTH),
        6,
        "compressed once more",
    ),
    *refused(
        "the file is compressed twice, and nothing says so",
        Reply(change=zipped, ranges=False),
        6,
        "bytes instead of",
    ),
    *refused(
        "the file is compressed twice, without a length, and nothing says so",
        Reply(change=zipped, ranges=False, fields=WITHOUT_LENGTH),
        6,
        "sent more than the file",
    ),
    *refused(
        "a part of the file is said to be compressed",
        Reply(fields={"Content-Encoding": "gzip"}),
        5,
        "sent a part of the file that was not asked for",
        (1, 4),
        wheel=LARGE,
    ),
    right_in_spite_of(
        "the file is as it should be, and said to be compressed", {"Content-Encoding": "gzip"}
    ),
    right_in_spite_of(
        "Content-Encoding is `identity`", {"Content-Encoding": "identity"}, wheel=LARGE
    ),
    *(
        right_in_spite_of(f"Content-Type is `{kind}`", {"Content-Type": kind})
        for kind in ("text/html", "text/plain; charset=utf-8", "application/json", "nonsense")
    ),
    right_in_spite_of("there is no Content-Type", {"Content-Type": None}, quick=True),
    page("a page is compressed (gzip), as it may be", page_gzip),
    page("a page is compressed, and broken", page_broken_gzip, 5, "cannot be unpacked"),
    page("a page is compressed, and half of it is missing", page_cut_gzip, 5, "cannot be unpacked"),
    page(
        "a page becomes 200 MiB when unpacked",
        page_bomb,
        5,
        "sends more than",
        network={"first-byte-timeout": "20s"},
    ),
    page(
        "a page is compressed in a way that nobody asked for",
        Reply(fields={"Content-Encoding": "zstd"}),
        5,
        "cannot be unpacked",
    ),
    page(
        "a page has the Content-Type of a file",
        Reply(fields={"Content-Type": "application/octet-stream"}),
    ),
]

PORTAL_WORDS = "sent an HTML page instead of the file (a login page of a proxy or of the network?)"


def html(**more) -> Reply:
    fields = {"Content-Type": "text/html"} | more.pop("fields", {})
    return Reply(body=LOGIN, fields=fields, **more)


def as_long_as_the_file(body: bytes):
    """With the length that is expected, filled up."""

    def reply(exchange) -> Reply:
        size = len(exchange.server.content[exchange.path])
        return Reply(body=body + b" " * (size - len(body)), fields={"Content-Type": "text/html"})

    return reply


INSTEAD = [
    *refused("a login page, with 200", html(), 6, PORTAL_WORDS, quick=True),
    *refused("a login page, with 200 and no length", html(fields=WITHOUT_LENGTH), 6, PORTAL_WORDS),
    *refused(
        "a login page, with 200 and no type",
        Reply(body=LOGIN, fields=WITHOUT_LENGTH),
        6,
        PORTAL_WORDS,
    ),
    *refused(
        "a login page, as long as the file",
        as_long_as_the_file(LOGIN),
        6,
        "sent wrong bytes",
    ),
    *refused(
        "a login page, for each part of a large file", html(), 6, PORTAL_WORDS, (1, 4), wheel=LARGE
    ),
    Case(
        "a login page, with 200, in place of the index's page",
        [Mirror(pages=[html()])],
        Ends(5, ("HTML",)),
        command="lock",
        quick=True,
    ),
    Case(
        "a login page in place of the index's page, beside a good mirror",
        [Mirror(pages=[html()]), Mirror()],
        command="lock",
    ),
    Case(
        "a login page in place of the index's page, for an install",
        [Mirror(pages=[html()])],
        Ends(5, ("HTML",)),
    ),
    Case(
        "a redirect to a login page on another host",
        [
            Mirror(
                files=[Reply(status=302, fields={"Location": "{url}/login"})],
                others={"/login": [html()]},
            )
        ],
        Ends(6, (PORTAL_WORDS,)),
    ),
    *refused(
        "an error as JSON, with 200",
        Reply(body=JSON_ERROR, fields={"Content-Type": "application/json"}),
        6,
        "bytes instead of",
    ),
    *refused(
        "an error as JSON, with 200 and no length",
        Reply(body=JSON_ERROR, fields={"Content-Type": "application/json"} | WITHOUT_LENGTH),
        5,
        "ended the file after",
        (1, 10),
    ),
    page(
        "an error as JSON, with 200, in place of the index's page",
        Reply(body=JSON_ERROR),
        5,
        "the answer is JSON, but no page of a Python index",
    ),
    *refused("204", Reply(status=204, body=b"", fields=WITHOUT_LENGTH), 5, "answered 204"),
    page(
        "204 in place of the index's page",
        Reply(status=204, body=b"", fields=WITHOUT_LENGTH),
        5,
        "answered 204",
    ),
]

GROUPS = {
    13: ("Encodings and content types", DRESSED),
    14: ("Something else in the file's place", INSTEAD),
}
