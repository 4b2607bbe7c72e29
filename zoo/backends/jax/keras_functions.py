"""Faster forms of the convolutions and the max-pooling of Keras's JAX backend.

Layers and operations of Keras look these functions up in `keras.src.backend.jax.nn` at every call.
This module is the only one that replaces them there (checked on Keras 3.15), so models hold stock
Keras layers. Values are Keras's; only the order of sums differs. What a form does not know, such as
groups, dilation or symbolic sizes, goes to Keras's own function.

The forms have derivatives of every order in reverse mode; forward mode (`jax.jvp`) is not defined.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
from keras import config
from keras.src.backend.jax import nn

from zoo.backends.jax import convolution, pooling
from zoo.backends.jax.convolution import Padding, Sizes


def install() -> None:
    """Replaces Keras's functions, once; on devices other than CPUs, XLA's own forms are fast."""
    if jax.default_backend() != "cpu":
        return
    for form in (conv, conv_transpose, max_pool):
        kept = getattr(nn, form.__name__)
        if not is_replaced(kept):
            setattr(nn, form.__name__, _preferring(form, kept))


def is_replaced(function: Callable[..., Any]) -> bool:
    """Whether a function of Keras's backend is one that `install` has put there."""
    return hasattr(function, "form")


def _preferring(form: Callable[..., Any], kept: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes the form where that gives a result, else what Keras has."""

    @wraps(kept)
    def function(*args: Any, **kwargs: Any) -> Any:
        found = form(*args, **kwargs)
        return kept(*args, **kwargs) if found is None else found

    vars(function)["form"] = form
    return function


def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any | None:
    """The convolution of Keras's signature; None where Keras's own is to be used."""
    inputs, kernel = nn.convert_to_tensor(inputs), nn.convert_to_tensor(kernel)
    rank, window = inputs.ndim - 2, kernel.shape[:-2]
    if not _is_known(inputs, kernel, padding, data_format, dilation_rate):
        return None
    if inputs.shape[-1] != kernel.shape[-2]:
        return None
    steps, sizes = _per_axis(strides, rank), inputs.shape[1:-1]
    if padding == "valid":
        margins: Padding = ((0, 0),) * rank
        if any(k > n for k, n in zip(window, sizes, strict=True)):
            return None  # an empty result, which Keras refuses
    else:
        margins = tuple(
            _split((-(-n // s) - 1) * s + k - n)
            for n, s, k in zip(sizes, steps, window, strict=True)
        )
    return convolution.convolve(inputs.astype(kernel.dtype), kernel, steps, margins)


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any | None:
    """The transposed convolution of Keras's signature; None where Keras's own is to be used."""
    inputs, kernel = nn.convert_to_tensor(inputs), nn.convert_to_tensor(kernel)
    if not _is_known(inputs, kernel, padding, data_format, dilation_rate):
        return None
    if output_padding is not None or inputs.dtype != kernel.dtype:
        return None
    if inputs.shape[-1] != kernel.shape[-1]:
        return None
    steps, window = _per_axis(strides, inputs.ndim - 2), kernel.shape[:-2]
    if padding == "valid":
        margins: Padding = ((0, 0),) * len(steps)
        sizes = tuple(
            (n - 1) * s + max(k, s)
            for n, s, k in zip(inputs.shape[1:-1], steps, window, strict=True)
        )
    else:
        margins = tuple(_split(k - s) for s, k in zip(steps, window, strict=True))
        sizes = tuple(n * s for n, s in zip(inputs.shape[1:-1], steps, strict=True))
    return convolution.spread(inputs, kernel, steps, margins, sizes)


def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any | None:
    """The max-pooling of Keras's signature; None where Keras's own is to be used."""
    inputs = nn.convert_to_tensor(inputs)
    rank = inputs.ndim - 2
    if not _is_plain(inputs, padding, data_format) or not isinstance(inputs.shape[0], int):
        return None
    sizes = _per_axis(pool_size, rank)
    if strides is not None and _per_axis(strides, rank) != sizes:
        return None
    margins = []
    for size, length in zip(sizes, inputs.shape[1:-1], strict=True):
        if padding == "valid" and length < size:
            return None  # an empty result
        margins.append(_split(-length % size) if padding == "same" else (0, -(length % size)))
    return pooling.max_pool(inputs, sizes, tuple(margins))


def _is_known(
    inputs: Any, kernel: Any, padding: str, data_format: str | None, dilation_rate: Any
) -> bool:
    """Whether a convolution is one of those that the zoo's networks have."""
    return (
        _is_plain(inputs, padding, data_format)
        and kernel.ndim == inputs.ndim
        and max(_per_axis(dilation_rate, inputs.ndim - 2)) == 1
    )


def _is_plain(inputs: Any, padding: str, data_format: str | None) -> bool:
    """Whether inputs are sequences or images of floats, channels last, of known sizes."""
    return (
        inputs.ndim in (3, 4)
        and jnp.issubdtype(inputs.dtype, jnp.floating)
        and padding in ("same", "valid")
        and (data_format or config.image_data_format()) == "channels_last"
        # A converter's sizes may be symbols.
        and all(isinstance(size, int) for size in inputs.shape[1:])
    )


def _per_axis(setting: int | Sequence[int], rank: int) -> Sizes:
    return (setting,) * rank if isinstance(setting, int) else tuple(setting)


def _split(total: int) -> tuple[int, int]:
    """Zeros before and after, the odd one after; none of a negative total."""
    return max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
