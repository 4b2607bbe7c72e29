"""A workload is a chain of parts: each reads named values and adds its outputs to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class Link:
    """One part of a chain.

    `feeds` maps its inputs to the values they read, where the names differ: a decoder's `latent`
    reads an encoder's `mean`.
    """

    part: str
    feeds: Mapping[str, str] = field(default_factory=dict)


def follow(chain: Sequence[Link], call: Callable[[str, Mapping[str, str], Values], Values]) -> Any:
    """A function from inputs to the last part's outputs.

    Args:
        chain: The parts in order.
        call: Calls a part: its name, its feeds and all values so far → its outputs by name.
    """

    def run(inputs: Mapping[str, Any]) -> Values:
        values, outputs = dict(inputs), {}
        for link in chain:
            outputs = call(link.part, link.feeds, values)
            values |= outputs
        return outputs

    return run


def keras_chain(parts: Mapping[str, Any], chain: Sequence[Link]) -> Callable[[Values], Values]:
    """The chain of functional Keras models as a function of tensors, in inference mode."""
    import keras

    from zoo.inference import by_name

    def call(name: str, feeds: Mapping[str, str], values: Values) -> Values:
        part = parts[name]
        given = [values[feeds.get(tensor.name, tensor.name)] for tensor in part.inputs]
        structured = keras.tree.pack_sequence_as(part.input, given)
        return by_name(part, part(structured, training=False))

    return follow(chain, call)


def variables(parts: Mapping[str, Any], chain: Sequence[Link]) -> list[Any]:
    """The Keras variables that a chain reads, each once."""
    found = {id(v): v for link in chain for v in parts[link.part].variables}
    return list(found.values())
