"""Serves what `record` kept, as a good index does.

JSON pages, sidecars, ETag and Cache-Control, gzip, 20 ms away."""

import asyncio
import gzip
import hashlib
import json
import multiprocessing
from pathlib import Path

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
LATENCY_SECONDS = 0.020
YEAR = "max-age=31536000, immutable"


def rewritten(page: dict) -> dict:
    """The page with its files here, every wheel with a sidecar."""
    for file in page["files"]:
        file["url"] = f"../../files/{file['filename']}"
        for key in (
            "dist-info-metadata",
            "data-dist-info-metadata",
            "core-metadata",
            "gpg-sig",
            "provenance",
        ):
            file.pop(key, None)
        if file["filename"].endswith(".whl"):
            file["core-metadata"] = True
    return page


class Replica:
    """Everything in memory, compressed once."""

    def __init__(self, record: Path):
        self.answers: dict[str, tuple[bytes, bytes, str]] = {}
        for file in (record / "pages").glob("*.json"):
            body = json.dumps(rewritten(json.loads(file.read_bytes()))).encode()
            self.add(f"/simple/{file.stem}/", body, JSON_TYPE, "max-age=600")
        for file in (record / "metadata").iterdir():
            self.add(f"/files/{file.name}", file.read_bytes(), "text/plain; charset=utf-8", YEAR)
        self.missing: set[str] = set()

    def add(self, path: str, body: bytes, content_type: str, cache: str) -> None:
        packed = gzip.compress(body, 6)
        tag = hashlib.sha256(body).hexdigest()[:16]
        head = (
            f'ETag: "{tag}"\r\nCache-Control: {cache}\r\nVary: Accept, Accept-Encoding\r\n'
            f"Content-Type: {content_type}\r\nContent-Encoding: gzip\r\n"
        ).encode()
        self.answers[path] = (head, packed, f'"{tag}"')

    def answer(self, path: str, headers: dict[str, str]) -> bytes:
        found = self.answers.get(path)
        if found is None:
            if path.startswith("/files/"):
                self.missing.add(path)
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        head, body, tag = found
        if headers.get("if-none-match") == tag:
            return b"HTTP/1.1 304 Not Modified\r\n" + head + b"\r\n"
        return (
            b"HTTP/1.1 200 OK\r\n" + head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        )

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                path = lines[0].split(" ")[1]
                headers = {
                    key.lower(): value
                    for key, _, value in (line.partition(": ") for line in lines[1:])
                }
                await asyncio.sleep(LATENCY_SECONDS)
                if path == "/missing":
                    body = "\n".join(sorted(self.missing)).encode()
                    writer.write(
                        f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                    )
                else:
                    writer.write(self.answer(path, headers))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _serve(record: Path, port: int) -> None:
    async def main():
        server = await asyncio.start_server(Replica(record).talk, "127.0.0.1", port, backlog=512)
        await server.serve_forever()

    asyncio.run(main())


def start(record: Path, port: int) -> multiprocessing.Process:
    server = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(record, port), daemon=True
    )
    server.start()
    return server
