"""Models by name: those of the table, of other packages, and classes of users."""

from __future__ import annotations

import fnmatch
from importlib import metadata
from typing import TYPE_CHECKING, Any

from zoo.errors import UnknownModelError, suggestion
from zoo.registry.row import Row
from zoo.registry.table import TABLE

if TYPE_CHECKING:
    from zoo.model import GenerativeModel

__all__ = ["ENTRY_POINTS", "TABLE", "Row", "create", "describe", "list_models", "models"]

ENTRY_POINTS = "genzoo.models"
"""The group of entry points by which other packages add models: name → `module:Class`."""


def models() -> dict[str, Row]:
    """The table, and after it the models of other packages' entry points."""
    found = dict(TABLE)
    for point in metadata.entry_points(group=ENTRY_POINTS):
        package = point.dist.name if point.dist else point.value.partition(":")[0]
        found.setdefault(point.name, Row(point.value, summary=f"from the package {package}"))
    return found


def list_models(pattern: str = "*") -> list[str]:
    """The names that match a shell pattern, in the table's order; imports no backend."""
    wanted = pattern if any(c in pattern for c in "*?[") else f"*{pattern}*"
    return [name for name in models() if fnmatch.fnmatchcase(name, wanted)]


def describe(name: str) -> Row:
    """The row of a name.

    Args:
        name: Of the table or of an entry point; or a class of your own, `file.py:Class` or
            `module:Class`.

    Raises:
        UnknownModelError: There is no such name.
    """
    if ":" in name:
        return Row(name)
    known = models()
    if name not in known:
        hint = suggestion(name, known)
        raise UnknownModelError(
            f"Unknown model {name!r}.{hint} Accepted: {', '.join(known)}; or a class of your own, "
            "file.py:Class or module:Class."
        )
    return known[name]


def create(name: str, **settings: Any) -> GenerativeModel:
    """Makes an untrained model.

    Args:
        name: A row of the table, see `list_models`; or `file.py:Class` or `module:Class`.
        settings: The model's settings, such as `shape=(28, 28, 1)`, `latent_dim=32`, `seed=0`.

    Raises:
        UnknownModelError: There is no such name.
        ModelError: A setting is unknown or out of bounds.
    """
    row = describe(name)
    return row.load()(**{**row.settings, **settings})
