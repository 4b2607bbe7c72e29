"""Networks of maps, of any height and width."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import keras

from zoo.errors import ModelError
from zoo.layers import CropLike, ReflectToStep

FIXED = ("Flatten", "Reshape", "Tile", "BroadcastTo", "Embedding")
"""Operations that hold one size."""

NOTHING: Mapping[int, Any] = MappingProxyType({})
Sizes = tuple[int, ...]
"""Of the spatial axes of a map: a length, or height and width."""


def of_any_size(network: keras.Model) -> keras.Model:
    """A network with the same layers whose maps may have any length, or height and width, from 1.

    It is for translators and upscalers (`model.translator`, `model.upscaler`), which see a part of
    a map at a time; `export.to_onnx` writes it with sizes that are unknown. It gives what the
    network gives at its own size. A network that halves a map k times pads and crops alike all
    sizes that differ from its own by multiples of 2ᵏ: maps of other sizes are reflected at their
    far edges up to the next of these, and what is made of them is cropped back.

    Args:
        network: A functional network of maps of one size, with the inputs and outputs by name.

    Raises:
        ModelError: The network has an operation that holds one size, or makes maps of a size that
            is no whole multiple of what it reads.
    """
    sizes = _own_sizes(network)
    step = _step(network)
    factors = _factors(network, sizes)
    _factors(network, tuple(size + step * axis for axis, size in enumerate(sizes, 1)))
    inputs = _inputs(network, [None] * len(sizes))
    least = _least(network, sizes, step)
    if step == max(least) == 1:
        return _called(network, inputs)
    reflected = {
        id(x): ReflectToStep(step, least, name=f"{name}_reflected")(x) for name, x in inputs.items()
    }
    like = next(iter(inputs.values()))
    outputs = {
        name: CropLike(factors[name], name=f"{name}_cropped")([x, like])
        for name, x in _called(network, inputs, reflected).output.items()
    }
    return keras.Model(inputs, outputs, name=network.name)


def _own_sizes(network: keras.Model) -> Sizes:
    """The one size of the maps that a network reads.

    Raises:
        ModelError: It reads something else, or maps of several sizes, or holds a size.
    """
    fixed = [x for x in network.operations if type(x).__name__ in FIXED]
    if fixed:
        raise _refused(network, f"{fixed[0].name!r}, a {type(fixed[0]).__name__}")
    read = {tuple(x.shape[1:-1]) for x in network.input.values()}
    sizes = next(iter(read))
    if not sizes:
        raise _refused(network, "no map")
    if len(read) > 1 or None in sizes:
        raise _refused(network, f"maps of {sorted(read, key=str)}")
    return sizes


def _step(network: keras.Model) -> int:
    """What a network divides sizes by: the product of its strides, but for transposed ones."""
    operations = {id(x): x for x in (*network.operations, *network._flatten_layers())}
    strides = (
        getattr(x, "strides", None) or 1
        for x in operations.values()
        if "Transpose" not in type(x).__name__
    )
    return math.prod(x if isinstance(x, int) else max(x) for x in strides)


def _least(network: keras.Model, sizes: Sizes, step: int) -> Sizes:
    """The smallest sizes on which a network runs that differ from its own by whole steps."""
    least = tuple((size - 1) % step + 1 for size in sizes)
    while least != sizes:
        try:
            _sizes_made(network, least)
        except ModelError:
            least = tuple(min(a + step, b) for a, b in zip(least, sizes, strict=True))
        else:
            break
    return least


def _sizes_made(network: keras.Model, sizes: Sizes) -> dict[str, Sizes]:
    """The sizes of a network's outputs for inputs of a size.

    Raises:
        ModelError: The network does not run on that size.
    """
    made = _called(network, _inputs(network, sizes))
    return {name: tuple(x.shape[1:-1]) for name, x in made.output.items()}


def _factors(network: keras.Model, sizes: Sizes) -> dict[str, Sizes]:
    """How many times as large as an input of a size each output is, along each axis.

    Raises:
        ModelError: One is not a whole number of times as large.
    """
    made = _sizes_made(network, sizes)
    for name, own in made.items():
        if 0 in own or any(b % a for a, b in zip(sizes, own, strict=True)):
            raise _refused(network, f"{name!r} of {own} made of {sizes}")
    return {
        name: tuple(b // a for a, b in zip(sizes, own, strict=True)) for name, own in made.items()
    }


def _inputs(network: keras.Model, sizes: Sequence[int | None]) -> dict[str, Any]:
    """Inputs of a network with other sizes, of which None is any."""
    return {
        name: keras.Input((*sizes, x.shape[-1]), dtype=x.dtype, name=name)
        for name, x in network.input.items()
    }


def _called(
    network: keras.Model, inputs: Mapping[str, Any], changed: Mapping[int, Any] = NOTHING
) -> keras.Model:
    """The layers of a network, called on other inputs.

    Args:
        network: The network.
        inputs: The inputs by name.
        changed: What the layers read in the place of an input, by its `id`.

    Raises:
        ModelError: An operation does not take the sizes that come to it.
    """

    def call(operation: Any, *arguments: Any, **options: Any) -> Any:
        read = keras.tree.map_structure(lambda x: changed.get(id(x), x), (arguments, options))
        _check_reflected(operation, *read[0])
        return operation(*read[0], **read[1])

    try:
        made: keras.Model = keras.models.clone_model(
            network, input_tensors=inputs, clone_function=lambda layer: layer, call_function=call
        )
    except Exception as error:  # each backend has its own for shapes that do not fit
        sizes = [tuple(x.shape[1:-1]) for x in inputs.values()]
        reason = str(error).strip().partition("\n")[0]
        raise _refused(network, f"an error for maps of {sizes[0]}: {reason}") from error
    return made


def _check_reflected(operation: Any, *arguments: Any) -> None:
    """Raises where a map is reflected that is no larger than what is reflected of it."""
    if type(operation).__name__ != "Pad" or operation.mode != "reflect":
        return
    for size, reach in zip(arguments[0].shape, operation.pad_width, strict=True):
        if size is not None and size <= max(reach):
            raise ValueError(f"a side of {size} cannot be reflected by {max(reach)}")


def _refused(network: keras.Model, found: str) -> ModelError:
    return ModelError(
        "A network of any size reads maps, makes maps of their size or of whole multiples, and "
        f"has no operation that holds their size. Received: {network.name!r} with {found}. "
        "Accepted: translators and upscalers of cyclegan, pix2pix and srgan, and the like."
    )
