"""The settings of a model, saved and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import keras

from zoo.errors import ModelError
from zoo.model.optimizers import stored
from zoo.settings import FORMAT


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
        load = keras.saving.deserialize_keras_object
        return cls(
            **{
                name: load(value, custom_objects) if _is_keras_config(value) else value
                for name, value in settings.items()
            }
        )


def _stored(value: Any) -> Any:
    """A setting in JSON terms."""
    if isinstance(value, keras.optimizers.Optimizer):
        return stored(value)
    return keras.saving.serialize_keras_object(value) if hasattr(value, "get_config") else value


def _is_keras_config(value: Any) -> bool:
    return isinstance(value, dict) and "class_name" in value
