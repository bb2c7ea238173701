"""A server on loopback that does to each request what its script says: HTTP/1.1, also under TLS.

`scripts` has a list of replies by path; each request takes the next, and the last one repeats. A
path without a script is answered as a good server would: ranges, validators, kept connections. A
reply is a `Reply`, or a function that is given the `Exchange` and returns one.
"""

import hashlib
import select
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import h2_server
from loopback import Loopback, wanted_range

STEP_BYTES = 64 << 10
SEND_BUFFER_BYTES = 64 << 10


@dataclass
class Reply:
    """How one answer differs from that of a good server."""

    wait: float = 0  # seconds before the head
    status: int = 0  # 0: 200, or 206 to a request for a part
    fields: dict[str, str | list[str] | None] = field(default_factory=dict)  # None: without it
    change: Callable[[bytes], bytes] | None = None  # the file as this server has it
    body: bytes | None = None  # instead of the file
    span: Callable[[int, int], tuple[int, int]] | None = None  # what is sent of what was asked
    ranges: bool = True  # False: all of the file, whatever is asked for
    if_range: bool = True  # False: a part, of whichever version the client has the beginning
    chunked: bool = False
    rate: Callable[[int], float] | float = 0  # bytes a second, also by what was sent so far
    cut: float | int | None = None  # only so much of the body; a share of it, or bytes
    ending: str = "keep"  # the connection after that: keep, fin, rst, stall
    more: bytes = b""  # after the end of the body


SILENT = Reply(wait=600)
HALF = Reply(cut=0.5, ending="fin")
WITHOUT_LENGTH = {"Content-Length": None}


@dataclass
class Request:
    """What the server remembers of one request."""

    method: str
    path: str
    headers: dict[str, str]
    at: float
    status: int = 0


@dataclass
class Exchange:
    """One request, for replies that depend on it."""

    server: "FaultServer"
    path: str
    number: int  # of this path, from 0
    in_flight: int  # of this path, with this one
    span: tuple[int, int] | None  # the bytes that are asked for; none: all
    headers: dict[str, str]
    request: BaseHTTPRequestHandler

    def raw(self, data: bytes) -> None:
        """Instead of a reply; the connection ends after that."""
        self.request.wfile.write(data)
        raise HangUp


class HangUp(Exception):
    """The connection ends here."""


class FaultServer(Loopback):
    """Serves `content` by path until closed. `requests` and `sent` (bytes of bodies) count."""

    def __init__(self, context: ssl.SSLContext | None = None, h2_script: list[str] | None = None):
        self.content: dict[str, bytes] = {}
        self.scripts: dict[str, list] = {}
        self.requests: list[Request] = []
        self.sent: Counter[str] = Counter()
        self.context = context
        self.h2_script = h2_script or []
        self.h2_streams = 0
        self.handshake_stalls = False
        self.login = ""  # with which it is configured; it asks for none
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.answered: Counter[str] = Counter()
        self.in_flight: Counter[str] = Counter()
        self.to_reset: set[socket.socket] = set()
        super().__init__(self.answer, heads=True)
        if context:
            self.url = f"https://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.closing.set()
        super().close()
        self.break_connections()

    def get_request(self):
        connection, address = super().get_request()
        # What lies here when a client goes was never fetched.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if self.context and not self.handshake_stalls:
            connection = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def finish_request(self, request, client_address) -> None:
        if self.handshake_stalls:
            wait_for_hang_up(request, self.closing)
            return
        if self.context:
            request.do_handshake()
            if request.selected_alpn_protocol() == "h2":
                h2_server.serve(request, self)
                return
        super().finish_request(request, client_address)

    def shutdown_request(self, request) -> None:
        if request in self.to_reset:
            self.to_reset.discard(request)
            request.close()  # at once, with what lies in its buffers
        else:
            super().shutdown_request(request)

    def next_script(self, path: str) -> object:
        """What the script says of this request."""
        script = self.scripts.get(path)
        with self.lock:
            number = self.answered[path]
            self.answered[path] += 1
        return (script[min(number, len(script) - 1)] if script else Reply()), number

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Request(request.command, request.path, headers, time.monotonic())
        with self.lock:
            self.requests.append(seen)
            self.in_flight[path] += 1
        try:
            reply, number = self.next_script(path)
            content = self.content.get(path)
            span = None
            if content is not None and "range" in headers:
                span = wanted_range(headers["range"], len(content))
            if callable(reply):
                reply = reply(
                    Exchange(self, path, number, self.in_flight[path], span, headers, request)
                )
            Answer(self, request, seen, path, content, span).give(reply)
        except (HangUp, OSError):
            request.close_connection = True
        finally:
            with self.lock:
                self.in_flight[path] -= 1

    def count(self, path: str, count: int) -> None:
        with self.lock:
            self.sent[path] += count

    def requests_of(self, path: str) -> list[Request]:
        with self.lock:
            return [one for one in self.requests if one.path.partition("?")[0] == path]


class Answer:
    """Writes one reply."""

    def __init__(self, server, request, seen, path, content, span):
        self.server = server
        self.request = request
        self.seen = seen
        self.path = path
        self.content = content
        self.span = span

    def give(self, reply: Reply) -> None:
        if reply.wait and not self.rest(reply.wait):
            raise HangUp
        status, fields, body = self.plan(reply)
        self.write_head(status, fields | reply.fields)
        if self.request.command != "HEAD" and status not in (204, 304):
            self.write_body(reply, body)
        self.end(reply)

    def rest(self, seconds: float) -> bool:
        """False if the client went away."""
        return not wait_for_hang_up(self.request.connection, self.server.closing, seconds)

    def plan(self, reply: Reply) -> tuple[int, dict, bytes]:
        """Status, header fields and body as a good server gives them, with the reply's changes."""
        content = self.content
        if content is None and reply.body is None:
            body = b"not found\n" if not reply.status else b""
            return reply.status or 404, length_field(reply, body), body
        if reply.body is not None:
            return reply.status or 200, length_field(reply, reply.body), reply.body
        if reply.status and reply.status not in (200, 206):
            return reply.status, length_field(reply, b"a fault\n"), b"a fault\n"
        content = reply.change(content) if reply.change else content
        digest = hashlib.sha256(content[:4096] + content[-4096:]).hexdigest()[:16]
        fields = {
            "Content-Type": type_of(self.path),
            "ETag": f'"{digest}"',
            "Accept-Ranges": "bytes",
        }
        keeps_to = not reply.if_range or self.is_same_version(fields | reply.fields)
        if self.span is None or not reply.ranges or not keeps_to:
            return reply.status or 200, fields | length_field(reply, content), content
        first, last = reply.span(*self.span) if reply.span else self.span
        body = content[first : last + 1]
        fields["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return reply.status or 206, fields | length_field(reply, body), body

    def is_same_version(self, fields: dict) -> bool:
        """RFC 9110, 13.1.5: of another version than the client has all of it is sent."""
        wanted = self.seen.headers.get("if-range")
        if wanted is None:
            return True
        if wanted.startswith(('"', "W/")):  # a weak tag is never the same
            return wanted == fields.get("ETag") and not wanted.startswith("W/")
        return wanted == fields.get("Last-Modified")

    def write_head(self, status: int, fields: dict) -> None:
        self.seen.status = status
        lines = [f"HTTP/1.1 {status} Of-The-Tests"]
        for name, value in fields.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    lines.append(f"{name}: {one.replace('{url}', self.server.url)}")
        self.request.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        if not any(fields.get(name) for name in ("Content-Length", "Transfer-Encoding")):
            self.request.close_connection = True

    def write_body(self, reply: Reply, body: bytes) -> None:
        if reply.cut is not None:
            cut = int(reply.cut * len(body)) if isinstance(reply.cut, float) else reply.cut
            body = body[:cut]
        began, sent = time.monotonic(), 0
        while sent < len(body):
            rate = reply.rate(sent) if callable(reply.rate) else reply.rate
            step = max(1, min(STEP_BYTES, int(rate / 10))) if rate else STEP_BYTES
            piece = body[sent : sent + step]
            self.request.wfile.write(chunk(piece) if reply.chunked else piece)
            self.server.count(self.path, len(piece))
            sent += len(piece)
            if rate:
                began += len(piece) / rate
                if not self.rest(max(0.0, began - time.monotonic())):
                    raise HangUp
        self.request.wfile.write(reply.more)
        if reply.chunked and reply.cut is None:
            self.request.wfile.write(b"0\r\n\r\n")

    def end(self, reply: Reply) -> None:
        if reply.ending == "stall":
            self.request.wfile.flush()
            wait_for_hang_up(self.request.connection, self.server.closing)
        if reply.ending == "rst":
            self.request.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            self.server.to_reset.add(self.request.connection)
        if reply.ending != "keep":
            raise HangUp


def wait_for_hang_up(connection: socket.socket, closing: threading.Event, seconds=None) -> bool:
    """True once the client went away, or the server; False when the time is over."""
    until = None if seconds is None else time.monotonic() + seconds
    while not closing.is_set():
        left = 0.2 if until is None else min(0.2, until - time.monotonic())
        if left <= 0:
            return False
        if select.select([connection], [], [], left)[0]:
            try:
                # What comes under TLS now is its end.
                if isinstance(connection, ssl.SSLSocket) or not connection.recv(1, socket.MSG_PEEK):
                    return True
            except OSError:
                return True
            closing.wait(min(left, 0.05))  # something that nobody will read
    return True


def length_field(reply: Reply, body: bytes) -> dict:
    if reply.chunked:
        return {"Transfer-Encoding": "chunked"}
    return {"Content-Length": str(len(body))}


def chunk(piece: bytes) -> bytes:
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


def type_of(path: str) -> str:
    page = "application/vnd.pypi.simple.v1+json"
    return page if path.startswith("/simple/") else "application/octet-stream"
