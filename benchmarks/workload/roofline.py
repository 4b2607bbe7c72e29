"""The machine's ceilings, as networks of one operation: a product, a convolution, a triad.

Every subject runs them like a model's parts, so that each ceiling is the rate of some subject in
the same run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.uses import Step, Use

WIDTH = 1024  # of the matrix product: (batch, WIDTH) by (WIDTH, WIDTH)
MAP, CHANNELS = 32, 64  # of the 3×3 convolution
TRIADS = {"triad_cache": 2**12, "triad_memory": 2**18}
"""Triad → floats in one row of one of its three arrays."""

BATCHES: Mapping[str, int] = {
    "matmul": 1024,
    "convolution": 16,
    "triad_cache": 64,
    "triad_memory": 64,
}
"""Batch size of each, large enough to fill the machine."""


def parts() -> dict[str, Any]:
    """The networks by name."""
    import keras
    from keras import layers

    vector = keras.Input((WIDTH,), name="data")
    image = keras.Input((MAP, MAP, CHANNELS), name="data")
    dense = layers.Dense(WIDTH, use_bias=False, name="product")
    conv = layers.Conv2D(CHANNELS, 3, padding="same", use_bias=False, name="map")
    networks = {
        "matmul": keras.Model({"data": vector}, {"product": dense(vector)}, name="matmul"),
        "convolution": keras.Model({"data": image}, {"map": conv(image)}, name="convolution"),
    }
    for name, length in TRIADS.items():
        sides = {side: keras.Input((length,), name=side) for side in ("left", "right")}
        total = layers.Add(name="sum")([sides["left"], 3.0 * sides["right"]])
        networks[name] = keras.Model(sides, {"sum": total}, name=name)
    for network in networks.values():
        network.set_weights([_pattern(weight.shape) for weight in network.weights])
    return networks


def use(name: str, part: Any) -> Use:
    """A network as a chain of one part."""
    gives = {output: f"{name}/{output}" for output in part.output}
    return Use([Step(name)], gives).resolved({name: list(part.input)})


def work(name: str, batch: int) -> tuple[float, float]:
    """Floating-point operations and bytes that one call moves at the least."""
    if name == "matmul":
        return 2.0 * batch * WIDTH * WIDTH, 4.0 * (2 * batch * WIDTH + WIDTH * WIDTH)
    if name == "convolution":
        points = batch * MAP * MAP * CHANNELS
        return 2.0 * points * 9 * CHANNELS, 4.0 * (2 * points + 9 * CHANNELS * CHANNELS)
    length = batch * TRIADS[name]
    return 2.0 * length, 4.0 * 3 * length


def _pattern(shape: tuple[int, ...]) -> Any:
    """Weights that are the same on every backend and keep the outputs small."""
    import math

    import numpy as np

    values = np.sin(np.arange(math.prod(shape), dtype="float64"))
    return (values / math.sqrt(math.prod(shape[:-1]))).reshape(shape).astype("float32")
