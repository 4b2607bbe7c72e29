"""Convolutions on JAX whose derivatives, of every order, XLA compiles well for processors.

XLA swaps a convolution's input and window where the window has more positions than the input, and
has no fast kernel on processors for the reversed window that this makes: it takes up to 50 times as
long. The gradient of a transposed convolution's window, as JAX derives it, is of this kind; so is
every convolution of a small map by a larger window. Here the convolution and its two adjoints are
each other's derivatives, and each is written so that nothing is swapped.

Arrays are channels last; a window is `(*sizes, channels, filters)`.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Sizes = tuple[int, ...]
Padding = tuple[tuple[int, int], ...]

MAX_DENSE_CHANNELS = 4
"""Up to so many channels, and without strides, one product of matrices takes a third to an eighth
of the time of XLA's gradient of a window (`python -m benchmarks.studies.convolutions`)."""


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def convolve(inputs: Any, window: Any, strides: Sizes, padding: Padding) -> Any:
    """The convolution of `(batch, *sizes, channels)` by a window: `(batch, *sizes, filters)`."""
    return _convolution(inputs, window, strides, padding, (1,) * len(strides))


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def spread(outputs: Any, window: Any, strides: Sizes, padding: Padding, sizes: Sizes) -> Any:
    """The adjoint of `convolve` in its input: a transposed convolution.

    Args:
        outputs: `(batch, *sizes, filters)`.
        window: `(*sizes, channels, filters)`.
        strides: Of `convolve`.
        padding: Of `convolve`'s input.
        sizes: Of `convolve`'s input.

    Returns:
        `(batch, *sizes, channels)`.
    """
    rank = len(strides)
    margins = []
    for k, s, (low, _), size, n in zip(
        window.shape[:-2], strides, padding, sizes, outputs.shape[1:-1], strict=True
    ):
        # The dilated outputs are (n − 1)·s + 1 long; what they grow to gives `size` positions.
        margins.append((k - 1 - low, size + low - (n - 1) * s - 1))
    turned = lax.rev(window, tuple(range(rank))).swapaxes(-1, -2)
    return _convolution(outputs, turned, (1,) * rank, tuple(margins), strides)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def correlate(inputs: Any, outputs: Any, strides: Sizes, padding: Padding, window: Sizes) -> Any:
    """The adjoint of `convolve` in its window.

    Args:
        inputs: `(batch, *sizes, channels)`.
        outputs: `(batch, *sizes, filters)`.
        strides: Of `convolve`.
        padding: Of `convolve`'s input.
        window: The window's sizes.

    Returns:
        `(*window, channels, filters)`.
    """
    channels, filters = inputs.shape[-1], outputs.shape[-1]
    shape = (*window, channels, filters)
    dense = max(strides) == 1
    if math.prod(window) == 1 or (dense and channels <= MAX_DENSE_CHANNELS):
        padded = jnp.pad(inputs, ((0, 0), *padding, (0, 0)))
        read = jnp.concatenate([*taps(padded, strides, window, outputs.shape[1:-1])], -1)
        rows = read.reshape(-1, read.shape[-1])
        return (rows.T @ outputs.reshape(-1, filters)).reshape(shape)
    if dense and filters <= MAX_DENSE_CHANNELS:
        mirrored = tuple((k - 1 - a, k - 1 - b) for k, (a, b) in zip(window, padding, strict=True))
        if min(min(pair) for pair in mirrored) >= 0:
            found = correlate(outputs, inputs, strides, mirrored, window)
            return lax.rev(found, tuple(range(len(window)))).swapaxes(-1, -2)
    ones = (1,) * len(strides)
    linear = partial(_plain, inputs, strides=strides, padding=padding, dilation=ones)
    (found,) = jax.linear_transpose(linear, jax.ShapeDtypeStruct(shape, inputs.dtype))(outputs)
    return found


def taps(padded: Any, strides: Sizes, window: Sizes, sizes: Sizes) -> Iterator[Any]:
    """The values under each position of a window, row by row: `(batch, *sizes, channels)`."""
    for place in product(*map(range, window)):
        reach = [
            slice(start, start + (n - 1) * s + 1, s)
            for start, n, s in zip(place, sizes, strides, strict=True)
        ]
        yield padded[(slice(None), *reach)]


def _convolution(
    inputs: Any, window: Any, strides: Sizes, padding: Padding, dilation: Sizes
) -> Any:
    """`lax`'s convolution of the dilated inputs, its input never smaller than its window."""
    sizes, reach = inputs.shape[1:-1], window.shape[:-2]
    if max(strides) > 1 or math.prod(reach) <= math.prod(sizes):
        return _plain(inputs, window, strides, padding, dilation)
    explicit, rest, lengths = [], [], []
    for n, k, d, (low, high) in zip(sizes, reach, dilation, padding, strict=True):
        before, after = max(low, 0) // d, max(high, 0) // d
        # More zeros at the far end where that is not enough; what they add is cut off.
        more = max(k - n - before - after, 0)
        explicit.append((before, after + more))
        rest.append((low - before * d, high - after * d))
        lengths.append((n - 1) * d + 1 + low + high - k + 1)
    # The barrier keeps XLA from seeing the zeros, which it would take for padding.
    grown = lax.optimization_barrier(jnp.pad(inputs, ((0, 0), *explicit, (0, 0))))
    found = _plain(grown, window, strides, tuple(rest), dilation)
    return found[(slice(None), *(slice(0, length) for length in lengths))]


def _plain(inputs: Any, window: Any, strides: Sizes, padding: Padding, dilation: Sizes) -> Any:
    letters = "DHW"[-len(strides) :]
    layout = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    return lax.conv_general_dilated(
        inputs, window, strides, padding, lhs_dilation=dilation, dimension_numbers=layout
    )


def _convolve_forward(
    inputs: Any, window: Any, strides: Sizes, padding: Padding
) -> tuple[Any, tuple[Any, Any]]:
    return convolve(inputs, window, strides, padding), (inputs, window)


def _convolve_backward(
    strides: Sizes, padding: Padding, saved: tuple[Any, Any], gradient: Any
) -> tuple[Any, Any]:
    inputs, window = saved
    return (
        spread(gradient, window, strides, padding, inputs.shape[1:-1]),
        correlate(inputs, gradient, strides, padding, window.shape[:-2]),
    )


def _spread_forward(
    outputs: Any, window: Any, strides: Sizes, padding: Padding, sizes: Sizes
) -> tuple[Any, tuple[Any, Any]]:
    return spread(outputs, window, strides, padding, sizes), (outputs, window)


def _spread_backward(
    strides: Sizes, padding: Padding, sizes: Sizes, saved: tuple[Any, Any], gradient: Any
) -> tuple[Any, Any]:
    outputs, window = saved
    return (
        convolve(gradient, window, strides, padding),
        correlate(gradient, outputs, strides, padding, window.shape[:-2]),
    )


def _correlate_forward(
    inputs: Any, outputs: Any, strides: Sizes, padding: Padding, window: Sizes
) -> tuple[Any, tuple[Any, Any]]:
    return correlate(inputs, outputs, strides, padding, window), (inputs, outputs)


def _correlate_backward(
    strides: Sizes, padding: Padding, window: Sizes, saved: tuple[Any, Any], gradient: Any
) -> tuple[Any, Any]:
    inputs, outputs = saved
    return (
        spread(outputs, gradient, strides, padding, inputs.shape[1:-1]),
        convolve(inputs, gradient, strides, padding),
    )


convolve.defvjp(_convolve_forward, _convolve_backward)
spread.defvjp(_spread_forward, _spread_backward)
correlate.defvjp(_correlate_forward, _correlate_backward)
