"""Shares the costliest tests of the registry's rows out among the backends.

`make test-every`, or `GENZOO_TESTS=every`, runs each of them on each backend.
"""

import os
from collections.abc import Sequence

from zoo.backends import PACKAGES


def every() -> bool:
    """Whether all are asked for."""
    return os.environ.get("GENZOO_TESTS") == "every"


def in_turn(names: Sequence[str]) -> list[str]:
    """The names that are this backend's turn: every third one; all where every one is asked for."""
    if every():
        return list(names)
    return list(names)[list(PACKAGES).index(os.environ["KERAS_BACKEND"]) :: len(PACKAGES)]
