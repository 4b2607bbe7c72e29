"""Files of named arrays in the format safetensors: a length, a JSON header, and bytes.

The format is described at https://github.com/huggingface/safetensors. It holds no code.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import DataError

MAX_HEADER = 100_000_000
"""Bytes, as in the reference implementation."""
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4"}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file by name; those of float16 and bfloat16 as float32.

    Raises:
        DataError: The file is none, or damaged.
    """
    content = np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
    try:
        (length,) = struct.unpack("<Q", content[:8].tobytes())
        if length > min(MAX_HEADER, len(content)):
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(content[8 : 8 + length].tobytes())
        header.pop("__metadata__", None)
        body = content[8 + length :]
        return {name: _array(entry, body) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise DataError(f"{path} is no file of safetensors. Received: {error}.") from error


def _array(entry: dict[str, Any], body: np.ndarray) -> np.ndarray:
    start, end = entry["data_offsets"]
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
    if not 0 <= start <= end <= len(body) or end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{end - start} bytes at {start} for {shape} of {dtype}")
    values = np.frombuffer(body[start:end].tobytes(), dtype).reshape(shape)
    if entry["dtype"] == "BF16":
        return (values.astype("<u4") << 16).view("<f4")
    return values.astype("float32") if entry["dtype"] == "F16" else values
