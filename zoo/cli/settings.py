"""A model's settings on the command line: `--set key=value`, typed by the fields."""

from __future__ import annotations

import json
import math
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.cli.errors import UsageError
from zoo.errors import suggestion
from zoo.settings import REQUIRED, Setting, is_network

WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NONE = ("none", "null")


def parse(assignments: Iterable[str], accepted: Mapping[str, Setting]) -> dict[str, Any]:
    """The values of `key=value` words; `key.entry=value` sets one entry of a mapping.

    Raises:
        UsageError: A key is unknown, a value has another type, or a word is no assignment.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or not path:
            raise UsageError(f"--set takes key=value. Received: {assignment!r}.")
        name, dot, entry = path.strip().partition(".")
        if name not in accepted:
            raise UsageError(_unknown(name, accepted))
        setting = accepted[name]
        if not dot:
            values[name] = _convert(setting, text)
            continue
        if not any(_origin(arm) is dict for arm in _arms(setting.type)):
            raise UsageError(
                f"{name} has no entries: it is {setting.type_name}. Received: {path!r}."
            )
        default = {} if setting.default is REQUIRED else setting.default
        values[name] = (values.get(name) or default or {}) | {entry: _guess(text)}
    return values


def _unknown(name: str, accepted: Mapping[str, Setting]) -> str:
    return f"Unknown setting {name!r}.{suggestion(name, accepted)} Accepted: {', '.join(accepted)}."


def _convert(setting: Setting, text: str) -> Any:
    if is_network(setting):
        return _network(setting, text)
    for arm in _arms(setting.type):
        try:
            return _as(arm, text.strip())
        except (ValueError, TypeError):
            continue
    raise UsageError(f"{setting.name} is {setting.rule}. Received: {text!r}.")


def _network(setting: Setting, text: str) -> Any:
    """A network of the user's own, from the file that Keras saved it in."""
    from zoo.training.loading import load_network

    if text.strip().lower() in NONE:
        return None
    if not text.endswith(".keras"):
        raise UsageError(f"{setting.name} is a network in a .keras file. Received: {text!r}.")
    return load_network(Path(text))


def _as(kind: Any, text: str) -> Any:
    """The text as one type; ValueError where it is not of that type."""
    if kind is type(None):
        if text.lower() not in NONE:
            raise ValueError
        return None
    if kind is bool:
        return WORDS[text.lower()] if text.lower() in WORDS else bool(("0", "1").index(text))
    if kind is int:
        return int(text)
    if kind is float:
        if not math.isfinite(number := float(text)):
            raise ValueError
        return number
    if kind is str:
        return text
    origin = _origin(kind)
    if origin is typing.Literal:
        return typing.get_args(kind)[[str(choice) for choice in typing.get_args(kind)].index(text)]
    if origin is dict:
        value = json.loads(text)
        if not isinstance(value, dict):
            raise ValueError
        return value
    if origin in (list, tuple):
        element = next(iter(typing.get_args(kind)), Any)
        words = [word for word in text.strip("()[] ").split(",") if word.strip()]
        if not words:
            raise ValueError
        return origin(_as(element, word.strip()) for word in words)
    if kind is Any:
        return _guess(text)
    raise ValueError


def _guess(text: str) -> Any:
    """The text as JSON where it is some, `none`, or as it is."""
    if text.lower() in NONE:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def _arms(kind: Any) -> list[Any]:
    """The types of a union, None first and text last, or the type itself."""
    if _origin(kind) not in (typing.Union, types.UnionType):
        return [kind]
    return sorted(typing.get_args(kind), key=lambda arm: (arm is str, arm is not type(None)))


def _origin(kind: Any) -> Any:
    """The type without its parameters; what is some sequence becomes a tuple."""
    origin = typing.get_origin(kind) or kind
    if origin is Sequence:
        return tuple
    return dict if origin is Mapping else origin
