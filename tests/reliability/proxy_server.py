"""An HTTP proxy on loopback: requests for http, tunnels (CONNECT) for https, and faults of both."""

import socket
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from loopback import Loopback

STEP_BYTES = 64 << 10


class Proxy(Loopback):
    """`faults` has a word for each request or tunnel, and the last one repeats.

    It is `good`, a status (`403`), or `dies` (after `dies_after` bytes). `buffers` is how many
    seconds it keeps what it has fetched. `answers` has what was asked of it.
    """

    def __init__(self, faults: list[str], dies_after: int = 0, buffers: float = 0):
        self.faults = faults
        self.dies_after = dies_after
        self.buffers = buffers
        self.answers: list[str] = []
        self.closing = threading.Event()
        super().__init__(self.forward)
        self.RequestHandlerClass.do_CONNECT = lambda request: self.tunnel(request)

    def close(self) -> None:
        self.closing.set()
        super().close()
        self.break_connections()

    def next_fault(self, target: str) -> str:
        fault = self.faults[min(len(self.answers), len(self.faults) - 1)]
        self.answers.append(target)
        return fault

    def refuse(self, request: BaseHTTPRequestHandler, status: int) -> None:
        request.send_response(status)
        if status == 407:
            request.send_header("Proxy-Authenticate", 'Basic realm="tests"')
        request.send_header("Content-Length", "0")
        request.end_headers()

    def forward(self, request: BaseHTTPRequestHandler) -> None:
        fault = self.next_fault(request.path)
        if fault.isdigit():
            self.refuse(request, int(fault))
            return
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() in ("range", "accept", "accept-encoding", "user-agent")
        }
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            answer = direct.open(urllib.request.Request(request.path, headers=headers), timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            body = answer.read()
        self.closing.wait(self.buffers)
        request.send_response(answer.status)
        for name in ("Content-Type", "Content-Range", "ETag"):
            if answer.headers[name]:
                request.send_header(name, answer.headers[name])
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if fault == "dies":
            body = body[: self.dies_after]
            request.close_connection = True
        request.wfile.write(body)

    def tunnel(self, request: BaseHTTPRequestHandler) -> None:
        fault = self.next_fault(request.path)
        request.close_connection = True
        if fault.isdigit():
            self.refuse(request, int(fault))
            return
        place = urlsplit("//" + request.path)
        with socket.create_connection((place.hostname, place.port), 10) as upstream:
            request.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(
                target=self.copy, args=(request.connection, upstream), daemon=True
            ).start()
            self.copy(upstream, request.connection, self.dies_after if fault == "dies" else 0)

    def copy(self, source: socket.socket, target: socket.socket, most: int = 0) -> None:
        copied = 0
        try:
            while not (most and copied >= most):
                data = source.recv(min(STEP_BYTES, most - copied) if most else STEP_BYTES)
                if not data:
                    break
                target.sendall(data)
                copied += len(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other thread was first
