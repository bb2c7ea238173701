"""Groups 10 to 12: overloaded servers, answers that are none, redirects."""

import contextlib
import email.utils
import time

from case import (
    GOOD,
    LARGE,
    MEBIBYTE,
    SLOW_NAME,
    Case,
    Ends,
    Mirror,
    Played,
    World,
    cases_of_alone_and_beside,
    expect,
    file_of,
    noise,
    page_of,
    page_with,
)
from fault_server import FaultServer, Reply
from sandbox import manifest_of
from wheels import Wheel

MANY = 30  # files

ELSEWHERE = "/elsewhere"
LOGIN = "someone:secret"
LATE = 2.5  # seconds: too much for silence in an answer, not for its first byte
PATIENT = {"first-byte-timeout": "5s"}
BAN = Reply(status=403, body=b"<!DOCTYPE html><html>your network is banned</html>")


def busy(status: int, retry_after=None) -> Reply:
    return Reply(status=status, fields={"Retry-After": retry_after})


def on_date(seconds: float):
    """Retry-After as a date so far from now."""
    return lambda _: busy(503, email.utils.formatdate(time.time() + seconds, usegmt=True))


def waited(seconds: float):
    """Not asked again before."""

    def check(played: Played) -> None:
        path = (
            page_of(played.case.wheel)
            if played.case.command == "lock"
            else file_of(played.case.wheel)
        )
        first, second = played.servers[0].requests_of(path)[:2]
        pause = second.at - first.at
        expect(pause >= seconds, f"asked again after {pause:.1f} s, not {seconds}")

    return check


def at_most_in_flight(most: int):
    return lambda exchange: busy(429) if exchange.in_flight > most else Reply(rate=5e6)


def of_many_files(name: str, reply: Reply, most: int) -> Case:
    """A host that refuses all of them; in all it is asked so often."""

    def play(world: World, _: Case) -> None:
        wheels = [
            Wheel(f"many{n}", "1.0", files={f"many{n}/noise.bin": noise(f"{n}", 4096)})
            for n in range(MANY)
        ]
        server = FaultServer()
        archives = {f"/files/{wheel.file_name}": wheel.archive() for wheel in wheels}
        server.content = dict(archives)
        for wheel in wheels:
            archive = archives[f"/files/{wheel.file_name}"]
            server.content[f"/simple/{wheel.name}/"] = page_with(wheel, archive, server.url)
        with contextlib.closing(server), world.sandbox() as sandbox:
            sandbox.variables = world.variables(sandbox, [server])
            sandbox.write(manifest_of(*(wheel.name for wheel in wheels)))
            sandbox.run("lock")
            server.scripts = {path: [reply] for path in archives}
            began = time.monotonic()
            done = sandbox.run("install", expected=None)
            said = f"\n{done.stdout}{done.stderr}"
            expect(done.returncode == 5, f"exit code {done.returncode}, not 5{said}")
            expect(f"answered {reply.status}" in done.stderr, f"does not say why{said}")
            expect(time.monotonic() - began < 20, "it took long")
            asked = sum(one.at >= began for path in archives for one in server.requests_of(path))
            expect(asked <= most, f"{asked} requests, not {most} at most{said}")
            server.scripts = {}
            sandbox.run("install")

    return Case(name, [], play=play, shows=f"error 5: `answered {reply.status}`")


ENOUGH = [
    of_many_files("429 with Retry-After of a day, for 30 files", busy(429, "86400"), 4),
    of_many_files("429 without Retry-After, always, for 30 files", busy(429), 14),
    Case(
        "429 with Retry-After in seconds",
        [Mirror(files=[busy(429, "1"), GOOD])],
        Ends(requests=(2, 2), after=1),
        check=waited(1),
        quick=True,
    ),
    Case(
        "503 with Retry-After in seconds",
        [Mirror(files=[busy(503, "1"), GOOD])],
        Ends(requests=(2, 2), after=1),
        check=waited(1),
    ),
    Case(
        "429 with Retry-After in seconds, for a page",
        [Mirror(pages=[busy(429, "1"), GOOD])],
        Ends(requests=(2, 2), after=1),
        command="lock",
        check=waited(1),
    ),
    Case(
        "503 with Retry-After as a date",
        [Mirror(files=[on_date(3), GOOD])],
        Ends(requests=(2, 2), after=1),
        check=waited(1),
    ),
    Case(
        "503 with Retry-After as a date that has passed",
        [Mirror(files=[on_date(-3600), GOOD])],
        Ends(requests=(2, 2), within=5),
    ),
    *cases_of_alone_and_beside(
        Case(
            "503 with Retry-After of a day",
            [Mirror(files=[busy(503, "86400")])],
            Ends(5, ("asks to wait 86400 s",), requests=(1, 1), within=5),
        )
    ),
    Case(
        "503 with Retry-After of a day, for a page",
        [Mirror(pages=[busy(503, "86400")])],
        Ends(5, ("asks to wait 86400 s",), requests=(1, 1), within=5),
        command="lock",
    ),
    *(
        Case(
            f"{status} with Retry-After `{text}`",
            [Mirror(files=[busy(status, text), GOOD])],
            Ends(requests=(2, 2), within=5),
        )
        for status, text in ((429, "soon"), (503, "-1"), (503, "1e9"))
    ),
    Case(
        "429 without Retry-After, three times",
        [Mirror(files=[busy(429)] * 3 + [GOOD])],
        Ends(requests=(4, 4)),
    ),
    Case(
        "429 without Retry-After, always",
        [Mirror(files=[busy(429)])],
        Ends(5, ("answered 429",), requests=(10, 10)),
    ),
    Case(
        "429 for a page, always",
        [Mirror(pages=[busy(429)])],
        Ends(5, ("answered 429",), requests=(4, 4)),
        command="lock",
    ),
    *(
        Case(
            f"429 to more than {most} connections at a time",
            [Mirror(files=[at_most_in_flight(most)])],
            Ends(requests=(2, 12), within=20),
            wheel=LARGE,
        )
        for most in (1, 2)
    ),
    Case(
        "403 and a page of HTML after the second request",
        [Mirror(files=[Reply(cut=12 * MEBIBYTE, ending="fin")] * 2 + [BAN]), Mirror()],
        Ends(within=20),
        wheel=LARGE,
    ),
    Case(
        "403 and a page of HTML after the second request, from all there is",
        [Mirror(files=[Reply(cut=12 * MEBIBYTE, ending="fin")] * 2 + [BAN])],
        Ends(5, ("answered 403",), requests=(3, 4)),
        wheel=LARGE,
    ),
]


def always(status: int, **fields) -> list[Case]:
    """Of the one mirror: over at once; beside another it does not matter."""
    reply = Reply(status=status, fields=fields)
    return cases_of_alone_and_beside(
        Case(
            f"{status} for a file",
            [Mirror(files=[reply])],
            Ends(5, (f"answered {status}",), requests=(1, 1), within=5),
        )
    )


STATUSES = [
    *(
        Case(
            f"{status} for a file, {times} times",
            [Mirror(files=[Reply(status=status)] * times + [GOOD])],
            Ends(requests=(times + 1, times + 1)),
        )
        for status, times in ((500, 1), (502, 3), (504, 5), (408, 1))
    ),
    *(
        Case(
            f"{status} for a page, twice",
            [Mirror(pages=[Reply(status=status)] * 2 + [GOOD])],
            Ends(requests=(3, 3)),
            command="lock",
        )
        for status in (500, 502, 504)
    ),
    *(
        Case(
            f"{status} for a page, always",
            [Mirror(pages=[Reply(status=status)])],
            Ends(5, (f"answered {status}",), requests=(4, 4)),
            command="lock",
        )
        for status in (500, 502, 504)
    ),
    Case(
        "503 for a file, always",
        [Mirror(files=[Reply(status=503)])],
        Ends(5, ("answered 503",), requests=(10, 10)),
    ),
    *always(404),
    *always(401, **{"WWW-Authenticate": "Basic"}),
    *always(407),
    *always(410),
    *always(451),
    *always(304),
    Case(
        "304 for a page that is in no cache",
        [Mirror(pages=[Reply(status=304)])],
        Ends(5, ("answered 304",), requests=(1, 4)),
        command="lock",
    ),
    Case(
        "404 for a page on one mirror",
        [Mirror(pages=[Reply(status=404)]), Mirror()],
        command="lock",
    ),
    Case(
        "401 for a page",
        [Mirror(pages=[Reply(status=401)])],
        Ends(5, ("answered 401", "hint: the user and password"), requests=(1, 1)),
        command="lock",
    ),
]
STATUSES[1].quick = True
for case in STATUSES:
    case.quick = case.quick or case.name == "404 for a file, beside a good mirror"


def to(place: str, status: int = 302) -> Reply:
    return Reply(status=status, fields={"Location": place})


def chain(length: int) -> dict:
    """Further paths, each of which leads to the next."""
    steps = {f"{ELSEWHERE}/{n}": [to(f"{ELSEWHERE}/{n + 1}")] for n in range(1, length)}
    return steps | {f"{ELSEWHERE}/{length}": [the_file]}


def the_file(exchange) -> Reply:
    """Under another path."""
    (path,) = [path for path in exchange.server.content if path.startswith("/files/")]
    content = exchange.server.content[path]
    exchange.server.content[exchange.path] = content
    header = exchange.headers.get("range", "")
    if not header:
        return Reply(body=content)
    first, _, last = header.removeprefix("bytes=").partition("-")
    begin, end = int(first), min(int(last), len(content) - 1)
    return Reply(
        status=206,
        body=content[begin : end + 1],
        fields={"Content-Range": f"bytes {begin}-{end}/{len(content)}"},
    )


def elsewhere_page(exchange) -> Reply:
    """A project's page, under another path."""
    (path,) = [path for path in exchange.server.content if path.startswith("/simple/")]
    return Reply(body=exchange.server.content[path])


def late_page(exchange) -> Reply:
    reply = elsewhere_page(exchange)
    reply.wait = LATE
    return reply


def late_file(exchange) -> Reply:
    reply = the_file(exchange)
    reply.wait = LATE
    return reply


def signed(valid_seconds: float):
    """The file is under an address that is good for so long."""

    def reply(exchange) -> Reply:
        return to(f"{ELSEWHERE}/signed?until={time.time() + valid_seconds}")

    return reply


def until(exchange) -> Reply:
    """Breaks off each time, so that more is asked for when the address has expired."""
    end = float(exchange.request.path.partition("until=")[2])
    if time.time() > end:
        return Reply(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")
    reply = the_file(exchange)
    reply.cut, reply.ending, reply.rate = MEBIBYTE, "fin", 2e6
    return reply


def no_credentials_left(played: Played) -> None:
    is_lock = played.case.command == "lock"
    path = page_of(played.case.wheel) if is_lock else file_of(played.case.wheel)
    first = played.servers[0].requests_of(path)
    expect(bool(first[0].headers.get("authorization")), "no credentials for the host of them")
    seen = played.servers[0].requests_of(ELSEWHERE + "/1")
    expect(bool(seen), "the redirect was not followed")
    names = {one.headers["host"].partition(":")[0] for one in seen}
    expect(names == {"localhost"}, f"asked as {names}")
    expect(not any("authorization" in one.headers for one in seen), "the credentials followed")


def to_localhost(exchange) -> Reply:
    return to(f"http://localhost:{exchange.server.port}{ELSEWHERE}/1")


REDIRECTS = [
    *cases_of_alone_and_beside(
        Case(
            "a redirect to itself",
            [Mirror(files=[lambda exchange: to(exchange.path)])],
            Ends(5, ("redirects more than 10 times",), requests=(11, 11)),
        ),
        Ends(requests=(12, 12)),
    ),
    Case(
        "a chain of 10 redirects",
        [Mirror(files=[to(f"{ELSEWHERE}/1")], others=chain(10))],
        Ends(requests=(1, 1)),
    ),
    Case(
        "a chain of 12 redirects",
        [Mirror(files=[to(f"{ELSEWHERE}/1")], others=chain(12))],
        Ends(5, ("redirects more than 10 times",), requests=(1, 1)),
        quick=True,
    ),
    *(
        Case(
            f"a redirect ({status}) with a {kind} address",
            [Mirror(files=[to(place, status)], others=chain(1))],
        )
        for status, kind, place in (
            (301, "relative", "../elsewhere/1"),
            (302, "relative", "/elsewhere/1"),
            (303, "whole", "{url}/elsewhere/1"),
            (307, "whole", "{url}/elsewhere/1"),
            (308, "relative", "/elsewhere/1"),
        )
    ),
    Case(
        "a redirect of a large file, for each of its parts",
        [Mirror(files=[to(f"{ELSEWHERE}/1")], others=chain(1))],
        wheel=LARGE,
    ),
    Case(
        "a redirect to where the answer comes late, within the limit",
        [Mirror(files=[to(f"{ELSEWHERE}/1")], others={f"{ELSEWHERE}/1": [late_file]})],
        Ends(requests=(1, 1), after=LATE),
        network=PATIENT,
        quick=True,
    ),
    Case(
        "a redirect of a page to where the answer comes late, within the limit",
        [Mirror(pages=[to(f"{ELSEWHERE}/1")], others={f"{ELSEWHERE}/1": [late_page]})],
        Ends(requests=(1, 1), after=LATE),
        command="lock",
        network=PATIENT,
    ),
    Case(
        "a redirect to where nothing is ever answered",
        [Mirror(files=[to(f"{ELSEWHERE}/1")], others={f"{ELSEWHERE}/1": [Reply(wait=600)]})],
        Ends(5, ("did not answer for 1.5 s",), within=32, requests=(10, 10)),
    ),
    Case(
        "a redirect to a name that the server of names does not answer for",
        [Mirror(files=[to(f"http://{SLOW_NAME}/file")])],
        Ends(5, ("Resolving timed out after",), within=22, requests=(5, 5)),
        slow_names=True,
    ),
    Case(
        "a redirect without a place",
        [Mirror(files=[Reply(status=302)])],
        Ends(5, ("answered 302",), requests=(1, 1)),
    ),
    Case(
        "a redirect from https to http",
        [Mirror(certificate="good", files=[to("http://127.0.0.1:9/file")])],
        Ends(5, ("redirects from https to another protocol",), requests=(1, 1)),
        quick=True,
    ),
    *(
        Case(
            f"a redirect to {place.partition(':')[0]}:",
            [Mirror(files=[to(place)])],
            Ends(5, ("neither http nor https",), requests=(1, 1)),
        )
        for place in ("file:///etc/hostname", "ftp://127.0.0.1/file")
    ),
    Case(
        "a redirect to another host, with credentials for the first",
        [Mirror(files=[to_localhost], others=chain(1))],
        netrc="machine 127.0.0.1 login someone password secret\n",
        check=no_credentials_left,
        quick=True,
    ),
    Case(
        "a redirect to another host, with credentials in the mirror's URL",
        [Mirror(files=[to_localhost], others=chain(1), login=LOGIN)],
        check=no_credentials_left,
    ),
    Case(
        "a redirect of a page to another host, with credentials in the mirror's URL",
        [
            Mirror(
                pages=[to_localhost],
                others={f"{ELSEWHERE}/1": [elsewhere_page]},
                login=LOGIN,
            )
        ],
        command="lock",
        check=no_credentials_left,
        quick=True,
    ),
    Case(
        "a redirect to a signed address that expires",
        [Mirror(files=[signed(1.2)], others={f"{ELSEWHERE}/signed": [until]})],
        Ends(requests=(3, 5)),
        network={"stall-timeout": "5s"},
    ),
    Case(
        "a redirect to a signed address that has expired, once",
        [Mirror(files=[signed(-1), signed(5)], others={f"{ELSEWHERE}/signed": [until]})],
        Ends(requests=(3, 6)),
    ),
    Case(
        "a redirect to a signed address that has expired, always",
        [Mirror(files=[signed(-1)], others={f"{ELSEWHERE}/signed": [until]})],
        Ends(5, ("answered 403 after a redirect",), requests=(2, 6)),
    ),
]

GROUPS = {
    10: ("Overloaded servers", ENOUGH),
    11: ("Other statuses", STATUSES),
    12: ("Redirects", REDIRECTS),
}
