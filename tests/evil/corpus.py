"""All items of all groups."""

from typing import Iterator

import group_a
import group_b
import group_c
import group_d_conda
import group_d_tar
import group_d_zip
import group_e_conda
import group_e_lock
import group_e_wheel
import group_f
import group_g
from item import Item

GROUPS = [
    group_a,
    group_b,
    group_c,
    group_d_tar,
    group_d_zip,
    group_d_conda,
    group_e_wheel,
    group_e_conda,
    group_e_lock,
    group_f,
    group_g,
]


def items(canary: str) -> Iterator[Item]:
    """`canary`: the folder that links and absolute names lead to, where nothing may change."""
    for group in GROUPS:
        yield from group.items(canary)
