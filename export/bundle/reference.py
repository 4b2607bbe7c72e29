"""The inputs and outputs of every part that a bundle keeps, so that it can be judged by itself."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from export.errors import BundleError
from export.runtime import files
from zoo.files import UNREADABLE

REFERENCE = "reference.npz"
MAX_REFERENCE = 2**30


def read_reference(folder: Path) -> dict[str, np.ndarray]:
    """Reads the stored inputs and outputs; no pickles, and no more than 1 GiB unpacked."""
    content = files.read(folder, REFERENCE)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MAX_REFERENCE:
                raise BundleError(f"{REFERENCE} may unpack to {MAX_REFERENCE} bytes at most.")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
            if not all(isinstance(array, np.ndarray) for array in found.values()):
                raise ValueError("a member is no array")  # NumPy gives the bytes of what is none.
            return found
    except BundleError:
        raise
    except UNREADABLE as error:
        raise BundleError(f"{REFERENCE} cannot be read: {error}") from error


def select(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose names start with a prefix, without it."""
    return {
        name.removeprefix(prefix): values
        for name, values in arrays.items()
        if name.startswith(prefix)
    }
