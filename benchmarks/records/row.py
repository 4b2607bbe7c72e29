"""The base of a file's rows: records that are written as JSON objects and checked when read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from math import isfinite
from types import UnionType
from typing import Any, ClassVar, Self, get_args, get_origin, get_type_hints

from benchmarks.errors import BenchmarkError

SHOWN = 40
"""Characters of a damaged value that are shown."""

_HINTS: dict[type[Row], list[tuple[Field, Any]]] = {}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a file of results."""

    kind: ClassVar[str] = ""

    def to_json(self) -> dict[str, Any]:
        """The row as a JSON object; fields that are None are left out."""
        values = {_key(f): getattr(self, f.name) for f in fields(self)}
        return {"kind": self.kind} | {k: v for k, v in values.items() if v is not None}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """The record of a JSON object; unknown keys are ignored.

        Raises:
            BenchmarkError: A field is missing or has another type.
        """
        values = {}
        for f, hint in _hints(cls):
            key = _key(f)
            if key in row:
                if not _fits(row[key], hint):
                    raise _unfit(row, key, hint, f"{key}={row[key]!r}"[:SHOWN])
                values[f.name] = row[key]
            elif not _has_default(f):
                raise _unfit(row, key, hint, f"no {key}")
        return cls(**values)


def _hints(record: type[Row]) -> list[tuple[Field, Any]]:
    """The fields with their evaluated types."""
    if record not in _HINTS:
        hints = get_type_hints(record)
        _HINTS[record] = [(f, hints[f.name]) for f in fields(record)]
    return _HINTS[record]


def _key(f: Field) -> str:
    return f.metadata.get("key", f.name)


def _has_default(f: Field) -> bool:
    return f.default is not MISSING or f.default_factory is not MISSING


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is UnionType:
        return any(_fits(value, arm) for arm in get_args(hint))
    if hint in (int, float):
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if hint == Sequence[float]:
        return isinstance(value, list) and bool(value) and all(_fits(v, float) for v in value)
    return isinstance(value, {Sequence: list, Mapping: dict}.get(origin, hint))


def _words(hint: Any) -> str:
    if get_origin(hint) is UnionType:
        return _words(get_args(hint)[0])
    if hint == Sequence[float]:
        return "a list of numbers"
    names = {str: "a text", int: "a number", float: "a number", Sequence: "a list"}
    return names.get(get_origin(hint) or hint, "an object")


def _unfit(row: Mapping[str, Any], key: str, hint: Any, received: str) -> BenchmarkError:
    return BenchmarkError(
        f"A row of the kind {row['kind']} has {key}, {_words(hint)}. Received: {received}"
    )
