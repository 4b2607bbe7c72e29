"""PyTorch: `torch.autograd.grad` per phase, recorded with the loss as one graph of operations."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch

from zoo.backends.torch import adam, keras_functions
from zoo.backends.torch.recorded import Recorded

keras_functions.install()


def gradients(
    objective: Callable[[], tuple[Any, dict]],
    trained: Sequence[keras.Variable],
    others: Sequence[keras.Variable],
) -> tuple[list, dict]:
    """Gradients of `objective()[0]` with respect to `trained`, and `objective()[1]`.

    None for a variable that the objective does not depend on.
    """
    loss, logs = objective()
    grads = torch.autograd.grad(loss, [v.value for v in trained], allow_unused=True)
    return list(grads), keras.tree.map_structure(_detached, logs)


def _detached(value: Any) -> Any:
    """A log without its graph; a variable becomes the tensor of its present value."""
    tensor = keras.ops.convert_to_tensor(value)
    return tensor.detach()


def record(
    function: Callable[[Any], Any], variables: Sequence[keras.Variable], name: str
) -> Callable[[Any], Any]:
    """The function, which is run as a graph after some calls; `name` is for messages."""
    return Recorded(function, variables, name)


def apply(
    optimizer: keras.optimizers.Optimizer, grads: list, trained: Sequence[keras.Variable]
) -> None:
    """Lets the optimizer update the variables."""
    with torch.no_grad():
        if adam.fits(optimizer, trained):
            adam.apply(optimizer, grads, trained)
        else:
            optimizer.apply(grads, trained)


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Gradient of `sum(function(inputs))` with respect to `inputs`, itself differentiable."""
    if not inputs.requires_grad:
        inputs = inputs.detach().requires_grad_(True)
    with torch.enable_grad():
        outputs = function(inputs)
        total = outputs.sum(dtype=torch.promote_types(outputs.dtype, torch.float32))
        return torch.autograd.grad(total, inputs, create_graph=True)[0]


def compile_step(
    step: Callable[[Any], Any], variables: Sequence[keras.Variable], *, updates: bool
) -> Callable[[Any], Any]:
    """Returns `step` as it is where it updates weights, whose gradients are recorded.

    A step that updates nothing is recorded whole.
    """
    if updates:
        return step
    recorded = record(step, variables, "inference")

    def run(batches: Any) -> Any:
        with torch.no_grad():
            return recorded(batches)

    return run


def place(array: np.ndarray) -> Any:
    """Puts an array on the device; where several share a batch, this is where it is split."""
    return keras.ops.convert_to_tensor(array)


def average_gradients(grads: list) -> list:
    """Averages gradients over the devices that share a batch; one device keeps its own."""
    return grads


def pin_float32() -> None:
    """Makes float32 products full float32 (no TF32)."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def device() -> str:
    """The device that computes, as PyTorch names it."""
    if torch.cuda.is_available():
        return f"cuda:{torch.cuda.get_device_name()}"
    return "cpu"
