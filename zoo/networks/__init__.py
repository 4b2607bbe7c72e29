"""Networks: functions that return functional Keras models with named inputs and outputs.

A family is a module with two functions of the same keywords, `width` and `depth` among them:

- `encoder(shape, heads, …)`: `"data"` → one output a head, each `(batch, units)`;
- `decoder(latent_dim, shape, …)`: `"latent"` `(batch, latent_dim)` → `"data"`.

Both read `"labels"` too where `num_classes` is given. Another family is another module and a row
of `FAMILIES`.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import keras

from zoo.errors import ModelError
from zoo.networks import conv, mlp, resnet
from zoo.networks.blocks import logits

FAMILIES: dict[str, ModuleType] = {"mlp": mlp, "conv": conv, "resnet": resnet}

__all__ = ["FAMILIES", "conv", "decoder", "encoder", "family", "logits", "mlp", "resnet"]


def family(network: str | None, shape: Sequence[int]) -> ModuleType:
    """The family of a name; by default `mlp` for vectors and `conv` for all else.

    Raises:
        ModelError: The name is unknown, or the family cannot make networks of that shape.
    """
    name = network or ("mlp" if len(shape) == 1 else "conv")
    if name not in FAMILIES:
        raise ModelError(f"network is one of {', '.join(FAMILIES)}. Received: {network!r}")
    if name != "mlp" and len(shape) == 1:
        raise ModelError(f"Vectors {tuple(shape)} need the network 'mlp'. Received: {network!r}")
    return FAMILIES[name]


def encoder(
    network: str | None, shape: Sequence[int], heads: Mapping[str, int], **options: Any
) -> keras.Model:
    """A network from data to the named heads; see the family's own function for the options."""
    make = family(network, shape).encoder
    _check(make, options)
    return make(tuple(shape), heads, **options)


def decoder(
    network: str | None, latent_dim: int, shape: Sequence[int], **options: Any
) -> keras.Model:
    """A network from a latent to data; see the family's own function for the options."""
    if latent_dim < 1:
        raise ModelError(f"latent_dim is at least 1. Received: {latent_dim}")
    make = family(network, shape).decoder
    _check(make, options)
    return make(latent_dim, tuple(shape), **options)


def _check(make: Callable[..., keras.Model], options: Mapping[str, Any]) -> None:
    """Refuses keywords that a family's function does not have."""
    parameters = inspect.signature(make).parameters.values()
    accepted = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    unknown = [name for name in options if name not in accepted]
    if unknown:
        raise ModelError(
            f"A network has no option {unknown[0]!r}. Accepted: {', '.join(accepted)}."
        )
