"""Any source of data, alone or with another one beside it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo.data.dataset import Data, Range
from zoo.data.sources import pairs
from zoo.data.sources.read import NAMES, PATHS, Options, read
from zoo.data.sources.sound import is_sound
from zoo.data.sources.spill import MEMORY
from zoo.errors import DataError

__all__ = ["NAMES", "PATHS", "load_data"]


def load_data(
    source: object,
    *,
    target: object = None,
    mask: object = None,
    low: object = None,
    unpaired: bool = False,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    keys: Mapping[str, str] | None = None,
    kind: str | None = None,
    source_range: Range | None = None,
    seed: int = 0,
    memory: int = MEMORY,
    label: str | None = None,
    columns: Sequence[str] | None = None,
    form: str | None = None,
    standardize: bool | None = None,
    tokens: str | None = None,
    length: int | None = None,
    lines: bool | None = None,
    table: Mapping[str, Any] | None = None,
    vocabulary: Sequence[str] | None = None,
    rate: int | None = None,
    window: int | None = None,
) -> tuple[Data, Data | None]:
    """Returns the training data and, where the source has them, the test data.

    Floats are read once at loading, in bounded pieces, to find values that are no numbers and
    the range they fill. A `.npy` file stays on the disk and is mapped; images of a folder and
    arrays of an `.npz` file that exceed `memory` are unpacked once, to an unnamed temporary
    file (in `TMPDIR`), and mapped from there.

    Args:
        source: A name ("digits", "ring", "grid", "sounds", "mnist", "fashion_mnist", "cifar10",
            "cifar100"), a path to `.npz`, `.npy`, `.csv`, `.txt`, `.wav` or a folder of images, of
            sounds, or of `train.csv` and `test.csv`, an array, a pair `(samples, labels)`, a pair
            of such pairs for training and test, a dictionary of fields, or `Data`. A name comes
            before a path: a folder called digits is "./digits". A folder that holds `trainA` and
            `trainB` is two sources.
        target: A second source, of which each sample belongs to one of the first.
        mask: A source of images, one for each sample, bright where the field `mask` is 1.
        low: A source of small data, one for each sample: the field `low`, which super-resolution
            enlarges. `size` is not theirs.
        unpaired: Whether the second source has a length and an order of its own; it is then the
            stream `other`.
        size: Of images, `(height, width)` or one number for both: the shorter side is resized
            to fit, the longer one cropped to its centre.
        channels: 1 for grey, 3 for colour, 4 for colour and opacity (folders only).
        keys: For `.npz`: which array is "x_train", "y_train", "x_test", "y_test".
        kind: "images", "sequences" or "vectors": arrays of rank 3 are images without channels
            unless their last axis is 1 or this says otherwise.
        source_range: The range of the values, where it should not be inferred.
        seed: Of "ring", "grid" and "sounds".
        memory: Bytes of one array that may be held in memory.
        label: For `.csv`: the column that holds the labels.
        columns: For `.csv`: those that are read; all by default.
        form: For `.csv`: categories are "one-hot" columns of the data (default), or fields of
            indices ("index").
        standardize: For `.csv`: whether numbers are brought to mean 0 and deviation 1.
        tokens: For `.txt`: "characters" (default) or "words".
        length: For `.txt`: tokens of a sample (64).
        lines: For `.txt`: whether each line is a sample, cut or filled to the length.
        table: For `.csv`: the `description["table"]` of training data of the same columns.
        vocabulary: For `.txt`: that of training data of the same tokens.
        rate: Of sounds: samples in a second, to which others are resampled; by default the rate
            that most files have.
        window: Of sounds: samples of each window (1,024).

    Raises:
        DataError: The source is unknown or unreadable, or holds no usable data.
    """
    options = Options(
        size=size,
        channels=channels,
        keys=keys,
        kind=kind,
        source_range=source_range,
        seed=seed,
        memory=memory,
        label=label,
        columns=columns,
        form=form,
        standardize=standardize,
        tokens=tokens,
        length=length,
        lines=lines,
        table=table,
        vocabulary=vocabulary,
        rate=rate,
        window=window,
    )
    domains = pairs.find_domains(source)
    if domains is not None:
        if target is not None:
            raise DataError(
                f"A folder of trainA and trainB holds two sources. Received: target={target!r} too."
            )
        return pairs.load_domains(domains, options, unpair=unpaired)
    if unpaired and target is None:
        raise DataError(
            "unpaired is for two sources. Received: one. "
            "Accepted: target=… (--target D), or a folder of trainA and trainB."
        )
    found = read(source, options)
    if target is not None:
        if not unpaired:
            _check_names(source, target)
        known = found[0].origin  # Of sounds, the partners have the rate and the windows.
        alike = replace(options, keys=None, rate=None, window=None)
        if "rate" in known and _holds_sounds(target):
            alike = replace(alike, rate=known["rate"], window=known["window"])
        other = read(target, alike)
        found = pairs.combine(found, other, unpair=unpaired)
    if mask is not None:
        _check_names(source, mask, pairs_alone=True)
        masks = read(mask, replace(options, keys=None, channels=1))
        found = pairs.add_masks(found, masks)
    if low is not None:
        _check_names(source, low, pairs_alone=True)
        small = read(low, replace(options, keys=None, size=None, rate=None, window=None))
        found = pairs.add_small(found, small)
    return found


def _holds_sounds(source: object) -> bool:
    """Whether a source is a name, or a path of sounds."""
    if not isinstance(source, str | os.PathLike):
        return False
    return source in NAMES or is_sound(Path(source).expanduser())


def _check_names(*sources: object, pairs_alone: bool = False) -> None:
    """Checks that images of two folders have the same names."""
    folders = [Path(s).expanduser() for s in sources if isinstance(s, str | os.PathLike)]
    if len(folders) == 2 and all(folder.is_dir() for folder in folders):
        pairs.check_names(*folders, pairs_alone=pairs_alone)
