"""The settings of a model, saved and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import keras

from zoo.errors import ModelError
from zoo.model.optimizers import stored
from zoo.registry.classes import load_class, target_of
from zoo.settings import FORMAT

TARGET = "target"
"""Where a stored model tells its class, as `zoo.registry.classes.load_class` reads it."""


class Stored:
    """Turns a model into its settings, and back; a base of `GenerativeModel`."""

    settings: Mapping[str, Any]

    def get_config(self) -> dict[str, Any]:
        """The settings in JSON terms; networks, optimizers and schedules as Keras stores them."""
        return {"format": FORMAT} | {name: _stored(v) for name, v in self.settings.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """Makes a model from `get_config`, also as JSON gives it back.

        Raises:
            ModelError: The configuration is another version's.
        """
        settings = dict(config)
        if settings.pop("format", 1) != FORMAT:
            raise ModelError(
                f"A model's configuration has format {FORMAT}. Received: "
                f"{config.get('format', 1)}, of another version of genzoo, whose networks differ. "
                "Accepted: a model trained anew."
            )
        return cls(
            **{
                name: _restored(value, custom_objects) if _is_keras_config(value) else value
                for name, value in settings.items()
            }
        )


def _stored(value: Any) -> Any:
    """A setting in JSON terms."""
    if isinstance(value, keras.optimizers.Optimizer):
        return stored(value)
    if not hasattr(value, "get_config"):
        return value
    config = keras.saving.serialize_keras_object(value)
    return config | {TARGET: target_of(type(value))} if isinstance(value, Stored) else config


def _restored(config: dict[str, Any], custom_objects: Any) -> Any:
    """What `_stored` stored. Keras finds the class of a model only where it has been imported."""
    target = config.get(TARGET)
    if target is None and str(config.get("module")).startswith("zoo."):
        target = f"{config['module']}:{config['class_name']}"  # of files that tell no target
    known = keras.saving.get_registered_object(config.get("registered_name"), custom_objects)
    if target is not None and known is None:
        load_class(target)
    return keras.saving.deserialize_keras_object(config, custom_objects)


def _is_keras_config(value: Any) -> bool:
    return isinstance(value, dict) and "class_name" in value
