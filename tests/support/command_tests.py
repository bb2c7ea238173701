"""How a program of tests of the command is started: `x_test.py ENVPM… [a test's name…]`."""

import sys
import unittest
from collections.abc import Callable
from pathlib import Path


def run_tests(begin: Callable, programs: int = 1) -> int:
    """`begin` is given the programs' paths and makes what all tests need, which is closed after
    them. Gives the exit code."""
    main = sys.modules["__main__"]
    if len(sys.argv) <= programs:
        sys.exit(main.__doc__)
    shared = begin(*(Path(sys.argv.pop(1)).resolve() for _ in range(programs)))
    try:
        result = unittest.main(main, verbosity=2, exit=False).result
        return 0 if result.wasSuccessful() else 1
    finally:
        shared.close()
