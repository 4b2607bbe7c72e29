"""The settings that models are measured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHAPES = {"image": (32, 32, 3), "sequence": (128, 4), "vector": (64,)}
"""Kind of data → shape; a model is measured with the first kind that it accepts."""

GRAY = (28, 28, 1)
CLASSES = 10

# Models that are measured at another size, or with other settings than the defaults of their class.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "shallow_autoencoder": {"shape": GRAY},
    "conv_autoencoder": {"shape": GRAY},
    "vae": {"shape": GRAY},
    "gan": {"shape": GRAY},
    "cgan": {"shape": GRAY},
}


def settings_of(name: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The settings that a model is measured with, beyond its defaults.

    A required number of classes is 10; another required setting has the value that tests use.

    Args:
        name: A model that `zoo.registry.describe` knows.
        overrides: Settings that replace the usual ones.
    """
    from zoo.registry import describe

    row = describe(name)
    accepted = row.load().accepts
    shape = next(shape for kind, shape in SHAPES.items() if kind in accepted)
    chosen = {"shape": shape, **SETTINGS.get(name, {}), **(overrides or {})}
    for field in row.fields().values():
        if field.required and field.name not in chosen:
            chosen[field.name] = CLASSES if field.name == "num_classes" else field.tiny
    return chosen
