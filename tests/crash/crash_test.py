"""What a crash, a full disk or a broken one leaves at every file-system call of a real command.

crash_test.py ENVPM RECORDER [a test's name…]      what ctest runs: samples, from a fixed seed
EVERY=1 crash_test.py ENVPM RECORDER [a test's…]   every state and every call: hours
EVERY=20 crash_test.py ENVPM RECORDER [a test's…]  those of every twentieth call
SCENE=cold …                                       of the scenes that have this in their names

RECORDER is build/dev/crash/libenvpm_crash_recorder.so (recorder.h). Replay takes the recorded calls
apart (recording.py), puts together what may be on a disk after each of them (replay.py), judges it
without envpm (oracle.py) and lets envpm go on from it. Faults kills the command at a call, or lets
the call fail. What is done to which store is data: SCENES of world.py.
"""

import dataclasses
import errno
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import disk as disks  # noqa: E402
from command_tests import run_tests  # noqa: E402
from oracle import Oracle, Whole, below, faults_of_edit, faults_outside, pair_of  # noqa: E402
from recording import Operation, Reader, calls_of, disk_of  # noqa: E402
from replay import Replay  # noqa: E402
from world import EDIT, NEW, OLD, SCENES, Scene, World, work_folder  # noqa: E402

SEED = 20261126
EVERY = int(os.environ.get("EVERY", "0"))
MODELS = ("ext4", "posix")
CHOSEN = [one for one in SCENES if os.environ.get("SCENE", "") in one.name]
# Commands that make other calls than an install does.
NO_INSTALLS = ("rollback", "gc", "repair")
# The scenes that are left out make the same calls as these, or none.
BROKEN = [one for one in CHOSEN if "--prefix" not in one.command and one.before != one.after]
BROKEN += [one for one in CHOSEN if one.command[0] in ("gc", "repair")]

WORLD: World
WHOLE: Whole


@dataclasses.dataclass
class Recording:
    scene: Scene
    start: disks.Disk
    operations: list[Operation]
    end: disks.Disk


class Crash(unittest.TestCase):
    recordings: dict[str, Recording] = {}

    def setUp(self):
        self.random = random.Random(f"{SEED} {self.id()}")

    def record(self, scene: Scene) -> Recording:
        """Once for each scene: the threads' order differs from run to run."""
        if scene.name not in self.recordings:
            sandbox = WORLD.prepare(scene)
            reader = Reader(WORLD.folder, disk_of(WORLD.folder))
            done = WORLD.start(sandbox, scene)
            self.assertEqual(done.returncode, 0, done.stderr)
            operations = reader.read(WORLD.log)
            self.assertEqual(looks(reader.disk), looks(disk_of(WORLD.folder)), scene.name)
            self.recordings[scene.name] = Recording(
                scene, reader.start, operations, reader.disk
            )
        return self.recordings[scene.name]

    def calls(self, scene: Scene, needs: str) -> list:
        """Of an undisturbed run, those that a fault may meet."""
        WORLD.start(WORLD.prepare(scene), scene)
        return [call for call in calls_of(WORLD.log) if call.need in needs]

    def expect_recovered(
        self, scene: Scene, order: tuple[str, str], message: object = None
    ) -> None:
        """envpm goes on from what lies there, to each environment, and trusts nothing damaged."""
        sandbox = WORLD.sandbox()
        if scene.is_repair:
            sandbox.run(*WORLD.filled(scene.command))
        for environment in order:
            WORLD.write(sandbox, environment)
            sandbox.run("install")
            self.assertEqual(sandbox.prefix().name, WHOLE.names[environment], message)
        paths = disk_of(WORLD.folder).walk()
        self.assertEqual([*Oracle(WHOLE).faults(paths, {order[-1]})], [], message)
        sandbox.run("verify")
        sandbox.run("gc", "--grace", "0s")
        sandbox.run("verify")
        self.assertEqual(os.listdir(sandbox.root / "tmp"), [], message)
        self.assertEqual(os.listdir(sandbox.cache / "dl"), [], message)


def damaged_in(scene: Scene, start: disks.Disk) -> dict | None:
    return start.walk() if scene.is_repair else None


def looks(disk: disks.Disk) -> dict:
    return {path: (n.kind, n.mode, n.data) for path, n in disk.walk().items()}


class Recorded(Crash):
    """That the recorder sees everything, and that the verdict can be guilty."""

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_the_recorder_sees_every_call_that_strace_sees(self):
        for scene in [SCENES[1], *(one for one in SCENES if one.command[0] in NO_INSTALLS)]:
            with self.subTest(scene=scene.name):
                traced, seen = self.traced(scene), self.seen(scene)
                # Threads make some calls more or less often from run to run: who is first makes
                # a folder.
                few = 8 if scene.command[0] == "install" else 2
                for name in traced.keys() | seen.keys():
                    self.assertAlmostEqual(
                        traced[name], seen[name], delta=few, msg=(name, traced, seen)
                    )
                self.assertGreater(sum(seen.values()), 5)

    def traced(self, scene: Scene) -> Counter:
        """By strace, of a run without the recorder, which itself makes other calls."""
        sandbox = WORLD.prepare(scene)
        log = WORLD.base / "strace"
        calls = (
            "rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,symlink,symlinkat,mkdir,"
            "mkdirat,fsync,fdatasync,syncfs,ftruncate,fchmod,fchmodat,utimensat,fallocate,msync"
        )
        sandbox.run(
            *WORLD.filled(scene.command),
            wrapper=["strace", "-f", "-qq", "-z", "-y", "-e", f"trace={calls}", "-o", str(log)],
        )
        return Counter(
            re.sub(r"^\d+ +(rename|link|unlink|symlink|mkdir|fchmod|\w+)(at)?2?\(.*", r"\1", line)
            for line in log.read_text().splitlines()
            if str(WORLD.folder) in line
        )

    def seen(self, scene: Scene) -> Counter:
        """By the recorder."""
        told = {"c": "", "d": "mkdir", "l": "link", "s": "symlink", "r": "rename", "u": "unlink"}
        told |= {"x": "unlink", "m": "fchmod", "M": "utimensat"}
        seen = Counter()
        for operation in self.record(scene).operations:
            name = {"sync": "fsync", "syncfs": "syncfs"}.get(operation.kind)
            name = name or told.get(operation.told[0])
            if operation.told[0] == "t":
                name = "ftruncate"
            if name:
                seen[name] += 1
        return seen

    def test_an_install_without_barriers_is_found_guilty(self):
        for barrier in ("sync", "syncfs"):
            self.assertGreater(self.guilty_without(barrier, SCENES[0]), 10, barrier)

    def test_a_repair_without_barriers_is_found_guilty(self):
        """Of few objects each is synced; what is linked to an object is durable with it."""
        files, prefix = (one for one in SCENES if one.is_repair)
        few = 3  # how many of the states that are looked at differs from run to run
        self.assertGreater(self.guilty_without("sync", files), few)
        self.assertGreater(self.guilty_without("syncfs", prefix), few)

    def guilty_without(self, barrier: str, scene: Scene) -> int:
        recording = self.record(scene)
        operations = [one for one in recording.operations if one.kind != barrier]
        oracle = Oracle(WHOLE, damaged_in(scene, recording.start))
        states = Replay(recording.start, operations, "ext4", SEED).states(2, 20, 2)
        return sum(bool(oracle.judge(state.disk, scene.allowed)) for state in states)

    def test_damage_in_any_place_that_is_trusted_is_found_guilty(self):
        recording = self.record(SCENES[1])
        disk = recording.start.copy()
        for operation in recording.operations:
            disk.apply(operation)
        paths = disk.walk()
        self.assertEqual(Oracle(WHOLE).judge(disk, {NEW}), [])
        trusted = [p for p, n in paths.items() if p.startswith(("root/objects", "root/trees"))]
        trusted += [p for p in paths if p.startswith(f"root/p/{WHOLE.names[NEW]}/")]
        numbers = {id(node): number for number, node in disk.nodes.items()}
        for path in trusted:
            if paths[path].kind == "file" and paths[path].data:
                hurt = disk.copy()
                flipped = bytes([paths[path].data[0] ^ 1])
                change = Operation("data", numbers[id(paths[path])], (), 0, flipped)
                hurt.apply(change)
                self.assertNotEqual(Oracle(WHOLE).judge(hurt, {NEW}), [], path)


class AllStates(Crash):
    def test_every_state_holds_the_old_environment_or_the_new_one(self):
        for scene in CHOSEN:
            for model in MODELS:
                with self.subTest(scene=scene.name, model=model):
                    self.judge(self.record(scene), model)

    def judge(self, recording: Recording, model: str) -> None:
        scene = recording.scene
        whole, undone = Oracle(WHOLE), Oracle(WHOLE, damaged_in(scene, recording.start))
        last = len(recording.operations)
        states = 0
        outside = scene.outside
        before, after = (below(d.walk(), outside) for d in (recording.start, recording.end))
        sample = (4, EVERY) if EVERY else (2, 3, 4)
        for state in Replay(recording.start, recording.operations, model, SEED).states(*sample):
            states += 1
            # What was reported is promised.
            if state.end == last:
                faults = [*whole.judge(state.disk, {scene.after})]
            else:
                faults = [*undone.judge(state.disk, scene.allowed)]
            if scene.outside:
                laid_out = [after] if state.end == last else [before, after]
                faults += faults_outside(state.disk.walk(), scene.outside, laid_out)
            told = recording.operations[state.end - 1].told if state.end else "nothing"
            self.assertEqual(faults, [], f"after {state.end}, {told}: {state.told}")
        tell(f"{recording.scene.name}, {model}: {last} operations, {states} states")

    def test_what_is_reported_after_a_kill_is_kept(self):
        """A killed run leaves names that it has not brought to the disk; the next one relies on
        them, says that all is installed, and then the power fails."""
        for scene in SCENES[:2]:
            last = len(self.calls(scene, "Kk"))
            late = range(last - 45, last + 1)  # from where the prefix gets its name
            for number in late if EVERY else sorted(self.random.sample(late, 4)):
                with self.subTest(scene=scene.name, number=number):
                    self.judge_after_kill(scene, number)

    def judge_after_kill(self, scene: Scene, number: int) -> None:
        sandbox = WORLD.prepare(scene)
        reader = Reader(WORLD.folder, disk_of(WORLD.folder))
        WORLD.start(sandbox, scene, f"kill {number}")
        done = WORLD.start(sandbox, scene)
        self.assertEqual(done.returncode, 0, done.stderr)
        operations = reader.read(WORLD.log)
        for model in MODELS:
            for state in Replay(reader.start, operations, model, SEED).last_states():
                faults = Oracle(WHOLE).judge(state.disk, {scene.after})
                self.assertEqual(faults, [], (model, state.told))

    def test_envpm_goes_on_from_any_state(self):
        for scene in BROKEN:
            recording = self.record(scene)
            states = self.distinct(recording)
            count = len(states) // EVERY if EVERY else 2
            for state in self.random.sample(states, min(count, len(states))):
                with self.subTest(scene=scene.name, end=state.end, told=state.told):
                    disks.write(state.disk, WORLD.folder)
                    order = (NEW, OLD) if self.random.random() < 0.5 else (OLD, NEW)
                    self.expect_recovered(scene, order, state.told)
            tell(f"{scene.name}: envpm went on from {count} of {len(states)} different states")

    def distinct(self, recording: Recording) -> list:
        last = len(recording.operations)
        seen: set[int] = set()
        found = []
        sample = (2, EVERY, 8) if EVERY else (1, max(1, last // 8), 2)
        for model in MODELS:
            for state in Replay(recording.start, recording.operations, model, SEED).states(*sample):
                signature = disks.signature(state.disk.walk())
                if signature not in seen:
                    seen.add(signature)
                    found.append(state)
        return found


class Edit(Crash):
    """`add` writes two files; a crash may not leave one old and one new."""

    def test_every_state_has_both_files_old_or_both_new(self):
        recording = self.record(EDIT)
        before = pair_of(recording.start.walk())
        after = pair_of(recording.end.walk())
        self.assertNotEqual(before, after)
        last = len(recording.operations)
        for model in MODELS:
            for state in Replay(recording.start, recording.operations, model, SEED).states():
                faults = faults_of_edit(state.disk.walk(), before, after, state.end == last)
                told = recording.operations[state.end - 1].told if state.end else "nothing"
                self.assertEqual([*faults], [], f"after {state.end}, {told}: {state.told}")


class Faults(Crash):
    """The command is killed at a call, or the call fails, alone or with all later ones."""

    def test_killed_at_any_call(self):
        for scene, number in self.places("Kk", 2):
            with self.subTest(scene=scene.name, number=number):
                done = self.with_fault(scene, f"kill {number}")
                self.assertIn(done.returncode, (-signal.SIGKILL, 0))

    def test_a_full_disk_at_any_call_is_told(self):
        where = str(WORLD.folder)
        words = ("No space left on device", "hint: free some space", where)
        self.expect_told_at("Ke", errno.ENOSPC, *words)

    def test_a_broken_disk_at_any_call_is_told(self):
        self.expect_told_at("Kkoe", errno.EIO, "Input/output error")

    def expect_told_at(self, needs: str, code: int, *words: str) -> None:
        """Or overcome: where there is another way, or only to be cleaned up."""
        told = 0
        for scene, number in self.places(needs, 2):
            for later in ("", "+") if EVERY == 1 else (self.random.choice(("", "+")),):
                with self.subTest(scene=scene.name, number=number, later=later):
                    done = self.with_fault(scene, f"{code} {number}{later}")
                    # A repair goes on with what it can: 6 says that something is left, and why.
                    codes = (0, 1, 6) if scene.is_repair else (0, 1)
                    self.assertIn(done.returncode, codes, done.stderr)
                    told += done.returncode > 0
                    for word in words if done.returncode else ():
                        self.assertIn(word, done.stdout + done.stderr)
        self.assertGreaterEqual(told, len(BROKEN) // 2)

    def places(self, needs: str, count: int):
        """Scenes and which of their calls: all, or a few by chance and the last."""
        for scene in BROKEN:
            last = len(self.calls(scene, needs))
            chosen = {last, *(self.random.randint(1, last) for _ in range(count - 1))}
            if EVERY:
                chosen = {*range(self.random.randint(1, EVERY), last + 1, EVERY), last}
            tell(f"{scene.name}: {len(chosen)} of {last} calls")
            for number in sorted(chosen):
                yield scene, number

    def with_fault(self, scene: Scene, fault: str) -> subprocess.CompletedProcess:
        sandbox = WORLD.prepare(scene)
        before = damaged_in(scene, disk_of(WORLD.folder))
        done = WORLD.start(sandbox, scene, fault, log=False)
        paths = disk_of(WORLD.folder).walk()
        kept = {path: n for path, n in paths.items() if not path.startswith("root/tmp/")}
        if done.returncode == 0:
            faults = Oracle(WHOLE).faults(kept, {scene.after})
        else:
            is_full = scene.command[0] == "gc" and fault.startswith(f"{errno.ENOSPC} ")
            faults = Oracle(WHOLE, before, is_full).faults(kept, scene.allowed)
        self.assertEqual([*faults], [], (fault, done.stderr))
        self.expect_recovered(scene, (NEW, OLD), (fault, done.stderr))
        return done


def tell(line: str) -> None:
    print(f"  {line}", file=sys.stderr)


def learn() -> Whole:
    whole = Whole(str(WORLD.folder))
    for environment in (OLD, NEW):
        WORLD.prepare(Scene("", (), ((environment, "install"),), environment))
        whole.learn(environment, disk_of(WORLD.folder).walk())
    return whole


def begin(envpm: Path, recorder: Path) -> World:
    global WORLD, WHOLE
    WORLD = World(envpm, recorder, work_folder())
    try:
        WHOLE = learn()
    except BaseException:
        WORLD.close()
        raise
    return WORLD


if __name__ == "__main__":
    sys.exit(run_tests(begin, programs=2))
