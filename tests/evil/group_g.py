"""F2, G: a store in which links stand for folders, and what is done to it while envpm works."""

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Iterator

from case import Case, describe
from group_f import DAMAGE, change, object_of, prepared
from item import Item
from packages import MODULE_TEXT, SHARED_TEXT

FOLDERS = ("objects", "trees", "p", "tmp", "roots", "locks")


def items(canary: str) -> Iterator[Item]:
    for form in ("wheel", "conda"):
        for name in FOLDERS:
            yield Item(f"F2-linked-{name}", f"store-{form}", act=linked(form, name))
        yield Item("G1-descriptor", f"store-{form}", act=descriptor_kept(form))
        yield Item("G1-swapped", f"store-{form}", act=swapped(form))
        yield Item("G3-names", f"store-{form}", act=names_taken(form, Path(canary)))


def linked(form: str, name: str):
    """A folder of the store leads elsewhere: nothing is made there, and nothing collected."""

    def act(case: Case) -> list[str]:
        prepared(case, form)
        if (done := case.run("install", "--frozen")).code != 0:
            return [done.errors]
        elsewhere = case.cache / "elsewhere"
        (case.root / name).rename(elsewhere)
        (elsewhere / "precious").write_text("mine")
        (case.root / name).symlink_to(elsewhere)
        before = looks(elsewhere)
        shutil.rmtree(case.project / ".envpm")
        faults = []
        for command in (["gc", "--grace", "0s"], ["install", "--frozen"]):
            done = case.run(*command)
            is_told = "is a link" in done.errors and f"{case.root}/{name}\n" in done.errors
            if done.code != 1 or not is_told:
                faults.append(f"{command[0]} ends with {done.code}: {done.errors}")
        return faults + ([] if looks(elsewhere) == before else ["what it leads to was changed"])

    return act


def looks(folder: Path) -> dict[str, str]:
    return {str(path): describe(path) for path in sorted(folder.rglob("*"))}


def descriptor_kept(form: str):
    """Who put the right bytes there can still write to them: not prevented, but told."""

    def act(case: Case) -> list[str]:
        (case.root / "objects/sha256").mkdir(parents=True)
        (case.root / "VERSION").write_text("1\n")
        path = object_of(case, form)
        path.parent.mkdir()
        path.write_bytes(MODULE_TEXT if form == "wheel" else SHARED_TEXT)
        with path.open("r+b") as kept:
            change(path)
            prepared(case, form)
            done = case.run("install", "--frozen")
            whole = case.run("verify")
            kept.write(b"evil")
        os.utime(path, (315532800, 315532800))
        if (done.code, whole.code) != (0, 0):
            return [done.errors + whole.errors]
        damaged = case.run("verify")
        if damaged.code == DAMAGE or path.stat().st_nlink == 1:
            return []  # told; or the object that is used is another one
        return [f"verify ends with {damaged.code}: {damaged.errors}"]

    return act


def swapped(form: str):
    """While a collector and an install run, `objects` becomes a link that leads out, again and
    again. Only who may write to the store can do that: new files may come there, but what was there
    stays, though it has the names of what is collected and installed."""

    def act(case: Case) -> list[str]:
        prepared(case, form)
        if (done := case.run("install", "--frozen")).code != 0:
            return [done.errors]
        elsewhere = case.cache / "elsewhere"
        shutil.copytree(case.root / "objects", elsewhere)
        for path in files_in(elsewhere):
            change(path, bytes(path.stat().st_size))
        before = {path: describe(path) for path in files_in(elsewhere)}
        shutil.rmtree(case.project / ".envpm")
        commands = [*[["gc", "--grace", "0s"]] * 4, ["install", "--frozen"]]
        with swapping(case.root / "objects", case.root / "aside", elsewhere) as swaps:
            ends = [(command[0], case.run(*command)) for command in commands]
        faults = [f"{path} was changed" for path in before if before[path] != described(path)]
        faults += [] if sum(swaps) else ["nothing was swapped"]
        bad = [(name, done) for name, done in ends if done.code not in (0, 1, DAMAGE)]
        return faults + [f"{name} ends with {done.code}: {done.errors}" for name, done in bad]

    return act


@contextlib.contextmanager
def swapping(folder: Path, aside: Path, elsewhere: Path) -> Iterator[list[int]]:
    """Gives a list with a 1 for each time that the folder was a link."""
    over = threading.Event()
    swaps: list[int] = []

    def swap() -> None:
        while not over.is_set():
            try:
                folder.rename(aside)
                folder.symlink_to(elsewhere)
                swaps.append(1)
                time.sleep(0.002)
                folder.unlink()
                aside.rename(folder)
            except OSError:
                pass  # another was made in its place
            time.sleep(0.001)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield swaps
    finally:
        over.set()
        thread.join()


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def described(path: Path) -> str:
    return describe(path) if path.exists() else "nothing"


def names_taken(form: str, canary: Path):
    """Links that lead out under names that a stage or a draft could have."""

    def act(case: Case) -> list[str]:
        (case.root / "tmp").mkdir(parents=True)
        (case.root / "VERSION").write_text("1\n")
        for number in range(64):
            (case.root / f"tmp/{number:08}").symlink_to(canary / "folder")
            (case.root / f"tmp/{os.getpid() + number}").symlink_to(canary / "folder")
        prepared(case, form)
        done = case.run("install", "--frozen")
        verified = case.run("verify")
        good = (done.code, verified.code) == (0, 0)
        return [] if good else [f"{done.code}, {verified.code}: {done.errors}{verified.errors}"]

    return act
