"""Groups 7 to 9: answers to requests for parts, and files that change while they are fetched."""

from dataclasses import replace

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
    file_of,
    noise,
)
from fault_server import HALF, Reply

IGNORES = Reply(ranges=False)


def part(name: str, reply: Reply, ends: Ends, **more) -> Case:
    """Of a large file, which is asked for in parts."""
    return Case(name, [Mirror(files=[reply])], ends, wheel=LARGE, **more)


def content_range(value: str) -> Reply:
    return Reply(fields={"Content-Range": value}, ending="fin")


def multipart(exchange) -> Reply:
    if not exchange.span:
        return GOOD
    first, last = exchange.span
    content = exchange.server.content[exchange.path]
    head = f"--limit\r\nContent-Range: bytes {first}-{last}/{len(content)}\r\n\r\n".encode()
    return Reply(
        status=206,
        body=head + content[first : last + 1] + b"\r\n--limit--\r\n",
        fields={"Content-Type": "multipart/byteranges; boundary=limit"},
    )


ONE_BYTE = Reply(status=206, body=b"P", fields={"Content-Range": "bytes 0-0/100"})


def shorter(first: int, last: int) -> tuple[int, int]:
    return first, first + (last - first) // 2


def unasked(exchange) -> Reply:
    """The first half, as a part, though all of it was asked for."""
    content = exchange.server.content[exchange.path]
    if exchange.span:
        return GOOD
    half = len(content) // 2
    return Reply(
        status=206,
        body=content[:half],
        fields={"Content-Range": f"bytes 0-{half - 1}/{len(content)}"},
    )


# What does not fit is thrown away before its body, but a socket holds some of it.
WHOLE = Ends(most=2.1)

PARTS = [
    part("the part begins elsewhere", Reply(span=lambda a, b: (a + 7, b)), WHOLE, quick=True),
    part("the part begins earlier", Reply(span=lambda a, b: (max(0, a - 7), b)), WHOLE),
    part("the part ends later", Reply(span=lambda a, b: (a, b + 7)), WHOLE),
    part("the part is half as long, and says so", Reply(span=shorter), Ends(requests=(3, 120))),
    part(
        "the part is 128 KiB of many MiB, and says so",
        Reply(span=lambda first, last: (first, min(last, first + MEBIBYTE // 8 - 1))),
        Ends(requests=(320, 360), within=40),
    ),
    part(
        "the part is one byte, and says so",
        Reply(span=lambda first, _: (first, first)),
        Ends(requests=(2, 8), most=1.1),
        quick=True,
    ),
    part(
        "the part is one byte and says so, and so is the whole",
        lambda exchange: (
            Reply(span=lambda first, _: (first, first)) if exchange.span else ONE_BYTE
        ),
        Ends(5, ("sent a part of the file that was not asked for",), requests=(2, 8)),
    ),
    part(
        "the part ends after 3 MiB, and does not say so",
        Reply(cut=3 * MEBIBYTE, ending="fin"),
        Ends(requests=(14, 20), within=20),
    ),
    *cases_of_alone_and_beside(
        part("the total is another", content_range("bytes 0-9/10"), Ends(6, ("bytes instead of",)))
    ),
    part(
        "the total is `*`",
        lambda exchange: Reply(
            fields=(
                {"Content-Range": "bytes {}-{}/*".format(*exchange.span)} if exchange.span else {}
            )
        ),
        Ends(),
    ),
    part(
        "Content-Range is `bytes=0-9/10`",
        lambda exchange: content_range("bytes=0-9/10") if exchange.span else GOOD,
        WHOLE,
    ),
    part(
        "there is no Content-Range",
        lambda exchange: Reply(fields={"Content-Range": None}) if exchange.span else GOOD,
        WHOLE,
    ),
    part("the part is a multipart/byteranges", multipart, WHOLE),
    *cases_of_alone_and_beside(
        Case(
            "a part that nobody asked for",
            [Mirror(files=[unasked])],
            Ends(5, ("sent a part of the file that was not asked for",)),
        ),
        Ends(most=2.1),
    ),
]


def refuses_ranges(status: int):
    return lambda exchange: Reply(status=status) if exchange.span else GOOD


def refuses_suffixes(exchange) -> Reply:
    return Reply(status=416) if exchange.headers.get("range", "").startswith("bytes=-") else GOOD


def refuses_large_ranges(most: int):
    """As some servers do, to keep download managers away."""

    def reply(exchange) -> Reply:
        size = exchange.span[1] - exchange.span[0] + 1 if exchange.span else 0
        return Reply(status=403, body=b"<html>no</html>") if size > most else GOOD

    return reply


def no_heads(played: Played) -> None:
    heads = [one for server in played.servers for one in server.requests if one.method == "HEAD"]
    expect(not heads, f"HEAD was sent: {heads}")


def lock_with(name: str, reply, **more) -> Case:
    """The wheel's metadata are read out of its archive, in parts."""
    return Case(name, [Mirror(files=[reply])], Ends(most=1.3), command="lock", **more)


RANGES = [
    part("ranges are announced and ignored", IGNORES, Ends(most=1.6), quick=True),
    Case(
        "ranges are ignored when a broken file goes on",
        [Mirror(files=[HALF, IGNORES])],
        Ends(requests=(2, 3), most=1.6),
    ),
    Case(
        "ranges are ignored, and each connection breaks at 60 %",
        [Mirror(files=[Reply(ranges=False, cut=0.6, ending="fin")] * 3 + [IGNORES])],
        Ends(most=3),
    ),
    part("416 to a part that exists", refuses_ranges(416), Ends(most=1.6)),
    part(
        "416 to each part and to the whole",
        Reply(status=416),
        Ends(5, ("answered 416",), requests=(2, 8)),
    ),
    part("403 to parts of more than 16 MiB", refuses_large_ranges(16 * MEBIBYTE), Ends(most=1.6)),
    part("403 to each part", refuses_ranges(403), Ends()),
    part(
        "403 to each part and to the whole",
        Reply(status=403),
        Ends(5, ("answered 403",), requests=(2, 5)),
    ),
    lock_with("416 to the end of a file, for its metadata", refuses_suffixes, quick=True),
    lock_with("416 to each part, for its metadata", refuses_ranges(416)),
    lock_with("501 to each part, for its metadata", refuses_ranges(501)),
    lock_with("ranges are ignored, for its metadata", IGNORES),
    *(
        Case(
            f"HEAD is answered with {status}",
            [
                Mirror(
                    files=[
                        lambda exchange, status=status: (
                            GOOD
                            if exchange.server.requests[-1].method == "GET"
                            else Reply(status=status)
                        )
                    ]
                )
            ],
            check=no_heads,
        )
        for status in (405, 403, 500)
    ),
]


def other(content: bytes) -> bytes:
    return content[:1000] + noise("new version", len(content) - 1000)


def two_backends(exchange) -> Reply:
    """The same bytes, with validators that differ and are not kept to."""
    fields = {"ETag": f'"backend-{exchange.number % 2}"'}
    return Reply(fields=fields, cut=MEBIBYTE, ending="fin", if_range=False)


def two_strict_backends(exchange) -> Reply:
    """Who asks for more of the one's version gets all from the other, and so never the end."""
    return replace(two_backends(exchange), if_range=True)


def with_etag(tag: str, **more) -> Reply:
    return Reply(fields={"ETag": tag}, **more)


def asked_in_version(played: Played) -> None:
    """What goes on is asked for in the version that is there, and comes as a part."""
    _, second = played.servers[0].requests_of(file_of(played.case.wheel))[:2]
    tag = second.headers.get("if-range", "none")
    expect(tag == '"one"', f"asked for the rest of version {tag}")
    expect(second.status == 206, f"answered {second.status}")


def answered_with_all(played: Played) -> None:
    _, second = played.servers[0].requests_of(file_of(played.case.wheel))[:2]
    expect("if-range" in second.headers, "asked for the rest of any version")
    expect(second.status == 200, f"answered {second.status}")


def changed(name: str, script: list, ends: Ends, **more) -> Case:
    return Case(name, [Mirror(files=script)], ends, **more)


CHANGES = [
    changed(
        "the file is replaced by another of its length in mid-file, with a new ETag",
        [HALF, Reply(change=other)],
        Ends(6, ("sent wrong bytes",), most=2.1),
        quick=True,
    ),
    Case(
        "the file is replaced by another in mid-file, beside a good mirror",
        [Mirror(files=[HALF, Reply(change=other)]), Mirror(files=[HALF, GOOD])],
        Ends(most=3.3),
    ),
    changed(
        "an old file is replaced by the right one in mid-file",
        [Reply(change=other, cut=0.5, ending="fin"), GOOD],
        Ends(most=2.1),
    ),
    changed(
        "the file is replaced by one of another length in mid-file",
        [HALF, Reply(change=lambda content: content + b"more")],
        Ends(6, ("bytes instead of",)),
    ),
    changed("two backends have different ETags for the same bytes", [two_backends], Ends()),
    changed(
        "two backends have different ETags for the same bytes, and keep to `If-Range`",
        [two_strict_backends],
        Ends(most=2.1),
    ),
    changed(
        "the rest of a file is asked for with `If-Range`, and sent",
        [with_etag('"one"', cut=0.5, ending="fin"), with_etag('"one"')],
        Ends(requests=(2, 2)),
        check=asked_in_version,
        quick=True,
    ),
    changed(
        "the file is replaced by another in mid-file, and `If-Range` is answered with all of it",
        [with_etag('"one"', cut=0.5, ending="fin"), with_etag('"two"', change=other)],
        Ends(6, ("sent wrong bytes",), most=2.6),
        check=answered_with_all,
        quick=True,
    ),
    changed(
        "the file is replaced by another in mid-file, and `If-Range` is ignored",
        [
            with_etag('"one"', cut=0.5, ending="fin"),
            with_etag('"two"', change=other, if_range=False),
        ],
        Ends(6, ("sent wrong bytes",), most=2.6),
    ),
    changed(
        "an old file is replaced by the right one, and `If-Range` is answered with all of it",
        [with_etag('"old"', change=other, cut=0.5, ending="fin"), with_etag('"new"')],
        Ends(most=2.1),
        check=answered_with_all,
    ),
    changed(
        "the ETag is weak, and all is sent for it",
        [with_etag('W/"one"', cut=0.5, ending="fin"), with_etag('W/"one"')],
        Ends(most=1.6),
    ),
    Case(
        "Last-Modified is of another time in each answer",
        [
            Mirror(
                files=[
                    lambda exchange: Reply(
                        fields={
                            "Last-Modified": f"Mon, 01 Jun 2026 10:00:{exchange.number:02} GMT"
                        },
                        cut=4 * MEBIBYTE,
                        ending="fin",
                    )
                ]
            )
        ],
        Ends(within=20),
        wheel=LARGE,
    ),
]

GROUPS = {
    7: ("Wrong parts", PARTS),
    8: ("Servers without ranges", RANGES),
    9: ("Files that change", CHANGES),
}
