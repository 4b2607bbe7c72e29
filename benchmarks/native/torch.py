"""PyTorch: eagerly without gradients, recorded as models are, or through `torch.compile`."""

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.native import Arrays, Call
from zoo.backends.torch import recorded
from zoo.backends.torch.recorded import Recorded


def eager(function: Callable[[dict], dict], variables: list) -> Call:
    """Calls the function as it is, in inference mode."""
    device = variables[0].value.device if variables else torch.device("cpu")

    def call(arrays: Arrays) -> dict[str, Any]:
        with torch.inference_mode():
            outputs = function(
                {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
            )
            return {name: tensor.cpu().numpy() for name, tensor in outputs.items()}

    return call


def compile(function: Callable[[dict], dict], variables: list) -> Call:
    """Compiles the function for the shapes that it is called with."""
    return eager(torch.compile(function, dynamic=False), variables)


def record_at_once() -> None:
    """Lets this process record functions at their second call: rounds measure graphs alone."""
    recorded.WARM_UP = 1


def record(function: Callable[[dict], dict], variables: list) -> Call:
    """Records the function for the shapes that it is called with, as models in use are."""
    return eager(Recorded(function, variables, "a use", way="recorded"), variables)


MODES = {"eager": eager, "recorded": record, "compile": compile}
