"""The parts of a GAN of tables beside its networks: its conditions, and its cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from zoo.layers import ColumnModes, Condition
from zoo.precision import precise, precise_dtype

NEAREST = 1e-7
"""How near 0 or 1 a quantile comes, of which a Gumbel number is made."""


def gumbel(quantiles: Any) -> Any:
    """Numbers that have Gumbel's distribution, −log(−log u), of quantiles u."""
    inside = ops.clip(precise(quantiles), NEAREST, 1 - NEAREST)
    return -ops.log(-ops.log(inside))


def cells(numbers: int, modes: int, category_sizes: Sequence[int]) -> keras.Model:
    """`encoded` logits and `quantile` → `data`: numbers in standard units, and categories.

    Args:
        numbers: How many columns are numbers.
        modes: How many modes each has at most.
        category_sizes: How many values each category has.
    """
    choices = numbers * modes + sum(category_sizes)
    inputs = {
        "encoded": keras.Input((numbers + choices,), name="encoded"),
        "quantile": keras.Input((choices,), name="quantile"),
    }
    logits = inputs["encoded"][:, numbers:] + gumbel(inputs["quantile"])
    made = []
    if numbers:
        scalars = ops.tanh(inputs["encoded"][:, :numbers])
        of_modes = layers.Reshape((numbers, modes))(logits[:, : numbers * modes])
        made.append(ColumnModes(dtype=precise_dtype(), name="modes")([of_modes, scalars]))
    first = numbers * modes
    for size in category_sizes:
        chosen = ops.argmax(logits[:, first : first + size], axis=-1)
        made.append(ops.one_hot(chosen, size, dtype=precise_dtype()))
        first += size
    data = made[0] if len(made) == 1 else layers.Concatenate(dtype=precise_dtype())(made)
    return keras.Model(inputs, {"data": data}, name="cells")


def condition(categories: int) -> keras.Model:
    """`column`, a quantile → `condition`, as often as the data have its category."""
    column = keras.Input((1,), name="column")
    layer = Condition(categories, dtype=precise_dtype(), name="condition")
    return keras.Model({"column": column}, {"condition": layer(column)}, name="condition")


def choice(categories: int) -> keras.Model:
    """`category`, counted over all columns → `condition`."""
    category = keras.Input((), dtype="int32", name="category")
    chosen = ops.one_hot(category, categories, dtype=precise_dtype())
    return keras.Model({"category": category}, {"condition": chosen}, name="choice")
