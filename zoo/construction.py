"""What happens around a model's constructor: settings are recorded, checked, and kept."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import keras

from zoo.errors import ModelError
from zoo.initialization import numpy_weights

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


class Construction(type(keras.Model)):  # type: ignore[misc]
    """Finishes a model when its outermost constructor is done, whatever class that is."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        settings = _settings(cls, args, kwargs)
        precision = settings.get("precision", "float32")
        if precision not in PRECISIONS:
            raise ModelError(
                f"precision must be one of {', '.join(PRECISIONS)}. Received: {precision!r}"
            )
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(precision)
        try:
            with numpy_weights(settings.get("seed", 0)):
                model = super().__call__(*args, **kwargs)
            model._finish(settings)
        finally:
            keras.config.set_dtype_policy(before)
        return model


def _settings(cls: type, args: tuple, kwargs: dict) -> dict[str, Any]:
    """The constructor's keywords with their values, defaults included."""
    settings: dict[str, Any] = {}
    for keyword in accepted_settings(cls).values():
        settings[keyword.name] = keyword.default
    try:
        constructor = inspect.signature(cls.__init__)  # type: ignore[misc]
        bound = constructor.bind(None, *args, **kwargs)
    except TypeError as error:
        raise ModelError(
            f"{cls.__name__}: {error}. Accepted: {', '.join(accepted_settings(cls))}."
        ) from None
    received = dict(list(bound.arguments.items())[1:])
    received |= received.pop("options", {})
    unknown = [name for name in received if name not in settings]
    if unknown:
        raise ModelError(
            f"{cls.__name__} has no setting {unknown[0]!r}. Accepted: {', '.join(settings)}."
        )
    return settings | received


def accepted_settings(cls: type) -> dict[str, inspect.Parameter]:
    """The keywords that a model class accepts, its bases' included, in reading order."""
    accepted: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        constructor = base.__dict__.get("__init__")
        if constructor is None:
            continue
        parameters = inspect.signature(constructor).parameters.values()
        for parameter in list(parameters)[1:]:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                accepted.setdefault(parameter.name, parameter)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return accepted


def checked_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of one sample as a tuple, refused where it is none."""
    try:
        sizes = tuple(int(size) for size in shape)
    except (TypeError, ValueError):
        raise ModelError(f"shape is a tuple of whole numbers. Received: {shape!r}") from None
    if not 1 <= len(sizes) <= 3 or min(sizes) < 1:
        raise ModelError(
            "shape is (features,), (time, channels) or (height, width, channels). "
            f"Received: {tuple(shape)}"
        )
    return sizes


def checked_range(value_range: Sequence[float] | None) -> tuple[float, float] | None:
    """A range that an output activation has, refused where it is none."""
    if value_range is None:
        return None
    low, high = (float(bound) for bound in value_range)
    if (low, high) not in ((0.0, 1.0), (-1.0, 1.0)):
        raise ModelError(f"value_range is (0, 1), (-1, 1) or None. Received: {value_range}")
    return low, high
