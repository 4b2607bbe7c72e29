"""Shares the costliest tests, of rows of the registry or by file, out among the backends.

`make test-every`, or `GENZOO_TESTS=every`, runs each of them on each backend.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

from zoo.backends import PACKAGES

T = TypeVar("T")


def every() -> bool:
    """Whether all are asked for."""
    return os.environ.get("GENZOO_TESTS") == "every"


def in_turn(names: Sequence[T], backend: str | None = None) -> list[T]:
    """The names that are a backend's turn: every third one; all where every one is asked for."""
    if every():
        return list(names)
    turn = list(PACKAGES).index(backend or os.environ["KERAS_BACKEND"])
    return list(names)[turn :: len(PACKAGES)]


def on_two_backends(names: Sequence[T]) -> list[T]:
    """All names on PyTorch, which compiles nothing; by turns, those of JAX or of TensorFlow."""
    turns = {"jax": slice(0, None, 2), "tensorflow": slice(1, None, 2)}
    backend = os.environ["KERAS_BACKEND"]
    return list(names) if every() else list(names)[turns.get(backend, slice(None))]
