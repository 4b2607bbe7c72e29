"""TensorFlow: `tf.function`, with XLA or without."""

from collections.abc import Callable
from functools import partial
from typing import Any

import tensorflow as tf

from benchmarks.native import Arrays, Call


def function(function: Callable[[dict], dict], variables: list, *, jit_compile: bool) -> Call:
    """Traces the function into a graph."""
    graph = tf.function(function, autograph=False, jit_compile=jit_compile)

    def call(arrays: Arrays) -> dict[str, Any]:
        outputs = graph({name: tf.convert_to_tensor(array) for name, array in arrays.items()})
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    return call


MODES = {
    "function": partial(function, jit_compile=False),
    "xla": partial(function, jit_compile=True),
}
