"""Settings: typed class fields, each with its default, bounds and one sentence, stated once."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

from zoo.errors import ModelError, suggestion

REQUIRED: Any = inspect.Parameter.empty
FORMAT = 2
"""The format of a model's configuration; 1 was that of genzoo 0.1."""
BOUNDS = {
    "at_least": (lambda value, bound: value >= bound, "at least"),
    "above": (lambda value, bound: value > bound, "above"),
    "at_most": (lambda value, bound: value <= bound, "at most"),
    "below": (lambda value, bound: value < bound, "below"),
}


@dataclass(frozen=True)
class Setting:
    """One setting: on a class this record, on a model its value, which is never assigned.

    Attributes:
        doc: One sentence.
        default: Its value where none is given; `REQUIRED` where there has to be one.
        bounds: Names of `BOUNDS` → limits of a number, or of each number of a sequence.
        tiny: The value that tests use, where it is not the default.
        name: The field's name.
        type: The field's annotation, evaluated.
    """

    doc: str
    default: Any = REQUIRED
    bounds: Mapping[str, float] = field(default_factory=dict)
    tiny: Any = REQUIRED
    name: str = ""
    type: Any = Any

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        return self if model is None else model.settings[self.name]

    def __set__(self, model: Any, value: Any) -> None:
        if "settings" in vars(model):
            raise AttributeError(
                f"{self.name!r} is a setting of {type(model).__name__} and is never assigned."
            )
        # Keras's constructor assigns attributes of its own first, such as `loss`.

    @property
    def required(self) -> bool:
        """Whether the setting has no default."""
        return self.default is REQUIRED

    @property
    def type_name(self) -> str:
        """The type in words."""
        return words(self.type)

    @property
    def rule(self) -> str:
        """The type and the bounds in words."""
        limits = (f"{BOUNDS[name][1]} {bound:g}" for name, bound in self.bounds.items())
        return ", ".join([self.type_name, *limits])

    def check(self, value: Any) -> Any:
        """Returns the value in the setting's type.

        Raises:
            ModelError: The value has another type or is out of bounds.
        """
        if value is self.default:
            return value
        try:
            value = typed(value, self.type)
        except TypeError:
            raise self._error(value) from None
        numbers = value if isinstance(value, tuple) else (value,)
        for number in numbers:
            if isinstance(number, Real) and not all(
                BOUNDS[name][0](number, bound) for name, bound in self.bounds.items()
            ):
                raise self._error(value)
        return value

    def _error(self, value: Any) -> ModelError:
        return ModelError(f"{self.name} is {self.rule}. Received: {value!r}")


def setting(doc: str, *, default: Any = REQUIRED, tiny: Any = REQUIRED, **bounds: float) -> Any:
    """Declares a setting as a class field.

    A setting of type `keras.Model` is a network: the user's own, or None for the one that
    `assemble` makes under the same name.

    Args:
        doc: One sentence that tells what it is.
        default: Its default; without one the setting is required.
        tiny: The value that tests use, where the default makes a large model.
        bounds: `at_least`, `above`, `at_most`, `below`.
    """
    if unknown := [name for name in bounds if name not in BOUNDS]:
        raise TypeError(f"A bound is one of {', '.join(BOUNDS)}. Received: {unknown[0]}")
    return Setting(doc, default, bounds, tiny)


class Settings:
    """A class whose settings are its fields and its bases' fields.

    A subclass that only changes a default assigns it: `latent_dim = 128`. One that has no use for a
    setting of its bases names it in `lacks`.
    """

    fields: ClassVar[Mapping[str, Setting]] = {}
    declared: ClassVar[Mapping[str, Setting]] = {}
    """Those of the fields that the class itself states, or changes the default of."""
    lacks: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        fields: dict[str, Setting] = {}
        for base in reversed(cls.__mro__[1:]):
            fields |= vars(base).get("declared", {})
        declared: dict[str, Setting] = {}
        hints = inspect.get_annotations(cls, eval_str=True)
        for name, value in list(vars(cls).items()):
            if isinstance(value, Setting):
                fields[name] = replace(value, name=name, type=hints.get(name, Any))
            elif name in fields and not isinstance(value, property):
                changed = replace(
                    fields[name], default=value, type=hints.get(name, fields[name].type)
                )
                fields[name] = replace(
                    changed, default=replace(changed, default=REQUIRED).check(value)
                )
            else:
                continue
            declared[name] = fields[name]
            if is_network(fields[name]):
                delattr(cls, name)  # an attribute that `assemble` assigns and Keras tracks
            else:
                setattr(cls, name, fields[name])
        for name in cls.lacks:
            fields.pop(name, None)
        cls.fields = types.MappingProxyType(fields)
        cls.declared = types.MappingProxyType(declared)
        parameters = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type
            )
            for name, f in fields.items()
        ]
        cls.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]

    @classmethod
    def settled(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Every setting's checked value: the given ones, and the defaults of the others.

        Raises:
            ModelError: A setting is unknown, missing, of another type or out of bounds.
        """
        for name in given:
            if name not in cls.fields:
                raise ModelError(
                    f"{cls.__name__} has no setting {name!r}.{suggestion(name, cls.fields)} "
                    f"Accepted: {', '.join(cls.fields)}."
                )
        for name, f in cls.fields.items():
            if f.required and name not in given:
                raise ModelError(f"{cls.__name__} needs the setting {name}: {f.doc}")
        return types.MappingProxyType(
            {
                name: f.check(given[name]) if name in given else f.default
                for name, f in cls.fields.items()
            }
        )

    @classmethod
    def tiny(cls) -> dict[str, Any]:
        """The settings that make a model small enough for tests."""
        return {name: f.tiny for name, f in cls.fields.items() if f.tiny is not REQUIRED}


def is_network(field: Setting) -> bool:
    """Whether a setting is a network of the user's own, or a trained model."""
    import keras

    kinds = (field.type, *get_args(field.type))
    return any(isinstance(kind, type) and issubclass(kind, keras.Model) for kind in kinds)


def is_trained_model(field: Setting) -> bool:
    """Whether a setting is a trained model of the zoo."""
    from zoo.model import GenerativeModel

    kinds = (field.type, *get_args(field.type))
    return any(isinstance(kind, type) and issubclass(kind, GenerativeModel) for kind in kinds)


def words(hint: Any) -> str:
    """A type as a reader calls it."""
    arms = get_args(hint)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(words(arm) for arm in arms)
    if origin is Literal:
        return " or ".join(map(repr, arms))
    if origin is tuple:
        return f"({', '.join('…' if arm is Ellipsis else words(arm) for arm in arms)})"
    names = {type(None): "None", int: "a whole number", float: "a number", str: "a text"}
    return names.get(hint) or str(getattr(hint, "__name__", hint))


def typed(value: Any, hint: Any) -> Any:
    """The value as the type that a hint asks for, where nothing is lost.

    Raises:
        TypeError: The value has another type.
    """
    origin, arms = get_origin(hint), get_args(hint)
    if hint is Any or (hint is type(None) and value is None):
        return value
    if origin in (Union, types.UnionType):
        for arm in arms:
            try:
                return typed(value, arm)
            except TypeError:
                continue
    elif origin is Literal and value in arms:
        return arms[arms.index(value)]
    elif origin is tuple and isinstance(value, tuple | list):
        hints = arms[:1] * len(value) if arms[-1] is Ellipsis else arms
        if len(hints) == len(value):
            return tuple(typed(entry, own) for entry, own in zip(value, hints, strict=True))
    elif hint in (int, float):
        number = isinstance(value, Integral if hint is int else Real) and value == value
        if number and type(value) is not bool:
            return hint(value)
    elif isinstance(origin or hint, type) and isinstance(value, origin or hint):
        return value
    raise TypeError(hint)
