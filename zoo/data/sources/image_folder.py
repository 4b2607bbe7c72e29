"""Folders of images: a class per subfolder if there are any."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np

from zoo.data.sources.folders import find_classes, find_names, find_splits
from zoo.data.sources.image_files import SUFFIXES, is_colour, read_picture
from zoo.data.sources.raw import Raw, Split
from zoo.data.sources.spill import collect
from zoo.errors import DataError

BLOCK = 256
"""Files that are decoded ahead: bounds the memory, keeps every core busy."""


def load_folder(
    folder: Path, *, size: tuple[int, int] | None, channels: int | None, memory: int
) -> Raw:
    """Decodes all images of a folder once, sorted by name, to uint8 arrays.

    Subfolders that hold images are classes; subfolders called train and test (or valid) are
    splits, and their subfolders classes. Without `channels`, images are colour if any file is.
    Files that cannot be read are left out and named in a warning and in the description.

    Raises:
        DataError: The folder holds no readable image, or images of several sizes where no `size`
            is given.
    """
    roots = find_splits(folder)
    return load_roots(roots, size=size, channels=channels, memory=memory)


def load_roots(
    roots: Sequence[Path], *, size: tuple[int, int] | None, channels: int | None, memory: int
) -> Raw:
    """Decodes the images of one folder, or of one for training and one for the test.

    Raises:
        DataError: As `load_folder`.
    """
    notes: list[str] = []
    classes = [find_classes(root, SUFFIXES, "images", notes) for root in roots]
    if channels is None:
        every = chain.from_iterable(chain.from_iterable(files.values()) for files in classes)
        channels = 3 if any(map(is_colour, every)) else 1
    splits = [
        _load_split(root, files, size, channels, memory, notes)
        for root, files in zip(roots, classes, strict=True)
    ]
    class_names = find_names(classes)
    test_split = splits[1] if len(splits) == 2 else None
    return Raw(splits[0], test_split, class_names=class_names, notes=notes)


def _load_split(
    root: Path,
    classes: dict[str, list[Path]],
    size: tuple[int, int] | None,
    channels: int,
    memory: int,
    notes: list[str],
) -> Split:
    files = [file for members in classes.values() for file in members]
    labels = [name for name, members in classes.items() for _ in members]
    skipped: dict[Path, str] = {}
    rows = _decode(files, size, channels, skipped)
    first = next(rows, None)
    if first is None:
        file, reason = next(iter(skipped.items()))
        raise DataError(
            f"At least one image can be read. Received: {len(files)} in {root} that cannot, "
            f"such as {file.relative_to(root)} ({reason})."
        )
    shape = (len(files), *first.shape)
    samples = collect(chain([first], rows), shape=shape, dtype=first.dtype, memory=memory)
    details = {}
    if skipped:
        details["skipped"] = [file.relative_to(root).as_posix() for file in skipped]
        file, reason = next(iter(skipped.items()))
        others = f" and {len(skipped) - 1} more" if len(skipped) > 1 else ""
        notes.append(
            f"Left out {file}{others}: {reason}. {len(samples)} of {len(files)} images were read."
        )
    kept = [label for file, label in zip(files, labels, strict=True) if file not in skipped]
    return Split(samples, None if "" in classes else np.array(kept), str(root), details)


def _decode(
    files: Sequence[Path],
    size: tuple[int, int] | None,
    channels: int,
    skipped: dict[Path, str],
) -> Iterator[np.ndarray]:
    """Yields readable images in order, all of the first one's size; notes the other files."""
    first: tuple[Path, tuple[int, ...]] | None = None
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), BLOCK):
            block = files[start : start + BLOCK]
            images = pool.map(lambda file: read_picture(file, size, channels), block)
            for file, image in zip(block, images, strict=True):
                if isinstance(image, str):
                    skipped[file] = image
                    continue
                first = first or (file, image.shape)
                if image.shape != first[1]:
                    raise DataError(
                        "Images have one size, or size is given. Received: "
                        f"{first[0]} of {first[1][0]}x{first[1][1]} and "
                        f"{file} of {image.shape[0]}x{image.shape[1]} (height x width).",
                        options=("size",),
                    )
                yield image
