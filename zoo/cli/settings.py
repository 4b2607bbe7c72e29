"""A model's settings on the command line: `--set key=value`, typed by the constructor."""

from __future__ import annotations

import difflib
import inspect
import json
import math
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.cli.errors import UsageError
from zoo.registry import Row

WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NONE = ("none", "null")


@dataclass(frozen=True)
class Setting:
    """A keyword of a model's constructor."""

    name: str
    kind: Any
    default: Any
    doc: str

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    @property
    def kind_name(self) -> str:
        """The annotation as it reads in the source."""
        return _kind_name(self.kind)


def settings_of(row: Row) -> dict[str, Setting]:
    """The settings of a registry's row by name, in the order of the constructor.

    Imports the model's class, and so Keras.
    """
    from zoo.construction import accepted_settings
    from zoo.model import GenerativeModel

    cls = row.load()
    bases = [base for base in cls.__mro__ if issubclass(base, GenerativeModel)]
    kinds: dict[str, Any] = {}
    docs: dict[str, str] = {}
    for base in reversed(bases):
        if "__init__" in base.__dict__:
            kinds |= typing.get_type_hints(base.__init__)
        docs |= _documented(base.__doc__ or "")
    found = {}
    for name, parameter in accepted_settings(cls).items():
        default = row.settings.get(name, parameter.default)
        found[name] = Setting(name, kinds.get(name, Any), default, docs.get(name, ""))
    return found


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
        kind = accepted[name].kind
        if not dot:
            values[name] = _convert(name, text, kind)
            continue
        if not any(_origin(arm) is dict for arm in _arms(kind)):
            raise UsageError(
                f"{name} has no entries: it is {_kind_name(kind)}. Received: {path!r}."
            )
        values[name] = (values.get(name) or {}) | {entry: _guess(text)}
    return values


def _unknown(name: str, accepted: Mapping[str, Setting]) -> str:
    near = difflib.get_close_matches(name, accepted, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"Unknown setting {name!r}.{hint} Accepted: {', '.join(accepted)}."


def _convert(name: str, text: str, kind: Any) -> Any:
    for arm in _arms(kind):
        try:
            return _as(arm, text.strip())
        except (ValueError, TypeError):
            continue
    raise UsageError(f"{name} is {_kind_name(kind)}. Received: {text!r}.")


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
    return _guess(text)


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


def _kind_name(kind: Any) -> str:
    if isinstance(kind, type) and not typing.get_args(kind):
        return "None" if kind is type(None) else kind.__name__
    for prefix in ("collections.abc.", "typing."):
        kind = str(kind).replace(prefix, "")
    return kind.replace("NoneType", "None")


def _documented(docstring: str) -> dict[str, str]:
    """The `Args:` of a docstring: name → text."""
    lines = inspect.cleandoc(docstring).splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    name = ""
    for line in lines[lines.index("Args:") + 1 :]:
        if line and not line.startswith(" "):
            break
        if line.startswith("    ") and not line.startswith("     "):
            name, _, text = line.strip().partition(":")
            found[name] = text.strip()
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found
