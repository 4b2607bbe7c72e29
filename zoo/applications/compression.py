"""Codes as a file, and data back from them.

A file is `MAGIC`, the length of a JSON header (4 bytes, little endian), the header, and the codes,
packed and deflated. Codes of integers keep every bit; of floats, each entry is rounded to one of
2^bits levels between its smallest and its largest value over the rows.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from typing import Any

import numpy as np

from zoo.applications.subjects import Arrays, fields_of, follow, is_whole, runner_of
from zoo.errors import DataError, UseError

MAGIC = b"zoo codes 1\n"
MAX_BITS = 16
MAX_VALUES = 2**31
"""Of a file that is read: 8 GiB of codes."""


def compress(subject: Any, data: Any, *, bits: int = 8, seed: int = 0) -> bytes:
    """The codes of data, as the content of a file.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        data: `Data`, fields by name, or samples in the model's value range.
        bits: Of each entry of a continuous code, 1 to 16.
        seed: Of what the use draws.

    Raises:
        UseError: The model does not encode and decode, or the bits are out of bounds.
    """
    if not is_whole(bits) or not 1 <= bits <= MAX_BITS:
        raise UseError(f"An entry of a code has 1 to {MAX_BITS} bits. Received: {bits!r}.")
    runner = runner_of(subject, "compress", "encode", "decode")
    fields = fields_of(runner, data)
    if "labels" in runner.table["decode"].inputs and "labels" not in fields:
        raise UseError(
            "Codes of this model are decoded with the labels of their data. Received: data without "
            "labels. Accepted: data with labels."
        )
    codes = follow(runner, "encode", fields, seed=seed)["code"]
    header: dict[str, Any] = {"shape": list(codes.shape), "seed": seed}
    body = b""
    if "labels" in runner.table["decode"].inputs:
        header["labels"] = True
        body += fields["labels"].astype("<i4").tobytes()
    if codes.dtype.kind in "iu":
        header |= {"kind": "indices", "bits": max(1, int(codes.max()).bit_length())}
        whole = codes
    else:
        rows = codes.reshape(len(codes), -1).astype("float64")
        low, span = rows.min(axis=0), np.ptp(rows, axis=0)
        levels = 2**bits - 1
        whole = np.rint((rows - low) / np.where(span > 0, span, 1) * levels).astype("int64")
        header |= {"kind": "levels", "bits": int(bits)}
        body += low.astype("<f4").tobytes() + span.astype("<f4").tobytes()
    body += pack(whole, header["bits"])
    text = json.dumps(header).encode()
    return MAGIC + struct.pack("<I", len(text)) + text + zlib.compress(body, 9)


def decompress(subject: Any, content: bytes) -> np.ndarray:
    """Data `(count, *shape)` in the model's value range, from the content of a file.

    Raises:
        DataError: The content is none that `compress` made.
        UseError: The codes are not those of this model.
    """
    runner = runner_of(subject, "decompress", "decode")
    given, seed = _read(content)
    return runner.use("decode", seed=seed, **given)["data"]


def pack(values: np.ndarray, bits: int) -> bytes:
    """Whole numbers below 2^bits, one after the other, most significant bit first."""
    flat = np.asarray(values).reshape(-1, 1)
    return np.packbits(flat >> np.arange(bits - 1, -1, -1) & 1).tobytes()


def unpack(content: bytes, bits: int, count: int) -> np.ndarray:
    """The numbers that `pack` wrote: int64 `(count,)`."""
    found = np.unpackbits(np.frombuffer(content, np.uint8), count=bits * count)
    return found.reshape(count, bits).astype("int64") @ (1 << np.arange(bits - 1, -1, -1))


def _read(content: bytes) -> tuple[Arrays, int]:
    """The inputs of `decode`, and the seed of what it draws."""
    start = len(MAGIC) + 4
    try:
        if content[: len(MAGIC)] != MAGIC:
            raise ValueError("another kind of file")
        (length,) = struct.unpack("<I", content[len(MAGIC) : start])
        header = json.loads(content[start : start + length])
        return _codes(header, content[start + length :]), int(header["seed"])
    except (ValueError, KeyError, TypeError, struct.error, zlib.error) as error:
        raise DataError(
            f"Codes are a file that zoo compress wrote. Received: {error or 'a damaged one'}."
        ) from error


def _codes(header: dict[str, Any], deflated: bytes) -> Arrays:
    shape, bits = tuple(header["shape"]), header["bits"]
    sizes = [isinstance(n, int) and n > 0 for n in shape]
    values = math.prod(shape)
    if not sizes or not all(sizes) or not 1 <= bits <= 32 or values > MAX_VALUES:
        raise ValueError(f"codes of the shape {shape} and {bits} bits")
    count, size = shape[0], values // shape[0]
    ranges = 8 * size if header["kind"] == "levels" else 0
    rows = 4 * count if header.get("labels") else 0
    wanted = rows + ranges + -(-values * bits // 8)
    inflated = zlib.decompressobj()
    body = inflated.decompress(deflated, wanted + 1)  # no more than the header says
    if len(body) > wanted:
        raise ValueError(f"more than {wanted} bytes of codes")
    if not inflated.eof:
        raise ValueError("codes that are cut off")
    if len(body) != wanted:
        raise ValueError(f"{len(body)} bytes of codes in place of {wanted}")
    if inflated.unused_data:
        raise ValueError(f"{len(inflated.unused_data)} bytes behind the codes")
    found: Arrays = {}
    if rows:
        found["labels"] = np.frombuffer(body[:rows], "<i4").astype("int32")
    whole = unpack(body[rows + ranges :], bits, values).reshape(count, size)
    if header["kind"] != "levels":
        return found | {"code": whole.reshape(shape).astype("int32")}
    low, span = np.frombuffer(body[rows : rows + ranges], "<f4").astype("float64").reshape(2, -1)
    code = low + whole / (2**bits - 1) * span
    return found | {"code": code.reshape(shape).astype("float32")}
