"""What models that translate are trained on: pictures, and their edges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from zoo.data import Data
from zoo.data.combine import paired, unpaired
from zoo.metrics import Reference

TARGET, OTHER = "target", "other"


def edges(images: np.ndarray) -> np.ndarray:
    """The larger of the differences from the next pixels below and to the right, without sign.

    Args:
        images: `(count, height, width, channels)`; beyond the last pixels is 0.
    """
    signed = images.astype(np.result_type(images.dtype, np.int16))
    down, right = (np.abs(np.diff(signed, axis=axis, append=0)) for axis in (1, 2))
    return np.maximum(down, right).astype(images.dtype)


def of_edges(data: Data, fields: Iterable[str]) -> Data:
    """Edges as data, and the pictures as what a model reads beside them.

    Args:
        data: Images.
        fields: What the model reads: `target` makes pairs, `other` an order of its own for each.
    """
    drawn = replace(data.fields["data"], values=edges(data.samples))
    lines = data.replace(fields={**data.fields, "data": drawn})
    if TARGET in fields:
        return paired(lines, target=data)
    return unpaired(lines, other=data)


def reference_for(reference: Reference, fields: Iterable[str]) -> Reference:
    """The reference itself, or of a model that translates that of edges, by the same features."""
    if not {TARGET, OTHER}.intersection(fields):
        return reference
    train, test = (of_edges(data, fields) for data in (reference.train, reference.test))
    return Reference(train, test, features=reference.features, count=reference.count)


def missing(fields: Iterable[str], data: Any) -> list[str]:
    """The fields that neither the data have nor edges can stand for."""
    return [name for name in fields if name not in data.shapes and name not in (TARGET, OTHER)]
