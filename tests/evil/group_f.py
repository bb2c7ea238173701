"""F2, G: a store that someone else has been at."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Callable, Iterator

from case import Case
from item import BZ2_FILE, CONDA_FILE, WHEEL_FILE, Item
from packages import MODULE_TEXT, SHARED_TEXT, CondaOf, WheelOf

DAMAGE = 6


def items(canary: str) -> Iterator[Item]:
    for form in ("wheel", "conda"):
        yield from planted(form, canary)
        yield from places(form, canary)


def archive(form: str) -> tuple[str, bytes]:
    if form == "wheel":
        return WHEEL_FILE, WheelOf().bytes()
    return (CONDA_FILE, CondaOf().conda()) if form == "conda" else (BZ2_FILE, CondaOf().bz2())


def prepared(case: Case, form: str) -> None:
    file, data = archive(form)
    case.serve([(file, data)])
    case.write(file, "1.0", data)


def object_of(case: Case, form: str) -> Path:
    """Where the store has, or will have, the package's own file."""
    digest = hashlib.sha256(MODULE_TEXT if form == "wheel" else SHARED_TEXT).hexdigest()
    return case.root / "objects/sha256" / digest[:2] / digest


def change(path: Path, content: bytes | None = None, seconds: int = 315532800) -> None:
    """As someone who hides it: mode and time are as they were."""
    os.chmod(path, 0o644)
    if content is not None:
        path.write_bytes(content)
    os.chmod(path, 0o444)
    os.utime(path, (seconds, seconds))


def planted(form: str, canary: str) -> Iterator[Item]:
    """Correct name, wrong content; before the package is installed and after."""

    def flip(path: Path) -> None:
        data = path.read_bytes()
        change(path, bytes([data[0] ^ 1]) + data[1:])

    def link_out(path: Path) -> None:
        path.unlink()
        path.symlink_to(canary + "/secret")

    def folder(path: Path) -> None:
        path.unlink()
        path.mkdir()

    def pipe(path: Path) -> None:
        path.unlink()
        os.mkfifo(path)

    def writable(path: Path) -> None:
        os.chmod(path, 0o666)

    for name, damage in {
        "flipped": flip,
        "empty": lambda path: change(path, b""),
        "longer": lambda path: change(path, path.read_bytes() + b"evil"),
        "link": link_out,
        "folder": folder,
        "pipe": pipe,
        "mode": writable,
        "time": lambda path: change(path, seconds=1),
    }.items():

        def found(case: Case, damage=damage) -> list[str]:
            """Whatever was done, `verify` tells, and ends with the code of damage."""
            prepared(case, form)
            if (done := case.run("install", "--frozen")).code != 0:
                return [done.errors]
            damage(object_of(case, form))
            done = case.run("verify")
            named = object_of(case, form).name in done.output + done.errors
            faults = [] if done.code == DAMAGE else [f"verify ends with {done.code}"]
            return faults + ([] if named else ["verify does not name the object"])

        yield Item(f"F2-found-{name}", f"store-{form}", act=found)

    for name, content in {"empty": b"", "longer": b"evil" * 99}.items():

        def before(case: Case, content=content) -> list[str]:
            """Planted before anything of the package was there: it is replaced."""
            (case.root / "objects/sha256").mkdir(parents=True)
            (case.root / "VERSION").write_text("1\n")
            path = object_of(case, form)
            path.parent.mkdir()
            path.write_bytes(content)
            change(path)
            prepared(case, form)
            done = case.run("install", "--frozen")
            verified = case.run("verify")
            faults = [] if (done.code, verified.code) == (0, 0) else [done.errors + verified.errors]
            wanted = MODULE_TEXT if form == "wheel" else SHARED_TEXT
            return faults + ([] if path.read_bytes() == wanted else ["what was planted is used"])

        yield Item(f"F2-planted-{name}", f"store-{form}", act=before)

    def foreign_tree(case: Case) -> list[str]:
        """A tree of another archive under this one's name: it says whose it is."""
        prepared(case, form)
        if (done := case.run("install", "--frozen")).code != 0:
            return [done.errors]
        trees = sorted(case.root.glob("trees/sha256/*/*.json"))
        other = trees[0].read_text().replace(trees[0].stem, "0" * 64)
        place = case.root / "trees/sha256/00" / ("0" * 64 + ".json")
        place.parent.mkdir(exist_ok=True)
        place.write_text(other.replace("evil/__init__.py", "evil/__evil__.py"))
        os.chmod(trees[0], 0o644)
        trees[0].write_text(other)
        done = case.run("verify")
        return [] if done.code == DAMAGE else [f"verify ends with {done.code}: {done.errors}"]

    yield Item("F2-tree", f"store-{form}", act=foreign_tree)


def places(form: str, canary: str) -> Iterator[Item]:
    def installs(case: Case) -> list[str]:
        prepared(case, form)
        done = case.run("install", "--frozen")
        verified = case.run("verify")
        good = (done.code, verified.code) == (0, 0)
        return [] if good else [f"{done.code}, {verified.code}: {done.errors}{verified.errors}"]

    def refuses(says: str, make: Callable[[Case], None]) -> Callable:
        def act(case: Case) -> list[str]:
            prepared(case, form)
            make(case)
            done = case.run("install", "--frozen")
            faults = [] if done.code == 1 else [f"exit code {done.code}: {done.errors}"]
            return faults + ([] if says in done.errors else [f"not told: {done.errors}"])

        return act

    def linked_root(case: Case) -> list[str]:
        """Where the store is may be a link: who may set ENVPM_ROOT may say where that leads."""
        (case.cache / "elsewhere").mkdir(parents=True)
        case.root.symlink_to(case.cache / "elsewhere")
        return installs(case)

    def someones_tmp(case: Case) -> None:
        (case.root / "tmp").mkdir(parents=True)
        (case.root / "tmp/precious").write_text("mine")

    def later_version(case: Case) -> None:
        case.root.mkdir()
        (case.root / "VERSION").write_text("2\n")

    def strange_version(case: Case) -> None:
        case.root.mkdir()
        (case.root / "VERSION").write_text("\x1b[2J")

    def root_is_a_file(case: Case) -> None:
        case.root.write_text("mine")

    def stage_of_another(case: Case) -> list[str]:
        """What lies in `tmp` and others may write to is no stage to take over (G3, G4)."""
        if faults := installs(case):
            return faults
        trees = sorted(case.root.glob("trees/sha256/*/*.json"))
        stage = case.root / "tmp/00000000"
        stage.mkdir()
        for tree in trees:
            (stage / tree.name).write_bytes(tree.read_bytes())
            tree.unlink()
        path = object_of(case, form)
        evil = b"evil".ljust(path.stat().st_size, b"\n")
        path.unlink()
        (stage / path.name).write_bytes(evil)
        change(stage / path.name)
        os.chmod(stage, 0o777)
        for link in case.project.glob(".envpm/envs/default/*"):
            if link.is_symlink():
                link.unlink()
        return installs(case) + is_good(path, evil)

    def is_good(path: Path, evil: bytes) -> list[str]:
        return ["what was planted is used"] if path.read_bytes() == evil else []

    yield Item("G-root-link", f"store-{form}", act=linked_root, accepted="it is the user's own")
    yield Item("G-stage-planted", f"store-{form}", act=stage_of_another)
    yield Item("G-root-of-another", f"store-{form}", act=refuses("`tmp`", someones_tmp))
    yield Item("G-root-later", f"store-{form}", act=refuses("format 2", later_version))
    yield Item("G-root-strange", f"store-{form}", act=refuses("VERSION", strange_version))
    yield Item("G-root-a-file", f"store-{form}", act=refuses("root", root_is_a_file))
    if os.geteuid() != 0:
        yield Item("G-root-read-only", f"store-{form}", act=refuses("root", read_only))


def read_only(case: Case) -> None:
    case.root.mkdir()
    os.chmod(case.root, stat.S_IRUSR | stat.S_IXUSR)
