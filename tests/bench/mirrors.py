#!/usr/bin/env python3
"""One file from several mirrors of different speeds: envpm beside aria2c.

    tests/bench/mirrors.py build/release/tests/bench/bench_fetch_file [SCENARIO…]

Scenarios on loopback, each mirror a process of its own that shares its rate among its
connections. The file has 150 MB, so a scenario takes 5 to 20 s. Prints a table for
docs/performance.md: seconds, the ratio to the ideal (all bytes at the sum of the rates), peak
memory. Never run by CI.
"""

import argparse
import hashlib
import multiprocessing
import os
import pathlib
import random
import re
import shutil
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

MEGABYTE = 1_000_000
SIZE = 150 * MEGABYTE
LIMIT_SECONDS = 60
TICK_SECONDS = 0.01
ARIA2 = ["aria2c", "-x4", "-s8", "-k1M", "--file-allocation=none", "--no-conf", "--quiet"]


class Mirror:
    """What a mirror does; `dies_at` counts from the first request to any mirror."""

    def __init__(self, rate, dies_at=None, stalls_after=None):
        self.rate = rate
        self.dies_at = dies_at
        self.stalls_after = stalls_after


def scenarios():
    def stalling(megabytes):
        mirrors = [Mirror(10, stalls_after=megabytes * MEGABYTE) for _ in range(2)]
        return mirrors, SIZE / MEGABYTE / 20

    return {
        "three of 10 MB/s": ([Mirror(10), Mirror(10), Mirror(10)], SIZE / MEGABYTE / 30),
        "20, 5 and 0.5 MB/s": ([Mirror(20), Mirror(5), Mirror(0.5)], SIZE / MEGABYTE / 25.5),
        "the slowest listed first": ([Mirror(0.5), Mirror(5), Mirror(20)], SIZE / MEGABYTE / 25.5),
        "the best of 20, 5 and 2 MB/s dies at 1.5 s": (
            [Mirror(20, dies_at=1.5), Mirror(5), Mirror(2)],
            1.5 + (SIZE / MEGABYTE - 1.5 * 27) / 7,
        ),
        "two of 10 MB/s, each connection stalls at 40 MB": stalling(40),
        "two of 10 MB/s, each connection stalls at 25 MB": stalling(25),
        "20 MB/s among four of 0.05 MB/s": (
            [Mirror(0.05), Mirror(0.05), Mirror(20), Mirror(0.05), Mirror(0.05)],
            SIZE / MEGABYTE / 20.2,
        ),
    }


class Bucket:
    """Hands out a rate to whoever asks, in turns; a busy machine may catch up on 50 ms."""

    def __init__(self, rate):
        self.rate = rate * MEGABYTE
        self.lock = threading.Lock()
        self.free_at = time.monotonic()

    def take(self, count):
        with self.lock:
            start = max(self.free_at, time.monotonic() - 5 * TICK_SECONDS)
            self.free_at = start + count / self.rate
            until = self.free_at
        delay = until - time.monotonic()
        if delay > 0:
            time.sleep(delay)


def serve(mirror, path, ready, first_request):
    content = memoryview(pathlib.Path(path).read_bytes())
    bucket = Bucket(mirror.rate)
    block = max(1024, min(32 << 10, int(mirror.rate * MEGABYTE * TICK_SECONDS)))

    def is_dead():
        begun = first_request.value
        return mirror.dies_at is not None and begun and time.time() - begun > mirror.dies_at

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
            sent = 0
            try:
                while not is_dead():
                    sent = self.answer(sent)
                    if sent is None:
                        return
            except OSError:
                pass

        def answer(self, sent):
            request = self.rfile.readline()
            fields = {}
            while True:
                line = self.rfile.readline().strip()
                if not line:
                    break
                name, _, value = line.decode().partition(":")
                fields[name.lower()] = value.strip()
            if not request or is_dead():
                return None
            with first_request.get_lock():
                first_request.value = first_request.value or time.time()
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", fields.get("range", ""))
            first = int(asked[1]) if asked else 0
            end = int(asked[2]) + 1 if asked and asked[2] else len(content)
            end = min(end, len(content))
            head = "HTTP/1.1 206 Partial Content" if asked else "HTTP/1.1 200 OK"
            head += f"\r\nContent-Length: {end - first}\r\nETag: \"1\"\r\nAccept-Ranges: bytes\r\n"
            if asked:
                head += f"Content-Range: bytes {first}-{end - 1}/{len(content)}\r\n"
            self.connection.sendall(head.encode() + b"\r\n")
            for at in range(first, end, block):
                part = content[at : min(end, at + block)]
                if mirror.stalls_after is not None and sent >= mirror.stalls_after:
                    time.sleep(10 * LIMIT_SECONDS)
                bucket.take(len(part))
                if is_dead():
                    return None
                self.connection.sendall(part)
                sent += len(part)
            return sent

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

        def verify_request(self, request, address):
            return not is_dead()

    with Server(("127.0.0.1", 0), Handler) as server:
        ready.send(server.server_address[1])
        server.serve_forever()


def run(command):
    """Seconds and peak megabytes; no seconds after a failure or too long a time."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    timer = threading.Timer(LIMIT_SECONDS, process.kill)
    timer.start()
    peak = [0]
    watcher = threading.Thread(target=watch_memory, args=(process.pid, peak), daemon=True)
    watcher.start()
    notes = process.stderr.read().decode()
    process.wait()
    seconds = time.monotonic() - begin
    timer.cancel()
    return (seconds if process.returncode == 0 else None), peak[0] / 1000, notes


def watch_memory(pid, peak):
    """Of the program alone: what wait4 tells has this process in it, as it was before exec."""
    try:
        while True:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            peak[0] = int(re.search(r"VmHWM:\s*(\d+)", status)[1])
            time.sleep(0.05)
    except (OSError, TypeError):
        pass


def measure(program, mirrors, path, digest, verbose):
    first_request = multiprocessing.Value("d", 0)
    servers, ports = [], []
    for mirror in mirrors:
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.Process(
            target=serve, args=(mirror, path, theirs, first_request), daemon=True
        )
        server.start()
        servers.append(server)
        ports.append(ours.recv())
    urls = [f"http://127.0.0.1:{port}/file" for port in ports]
    out = tempfile.mkdtemp(dir=path.parent)
    try:
        if program == "aria2c":
            command = [*ARIA2, f"--checksum=sha-256={digest}", "-d", out, "-o", "file", *urls]
        else:
            command = [program, out, str(SIZE), digest, *urls]
        seconds, memory, notes = run(command)
        if verbose:
            print(notes, file=sys.stderr)
        return seconds, memory
    finally:
        for server in servers:
            server.kill()
            server.join()
        shutil.rmtree(out)


def words(times, ideal):
    if None in times:
        return f"not in {LIMIT_SECONDS} s", ""
    middle = statistics.median(times)
    return f"{middle:.2f}", f"{middle / ideal:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("scenario", nargs="*", help="words of its name; all if none is given")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-aria2", action="store_true")
    parser.add_argument("--folder", help="for the files; a memory file system is best")
    parser.add_argument("-v", "--verbose", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = pathlib.Path(folder) / "content"
        path.write_bytes(random.Random(1).randbytes(SIZE))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print("| mirrors | ideal (s) | envpm (s) | of it | memory (MB) | aria2c (s) | of it |")
        print("|---|---|---|---|---|---|---|")
        for name, (mirrors, ideal) in scenarios().items():
            if asked.scenario and not any(word in name for word in asked.scenario):
                continue
            own = [
                measure(asked.program, mirrors, path, digest, asked.verbose)
                for _ in range(asked.runs)
            ]
            ours = words([seconds for seconds, _ in own], ideal)
            theirs = ("", "")
            if not asked.no_aria2:
                other = [measure("aria2c", mirrors, path, digest, False)[0] for _ in own]
                theirs = words(other, ideal)
            memory = max(megabytes for _, megabytes in own)
            row = [name, f"{ideal:.2f}", *ours, f"{memory:.0f}", *theirs]
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
