"""Prints the Python index that pip asks where nothing is configured; fails without a pip.

It is asked for, not written down: `cmake/default_index.py` is run by the build (src/project) and
by the test of the same name.
"""

from pip._internal.models.index import PyPI

print(PyPI.simple_url, end="")
