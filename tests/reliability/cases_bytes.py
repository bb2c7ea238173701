"""Groups 4 to 6: bodies that break off, bytes that are wrong, lengths that are not so."""

import gzip
import json

from case import (
    GOOD,
    LARGE,
    MEBIBYTE,
    Case,
    Ends,
    Mirror,
    Played,
    cases_of_alone_and_beside,
    expect,
    noise,
)
from fault_server import WITHOUT_LENGTH, Reply

HTML = {"Content-Type": "text/html"}
BROKE = ("broke: Recv failure",)
WRONG_BYTES = ("sent wrong bytes: the sha256 is not that of the file",)


def breaks(name: str, certificate: str = "", **reply) -> list[Case]:
    """Once half way, and after each 1.2 MiB; a page likewise."""
    mirror = lambda **scripts: Mirror(certificate=certificate, **scripts)  # noqa: E731
    # Not too fast: what lies in the sockets is lost with a connection that is reset.
    half = Reply(cut=0.5, rate=8e6, **reply)
    bits = Reply(cut=MEBIBYTE * 6 // 5, rate=8e6, **reply)
    return [
        Case(f"{name} half way, once", [mirror(files=[half, GOOD])], Ends(requests=(2, 2))),
        Case(f"{name} after each 1.2 MiB", [mirror(files=[bits])], Ends(requests=(3, 4))),
        Case(
            f"{name} half way in a page, once",
            [mirror(pages=[half, GOOD])],
            Ends(requests=(2, 2)),
            command="lock",
        ),
    ]


def used_h2(played: Played) -> None:
    expect(played.servers[0].h2_streams > 0, f"HTTP/2 was never spoken\n{played.output}")


def h2(name: str, words: list[str], requests: tuple[int, int], **more) -> Case:
    return Case(
        name,
        [Mirror(certificate="good", h2=words)],
        Ends(requests=requests),
        command="lock",
        check=used_h2,
        **more,
    )


def html_page(exchange) -> bytes:
    """With a list of the files twice as long as it need be."""
    content = json.loads(exchange.server.content[exchange.path])
    (entry,) = content["files"]
    link = f'<a href="{entry["url"]}#sha256={entry["hashes"]["sha256"]}">{entry["filename"]}</a>'
    others = [f'<a href="/files/small-{n}.zip">small-{n}.zip</a><br>\n' for n in range(5000)]
    return f"<!DOCTYPE html><html><body>\n{link}\n{''.join(others)}</body></html>\n".encode()


def half_of_html(exchange) -> Reply:
    body = html_page(exchange)
    body = body[: body.rindex(b"<a href", 0, len(body) // 2)]  # between two links
    return Reply(body=body, fields=HTML | WITHOUT_LENGTH, ending="fin")


def half_of_zipped_html(exchange) -> Reply:
    body = gzip.compress(html_page(exchange))
    fields = HTML | WITHOUT_LENGTH | {"Content-Encoding": "gzip"}
    return Reply(body=body[: len(body) // 2], fields=fields, ending="fin")


TRUNCATED = [
    *breaks("the connection ends (FIN)", ending="fin"),
    *breaks("the connection is reset", ending="rst"),
    *breaks("the chunks end without the last one", chunked=True, ending="fin"),
    *breaks("TLS ends without close_notify", certificate="good", ending="fin"),
    Case(
        "the connection ends half way, without a length",
        [Mirror(files=[Reply(cut=0.5, fields=WITHOUT_LENGTH, ending="fin"), GOOD])],
        Ends(requests=(2, 2)),
    ),
    Case(
        "TLS ends without close_notify half way, without a length",
        [
            Mirror(
                certificate="good",
                files=[Reply(cut=0.5, fields=WITHOUT_LENGTH, ending="fin"), GOOD],
            )
        ],
        Ends(requests=(2, 2)),
    ),
    Case(
        "a page ends half way, without a length",
        [Mirror(pages=[Reply(cut=0.5, fields=WITHOUT_LENGTH, ending="fin")])],
        Ends(5, ("cut short",)),
        command="lock",
    ),
    *(
        Case(
            f"a page of HTML ends half way, without a length{name}",
            [Mirror(pages=[reply])],
            Ends(5, (words,)),
            command="lock",
        )
        for name, reply, words in (
            ("", half_of_html, "cut short"),
            (", compressed", half_of_zipped_html, "cannot be unpacked"),
        )
    ),
    Case(
        "a page ends half way, without a length, beside a good mirror",
        [Mirror(pages=[Reply(cut=0.5, fields=WITHOUT_LENGTH, ending="fin")]), Mirror()],
        command="lock",
    ),
    Case(
        "the connection ends after each MiB of a large file",
        [Mirror(files=[Reply(cut=MEBIBYTE, ending="fin")])],
        Ends(requests=(38, 50), within=20),
        wheel=LARGE,
    ),
    Case(
        "the connection is reset before the first byte of the body, always",
        [Mirror(files=[Reply(cut=0, ending="rst")])],
        Ends(5, BROKE, requests=(10, 10)),
    ),
    Case(
        "the connection ends half way, beside a good mirror",
        [Mirror(files=[Reply(cut=0.5, ending="fin")]), Mirror()],
        Ends(requests=(2, 2)),
    ),
    h2("HTTP/2 as it should be", ["good"], (0, 4)),
    h2("HTTP/2: RST_STREAM in the middle of a page", ["rst-stream"], (1, 1), quick=True),
    h2("HTTP/2: GOAWAY in the middle of a page", ["goaway"], (1, 1)),
    h2("HTTP/2: GOAWAY instead of an answer", ["refused"], (1, 1)),
]
TRUNCATED[0].quick = True
TRUNCATED[5].quick = True


def one_bit(content: bytes) -> bytes:
    place = len(content) // 3
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def a_block(content: bytes) -> bytes:
    return content[:MEBIBYTE] + noise("other", MEBIBYTE) + content[2 * MEBIBYTE :]


def zeros(content: bytes) -> bytes:
    return bytes(len(content))


def another(content: bytes) -> bytes:
    """Another version of the package, as long as this one."""
    return content[:100] + noise("another", len(content) - 200) + content[-100:]


def wrong_between(first: int, end: int):
    """Only in the answers to requests for parts in there."""

    def change(content: bytes) -> bytes:
        return content[:first] + bytes(end - first) + content[end:]

    return change


def wrong_bytes(name: str, change) -> list[Case]:
    return cases_of_alone_and_beside(
        Case(name, [Mirror(files=[Reply(change=change)])], Ends(6, WRONG_BYTES, requests=(1, 1))),
        Ends(most=2.1, requests=(2, 2)),
    )


def with_another_sha256(page: bytes) -> bytes:
    content = json.loads(page)
    content["files"][0]["hashes"]["sha256"] = "0" * 64
    return json.dumps(content).encode()


LIAR = Reply(change=wrong_between(24 * MEBIBYTE, 25 * MEBIBYTE))
SHORT_WINDED = Reply(cut=6 * MEBIBYTE, ending="fin")

WRONG = [
    *wrong_bytes("one bit is wrong", one_bit),
    *wrong_bytes("a block of 1 MiB is wrong", a_block),
    *wrong_bytes("all is zeros", zeros),
    *wrong_bytes("it is another file of the same length", another),
    *cases_of_alone_and_beside(
        Case(
            "some of the parts of a large file are wrong",
            [Mirror(files=[LIAR])],
            Ends(6, WRONG_BYTES),
            wheel=LARGE,
        ),
        Ends(most=3.2),  # both are suspected if both sent something
    ),
    Case(
        "one of three mirrors sends wrong parts, and all three sent something",
        [Mirror(files=[SHORT_WINDED, GOOD]), Mirror(files=[LIAR]), Mirror()],
        # Each is suspected, so that each may send all of it, and sockets hold some more.
        Ends(most=3.7, within=20),
        wheel=LARGE,
    ),
    Case(
        "one bit is wrong, and right in the next run",
        [Mirror(files=[Reply(change=one_bit), GOOD])],
        Ends(6, WRONG_BYTES, requests=(1, 1)),
    ),
    Case(
        "a page names another sha256 than the lock",
        [Mirror(pages=[Reply(change=with_another_sha256)])],
        Ends(
            5, ("does not have small-1.0-py3-none-any.whl with the locked sha256",), names_url=False
        ),
    ),
]
WRONG[0].quick = WRONG[1].quick = True


def length(value: str | list[str], **more) -> Reply:
    return Reply(fields={"Content-Length": value}, ending="fin", **more)


def other_length(name: str, reply: Reply, code: int, words: str, requests=(1, 1)) -> list[Case]:
    return cases_of_alone_and_beside(
        Case(name, [Mirror(files=[reply])], Ends(code, (words,), requests=requests)),
        Ends(requests=(2, 12), most=2.1),  # what is refused lies in the socket by then
    )


LENGTHS = [
    *other_length("Content-Length is too small", length("1000000"), 6, "bytes instead of"),
    *other_length("Content-Length is too large", length("9000000"), 6, "bytes instead of"),
    Case(
        "there is no Content-Length",
        [Mirror(files=[Reply(fields=WITHOUT_LENGTH)])],
        Ends(requests=(1, 1)),
    ),
    Case(
        "there is no Content-Length, of a large file",
        [Mirror(files=[Reply(fields=WITHOUT_LENGTH)])],
        wheel=LARGE,
    ),
    Case(
        "the body comes in chunks, without a length",
        [Mirror(files=[Reply(chunked=True)])],
        Ends(requests=(1, 1)),
    ),
    *other_length("Content-Length is negative", length("-5"), 5, "cannot be understood"),
    *other_length("Content-Length is no number", length("many"), 5, "cannot be understood"),
    *other_length(
        "the answer is no HTTP",
        lambda exchange: exchange.raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
        5,
        "cannot be understood",
    ),
    *other_length(
        "the status line is cut off",
        lambda exchange: exchange.raw(b"HTTP/1.1\r\n\r\n"),
        5,
        "cannot be understood",
    ),
    *other_length(
        "Content-Length stands there twice, with different values",
        length(["3000000", "9000000"]),
        6,
        "bytes instead of",
    ),
    Case(
        "more bytes follow after the end",
        [Mirror(files=[Reply(more=b"more than asked for" * 100)])],
    ),
    *other_length(
        "more bytes follow after the end, without a length",
        Reply(fields=WITHOUT_LENGTH, more=b"more" * 9000),
        6,
        "sent more than the file",
    ),
    *other_length("the answer is empty", Reply(body=b""), 6, "0 bytes instead of"),
    *other_length(
        "the answer is empty, without a length",
        Reply(body=b"", fields=WITHOUT_LENGTH),
        5,
        "ended the file after 0 of",
        (10, 10),
    ),
    Case(
        "a page is empty",
        [Mirror(pages=[Reply(body=b"")])],
        Ends(5, ("the page is empty",)),
        command="lock",
    ),
]
LENGTHS[0].quick = True

GROUPS = {
    4: ("Bodies that break off", TRUNCATED),
    5: ("Wrong bytes", WRONG),
    6: ("Wrong lengths", LENGTHS),
}
