"""PyTorch: eagerly without gradients, or through `torch.compile`."""

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.native import Arrays, Call


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


MODES = {"eager": eager, "compile": compile}
