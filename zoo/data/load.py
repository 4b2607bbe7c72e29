"""Any source of data: a name, a file, a folder, arrays."""

import difflib
import os
import warnings
from collections.abc import Mapping
from pathlib import Path

from zoo.data import builtin, image_folder, npz
from zoo.data.build import assemble
from zoo.data.dataset import Data, Range
from zoo.data.raw import Raw, Split
from zoo.data.resize import parse_size
from zoo.data.spill import MEMORY
from zoo.errors import DataError

NAMES = ("digits", "ring", "grid", *builtin.DOWNLOADS)


def load_data(
    source: object,
    *,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    keys: Mapping[str, str] | None = None,
    kind: str | None = None,
    source_range: Range | None = None,
    seed: int = 0,
    memory: int = MEMORY,
) -> tuple[Data, Data | None]:
    """Returns the training data and, where the source has them, the test data.

    Floats are read once at loading, in bounded pieces, to find values that are no numbers and
    the range they fill. A `.npy` file stays on the disk and is mapped; images of a folder and
    arrays of an `.npz` file that exceed `memory` are unpacked once, to an unnamed temporary
    file (in `TMPDIR`), and mapped from there.

    Args:
        source: a name ("digits", "ring", "grid", "mnist", "fashion_mnist", "cifar10",
            "cifar100"), a path to `.npz`, `.npy` or a folder of images, an array, a pair
            `(samples, labels)`, a pair of such pairs for training and test, or `Data`. A name
            comes before a path: a folder called digits is "./digits".
        size: of images, `(height, width)` or one number for both: the shorter side is resized
            to fit, the longer one cropped to its centre.
        channels: 1 for grey, 3 for colour, 4 for colour and opacity (folders only).
        keys: for `.npz`: which array is "x_train", "y_train", "x_test", "y_test".
        kind: "images", "sequences" or "vectors": arrays of rank 3 are images without channels
            unless their last axis is 1 or this says otherwise.
        source_range: what the values fill, where it should not be inferred.
        seed: of "ring" and "grid".
        memory: bytes of one array that may be held in memory.

    Raises:
        DataError: for a source that is unknown or unreadable, or holds no usable data.
    """
    if isinstance(source, Data):
        return source, None
    pair = parse_size(size)
    if channels not in (None, 1, 3, 4):
        raise DataError(f"Images have 1, 3 or 4 channels. Received: channels={channels!r}.")
    if isinstance(source, str) and source in NAMES:
        raw, origin = _load_name(source, seed), source
    elif isinstance(source, str | os.PathLike):
        origin = os.fspath(source)
        path = Path(origin).expanduser()
        if path.is_dir():
            raw = image_folder.load_folder(path, size=pair, channels=channels, memory=memory)
        else:
            raw = _load_file(path, origin, keys, memory)
    else:
        raw, origin = _from_arrays(source), "arrays"
    for note in raw.notes:
        warnings.warn(note, stacklevel=2)
    if keys is not None and "keys" not in raw.details:
        raise DataError(f"keys are for .npz files. Received: keys={dict(keys)} for {origin}.")
    return assemble(
        raw,
        origin=origin,
        size=pair,
        channels=channels,
        kind=kind,
        source_range=source_range,
        memory=memory,
    )


def _load_name(name: str, seed: int) -> Raw:
    if name == "digits":
        return builtin.digits()
    return builtin.download(name) if name in builtin.DOWNLOADS else builtin.mixture(name, seed)


def _load_file(path: Path, origin: str, keys: Mapping[str, str] | None, memory: int) -> Raw:
    if not path.exists():
        beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, [*NAMES, *beside], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DataError(
            f"No such data. Received: {origin!r}.{hint} "
            f"Accepted: {', '.join(NAMES)}, or a path to .npz, .npy or a folder of images."
        )
    if path.suffix.lower() == ".npz":
        return npz.load_npz(path, keys=keys, memory=memory)
    if path.suffix.lower() == ".npy":
        return npz.load_npy(path)
    raise DataError(
        f"A data file is .npz or .npy. Received: {origin!r}. "
        "Accepted: these, or a folder of images."
    )


def _from_arrays(source: object) -> Raw:
    if not isinstance(source, tuple):
        return Raw(Split(source))
    if len(source) != 2:
        raise DataError(
            f"Data in a tuple are a pair. Received: {len(source)} values. "
            "Accepted: (samples, labels) or ((samples, labels), (samples, labels))."
        )
    if not all(isinstance(part, tuple) and len(part) == 2 for part in source):
        return Raw(Split(*source))
    (x_train, y_train), (x_test, y_test) = source
    return Raw(Split(x_train, y_train, "x_train"), Split(x_test, y_test, "x_test"))
