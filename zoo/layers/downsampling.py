"""Small data of large ones by a filter that does not alias, as super-resolution makes them."""

from __future__ import annotations

from typing import Any, Literal, get_args

import keras
import numpy as np
from keras import ops

from zoo.errors import ModelError

Filter = Literal["gaussian", "bicubic"]
SPREAD = 0.4
"""Standard deviation of the Gaussian in units of the factor: 1.6 at factor 4."""
CUBIC = -0.5
"""The parameter a of Keys's cubic convolution, as MATLAB and Pillow have it."""
REACH = 2
"""How many times the factor a filter reaches to each side."""


def weights(kind: Filter, factor: int) -> np.ndarray:
    """The 4·factor weights of a filter along one side, whose sum is 1.

    Both are around the centre of a block of `factor` entries: the Gaussian exp(−d²/2σ²) with
    σ = 0.4·factor, and the cubic convolution of Keys, 1981 (doi:10.1109/TASSP.1981.1163711),
    stretched by the factor, which is what MATLAB's `imresize` and Pillow's `BICUBIC` compute.

    Args:
        kind: The filter.
        factor: An even number.
    """
    distance = np.abs(np.arange(2 * REACH * factor) - (REACH * factor - 0.5)) / factor
    if kind == "gaussian":
        found = np.exp(-(distance**2) / (2 * SPREAD**2))
    else:
        near = (CUBIC + 2) * distance**3 - (CUBIC + 3) * distance**2 + 1
        far = CUBIC * (distance**3 - 5 * distance**2 + 8 * distance - 4)
        found = np.where(distance < 1, near, far)
    return found / found.sum()


@keras.saving.register_keras_serializable("genzoo")
class Downsample(keras.layers.Layer):
    """A filter and every `factor`-th value: a fixed depthwise convolution with a stride.

    A side of n becomes ⌈n / factor⌉, as of blocks. Maps are reflected at their borders, the edge
    repeated, as by MATLAB's `imresize` (Pillow leaves out the weights beyond a border); those
    shorter than the filter, again and again. Bicubic values are not clipped: next to an edge
    they may leave the range of the data.

    Args:
        kind: `gaussian` or `bicubic`.
        factor: An even number.
        options: Keras's, of every layer.

    Raises:
        ModelError: The filter is unknown, or the factor is not even.
    """

    def __init__(self, kind: Filter, factor: int, **options: Any) -> None:
        super().__init__(**options)
        if kind not in get_args(Filter) or factor < 2 or factor % 2:
            raise ModelError(
                "Data are made small by a filter of an even factor. Received: "
                f"kind={kind!r}, factor={factor!r}. Accepted: {', '.join(get_args(Filter))}."
            )
        self.kind = kind
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        """Makes maps `(batch, …, channels)` of any length, or height and width, small."""
        sides = inputs.shape[1:-1] if None not in inputs.shape[1:-1] else ops.shape(inputs)[1:-1]
        for axis, size in enumerate(sides, 1):
            inputs = ops.take(inputs, self._places(size), axis=axis)
        along = weights(self.kind, self.factor)
        kernel = along if len(inputs.shape) == 3 else np.outer(along, along)
        kernel = np.repeat(kernel[..., None, None], inputs.shape[-1], axis=-2)
        return ops.depthwise_conv(
            inputs,
            ops.convert_to_tensor(kernel, dtype=inputs.dtype),
            strides=self.factor,
            padding="valid",
            data_format="channels_last",
        )

    def _places(self, size: Any) -> Any:
        """What the filter reads along a side, in order, from its size, which may be symbolic."""
        before = (2 * REACH - 1) * self.factor // 2
        length = (_blocks(size, self.factor) + 2 * REACH - 1) * self.factor
        period = 2 * size
        # Before the first place come whole periods, as the rest of a division by one is from 0 on.
        there = ops.mod(ops.arange(length) + before * (period - 1), period)
        return ops.minimum(there, ops.subtract(period - 1, there))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Each side divided by the factor and rounded up; unknown ones stay unknown."""
        sides = (None if n is None else _blocks(n, self.factor) for n in input_shape[1:-1])
        return (input_shape[0], *sides, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "kind": self.kind, "factor": self.factor}


def _blocks(size: Any, factor: int) -> Any:
    """How many blocks cover a side."""
    return (size + factor - 1) // factor
