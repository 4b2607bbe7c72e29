"""Networks of maps, of any height and width."""

from __future__ import annotations

from typing import Any

import keras

from zoo.errors import ModelError

CROPS = (keras.layers.Cropping1D, keras.layers.Cropping2D)
FIXED = ("Flatten", "Reshape", "Tile", "BroadcastTo", "Embedding")
"""Operations that hold one size."""


def of_any_size(network: keras.Model) -> keras.Model:
    """A network with the same layers whose maps may have any length, or height and width.

    It is for translators and upscalers (`model.translator`, `model.upscaler`), which see a part of
    a map at a time; `export.to_onnx` writes it with sizes that are unknown. A network that halves a
    map k times takes multiples of 2ᵏ: it does not crop what odd sizes add.

    Args:
        network: A functional network of maps, with the inputs and outputs by name.

    Raises:
        ModelError: The network has an operation that holds one size.
    """
    fixed = [x for x in network.operations if type(x).__name__ in FIXED]
    maps = any(len(x.shape) > 2 for x in network.input.values())
    if fixed or not maps:
        found = f"{fixed[0].name!r}, a {type(fixed[0]).__name__}" if fixed else "no map"
        raise ModelError(
            "A network of any size reads maps and has no operation that holds their size. "
            f"Received: {network.name!r} with {found}. Accepted: translators and upscalers of "
            "cyclegan, pix2pix and srgan, and the like."
        )
    inputs = {
        name: keras.Input(
            (*(None for _ in x.shape[1:-1]), *x.shape[1:][-1:]), dtype=x.dtype, name=name
        )
        for name, x in network.input.items()
    }

    def call(layer: Any, *arguments: Any, **options: Any) -> Any:
        return arguments[0] if isinstance(layer, CROPS) else layer(*arguments, **options)

    made: keras.Model = keras.models.clone_model(
        network, input_tensors=inputs, clone_function=lambda layer: layer, call_function=call
    )
    return made
