"""Maps of any size in front of and behind a network that halves them."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("genzoo")
class ReflectToStep(keras.layers.Layer):
    """A map `(batch, …, channels)` reflected at its far edges up to sizes that a network takes.

    A side becomes the smallest of `least`, `least + step`, `least + 2·step`, … that holds it: one
    of these sizes is not changed. Short sides are reflected again and again; the edge is repeated,
    as by NumPy's `pad` of the mode `symmetric`.

    Args:
        step: The distance between two sizes.
        least: The smallest size of each spatial axis.
        options: Keras's, of every layer.
    """

    def __init__(self, step: int, least: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.step = step
        self.least = tuple(least)

    def call(self, inputs: Any) -> Any:
        """Reads every axis there and back, as far as its new size."""
        sizes = inputs.shape[1:-1] if None not in inputs.shape[1:-1] else ops.shape(inputs)[1:-1]
        for axis, (size, least) in enumerate(zip(sizes, self.least, strict=True), 1):
            period = 2 * size
            places = ops.mod(ops.arange(self._held(size, least)), period)
            back = ops.subtract(period, ops.add(places, 1))
            inputs = ops.take(inputs, ops.minimum(places, back), axis=axis)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The sizes that are reached; unknown ones stay unknown."""
        sizes = zip(input_shape[1:-1], self.least, strict=True)
        held = (None if size is None else self._held(size, least) for size, least in sizes)
        return (input_shape[0], *held, input_shape[-1])

    def _held(self, size: Any, least: int) -> Any:
        """The smallest size reached that holds one from 1; no branches, as it may be symbolic."""
        held = size + (least - size) % self.step
        return held if least <= self.step else _larger(held, least)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "step": self.step, "least": self.least}


@keras.saving.register_keras_serializable("genzoo")
class CropLike(keras.layers.Layer):
    """A map cut at its far edges to the size of another, or to a whole multiple of it.

    Called with `[map, like]`, both `(batch, …, channels)`.

    Args:
        factors: The multiple along each spatial axis.
        options: Keras's, of every layer.
    """

    def __init__(self, factors: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.factors = tuple(factors)

    def call(self, inputs: Any) -> Any:
        """Keeps the near part."""
        made, like = inputs
        sizes = like.shape[1:-1] if None not in like.shape[1:-1] else ops.shape(like)[1:-1]
        kept = (
            slice(None, size * factor) for size, factor in zip(sizes, self.factors, strict=True)
        )
        return made[(slice(None), *kept)]

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The multiples of the other map's sizes, with the own channels."""
        made, like = input_shape
        sizes = zip(like[1:-1], self.factors, strict=True)
        kept = (None if size is None else size * factor for size, factor in sizes)
        return (made[0], *kept, made[-1])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "factors": self.factors}


def _larger(one: Any, other: int) -> Any:
    """The larger of two whole numbers from 1, of which one may be symbolic."""
    is_smaller = 1 // (1 + one // other)
    return one + (other - one) * is_smaller
