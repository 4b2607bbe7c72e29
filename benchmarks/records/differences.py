"""Differences between the conditions of a file of results and those of a run that continues it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.errors import BenchmarkError


def check_same(before: Mapping[str, Any], now: Mapping[str, Any], where: object) -> None:
    """Raises where conditions differ, naming only the differences.

    Args:
        before: The conditions of the file, as JSON gives them back.
        now: Those of the run.
        where: The file.

    Raises:
        BenchmarkError: They are not the same.
    """
    changed = [name for name in now if before.get(name) != now[name]]
    if changed:
        received = "; ".join(_difference(name, now[name], before.get(name)) for name in changed)
        accepted = "; ".join(_difference(name, before.get(name), now[name]) for name in changed)
        raise BenchmarkError(
            f"A file is continued under its own conditions. {where} holds a run with another "
            f"{' and '.join(changed)}. Received: {received}. Accepted: {accepted}; or another "
            "file, or --overwrite."
        )


def _difference(name: str, value: Any, other: Any) -> str:
    """A value without the items that the other one has too."""
    if isinstance(value, dict) and isinstance(other, dict):
        changed = [key for key in sorted(other | value) if value.get(key) != other.get(key)]
        return ", ".join(_difference(key, value.get(key), other.get(key)) for key in changed)
    if isinstance(value, list) and isinstance(other, list):
        more = [str(item) for item in value if item not in other]
        fewer = [str(item) for item in other if item not in value]
        items = [f"with {' '.join(more)}"] if more else []
        items += [f"without {' '.join(fewer)}"] if fewer else []
        return f"{name} {' and '.join(items)}" if items else f"{name}={' '.join(map(str, value))}"
    return f"no {name}" if value is None else f"{name}={value}"
