"""Arrays that may be larger than memory: in memory up to a limit, else in a temporary file.

The file has no name: the system frees it when the array is gone, however the process ends.
`TMPDIR` tells where it lies.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Literal

import numpy as np

from zoo.errors import TargetError

MEMORY = 2**30
"""Bytes (1 GiB) that are held in memory by default."""


def collect(
    rows: Iterable[np.ndarray], *, shape: tuple[int, ...], dtype: np.dtype, memory: int
) -> np.ndarray:
    """Returns at most `shape[0]` rows as an array, or as a memory map above `memory` bytes."""
    count = 0
    if int(np.prod(shape, dtype=np.int64)) * dtype.itemsize <= memory:
        array = np.empty(shape, dtype)
        for row in rows:
            array[count] = row
            count += 1
        return array[:count]
    with _unnamed_file() as file:
        # Written, then mapped: so a full disk is an error and not a bus error.
        for row in rows:
            _write(file, row.astype(dtype, copy=False).tobytes())
            count += 1
        return _map(file, (count, *shape[1:]), dtype)


def spill(
    stream: IO[bytes], *, shape: tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C"
) -> np.ndarray:
    """Returns the rest of a stream, such as a compressed file, as a memory map."""
    with _unnamed_file() as file:
        while block := stream.read(2**22):
            _write(file, block)
        return _map(file, shape, dtype, order)


@contextmanager
def _unnamed_file() -> Iterator[IO[bytes]]:
    """Yields a temporary file; a memory map of it outlives its closing."""
    try:
        file = tempfile.TemporaryFile()
    except OSError as error:
        raise _no_room(error) from error
    try:
        yield file
    finally:
        with suppress(OSError):  # Closing tries a failed write again.
            file.close()


def _write(file: IO[bytes], block: bytes) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> TargetError:
    return TargetError(
        f"Cannot keep data on the disk: {error.strerror}. Received: temporary folder "
        f"{tempfile.gettempdir()}. Accepted: one with room for all data; set TMPDIR."
    )


def _map(
    file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C"
) -> np.ndarray:
    if 0 in shape:
        return np.empty(shape, dtype)
    return np.memmap(file, dtype, mode="r", shape=shape, order=order)
