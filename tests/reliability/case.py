"""One fault as data, and how envpm is led into it.

A case has mirrors, each a server with scripts, an environment to install (or to lock) from them,
and what it must end with. Each is played with a fresh store and cache, on a lock that was made from
a healthy server. After a case that is to fail the servers become healthy, and the same command with
the same cache must succeed: no failure may leave anything behind that does harm.
"""

import contextlib
import hashlib
import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from certificates import Certificates  # noqa: E402
from conda_packages import Package  # noqa: E402
from fault_server import FaultServer, Reply  # noqa: E402
from proxy_server import Proxy  # noqa: E402
from sample_channel import write_channel  # noqa: E402
from sandbox import Sandbox, manifest_of  # noqa: E402
from wheels import Wheel  # noqa: E402

MEBIBYTE = 1 << 20
GOOD = Reply()

# The time limits of the cases; the shares are the same as those of the defaults, roughly.
PATIENCE = 1.5
NETWORK = {
    "connect-timeout": "1500ms",
    "first-byte-timeout": "1500ms",
    "stall-timeout": "1500ms",
    "min-speed": "32KiB",
    "min-speed-window": "3s",
    "retry-pause": "20ms",
}


# That its server of names does not answer is known late, as with two servers that do not answer.
SLOW_NAME = "slow-name.invalid"
SLOW_NAMES = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int Look(const char*, const char*, const struct addrinfo*, struct addrinfo**);

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints,
                struct addrinfo** out) {
    if (name && !strcmp(name, "slow-name.invalid")) {
        sleep(20);
        return EAI_AGAIN;
    }
    return ((Look*)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, out);
}
"""


def noise(seed: str, count: int) -> bytes:
    return random.Random(seed).randbytes(count)


# One file that comes in one request, and one that comes in pieces over several connections.
SMALL, LARGE = "small", "large"
# The same of a channel, in both forms of its archives.
CONDA, TAR_BZ2 = "stone", "pebble"
CHANNEL = "/lab/noarch"
PACKAGES = [
    Package(CONDA, "1.0", noarch="generic", files={"share/stone": noise(CONDA, 2 * MEBIBYTE)}),
    Package(
        TAR_BZ2,
        "1.0",
        noarch="generic",
        files={"share/pebble": noise(TAR_BZ2, MEBIBYTE)},
        forms=(".tar.bz2",),
    ),
]
WHEELS = {
    SMALL: Wheel(SMALL, "1.0", files={"small/noise.bin": noise(SMALL, 3 * MEBIBYTE)}),
    LARGE: Wheel(
        LARGE, "1.0", files={f"large/{n}.bin": noise(f"{n}", 4 * MEBIBYTE) for n in range(10)}
    ),
}


@dataclass
class Mirror:
    """One index with its files. Scripts are of the archive and of its project's page."""

    files: list = field(default_factory=list)
    pages: list = field(default_factory=list)
    others: dict[str, list] = field(default_factory=dict)  # further paths, for redirects
    certificate: str = ""  # TLS with this one; `old`: good, but TLS 1.1
    h2: list[str] = field(default_factory=list)  # the words of h2_server
    handshake_stalls: bool = False
    files_at: str = ""  # files are on a host that is `refused`, `full`, `unknown` or `slow-name`
    name: str = "127.0.0.1"
    login: str = ""  # `user:password`, in the URL of PIP_INDEX_URL


@dataclass
class Ends:
    """What must come of it."""

    code: int = 0
    says: tuple[str, ...] = ()  # on standard error; an error names its URL and a hint besides
    within: float = 12  # seconds, of a machine that does much else
    after: float = 0  # and not earlier than that
    requests: tuple[int, int] | None = None  # for the archive, or the page that is to be locked
    most: float = 1.15  # bytes of archives that are sent, as a multiple of the size
    names_url: bool = True


@dataclass
class Case:
    name: str
    mirrors: list[Mirror]
    ends: Ends = field(default_factory=Ends)
    wheel: str = SMALL
    command: str = "install"
    quick: bool = False
    network: dict[str, object] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)  # CERTIFICATES is their folder
    proxy: dict | None = None
    netrc: str = ""
    slow_names: bool = False  # of SLOW_NAME nobody knows the address, after 20 s
    check: Callable[["Played"], None] | None = None  # further
    play: Callable[["World", "Case"], None] | None = None  # instead of all this
    shows: str = ""  # what a `play` ends with, in words
    repeat: tuple[int, int] = (1, 1)  # in the quick subset and in all
    known: str = ""  # why this fails today

    @property
    def outcome(self) -> str:
        if self.shows:
            return self.shows
        if self.ends.code == 0:
            return "the lock" if self.command == "lock" else "the right bytes"
        words = self.ends.says[0].strip().strip("`")
        return f"error {self.ends.code}: `{words}`"


class Complaint(AssertionError):
    """A case that did not end as it must."""


class Skip(Exception):
    """A case cannot be played on this machine, and why."""


def expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise Complaint(what)


@dataclass
class Played:
    """What `Case.check` may look at."""

    case: Case
    world: "World"
    sandbox: Sandbox
    servers: list[FaultServer]
    proxy: Proxy | None
    output: str
    seconds: float


class World:
    """What all cases share: archives, healthy locks, digests, certificates."""

    def __init__(self, envpm: Path):
        memory = Path("/dev/shm")
        roomy = memory.is_dir() and shutil.disk_usage(memory).free > 3 << 30
        self.folder = Path(
            tempfile.mkdtemp(prefix="envpm-faults-", dir=memory if roomy else None)
        ).resolve()
        self.envpm = envpm
        self.lock = threading.Lock()
        self.count = 0
        # One Python, so that not all of this machine's are looked at each time.
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        (self.programs / "python3").symlink_to(sys.executable)
        self.certificates = Certificates(self.folder / "certificates")
        self.archives = {name: wheel.archive() for name, wheel in WHEELS.items()}
        self.channel = self.make_channel()
        for name in (CONDA, TAR_BZ2):
            self.archives[name] = self.channel[file_of(name)]
        self.locks: dict[str, str] = {}
        self.digests: dict[str, str] = {}
        for name in self.archives:
            with self.serving([Mirror()], name) as servers, self.sandbox() as sandbox:
                sandbox.write(manifest(name))
                sandbox.variables = self.variables(sandbox, servers)
                sandbox.run("install")
                self.locks[name] = sandbox.lock.read_text()
                self.digests[name] = sandbox.digest()

    def library(self, name: str, source: str) -> Path:
        """To be loaded before all others. A name stands for one source."""
        compiler = shutil.which("cc")
        if not compiler:
            raise Skip("needs a C compiler")
        file = self.folder / f"{name}.so"
        with self.lock:
            if not file.exists():
                (self.folder / f"{name}.c").write_text(source)
                subprocess.run(
                    [compiler, "-shared", "-fPIC", "-o", file, file.with_suffix(".c"), "-ldl"],
                    check=True,
                    capture_output=True,
                )
        return file

    def make_channel(self) -> dict[str, bytes]:
        folder = self.folder / "channel"
        write_channel(folder, PACKAGES)
        return {
            f"/lab/{file.relative_to(folder)}": file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def sandbox(self, parent: Path | None = None):
        with self.lock:
            self.count += 1
            folder = (parent or self.folder) / str(self.count)
        yield Sandbox(folder, self.envpm, "http://127.0.0.1:9/simple")
        shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def serving(self, mirrors: list[Mirror], wheel: str):
        with contextlib.ExitStack() as stack:
            yield [self.serve(mirror, wheel, stack) for mirror in mirrors]

    def serve(self, mirror: Mirror, wheel: str, stack: contextlib.ExitStack) -> FaultServer:
        context = None
        if mirror.certificate == "old":
            context = self.certificates.old_context()
        elif mirror.certificate:
            protocols = ["h2", "http/1.1"] if mirror.h2 else ["http/1.1"]
            context = self.certificates.context(mirror.certificate, *protocols)
        server = FaultServer(context, mirror.h2)
        stack.callback(server.close)
        server.handshake_stalls = mirror.handshake_stalls
        server.login = mirror.login
        server.url = server.url.replace("127.0.0.1", mirror.name)
        archive = self.archives[wheel]
        files_url = stack.enter_context(self.files_of(server, mirror))
        server.content[file_of(wheel)] = archive
        if wheel in WHEELS:
            server.content[page_of(wheel)] = page(wheel, archive, files_url)
        else:
            server.content |= self.channel
        server.scripts = dict(mirror.others)
        if mirror.pages:
            for path in server.content:
                if is_page(path):
                    server.scripts[path] = mirror.pages
        if mirror.files:
            server.scripts[file_of(wheel)] = mirror.files
        return server

    @contextlib.contextmanager
    def files_of(self, server: FaultServer, mirror: Mirror):
        """The base URL of a mirror's files."""
        if mirror.h2:
            other = FaultServer(self.certificates.context("good"))  # h2_server has pages only
            other.content = server.content
            yield other.url
            other.close()
        elif not mirror.files_at:
            yield server.url
        elif mirror.files_at == "unknown":
            yield "http://no-such-host.invalid"
        elif mirror.files_at == "slow-name":
            yield f"http://{SLOW_NAME}"
        else:
            with socket.socket() as listener, contextlib.ExitStack() as waiting:
                listener.bind(("127.0.0.1", 0))
                if mirror.files_at == "full":
                    listener.listen(0)
                    for _ in range(4):
                        one = waiting.enter_context(socket.socket())
                        one.setblocking(False)
                        one.connect_ex(listener.getsockname())
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"

    def variables(
        self, sandbox: Sandbox, servers: list[FaultServer], network: dict | None = None
    ) -> dict[str, str]:
        """So that these servers are the index's mirrors, in this order."""
        urls = ["default" if s.login else s.url + "/simple" for s in servers]
        lines = ["[mirrors]", f"pypi = {json.dumps(urls)}"]
        lines.append(f"lab = {json.dumps([s.url + '/lab' for s in servers])}")
        lines.append("[network]")
        for key, value in (NETWORK | (network or {})).items():
            lines.append(f"{key} = {json.dumps(value)}")
        sandbox.folder.mkdir(parents=True, exist_ok=True)
        file = sandbox.folder / "config.toml"
        file.write_text("\n".join(lines) + "\n")
        out = {
            "PATH": str(self.programs),
            "ENVPM_CONFIG_FILE": str(file),
            "SSL_CERT_FILE": str(self.certificates.authority),
        }
        for server in servers:
            if server.login:
                out["PIP_INDEX_URL"] = server.url.replace("://", f"://{server.login}@") + "/simple"
        return out

    def play(self, case: Case) -> None:
        """Throws a Complaint."""
        if case.play:
            case.play(self, case)
            return
        with contextlib.ExitStack() as stack:
            servers = stack.enter_context(self.serving(case.mirrors, case.wheel))
            sandbox = stack.enter_context(self.sandbox())
            proxy = Proxy(**case.proxy) if case.proxy else None
            variables = self.variables(sandbox, servers, case.network) | {
                name: value.replace("CERTIFICATES", str(self.certificates.folder))
                for name, value in case.variables.items()
            }
            if case.slow_names:
                variables["LD_PRELOAD"] = str(self.library("slow_names", SLOW_NAMES))
            if proxy:
                stack.callback(proxy.close)
                variables |= {"http_proxy": proxy.url, "https_proxy": proxy.url}
            if case.netrc:
                (sandbox.folder / "netrc").write_text(case.netrc)
                variables["NETRC"] = str(sandbox.folder / "netrc")
            sandbox.variables = variables
            is_lock = case.command == "lock"
            sandbox.write(manifest(case.wheel), None if is_lock else self.locks[case.wheel])
            began = time.monotonic()
            done = self.run(case, sandbox)
            seconds = time.monotonic() - began
            self.judge(case, servers, sandbox, done, seconds)
            if case.check:
                case.check(
                    Played(case, self, sandbox, servers, proxy, done.stdout + done.stderr, seconds)
                )
            if case.ends.code != 0:
                self.recover(case, sandbox)

    def run(self, case: Case, sandbox: Sandbox) -> subprocess.CompletedProcess:
        process = sandbox.start(case.command)
        try:
            output, errors = process.communicate(timeout=case.ends.within + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            raise Complaint(
                f"not over after {case.ends.within + 5:.0f} s\n{output}{errors}"
            ) from None
        return subprocess.CompletedProcess([], process.returncode, output, errors)

    def judge(self, case: Case, servers, sandbox: Sandbox, done, seconds: float) -> None:
        ends = case.ends
        said = f"\n{done.stdout}{done.stderr}"
        expect(done.returncode == ends.code, f"exit code {done.returncode}, not {ends.code}{said}")
        expect(seconds <= ends.within, f"{seconds:.1f} s, not {ends.within:.1f} at most{said}")
        expect(seconds >= ends.after, f"{seconds:.1f} s, not {ends.after:.1f} at least{said}")
        for part in ends.says:
            expect(part in done.stderr, f"does not say `{part}`{said}")
        if ends.code == 0:
            self.expect_right(case, sandbox)
        else:
            expect("\nhint: " in done.stderr, f"names no way out{said}")
            path = page_of(case.wheel) if case.command == "lock" else file_of(case.wheel)
            known = [server.url + path for server in servers] + [server.url for server in servers]
            named = any(url in done.stderr for url in known)
            expect(named or not ends.names_url, f"names no URL{said}")
            expect(case.command == "lock" or sandbox.prefix() is None, f"installed{said}")
            expect(case.command != "lock" or not sandbox.lock.exists(), f"locked{said}")
        path = page_of(case.wheel) if case.command == "lock" else file_of(case.wheel)
        requests = sum(len(server.requests_of(path)) for server in servers)
        sent = sum(server.sent[file_of(case.wheel)] for server in servers)
        if ends.requests:
            low, high = ends.requests
            expect(low <= requests <= high, f"{requests} requests, not {low} to {high}{said}")
        size = len(self.archives[case.wheel])
        expect(sent <= ends.most * size, f"{sent / size:.2f} times the size was sent{said}")

    def expect_right(self, case: Case, sandbox: Sandbox) -> None:
        name = case.wheel
        expect(sandbox.lock.read_text() == self.locks[name], "the lock is another")
        if case.command != "lock":
            expect(sandbox.digest() == self.digests[name], "the contents are others")

    def recover(self, case: Case, sandbox: Sandbox) -> None:
        """From servers that are well again, whatever the cache has of the bad ones."""
        with self.serving([Mirror()], case.wheel) as servers:
            sandbox.variables = self.variables(sandbox, servers)
            done = sandbox.run(case.command, expected=None)
            expect(
                done.returncode == 0,
                f"later, from a healthy server: {done.returncode}\n{done.stdout}{done.stderr}",
            )
            self.expect_right(case, sandbox)


def manifest(wheel: str) -> str:
    """No channel is at that URL: its mirrors are configured."""
    if wheel in WHEELS:
        return manifest_of(wheel)
    return (
        '[workspace]\nname = "faults"\nchannels = ["lab"]\n'
        '[channels]\nlab = { url = "https://channel.example.org/lab" }\n'
        f'[dependencies]\n{wheel} = "*"\n'
    )


def is_page(path: str) -> bool:
    return path.startswith("/simple/") or "/repodata" in path or "/shards/" in path


def page_of(wheel: str) -> str:
    return f"/simple/{wheel}/" if wheel in WHEELS else f"{CHANNEL}/repodata_shards.msgpack.zst"


def file_of(wheel: str) -> str:
    if wheel in WHEELS:
        return f"/files/{WHEELS[wheel].file_name}"
    return f"{CHANNEL}/{wheel}-1.0-0{'.conda' if wheel == CONDA else '.tar.bz2'}"


def page(wheel: str, archive: bytes, files_url: str) -> bytes:
    return page_with(WHEELS[wheel], archive, files_url)


def page_with(wheel: Wheel, archive: bytes, files_url: str) -> bytes:
    entry = {
        "filename": wheel.file_name,
        "url": f"{files_url}/files/{wheel.file_name}",
        "hashes": {"sha256": hashlib.sha256(archive).hexdigest()},
        "size": len(archive),
        "upload-time": wheel.uploaded,
        "yanked": False,
    }
    content = {"meta": {"api-version": "1.1"}, "name": wheel.name, "files": [entry]}
    # As long as a real one, so that it does not come in one piece.
    content["padding"] = "".join(random.Random(1).choices("abcdefgh", k=200_000))
    return json.dumps(content).encode()


def cases_of_alone_and_beside(case: Case, beside: Ends | None = None) -> list[Case]:
    """From the one mirror, and with a healthy second one that must serve then."""
    second = replace(
        case,
        name=case.name + ", beside a good mirror",
        mirrors=[*case.mirrors, Mirror()],
        ends=beside or Ends(within=case.ends.within),
        check=None,
        quick=False,
    )
    return [case, second]
