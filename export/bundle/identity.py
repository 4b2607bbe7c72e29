"""The name and paper of a model, and its twin that computes in float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_float32(model: Any) -> Any:
    """The model itself, or a float32 one with its weights where it computes in less."""
    if model.settings.get("precision", "float32") == "float32":
        return model
    twin = type(model)(**{**model.settings, "precision": "float32"})
    twin.set_weights(model.get_weights())
    return twin


def identity(model: Any, run: Mapping[str, Any] | None) -> tuple[str, str]:
    """The model's name and paper: the registry's, else those of its class."""
    from zoo.registry import models

    target = f"{type(model).__module__}:{type(model).__qualname__}"
    rows = {name: row for name, row in models().items() if row.target == target}
    fitting = [
        name
        for name, row in rows.items()
        if all(model.settings.get(key) == value for key, value in row.settings.items())
    ]
    trained_as = (run or {}).get("name")
    if trained_as in rows:
        fitting.append(trained_as)
    first_line = (type(model).__doc__ or "").strip().partition("\n")[0]
    if fitting:
        return fitting[-1], rows[fitting[-1]].paper or first_line
    return type(model).__name__, getattr(model, "paper", first_line)


def class_names(model: Any, run: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The names of the classes that a run's data have; None where they do not fit the model."""
    names = (run or {}).get("class_names")
    if names is None or len(names) != model.num_classes:
        return None
    return tuple(str(name) for name in names)
