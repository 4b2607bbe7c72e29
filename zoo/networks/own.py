"""Networks that users bring in the place of a family's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from zoo.errors import ModelError

Shapes = Mapping[str, tuple[int, ...] | None]
RATES = ("rate", "dropout", "recurrent_dropout", "stddev")


def call_own(
    network: keras.Model, inputs: Mapping[str, Any], makes: Shapes, name: str
) -> dict[str, Any]:
    """The outputs of a user's network: by name, or in order where the names differ.

    Args:
        network: A functional or sequential Keras model.
        inputs: Port → symbolic tensor.
        makes: Output name → shape without the batch; None accepts any.
        name: The part's name, for messages.

    Raises:
        ModelError: The network is not functional, does not fit, or draws noise of its own.
    """
    given = arranged(network, inputs, name)
    _check_deterministic(network, name)
    outputs = network(given)
    if not isinstance(outputs, dict):
        tensors = keras.tree.flatten(outputs)
        outputs = dict(zip(makes, tensors, strict=False)) if len(tensors) == len(makes) else {}
    made = {port: tuple(tensor.shape[1:]) for port, tensor in outputs.items()}
    if set(made) != set(makes) or any(makes[p] not in (None, shape) for p, shape in made.items()):
        raise ModelError(
            f"{name} makes {_listed(makes)}, without an output activation. Received: "
            f"{_listed(made) if made else f'{len(keras.tree.flatten(network.outputs))} outputs'}"
        )
    return {port: outputs[port] for port in makes}


def arranged(network: keras.Model, inputs: Mapping[str, Any], name: str) -> Any:
    """The inputs in the structure that a user's network takes.

    Args:
        network: A functional or sequential Keras model.
        inputs: Port → symbolic tensor.
        name: The part's name, for messages.

    Raises:
        ModelError: The network is not functional, or reads others.
    """
    if not isinstance(network, keras.Model) or not getattr(network, "inputs", None):
        raise ModelError(
            f"{name} is a functional Keras model. Received: {type(network).__name__}. Accepted: "
            "keras.Model(inputs, outputs), or a keras.Sequential that begins with a keras.Input."
        )
    received = {tensor.name: tuple(tensor.shape[1:]) for tensor in network.inputs}
    wanted = {port: tuple(tensor.shape[1:]) for port, tensor in inputs.items()}
    ports = list(received) if set(received) == set(wanted) else list(wanted)
    expected = [wanted[port] for port in ports]
    if len(received) != len(expected) or not all(map(_fits, received.values(), expected)):
        raise ModelError(
            f"{name} reads {_listed(wanted)}, by these names or in this order. "
            f"Received: {_listed(received)}"
        )
    given = [inputs[port] for port in ports]
    structure = given[0] if isinstance(network, keras.Sequential) else network.input
    return keras.tree.pack_sequence_as(structure, given)


def _fits(received: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether an input of a shape, in which None is any size, takes tensors of another."""
    return len(received) == len(wanted) and all(
        have in (None, want) for have, want in zip(received, wanted, strict=True)
    )


def _check_deterministic(network: keras.Model, name: str) -> None:
    """Raises where a layer would draw noise of its own, which differs between backends."""
    for layer in network._flatten_layers(include_self=False):
        if getattr(layer, "seed_generator", None) is None:
            continue
        if any(getattr(layer, rate, 0) for rate in RATES if not callable(getattr(layer, rate, 0))):
            raise ModelError(
                f"Noise is an input of a model, so that backends agree and runs resume. Received: "
                f"the layer {layer.name!r} of {name}, which draws its own. Accepted: a rate of 0."
            )


def _listed(shapes: Mapping[str, Any]) -> str:
    return ", ".join(f"{port} {'any' if s is None else s}" for port, s in shapes.items())
