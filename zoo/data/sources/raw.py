"""The yield of a source before checks: up to two splits, and what the source knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Split:
    """Unchecked samples, labels and further fields.

    `name` is for error messages, `details` for the description.
    """

    samples: Any
    labels: Any = None
    name: str = "x"
    details: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """The splits of a source, and what it knows better than could be inferred.

    `details` are for the description, `notes` are sentences to warn the caller with.
    """

    train: Split
    test: Split | None = None
    source_range: tuple[float, float] | None = None
    class_names: list[str] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
