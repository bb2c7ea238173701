"""One lock, one environment: the same bytes whatever the circumstances of the install.

identity_test.py [--all] ENVPM. Installs a lock of wheels, and one of conda packages with their own
Python and wheels beside them, once for each combination of user, umask, locale, file system, link
mode and number of threads that this machine has, each time into a store of its own and with the
files arriving in another order, and compares the digests: `env` and `contents` as envpm tells them,
and the second implementation's. What the machine lacks is said and left out; without --all the
conda packages go through every third combination, and root installs on new xfs and btrfs images in
each link mode alone, of which one must be reflinks. With it root installs in all combinations on
new ext4, xfs and btrfs images and on overlayfs, and the table of docs/digests.md is printed. On
each file system one install has 64 threads, one is killed again and again until it gets through,
and the store stands in folders that give on a group, rights, or attributes (folder_traits.py).
"""

import contextlib
import itertools
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import file_systems  # noqa: E402
import folder_traits  # noqa: E402
import channel_server  # noqa: E402
import sample_channel  # noqa: E402
import varied_wheels  # noqa: E402
from channel_server import Channels  # noqa: E402
from index_server import Behaviour, Index  # noqa: E402
from sandbox import Sandbox, manifest_of  # noqa: E402

NOBODY = 65534
PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class Circumstances:
    user: int
    umask: int
    locale: str
    place: Path
    link_mode: str
    jobs: int
    kills: int = 0  # before an install is let through
    trait: str = ""  # of the folder that store, cache and project stand in

    def __str__(self) -> str:
        return (
            f"uid {self.user}, umask {self.umask:04o}, {self.locale}, {self.place}, "
            f"{self.link_mode}, {self.jobs} jobs, {self.kills} kills, "
            f"{self.trait or 'usual'} folder"
        )

    def words(self, kinds: dict[Path, str]) -> list[str]:
        """Each of them alone, as the table names it."""
        user = "the same user as the first" if self.user == os.geteuid() else "another user"
        words = [user, f"umask {self.umask:04o}", f"locale {self.locale}", kinds[self.place]]
        words += [f"link mode {self.link_mode}", f"threads: {self.jobs}"]
        words += [f"{self.kills} kills before"] if self.kills else []
        return words + ([f"in a folder with {self.trait}"] if self.trait else [])


@dataclass
class Tally:
    """Of how many cells with a circumstance how many were equal, and to what."""

    kinds: dict[Path, str]
    cells: dict[str, int] = field(default_factory=dict)
    equal: dict[str, int] = field(default_factory=dict)
    digests: dict[str, set[str]] = field(default_factory=dict)

    def count(self, at: Circumstances, is_equal: bool, digest: str) -> None:
        for word in ["all", *at.words(self.kinds)]:
            self.cells[word] = self.cells.get(word, 0) + 1
            self.equal[word] = self.equal.get(word, 0) + is_equal
            self.digests.setdefault(word, set()).add(digest[:12])

    def table(self) -> str:
        lines = ["| circumstance | cells | equal | digest |", "|---|---|---|---|"]
        for word in ["all", *sorted(self.cells.keys() - {"all"})]:
            cells = self.cells[word]
            digests = ", ".join(f"`{digest}…`" for digest in sorted(self.digests[word]))
            lines.append(f"| {word} | {cells} | {self.equal[word]} | {digests} |")
        return "\n".join(lines)


@dataclass
class Places:
    """New folders, each on another file system, by its kind."""

    homes: dict[str, Path]  # for all combinations
    images: dict[str, Path]  # for a few

    def all(self) -> dict[str, Path]:
        return self.homes | self.images


class Matrix:
    def __init__(self, envpm: Path, index: Index, channels: Channels, places: "Places"):
        self.is_whole = False
        homes = list(places.homes.values())
        self.images = list(places.images.values())
        self.tally = Tally({folder: kind for kind, folder in places.all().items()})
        self.index = index
        self.channels = channels
        self.homes = homes
        # Where every user can run it.
        self.envpm = homes[0] / "envpm"
        shutil.copy(envpm, self.envpm)
        self.locales = locales(homes[0])
        self.count = 0

    def sandbox(self, at: Circumstances) -> Sandbox:
        self.count += 1
        variables = {"LC_ALL": at.locale, "ENVPM_LINK_MODE": at.link_mode, "PATH": "/usr/bin:/bin"}
        if (locales := self.homes[0] / "locales").is_dir():
            variables["LOCPATH"] = str(locales)
        wrapper = []
        if at.user != os.geteuid():
            wrapper = ["setpriv", f"--reuid={at.user}", f"--regid={at.user}", "--clear-groups"]
        sandbox = Sandbox(
            at.place / f"{self.count}",
            self.envpm,
            self.index.simple_url,
            variables=variables,
            wrapper=wrapper,
            umask=at.umask,
        )
        return sandbox

    def install(self, at: Circumstances, manifest: str, lock: str) -> dict[str, str]:
        """What the environment is, in every way that it can be told."""
        self.index.behaviour = Behaviour(shuffle_seed=self.count)
        self.channels.behaviour = channel_server.Behaviour(shuffle_seed=self.count)
        sandbox = self.sandbox(at)
        sandbox.write(manifest, lock)
        if at.user != os.geteuid():
            for path in (sandbox.folder, *sandbox.folder.rglob("*")):
                os.chown(path, at.user, at.user)
        folder_traits.give(at.trait, [sandbox.folder, sandbox.project])
        install_in_spite_of_kills(sandbox, at)
        if at.trait == folder_traits.ATTRIBUTES:
            folder_traits.give(at.trait, sandbox.prefix().rglob("*"))
        sandbox.run("seal")
        info = sandbox.info()
        found = {
            "env": info["env"],
            "contents": info["contents"],
            "second": sandbox.digest(),
            "modes": modes_and_times(sandbox.prefix()),
        }
        owner = (sandbox.prefix() / ".envpm/manifest.json").stat().st_uid
        if owner != at.user:
            raise AssertionError(f"{at}: the files belong to uid {owner}")
        return found


def install_in_spite_of_kills(sandbox: Sandbox, at: Circumstances) -> None:
    dice = random.Random(at.kills)
    for _ in range(at.kills):
        process = sandbox.start("install", "--locked", "--jobs", str(at.jobs))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=dice.uniform(0.01, 0.25))
        process.kill()
        process.communicate()
    sandbox.run("install", "--locked", "--jobs", str(at.jobs))


def modes_and_times(prefix: Path) -> str:
    """Not in any digest, but equal as well."""
    seen = set()
    for path in prefix.rglob("*"):
        status = path.lstat()
        kind = "link" if path.is_symlink() else f"{stat.S_IMODE(status.st_mode):04o}"
        seen.add(f"{kind} {int(status.st_mtime)}")
    return ", ".join(sorted(seen))


def users() -> list[int]:
    me = os.geteuid()
    if me != 0 or not shutil.which("setpriv"):
        print("one user only: another one needs root and setpriv")
        return [me]
    return [me, NOBODY]


def locales(folder: Path) -> list[str]:
    """C, and Turkish, whose i is no I: made here if not installed, or the nearest there is."""
    installed = subprocess.run(
        ["locale", "-a"], capture_output=True, text=True, check=True
    ).stdout.split()
    turkish = next((name for name in installed if name.lower().startswith("tr_tr.utf")), None)
    if turkish:
        return ["C", turkish]
    if shutil.which("localedef"):
        made = folder / "locales"
        made.mkdir()
        done = subprocess.run(
            ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(made / "tr_TR.UTF-8")],
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return ["C", "tr_TR.UTF-8"]
        shutil.rmtree(made)
    nearest = next((name for name in installed if name not in ("C", "POSIX")), "POSIX")
    print(f"no Turkish locale here: {nearest} instead")
    return ["C", nearest]


def link_modes(matrix: Matrix, at: Circumstances, manifest: str, lock: str) -> list[str]:
    modes = ["hardlink", "copy"]
    sandbox = matrix.sandbox(at)
    sandbox.write(manifest, lock)
    if sandbox.run("install", "--link-mode", "reflink", expected=None).returncode == 0:
        return [*modes, "reflink"]
    print(f"no reflinks at {at.place}")
    return modes


def manifests(channel: str) -> dict[str, str]:
    """What is locked: of each world an environment with everything that it can bring."""
    version = subprocess.run(
        [PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    packages = "rooted links greeter empty-folder dangling only-bz2 scripted clash-a clash-b"
    conda = f'[workspace]\nchannels = ["{channel}"]\n\n[dependencies]\npython = "3.12.*"\n'
    conda += "".join(f'{name} = "*"\n' for name in packages.split())
    conda += '\n[pypi-dependencies]\nvaried-all = "*"\n'
    conda += '\n[files]\n"share/clash/*" = "clash-b"\n'
    return {
        "wheels": manifest_of("varied-all", python=f"{version}.*"),
        "conda packages": conda,
    }


def failures_of(matrix: Matrix, manifest: str, name: str) -> int:
    """How many cells of the matrix differ from the first."""
    usual = Circumstances(os.geteuid(), 0o022, "C", matrix.homes[0], "auto", 2)
    locker = matrix.sandbox(usual)
    locker.write(manifest)
    locker.run("lock")
    lock = locker.lock.read_text()
    expected = matrix.install(usual, manifest, lock)
    if expected["contents"] != expected["second"]:
        print(f"{name}: the two implementations differ: {expected}")
        return 1
    here = {
        place: link_modes(
            matrix, Circumstances(os.geteuid(), 0o022, "C", place, "auto", 2), manifest, lock
        )
        for place in matrix.homes + matrix.images
    }
    failures = 0
    step = 1 if matrix.is_whole or name == "wheels" else 3
    cells = [
        Circumstances(user, umask, locale, place, link_mode, jobs)
        for user, umask, locale, place, jobs in itertools.product(
            users(), (0o002, 0o077), matrix.locales, matrix.homes, (1, 8)
        )
        for link_mode in here[place]
    ][::step]
    cells += [
        Circumstances(os.geteuid(), 0o022, "C", place, "auto", 2, kills=8) for place in matrix.homes
    ]
    cells += [
        Circumstances(os.geteuid(), 0o077, "C", place, link_mode, 64)
        for place in matrix.homes + matrix.images
        for link_mode in (["auto"] if place in matrix.homes else here[place])
    ]
    cells += [
        Circumstances(os.geteuid(), 0o022, "C", place, "auto", 2, trait=trait)
        for place in matrix.homes
        for trait in folder_traits.possible_at(place)
    ]
    for at in cells:
        found = matrix.install(at, manifest, lock)
        matrix.tally.count(at, found == expected, found["contents"])
        if found != expected:
            failures += 1
            print(f"{at}:")
            for what in expected:
                if found[what] != expected[what]:
                    print(f"  {what} {found[what]}\n  instead of {expected[what]}")
    print(
        f"{name}: {len(cells) - failures} of {len(cells)} combinations are equal: "
        f"contents {expected['contents']}"
    )
    lacking = sum("reflink" not in here[place] for place in matrix.images)
    return failures + lacking if len(cells) >= 8 else failures + lacking + 1


def run(envpm: Path, is_whole: bool, places: Places) -> int:
    homes = list(places.homes.values())
    index = Index(varied_wheels.WHEELS)
    sample_channel.write_channel(homes[0] / "channels/sample", sample_channel.PACKAGES)
    channels = Channels(homes[0] / "channels")
    matrix = Matrix(envpm, index, channels, places)
    matrix.is_whole = is_whole
    failures = sum(
        failures_of(matrix, manifest, name)
        for name, manifest in manifests(channels.url + "/sample").items()
    )
    index.close()
    channels.close()
    if is_whole:
        print(matrix.tally.table())
    return 1 if failures else 0


def main() -> int:
    arguments = [word for word in sys.argv[1:] if word != "--all"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    is_whole = "--all" in sys.argv
    usual = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm")]
    with contextlib.ExitStack() as stack:
        places = Places(stack.enter_context(file_systems.folders(usual)), {})
        if is_whole:
            places.homes |= stack.enter_context(file_systems.images(megabytes=4096))
        else:
            reflinking = file_systems.images(megabytes=320, kinds=["xfs", "btrfs"])
            places.images = stack.enter_context(reflinking)
        print("file systems:", ", ".join(places.all()))
        return run(Path(arguments[0]).resolve(), is_whole, places)


if __name__ == "__main__":
    sys.exit(main())
