"""What differs between the conditions of a file of results and those of a run that goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.errors import BenchmarkError


def refuse_differences(before: Mapping[str, Any], now: Mapping[str, Any], where: object) -> None:
    """Refuses to go on under other conditions, naming only what differs.

    Args:
        before: The conditions of the file, as JSON gives them back.
        now: Those of the run.
        where: The file.

    Raises:
        BenchmarkError: They are not the same.
    """
    changed = [name for name in now if before.get(name) != now[name]]
    if changed:
        received = "; ".join(_told(name, now[name], before.get(name)) for name in changed)
        accepted = "; ".join(_told(name, before.get(name), now[name]) for name in changed)
        raise BenchmarkError(
            f"{where} is continued as it was begun, and holds a run with another "
            f"{' and '.join(changed)}. Received: {received}. Accepted: {accepted}; or another "
            "file, or --overwrite."
        )


def _told(name: str, value: Any, other: Any) -> str:
    """A value, as far as it is not the other one's."""
    if isinstance(value, dict) and isinstance(other, dict):
        changed = [key for key in sorted(other | value) if value.get(key) != other.get(key)]
        return ", ".join(_told(key, value.get(key), other.get(key)) for key in changed)
    if isinstance(value, list) and isinstance(other, list):
        more = [str(item) for item in value if item not in other]
        fewer = [str(item) for item in other if item not in value]
        told = [f"with {' '.join(more)}"] if more else []
        told += [f"without {' '.join(fewer)}"] if fewer else []
        return f"{name} {' and '.join(told)}" if told else f"{name}={' '.join(map(str, value))}"
    return f"no {name}" if value is None else f"{name}={value}"
