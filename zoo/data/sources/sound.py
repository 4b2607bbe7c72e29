"""Sounds: WAV files as windows of samples at one rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from zoo.data.sources.folders import find_classes, find_names, find_splits, holds
from zoo.data.sources.image_files import SUFFIXES as IMAGES
from zoo.data.sources.raw import Raw, Split
from zoo.data.sources.wav import SUFFIXES, Sound, read_wav, resample
from zoo.data.windows import windows
from zoo.errors import DataError

WINDOW = 1024
"""Samples of a window: an eighth of a second at 8,000 in a second."""


def is_sound(path: Path) -> bool:
    """Whether a path is a WAV file, or a folder that holds some and no image."""
    if path.is_dir():
        return not holds(path, IMAGES) and holds(path, SUFFIXES)
    return path.suffix.lower() in SUFFIXES and path.is_file()


def load_sounds(path: Path, *, rate: int | None = None, window: int | None = None) -> Raw:
    """Reads a WAV file, or those of a folder, as float32 windows `(count, window, 1)`.

    Channels are averaged, and sounds of other rates resampled. Each window begins half a window
    after the last; zeros follow the end of a sound. As of images, subfolders are classes, and
    subfolders called train and test splits. Files of a folder that cannot be read are left out and
    named in a warning.

    Args:
        path: The file or the folder.
        rate: Samples in a second; by default the rate that most files have, the lower one of
            equally frequent.
        window: Samples of a window.

    Raises:
        DataError: No sound can be read, or an option is out of bounds.
    """
    window = WINDOW if window is None else window
    check_window(window, rate)
    notes: list[str] = []
    if path.is_dir():
        roots = find_splits(path)
        classes = [find_classes(root, SUFFIXES, "sounds", notes) for root in roots]
    else:
        roots, classes = [path], [{"": [path]}]
    files = [file for group in classes for file in chain.from_iterable(group.values())]
    sounds, skipped = _read(files)
    if skipped:
        _note_skipped(path, skipped, len(files), notes)
    if rate is None:
        counts = Counter(sound.rate for sound in sounds.values())
        rate = min(counts, key=lambda found: (-counts[found], found))
    splits = [
        _split(root, group, sounds, rate, window)
        for root, group in zip(roots, classes, strict=True)
    ]
    details: dict = {"rate": rate, "window": window}
    if skipped:
        details["skipped"] = [file.name for file in skipped]
    test = splits[1] if len(splits) == 2 else None
    names = find_names(classes)
    return Raw(splits[0], test, (-1.0, 1.0), names, details, notes)


def check_window(window: int, rate: int | None) -> None:
    """Checks the size of windows, and a rate where it is given.

    Raises:
        DataError: One of them is out of bounds.
    """
    if window < 2:
        raise DataError(
            f"A window has at least two samples. Received: window={window}.", options=("window",)
        )
    if rate is not None and rate < 1:
        raise DataError(f"A rate is at least 1. Received: rate={rate}.", options=("rate",))


def _read(files: Sequence[Path]) -> tuple[dict[Path, Sound], dict[Path, str]]:
    """The sounds by file, one channel each, and why others cannot be read."""
    sounds, skipped = {}, {}
    for file in files:
        try:
            found = read_wav(file)
        except DataError as error:
            skipped[file] = str(error)
        else:
            mean = found.samples.mean(axis=1, keepdims=True)
            mean = mean / max(1.0, float(np.abs(mean).max()))  # Floats may be beyond full scale.
            sounds[file] = Sound(mean, found.rate, found.dtype)
    return sounds, skipped


def _note_skipped(path: Path, skipped: dict[Path, str], count: int, notes: list[str]) -> None:
    """Notes the files that are left out.

    Raises:
        DataError: They are all that there are.
    """
    reason = next(iter(skipped.values()))
    if count == 1:
        raise DataError(reason)
    if len(skipped) == count:
        raise DataError(f"A sound of {path} can be read. Received: {count} that cannot. {reason}")
    notes.append(f"Left out {len(skipped)} of {count} sounds of {path}. {reason}")


def _split(
    root: Path,
    classes: dict[str, list[Path]],
    sounds: dict[Path, Sound],
    rate: int,
    window: int,
) -> Split:
    """The windows of all sounds that were read, in the order of the files."""
    parts, labels, seconds = [], [], 0.0
    for name, files in classes.items():
        for sound in (sounds[file] for file in files if file in sounds):
            cut = windows(resample(sound.samples, sound.rate, rate), window, window // 2)
            parts.append(cut)
            labels += [name] * len(cut)
            seconds += len(sound.samples) / sound.rate
    if not parts:
        raise DataError(f"A sound of {root} can be read. Received: none that can.")
    details = {"files": sum(file in sounds for file in chain.from_iterable(classes.values()))}
    return Split(
        np.concatenate(parts),
        None if "" in classes else np.array(labels),
        str(root),
        details | {"seconds": round(seconds, 3)},
    )
