"""The same architectures in plain PyTorch, channels first, as users write them.

The networks have the weights that Keras drew, so that their outputs can be compared; inputs and
outputs are channels last, as those of all subjects.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.errors import BenchmarkError
from benchmarks.tasks import TRAIN
from benchmarks.workload.workdir import Workdir
from zoo.uses import run

Outputs = dict[str, np.ndarray]
Weights = dict[str, np.ndarray]


class Down(nn.Module):
    """Convolutions of stride 2 and linear heads: data → one output a head."""

    def __init__(self, weights: Weights, heads: list[str], slope: float, normalized: bool) -> None:
        super().__init__()
        self.names = heads
        self.slope = slope
        self.convolutions = nn.ModuleList()
        self.normalizations = nn.ModuleList()
        while next(iter(weights.values())).ndim == 4:
            bare = normalized and len(self.convolutions) > 0
            self.convolutions.append(_convolution(weights, bias=not bare))
            self.normalizations.append(_normalization(weights) if bare else nn.Identity())
        self.heads = nn.ModuleList()
        channels = self.convolutions[-1].out_channels
        for name in heads:
            kernel, bias = weights[f"{name}/kernel"], weights[f"{name}/bias"]
            area = kernel.shape[0] // channels
            # Keras flattens with the channels last.
            kernel = kernel.reshape(area, channels, -1).transpose(1, 0, 2).reshape(kernel.shape)
            self.heads.append(_linear(kernel, bias))

    def forward(self, data: torch.Tensor) -> dict[str, torch.Tensor]:
        """Data `(batch, channels, height, width)` → head → `(batch, units)`."""
        x = data
        for convolution, normalization in zip(self.convolutions, self.normalizations, strict=True):
            total = [_same(size, convolution.kernel_size[0]) for size in (x.shape[3], x.shape[2])]
            x = functional.pad(x, [side for t in total for side in (t // 2, t - t // 2)])
            x = functional.leaky_relu(normalization(convolution(x)), self.slope)
        x = x.flatten(1)
        return {name: head(x) for name, head in zip(self.names, self.heads, strict=True)}


class Up(nn.Module):
    """A linear layer and transposed convolutions of stride 2: latent → data before activation."""

    def __init__(self, weights: Weights, shape: tuple[int, ...], normalized: bool) -> None:
        super().__init__()
        sizes = [shape[:2]]
        while min(sizes[0]) > 4:
            sizes.insert(0, tuple(-(-size // 2) for size in sizes[0]))
        self.sizes = sizes
        kernel = _next(weights)
        bias = np.zeros(kernel.shape[1], "float32") if normalized else _next(weights)
        area = sizes[0][0] * sizes[0][1]
        self.channels = kernel.shape[1] // area
        order = np.arange(kernel.shape[1]).reshape(area, self.channels).T.ravel()
        self.linear = _linear(kernel[:, order], bias[order])
        self.normalizations = nn.ModuleList(
            [_normalization(weights) if normalized else nn.Identity()]
        )
        self.convolutions = nn.ModuleList()
        while weights:
            bare = normalized and len(sizes) - 2 > len(self.convolutions)
            self.convolutions.append(_transposed(weights, bias=not bare))
            self.normalizations.append(_normalization(weights) if bare else nn.Identity())

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Latent `(batch, units)` → `(batch, channels, height, width)`."""
        x = self.linear(latent).reshape(len(latent), self.channels, *self.sizes[0])
        x = functional.relu(self.normalizations[0](x))
        last = len(self.convolutions) - 1
        for index, convolution in enumerate(self.convolutions):
            height, width = self.sizes[index + 1]
            x = self.normalizations[index + 1](convolution(x)[:, :, :height, :width])
            x = functional.relu(x) if index < last else x
        return x


class PlainTorch:
    """The VAE and the DCGAN by hand, in PyTorch alone.

    Args:
        mode: `eager` or `compile`.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False

    def describe(self) -> dict[str, Any]:
        """PyTorch's version and the device."""
        return {"versions": {"torch": torch.__version__}, "device": str(self.device)}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Builds the networks with the weights of the folder."""
        workdir = Workdir(task["folder"])
        settings = workdir.plan()["settings"]
        parts = {name: part.to(self.device) for name, part in build(workdir, task["model"]).items()}
        if task["workload"] == TRAIN:
            from benchmarks.subjects.plain_training import STEPS

            step = STEPS[task["model"]](parts, settings, compiled=self.mode == "compile")
            batches = [batch for _, batch in workdir.updates(task["batch"])]
            return lambda: step([self._placed(batch) for batch in batches])
        for part in parts.values():
            part.eval()
        use = workdir.use(task["workload"])
        activation = torch.tanh if settings["value_range"] == [-1.0, 1.0] else torch.sigmoid

        def call(name: str, values: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
            (tensor,) = values.values()
            found = parts[name](tensor)
            if isinstance(found, dict):
                return found
            return {"data": activation(found).permute(0, 2, 3, 1)}

        function = partial(run, use, call)
        if self.mode == "compile":
            function = torch.compile(function, dynamic=False)
        inputs = workdir.inputs(task["workload"], task["batch"])

        def call_once() -> Outputs:
            with torch.inference_mode():
                outputs = function(self._placed(inputs))
                return {n: tensor.contiguous().cpu().numpy() for n, tensor in outputs.items()}

        return call_once

    def _placed(self, batch: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
        placed = {name: torch.from_numpy(array).to(self.device) for name, array in batch.items()}
        if "data" in placed:
            placed["data"] = placed["data"].permute(0, 3, 1, 2)
        return placed


def build(workdir: Workdir, model: str) -> dict[str, nn.Module]:
    """The networks of a model, by part.

    Raises:
        BenchmarkError: The model is not written here, or its settings are not the usual ones.
    """
    settings = workdir.plan()["settings"]
    if settings.get("network_options"):
        raise BenchmarkError(f"Only the usual networks are written here. Received: {settings}")
    shape = tuple(settings["shape"])
    if model == "vae":
        return {
            "encoder": Down(workdir.weights("encoder"), ["mean", "log_variance"], 0.0, False),
            "decoder": Up(workdir.weights("decoder"), shape, False),
        }
    if model == "dcgan":
        return {
            "generator": Up(workdir.weights("generator"), shape, True),
            "discriminator": Down(workdir.weights("discriminator"), ["logit"], 0.2, True),
        }
    raise BenchmarkError(f"Only vae and dcgan are written here. Received: {model}")


def _same(size: int, kernel: int, stride: int = 2) -> int:
    """How many zeros Keras's `same` adds to a side in all; the odd one goes to the far end."""
    return max((-(-size // stride) - 1) * stride + kernel - size, 0)


def _next(weights: Weights) -> np.ndarray:
    """Removes and returns the first of the remaining weights."""
    return weights.pop(next(iter(weights)))


def _parameter(array: np.ndarray) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(np.ascontiguousarray(array)))


def _linear(kernel: np.ndarray, bias: np.ndarray) -> nn.Linear:
    layer = nn.Linear(*kernel.shape)
    layer.weight, layer.bias = _parameter(kernel.T), _parameter(bias)
    return layer


def _convolution(weights: Weights, *, bias: bool) -> nn.Conv2d:
    kernel = _next(weights)  # (height, width, in, out)
    layer = nn.Conv2d(kernel.shape[2], kernel.shape[3], kernel.shape[0], stride=2, bias=bias)
    layer.weight = _parameter(kernel.transpose(3, 2, 0, 1))
    if bias:
        layer.bias = _parameter(_next(weights))
    return layer


def _transposed(weights: Weights, *, bias: bool) -> nn.ConvTranspose2d:
    kernel = _next(weights)  # (height, width, out, in)
    size, stride = kernel.shape[0], 2
    padding = (size - stride) // 2  # of an odd excess the rest is cut off at the far end
    layer = nn.ConvTranspose2d(
        kernel.shape[3], kernel.shape[2], size, stride=stride, padding=padding, bias=bias
    )
    layer.weight = _parameter(kernel.transpose(3, 2, 0, 1))
    if bias:
        layer.bias = _parameter(_next(weights))
    return layer


def _normalization(weights: Weights) -> nn.BatchNorm2d:
    gamma, beta, mean, variance = (_next(weights) for _ in range(4))
    layer = nn.BatchNorm2d(len(gamma), eps=1e-5, momentum=0.1)
    layer.weight, layer.bias = _parameter(gamma), _parameter(beta)
    layer.running_mean = torch.from_numpy(mean)
    layer.running_var = torch.from_numpy(variance)
    return layer
