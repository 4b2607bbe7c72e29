"""The name and paper of a model, and its twin that computes in float32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Identity:
    """The names by which a bundle is known.

    Attributes:
        name: Of the registry, else of the class.
        paper: The source that it is cited by.
        class_names: Of the data that a run was trained on, whether or not the model reads labels;
            None where they are not as many as its classes.
    """

    name: str
    paper: str
    class_names: tuple[str, ...] | None = None


def in_float32(model: Any) -> Any:
    """The model itself, or a float32 one with its weights where it computes in less."""
    if model.settings.get("precision", "float32") == "float32":
        return model
    twin = type(model)(**{**model.settings, "precision": "float32"})
    twin.set_weights(model.get_weights())
    return twin


def identify(model: Any, run: Mapping[str, Any] | None) -> Identity:
    """The names of a model: the registry's, else those of its class.

    Args:
        model: The model.
        run: The content of the run's `run.json`.
    """
    run = run or {}
    names = tuple(map(str, run.get("class_names") or ()))
    fits = bool(names) and model.num_classes in (None, len(names))
    name, paper = _name_and_paper(model, run.get("name"))
    return Identity(name, paper, names if fits else None)


def _name_and_paper(model: Any, trained_as: str | None) -> tuple[str, str]:
    from zoo.registry import models

    target = f"{type(model).__module__}:{type(model).__qualname__}"
    rows = {name: row for name, row in models().items() if row.target == target}
    fitting = [
        name
        for name, row in rows.items()
        if all(model.settings.get(key) == value for key, value in row.settings.items())
    ]
    if trained_as in rows:
        fitting.append(trained_as)
    first_line = (type(model).__doc__ or "").strip().partition("\n")[0]
    if fitting:
        return fitting[-1], rows[fitting[-1]].paper or first_line
    return type(model).__name__, getattr(model, "paper", first_line)


def parts_of_any_size(model: Any) -> dict[str, Any]:
    """The parts of a model in their form for maps of any size; none of most models."""
    parts: dict[str, Any] = getattr(model, "parts_of_any_size", dict)()
    return parts
