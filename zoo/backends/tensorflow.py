"""TensorFlow: a gradient tape under `tf.function`."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def gradients(
    objective: Callable[[], tuple[Any, dict]],
    trained: Sequence[keras.Variable],
    others: Sequence[keras.Variable],
) -> tuple[list, dict]:
    """Gradients of `objective()[0]` with respect to `trained`, and `objective()[1]`.

    None for a variable that the objective does not depend on.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([variable.value for variable in trained])
        loss, logs = objective()
    found = tape.gradient(loss, [variable.value for variable in trained])
    # Of an embedding come the rows that were read: Adam would leave the momentum of the others.
    found = [None if grad is None else tf.convert_to_tensor(grad) for grad in found]
    read = [value for value in keras.tree.flatten([loss, logs, found]) if value is not None]
    # TensorFlow's dependency optimizer lets a weight be updated before the loss has read it, in one
    # compilation of forty. What updates weights waits for the gradients, and these for the logs.
    with tf.control_dependencies([keras.ops.convert_to_tensor(value) for value in read]):
        return [None if grad is None else tf.identity(grad) for grad in found], logs


def apply(
    optimizer: keras.optimizers.Optimizer, grads: list, trained: Sequence[keras.Variable]
) -> None:
    """Lets the optimizer update the variables."""
    optimizer.apply(grads, trained)


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Gradient of `sum(function(inputs))` with respect to `inputs`, itself differentiable."""
    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = function(inputs)
    return tape.gradient(outputs, inputs)


def compile_step(
    step: Callable[[Any], Any], variables: Sequence[keras.Variable], *, updates: bool
) -> Callable[[Any], Any]:
    """Compiles `step(batches)`, which reads and assigns `variables`, into a graph."""
    return tf.function(step, autograph=False)


def place(array: np.ndarray) -> Any:
    """Puts an array on the device; where several share a batch, this is where it is split."""
    return tf.convert_to_tensor(array)


def average_gradients(grads: list) -> list:
    """Averages gradients over the devices that share a batch; one device keeps its own."""
    return grads


def pin_float32() -> None:
    """Makes float32 products full float32 (no TF32)."""
    tf.config.experimental.enable_tensor_float_32_execution(False)


def device() -> str:
    """The device that computes, as TensorFlow names it."""
    gpus = tf.config.list_physical_devices("GPU")
    return gpus[0].name if gpus else "cpu"
