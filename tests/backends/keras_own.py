"""Keras's own functions, for a while, in place of those that the zoo installs on JAX."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from keras.src import backend

from zoo import backends


@contextmanager
def keras_own() -> Iterator[None]:
    """Takes the faster forms of convolutions and max-pooling away."""
    backends.prepare()
    names = ("conv", "conv_transpose", "max_pool")
    kept = {name: getattr(backend.nn, name).__wrapped__ for name in names}
    with mock.patch.multiple(backend.nn, **kept):
        yield
