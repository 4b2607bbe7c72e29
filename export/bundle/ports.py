"""The inputs and outputs of each part, and the fields of the data that the uses read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from export.errors import ExportError
from export.runtime.table import Port
from export.signature import Signature, TensorSpec
from zoo.uses import Use

Range = tuple[float, float] | None
Described = tuple[tuple[Port, ...], tuple[Port, ...]]
"""The inputs and the outputs of a part."""


@dataclass(frozen=True)
class Ports:
    """The ports of a bundle.

    Attributes:
        parts: The inputs and the outputs of each part.
        fields: The fields of the data that uses read, as the first part that reads each wants it.
    """

    parts: Mapping[str, Described]
    fields: dict[str, Port]


def describe(
    model: Any,
    signatures: Mapping[str, Signature],
    table: Mapping[str, Use],
    cardinality: Mapping[str, Mapping[str, int]],
) -> Ports:
    """The inputs and outputs of every part, and the fields of the data.

    Args:
        model: An object with a shape, a value range and extra fields.
        signatures: Of the parts.
        table: The resolved uses.
        cardinality: How many values integers take, by part and name.
    """
    ranges = _ranges(model, signatures, table)

    def port(part: str, tensor: TensorSpec) -> Port:
        limit = cardinality[part].get(tensor.name) if tensor.is_integer else None
        limits = ranges.get((part, tensor.name)) if tensor.is_float else None
        return Port(tensor.name, tensor.dtype, tensor.shape[1:], limit, limits)

    parts = {
        name: (
            tuple(port(name, tensor) for tensor in signature.inputs),
            tuple(port(name, tensor) for tensor in signature.outputs),
        )
        for name, signature in signatures.items()
    }
    return Ports(parts, _fields(model, table, parts))


def _fields(
    model: Any, table: Mapping[str, Use], described: Mapping[str, Described]
) -> dict[str, Port]:
    names = ("data", "labels", *_extra(model))
    found: dict[str, Port] = {}
    for use in table.values():
        for value in use.inputs:
            if value in names and value not in found:
                part, own = next(use.readers(value))
                port = next(port for port in described[part][0] if port.name == own)
                found[value] = Port(value, port.dtype, port.shape, port.cardinality, port.range)
    return found


def check_data(data: Any, known: Mapping[str, Port]) -> None:
    """Raises unless a batch of data holds fields that the uses read, each as they read it.

    Fields that no use reads are left alone.

    Raises:
        ExportError: The batch is no mapping, holds no such field, or one of another shape or kind.
    """
    accepted = ", ".join(f"{name} {port.dtype} {port.shape}" for name, port in known.items())
    if not isinstance(data, Mapping) or not set(data) & set(known):
        received = ", ".join(map(str, data)) if isinstance(data, Mapping) else type(data).__name__
        raise ExportError(
            "Real inputs are the fields of a batch of data, by name. "
            f"Received: {received or 'none'}. Accepted: {accepted}."
        )
    for name in set(data) & set(known):
        array, port = np.asarray(data[name]), known[name]
        fits = array.ndim == len(port.shape) + 1 and all(
            size in (None, length) for size, length in zip(port.shape, array.shape[1:], strict=True)
        )
        if not fits or len(array) == 0 or not np.can_cast(array.dtype, port.dtype, "same_kind"):
            raise ExportError(
                f"Real inputs have the shape and kind that the uses read. Received: {name} "
                f"{array.dtype} {array.shape}. Accepted: {accepted}, each with a batch in front."
            )


def _ranges(
    model: Any, signatures: Mapping[str, Signature], table: Mapping[str, Use]
) -> dict[tuple[str, str], Range]:
    """The ranges of inputs and outputs that hold data, by part and name.

    An input holds data where it reads a field of them; what it reads of another part, and every
    output named like a field, is data as well.
    """
    if model.value_range is None:
        return {}
    limits = (float(model.value_range[0]), float(model.value_range[1]))
    ranged = {"data", *(name for name, shape in _extra(model).items() if _alike(shape, model))}
    found: dict[tuple[str, str], Range] = {
        (part, tensor.name): limits
        for part, signature in signatures.items()
        for tensor in signature.outputs
        if tensor.name in ranged
    }
    for use in table.values():
        steps = {step.name: step.part for step in use.steps}
        for value in ranged & set(use.inputs):
            found |= dict.fromkeys(use.readers(value), limits)
        for step in use.steps:
            for port, value in step.reads.items():
                maker, _, output = value.partition("/")
                if output and (step.part, port) in found:
                    found[steps[maker], output] = limits
    return found


def _extra(model: Any) -> Mapping[str, tuple[int, ...]]:
    """The fields beside `data` and `labels` that a model reads, and their shapes."""
    return getattr(model, "reads", {})


def _alike(shape: tuple[int, ...], model: Any) -> bool:
    """Whether a field has the data's rank and channels, so that it is scaled as they are."""
    return len(shape) == len(model.shape) and shape[-1] == model.shape[-1]
