"""A folder of conda channels on loopback: validators, ranges, counts, and faults on request.

Runs inside a test (`Channels`), or alone: `channel_server.py [FOLDER]` serves the folder, or
without one the sample channel as `/sample`, and prints its URL.
"""

import base64
import email.utils
import hashlib
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote, urlsplit

from loopback import Loopback, wanted_range

STEP_BYTES = 64 << 10
LOGIN_PAGE = b"<!DOCTYPE html><html><body><h1>Please log in</h1></body></html>"
TYPES = {".json": "application/json", ".zst": "application/zstd", ".html": "text/html"}


@dataclass
class Behaviour:
    """How the server differs from a good one.

    `faults`: what happens to a path, `/sample/noarch/repodata.json`, or to all with an end,
    `*.zst`. A status (`404`, `503`), or `login` (200 and a page of HTML), `truncated` (the
    connection ends half way), `shorter` (half of it, said to be all), `wrong-byte` (the last one),
    `hangs` (no answer).
    """

    faults: dict[str, str] = field(default_factory=dict)
    ranges: bool = True
    validators: bool = True  # ETag, Last-Modified, and 304 to who has them
    cache_control: str = "max-age=30"  # as the large public channels say of repodata; "": none
    user_and_password: str = ""  # `user:password`: 401 without this Basic authorization
    bytes_per_second: int = 0  # for each connection; 0: as fast as it goes
    # Archives are answered after pauses of their own, in another order.
    shuffle_seed: int | None = None


class Channels:
    """Serves `folder` until closed. `answers`: each path and status; `sent`: bytes by path."""

    def __init__(self, folder: Path, behaviour: Behaviour | None = None):
        self.folder = folder.resolve()
        self.behaviour = behaviour or Behaviour()
        self.answers: list[tuple[str, int]] = []
        self.sent: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.server = Loopback(lambda request: Answer(self, request).give(), heads=True)
        self.url = self.server.url

    def close(self) -> None:
        self.closing.set()
        self.server.close()

    def forget(self) -> None:
        """Counts from nothing."""
        with self.lock:
            self.sent.clear()
            self.answers.clear()

    def requests_of(self, end: str) -> int:
        """How many requests there were for paths with this end."""
        with self.lock:
            return sum(path.endswith(end) for path, _ in self.answers)

    def fault_of(self, path: str) -> str:
        for pattern, fault in self.behaviour.faults.items():
            if path == pattern or pattern.startswith("*") and path.endswith(pattern[1:]):
                return fault
        return ""


class Answer:
    """One request and what becomes of it."""

    def __init__(self, channels: Channels, request: BaseHTTPRequestHandler):
        self.channels = channels
        self.behaviour = channels.behaviour
        self.request = request
        self.path = unquote(urlsplit(request.path).path)
        self.fault = channels.fault_of(self.path)

    def give(self) -> None:
        file = (self.channels.folder / self.path.lstrip("/")).resolve()
        if self.fault == "hangs":
            self.note(0)
            self.channels.closing.wait()
        elif not self.is_allowed():
            self.short(401, "text/plain", b"who are you?\n", ("WWW-Authenticate", "Basic"))
        elif self.fault.isdigit():
            self.short(int(self.fault), "text/plain", b"a fault of the tests\n")
        elif self.fault == "login":
            self.short(200, "text/html", LOGIN_PAGE)
        elif not file.is_relative_to(self.channels.folder) or not file.is_file():
            self.short(404, "text/plain", b"not found\n")
        else:
            self.send_file(file)

    def is_allowed(self) -> bool:
        if not self.behaviour.user_and_password:
            return True
        wanted = base64.b64encode(self.behaviour.user_and_password.encode()).decode()
        return self.request.headers.get("Authorization") == f"Basic {wanted}"

    def send_file(self, file: Path) -> None:
        if self.behaviour.shuffle_seed is not None and file.name.endswith((".conda", ".bz2")):
            seed = f"{self.behaviour.shuffle_seed} {self.path}"
            time.sleep(random.Random(seed).uniform(0, 0.1))
        content = file.read_bytes()
        if self.fault == "wrong-byte":
            content = content[:-1] + bytes([content[-1] ^ 1])
        elif self.fault == "shorter":
            content = content[: len(content) // 2]
        validators = self.validators(file, content)
        if self.is_known(validators):
            self.head(304, [*validators.items()])
            return
        first, last = wanted_range(self.request.headers.get("Range"), len(content))
        same = self.request.headers.get("If-Range") in (None, *validators.values())
        is_partial = first is not None and self.behaviour.ranges and same
        if is_partial and first >= len(content):
            headers = ("Content-Range", f"bytes */{len(content)}")
            self.short(416, "text/plain", b"past the end\n", headers)
            return
        body = content[first : last + 1] if is_partial else content
        headers = [*validators.items(), ("Content-Type", TYPES.get(file.suffix, "binary/octet"))]
        headers.append(("Content-Length", str(len(body))))
        if is_partial:
            headers.append(("Content-Range", f"bytes {first}-{last}/{len(content)}"))
        if self.behaviour.ranges:
            headers.append(("Accept-Ranges", "bytes"))
        self.head(206 if is_partial else 200, headers)
        if self.fault == "truncated":
            body = body[: len(body) // 2]
            self.request.close_connection = True
        if self.request.command == "GET":
            self.send_body(body)

    def validators(self, file: Path, content: bytes) -> dict[str, str]:
        if not self.behaviour.validators:
            return {}
        changed = email.utils.formatdate(file.stat().st_mtime, usegmt=True)
        return {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Last-Modified": changed}

    def is_known(self, validators: dict[str, str]) -> bool:
        asked = self.request.headers
        if "If-None-Match" in asked:
            return validators.get("ETag") == asked["If-None-Match"]
        since = asked.get("If-Modified-Since")
        return since is not None and validators.get("Last-Modified") == since

    def short(self, status: int, content_type: str, body: bytes, *headers) -> None:
        length = ("Content-Length", str(len(body)))
        self.head(status, [("Content-Type", content_type), length, *headers])
        if self.request.command == "GET":
            self.request.wfile.write(body)

    def head(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.note(status)
        self.request.send_response(status)
        for name, value in headers:
            self.request.send_header(name, value)
        if status < 400 and self.behaviour.cache_control:
            self.request.send_header("Cache-Control", self.behaviour.cache_control)
        self.request.end_headers()

    def note(self, status: int) -> None:
        with self.channels.lock:
            self.channels.answers.append((self.path, status))

    def send_body(self, body: bytes) -> None:
        speed = self.behaviour.bytes_per_second
        step = max(1, min(STEP_BYTES, speed // 20)) if speed else STEP_BYTES
        began = time.monotonic()
        try:
            for begin in range(0, len(body), step):
                if self.channels.closing.is_set():
                    raise ConnectionResetError
                part = body[begin : begin + step]
                self.request.wfile.write(part)
                with self.channels.lock:
                    self.channels.sent[self.path] += len(part)
                if speed:
                    time.sleep(max(0.0, began + (begin + step) / speed - time.monotonic()))
        except OSError:
            self.request.close_connection = True


def serve_alone() -> None:
    if len(sys.argv) > 1:
        served = Channels(Path(sys.argv[1]))
    else:
        import sample_channel

        folder = Path(tempfile.mkdtemp(prefix="envpm-channel-"))
        sample_channel.write_channel(
            folder / "sample", sample_channel.PACKAGES + sample_channel.FAULTY
        )
        served = Channels(folder)
    print(served.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    serve_alone()
