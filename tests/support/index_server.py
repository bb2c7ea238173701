"""A Python index on loopback: PEP 503 and 691 pages, ranges, sidecars, and faults on request.

Runs inside a test (`Index`), or alone: `index_server.py` serves `sample_index.py`
and prints its URL. With a folder it serves that (`Folder`): indexes that are files already, such as
those of `torch_index.py`.
"""

import hashlib
import html
import json
import random
import sys
import threading
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from loopback import Loopback, wanted_range
from wheels import Wheel

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
STEP_BYTES = 64 << 10


@dataclass
class Behaviour:
    """How the server differs from a good one."""

    json: bool = True
    sidecars: bool = False
    ranges: bool = True
    truncate_pages: bool = False
    login_page: bool = False
    wrong_bytes: set[str] = field(default_factory=set)  # file names
    truncated: set[str] = field(default_factory=set)  # file names
    absent: set[str] = field(default_factory=set)  # file names that are on pages, but not there
    bytes_per_second: int = 0  # of files, for each connection; 0: as fast as it goes
    shuffle_seed: int | None = (
        None  # files are answered after pauses of their own, in another order
    )
    dies_after_bytes: int = 0  # of files; then the server is gone until `come_back`


class Index:
    """Serves wheels until closed. `requests`: what was asked, by path; `sent`: bytes by file."""

    def __init__(
        self, wheels: list[Wheel], sdists: list[str] = (), behaviour: Behaviour | None = None
    ):
        warnings.simplefilter("ignore", UserWarning)  # duplicate members are made on purpose
        self.behaviour = behaviour or Behaviour()
        self.wheels = {wheel.file_name: wheel for wheel in wheels}
        self.archives = {name: wheel.archive() for name, wheel in self.wheels.items()}
        self.sdists = list(sdists)
        self.requests: list[str] = []
        self.sent: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.port = 0
        self.come_back()

    def come_back(self) -> None:
        """Listens, after the first time on the same port as before."""
        self.is_gone = False
        self.server = Loopback(self.answer, self.port)
        self.port = self.server.port
        self.url = self.server.url

    @property
    def simple_url(self) -> str:
        return self.url + "/simple"

    def close(self) -> None:
        """Gone in the middle of whatever it was sending."""
        self.is_gone = True
        self.server.close()
        self.server.break_connections()

    @property
    def sent_bytes(self) -> int:
        with self.lock:
            return sum(self.sent.values())

    def forget(self) -> None:
        """Counts from nothing."""
        with self.lock:
            self.sent.clear()
            self.requests.clear()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append(request.path)
        parts = request.path.strip("/").split("/")
        if parts[0] == "simple" and len(parts) == 2:
            self.answer_page(request, parts[1])
        elif parts[0] == "whl" and len(parts) == 3:
            self.answer_variant(request, parts[1], parts[2])
        elif parts[0] == "files" and len(parts) == 2:
            self.answer_file(request, unquote(parts[1]))
        else:
            send(request, 404, "text/plain", b"not found\n")

    def answer_page(self, request: BaseHTTPRequestHandler, project: str) -> None:
        wheels = [wheel for wheel in self.wheels.values() if wheel.name.lower() == project]
        sdists = [name for name in self.sdists if name.rsplit("-", 1)[0].lower() == project]
        if self.behaviour.login_page:
            send(request, 200, "text/html", b"<html><body><h1>Please log in</h1></body></html>")
        elif not wheels and not sdists:
            send(request, 404, "text/plain", b"not found\n")
        else:
            is_json = self.behaviour.json and JSON_TYPE in request.headers.get("Accept", "")
            if is_json:
                page = self.json_page(project, wheels, sdists)
            else:
                page = self.html_page(wheels, sdists)
            if self.behaviour.truncate_pages:
                page = page[: len(page) // 2]
            send(request, 200, JSON_TYPE if is_json else "text/html", page)

    def answer_variant(self, request: BaseHTTPRequestHandler, variant: str, project: str) -> None:
        """As PyTorch's index of one variant does: the builds with that local version, in HTML."""
        wheels = [wheel for wheel in self.wheels.values() if wheel.name.lower() == project]
        builds = [wheel for wheel in wheels if wheel.version.endswith(f"+{variant}")]
        if builds:
            send(request, 200, "text/html", self.html_page(builds, [], "../../.."))
        else:
            send(request, 404, "text/plain", b"not found\n")

    def json_page(self, project: str, wheels: list[Wheel], sdists: list[str]) -> bytes:
        files = []
        for wheel in wheels:
            archive = self.archives[wheel.file_name]
            entry = {
                "filename": wheel.file_name,
                "url": f"{self.url}/files/{wheel.file_name}",
                "hashes": {"sha256": hashlib.sha256(archive).hexdigest()},
                "size": len(archive),
                "upload-time": wheel.uploaded,
                "yanked": wheel.yanked,
            }
            if wheel.requires_python:
                entry["requires-python"] = wheel.requires_python
            if self.behaviour.sidecars:
                digest = hashlib.sha256(wheel.metadata().encode()).hexdigest()
                entry["core-metadata"] = {"sha256": digest}
            files.append(entry)
        for name in sdists:
            files.append({"filename": name, "url": f"{self.url}/files/{name}", "hashes": {}})
        page = {"meta": {"api-version": "1.1"}, "name": project, "files": files}
        return json.dumps(page).encode()

    def html_page(self, wheels: list[Wheel], sdists: list[str], root: str = "../..") -> bytes:
        lines = ["<!DOCTYPE html><html><body>"]
        for wheel in wheels:
            digest = hashlib.sha256(self.archives[wheel.file_name]).hexdigest()
            attributes = ""
            if wheel.requires_python:
                attributes += f' data-requires-python="{html.escape(wheel.requires_python)}"'
            if wheel.yanked:
                attributes += ' data-yanked=""'
            target = f"{root}/files/{quote(wheel.file_name)}#sha256={digest}"
            lines.append(f'<a href="{target}"{attributes}>{wheel.file_name}</a><br>')
        lines += [f'<a href="{root}/files/{name}">{name}</a><br>' for name in sdists]
        return "\n".join(lines + ["</body></html>"]).encode()

    def answer_file(self, request: BaseHTTPRequestHandler, name: str) -> None:
        if name.endswith(".metadata") and self.behaviour.sidecars:
            wheel = self.wheels[name[: -len(".metadata")]]
            send(request, 200, "text/plain", wheel.metadata().encode())
            return
        if name not in self.archives or name in self.behaviour.absent:
            send(request, 404, "text/plain", b"not found\n")
            return
        if self.behaviour.shuffle_seed is not None:
            time.sleep(
                random.Random(f"{self.behaviour.shuffle_seed} {request.path}").uniform(0, 0.1)
            )
        content = self.archives[name]
        if name in self.behaviour.wrong_bytes:
            content = content[:-1] + bytes([content[-1] ^ 1])
        first, last = wanted_range(request.headers.get("Range"), len(content))
        is_partial = first is not None and self.behaviour.ranges
        body = content[first : last + 1] if is_partial else content
        request.send_response(206 if is_partial else 200)
        request.send_header("Content-Type", "application/octet-stream")
        request.send_header("Content-Length", str(len(body)))
        if is_partial:
            request.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        request.end_headers()
        if name in self.behaviour.truncated:
            body = body[: len(body) // 2]
            request.close_connection = True
        self.send_body(request, name, body)

    def send_body(self, request: BaseHTTPRequestHandler, name: str, body: bytes) -> None:
        speed = self.behaviour.bytes_per_second
        step = max(1, min(STEP_BYTES, speed // 20)) if speed else STEP_BYTES
        began = time.monotonic()
        try:
            for begin in range(0, len(body), step):
                if self.is_gone:
                    raise ConnectionResetError
                request.wfile.write(body[begin : begin + step])
                self.count(name, len(body[begin : begin + step]))
                if speed:
                    time.sleep(max(0.0, began + (begin + step) / speed - time.monotonic()))
        except OSError:
            request.close_connection = True

    def count(self, name: str, count: int) -> None:
        with self.lock:
            self.sent[name] += count
            limit = self.behaviour.dies_after_bytes
            dies = limit and sum(self.sent.values()) >= limit
            if dies:
                self.behaviour.dies_after_bytes = 0
        if dies:
            self.close()


class Folder:
    """Serves a folder until closed; of a folder in it, its index.html. `requests`: paths asked."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.requests: list[str] = []
        self.server = Loopback(self.answer)
        self.url = self.server.url

    def close(self) -> None:
        self.server.close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        self.requests.append(path)
        file = (self.folder / path.lstrip("/")).resolve()
        if file.is_dir():
            file = file / "index.html"
        if not file.is_relative_to(self.folder) or not file.is_file():
            send(request, 404, "text/plain", b"not found\n")
            return
        content = file.read_bytes()
        first, last = wanted_range(request.headers.get("Range"), len(content))
        kind = "text/html" if file.suffix == ".html" else "application/octet-stream"
        if first is None:
            send(request, 200, kind, content)
        else:
            place = ("Content-Range", f"bytes {first}-{last}/{len(content)}")
            send(request, 206, kind, content[first : last + 1], place)


def send(
    request: BaseHTTPRequestHandler, status: int, content_type: str, body: bytes, *headers
) -> None:
    request.send_response(status)
    length = ("Content-Length", str(len(body)))
    for name, value in [("Content-Type", content_type), length, *headers]:
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def serve_alone() -> None:
    if len(sys.argv) > 1:
        print(Folder(Path(sys.argv[1])).url, flush=True)
    else:
        import sample_index

        print(Index(sample_index.WHEELS, sample_index.SDISTS).simple_url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    serve_alone()
