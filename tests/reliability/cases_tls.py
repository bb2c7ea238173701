"""Groups 15 and 17: TLS that cannot be trusted or made, proxies, and kept connections."""

import threading

from case import (
    LARGE,
    MEBIBYTE,
    PATIENCE,
    SMALL,
    Case,
    Ends,
    Mirror,
    Played,
    World,
    cases_of_alone_and_beside,
    expect,
    file_of,
    page,
    page_of,
)
from cases_status import to
from fault_server import Reply
from sandbox import manifest_of

NOT_TRUSTED = "is not trusted"


def untrusted(name: str, certificate: str, way_out: str = "correct its URL") -> list[Case]:
    """The page is refused already, so nothing of the archive is asked for."""
    bad = lambda: Mirror(certificate=certificate)  # noqa: E731
    return [
        Case(
            f"the certificate {name}",
            [bad()],
            Ends(5, (NOT_TRUSTED, f"hint: {way_out}"), requests=(0, 0), within=5),
        ),
        Case(
            f"the certificate {name}, for a lock",
            [bad()],
            Ends(5, (NOT_TRUSTED, f"hint: {way_out}")),
            command="lock",
        ),
        Case(f"the certificate {name}, beside a good mirror", [bad(), Mirror()]),
    ]


def shows_authority(played: Played) -> None:
    authority = str(played.world.certificates.authority)
    expect(authority in played.output, f"names no file of certificates\n{played.output}")


def authorities(name: str, file: str, folder: str) -> Case:
    """Once each, for a lock of pages and wheels."""
    return Case(
        f"the authority is {name}",
        [Mirror(certificate="good")],
        command="lock",
        variables={
            "SSL_CERT_FILE": f"CERTIFICATES/{file}",
            "SSL_CERT_DIR": f"CERTIFICATES/{folder}",
        },
    )


def redirected_together(world: World, _: Case) -> None:
    """The folder vouches for the server that both pages are asked of, and only its file for the one
    that they are on. Neither is led there before both were asked for."""
    both_are_asked_for = threading.Barrier(2, timeout=10)

    def lead_together(exchange) -> Reply:
        both_are_asked_for.wait()
        return lead(exchange)

    def lead(exchange) -> Reply:
        return to(there.url + exchange.path)

    names = (SMALL, LARGE)
    mirrors = [Mirror(certificate="of-stranger"), Mirror(certificate="good")]
    with world.serving(mirrors, SMALL) as (there, here), world.sandbox() as sandbox:
        for name in names:
            there.content[page_of(name)] = page(name, world.archives[name], there.url)
            there.content[file_of(name)] = world.archives[name]
            here.scripts[page_of(name)] = [lead_together, lead]
        folder = world.certificates.folder / "in-folder"
        sandbox.variables = world.variables(sandbox, [here]) | {
            "SSL_CERT_FILE": str(folder / "all.crt"),
            "SSL_CERT_DIR": str(folder),
        }
        sandbox.write(manifest_of(*names))
        sandbox.run("lock")
        times = [len(here.requests_of(page_of(name))) for name in names]
        expect(times == [2, 2], f"asked for {times} times: judged by all authorities at once")


TLS = [
    Case("TLS as it should be", [Mirror(certificate="good")], wheel=LARGE),
    authorities("in the folder, and not in its file", "in-folder/all.crt", "in-folder"),
    authorities("in the folder's file alone", "in-file/all.crt", "in-file"),
    authorities("in the folder, and not in a file elsewhere", "stranger.crt", "in-folder"),
    Case(
        "two redirects at once to a server whose authority is in the folder's file alone",
        [],
        play=redirected_together,
        shows="the lock",
    ),
    *untrusted("has expired", "expired", "compare `date` with another clock"),
    *untrusted("is for another name", "wrong-name"),
    *untrusted("is signed by an unknown authority", "unknown-ca"),
    *untrusted("is signed by itself", "self-signed"),
    Case(
        "the error about a certificate names the file of authorities",
        [Mirror(certificate="unknown-ca")],
        Ends(5, (NOT_TRUSTED,)),
        check=shows_authority,
    ),
    Case(
        "the file of authorities is missing",
        [Mirror(certificate="good")],
        Ends(5, (NOT_TRUSTED, "/no/such/file")),
        variables={"SSL_CERT_FILE": "/no/such/file"},
    ),
    *cases_of_alone_and_beside(
        Case(
            "the handshake is never answered",
            [Mirror(certificate="good", handshake_stalls=True)],
            Ends(5, ("cannot be reached",), requests=(0, 0), within=15),
        ),
        Ends(within=15),
    ),
    *cases_of_alone_and_beside(
        Case(
            "the server knows no TLS later than 1.1",
            [Mirror(certificate="old")],
            Ends(5, ("no TLS connection",), requests=(0, 0), within=5),
        )
    ),
    *(
        Case(
            f"HTTP/2 is agreed on, and {name}",
            [Mirror(certificate="good", h2=[word])],
            command="lock",
            check=lambda played: expect(played.servers[0].h2_streams > 0, "HTTP/2 was never tried"),
        )
        for name, word in (
            ("something else is spoken", "garbage"),
            ("the connection ends", "hang-up"),
        )
    ),
    *(
        Case(
            f"HTTP/2 breaks on every page ({word})",
            [Mirror(certificate="good", h2=[word])],
            command="lock",
            check=lambda played: expect(
                played.servers[0].h2_streams == 1,
                f"HTTP/2 was tried {played.servers[0].h2_streams} times",
            ),
        )
        for word in ("rst-stream", "goaway", "refused")
    ),
]
QUICK_TLS = (
    "the authority is in the folder's file alone",
    "two redirects at once to a server whose authority is in the folder's file alone",
    "the certificate has expired",
    "the certificate is for another name",
    "the certificate is signed by an unknown authority",
    "the certificate is signed by itself",
    "the handshake is never answered",
    "the server knows no TLS later than 1.1",
    "HTTP/2 is agreed on, and the connection ends",
)
for case in TLS:
    case.quick = case.name in QUICK_TLS


def by_proxy(name: str, proxy: dict, ends: Ends, mirror: Mirror | None = None, **more) -> Case:
    return Case(name, [mirror or Mirror()], ends, proxy=proxy, **more)


def tunnel(name: str, proxy: dict, ends: Ends, **more) -> Case:
    return by_proxy(name, proxy, ends, Mirror(certificate="good"), **more)


def went_through(played: Played) -> None:
    expect(bool(played.proxy.answers), "the proxy was never asked")


def refused_by_proxy(status: int) -> Ends:
    return Ends(5, ("refused the way to", f"with {status}"), requests=(0, 0), within=8)


def names_the_proxy(played: Played) -> None:
    expect(played.proxy.url in played.output, f"does not name the proxy\n{played.output}")


def closed_in_silence(_) -> Reply:
    """After a whole answer the server closes, without having said so."""
    return Reply(ending="fin")


PROXIES = [
    by_proxy("a proxy as it should be", {"faults": ["good"]}, Ends(), check=went_through),
    tunnel(
        "a tunnel as it should be", {"faults": ["good"]}, Ends(), wheel=LARGE, check=went_through
    ),
    tunnel(
        "CONNECT is refused",
        {"faults": ["403"]},
        refused_by_proxy(403),
        check=names_the_proxy,
        quick=True,
    ),
    tunnel(
        "CONNECT wants a password (407)",
        {"faults": ["407"]},
        refused_by_proxy(407),
        check=names_the_proxy,
    ),
    tunnel(
        "CONNECT fails (502), always",
        {"faults": ["502"]},
        refused_by_proxy(502),
        check=names_the_proxy,
    ),
    tunnel("CONNECT fails (502), twice", {"faults": ["502", "502", "good"]}, Ends()),
    by_proxy(
        "the proxy wants a password (407)",
        {"faults": ["407"]},
        Ends(5, ("answered 407",), requests=(0, 0), within=8),
    ),
    by_proxy(
        "the proxy's upstream fails (502, 504), once each",
        {"faults": ["502", "504", "good"]},
        Ends(),
    ),
    Case(
        "nothing listens where the proxy should be",
        [Mirror()],
        Ends(5, ("cannot be reached", "the proxy is `http://127.0.0.1:9`"), requests=(0, 0)),
        variables=dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9"),
    ),
    tunnel(
        "the tunnel dies after each 1.2 MiB",
        {"faults": ["dies"], "dies_after": MEBIBYTE * 6 // 5},
        Ends(most=3.5, requests=(3, 12)),  # what lies in its sockets is lost
        quick=True,
    ),
    by_proxy(
        "the proxy dies after each 1.2 MiB",
        {"faults": ["dies"], "dies_after": MEBIBYTE * 6 // 5},
        Ends(most=3.5, requests=(3, 12)),
    ),
    tunnel(
        "the tunnel dies before the first byte, always",
        {"faults": ["dies"], "dies_after": 1},
        Ends(5, ("no TLS connection with", "the proxy is `http://127.0.0.1:"), requests=(0, 0)),
    ),
    by_proxy(
        "the proxy keeps the whole file before its first byte, within the limit",
        {"faults": ["good"], "buffers": 0.5 * PATIENCE},
        Ends(requests=(1, 1)),
    ),
    by_proxy(
        "the proxy keeps the whole file before its first byte, for longer than the limit",
        {"faults": ["good"], "buffers": 2 * PATIENCE},
        Ends(5, ("did not answer for 1.5 s",), requests=(0, 10), within=35),
    ),
    by_proxy(
        "the same, with a `first-byte-timeout` that allows for it",
        {"faults": ["good"], "buffers": 2 * PATIENCE},
        Ends(requests=(1, 1), after=2 * PATIENCE),
        network={"first-byte-timeout": "20s"},
    ),
    Case(
        "a kept connection is closed when it is used again, for pages and files",
        [Mirror(files=[closed_in_silence], pages=[closed_in_silence])],
        Ends(requests=(1, 2)),
        quick=True,
    ),
    Case(
        "a kept connection is closed after each part of a large file",
        [Mirror(files=[closed_in_silence])],
        wheel=LARGE,
    ),
    Case(
        "a kept connection is closed after each answer, for a lock",
        [Mirror(files=[closed_in_silence], pages=[closed_in_silence])],
        command="lock",
    ),
]
GROUPS = {
    15: ("TLS", TLS),
    17: ("Proxies and kept connections", PROXIES),
}
