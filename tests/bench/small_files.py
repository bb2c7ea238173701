#!/usr/bin/env python3
"""Many small wheels from far away: `small_files.py ENVPM [--uv UV] [--wheels N] [--runs N]`.

nginx serves an index over TLS with HTTP/2; a relay before it delays every byte by 25 ms each way,
and a new connection by one way there and back. envpm and uv install from their locks in turns, each
time with nothing cached; uv asks for the pages too, which envpm's lock makes needless. Prints each
run and the ratio of the medians. Never run by CI.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import tools

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "reliability"), str(TESTS / "support")]

from certificates import Certificates  # noqa: E402
from nginx_server import free_port, nginx, wait_for  # noqa: E402
from small_files_test import write_site  # noqa: E402

ONE_WAY_SECONDS = 0.025
SERVER = """
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {chain}; ssl_certificate_key {chain};
    root {served};
    location /simple/ {{ index index.json; default_type application/vnd.pypi.simple.v1+json; }}
"""


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Each piece as much later as it is on its way, however many are."""
    clock = asyncio.get_running_loop().time
    under_way: asyncio.Queue = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, piece = await under_way.get()
            await asyncio.sleep(due - clock())
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    arriving = asyncio.ensure_future(arrive())
    while piece := await reader.read(1 << 16):
        under_way.put_nowait((clock() + ONE_WAY_SECONDS, piece))
    under_way.put_nowait((clock() + ONE_WAY_SECONDS, b""))
    await arriving


def relay(port: int, to: int) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * ONE_WAY_SECONDS)
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", to)
        with contextlib.suppress(OSError):
            await asyncio.gather(pass_on(reader, upstream), pass_on(upstream_reader, writer))

    async def serve() -> None:
        server = await asyncio.start_server(take, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(serve())


def seconds_of(kind: type, program: Path, folder: Path, url: str, names: list[str], ca: Path):
    """Of an install from a lock, with empty caches."""
    tool = kind(program, folder, url, Path("/usr/bin/python3"))
    tool.environment |= {"SSL_CERT_FILE": str(ca)}
    tool.ask(names, None)
    tool.lock()
    for cache in (folder / "cache", folder / "store"):
        shutil.rmtree(cache, ignore_errors=True)
    if kind is tools.Uv:
        tool.make_environment(0)
        return tool.sync(0).seconds
    return tool.install().seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("envpm", type=Path)
    parser.add_argument("--uv", type=Path)
    parser.add_argument("--wheels", type=int, default=120)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    os.environ.pop("SSL_CERT_DIR", None)
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="envpm-bench-")))
        uv = options.uv or tools.fetch_uv(home)
        certificates = Certificates(home / "certificates")
        certificates.context("good")
        names = write_site(home / "served", options.wheels, 0)
        inner, outer = free_port(), free_port()
        chain = certificates.folder / "good.pem"
        server = SERVER.format(port=inner, chain=chain, served=home / "served")
        stack.enter_context(nginx(home, "", server))
        far = multiprocessing.Process(target=relay, args=(outer, inner), daemon=True)
        far.start()
        stack.callback(far.kill)
        wait_for(outer)
        url = f"https://localhost:{outer}/simple"
        taken: dict[str, list[float]] = {"envpm": [], "uv": []}
        for run in range(options.runs):
            for kind, program in ((tools.Envpm, options.envpm.resolve()), (tools.Uv, uv)):
                folder = home / f"{kind.name}-{run}"
                seconds = seconds_of(kind, program, folder, url, names, certificates.authority)
                taken[kind.name].append(seconds)
                print(f"{kind.name}: {seconds:.2f} s", flush=True)
        middle = {name: statistics.median(values) for name, values in taken.items()}
        print(
            f"{options.wheels} wheels: envpm {middle['envpm']:.2f} s, uv {middle['uv']:.2f} s, "
            f"ratio {middle['envpm'] / middle['uv']:.2f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
