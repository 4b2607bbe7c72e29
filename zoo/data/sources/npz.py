"""NumPy files: `.npz` archives with named splits, and memory-mapped `.npy` arrays."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from zoo.data.sources.raw import Raw, Split
from zoo.data.sources.spill import spill
from zoo.errors import DataError, TargetError, suggestion

ROLES = ("x_train", "y_train", "x_test", "y_test", "factors_train", "factors_test")
FALLBACKS = {
    "x_train": ["x"],
    "y_train": ["y"],
    "factors_train": ["factors"],
    "x_test": ["x_valid"],
}
"""Other names of a role, for archives without an array of its own name."""


def load_npz(path: Path, *, keys: Mapping[str, str] | None, memory: int) -> Raw:
    """Loads `x_train`, `y_train`, `x_test`, `y_test`, of which only the first must be there.

    Beside these `factors_train` and `factors_test`, what the data were made of, `(count, factors)`.
    `x`, `y` and `factors` stand for the training split and `x_valid` for a missing `x_test`; an
    archive of one array may call it anything. `keys` maps these roles to the archive's names
    instead.
    Arrays above `memory` bytes are unpacked to a temporary file and mapped.

    Raises:
        DataError: The archive is broken, lacks an array, or holds pickled objects.
    """
    with _reading(path, ".npz"), zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(".npy")]
        names = [name.removesuffix(".npy") for name in members]
        chosen = _choose(path, names, keys)
        arrays = {
            role: _read_member(archive, f"{name}.npy", memory) for role, name in chosen.items()
        }
    splits = {
        part: Split(
            arrays[f"x_{part}"],
            arrays.get(f"y_{part}"),
            chosen[f"x_{part}"],
            fields={"factors": arrays[role]} if (role := f"factors_{part}") in arrays else {},
        )
        for part in ("train", "test")
        if f"x_{part}" in arrays
    }
    unused = sorted(set(names) - set(chosen.values()))
    return Raw(
        train=splits["train"],
        test=splits.get("test"),
        details={"keys": chosen} | ({"unused": unused} if unused else {}),
    )


def load_npy(path: Path) -> Raw:
    """Maps one array of samples into memory; it is read from the disk as it is used.

    Raises:
        DataError: The file is truncated, of another format, or holds pickled objects.
    """
    with _reading(path, ".npy"):
        return Raw(train=Split(np.lib.format.open_memmap(path, mode="r"), name=path.name))


def _choose(path: Path, names: list[str], keys: Mapping[str, str] | None) -> dict[str, str]:
    """Returns the archive's name of each role that it fills."""
    held = ", ".join(names) or "no arrays"
    if keys is not None:
        for role, name in keys.items():
            if role not in ROLES:
                raise DataError(
                    f"keys name the roles of arrays. Received: {role!r}. "
                    f"Accepted: {', '.join(ROLES)}.",
                    options=("keys",),
                )
            if name not in names:
                hint = suggestion(name, names)
                raise DataError(
                    f"keys name arrays of {path}. Received: {name!r}.{hint} Accepted: {held}.",
                    options=("keys",),
                )
    chosen = dict(keys or {})
    for role in ROLES:
        kind, _, part = role.partition("_")
        if role in chosen or (kind != "x" and f"x_{part}" not in chosen):
            continue
        if kind != "x" and part == "test":  # Of the split that was chosen, test or validation.
            candidates = [f"{kind}{chosen['x_test'][1:]}"]
        else:
            candidates = [role, *FALLBACKS[role]]
        found = [name for name in candidates if name in names and name not in chosen.values()]
        if found:
            chosen[role] = found[0]
        elif role == "x_train" and len(names) == 1:
            chosen[role] = names[0]
        elif role == "x_train":
            raise DataError(
                f"An archive holds x_train or x, or a single array. Received: {path} with {held}. "
                'Accepted: these names, or keys such as {"x_train": "images"}.',
                options=("keys",),
            )
    return chosen


def _read_member(archive: zipfile.ZipFile, name: str, memory: int) -> np.ndarray:
    with archive.open(name) as stream:
        if archive.getinfo(name).file_size <= memory:
            array = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read(1)  # The end of the stream is where its checksum is compared.
            return array
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
        if dtype.hasobject:
            raise ValueError("Object arrays cannot be loaded")
        return spill(stream, shape=shape, dtype=dtype, order="F" if fortran else "C")


@contextmanager
def _reading(path: Path, suffix: str) -> Iterator[None]:
    try:
        yield
    except (DataError, TargetError):
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise DataError(
            f"The file cannot be read. Received: {path} ({reason}). "
            f"Accepted: a whole {suffix} file of numbers."
        ) from error
