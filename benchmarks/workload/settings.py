"""The settings that models are measured with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLOR = (32, 32, 3)
GRAY = (28, 28, 1)
CLASSES = 10

# Models that are measured at another size than 32×32×3, or with other settings. A model without a
# row is measured with the defaults of its class.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "shallow_autoencoder": {"shape": GRAY},
    "conv_autoencoder": {"shape": GRAY},
    "vae": {"shape": GRAY},
    "gan": {"shape": GRAY},
    "cgan": {"shape": GRAY},
}


def settings_of(name: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The settings that a model is measured with, beyond its defaults.

    A required number of classes is 10; any other required setting has the value that tests use.

    Args:
        name: A model that `zoo.registry.describe` knows.
        overrides: Settings that replace the usual ones.
    """
    from zoo.registry import describe

    chosen = {"shape": COLOR, **SETTINGS.get(name, {}), **(overrides or {})}
    for field in describe(name).fields().values():
        if field.required and field.name not in chosen:
            chosen[field.name] = CLASSES if field.name == "num_classes" else field.tiny
    return chosen
