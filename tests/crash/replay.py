"""Which states a crash may leave, of all that the barriers allow.

After every prefix of the operations: all of it on disk; only what a barrier had brought there; all
but one of the others, and one of the others alone, each of them; all names and no data, and the
reverse; and seeded random choices. Data that is lost leaves nothing, zeros of the right size, or a
half. So do ext4 (`data=ordered`: a file whose name is there and whose data is not is empty), XFS,
and a disk that tears a write.

Two models of what a barrier does:

    posix  fsync: the data, mode and time of that file, and of a folder the names in it;
           syncfs: everything. Names persist in any order. This is all that the standard promises.
    ext4   besides, any fsync brings all earlier names, modes and times to the disk, in their order:
           the journal's transaction is one. Without a barrier names persist as a prefix.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from disk import Disk
from recording import Operation

LOSSES = ("lost", "zeros", "half")


@dataclass
class State:
    """`end`: how many operations had happened; `told`: which of them are on disk, in words."""

    disk: Disk
    end: int
    told: str
    is_least: bool = False  # nothing but what was promised


class Replay:
    def __init__(self, start: Disk, operations: list[Operation], model: str, seed: int):
        self.operations = operations
        self.model = model
        self.random = random.Random(f"{seed} {model}")
        self.base = start.copy()  # at the last syncfs
        self.pending: list[Operation] = []  # since then
        self.durable: list[bool] = []

    def states(self, randoms: int = 4, step: int = 1, singles: int | None = None) -> Iterator:
        """`step`: every so-manieth prefix, and each before a barrier; `singles`: at most so many
        lost and kept alone of a prefix, by chance."""
        last = len(self.operations)
        for end in range(last + 1):
            if end:
                self.advance(self.operations[end - 1])
            is_edge = end == last or self.operations[end].kind.startswith("sync")
            if is_edge or end % step == 0:
                yield from self.states_at(end, randoms, singles)

    def last_states(self, randoms: int = 4) -> Iterator[State]:
        """Those after all operations."""
        for operation in self.operations:
            self.advance(operation)
        yield from self.states_at(len(self.operations), randoms, None)

    def advance(self, operation: Operation) -> None:
        if operation.kind == "syncfs":
            for kept in self.pending:
                self.base.apply(kept)
            self.pending, self.durable = [], []
        elif operation.kind == "sync":
            for i, earlier in enumerate(self.pending):
                self.durable[i] = self.durable[i] or self.brings(operation, earlier)
        else:
            self.pending.append(operation)
            self.durable.append(False)

    def brings(self, sync: Operation, earlier: Operation) -> bool:
        if earlier.kind == "names":
            is_there = any(folder == sync.file for folder, _, _ in earlier.names)
            return is_there or self.model == "ext4"
        if earlier.kind == "data":
            return earlier.file == sync.file
        return earlier.file == sync.file or self.model == "ext4"

    def states_at(self, end: int, randoms: int, singles: int | None) -> Iterator[State]:
        open_ones = [i for i, is_durable in enumerate(self.durable) if not is_durable]
        everything = dict.fromkeys(open_ones, "kept")
        nothing = dict.fromkeys(open_ones, "lost")
        yield State(self.make(everything), end, "everything")
        if not open_ones:
            yield State(self.make(everything), end, "nothing unsynced", True)
            return
        yield State(self.make(nothing), end, "nothing unsynced", True)
        for loss in LOSSES:
            yield State(self.make(self.without_data(open_ones, loss)), end, f"data {loss}")
        names_lost = {i: "lost" if self.is_name(i) else "kept" for i in open_ones}
        yield State(self.make(names_lost), end, "names lost")
        yield from self.singles_at(end, self.some(open_ones, singles), everything, nothing)
        for number in range(randoms):
            choice = self.by_chance(open_ones)
            yield State(self.make(choice), end, f"by chance, {number}")

    def singles_at(self, end: int, chosen: list[int], everything, nothing) -> Iterator[State]:
        for i in chosen:
            told = self.pending[i].told
            losses = LOSSES if self.pending[i].kind == "data" else ("lost",)
            for loss in losses:
                if self.model == "ext4" and self.is_name(i):
                    # Then all names after it are lost as well.
                    choice = everything | {
                        j: "lost" for j in everything if j >= i and self.is_name(j)
                    }
                else:
                    choice = everything | {i: loss}
                yield State(self.make(choice), end, f"{loss}: {told}")
            if self.model == "posix":
                yield State(self.make(nothing | {i: "kept"}), end, f"alone: {told}")

    def by_chance(self, open_ones: list[int]) -> dict[int, str]:
        likely = self.random.choice((0.1, 0.5, 0.9))
        choice = {}
        for i in open_ones:
            is_kept = self.random.random() < likely
            is_data = self.pending[i].kind == "data"
            loss = self.random.choice(LOSSES) if is_data else "lost"
            choice[i] = "kept" if is_kept else loss
        if self.model == "ext4":
            cut = self.random.choice(open_ones)
            choice |= {i: "kept" if i < cut else "lost" for i in open_ones if self.is_name(i)}
        return choice

    def without_data(self, open_ones: list[int], loss: str) -> dict[int, str]:
        return {i: loss if self.pending[i].kind == "data" else "kept" for i in open_ones}

    def some(self, open_ones: list[int], count: int | None) -> list[int]:
        if count is None or count >= len(open_ones):
            return open_ones
        return self.random.sample(open_ones, count)

    def is_name(self, i: int) -> bool:
        return self.pending[i].kind != "data"

    def make(self, choice: dict[int, str]) -> Disk:
        disk = self.base.copy()
        for i, operation in enumerate(self.pending):
            how = choice.get(i, "kept")
            if how != "lost":
                disk.apply(operation, how)
        return disk
