"""Max-pooling on JAX whose gradient XLA compiles well for processors.

XLA's own, which scatters each gradient to the place that its window selects, is a loop there.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from zoo.backends.jax.convolution import Padding, Sizes, taps


@partial(jax.custom_vjp, nondiff_argnums=(1, 2))
def max_pool(inputs: Any, sizes: Sizes, padding: Padding) -> Any:
    """The largest value of each window; windows lie side by side.

    Args:
        inputs: `(batch, *map, channels)`.
        sizes: Of a window.
        padding: Before and after each axis of the map, never chosen; negative where it is cut. What
            it makes of the map is a multiple of the windows.

    Returns:
        `(batch, *windows, channels)`.
    """
    places = _places(_padded(inputs, padding), sizes)
    largest = places[0]
    for place in places[1:]:
        largest = jnp.maximum(largest, place)
    return largest


def _forward(inputs: Any, sizes: Sizes, padding: Padding) -> tuple[Any, tuple[Any, Any]]:
    largest = max_pool(inputs, sizes, padding)
    return largest, (inputs, largest)


def _backward(sizes: Sizes, padding: Padding, kept: tuple[Any, Any], gradient: Any) -> tuple[Any]:
    """Each gradient to the first place, row by row, that holds its window's largest value."""
    inputs, largest = kept
    taken = jnp.zeros(largest.shape, bool)
    pieces = []
    for place in _places(_padded(inputs, padding), sizes):
        chosen = (place == largest) & ~taken
        taken = taken | chosen
        pieces.append(jnp.where(chosen, gradient, 0))
    whole = _together(pieces, sizes)
    back = [(0, 0, 0), *((-low, -high, 0) for low, high in padding), (0, 0, 0)]
    return (lax.pad(whole, jnp.zeros((), whole.dtype), back),)


max_pool.defvjp(_forward, _backward)


def _padded(inputs: Any, padding: Padding) -> Any:
    widths = [(0, 0, 0), *((low, high, 0) for low, high in padding), (0, 0, 0)]
    return lax.pad(inputs, jnp.array(-jnp.inf, inputs.dtype), widths)


def _places(padded: Any, sizes: Sizes) -> list[Any]:
    """The map of every place in a window, row by row: each `(batch, *windows, channels)`."""
    windows = tuple(n // size for n, size in zip(padded.shape[1:-1], sizes, strict=True))
    return list(taps(padded, sizes, sizes, windows))


def _together(pieces: list[Any], sizes: Sizes) -> Any:
    """The inverse of `_places`."""
    batch, *windows, channels = pieces[0].shape
    rank = len(sizes)
    stacked = jnp.stack(pieces).reshape(*sizes, batch, *windows, channels)
    # (*sizes, batch, *windows, channels) → (batch, window, size, window, size, …, channels)
    axes = [rank]
    for axis in range(rank):
        axes += [rank + 1 + axis, axis]
    whole = stacked.transpose(*axes, 2 * rank + 1)
    return whole.reshape(batch, *(n * s for n, s in zip(windows, sizes, strict=True)), channels)
