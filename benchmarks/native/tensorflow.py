"""TensorFlow: `tf.function`, with XLA or without, and LiteRT."""

import os
import warnings
from collections.abc import Callable
from functools import partial
from tempfile import TemporaryDirectory
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


def lite(function: Callable[[dict], dict], variables: list) -> Call:
    """Converts the function for the first arrays' shapes, and runs it in LiteRT's interpreter."""
    runners: dict[tuple, Any] = {}

    def call(arrays: Arrays) -> dict[str, Any]:
        key = tuple((name, array.shape) for name, array in arrays.items())
        if key not in runners:
            runners[key] = _lite_runner(function, variables, arrays)
        return runners[key](**arrays)

    return call


def _lite_runner(function: Callable[[dict], dict], variables: list, arrays: Arrays) -> Any:
    specs = {n: tf.TensorSpec(a.shape, a.dtype, name=n) for n, a in arrays.items()}
    module = tf.Module()
    module.weights = [variable.value for variable in variables]
    module.call = tf.function(lambda **inputs: function(inputs), autograph=False)
    concrete = module.call.get_concrete_function(**specs)
    with TemporaryDirectory() as folder:
        # Interpreters name inputs and outputs by the signatures of a saved model.
        tf.saved_model.save(module, folder, signatures={"serving_default": concrete})
        content = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    threads = int(os.environ["TF_NUM_INTRAOP_THREADS"])
    with warnings.catch_warnings():
        # TensorFlow says that its interpreter moves to a package of its own.
        warnings.filterwarnings("ignore", "(?s).*LiteRT interpreter", UserWarning)
        interpreter = tf.lite.Interpreter(model_content=content, num_threads=threads)
    return interpreter.get_signature_runner()


MODES = {
    "lite": lite,
    "function": partial(function, jit_compile=False),
    "xla": partial(function, jit_compile=True),
}
