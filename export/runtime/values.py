"""Values of `bundle.json`, each checked as it is read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from export.errors import BundleError
from export.runtime import files

MAX_VALUES = 2**28  # of one sample of one tensor
MAX_RANK = 8
MAX_BOUND = 1e30  # of a range, so that its width is a float32 number


def text(value: Any, what: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise malformed(what, value)
    return value


def name(value: Any, what: str) -> str:
    """A name without the `/` that parts a step from its output."""
    if "/" in text(value, what):
        raise malformed(what, value)
    return value


def names(value: Any, what: str) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list):
        raise malformed(what, value)
    return tuple(text(entry, what) for entry in value)


def mapping(value: Any, what: str) -> dict[str, Any]:
    """An object of a bounded number of entries."""
    if not isinstance(value, dict) or len(value) > files.MAX_FILES:
        raise malformed(what, value)
    return value


def entry(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under a key."""
    return mapping(content.get(key), key)


def count(value: Any, what: str) -> int:
    """A whole number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_VALUES:
        raise malformed(what, value)
    return value


def number(value: Any, what: str) -> float:
    """A finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise malformed(what, value)
    return float(value)


def sizes(value: Any, what: str) -> tuple[int, ...]:
    """The shape of a tensor that fits in memory."""
    if not isinstance(value, list | tuple) or len(value) > MAX_RANK:
        raise malformed(what, value)
    shape = tuple(count(size, what) for size in value)
    if math.prod(shape) > MAX_VALUES:
        raise malformed(what, value)
    return shape


def limits(value: Any, what: str) -> tuple[float, float] | None:
    """A range `(low, high)`, or None."""
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise malformed(what, value)
    low, high = number(value[0], what), number(value[1], what)
    if not -MAX_BOUND <= low < high <= MAX_BOUND:
        raise malformed(what, value)
    return low, high


def sha256(value: Any) -> str:
    """A hash in hexadecimal digits."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise malformed("a sha256", value)
    return value


def malformed(what: str, value: Any) -> BundleError:
    """The error of a value that is not what it has to be."""
    return BundleError(f"bundle.json has no valid value for {what}. Received: {value!r:.100}.")
