"""The settings of a model that its data decide."""

from typing import Any

import numpy as np

from zoo.data.dataset import Data
from zoo.data.field import Range
from zoo.data.streams.stream import Stream

MAX_ROWS = 10_000


def facts(data: Data | Stream, value_range: Range | None = (0.0, 1.0)) -> dict[str, Any]:
    """Returns the settings that data decide, in JSON terms but for tuples.

    - `shape`: of one sample;
    - `num_classes`: number of classes, or None without labels;
    - `value_range`: None for unbounded vectors and for tokens, (-1, 1) for sounds, else as given;
    - `count`: number of samples, or None for a stream;
    - `variance`: of all values of batches in that range (10,000 rows; a stream's first batch), or
      None for tokens;
    - `vocabulary_size`: number of tokens, or None where the data are none;
    - `sample_rate`: of sounds, or None;
    - `reads`: shapes of the fields beside data and labels, by name.

    Args:
        data: The data to look at.
        value_range: Of the model, for data that have bounds.
    """
    field = data.fields["data"]
    tokens = field.kind == "index"
    unbounded = isinstance(data, Data) and field.source_range is None and len(data.shape) == 1
    if tokens or unbounded:
        value_range = None
    rate = sample_rate(data)
    if rate is not None:
        value_range = (-1.0, 1.0)
    beside = {n: shape for n, shape in data.shapes.items() if n not in ("data", "labels")}
    return {
        "shape": tuple(data.shape),
        "num_classes": data.num_classes if "labels" in data.fields else None,
        "value_range": value_range,
        "count": len(data) if isinstance(data, Data) else None,
        "variance": None if tokens else scaled_variance(data, value_range),
        "vocabulary_size": field.size if tokens else None,
        "sample_rate": rate,
        "reads": beside,
    }


def sample_rate(data: Any) -> int | None:
    """Samples of sounds in a second; None for other data."""
    return getattr(data, "origin", {}).get("rate")


def scaled_variance(data: Data | Stream, value_range: Range | None) -> float:
    """The variance of the data as a model reads them, over at most 10,000 evenly spaced rows.

    Of a stream, over the rows of its first element.
    """
    if isinstance(data, Stream):
        batch = data.first(MAX_ROWS, value_range)
    else:
        rows = np.linspace(0, len(data) - 1, min(len(data), MAX_ROWS)).astype(int)
        batch = data.own_batch(rows, value_range)
    return float(np.var(batch["data"], dtype=np.float64))
